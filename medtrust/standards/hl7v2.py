"""HL7 v2: vaccinations (VXU^V04, RSP^K11) and charged visits (DFT^P03) as canonical objects."""

from __future__ import annotations

from contextlib import suppress

from medtrust.canonical import Immunization, canonical_decimal, canonical_lot
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import codes
from medtrust.standards.er7 import Message, Segment, Unreadable, messages
from medtrust.standards.hl7v2_fields import choice, codings, day_at, patient_of, refuse_code, single
from medtrust.standards.hl7v2_visits import read_visit
from medtrust.standards.loss import DEFAULTED, MAPPED, PRESERVED, Marks
from medtrust.standards.part import Part
from medtrust.standards.reading import ADDED, DELETED, UPDATED, Reader, Record

__all__ = ["is_hl7v2", "read_hl7v2"]

_DOSES = (("VXU", "V04"), ("RSP", "K11"))
_VISIT = ("DFT", "P03")
# RXA-20, table 0322: complete, partially administered, refused, not administered. Empty means complete.
_STATUSES = {"": "completed", "CP": "completed", "PA": "completed", "RE": "not-done", "NA": "not-done"}
# RXA-21, table 0323.
_ACTIONS = {"": ADDED, "A": ADDED, "U": UPDATED, "D": DELETED}
# RXA-9, table NIP001: new record; 01 to 08 are historical, by where the history comes from.
_SOURCES = {"00": "administered", **{f"{number:02}": "historical" for number in range(1, 9)}}
_UNKNOWN_AMOUNT = "999"


def is_hl7v2(data: bytes) -> bool:
    """Say whether `data` begins as HL7 v2 does: with a message or batch, perhaps behind a byte order mark or frame."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x0b\r\n\t ")[:3] in (b"MSH", b"FHS", b"BHS")


def read_hl7v2(data: bytes, reader: Reader, part: Part | None = None) -> None:
    """Read every message of `data` into `reader`: records, refusals with segment and field, and the ledger.

    Where `data` is a `part` of a file, its places are those of the file.
    """
    in_batch = part.in_batch if part else 0
    for message in messages(data, part):
        marks: Marks = {}
        reader.loss.add(message.present, marks)
        if isinstance(message, Unreadable):
            in_batch += 1
            reader.refuse(message.error)
        elif message.header.name == "MSH":
            in_batch += 1
            _read_message(message, reader, marks)
        elif message.header.name == "BHS":
            in_batch = 0
        elif message.header.name == "BTS":
            _check_count(message.header, in_batch, reader, marks)


def _check_count(trailer: Segment, found: int, reader: Reader, marks: Marks) -> None:
    """Refuse a batch that announces another number of messages than it holds: some were lost on the way."""
    announced = trailer.text(1)
    marks[trailer.path(1)] = MAPPED
    if announced and announced != str(found):
        reader.refuse(trailer.error(1, f"{announced} messages announced", f"{found}, as many as there are"))


def _read_message(message: Message, reader: Reader, marks: Marks) -> None:
    header = message.header
    for field in (1, 2, 9, 18):
        marks[header.path(field)] = MAPPED
    try:
        kind = (header.text(9, 1), header.text(9, 2))
        if kind in _DOSES and "imm/1" in reader.take:
            _read_doses(message, reader, marks)
        elif kind == _VISIT and reader.take & {"enc/1", "claim/1"}:
            read_visit(message, reader, marks)
        else:
            doses = ["VXU^V04 or RSP^K11 for vaccinations"] if "imm/1" in reader.take else []
            visits = ["DFT^P03 for a visit"] if reader.take & {"enc/1", "claim/1"} else []
            raise header.error(9, "^".join(kind), ", ".join([*doses, *visits]))
    except InputError as error:
        reader.refuse(error)


def _read_doses(message: Message, reader: Reader, marks: Marks) -> None:
    """Read each RXA as a dose of the patient in the PID before it; a dose that is refused takes no other with it."""
    patient: PatientIdentifier | None = None
    named = False
    for segment in message.segments:
        try:
            if segment.name == "PID":
                patient, named = None, True
                patient = patient_of(segment, marks)
            elif segment.name == "RXA" and patient:
                own: Marks = {}
                reader.records.append(_dose(segment, patient, reader, own))
                marks.update(own)
            elif segment.name == "RXA" and not named:
                raise InputError(place=segment.place, found="no PID before it", expected="the patient in a PID")
        except InputError as error:
            reader.refuse(error)


def _dose(rxa: Segment, patient: PatientIdentifier, reader: Reader, marks: Marks) -> Record:
    occurred = day_at(rxa, 3, marks)
    vaccine = _vaccine(rxa, marks)
    status = choice(rxa, 20, _STATUSES, marks)
    if rxa.raw(18) and not rxa.text(20):
        raise rxa.error(20, "", "a status, because RXA-18 gives a reason for a refusal")
    action = choice(rxa, 21, _ACTIONS, marks)
    if status == "completed" and not codes.is_vaccine(vaccine):
        raise rxa.error(5, f"{vaccine}, no vaccine, in a dose that RXA-20 calls complete", "a vaccine", component=1)
    if action == DELETED:
        status = "entered-in-error"
    dose = Immunization(
        sub=reader.pseudonym(patient),
        vs="cvx",
        vc=vaccine,
        d=occurred,
        st=status,
        lot=_lot(rxa, marks),
        mvx=_maker(rxa, marks),
    )
    return Record(dose, rxa.place, patient, action, _beside(rxa, marks))


def _vaccine(rxa: Segment, marks: Marks) -> str:
    try:
        vaccine = codes.vaccine_code(codings(rxa, 5))
    except codes.CodeUnknown as unknown:
        refuse_code(rxa, 5, unknown)
    marks[rxa.path(5)] = MAPPED
    return vaccine


def _lot(rxa: Segment, marks: Marks) -> str:
    lot = canonical_lot(rxa.text(15, of=single(rxa, 15, "lot number")))
    if lot:
        marks[rxa.path(15)] = MAPPED
    return lot


def _maker(rxa: Segment, marks: Marks) -> str:
    """Return the MVX code of RXA-17, whose own table (0227) holds where no other is named; "" if it has none."""
    repeat = single(rxa, 17, "maker")
    maker = codes.maker_code(rxa.text(17, 3, of=repeat) or "MVX", rxa.text(17, 1, of=repeat))
    if maker:
        marks[rxa.path(17)] = MAPPED
    return maker


def _beside(rxa: Segment, marks: Marks) -> dict[str, str]:
    """Return what is kept beside a dose: where the record comes from, the amount (999 says unknown) and the expiry."""
    beside = {}
    for repeat in rxa.repeats(9):
        source = _SOURCES.get(rxa.text(9, 1, of=repeat))
        if source and codes.coding_system(rxa.text(9, 3, of=repeat)) == "nip001":
            beside["source"] = source
            marks[rxa.path(9)] = PRESERVED
    amount = rxa.text(6)
    if amount == _UNKNOWN_AMOUNT:
        marks[rxa.path(6)] = DEFAULTED
    elif amount:
        beside["amount"] = _plain(amount)
        marks[rxa.path(6)] = PRESERVED
        if unit := rxa.text(7):
            beside["unit"] = unit
            marks[rxa.path(7)] = PRESERVED
    # A date of another precision is dropped, not refused: it is no part of the dose.
    with suppress(InputError):
        beside["expires"] = day_at(rxa, 16, marks, PRESERVED)
    return beside


def _plain(amount: str) -> str:
    try:
        return canonical_decimal(amount)
    except ValueError:
        return amount
