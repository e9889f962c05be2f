"""HL7 v2: vaccinations, and where exactly each refusal stands."""

from __future__ import annotations

import pytest

from tests.standards.support import DOSE, HEADER, dft, only, reading, refusal, rxa, vxu


class TestDose:
    """
    given a dose                  -> sub, vaccine, day, status, lot and maker; source, amount and expiry beside it
    given an NDC in any form      -> the CVX code that it means
    given RXA-20 and RXA-21       -> status and action
    given a field in another form that says the same -> the same object
    when a field is wrong         -> refused with segment, ordinal and component, and the other doses are read
    """

    def test_is_what_the_message_says(self) -> None:
        (record,) = reading(vxu(rxa({9: "00^New^NIP001", 16: "20280630"}))).records
        assert record.canonical == DOSE
        assert record.action == "add"
        assert record.beside == {"source": "administered", "amount": "0.5", "unit": "mL", "expires": "2028-06-30"}

    @pytest.mark.parametrize(
        ("coded", "vaccine"),
        [
            ("49281-0215-88^TENIVAC^NDC", "113"),
            ("49281-215-88^TENIVAC^NDC", "113"),
            ("49281021588^TENIVAC^NDC", "113"),
            ("8^HepB^CVX", "08"),
            ("08^HepB^HL70292", "08"),
            ("136^MCV4^CVX^90734^MCV4^CPT", "136"),
            ("90734^MCV4^CPT^136^MCV4^CVX", "136"),
            ("83^Hep A^CVX~34^Hep A^STC0292", "83"),
            ("58160-0821-11^Engerix^NDC^43^HepB^CVX", "43"),
            ("99999-9999-99^new^NDC^115^Tdap^CVX", "115"),
            ("x^x^L^x^x^L^^^^115^Tdap^CVX", "115"),
        ],
    )
    def test_vaccine_is_one_cvx_code(self, coded: str, vaccine: str) -> None:
        assert only(reading(vxu(rxa({5: coded})))).vc == vaccine

    @pytest.mark.parametrize(
        ("coded", "place", "found"),
        [
            ("", "RXA[1]-5.1", "nothing"),
            ("^Tdap", "RXA[1]-5.1", "nothing"),
            ("115^Tdap", "RXA[1]-5.3", "nothing"),
            ("115^Tdap^LOCAL", "RXA[1]-5.3", "LOCAL"),
            ("90715^Tdap^CPT", "RXA[1]-5.1", "CPT 90715"),
            ("209^none^CVX", "RXA[1]-5.1", "209"),
            ("x^x^L^209^none^CVX", "RXA[1]-5.4", "209"),
            ("209^none^CVX^49281-0215-88^TENIVAC^NDC", "RXA[1]-5.1", "209"),
            ("115^Tdap^CVX^08^HepB^CVX", "RXA[1]-5.4", "08"),
            ("115^Tdap^CVX^49281-0215-88^TENIVAC^NDC", "RXA[1]-5.4", "49281-0215-88"),
            ("4928102158^ten digits^NDC", "RXA[1]-5.1", "4928102158"),
            ("99999-9999-99^new^NDC", "RXA[1]-5.1", "99999-9999-99"),
            ("58160-0821-11^Engerix^NDC", "RXA[1]-5.1", "58160-0821-11"),
            ("998^none^CVX", "RXA[1]-5.1", "998, no vaccine, in a dose that RXA-20 calls complete"),
        ],
    )
    def test_reverts_when_the_vaccine_is_not_sure(self, coded: str, place: str, found: str) -> None:
        assert refusal(reading(vxu(rxa({5: coded}))))[:2] == (place, found)

    @pytest.mark.parametrize(
        ("written", "day"),
        [
            ("20261005", "2026-10-05"),
            ("202610052359", "2026-10-05"),
            ("20261005235959.9999-0500", "2026-10-05"),
            ("20261005000000+1400", "2026-10-05"),
            ("20240229", "2024-02-29"),
        ],
    )
    def test_day_is_the_local_one_as_written(self, written: str, day: str) -> None:
        assert only(reading(vxu(rxa({3: written})))).d == day

    @pytest.mark.parametrize(
        "written",
        ["", "201501011", "2026", "202610", "20260229", "20261305", "2026100524", "202610051260", "2026-10-05"],
    )
    def test_reverts_when_it_is_no_day(self, written: str) -> None:
        found = refusal(reading(vxu(rxa({3: written}))))
        assert found[:2] == ("RXA[1]-3", written or "nothing")

    @pytest.mark.parametrize(
        ("code", "status"),
        [("CP", "completed"), ("PA", "completed"), ("RE", "not-done"), ("NA", "not-done"), ("", "completed")],
    )
    def test_status_is_that_of_rxa_20(self, code: str, status: str) -> None:
        assert only(reading(vxu(rxa({20: code})))).st == status

    def test_reverts_given_a_reason_for_a_refusal_and_no_status(self) -> None:
        place, found, _ = refusal(reading(vxu(rxa({18: "00^Parental^NIP002", 20: ""}))))
        assert (place, found) == ("RXA[1]-20", "nothing")
        assert only(reading(vxu(rxa({18: "00^Parental^NIP002", 20: "RE"})))).st == "not-done"

    def test_no_vaccine_was_not_given(self) -> None:
        dose = only(reading(vxu(rxa({5: "998^none^CVX", 20: "NA"}))))
        assert (dose.vc, dose.st) == ("998", "not-done")

    @pytest.mark.parametrize(
        ("code", "action", "status"),
        [
            ("A", "add", "completed"),
            ("", "add", "completed"),
            ("U", "update", "completed"),
            ("D", "delete", "entered-in-error"),
        ],
    )
    def test_action_is_that_of_rxa_21(self, code: str, action: str, status: str) -> None:
        (record,) = reading(vxu(rxa({21: code}))).records
        assert (record.action, record.canonical) == (action, only(reading(vxu(rxa({21: code})))))
        assert record.canonical.to_dict()["st"] == status

    @pytest.mark.parametrize(
        ("changed", "place", "found"),
        [
            ({20: "XX"}, "RXA[1]-20", "XX"),
            ({21: "CP"}, "RXA[1]-21", "CP"),
            ({15: "A1~B2"}, "RXA[1]-15", "2 of them"),
            ({17: "SKB^^MVX~PMC^^MVX"}, "RXA[1]-17", "2 of them"),
        ],
    )
    def test_reverts_when_a_field_is_wrong(self, changed: dict[int, str], place: str, found: str) -> None:
        assert refusal(reading(vxu(rxa(changed))))[:2] == (place, found)

    @pytest.mark.parametrize(
        ("field", "written"),
        [(15, "mt2026a"), (15, " MT 2026 A "), (15, "MT2026A~MT2026A"), (17, "SKB"), (17, "SKB^GSK^HL70227")],
    )
    def test_one_lot_and_one_maker_however_written(self, field: int, written: str) -> None:
        assert only(reading(vxu(rxa({field: written})))) == DOSE

    @pytest.mark.parametrize("written", ["", "^sanofi^MVX", "XYZ^?^MVX", "SKB^GSK^LOCAL"])
    def test_a_maker_without_a_code_is_not_guessed(self, written: str) -> None:
        found = reading(vxu(rxa({17: written})))
        assert only(found).mvx == ""
        dispositions = {entry.path: entry.disposition for entry in found.loss.entries()}
        assert dispositions.get("RXA[1]-17", "dropped") == "dropped"

    @pytest.mark.parametrize(
        ("fields", "beside"),
        [
            ({6: "999"}, {}),
            ({6: "", 7: ""}, {}),
            ({6: ".50"}, {"amount": "0.5", "unit": "mL"}),
            ({9: "01^Historical^NIP001"}, {"amount": "0.5", "unit": "mL", "source": "historical"}),
            ({9: "01^Historical^OTHER"}, {"amount": "0.5", "unit": "mL"}),
            ({16: "202806"}, {"amount": "0.5", "unit": "mL"}),
        ],
    )
    def test_what_is_kept_beside(self, fields: dict[int, str], beside: dict[str, str]) -> None:
        (record,) = reading(vxu(rxa(fields))).records
        assert record.beside == beside
        assert record.canonical == DOSE

    def test_a_wrong_dose_takes_no_other_with_it(self) -> None:
        found = reading(vxu(rxa(), rxa({3: "x"}), rxa({3: "20261007"})))
        assert [record.place for record in found.records] == ["RXA[1]", "RXA[3]"]
        assert refusal(found)[0] == "RXA[2]-3"

    def test_response_of_a_registry_reads_alike(self) -> None:
        assert only(reading(vxu(header=HEADER.replace("VXU^V04^VXU_V04", "RSP^K11^RSP_K11")))) == DOSE

    @pytest.mark.parametrize("kind", ["ADT^A01", "VXU", "", "VXU^V03"])
    def test_reverts_given_another_message(self, kind: str) -> None:
        place, found, _ = refusal(reading(vxu(header=HEADER.replace("VXU^V04^VXU_V04", kind))))
        assert (place, found) == ("MSH[1]-9", kind if "^" in kind else f"{kind}^")

    def test_reverts_given_a_message_that_is_not_wanted(self) -> None:
        assert refusal(reading(vxu(), take=["claim/1"]))[:2] == ("MSH[1]-9", "VXU^V04")
        assert refusal(reading(dft(), take=["imm/1"]))[:2] == ("MSH[1]-9", "DFT^P03")

    @pytest.mark.parametrize("schema", ["enc/1", "claim/1"])
    def test_only_what_is_wanted_of_a_visit_is_read(self, schema: str) -> None:
        found = reading(dft(insurance={3: ""} if schema == "enc/1" else {}), take=[schema])
        assert only(found).schema == schema
