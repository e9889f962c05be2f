"""X12 837P: the claims of a professional provider as enc/1 and claim/1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from medtrust.canonical import Claim, ClaimLine, Encounter, canonical_decimal, canonical_text
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import codes
from medtrust.standards.loss import MAPPED, Marks
from medtrust.standards.places import class_of_place
from medtrust.standards.reading import Reader, Record
from medtrust.standards.x12 import Segment, TransactionSet, segments, transaction_sets
from medtrust.standards.x12_parties import (
    Level,
    currency_of,
    find_segment,
    levels_of,
    member_of,
    order_of,
    patient_of,
    payer_of,
    provider_of,
)

__all__ = ["is_x12", "read_x12"]

_GUIDES = ("005010X222", "004010X098")
# Principal and other diagnoses, by the name of their code system.
_DIAGNOSES = {"ABK": "I10C", "ABF": "I10C", "BK": "I9C", "BF": "I9C"}
_CPT, _HCPCS = re.compile(r"[0-9]{4}[0-9A-Z]"), re.compile(r"[A-V][0-9]{4}")
_DAY = re.compile(r"[0-9]{8}")
_SERVED = "472"
# BHT06, what the file is for, and ISA15, whether it is meant.
_CHARGEABLE, _PRODUCTION = "CH", "P"
_POINTERS = 4


def is_x12(data: bytes) -> bool:
    """Say whether `data` begins as an interchange does, perhaps behind a byte order mark."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:3] == b"ISA"


def read_x12(data: bytes, reader: Reader) -> None:
    """Read every claim of `data` into `reader`: records, refusals with segment and element, and the ledger.

    An interchange that was damaged on the way is refused whole; a claim that is refused takes no other with it.
    """
    marks: Marks = {}
    try:
        found = segments(data)
    except InputError as error:
        text = data.decode("latin-1")
        reader.loss.add(lambda _: [("interchange", "", text)], marks)
        reader.refuse(error)
        return
    reader.loss.add(lambda marks: (entry for segment in found for entry in segment.present(marks)), marks)
    own: Marks = {}
    try:
        sets = transaction_sets(found, own)
    except InputError as error:
        reader.refuse(error)
        return
    marks.update(own)
    for one in sets:
        _read_set(one, reader, marks)


def _read_set(one: TransactionSet, reader: Reader, marks: Marks) -> None:
    try:
        if one.header.text(1) != "837":
            raise one.header.error(1, one.header.text(1), "837, a claim")
        if not one.guide.startswith(_GUIDES):
            expected = f"{' or '.join(_GUIDES)}: the claim of a professional provider (837P)"
            raise one.header.error(3, one.guide, expected)
        _check_purpose(one, marks)
        levels = levels_of(one)
    except InputError as error:
        reader.refuse(error)
        return
    claims = [(level, claim) for level in levels for claim in level.claims]
    if not claims:
        reader.refuse(InputError(place=one.header.place, found="no CLM", expected="a claim"))
    usage = one.interchange
    test = "" if usage.text(15) == _PRODUCTION else usage.path(15)
    for level, claim in claims:
        _read_claim(level, claim, test, reader, marks)


def _check_purpose(one: TransactionSet, marks: Marks) -> None:
    """Refuse what reports or demands money back, and is no claim that is to be paid."""
    begin = next((segment for segment in one.segments if segment.name == "BHT"), None)
    if begin is not None and begin.text(6):
        if begin.text(6) != _CHARGEABLE:
            raise begin.error(6, begin.text(6), f"{_CHARGEABLE}, claims that are to be paid")
        marks[begin.path(6)] = MAPPED


