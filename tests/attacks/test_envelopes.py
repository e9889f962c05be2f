"""Attacks on envelopes, keys and the service that hands them out: each twin is the module without its one defence."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher as RawCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

from medtrust import envelope, record_service
from medtrust.blobs import fetch
from medtrust.consent import Confidentiality, DataClass, Purpose
from medtrust.custodian import Custodian
from medtrust.envelope import CHUNK, HEADER_SIZE, Cipher, Place, Sealed, commitment_of, open_sealed, read_header, seal
from medtrust.record_service import CHALLENGE_SECONDS, TICKET_SECONDS, RecordService
from medtrust.record_wire import Asked, Release
from medtrust.types import ZERO_HASH
from medtrust.vault import HeldRecord
from medtrust.wrapping import PrivateKey, unwrap, wrap
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.python_twin import module, off_chain
from tests.hospitals import CONTENT, READER_KEY, ask, custodian_of, hold, sign_consent, use_for
from tests.world import FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("", ATTACKS)

PLACE = Place(31337, "0x" + "11" * 20, b"c" * 32, b"r" * 32, 1, 0)
BLOCK = CHUNK + 16
NEXT = CONTENT.replace(b"1.50", b"9.99")
POISON = b"GIVE PENICILLIN!"


class TestAttacks(AttackTests):
    pass


# What the storage and the network can do to an envelope


@attack("envelope-old-version", defence="an envelope says which version it is", blocked_by="AnotherVersion")
@off_chain
def show_an_old_version(world: World) -> None:
    """As the storage, give the first version where the second is asked for, to a reader who has its key."""
    first = seal(PLACE, CONTENT)
    twin = module(world, "envelope", ("    _check_place(header.place, place)\n", ""))
    assert twin.open_sealed(first.blob, first.key, replace(PLACE, number=2)) == CONTENT


@attack("envelope-relabelled", defence="the header is bound to the key and to each chunk", blocked_by="WrongKey")
@off_chain
def relabel_a_version(world: World) -> None:
    """Write another number into the header, so that the first version passes for the second."""
    twin = module(
        world,
        "envelope",
        ("info=_LABEL + prefix)", "info=_LABEL)"),
        ("aead.encrypt(nonce, piece, header)", "aead.encrypt(nonce, piece, b'')"),
        ("aead.decrypt(nonce, piece, associated)", "aead.decrypt(nonce, piece, b'')"),
    )
    first = twin.seal(twin.Place(*_fields(PLACE)), CONTENT)
    second = twin.Place(*_fields(replace(PLACE, number=2)))
    relabelled = first.blob[:5] + second.to_bytes() + first.blob[105:]
    assert twin.open_sealed(relabelled, first.key, second) == CONTENT


@attack("envelope-broken-suite", defence="the key is derived for one cipher alone", blocked_by="WrongKey")
@off_chain
def move_to_a_broken_cipher(world: World) -> None:
    """Suppose that the second cipher is broken: name it in the header of an envelope that was made with the first."""
    twin = module(world, "envelope", ("info=_LABEL + prefix)", "info=_LABEL)"))
    sealed = twin.seal(twin.Place(*_fields(PLACE)), CONTENT)
    twin_aead = dict(twin._AEAD)
    known = twin._AEAD
    twin._AEAD = {**twin_aead, twin.Cipher.CHACHA20_POLY1305: Broken}
    try:
        forged = sealed.blob[:4] + b"\x02" + sealed.blob[5:HEADER_SIZE] + POISON + bytes(16)
        assert twin.open_sealed(forged, sealed.key, twin.Place(*_fields(PLACE))) == POISON
    finally:
        twin._AEAD = known


class Broken:
    """A cipher that hides and proves nothing."""

    def __init__(self, key: bytes) -> None:
        pass

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        return data[:-16]


def _fields(place: Place) -> tuple[object, ...]:
    return (place.chain_id, place.registry, place.custodian, place.record, place.number, place.epoch)


def _chunked(twin: object) -> tuple[Sealed, list[bytes]]:
    """An envelope of three chunks, and its chunks."""
    content = b"".join(bytes((letter,)) * CHUNK for letter in b"xyz")
    sealed = twin.seal(twin.Place(*_fields(PLACE)), content)  # type: ignore[attr-defined]  # a twin is a module
    body = sealed.blob[HEADER_SIZE:]
    return sealed, [body[start : start + BLOCK] for start in range(0, len(body), BLOCK)]


def _open(twin: object, sealed: Sealed, chunks: list[bytes]) -> bytes:
    blob = sealed.blob[:HEADER_SIZE] + b"".join(chunks)
    return twin.open_sealed(blob, sealed.key, twin.Place(*_fields(PLACE)))  # type: ignore[attr-defined]  # as above


@attack("envelope-cut-short", defence="the last chunk is marked", blocked_by="Altered")
@off_chain
def cut_it_short(world: World) -> None:
    """Leave out the last page of a record."""
    twin = module(world, "envelope", ("bytes((number == count - 1,))", 'b"\\0"'))
    sealed, chunks = _chunked(twin)
    assert _open(twin, sealed, chunks[:2]) == b"x" * CHUNK + b"y" * CHUNK


class Unauthenticated:
    """AES-GCM whose tag nobody looks at."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        counter = modes.CTR(nonce + (2).to_bytes(4, "big"))
        return RawCipher(algorithms.AES(self._key), counter).decryptor().update(data[:-16])


