"""Pairs: the same event in HL7 v2 and in FHIR gives the same canonical objects, to the byte."""

from __future__ import annotations

import json

import pytest

from medtrust import samples
from medtrust.disclosure import seal
from medtrust.standards import Reading, read_mapping
from tests.standards.support import KEY, bundle, corpus, immunization, reading, rxa, vxu

FOUR_FORMATS = ("vxu_v04.hl7", "immunization.json", "immunization_ccda.xml", "immunizations.csv")
CONVERTED = "FHIR-Converter/Hl7v2_VXU_V04_"
PAIRS = [
    ("data_SampleData_Hl7v2_VXU-V04-01.hl7", "VXU-V04-01-expected.json", 1),
    ("data_SampleData_Hl7v2_VXU.hl7", "VXU-expected.json", 3),
]


def texts(found: Reading) -> list[bytes]:
    assert [str(refusal) for refusal in found.refusals] == []
    return [canonical.to_json() for canonical in found.objects]


class TestPairs:
    """
    given the samples of one dose, and of one visit  -> the same objects, and the same commitments
    given the dose in VXU, FHIR, C-CDA and CSV       -> one core, one object, one commitment, one patient
    given a message and what a converter makes of it -> the same objects, sub included
    given the message alone is lost                  -> the converted one still reads
    given one dose written in every way that both formats have -> one object
    """

    @pytest.mark.parametrize(
        ("message", "resource"), [("vxu_v04.hl7", "immunization.json"), ("visit_dft_p03.hl7", "visit_claim.json")]
    )
    def test_samples_agree(self, message: str, resource: str) -> None:
        one, other = reading(samples.read(message)), reading(samples.read(resource))
        assert texts(one) == texts(other)
        assert len(one.records) >= 1
        assert [seal(a, KEY).root for a in one.objects] == [seal(b, KEY).root for b in other.objects]
        assert [record.patient for record in one.records] == [record.patient for record in other.records]
        assert [record.beside for record in one.records] == [record.beside for record in other.records]

    def test_four_formats_give_one_core(self) -> None:
        mapping = read_mapping(samples.read("csv_mapping.yaml").decode(), name="csv_mapping.yaml")
        found = [reading(samples.read(name), mapping=mapping) for name in FOUR_FORMATS]
        assert len({objects[0] for objects in map(texts, found)}) == 1
        assert len({one.objects[0].core_hash() for one in found}) == 1
        assert len({seal(one.objects[0], KEY).root for one in found}) == 1
        assert [len(one.records) for one in found] == [1, 1, 1, 1]
        assert len({one.records[0].patient for one in found}) == 1

    def test_the_bundle_holds_the_sample_dose_again(self) -> None:
        (dose,) = texts(reading(samples.read("vxu_v04.hl7")))
        doses = texts(reading(samples.read("immunizations_bundle.json")))
        assert (len(doses), doses.count(dose)) == (4, 1)

    @pytest.mark.parametrize(("message", "converted", "doses"), PAIRS)
    def test_real_messages_and_what_a_converter_made_agree(self, message: str, converted: str, doses: int) -> None:
        one = reading((corpus("hl7v2") / "FHIR-Converter" / message).read_bytes())
        other = reading((corpus("hl7v2-to-fhir-expected") / f"{CONVERTED}{converted}").read_bytes())
        assert texts(one) == texts(other)
        assert len(one.records) == doses
        assert [record.patient for record in one.records] == [record.patient for record in other.records]
        assert [record.beside for record in one.records] == [record.beside for record in other.records]

    def test_a_converted_message_without_its_source_reads(self) -> None:
        found = reading((corpus("hl7v2-to-fhir-expected") / f"{CONVERTED}VXU-V04-02-expected.json").read_bytes())
        doses = [json.loads(text) for text in texts(found)]
        assert [(dose["vc"], dose["d"], dose.get("lot")) for dose in doses] == [
            ("113", "2021-08-18", "315841"),
            ("88", "2014-10-12", None),
            ("88", "2013-11-12", None),
        ]
        assert len({dose["sub"] for dose in doses}) == 1

    def test_one_dose_has_one_form(self) -> None:
        """The same day before and after midnight of Greenwich, an NDC in three forms, a lot in any case."""
        ndc, cvx = "http://hl7.org/fhir/sid/ndc", "http://hl7.org/fhir/sid/cvx"
        written = [
            vxu(rxa({5: "58160-842-52^^NDC", 15: "mt 2026a"})),
            vxu(rxa({5: "58160-0842-52^^NDC", 3: "202610052350-1100"})),
            vxu(rxa({5: "58160084252^^NDC", 3: "202610050010+1400", 6: "999"})),
            vxu(rxa({5: "115^^CVX", 9: "01^^NIP001"})),
            bundle(immunization(vaccineCode={"coding": [{"system": ndc, "code": "58160-842-52"}]})),
            bundle(immunization(vaccineCode={"coding": [{"system": cvx, "code": "115"}]}, primarySource=False)),
            bundle(immunization(occurrenceDateTime="2026-10-05T00:10:00+14:00", lotNumber="mt2026a ")),
        ]
        assert len({text for data in written for text in texts(reading(data))}) == 1

    def test_composed_and_decomposed_characters_are_one_patient(self) -> None:
        composed, decomposed = (f"PID|1||{value}^^^CLINIC^MR" for value in ("é1", "e\u03011"))
        assert texts(reading(vxu(person=composed))) == texts(reading(vxu(person=decomposed)))
