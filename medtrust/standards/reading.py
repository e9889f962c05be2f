"""What reading a source yields, and what every reader needs to know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from medtrust.canonical import canonical_text
from medtrust.errors import InputError
from medtrust.keyed import keyed_hash, require_key
from medtrust.pseudonym import PatientIdentifier, pseudonym
from medtrust.standards.identifiers import is_uri
from medtrust.standards.loss import LossReport

if TYPE_CHECKING:
    from medtrust.canonical import Canonical

__all__ = ["ADDED", "DELETED", "UPDATED", "Reader", "Reading", "Record"]

ADDED = "add"
UPDATED = "update"
DELETED = "delete"

_VISIT = "medtrust/visit-number/1"
_POLICY = "medtrust/policy-number/1"


@dataclass(frozen=True, slots=True)
class Record:
    """One canonical object with what stands beside it.

    `place` where in the source it stands, `days` where the day of each line of a claim does, and `test` where it says
    that it is only a test, "" if it does not · `patient` whose it is (personal: never leaves the registry) · `action`
    whether the source adds, updates or deletes it · `beside` what was preserved: "source" ("administered" or
    "historical"), "amount" and "unit" of a dose, "expires" of its lot, "policy" number of a claim; "form" and "issuer"
    of a foreign certificate, its "certificate" id, its "product", and its "dose" as "1/2".
    """

    canonical: Canonical
    place: str
    patient: PatientIdentifier
    action: str = ADDED
    beside: Mapping[str, str] = field(default_factory=dict)
    days: tuple[str, ...] = ()
    test: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that a source yields: the records, why others were refused, and what became of every field."""

    records: tuple[Record, ...]
    refusals: tuple[InputError, ...]
    loss: LossReport

    @property
    def objects(self) -> tuple[Canonical, ...]:
        """The canonical objects, in the order of the source."""
        return tuple(record.canonical for record in self.records)


class Reader:
    """The state of one reading: key and organisation, what was found so far, and the pseudonyms already derived."""

    __slots__ = (
        "_pseudonyms",
        "authorities",
        "beside",
        "by_name",
        "key",
        "loss",
        "name",
        "organisation",
        "payers",
        "policy",
        "records",
        "refusals",
        "take",
    )

    def __init__(
        self,
        *,
        name: str,
        key: bytes,
        organisation: str,
        take: Collection[str],
        payers: Mapping[str, str] | None = None,
        authorities: Mapping[str, str] | None = None,
        by_name: bool = False,
        beside: Sequence[tuple[str, bytes]] = (),
        policy_number: str = "",
    ) -> None:
        """Read the source called `name` for `organisation` (identifier URI) with its registry `key` (32 bytes).

        `take` names the schemas of the objects that are wanted, `payers` the identifier URIs of payers by the number
        or the name by which sources call them, `authorities` who assigned the bare numbers of X12, by "EA" those of
        patients' records and by "CLM" those of visits; the provider did unless it is said. With `by_name` a patient of
        FHIR who has no identifier is known by name and date of birth, as on a certificate. `beside` are other files of
        FHIR (name and content) to whose resources this one may refer, `policy_number` is that of a claim of FHIR whose
        coverage says none. Raises `InputError` if the
        organisation or a payer's is no URI.
        """
        self.authorities = dict(authorities or {})
        self.payers = dict(payers or {})
        for called, uri in self.payers.items():
            if not is_uri(uri):
                raise InputError(place=f"payer {called}", found=repr(uri), expected="its identifier as a URI")
        if not is_uri(organisation):
            raise InputError(place="organisation", found=repr(organisation), expected="its identifier as a URI")
        self.by_name = by_name
        self.beside = tuple(beside)
        self.policy = canonical_text(policy_number)
        self.name = name
        self.key = require_key(key)
        self.organisation = organisation
        self.take = frozenset(take)
        self.records: list[Record] = []
        self.refusals: list[InputError] = []
        self.loss = LossReport(key)
        self._pseudonyms: dict[PatientIdentifier, str] = {}

    def reading(self) -> Reading:
        """Return what was found of what is wanted: a claim brings its visit along."""
        records = tuple(record for record in self.records if record.canonical.schema in self.take)
        return Reading(records, tuple(self.refusals), self.loss)

    def refuse(self, error: InputError) -> None:
        """Note a refusal, with the name of the source."""
        self.refusals.append(error.within(self.name))

    def pseudonym(self, patient: PatientIdentifier) -> str:
        """Return the address of `patient`; derived once, because that is the slowest step of all."""
        address = self._pseudonyms.get(patient)
        if address is None:
            address = self._pseudonyms[patient] = pseudonym(self.key, self.organisation, patient)
        return address

    def visit_number(self, authority: str, value: str) -> str:
        """Return the keyed hash (hexadecimal) of the visit number `value` that `authority` assigned."""
        return keyed_hash(self.key, _VISIT, self.organisation, authority, value).hex()

    def policy_number(self, payer: str, value: str) -> str:
        """Return the keyed hash (hexadecimal) of the policy number `value` of `payer` (identifier URI)."""
        return keyed_hash(self.key, _POLICY, payer, value).hex()
