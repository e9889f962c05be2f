"""Visits from files: the canonical encounter and claim that HL7 v2 or FHIR yields, as a visit to record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from medtrust.adjudication import Line
from medtrust.canonical import Claim, ClaimLine, Encounter
from medtrust.charges import benefit_of_code, token_units
from medtrust.disclosure import seal
from medtrust.errors import InputError
from medtrust.keyed import keyed_hash, require_key
from medtrust.pseudonym import PatientIdentifier, patient_key
from medtrust.standards.codes import minor_units
from medtrust.standards.reading import Record
from medtrust.types import organisation_id
from medtrust.visit import MAX_LINES, Visit

__all__ = ["Bill", "bills_in", "nullifier_of"]

_NULLIFIER: Final = "medtrust/encounter-nullifier/1"
_FIRST: Final = ("", "P")
"""Whether a payer pays first: X12 says so, others do not say."""

_CLOCKS: Final = 15 * 60


@dataclass(frozen=True)
class Bill:
    """One visit and what is charged for it. Personal: never leaves the provider.

    `place` where it stands in its file, `days` where the day of each of its lines does, and `test` where the file says
    that it is only a test, "" if it does not · `policy_number` as the member's card has it, "" if the file has none.
    """

    encounter: Encounter
    claim: Claim
    patient: PatientIdentifier
    place: str
    policy_number: str
    days: tuple[str, ...] = ()
    test: str = ""

    @property
    def served_at(self) -> int:
        """When care was given: the first second, in UTC, of the calendar day as it is written."""
        return _midnight(self.encounter.start)

    def check_live(self, now: int, *, test: bool = False) -> None:
        """Refuse what is only a test, unless that is meant, and days more than 15 minutes after `now` (Unix seconds).

        Raises `InputError` with the place in the source.
        """
        if self.test and not test:
            raise InputError(place=self.test, found="a test", expected="P, what is meant; or --test, to record it")
        for name in ("start", "end"):
            day = getattr(self.encounter, name)
            if day and _midnight(day) > now + _CLOCKS:
                raise InputError(place=name, found=f"{day}, in the future", expected="a day that has come")

    def visit(
        self,
        *,
        key: bytes,
        payer: str,
        insurer: bytes,
        policy: bytes,
        member: str,
        currency: str = "USD",
        decimals: int = 6,
    ) -> Visit:
        """Make the visit that is recorded: coarse benefits, amounts in the token's units, two keyed hashes.

        `key` the provider's registry key · `payer` the address of the claims contract · `insurer` the organisation
        behind the policy · `policy` its id · `member` its pseudonym · `currency` and `decimals` those of the token.
        The same bill makes the same visit under the same key, however often it is read, so it is recorded once.

        Raises `InputError`, with the place in the claim, for another insurer or currency, a line of another day, an
        unknown code, a fraction of a unit, or more than 25 lines.
        """
        if organisation_id(self.claim.payer) != insurer:
            raise InputError(place="payer", found=self.claim.payer, expected="the insurer of the policy")
        if self.claim.cur != currency:
            raise InputError(place="currency", found=self.claim.cur, expected=f"{currency}, the currency of the token")
        secret = patient_key(require_key(key), self.encounter.org, self.patient)
        return Visit(
            provider=organisation_id(self.encounter.org),
            payer=payer,
            policy=policy,
            member=member,
            served_at=self.served_at,
            lines=self._lines(decimals),
            record=seal(self.claim, secret).root,
            nullifier=nullifier_of(self.encounter, secret),
        )

    def _lines(self, decimals: int) -> tuple[Line, ...]:
        if len(self.claim.ln) > MAX_LINES:
            raise InputError(place="ln", found=f"{len(self.claim.ln)} lines", expected=f"at most {MAX_LINES}")
        digits = len(minor_units("1", self.claim.cur)) - 1
        lines = []
        for line in self.claim.ln:
            self._check_day(line)
            if not line.q.isdigit() or not 0 < int(line.q) < 2**32:
                raise InputError(place=f"ln[{line.n}].q", found=line.q, expected="a whole number of units")
            benefit = benefit_of_code(line.sys, line.c, place=f"ln[{line.n}].c")
            charge = token_units(line.amt, digits, decimals, place=f"ln[{line.n}].amt")
            lines.append(Line(benefit, int(line.q), charge))
        return tuple(lines)

    def _check_day(self, line: ClaimLine) -> None:
        """Refuse a line of another day than the one by which the whole visit is decided."""
        if line.d != self.encounter.start:
            place = self.days[line.n - 1] if self.days else f"ln[{line.n}].d"
            expected = f"{self.encounter.start}, the day of the visit: each day is a visit of its own"
            raise InputError(place=place, found=line.d, expected=expected)


def bills_in(records: Iterable[Record]) -> tuple[Bill, ...]:
    """Pair each claim with the encounter that it names, in the order of the claims.

    Raises `InputError` for a claim whose encounter is not among the records, for one that was decided already, and for
    one of a payer that pays after another.
    """
    found = tuple(records)
    encounters = {one.canonical.core_hash().hex(): one.canonical for one in found if one.canonical.schema == "enc/1"}
    bills = []
    for record in found:
        claim = record.canonical
        if not isinstance(claim, Claim):
            continue
        if "decision" in record.beside:
            raise InputError(place=record.place, found="an explanation", expected="a claim that is not decided yet")
        if record.beside.get("order", "") not in _FIRST:
            order = f"{record.beside['order']}, a payer that pays after another (SBR01)"
            expected = "P, the first payer: a second policy is asked with `claim coordinate` once that has decided"
            raise InputError(place=f"{record.place}: SBR", found=order, expected=expected)
        encounter = encounters.get(claim.enc)
        if not isinstance(encounter, Encounter):
            raise InputError(place=record.place, found="a claim alone", expected="the visit that it is for")
        policy = record.beside.get("policy", "")
        bills.append(Bill(encounter, claim, record.patient, record.place, policy, record.days, record.test))
    return tuple(bills)


def _midnight(day: str) -> int:
    """Return the first second of a day, in UTC."""
    return int(datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp())


def nullifier_of(encounter: Encounter, patient_secret: bytes) -> bytes:
    """Return the 32 bytes that stand for an encounter on the chain: a keyed hash of its core.

    `patient_secret` (32 bytes) is the provider's for this patient, so nobody else can tell a visit from its nullifier,
    and one encounter has one nullifier, whichever insurer is billed for it.
    """
    return keyed_hash(require_key(patient_secret), _NULLIFIER, encounter.core_hash())