@attack("envelope-bit-flipped", defence="a chunk is opened only if its tag fits", blocked_by="Altered")
@off_chain
def flip_a_bit(world: World) -> None:
    """As the storage, which cannot read a result but knows where it stands, make 9.50 out of 1.50."""
    sealed = seal(PLACE, CONTENT)
    flipped, place = bytearray(sealed.blob), HEADER_SIZE + CONTENT.index(b"1.50")
    flipped[place] ^= ord("1") ^ ord("9")
    twin = module(world, "envelope")
    if not world.defended:
        twin._AEAD = {twin.Cipher.AES_256_GCM: Unauthenticated}
    opened = twin.open_sealed(bytes(flipped), sealed.key, twin.Place(*_fields(PLACE)))
    assert opened == CONTENT.replace(b"1.50", b"9.50")


UNNUMBERED = ('number.to_bytes(11, "big")', "bytes(11)")


@attack("envelope-reordered", defence="each chunk is numbered", blocked_by="Altered")
@off_chain
def reorder_it(world: World) -> None:
    """Swap two pages of a record."""
    twin = module(world, "envelope", UNNUMBERED)
    sealed, chunks = _chunked(twin)
    assert _open(twin, sealed, [chunks[1], chunks[0], chunks[2]]).startswith(b"y")


@attack("envelope-doubled", defence="each chunk is numbered", blocked_by="Altered")
@off_chain
def double_a_chunk(world: World) -> None:
    """Let a dose appear twice."""
    twin = module(world, "envelope", UNNUMBERED)
    sealed, chunks = _chunked(twin)
    assert len(_open(twin, sealed, [chunks[0], chunks[0], *chunks[1:]])) == 4 * CHUNK


@attack("envelope-chunk-dropped", defence="each chunk is numbered", blocked_by="Altered")
@off_chain
def drop_a_chunk(world: World) -> None:
    """Leave out a page in the middle."""
    twin = module(world, "envelope", UNNUMBERED)
    sealed, chunks = _chunked(twin)
    assert _open(twin, sealed, [chunks[0], chunks[2]]) == b"x" * CHUNK + b"z" * CHUNK


