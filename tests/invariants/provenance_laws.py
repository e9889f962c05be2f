"""What holds of medicines whatever happens, by what the contract answers and tells, whatever the model says."""

from __future__ import annotations

from medtrust.cold_chain import Summary
from medtrust.types import ZERO_ADDRESS, ZERO_HASH
from tests.invariants.accreditation_model import Told
from tests.invariants.provenance_checks import mark_of
from tests.invariants.provenance_model import CARRIER, DAY, MAX_DEPTH, NO_END, At, Offer, Standing, Unit, mark
from tests.invariants.provenance_people import ACCOUNTS, HOUSES, LOTS, NAMES, PACKED
from tests.invariants.provenance_replay import Replay
from tests.invariants.provenance_rules import Provenance

FINAL = (At.ILLEGITIMATE, At.STOLEN, At.EXPORTED, At.DESTROYED)
GIVING_BACK = ("ShipmentRefused", "ShipmentTakenBack", "MissingReported")


Answer = tuple[int, bytes, int]
"""The state of a unit, the mark of its custodian, and what else there is to tell."""

NO_REPORT = Summary(ZERO_HASH, *(0,) * 8)

MOVING = {"UnitShipped", "UnitReceived", "MissingReported", "UnitPacked", "UnitUnpacked", "UnitEnded"}
"""What gives a unit a state of its own; whoever is not free to trade in it may not."""


class Lawful(Provenance):
    """After every act the contract answers as the model does, and what it answers is lawful."""

    def __init__(self) -> None:
        self.answers: dict[Unit, Answer] = {}
        self.ended: dict[bytes, int] = {}
        self.given_out: dict[bytes, bytes] = {}
        self.carried: set[Unit] = set()
        super().__init__()

    def check(self, told: list[Told]) -> None:
        self._check_carriers(told)
        self._check_once(told)
        told_of = {values["lot"] for _, values in told if "lot" in values}
        lots = {lot for one in told_of for lot in self.model.state.lots_of(one)} & set(PACKED)
        for lot in lots:
            assert self.contract.call("lotStatus", lot) == self.model.state.standing(lot, self.host.now)
        for unit in [unit for lot in (*sorted(lots), *self.model.state.mixes) for unit in self.units(lot)]:
            before, found = self.answers.get(unit), self.answer(unit)
            assert found == self.expected(unit)
            self._check_custody(unit, before, found, told)
            self._note_carried(unit, before, found, {name for name, _ in told})
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
        if before[0] in (At.IN_TRANSIT, At.AWAITING) and state == At.HELD:
            is_cold = self.offers[before[2].to_bytes(32, "big")].logger != ZERO_ADDRESS
            is_reported = any(values.get("state") == At.HELD for name, values in told if name == "ReadingsReported")
            assert is_reported or not is_cold, "cold goods are free without a report"
        if custodian not in (bytes(16), before[1]):
            accepted = {mark(values["to"]) for name, values in told if name in ("UnitReceived", "ReadingsReported")}
            returned = {mark(values["from"]) for name, values in told if name in GIVING_BACK}
            assert before[0] in (At.IN_TRANSIT, At.AWAITING)
            if any(name == "SuspectFlagged" for name, _ in told):
                offer = self.offers[before[2].to_bytes(32, "big")]
                accepted = {mark(offer.sender if before[0] == At.IN_TRANSIT else offer.receiver)}
            assert custodian in accepted | returned

    def _check_carriers(self, told: list[Told]) -> None:
        """What somebody received as a carrier is carried on: he sells, packs and dispenses none of it as his own."""
        for name, values in told:
            unit = values.get("lot", b""), values.get("unit") or values.get("pack", b"")
            if unit in self.carried and name in ("UnitShipped", "UnitPacked", "PackDispensed"):
                is_carried_on = name == "UnitShipped" and Offer.shipped(values).sender_role == CARRIER
                assert is_carried_on, "a carrier trades"

    def _note_carried(self, unit: Unit, before: Answer | None, found: Answer, names: set[str]) -> None:
        """Remember what came to a carrier, until it comes elsewhere or is set free; what comes back stays so."""
        if before is None or before[0] == At.HELD or found[0] != At.HELD:
            return
        offer = self.offers.get(before[2].to_bytes(32, "big"))
        # Whether a unit came back to who sent it to himself, or arrived there, is not asked.
        is_unknown = offer is None or (offer.sender == offer.receiver and bool(names & set(GIVING_BACK)))
        if offer is not None and not is_unknown and found[1] != mark(offer.receiver):
            return
        if offer is not None and not is_unknown and offer.receiver_role == CARRIER:
            self.carried.add(unit)
        else:
            self.carried.discard(unit)

    def _check_once(self, told: list[Told]) -> None:
        """No act moves a unit twice."""
        moved = [(values["lot"], values["unit"]) for name, values in told if name in MOVING]
        assert len(moved) == len(set(moved))

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
        given_out = {values["pack"]: values["lot"] for name, values in told if name == "PackDispensed"}
        self.given_out |= given_out
        undone = {values["pack"]: values["pharmacy"] for name, values in told if name == "DispenseReversed"}
        for pack, pharmacy in undone.items():
            assert self.host.now < self.ended.pop(pack) + 10 * DAY
            state, custodian, _ = self.answer((self.given_out[pack], pack))
            is_there = state in (At.HELD, At.QUARANTINED, At.ILLEGITIMATE) and custodian == mark(pharmacy)
            assert is_there, "what left the pharmacy is whole again"
        for pack in {*given_out, *undone, *self.ended}:
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
        assert Replay(self.told).state == state
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
        self._check_nothing_waits_for_ever()

    def _check_nothing_waits_for_ever(self) -> None:
        """Once the time is over, anyone ends what waits for its receiver, or for its report."""
        self.change_accreditation("maker", 5)
        self.host.advance(30 * DAY)
        for place in list(self.model.state.places.values()):
            if place.offer is None:
                continue
            offer = self.offers[place.offer]
            if place.at is At.IN_TRANSIT:
                assert self.attempt("takeBack", ACCOUNTS["attacker"], offer)
                continue
            caller = "attacker" if self._needs_report(offer.lot) else NAMES[offer.receiver]
            assert self.attempt("report", ACCOUNTS[caller], offer, NO_REPORT, b"", told_model=("",))

    def _needs_report(self, lot: bytes) -> bool:
        """Whether any lot in a unit must still be kept cold."""
        lots = [self.model.state.lots[one] for one in self.model.state.lots_of(lot)]
        return any(one.is_cold and self.model.state.policies[one.gtin].gap for one in lots)
