"""Records: which version of an encrypted record is the newest, to which keys others encrypt, and who asked whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from medtrust.chain import Event, Receipt
from medtrust.contract import Client
from medtrust.record_terms import NO_FINGERPRINT, Question, Version, ask_domain
from medtrust.signing import Domain

__all__ = ["Newest", "RecordClient", "RecordStatus", "Stage", "VersionStanding"]


class RecordStatus(IntEnum):
    """How a version of a record stands; the chain itself answers the first three, the log tells SUPERSEDED."""

    UNKNOWN = 0
    CURRENT = 1
    CUSTODIAN_UNTRUSTED = 2
    SUPERSEDED = 3


class Stage(IntEnum):
    """How a request stands."""

    NONE = 0
    OPEN = 1
    OVERDUE = 2
    ANSWERED = 3
    UNDISPUTED = 4
    REFUSED = 5
    ACKNOWLEDGED = 6
    DISPUTED = 7


@dataclass(frozen=True)
class Newest:
    """What the chain keeps of a record: the fingerprint and number of its newest version, and when it was anchored.

    All zero if it was never anchored.
    """

    fingerprint: bytes
    recorded_at: int
    number: int


@dataclass(frozen=True)
class VersionStanding:
    """A version of a record, when it was anchored (Unix seconds), and how it stands."""

    version: Version
    recorded_at: int
    status: RecordStatus


class RecordClient(Client):
    """Calls to one deployed RecordExchange."""

    artifact = "RecordExchange"

    @cached_property
    def domain(self) -> Domain:
        """The EIP-712 domain in which records are asked for."""
        return ask_domain(self.chain.id, self.address)

    def anchor(
        self, custodian: bytes, record: bytes, commitment: bytes, *, previous: bytes = NO_FINGERPRINT, epoch: int = 0
    ) -> Receipt:
        """Anchor the next version of a record as its custodian (32-byte id).

        `commitment` is that of the envelope, `previous` the fingerprint of the version before, `epoch` the key epoch
        that it was made for. Raises `Reverted` with error "NotAuthorised", "ZeroIdentifier", "NotNewestVersion" or
        "WrongKeyEpoch".
        """
        return self._send("anchor", custodian, record, commitment, previous, epoch)

    def rotate(self, custodian: bytes, record: bytes) -> Receipt:
        """End the key epoch of a record, because somebody lost the right to read it.

        Raises `Reverted` with error "NotAuthorised" or "UnknownRecord".
        """
        return self._send("rotate", custodian, record)

    def publish_key(self, organisation: bytes, fingerprint: bytes) -> Receipt:
        """Publish the fingerprint of the encryption key of an organisation as its administrator; zero withdraws it.

        Raises `Reverted` with error "NotAdmin".
        """
        return self._send("publishKey", organisation, fingerprint)

    def request(self, question: Question, *, deadline: int) -> Receipt:
        """Ask another organisation; it is too late to answer from `deadline` on (Unix seconds, within 90 days).

        Raises `Reverted` with error "NotAuthorised", "NotAccredited", "ZeroIdentifier", "InvalidDeadline" or
        "WrongStage".
        """
        return self._send("request", question, deadline)

    def respond(self, question: Question, delivery: bytes) -> Receipt:
        """Answer a request with the salted hash of what was handed over (32 bytes).

        Raises `Reverted` with error "NotAuthorised", "ZeroIdentifier" or "WrongStage".
        """
        return self._send("respond", question, delivery)

    def refuse(self, question: Question, reason: bytes) -> Receipt:
        """Refuse a request with the salted hash of the reason (32 bytes).

        Raises `Reverted` with error "NotAuthorised" or "WrongStage".
        """
        return self._send("refuse", question, reason)

    def acknowledge(self, question: Question, delivery: bytes) -> Receipt:
        """Confirm as the requester that what the answer names was handed over.

        Raises `Reverted` with error "NotAuthorised", "WrongStage" or "WrongDelivery".
        """
        return self._send("acknowledge", question, delivery)

    def dispute(self, question: Question, delivery: bytes, objection: bytes) -> Receipt:
        """Dispute as the requester what was handed over, with the salted hash of what is wrong (32 bytes).

        Raises `Reverted` with error "NotAuthorised", "WrongStage" or "WrongDelivery".
        """
        return self._send("dispute", question, delivery, objection)

    def status_of(self, version: Version) -> RecordStatus:
        """Ask how a version stands now; one that the log knows and the chain no longer keeps is SUPERSEDED."""
        status = RecordStatus(self._call("statusOf", version))
        if status == RecordStatus.UNKNOWN and version in self._versions(version.custodian, version.record):
            return RecordStatus.SUPERSEDED
        return status

    def newest_of(self, custodian: bytes, record: bytes) -> Newest:
        """Read what the chain keeps of a record."""
        raw = self._call("newestOf", custodian, record)
        return Newest(raw["fingerprint"], raw["recordedAt"], raw["number"])

    def key_epoch_of(self, custodian: bytes, record: bytes) -> int:
        """Read the key epoch that the next version of a record must be made for."""
        return int(self._call("keyEpochOf", custodian, record))

    def key_of(self, organisation: bytes) -> bytes:
        """Read the fingerprint of the encryption key of an organisation; 32 zero bytes if it has none."""
        return bytes(self._call("keyOf", organisation))

    def stage_of(self, question: Question) -> Stage:
        """Ask how a request stands now."""
        return Stage(self._call("stageOf", question))

    def deadline_of(self, question: Question) -> int:
        """Read until when a request can be answered, or once it was answered, disputed (Unix seconds)."""
        return int(self._call("deadlineOf", question))

    def history(self, custodian: bytes, record: bytes) -> list[VersionStanding]:
        """Read every version of a record from the log, oldest first, each with how it stands."""
        found = self._versions(custodian, record)
        last = len(found)
        return [
            VersionStanding(version, at, self.status_of(version) if place == last else RecordStatus.SUPERSEDED)
            for place, (version, at) in enumerate(found.items(), start=1)
        ]

    def _versions(self, custodian: bytes, record: bytes) -> dict[Version, int]:
        events = self._events("RecordAnchored", indexed={"custodian": custodian, "record": record})
        return {_version(event): int(event.values["recordedAt"]) for event in events}


def _version(event: Event) -> Version:
    values = event.values
    return Version(
        custodian=values["custodian"],
        record=values["record"],
        number=values["number"],
        epoch=values["epoch"],
        commitment=values["commitment"],
        previous=values["previous"],
        signer=values["signer"],
    )
