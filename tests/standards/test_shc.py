"""SMART Health Cards: each step from the digits to the verdict, each with the card that fails at it alone."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any

import pytest

from medtrust.errors import CheckRefused, InputError
from medtrust.foreign import verify
from medtrust.standards.shc import from_numeric
from medtrust.standards.trust import TrustList
from medtrust.verdict import Status, Verdict
from tests.standards.makers import AT, ISSUED, ISSUER, CardIssuer, deflate, encoded, numeric, payload


@pytest.fixture(scope="module")
def issuer() -> CardIssuer:
    return CardIssuer()


def judged(source: str | bytes, trust: TrustList, at: float = AT) -> Verdict:
    (verdict,) = verify([source], trust, at=at)
    return verdict


def refusal(trust: Any) -> str:
    with pytest.raises(CheckRefused) as caught:
        TrustList.read([("file", trust if isinstance(trust, bytes) else json.dumps(trust).encode())])
    return caught.value.reason


class TestForms:
    """
    given a card as JWS, as digits, in chunks in any order, in a file, in an answer of an operation -> ACTIVE
    given a file with two cards                -> one verdict each
    given what is inside a card, unsigned      -> NotSigned, or what is wrong with it
    given white space around a card or a file  -> TrailingCharacters
    given anything else                        -> UnknownForm
    """

    def test_shows_what_was_signed(self, issuer: CardIssuer) -> None:
        verdict = judged(issuer.card(), issuer.trust())
        assert (verdict.status, verdict.reason, verdict.form) == (Status.ACTIVE, "Active", "shc")
        assert (verdict.issuer, verdict.signer, verdict.shown) == (ISSUER, issuer.kid, payload())

    def test_takes_every_form(self, issuer: CardIssuer) -> None:
        card, trust = issuer.card(), issuer.trust()
        answer = {"resourceType": "Parameters", "parameter": [{"name": "verifiableCredential", "valueString": card}]}
        for form in (
            card,
            card + "\n",
            numeric(card),
            json.dumps({"verifiableCredential": [card]}),
            json.dumps(answer),
        ):
            assert judged(form, trust).is_valid

    def test_puts_chunks_together(self, issuer: CardIssuer) -> None:
        card = issuer.card(payload(note=hashlib.shake_128(b"note").hexdigest(900)))
        assert 1195 < len(card) < 3 * 1191
        third = -(-len(card) // 3)
        chunks = [numeric(card[third * n : third * (n + 1)], f"shc:/{n + 1}/3/") for n in range(3)]
        for sources in (chunks, chunks[::-1], ["\n".join(chunks)], [*chunks, chunks[0]]):
            (verdict,) = verify(sources, issuer.trust(), at=AT)
            assert verdict.is_valid
        for sources, reason in (
            (chunks[:2], "ChunksMissing"),
            ([chunks[0], chunks[1].replace("/2/3/", "/1/3/")], "ChunkTwice"),
            ([chunks[0], chunks[1].replace("/2/3/", "/2/4/")], "ChunkHeader"),
        ):
            assert verify(sources, issuer.trust(), at=AT)[0].reason == reason

    def test_judges_each_card_of_a_file(self, issuer: CardIssuer) -> None:
        file = json.dumps({"verifiableCredential": [issuer.card(), CardIssuer().card()]})
        found = verify([file], issuer.trust(), at=AT)
        assert [verdict.reason for verdict in found] == ["Active", "KeyNotTrusted"]

    def test_what_nobody_signed_is_no_card(self, issuer: CardIssuer) -> None:
        bundle = payload()["vc"]["credentialSubject"]["fhirBundle"]
        for content in (payload(), bundle):
            verdict = judged(json.dumps(content), issuer.trust())
            assert (verdict.status, verdict.reason, verdict.shown) == (Status.UNKNOWN, "NotSigned", {})

    @pytest.mark.parametrize("space", [" {}", "{} ", "\t{}", "{}\n\n"])
    def test_reverts_given_white_space(self, issuer: CardIssuer, space: str) -> None:
        for form in (issuer.card(), json.dumps({"verifiableCredential": [issuer.card()]})):
            assert judged(space.replace("{}", form), issuer.trust()).reason == "TrailingCharacters"

    @pytest.mark.parametrize(
        "source",
        [b"", b"card", b"\xff\xfe", b"{}", b"[]", b'{"verifiableCredential": [1]}', b"shlink:/eyJ", b"{" * 2000],
    )
    def test_reverts_given_anything_else(self, issuer: CardIssuer, source: bytes) -> None:
        assert judged(source, issuer.trust()).reason == "UnknownForm"

    def test_says_what_a_key_set_is(self, issuer: CardIssuer) -> None:
        assert judged(issuer.key_set(), issuer.trust()).reason == "UnknownForm"
        assert judged(issuer.key_set(kty="RSA"), issuer.trust()).reason == "KeyType"


class TestNumeric:
    """given digits that are no card, or a chunk that need not be one, or does not fit -> refused with which it is"""

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("shc:/", "NumericBroken"),
            ("shc:/123", "NumericBroken"),
            ("shc:/12a4", "NumericBroken"),
            ("shc:/78", "NumericBroken"),
            ("shc:/0/2/12", "NumericBroken"),
            ("shc:/1/1/12", "ChunkHeader"),
            ("shc:/3/2/" + "56" * 1000, "ChunkHeader"),
            ("shc:/1/2/" + "56" * 597, "ChunkTooSmall"),
            ("shc:/1/2/" + "56" * 598, "ChunksMissing"),
            ("shc:/1/2/" + "56" * 1191, "ChunksMissing"),
            ("shc:/1/2/" + "56" * 1192, "ChunkTooBig"),
            ("shc:/" + "56" * 1196, "CardTooLong"),
        ],
    )
    def test_reverts_given_no_card(self, code: str, reason: str) -> None:
        with pytest.raises(CheckRefused) as caught:
            from_numeric([code])
        assert caught.value.reason == reason

    def test_takes_the_longest_code(self) -> None:
        assert from_numeric(["shc:/" + "56" * 1195]) == "e" * 1195
        assert from_numeric(["shc:/00", "shc:/00"]) == "-"


class TestSteps:
    """
    given a JWS that is none, another header, another signature's form, another compression, no payload -> each its own
    given a payload without issuer, time, types or Bundle                                               -> each its own
    """

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"header": {"alg": "none"}}, "AlgorithmRefused"),
            ({"header": {"alg": "HS256"}}, "AlgorithmRefused"),
            ({"header": {"alg": None}}, "AlgorithmRefused"),
            ({"header": {"zip": None}}, "CompressionMissing"),
            ({"header": {"kid": None}}, "KeyIdMissing"),
            ({"header": {"kid": ""}}, "KeyIdMissing"),
            ({"signature": b"\x30" + bytes(70)}, "SignatureForm"),
            ({"signature": bytes(63)}, "SignatureForm"),
            ({"deflated": zlib.compress(b"{}")}, "CompressionBroken"),
            ({"deflated": b"{}"}, "CompressionBroken"),
            ({"deflated": deflate({}) + b"\0"}, "CompressionBroken"),
            ({"deflated": deflate({"note": "x" * 2**20})}, "TooLarge"),
            ({"deflated": deflate({})}, "BundleMissing"),
        ],
    )
    def test_reverts_given_another_card(self, issuer: CardIssuer, changed: dict[str, Any], reason: str) -> None:
        assert judged(issuer.card(**changed), issuer.trust()).reason == reason

    def test_reverts_given_no_jws(self, issuer: CardIssuer) -> None:
        header, content, signature = issuer.card().split(".")
        for card in (f"{header}.{content}", f"{header}.{content}.{signature}.x", f"{header}.{content}=.{signature}"):
            assert judged(card, issuer.trust()).reason == "JwsBroken"
        listed = encoded(b"[1]")
        assert judged(f"eyJ.{listed}.{listed}", issuer.trust()).reason == "JwsBroken"

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"iss": None}, "PayloadBroken"),
            ({"types": "card"}, "PayloadBroken"),
            ({"rid": 1}, "PayloadBroken"),
            ({"exp": "never"}, "PayloadBroken"),
            ({"nbf": None}, "NotBeforeMissing"),
            ({"nbf": True}, "NotBeforeMissing"),
            ({"nbf": 1e18}, "NotBeforeMissing"),
            ({"bundle": None}, "BundleMissing"),
            ({"vc": []}, "BundleMissing"),
        ],
    )
    def test_reverts_given_another_payload(self, issuer: CardIssuer, changed: dict[str, Any], reason: str) -> None:
        assert judged(issuer.card(payload(**changed)), issuer.trust()).reason == reason


class TestSignature:
    """
    given one changed letter of header, payload or signature -> never ACTIVE
    given the key of another under the same id               -> SignatureWrong
    given a key that nobody trusted has                      -> KeyNotTrusted
    given an issuer that the key is not bound to             -> IssuerNotTrusted
    given an issuer without https, or with a slash           -> IssuerUrl
    """

    def test_reverts_when_the_payload_is_changed(self, issuer: CardIssuer) -> None:
        header, _, signature = issuer.card().split(".")
        other = encoded(deflate(payload(nbf=ISSUED + 1)))
        verdict = judged(f"{header}.{other}.{signature}", issuer.trust())
        assert (verdict.status, verdict.reason, verdict.shown) == (Status.UNKNOWN, "SignatureWrong", {})

    def test_reverts_given_the_key_of_another(self, issuer: CardIssuer) -> None:
        assert judged(CardIssuer().card(header={"kid": issuer.kid}), issuer.trust()).reason == "SignatureWrong"

    def test_reverts_given_an_unknown_key(self, issuer: CardIssuer) -> None:
        verdict = judged(CardIssuer().card(), issuer.trust())
        assert (verdict.status, verdict.reason) == (Status.ISSUER_UNTRUSTED, "KeyNotTrusted")

    @pytest.mark.parametrize("url", ["http://clinic.example/issuer", f"{ISSUER}/", "clinic.example"])
    def test_reverts_given_another_url(self, issuer: CardIssuer, url: str) -> None:
        assert judged(issuer.card(payload(iss=url)), issuer.trust()).reason == "IssuerUrl"

    def test_a_certified_key_set_is_of_its_issuer(self, issuer: CardIssuer) -> None:
        for named, reason in ((ISSUER, "Active"), ("https://other.example", "IssuerNotTrusted")):
            trust = TrustList.read([("keys", issuer.certified(named))])
            assert judged(issuer.card(), trust).reason == reason

    def test_a_directory_names_who_is_trusted(self, issuer: CardIssuer) -> None:
        for named, reason in ((ISSUER, "Active"), ("https://other.example", "IssuerNotTrusted")):
            directory = json.dumps({"participating_issuers": [{"iss": named, "name": "Clinic"}]}).encode()
            assert judged(issuer.card(), issuer.trust(directory)).reason == reason
            snapshot = {"issuerInfo": [{"issuer": {"iss": named}, "keys": [issuer.jwk()]}]}
            trust = TrustList.read([("snapshot", json.dumps(snapshot).encode())])
            assert judged(issuer.card(), trust).reason == reason


class TestChanges:
    """
    given any letter of a card changed, its last one too -> never ACTIVE
    given a Bundle that is too deep                      -> a verdict, no exception
    """

    def test_no_changed_letter_passes(self, issuer: CardIssuer) -> None:
        card, trust = issuer.card(), issuer.trust()
        for place in [*range(0, len(card), 3), len(card) - 1]:
            for other in "AB_":
                if card[place] != other:
                    assert not judged(card[:place] + other + card[place + 1 :], trust).is_valid, place

    @pytest.mark.parametrize("depth", [10, 200, 2000])
    def test_a_deep_bundle_gets_a_verdict(self, issuer: CardIssuer, depth: int) -> None:
        entry = '{"a":' * depth + "1" + "}" * depth
        source = f'{{"resourceType": "Bundle", "entry": [{{"fullUrl": "resource:0", "resource": {entry}}}]}}'
        verdict = judged(source, issuer.trust())
        assert verdict.reason == {10: "BundleProfile", 200: "BundleBroken", 2000: verdict.reason}[depth]
        assert not verdict.is_valid


class TestTime:
    """
    before, at and after it holds  -> NotYetValid, ACTIVE, ACTIVE
    before, at and after it expires -> ACTIVE, Expired, Expired
    given an end before its beginning, or no type -> ExpiresBeforeValid, TypeMissing
    """

    @pytest.mark.parametrize(("at", "reason"), [(-1, "NotYetValid"), (0, "Active"), (1, "Active")])
    def test_holds_from_its_beginning(self, issuer: CardIssuer, at: int, reason: str) -> None:
        assert judged(issuer.card(), issuer.trust(), ISSUED + at).reason == reason

    @pytest.mark.parametrize(("at", "reason"), [(-1, "Active"), (0, "Expired"), (1, "Expired")])
    def test_holds_until_its_end(self, issuer: CardIssuer, at: int, reason: str) -> None:
        verdict = judged(issuer.card(payload(exp=AT)), issuer.trust(), AT + at)
        assert verdict.reason == reason
        assert verdict.shown["exp"] == AT

    def test_reverts_given_an_end_before_its_beginning(self, issuer: CardIssuer) -> None:
        assert judged(issuer.card(payload(exp=ISSUED)), issuer.trust()).reason == "ExpiresBeforeValid"

    def test_reverts_given_no_type(self, issuer: CardIssuer) -> None:
        assert (
            judged(issuer.card(payload(types=["https://smarthealth.cards#covid19"])), issuer.trust()).reason
            == "TypeMissing"
        )

    def test_a_signed_card_may_name_other_types(self, issuer: CardIssuer) -> None:
        types = ["https://smarthealth.cards#health-card", "https://clinic.example#other"]
        assert judged(issuer.card(payload(types=types)), issuer.trust()).is_valid
        assert judged(json.dumps(payload(types=types)), issuer.trust()).reason == "TypeUnknown"


class TestRevocation:
    """
    given a card whose id is listed              -> Revoked
    given an id listed with a time               -> Revoked if the card is from before it
    given another id, or the list of another key -> ACTIVE
    given a list that is wrong, or of another version than the key names -> refused with which it is
    """

    def listed(self, issuer: CardIssuer, *ids: str, **changed: Any) -> bytes:
        return json.dumps({"kid": issuer.kid, "method": "rid", "ctr": 1, "rids": list(ids), **changed}).encode()

    @pytest.mark.parametrize(
        ("entry", "reason"),
        [
            ("MKyCxh7p6uQ", "Revoked"),
            (f"MKyCxh7p6uQ.{ISSUED - 1}", "Active"),
            (f"MKyCxh7p6uQ.{ISSUED}", "Active"),
            (f"MKyCxh7p6uQ.{ISSUED + 1}", "Revoked"),
            ("another", "Active"),
        ],
    )
    def test_a_listed_card_is_revoked(self, issuer: CardIssuer, entry: str, reason: str) -> None:
        card = issuer.card(payload(rid="MKyCxh7p6uQ"))
        verdict = judged(card, issuer.trust(self.listed(issuer, entry)))
        assert verdict.reason == reason
        assert verdict.status is (Status.REVOKED if reason == "Revoked" else Status.ACTIVE)
        assert verdict.shown["vc"]["rid"] == "MKyCxh7p6uQ"

    def test_the_list_of_another_key_says_nothing(self, issuer: CardIssuer) -> None:
        card = issuer.card(payload(rid="MKyCxh7p6uQ"))
        assert judged(card, issuer.trust(self.listed(CardIssuer(), "MKyCxh7p6uQ"))).is_valid

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"method": "other"}, "RevocationMethod"),
            ({"ctr": "1"}, "RevocationBroken"),
            ({"kid": None}, "RevocationBroken"),
            ({"rids": ["a=="]}, "RevocationId"),
            ({"rids": ["a.b"]}, "RevocationId"),
            ({"rids": [1]}, "RevocationId"),
            ({"rids": ["a" * 25]}, "RevocationIdTooLong"),
            ({"rids": ["a", "b", "a.1"]}, "RevocationIdTwice"),
        ],
    )
    def test_reverts_given_a_list_that_is_wrong(self, issuer: CardIssuer, changed: dict[str, Any], reason: str) -> None:
        assert refusal(self.listed(issuer, **changed)) == reason
        assert TrustList.read([("list", self.listed(issuer, "a" * 24, "b.1"))]).card_lists[0].kid == issuer.kid

    @pytest.mark.parametrize(("version", "is_wrong"), [(1, False), (2, True)])
    def test_the_list_is_of_the_version_that_the_key_names(
        self, issuer: CardIssuer, version: int, is_wrong: bool
    ) -> None:
        sources = [("keys", issuer.key_set(crlVersion=1)), ("list", self.listed(issuer, ctr=version))]
        if not is_wrong:
            assert TrustList.read(sources).card_lists
            return
        with pytest.raises(CheckRefused) as caught:
            TrustList.read(sources)
        assert caught.value.reason == "RevocationVersion"


class TestKeySets:
    """
    given a key that is not what a card asks for -> refused with which it is
    given a good key beside it                   -> the good one counts
    given a set of nothing, or no set            -> KeyBroken, InputError
    """

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"kty": "RSA"}, "KeyType"),
            ({"crv": "P-384"}, "KeyCurve"),
            ({"alg": "ES384"}, "KeyAlgorithm"),
            ({"use": "enc"}, "KeyUse"),
            ({"kid": "another"}, "KeyId"),
            ({"d": "AA"}, "KeyPrivate"),
            ({"x": "AA"}, "KeyBroken"),
            ({"y": 1}, "KeyBroken"),
            ({"x": encoded(bytes(32))}, "KeyBroken"),
            ({"crlVersion": "1"}, "KeyBroken"),
            ({"x5c": []}, "KeyCertificate"),
            ({"x5c": ["AAAA"]}, "KeyCertificate"),
        ],
    )
    def test_reverts_given_another_key(self, issuer: CardIssuer, changed: dict[str, Any], reason: str) -> None:
        assert refusal(issuer.key_set(**changed)) == reason
        both = {"keys": [issuer.jwk(**changed), issuer.jwk()]}
        assert len(TrustList.read([("keys", json.dumps(both).encode())]).keys) == 1

    def test_reverts_given_a_certificate_that_names_no_issuer(self, issuer: CardIssuer) -> None:
        assert refusal(issuer.certified()) == "KeyCertificate"

    def test_reverts_given_the_certificate_of_another_key(self, issuer: CardIssuer) -> None:
        chain = json.loads(CardIssuer().certified(ISSUER))["keys"][0]["x5c"]
        assert refusal(issuer.key_set(x5c=chain)) == "KeyCertificate"

    @pytest.mark.parametrize("listed", [[], [1], ["key"], {}])
    def test_reverts_given_a_set_of_nothing(self, listed: Any) -> None:
        assert refusal({"keys": listed}) in ("KeyBroken", "KeyType")

    def test_reverts_given_no_set(self) -> None:
        with pytest.raises(InputError) as caught:
            TrustList.read([("jwks.json", b"This is no key set")])
        assert caught.value.file == "jwks.json"
