"""What somebody may try with goods that were stopped, with notices and with loggers."""

from __future__ import annotations

from dataclasses import replace

from medtrust.cold_chain import Summary
from medtrust.drugs import Offer, Policy, RecallClass, RecallDepth, State, Verdict, mark_of
from medtrust.packing import container_id
from medtrust.types import name_hash
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.provenance_goods import (
    COLD,
    CUSTODY,
    DAY,
    LOT,
    PALLET_ID,
    item,
    state_of,
)
from tests.drugs_world import (
    GTIN,
    assign_prefix,
    commission,
    drugs,
    offer,
    pack,
    path_of,
    scan,
    ship,
    sscc,
    stock,
)
from tests.world import World

ATTACKS: list[Attack] = []
attack = attacks_on("DrugProvenance", ATTACKS)

# Suspects and notices


@attack(
    "provenance-release-by-its-holder",
    defence="only the manufacturer or a regulator releases what is in quarantine",
    blocked_by="NotAuthorised",
    patch=[
        (
            (
                "_checkAuthorised(organisation, isManufacturer ? Roles.MANUFACTURER : Roles.REGULATOR);\n"
                "        if (!isManufacturer) _checkRegulates(organisation, manufacturer);"
            ),
            "isManufacturer;",
        )
    ],
)
def release_by_its_holder(world: World) -> None:
    stock(world)
    drugs(world, "maker").flag_suspect(world.maker, item())
    drugs(world, "pharmacy").resolve(world.pharmacy, LOT, pack(), is_cleared=True, justification=name_hash("reasons"))
    assert state_of(world, pack()) == State.HELD


@attack(
    "provenance-flag-by-a-stranger",
    defence="only its holder, its manufacturer or a regulator stops a unit",
    blocked_by="NotAuthorised",
    patch=[("        else _checkOversees(organisation, record);\n", "")],
)
def flag_by_a_stranger(world: World) -> None:
    stock(world)
    drugs(world, "hospital").flag_suspect(world.hospital, item())
    assert state_of(world, pack()) == State.QUARANTINED


@attack(
    "provenance-acknowledged-by-another",
    defence="an organisation acknowledges for itself",
    blocked_by="NotAuthorised",
    file="contracts/base/NoticeBoard.sol",
    patch=[("        _checkAuthorised(organisation, Roles.PARTICIPANT);\n", "")],
)
def acknowledged_by_another(world: World) -> None:
    stock(world)
    drugs(world, "maker").recall(world.maker, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
    drugs(world, "attacker").acknowledge(world.pharmacy, LOT)
    world.chain.travel(world.chain.now() + DAY)
    assert world.suite.drugs.late_of(LOT, bytes(32), [world.pharmacy]) == ()


# The cold chain

POLICY = Policy(lowest=200, highest=800, max_kinetic=700, max_excursion=0, max_gap=600, report_within=DAY)


def _arrived(world: World) -> Offer:
    """A cold pallet came to the wholesaler with a logger of the carrier's account, an hour after it left."""
    return _all_arrived(world, PALLET_ID)[0]


def _all_arrived(world: World, *units: bytes) -> list[Offer]:
    """Some cold units came together, with one logger."""
    assign_prefix(world)
    drugs(world, "maker").change_policy(world.maker, GTIN, POLICY, prefix_digits=7)
    commission(world)
    now, logger = world.chain.now(), world.account("carrier").address
    sent = [offer(world, unit, "maker", "wholesaler", seconds=DAY) for unit in units]
    given = [replace(one, logger=logger, logged_from=now) for one in sent]
    for one in given:
        drugs(world, "maker").ship(one, path_of(one.unit))
    world.chain.travel(now + 3_600)
    for one in given:
        drugs(world, "wholesaler").receive(one)
    return given


def _readings(world: World, given: Offer, **changes: int) -> Summary:
    until = world.chain.now()
    fine = Summary(name_hash("readings"), 61, given.logged_from, until, 300, 500, 0, 60, 400)
    return replace(fine, **changes)


def _report(world: World, given: Offer, readings: Summary, signer: str = "carrier") -> None:
    signature = drugs(world, signer).sign_report(given, readings)
    drugs(world, "wholesaler").report(given, readings, signature)
    state = state_of(world, PALLET_ID)
    if state != State.HELD:
        raise Blocked(state.name)


@attack(
    "provenance-forged-readings",
    defence="a report is signed by the logger that travelled",
    blocked_by="InvalidSignature",
    patch=[("require(isTheirs, ISignedActions.InvalidSignature(offer.logger));", "isTheirs;")],
)
def forged_readings(world: World) -> None:
    given = _arrived(world)
    _report(world, given, _readings(world, given), signer="attacker")


@attack(
    "provenance-report-of-another-offer",
    defence="a logger signs for which offer its report is",
    blocked_by="InvalidSignature",
    patch=[("ColdChain.statement(id)", "ColdChain.statement(readings.root)")],
)
def report_of_another_offer(world: World) -> None:
    """What was signed for a pallet is brought for another; without the defence the report says which it is for."""
    first, second = _all_arrived(world, PALLET_ID, container_id(sscc(2)))
    readings = replace(_readings(world, first), root=first.id)
    signature = drugs(world, "carrier").sign_report(first, readings)
    drugs(world, "wholesaler").report(second, readings, signature)
    assert state_of(world, second.unit) == State.HELD


@attack(
    "provenance-report-replayed",
    defence="a report is taken once, while its unit waits for it",
    blocked_by="OfferNotLive",
    patch=[("require(bytes32(word) == Custody.awaiting(id, arrivedAt), OfferNotLive(id));", "")],
)
def report_replayed(world: World) -> None:
    """A wholesaler brings its report again after it sold the goods: so they would be with it again."""
    given = _arrived(world)
    readings = _readings(world, given)
    _report(world, given, readings)
    logger = world.account("carrier").address
    sold = replace(offer(world, PALLET_ID, "wholesaler", "pharmacy"), logger=logger, logged_from=world.chain.now())
    drugs(world, "wholesaler").ship(sold)
    drugs(world, "wholesaler").report(given, readings, drugs(world, "carrier").sign_report(given, readings))
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.wholesaler)


