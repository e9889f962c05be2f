"""The "pipes and hats" encoding of HL7 v2: bytes to messages, segments and fields, nothing of their meaning.

Fields are split when they are asked for, because a reader of vaccinations needs 20 of 200; the `hl7` package, which
splits all of them first, takes ten times as long, and drops escapes that it does not know. The tests hold the two
against each other on real messages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from medtrust.errors import InputError
from medtrust.standards.loss import DROPPED, Tallied

if TYPE_CHECKING:
    from medtrust.standards.loss import Marks
    from medtrust.standards.part import Part

__all__ = ["Message", "Segment", "Unreadable", "messages"]

_NULL = '""'
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_LINES = re.compile(rb"\r\n|\r|\n")
_MLLP = bytes.maketrans(b"\x0b\x1c", b"\r\r")
_TRAILERS = {"BTS", "FTS"}
_STARTS = {"MSH", "FHS", "BHS", *_TRAILERS}
_STARTS_IN_BYTES = {name.encode() for name in _STARTS}
_USUAL = "^~\\&"

# HL7 table 0211, by the codec that reads it.
_CHARACTER_SETS = {
    "": "utf-8",
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "GB 18030-2000": "gb18030",
    "GB18030": "gb18030",
    "BIG-5": "big5",
    "ISO IR87": "iso2022_jp",
    "KS X 1001": "euc_kr",
    **{f"8859/{part}": f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
}
_ESCAPES = re.compile(r"X(?:[0-9A-Fa-f]{2})+")


class Segment:
    """One segment of a message: its name, which of that name it is (from 1), and its fields as written."""

    __slots__ = ("_fields", "message", "name", "ordinal")

    def __init__(self, message: Message, name: str, ordinal: int, fields: list[str]) -> None:
        self.message = message
        self.name = name
        self.ordinal = ordinal
        self._fields = fields

    @property
    def place(self) -> str:
        """Where the segment stands, such as "RXA[2]"; behind "message[3] " if there are several."""
        return f"{self.message.prefix}{self.name}[{self.ordinal}]"

    def path(self, field: int, component: int = 0) -> str:
        """Return where a field or component stands, such as "RXA[2]-5.3"."""
        return f"{self.place}-{field}.{component}" if component else f"{self.place}-{field}"

    def raw(self, field: int) -> str:
        """Return a field as written; "" if it is not there or is the HL7 null."""
        value = self._fields[field] if field < len(self._fields) else ""
        return "" if value == _NULL else value

    def repeats(self, field: int) -> list[str]:
        """Return the repetitions of a field that say something, as written."""
        return [part for part in self.raw(field).split(self.message.repetition) if part and part != _NULL]

    def text(self, field: int, component: int = 1, *, of: str | None = None) -> str:
        """Return one component (from 1) of a field, or of the repetition `of`, unescaped and stripped.

        Raises `InputError` if an escape sequence in it has no meaning for a plain value.
        """
        parts = (self.raw(field) if of is None else of).split(self.message.component)
        value = parts[component - 1].strip() if component <= len(parts) else ""
        return "" if value == _NULL else self._unescaped(value, field, component)

    def subtexts(self, field: int, component: int, *, of: str | None = None) -> list[str]:
        """Return the subcomponents of one component, at least three of them, unescaped and stripped."""
        parts = (self.raw(field) if of is None else of).split(self.message.component)
        value = parts[component - 1] if component <= len(parts) else ""
        found = [self._unescaped(part.strip(), field, component) for part in value.split(self.message.subcomponent)]
        return ["" if part == _NULL else part for part in found] + [""] * (3 - len(found))

    def error(self, field: int, found: str, expected: str, *, component: int = 0) -> InputError:
        """Return the refusal of a field, with its place."""
        return InputError(place=self.path(field, component), found=found or "nothing", expected=expected)

    def present(self, marks: Marks) -> Iterator[tuple[str, str, str]]:
        """Yield (path, disposition, value) for each field that is not empty."""
        for field, value in enumerate(self._fields):
            if field and value:
                path = self.path(field)
                yield path, marks.get(path, ""), value

    def tally(self, marks: Marks, found: Counter[tuple[str, str]]) -> None:
        """Count each field that is not empty by its number and disposition."""
        name, place = self.name, self.place
        for field, value in enumerate(self._fields):
            if field and value:
                found[f"{name}-{field}", marks.get(f"{place}-{field}", DROPPED) if marks else DROPPED] += 1

    def _unescaped(self, value: str, field: int, component: int) -> str:
        escape = self.message.escape
        if not escape or escape not in value:
            return value
        parts = value.split(escape)
        if len(parts) % 2 == 0:
            raise self.error(field, repr(value), "escape sequences that end", component=component)
        for index in range(1, len(parts), 2):
            parts[index] = self._meaning(parts[index], value, field, component)
        return "".join(parts).strip()

    def _meaning(self, sequence: str, value: str, field: int, component: int) -> str:
        if sequence in self.message.escapes:
            return self.message.escapes[sequence]
        if _ESCAPES.fullmatch(sequence):
            try:
                return bytes.fromhex(sequence[1:]).decode(self.message.codec)
            except UnicodeDecodeError:
                pass
        expected = "the escape sequences F, S, T, R, E or X with bytes of the message's character set"
        raise self.error(field, repr(value), expected, component=component)


class Message(Tallied):
    """One message: its segments in order, and the delimiters that its header names."""

    __slots__ = ("codec", "component", "escape", "escapes", "prefix", "repetition", "segments", "subcomponent")

    def __init__(self, lines: list[str], *, prefix: str, codec: str) -> None:
        """Split `lines`, the first of which is the header, into segments.

        Raises `InputError` if the delimiters or a segment cannot be made out.
        """
        header = lines[0]
        self.prefix = prefix
        self.codec = codec
        if header[:3] not in _STARTS:
            raise InputError(place=f"{prefix}line 1", found=repr(header[:20]), expected="MSH, the header of a message")
        trailer = header[:3] in _TRAILERS
        separator, encoding = header[3:4], header[4:].split(header[3:4] or "|", 1)[0]
        if trailer:  # which names no delimiters, and may end after its name
            separator, encoding = separator or "|", _USUAL
        delimiters = separator + encoding
        if not 3 <= len(delimiters) <= 6 or len(set(delimiters)) != len(delimiters) or _worded(delimiters):
            expected = "four or five different delimiters, such as ^~\\&"
            raise InputError(place=f"{prefix}{header[:3]}[1]-2", found=repr(encoding), expected=expected)
        self.component, self.repetition, self.escape, self.subcomponent = list((encoding[:4] + "\0\0")[:4])
        meanings = (separator, self.component, self.repetition, self.escape, self.subcomponent)
        self.escapes = dict(zip("FSRET", meanings, strict=True))
        self.segments = self._split(lines, separator, "" if trailer else encoding)

    def _split(self, lines: list[str], separator: str, encoding: str) -> list[Segment]:
        counts: dict[str, int] = {}
        segments = []
        for number, line in enumerate(lines, 1):
            fields = line.split(separator)
            name = fields[0].strip()
            if not _NAME.fullmatch(name):
                expected = "a segment: three letters or digits and the field separator"
                raise InputError(place=f"{self.prefix}line {number}", found=repr(name[:20]), expected=expected)
            if number == 1 and encoding:
                fields = [name, separator, encoding, *fields[2:]]
            counts[name] = counts.get(name, 0) + 1
            segments.append(Segment(self, name, counts[name], fields))
        return segments

    @property
    def header(self) -> Segment:
        """The first segment: MSH, or that of a batch."""
        return self.segments[0]

    def named(self, name: str) -> list[Segment]:
        """Return the segments called `name`."""
        return [segment for segment in self.segments if segment.name == name]

    def present(self, marks: Marks) -> Iterable[tuple[str, str, str]]:
        """Yield (path, disposition, value) for each field of each segment that is not empty."""
        for segment in self.segments:
            yield from segment.present(marks)

    def tally(self, marks: Marks, found: Counter[tuple[str, str]]) -> None:
        """Count each field that is not empty by its segment, number and disposition."""
        marked = {path.rpartition("-")[0] for path in marks}
        for segment in self.segments:
            segment.tally(marks if segment.place in marked else {}, found)


def _worded(delimiters: str) -> bool:
    return any(character.isalnum() or character.isspace() or character == '"' for character in delimiters)


class Unreadable:
    """A message that cannot be split, with the reason; the ledger holds it as one piece."""

    __slots__ = ("_lines", "_prefix", "error")

    def __init__(self, error: InputError, *, prefix: str, lines: list[bytes]) -> None:
        self.error = error
        self._prefix = prefix
        self._lines = lines

    def present(self, _marks: Marks) -> Iterable[tuple[str, str, str]]:
        """Yield (path, disposition, value) for the whole message."""
        yield f"{self._prefix}message", "", b"\r".join(self._lines).decode("latin-1")


def messages(data: bytes, part: Part | None = None) -> Iterator[Message | Unreadable]:
    """Yield each message of `data`, or why it cannot be split; batch headers and trailers come as such, too.

    Takes a UTF-8 byte order mark, CR, LF or CRLF between segments, MLLP frames, batch files (FHS, BHS) and several
    messages behind one another. The character set is the one that MSH-18 names. In a `part` of a file messages are
    numbered on.
    """
    groups = list(_groups(data))
    totals = Counter(_kind(group) for group in groups)
    counts: Counter[str] = Counter(part.messages if part else {})
    for group in groups:
        kind = _kind(group)
        counts[kind] += 1
        prefix = f"{kind}[{counts[kind]}] " if part or totals[kind] > 1 else ""
        try:
            lines, codec = _decoded(group, prefix)
            yield Message(lines, prefix=prefix, codec=codec)
        except InputError as error:
            yield Unreadable(error, prefix=prefix, lines=group)


def _kind(group: list[bytes]) -> str:
    start = group[0][:3].decode("latin-1")
    return start if start in _STARTS and start != "MSH" else "message"


def _groups(data: bytes) -> Iterator[list[bytes]]:
    group: list[bytes] = []
    for line in _LINES.split(data.removeprefix(b"\xef\xbb\xbf").translate(_MLLP)):
        kind = line[:3]
        if kind in _STARTS_IN_BYTES:
            if group:
                yield group
            group = [line]
        elif line.strip():
            group.append(line)
    if group:
        yield group


def _decoded(group: list[bytes], prefix: str) -> tuple[list[str], str]:
    """Decode a message in the character set that its header names, also when the header is read in that very set."""
    stated = ""
    for trial in ("utf-8", "gb18030", "latin-1"):
        try:
            stated = _character_set(group[0].decode(trial))
            codec = _CHARACTER_SETS[stated.upper()]
            if _character_set(group[0].decode(codec)) == stated:
                return [line.decode(codec) for line in group], codec
        except (KeyError, UnicodeDecodeError):
            continue
    expected = "a character set of HL7 table 0211 in which the message can be read"
    raise InputError(place=f"{prefix}MSH[1]-18", found=stated or "nothing", expected=expected)


def _character_set(header: str) -> str:
    fields = header.split(header[3:4] or "|")
    return fields[17].split("~")[0].strip() if header[:3] == "MSH" and len(fields) > 17 else ""