@attack("envelope-two-contents", defence="the header commits to the data key", blocked_by="WrongKey")
@off_chain
def make_one_for_two_keys(world: World) -> None:
    """Compute one ciphertext that AES-GCM opens under two keys: patient and doctor are shown two contents."""
    one, two, salt = b"\x01" * 32, b"\x02" * 32, b"\x5a" * 32
    head = envelope._seal_with(one, salt, PLACE, b"", Cipher.AES_256_GCM)[:HEADER_SIZE]
    prefix = head[: HEADER_SIZE - 32]
    keys = [envelope._derive(key, salt, prefix)[0] for key in (one, two)]
    blob = head + _for_two_keys(keys, POISON, head)
    twin = module(
        world,
        "envelope",
        (
            '    if not is_key_of(header, key):\n        raise CheckRefused("WrongKey"',
            '    if False:\n        raise CheckRefused("WrongKey"',
        ),
    )
    place = twin.Place(*_fields(PLACE))
    shown = [twin.open_sealed(blob, key, place) for key in (one, two)]
    assert shown[0][:16] == POISON != shown[1][:16]


def _for_two_keys(keys: list[bytes], content: bytes, associated: bytes) -> bytes:
    """One chunk that AES-GCM takes under both keys: `content` under the first; a second block makes the tags meet."""
    counter = bytes(11) + b"\x01" + b"\0\0\0"
    masks = [_aes(key, counter + b"\x01") for key in keys]
    roots = [int.from_bytes(_aes(key, bytes(16)), "big") for key in keys]
    first = _xor(content, _aes(keys[0], counter + b"\x02"))
    padded = associated + bytes(-len(associated) % 16)
    lengths = (len(associated) * 8).to_bytes(8, "big") + (32 * 8).to_bytes(8, "big")
    partial = [_ghash(root, padded + first + bytes(16) + lengths) for root in roots]
    goal = partial[0] ^ partial[1] ^ int.from_bytes(masks[0], "big") ^ int.from_bytes(masks[1], "big")
    factor = _times(roots[0], roots[0]) ^ _times(roots[1], roots[1])
    second = _times(goal, _inverse(factor)).to_bytes(16, "big")
    tag = _ghash(roots[0], padded + first + second + lengths) ^ int.from_bytes(masks[0], "big")
    return first + second + tag.to_bytes(16, "big")


def _aes(key: bytes, block: bytes) -> bytes:
    encryptor = RawCipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _times(one: int, other: int) -> int:
    """Multiply in the field of GCM, whose first bit is the constant term."""
    product = 0
    for bit in range(127, -1, -1):
        if other >> bit & 1:
            product ^= one
        one = one >> 1 ^ (0xE1 << 120 if one & 1 else 0)
    return product


def _inverse(value: int) -> int:
    """Raise to the power 2^128 - 2."""
    result, power = 1 << 127, value
    for _ in range(127):
        power = _times(power, power)
        result = _times(result, power)
    return result


def _ghash(root: int, data: bytes) -> int:
    found = 0
    for start in range(0, len(data), 16):
        found = _times(found ^ int.from_bytes(data[start : start + 16], "big"), root)
    return found


@attack("envelope-key-used-again", defence="each version has a data key of its own", blocked_by="WrongKey")
@off_chain
def read_on_with_an_old_key(world: World) -> None:
    """Keep the key of the first version, lose the consent, and read the second."""
    twin = module(world, "envelope", ("key, salt = secrets.token_bytes(KEY_SIZE)", "key, salt = place.record"))
    first = twin.seal(twin.Place(*_fields(PLACE)), CONTENT)
    second = twin.seal(twin.Place(*_fields(replace(PLACE, number=2, epoch=1))), NEXT)
    assert open_sealed(second.blob, first.key, replace(PLACE, number=2, epoch=1)) == NEXT


