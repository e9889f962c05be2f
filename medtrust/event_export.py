"""Events from the chain: what happened to lots as one EPCIS document; what was carried over comes back as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Final

from medtrust.drugs import Act, Movement, State
from medtrust.event_journal import CarriedEvent, EventJournal
from medtrust.goods_places import later_movements
from medtrust.goods_stopped import reported
from medtrust.lotfile import LotFile
from medtrust.packing import container_id
from medtrust.standards.epcis_plan import EXPORTED, PORTION, WHOLE
from medtrust.standards.epcis_sensor import LOGGER, summary_element
from medtrust.standards.epcis_uris import epc_uri
from medtrust.standards.epcis_words import PREFIXES
from medtrust.standards.epcis_writing import write_document
from medtrust.standards.gs1 import Element
from medtrust.suite import Suite
from medtrust.types import organisation_id

__all__ = ["export_events"]

_MASTER_DATA: Final = f"{{{PREFIXES['cbvmda']}}}"
_GLN: Final = "urn:gs1:gln:"

_STEPS: Final = {
    Act.SHIPPED: ("OBSERVE", "shipping", "in_transit"),
    Act.RECEIVED: ("OBSERVE", "receiving", "in_progress"),
    Act.REFUSED: ("OBSERVE", "void_shipping", "in_progress"),
    Act.TAKEN_BACK: ("OBSERVE", "void_shipping", "in_progress"),
    Act.DISPENSED: ("DELETE", "dispensing", "dispensed"),
    Act.RECALLED: ("OBSERVE", "holding", "recalled"),
    Act.MISSING: ("OBSERVE", "inspecting", "mismatch_quantity"),
    Act.EXTRA: ("OBSERVE", "inspecting", "mismatch_instance"),
    Act.REPORTED: ("OBSERVE", "sensor_reporting", "conformant"),
    Act.PACKED: ("ADD", "packing", "in_progress"),
    Act.UNPACKED: ("DELETE", "unpacking", "in_progress"),
    Act.STOLEN: ("DELETE", "decommissioning", "stolen"),
    Act.EXPORTED: ("DELETE", "decommissioning", EXPORTED),
    Act.DESTROYED: ("DELETE", "destroying", "destroyed"),
    Act.SUSPECTED: ("OBSERVE", "holding", "non_sellable_other"),
    Act.CLEARED: ("OBSERVE", "inspecting", "sellable_not_accessible"),
    Act.ILLEGITIMATE: ("OBSERVE", "inspecting", "non_conformant"),
}
"""How an act is said in the Core Business Vocabulary: action, business step, disposition."""

_STOPPED: Final = {Act.RECEIVED: "non_sellable_other", Act.REPORTED: "non_conformant"}
"""The disposition of what arrived and is in quarantine."""


def export_events(suite: Suite, lots: Sequence[LotFile], *, identifiers: Iterable[str] = ()) -> dict[str, Any]:
    """Write what happened to lots as an EPCIS 2.0 document in JSON-LD, in the order in which it happened.

    An event that was carried over comes back as it was, with its hash; one that was taken back comes with the
    declaration that it was an error. For everything else an event is made from the chain and the file of the lot.
    `identifiers` are those of organisations (URIs): the chain has only their hashes, and who is not among them, and
    not the maker of a lot, is named by its hash.
    """
    names = {organisation_id(one): one for one in (*identifiers, *(lot.manufacturer for lot in lots))}
    carried = EventJournal.all_of(suite)
    by_transaction: dict[str, list[CarriedEvent]] = {}
    for one in carried.values():
        for hash_ in one.transactions.values():
            by_transaction.setdefault(hash_, []).append(one)
    undone = {hash_ for one in carried.values() if one.is_void for hash_ in one.undone.values()}
    events: list[Mapping[str, Any]] = []
    written: set[int] = set()
    seen: set[tuple[int, int]] = set()
    for lot in lots:
        writer = _Writer(lot, names, suite)
        moved = [*suite.drugs.movements(lot.packed.id), *later_movements(suite.drugs, lot.packed.id)]
        for movement in sorted(moved, key=lambda one: one.place):
            if movement.place in seen:
                continue
            seen.add(movement.place)
            known = by_transaction.get(movement.transaction_hash)
            if known is None and movement.transaction_hash not in undone:
                events += writer.events(movement)
            for one in known or ():
                if id(one) not in written:
                    written.add(id(one))
                    events += [one.fields, *([one.declaration] if one.declaration else [])]
    return write_document(events, created=_time(suite.chain.now()))


@dataclass(frozen=True)
class _Writer:
    """Makes events of one lot from what the chain has."""

    lot: LotFile
    names: Mapping[bytes, str]
    suite: Suite
    dispensed: dict[bytes, list[dict[str, Any]]] = field(default_factory=dict)

    def events(self, movement: Movement) -> list[dict[str, Any]]:
        if movement.act is Act.COMMISSIONED:
            return self._commissioned(movement)
        if movement.act is Act.UNDONE:
            return self._undone(movement)
        if movement.act not in _STEPS:
            return []
        action, step, disposition = _STEPS[movement.act]
        if movement.state is State.QUARANTINED:
            disposition = _STOPPED[movement.act]
        event = {**self._head("ObjectEvent", movement), "action": action, "bizStep": step, "disposition": disposition}
        if movement.unit == self.lot.packed.id:
            lot = (Element("01", self.lot.gtin), Element("10", self.lot.lot_number))
            return [{**event, "quantityList": [{"epcClass": epc_uri(lot)}]}]
        if movement.container is not None:
            sides = {"parentID": self._epc(movement.container), "childEPCs": [self._epc(movement.unit)]}
            return [{**event, "type": "AggregationEvent", **sides}]
        event["epcList"] = [self._epc(movement.unit)]
        if movement.act is Act.DISPENSED:
            return [self._dispensed(movement, event)]
        if movement.act is Act.REPORTED:
            return [self._reported(movement, event)]
        return [self._between(movement, event)]

    def _between(self, movement: Movement, event: dict[str, Any]) -> dict[str, Any]:
        """Say between whom it was, if it was between two."""
        if movement.other is None:
            return event
        sides = (movement.organisation, movement.other)
        sender, receiver = sides if movement.act in (Act.SHIPPED, Act.TAKEN_BACK) else sides[::-1]
        event["sourceList"] = [{"type": "possessing_party", "source": self._party(sender)}]
        event["destinationList"] = [{"type": "possessing_party", "destination": self._party(receiver)}]
        return event

    def _dispensed(self, movement: Movement, event: dict[str, Any]) -> dict[str, Any]:
        portion, whole = movement.portion
        if whole:
            event |= {"action": "OBSERVE", "disposition": "partially_dispensed", PORTION: portion, WHOLE: whole}
        self.dispensed.setdefault(movement.unit, []).append(event)
        return event

    def _undone(self, movement: Movement) -> list[dict[str, Any]]:
        """Declare what was dispensed of a pack an error."""
        declaration = {"declarationTime": _time(movement.at), "reason": "did_not_occur"}
        return [{**one, "errorDeclaration": declaration} for one in self.dispensed.pop(movement.unit, [])]

    def _reported(self, movement: Movement, event: dict[str, Any]) -> dict[str, Any]:
        """Say what the logger measured, where the transaction shows it."""
        if found := reported(self.suite, movement):
            offer, summary = found
            event["sensorElementList"] = [summary_element(summary, f"{LOGGER}{offer.logger}")]
        return event

    def _commissioned(self, movement: Movement) -> list[dict[str, Any]]:
        head = {**self._head("ObjectEvent", movement), "action": "ADD", "bizStep": "commissioning"}
        head["disposition"] = "active"
        ilmd = {f"{_MASTER_DATA}lotNumber": self.lot.lot_number}
        ilmd[f"{_MASTER_DATA}itemExpirationDate"] = self.lot.expiry.isoformat()
        units = list(self.lot.packed.units())
        packs = [self._epc(unit) for unit in units if not self._is_container(unit)]
        containers = [self._epc(unit) for unit in units if self._is_container(unit)]
        events = [{**head, "epcList": packs, "ilmd": ilmd}]
        if containers:
            events.append({**head, "epcList": containers})
        return events + self._packed(movement, units)

    def _packed(self, movement: Movement, units: Sequence[bytes]) -> list[dict[str, Any]]:
        """Say what is packed in what, the innermost first."""
        inside: dict[bytes, list[bytes]] = {}
        for unit in units:
            path = self.lot.packed.path(unit)
            if len(path) > 1:
                inside.setdefault(path[-2].unit, []).append(unit)
        head = {**self._head("AggregationEvent", movement), "action": "ADD", "bizStep": "packing"}
        return [
            {**head, "parentID": self._epc(parent), "childEPCs": [self._epc(child) for child in children]}
            for parent, children in reversed(inside.items())
        ]

    def _head(self, kind: str, movement: Movement) -> dict[str, Any]:
        """Say when it was, who did it, and in which transaction: two acts in one second are two events."""
        head: dict[str, Any] = {"type": kind, "eventTime": _time(movement.at), "eventTimeZoneOffset": "+00:00"}
        transaction = f"urn:medtrust:transaction:{self.suite.chain.id}:{movement.transaction_hash}"
        head["bizTransactionList"] = [{"bizTransaction": transaction}]
        name = self.names.get(movement.organisation, "")
        if name.startswith(_GLN):
            head["readPoint"] = {"id": epc_uri((Element("414", name.removeprefix(_GLN)),))}
        return head

    def _is_container(self, unit: bytes) -> bool:
        return unit == container_id(self.lot.packed.name(unit))

    def _epc(self, unit: bytes) -> str:
        """Name a unit; of a container that was packed later the chain knows the hash of its number alone."""
        if unit not in self.lot.packed:
            return f"urn:medtrust:container:0x{unit.hex()}"
        name = self.lot.packed.name(unit)
        if self._is_container(unit):
            return epc_uri((Element("00", name),))
        return epc_uri((Element("01", self.lot.gtin), Element("21", name)))

    def _party(self, organisation: bytes) -> str:
        name = self.names.get(organisation, "")
        if name.startswith(_GLN):
            return epc_uri((Element("417", name.removeprefix(_GLN)),))
        return name or f"urn:medtrust:organisation:0x{organisation.hex()}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
