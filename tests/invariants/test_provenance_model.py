"""Drug provenance does what its model does, whatever is tried in whatever order, by whom and when.

Invariants 9 one custodian per unit and none after its end · 10 custody changes only by the receiver's acceptance · 11
one live offer per unit · 12 nothing recalled is dispensed or accepted · 13 what is packed is a forest of at most eight
levels · 14 dispensed and destroyed are final · 31 events rebuild the state.
"""

from __future__ import annotations

import pytest

from medtrust.artifacts import load
from medtrust.errors import Reverted
from tests.attacks.test_provenance import ATTACKS
from tests.attacks.test_provenance_custody import ATTACKS as LATER
from tests.invariants import provenance_acts as acts
from tests.invariants.machine import run
from tests.invariants.provenance_laws import Lawful
from tests.invariants.provenance_model import At, Place, Standing, State
from tests.invariants.provenance_people import TALLY
from tests.invariants.provenance_replay import Replay

UNSEEN = {"BadCheckDigit", "EmptyLot", "InvalidLotNumber", "InvalidPrefix", "PrefixTaken", "ReservedIdentifier"}
"""What is refused by rules that know no state; and a prefix is assigned before the machine starts."""


class TestModel:
    """
    given any acts of anyone at any times -> contract and model agree on each unit, lot, pack, event and error; every
      answer is lawful (invariants 9 to 14); the events alone rebuild the state (31)
    given all runs                        -> every act succeeds in at least 5 % of its calls; in long ones, every error
                                             arises
    """

    def test_9_10_11_12_13_14_31_contract_and_model_agree(self, request):
        run(Lawful, request, shrink=False)
        print(TALLY.report())
        assert TALLY.rare() == []
        if request.config.getoption("--steps") or request.config.getoption("--full"):
            own = {item["name"] for item in load("DrugProvenance").abi if item["type"] == "error"}
            assert own - set(TALLY.errors) - UNSEEN == set()


FOUND = {
    "provenance-double-dispensing",
    "provenance-accept-after-take-back",
    "provenance-late-receipt",
    "provenance-return-laundered-in-a-box",
    "provenance-warm-goods-taken-back",
    "provenance-flag-dodged-by-shipping",
    "provenance-missing-is-all",
}


def forget_recalls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model in which recalled lots go on."""
    real = State.standing
    is_recalled = {Standing.RECALLED: Standing.ACTIVE}
    monkeypatch.setattr(State, "standing", lambda state, *of: is_recalled.get(real(state, *of), real(state, *of)))


def forget_sellers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model in which everything that was received is on sale again."""
    monkeypatch.setattr(acts, "arrived", lambda offer, now: Place(At.HELD, offer.receiver))


def forget_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay that takes no pack back."""
    monkeypatch.setattr(Replay, "_dispense_reversed", lambda replay, values, told: None)


class TestTeeth:
    """
    given the contract without one of its checks -> the machine finds it
    given a model or a replay that forgets       -> the machine finds it
    """

    @pytest.mark.parametrize("attack", [one for one in (*ATTACKS, *LATER) if one.id in FOUND], ids=str)
    def test_finds_the_missing_check(self, attack, request, monkeypatch):
        monkeypatch.setattr(Lawful, "artifact", attack.twin(is_small=True))
        with pytest.raises((AssertionError, Reverted)):
            run(Lawful, request, shrink=False)

    @pytest.mark.parametrize("forget", [forget_recalls, forget_sellers, forget_undone])
    def test_finds_what_is_forgotten(self, forget, request, monkeypatch):
        forget(monkeypatch)
        with pytest.raises((AssertionError, KeyError)):
            run(Lawful, request, shrink=False)
