"""The country of `make bench` on little: contract and model come to the same, and what differs is found."""

from __future__ import annotations

import sys

import pytest

from medtrust.bench.country import Country, Sizes, bench_country
from medtrust.bench.market import Trader
from medtrust.bench.shelves import Box, Shelves
from medtrust.bench.trade import Trade
from medtrust.drug_types import State
from medtrust.errors import ToolMissing

pytest.importorskip("pyrevm", reason="pyrevm has no wheel for this Python")

LITTLE = Sizes(packs=3_000, makers=3, wholesalers=5, pharmacies=20, clones=20, recalls=1, seed=8)
LESS = Sizes(packs=200, makers=1, wholesalers=2, pharmacies=3, clones=2, recalls=0)


def quiet(_: str) -> None:
    """Say nothing."""


class TestCountry:
    """
    given a seed          -> contract and model agree on every pack; every copy is refused, nothing recalled dispensed
    given the same seed   -> the same country, transaction by transaction, looked up by one process or by two
    given no EVM          -> ToolMissing says what is missing
    """

    def test_lives_and_agrees_pack_by_pack(self):
        found = {figure.what.strip(): figure.value for figure in bench_country(LITTLE, 1, quiet)}
        assert found["copies refused"] == LITTLE.clones
        assert sum(value for what, value in found.items() if what.startswith("in the end ")) == LITTLE.packs
        for what in (
            "copies dispensed beside their original",
            "recalled packs dispensed after the block",
            "packs that are elsewhere than in the model",
        ):
            assert found[what] == 0
        for what in (
            "refused: LotRecalled",
            "refused: AlreadyDispensed",
            "refused: NotInCustody",
            "in the end DISPENSED",
        ):
            assert found[what] > 0

    def test_is_the_same_for_the_same_seed(self):
        first, again = (Country(LESS) for _ in range(2))
        for country in (first, again):
            country.live(quiet)
        assert (first.market.host.sent, first.market.host.gas) == (again.market.host.sent, again.market.host.gas)
        assert first.check(1) == again.check(2)

    def test_says_what_is_missing(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyrevm", None)
        with pytest.raises(ToolMissing) as caught:
            Country(LESS)
        assert "pyrevm" in str(caught.value)


def live(sizes: Sizes) -> None:
    """Live through a country and look at every pack."""
    country = Country(sizes)
    country.live(quiet)
    country.check(1)


class TestTeeth:
    """
    given a model that has one pack elsewhere   -> found at the end, with lot and pack
    given a model that forgets what was sold    -> found when it is to be sold again
    given a model that forgets a recall         -> found at the first act that is refused
    given a model that forgets thefts           -> found when somebody ships what was stolen
    """

    def test_finds_a_pack_that_is_elsewhere(self):
        country = Country(LESS)
        country.live(quiet)
        place = next(at for at, state in enumerate(country.lots[0].states) if state == State.HELD)
        country.lots[0].holders[place] ^= 1
        with pytest.raises(AssertionError, match=f"lot 0, pack {place}: the contract says"):
            country.check(1)

    def test_finds_a_model_that_forgets_what_was_sold(self, monkeypatch):
        monkeypatch.setattr(Shelves, "may_dispense", lambda shelves, pack, pharmacy: None)
        with pytest.raises(AssertionError, match=r"dispense: the contract says \w+, the model done"):
            live(LESS)

    def test_finds_a_model_that_forgets_a_recall(self, monkeypatch):
        monkeypatch.setattr(Trade, "_recalled", lambda trade, shelves: None)
        with pytest.raises(AssertionError, match="the contract says LotRecalled, the model done"):
            live(LITTLE)

    def test_finds_a_model_that_forgets_thefts(self, monkeypatch):
        move = Shelves.move

        def forget(shelves: Shelves, box: Box, holder: Trader, state: State) -> None:
            move(shelves, box, holder, State.HELD if state is State.STOLEN else state)

        monkeypatch.setattr(Shelves, "move", forget)
        with pytest.raises(AssertionError, match="ship: the contract says NotInCustody, the model done"):
            live(LITTLE)
