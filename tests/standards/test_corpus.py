"""Conformance: the real files of the corpus are imported, or refused with segment and field."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hl7
import pytest

from medtrust.standards import read
from tests.standards.hl7_oracle import agree
from tests.standards.support import corpus, reading

PLACE = re.compile(r"[A-Z][A-Z0-9]{2}\[[0-9]+\]-[0-9]+(\.[0-9]+)?")

# What is refused in the messages with vaccinations: file, place, and how many doses are imported beside it.
REFUSED = {
    "Hl7IdentifierFHIRConversionTest-msg02.hl7": (["RXA[1]-5.1"], 0),
    "Hl7ImmunizationFHIRConversionTest-msg10.hl7": (["RXA[3]-21"], 2),
    "IssueFixTest-msg00.hl7": (["RXA[1]-3", "RXA[2]-5.1"], 0),
}


def messages_with_vaccinations() -> list[Path]:
    files = sorted(corpus("hl7v2").glob("*/*.hl7"))
    return [file for file in files if re.search(rb"\|(VXU\^V04|RSP\^K11)", file.read_bytes())]


class TestMessages:
    """
    given the messages with vaccinations -> every RXA is a dose, or refused with segment and field
    given all other messages             -> refused at MSH-9, or read as a visit
    given any message                    -> split as the `hl7` package splits it
    """

    def test_every_dose_is_imported_or_refused_with_its_field(self) -> None:
        files = messages_with_vaccinations()
        assert len(files) >= 20
        for file in files:
            found = reading(file.read_bytes())
            refused, imported = REFUSED.get(file.name, ([], len(found.records)))
            assert [error.place for error in found.refusals] == refused, file.name
            assert len(found.records) == imported, file.name
            assert len(found.records) + len(refused) == len(re.findall(rb"(?m)^RXA\||\rRXA\|", file.read_bytes()))

    def test_every_other_message_is_refused_or_a_visit(self) -> None:
        others = set(corpus("hl7v2").glob("*/*.hl7")) - set(messages_with_vaccinations())
        assert others
        for file in sorted(others):
            found = reading(file.read_bytes())
            assert found.records or found.refusals, file.name
            assert {record.canonical.schema for record in found.records} <= {"enc/1", "claim/1"}
            for error in found.refusals:
                assert PLACE.fullmatch(error.place) or error.place.startswith("line "), (file.name, error.place)

    def test_a_charge_without_a_code_system_is_refused_there(self) -> None:
        found = reading((corpus("hl7v2") / "FHIR-Converter" / "data_SampleData_Hl7v2_DFT-P03-01.hl7").read_bytes())
        assert [record.canonical.schema for record in found.records] == ["enc/1"]
        assert [(error.place, error.found) for error in found.refusals] == [("FT1[2]-7.3", "nothing")]

    def test_every_message_is_split_as_the_hl7_package_does(self) -> None:
        for file in messages_with_vaccinations():
            agree(file.read_bytes())

    def test_the_oracle_reads_them_too(self) -> None:
        for file in messages_with_vaccinations():
            text = file.read_bytes().decode("utf-8-sig").replace("\n", "\r")
            assert str(hl7.parse(text).segment("MSH")[9][0][0]) in ("VXU", "RSP")


class TestResources:
    """
    given the Bundles of synthetic patients -> every Immunization is imported, none refused
    given the examples of FHIR R4           -> imported, or refused with a path
    """

    def test_no_synthetic_immunization_is_lost(self) -> None:
        files = sorted(corpus("synthea-r4").glob("*/*.json"))
        assert len(files) == 5
        for file in files:
            document = json.loads(file.read_bytes())
            present = sum(entry["resource"]["resourceType"] == "Immunization" for entry in document["entry"])
            found = reading(file.read_bytes(), take=["imm/1"])
            assert (len(found.records), found.refusals) == (present, ())
            assert present > 0
            visits = sum(entry["resource"]["resourceType"] == "Encounter" for entry in document["entry"])
            assert sum(one.schema == "enc/1" for one in reading(file.read_bytes()).objects) == visits

    def test_patients_of_different_files_stay_apart(self) -> None:
        subs = [
            {dose.to_dict()["sub"] for dose in reading(file.read_bytes(), take=["imm/1"]).objects}
            for file in sorted(corpus("synthea-r4").glob("*/*.json"))
        ]
        assert all(len(found) == 1 for found in subs)
        assert len(set.union(*subs)) == len(subs)

    @pytest.mark.parametrize("folder", ["fhir-r4", "fhir-r4-au", "fhir-r4-validator"])
    def test_examples_are_imported_or_refused_with_a_path(self, folder: str) -> None:
        for file in sorted(corpus(folder).glob("*/*.json")):
            found = read(file.read_bytes(), name=file.name, key=bytes(32), organisation="urn:example:1")
            for error in found.refusals:
                assert error.place.split(".")[0].split("[")[0].isalpha(), (file.name, error.place)
                assert error.file == file.name
            assert found.records or found.refusals or b'"Bundle"' in file.read_bytes()
