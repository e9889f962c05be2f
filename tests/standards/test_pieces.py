"""Pieces: a file read in pieces says what it says as a whole, with the same places."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from medtrust import samples
from medtrust.bench.doses import write_doses
from medtrust.standards import CsvMapping, Reading, read, read_mapping
from medtrust.standards import pieces as module
from medtrust.standards.pieces import Piece, pieces, read_piece
from medtrust.standards.reading import Reader
from tests.standards.support import KEY, ORGANISATION, corpus, immunization, patient

MAPPING = read_mapping(samples.read("csv_mapping.yaml").decode(), name="mapping")
HEADER, ROW = samples.read("immunizations.csv").decode().splitlines()


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Pieces of some hundred bytes."""
    monkeypatch.setattr(module, "PIECE", 700)


def blocks(data: bytes, size: int = 333) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def in_pieces(data: bytes, mapping: CsvMapping | None = None, size: int = 333) -> tuple[list[Piece], list[Reading]]:
    """Cut `data` and read each piece."""
    found = list(pieces(blocks(data, size), mapping))
    readings = []
    for piece in found:
        part = data[piece.offset : piece.offset + piece.length]
        if piece.kind:
            reader = Reader(name="file", key=KEY, organisation=ORGANISATION, take=("imm/1",))
            read_piece(part, piece, reader, mapping)
            readings.append(reader.reading())
        else:
            readings.append(
                read(part, name="file", key=KEY, organisation=ORGANISATION, take=("imm/1",), mapping=mapping)
            )
    return found, readings


def said(readings: list[Reading]) -> tuple[object, ...]:
    """Return records with their places, refusals, and how many fields of each kind became what."""
    records = [(record.place, record.canonical.to_json()) for one in readings for record in one.records]
    tallies = sorted(
        (path, disposition, sum(one.loss.tally()[path, disposition] for one in readings))
        for path, disposition in {key for one in readings for key in one.loss.tally()}
    )
    return records, [str(error) for one in readings for error in one.refusals], tallies


def agree(data: bytes, mapping: CsvMapping | None = None, *, least: int = 2, size: int = 333) -> list[Piece]:
    """Check that the pieces cover the file, and say together what it says as a whole."""
    found, readings = in_pieces(data, mapping, size)
    whole = read(data, name="file", key=KEY, organisation=ORGANISATION, take=("imm/1",), mapping=mapping)
    assert [piece.offset for piece in found] == [sum(one.length for one in found[:at]) for at in range(len(found))]
    assert sum(piece.length for piece in found) == len(data)
    assert len(found) >= least
    assert said(readings) == said([whole])
    return found


class TestPieces:
    """
    given many messages, in every ending and in batches with a wrong count -> cut in front of headers; the same
    given NDJSON of Immunizations, some lines broken                       -> cut behind lines; the same
    given NDJSON with Patients that others refer to, a Bundle, one resource, C-CDA -> one piece
    given a table with line feeds in quotes and bad rows                   -> cut behind rows; the same
    given blocks of any size                                               -> the same
    """

    @pytest.mark.parametrize("ending", [b"\r", b"\n", b"\r\n"])
    def test_of_messages(self, tmp_path: Path, ending: bytes) -> None:
        (messages, _) = write_doses(tmp_path, 30, resources=0)
        data = messages.read_bytes().replace(b"\r", ending)
        agree(data)
        agree(data.replace(b"|CP|A", b"|XX|A", 3))
        batch = b"FHS|^~\\&" + ending + b"BHS|^~\\&" + ending + data + b"BTS|29" + ending + b"FTS|1" + ending
        found = agree_but_for_numbers(batch)
        assert [error for error in found if "29 messages announced, expected 30" in error]

    def test_of_framed_messages(self, tmp_path: Path) -> None:
        (messages, _) = write_doses(tmp_path, 12, resources=0)
        framed = b"".join(b"\x0bMSH" + one + b"\x1c\r" for one in messages.read_bytes().split(b"MSH")[1:])
        agree(framed)

    def test_of_lines(self, tmp_path: Path) -> None:
        (_, lines) = write_doses(tmp_path, 30, resources=1)
        agree(lines.read_bytes())
        agree(lines.read_bytes().replace(b'"completed"', b'"done"', 2).replace(b"}\n", b"\n", 1))

    @pytest.mark.parametrize(
        "documents",
        [
            [patient(), *[immunization(contained=None, patient={"reference": "Patient/p"})] * 20],
            [{"resourceType": "Bundle", "type": "batch", "entry": [{"resource": immunization()}] * 5}] * 3,
            [{"resourceType": "Bundle", "type": "batch", "entry": [{"resource": immunization()}] * 20}],
            [immunization()],
        ],
    )
    def test_of_what_cannot_be_cut(self, documents: list[dict[str, object]]) -> None:
        data = "\n".join(json.dumps(document) for document in documents).encode()
        assert [(piece.kind, piece.part) for piece in agree(data, least=1)] == [("", None)]
        pretty = json.dumps(documents[0], indent=2).encode()
        assert len(agree(pretty, least=1)) == 1
        assert len(agree(samples.read("immunization_ccda.xml"), MAPPING, least=1)) == 1

    def test_of_a_table(self) -> None:
        rows = [ROW.replace("700101", str(700000 + number)) for number in range(40)]
        rows[7] = rows[7].replace("waited", "waited\nlong; very long\n")
        rows[23] = rows[23].replace("05.10.2026", "today")
        rows[31] += ";more"
        agree("\n".join([HEADER, *rows]).encode(), MAPPING)
        agree("\r\n".join([HEADER.replace("Note", '"No\nte"'), *rows, ""]).encode(), MAPPING)

    @pytest.mark.parametrize("size", [1, 2, 63, 64, 65, 699, 700, 701, 2000, 10_000])
    def test_of_blocks_of_any_size(self, size: int) -> None:
        message = samples.read("vxu_v04.hl7")
        agree(message * 6, size=size)

    def test_of_real_batches(self) -> None:
        files = [file for file in sorted(corpus("hl7v2").glob("*/*.hl7")) if b"|VXU" in file.read_bytes()]
        joined = b"\r".join(file.read_bytes().removeprefix(b"\xef\xbb\xbf") for file in files)
        agree(joined)


def agree_but_for_numbers(data: bytes) -> list[str]:
    """As `agree`, but a header of a batch that stands alone is numbered in a piece only; return the refusals."""
    _, readings = in_pieces(data)
    whole = read(data, name="file", key=KEY, organisation=ORGANISATION, take=("imm/1",))
    number = re.compile(r"(?:FHS|BHS|BTS|FTS)\[1\] ")
    (records, refusals, _), (expected, expected_refusals, _) = said(readings), said([whole])
    assert records == expected
    assert [number.sub("", error) for error in refusals] == expected_refusals  # type: ignore[attr-defined]  # lists
    return refusals  # type: ignore[return-value]  # of text
