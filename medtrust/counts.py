"""Counts: how many doses were given by period, region and product, published so that no table leads back to persons."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from medtrust.errors import CheckRefused, InputError
from medtrust.suppression import LARGEST_SMALL, TOTAL, Cell, Grid, determined, suppress

__all__ = ["PERIODS", "CountTable", "CountedDose", "Release", "check_releases", "make_release", "span_of"]

SCHEMA: Final = "counts/1"
PERIODS: Final = ("week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class CountedDose:
    """One dose as it is counted: the day that it was given, where, and of what."""

    day: date
    region: str
    product: str


@dataclass(frozen=True, slots=True)
class CountTable:
    """The counts of one period, such as "2026-10", by region and product, with totals, some of them kept back.

    `cells` holds every count that is published, totals under `TOTAL`; None stands for one that is kept back.
    """

    period: str
    regions: tuple[str, ...]
    products: tuple[str, ...]
    cells: Mapping[Cell, int | None]

    @property
    def hidden(self) -> frozenset[Cell]:
        """The cells that are kept back."""
        return frozenset(cell for cell, count in self.cells.items() if count is None)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object: for each region the counts in the order of the products, the total last."""
        columns = (*self.products, TOTAL)
        rows = {region: [self.cells[region, column] for column in columns] for region in (*self.regions, TOTAL)}
        return {"period": self.period, "products": list(self.products), "counts": rows}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> CountTable:
        """Read a table. Raises `InputError`."""
        try:
            products = tuple(str(one) for one in raw["products"])
            rows: dict[str, list[int | None]] = {str(region): list(row) for region, row in raw["counts"].items()}
            cells = {
                (region, column): None if count is None else int(count)
                for region, row in rows.items()
                for column, count in zip((*products, TOTAL), row, strict=True)
            }
            return cls(str(raw["period"]), tuple(one for one in rows if one != TOTAL), products, cells)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InputError(place="counts", found="something else", expected=f"a table of form {SCHEMA}") from None


@dataclass(frozen=True, slots=True)
class Release:
    """Tables that are published together; `previous` is the hash of the release before, zero for the first."""

    tables: tuple[CountTable, ...]
    previous: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"t": SCHEMA, "previous": self.previous, "tables": [table.to_dict() for table in self.tables]}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Release:
        """Read a release. Raises `InputError`."""
        if not isinstance(raw, dict) or raw.get("t") != SCHEMA or not isinstance(raw.get("tables"), list):
            raise InputError(place="t", found="something else", expected=SCHEMA)
        return cls(tuple(CountTable.from_dict(one) for one in raw["tables"]), str(raw.get("previous", "")))


def make_release(
    doses: Iterable[CountedDose], by: str, *, earlier: Sequence[Release] = (), previous: str = ""
) -> Release:
    """Count doses by region and product in each "week", "month", "quarter" or "year", and keep back what is small.

    No count from 1 to 10 is published, totals neither; whatever would let one be worked out from its row or column is
    kept back too, so at least two are missing in each that misses any. What an `earlier` release of a period kept back
    stays so.

    Raises `CheckRefused` with reason "DifferencingAttack" if a small count followed from this release and an earlier
    one together, and `InputError` for another period or a region or product that is named as totals are.
    """
    counted: dict[str, Counter[Cell]] = defaultdict(Counter)
    for dose in doses:
        if TOTAL in (dose.region, dose.product):
            raise InputError(place="region or product", found=TOTAL, expected=f"a name other than {TOTAL!r}")
        counted[_period_of(dose.day, by)][dose.region, dose.product] += 1
    tables = tuple(_table(period, counted[period], earlier) for period in sorted(counted))
    release = Release(tables, previous)
    check_releases(release, earlier)
    return release


def _table(period: str, counts: Counter[Cell], earlier: Sequence[Release]) -> CountTable:
    grid = Grid.of(counts)
    kept_back = {cell for old in earlier for table in old.tables if table.period == period for cell in table.hidden}
    hidden = suppress(grid, kept_back & set(grid.cells))
    cells = {cell: None if cell in hidden else count for cell, count in grid.cells.items()}
    return CountTable(period, grid.regions, grid.products, cells)


