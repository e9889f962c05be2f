"""Events of goods that have left: repacking, ends, portions, discrepancies and sensors, to the chain and back."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from medtrust import samples
from medtrust.cold_chain import Reading
from medtrust.drugs import Act, Fate, Filling, Policy, State
from medtrust.event_export import export_events
from medtrust.event_import import import_events, read_lots
from medtrust.goods import Goods
from medtrust.packing import container_id
from medtrust.sandbox import ORGANISATIONS
from medtrust.standards.epcis import read_epcis
from medtrust.standards.epcis_plan import Deed
from medtrust.standards.epcis_uris import epc_uri
from medtrust.standards.gs1 import Element
from medtrust.types import name_hash
from tests.drugs_world import sscc

IDENTIFIERS = [one.identifier for one in ORGANISATIONS.values()]
GTIN, DAY = "00361414567894", 86_400
BOX = sscc(7001)
CASE, OTHER_CASE = "003614140000002012", "003614140000002029"


@pytest.fixture
def lots(tmp_path):
    return tmp_path / "lots"


@pytest.fixture
def carry(world, lots, tmp_path, monkeypatch):
    """Carry events over as the organisation of a name, after those of the sample, with the goods at the pharmacy."""
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
    world.acting_as("regulator").drugs.assign_prefix(world.regulator, world.maker, "0361414")

    def run(name: str, *events):
        whole = json.loads(samples.read("events.jsonld"))
        if events:
            whole["epcisBody"]["eventList"] = list(events)
        document = read_epcis(json.dumps(whole).encode())
        assert document.is_valid, document.problems
        return import_events(document, world.acting_as(name), ORGANISATIONS[name].identifier, lots=lots)

    for name in ("maker", "wholesaler", "pharmacy"):
        run(name)
    return run


@pytest.fixture
def goods(world, lots, carry):
    (lot,) = read_lots(lots)
    return lambda name: Goods(world.acting_as(name), lot)


def event(kind: str, step: str, time: str, by: str, **more) -> dict:
    gln = ORGANISATIONS[by].identifier.removeprefix("urn:gs1:gln:")
    place = {"id": epc_uri((Element("414", gln),))}
    head = {"type": kind, "eventTime": f"2026-11-{time}:00:00Z", "eventTimeZoneOffset": "+00:00", "readPoint": place}
    return {**head, "bizStep": step, "action": "OBSERVE", **more}


def container(number: str) -> str:
    return epc_uri((Element("00", number),))


def pack(serial: str) -> str:
    return epc_uri((Element("01", GTIN), Element("21", serial)))


def outcomes(report) -> list[tuple[Deed, str]]:
    return [(one.deed, one.state) for one in report.outcomes]


def back_from(world, lots):
    found = read_epcis(json.dumps(export_events(world.suite, read_lots(lots), identifiers=IDENTIFIERS)).encode())
    assert found.is_valid, found.problems
    return found


class TestRepacking:
    """
    given packs put into a new box, the box shipped, a pack taken out -> done, each event in one transaction
      the same again                       -> known; declared an error, unpacked
      the events                           -> come back with equal hashes
    given what the maker packed anyway     -> noted
    given a container without an SSCC, or nothing that has a number -> noted
    """

    def test_goes_to_the_chain_and_back(self, world, carry, goods, lots):
        packed = event("AggregationEvent", "packing", "10T08", "pharmacy", action="ADD")
        packed |= {"parentID": container(BOX), "childEPCs": [pack("EV00002"), pack("EV00003")]}
        to = {"type": "possessing_party", "destination": epc_uri((Element("417", "0614141000029"),))}
        shipped = event("ObjectEvent", "shipping", "11T08", "pharmacy", epcList=[container(BOX)], destinationList=[to])
        report = carry("pharmacy", packed, shipped)
        assert outcomes(report) == [(Deed.PACK, "done"), (Deed.SHIP, "done")]
        assert len(report.outcomes[0].transactions) == 1
        goods("hospital").receive(f"(00){BOX}")
        out = {**packed, "eventTime": "2026-11-12T08:00:00Z", "action": "DELETE", "bizStep": "unpacking"}
        out |= {"childEPCs": [pack("EV00002")], "readPoint": {"id": epc_uri((Element("414", "0614141000029"),))}}
        assert outcomes(carry("hospital", out)) == [(Deed.UNPACK, "done")]
        unit = goods("hospital").item(pack("EV00002"))
        assert world.suite.drugs.custody_of(unit.lot, unit.unit).is_held_by(world.hospital)
        assert outcomes(carry("pharmacy", packed, shipped)) == [(Deed.PACK, "known"), (Deed.SHIP, "known")]
        sent = read_epcis(json.dumps(_document(packed, shipped, out)).encode())
        assert Counter(one.hash for one in sent.events) <= Counter(one.hash for one in back_from(world, lots).events)

    def test_is_unpacked_when_it_was_an_error(self, world, carry, goods):
        packed = event("AggregationEvent", "packing", "10T08", "pharmacy", action="ADD")
        packed |= {"parentID": container(BOX), "childEPCs": [pack("EV00002"), pack("EV00003")]}
        carry("pharmacy", packed)
        wrong = {**packed, "errorDeclaration": {"declarationTime": "2026-11-13T08:00:00Z", "reason": "did_not_occur"}}
        assert outcomes(carry("pharmacy", wrong)) == [(Deed.VOID, "voided")]
        assert [one.act for one in goods("pharmacy").trace(pack("EV00002"))][-2:] == [Act.PACKED, Act.UNPACKED]

    def test_notes_what_the_chain_knows_or_cannot_keep(self, carry):
        again = event("AggregationEvent", "packing", "10T08", "maker", action="ADD", parentID=container(CASE))
        again["childEPCs"] = [pack("EV00001")]
        strange = {**again, "parentID": "urn:x:crate:1", "eventTime": "2026-11-10T09:00:00Z"}
        counted = {**again, "eventTime": "2026-11-10T10:00:00Z", "childEPCs": None}
        counted["childQuantityList"] = [{"epcClass": epc_uri((Element("01", GTIN), Element("10", "A"))), "quantity": 2}]
        del counted["childEPCs"]
        report = carry("maker", again, strange, counted)
        assert outcomes(report) == [(Deed.NOTE, "noted")] * 3
        assert [one.reason for one in report.outcomes] == [
            "the file of the lot says what its maker packed",
            "its container has no SSCC",
            "it names nothing that was packed",
        ]


def _document(*events) -> dict:
    whole = json.loads(samples.read("events.jsonld"))
    whole["epcisBody"]["eventList"] = list(events)
    return whole


class TestEnds:
    """
    given goods destroyed, stolen, exported, decommissioned -> ended so; known again; not undone by a declaration
    given a part of a pack dispensed, with how much of it   -> opened; without it, noted
    """

    def test_ends_goods(self, world, carry, goods):
        ways = [
            ("destroying", "destroyed", Deed.DESTROY, State.DESTROYED, "pharmacy", pack("EV00002")),
            ("stock_taking", "stolen", Deed.STEAL, State.STOLEN, "pharmacy", pack("EV00003")),
            ("shipping", "urn:medtrust:disp:exported", Deed.EXPORT, State.EXPORTED, "pharmacy", pack("EV00004")),
            ("decommissioning", "inactive", Deed.DESTROY, State.DESTROYED, "wholesaler", container(OTHER_CASE)),
        ]
        for step, disposition, deed, state, by, unit in ways:
            ended = event("ObjectEvent", step, "10T08", by, epcList=[unit], disposition=disposition)
            assert outcomes(carry(by, ended)) == [(deed, "done")]
            item = goods(by).item(unit)
            assert world.suite.drugs.custody_of(item.lot, item.unit).state is state
            assert outcomes(carry(by, ended)) == [(deed, "known")]
            declared = {"declarationTime": "2026-11-13T08:00:00Z", "reason": "did_not_occur"}
            assert outcomes(carry(by, {**ended, "errorDeclaration": declared})) == [(Deed.VOID, "refused")]

    def test_dispenses_a_part(self, world, carry, goods):
        some = event("ObjectEvent", "dispensing", "10T08", "pharmacy", epcList=[pack("EV00004")])
        some["disposition"] = "partially_dispensed"
        assert outcomes(carry("pharmacy", some)) == [(Deed.NOTE, "noted")]
        told = {**some, "@context": {"medtrust": "urn:medtrust:epcis"}, "medtrust:portion": 10, "medtrust:whole": 30}
        assert outcomes(carry("pharmacy", told)) == [(Deed.DISPENSE, "done")]
        end = world.suite.drugs.end_of(goods("pharmacy").item(pack("EV00004")).unit)
        assert (end.fate, end.taken, end.whole) == (Fate.OPENED, 10, 30)


class TestExport:
    """
    given acts by hand of every kind -> an event for each, valid, and all of it known when it is carried over again
    given what was undone            -> the dispensing and its declaration, with one hash
    given a report of a logger       -> a sensor element with its figures
    """

    def test_writes_every_act(self, world, carry, goods, lots):
        pharmacy = goods("pharmacy")
        pharmacy.pack(f"(00){BOX}", [pack("EV00002")], packer=world.pharmacy)
        pharmacy.unpack(f"(00){BOX}", [pack("EV00002")], holder=world.pharmacy)
        pharmacy.suspect(world.pharmacy, pack("EV00002"))
        goods("maker").resolve(world.maker, pack("EV00002"), is_cleared=True, justification=name_hash("looked into"))
        pharmacy.dispense(pack("EV00003"), pharmacy=world.pharmacy, filling=Filling(portion=1, whole=2))
        pharmacy.undo(pack("EV00003"), pharmacy=world.pharmacy)
        pharmacy.end(pack("EV00004"), State.DESTROYED, organisation=world.pharmacy)
        until = world.chain.now() + DAY
        goods("wholesaler").ship(f"(00){OTHER_CASE}", sender=world.wholesaler, receiver=world.clinic, until=until)
        goods("clinic").receive(f"(00){OTHER_CASE}", missing=[pack("EV00005")])
        made = back_from(world, lots).events[10:]
        told = [(one.fields["bizStep"], one.fields["disposition"]) for one in made]
        assert told == [
            ("packing", "in_progress"),
            ("unpacking", "in_progress"),
            ("holding", "non_sellable_other"),
            ("inspecting", "sellable_not_accessible"),
            ("dispensing", "partially_dispensed"),
            ("dispensing", "partially_dispensed"),
            ("destroying", "destroyed"),
            ("shipping", "in_transit"),
            ("inspecting", "mismatch_quantity"),
            ("receiving", "in_progress"),
        ]
        assert made[4].hash == made[5].hash
        assert [one.is_declared_wrong for one in made[4:6]] == [False, True]
        block = world.chain.block_number()
        for name in ("pharmacy", "wholesaler", "clinic", "maker"):
            document = back_from(world, lots)
            report = import_events(document, world.acting_as(name), ORGANISATIONS[name].identifier, lots=lots)
            assert report.is_complete
        assert world.chain.block_number() == block

    def test_writes_what_a_logger_reported(self, world, carry, lots):
        (lots / "cold.json").write_bytes(samples.read("cold_lot.json"))
        cold = next(lot for lot in read_lots(lots) if lot.lot_number == "CV2026C")
        maker, wholesaler = (Goods(world.acting_as(name), cold) for name in ("maker", "wholesaler"))
        maker.change_policy(Policy(200, 800, 800, 600, 900, DAY))
        maker.commission()
        pallet, now = "(00)103614140000003009", world.chain.now()
        readings = (Reading(now, 500), Reading(now + 1, 700))
        logger = world.account("carrier").address
        to = {"type": "possessing_party", "destination": epc_uri((Element("417", "0614141000043"),))}
        shipped = event(
            "ObjectEvent", "shipping", "11T08", "maker", epcList=[container(pallet[4:])], destinationList=[to]
        )
        device = {"sensorMetadata": {"deviceID": f"urn:medtrust:logger:{logger}"}}
        device["sensorReport"] = [{"type": "gs1:Temperature", "value": 5, "uom": "CEL", "time": "2026-11-11T08:00:00Z"}]
        assert outcomes(carry("maker", shipped)) == [(Deed.SHIP, "refused")]
        assert outcomes(carry("maker", {**shipped, "sensorElementList": [device]})) == [(Deed.SHIP, "done")]
        wholesaler.receive(pallet)
        summary, _ = wholesaler.report(pallet, readings, logger=Goods(world.acting_as("carrier"), cold))
        fields = back_from(world, lots).events[-1].fields
        (report,) = fields["sensorElementList"][0]["sensorReport"]
        assert (fields["bizStep"], fields["disposition"]) == ("sensor_reporting", "conformant")
        assert (str(report["minValue"]), str(report["maxValue"])) == ("5", "7")
        assert report["{urn:medtrust:epcis}readingsRoot"] == "0x" + summary.root.hex()
        assert fields["sensorElementList"][0]["sensorMetadata"]["deviceID"] == f"urn:medtrust:logger:{logger}"
        assert container_id(pallet.removeprefix("(00)")) == wholesaler.item(pallet).unit