def _read_claim(level: Level, claim: Sequence[Segment], test: str, reader: Reader, marks: Marks) -> None:
    """Read one claim as a visit and what is charged for it; the visit stands when the claim is refused."""
    own: Marks = {}
    head, lines = _parts(claim)
    try:
        payer = payer_of(level, reader, own)
        provider = provider_of(level, reader, own)
        patient = patient_of(level, head, payer, reader.authorities.get("EA", provider), own)
        visit = _visit(head, lines, provider, patient, reader, own)
        reader.records.append(Record(visit, claim[0].place, patient))
        marks.update(own)
        charged, policy = _claim(level, head, lines, visit, payer, reader, own)
        beside = {"policy": policy, "order": order_of(level, own)}
        days = tuple(_served(line).path(3) for line in lines)
        reader.records.append(Record(charged, claim[0].place, patient, beside=beside, days=days, test=test))
        marks.update(own)
    except InputError as error:
        reader.refuse(error)


def _parts(claim: Sequence[Segment]) -> tuple[list[Segment], list[list[Segment]]]:
    """Return what is said of the claim itself, and its lines; between them stand the other payers."""
    head: list[Segment] = []
    lines: list[list[Segment]] = []
    others = False
    for segment in claim:
        if segment.name == "LX":
            lines.append([segment])
        elif lines:
            lines[-1].append(segment)
        else:
            others = others or segment.name == "SBR"
            if not others:
                head.append(segment)
    return head, lines


def _visit(
    head: Sequence[Segment],
    lines: Sequence[Sequence[Segment]],
    provider: str,
    patient: PatientIdentifier,
    reader: Reader,
    marks: Marks,
) -> Encounter:
    clm = head[0]
    if not clm.text(1):
        raise clm.error(1, "", "the provider's number of the claim")
    if not lines:
        raise InputError(place=clm.place, found="no LX", expected="a line")
    days = [day for line in lines for day in _days(line, marks)]
    marks[clm.path(1)] = MAPPED
    return Encounter(
        sub=reader.pseudonym(patient),
        org=provider,
        cls=_class(clm, marks),
        start=min(days),
        vn=reader.visit_number(reader.authorities.get("CLM", provider), canonical_text(clm.text(1))),
        end=max(days),
    )


def _class(clm: Segment, marks: Marks) -> str:
    """Return the class of the visit by its place of service; 4010 does not name the list that 5010 calls B."""
    if clm.text(5, 2) not in ("B", ""):
        raise clm.error(5, clm.text(5, 2), "B, a place of service", component=2)
    found = class_of_place(clm.text(5, 1))
    if not found:
        raise clm.error(5, clm.text(5, 1), "a place of service, such as 11", component=1)
    if clm.text(5, 3) != "1":
        expected = "1, an original claim: what was filed before is corrected by voiding it"
        raise clm.error(5, clm.text(5, 3), expected, component=3)
    marks[clm.path(5)] = MAPPED
    return found


def _days(line: Sequence[Segment], marks: Marks) -> tuple[str, str]:
    """Return the first and the last day of a line."""
    said = _served(line)
    parts = said.text(3).split("-") if said.text(2) == "RD8" else [said.text(3)]
    if said.text(2) not in ("D8", "RD8"):
        raise said.error(2, said.text(2), "D8 (a day) or RD8 (two days)")
    days = [_day(said, part) for part in parts]
    if len(days) != (2 if said.text(2) == "RD8" else 1) or days[0] > days[-1]:
        raise said.error(3, said.text(3), "the first day, a hyphen and the last day")
    marks[said.path(1)] = marks[said.path(2)] = marks[said.path(3)] = MAPPED
    return days[0], days[-1]


def _served(line: Sequence[Segment]) -> Segment:
    """Return the segment that says when a line was served."""
    said = find_segment(line, "DTP", _SERVED)
    if said is None:
        raise InputError(place=line[0].place, found=f"no DTP*{_SERVED}", expected="the day of service")
    return said


def _day(said: Segment, text: str) -> str:
    try:
        if _DAY.fullmatch(text):
            return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        pass
    raise said.error(3, text, "a day of the calendar as CCYYMMDD")


