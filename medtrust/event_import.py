"""Events to the chain: what EPCIS documents say of one organisation's goods becomes its transactions, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from medtrust.drugs import Act, Filling, Movement, State
from medtrust.errors import ChainUnreachable, InputError, MedtrustError, Reverted
from medtrust.event_journal import CarriedEvent, EventJournal
from medtrust.files import read_json, write_json
from medtrust.goods import Goods
from medtrust.goods_places import mix_of
from medtrust.lotfile import FORMAT, LotFile
from medtrust.packing import container_id
from medtrust.standards.epcis import Epcis, EpcisEvent
from medtrust.standards.epcis_plan import Deed, Plan, PlannedAct, PlannedLot, code_of_uri, plan_events
from medtrust.standards.epcis_sensor import logger_of
from medtrust.standards.epcis_writing import written_fields
from medtrust.standards.gs1 import Allow, parse
from medtrust.suite import Suite
from medtrust.types import ZERO_ADDRESS, organisation_id

__all__ = ["EventReport", "Outcome", "import_events", "plan_of", "read_lots"]

_ACTS: Final = {
    Deed.SHIP: Act.SHIPPED,
    Deed.RECEIVE: Act.RECEIVED,
    Deed.DISPENSE: Act.DISPENSED,
    Deed.REFUSE: Act.REFUSED,
    Deed.TAKE_BACK: Act.TAKEN_BACK,
    Deed.PACK: Act.PACKED,
    Deed.UNPACK: Act.UNPACKED,
    Deed.DESTROY: Act.DESTROYED,
    Deed.STEAL: Act.STOLEN,
    Deed.EXPORT: Act.EXPORTED,
}
_FATES: Final = {Deed.DESTROY: State.DESTROYED, Deed.STEAL: State.STOLEN, Deed.EXPORT: State.EXPORTED}
_VOIDED: Final = frozenset({Deed.SHIP.value, Deed.PACK.value, Deed.DISPENSE.value})
"""What an event that declares it an error can take back."""

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
    """Carry over what a document says that an organisation (identifier URI) did with goods, from commissioning on.

    `lots` is the folder with the files of lots; a lot that the document commissions gets a file there, before anything
    is sent. Shipments can be received for `days` days. `prefix` is the GS1 company prefix, where no identifier shows
    it. The hash of an event is its key: run again, with the same document or one that repeats its events, nothing is
    sent twice. An event that declares another an error takes back what was shipped, packed or dispensed.

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
            return Outcome(event, act.deed, "known", transactions=tuple(dict.fromkeys(carried.transactions.values())))
        if act.deed in (Deed.PACK, Deed.UNPACK):
            return self._repack(act, units)
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

    def _repack(self, act: PlannedAct, units: Sequence[_Unit]) -> Outcome:
        """Pack or unpack all units of an event at once, unless the chain has it, or the maker packed them so."""
        goods, container = units[0].goods, container_id(act.container.removeprefix("(00)"))
        if all(_is_packed_in(unit, container) for unit in units):
            return Outcome(act.event, Deed.NOTE, "noted", "the file of the lot says what its maker packed")
        try:
            done = {unit.key: hash_ for unit in units if (hash_ := self._known(act, unit))}
            left = [unit for unit in units if unit.key not in done]
            if left:
                codes = [unit.code for unit in left]
                others = list({one.goods.lot: one.goods.file for one in units}.values())[1:]
                receipt = (
                    goods.pack(act.container, codes, packer=organisation_id(act.actor), others=others)[1]
                    if act.deed is Deed.PACK
                    else goods.unpack(act.container, codes, holder=organisation_id(act.actor), others=others)
                )
                done |= {unit.key: receipt.transaction_hash for unit in left}
        except (Reverted, InputError) as refused:
            return Outcome(act.event, act.deed, "refused", str(refused))
        self._keep(act.event, act.deed, done)
        self.journal.save()
        return Outcome(act.event, act.deed, "done", transactions=tuple(dict.fromkeys(done.values())))

    def _known(self, act: PlannedAct, unit: _Unit) -> str:
        """Find the transaction that the chain has already of what an event says of a unit; "" if there is none."""
        taken = {hash_ for one in self.journal.events.values() for hash_ in one.transactions.values()}
        for movement in unit.goods.trace(unit.code):
            if movement.transaction_hash not in taken and self._is_same(movement, act):
                return movement.transaction_hash
        return ""

    def _once(self, act: PlannedAct, unit: _Unit) -> str:
        """Do for one unit what an event says, unless the chain has it already; return its transaction."""
        if known := self._known(act, unit):
            return known
        actor, other = organisation_id(act.actor), organisation_id(act.other) if act.other else b""
        if act.deed is Deed.SHIP:
            until = self.suite.chain.now() + self.seconds
            logger = logger_of(act.event) or ZERO_ADDRESS
            shipped = unit.goods.ship(unit.code, sender=actor, receiver=other, until=until, logger=logger)
            return shipped[1].transaction_hash
        if act.deed is Deed.DISPENSE:
            filling = Filling(portion=act.portion[0], whole=act.portion[1])
            return unit.goods.dispense(unit.code, pharmacy=actor, filling=filling).transaction_hash
        if act.deed in _FATES:
            return unit.goods.end(unit.code, _FATES[act.deed], organisation=actor).transaction_hash
        if act.deed is Deed.RECEIVE:
            return unit.goods.receive(unit.code)[1].transaction_hash
        ends = {Deed.REFUSE: unit.goods.refuse, Deed.TAKE_BACK: unit.goods.take_back}
        return ends[act.deed](unit.code)[1].transaction_hash

    def _units(self, code: str) -> list[_Unit]:
        """Find the lots that a unit is of: a container may hold several, and moves in each of them."""
        scan = parse(code, allow=Allow(partial=True))
        files = [file for file in self.lots if (scan.gtin is None or scan.gtin == file.gtin) and file.find(scan)[1]]
        if not files and scan.sscc:
            files = [file for file in self.lots if mix_of(self.suite.drugs, file.packed.id, container_id(scan.sscc))][
                :1
            ]
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
        if movement.act is not _ACTS[act.deed] or movement.organisation != organisation_id(act.actor):
            return False
        if act.container:
            return movement.container == container_id(act.container.removeprefix("(00)"))
        is_alone = movement.other is None or not act.other
        return movement.portion == act.portion and (is_alone or movement.other == organisation_id(act.other))

    def _void(self, act: PlannedAct) -> Outcome:
        """Take back what an event that is declared an error shipped, packed or dispensed; other acts stay."""
        carried = self.journal.events.get(act.event.hash)
        if carried is None:
            return Outcome(act.event, act.deed, "noted", "what it declares an error was not carried over")
        if carried.is_void:
            return Outcome(act.event, act.deed, "known")
        if carried.deed not in _VOIDED:
            reason = f"a {carried.deed} cannot be undone: it stays on the chain beside the declaration"
            return Outcome(act.event, act.deed, "refused", reason)
        for unit in (one for code in _codes(carried) for one in self._units(code)):
            if unit.key in carried.undone:
                continue
            try:
                carried.undone[unit.key] = self._undo(carried, unit)
            except (Reverted, InputError) as refused:
                return Outcome(act.event, act.deed, "refused", str(refused), tuple(carried.undone.values()))
            self.journal.save()
        carried.declaration = written_fields(act.event.fields)
        self.journal.save()
        return Outcome(act.event, act.deed, "voided", transactions=tuple(carried.undone.values()))

    def _undo(self, carried: CarriedEvent, unit: _Unit) -> str:
        """Take one unit of an event back, and return the transaction that did."""
        by = organisation_id(self.organisation)
        if carried.deed == Deed.DISPENSE.value:
            return unit.goods.undo(unit.code, pharmacy=by).transaction_hash
        if carried.deed == Deed.PACK.value:
            container = code_of_uri(str(carried.fields["parentID"]))
            return unit.goods.unpack(container, [unit.code], holder=by).transaction_hash
        return unit.goods.take_back(unit.code)[1].transaction_hash

    def _keep(self, event: EpcisEvent, deed: Deed, transactions: Mapping[str, str]) -> None:
        if transactions:
            self.journal.events[event.hash] = CarriedEvent(deed.value, written_fields(event.fields), dict(transactions))


def _codes(carried: CarriedEvent) -> list[str]:
    return list(dict.fromkeys(key.partition(" ")[0] for key in carried.transactions))


def _is_packed_in(unit: _Unit, container: bytes) -> bool:
    """Say whether the maker packed a unit directly into a container."""
    path = unit.goods.item(unit.code).path
    return len(path) > 1 and path[-2].unit == container


def _is_lot(file: Path) -> bool:
    raw: Any = read_json(file)
    return isinstance(raw, dict) and raw.get("format") == FORMAT
