"""Suppression: which counts of a table are kept back, so that none that is small can be worked out from the others."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["LARGEST_SMALL", "TOTAL", "Cell", "Grid", "determined", "highest", "suppress"]

LARGEST_SMALL: Final = 10
"""Counts from 1 to this one are not published."""

TOTAL: Final = "total"
"""What stands for all regions, or all products."""

Cell = tuple[str, str]
"""A region and a product."""

_FREE: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class Grid:
    """Counts by region and product, with the totals of each row, each column and all."""

    regions: tuple[str, ...]
    products: tuple[str, ...]
    cells: Mapping[Cell, int]

    @classmethod
    def of(cls, counts: Mapping[Cell, int]) -> Grid:
        """Add the totals; what is not counted is 0."""
        regions = tuple(sorted({region for region, _ in counts}))
        products = tuple(sorted({product for _, product in counts}))
        cells = {(region, product): counts.get((region, product), 0) for region in regions for product in products}
        for region in regions:
            cells[region, TOTAL] = sum(cells[region, product] for product in products)
        for product in (*products, TOTAL):
            cells[TOTAL, product] = sum(cells[region, product] for region in regions)
        return cls(regions, products, cells)

    def lines(self) -> Iterator[list[Cell]]:
        """Give each row and column, totals included."""
        regions, products = (*self.regions, TOTAL), (*self.products, TOTAL)
        for region in regions:
            yield [(region, product) for product in products]
        for product in products:
            yield [(region, product) for region in regions]


def suppress(grid: Grid, kept_back: Iterable[Cell] = ()) -> frozenset[Cell]:
    """Choose which cells of a grid are kept back, `kept_back` among them.

    All from 1 to 10; in each row and column that misses one at least one more, the smallest there is; and as many more
    as it takes that for each small count more than 10 would fit the published figures as well. That is not estimated:
    how far a count could go is the largest flow through the cells that are kept back.
    """
    small = {cell for cell, count in grid.cells.items() if 1 <= count <= LARGEST_SMALL}
    hidden = small | set(kept_back)
    while True:
        _complete(grid, hidden)
        open_ = [cell for cell in sorted(small) if highest(grid, hidden, cell) <= LARGEST_SMALL]
        if not open_:
            return frozenset(hidden)
        _hide_one(grid, hidden, [cell for line in grid.lines() if open_[0] in line for cell in line])


def _complete(grid: Grid, hidden: set[Cell]) -> None:
    """Hide until no row and no column misses exactly one."""
    changed = True
    while changed:
        changed = False
        for line in grid.lines():
            if sum(cell in hidden for cell in line) == 1:
                _hide_one(grid, hidden, line)
                changed = True


def _hide_one(grid: Grid, hidden: set[Cell], among: Iterable[Cell]) -> None:
    """Hide one more of these, or of all where none of these is left: of those above 0 the smallest, a total last."""
    free = [cell for cell in among if cell not in hidden] or [cell for cell in grid.cells if cell not in hidden]
    hidden.add(min(free, key=lambda cell: (TOTAL in cell, grid.cells[cell] == 0, grid.cells[cell], cell)))


def highest(grid: Grid, hidden: Iterable[Cell], cell: Cell) -> int:
    """Return the largest value of a hidden cell that fits all that is published, if no count is negative.

    A total counts with the other sign, so every row and column adds up to a figure that is known. To raise a cell, its
    column must fall elsewhere, that row must rise elsewhere, and so on, back to the row of the cell: a flow. A count
    falls to 0 at most, and rises without limit; a total the other way round.
    """
    room: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for region, product in hidden:
        if (region, product) == cell:
            continue
        count, is_total = grid.cells[region, product], (region == TOTAL) != (product == TOTAL)
        row, column = f"r{region}", f"c{product}"
        room[column][row] += _FREE if is_total else count
        room[row][column] += count if is_total else _FREE
    row, column = f"r{cell[0]}", f"c{cell[1]}"
    is_total = (cell[0] == TOTAL) != (cell[1] == TOTAL)
    source, sink = (row, column) if is_total else (column, row)
    return grid.cells[cell] + _flow(room, source, sink)


def determined(hidden: Iterable[Cell]) -> Iterator[tuple[Cell, frozenset[str], frozenset[str]]]:
    """Find the cells that are kept back and follow from the published ones all the same, each with rows and columns.

    The sum of these rows less that of these columns leaves the cell alone: where hidden cells are taken for edges
    between rows and columns, it is a bridge, and these lie on the side of its row. `suppress` lets none of them be
    small; whoever knows two tables knows how much each changed.
    """
    cells = sorted(hidden)
    beside: dict[str, set[str]] = defaultdict(set)
    for region, product in cells:
        beside[f"r{region}"].add(f"c{product}")
        beside[f"c{product}"].add(f"r{region}")
    for region, product in cells:
        edge = {f"r{region}", f"c{product}"}
        side, waiting = {f"r{region}"}, [f"r{region}"]
        while waiting:
            one = waiting.pop()
            found = {other for other in beside[one] - side if {one, other} != edge}
            side |= found
            waiting.extend(found)
        if f"c{product}" not in side:
            rows, columns = (frozenset(one[1:] for one in side if one[0] == kind) for kind in "rc")
            yield (region, product), rows, columns


def _flow(room: dict[str, dict[str, int]], source: str, sink: str) -> int:
    """Return the largest flow, as far as it matters: no further than one more than a small count."""
    total = 0
    while total <= LARGEST_SMALL:
        path = _path(room, source, sink)
        if not path:
            break
        step = min(room[one][other] for one, other in path)
        for one, other in path:
            room[one][other] -= step
            room[other][one] += step
        total += step
    return total


def _path(room: Mapping[str, Mapping[str, int]], source: str, sink: str) -> list[tuple[str, str]]:
    came: dict[str, str] = {source: source}
    waiting = deque([source])
    while waiting and sink not in came:
        one = waiting.popleft()
        for other, left in room.get(one, {}).items():
            if left > 0 and other not in came:
                came[other] = one
                waiting.append(other)
    if sink not in came:
        return []
    path, here = [], sink
    while here != source:
        path.append((came[here], here))
        here = came[here]
    return path
