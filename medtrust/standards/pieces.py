"""Pieces: a long file cut where messages, lines or rows end, so that it is read bit by bit and in any order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from medtrust.standards.ccda import is_ccda
from medtrust.standards.csv_doses import read_csv
from medtrust.standards.csv_mapping import CsvMapping
from medtrust.standards.fhir import is_fhir, read_fhir
from medtrust.standards.hl7v2 import is_hl7v2, read_hl7v2
from medtrust.standards.part import Part
from medtrust.standards.reading import Reader

__all__ = ["PIECE", "Piece", "pieces", "read_piece"]

PIECE: Final = 1 << 19
"""How many bytes a piece has, about: up to the end of the message, line or row that it ends in."""

_BEGINNING: Final = 64
_HL7V2, _LINES, _TABLE = "hl7v2", "lines", "table"
_STARTS: Final = re.compile(rb"(?:\A|(?<=[\r\n\x0b\x1c]))(?:MSH|FHS|BHS|BTS|FTS)")
_RESOURCE: Final = re.compile(rb'"resourceType"\s*:\s*"Immunization"')
_BUNDLE: Final = re.compile(rb'"resourceType"\s*:\s*"Bundle"')
# Of these the byte of a line feed is no part of a letter, and the byte of a quotation mark neither.
_CUTTABLE: Final = re.compile(r"utf-8-sig|ascii|iso8859-[0-9]+|cp125[0-9]|koi8-[ru]|mac-.*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a file: where it begins and how long it is (bytes), how it is read, and what comes before.

    `kind` is "" for a file that is not cut: it is read as a whole. `head` is the row of column names of a table.
    """

    offset: int
    length: int
    kind: str = ""
    part: Part | None = None
    head: bytes = b""


def pieces(blocks: Iterable[bytes], mapping: CsvMapping | None = None) -> Iterator[Piece]:
    """Cut a file, given as `blocks` of bytes in their order, into pieces of about `PIECE` bytes.

    HL7 v2 is cut between messages, NDJSON of FHIR between lines, a table between rows. Any other file is one piece, and
    so is NDJSON as soon as one of its lines is no Immunization, because others may refer to it.
    """
    cutter: _Cutter | None = None
    held: list[Piece] = []
    for block in _begun(blocks):
        cutter = cutter or _cutter(block, mapping)
        held += cutter.take(block)
        if len(held) > 1 and not cutter.may_turn:
            yield from held[:-1]
            del held[:-1]
    if cutter is not None:
        held += cutter.end()
        is_alone = len(held) < 2 and cutter.length == sum(piece.length for piece in held)
        yield from [Piece(0, cutter.length)] if cutter.is_whole or is_alone else held


def read_piece(data: bytes, piece: Piece, reader: Reader, mapping: CsvMapping | None) -> None:
    """Read the bytes of a piece that was cut into `reader`, with the places that they have in the file."""
    if piece.kind == _HL7V2:
        read_hl7v2(data, reader, piece.part)
    elif piece.kind == _LINES:
        read_fhir(data, reader, piece.part)
    elif mapping is not None:
        read_csv(piece.head + data, mapping, reader, piece.part)


