"""CSV: rows as doses by a mapping, refusals with line and column, and mappings that are none."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from medtrust import samples
from medtrust.canonical import Immunization
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import Reading, read_mapping
from tests.standards.support import reading

MAPPING: dict[str, Any] = yaml.safe_load(samples.read("csv_mapping.yaml"))
HEADER, ROW = samples.read("immunizations.csv").decode().splitlines()


def table(*rows: str, header: str = HEADER, **parts: Any) -> Reading:
    """Read a table by the sample's mapping, parts of it changed; None takes one away."""
    mapping = {name: part for name, part in {**MAPPING, **parts}.items() if part is not None}
    text = "\n".join([header, *(rows or (ROW,))]) + "\n"
    return reading(text, mapping=read_mapping(yaml.safe_dump(mapping), name="mapping.yaml"))


def dose(found: Reading) -> Immunization:
    assert [str(refusal) for refusal in found.refusals] == []
    (record,) = found.records
    assert isinstance(record.canonical, Immunization)
    return record.canonical


class TestRows:
    """
    given the sample                        -> the dose with its line, patient and what stands beside it
    given another outcome, or none          -> not-done, deleted, or completed as the default
    given quoted cells with line feeds      -> the next row keeps its line
    given another delimiter and character set -> the same dose
    given days in other forms               -> the same day
    """

    def test_are_doses(self) -> None:
        found = table()
        assert (dose(found).vc, dose(found).d, dose(found).lot, dose(found).mvx) == (
            "115",
            "2026-10-05",
            "MT2026A",
            "SKB",
        )
        record = found.records[0]
        assert (record.place, record.beside) == ("line 2", {"amount": "0.5", "unit": "mL", "expires": "2028-06-30"})
        assert record.patient == PatientIdentifier("urn:oid:2.16.840.1.113883.19.5.1", "MR", "700101")

    def test_say_how_a_dose_ended(self) -> None:
        assert dose(table(ROW.replace("given", "refused"))).st == "not-done"
        mistaken = table(ROW.replace("given", "mistake"))
        assert (dose(mistaken).st, mistaken.records[0].action) == ("entered-in-error", "delete")
        assert dose(table(ROW.replace("given", ""))).st == "completed"
        assert dose(table(status=None)).st == "completed"

    def test_keep_their_lines_behind_quoted_ones(self) -> None:
        quoted = ROW.replace("left arm; patient waited", "left\narm;\r\nthen")
        found = table(quoted, ROW.replace("700101", "700102"))
        assert [record.place for record in found.records] == ["line 2", "line 5"]

    def test_are_read_in_other_forms(self) -> None:
        tabbed = "\n".join([HEADER, ROW.replace("Nkem", "Zoë")]).replace(";", "\t").encode("cp1252")
        mapping = read_mapping(yaml.safe_dump({**MAPPING, "delimiter": "\t", "encoding": "windows-1252"}), name="m")
        assert dose(reading(tabbed, mapping=mapping)) == dose(table())

    @pytest.mark.parametrize(
        ("form", "written"),
        [("YYYY-MM-DD", "2026-10-05"), ("M/D/YYYY", "10/5/2026"), ("YYYYMMDDhhmm", "202610052340")],
    )
    def test_days_are_written_as_the_mapping_says(self, form: str, written: str) -> None:
        found = table(ROW.replace("05.10.2026", written), date={"column": "Given on", "format": form})
        assert dose(found).d == "2026-10-05"


