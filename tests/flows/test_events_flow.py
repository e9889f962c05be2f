"""EPCIS to the chain and back: events become transactions once, and come back with the hashes that they had."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from medtrust import samples
from medtrust.drugs import Act, mark_of
from medtrust.errors import InputError
from medtrust.event_export import export_events
from medtrust.event_import import import_events, read_lots
from medtrust.event_journal import EventJournal
from medtrust.goods import Goods
from medtrust.packing import container_id
from medtrust.sandbox import ORGANISATIONS
from medtrust.standards.epcis import read_epcis
from medtrust.standards.epcis_plan import Deed

MAKER, WHOLESALER, PHARMACY = (ORGANISATIONS[name].identifier for name in ("maker", "wholesaler", "pharmacy"))
PALLET = "(00)003614140000002005"
PACK = "(01)00361414567894(21)EV00001"
IDENTIFIERS = [one.identifier for one in ORGANISATIONS.values()]


@pytest.fixture
def lots(tmp_path):
    return tmp_path / "lots"


@pytest.fixture
def carry(world, lots, tmp_path, monkeypatch):
    """Carry events over as the organisation of a name; the prefix is assigned."""
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
    world.acting_as("regulator").drugs.assign_prefix(world.regulator, world.maker, "0361414")

    def run(name: str, events=None, **more):
        document = read_epcis(samples.read("events.jsonld") if events is None else as_document(events))
        return import_events(document, world.acting_as(name), ORGANISATIONS[name].identifier, lots=lots, **more)

    return run


def raw_events() -> list[dict]:
    return json.loads(samples.read("events.jsonld"))["epcisBody"]["eventList"]


def as_document(events) -> bytes:
    whole = json.loads(samples.read("events.jsonld"))
    whole["epcisBody"]["eventList"] = list(events)
    return json.dumps(whole).encode()


def declared_wrong(event: dict) -> dict:
    return {**event, "errorDeclaration": {"declarationTime": "2026-11-08T10:00:00Z", "reason": "did_not_occur"}}


def states(report) -> dict[str, int]:
    return dict(report.counts())


class TestImport:
    """
    given a document                 -> each organisation carries its own events over, in their order
    given the same document again    -> nothing is sent
    given the same event in XML      -> known by its hash
    given events done by hand before -> adopted, not done twice
    given a run that was stopped     -> goes on where it was, nothing twice
    given refusals, TransactionEvents, TransformationEvents -> carried over too
    given a pallet with two lots     -> commissioned and shipped in each of them
    """

    def test_every_organisation_carries_its_own(self, world, carry, lots):
        assert states(carry("maker")) == {"done": 6, "other": 4}
        assert states(carry("wholesaler")) == {"other": 8, "done": 2}
        assert states(carry("pharmacy")) == {"other": 8, "done": 2}
        (lot,) = read_lots(lots)
        assert (lot.lot_number, lot.gtin, lot.packed.size) == ("EV2026B", "00361414567894", 8)
        trace = Goods(world.suite, lot).trace(PACK)
        assert [one.act for one in trace] == [
            Act.COMMISSIONED,
            Act.SHIPPED,
            Act.RECEIVED,
            Act.SHIPPED,
            Act.RECEIVED,
            Act.DISPENSED,
        ]
        assert world.suite.drugs.end_of(trace[-1].unit) is not None

    def test_nothing_is_sent_twice(self, world, carry):
        carry("maker")
        block = world.chain.block_number()
        again = carry("maker")
        assert states(again) == {"known": 6, "other": 4}
        assert world.chain.block_number() == block
        twice = read_epcis(samples.read("events_epcis_1_2.xml"))
        assert twice.events[0].hash == again.outcomes[5].event.hash
        assert states(carry("maker", [raw_events()[5], raw_events()[5]])) == {"known": 2}
        assert world.chain.block_number() == block

    def test_what_was_done_by_hand_is_adopted(self, world, carry, lots):
        carry("maker", raw_events()[:5])
        (lot,) = read_lots(lots)
        until = world.chain.now() + 86_400
        by_hand = Goods(world.acting_as("maker"), lot)
        _, receipt = by_hand.ship(PALLET, sender=world.maker, receiver=world.wholesaler, until=until)
        report = carry("maker", [raw_events()[5]])
        assert report.outcomes[0].transactions == (receipt.transaction_hash,)

    def test_a_run_that_was_stopped_goes_on(self, world, carry, monkeypatch):
        saved = EventJournal.save
        monkeypatch.setattr(EventJournal, "save", _Stopped(saved, after=1))
        with pytest.raises(KeyboardInterrupt):
            carry("maker")
        monkeypatch.setattr(EventJournal, "save", saved)
        block = world.chain.block_number()
        assert carry("maker").is_complete
        assert world.chain.block_number() == block, "all was sent already, and only the journal did not know"
        assert states(carry("maker")) == {"known": 6, "other": 4}

    def test_refusals_transactions_and_transformations(self, world, carry, lots):
        made = raw_events()[0]
        made = {name: value for name, value in made.items() if name not in ("epcList", "action")}
        made |= {"type": "TransformationEvent", "inputEPCList": ["urn:epc:id:sgtin:0361414.099999.X"]}
        made["outputEPCList"] = raw_events()[0]["epcList"]
        shipped = {**raw_events()[5], "type": "TransactionEvent"}
        assert states(carry("maker", [made, *raw_events()[1:5], shipped])) == {"done": 6}
        refused = {**raw_events()[6], "bizStep": "void_shipping"}
        assert states(carry("wholesaler", [refused])) == {"done": 1}
        again = {**shipped, "eventTime": "2026-11-05T10:00:00Z"}
        back = {**again, "eventTime": "2026-11-06T10:00:00Z", "bizStep": "void_shipping"}
        assert [one.deed for one in carry("maker", [again, back]).outcomes] == [Deed.SHIP, Deed.TAKE_BACK]
        (lot,) = read_lots(lots)
        acts = [one.act for one in Goods(world.suite, lot).trace(PACK)]
        assert acts == [Act.COMMISSIONED, Act.SHIPPED, Act.REFUSED, Act.SHIPPED, Act.TAKEN_BACK]

    def test_a_pallet_with_two_lots(self, world, carry, lots):
        events = raw_events()[:6]
        other = {**events[0], "epcList": ["urn:epc:id:sgtin:0361414.056789.OTHER1"]}
        other["ilmd"] = {**events[0]["ilmd"], "cbvmda:lotNumber": "EV2026C"}
        events[3] = {**events[3], "childEPCs": [*events[3]["childEPCs"], *other["epcList"]]}
        report = carry("maker", [other, *events])
        assert report.is_complete
        assert len(report.outcomes[-1].transactions) == 2
        assert sorted(lot.lot_number for lot in read_lots(lots)) == ["EV2026B", "EV2026C"]
        for lot in read_lots(lots):
            unit = container_id(PALLET.removeprefix("(00)"))
            custody = world.suite.drugs.custody_of(lot.packed.id, unit, lot.packed.path(unit))
            assert custody.offer is not None
        block = world.chain.block_number()
        assert states(carry("maker", [other, *events])) == {"known": 7}
        assert world.chain.block_number() == block
        back = read_epcis(json.dumps(export_events(world.suite, read_lots(lots))).encode())
        assert {one.hash for one in back.events} == {one.event.hash for one in report.outcomes}


class TestVoid:
    """
    given a shipment on its way, declared an error -> taken back; once; sent again as another event
    given one that was received                    -> refused, and said
    given a dispense                               -> undone, within ten days
    given anything else                            -> refused: it stays beside the declaration
    given original and declaration together        -> neither is carried over
    """

    def test_takes_a_shipment_back(self, world, carry, lots):
        carry("maker")
        wrong = declared_wrong(raw_events()[5])
        report = carry("maker", [wrong])
        assert [(one.deed, one.state) for one in report.outcomes] == [(Deed.VOID, "voided")]
        (lot,) = read_lots(lots)
        custody = world.suite.drugs.custody_of(lot.packed.id, *self.pallet(lot))
        assert custody.custodian == mark_of(world.maker)
        assert states(carry("maker", [wrong])) == {"known": 1}
        assert states(carry("maker", [raw_events()[5]])) == {"voided": 1}
        later = {**raw_events()[5], "eventTime": "2026-11-09T10:00:00Z"}
        assert states(carry("maker", [later])) == {"done": 1}

    def pallet(self, lot):
        unit = container_id(PALLET.removeprefix("(00)"))
        return unit, lot.packed.path(unit)

    def test_a_received_one_stays(self, world, carry):
        carry("maker")
        carry("wholesaler")
        (outcome,) = carry("maker", [declared_wrong(raw_events()[5])]).outcomes
        assert (outcome.state, outcome.deed) == ("refused", Deed.VOID)
        assert "not on its way" in outcome.reason

    def test_a_dispense_is_undone_within_ten_days(self, world, carry, lots):
        for name in ("maker", "wholesaler", "pharmacy"):
            carry(name)
        (lot,) = read_lots(lots)
        pack = Goods(world.suite, lot).trace(PACK)[-1].unit
        assert world.suite.drugs.end_of(pack) is not None
        assert states(carry("pharmacy", [declared_wrong(raw_events()[9])])) == {"voided": 1}
        assert world.suite.drugs.end_of(pack) is None
        assert states(carry("pharmacy", [declared_wrong(raw_events()[9])])) == {"known": 1}

    def test_a_dispense_stays_after_ten_days(self, world, carry):
        for name in ("maker", "wholesaler", "pharmacy"):
            carry(name)
        world.chain.mine(seconds=10 * 86_400)
        (outcome,) = carry("pharmacy", [declared_wrong(raw_events()[9])]).outcomes
        assert (outcome.state, "NotUndoable" in outcome.reason) == ("refused", True)

    def test_a_receipt_stays(self, carry):
        for name in ("maker", "wholesaler"):
            carry(name)
        (outcome,) = carry("wholesaler", [declared_wrong(raw_events()[6])]).outcomes
        assert (outcome.state, outcome.reason.partition(":")[0]) == ("refused", "a receive cannot be undone")

    def test_together_they_are_nothing(self, carry):
        carry("maker", raw_events()[:5])
        shipment = raw_events()[5]
        report = carry("maker", [declared_wrong(shipment), shipment])
        assert sorted(states(report)) == ["noted"]


class TestRefusals:
    """
    given a document that is not valid        -> refused whole with its path, nothing sent, no file written
    given packs without lot or expiry date    -> refused with the path
    given a shipment without a receiver       -> refused with the path
    given a unit of no lot, a lot of another's prefix -> said; the rest goes on
    given events that the chain does not keep -> noted with the reason
    """

    @pytest.mark.parametrize(
        ("index", "changes", "place"),
        [
            (5, {"action": "CREATE"}, "epcisBody.eventList[5].action"),
            (0, {"ilmd": {"cbvmda:lotNumber": "A"}}, "epcisBody.eventList[0].ilmd"),
            (5, {"destinationList": []}, "epcisBody.eventList[5].destinationList"),
        ],
    )
    def test_a_document_is_refused_whole(self, world, carry, lots, index, changes, place):
        events = raw_events()
        events[index] = {**events[index], **changes}
        block = world.chain.block_number()
        with pytest.raises(InputError) as caught:
            carry("maker", events)
        assert caught.value.place == place
        assert (world.chain.block_number(), lots.exists()) == (block, False)

    def test_the_rest_goes_on(self, carry):
        carry("maker", raw_events()[:5])
        strange = {**raw_events()[5], "epcList": ["urn:epc:id:sscc:0361414.0000000999"]}
        report = carry("maker", [strange, {**raw_events()[5], "eventTime": "2026-11-04T10:00:00Z"}])
        assert [one.state for one in report.outcomes] == ["refused", "done"]
        assert "a unit of no lot here" in report.outcomes[0].reason

    def test_what_the_chain_refuses_is_said(self, world, carry):
        foreign = raw_events()[:1]
        foreign[0] = {**foreign[0], "epcList": ["urn:epc:id:sgtin:0999999.056789.A1"]}
        (outcome,) = carry("maker", foreign).outcomes
        assert outcome.state == "refused"
        assert "PrefixNotOwned" in outcome.reason

    def test_what_changes_nothing_is_noted(self, carry):
        inspected = {**raw_events()[5], "bizStep": "inspecting"}
        seen = {**raw_events()[2], "action": "OBSERVE"}
        report = carry("maker", [*raw_events()[:5], inspected, seen])
        assert [one.state for one in report.outcomes].count("noted") == 2

    def test_a_circle_is_refused(self, carry, lots):
        around = {
            **raw_events()[4],
            "parentID": raw_events()[3]["parentID"],
            "childEPCs": [raw_events()[4]["parentID"]],
        }
        with pytest.raises(InputError, match="a container within itself"):
            carry("maker", [*raw_events()[:5], around])
        assert not list(lots.glob("*.json"))


class TestExport:
    """
    given events that were carried over -> come back with equal hashes, those and no others
    given a shipment that was voided    -> comes back with its declaration
    given what was done by hand         -> events made from the chain; carried over again they are adopted
    """

    def test_come_back_with_equal_hashes(self, world, carry, lots):
        for name in ("maker", "wholesaler", "pharmacy"):
            carry(name)
        back = read_epcis(json.dumps(export_events(world.suite, read_lots(lots), identifiers=IDENTIFIERS)).encode())
        assert back.is_valid
        before = read_epcis(samples.read("events.jsonld"))
        assert Counter(one.hash for one in back.events) == Counter(one.hash for one in before.events)

    def test_a_voided_one_comes_with_its_declaration(self, world, carry, lots):
        carry("maker")
        carry("maker", [declared_wrong(raw_events()[5])])
        back = read_epcis(json.dumps(export_events(world.suite, read_lots(lots))).encode())
        assert back.is_valid
        assert Counter(one.is_declared_wrong for one in back.events) == {False: 6, True: 1}
        assert back.events[-1].hash == back.events[-2].hash

    def test_what_was_done_by_hand_is_made_from_the_chain(self, world, tmp_path, monkeypatch, lots):
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
        lots.mkdir()
        (lots / "lot.json").write_bytes(samples.read("lot.json"))
        (lot,) = read_lots(lots)
        world.acting_as("regulator").drugs.assign_prefix(world.regulator, world.maker, lot.company_prefix)
        at = {name: Goods(world.acting_as(name), lot) for name in ("maker", "wholesaler")}
        at["maker"].commission()
        until = world.chain.now() + 86_400
        pallet = "(00)103614140000000015"
        at["maker"].ship(pallet, sender=world.maker, receiver=world.wholesaler, until=until)
        at["maker"].take_back(pallet)
        at["maker"].ship(pallet, sender=world.maker, receiver=world.wholesaler, until=until)
        at["wholesaler"].refuse(pallet)
        at["maker"].ship(pallet, sender=world.maker, receiver=world.wholesaler, until=until)
        at["wholesaler"].receive(pallet)

        made = json.dumps(export_events(world.suite, [lot], identifiers=IDENTIFIERS)).encode()
        back = read_epcis(made)
        assert (back.is_valid, len(back.events)) == (True, 2 + 8 + 6)
        block = world.chain.block_number()
        report = import_events(back, world.acting_as("maker"), MAKER, lots=lots)
        assert states(report) == {"done": 14, "other": 2}
        rest = import_events(back, world.acting_as("wholesaler"), WHOLESALER, lots=lots)
        assert states(rest) == {"other": 14, "done": 2}
        assert world.chain.block_number() == block
        again = read_epcis(json.dumps(export_events(world.suite, [lot], identifiers=IDENTIFIERS)).encode())
        assert Counter(one.hash for one in again.events) == Counter(one.hash for one in back.events)


class _Stopped:
    """Stands for a journal whose process ends when it is to be written for the nth time."""

    def __init__(self, save, *, after: int) -> None:
        self.save, self.left = save, after

    def __get__(self, journal, _):
        def write():
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            self.save(journal)

        return write