def _begun(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the blocks, the first of them long enough to tell formats apart."""
    start = b""
    for block in blocks:
        if len(start) >= _BEGINNING:
            yield block
        else:
            start += block
            if len(start) >= _BEGINNING:
                yield start
    if 0 < len(start) < _BEGINNING:
        yield start


def _cutter(start: bytes, mapping: CsvMapping | None) -> _Cutter:
    if is_hl7v2(start):
        return _Messages()
    if is_fhir(start):
        return _Lines()
    if mapping and not is_ccda(start) and _CUTTABLE.fullmatch(mapping.encoding):
        return _Rows()
    return _Cutter()


class _Cutter:
    """Takes a file block by block; this one cuts nothing."""

    kind = ""
    may_turn = False
    """Whether a later block may still say that the file must not be cut."""

    def __init__(self) -> None:
        self.length = 0
        self.is_whole = not self.kind
        self._rest = bytearray()
        self._offset = 0

    def take(self, block: bytes) -> list[Piece]:
        """Take a block; return the pieces that are complete now."""
        self.length += len(block)
        if self.is_whole:
            return []
        self._rest += block
        found = []
        while len(self._rest) >= PIECE and (cut := self._cut(self._rest)):
            found.append(self._piece(cut))
        return found

    def end(self) -> list[Piece]:
        """Return what is left."""
        return [self._piece(len(self._rest))] if self._rest and not self.is_whole else []

    def _piece(self, length: int) -> Piece:
        data = bytes(self._rest[:length])
        piece = Piece(self._offset, length, self.kind, self._before(), self._head())
        self._count(data)
        self._offset += length
        del self._rest[:length]
        return piece

    def _cut(self, data: bytearray) -> int:
        """Return where the last whole thing ends, 0 if nothing does yet."""
        raise NotImplementedError

    def _before(self) -> Part:
        raise NotImplementedError

    def _count(self, data: bytes) -> None:
        raise NotImplementedError

    def _head(self) -> bytes:
        return b""


class _Messages(_Cutter):
    """Cuts HL7 v2 in front of a header."""

    kind = _HL7V2

    def __init__(self) -> None:
        super().__init__()
        self._counts: Counter[str] = Counter()
        self._in_batch = 0

    def _cut(self, data: bytearray) -> int:
        return max((at for name in (b"MSH", b"FHS", b"BHS", b"BTS", b"FTS") if (at := _last(data, name))), default=0)

    def _before(self) -> Part:
        return Part(dict(self._counts), self._in_batch)

    def _count(self, data: bytes) -> None:
        found = _STARTS.findall(data.removeprefix(b"\xef\xbb\xbf"))
        self._counts.update("message" if one == b"MSH" else one.decode() for one in found)
        headers = [at for at, one in enumerate(found) if one == b"BHS"]
        self._in_batch = (0 if headers else self._in_batch) + found[headers[-1] if headers else 0 :].count(b"MSH")


class _Lines(_Cutter):
    """Cuts NDJSON behind a line, as long as each line holds an Immunization."""

    kind = _LINES
    may_turn = True

    def __init__(self) -> None:
        super().__init__()
        self._lines = 0

    def _cut(self, data: bytearray) -> int:
        return data.rfind(b"\n") + 1

    def _before(self) -> Part:
        return Part(lines=self._lines)

    def _count(self, data: bytes) -> None:
        lines = data.split(b"\n")
        self._lines += len(lines) - 1
        if not all(_RESOURCE.search(line) and not _BUNDLE.search(line) for line in lines if line.strip()):
            self.is_whole = True


class _Rows(_Cutter):
    """Cuts a table behind a row: a line feed in front of which quotation marks are even."""

    kind = _TABLE

    def __init__(self) -> None:
        super().__init__()
        self._lines = 0
        self._first = b""

    def _cut(self, data: bytearray) -> int:
        end = len(data)
        while end := data.rfind(b"\n", 0, end) + 1:
            if data.count(b'"', 0, end) % 2 == 0:
                return end
            end -= 1
        return 0

    def _before(self) -> Part:
        return Part(lines=self._lines)

    def _head(self) -> bytes:
        return self._first

    def _count(self, data: bytes) -> None:
        if not self._first:
            lines = data.splitlines(keepends=True)
            end = next(at for at in range(1, len(lines) + 1) if b"".join(lines[:at]).count(b'"') % 2 == 0)
            self._first = b"".join(lines[:end])
            data = b"".join(lines[end:])
        self._lines += data.count(b"\n")


def _last(data: bytearray, name: bytes) -> int:
    """Return where the last header of a name begins that begins a line, 0 if none does behind the first byte."""
    end = len(data)
    while (at := data.rfind(name, 0, end)) > 0:
        if data[at - 1] in b"\r\n\x0b\x1c":
            return at
        end = at
    return 0
