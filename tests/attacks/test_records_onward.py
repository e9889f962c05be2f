"""Attacks on records by consents that stand on others: each twin is the contract or the module without one defence."""

from __future__ import annotations

from collections.abc import Sequence

from medtrust.consent import DataClass, SignedConsent
from medtrust.record_service import RecordService
from medtrust.record_wire import Ticket
from medtrust.types import ZERO_HASH
from medtrust.vault import HeldRecord
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.python_twin import module, off_chain
from tests.attacks.sealed_records import NEXT, hospital
from tests.hospitals import ask, revoke, sign_consent, sign_line, use_for
from tests.world import World

ATTACKS: list[Attack] = []
attack = attacks_on("ConsentRegistry", ATTACKS)

COVERAGE = "contracts/libraries/Coverage.sol"


class TestAttacks(AttackTests):
    pass


def take_ticket(
    world: World, service: RecordService, held: HeldRecord, receipt: SignedConsent, under: Sequence[SignedConsent]
) -> Ticket:
    """Show a line as the clinic, and record the use that the ticket names."""
    ticket = service.ticket(ask(world, service, held.record, receipt, under=under))
    use_for(world, receipt, ticket)
    return ticket


def read(
    world: World, service: RecordService, held: HeldRecord, receipt: SignedConsent, under: Sequence[SignedConsent]
) -> None:
    """Read a record by a line: the damage is that it comes."""
    ticket = take_ticket(world, service, held, receipt, under)
    assert service.release(ask(world, service, held.record, receipt, ticket=ticket.number, under=under)).blob


# What the line must be


@attack(
    "service-line-swapped-parent",
    defence="a consent names the one on which it stands",
    blocked_by="PARENT",
    file=COVERAGE,
    patch=[(" && child.terms.parent == Statements.consentInLine(place - 1)", "")],
)
@off_chain
def swap_the_parent(world: World) -> None:
    """Show, in place of the consent that the patient revoked, another one that is shared onward."""
    with hospital(world) as (keeper, held):
        (first,), receipt = sign_line(world)
        revoke(world, first)
        other = sign_consent(
            world,
            terms={"onward": True, "salt": b"\x44" * 32},
            access_from=first.consent.access_from,
            access_until=first.consent.access_until,
        )
        read(world, RecordService(keeper), held, receipt, [other])


@attack(
    "service-line-wider-child",
    defence="a consent gives no more than the one on which it stands",
    blocked_by="WIDER",
    file=COVERAGE,
    patch=[
        (
            "return isWithin(child, parent) ? IConsentRegistry.Reason.NONE : IConsentRegistry.Reason.WIDER;",
            "return IConsentRegistry.Reason.NONE;",
        )
    ],
)
@off_chain
def widen_the_child(world: World) -> None:
    """Read genetics by a consent that stands on one for laboratory results."""
    with hospital(world, DataClass.GENETICS) as (keeper, held):
        (first,), _ = sign_line(world)
        terms = {"parent": first.id, "data_classes": DataClass.LABORATORY | DataClass.GENETICS}
        window = {"access_from": first.consent.access_from, "access_until": first.consent.access_until}
        read(world, RecordService(keeper), held, sign_consent(world, terms=terms, **window), [first])


@attack(
    "service-line-too-long",
    defence="at most 4 consents stand on each other",
    blocked_by="LINE",
    file=COVERAGE,
    patch=[("return length != 0 && length <= _MAX_LINE &&", "return length != 0 &&")],
)
@off_chain
def show_five(world: World) -> None:
    """Read by the fifth consent of a line."""
    with hospital(world) as (keeper, held):
        under, receipt = sign_line(world, 5)
        read(world, RecordService(keeper), held, receipt, under)


@attack(
    "service-line-child-alone",
    defence="a consent that stands on another is not honoured alone",
    blocked_by="PARENT",
    file=COVERAGE,
    patch=[("!isAlone", "false")],
)
@off_chain
def show_the_child_alone(world: World) -> None:
    """Leave out the consent that the patient revoked, and show the one that stood on it."""
    with hospital(world) as (keeper, held):
        (first,), receipt = sign_line(world)
        revoke(world, first)
        read(world, RecordService(keeper), held, receipt, [])


# What the service and the custodian do with it


@attack("service-line-unread", defence="the service has the whole line judged", blocked_by="REVOKED")
@off_chain
def hide_behind_the_last(world: World) -> None:
    """Show a line whose first consent was revoked, to a service that takes a line for judged."""
    with hospital(world) as (keeper, held):
        under, receipt = sign_line(world, 3)
        revoke(world, under[0])
        patch = (
            "return registry.check_line([one.consent for one in asked.line], request, signatures=signatures)",
            "return Verdict(Decision.PERMIT, Reason.NONE), len(asked.under)",
        )
        service = module(world, "record_service", patch).RecordService(keeper)
        read(world, service, held, receipt, under)


@attack("service-line-revoked-meanwhile", defence="the line is judged again at release", blocked_by="REVOKED")
@off_chain
def redeem_after_the_parent(world: World) -> None:
    """Record a use, wait until the patient revokes the consent below, and redeem the ticket."""
    with hospital(world) as (keeper, held):
        patch = ("        self._check_again(asked, request)\n", "")
        service = module(world, "record_service", patch).RecordService(keeper)
        under, receipt = sign_line(world)
        ticket = take_ticket(world, service, held, receipt, under)
        revoke(world, under[0])
        assert service.release(ask(world, service, held.record, receipt, ticket=ticket.number, under=under)).blob


@attack("service-line-parent-used-up", defence="the use that is excused is that of the last", blocked_by="USES")
@off_chain
def outlive_the_uses_of_the_parent(world: World) -> None:
    """Redeem a ticket after the consent below was used as often as it may be."""
    with hospital(world) as (keeper, held):
        patch = (" or place < len(asked.under):", ":")
        service = module(world, "record_service", patch).RecordService(keeper)
        under, receipt = sign_line(world, max_uses=1)
        ticket = take_ticket(world, service, held, receipt, under)
        pharmacy = world.acting_as("pharmacy").consent
        pharmacy.grant_by_sig(under[0])
        pharmacy.use(under[0].consent, ZERO_HASH)
        assert service.release(ask(world, service, held.record, receipt, ticket=ticket.number, under=under)).blob


@attack("custodian-forgets-the-parent", defence="a reader goes with each consent it reads by", blocked_by="epoch 1")
@off_chain
def store_for_an_orphan(world: World) -> None:
    """Revoke the consent below, and find that the next version is made for its child as well."""
    with hospital(world) as (keeper, held):
        under, receipt = sign_line(world)
        read(world, RecordService(keeper), held, receipt, under)
        revoke(world, under[0])
        twin = module(world, "custodian", ("for basis in reader.bases)", "for basis in reader.bases[-1:])"))
        careless = twin.Custodian(keeper.suite, keeper.organisation, keeper.vault, keeper.blobs, keeper.key)
        epoch = careless.anchor(careless.store_next(held.record, NEXT).record).newest.version.epoch
        if epoch:
            raise Blocked(f"epoch {epoch}")
