"""Where medicines are and who may act on them, in plain Python: what acts ask before they change anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrust.cold_chain import Summary
from medtrust.packing import Path
from medtrust.types import ZERO_HASH
from tests.invariants.accreditation_model import Refused
from tests.invariants.accreditation_model import State as Accreditation
from tests.invariants.provenance_model import (
    MANUFACTURER,
    NO_END,
    REGULATOR,
    At,
    Place,
    Policy,
    Standing,
    State,
    Unit,
    mark,
)

MAX_ITEMS = 200


class Checks:
    """Each check passes, or raises the error that the contract must give."""

    def __init__(self, accreditation: Accreditation, ways: Mapping[Unit, Path]) -> None:
        self.accreditation = accreditation
        self.ways = ways
        self.owners: dict[str, bytes] = {}
        self.state = State()

    # ---- where a unit is

    def locate(self, lot: bytes, unit: bytes, path: Path) -> Place | None:
        """Where a unit is by itself, else with the nearest unit around it, else with its maker; None if not proven."""
        own = self.state.own((lot, unit))
        if own is not None:
            return own
        if lot not in self.state.lots or not path or path != self.ways.get((lot, unit)):
            return None
        around = [self.state.own((lot, step.unit)) for step in reversed(path[:-1])]
        maker = Place(At.HELD, self.state.lots[lot].manufacturer)
        return next((place for place in around if place is not None), maker)

    def _place(self, lot: bytes, unit: bytes, path: Path) -> Place:
        place = self.locate(lot, unit, path)
        require(place is not None and unit != ZERO_HASH, "UnitNotProven", lot=lot, unit=unit)
        return place or Place(At.HELD)

    def _held(self, lot: bytes, unit: bytes, organisation: bytes, path: Path, *, may_be_carried: bool = False) -> Place:
        place = self._place(lot, unit, path)
        self._holder(unit, organisation, place, may_be_carried=may_be_carried)
        return place

    def _holder(
        self,
        unit: bytes,
        organisation: bytes,
        place: Place,
        at: Sequence[At] = (At.HELD,),
        *,
        may_be_carried: bool = False,
    ) -> None:
        """What somebody holds is his to do with as he likes, unless he carries it for another."""
        told = {"unit": unit, "organisation": organisation, "state": place.at, "custodian": mark_of(place.holder)}
        is_free = place.at in at and (may_be_carried or not place.source.is_carried)
        require(is_free and place.holder == organisation, "NotInCustody", **told)

    def _whole(self, pack: bytes) -> None:
        end = self.state.ends.get(pack, NO_END)
        require(end.ended_at == 0, "AlreadyDispensed", pack=pack, endedAt=end.ended_at)

    def _active(self, lot: bytes, now: int) -> None:
        standing = self.state.standing(lot, now)
        errors = {
            Standing.UNKNOWN: "UnknownLot",
            Standing.QUARANTINED: "LotQuarantined",
            Standing.RECALLED: "LotRecalled",
            Standing.EXPIRED: "LotExpired",
        }
        require(standing is Standing.ACTIVE, errors.get(standing, ""), lot=lot)

    # ---- who may

    def _authorised(self, organisation: bytes, caller: str, role: int, now: int) -> None:
        is_authorised = self.accreditation.is_authorised(organisation, caller, role, now)
        require(is_authorised, "NotAuthorised", organisation=organisation, signer=caller, role=role)

    def _accredited(self, organisation: bytes, role: int, now: int) -> None:
        is_accredited = self.accreditation.standing(organisation, role, now) == "ACTIVE"
        require(is_accredited, "NotAccredited", organisation=organisation, role=role)

    def _oversees(self, now: int, caller: str, organisation: bytes, lot: bytes) -> None:
        record = self.state.lots.get(lot)
        if record is not None and organisation == record.manufacturer:
            return self._authorised(organisation, caller, MANUFACTURER, now)
        self._authorised(organisation, caller, REGULATOR, now)
        mix = self.state.mixes.get(lot)
        whose = record.manufacturer if record else mix.packer if mix else ZERO_HASH
        is_home = self._is_home(organisation, whose)
        require(is_home, "ForeignRegulator", regulator=organisation, organisation=whose)
        return None

    def _is_home(self, one: bytes, other: bytes) -> bool:
        """Whether two organisations are of one jurisdiction."""
        homes = [self.accreditation.organisations.get(house) for house in (one, other)]
        return len({home.jurisdiction if home else 0 for home in homes}) == 1


def mark_of(organisation: bytes | None) -> bytes:
    return mark(organisation) if organisation else bytes(16)


def count(count: int) -> None:
    require(0 < count <= MAX_ITEMS, "InvalidCount", count=count)


def require(condition: bool, error: str, **values: Any) -> None:
    if not condition:
        raise Refused(error, **values)


def is_outside(policy: Policy, report: Summary) -> bool:
    """Whether anything that was measured is out of the range of a product."""
    return report.lowest < policy.lowest or report.highest > policy.highest


def is_within(policy: Policy, report: Summary, logged_from: int, arrived_at: int, now: int) -> bool:
    """Whether a report tells of the whole way, and of nothing that the product does not bear."""
    is_past = report.until <= now + 15 * 60
    begins, ends = report.since <= logged_from + policy.gap, report.until + policy.gap >= arrived_at
    is_dense = report.gap <= policy.gap and report.count > 0
    is_dense = is_dense and (report.count - 1) * policy.gap >= report.until - report.since
    bears = report.excursion <= policy.excursion and not (is_outside(policy, report) and report.excursion == 0)
    is_ordered = report.since <= report.until
    return is_past and begins and ends and is_ordered and is_dense and bears and report.kinetic <= policy.kinetic
