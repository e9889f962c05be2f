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


@dataclass(frozen=True)
class Bill:
    """One visit and what is charged for it. Personal: never leaves the provider.

    `place` where it stands in its file, and `days` where the day of each of its lines does · `policy_number` as the
    member's card has it, "" if the file has none.
    """

    encounter: Encounter
    claim: Claim
    patient: PatientIdentifier
    place: str
    policy_number: str
    days: tuple[str, ...] = ()

    @property
    def served_at(self) -> int:
        """When care was given: the first second, in UTC, of the calendar day as it is written."""
        day = datetime.fromisoformat(self.encounter.start)
        return int(day.replace(tzinfo=timezone.utc).timestamp())

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

    Raises `InputError` for a claim whose encounter is not among the records, and for one that was decided already.
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
        encounter = encounters.get(claim.enc)
        if not isinstance(encounter, Encounter):
            raise InputError(place=record.place, found="a claim alone", expected="the visit that it is for")
        policy = record.beside.get("policy", "")
        bills.append(Bill(encounter, claim, record.patient, record.place, policy, record.days))
    return tuple(bills)


def nullifier_of(encounter: Encounter, patient_secret: bytes) -> bytes:
    """Return the 32 bytes that stand for an encounter on the chain: a keyed hash of its core.

    `patient_secret` (32 bytes) is the provider's for this patient, so nobody else can tell a visit from its nullifier,
    and one encounter has one nullifier, whichever insurer is billed for it.
    """
    return keyed_hash(require_key(patient_secret), _NULLIFIER, encounter.core_hash())
