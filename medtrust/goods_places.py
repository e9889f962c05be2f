"""Places of goods: in which lot or later container a scanned unit is, and who had any of a lot in hands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from medtrust.drugs import Act, DrugClient, Item, Movement
from medtrust.errors import InputError
from medtrust.lotfile import LotFile
from medtrust.packing import Step, pack_id
from medtrust.standards.gs1 import Allow, parse
from medtrust.suite import Suite

__all__ = ["LotGoods", "items_of", "later_movements", "level_of", "mix_of", "partners_of"]

_DEEPEST = 8


@dataclass(frozen=True)
class LotGoods:
    """The units of one lot on one chain, as one signer.

    A code is an element string, its bracketed form or a Digital Link: of a container with its SSCC, of a pack with its
    GTIN and serial number. Organisations are ids of 32 bytes.
    """

    suite: Suite
    file: LotFile

    @property
    def lot(self) -> bytes:
        """The id of the lot."""
        return self.file.packed.id

    def item(self, code: str) -> Item:
        """Find the scanned unit: in the lot, else the container into which something of the lot was packed later.

        What is unknown is taken for a unit of the lot without a path. Raises `InputError` if the code names no unit.
        """
        unit, path = self.file.find(parse(code, allow=Allow(partial=True)))
        if path:
            return Item(self.lot, unit, path)
        return Item(mix_of(self.suite.drugs, self.lot, unit) or self.lot, unit)

    def trace(self, code: str) -> tuple[Movement, ...]:
        """List the whole way of the scanned unit. Raises `InputError` if it is not in this lot."""
        item = self.item(code)
        if not item.path and item.lot == self.lot:
            self.file.packed.path(item.unit)
        return self.suite.drugs.trace(item.lot, item.path or (Step(item.unit, b""),))

    def name(self, unit: bytes) -> str:
        """Name a unit as people do: lot, container or pack."""
        if unit == self.lot:
            return f"lot {self.file.lot_number}"
        if unit not in self.file.packed:
            return f"container 0x{unit.hex()[:12]}…"
        printed = self.file.packed.name(unit)
        is_pack = unit == pack_id(self.file.gtin, printed)
        return f"pack {printed}" if is_pack else f"container {printed}"


def items_of(drugs: DrugClient, files: Sequence[LotFile], code: str) -> list[Item]:
    """Find the unit that was scanned in each of some lots that has it, else the container that was packed later.

    Raises `InputError` if the code names no unit, or nothing is known of it.
    """
    scan = parse(code, allow=Allow(partial=True))
    found = [(file, *file.find(scan)) for file in files if scan.gtin in (None, file.gtin)]
    items = [Item(file.packed.id, unit, path) for file, unit, path in found if path]
    if not items:
        mixes = [(mix_of(drugs, file.packed.id, unit), unit) for file, unit, _ in found]
        items = [Item(mix, unit) for mix, unit in dict.fromkeys(mixes) if mix]
    if not items:
        raise InputError(place="scan", found=f"a unit of no lot here: {code}", expected="the file of its lot")
    return items


def mix_of(drugs: DrugClient, lot: bytes, container: bytes) -> bytes | None:
    """Find the mix of a container into which something of a lot was packed later, the newest; None if there is none.

    Whoever packs something else under the same number is not found: nothing of the lot is in it.
    """
    found = [one for one in _packings(drugs, lot) if one.container == container and one.act is Act.PACKED]
    return max(found, key=lambda one: one.place).mix if found else None


def level_of(items: Iterable[Item], lots: Sequence[bytes]) -> int:
    """Return the level of a container for some units: above that of every mix among them, whose id ends with it."""
    return 1 + max((one.lot[-1] for one in items if one.lot not in lots), default=0)


def later_movements(drugs: DrugClient, lot: bytes) -> list[Movement]:
    """List what happened to the later containers of anything of a lot, in order."""
    held = {(one.mix, one.container) for one in _packings(drugs, lot)}
    mixes = sorted({mix for mix, _ in held if mix})
    found = [one for mix in mixes for one in drugs.movements(mix) if (mix, one.unit) in held]
    return sorted(found, key=lambda one: one.place)


def partners_of(movements: Iterable[Movement]) -> tuple[bytes, ...]:
    """List the organisations that had goods in hands, or were to have them, in the order in which they came in."""
    acts = (Act.COMMISSIONED, Act.SHIPPED, Act.RECEIVED)
    sides = [side for one in movements if one.act in acts for side in (one.organisation, one.other)]
    return tuple(dict.fromkeys(side for side in sides if side))


def _packings(drugs: DrugClient, lot: bytes) -> Iterator[Movement]:
    """Read what of a lot was packed into later containers, and those into others."""
    seen, reading = {lot}, [lot]
    for _ in range(_DEEPEST):
        found = [one for each in reading for one in drugs.packings(each)]
        yield from found
        reading = list(dict.fromkeys(one.mix for one in found if one.mix and one.mix not in seen))
        seen.update(reading)
        if not reading:
            return
