"""Attacks on envelopes, wrapped keys and their shares: each twin is the module without its one defence."""

from __future__ import annotations

from dataclasses import replace

from cryptography.hazmat.primitives.ciphers import Cipher as RawCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

from medtrust import envelope
from medtrust.envelope import CHUNK, HEADER_SIZE, Cipher, Place, Sealed, open_sealed, seal
from tests.attacks.framework import Attack, AttackTests, attacks_on
from tests.attacks.python_twin import module, off_chain
from tests.attacks.sealed_records import NEXT, POISON
from tests.hospitals import CONTENT, READER_KEY
from tests.world import World

ATTACKS: list[Attack] = []
attack = attacks_on("", ATTACKS)

PLACE = Place(31337, "0x" + "11" * 20, b"c" * 32, b"r" * 32, 1, 0)
BLOCK = CHUNK + 16


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
