"""Events to the chain: what EPCIS documents say of one organisation's goods becomes its transactions, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from medtrust.drugs import Act, Movement
from medtrust.errors import ChainUnreachable, InputError, MedtrustError, Reverted
from medtrust.event_journal import CarriedEvent, EventJournal
from medtrust.files import read_json, write_json
from medtrust.goods import Goods
from medtrust.lotfile import FORMAT, LotFile
from medtrust.standards.epcis import Epcis, EpcisEvent
from medtrust.standards.epcis_plan import Deed, Plan, PlannedAct, PlannedLot, plan_events
from medtrust.standards.epcis_writing import written_fields
from medtrust.standards.gs1 import Allow, parse
from medtrust.suite import Suite
from medtrust.types import organisation_id

__all__ = ["EventReport", "Outcome", "import_events", "plan_of", "read_lots"]

_ACTS: Final = {
    Deed.SHIP: Act.SHIPPED,
    Deed.RECEIVE: Act.RECEIVED,
    Deed.DISPENSE: Act.DISPENSED,
    Deed.REFUSE: Act.REFUSED,
    Deed.TAKE_BACK: Act.TAKEN_BACK,
}
_DAY: Final = 86_400


@dataclass(frozen=True)
class Outcome:
    """What became of one event.

    `state` is one of done, known (it was before), voided, noted (nothing to do), other (another organisation's) and
    refused; `reason` says why, `transactions` which transactions hold it.
    """

    event: EpcisEvent
    deed: Deed
    state: str
    reason: str = ""
    transactions: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventReport:
    """What became of every event of a document, in the order in which they happened."""

    outcomes: tuple[Outcome, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing was refused."""
        return not any(one.state == "refused" for one in self.outcomes)

    def counts(self) -> Mapping[str, int]:
        """Count the events by what became of them."""
        states = [one.state for one in self.outcomes]
        return {state: states.count(state) for state in dict.fromkeys(states)}


def read_lots(folder: Path) -> list[LotFile]:
    """Read the files of lots in a folder. Raises `InputError` if one of them is wrong."""
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return [LotFile.read(file) for file in files if _is_lot(file)]


def import_events(
    document: Epcis, suite: Suite, organisation: str, *, lots: Path, days: int = 7, prefix: str = ""
) -> EventReport:
    """Carry over what a document says that an organisation (identifier URI) did: commission, ship, receive, dispense.

    `lots` is the folder with the files of lots; a lot that the document commissions gets a file there, before anything
    is sent. Shipments can be received for `days` days. `prefix` is the GS1 company prefix, where no identifier shows
    it. The hash of an event is its key: run again, with the same document or one that repeats its events, nothing is
    sent twice. An event that declares another an error takes its shipment back, if nobody has received it.

    What the chain refuses is in the report, and the rest goes on. Raises `InputError` if the document is not valid,
    with the path of its first problem, or if a lot in it is not whole.
    """
    plan = plan_of(document)
    journal = EventJournal(suite, organisation_id(organisation))
    with journal.locked():
        run = _Run(suite, organisation, journal, lots, days * _DAY)
        states = run.commission(plan.lots, prefix)
        return EventReport(tuple(run.do(act, states) for act in plan.acts))


def plan_of(document: Epcis) -> Plan:
    """Make the plan of a document without doing anything.

    Raises `InputError` if it is not valid, with the path of its first problem, or says too little.
    """
    if document.problems:
        raise document.problems[0]
    return plan_events(document.events)


@dataclass(frozen=True)
class _Unit:
    """A unit of one lot: its code, and the key under which the journal has its transaction."""

    key: str
    code: str
    goods: Goods


@dataclass
class _Run:
    """One import at work."""

    suite: Suite
    organisation: str
    journal: EventJournal
    folder: Path
    seconds: int
    lots: list[LotFile] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lots = read_lots(self.folder)

    # ---- lots

    def commission(self, planned: Sequence[PlannedLot], prefix: str) -> dict[str, Outcome]:
        """Commission the lots of a plan that are the organisation's own, and say what became of their events."""
        before = frozenset(self.journal.events)
        found: dict[str, Outcome] = {}
        for lot in planned:
            if lot.actor != self.organisation:
                continue
            goods = Goods(self.suite, self._lot_file(lot, prefix))
            hash_, refusal = self._commission_one(goods)
            for event in lot.events:
                if hash_:
                    self._keep(event, Deed.COMMISSION, {f"{lot.gtin} {lot.number}": hash_})
                state = "refused" if refusal else "known" if event.hash in before else "done"
                if event.hash not in found or refusal:
                    hashes = (hash_,) if hash_ else ()
                    found[event.hash] = Outcome(event, Deed.COMMISSION, state, refusal, hashes)
        self.journal.save()
        return found

    def _lot_file(self, lot: PlannedLot, prefix: str) -> LotFile:
        """Find the file of a lot, or write it."""
        for file in self.lots:
            if (file.gtin, file.lot_number) == (lot.gtin, lot.number):
                return file
        content = {
            "format": FORMAT,
            "manufacturer": lot.actor,
            "gtin": lot.gtin,
            "companyPrefix": prefix or lot.prefix,
            "lot": lot.number,
            "expiry": lot.expiry,
            **lot.units(),
        }
        name = "".join(one if one.isalnum() else "_" for one in lot.number)
        path = self.folder / f"{lot.gtin}-{name}.json"
        write_json(path, content, mode=0o600)
        file = LotFile.read(path)
        self.lots.append(file)
        return file

    def _commission_one(self, goods: Goods) -> tuple[str, str]:
        """Commission a lot unless it is; return the hash of its transaction, and why the chain refused."""
        if not goods.is_commissioned():
            try:
                return goods.commission().transaction_hash, ""
            except Reverted as refused:
                return "", str(refused)
        movements = self.suite.drugs.movements(goods.lot)
        return next(one.transaction_hash for one in movements if one.act is Act.COMMISSIONED), ""

    # ---- acts

    def do(self, act: PlannedAct, commissioned: Mapping[str, Outcome]) -> Outcome:
        """Carry one event over."""
        event = act.event
        if act.deed is Deed.NOTE:
            return Outcome(event, act.deed, "noted", act.reason)
        if act.deed is Deed.COMMISSION:
            return commissioned.get(event.hash) or Outcome(event, act.deed, *self._of_no_lot(act))
        if act.deed is Deed.VOID:
            return self._void(act)
        if act.actor != self.organisation:
            return Outcome(event, act.deed, "other", f"{act.actor or 'nobody that is named'} did this")
        carried = self.journal.events.get(event.hash)
        if carried and carried.is_void:
            return Outcome(event, act.deed, "voided", transactions=tuple(carried.undone.values()))
        try:
            units = [one for code in act.units for one in self._units(code)]
        except InputError as refused:
            return Outcome(event, act.deed, "refused", str(refused))
        if carried and all(one.key in carried.transactions for one in units):
            return Outcome(event, act.deed, "known", transactions=tuple(carried.transactions.values()))
        return self._carry(act, units)

    def _of_no_lot(self, act: PlannedAct) -> tuple[str, str]:
        if act.actor != self.organisation:
            return "other", f"{act.actor or 'nobody that is named'} did this"
        return "noted", "it names no pack of a lot"

    def _carry(self, act: PlannedAct, units: Sequence[_Unit]) -> Outcome:
        known = self.journal.events.get(act.event.hash)
        done: dict[str, str] = dict(known.transactions) if known else {}
        for unit in units:
            if unit.key in done:
                continue
            try:
                done[unit.key] = self._once(act, unit)
            except ChainUnreachable:
                raise
            except MedtrustError as refused:
                return Outcome(act.event, act.deed, "refused", str(refused), tuple(done.values()))
            self._keep(act.event, act.deed, done)
            self.journal.save()
        return Outcome(act.event, act.deed, "done", transactions=tuple(done.values()))

    def _once(self, act: PlannedAct, unit: _Unit) -> str:
        """Do for one unit what an event says, unless the chain has it already; return its transaction."""
        taken = {hash_ for one in self.journal.events.values() for hash_ in one.transactions.values()}
        for movement in unit.goods.trace(unit.code):
            if movement.transaction_hash not in taken and self._is_same(movement, act):
                return movement.transaction_hash
        actor, other = organisation_id(act.actor), organisation_id(act.other) if act.other else b""
        if act.deed is Deed.SHIP:
            until = self.suite.chain.now() + self.seconds
            return unit.goods.ship(unit.code, sender=actor, receiver=other, until=until)[1].transaction_hash
        if act.deed is Deed.DISPENSE:
            return unit.goods.dispense(unit.code, pharmacy=actor).transaction_hash
        ends = {Deed.RECEIVE: unit.goods.receive, Deed.REFUSE: unit.goods.refuse, Deed.TAKE_BACK: unit.goods.take_back}
        return ends[act.deed](unit.code)[1].transaction_hash

    def _units(self, code: str) -> list[_Unit]:
        """Find the lots that a unit is of: a container may hold several, and moves in each of them."""
        scan = parse(code, allow=Allow(partial=True))
        files = [file for file in self.lots if (scan.gtin is None or scan.gtin == file.gtin) and file.find(scan)[1]]
        if not files:
            raise InputError(
                place=code, found="a unit of no lot here", expected=f"the file of its lot in {self.folder}"
            )
        several = len(files) > 1
        return [
            _Unit(f"{code} {file.gtin} {file.lot_number}" if several else code, code, Goods(self.suite, file))
            for file in files
        ]

    def _is_same(self, movement: Movement, act: PlannedAct) -> bool:
        other = organisation_id(act.other) if act.other else None
        is_act = movement.act is _ACTS[act.deed] and movement.organisation == organisation_id(act.actor)
        return is_act and (act.deed is Deed.DISPENSE or other is None or movement.other == other)

    def _void(self, act: PlannedAct) -> Outcome:
        """Take back the shipment of an event that is declared an error; other acts stay as they are."""
        carried = self.journal.events.get(act.event.hash)
        if carried is None:
            return Outcome(act.event, act.deed, "noted", "what it declares an error was not carried over")
        if carried.is_void:
            return Outcome(act.event, act.deed, "known")
        if carried.deed != Deed.SHIP.value:
            reason = f"a {carried.deed} cannot be undone: it stays on the chain beside the declaration"
            return Outcome(act.event, act.deed, "refused", reason)
        for unit in (one for code in _codes(carried) for one in self._units(code)):
            if unit.key in carried.undone:
                continue
            try:
                carried.undone[unit.key] = unit.goods.take_back(unit.code)[1].transaction_hash
            except (Reverted, InputError) as refused:
                return Outcome(act.event, act.deed, "refused", str(refused), tuple(carried.undone.values()))
            self.journal.save()
        carried.declaration = written_fields(act.event.fields)
        self.journal.save()
        return Outcome(act.event, act.deed, "voided", transactions=tuple(carried.undone.values()))

    def _keep(self, event: EpcisEvent, deed: Deed, transactions: Mapping[str, str]) -> None:
        if transactions:
            self.journal.events[event.hash] = CarriedEvent(deed.value, written_fields(event.fields), dict(transactions))


def _codes(carried: CarriedEvent) -> list[str]:
    return list(dict.fromkeys(key.partition(" ")[0] for key in carried.transactions))


def _is_lot(file: Path) -> bool:
    raw: Any = read_json(file)
    return isinstance(raw, dict) and raw.get("format") == FORMAT
