"""The loss ledger: every field in exactly one disposition, and no change of any field goes unnoticed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from medtrust import samples
from medtrust.errors import CheckRefused
from medtrust.standards import Reading, read_mapping
from tests.standards.support import bundle, corpus, immunization, patient, reading, rxa, vxu

DISPOSITIONS = {"mapped", "defaulted", "preserved", "dropped"}
MESSAGES = ("vxu_v04.hl7", "visit_dft_p03.hl7")
RESOURCES = ("immunization.json", "immunizations_bundle.json", "visit_claim.json")


def fingerprint(found: Reading) -> tuple[Any, ...]:
    """Return all that a reader learns from a reading: objects, refusals and the ledger."""
    entries = tuple((entry.path, entry.disposition, entry.digest) for entry in found.loss.entries())
    return tuple(map(bytes, (o.to_json() for o in found.objects))), tuple(map(str, found.refusals)), entries


def fields_of(text: str) -> list[str]:
    """Return the path of every field of a message that is not empty, counted without the code under test."""
    paths, seen = [], Counter[str]()
    for line in filter(str.strip, text.replace("\r", "\n").split("\n")):
        name, *fields = line.split("|")
        seen[name] += 1
        first = 2 if name == "MSH" else 1
        paths += [f"MSH[{seen[name]}]-1"] if name == "MSH" else []
        paths += [f"{name}[{seen[name]}]-{number}" for number, field in enumerate(fields, first) if field]
    return paths


def leaves_of(value: Any, path: str) -> Iterator[str]:
    """Yield the path of every leaf of a document, counted without the code under test."""
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from leaves_of(member, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for index, member in enumerate(value):
            yield from leaves_of(member, f"{path}[{index}]")
    else:
        yield path


def mutations(text: str) -> Iterator[tuple[str, str]]:
    """Yield a message once for each of its fields, that field changed in each of several ways: a new tail, no value,
    another first character, and each empty field filled.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for row, line in enumerate(lines):
        fields = line.split("|")
        for column in range(1, len(fields)):
            old = fields[column]
            for new in {old + "Z", "", "Q" + old[1:], "X"} - {old}:
                changed = "|".join([*fields[:column], new, *fields[column + 1 :]])
                yield f"{fields[0]} {column} {old!r} -> {new!r}", "\n".join([*lines[:row], changed, *lines[row + 1 :]])


def changes(value: Any) -> Iterator[Any]:
    """Yield a document once for each of its leaves, that leaf changed, taken away, or given a neighbour."""
    if isinstance(value, dict):
        yield {**value, "added": "x"}
        for name, member in value.items():
            yield {key: kept for key, kept in value.items() if key != name}
            yield {key if key != name else f"{key}X": kept for key, kept in value.items()}
            for changed in changes(member):
                yield {**value, name: changed}
    elif isinstance(value, list):
        yield [*value, "x"]
        for index, member in enumerate(value):
            yield [*value[:index], *value[index + 1 :]]
            for changed in changes(member):
                yield [*value[:index], changed, *value[index + 1 :]]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield from {value + "Z", ""} - {value}
    else:
        yield value + 1
        yield str(value)


