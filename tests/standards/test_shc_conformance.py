"""Conformance: of the test files of SMART Health Cards the faulty are refused for their fault, the good pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from medtrust.errors import CheckRefused, InputError
from medtrust.standards.trust import TrustList
from medtrust.verification import load, verify_certificates
from tests.standards.support import corpus

AT = 1_795_000_000
TOOLS, EXAMPLES, ISSUER = (
    "health-cards-dev-tools/testdata_",
    "smart-health-cards-and-links/input_images_",
    "health-cards/",
)
KEYS = ISSUER + "generate-examples_issuer_.well-known_jwks.json"
CARD, JWS = f"{TOOLS}test-example-00-e-file-", f"{TOOLS}test-example-00-d-jws-"
BUNDLE, PAYLOAD = f"{TOOLS}test-example-00-a-", f"{TOOLS}test-example-00-b-jws-payload-expanded-"
CODE, PICTURE = f"{TOOLS}test-example-00-f-qr-code-numeric-value-", f"{TOOLS}test-example-00-g-qr-code-"

# What the name of a file says is wrong with it, and our reason for refusing it.
FAULTS = {
    f"{CARD}invalid_deflate.smart-health-card": "CompressionBroken",
    f"{CARD}invalid_issuer_url_http.smart-health-card": "IssuerUrl",
    f"{CARD}jws_too_long.smart-health-card": "NotBeforeMissing",  # explained in docs/conformance.md
    f"{CARD}trailing_chars.smart-health-card": "TrailingCharacters",
    f"{JWS}der-signature-r-neg.txt": "SignatureForm",
    f"{JWS}der-signature-s-neg.txt": "SignatureForm",
    f"{JWS}invalid-signature.txt": "SignatureWrong",
    f"{JWS}issuer-not-valid-with-smart-key.txt": "IssuerNotTrusted",
    f"{JWS}no_deflate.txt": "CompressionMissing",
    f"{JWS}no_jws_header_kid.txt": "KeyIdMissing",
    f"{JWS}trailing_chars.txt": "TrailingCharacters",
    f"{JWS}wrong_jws_header_kid.txt": "KeyNotTrusted",
    f"{BUNDLE}fhirBundle-bad_meta_non_security.json": "BundleMeta",
    f"{BUNDLE}fhirBundle-empty-values.json": "BundleEmptyValue",
    f"{BUNDLE}fhirBundle-profile-usa.json": "BundleProfile",
    f"{BUNDLE}fhirBundle-trailing_chars.json": "TrailingCharacters",
    f"{BUNDLE}short-refs.json": "BundleReference",
    f"{PAYLOAD}expired.json": "Expired",
    f"{PAYLOAD}missing-covid-vc-type.json": "TypeMissing",
    f"{PAYLOAD}missing-shc-vc-type.json": "TypeMissing",
    f"{PAYLOAD}nbf_not_yet_valid.json": "NotYetValid",
    f"{PAYLOAD}pre-expired.json": "ExpiresBeforeValid",
    f"{PAYLOAD}unknown-vc-types.json": "TypeUnknown",
    f"{TOOLS}test-example-covid-lab-jwspayload-missing-lab-vc-type.json": "TypeMissing",
    f"{CODE}0-number-too-big.txt": "NumericBroken",
    f"{CODE}0-wrong-multi-chunk.txt": "ChunkHeader",
    **{f"{CODE}{number}-qr_chunk_too_small.txt": "ChunkTooSmall" for number in range(17)},
    f"{TOOLS}test-example-02-f-qr-code-numeric-value-1-qr_chunk_too_big.txt": "ChunkTooBig",
    f"{PICTURE}0-corrupted.png": "CodeUnreadable",
    f"{PICTURE}0-qr_chunk_too_small.png": "ChunkTooSmall",
    f"{PICTURE}1-qr_chunk_too_small.png": "ChunkTooSmall",
    f"{PICTURE}0-too_many_qr_segment.png": "NumericBroken",
    f"{TOOLS}badjwks_.well-known_jwks.json": "UnknownForm",
    f"{TOOLS}invalid_DNS_SAN.public.json": "KeyCertificate",
    f"{TOOLS}invalid_no_SAN.public.json": "KeyCertificate",
    f"{TOOLS}wrong_curve_key.json": "KeyCurve",
    f"{TOOLS}wrong_kty_key.json": "KeyType",
}

GOOD = [
    f"{CARD}multi-jws.smart-health-card",
    f"{TOOLS}test-example-00-fhirhealthcard.json",
    f"{TOOLS}test-example-00-fhirhealthcard-multi-jws.json",
    f"{PICTURE}0-scaled-23.jpg",
    f"{PICTURE}inflated-to-v22.png",
    f"{EXAMPLES}example-00-d-jws.txt",
    f"{EXAMPLES}example-00-e-file.smart-health-card",
    f"{EXAMPLES}example-00-f-qr-code-numeric-value-0.txt",
    f"{EXAMPLES}example-02-d-jws.txt",
    f"{EXAMPLES}example-02-e-file.smart-health-card",
]
CHUNKS = [f"{EXAMPLES}example-02-f-qr-code-numeric-value-{number}.txt" for number in range(3)]

# What nobody signed cannot pass; that nothing else is wrong is all that can be said.
UNSIGNED = {
    **{f"{EXAMPLES}example-00-{part}.json": "NotSigned" for part in ("a-fhirBundle", "b-jws-payload-expanded")},
    f"{EXAMPLES}example-00-c-jws-payload-minified.json": "NotSigned",
    f"{ISSUER}generate-examples_src_fixtures_covid-vaccines-bundle.json": "NotSigned",
    f"{ISSUER}generate-examples_src_fixtures_revoked-bundle.json": "NotSigned",
    f"{ISSUER}generate-examples_src_fixtures_dr-bundle.json": "BundleReference",
    **{
        f"{EXAMPLES}example-02-{part}.json": "BundleReference"
        for part in ("a-fhirBundle", "b-jws-payload-expanded", "c-jws-payload-minified")
    },
}
KEY_ABSENT = f"{EXAMPLES}CARIN_INS_CD-bundle-01-enc.txt"
LISTS = {
    "duplicate-rid": "RevocationIdTwice",
    "invalid-method": "RevocationMethod",
    "non-base64url-rid": "RevocationId",
    "too-long-rid": "RevocationIdTooLong",
    "version-mismatch": "RevocationVersion",
}
KEY_SETS = [
    "badcrl_.well-known_jwks",
    "badcrl_duplicate-rid_.well-known_jwks",
    "valid_key",
    "valid_keys",
    "test-issuers",
]
NO_CARDS = [
    f"{TOOLS}shl-examples_jvb42XYZTjY2BTZ2mcL6nozbTFT8Vs5G2_I-_IuxCZo.json",
    f"{TOOLS}shlink-link-with-viewer.txt",
    f"{TOOLS}shlink-manifest-file.txt",
    f"{TOOLS}shlink-payload-direct.txt",
    f"{TOOLS}shlink-qr.png",
    f"{EXAMPLES}CARIN_INS_CD-bundle-01-shl-details.json",
    f"{EXAMPLES}CARIN_INS_CD-bundle-01-shl.txt",
    f"{EXAMPLES}CARIN_INS_CD-bundle-01.json",
    f"{ISSUER}docs_artifacts_operation-patient-i-health-cards-issue.json",
]


@pytest.fixture
def shc() -> Path:
    return corpus("shc")


@pytest.fixture
def trust(shc: Path) -> TrustList:
    return TrustList.read([("keys", (shc / KEYS).read_bytes())])


def reasons(trust: TrustList, *files: Path) -> list[str]:
    sources = [part for file in files for part in load(str(file))]
    return [one.reason for one in verify_certificates(sources, trust, _no_suite, at=AT)]


def _no_suite() -> None:
    raise AssertionError("nobody needs a chain for this")


class TestCards:
    """
    given a file whose name states a fault -> refused for that
    given a good card, or all its chunks   -> ACTIVE; some of them -> ChunksMissing
    given what nobody signed               -> NotSigned, or what is wrong with it
    given a card whose key is not there    -> KeyNotTrusted
    given what is no card                  -> refused
    """

    def test_every_fault_is_found(self, shc: Path, trust: TrustList) -> None:
        assert {name: reasons(trust, shc / name) for name in FAULTS} == {name: [one] for name, one in FAULTS.items()}

    def test_every_good_one_passes(self, shc: Path, trust: TrustList) -> None:
        for name in GOOD:
            assert set(reasons(trust, shc / name)) == {"Active"}, name
        assert reasons(trust, *(shc / name for name in CHUNKS)) == ["Active"]
        assert reasons(trust, *(shc / name for name in reversed(CHUNKS))) == ["Active"]

    @pytest.mark.parametrize("left_out", range(3))
    def test_some_of_the_chunks_are_no_card(self, shc: Path, trust: TrustList, left_out: int) -> None:
        rest = [shc / name for place, name in enumerate(CHUNKS) if place != left_out]
        assert reasons(trust, *rest) == ["ChunksMissing"]

    def test_what_nobody_signed_never_passes(self, shc: Path, trust: TrustList) -> None:
        assert {name: reasons(trust, shc / name) for name in UNSIGNED} == {
            name: [one] for name, one in UNSIGNED.items()
        }

    def test_a_key_that_is_not_there_is_not_trusted(self, shc: Path, trust: TrustList) -> None:
        assert reasons(trust, shc / KEY_ABSENT) == ["KeyNotTrusted"]

    def test_what_is_no_card_is_refused(self, shc: Path, trust: TrustList) -> None:
        for name in [*NO_CARDS, *(f"{TOOLS}{one}.json" for one in KEY_SETS), KEYS]:
            assert reasons(trust, shc / name) == ["UnknownForm"], name

    def test_every_file_is_looked_at(self, shc: Path) -> None:
        lists = {f"{TOOLS}badcrl_{name}_jws-crl-{name}.txt" for name in LISTS}
        lists |= {str(file.relative_to(shc)) for file in shc.glob("*/*_crl_*")}
        keys = {KEYS, *(f"{TOOLS}{name}.json" for name in KEY_SETS)}
        known = {*FAULTS, *GOOD, *CHUNKS, *UNSIGNED, KEY_ABSENT, *NO_CARDS, *lists, *keys}
        assert {str(file.relative_to(shc)) for file in shc.glob("*/*")} - {"NOTICE"} == known
        assert len(known) == 102


class TestTrust:
    """
    given a revocation list that is wrong -> refused for what its name says; the card of it passes without it
    given the list of the examples        -> read; given key sets that are good -> read
    given a directory of issuers          -> who is in it passes
    """

    @pytest.mark.parametrize(("name", "reason"), LISTS.items())
    def test_a_wrong_list_is_refused(self, shc: Path, name: str, reason: str) -> None:
        keys = (shc / f"{TOOLS}badcrl_.well-known_jwks.json").read_bytes()
        (listed,) = shc.glob(f"{TOOLS}badcrl_{name}_.well-known_crl_*")
        with pytest.raises(CheckRefused) as caught:
            TrustList.read([("keys", keys), ("list", listed.read_bytes())])
        assert caught.value.reason == reason
        card = shc / f"{TOOLS}badcrl_{name}_jws-crl-{name}.txt"
        assert reasons(TrustList.read([("keys", keys)]), card) == ["Active"]

    def test_good_keys_and_lists_are_read(self, shc: Path) -> None:
        (listed,) = shc.glob("health-cards/*_crl_*")
        names = [shc / KEYS, listed, shc / f"{TOOLS}valid_key.json", shc / f"{TOOLS}valid_keys.json"]
        found = TrustList.read((file.name, file.read_bytes()) for file in names)
        assert (len(found.keys), len(found.card_lists[0].cards)) == (6, 4)

    def test_a_directory_lets_its_issuers_pass(self, shc: Path) -> None:
        files = [shc / KEYS, shc / f"{TOOLS}test-issuers.json"]
        trust = TrustList.read((file.name, file.read_bytes()) for file in files)
        assert reasons(trust, shc / GOOD[0]) == ["Active", "Active"]

    def test_what_is_no_key_set_is_refused(self, shc: Path) -> None:
        with pytest.raises(InputError):
            TrustList.read([("keys", (shc / f"{TOOLS}badjwks_.well-known_jwks.json").read_bytes())])
