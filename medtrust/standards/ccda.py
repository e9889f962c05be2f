"""C-CDA: the immunization activities of a document, or of a piece of one, as canonical objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from medtrust.canonical import Immunization, canonical_decimal, canonical_lot, canonical_text
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import codes
from medtrust.standards.cda_xml import Element, parse
from medtrust.standards.hl7v2_fields import calendar_day
from medtrust.standards.loss import DEFAULTED, MAPPED, PRESERVED, Marks
from medtrust.standards.reading import ADDED, DELETED, Reader, Record

__all__ = ["is_ccda", "read_ccda"]

_IMMUNIZATION_ACTIVITY: Final = "2.16.840.1.113883.10.20.22.4.52"
_ACTIVITY: Final = "substanceAdministration"
# ActStatus of HL7 version 3. What is active or held has not come to an end and says nothing yet.
_STATUSES: Final = {"completed": "completed", "nullified": "entered-in-error", "cancelled": "not-done"}
_NOT_DONE: Final = {"true": True, "1": True, "false": False, "0": False, "": False}
# A patientRole has its record number under a root of the custodian's own; these roots number persons for other ends.
_KINDS: Final = {"2.16.840.1.113883.4.1": "SS", "2.16.840.1.113883.4.572": "MC"}
_RECORD_NUMBER: Final = "MR"
_UNKNOWN_AMOUNT: Final = "999"


def is_ccda(data: bytes) -> bool:
    """Say whether `data` begins as XML does, perhaps behind a byte order mark."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" or data[:4] in (b"\xff\xfe<\0", b"\xfe\xff\0<")


def read_ccda(data: bytes, reader: Reader) -> None:
    """Read every immunization activity of `data` into `reader`: records, refusals with their XPath, and the ledger.

    Patients are those of the recordTarget. A document in which no immunization stands is refused as a whole.
    """
    marks: Marks = {}
    try:
        root = parse(data)
    except InputError as error:
        reader.loss.add(lambda _: [("document", "", data.decode("latin-1"))], marks)
        reader.refuse(error)
        return
    reader.loss.add(root.present, marks)
    activities = list(_activities(root))
    if not activities:
        place, expected = root.path or "/", f"an immunization activity (template {_IMMUNIZATION_ACTIVITY})"
        reader.refuse(InputError(place=place, found="none", expected=expected))
    targets = list(root.everywhere("recordTarget")) if activities else []
    for activity in activities:
        own: Marks = {}
        try:
            reader.records.append(_dose(activity, targets, reader, own))
            marks.update(own)
        except InputError as error:
            reader.refuse(error)


def _activities(root: Element) -> Iterator[Element]:
    for activity in root.everywhere(_ACTIVITY):
        if any(one.attribute("root") == _IMMUNIZATION_ACTIVITY for one in activity.children("templateId")):
            yield activity


def _dose(activity: Element, targets: Sequence[Element], reader: Reader, marks: Marks) -> Record:
    mood = activity.attribute("moodCode")
    if mood != "EVN":
        raise activity.error("@moodCode", mood, "EVN, because what is intended has not taken place")
    marks[f"{activity.path}/@moodCode"] = MAPPED
    patient = _patient(activity, targets, marks)
    occurred = _day(activity, marks)
    status = _status(activity, marks)
    product = activity.find("consumable", "manufacturedProduct")
    material = product.find("manufacturedMaterial") if product else None
    if product is None or material is None:
        raise activity.error("consumable", "", "a manufacturedProduct with the vaccine")
    vaccine = _vaccine(material, marks)
    if status == "completed" and not codes.is_vaccine(vaccine):
        raise material.error("code/@code", f"{vaccine}, no vaccine, in a dose that is completed", "a vaccine")
    dose = Immunization(
        sub=reader.pseudonym(patient),
        vs="cvx",
        vc=vaccine,
        d=occurred,
        st=status,
        lot=_lot(material, marks),
        mvx=_maker(product, marks),
    )
    action = DELETED if status == "entered-in-error" else ADDED
    return Record(dose, activity.path, patient, action, _beside(activity, marks))