@attack("wrapped-key-of-another-reader", defence="a key is wrapped for one reader by name", blocked_by="WrongKey")
@off_chain
def take_the_key_of_another(world: World) -> None:
    """Pass the key that was wrapped to one organisation for that of another one on the same machine."""
    twin = module(
        world,
        "wrapping",
        ("bytes((public.suite,)) + recipient + public.fingerprint", "bytes((public.suite,)) + public.fingerprint"),
    )
    private = twin.PrivateKey(twin.KeySuite.X25519, READER_KEY.raw)
    sealed = seal(PLACE, CONTENT)
    wrapped = twin.wrap(sealed.header, sealed.key, b"a" * 32, private.public)
    assert twin.unwrap(sealed.header, replace(wrapped, recipient=b"b" * 32), b"b" * 32, private) == sealed.key


@attack(
    "wrapped-key-relabelled-suite",
    defence="a reader opens with the suite of its own key",
    blocked_by="NotForThisReader",
)
@off_chain
def name_another_suite(world: World) -> None:
    """Name another suite beside a wrapped key, so that logs and policies see one and the reader uses another."""
    twin = module(
        world,
        "wrapping",
        ("named = (wrapped.suite, wrapped.recipient", "named = (private.suite, wrapped.recipient"),
    )
    private = twin.PrivateKey(twin.KeySuite.X25519, READER_KEY.raw)
    sealed = seal(PLACE, CONTENT)
    wrapped = twin.wrap(sealed.header, sealed.key, b"a" * 32, private.public)
    other = replace(wrapped, suite=twin.KeySuite.MLKEM768_X25519)
    assert twin.unwrap(sealed.header, other, b"a" * 32, private) == sealed.key


@attack("wrapped-any-key", defence="what is wrapped is the key of the envelope", blocked_by="WrongKey")
@off_chain
def wrap_another_key(world: World) -> None:
    """Release a key that opens nothing, and claim that it was delivered."""
    twin = module(
        world,
        "wrapping",
        (
            '    if not is_key_of(header, key):\n        raise CheckRefused("WrongKey", "the data key is',
            '    if False:\n        raise CheckRefused("WrongKey", "the data key is',
        ),
    )
    sealed = seal(PLACE, CONTENT)
    public = twin.PublicKey(twin.KeySuite.X25519, READER_KEY.public.raw)
    assert twin.wrap(sealed.header, bytes(32), b"a" * 32, public).sealed


@attack("share-of-another-key", defence="joined shares are held against the header", blocked_by="WrongShares")
@off_chain
def bring_a_false_share(world: World) -> None:
    """As one of two holders, bring a false share, so that a wrong key is taken for the right one."""
    twin = module(
        world,
        "key_shares",
        (
            '    if not is_key_of(header, key):\n        raise CheckRefused("WrongShares"',
            '    if False:\n        raise CheckRefused("WrongShares"',
        ),
    )
    sealed = seal(PLACE, CONTENT)
    mine, other = twin.split_key(sealed.header, sealed.key, threshold=2, count=2)
    assert twin.join_shares(sealed.header, [mine, replace(other, raw=bytes(32))]) != sealed.key


# What asks the service


@contextmanager
def hospital(world: World) -> Iterator[tuple[Custodian, HeldRecord]]:
    """A custodian with one laboratory result of the patient; the key of the clinic is published."""
    with tempfile.TemporaryDirectory() as folder:
        keeper = custodian_of(world, Path(folder))
        world.acting_as("clinic").records.publish_key(world.clinic, READER_KEY.public.fingerprint)
        yield keeper, hold(world, keeper)


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


# What the service can do to a reader


def reader_of(
    world: World, service: RecordService, lie: Callable[[Release], Release], *patch: tuple[str, str]
) -> object:
    """The clinic as a reader of a service that changes what it releases."""
    twin = module(world, "record_reader", *patch)
    reader = twin.RecordReader(world.acting_as("clinic"), world.clinic, READER_KEY, "http://nobody", world.hospital)

    def post(act: str, asked: Asked | None) -> object:
        if asked is None:
            return {"nonce": "0x" + service.challenge().hex()}
        answer = getattr(service, act)(asked)
        return (lie(answer) if act == "release" else answer).to_json()

    reader._post = post
    return reader


