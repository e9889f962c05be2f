"""Attacks on the service that hands out keys, and on its storage: each twin is the module without its one defence."""

from __future__ import annotations

from dataclasses import replace

from medtrust import record_service
from medtrust.blobs import fetch
from medtrust.consent import Confidentiality, DataClass, Purpose
from medtrust.custodian import Custodian
from medtrust.envelope import open_sealed, read_header
from medtrust.record_service import CHALLENGE_SECONDS, TICKET_SECONDS, RecordService
from medtrust.record_wire import Release
from medtrust.types import ZERO_HASH
from medtrust.wrapping import PrivateKey, unwrap
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.python_twin import module, off_chain
from tests.attacks.sealed_records import NEXT, hospital
from tests.hospitals import CONTENT, READER_KEY, ask, hold, sign_consent, use_for
from tests.world import FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("", ATTACKS)


class TestAttacks(AttackTests):
    pass


def service_of(world: World, keeper: Custodian, *patch: tuple[str, str], **more: object) -> RecordService:
    return module(world, "record_service", *patch).RecordService(keeper, **more)


def opened(release: Release, key: PrivateKey, reader: bytes) -> bytes:
    """What a reader makes of a release."""
    data_key = unwrap(read_header(release.blob), release.key, reader, key)
    return open_sealed(release.blob, data_key, read_header(release.blob).place)


@attack("service-ask-replayed", defence="a challenge is answered once", blocked_by="Challenge")
@off_chain
def replay_an_ask(world: World) -> None:
    """Listen to a request and send it again."""
    with hospital(world) as (keeper, held):
        service = service_of(world, keeper, ("if expiry < now or nonce in self._answered:", "if expiry < now:"))
        asked = ask(world, service, held.record, sign_consent(world))
        service.ticket(asked)
        assert service.ticket(asked).number


@attack("service-ask-kept", defence="a challenge is answered soon", blocked_by="Challenge")
@off_chain
def keep_an_ask(world: World) -> None:
    """Steal a signed request from a machine, and use it a day later."""
    now = [1_000_000_000.0]
    with hospital(world) as (keeper, held):
        patch = ("if expiry < now or nonce in self._answered:", "if nonce in self._answered:")
        service = service_of(world, keeper, patch, clock=lambda: now[0])
        asked = ask(world, service, held.record, sign_consent(world))
        now[0] += CHALLENGE_SECONDS + 86_400
        assert service.ticket(asked).number


@attack("service-challenge-made-up", defence="a challenge carries a keyed hash of the service", blocked_by="Challenge")
@off_chain
def make_a_challenge_up(world: World) -> None:
    """Let an actor sign a challenge that lasts for ever, once, on a false site."""
    with hospital(world) as (keeper, held):
        service = service_of(
            world, keeper, ("if not hmac.compare_digest(self._stamp(nonce[:16]), nonce):", "if False:")
        )
        nonce = (2**63).to_bytes(8, "big") + bytes(24)
        assert service.ticket(ask(world, service, held.record, sign_consent(world), nonce=nonce)).number


@attack("service-actor-claimed", defence="the actor has signed", blocked_by="Signature")
@off_chain
def claim_to_be_an_actor(world: World) -> None:
    """Come by a receipt, name the actor of the clinic, and sign by oneself."""
    with hospital(world) as (keeper, held):
        service = service_of(world, keeper, ("if signer != ask.actor:", "if False:"))
        asked = ask(world, service, held.record, sign_consent(world), signer=world.account("attacker"))
        assert service.ticket(asked).number


@attack("service-ask-passed-on", defence="a request names its addressee", blocked_by="AnotherAddressee")
@off_chain
def pass_an_ask_on(world: World) -> None:
    """As one hospital, pass on to another what was signed for oneself, and so get at its records."""
    with hospital(world) as (keeper, held):
        service = service_of(world, keeper, ("if ask.custodian != self.custodian.organisation:", "if False:"))
        asked = ask(world, service, held.record, sign_consent(world), custodian=world.clinic)
        assert service.ticket(asked).number


