"""EU DCCs: each step from the text to the verdict, each with the certificate that fails at it alone."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any

import base45
import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from medtrust.abi import to_plain
from medtrust.errors import CheckRefused, InputError
from medtrust.foreign import verify
from medtrust.standards.cose import load_cbor
from medtrust.standards.dcc import HealthCertificate
from medtrust.standards.trust import TrustList
from medtrust.verdict import Status, Verdict
from tests.standards.makers import AT, EXPIRES, ISSUED, Signer, document, rsa_key, text_of


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


def judged(text: str | bytes, trust: TrustList, at: float = AT) -> Verdict:
    (verdict,) = verify([text], trust, at=at)
    return verdict


def zipped(raw: bytes) -> str:
    return "HC1:" + base45.b45encode(raw).decode()


class TestVerify:
    """
    given a certificate that a trusted signer signed -> ACTIVE, issuer, key id and claims
      of a P-384 or an RSA key, tagged as a CWT or not at all, its key id in either header -> the same
    given a test vector (JSON)                        -> its text is read
    """

    def test_shows_what_was_signed(self, signer: Signer) -> None:
        verdict = judged(signer.text(), signer.trust())
        assert (verdict.status, verdict.reason, verdict.form) == (Status.ACTIVE, "Active", "dcc")
        assert (verdict.issuer, verdict.signer) == ("XX", signer.kid.hex())
        assert verdict.shown == {"iss": "XX", "iat": ISSUED, "exp": EXPIRES, "hcert": document()}
        assert verdict.anchored_at == 0
        assert verdict.bearer

    @pytest.mark.parametrize("kind", ["P-384", "RSA 2048", "RSA 3072"])
    def test_takes_other_keys(self, kind: str) -> None:
        key = ec.generate_private_key(ec.SECP384R1()) if kind == "P-384" else rsa_key(int(kind[4:]))
        other = Signer(key)
        assert judged(other.text(), other.trust()).is_valid

    @pytest.mark.parametrize("tags", [(), (18,), (61, 18)])
    def test_takes_any_tags(self, signer: Signer, tags: tuple[int, ...]) -> None:
        message = cbor2.loads(signer.message(signer.claims())).value
        for tag in reversed(tags):
            message = cbor2.CBORTag(tag, message)
        assert judged(text_of(cbor2.dumps(message)), signer.trust()).is_valid

    def test_takes_the_key_id_of_the_other_header(self, signer: Signer) -> None:
        assert judged(signer.text(headers={1: -7}, beside={4: signer.kid}), signer.trust()).is_valid

    def test_reads_a_test_vector(self, signer: Signer) -> None:
        vector = {"PREFIX": signer.text(), "TESTCTX": {"CERTIFICATE": base64.b64encode(signer.der).decode()}}
        raw = json.dumps(vector).encode()
        assert judged(raw, TrustList.read([("vector", raw)])).is_valid
        assert judged(raw, TrustList()).status is Status.ISSUER_UNTRUSTED

    def test_takes_the_line_break_of_an_editor(self, signer: Signer) -> None:
        assert judged(signer.text() + "\r\n", signer.trust()).is_valid


class TestSteps:
    """
    given another prefix, or none             -> PrefixMissing
    given what is no base 45                  -> Base45Broken
    given what is not compressed, or too much -> CompressionBroken, TooLarge
    given what is no COSE_Sign1               -> CoseBroken
    given what are no claims                  -> ClaimsBroken
    given a document of another form          -> SchemaBroken, which names the member
    """

    @pytest.mark.parametrize("prefix", ["HC2:", "HL0:", "hc1:", ""])
    def test_reverts_given_another_prefix(self, signer: Signer, prefix: str) -> None:
        with pytest.raises(CheckRefused) as caught:
            HealthCertificate.parse(prefix + signer.text()[4:])
        assert caught.value.reason == "PrefixMissing"

    @pytest.mark.parametrize("text", ["HC1:abc", "HC1:A", "HC1::::", "HC1:=", "HC1:"])
    def test_reverts_given_no_base_45(self, text: str) -> None:
        with pytest.raises(CheckRefused) as caught:
            HealthCertificate.parse(text)
        assert caught.value.reason == ("Base45Broken" if text != "HC1:" else "CompressionBroken")

    def test_reverts_given_no_zlib(self, signer: Signer) -> None:
        message = signer.message(signer.claims())
        for raw in (message, zlib.compress(message)[:-1], zlib.compress(message) + b"\0", zlib.compress(message)[2:]):
            assert judged(zipped(raw), signer.trust()).reason == "CompressionBroken"

    @pytest.mark.parametrize(("size", "reason"), [(2**16, "CoseBroken"), (2**16 + 1, "TooLarge"), (2**22, "TooLarge")])
    def test_reverts_given_more_than_a_certificate_holds(self, size: int, reason: str) -> None:
        assert judged(zipped(zlib.compress(bytes(size), 9)), TrustList()).reason == reason

    @pytest.mark.parametrize(("length", "reason"), [(8192, "CompressionBroken"), (8193, "TooLarge")])
    def test_reverts_given_more_text_than_a_code_holds(self, length: int, reason: str) -> None:
        assert (
            judged("HC1:" + "00" + "000" * ((length - 2) // 3) + "0" * ((length - 2) % 3), TrustList()).reason == reason
        )

    @pytest.mark.parametrize(
        "message",
        [b"\x01", b"\xff", b"\x84\x40\xa0\x40", cbor2.dumps([b"", {}, "text", b""]), cbor2.dumps([1, 2, 3, 4])],
    )
    def test_reverts_given_no_message(self, message: bytes) -> None:
        assert judged(text_of(message), TrustList()).reason == "CoseBroken"

    @pytest.mark.parametrize("changed", [{"exp": None}, {"iat": "2026"}, {"iat": True}, {"exp": 1e300}, {"exp": -1}])
    def test_reverts_given_no_times(self, signer: Signer, changed: dict[str, Any]) -> None:
        assert judged(signer.text(**changed), signer.trust()).reason == "ClaimsBroken"

    @pytest.mark.parametrize("payload", [b"\xff", cbor2.dumps([]), cbor2.dumps({4: EXPIRES, 6: ISSUED, -260: {2: {}}})])
    def test_reverts_given_no_claims(self, signer: Signer, payload: bytes) -> None:
        assert judged(text_of(signer.message(payload)), signer.trust()).reason == "ClaimsBroken"


class TestForm:
    """given one member that the schema does not allow -> SchemaBroken, which names it; given what it does -> none"""

    @pytest.mark.parametrize(
        ("member", "changed"),
        [
            ("ver", {"ver": "1.3"}),
            ("nam", {"nam": {"fn": "Quint", "gn": "Marisol"}}),
            ("nam.fnt", {"nam": {"fnt": "Quint"}}),
            ("nam.gn", {"nam": {"gnt": "A", "gn": "\U0001f600"}}),
            ("dob", {"dob": "1899-12-31"}),
            ("dob", {"dob": "2100-01-01"}),
            ("dob", {"dob": "2026-01-03"}),
            ("certificate", {"t": [{}]}),
            ("certificate", {"v": None}),
            ("v", {"v": []}),
            ("v", {"v": [{}, {}]}),
            ("v[0]", {"v": ["dose"]}),
            ("v[0].dn", {"entry": {"dn": 0}}),
            ("v[0].sd", {"entry": {"sd": True}}),
            ("v[0].dt", {"entry": {"dt": "2021-02-30"}}),
            ("v[0].dt", {"entry": {"dt": "2021-06"}}),
            ("v[0].ci", {"entry": {"ci": "x" * 81}}),
            ("v[0].mp", {"entry": {"mp": None}}),
            ("v[0].co", {"entry": {"co": "at"}}),
        ],
    )
    def test_reverts_when_a_member_is_wrong(self, signer: Signer, member: str, changed: dict[str, Any]) -> None:
        verdict = judged(signer.text(document(**changed)), signer.trust())
        assert (verdict.status, verdict.reason) == (Status.UNKNOWN, "SchemaBroken")
        assert verdict.sentence.startswith(f"{member}: found ")

    @pytest.mark.parametrize(
        "changed",
        [
            {"dob": "1984"},
            {"dob": "1984-03"},
            {"dob": ""},
            {"nam": {"gnt": "MARISOL"}},
            {"entry": {"dt": "2021-06-15T00:00:00"}},
            {"t": None, "r": None},
            {"entry": {"ci": "x" * 80}},
            {"ver": "1.2.1", "v": [document()["v"][0]] * 2},
        ],
    )
    def test_takes_what_the_schema_allows(self, signer: Signer, changed: dict[str, Any]) -> None:
        whole = {**document(), **document(**changed)} if "entry" in changed else {**document(), **changed}
        assert judged(signer.text(whole), signer.trust()).reason == "Active"

    def test_takes_tests_and_recoveries(self, signer: Signer) -> None:
        common = {"tg": "840539006", "co": "XX", "is": "Lab", "ci": "URN:UVCI:01:XX:1"}
        sample = {**common, "tt": "LP6464-4", "sc": "2026-02-20T12:34:56Z", "tr": "260415000"}
        recovery = {**common, "fr": "2026-02-01", "df": "2026-02-12", "du": "2026-08-01"}
        for group, entry in (("t", sample), ("r", recovery)):
            assert judged(signer.text(document(v=None, **{group: [entry]})), signer.trust()).is_valid
            assert (
                judged(signer.text(document(v=None, **{group: [{**entry, "ci": 1}]})), signer.trust()).reason
                == "SchemaBroken"
            )
        assert (
            judged(signer.text(document(v=None, t=[{**sample, "sc": "2026-02-20"}])), signer.trust()).reason
            == "SchemaBroken"
        )


class TestKey:
    """
    given a key id that nobody trusted has, or none -> KeyNotTrusted, KeyIdMissing
    given another's key under a trusted id          -> SignatureWrong
    given an algorithm that the key is not for      -> AlgorithmRefused
    given one changed bit of what is signed         -> SignatureWrong
    given a signer for other groups                 -> KeyPurpose
    """

    def test_reverts_given_another_key_id(self, signer: Signer) -> None:
        verdict = judged(signer.text(headers={1: -7, 4: b"12345678"}), signer.trust())
        assert (verdict.status, verdict.reason) == (Status.ISSUER_UNTRUSTED, "KeyNotTrusted")
        assert verdict.shown == {}

    def test_the_protected_key_id_counts(self, signer: Signer) -> None:
        assert judged(signer.text(beside={4: b"12345678"}), signer.trust()).is_valid
        hidden = signer.text(headers={1: -7, 4: b"12345678"}, beside={4: signer.kid})
        assert judged(hidden, signer.trust()).reason == "KeyNotTrusted"

    def test_reverts_given_no_key_id(self, signer: Signer) -> None:
        assert judged(signer.text(headers={1: -7}), signer.trust()).reason == "KeyIdMissing"

    def test_reverts_given_the_key_of_another(self, signer: Signer) -> None:
        forged = Signer().text(headers={1: -7, 4: signer.kid})
        verdict = judged(forged, signer.trust())
        assert (verdict.status, verdict.reason, verdict.shown) == (Status.UNKNOWN, "SignatureWrong", {})

    @pytest.mark.parametrize("algorithm", [-37, -257, -35, 5, 0, None, "ES256"])
    def test_reverts_given_an_algorithm_of_other_keys(self, signer: Signer, algorithm: Any) -> None:
        text = signer.text(headers={1: algorithm, 4: signer.kid}, beside={1: -7})
        assert judged(text, signer.trust()).reason == "AlgorithmRefused"

    def test_reverts_given_an_algorithm_that_is_not_protected(self, signer: Signer) -> None:
        assert judged(signer.text(headers={4: signer.kid}, beside={1: -7}), signer.trust()).reason == "AlgorithmRefused"

    def test_reverts_given_a_short_rsa_key(self) -> None:
        short = Signer(rsa_key(1024))
        assert judged(short.text(), short.trust()).reason == "AlgorithmRefused"

    @pytest.mark.parametrize("part", [0, 2, 3])
    def test_reverts_when_a_bit_is_changed(self, signer: Signer, part: int) -> None:
        parts = cbor2.loads(signer.message(signer.claims())).value
        changed = bytearray(parts[part])
        place = changed.index(b"XX"[0]) if part == 2 else len(changed) - 1
        changed[place] ^= 1
        parts = [bytes(changed) if index == part else one for index, one in enumerate(parts)]
        verdict = judged(text_of(cbor2.dumps(parts)), signer.trust())
        assert verdict.reason == ("KeyNotTrusted" if part == 0 else "SignatureWrong")
        assert not verdict.is_valid

    @pytest.mark.parametrize("size", [0, 63, 65, 96])
    def test_reverts_given_a_signature_of_another_length(self, signer: Signer, size: int) -> None:
        assert judged(signer.text(signature=bytes(size)), signer.trust()).reason == "SignatureWrong"

    @pytest.mark.parametrize(
        ("groups", "reason"), [("", "Active"), ("v", "Active"), ("tv", "Active"), ("tr", "KeyPurpose")]
    )
    def test_a_signer_signs_its_groups_alone(self, groups: str, reason: str) -> None:
        limited = Signer(groups=groups)
        assert judged(limited.text(), limited.trust()).reason == reason


class TestChanges:
    """
    given any letter of a certificate changed          -> never ACTIVE
    given any byte of its message changed              -> never ACTIVE
    given what could harm whoever reads it             -> a verdict, no exception
    """

    def test_no_changed_letter_passes(self, signer: Signer) -> None:
        text, trust = signer.text(), signer.trust()
        for place in range(0, len(text), 3):
            other = "A" if text[place] != "A" else "B"
            assert not judged(text[:place] + other + text[place + 1 :], trust).is_valid, place

    def test_no_changed_byte_passes(self, signer: Signer) -> None:
        message, trust = signer.message(signer.claims()), signer.trust()
        for place in range(0, len(message), 2):
            changed = bytearray(message)
            changed[place] ^= 1
            assert not judged(text_of(bytes(changed)), trust).is_valid, place

    @pytest.mark.parametrize(
        "strange", [{b"key": 1}, {"a": float("nan")}, {"a": {1, 2}}, {"a": [[[[]]]] * 3}, {"a": b"x"}]
    )
    def test_strange_content_gets_a_verdict(self, signer: Signer, strange: Any) -> None:
        verdict = judged(signer.text({**document(), **strange}), signer.trust())
        assert verdict.reason in ("Active", "ClaimsBroken")
        assert json.dumps(to_plain(verdict.shown), allow_nan=False)


class TestTime:
    """
    before, at and after it was issued  -> NotYetValid, ACTIVE, ACTIVE
    before, at and after it expires     -> ACTIVE, ACTIVE, Expired, its content shown all the same
    """

    @pytest.mark.parametrize(("at", "reason"), [(-1, "NotYetValid"), (0, "Active"), (1, "Active")])
    def test_holds_from_its_issue(self, signer: Signer, at: int, reason: str) -> None:
        assert judged(signer.text(), signer.trust(), ISSUED + at).reason == reason

    @pytest.mark.parametrize(("at", "reason"), [(-1, "Active"), (0, "Active"), (1, "Expired")])
    def test_holds_until_its_expiry(self, signer: Signer, at: int, reason: str) -> None:
        verdict = judged(signer.text(), signer.trust(), EXPIRES + at)
        assert verdict.reason == reason
        assert verdict.is_valid == (reason == "Active")
        assert verdict.shown["hcert"] == document()


class TestRevocation:
    """given a list that has its signature, its id, or country and id, hashed -> Revoked; given another -> ACTIVE"""

    @pytest.mark.parametrize("kind", ["SIGNATURE", "UCI", "COUNTRYCODEUCI"])
    def test_a_listed_certificate_is_revoked(self, signer: Signer, kind: str) -> None:
        text = signer.text()
        certificate = HealthCertificate.parse(text)
        ci = document()["v"][0]["ci"]
        named = {
            "SIGNATURE": certificate.message.signature[:32],
            "UCI": ci.encode(),
            "COUNTRYCODEUCI": f"XX{ci}".encode(),
        }
        for value, reason in ((named[kind], "Revoked"), (b"another", "Active")):
            entry = {"hash": base64.b64encode(hashlib.sha256(value).digest()[:16]).decode()}
            listed = json.dumps({"hashType": kind, "entries": [entry]}).encode()
            trust = TrustList.read([("signer", signer.pem), ("list", listed)])
            verdict = judged(text, trust)
            assert (verdict.reason, verdict.is_valid) == (reason, reason == "Active")
        assert judged(text, signer.trust()).status is Status.ACTIVE

    def test_of_an_rsa_signature_all_counts(self) -> None:
        other = Signer(rsa_key(2048))
        text = other.text()
        digest = hashlib.sha256(HealthCertificate.parse(text).message.signature).digest()[:16]
        listed = json.dumps({"hashType": "SIGNATURE", "entries": [{"hash": base64.b64encode(digest).decode()}]})
        assert judged(text, TrustList.read([("s", other.pem), ("l", listed.encode())])).status is Status.REVOKED


class TestTrustList:
    """
    given a certificate as PEM, DER, base64, or two in one file -> its signers
    given anything else                                         -> InputError that names the file
    """

    def test_reads_certificates_in_any_form(self, signer: Signer) -> None:
        other = Signer()
        forms = [signer.pem, signer.der, base64.b64encode(signer.der), other.pem + signer.pem]
        for form in forms:
            trust = TrustList.read([("file", form)])
            assert judged(signer.text(), trust).is_valid
            assert {one.kid for one in trust.signers} <= {signer.kid, other.kid}

    @pytest.mark.parametrize("content", [b"", b"text", b"{}", b"{", b"[]", b'{"TESTCTX": {}}', b"\x30\x03\x02\x01\x00"])
    def test_reverts_given_anything_else(self, content: bytes) -> None:
        with pytest.raises(InputError) as caught:
            TrustList.read([("list.pem", content)])
        assert caught.value.file == "list.pem"

    @pytest.mark.parametrize(
        "listed", [{"hashType": "X", "entries": []}, {"hashType": "UCI", "entries": [{"hash": "AA=="}]}]
    )
    def test_reverts_given_a_broken_revocation_list(self, listed: dict[str, Any]) -> None:
        with pytest.raises(CheckRefused) as caught:
            TrustList.read([("list", json.dumps(listed).encode())])
        assert caught.value.reason == "RevocationBroken"


class TestCbor:
    """given CBOR that could do harm or says nothing plain -> ValueError; given a date -> its text"""

    @pytest.mark.parametrize(
        "raw",
        [
            b"\x81" * 300,
            b"\xd8\x1c\x81\xd8\x1d\x00",
            b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
            b"\xd8\x23\x61(",
            b"\xd8\x25\x50" + bytes(16),
            cbor2.dumps({1, 2}),
            b"",
        ],
    )
    def test_reverts_given_what_has_no_place(self, raw: bytes) -> None:
        with pytest.raises(ValueError):
            load_cbor(raw)

    def test_writes_dates_as_text(self) -> None:
        assert load_cbor(b"\xc0\x742013-03-21T20:04:00Z") == "2013-03-21T20:04:00+00:00"