@attack(
    "reader-given-an-old-version",
    defence="a reader asks the chain which version is the newest",
    blocked_by="SUPERSEDED",
)
@off_chain
def give_an_old_version(world: World) -> None:
    """As the custodian, hand out the version before the correction."""
    with hospital(world) as (keeper, held):
        old = held.newest
        blob = fetch(keeper.blobs, old.blob)
        key = unwrap(read_header(blob), old.key, world.hospital, keeper.key)
        keeper.anchor(keeper.store_next(held.record, NEXT).record)
        wrapped = wrap(read_header(blob), key, world.clinic, READER_KEY.public)
        reader = reader_of(
            world,
            RecordService(keeper),
            lambda _: Release(old.version, wrapped, blob),
            ("if status != RecordStatus.CURRENT:", "if False:"),
        )
        assert reader.read(held.record, sign_consent(world), purpose=Purpose.TREAT).content == CONTENT


@attack(
    "reader-given-another-content", defence="the envelope is the one that was anchored", blocked_by="AnotherEnvelope"
)
@off_chain
def give_each_reader_another_content(world: World) -> None:
    """As the custodian, seal a second content for one reader under the same version."""
    with hospital(world) as (keeper, held):
        version = held.newest.version
        false = seal(version.place(world.chain.id, world.suite.records.address), POISON)
        assert commitment_of(false.blob) != version.commitment
        wrapped = wrap(false.header, false.key, world.clinic, READER_KEY.public)
        reader = reader_of(
            world,
            RecordService(keeper),
            lambda _: Release(version, wrapped, false.blob),
            ("if commitment_of(release.blob) != version.commitment:", "if False:"),
        )
        assert reader.read(held.record, sign_consent(world), purpose=Purpose.TREAT).content == POISON


@attack("reader-given-another-record", defence="a reader gets the record that it asked for", blocked_by="AnotherRecord")
@off_chain
def give_another_record(world: World) -> None:
    """As the custodian, hand out the record of another patient in the place of this one's."""
    with hospital(world) as (keeper, held):
        other = hold(world, keeper, NEXT, patient=world.account("doctor").address).newest
        blob = fetch(keeper.blobs, other.blob)
        key = unwrap(read_header(blob), other.key, world.hospital, keeper.key)
        wrapped = wrap(read_header(blob), key, world.clinic, READER_KEY.public)
        reader = reader_of(
            world,
            RecordService(keeper),
            lambda _: Release(other.version, wrapped, blob),
            ("if (version.custodian, version.record) != (self.custodian, record):", "if False:"),
        )
        assert reader.read(held.record, sign_consent(world), purpose=Purpose.TREAT).content == NEXT


@attack("custodian-forgets-a-revocation", defence="storing ends the key epoch of lost readers", blocked_by="epoch 1")
@off_chain
def store_for_the_old_circle(world: World) -> None:
    """Revoke, and find that the next version was made in the same key epoch as if nobody had left."""
    with hospital(world) as (keeper, held):
        service, receipt = RecordService(keeper), sign_consent(world)
        ticket = service.ticket(ask(world, service, held.record, receipt))
        use_for(world, receipt, ticket)
        service.release(ask(world, service, held.record, receipt, ticket=ticket.number))
        patient = world.acting_as(world.patient).consent
        signature = patient.sign_revoke(receipt.id, deadline=FAR)
        world.acting_as("relayer").consent.revoke_by_sig(world.patient.address, receipt.id, signature, deadline=FAR)
        twin = module(world, "custodian", ("        self.sweep(record)\n", ""))
        careless = twin.Custodian(keeper.suite, keeper.organisation, keeper.vault, keeper.blobs, keeper.key)
        epoch = careless.anchor(careless.store_next(held.record, NEXT).record).newest.version.epoch
        if epoch:
            raise Blocked(f"epoch {epoch}")
