"""The encoding of X12: bytes to segments and transaction sets, the envelope checked, nothing of their meaning.

Written anew rather than taken from `pyx12`, which the tests hold it against: that one wants an open file, takes no
text but ASCII, says no segment for what is wrong with an interchange, and drops without a word whatever stands behind
the last terminator, so a file that was cut off reads like a whole one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from medtrust.errors import InputError
from medtrust.standards.loss import MAPPED, Marks

__all__ = ["Segment", "TransactionSet", "segments", "transaction_sets"]

_NAME = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_VERSION = re.compile(r"00[45][0-9]{2}")
# The interchange header has fixed widths: each element of ISA, its name in front and the terminator behind.
_ISA_WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_ISA_LENGTH = sum(_ISA_WIDTHS) + len(_ISA_WIDTHS)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its name, which of that name it is in the file (from 1), its elements as written, from 1 on."""

    name: str
    ordinal: int
    elements: tuple[str, ...]
    component: str

    @property
    def place(self) -> str:
        """Where the segment stands, such as "CLM[2]"."""
        return f"{self.name}[{self.ordinal}]"

    def path(self, element: int, component: int = 0) -> str:
        """Return where an element or component stands, such as "CLM[2]-5.1"."""
        return f"{self.place}-{element}.{component}" if component else f"{self.place}-{element}"

    def raw(self, element: int) -> str:
        """Return an element as written, "" if it is not there."""
        return self.elements[element - 1] if element <= len(self.elements) else ""

    def text(self, element: int, component: int = 0) -> str:
        """Return an element, or one of its components (from 1), without spaces around it."""
        if not component:
            return self.raw(element).strip()
        parts = self.raw(element).split(self.component)
        return parts[component - 1].strip() if component <= len(parts) else ""

    def error(self, element: int, found: str, expected: str, *, component: int = 0) -> InputError:
        """Return the refusal of an element, with its place."""
        return InputError(place=self.path(element, component), found=found or "nothing", expected=expected)

    def present(self, marks: Marks) -> Iterator[tuple[str, str, str]]:
        """Yield (path, disposition, value) for each element that is not empty, for each component of a composite."""
        for element, value in enumerate(self.elements, 1):
            parts = value.split(self.component) if self.name != "ISA" else [value]
            whole = marks.get(self.path(element), "")
            for component, part in enumerate(parts, 1):
                if part:
                    path = self.path(element, component if len(parts) > 1 else 0)
                    yield path, marks.get(path, whole), part


@dataclass(frozen=True, slots=True)
class TransactionSet:
    """One transaction set: its segments from ST to SE, the guide that it follows, such as "005010X222A1", and the ISA
    of its interchange.
    """

    segments: tuple[Segment, ...]
    guide: str
    interchange: Segment

    @property
    def header(self) -> Segment:
        """The segment ST."""
        return self.segments[0]


def segments(data: bytes) -> tuple[Segment, ...]:
    """Split one interchange, or several behind one another, into segments; their delimiters come from each ISA.

    Line ends between segments are let by, and so is a UTF-8 byte order mark. Raises `InputError` with the segment if
    a header is not of its fixed form, a segment has no name or is no UTF-8, or the end of the file is cut off.
    """
    text = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1").strip("\0\t ").lstrip()
    found: list[Segment] = []
    counts: Counter[str] = Counter()
    while text or not found:
        separator, component, terminator = _delimiters(text, f"ISA[{counts['ISA'] + 1}]")
        text = _split(text, separator, component, terminator, found, counts)
    return tuple(found)


def _delimiters(text: str, place: str) -> tuple[str, str, str]:
    """Return what separates elements and components and ends segments, as the header of an interchange says."""
    header, terminator = text[: _ISA_LENGTH - 1], text[_ISA_LENGTH - 1 : _ISA_LENGTH]
    if header[:3] != "ISA":
        raise InputError(place=place, found=repr(header[:16]), expected="ISA, the header of an interchange")
    separator = header[3:4]
    widths = tuple(map(len, header.split(separator))) if separator else ()
    if widths != _ISA_WIDTHS or not terminator:
        expected = f"{_ISA_LENGTH} characters in elements of fixed width"
        raise InputError(place=place, found=f"elements of {widths[1:]} characters", expected=expected)
    delimiters = (separator, header[-1], terminator)
    if len(set(delimiters)) != len(delimiters) or any(one.isalnum() or one == " " for one in delimiters):
        raise InputError(place=f"{place}-16", found=repr(delimiters), expected="three different delimiters")
    version = header.split(separator)[12]
    if not _VERSION.fullmatch(version):
        raise InputError(place=f"{place}-12", found=version, expected="a version such as 00501")
    return delimiters


