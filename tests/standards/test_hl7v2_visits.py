"""HL7 v2: charged visits, and where exactly each refusal stands."""

from __future__ import annotations

import pytest

from tests.standards.support import ORGANISATION, SUB, dft, reading, refusal


class TestVisit:
    """
    given a DFT                        -> one visit, and one claim that names its core
    given no discharge, no sender's URI, no admission -> absent, the reader's organisation, the first charge
    given another visit number, payer or policy       -> another hash
    when a field of the visit is wrong -> refused with its place, nothing is read
    when a field of the claim is wrong -> refused with its place, the visit stands
    """

    def test_is_a_visit_and_its_claim(self) -> None:
        second = {7: "90471^^C4", 10: "2", 11: "", 12: "12.25&USD", 4: "20261006"}
        found = reading(dft(visit={45: "20261006102000"}, charges=({}, second)))
        assert found.refusals == ()
        visit, claim = (canonical.to_dict() for canonical in found.objects)
        assert visit.pop("vn") != claim["pol"]
        assert visit == {
            "t": "enc/1",
            "sub": SUB,
            "org": ORGANISATION,
            "cls": "AMB",
            "start": "2026-10-05",
            "end": "2026-10-06",
        }
        assert claim == {
            "t": "claim/1",
            "enc": found.objects[0].core_hash().hex(),
            "payer": "urn:gs1:gln:0614141000067",
            "pol": claim["pol"],
            "cur": "USD",
            "tot": "14500",
            "dx": ("Z23",),
            "ln": [
                {"n": 1, "sys": "cpt", "c": "99213", "q": "1", "amt": "12050", "d": "2026-10-05"},
                {"n": 2, "sys": "cpt", "c": "90471", "q": "2", "amt": "2450", "d": "2026-10-06"},
            ],
        }
        assert found.records[1].beside == {"policy": "MM-4471"}

    def test_provider_is_the_sender_with_a_uri(self) -> None:
        sent = dft(sender="CLINIC^urn:gs1:gln:0614141000029^URI")
        assert reading(sent).objects[0].to_dict()["org"] == "urn:gs1:gln:0614141000029"

    def test_what_is_not_said_is_filled_in_or_absent(self) -> None:
        found = reading(dft(visit={44: "", 45: ""}, charges=({4: "20261009"}, {4: "20261007"})))
        visit = found.objects[0].to_dict()
        assert visit["start"] == "2026-10-07"
        assert "end" not in visit
        dispositions = {entry.path: entry.disposition for entry in found.loss.entries()}
        assert dispositions["PV1[1]-44"] == dispositions["MSH[1]-4"] == "defaulted"

    @pytest.mark.parametrize("visit", [{19: "V2^^^CLINIC^VN"}, {19: "V1^^^OTHER^VN"}])
    def test_visit_number_tells_visits_apart(self, visit: dict[int, str]) -> None:
        assert reading(dft(visit=visit)).objects[0].core_hash() != reading(dft()).objects[0].core_hash()

    def test_hashes_say_nothing_without_the_key(self) -> None:
        mine, other = reading(dft()), reading(dft(), key=bytes(32))
        assert mine.objects[0].to_dict()["vn"] != other.objects[0].to_dict()["vn"]
        assert mine.objects[1].to_dict()["pol"] != other.objects[1].to_dict()["pol"]

    @pytest.mark.parametrize(
        ("visit", "place"),
        [
            ({2: "X"}, "PV1[1]-2"),
            ({2: ""}, "PV1[1]-2"),
            ({19: ""}, "PV1[1]-19.1"),
            ({19: "1~2"}, "PV1[1]-19"),
            ({44: "x"}, "PV1[1]-44"),
            ({45: "x"}, "PV1[1]-45"),
        ],
    )
    def test_reverts_when_the_visit_is_wrong(self, visit: dict[int, str], place: str) -> None:
        found = reading(dft(visit=visit))
        assert found.records == ()
        assert refusal(found)[0] == place

    @pytest.mark.parametrize(
        ("charge", "place"),
        [
            ({6: "PY"}, "FT1[2]-6"),
            ({7: "626.2"}, "FT1[2]-7.3"),
            ({7: ""}, "FT1[2]-7.1"),
            ({7: "X^^L"}, "FT1[2]-7.3"),
            ({4: "2026"}, "FT1[2]-4"),
            ({10: "two"}, "FT1[2]-10"),
            ({11: "120.505&USD"}, "FT1[2]-11.1"),
            ({11: "120.50"}, "FT1[2]-11.1"),
            ({11: "-1&USD"}, "FT1[2]-11.1"),
            ({11: "1&EUR"}, "FT1[2]-11.1"),
            ({11: "1&ABC"}, "FT1[2]-11.1"),
            ({11: ""}, "FT1[2]-12.1"),
        ],
    )
    def test_reverts_when_a_charge_is_wrong(self, charge: dict[int, str], place: str) -> None:
        found = reading(dft(charges=({}, charge)))
        assert [canonical.schema for canonical in found.objects] == ["enc/1"]
        assert refusal(found)[0] == place

    @pytest.mark.parametrize(
        ("more", "place"),
        [
            ({"insurance": {3: "4711"}}, "IN1[1]-3.1"),
            ({"insurance": {36: ""}}, "IN1[1]-36"),
            ({"charges": ()}, "FT1"),
            ({"diagnoses": ("Z23",)}, "DG1[1]-3.3"),
            ({"diagnoses": ("Z23^^I10C", "")}, "DG1[2]-3.1"),
        ],
    )
    def test_reverts_when_the_claim_is_wrong(self, more: dict[str, object], place: str) -> None:
        found = reading(dft(**more))  # type: ignore[arg-type]  # by name
        assert [canonical.schema for canonical in found.objects] == ["enc/1"]
        assert refusal(found)[0] == place

    @pytest.mark.parametrize(
        ("company", "payer"),
        [
            ("0614141000067^^^&1.3.88&ISO", "urn:gs1:gln:0614141000067"),
            ("1234567893^^^&2.16.840.1.113883.4.6&ISO", "http://hl7.org/fhir/sid/us-npi|1234567893"),
            ("77^^^&1.2.3&ISO", "urn:oid:1.2.3|77"),
        ],
    )
    def test_payer_is_a_uri(self, company: str, payer: str) -> None:
        assert reading(dft(insurance={3: company})).objects[1].to_dict()["payer"] == payer

    def test_diagnoses_stand_once_and_name_a_foreign_system(self) -> None:
        codes = ("Z23^^I10C", "29857009^^SCT", "Z23^^I10")
        assert reading(dft(diagnoses=codes)).objects[1].to_dict()["dx"] == ("Z23", "sct|29857009")

    def test_procedure_wins_over_a_charge_code_of_the_house(self) -> None:
        line = reading(dft(charges=({7: "X1^^L", 25: "99213^^C4"},))).objects[1].to_dict()["ln"][0]
        assert (line["sys"], line["c"]) == ("cpt", "99213")
