"""An emergency reader: opens the record of an unconscious patient with shares of its key, in one act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from medtrust.emergency import EVERYTHING
from medtrust.envelope import commitment_of, open_sealed, read_header
from medtrust.errors import ChainError, CheckRefused, MedtrustError
from medtrust.key_shares import KeyShare, join_shares, share_proof, unwrap_share
from medtrust.record_reader import RecordReader
from medtrust.record_terms import Version
from medtrust.records import RecordStatus
from medtrust.sharing import Card, Holder
from medtrust.suite import Suite
from medtrust.wrapping import PrivateKey

__all__ = ["EmergencyReader", "OpenedRecord"]


@dataclass(frozen=True)
class OpenedRecord:
    """A record that was opened with shares: its content byte for byte, and how that version stands.

    SUPERSEDED says that its custodian has a newer one. `refusals` says of each holder (32-byte id) that gave no good
    share why: the reason of its service, "FalseShare", "AnotherEnvelope", or what happened.
    """

    content: bytes = field(repr=False)
    version: Version
    status: RecordStatus
    refusals: Mapping[bytes, str]


class EmergencyReader:
    """What a doctor does at the side of an unconscious patient, as the signer of `suite`.

    `organisation` is the 32-byte id of her hospital, `key` its encryption key, whose fingerprint it published.
    """

    def __init__(self, suite: Suite, organisation: bytes, key: PrivateKey) -> None:
        self.suite = suite
        self.organisation = organisation
        self._key = key

    def find_session(self, card: Card) -> int | None:
        """Find the number of a session of this doctor that lets her at the record of a card now; None if none does.

        So a command that is run again opens no second one.
        """
        sharing, emergency, actor = card.sharing, self.suite.emergency, self.suite.signer_address
        for event in emergency.history(sharing.patient):
            if event.name != "EmergencyOpened" or event.values["organisation"] != self.organisation:
                continue
            number = int(event.values["number"])
            if emergency.is_open(self.organisation, number, sharing.patient, actor, sharing.data_class):
                return number
        return None

    def open_session(self, card: Card, reason: bytes, *, classes: int = EVERYTHING, period: int = 0) -> int:
        """Open the patient's data in an emergency; returns the number of the session.

        `reason`, `classes` and `period` are those of `EmergencyClient.open`, which says what it raises; a card that is
        not genuine raises `CheckRefused` first.
        """
        patient = card.require_genuine(self.suite).sharing.patient
        opened = self.suite.emergency.open(patient, self.organisation, reason, classes=classes, period=period)
        return int(opened.event("EmergencyOpened").values["number"])

    def read(self, card: Card, session: int) -> OpenedRecord:
        """Open the record of a card with the shares of as many of its holders as are needed.

        Raises `CheckRefused` as `Card.require_genuine` does, with reason "TooFewShares" and what each holder said, or
        with what `join_shares` and `open_sealed` find.
        """
        sharing = card.require_genuine(self.suite).sharing
        shares: list[KeyShare] = []
        refusals: dict[bytes, str] = {}
        blob = b""
        for index, holder in enumerate(sharing.holders, start=1):
            if len(shares) == sharing.threshold:
                break
            try:
                share, blob = self._take(card, index, holder, session)
                shares.append(share)
            except ChainError:
                raise
            except MedtrustError as error:
                refusals[holder.organisation] = error.reason if isinstance(error, CheckRefused) else str(error)
        if len(shares) < sharing.threshold:
            told = ", ".join(f"0x{one.hex()[:8]}…: {reason}" for one, reason in refusals.items())
            raise CheckRefused("TooFewShares", f"{len(shares)} shares, {sharing.threshold} are needed; {told}")
        version, records = sharing.version, self.suite.records
        key = join_shares(read_header(blob), shares)
        content = open_sealed(blob, key, version.place(self.suite.chain.id, records.address))
        return OpenedRecord(content, version, records.status_of(version), refusals)

    def _take(self, card: Card, index: int, holder: Holder, session: int) -> tuple[KeyShare, bytes]:
        """Take one holder's share and the envelope, and believe neither before it fits the card and the chain."""
        sharing = card.sharing
        reader = RecordReader(self.suite, self.organisation, self._key, holder.service, holder.organisation)
        handed = reader.take_share(sharing.id, session)
        if commitment_of(handed.blob) != sharing.version.commitment:
            raise CheckRefused("AnotherEnvelope", "the envelope is not the one that was anchored")
        header = read_header(handed.blob)
        if (handed.share.index, handed.share.holder) != (index, self.organisation):
            raise CheckRefused("FalseShare", "the share is another holder's, or for another reader")
        share = unwrap_share(header, handed.share, self._key)
        if share_proof(header, share) != holder.proof:
            raise CheckRefused("FalseShare", "the share is not the one that the card lists")
        return share, handed.blob