class TestLedger:
    """
    given a source                      -> every field present has one entry, in one disposition, and no value in it
    given a field that the form carries -> mapped; one kept beside -> preserved; one filled in -> defaulted
    given a refused dose                -> its fields are dropped
    given another key                   -> other digests
    """

    @pytest.mark.parametrize("name", MESSAGES)
    def test_every_field_of_a_message_has_one_entry(self, name: str) -> None:
        text = samples.read(name).decode()
        entries = [entry for entry in reading(text).loss.entries() if entry.digest]
        assert [entry.path for entry in entries] == fields_of(text)
        assert {entry.disposition for entry in entries} <= DISPOSITIONS

    @pytest.mark.parametrize("name", RESOURCES)
    def test_every_leaf_of_a_resource_has_one_entry(self, name: str) -> None:
        document = json.loads(samples.read(name))
        entries = [entry for entry in reading(samples.read(name)).loss.entries() if entry.digest]
        assert [entry.path for entry in entries] == list(leaves_of(document, document["resourceType"]))
        assert {entry.disposition for entry in entries} <= DISPOSITIONS

    def test_counts_are_those_of_the_entries(self) -> None:
        loss = reading(samples.read("vxu_v04.hl7")).loss
        found = Counter(entry.disposition for entry in loss.entries() if entry.digest)
        assert loss.counts() == {**dict.fromkeys(DISPOSITIONS, 0), **found}
        assert loss.ratio == pytest.approx(1 - found["dropped"] / found.total())

    def test_dispositions_say_what_happened(self) -> None:
        found = reading(vxu(rxa({6: "999", 9: "00^^NIP001", 16: "20280630", 20: "", 10: "Nurse"})))
        dispositions = {entry.path: entry.disposition for entry in found.loss.entries()}
        assert {number: dispositions[f"RXA[1]-{number}"] for number in (3, 5, 6, 9, 10, 15, 16, 17, 20)} == {
            3: "mapped",
            5: "mapped",
            6: "defaulted",
            9: "preserved",
            10: "dropped",
            15: "mapped",
            16: "preserved",
            17: "mapped",
            20: "defaulted",
        }

    def test_what_was_filled_in_has_no_digest(self) -> None:
        entries = {entry.path: entry for entry in reading(vxu(rxa({20: ""}))).loss.entries()}
        assert entries["RXA[1]-20"].to_dict() == {"path": "RXA[1]-20", "disposition": "defaulted", "digest": ""}

    def test_a_refused_dose_is_dropped(self) -> None:
        found = reading(vxu(rxa({3: "bad"}), rxa()))
        dispositions = {entry.path: entry.disposition for entry in found.loss.entries()}
        assert {dispositions[path] for path in dispositions if path.startswith("RXA[1]")} == {"dropped"}
        assert dispositions["RXA[2]-3"] == "mapped"

    def test_what_cannot_be_split_is_in_it_as_a_whole(self) -> None:
        found = reading(vxu() + vxu().replace("^~\\&", "^^^^"))
        paths = [entry.path for entry in found.loss.entries()]
        assert paths[-1] == "message[2] message"
        broken = reading("{oops\n" + json.dumps(immunization()))
        assert [entry.disposition for entry in broken.loss.entries() if entry.path == "line[1]"] == ["dropped"]

    def test_no_value_stands_in_it(self) -> None:
        ledger = json.dumps([entry.to_dict() for entry in reading(samples.read("vxu_v04.hl7")).loss.entries()])
        for word in ("Quint", "Marisol", "700101", "19840309", "Harbour", "20261005", "MT2026A"):
            assert word.lower() not in ledger.lower()

    def test_digests_need_the_key(self) -> None:
        mine = [entry.digest for entry in reading(vxu()).loss.entries()]
        other = [entry.digest for entry in reading(vxu(), key=bytes(32)).loss.entries()]
        assert not set(mine) & set(other)
        assert mine == [entry.digest for entry in reading(vxu()).loss.entries()]


class TestStrict:
    """
    given a share of the fields carried over -> passes below it and at it
    when more is asked for                   -> CheckRefused TooMuchDropped
    """

    def test_passes_up_to_the_share(self) -> None:
        loss = reading(vxu()).loss
        assert 0 < loss.ratio < 1
        loss.strict(0)
        loss.strict(loss.ratio - 1e-9)
        loss.strict(loss.ratio)

    def test_reverts_above_the_share(self) -> None:
        loss = reading(vxu()).loss
        with pytest.raises(CheckRefused) as caught:
            loss.strict(loss.ratio + 1e-9)
        assert caught.value.reason == "TooMuchDropped"
        assert f"{loss.ratio:.1%}" in caught.value.sentence