@attack("service-record-of-another-patient", defence="a consent opens records of its patient", blocked_by="NotHeld")
@off_chain
def read_another_patient(world: World) -> None:
    """Give a consent for oneself, and read the record of somebody else by it."""
    with hospital(world) as (keeper, _):
        service = service_of(world, keeper, ("if held.newest is None or is_another:", "if held.newest is None:"))
        other = hold(world, keeper, patient=world.account("doctor").address)
        assert service.ticket(ask(world, service, other.record, sign_consent(world))).number


@attack("service-key-swapped", defence="keys go to the published key alone", blocked_by="EncryptionKey")
@off_chain
def swap_the_key(world: World) -> None:
    """Between the clinic and the service, put one's own key in the place of the clinic's."""
    with hospital(world) as (keeper, held):
        patch = (" or {asked.public.fingerprint, asked.ask.key} != {published}", "")
        service, receipt, mine = service_of(world, keeper, patch), sign_consent(world), PrivateKey.generate()
        ticket = service.ticket(ask(world, service, held.record, receipt))
        use_for(world, receipt, ticket)
        asked = ask(world, service, held.record, receipt, ticket=ticket.number, public=mine.public)
        assert opened(service.release(asked), mine, world.clinic) == CONTENT


@attack("service-class-claimed", defence="the class is that of the data, not of the request", blocked_by="DATA_CLASS")
@off_chain
def claim_another_class(world: World) -> None:
    """Ask for a genetic finding as if it were a laboratory result."""
    with hospital(world) as (keeper, _):
        service = service_of(world, keeper, ("data_class=held.data_class, sensitivity", "sensitivity"))
        finding = hold(world, keeper, data_class=DataClass.GENETICS)
        asked = ask(world, service, finding.record, sign_consent(world), data_class=DataClass.LABORATORY)
        assert service.ticket(asked).number


@attack("service-label-left-out", defence="the label is that of the data", blocked_by="SENSITIVITY")
@off_chain
def read_above_the_label(world: World) -> None:
    """Read a restricted result by a consent up to normal."""
    with hospital(world) as (keeper, _):
        service = service_of(world, keeper, ("sensitivity=held.sensitivity, data_at", "data_at"))
        result = hold(world, keeper, sensitivity=Confidentiality.R)
        assert service.ticket(ask(world, service, result.record, sign_consent(world))).number


@attack("service-consent-not-asked", defence="the chain is asked before a ticket is given", blocked_by="PURPOSE")
@off_chain
def read_for_another_purpose(world: World) -> None:
    """Read for marketing what was given for treatment."""
    with hospital(world) as (keeper, held):
        patch = ("        self._require_permitted(asked, request)\n        number", "        number")
        service = service_of(world, keeper, patch)
        asked = ask(world, service, held.record, sign_consent(world), purpose=Purpose.HMARKT)
        assert service.ticket(asked).number


@attack("service-released-without-use", defence="a key is released against a use for this ticket", blocked_by="NotUsed")
@off_chain
def read_two_for_one_use(world: World) -> None:
    """Record one use, and read two records for it."""
    with hospital(world) as (keeper, held):
        patch = (
            'if (event.values["requestCommitment"], event.values["actor"]) == (commitment, asked.ask.actor):',
            "if True:",
        )
        service, receipt = service_of(world, keeper, patch), sign_consent(world, max_uses=1)
        use_for(world, receipt, service.ticket(ask(world, service, held.record, receipt)))
        second = hold(world, keeper, NEXT)
        asked = ask(world, service, second.record, receipt, ticket=bytes(32))
        assert opened(service.release(asked), READER_KEY, world.clinic) == NEXT


@attack("service-ticket-kept", defence="a ticket is redeemed soon after its use", blocked_by="TicketExpired")
@off_chain
def keep_a_ticket(world: World) -> None:
    """Record a use today, and read next week what it then says."""
    with hospital(world) as (keeper, held):
        patch = ('if event.values["usedAt"] + TICKET_SECONDS < suite.chain.now():', "if False:")
        service, receipt = service_of(world, keeper, patch), sign_consent(world)
        ticket = service.ticket(ask(world, service, held.record, receipt))
        use_for(world, receipt, ticket)
        world.chain.mine(seconds=TICKET_SECONDS + 1)
        assert service.release(ask(world, service, held.record, receipt, ticket=ticket.number)).blob


AGAIN = ("        self._check_again(asked, request)\n", "")


