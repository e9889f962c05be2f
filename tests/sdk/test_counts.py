"""Counts: nothing small is published, nothing small can be worked out, not even from two releases together."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import product as pairs_of

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust.counting import affected, commitment_of, counted_doses, find_lot, read_ledger, release
from medtrust.counts import CountedDose, CountTable, Release, check_releases, make_release, span_of
from medtrust.errors import CheckRefused, InputError
from medtrust.packing import lot_id
from medtrust.suppression import LARGEST_SMALL, TOTAL, Grid, determined, highest, suppress
from tests.doses import LOT, batch_of

PLANTED = {("north", "a"): 7, ("north", "b"): 100, ("south", "a"): 200, ("south", "b"): 300}
BASE = {("north", "a"): 50, ("north", "b"): 60, ("south", "a"): 70, ("south", "b"): 80}
OCTOBER = date(2026, 10, 5)


def doses(counts: dict[tuple[str, str], int], day: date = OCTOBER) -> list[CountedDose]:
    return [CountedDose(day, *cell) for cell, count in counts.items() for _ in range(count)]


def table_of(counts: dict[tuple[str, str], int], **more: object) -> CountTable:
    (table,) = make_release(doses(counts), "month", **more).tables  # type: ignore[arg-type]  # earlier releases
    return table


class TestSuppress:
    """
    given a planted small cell                  -> it is kept back with its complement; the totals are published
    given counts of 0, 1, 10, 11                -> 0 and 11 are published, 1 and 10 are not
    given a small total                         -> it is kept back too
    given suppressed cells that add up to little -> more are kept back, until more than 10 would fit
    given any table                             -> no small count published; at least two missing in a line that misses
                                                   one; no small count is determined by what is published
    """

    def test_keeps_back_a_planted_cell_with_its_complement(self):
        table = table_of(PLANTED)
        assert table.hidden == {("north", "a"), ("north", "b"), ("south", "a"), ("south", "b")}
        assert [table.cells[cell] for cell in (("north", TOTAL), (TOTAL, "a"), (TOTAL, TOTAL))] == [107, 207, 607]

    @pytest.mark.parametrize(("count", "is_published"), [(0, True), (1, False), (10, False), (11, True)])
    def test_has_its_bounds(self, count, is_published):
        counts = {**PLANTED, ("north", "a"): count, ("west", "a"): 400, ("west", "b"): 500, ("west", "c"): 600}
        assert (table_of(counts).cells["north", "a"] is not None) is is_published

    def test_keeps_back_a_small_total(self):
        assert set(table_of({("north", "a"): 5}).cells.values()) == {None}

    def test_lets_more_than_ten_fit(self):
        counts = {("north", "a"): 2, ("north", "b"): 3, ("north", "c"): 50, ("south", "a"): 90, ("south", "b"): 90}
        grid = Grid.of({**counts, ("south", "c"): 90})
        two = {("north", "a"), ("north", "b"), ("south", "a"), ("south", "b")}
        assert highest(grid, two, ("north", "a")) == 5
        hidden = suppress(grid)
        assert hidden > two
        assert highest(grid, hidden, ("north", "a")) > LARGEST_SMALL

    def test_finds_how_far_a_cell_could_go(self):
        grid = Grid.of({("r", "a"): 3, ("r", "b"): 4, ("s", "a"): 5, ("s", "b"): 9})
        hidden = list(pairs_of("rs", "ab"))
        fitting = [one for one in range(30) if min(one, 7 - one, 8 - one, 13 - (8 - one)) >= 0]
        assert highest(grid, hidden, ("r", "a")) == max(fitting) == 7

    @given(
        st.dictionaries(
            st.tuples(st.sampled_from("nsew"), st.sampled_from("abcd")),
            st.sampled_from([0, 1, 2, 5, 10, 11, 12, 40, 300]),
            min_size=1,
        )
    )
    def test_leaves_nothing_small_to_be_found(self, counts):
        grid = Grid.of(counts)
        hidden = suppress(grid)
        assert all(not 1 <= count <= LARGEST_SMALL for cell, count in grid.cells.items() if cell not in hidden)
        assert all(sum(cell in hidden for cell in line) != 1 for line in grid.lines())
        found = _determined(grid, hidden)
        assert [cell for cell, _, _ in determined(hidden)] == sorted(found)
        assert all(not 1 <= grid.cells[cell] <= LARGEST_SMALL for cell in found)


def _without(counts, hidden):
    return {cell: None if cell in hidden else count for cell, count in Grid.of(counts).cells.items()}


def _determined(grid, hidden):
    """The hidden cells that the published ones determine, by elimination: an attacker who solves all equations."""
    unknown = sorted(hidden)
    rows = []
    for line in grid.lines():
        signs = {cell: -1 if cell is line[-1] else 1 for cell in line}
        rows.append([Fraction(signs.get(cell, 0)) for cell in unknown])
    pivots = []
    for column in range(len(unknown)):
        row = next((one for one in rows if one[column] and one not in pivots), None)
        if row is None:
            continue
        row[:] = [value / row[column] for value in row]
        for other in rows:
            if other is not row and other[column]:
                factor = other[column]
                other[:] = [a - factor * b for a, b in zip(other, row, strict=True)]
        pivots.append(row)
    return [unknown[row.index(1)] for row in pivots if sum(value != 0 for value in row) == 1]


class TestReleases:
    """
    given the same counts again                      -> released
    given late doses, from 1 to 10, 11 of them       -> refused, refused, released: DifferencingAttack
    given late doses that cancel out in a cell, hidden where others are kept back -> refused
    given late doses in a cell that is kept back, but follows from several rows and columns -> refused, and 11 released
    given a finer division of the same period, or one region more -> refused
    given a week inside a released month; a month beside it -> refused; released
    given a cell that was kept back and grew         -> stays kept back
    given a release that tells what was kept back    -> refused
    given a region or a product that is named as totals are -> InputError
    """

    @pytest.fixture
    def earlier(self) -> list[Release]:
        return [make_release(doses(BASE), "month")]

    def test_takes_the_same_again(self, earlier):
        assert table_of(BASE, earlier=earlier) == earlier[0].tables[0]

    @pytest.mark.parametrize(("late", "is_refused"), [(0, False), (1, True), (10, True), (11, False)])
    def test_refuses_what_a_difference_would_tell(self, earlier, late, is_refused):
        counts = {**BASE, ("north", "a"): 50 + late}
        if not is_refused:
            assert table_of(counts, earlier=earlier).cells["north", "a"] == 50 + late
            return
        with pytest.raises(CheckRefused) as caught:
            table_of(counts, earlier=earlier)
        assert caught.value.reason == "DifferencingAttack"
        assert f"changed by {late}" in caught.value.sentence

    def test_refuses_a_difference_among_what_is_kept_back(self):
        earlier = [make_release(doses(PLANTED), "month")]
        later = {**PLANTED, ("north", "a"): 10}
        with pytest.raises(CheckRefused, match="changed by 3"):
            table_of(later, earlier=earlier)

    @pytest.mark.parametrize(("late", "is_refused"), [(0, False), (1, True), (10, True), (11, False)])
    def test_refuses_a_difference_that_several_lines_tell(self, late, is_refused):
        before = {(region, product): 500 for region in "nsew" for product in "abcd"}
        after = {**before, ("s", "c"): 500 + late, ("s", "a"): 520, ("e", "c"): 520}
        hidden = {("s", "c"), *pairs_of("ns", "ab"), *pairs_of("ew", "cd")}
        first, second = (
            Release((CountTable("2026-10", tuple("nsew"), tuple("abcd"), _without(counts, hidden)),), "")
            for counts in (before, after)
        )
        if not is_refused:
            check_releases(second, [first])
            return
        with pytest.raises(CheckRefused, match=f"near s / c changed by {late}:"):
            check_releases(second, [first])

    @pytest.mark.parametrize("cell", [("west", "a"), ("north", "c")])
    def test_refuses_another_division(self, earlier, cell):
        with pytest.raises(CheckRefused, match="other regions or products"):
            table_of({**BASE, cell: 500}, earlier=earlier)

    def test_refuses_a_division_in_time(self, earlier):
        with pytest.raises(CheckRefused, match="overlaps 2026-10"):
            make_release(doses(BASE), "week", earlier=earlier)
        november = make_release(doses(BASE, date(2026, 11, 1)), "month", earlier=earlier)
        assert [table.period for table in november.tables] == ["2026-11"]

    def test_keeps_back_what_was_kept_back(self):
        first = make_release(doses(PLANTED), "month")
        later = table_of({cell: count + 1000 for cell, count in PLANTED.items()}, earlier=[first])
        assert later.hidden == first.tables[0].hidden

    def test_refuses_to_tell_what_was_kept_back(self):
        first = make_release(doses(PLANTED), "month")
        told = replace(first.tables[0], cells=Grid.of(Counter(PLANTED)).cells)
        with pytest.raises(CheckRefused, match="kept back before"):
            check_releases(Release((told,), ""), [first])

    @pytest.mark.parametrize(
        ("period", "first", "after"),
        [
            ("2026", date(2026, 1, 1), date(2027, 1, 1)),
            ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
            ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
            ("2026-W53", date(2026, 12, 28), date(2027, 1, 4)),
        ],
    )
    def test_knows_its_periods(self, period, first, after):
        assert span_of(period) == (first, after)

    @pytest.mark.parametrize("cell", [(TOTAL, "a"), ("north", TOTAL)])
    def test_takes_no_total_for_a_name(self, cell):
        with pytest.raises(InputError) as caught:
            make_release(doses({**PLANTED, cell: 30}), "month")
        assert (caught.value.place, caught.value.found) == ("region or product", TOTAL)


class TestLedger:
    """
    when a release is made        -> it is the last of the ledger, and names the one before
    when one is refused           -> the ledger is as it was
    when a release was changed or left out -> InputError that names the place
    when doses come from a CSV    -> counted; a bad line is named
    """

    @pytest.fixture
    def listed(self, tmp_path):
        def write(counts, day="2026-10-05"):
            file = tmp_path / "doses.csv"
            rows = [f"{day},{region},{name}" for (region, name), count in counts.items() for _ in range(count)]
            file.write_text("\n".join(["date,region,product", *rows]) + "\n")
            return counted_doses([file], {})

        return write

    def test_keeps_what_was_released(self, tmp_path, listed):
        ledger = tmp_path / "ledger.json"
        first = release(listed(PLANTED), "month", ledger)
        second = release(listed(PLANTED, "2026-11-05"), "month", ledger)
        assert read_ledger(ledger) == [first, second]
        assert second.previous == commitment_of(first)

    def test_is_as_it_was_after_a_refusal(self, tmp_path, listed):
        ledger = tmp_path / "ledger.json"
        release(listed(PLANTED), "month", ledger)
        before = ledger.read_bytes()
        with pytest.raises(CheckRefused):
            release(listed({**PLANTED, ("south", "b"): 303}), "month", ledger)
        assert ledger.read_bytes() == before

    def test_shows_what_was_taken_out(self, tmp_path, listed):
        ledger = tmp_path / "ledger.json"
        for month in ("2026-10-05", "2026-11-05"):
            release(listed(PLANTED, month), "month", ledger)
        raw = json.loads(ledger.read_text())
        raw[0]["tables"][0]["counts"][TOTAL][-1] += 1
        for broken in (raw, raw[1:]):
            ledger.write_text(json.dumps(broken))
            with pytest.raises(InputError) as caught:
                read_ledger(ledger)
            assert caught.value.file == str(ledger)

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("day,region,product\n", "line 1"),
            ("date,region,product\n2026-10,n,a\n", "line 2"),
            ("date,region,product\n2026-10-05,n,a\n2026-10-05,,a\n", "line 3"),
        ],
    )
    def test_names_a_bad_line(self, tmp_path, text, place):
        file = tmp_path / "doses.csv"
        file.write_text(text)
        with pytest.raises(InputError) as caught:
            list(counted_doses([file], {}))
        assert (caught.value.file, caught.value.place) == (str(file), place)


class TestCertificates:
    """
    given certificates, a report and a pack in a folder -> each certificate is counted, by its issuer's region
    given one was revoked                               -> it is not counted where the chain is asked
    given a lot                                         -> the certificates of its doses, and no others
    when a lot is no lot                                -> InputError
    """

    @pytest.fixture
    def folder(self, world, tmp_path):
        """Three certificates, two of one lot that nobody commissioned."""
        clinic = world.acting_as("clinic").vaccination
        for number, batch in enumerate((batch_of(2, lot=LOT), batch_of(1, tag="other"))):
            lotless = batch if number == 0 else batch_of(1, lot=bytes(32), tag="other")
            clinic.anchor(lotless.organisation, lotless.root, lotless.size)
            for place in range(lotless.size):
                shown = lotless.certificate(place, clinic)
                (tmp_path / f"{number}{place}.json").write_bytes(shown.to_json())
        (tmp_path / "report-1.json").write_text("{}")
        return tmp_path

    def test_are_counted_by_region(self, world, folder):
        issuer = "urn:gs1:gln:0614141000012"
        found = list(counted_doses([folder], {issuer: "north"}, world.suite))
        assert found == [CountedDose(OCTOBER, "north", "cvx:115")] * 3
        assert {dose.region for dose in counted_doses([folder], {})} == {issuer}

    def test_are_asked_about(self, world, folder):
        clinic = world.acting_as("clinic").vaccination
        batch = batch_of(2, lot=LOT)
        clinic.revoke(batch.organisation, batch.root, 0)
        assert len(list(counted_doses([folder], {}, world.suite))) == 2
        assert len(list(counted_doses([folder], {}))) == 3

    def test_are_found_by_their_lot(self, folder):
        assert sorted(path.name for path, _ in affected(LOT, [folder])) == ["00.json", "01.json"]

    def test_need_a_lot(self):
        assert find_lot("00361414567894:MT2026A") == lot_id("00361414567894", "MT2026A")
        assert find_lot("0x" + LOT.hex()) == LOT
        for wrong in ("MT2026A", "361414567894:MT2026A", "0x12"):
            with pytest.raises(InputError):
                find_lot(wrong)