class TestRefusals:
    """
    given a wrong cell                          -> line, column, found and expected; the other rows are read
    given too many or too few cells             -> line, how many
    given a column that is missing or twice     -> line 1; nothing is read
    given bytes of another character set        -> the line
    given a quote that does not end             -> the line; the rows before it are read
    """

    @pytest.mark.parametrize(
        ("old", "new", "column", "found"),
        [
            ("700101", " ", "Chart no", "nothing"),
            ("05.10.2026", "2026-10-05", "Given on", "2026-10-05"),
            ("05.10.2026", "31.02.2026", "Given on", "31.02.2026"),
            ("58160-0842-52", "115", "NDC", "115"),
            (";given;", ";perhaps;", "Outcome", "perhaps"),
        ],
    )
    def test_name_line_and_column(self, old: str, new: str, column: str, found: str) -> None:
        assert old in ROW
        result = table(ROW.replace(old, new), ROW)
        assert [(one.file, one.place, one.found) for one in result.refusals] == [
            ("file", f"line 2, column {column!r}", found)
        ]
        assert [record.place for record in result.records] == ["line 3"]

    def test_count_the_cells(self) -> None:
        result = table(ROW + ";more", "a;b", ROW)
        assert [(one.place, one.found) for one in result.refusals] == [("line 2", "11 cells"), ("line 3", "2 cells")]
        assert len(result.records) == 1

    def test_need_every_column_once(self) -> None:
        (missing,) = table(header=HEADER.replace("NDC", "Code")).refusals
        assert (missing.place, "a column 'NDC', which holds the vaccine" in missing.expected) == ("line 1", True)
        (twice,) = table(header=HEADER.replace("Note", "Lot")).refusals
        assert (twice.place, twice.found) == ("line 1", "column 'Lot' twice")

    def test_name_the_line_of_a_foreign_byte(self) -> None:
        mapping = read_mapping(yaml.safe_dump(MAPPING), name="m")
        found = reading(f"{HEADER}\n{ROW.replace('Nkem', 'Zoë')}".encode("cp1252"), mapping=mapping)
        assert [(one.place, one.found) for one in found.refusals] == [("line 2", "byte 0xeb")]

    def test_name_the_line_of_a_quote_without_end(self) -> None:
        found = table(ROW, ROW.replace('waited"', "waited"))
        assert ([one.place for one in found.refusals], len(found.records)) == (["line 3"], 1)

    @given(st.text(max_size=60))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        found = table(text)
        assert found.records or found.refusals or not text.strip().strip('";')


class TestMapping:
    """
    given JSON instead of YAML              -> the same mapping
    given a member that is unknown, missing or no what it should be -> InputError with file and place
    """

    def test_may_be_json(self) -> None:
        text = '{"t": "csv-mapping/1", "patient": {"column": "a", "authority": "x"}, '
        text += '"vaccine": {"column": "b", "system": "CVX"}, "date": {"column": "c"}}'
        found = reading("a,b,c\n1,115,2026-10-05\n", mapping=read_mapping(text, name="m.json"))
        assert (dose(found).vc, dose(found).d, dose(found).lot) == ("115", "2026-10-05", "")

    @pytest.mark.parametrize(
        ("parts", "place"),
        [
            ({"t": "csv-mapping/2"}, "t"),
            ({"colour": "red"}, "mapping.colour"),
            ({"vaccine": None}, "vaccine"),
            ({"vaccine": {"column": "NDC"}}, "vaccine.system"),
            ({"vaccine": {"column": "NDC", "system": "CPT"}}, "vaccine.system"),
            ({"patient": {"column": "Chart no"}}, "patient.authority"),
            ({"date": {"column": "Given on", "format": "DD.MM."}}, "date.format"),
            ({"date": {"column": "NDC"}}, "column"),
            ({"status": {"column": "Outcome", "values": {"x": "done"}}}, "status.values.x"),
            ({"encoding": "klingon"}, "encoding"),
            ({"encoding": "base64"}, "encoding"),
            ({"delimiter": "ab"}, "delimiter"),
        ],
    )
    def test_reverts_when_it_is_none(self, parts: dict[str, Any], place: str) -> None:
        with pytest.raises(InputError) as caught:
            table(**parts)
        assert (caught.value.file, caught.value.place) == ("mapping.yaml", place)

    @pytest.mark.parametrize("text", ["[1", "- a", "just words", "t: !!python/object:os.system x"])
    def test_reverts_when_it_is_no_mapping(self, text: str) -> None:
        with pytest.raises(InputError) as caught:
            read_mapping(text, name="m")
        assert caught.value.file == "m"
