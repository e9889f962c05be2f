"""Envelopes: what is opened is what was sealed, for its readers and its place alone; any flipped bit is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust import envelope
from medtrust.envelope import (
    CHUNK,
    HEADER_SIZE,
    Cipher,
    Place,
    Sealed,
    commitment_of,
    is_key_of,
    open_sealed,
    read_header,
    seal,
)
from medtrust.errors import CheckRefused, InputError
from medtrust.key_shares import join_shares, split_key, unwrap_share, wrap_share
from medtrust.wrapping import KeySuite, PrivateKey, PublicKey, unwrap, wrap

PLACE = Place(31337, "0x" + "11" * 20, b"c" * 32, b"r" * 32, 3, 1)
CONTENT = bytes(range(256)) * 16
READER = b"b" * 32
BLOCK = CHUNK + 16
PLACES = [
    ("chain_id", 1, "AnotherRecord"),
    ("registry", "0x" + "22" * 20, "AnotherRecord"),
    ("custodian", b"d" * 32, "AnotherRecord"),
    ("record", b"s" * 32, "AnotherRecord"),
    ("number", 2, "AnotherVersion"),
    ("number", 4, "AnotherVersion"),
    ("epoch", 0, "AnotherVersion"),
    ("epoch", 2, "AnotherVersion"),
]


@pytest.fixture(params=Cipher, ids=lambda one: one.name)
def sealed(request) -> Sealed:
    """4 KiB in an envelope of either cipher."""
    return seal(PLACE, CONTENT, cipher=request.param)


@pytest.fixture(scope="module", params=KeySuite, ids=lambda one: one.name)
def reader(request) -> PrivateKey:
    """The key of a reader, of either suite."""
    return PrivateKey.generate(request.param)


def refusal(blob: bytes, key: bytes, place: Place = PLACE) -> str:
    """Why an envelope is refused; "" if it is opened."""
    try:
        open_sealed(blob, key, place)
    except CheckRefused as error:
        return error.reason
    return ""


def flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


class TestSeal:
    """
    given content of any length     -> what is opened is what was sealed
    given the same content twice    -> another key, another salt, another ciphertext, another commitment
    given an envelope               -> its header says where it belongs, and nothing of the content stands in it
    given a place that does not fit -> ValueError
    """

    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 3 * CHUNK + 5])
    @pytest.mark.parametrize("cipher", Cipher)
    def test_opens_to_what_was_sealed(self, size, cipher):
        content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
        sealed = seal(PLACE, content, cipher=cipher)
        assert open_sealed(sealed.blob, sealed.key, PLACE) == content
        assert len(sealed.blob) == HEADER_SIZE + size + 16 * max(1, -(-size // CHUNK))

    def test_shares_nothing_with_another(self):
        one, other = seal(PLACE, CONTENT), seal(PLACE, CONTENT)
        assert one.key != other.key
        assert one.header.salt != other.header.salt
        assert one.blob[HEADER_SIZE:] != other.blob[HEADER_SIZE:]
        assert commitment_of(one.blob) != commitment_of(other.blob)

    def test_says_where_it_belongs(self, sealed):
        header = read_header(sealed.blob)
        assert header.place == PLACE
        assert header.to_bytes() == sealed.blob[:HEADER_SIZE]
        assert CONTENT[:16] not in sealed.blob

    @pytest.mark.parametrize("changes", [{"record": b"short"}, {"custodian": b""}])
    def test_reverts_given_a_place_that_does_not_fit(self, changes):
        with pytest.raises(ValueError, match="32 bytes each"):
            seal(replace(PLACE, **changes), CONTENT)


class TestOpen:
    """
    given 4 KiB in an envelope of either cipher
      when any one bit of header or ciphertext is flipped        -> refused
      when any one bit of the data key is flipped                -> refused as WrongKey
      when the header names the other cipher, or an unknown one  -> refused
      when it is cut at any byte                                 -> refused
      when something is added                                    -> refused
      when another place is expected                             -> refused, and the reason says which
    given several chunks, when they are dropped, swapped, doubled or taken from another envelope -> refused as Altered
    given a key of another length                                -> InputError
    """

    def test_refuses_any_flipped_bit(self, sealed):
        opened = [bit for bit in range(len(sealed.blob) * 8) if not refusal(flipped(sealed.blob, bit), sealed.key)]
        assert opened == []

    def test_refuses_any_flipped_bit_of_the_key(self, sealed):
        assert {refusal(sealed.blob, flipped(sealed.key, bit)) for bit in range(256)} == {"WrongKey"}

    @pytest.mark.parametrize("cipher", [0, *Cipher, 3, 255])
    def test_refuses_another_cipher(self, sealed, cipher):
        named = sealed.blob[:4] + bytes((cipher,)) + sealed.blob[5:]
        expected = "WrongKey" if cipher in set(Cipher) else "UnknownCipher"
        assert refusal(named, sealed.key) == ("" if cipher == sealed.header.cipher else expected)

    def test_refuses_what_was_cut_anywhere(self, sealed):
        assert "" not in {refusal(sealed.blob[:size], sealed.key) for size in range(len(sealed.blob))}

    @pytest.mark.parametrize("more", [b"\0", b"\0" * 16, b"\0" * BLOCK])
    def test_refuses_what_was_added(self, sealed, more):
        assert refusal(sealed.blob + more, sealed.key) == "Altered"

    @pytest.mark.parametrize(("field", "value", "reason"), PLACES)
    def test_refuses_another_place(self, sealed, field, value, reason):
        assert refusal(sealed.blob, sealed.key, replace(PLACE, **{field: value})) == reason

    @pytest.mark.parametrize(
        "order",
        [[0], [0, 1], [1, 2], [0, 2], [1, 0, 2], [0, 2, 1], [2, 1, 0], [0, 0, 1, 2], [0, 1, 1, 2], [0, 1, 2, 2], []],
        ids=str,
    )
    def test_refuses_chunks_in_another_order(self, order):
        sealed = seal(PLACE, b"x" * CHUNK + b"y" * CHUNK + b"z" * CHUNK)
        head, body = sealed.blob[:HEADER_SIZE], sealed.blob[HEADER_SIZE:]
        chunks = [body[start : start + BLOCK] for start in range(0, len(body), BLOCK)]
        assert refusal(head + b"".join(chunks[place] for place in order), sealed.key) == "Altered"
        assert refusal(head + b"".join(chunks), sealed.key) == ""

    def test_refuses_chunks_of_another_envelope(self):
        one, other = seal(PLACE, b"x" * 2 * CHUNK), seal(PLACE, b"x" * 2 * CHUNK)
        mixed = one.blob[: HEADER_SIZE + BLOCK] + other.blob[HEADER_SIZE + BLOCK :]
        assert refusal(mixed, one.key) == refusal(mixed, other.key).replace("WrongKey", "Altered") == "Altered"

    @pytest.mark.parametrize("size", [0, 31, 33])
    def test_reverts_given_a_key_of_another_length(self, sealed, size):
        with pytest.raises(InputError, match=f"data key: found {size} bytes"):
            open_sealed(sealed.blob, bytes(size), PLACE)


class TestCommitting:
    """
    given one ciphertext and two keys, whatever the header says -> at most one of them opens it
    given any one bit flipped in an envelope                    -> another commitment
    """

    def test_no_second_key_opens_an_envelope(self):
        """AES-GCM alone commits to no key: a block can be computed that two keys open. The header makes it one."""
        sealed = seal(PLACE, CONTENT)
        second = bytes(32)
        assert refusal(sealed.blob, second) == "WrongKey"
        recommitted = envelope._seal_with(second, sealed.header.salt, PLACE, CONTENT, Cipher.AES_256_GCM)
        swapped = recommitted[:HEADER_SIZE] + sealed.blob[HEADER_SIZE:]
        assert (refusal(swapped, second), refusal(swapped, sealed.key)) == ("Altered", "WrongKey")

    def test_commitment_covers_every_bit(self, sealed):
        known = commitment_of(sealed.blob)
        bits = range(5 * 8, len(sealed.blob) * 8, 7)  # the magic and the cipher before them are read first
        assert known not in {commitment_of(flipped(sealed.blob, bit)) for bit in bits}


class TestWrap:
    """
    given a key wrapped to a reader, of either suite
      when the reader unwraps it                                      -> the data key
      when any one bit is flipped                                     -> refused
      when another reader tries, or the reader with another key       -> refused as NotForThisReader
      when it was wrapped to another reader under this one's name     -> refused as WrongKey
      when the header is that of another version, epoch or envelope   -> refused as WrongKey
      when its suite is changed                                       -> refused
    given a key that is not that of the header -> refused before anything is wrapped
    """

    @pytest.fixture
    def wrapped(self, sealed, reader):
        return wrap(sealed.header, sealed.key, READER, reader.public)

    def _refusal(self, header, wrapped, recipient, key) -> str:
        try:
            unwrap(header, wrapped, recipient, key)
        except CheckRefused as error:
            return error.reason
        return ""

    def test_unwraps_to_the_data_key(self, sealed, reader, wrapped):
        assert unwrap(sealed.header, wrapped, READER, reader) == sealed.key
        assert sealed.key not in wrapped.sealed

    def test_refuses_any_flipped_bit(self, sealed, reader, wrapped):
        reasons = {
            self._refusal(sealed.header, replace(wrapped, sealed=flipped(wrapped.sealed, bit)), READER, reader)
            for bit in range(len(wrapped.sealed) * 8)
        }
        assert reasons == {"WrongKey"}

    def test_refuses_another_reader(self, sealed, reader, wrapped):
        other = PrivateKey.generate(reader.suite)
        assert self._refusal(sealed.header, wrapped, READER, other) == "NotForThisReader"
        assert self._refusal(sealed.header, wrapped, b"o" * 32, reader) == "NotForThisReader"

    def test_refuses_a_swapped_recipient_key(self, sealed, reader):
        attacker = PrivateKey.generate(reader.suite)
        stolen = wrap(sealed.header, sealed.key, READER, attacker.public)
        renamed = replace(stolen, fingerprint=reader.public.fingerprint)
        assert self._refusal(sealed.header, renamed, READER, reader) == "WrongKey"
        relabelled = replace(wrap(sealed.header, sealed.key, b"o" * 32, reader.public), recipient=READER)
        assert self._refusal(sealed.header, relabelled, READER, reader) == "WrongKey"

    @pytest.mark.parametrize("changes", [{"number": 4}, {"epoch": 2}, {"record": b"s" * 32}, {}])
    def test_refuses_another_envelope(self, reader, wrapped, changes):
        other = seal(replace(PLACE, **changes), CONTENT)
        assert self._refusal(other.header, wrapped, READER, reader) == "WrongKey"

    def test_refuses_another_suite(self, sealed, reader, wrapped):
        other = next(one for one in KeySuite if one != reader.suite)
        assert self._refusal(sealed.header, replace(wrapped, suite=other), READER, reader) == "NotForThisReader"

    def test_refuses_to_wrap_another_key(self, sealed, reader):
        with pytest.raises(CheckRefused, match="WrongKey"):
            wrap(sealed.header, bytes(32), READER, reader.public)
        assert not is_key_of(sealed.header, bytes(32))


class TestKeys:
    """
    given a private key          -> its text does not show it, and its public key has a fingerprint of its own suite
    given keys of another length -> InputError, which shows no byte
    """

    def test_text_hides_the_key(self, reader):
        assert reader.raw.hex() not in repr(reader)
        assert str(reader.raw) not in repr(reader)

    def test_fingerprint_names_suite_and_key(self, reader):
        assert reader.public.fingerprint != PrivateKey.generate().public.fingerprint

    @pytest.mark.parametrize("suite", KeySuite)
    def test_reverts_given_another_length(self, suite):
        with pytest.raises(InputError, match="private key"):
            PrivateKey(suite, b"secret")
        with pytest.raises(InputError, match=f"for {suite.name}"):
            PublicKey(suite, bytes(31))


class TestShares:
    """
    given a key in 2 of 3 and in 3 of 5 shares
      when enough of them meet, whichever         -> the data key
      when one is missing                         -> refused as TooFewShares, also if one comes twice
      when one was changed, or is of another key  -> refused as WrongShares
    given a wrapped share, when its holder opens it -> the share; anyone else, or at another index -> refused
    given numbers that make no sense              -> InputError
    """

    @pytest.fixture
    def envelope(self) -> Sealed:
        return seal(PLACE, CONTENT)

    @pytest.mark.parametrize(("threshold", "count"), [(2, 3), (3, 5)])
    def test_enough_shares_give_the_key(self, envelope, threshold, count):
        shares = split_key(envelope.header, envelope.key, threshold=threshold, count=count)
        assert [share.index for share in shares] == list(range(1, count + 1))
        for first in range(count):
            some = [shares[(first + step) % count] for step in range(threshold)]
            assert join_shares(envelope.header, some) == envelope.key

    @pytest.mark.parametrize("taken", [[], [0], [0, 1], [0, 1, 1], [2, 2, 2]])
    def test_refuses_too_few(self, envelope, taken):
        shares = split_key(envelope.header, envelope.key, threshold=3, count=5)
        with pytest.raises(CheckRefused) as refused:
            join_shares(envelope.header, [shares[place] for place in taken])
        assert refused.value.reason == "TooFewShares"

    def test_refuses_shares_that_do_not_fit(self, envelope):
        shares = split_key(envelope.header, envelope.key, threshold=2, count=3)
        other = seal(PLACE, CONTENT)
        foreign = split_key(other.header, other.key, threshold=2, count=3)
        for wrong in (replace(shares[1], raw=flipped(shares[1].raw, 0)), foreign[1]):
            with pytest.raises(CheckRefused) as refused:
                join_shares(envelope.header, [shares[0], wrong])
            assert refused.value.reason == "WrongShares"

    def test_only_its_holder_opens_a_wrapped_share(self, envelope, reader):
        share = split_key(envelope.header, envelope.key, threshold=2, count=3)[1]
        wrapped = wrap_share(envelope.header, share, READER, reader.public)
        assert unwrap_share(envelope.header, wrapped, reader) == share
        assert share.raw.hex() not in repr(share)
        for changes in ({"index": 1}, {"threshold": 1}, {"holder": b"o" * 32}):
            with pytest.raises(CheckRefused, match="WrongKey"):
                unwrap_share(envelope.header, replace(wrapped, **changes), reader)
        with pytest.raises(CheckRefused, match="WrongKey"):
            unwrap_share(envelope.header, wrapped, PrivateKey.generate(reader.suite))

    @pytest.mark.parametrize(("threshold", "count"), [(1, 3), (4, 3), (2, 17)])
    def test_reverts_given_numbers_that_make_no_sense(self, envelope, threshold, count):
        with pytest.raises(InputError, match=f"found {threshold} of {count}"):
            split_key(envelope.header, envelope.key, threshold=threshold, count=count)