def _patient(activity: Element, targets: Sequence[Element], marks: Marks) -> PatientIdentifier:
    """Return who the patient is: the first record number of the recordTarget, else its first identifier."""
    if len(targets) != 1:
        found = f"{len(targets)} recordTargets" if targets else ""
        raise activity.error("", found, "one recordTarget in the document, whose identifier says who the patient is")
    role = targets[0].find("patientRole")
    found_ids: dict[bool, tuple[Element, PatientIdentifier]] = {}
    for identifier in role.children("id") if role else ():
        base, value = identifier.attribute("root"), canonical_text(identifier.attribute("extension"))
        if base and value:
            kind = _KINDS.get(base, _RECORD_NUMBER)
            patient = PatientIdentifier(_authority(base), kind, value)
            found_ids.setdefault(kind == _RECORD_NUMBER, (identifier, patient))
    if not found_ids:
        raise targets[0].error("patientRole/id", "", "an identifier of the patient with root and extension")
    identifier, patient = found_ids.get(True) or found_ids[False]
    marks[f"{identifier.path}/@root"] = marks[f"{identifier.path}/@extension"] = MAPPED
    return patient


def _authority(root: str) -> str:
    return f"urn:oid:{root}" if "." in root else f"urn:uuid:{root.lower()}"


def _day(activity: Element, marks: Marks) -> str:
    """Return the local calendar day as it is written; an interval is a day only if it begins and ends in it."""
    expected = "a day of the calendar as YYYYMMDD, with or without a time of day"
    times = [time for time in activity.children("effectiveTime") if time.attribute("operator") != "A"]
    if len(times) != 1:
        raise activity.error("effectiveTime", f"{len(times)} of them", f"one, {expected}")
    (time,) = times
    written = [time] if time.attribute("value") else [one for one in map(time.find, ("low", "high", "center")) if one]
    days = {calendar_day(one.attribute("value")) for one in written}
    low_alone = any(one.name == "low" for one in written) and len(written) == 1
    if len(days) != 1 or "" in days or low_alone:
        found = " to ".join(one.attribute("value") or "nothing" for one in written)
        raise time.error("@value", found, expected)
    marks.update({f"{one.path}/@value": MAPPED for one in written})
    return days.pop()


def _status(activity: Element, marks: Marks) -> str:
    element = activity.find("statusCode")
    code = element.attribute("code") if element else ""
    if element is None or code not in _STATUSES:
        raise (element or activity).error("@code" if element else "statusCode", code, " or ".join(_STATUSES))
    negated = activity.attribute("negationInd")
    if negated not in _NOT_DONE:
        raise activity.error("@negationInd", negated, "true or false")
    marks[f"{element.path}/@code"] = MAPPED
    marks[f"{activity.path}/@negationInd"] = MAPPED if negated else DEFAULTED
    return "not-done" if _NOT_DONE[negated] and code == "completed" else _STATUSES[code]


def _vaccine(material: Element, marks: Marks) -> str:
    coded = [one for code in material.children("code") for one in (code, *code.children("translation"))]
    if not coded:
        raise material.error("code", "", "the code of a vaccine")
    codings = [(_system(one.attribute("codeSystem")), one.attribute("code")) for one in coded]
    try:
        vaccine = codes.vaccine_code(codings)
    except codes.CodeUnknown as unknown:
        attribute = "@codeSystem" if unknown.part == "system" else "@code"
        raise coded[unknown.index].error(attribute, unknown.found, unknown.expected) from unknown
    for one in coded:
        marks[f"{one.path}/@code"] = marks[f"{one.path}/@codeSystem"] = MAPPED
    return vaccine


def _system(oid: str) -> str:
    return f"urn:oid:{oid}" if oid else ""


def _lot(material: Element, marks: Marks) -> str:
    element = material.find("lotNumberText")
    lot = canonical_lot(element.text()) if element else ""
    if element and lot:
        marks[f"{element.path}/text()[1]"] = MAPPED
    return lot


def _maker(product: Element, marks: Marks) -> str:
    """Return the MVX code among the identifiers of the manufacturer; "" if it has none, for a name is no code."""
    organisation = product.find("manufacturerOrganization")
    for identifier in organisation.children("id") if organisation else ():
        maker = codes.maker_code(_system(identifier.attribute("root")), identifier.attribute("extension"))
        if maker:
            marks[f"{identifier.path}/@root"] = marks[f"{identifier.path}/@extension"] = MAPPED
            return maker
    return ""


def _beside(activity: Element, marks: Marks) -> Mapping[str, str]:
    """Return what is kept beside a dose: the amount (999 says unknown) with its unit."""
    quantity = activity.find("doseQuantity")
    amount = quantity.attribute("value") if quantity else ""
    if quantity is None or not amount:
        return {}
    with suppress(ValueError):
        amount = canonical_decimal(amount)
    if amount == _UNKNOWN_AMOUNT:
        marks[f"{quantity.path}/@value"] = DEFAULTED
        return {}
    beside = {"amount": amount}
    marks[f"{quantity.path}/@value"] = PRESERVED
    if unit := quantity.attribute("unit"):
        beside["unit"] = unit
        marks[f"{quantity.path}/@unit"] = PRESERVED
    return beside
