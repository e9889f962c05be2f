"""The samples and the commands that show them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medtrust import samples
from medtrust.cli.standards import COMPARISON_KEY, app
from medtrust.errors import CheckRefused, InputError
from tests.standards.support import reading, rxa, vxu

RUNNER = CliRunner()


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A folder with every sample in it."""
    for name in samples.names():
        (tmp_path / name).write_bytes(samples.read(name))
    return tmp_path


class TestSamples:
    """
    given a sample            -> read by its name, as bytes or as a file, and nothing in it is refused
    when there is none of that name -> InputError that names all
    """

    def test_are_there_by_name(self) -> None:
        wanted = {
            "vxu_v04.hl7",
            "csv_mapping.yaml",
            "immunization.json",
            "immunization_ccda.xml",
            "immunizations.csv",
            "immunizations_bundle.json",
            "visit_claim.json",
            "visit_dft_p03.hl7",
            "visit.json",
            "visit_837p.x12",
        }
        assert wanted <= set(samples.names())
        assert samples.names() == tuple(sorted(samples.names()))
        with samples.path("vxu_v04.hl7") as path:
            assert path.read_bytes() == samples.read("vxu_v04.hl7")

    @pytest.mark.parametrize(
        ("name", "schemas"),
        [
            ("vxu_v04.hl7", ["imm/1"]),
            ("immunization.json", ["imm/1"]),
            ("immunization_ccda.xml", ["imm/1"]),
            ("immunizations_bundle.json", ["imm/1"] * 4),
            ("visit_claim.json", ["enc/1", "claim/1"]),
            ("visit_dft_p03.hl7", ["enc/1", "claim/1"]),
            ("visit.json", ["enc/1", "claim/1"]),
            ("visit_837p.x12", ["enc/1", "claim/1"]),
        ],
    )
    def test_are_read_whole(self, name: str, schemas: list[str]) -> None:
        found = reading(samples.read(name))
        assert found.refusals == ()
        assert [canonical.schema for canonical in found.objects] == schemas

    @pytest.mark.parametrize("name", ["nothing.hl7", "__init__.py", ""])
    def test_reverts_given_no_such_sample(self, name: str) -> None:
        for ask in (samples.read, samples.path):
            with pytest.raises(InputError) as caught:
                ask(name)
            assert (caught.value.place, caught.value.found) == ("sample", repr(name))
            assert "vxu_v04.hl7" in caught.value.expected