def _split(
    text: str, separator: str, component: str, terminator: str, found: list[Segment], counts: Counter[str]
) -> str:
    """Split segments off, up to the end of the interchange; return what stands behind it."""
    while text:
        line, ended, text = text.partition(terminator)
        number = f"segment {len(found) + 1}"
        if not ended:
            raise InputError(place=number, found=repr(line[:20]), expected=f"{terminator!r}, which ends a segment")
        name, *elements = line.split(separator)
        if not _NAME.fullmatch(name):
            expected = "a segment: two or three letters or digits and the element separator"
            raise InputError(place=number, found=repr(name[:20]), expected=expected)
        counts[name] += 1
        found.append(Segment(name, counts[name], _decoded(name, counts[name], elements), component))
        text = text.lstrip("\r\n")
        if name == "IEA":
            return text.lstrip("\t \0")
    raise InputError(place=found[-1].place, found="the end of the file", expected="IEA, the end of the interchange")


def _decoded(name: str, ordinal: int, elements: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(one if one.isascii() else one.encode("latin-1").decode() for one in elements)
    except UnicodeDecodeError:
        found = repr(next(one for one in elements if not one.isascii()))
        raise InputError(place=f"{name}[{ordinal}]", found=found, expected="text in UTF-8") from None


# What opens an envelope, what closes it, the element of each that holds its control number, and what the closing
# one counts.
_ENVELOPES = {"ISA": ("IEA", 13, "GS"), "GS": ("GE", 6, "ST"), "ST": ("SE", 2, "segments")}
_CLOSING = {closing: opening for opening, (closing, _, _) in _ENVELOPES.items()}
_OUTSIDE = {"ISA": "", "GS": "ISA", "ST": "GS"}


def transaction_sets(found: Sequence[Segment], marks: Marks) -> tuple[TransactionSet, ...]:
    """Return the transaction sets of whole interchanges.

    Raises `InputError` with the segment unless every envelope is closed in its turn, with the control number that
    opened it and a count of what it really holds: otherwise something was lost on the way.
    """
    sets: list[TransactionSet] = []
    open_: list[tuple[Segment, int]] = []
    held: Counter[str] = Counter()
    for index, segment in enumerate(found):
        inside = open_[-1][0].name if open_ else ""
        if segment.name in _ENVELOPES:
            if inside != _OUTSIDE[segment.name]:
                raise _out_of_turn(segment, inside)
            held[segment.name] += 1
            open_.append((segment, index))
            for name in ("GS", "ST") if segment.name == "ISA" else ("ST",) if segment.name == "GS" else ():
                held[name] = 0
        elif segment.name in _CLOSING:
            if inside != _CLOSING[segment.name]:
                raise _out_of_turn(segment, inside)
            opening, start = open_.pop()
            held["segments"] = index - start + 1
            _check_closing(opening, segment, held, marks)
            if opening.name == "ST":
                guide = _guide(opening, open_[-1][0], marks)
                sets.append(TransactionSet(tuple(found[start : index + 1]), guide, open_[0][0]))
        elif inside != "ST":
            raise _out_of_turn(segment, inside)
    return tuple(sets)


def _out_of_turn(segment: Segment, inside: str) -> InputError:
    where = f"{segment.name} inside {inside}" if inside else f"{segment.name} outside any envelope"
    return InputError(place=segment.place, found=where, expected="ISA, GS, ST … SE, GE, IEA in this order")


def _check_closing(opening: Segment, closing: Segment, held: Counter[str], marks: Marks) -> None:
    _, number, counted = _ENVELOPES[opening.name]
    if closing.text(2) != opening.text(number):
        raise closing.error(2, closing.text(2), f"{opening.text(number)}, as in {opening.path(number)}")
    if closing.text(1) != str(held[counted]):
        expected = (
            f"{held[counted]}, as many {counted if counted == 'segments' else counted + ' segments'} as there are"
        )
        raise closing.error(1, closing.text(1), expected)
    for segment, element in ((opening, number), (closing, 1), (closing, 2)):
        marks[segment.path(element)] = MAPPED


def _guide(header: Segment, group: Segment, marks: Marks) -> str:
    """Return the implementation guide: ST03, else that of the functional group."""
    segment, element = (header, 3) if header.text(3) else (group, 8)
    marks[segment.path(element)] = marks[header.path(1)] = MAPPED
    return segment.text(element)
