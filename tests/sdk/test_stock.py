"""Stock: a dose belongs to the one lot that fits it, and is never given to one by guess."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from medtrust import samples
from medtrust.canonical import Immunization
from medtrust.errors import InputError
from medtrust.packing import lot_id
from medtrust.stock import Stock, StockedLot

GOOD = {"gtin": "00361414567894", "lot": "MT2026A", "expiry": "2028-06-30", "ndc": "58160-0842-52", "mvx": "SKB"}
LOT = StockedLot("00361414567894", "MT2026A", "2028-06-30", "115", "SKB")
GIVEN = Immunization("0x" + "11" * 20, "cvx", "115", "2026-10-05", "completed", "MT2026A", "SKB")


@pytest.fixture
def read(tmp_path):
    """Read a stock file with this content."""

    def read_stock(content: object) -> Stock:
        path = tmp_path / "stock.json"
        path.write_text(json.dumps(content))
        return Stock.read(path)

    return read_stock


class TestRead:
    """
    given the sample                  -> its lot, with the id that the chain computes
    given NDC in any form, or CVX     -> one vaccine
    given an entry that is wrong      -> InputError with file, place in the list, found and expected
    given no list                     -> InputError
    """

    def test_reads_the_sample(self):
        with samples.path("stock.json") as path:
            found = Stock.read(path).lot_of(GIVEN)
        assert found == LOT
        assert found.id == lot_id("00361414567894", "MT2026A")

    @pytest.mark.parametrize("code", [{"ndc": "58160084252"}, {"ndc": "58160-842-52"}, {"cvx": "115", "ndc": ""}])
    def test_reads_every_form_of_a_code(self, read, code):
        assert read([{**GOOD, **code}]).lot_of(GIVEN) == LOT

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"gtin": "00361414567895"}, "[1].gtin"),
            ({"gtin": "361414567894"}, "[1].gtin"),
            ({"gtin": 361414567894}, "[1].gtin"),
            ({"lot": ""}, "[1].lot"),
            ({"lot": "x" * 21}, "[1].lot"),
            ({"expiry": "2028-13-01"}, "[1].expiry"),
            ({"mvx": "nobody"}, "[1].mvx"),
            ({"ndc": "1-2-3"}, "[1].cvx"),
            ({"ndc": ""}, "[1].cvx"),
            ({"cvx": "140"}, "[1].cvx"),
        ],
    )
    def test_names_the_entry_that_is_wrong(self, read, tmp_path, change, place):
        with pytest.raises(InputError) as caught:
            read([GOOD, {**GOOD, **change}])
        assert (caught.value.file, caught.value.place) == (str(tmp_path / "stock.json"), place)
        assert caught.value.expected

    @pytest.mark.parametrize(("content", "place"), [({}, "file"), (["lot"], "[0]")])
    def test_refuses_what_is_no_list_of_lots(self, read, content, place):
        with pytest.raises(InputError) as caught:
            read(content)
        assert caught.value.place == place


class TestLotOf:
    """
    given lot number and vaccine of the dose, and its maker or none -> the lot
    given another number, vaccine or maker                          -> none
    given a dose without a lot                                      -> none
    given the same lot twice                                        -> the lot
    given two products that fit                                     -> InputError that names both
    """

    @pytest.mark.parametrize("change", [{}, {"maker": ""}, {"lot": "mt 2026 a"}, {"expiry": ""}])
    def test_finds_the_lot(self, change):
        lot = replace(LOT, **change)
        assert Stock([lot, lot]).lot_of(GIVEN) == lot

    @pytest.mark.parametrize("change", [{"lot": "MT2026B"}, {"vaccine": "140"}, {"maker": "PMC"}])
    def test_finds_none_that_does_not_fit(self, change):
        assert Stock([replace(LOT, **change)]).lot_of(GIVEN) is None

    def test_finds_none_for_a_dose_without_a_lot(self):
        assert Stock([LOT]).lot_of(replace(GIVEN, lot="")) is None

    def test_finds_the_lot_where_the_dose_names_no_maker(self):
        assert Stock([LOT]).lot_of(replace(GIVEN, mvx="")) == LOT

    def test_does_not_guess(self):
        with pytest.raises(InputError) as caught:
            Stock([LOT, replace(LOT, gtin="00361414567887")]).lot_of(GIVEN)
        assert caught.value.found == "MT2026A of the products 00361414567894, 00361414567887"