class TestCanonicalCommand:
    """
    given files with --json             -> one JSON array of all objects on stdout, and nothing else
    given the files of one event        -> the same text
    given another key or organisation   -> another pseudonym
    when something is refused           -> the rest is printed, the refusal is on stderr, exit code 1
    when the file, the key or the organisation is none -> InputError
    """

    def test_prints_one_array(self, sample: Path) -> None:
        files = [str(sample / name) for name in ("vxu_v04.hl7", "immunizations_bundle.json")]
        result = RUNNER.invoke(app, ["canonical", *files, "--json"])
        assert (result.exit_code, result.stderr) == (0, "")
        assert [found["t"] for found in json.loads(result.stdout)] == ["imm/1"] * 5

    @pytest.mark.parametrize("pair", [("vxu_v04.hl7", "immunization.json"), ("visit_dft_p03.hl7", "visit_claim.json")])
    def test_prints_the_same_for_one_event(self, sample: Path, pair: tuple[str, str]) -> None:
        one, other = (RUNNER.invoke(app, ["canonical", str(sample / name), "--json"]) for name in pair)
        assert one.stdout == other.stdout
        assert one.stdout.startswith('[{"')

    def test_prints_the_same_for_a_dose_in_four_formats(self, sample: Path) -> None:
        names = ("vxu_v04.hl7", "immunization.json", "immunization_ccda.xml", "immunizations.csv")
        options = ["--mapping", str(sample / "csv_mapping.yaml"), "--json"]
        results = [RUNNER.invoke(app, ["canonical", str(sample / name), *options]) for name in names]
        assert [result.exit_code for result in results] == [0, 0, 0, 0]
        assert len({result.stdout for result in results}) == 1

    def test_refuses_a_table_without_a_mapping(self, sample: Path) -> None:
        result = RUNNER.invoke(app, ["canonical", str(sample / "immunizations.csv"), "--json"])
        (refused,) = json.loads(result.stdout)["refused"]
        assert result.exit_code == 1
        assert (refused["place"], "CSV with its mapping" in refused["expected"]) == ("beginning", True)

    def test_refuses_a_mapping_that_is_none(self, sample: Path) -> None:
        options = ["--mapping", str(sample / "nowhere.yaml"), "--json"]
        result = RUNNER.invoke(app, ["canonical", str(sample / "immunizations.csv"), *options])
        assert isinstance(result.exception, InputError)
        assert (result.exception.file, result.exception.place) == (str(sample / "nowhere.yaml"), "file")

    def test_pseudonyms_hang_on_key_and_organisation(self, sample: Path) -> None:
        file = str(sample / "vxu_v04.hl7")
        options = [[], ["--key", COMPARISON_KEY.hex()], ["--key", "0x" + "01" * 32], ["--organisation", "urn:x:y"]]
        results = [RUNNER.invoke(app, ["canonical", file, "--json", *option]) for option in options]
        subs = [json.loads(result.stdout)[0]["sub"] for result in results]
        assert subs[0] == subs[1]
        assert len(set(subs)) == 3

    def test_reads_stdin(self) -> None:
        result = RUNNER.invoke(app, ["canonical", "-", "--json"], input=samples.read("vxu_v04.hl7"))
        assert len(json.loads(result.stdout)) == 1

    def test_shows_objects_to_people(self, sample: Path) -> None:
        result = RUNNER.invoke(app, ["canonical", str(sample / "vxu_v04.hl7")])
        assert result.exit_code == 0
        assert '"lot": "MT2026A"' in result.stdout

    def test_reverts_when_something_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "mixed.hl7"
        file.write_text(vxu(rxa(), rxa({3: "201501011"})))
        result = RUNNER.invoke(app, ["canonical", str(file), "--json"])
        assert result.exit_code == 1
        assert len(json.loads(result.stdout)) == 1
        assert f"refused: {file}: RXA[2]-3: found 201501011, expected a day" in result.stderr

    @pytest.mark.parametrize(
        ("options", "place"),
        [
            (["nowhere.hl7"], "file"),
            (["-", "--key", "00"], "--key"),
            (["-", "--key", "zz"], "--key"),
            (["-", "--organisation", "clinic"], "organisation"),
        ],
    )
    def test_reverts_when_misused(self, options: list[str], place: str) -> None:
        result = RUNNER.invoke(app, ["canonical", *options, "--json"], input=samples.read("vxu_v04.hl7"))
        assert isinstance(result.exception, InputError)
        assert result.exception.place == place


class TestLossCommand:
    """
    given a file                      -> the share carried over, the counts, and every field
    when less is carried over than --strict asks for -> CheckRefused
    """

    def test_prints_the_ledger(self, sample: Path) -> None:
        result = RUNNER.invoke(app, ["loss", str(sample / "vxu_v04.hl7"), "--json"])
        ledger = json.loads(result.stdout)
        assert result.exit_code == 0
        assert ledger["mapped"] + ledger["defaulted"] + ledger["preserved"] + ledger["dropped"] == len(ledger["fields"])
        dispositions = {field["path"]: field["disposition"] for field in ledger["fields"]}
        assert (dispositions["RXA[1]-15"], dispositions["PID[1]-5"]) == ("mapped", "dropped")
        assert ledger["refused"] == []

    def test_reverts_when_too_much_is_dropped(self, sample: Path) -> None:
        result = RUNNER.invoke(app, ["loss", str(sample / "vxu_v04.hl7"), "--strict", "0.9"])
        assert isinstance(result.exception, CheckRefused)
        assert result.exception.reason == "TooMuchDropped"