def _cold(name: str, defence: str, patch: tuple[str, str], wait: int = 0, file: str = COLD, **changes: int) -> None:
    """A report that is not in order in one thing: its unit stays in quarantine."""

    def run(world: World) -> None:
        given = _arrived(world)
        readings = _readings(world, given, **changes)
        if wait:
            world.chain.travel(world.chain.now() + wait)
        _report(world, given, readings)

    attack(f"provenance-{name}", defence=defence, blocked_by="QUARANTINED", file=file, patch=[patch])(run)


_cold(
    "warm-shipment",
    "time out of range is counted against the policy",
    ("report.excursion > policy.maxExcursion || ", ""),
    excursion=60,
)
_cold(
    "kinetic-temperature",
    "the mean kinetic temperature is held against the policy",
    ("return report.kinetic <= policy.maxKinetic;", "return true;"),
    kinetic=701,
)
_cold(
    "missing-readings",
    "so few readings leave a gap that the report does not tell",
    (" || (report.count - 1) * gap < until - from", ""),
    count=3,
)
_cold("readings-with-a-gap", "a gap is held against the policy", ("report.gap > gap || ", ""), gap=601)
_cold(
    "late-report",
    "a report comes in time or not at all",
    ("isFine = isFine && !isLate;", ""),
    wait=DAY + 60,
    file="",
)
_cold(
    "future-readings",
    "readings are not ahead of the chain's clock",
    ("if (until > block.timestamp + 15 minutes) return false;", ""),
    until=1_900_000_000,
    count=2**32 - 1,
)


@attack(
    "provenance-logger-switched-off",
    defence="a report covers the way until the arrival",
    blocked_by="QUARANTINED",
    file=COLD,
    patch=[(" || until + gap < arrivedAt", "")],
)
def logger_switched_off(world: World) -> None:
    """The first ten minutes were cold."""
    given = _arrived(world)
    _report(world, given, _readings(world, given, until=given.logged_from + 600))


@attack(
    "provenance-cold-without-a-logger",
    defence="what must be kept cold travels with a logger",
    blocked_by="WrongLogger",
    file="contracts/base/Sending.sol",
    patch=[
        (
            "require(isCold ? isLogged : offer.logger == address(0), WrongLogger(offer.logger, offer.loggedFrom()));",
            "isCold = isLogged;",
        )
    ],
)
def cold_without_a_logger(world: World) -> None:
    assign_prefix(world)
    drugs(world, "maker").change_policy(world.maker, GTIN, POLICY, prefix_digits=7)
    commission(world)
    ship(world, PALLET_ID, "maker", "wholesaler")


@attack(
    "provenance-scan-of-a-stopped-pack",
    defence="a verdict tells that a pack is in quarantine",
    blocked_by="QUARANTINED",
    file=CUSTODY,
    patch=[
        (
            "return isFree ? IDrugProvenance.Verdict.OK : IDrugProvenance.Verdict.QUARANTINED;",
            "isFree;\n        return IDrugProvenance.Verdict.OK;",
        )
    ],
)
def scan_of_a_stopped_pack(world: World) -> None:
    stock(world)
    drugs(world, "maker").flag_suspect(world.maker, item())
    verdict = world.suite.drugs.verify(LOT, scan(), path_of(pack()))
    if verdict != Verdict.OK:
        raise Blocked(verdict.name)


class TestAttacks(AttackTests):
    """Each attack of the list, with the defence and without."""
