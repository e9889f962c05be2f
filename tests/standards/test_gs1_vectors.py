"""Conformance: published vectors of GS1 syntax, and published images, are read as their publishers say."""

from __future__ import annotations

import json

import pytest

from medtrust.errors import InputError
from medtrust.standards.gs1 import Allow, Element, Scan, digital_link, element_string, parse
from medtrust.standards.gs1_rules import find
from tests.standards.support import corpus

GS = "\x1d"

# What a vector was run with, which its file does not say: by line, from 0.
ALLOWED = {
    **dict.fromkeys((20, 21, 22), Allow(partial=True)),
    **dict.fromkeys((77, 78, 79, 165), Allow(unknown=True)),
    **dict.fromkeys((129, 130), Allow(names=True)),
    **dict.fromkeys((177,), Allow(partial=True, unknown=True)),
}

# Which identifiers the vectors of `existsInAIdata` were searched in, and which was left out of account: by line.
SEARCHED = [
    *([{"01"}] * 5),
    *([{"98", "97", "96", "95"}] * 5),
    *([{"01", "235", "8002"}] * 8),
]


def vectors(kind: str) -> list[dict]:
    """The vectors of a kind, each with the line that it stands on."""
    file = corpus("gs1-vectors") / "gs1-syntax-engine" / "syntax-engine-vectors.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    found = [{**json.loads(line), "line": number} for number, line in enumerate(lines)]
    assert len(found) == 206
    return [one for one in found if one["kind"] == f"test_{kind}"]


def read(vector: dict) -> Scan | None:
    try:
        return parse(vector["input"], allow=ALLOWED.get(vector["line"]))
    except InputError:
        return None


def with_caret(elements: tuple[Element, ...]) -> str:
    return "^" + element_string(elements).replace(GS, "^")


class TestVectors:
    """
    given a pattern of identifiers     -> it is found among those of a message, or not
    given a code in brackets           -> refused, or the same elements as one string
    given a string with FNC1           -> read or refused
    given identifiers that stand together -> let pass, or refused
    given a link                       -> refused, or the same elements as one string
    given elements                     -> a link that says the same, or refused
    given what a scanner sends         -> refused, or the same elements or text
    all kinds together                 -> are 206
    """

    def test_patterns(self):
        found = vectors("existsInAIdata")
        assert len(found) == len(SEARCHED)
        for index, (vector, present) in enumerate(zip(found, SEARCHED, strict=True)):
            ignoring = "01" if index == 1 else ""
            match = find(vector["input"], present, ignoring=ignoring)
            assert (match is not None) == vector["ok"], vector
            assert not vector["ok"] or vector["expected"] in (match, None), vector

    @pytest.mark.parametrize("kind", ["parseAIdata", "processAIdata", "validateAIs"])
    def test_messages(self, kind):
        found = vectors(kind)
        assert found
        for vector in found:
            scan = read(vector)
            assert (scan is not None) == vector["ok"], vector
            if scan and vector["expected"]:
                assert with_caret(scan.elements) == vector["expected"], vector

    def test_links(self):
        for vector in vectors("parseDLuri"):
            scan = read(vector)
            assert (scan is not None) == vector["ok"], vector
            if scan:
                assert with_caret(scan.elements) == vector["expected"], vector

    def test_written_links(self):
        for vector in vectors("testGenerateDLuri"):
            is_first = vector["input"].startswith("(")
            stem = "https://id.gs1.org" if is_first else vector["input"]
            text = vector["input"] if is_first else vector["expected"]
            elements = parse(text, allow=ALLOWED.get(vector["line"], Allow(partial=True))).elements
            if not vector["ok"]:
                with pytest.raises(InputError):
                    digital_link(elements, stem=stem)
                continue
            link = digital_link(elements, stem=stem)
            assert not is_first or link == vector["expected"]
            assert link.startswith(f"{stem}/")
            assert set(parse(link, allow=Allow(partial=True)).elements) == set(elements)

    def test_scanned(self):
        for vector in vectors("testProcessScanData"):
            text = vector["input"]
            scan = read(vector)
            assert (scan is not None) == vector["ok"], vector
            if scan:
                assert self.shown(scan, text) == vector["expected"], vector

    def shown(self, scan: Scan, text: str) -> str:
        """As the vectors write it: GS1 data begins with ^, and plain text that does so too gets a backslash."""
        if scan.plain is not None:
            return f"\\{scan.plain}" if scan.plain.lstrip("\\").startswith("^") else scan.plain
        if text.startswith((("]Q1"), "]d1", "]J0")):
            return text[3:]
        if text.startswith("]E"):
            number = scan.gtin.removeprefix("0" * (14 - (13 if text[2] == "0" else 8)))
            return number + (f"|{with_caret(scan.elements[1:])}" if scan.elements[1:] else "")
        return with_caret(scan.elements)

    def test_none_is_left_out(self):
        kinds = ("existsInAIdata", "parseAIdata", "processAIdata", "validateAIs", "parseDLuri")
        assert sum(len(vectors(kind)) for kind in (*kinds, "testGenerateDLuri", "testProcessScanData")) == 206