class TestMutation:
    """
    given any message, resource, document or table, ours or real
      when any field is changed, emptied or filled -> the objects, the refusals or the ledger change
    given arbitrary bytes for a field              -> read or refused, never another exception
    """

    @pytest.mark.parametrize("name", MESSAGES)
    def test_every_change_of_a_sample_message_shows(self, name: str) -> None:
        every_change_shows(samples.read(name).decode())

    @pytest.mark.parametrize("name", RESOURCES)
    def test_every_change_of_a_sample_resource_shows(self, name: str) -> None:
        before = fingerprint(reading(samples.read(name)))
        for changed in changes(json.loads(samples.read(name))):
            assert fingerprint(reading(json.dumps(changed))) != before

    def test_every_change_of_a_sample_document_shows(self) -> None:
        before = fingerprint(reading(samples.read("immunization_ccda.xml")))
        changed = list(changed_documents(samples.read("immunization_ccda.xml")))
        assert len(changed) > 200
        for what, document in changed:
            assert fingerprint(reading(document)) != before, what

    def test_every_change_of_a_sample_table_shows(self) -> None:
        mapping = read_mapping(samples.read("csv_mapping.yaml").decode(), name="mapping")
        header, row = samples.read("immunizations.csv").decode().splitlines()
        before = fingerprint(reading(f"{header}\n{row}\n", mapping=mapping))
        for line in (0, 1):
            cells = (header, row)[line].split(";")[:9]
            for at, cell in enumerate(cells):
                for new in {cell + "Z", "", "Q" + cell[1:], "X"} - {cell}:
                    lines = [header, row]
                    lines[line] = lines[line].replace(f"{cell};", f"{new};", 1)
                    assert fingerprint(reading("\n".join(lines), mapping=mapping)) != before, (line, at, new)

    def test_every_change_of_a_real_message_shows(self) -> None:
        files = [file for file in real_messages() if any(mark in file.read_bytes() for mark in (b"|VXU^", b"|DFT^"))]
        assert len(files) >= 20
        for file in files:
            every_change_shows(file.read_bytes().decode("utf-8-sig"))

    @given(st.integers(1, 22), st.text(st.characters(exclude_categories=("Cs",)), max_size=12))
    def test_any_text_in_a_dose_is_read_or_refused(self, field: int, text: str) -> None:
        found = reading(vxu(rxa({field: text})))
        assert found.records or found.refusals
        assert list(found.loss.entries())

    @given(
        st.sampled_from(sorted(immunization())),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=6,
        ),
    )
    def test_any_json_in_a_resource_is_read_or_refused(self, member: str, value: Any) -> None:
        found = reading(bundle(patient(), {**immunization(), member: value}))
        assert found.records or found.refusals or member == "resourceType"
        assert list(found.loss.entries())

    @given(st.binary(max_size=80))
    def test_any_bytes_are_read_or_refused(self, noise: bytes) -> None:
        for start in (b"MSH|^~\\&|", b"FHS", b'{"resourceType": ', b"{"):
            found = reading(start + noise)
            assert found.refusals or found.records or start in (b"FHS", b"{", b'{"resourceType": ')
            assert list(found.loss.entries()) or not found.records


def changed_documents(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield an XML document once for each attribute, text and element, that one changed, taken away or renamed."""
    count = sum(1 for _ in etree.fromstring(data).iter())
    for number in range(count):
        element = list(etree.fromstring(data).iter())[number]
        edits: list[tuple[str, Callable[[Any], object]]] = [
            ("renamed", lambda one: setattr(one, "tag", one.tag + "X")),
            ("given an attribute", lambda one: one.set("added", "x")),
            ("given a child", lambda one: etree.SubElement(one, "added")),
        ]
        for name, value in element.attrib.items():
            edits += [(f"@{name} longer", lambda one, n=name, v=value: one.set(n, v + "Z"))]
            edits += [(f"@{name} gone", lambda one, n=name: one.attrib.pop(n))]
        if (element.text or "").strip():
            edits += [("other text", lambda one: setattr(one, "text", one.text + "Z"))]
        if (element.tail or "").strip():
            edits += [("other tail", lambda one: setattr(one, "tail", one.tail + "Z"))]
        if element.getparent() is not None:
            edits += [("taken away", lambda one: one.getparent().remove(one))]
        for what, edit in edits:
            root = etree.fromstring(data)
            edit(list(root.iter())[number])
            yield f"{element.tag} {what}", etree.tostring(root)


def every_change_shows(text: str) -> None:
    before = fingerprint(reading(text))
    for what, changed in mutations(text):
        assert fingerprint(reading(changed)) != before, what


def real_messages() -> list[Path]:
    return sorted(corpus("hl7v2").glob("*/*.hl7"))