def check_releases(new: Release, earlier: Iterable[Release]) -> None:
    """Refuse a release from which, with an earlier one, a count from 1 to 10 follows.

    A period that was released before has the same regions and products, so that no finer or coarser division lies
    beside it; its counts have changed by nothing or by more than 10, and so has what is kept back in each row and
    column, or follows from several of them. No period overlaps another that was released. Raises `CheckRefused` with
    reason "DifferencingAttack".
    """
    for old in earlier:
        for before in old.tables:
            for after in new.tables:
                if after.period == before.period:
                    _check_pair(after, before)
                elif _overlap(after.period, before.period):
                    raise _attack(after.period, f"it overlaps {before.period}, which was released before")


def _check_pair(after: CountTable, before: CountTable) -> None:
    if (set(after.regions), set(after.products)) != (set(before.regions), set(before.products)):
        raise _attack(after.period, "it was released before for other regions or products")
    if before.hidden - after.hidden:
        raise _attack(after.period, "it tells a count that was kept back before")
    for line in _lines(after):
        changes = [_change(after, before, cell) for cell in line]
        known = [change for change in changes if change is not None]
        for change in (*known, sum(known)) if len(known) < len(changes) else known:
            if 1 <= abs(change) <= LARGEST_SMALL:
                raise _too_few(after.period, line[0], change)
    _check_determined(after, before)


def _check_determined(after: CountTable, before: CountTable) -> None:
    """Refuse a small change of a cell that is kept back, but follows from several rows and columns together."""
    changes = {cell: _change(after, before, cell) or 0 for cell in after.cells}
    for cell, rows, columns in determined(after.hidden):
        in_rows = sum(change for (region, _), change in changes.items() if region in rows)
        in_columns = sum(change for (_, product), change in changes.items() if product in columns)
        if 1 <= abs(in_rows - in_columns) <= LARGEST_SMALL:
            raise _too_few(after.period, cell, in_rows - in_columns)


def _change(after: CountTable, before: CountTable, cell: Cell) -> int | None:
    """How a count changed, a total with the other sign, so that a line adds up to nothing; None if it is kept back."""
    new, old = after.cells[cell], before.cells[cell]
    if new is None or old is None:
        return None
    return (new - old) * (-1 if (cell[0] == TOTAL) != (cell[1] == TOTAL) else 1)


def _lines(table: CountTable) -> Iterable[list[Cell]]:
    """Give the rows and columns, totals included; each adds up to its total."""
    regions, products = (*table.regions, TOTAL), (*table.products, TOTAL)
    for region in regions:
        yield [(region, product) for product in products]
    for product in products:
        yield [(region, product) for region in regions]


def _attack(period: str, why: str) -> CheckRefused:
    return CheckRefused("DifferencingAttack", f"{period} cannot be released: {why}")


def _too_few(period: str, cell: Cell, change: int) -> CheckRefused:
    place = " / ".join(cell)
    return _attack(period, f"a count near {place} changed by {abs(change)}: so few doses came or went")


def _period_of(day: date, by: str) -> str:
    if by == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    if by == "month":
        return f"{day.year}-{day.month:02}"
    if by == "quarter":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    if by == "year":
        return f"{day.year}"
    raise InputError(place="period", found=repr(by), expected=f"one of {', '.join(PERIODS)}")


def span_of(period: str) -> tuple[date, date]:
    """Return the first day of a period and the first after it. Raises `InputError` for what is no period."""
    try:
        year, _, part = period.partition("-")
        if part.startswith("W"):
            first = date.fromisocalendar(int(year), int(part[1:]), 1)
            return first, first + timedelta(days=7)
        if part.startswith("Q"):
            month, months = 3 * int(part[1:]) - 2, 3
        else:
            month, months = (int(part), 1) if part else (1, 12)
        last = int(year) * 12 + month - 1 + months
        return date(int(year), month, 1), date(last // 12, last % 12 + 1, 1)
    except ValueError:
        raise InputError(place="period", found=repr(period), expected="2026, 2026-Q4, 2026-10 or 2026-W41") from None


def _overlap(one: str, other: str) -> bool:
    (first, after), (other_first, other_after) = span_of(one), span_of(other)
    return first < other_after and other_first < after
