"""EIP-712 against eth-account, and the one encoding of a signature that is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.signing import Domain, TypedData, public_address, recover, sign

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEY = keccak256(b"cow")
DOMAIN = Domain("Ether Mail", "1", 1, "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC")
DOMAIN_FIELDS = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
MAIL_TYPES = {
    "Mail": {"from": "Person", "to": "Person", "contents": "string"},
    "Person": {"name": "string", "wallet": "address"},
}
MAIL = {
    "from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
    "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
    "contents": "Hello, Bob!",
}
GRANT = {
    "patient": "address",
    "grantee": "bytes32",
    "classes": "uint64",
    "shift": "int16",
    "isBroad": "bool",
    "note": "string",
    "wrapped": "bytes",
    "places": "bytes32[]",
    "parts": "Part[2]",
    "only": "Part",
}
PART = {"code": "bytes4", "amounts": "uint256[]"}


def reference(types: dict[str, dict[str, str]], primary: str, domain: Domain, message: dict[str, Any]) -> Any:
    """The same statement as eth-account encodes it."""
    listed = {name: [{"name": n, "type": t} for n, t in members.items()] for name, members in types.items()}
    return encode_typed_data(
        full_message={
            "types": {"EIP712Domain": DOMAIN_FIELDS, **listed},
            "primaryType": primary,
            "domain": {
                "name": domain.name,
                "version": domain.version,
                "chainId": domain.chain_id,
                "verifyingContract": domain.contract,
            },
            "message": message,
        }
    )


def signer_or_none(digest: bytes, signature: bytes) -> str | None:
    try:
        return recover(digest, signature)
    except InputError:
        return None


parts = st.fixed_dictionaries(
    {"code": st.binary(min_size=4, max_size=4), "amounts": st.lists(st.integers(0, 2**256 - 1), max_size=3)}
)
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
hashes = st.binary(min_size=32, max_size=32)
grants = st.fixed_dictionaries(
    {
        "patient": addresses,
        "grantee": hashes,
        "classes": st.integers(0, 2**64 - 1),
        "shift": st.integers(-(2**15), 2**15 - 1),
        "isBroad": st.booleans(),
        "note": st.text(max_size=50),
        "wrapped": st.binary(max_size=70),
        "places": st.lists(hashes, max_size=3),
        "parts": st.lists(parts, min_size=2, max_size=2),
        "only": parts,
    }
)
domains = st.builds(Domain, st.text(min_size=1, max_size=20), st.text(max_size=5), st.integers(0, 2**64), addresses)
keys = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))


class TestTypedData:
    """
    the example of the standard                 -> its published hashes
    any statement with structs, arrays, strings -> the digest that eth-account computes
    a dataclass                                 -> the digest of the same mapping
    when the chain, the contract, the version or the name differs -> another digest
    when a field is missing or one too many     -> ValueError
    when a value does not fit its type          -> ValueError
    given a type that is unknown, unused or contains itself -> ValueError
    """

    def test_gives_the_hashes_of_the_standard(self) -> None:
        mail = TypedData("Mail", MAIL_TYPES)
        assert mail.type_string == "Mail(Person from,Person to,string contents)Person(string name,address wallet)"
        assert mail.type_hash.hex() == "a0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2"
        assert DOMAIN.separator.hex() == "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
        assert mail.hash_struct(MAIL).hex() == "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"
        assert mail.digest(DOMAIN, MAIL).hex() == "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"

    @given(domains, grants)
    def test_agrees_with_eth_account(self, domain: Domain, grant: dict[str, Any]) -> None:
        types = {"Grant": GRANT, "Part": PART}
        theirs = reference(types, "Grant", domain, grant)
        ours = TypedData("Grant", types)
        assert domain.separator == theirs.header
        assert ours.hash_struct(grant) == theirs.body
        assert ours.digest(domain, grant) == keccak256(b"\x19\x01" + theirs.header + theirs.body)

    def test_takes_a_dataclass(self) -> None:
        @dataclass(frozen=True)
        class Part:
            code: bytes
            amounts: tuple[int, ...]

        part = TypedData("Part", {"Part": PART})
        assert part.hash_struct(Part(b"abcd", (1, 2))) == part.hash_struct({"code": b"abcd", "amounts": [1, 2]})

    @pytest.mark.parametrize(
        "other",
        [
            Domain("Ether Mail!", "1", 1, DOMAIN.contract),
            Domain("Ether Mail", "2", 1, DOMAIN.contract),
            Domain("Ether Mail", "1", 2, DOMAIN.contract),
            Domain("Ether Mail", "1", 1, "0x" + "cd" * 20),
        ],
    )
    def test_binds_the_domain(self, other: Domain) -> None:
        mail = TypedData("Mail", MAIL_TYPES)
        assert mail.digest(other, MAIL) != mail.digest(DOMAIN, MAIL)

    @pytest.mark.parametrize("message", [{"name": "Cow"}, {**MAIL["from"], "age": 4}])
    def test_refuses_other_fields(self, message: dict[str, Any]) -> None:
        person = TypedData("Person", {"Person": MAIL_TYPES["Person"]})
        with pytest.raises(ValueError, match="Person has the fields name, wallet"):
            person.hash_struct(message)

    @pytest.mark.parametrize(
        ("kind", "value"),
        [("uint64", 2**64), ("uint64", -1), ("bytes32", bytes(31)), ("address", "0x00"), ("bytes4[2]", [b"abcd"])],
    )
    def test_refuses_a_value_that_does_not_fit(self, kind: str, value: Any) -> None:
        with pytest.raises(ValueError):
            TypedData("One", {"One": {"value": kind}}).hash_struct({"value": value})

    @pytest.mark.parametrize(
        ("types", "message"),
        [
            ({"A": {"x": "uint"}}, "no type of EIP-712"),
            ({"A": {"x": "Missing"}}, "no type of EIP-712"),
            ({"A": {"x": "A"}}, "contains itself"),
            ({"A": {"x": "B[]"}, "B": {"y": "A"}}, "contains itself"),
            ({"A": {"x": "bool"}, "B": {"y": "bool"}}, "B: not used by A"),
        ],
    )
    def test_refuses_an_impossible_type(self, types: dict[str, dict[str, str]], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            TypedData("A", types)


class TestSignAndRecover:
    """
    any key and digest         -> the signature and the signer that eth-account gives; s in the lower half; v 27 or 28
    when one byte changes      -> another signer or none
    when s is mirrored to the upper half, with v flipped -> refused, though the numbers are a signature
    when v is 0, 1, 26, 29 or 28 + 2 · chain id + 8      -> refused
    when the length is 64 or 66, or compact              -> refused
    when r or s is zero or not below the order           -> refused
    """

    @given(keys, hashes)
    def test_agrees_with_eth_account(self, key: bytes, digest: bytes) -> None:
        signature = sign(key, digest)
        account = Account.from_key(key)
        theirs = account.unsafe_sign_hash(digest)
        assert signature == bytes(theirs.signature)
        assert int.from_bytes(signature[32:64], "big") <= ORDER // 2
        assert signature[64] in (27, 28)
        assert recover(digest, signature) == account.address == public_address(key)

    def test_takes_a_prepared_key(self) -> None:
        assert sign(PrivateKey(KEY), bytes(32)) == sign(KEY, bytes(32))
        assert public_address(PrivateKey(KEY)) == public_address(KEY) == MAIL["from"]["wallet"]

    @given(st.integers(0, 63), st.integers(1, 255))
    def test_a_changed_byte_is_another_signer_or_none(self, place: int, change: int) -> None:
        signature = bytearray(sign(KEY, bytes(32)))
        signature[place] ^= change
        assert signer_or_none(bytes(32), bytes(signature)) != public_address(KEY)

    def test_refuses_the_mirrored_signature(self) -> None:
        signature = sign(KEY, bytes(32))
        mirrored = ORDER - int.from_bytes(signature[32:64], "big")
        other = signature[:32] + mirrored.to_bytes(32, "big") + bytes((55 - signature[64],))
        with pytest.raises(InputError) as caught:
            recover(bytes(32), other)
        assert (caught.value.found, caught.value.expected) == ("s in the upper half", "s in the lower half")

    @pytest.mark.parametrize("v", [0, 1, 26, 29, 37, 255])
    def test_refuses_another_v(self, v: int) -> None:
        with pytest.raises(InputError) as caught:
            recover(bytes(32), sign(KEY, bytes(32))[:64] + bytes((v,)))
        assert (caught.value.found, caught.value.expected) == (f"v = {v}", "v = 27 or 28")

    @pytest.mark.parametrize("length", [0, 64, 66])
    def test_refuses_another_length(self, length: int) -> None:
        with pytest.raises(InputError) as caught:
            recover(bytes(32), (sign(KEY, bytes(32)) + b"\0")[:length])
        assert (caught.value.found, caught.value.expected) == (f"{length} bytes", "65 bytes")

    @pytest.mark.parametrize("at", [0, 32])
    @pytest.mark.parametrize("number", [0, ORDER])
    def test_refuses_numbers_that_no_key_gives(self, at: int, number: int) -> None:
        signature = bytearray(sign(KEY, bytes(32)))
        signature[at : at + 32] = number.to_bytes(32, "big")
        with pytest.raises(InputError, match="signature"):
            recover(bytes(32), bytes(signature))
