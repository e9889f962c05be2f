"""Movements: events as what happened, and the way of one unit among the ways of all that was around it."""

from __future__ import annotations

import pytest

from medtrust.abi import interface
from medtrust.drug_movements import ACTS, Act, Movement, movement_of, way_of
from medtrust.drug_types import State
from medtrust.drugs import DrugClient
from medtrust.types import ZERO_HASH

LOT, PALLET, CASE, PACK, BOX, MIX, CRATE, OUTER = (bytes([n]) * 32 for n in range(1, 9))
MAKER, TRADER, SHOP, OTHER = (bytes([n]) * 32 for n in range(11, 15))


def moved(place: int, act: Act, unit: bytes, by: bytes = b"", other: bytes | None = None, **more) -> Movement:
    return Movement(place, act, unit, by, other, f"0x{place}", more.pop("lot", LOT), place=(place, 0), **more)


def way(movements, units=(PALLET, CASE, PACK), lot=LOT):
    def read(lot, units):
        return [one for one in movements if one.lot == lot and one.unit in (lot, *units)]

    return [(one.place[0], one.act, one.organisation) for one in way_of(read, lot, units)]


class TestMovement:
    """
    given every event of a unit or a lot in the ABI -> it has an act, and nothing else has one
    given an event                                  -> who acted, the other side, the state, the portion, the container
    given a unit of zero                            -> the lot
    """

    def test_knows_every_event(self):
        faces = {item["name"]: item for item in interface(DrugClient.artifact).events.values()}
        about = {"lot", "pack"}
        of_goods = {name for name, item in faces.items() if about & {one["name"] for one in item["inputs"][:1]}}
        assert set(ACTS) == of_goods

    @pytest.mark.parametrize(
        ("event", "values", "expected"),
        [
            ("UnitShipped", {"from": MAKER, "to": TRADER}, {"organisation": MAKER, "other": TRADER}),
            (
                "UnitReceived",
                {"from": MAKER, "to": TRADER, "state": 2},
                {"organisation": TRADER, "state": State.AWAITING},
            ),
            ("UnitEnded", {"organisation": SHOP, "fate": 5}, {"act": Act.STOLEN, "organisation": SHOP}),
            ("UnitPacked", {"container": BOX, "mix": MIX}, {"act": Act.PACKED, "container": BOX, "organisation": b""}),
            ("SuspectFlagged", {"unit": ZERO_HASH, "organisation": SHOP}, {"unit": LOT, "act": Act.SUSPECTED}),
            ("SuspectResolved", {"organisation": SHOP, "isCleared": True}, {"act": Act.CLEARED}),
            ("SuspectResolved", {"organisation": SHOP, "isCleared": False}, {"act": Act.ILLEGITIMATE}),
            ("ReadingsReported", {"to": SHOP, "state": 3, "root": PACK}, {"state": State.QUARANTINED, "root": PACK}),
            (
                "PackDispensed",
                {"pharmacy": SHOP, "prescription": ZERO_HASH, "portion": 1, "whole": 3},
                {"portion": (1, 3), "prescriptions": ()},
            ),
        ],
    )
    def test_says_what_happened(self, event, values, expected):
        found = movement_of(event, {"lot": LOT, "unit": CASE, **values}, at=9, place=(4, 2), hash_="0x1")
        assert {name: getattr(found, name) for name in expected} == expected
        assert (found.at, found.place, found.lot, found.transaction_hash) == (9, (4, 2), LOT, "0x1")


class TestWay:
    """
    given a pallet that moved, and a case that left it -> the pallet until then, the case from then on
    given a scan of what was too much, or a dispensing -> it leaves nothing
    given packs packed into a box, in a crate          -> both boxes while it was in them, and who packed is named
    given a unit that left its box by a shipment       -> nothing of the box after that
    """

    def test_leaves_what_it_was_in(self):
        found = way(
            [
                moved(1, Act.COMMISSIONED, LOT, MAKER),
                moved(2, Act.SHIPPED, PALLET, MAKER, TRADER),
                moved(3, Act.EXTRA, CASE, TRADER, MAKER),
                moved(4, Act.RECEIVED, PALLET, TRADER, MAKER),
                moved(5, Act.SHIPPED, CASE, TRADER, SHOP),
                moved(6, Act.SHIPPED, PALLET, TRADER, OTHER),
                moved(7, Act.RECEIVED, CASE, SHOP, TRADER),
                moved(8, Act.DISPENSED, PACK, SHOP),
                moved(9, Act.RECEIVED, PALLET, OTHER, TRADER),
                moved(10, Act.SHIPPED, CASE, SHOP, OTHER),
                moved(11, Act.RECALLED, LOT, MAKER),
            ]
        )
        assert [place for place, _, _ in found] == [1, 2, 3, 4, 5, 7, 8, 10, 11]

    def test_goes_with_its_boxes(self):
        found = way(
            [
                moved(1, Act.COMMISSIONED, LOT, MAKER),
                moved(2, Act.SHIPPED, BOX, TRADER, SHOP, lot=MIX),
                moved(3, Act.PACKED, PACK, container=BOX, mix=MIX),
                moved(4, Act.PACKED, BOX, lot=MIX, container=CRATE, mix=OUTER),
                moved(5, Act.SHIPPED, CRATE, MAKER, SHOP, lot=OUTER),
                moved(6, Act.RECEIVED, CRATE, SHOP, MAKER, lot=OUTER),
                moved(7, Act.UNPACKED, BOX, lot=MIX, container=CRATE, mix=OUTER),
                moved(8, Act.SHIPPED, CRATE, SHOP, OTHER, lot=OUTER),
                moved(9, Act.UNPACKED, PACK, container=BOX, mix=MIX),
                moved(10, Act.SHIPPED, BOX, SHOP, OTHER, lot=MIX),
            ]
        )
        assert found == [
            (1, Act.COMMISSIONED, MAKER),
            (3, Act.PACKED, MAKER),
            (4, Act.PACKED, MAKER),
            (5, Act.SHIPPED, MAKER),
            (6, Act.RECEIVED, SHOP),
            (7, Act.UNPACKED, SHOP),
            (9, Act.UNPACKED, SHOP),
        ]

    def test_leaves_its_box_by_a_shipment(self):
        found = way(
            [
                moved(1, Act.PACKED, CASE, container=BOX, mix=MIX),
                moved(2, Act.SHIPPED, CASE, TRADER, SHOP),
                moved(3, Act.SHIPPED, BOX, TRADER, OTHER, lot=MIX),
            ]
        )
        assert [place for place, _, _ in found] == [1, 2]