@attack(
    "service-revoked-meanwhile", defence="everything is judged again before a key is released", blocked_by="REVOKED"
)
@off_chain
def read_after_a_revocation(world: World) -> None:
    """Record a use, wait until the patient revokes, and redeem the ticket."""
    with hospital(world) as (keeper, held):
        service, receipt = service_of(world, keeper, AGAIN), sign_consent(world)
        ticket = service.ticket(ask(world, service, held.record, receipt))
        use_for(world, receipt, ticket)
        patient, deadline = world.acting_as(world.patient).consent, FAR
        signature = patient.sign_revoke(receipt.id, deadline=deadline)
        relay = world.acting_as("relayer").consent
        relay.revoke_by_sig(world.patient.address, receipt.id, signature, deadline=deadline)
        assert service.release(ask(world, service, held.record, receipt, ticket=ticket.number)).blob


@attack("service-actor-dismissed", defence="who acts is asked again, also for a used-up consent", blocked_by="ACTOR")
@off_chain
def read_after_dismissal(world: World) -> None:
    """Spend the last use, be dismissed, and redeem the ticket."""
    with hospital(world) as (keeper, held):
        service, receipt = service_of(world, keeper, AGAIN), sign_consent(world, max_uses=1)
        ticket = service.ticket(ask(world, service, held.record, receipt))
        use_for(world, receipt, ticket)
        world.acting_as("clinic").accreditation.remove_signer(world.clinic, world.account("clinic").address)
        world.chain.mine(seconds=1)
        assert service.release(ask(world, service, held.record, receipt, ticket=ticket.number)).blob


@attack("service-glass-broken-by-anyone", defence="an emergency session is asked for", blocked_by="NoEmergency")
@off_chain
def break_the_glass_without_a_session(world: World) -> None:
    """Show neither a consent nor a session."""
    with hospital(world) as (keeper, held):
        patch = ("or not self._emergency(session, patient, request):", ":")
        service = service_of(world, keeper, patch, emergency=lambda *_: False)
        asked = replace(ask(world, service, held.record, sign_consent(world), consent=ZERO_HASH), receipt=None)
        assert opened(service.break_glass(asked), READER_KEY, world.clinic) == CONTENT


@attack("service-ticket-without-consent", defence="a ticket needs a consent that is shown", blocked_by="NoConsent")
@off_chain
def ask_without_a_consent(world: World) -> None:
    """Leave the consent out of a request, which is only lawful in an emergency."""
    with hospital(world) as (keeper, held):
        patch = ("        self._require_permitted(asked, request)\n        number", "        number")
        service = service_of(world, keeper, patch)
        asked = replace(ask(world, service, held.record, sign_consent(world), consent=ZERO_HASH), receipt=None)
        assert service.ticket(asked).number


@attack("service-searched-without-consent", defence="what is not covered is not found", blocked_by="nothing found")
@off_chain
def search_what_is_hidden(world: World) -> None:
    """Find out by a search that there is a restricted result."""
    with hospital(world) as (keeper, held):
        patch = ("if self._verdict(asked, self._request(asked, held))[0].is_permitted:", "if True:")
        service = service_of(world, keeper, patch)
        hold(world, keeper, sensitivity=Confidentiality.V)
        asked = ask(world, service, ZERO_HASH, sign_consent(world), data_class=DataClass.LABORATORY)
        if [one.record for one in service.find(asked)] == [held.record]:
            raise Blocked("nothing found")


@attack("storage-that-lies", defence="what a store returns is held against its digest", blocked_by="BlobAltered")
@off_chain
def lie_as_the_storage(world: World) -> None:
    """As the storage, return something else, for which a reader spends a use of its consent."""
    with hospital(world) as (keeper, held):
        service, receipt = RecordService(keeper), sign_consent(world)
        ticket = service.ticket(ask(world, service, held.record, receipt))
        use_for(world, receipt, ticket)
        whole = fetch(keeper.blobs, held.newest.blob)
        lie = whole[:-1] + bytes((whole[-1] ^ 1,))
        keeper.blobs.get = lambda _: lie
        twin = module(world, "blobs", ("if sha256(content).hexdigest() != blob.digest:", "if False:"))
        known, record_service.fetch = record_service.fetch, twin.fetch
        try:
            asked = ask(world, service, held.record, receipt, ticket=ticket.number)
            assert service.release(asked).blob == lie
        finally:
            record_service.fetch = known
