"""The commands that read claims and quote them: answers for programs, exit codes, and what a person sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medtrust import samples
from medtrust.cli.claim import app
from medtrust.cli.common import error_body
from medtrust.cli.drug import app as drug
from medtrust.cli.standards import app as standards
from medtrust.errors import CheckRefused, InputError
from tests.standards.support import KEY, ORGANISATION, reading

RUNNER = CliRunner()
FORMATS = ("visit_claim.json", "visit_dft_p03.hl7", "visit_837p.x12", "visit.json")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A folder with every sample in it."""
    for name in samples.names():
        (tmp_path / name).write_bytes(samples.read(name))
    return tmp_path


def told(*words: str | Path, exit_code: int = 0, **more: Any) -> dict[str, Any]:
    result = RUNNER.invoke(app, [*map(str, words), "--json"], **more)
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


class TestImport:
    """
    given a claim in any format   -> its canonical objects and the ledger, as the standards read it
    given a key or a payer        -> is read with it
    given a part that is refused  -> the rest, and the refusal with its place; exit code 1
    given no claim, or no format  -> the refusal with its place; exit code 1
    when less is carried over than --strict asks for -> CheckRefused; in JSON all of it in one line, exit code 1
    when it is misused            -> InputError
    """

    @pytest.mark.parametrize("name", FORMATS)
    def test_says_what_a_file_says(self, sample: Path, name: str) -> None:
        answer = told("import", sample / name, "--key", KEY.hex(), "--organisation", ORGANISATION)
        expected = reading(samples.read(name))
        assert answer["objects"] == [json.loads(one.to_json()) for one in expected.objects]
        assert answer["loss"]["fields"] == [entry.to_dict() for entry in expected.loss.entries()]
        assert answer["loss"]["ratio"] == pytest.approx(expected.loss.ratio, abs=1e-6)
        assert answer["refused"] == []

    def test_reads_stdin(self) -> None:
        assert len(told("import", "-", input=samples.read("visit.json"))["objects"]) == 2

    def test_knows_payers_by_their_numbers(self, sample: Path) -> None:
        file = sample / "visit_837p.x12"
        file.write_text(file.read_text().replace("UL*0614141000067", "PI*MM01"))
        assert told("import", file)["objects"][1]["payer"] == "urn:medtrust:x12:payer:PI|MM01"
        answer = told("import", file, "--payer", "MM01=urn:gs1:gln:0614141000067")
        assert answer["objects"][1]["payer"] == "urn:gs1:gln:0614141000067"

    def test_says_what_is_refused(self, sample: Path) -> None:
        file = sample / "visit_837p.x12"
        file.write_text(file.read_text().replace("HC:90471", "HC:W0471"))
        answer = told("import", file, exit_code=1)
        assert [one["t"] for one in answer["objects"]] == ["enc/1"]
        (refused,) = answer["refused"]
        assert (refused["place"], refused["found"]) == ("SV1[2]-1.2", "W0471")
        assert refused["message"] == f"{file}: SV1[2]-1.2: found W0471, expected a code of CPT or HCPCS"

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("name,date\n", "beginning"),
            ("", "beginning"),
            ('{"resourceType": "Bundle", "type": "collection"}', "Bundle.entry"),
            ('{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Coverage"}}]}', "Bundle.entry"),
            ('{"schema": "visit/2"}', "document.schema"),
            ('{"resourceType": "Coverage"}', "Coverage"),
            ("{", "document"),
            ("ISA*00*", "ISA[1]"),
            ("MSH|^~\\&|A|B|||2026||ADT^A01|1|P|2.5\r", "MSH[1]-9"),
        ],
    )
    def test_says_where_there_is_no_claim(self, tmp_path: Path, text: str, place: str) -> None:
        file = tmp_path / "file"
        file.write_text(text)
        answer = told("import", file, exit_code=1)
        assert (answer["objects"], [one["place"] for one in answer["refused"]]) == ([], [place])

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("vxu_v04.hl7", "DFT^P03 for a visit"),
            (
                "immunization.json",
                "Encounter or Claim or ExplanationOfBenefit of something that took place, or a Bundle of them",
            ),
        ],
    )
    def test_does_not_expect_what_it_found(self, sample: Path, name: str, expected: str) -> None:
        (refused,) = told("import", sample / name, exit_code=1)["refused"]
        assert refused["expected"] == expected

    def test_shows_people_what_it_found(self, sample: Path) -> None:
        result = RUNNER.invoke(app, ["import", str(sample / "visit.json")])
        assert result.exit_code == 0
        assert '"t": "claim/1"' in result.stdout
        assert "100.0% of the fields are carried over" in result.stdout

    def test_says_all_in_one_line_under_the_threshold(self, sample: Path) -> None:
        name = sample / "visit_837p.x12"
        for application, words in ((app, ["import"]), (standards, ["loss"])):
            result = RUNNER.invoke(application, [*words, str(name), "--strict", "0.99", "--json"])
            assert result.exit_code == 1
            answer = json.loads(result.stdout)
            assert (answer["error"], answer["reason"], answer["refused"]) == ("CheckRefused", "TooMuchDropped", [])

    def test_reverts_under_the_threshold(self, sample: Path) -> None:
        result = RUNNER.invoke(app, ["import", str(sample / "visit_837p.x12"), "--strict", "0.9"])
        assert isinstance(result.exception, CheckRefused)
        assert result.exception.reason == "TooMuchDropped"

    @pytest.mark.parametrize(
        ("options", "place"),
        [
            (["nowhere.x12"], "file"),
            (["-", "--key", "00"], "--key"),
            (["-", "--payer", "MM01"], "--payer"),
            (["-", "--authority", "EA"], "--authority"),
            (["-", "--authority", "XX=urn:x:y"], "--authority"),
            (["-", "--payer", "MM01=Meridian"], "payer MM01"),
            (["-", "--organisation", "clinic"], "organisation"),
        ],
    )
    def test_reverts_when_misused(self, options: list[str], place: str) -> None:
        result = RUNNER.invoke(app, ["import", *options], input=samples.read("visit.json"))
        assert isinstance(result.exception, InputError)
        assert result.exception.place == place


