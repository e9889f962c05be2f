"""Drug provenance does what its model does, whatever is tried in whatever order, by whom and when.

Invariants 9 one custodian per unit and none after its end · 10 custody changes only by the receiver's acceptance · 11
one live offer per unit · 12 nothing recalled is dispensed or accepted · 13 what is packed is a forest of at most eight
levels · 14 dispensed and destroyed are final · 31 events rebuild the state.
"""

from __future__ import annotations

import pytest

from medtrust.artifacts import load
from medtrust.errors import Reverted
from medtrust.types import ZERO_HASH
from tests.attacks.test_provenance import ATTACKS
from tests.invariants import provenance_acts as acts
from tests.invariants.accreditation_model import Told
from tests.invariants.machine import run
from tests.invariants.provenance_checks import mark_of
from tests.invariants.provenance_model import DAY, MAX_DEPTH, NO_END, At, Place, Standing, State, Unit, mark
from tests.invariants.provenance_people import HOUSES, LOTS, PACKED, TALLY
from tests.invariants.provenance_replay import Replay
from tests.invariants.provenance_rules import Provenance

FINAL = (At.ILLEGITIMATE, At.STOLEN, At.EXPORTED, At.DESTROYED)
GIVING_BACK = ("ShipmentRefused", "ShipmentTakenBack", "MissingReported")


class Lawful(Provenance):
    """After every act the contract answers as the model does, and what it answers is lawful."""

    def __init__(self) -> None:
        self.answers: dict[Unit, Answer] = {}
        self.ended: dict[bytes, int] = {}
        super().__init__()

    def check(self, told: list[Told]) -> None:
        told_of = {values["lot"] for _, values in told if "lot" in values}
        lots = {lot for one in told_of for lot in self.model.state.lots_of(one)} & set(PACKED)
        for lot in lots:
            assert self.contract.call("lotStatus", lot) == self.model.state.standing(lot, self.host.now)
        for unit in [unit for lot in (*sorted(lots), *self.model.state.mixes) for unit in self.units(lot)]:
            before, found = self.answers.get(unit), self.answer(unit)
            assert found == self.expected(unit)
            self._check_custody(unit, before, found, told)
            self.answers[unit] = found
        self._check_recall(told)
        self._check_forest()
        self._check_ends(told)

    def _check_custody(self, unit: Unit, before: Answer | None, found: Answer, told: list[Told]) -> None:
        """9, 10, 11 and 14: one custodian or one offer; a new custodian has accepted; ends stay."""
        state, custodian, detail = found
        is_underway = state in (At.IN_TRANSIT, At.AWAITING)
        assert is_underway != (custodian != bytes(16))
        assert not is_underway or detail.to_bytes(32, "big") in self.offers
        if before is None:
            return
        if before[0] in FINAL and not (before[0] == At.ILLEGITIMATE and state in FINAL):
            assert found == before
        if custodian not in (bytes(16), before[1]):
            accepted = {mark(values["to"]) for name, values in told if name in ("UnitReceived", "ReadingsReported")}
            returned = {mark(values["from"]) for name, values in told if name in GIVING_BACK}
            assert custodian in accepted | returned
            assert before[0] in (At.IN_TRANSIT, At.AWAITING)

    def _check_recall(self, told: list[Told]) -> None:
        """12: nothing of a recalled lot, however packed, is dispensed, accepted or given on its way."""
        for name, values in told:
            if name in ("PackDispensed", "UnitReceived", "UnitShipped"):
                lots = self.model.state.lots_of(values["lot"])
                assert all(self.contract.call("lotStatus", lot) != Standing.RECALLED for lot in lots)

    def _check_forest(self) -> None:
        """13: each unit that was packed has one container, and no way up is longer than eight."""
        parents = {unit: place.container for unit, place in self.model.state.places.items() if place.container}
        for unit in parents:
            height, above = 0, parents.get(unit)
            while above is not None:
                height, above = height + 1, parents.get(above)
                assert height <= MAX_DEPTH

    def _check_ends(self, told: list[Told]) -> None:
        """14: a pack that was dispensed stays so, unless its pharmacy takes it back within ten days."""
        undone = {values["pack"] for name, values in told if name == "DispenseReversed"}
        given_out = {values["pack"] for name, values in told if name == "PackDispensed"}
        for pack in undone:
            assert self.host.now < self.ended.pop(pack) + 10 * DAY
        for pack in given_out | undone | set(self.ended):
            kept = self.model.state.ends.get(pack, NO_END)
            names = ("endedAt", "by", "taken", "whole", "fills")
            told_ends = [self.contract.call("endOf", pack)[name] for name in names]
            assert told_ends == [kept.ended_at, mark_of(kept.by), kept.taken, kept.whole, kept.fills]
            assert (kept.ended_at != 0) == (pack in self.ended or pack in given_out)
            if kept.ended_at:
                self.ended[pack] = kept.ended_at

    def teardown(self) -> None:
        """31: the events alone rebuild the state, and the contract keeps just that."""
        state = self.model.state
        assert Replay(self.told, self._holder_of).state == state
        for lot, record in state.lots.items():
            kept = self.contract.call("lotOf", lot)
            assert (kept["gtin"], kept["expiresAt"], kept["commissionedAt"]) == (
                record.gtin, record.expires_at, record.commissioned_at,
            )  # fmt: skip
            assert (kept["recallClass"], kept["recallDepth"], kept["suspicion"]) == (*record.recall, record.suspicion)
            assert (kept["size"], kept["manufacturer"], kept["unitsRoot"], kept["isCold"]) == (
                record.size, record.manufacturer, record.root, record.is_cold,
            )  # fmt: skip
            assert self.contract.call("lotStatus", lot) == state.standing(lot, self.host.now)
        for mix in state.mixes:
            assert self.contract.call("lotStatus", mix) == state.standing(mix, self.host.now)
        for unit in self.all_units():
            assert self.answer(unit) == self.expected(unit)
        partners = list(HOUSES.values())
        for of in [*state.notices, (LOTS[0].id, ZERO_HASH)]:
            late = [state.is_late(of, partner, self.host.now) for partner in partners]
            assert list(self.contract.call("lateOf", *of, partners)) == late

    def _holder_of(self, state: State, unit: Unit) -> bytes | None:
        """With whom a unit is, as what is around it tells."""
        packed = PACKED.get(unit[0])
        around = [state.own((unit[0], step.unit)) for step in reversed(packed.path(unit[1]))] if packed else []
        found = [place for place in (*around, state.own(unit)) if place is not None]
        return found[0].holder if found else state.lots[unit[0]].manufacturer


Answer = tuple[int, bytes, int]

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


FOUND = {"provenance-double-dispensing", "provenance-accept-after-take-back", "provenance-late-receipt"}


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

    @pytest.mark.parametrize("attack", [one for one in ATTACKS if one.id in FOUND], ids=str)
    def test_finds_the_missing_check(self, attack, request, monkeypatch):
        monkeypatch.setattr(Lawful, "artifact", attack.twin(is_small=True))
        with pytest.raises((AssertionError, Reverted)):
            run(Lawful, request, shrink=False)

    @pytest.mark.parametrize("forget", [forget_recalls, forget_sellers, forget_undone])
    def test_finds_what_is_forgotten(self, forget, request, monkeypatch):
        forget(monkeypatch)
        with pytest.raises((AssertionError, KeyError)):
            run(Lawful, request, shrink=False)
