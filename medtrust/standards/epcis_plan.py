"""What events ask of the chain: lots to commission, units to ship, receive and dispense, shipments to take back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.standards.epcis import EpcisEvent
from medtrust.standards.epcis_uris import canonical_uri, company_prefix, elements_of
from medtrust.standards.epcis_words import PREFIXES, VOCABULARIES

__all__ = [
    "EXPORTED",
    "PORTION",
    "WHOLE",
    "Deed",
    "Plan",
    "PlannedAct",
    "PlannedLot",
    "code_of_uri",
    "plan_events",
    "word",
]

_LOT: Final = f"{{{PREFIXES['cbvmda']}}}lotNumber"
_EXPIRY: Final = f"{{{PREFIXES['cbvmda']}}}itemExpirationDate"
_SSCC: Final = "https://id.gs1.org/00/"
_MOVEMENTS: Final = frozenset({"shipping", "receiving", "void_shipping", "dispensing", "retail_selling"})
_DISPENSED: Final = frozenset({"dispensed", "retail_sold"})
EXPORTED: Final = "urn:medtrust:disp:exported"
PORTION: Final = "{urn:medtrust:epcis}portion"
WHOLE: Final = "{urn:medtrust:epcis}whole"
"""What the Core Business Vocabulary has no word for."""


class Deed(Enum):
    """What an event asks for."""

    COMMISSION = "commission"
    SHIP = "ship"
    RECEIVE = "receive"
    DISPENSE = "dispense"
    REFUSE = "refuse"
    TAKE_BACK = "take back"
    PACK = "pack"
    UNPACK = "unpack"
    DESTROY = "destroy"
    STEAL = "report stolen"
    EXPORT = "export"
    VOID = "void"
    NOTE = "note"


@dataclass(frozen=True)
class PlannedAct:
    """One thing to do: `units` are codes in brackets, `actor` and `other` identifier URIs of organisations.

    `container` is what units are packed into or taken from · `portion` how much of a pack is dispensed, and how much is
    in it, (0, 0) for all · `reason` why an event is only noted. A `VOID` declares that the event with its hash was an
    error.
    """

    deed: Deed
    event: EpcisEvent
    actor: str = ""
    units: tuple[str, ...] = ()
    other: str = ""
    reason: str = ""
    container: str = ""
    portion: tuple[int, int] = (0, 0)


@dataclass
class PlannedLot:
    """A lot to commission: its packs, what is packed in what, and the events that say so.

    `actor` the identifier of its manufacturer · `prefix` the GS1 company prefix, "" if no identifier shows it ·
    `parents` the SSCC around each SSCC and serial number.
    """

    gtin: str
    number: str
    expiry: str
    actor: str
    prefix: str
    serials: list[str] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)
    events: list[EpcisEvent] = field(default_factory=list)

    def units(self) -> dict[str, Any]:
        """Write the packing as the file of a lot has it. Raises `InputError` if it goes round in a circle."""
        inside: dict[str, list[str]] = {}
        for unit in dict.fromkeys([*(self.pack(one) for one in self.serials), *self.parents, *self.parents.values()]):
            inside.setdefault(self.parents.get(unit, ""), []).append(unit)
        written = self._packed("", inside)
        if _count(written) != len(set(self.serials)):
            raise InputError(place=self.number, found="a container within itself", expected="a packing that goes down")
        return written

    def pack(self, serial: str) -> str:
        """Name a pack among the units."""
        return f"{self.gtin}/{serial}"

    def _packed(self, unit: str, inside: Mapping[str, list[str]]) -> dict[str, Any]:
        children = inside.get(unit, [])
        packs = [one.partition("/")[2] for one in children if "/" in one]
        containers = [{"sscc": one, **self._packed(one, inside)} for one in children if "/" not in one]
        return {**({"packs": packs} if packs else {}), **({"units": containers} if containers else {})}


@dataclass(frozen=True)
class Plan:
    """All that a document asks for, in the order in which it happened."""

    lots: tuple[PlannedLot, ...]
    acts: tuple[PlannedAct, ...]


def plan_events(events: Sequence[EpcisEvent]) -> Plan:
    """Make the plan of events, which are sorted by their time.

    An event that declares another an error, and that other in the same document, leave nothing but the declaration.
    Raises `InputError` with the path of an event that says too little: a lot without number or expiry date, a shipment
    without its receiver.
    """
    ordered = sorted(events, key=lambda one: (one.at is None, one.at, one.is_declared_wrong))
    wrong = {one.hash for one in ordered if one.is_declared_wrong}
    lots = _Lots()
    acts = []
    for event in ordered:
        if event.is_declared_wrong:
            acts.append(PlannedAct(Deed.VOID, event, _actor(event)))
        elif event.hash in wrong:
            acts.append(PlannedAct(Deed.NOTE, event, _actor(event), reason="it is declared an error"))
        else:
            acts.append(_act(event, lots))
    return Plan(lots.finished(), tuple(acts))


def word(value: Any, vocabulary: str) -> str:
    """Return a word of a vocabulary alone, in whatever form it is written; "" if it is none of its words."""
    words, text = VOCABULARIES[vocabulary], str(value or "")
    text = text.replace("cbv:", PREFIXES["cbv"], 1) if text.startswith("cbv:") else text
    bare = text.removeprefix(words.urn).removeprefix(words.web)
    return bare if bare in words.words else ""


class _Lots:
    """The lots that events commission, as they come to light one event after the other."""

    def __init__(self) -> None:
        self._by_number: dict[tuple[str, str], PlannedLot] = {}
        self._lots_of: dict[str, list[PlannedLot]] = {}
        self._waiting: list[tuple[EpcisEvent, tuple[str, ...]]] = []
        self._shipped: set[str] = set()

    def commission(self, event: EpcisEvent, name: str = "epcList") -> None:
        ilmd = event.fields.get("ilmd", {})
        number, expiry = str(ilmd.get(_LOT, "")), str(ilmd.get(_EXPIRY, ""))[:10]
        packs = []
        for uri in event.fields.get(name, []):
            found = {one.ai: one.value for one in elements_of(uri)}
            if "00" in found:
                self._waiting.append((event, (found["00"],)))
            elif "01" in found and "21" in found:
                packs.append((found["01"], found["21"], company_prefix(uri)))
        if packs and not (number and expiry):
            found_, expected = "packs without a lot number or an expiry date", "cbvmda:lotNumber, itemExpirationDate"
            raise InputError(place=f"{event.path}.ilmd".strip("."), found=found_, expected=expected)
        for gtin, serial, prefix in packs:
            fresh = PlannedLot(gtin, number, expiry, _actor(event), prefix)
            lot = self._by_number.setdefault((gtin, number), fresh)
            lot.prefix = lot.prefix or prefix
            lot.serials.append(serial)
            self._note(lot.pack(serial), lot)
            if event not in lot.events:
                lot.events.append(event)

    def aggregate(self, event: EpcisEvent) -> bool:
        """Take a packing or unpacking into its lot; say whether it is one of before the goods left."""
        parent, action = _unit(str(event.fields["parentID"])), event.fields.get("action")
        children = [_unit(uri) for uri in event.fields.get("childEPCs", [])]
        packed = [(child, lot) for child in children for lot in self._lots_of.get(child, ())]
        if not packed or parent in self._shipped or action not in ("ADD", "DELETE"):
            return False
        for child, lot in packed:
            if action == "ADD":
                lot.parents[child] = parent
                self._note(parent, lot)
            elif lot.parents.get(child) == parent:
                del lot.parents[child]
            if event not in lot.events:
                lot.events.append(event)
        return True

    def _note(self, unit: str, lot: PlannedLot) -> None:
        known = self._lots_of.setdefault(unit, [])
        if not any(one is lot for one in known):
            known.append(lot)

    def ship(self, units: Sequence[str]) -> None:
        self._shipped.update(units)

    def finished(self) -> tuple[PlannedLot, ...]:
        for event, units in self._waiting:
            for lot in (one for unit in units for one in self._lots_of.get(unit, ())):
                if event not in lot.events:
                    lot.events.append(event)
        return tuple(self._by_number.values())


def _act(event: EpcisEvent, lots: _Lots) -> PlannedAct:
    step = word(event.fields.get("bizStep"), "bizStep")
    actor = _actor(event)
    if event.kind == "ObjectEvent" and step == "commissioning" and event.fields.get("action") == "ADD":
        lots.commission(event)
        return PlannedAct(Deed.COMMISSION, event, actor)
    if event.kind == "TransformationEvent" and "outputEPCList" in event.fields and "ilmd" in event.fields:
        lots.commission(event, "outputEPCList")
        return PlannedAct(Deed.COMMISSION, event, actor)
    if event.kind == "AggregationEvent":
        return _packed(event, actor, lots)
    if event.kind in ("ObjectEvent", "TransactionEvent") and event.fields.get("epcList"):
        units = tuple(code_of_uri(uri) for uri in event.fields["epcList"])
        if end := _end(event, step):
            return PlannedAct(end, event, actor, units)
        if step in _MOVEMENTS:
            return _moved(event, step, lots)
    if "sensorElementList" in event.fields:
        return PlannedAct(Deed.NOTE, event, actor, reason="what a logger measured is reported with its signature")
    return PlannedAct(Deed.NOTE, event, actor, reason="it changes nothing that the chain keeps")


def _packed(event: EpcisEvent, actor: str, lots: _Lots) -> PlannedAct:
    """Plan a packing: of before the goods left it is a part of their lot, later it is an act of its own."""
    if not canonical_uri(str(event.fields.get("parentID", ""))).startswith(_SSCC):
        return PlannedAct(Deed.NOTE, event, actor, reason="its container has no SSCC")
    if lots.aggregate(event):
        return PlannedAct(Deed.COMMISSION, event, actor)
    action, children = event.fields.get("action"), event.fields.get("childEPCs", [])
    if action not in ("ADD", "DELETE") or not children:
        reason = "it changes nothing that the chain keeps" if children else "it names nothing that was packed"
        return PlannedAct(Deed.NOTE, event, actor, reason=reason)
    deed, container = Deed.PACK if action == "ADD" else Deed.UNPACK, code_of_uri(str(event.fields["parentID"]))
    return PlannedAct(deed, event, actor, tuple(map(code_of_uri, children)), container=container)


def _end(event: EpcisEvent, step: str) -> Deed | None:
    """Say how the units of an event came to their end otherwise than dispensed; None if they did not."""
    disposition = word(event.fields.get("disposition"), "disposition")
    if event.fields.get("disposition") == EXPORTED:
        return Deed.EXPORT
    if disposition == "stolen":
        return Deed.STEAL
    if step in ("destroying", "decommissioning") or disposition in ("destroyed", "disposed"):
        return Deed.DESTROY
    return None


def _moved(event: EpcisEvent, step: str, lots: _Lots) -> PlannedAct:
    units = tuple(code_of_uri(uri) for uri in event.fields.get("epcList", []))
    source, target = (_party(event, one) for one in ("source", "destination"))
    place = _actor(event)
    if step == "shipping":
        if not (source or place) or not target:
            found, expected = "no sender or no receiver", "a possessing or owning party on both sides"
            raise InputError(place=f"{event.path}.destinationList".strip("."), found=found, expected=expected)
        lots.ship([_unit(uri) for uri in event.fields.get("epcList", [])])
        return PlannedAct(Deed.SHIP, event, source or place, units, target)
    if step == "void_shipping" and place == target:
        return PlannedAct(Deed.REFUSE, event, target, units, source)
    if step == "void_shipping":
        return PlannedAct(Deed.TAKE_BACK, event, source or place, units, target)
    if step == "receiving":
        return PlannedAct(Deed.RECEIVE, event, target or place, units, source)
    portion, whole = (str(event.fields.get(name, "")) for name in (PORTION, WHOLE))
    if portion.isdecimal() and whole.isdecimal():
        return PlannedAct(Deed.DISPENSE, event, place, units, portion=(int(portion), int(whole)))
    if word(event.fields.get("disposition"), "disposition") in _DISPENSED:
        return PlannedAct(Deed.DISPENSE, event, place, units)
    return PlannedAct(Deed.NOTE, event, place, reason="only a part was dispensed, and nothing says how much")


def _actor(event: EpcisEvent) -> str:
    """Say who acted: whose place it was, where it was read or where it is afterwards."""
    for name in ("readPoint", "bizLocation"):
        place = event.fields.get(name)
        if isinstance(place, Mapping) and (found := _gln(str(place.get("id", "")))):
            return found
    return ""


def _party(event: EpcisEvent, side: str) -> str:
    """Find who has the goods on one side of a movement: who possesses them, else who owns them."""
    named = {
        word(one.get("type"), side): _gln(str(one.get(side, "")))
        for one in event.fields.get(f"{side}List", [])
        if isinstance(one, Mapping)
    }
    return named.get("possessing_party") or named.get("owning_party") or ""


def _gln(uri: str) -> str:
    link = canonical_uri(uri)
    for ai in ("417", "414"):
        before = f"https://id.gs1.org/{ai}/"
        if link.startswith(before):
            return f"urn:gs1:gln:{link.removeprefix(before)[:13]}"
    return ""


def _unit(uri: str) -> str:
    """Name a unit: a container by its SSCC, a pack by its product and serial number."""
    found = {one.ai: one.value for one in elements_of(uri)}
    return found.get("00") or f"{found.get('01', '')}/{found.get('21', '')}"


def code_of_uri(uri: str) -> str:
    """Write what an EPC URN or a Digital Link identifies in brackets. Raises `InputError` if it is neither."""
    return "".join(f"({one.ai}){one.value}" for one in elements_of(uri))


def _count(packed: Mapping[str, Any]) -> int:
    return len(packed.get("packs", ())) + sum(map(_count, packed.get("units", ())))
