"""X12 837: who a claim is about and between whom: providers, payers, subscribers and dependents, by their levels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from medtrust.canonical import canonical_text
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards.identifiers import identifier_uri
from medtrust.standards.loss import DEFAULTED, MAPPED, PRESERVED, Marks
from medtrust.standards.reading import Reader
from medtrust.standards.x12 import Segment, TransactionSet

__all__ = [
    "Level",
    "currency_of",
    "find_segment",
    "levels_of",
    "member_of",
    "order_of",
    "patient_of",
    "payer_of",
    "provider_of",
]

_PROVIDER, _SUBSCRIBER, _DEPENDENT = "20", "22", "23"
_PARENTS = {_PROVIDER: "", _SUBSCRIBER: _PROVIDER, _DEPENDENT: _SUBSCRIBER}
# Element 66, who assigned a number: NPI, tax number, GLN, company code of NAIC.
_AUTHORITIES = {
    "XX": "http://hl7.org/fhir/sid/us-npi",
    "24": "urn:oid:2.16.840.1.113883.4.4",
    "FI": "urn:oid:2.16.840.1.113883.4.4",
    "UL": "urn:oid:1.3.88",
    "NI": "urn:oid:2.16.840.1.113883.6.300",
}
# Payer numbers that the trading partners agreed on: no registry gives them a URI, so they get one of ours.
_PAYER_NUMBERS = {"PI": "urn:medtrust:x12:payer:PI", "XV": "urn:medtrust:x12:payer:XV"}
_MEMBER_NUMBERS = ("MI", "II")
_DAY = re.compile(r"[0-9]{8}")


@dataclass(slots=True)
class Level:
    """One hierarchical level: a provider, a subscriber or a dependent, what is said of it, and its claims."""

    header: Segment
    parent: Level | None
    own: list[Segment] = field(default_factory=list)
    claims: list[list[Segment]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """What it is: 20 the provider, 22 a subscriber, 23 a dependent."""
        return self.header.text(3)

    def up(self, kind: str) -> Level:
        """Return this level or the one above it that is of a kind; each has its parent, so there is one."""
        return self if self.kind == kind or self.parent is None else self.parent.up(kind)

    def find(self, name: str, code: str) -> Segment | None:
        """Return the first segment of its own that is called so and begins with a code."""
        return find_segment(self.own, name, code)


def levels_of(one: TransactionSet) -> list[Level]:
    """Take a transaction set apart into its levels; raises `InputError` if one has no place among the others."""
    levels: list[Level] = []
    for segment in one.segments[1:-1]:
        if segment.name == "HL":
            levels.append(_level(segment, levels))
        elif segment.name == "CLM":
            if not levels or levels[-1].kind == _PROVIDER:
                raise InputError(place=segment.place, found="no subscriber before it", expected="HL*…*22 before CLM")
            levels[-1].claims.append([segment])
        elif levels:
            (levels[-1].claims[-1] if levels[-1].claims else levels[-1].own).append(segment)
    return levels


def _level(header: Segment, before: Sequence[Level]) -> Level:
    if header.text(1) != str(len(before) + 1):
        raise header.error(1, header.text(1), f"{len(before) + 1}, its number among the levels")
    if header.text(3) not in _PARENTS:
        raise header.error(3, header.text(3), "20 (provider), 22 (subscriber) or 23 (dependent)")
    above, wanted = header.text(2), _PARENTS[header.text(3)]
    parent = next((one for one in before if one.header.text(1) == above), None)
    if (parent.kind if parent else above) != wanted:
        raise header.error(2, above, f"the number of a level {wanted} above it" if wanted else "nothing")
    return Level(header, parent)


def find_segment(among: Iterable[Segment], name: str, code: str) -> Segment | None:
    """Return the first segment that is called so and begins with a code, None if there is none."""
    return next((one for one in among if one.name == name and one.text(1) == code), None)


def _needed(level: Level, name: str, code: str, what: str) -> Segment:
    found = level.find(name, code)
    if found is None:
        raise InputError(place=level.header.place, found=f"no {name}*{code}", expected=what)
    return found


def provider_of(level: Level, reader: Reader, marks: Marks) -> str:
    """Return the URI of the billing provider, or the organisation that reads if that one has no number."""
    named = _needed(level.up(_PROVIDER), "NM1", "85", "the billing provider")
    if not named.text(8) and not named.text(9):
        marks[named.path(9)] = DEFAULTED
        return reader.organisation
    if named.text(8) not in _AUTHORITIES:
        raise named.error(8, named.text(8), " or ".join(_AUTHORITIES))
    uri = identifier_uri(_AUTHORITIES[named.text(8)], canonical_text(named.text(9)))
    if not uri:
        raise named.error(9, named.text(9), "the number of the provider")
    marks[named.path(8)] = marks[named.path(9)] = MAPPED
    return uri


def payer_of(level: Level, reader: Reader, marks: Marks) -> str:
    """Return the URI of the payer to whom the claim goes."""
    named = _needed(level.up(_SUBSCRIBER), "NM1", "PR", "the payer")
    authority = {**_AUTHORITIES, **_PAYER_NUMBERS}.get(named.text(8), "")
    number = canonical_text(named.text(9))
    uri = reader.payers.get(number) or identifier_uri(authority, number)
    if not uri:
        expected = f"the number of the payer, which {', '.join((*_PAYER_NUMBERS, *_AUTHORITIES))} assigned"
        raise named.error(9, f"{named.text(8)} {number}".strip(), expected)
    marks[named.path(8)] = marks[named.path(9)] = MAPPED
    return uri


def patient_of(level: Level, head: Sequence[Segment], payer: str, numbering: str, marks: Marks) -> PatientIdentifier:
    """Return who the patient is: by the record number (REF*EA) that `numbering` gave, else as the payer knows a member.

    A dependent without a number of its own is the subscriber's, with sex, day of birth and first name.
    """
    record = find_segment(head, "REF", "EA")
    if record and record.text(2):
        marks[record.path(2)] = MAPPED
        return PatientIdentifier(numbering, "MR", canonical_text(record.text(2)))
    named = _needed(level, "NM1", "QC" if level.kind == _DEPENDENT else "IL", "the patient")
    if named.text(8) in _MEMBER_NUMBERS and named.text(9):
        marks[named.path(8)] = marks[named.path(9)] = MAPPED
        return PatientIdentifier(payer, "MB", canonical_text(named.text(9)))
    if level.kind != _DEPENDENT:
        raise named.error(9, named.text(9), "the number of the member (MI)")
    member = member_of(level, marks)
    born = next((one for one in level.own if one.name == "DMG"), None)
    if born is None or not _DAY.fullmatch(born.text(2)) or not named.text(4):
        expected = "a number of the patient, or first name and day of birth (DMG) beside the subscriber's number"
        raise named.error(9, named.text(9), expected)
    for segment, element in ((named, 4), (born, 2), (born, 3)):
        marks[segment.path(element)] = MAPPED
    who = (member, born.text(2), born.text(3), canonical_text(named.text(4).upper()))
    return PatientIdentifier(payer, "MB", " ".join(who))


def member_of(level: Level, marks: Marks) -> str:
    """Return the number of the subscriber, which is the policy's."""
    named = _needed(level.up(_SUBSCRIBER), "NM1", "IL", "the subscriber")
    number = canonical_text(named.text(9))
    if not number or named.text(8) not in _MEMBER_NUMBERS:
        raise named.error(9, f"{named.text(8)} {number}".strip(), "the number of the member (MI)")
    marks[named.path(8)] = marks[named.path(9)] = MAPPED
    return number


def order_of(level: Level, marks: Marks) -> str:
    """Return whether the payer pays first (P), second (S), third (T) or later, "" if it is not said."""
    said = next((one for one in level.up(_SUBSCRIBER).own if one.name == "SBR"), None)
    if said is None or not said.text(1):
        return ""
    marks[said.path(1)] = PRESERVED
    return said.text(1)


def currency_of(level: Level, marks: Marks) -> str:
    """Return the currency of the claims; USD where the billing provider names none."""
    said = level.up(_PROVIDER).find("CUR", "85")
    if said is None:
        marks["CUR[1]-2"] = DEFAULTED
        return "USD"
    marks[said.path(2)] = MAPPED
    return said.text(2)