class TestQuote:
    """
    given a plan and a visit      -> the amounts, line by line, and what the policy would have counted
    given what was counted before -> counts on
    given a visit outside         -> why it would be denied; exit code 1
    given a visit that is refused -> its place and its file; exit code 1
    when the plan or an option is wrong, or the currencies differ -> InputError with its place
    when it is filed 15 minutes before the visit, earlier -> is quoted, InputError
    """

    @pytest.mark.parametrize("name", FORMATS)
    def test_says_the_amounts(self, sample: Path, name: str) -> None:
        answer = told("quote", sample / "plan.json", sample / name)
        assert {one: answer[one] for one in ("status", "reason", "charged", "planPays", "memberPays", "writeOff")} == {
            "status": "APPROVED",
            "reason": "COVERED",
            "charged": 190_500_000,
            "planPays": 97_000_000,
            "memberPays": 78_000_000,
            "writeOff": 15_500_000,
        }
        assert answer["totals"] == {
            "deductibleMet": 50_000_000,
            "outOfPocketMet": 78_000_000,
            "planPaid": 97_000_000,
            "unattested": 97_000_000,
        }
        assert [line["planPays"] for line in answer["lines"]] == [32_000_000, 25_000_000, 40_000_000]
        assert (answer["currency"], answer["decimals"]) == ("USD", 6)

    def test_counts_on(self, sample: Path) -> None:
        before = ("--deductible-met", "50.00", "--out-of-pocket-met", "1490.00", "--plan-paid", "97.00")
        answer = told("quote", sample / "plan.json", sample / "visit.json", *before)
        assert answer["lines"][0]["memberPays"] == 10_000_000
        assert answer["totals"]["outOfPocketMet"] == 1_500_000_000

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            (["--from", "2026-10-06"], "BEFORE_COVERAGE"),
            (["--from", "2026-09-06"], "IN_WAITING_PERIOD"),
            (["--from", "2026-01-01", "--until", "2026-10-05"], "AFTER_COVERAGE"),
            (["--filed", "2027-10-05"], "FILED_LATE"),
        ],
    )
    def test_says_why_it_would_be_denied(self, sample: Path, options: list[str], reason: str) -> None:
        answer = told("quote", sample / "plan.json", sample / "visit.json", *options, exit_code=1)
        assert (answer["status"], answer["reason"], answer["memberPays"]) == ("DENIED", reason, 190_500_000)

    def test_reads_like_a_letter(self, sample: Path) -> None:
        result = RUNNER.invoke(app, ["quote", str(sample / "plan.json"), str(sample / "visit.json")])
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[0] == "An estimate"
        assert lines[1].split() == ["charged", "allowed", "plan", "pays", "you", "pay", "why"]
        assert lines[2].startswith("1. primary care x 1   120.50   110.00      32.00    78.00")
        assert lines[-1] == "Charged 190.50 USD: the plan pays 97.00 USD, you pay 78.00 USD, written off 15.50 USD."

    @pytest.mark.parametrize(
        ("options", "place"),
        [
            (["visit.json", "visit.json"], "plan.diagnoses"),
            (["plan.json", "visit.json", "--deductible-met", "50.01"], "deductible met"),
            (["plan.json", "visit.json", "--deductible-met", "a lot"], "amount"),
            (["plan.json", "visit.json", "--from", "October"], "time"),
            (["plan.json", "visit.json", "--currency", "EUR"], "currency"),
            (["plan.json", "visit.json", "--filed", "2026-10-04T23:44:59Z"], "filed"),
        ],
    )
    def test_reverts_when_something_is_wrong(self, sample: Path, options: list[str], place: str) -> None:
        plan, visit, *more = options
        result = RUNNER.invoke(app, ["quote", str(sample / plan), str(sample / visit), *more])
        assert isinstance(result.exception, InputError)
        assert result.exception.place == place

    @pytest.mark.parametrize(
        ("name", "place"), [("plan.json", "document"), ("vxu_v04.hl7", "MSH[1]-9"), ("pack.png", "beginning")]
    )
    def test_says_what_is_refused(self, sample: Path, name: str, place: str) -> None:
        answer = told("quote", sample / "plan.json", sample / name, exit_code=1)
        (refused,) = answer["refused"]
        assert (refused["file"], refused["place"]) == (answer["file"], answer["place"]) == (str(sample / name), place)
        assert refused["message"] == answer["message"]
        result = RUNNER.invoke(app, ["quote", str(sample / "plan.json"), str(sample / name)])
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"refused: {sample / name}: {place}")

    def test_says_which_line_is_refused(self, sample: Path) -> None:
        file = sample / "visit.json"
        file.write_text(file.read_text().replace('"90471"', '"99999"'))
        answer = told("quote", sample / "plan.json", file, exit_code=1)
        assert (answer["file"], answer["place"], answer["found"]) == (str(file), "ln[2].c", "cpt 99999")

    def test_reverts_in_another_currency_than_the_plan(self, sample: Path) -> None:
        plan = sample / "plan.json"
        plan.write_text(plan.read_text().replace('"USD"', '"EUR"'))
        for options, found in (([], "USD"), (["--currency", "USD"], "EUR")):
            result = RUNNER.invoke(app, ["quote", str(plan), str(sample / "visit.json"), *options])
            assert isinstance(result.exception, InputError)
            assert (result.exception.place, result.exception.found) == ("currency", found)
        visit = sample / "visit.json"
        visit.write_text(visit.read_text().replace('"USD"', '"EUR"'))
        assert told("quote", plan, visit)["currency"] == "EUR"

    def test_is_recorded_within_the_clocks_of_the_visit(self, sample: Path) -> None:
        for second in ("00", "01"):
            words = ("quote", sample / "plan.json", sample / "visit.json", "--filed", f"2026-10-04T23:45:{second}Z")
            assert told(*words)["status"] == "APPROVED"

    def test_reverts_given_two_visits(self, sample: Path) -> None:
        file = sample / "visit_dft_p03.hl7"
        file.write_text(file.read_text() + file.read_text().replace("V-2026-1005", "V-2"))
        result = RUNNER.invoke(app, ["quote", str(sample / "plan.json"), str(file)])
        assert isinstance(result.exception, InputError)
        assert (result.exception.place, result.exception.found) == ("file", "2 visits")


