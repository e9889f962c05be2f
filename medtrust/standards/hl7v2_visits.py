"""HL7 v2 visits: the charges of a DFT^P03 as enc/1 and claim/1."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from medtrust.canonical import Claim, ClaimLine, Encounter, canonical_decimal
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import codes
from medtrust.standards.er7 import Message, Segment
from medtrust.standards.hl7v2_fields import choice, codings, day_at, patient_of, refuse_code, single
from medtrust.standards.identifiers import authority_of_hd, identifier_uri, is_uri
from medtrust.standards.loss import DEFAULTED, MAPPED, Marks
from medtrust.standards.reading import Reader, Record

__all__ = ["read_visit"]

# PV1-2, table 0004, as FHIR's ActCode says it.
_CLASSES = {"E": "EMER", "I": "IMP", "O": "AMB", "P": "PRENC"}
# FT1-6, table 0017: what is charged; credits, payments and adjustments are another matter.
_CHARGE = "CG"
# MSH-11, table 0103: production, where it is not training or debugging.
_PRODUCTION = ("P", "")


def read_visit(message: Message, reader: Reader, marks: Marks) -> None:
    """Read a DFT as one visit and the claim for it; the visit stands when the claim is refused."""
    pid, pv1 = _only(message, "PID"), _only(message, "PV1")
    own: Marks = {}
    patient = patient_of(pid, own)
    charges = message.named("FT1")
    visit = _encounter(message, pv1, charges, patient, reader, own)
    reader.records.append(Record(visit, pv1.place, patient))
    marks.update(own)
    if "claim/1" not in reader.take:
        return
    claim, policy = _claim(message, visit, charges, reader, own)
    days = tuple(charge.path(4) for charge in charges)
    test = "" if message.header.text(11) in _PRODUCTION else message.header.path(11)
    reader.records.append(Record(claim, charges[0].place, patient, beside={"policy": policy}, days=days, test=test))
    marks.update(own)


def _only(message: Message, name: str) -> Segment:
    found = message.named(name)
    if len(found) != 1:
        raise InputError(place=f"{message.prefix}{name}", found=f"{len(found)} of them", expected="one")
    return found[0]


def _encounter(
    message: Message, pv1: Segment, charges: Sequence[Segment], patient: PatientIdentifier, reader: Reader, marks: Marks
) -> Encounter:
    number = single(pv1, 19, "visit number")
    value = pv1.text(19, of=number)
    if not value:
        raise pv1.error(19, "", "the visit number", component=1)
    authority = authority_of_hd(*pv1.subtexts(19, 4, of=number)[:3])
    marks[pv1.path(19)] = MAPPED
    if pv1.raw(44) or not charges:
        start = day_at(pv1, 44, marks)
    else:
        start = min(day_at(charge, 4, marks) for charge in charges)
        marks[pv1.path(44)] = DEFAULTED
    end = day_at(pv1, 45, marks) if pv1.raw(45) else ""
    if end and end < start:
        raise pv1.error(45, end, f"{start}, when it starts, or later")
    return Encounter(
        sub=reader.pseudonym(patient),
        org=_provider(message.header, reader, marks),
        cls=choice(pv1, 2, _CLASSES, marks),
        start=start,
        vn=reader.visit_number(authority, value),
        end=end,
    )


def _provider(header: Segment, reader: Reader, marks: Marks) -> str:
    """Return the URI of the sending facility (MSH-4), or the organisation that reads if that one has none."""
    authority = authority_of_hd(*(header.text(4, component) for component in (1, 2, 3)))
    marks[header.path(4)] = MAPPED if is_uri(authority) else DEFAULTED
    return authority if is_uri(authority) else reader.organisation


def _claim(
    message: Message, visit: Encounter, charges: Sequence[Segment], reader: Reader, marks: Marks
) -> tuple[Claim, str]:
    insurances = message.named("IN1")
    if not insurances or not charges:
        missing = "IN1" if charges else "FT1"
        raise InputError(place=f"{message.prefix}{missing}", found="none", expected="an insurance and a charge")
    payer, policy = _insurance(insurances[0], reader, marks)
    lines, currencies = [], set()
    _check_numbers(charges)
    for number, charge in enumerate(charges, 1):
        line, currency = _line(number, charge, visit, marks)
        lines.append(line)
        currencies.add(currency)
        if len(currencies) > 1:
            raise charge.error(11, currency, "the currency of the charges before it", component=1)
    claim = Claim(
        enc=visit.core_hash().hex(),
        payer=payer,
        pol=reader.policy_number(payer, policy),
        cur=currencies.pop(),
        tot=str(sum(int(line.amt) for line in lines)),
        dx=tuple(dict.fromkeys(_diagnosis(segment, marks) for segment in message.named("DG1"))),
        ln=tuple(lines),
    )
    return claim, policy


def _check_numbers(charges: Sequence[Segment]) -> None:
    """Refuse charges of which one is missing or stands twice."""
    seen: set[str] = set()
    for number, charge in enumerate(charges, 1):
        if charge.text(1) not in ("", str(number)):
            raise charge.error(1, charge.text(1), f"{number}, the number of the charge")
        transaction = charge.text(2)
        if transaction and transaction in seen:
            raise charge.error(2, transaction, "each transaction once")
        seen.add(transaction)


def _insurance(in1: Segment, reader: Reader, marks: Marks) -> tuple[str, str]:
    """Return the payer's URI (IN1-3, as it is or as the reader was told) and the policy number.

    That is IN1-36, else the member's id, IN1-49.
    """
    company = (in1.repeats(3) or [""])[0]
    authority = authority_of_hd(*in1.subtexts(3, 4, of=company)[:3])
    payer = reader.payers.get(in1.text(3, of=company)) or identifier_uri(authority, in1.text(3, of=company))
    if not payer:
        expected = "the payer's identifier as a URI, or with an assigning authority that is unique"
        raise in1.error(3, in1.text(3, of=company), expected, component=1)
    field = 36 if in1.text(36) else 49
    policy = in1.text(field, of=(in1.repeats(field) or [""])[0])
    if not policy:
        raise in1.error(36, "", "the policy number")
    marks[in1.path(3)] = marks[in1.path(field)] = MAPPED
    return payer, policy


def _line(number: int, ft1: Segment, visit: Encounter, marks: Marks) -> tuple[ClaimLine, str]:
    """Return one charge as a line, and its currency."""
    if ft1.text(6) != _CHARGE:
        raise ft1.error(6, ft1.text(6), f"{_CHARGE}, a charge")
    marks[ft1.path(6)] = MAPPED
    served = day_at(ft1, 4, marks)
    if not visit.includes(served):
        raise ft1.error(4, served, f"a day of the visit, {visit.days}")
    system, code = _charged(ft1, marks)
    quantity = ft1.text(10)
    marks[ft1.path(10)] = MAPPED if quantity else DEFAULTED
    try:
        quantity = canonical_decimal(quantity or "1")
    except ValueError as error:
        raise ft1.error(10, quantity, "a decimal number") from error
    amount, currency = _amount(ft1, quantity, marks)
    return ClaimLine(n=number, sys=system, c=code, q=quantity, amt=amount, d=served), currency


def _charged(ft1: Segment, marks: Marks) -> tuple[str, str]:
    """Return system and code of what is charged: the procedure (FT1-25) if coded, else the transaction (FT1-7)."""
    for field in (25, 7):
        for system, code in codings(ft1, field):
            if code and codes.coding_system(system):
                marks[ft1.path(field)] = MAPPED
                return codes.charge_code(system, code)
    try:
        coding = codes.charge_code(*(codings(ft1, 7) or [("", "")])[0])
    except codes.CodeUnknown as unknown:
        refuse_code(ft1, 7, unknown)
    marks[ft1.path(7)] = MAPPED
    return coding


def _amount(ft1: Segment, quantity: str, marks: Marks) -> tuple[str, str]:
    """Return the amount in minor units and its currency: FT1-11, the line, else FT1-12, one unit, times quantity."""
    found = [_money(ft1, field, times, marks) for field, times in ((11, "1"), (12, quantity)) if ft1.raw(field)]
    if len(set(found)) > 1:
        (amount, currency), (other, _) = found
        expected = f"{amount} of {currency}, as FT1-11 says, for {quantity} units"
        raise ft1.error(12, f"{other} of {found[1][1]}", expected, component=1)
    return found[0] if found else _money(ft1, 12, quantity, marks)


def _money(ft1: Segment, field: int, times: str, marks: Marks) -> tuple[str, str]:
    """Return the amount in a field, so many times, in minor units, and its currency."""
    written, currency = ft1.subtexts(field, 1)[:2]
    try:
        whole = Decimal(canonical_decimal(written)) * Decimal(times)
        amount = codes.minor_units(format(whole, "f"), currency)
    except ValueError as error:
        expected = f"an amount and its currency, such as 120.50&USD: {error}"
        raise ft1.error(field, f"{written} {currency}".strip(), expected, component=1) from error
    marks[ft1.path(field)] = MAPPED
    return amount, currency


def _diagnosis(dg1: Segment, marks: Marks) -> str:
    try:
        diagnosis = codes.diagnosis_code(*(codings(dg1, 3) or [("", "")])[0])
    except codes.CodeUnknown as unknown:
        refuse_code(dg1, 3, unknown)
    marks[dg1.path(3)] = MAPPED
    return diagnosis