def _claim(
    level: Level,
    head: Sequence[Segment],
    lines: Sequence[Sequence[Segment]],
    visit: Encounter,
    payer: str,
    reader: Reader,
    marks: Marks,
) -> tuple[Claim, str]:
    policy = member_of(level, marks)
    currency = currency_of(level, marks)
    diagnoses = tuple(_diagnoses(head, marks))
    found = tuple(_line(number, line, len(diagnoses), currency, marks) for number, line in enumerate(lines, 1))
    clm, total = head[0], sum(int(line.amt) for line in found)
    if _amount(clm, 2, currency, marks) != str(total):
        raise clm.error(2, clm.text(2), f"{total} minor units of {currency}, the sum of the lines")
    claim = Claim(
        enc=visit.core_hash().hex(),
        payer=payer,
        pol=reader.policy_number(payer, policy),
        cur=currency,
        tot=str(total),
        dx=tuple(dict.fromkeys(diagnoses)),
        ln=found,
    )
    return claim, policy


def _line(number: int, line: Sequence[Segment], diagnoses: int, currency: str, marks: Marks) -> ClaimLine:
    counter = line[0]
    if counter.text(1) != str(number):
        raise counter.error(1, counter.text(1), f"{number}, the number of the line")
    service = next((one for one in line if one.name == "SV1"), None)
    if service is None:
        raise InputError(place=counter.place, found="no SV1", expected="a professional service")
    system, code = _charged(service, marks)
    if service.text(3) != "UN":
        raise service.error(3, service.text(3), "UN, whole units")
    try:
        quantity = canonical_decimal(service.text(4))
    except ValueError as error:
        raise service.error(4, service.text(4), "a decimal number") from error
    _check_pointers(service, diagnoses)
    marks[counter.path(1)] = marks[service.path(3)] = marks[service.path(4)] = MAPPED
    amount = _amount(service, 2, currency, marks)
    return ClaimLine(n=number, sys=system, c=code, q=quantity, amt=amount, d=_days(line, marks)[0])


def _check_pointers(service: Segment, diagnoses: int) -> None:
    """Refuse a line for a diagnosis that the claim does not have."""
    for component in range(1, _POINTERS + 1):
        pointer = service.text(7, component)
        if pointer and not (pointer.isdecimal() and 1 <= int(pointer) <= diagnoses):
            raise service.error(7, pointer, f"one of the {diagnoses} diagnoses in HI", component=component)


def _charged(service: Segment, marks: Marks) -> tuple[str, str]:
    if service.text(1, 1) != "HC":
        raise service.error(1, service.text(1, 1), "HC, a code of CPT or HCPCS", component=1)
    code = service.text(1, 2)
    system = "cpt" if _CPT.fullmatch(code) else "hcpcs" if _HCPCS.fullmatch(code) else ""
    if not system:
        raise service.error(1, code, "a code of CPT or HCPCS", component=2)
    marks[service.path(1, 1)] = marks[service.path(1, 2)] = MAPPED
    return system, code


def _amount(segment: Segment, element: int, currency: str, marks: Marks) -> str:
    """Return an amount in minor units; X12 may leave out the zero before the point."""
    try:
        amount = format(Decimal(canonical_decimal(segment.text(element))), "f")
        found = codes.minor_units(amount, currency)
    except ValueError as error:
        raise segment.error(element, segment.text(element), f"an amount: {error}") from error
    marks[segment.path(element)] = MAPPED
    return found


def _diagnoses(head: Sequence[Segment], marks: Marks) -> Iterator[str]:
    """Yield the diagnoses, the principal one first, with the point that X12 leaves out."""
    for segment in head:
        for element in range(1, len(segment.elements) + 1 if segment.name == "HI" else 0):
            system, code = _DIAGNOSES.get(segment.text(element, 1), ""), segment.text(element, 2)
            if system:
                try:
                    yield codes.diagnosis_code(system, _pointed(system, code))
                except codes.CodeUnknown as unknown:
                    raise segment.error(element, unknown.found, unknown.expected, component=2) from unknown
                marks[segment.path(element, 1)] = marks[segment.path(element, 2)] = MAPPED


def _pointed(system: str, code: str) -> str:
    """Write the point behind the category: three characters, four for external causes in ICD-9."""
    if "." in code:
        return code
    category = 4 if system == "I9C" and code.startswith("E") else 3
    return f"{code[:category]}.{code[category:]}" if len(code) > category else code