class TestVerify:
    """
    given a code that is none, or has a wrong check digit -> the code UNREADABLE beside place and reason
    """

    @pytest.mark.parametrize("scan", ["garbage", "nowhere.png", "(01)00361414567895(21)1"])
    def test_has_a_code(self, scan: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("medtrust.cli.drug.open_suite", lambda *_: None)
        result = RUNNER.invoke(drug, ["verify", scan, "--json"])
        assert isinstance(result.exception, InputError)
        told = error_body(result.exception)
        assert (told["code"], told["error"], "place" in told) == ("UNREADABLE", "InputError", True)


class TestCanonical:
    """
    given files that are read          -> the list of their objects
    given files of which a part is refused -> the same, and the refusal on stderr; exit code 1
    given a file that is refused       -> the refusal with file and place; exit code 1
    """

    def test_says_the_objects_alone(self, sample: Path) -> None:
        result = RUNNER.invoke(standards, ["canonical", str(sample / "visit.json"), "--json"])
        assert (result.exit_code, len(json.loads(result.stdout))) == (0, 2)

    def test_says_the_rest(self, sample: Path) -> None:
        file = sample / "visit.json"
        file.write_text(file.read_text().replace('"payer": "urn:gs1:gln:0614141000067"', '"payer": "Meridian"'))
        result = RUNNER.invoke(standards, ["canonical", str(file), "--json"])
        assert [one["t"] for one in json.loads(result.stdout)] == ["enc/1"]
        assert (result.exit_code, "document.payer" in result.stderr) == (1, True)

    @pytest.mark.parametrize(("name", "place"), [("pack.png", "beginning"), ("plan.json", "document")])
    def test_says_what_is_refused(self, sample: Path, name: str, place: str) -> None:
        result = RUNNER.invoke(standards, ["canonical", str(sample / name), "--json"])
        answer = json.loads(result.stdout)
        assert (result.exit_code, answer["objects"]) == (1, [])
        assert [(one["file"], one["place"]) for one in answer["refused"]] == [(str(sample / name), place)]
