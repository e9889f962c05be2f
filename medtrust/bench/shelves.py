"""The model of the bench's country: where each single pack of a lot is, told pack by pack, without trees or hashes."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from medtrust.bench.market import Trader
from medtrust.drug_types import ZERO_MARK, State
from medtrust.packing import Container, PackedLot, container_id, pack_id
from medtrust.standards.gs1 import check_digit

__all__ = ["CASE", "PACK", "PALLET", "Box", "Shelves", "pack_lot"]

CASE = 50
"""Packs in a case."""

PALLET = 20 * CASE
"""Packs on a pallet."""

PACK = 3
"""How deep a pack is packed: in a case, on a pallet."""


@dataclass
class Box:
    """A pallet, a case or a pack on its way through the country: its packs, who has it, and who sold it to him."""

    unit: bytes
    packs: range
    depth: int
    holder: Trader
    source: bytes = ZERO_MARK
    moved: bool = False


class Shelves:
    """One lot: where each of its packs is.

    A pack travels in the box in which it was last moved: with its pallet, until its case was taken from there, and so
    on. So a box moves the packs that are still in it, and no others.
    """

    def __init__(self, number: int, maker: Trader, size: int) -> None:
        """Put all packs of a new lot on the shelf of its maker."""
        self.number, self.maker, self.size = number, maker, size
        self.lot_number = f"L{number:04}"
        self.is_recalled = False
        self.dispensed_since_recall = 0
        self.holders = array("H", [maker.number]) * size
        self.states = bytearray([State.HELD]) * size
        self.depths = bytearray(size)
        self.dispensed = bytearray(size)

    def serial(self, pack: int) -> str:
        """The serial number of a pack."""
        return f"{self.number:04}{pack:06}"

    def pallets(self) -> list[Box]:
        """The pallets, as they leave the maker."""
        starts = range(0, self.size, PALLET)
        return [
            Box(container_id(_sscc(self.maker, self.number, at, 1)), self._range(at, PALLET), 1, self.maker)
            for at in starts
        ]

    def cases(self, pallet: Box) -> list[Box]:
        """The cases of a pallet, where it is now."""
        return [
            Box(
                container_id(_sscc(self.maker, self.number, at, 2)),
                self._range(at, CASE, pallet.packs.stop),
                2,
                pallet.holder,
                pallet.source,
            )
            for at in range(pallet.packs.start, pallet.packs.stop, CASE)
        ]

    def pack(self, case: Box, pack: int) -> Box:
        """One pack of a case, where it is now."""
        unit = pack_id(self.maker.gtin, self.serial(pack))
        return Box(unit, range(pack, pack + 1), PACK, case.holder, case.source)

    def _range(self, start: int, count: int, end: int | None = None) -> range:
        return range(start, min(start + count, self.size if end is None else end))

    def contents(self, box: Box) -> list[int]:
        """The packs that are still in a box."""
        depths, depth = self.depths, box.depth
        return [pack for pack in box.packs if depths[pack] <= depth]

    def state(self, box: Box) -> State | None:
        """What became of a box, as of any pack that is still in it; None if none is."""
        return next((State(self.states[pack]) for pack in self.contents(box)), None)

    def move(self, box: Box, holder: Trader, state: State) -> None:
        """Put what is still in a box somewhere else."""
        for pack in self.contents(box):
            self.holders[pack], self.states[pack], self.depths[pack] = holder.number, state, box.depth
        box.moved = True

    def may_dispense(self, pack: int, pharmacy: Trader) -> str | None:
        """The error with which dispensing a pack must be refused; None if it must not."""
        if self.is_recalled:
            return "LotRecalled"
        if self.dispensed[pack]:
            return "AlreadyDispensed"
        is_here = self.states[pack] == State.HELD and self.holders[pack] == pharmacy.number
        return None if is_here else "NotInCustody"


def _sscc(maker: Trader, number: int, start: int, depth: int) -> str:
    """The SSCC of the pallet or case that begins with a pack."""
    digits = f"{depth}{maker.prefix}{number:04}{start // CASE:05}"
    return digits + check_digit(digits)


def pack_lot(shelves: Shelves) -> PackedLot:
    """Pack a lot into its tree; the same lot comes to the same tree."""

    def case(box: Box) -> Container:
        at = box.packs.start
        return Container(_sscc(shelves.maker, shelves.number, at, 2), tuple(map(shelves.serial, box.packs)))

    def pallet(box: Box) -> Container:
        at = box.packs.start
        return Container(_sscc(shelves.maker, shelves.number, at, 1), containers=tuple(map(case, shelves.cases(box))))

    salt = shelves.number.to_bytes(32, "big")
    return PackedLot(shelves.maker.gtin, shelves.lot_number, salt, containers=tuple(map(pallet, shelves.pallets())))
