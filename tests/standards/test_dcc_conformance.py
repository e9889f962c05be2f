"""Conformance: the test files that the issuers of EU DCCs published give what they say that they give."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from medtrust.errors import CheckRefused
from medtrust.foreign import judge, verify
from medtrust.instants import instant
from medtrust.standards import dcc
from medtrust.standards.cose import load_cbor
from medtrust.standards.dcc import HealthCertificate
from medtrust.standards.dcc_schema import check_form
from medtrust.standards.foreign import parse
from medtrust.standards.trust import TrustList
from medtrust.verification import load
from tests.standards.support import corpus

Vector = dict[str, Any]

# Where a file contradicts itself, or its neighbours: why stands in docs/conformance.md.
DISAGREED = {("IS_2DCode_raw_3", "EXPECTEDKEYUSAGE")}

# Files of which nothing is expected to fail, and which do not hold at their own clock, or for the purpose of their key.
REFUSED_ALL_THE_SAME = {
    **dict.fromkeys(("ES_2DCode_raw_1101", "ES_2DCode_raw_1102", "ES_2DCode_raw_1103"), "NotYetValid"),
    **dict.fromkeys(("ES_2DCode_raw_2101", "ES_2DCode_raw_2102", "ES_2DCode_raw_2103"), "NotYetValid"),
    "SG_2DCode_raw_4": "NotYetValid",
    "LI_2DCode_raw_4": "KeyPurpose",
}

# The first step that must fail, of the files that are made to fail.
REASONS = {
    "common_2DCode_raw_H1": "PrefixMissing",
    "common_2DCode_raw_H3": "PrefixMissing",
    "common_2DCode_raw_B1": "Base45Broken",
    "common_2DCode_raw_Z1": "CompressionBroken",
    "common_2DCode_raw_CBO2": "CoseBroken",
    "common_2DCode_raw_CO23": "KeyNotTrusted",
    "common_2DCode_raw_CO16": "NotYetValid",
    **dict.fromkeys(("common_2DCode_raw_CO6", "common_2DCode_raw_CO8", "common_2DCode_raw_CO10"), "KeyPurpose"),
    "common_2DCode_raw_DGC1": "SchemaBroken",
    **dict.fromkeys(("NL_2DCode_raw_006-NL-test", "NL_2DCode_raw_136-NL-vaccination"), "SchemaBroken"),
    **dict.fromkeys(("NL_2DCode_raw_206-NL-recovery", "NL_2DCode_raw_263-NL-test_wrong_key"), "SchemaBroken"),
    **{f"NL_2DCode_raw_{number}-NL-test_wrong_key": "KeyPurpose" for number in (235, 245, 252, 267, 276)},
}


def vectors() -> Iterator[tuple[str, Vector]]:
    for file in sorted(corpus("dcc").glob("*/*.json")):
        yield file.stem, json.loads(file.read_text(encoding="utf-8"))


def trust_of(vector: Vector) -> TrustList:
    return TrustList.read([("vector", json.dumps(vector).encode())])


def certificate_of(vector: Vector) -> HealthCertificate:
    return HealthCertificate.parse(vector["PREFIX"])


def check_json(vector: Vector) -> None:
    assert "JSON" not in vector or vector["JSON"] == certificate_of(vector).said.document


def check_compressed(vector: Vector) -> None:
    raw = dcc.unzip(dcc.from_base45(vector["PREFIX"][4:]))
    assert vector.get("COSE", raw.hex()).lower() == raw.hex()


def text_of_picture(vector: Vector, tmp_path: Path) -> str:
    (tmp_path / "code.png").write_bytes(base64.b64decode(vector["2DCODE"]))
    (text,) = load(str(tmp_path / "code.png"))
    assert isinstance(text, str)
    return text


def check_encoded(vector: Vector) -> None:
    encoded = load_cbor(bytes.fromhex(vector["CBOR"]))
    assert encoded.get(-260, {1: encoded})[1] == vector["JSON"]


def check_purpose(vector: Vector) -> None:
    certificate = certificate_of(vector)
    (group,) = (one for one in "vtr" if certificate.said.document.get(one))
    certificate.check_purpose(trust_of(vector), group)


def check_time(vector: Vector) -> None:
    certificate_of(vector).check_time(instant(vector["TESTCTX"]["VALIDATIONCLOCK"]))


STEPS: dict[str, Callable[[Vector], Any]] = {
    "EXPECTEDUNPREFIX": lambda vector: dcc.unprefix(vector["PREFIX"]),
    "EXPECTEDB45DECODE": lambda vector: dcc.from_base45(vector["PREFIX"][4:]),
    "EXPECTEDCOMPRESSION": check_compressed,
    "EXPECTEDDECODE": certificate_of,
    "EXPECTEDVALIDOBJECT": check_json,
    "EXPECTEDVALIDJSON": check_json,
    "EXPECTEDENCODE": check_encoded,
    "EXPECTEDVERIFY": lambda vector: certificate_of(vector).check_signature(trust_of(vector)),
    "EXPECTEDSCHEMAVALIDATION": lambda vector: certificate_of(vector).check_form(),
    "EXPECTEDKEYUSAGE": check_purpose,
    "EXPECTEDEXPIRATIONCHECK": check_time,
    "EXPTECTEDEXPIRED": check_time,  # as seven files spell it
}
NO_STEP = {"EXPECTEDRESULTS", "EXPECTEDPICTUREDECODE"}


class TestVectors:
    """
    given each file -> every step that it expects something of succeeds or fails as it says
    given each file -> the verdict at its clock is ACTIVE, or names the step that is made to fail
    given its picture -> the text that stands beside it, or, in three, the same content signed again
    """

    def test_every_step_gives_what_is_expected(self) -> None:
        disagreed, compared = set(), 0
        for name, vector in vectors():
            for step, expected in vector["EXPECTEDRESULTS"].items():
                if step in NO_STEP:
                    continue
                compared += 1
                if _holds(STEPS[step], vector) != expected:
                    disagreed.add((name, step))
        assert disagreed == DISAGREED
        assert compared > 1000

    def test_the_verdict_names_the_step(self) -> None:
        found = {}
        for name, vector in vectors():
            at = instant(vector["TESTCTX"]["VALIDATIONCLOCK"])
            (verdict,) = verify([json.dumps(vector)], trust_of(vector), at=at)
            if not verdict.is_valid:
                found[name] = verdict.reason
        assert found == {**REASONS, **REFUSED_ALL_THE_SAME}

    def test_the_key_is_chosen_among_all(self) -> None:
        everyone = TrustList.read([(name, json.dumps(vector).encode()) for name, vector in vectors()])
        for name, vector in vectors():
            at = instant(vector["TESTCTX"]["VALIDATIONCLOCK"])
            (verdict,) = verify([json.dumps(vector)], everyone, at=at)
            assert verdict.is_valid == (name not in {**REASONS, **REFUSED_ALL_THE_SAME}), name

    def test_pictures_hold_the_text(self, tmp_path: Path) -> None:
        seen, signed_again = 0, set()
        for name, vector in vectors():
            if vector.get("2DCODE"):
                text, seen = text_of_picture(vector, tmp_path), seen + 1
                if text != vector["PREFIX"]:
                    signed_again.add(name)
                    assert "EXPECTEDPICTUREDECODE" not in vector["EXPECTEDRESULTS"]
                    assert HealthCertificate.parse(text).said.document == certificate_of(vector).said.document
        assert (seen, signed_again) == (128, {"ES_2DCode_raw_501", "ES_2DCode_raw_502", "ES_2DCode_raw_503"})


def _holds(step: Callable[[Vector], Any], vector: Vector) -> bool:
    try:
        step(vector)
    except CheckRefused:
        return False
    return True


class TestPictures:
    """given a picture of a QR code -> it is read, its form holds, and if its signer is known, its signature"""

    def test_are_read_and_checked(self) -> None:
        everyone = TrustList.read([(name, json.dumps(vector).encode()) for name, vector in vectors()])
        files = sorted(corpus("dcc-png").glob("*/*.png"))
        assert len(files) == 12
        found = {}
        for file in files:
            (certificate,) = parse(load(str(file)))
            assert isinstance(certificate, HealthCertificate)
            assert certificate.issuer == file.name[:2]
            assert certificate.check_form() in "vtr"
            found[file.stem] = judge(certificate, everyone, at=certificate.said.issued_at).reason
        known = {name for name, reason in found.items() if reason == "Active"}
        assert known == {"AT_1.0.0_VAC", "BG_1.3.0_TEST_RAT", "BG_1.3.0_VAC_BOOSTER"}
        assert set(found.values()) == {"Active", "KeyNotTrusted"}


class TestSchema:
    """given the examples and tests of the schema -> those named invalid are refused, all others pass"""

    def test_agrees_with_the_schema(self) -> None:
        files = [file for file in sorted(corpus("dcc-schema").glob("*/*.json")) if "schema" not in file.name]
        assert len(files) == 42
        for file in files:
            document = json.loads(file.read_text(encoding="utf-8"))
            if "invalid_" in file.name:
                with pytest.raises(CheckRefused):
                    check_form(document)
            else:
                assert check_form(document) in "vtr", file.name


class TestWho:
    """given the certificates of WHO's validator that are DCCs or health cards -> the content that stands beside them"""

    @pytest.mark.parametrize("name", ["EUIndonesia", "EUQR1"])
    def test_dccs_hold_what_stands_beside_them(self, name: str) -> None:
        folder = corpus("who-ddcc") / "ddcc-validator"
        text, unpacked = (
            (folder / f"test-resources_src_main_resources_{name}{part}.txt").read_text(encoding="utf-8")
            for part in ("Contents", "Unpacked")
        )
        (certificate,) = parse([text])
        assert certificate.claims["hcert"] == json.loads(unpacked)
        assert judge(certificate, TrustList(), at=0).reason == "KeyNotTrusted"

    @pytest.mark.parametrize("name", ["SHCQR1", "SHCTestResults"])
    def test_cards_hold_what_stands_beside_them(self, name: str) -> None:
        folder = corpus("who-ddcc") / "ddcc-validator"
        text, unpacked = (
            (folder / f"test-resources_src_main_resources_{name}{part}.txt").read_text(encoding="utf-8")
            for part in ("Contents", "Unpacked")
        )
        assert parse([text]) == parse([unpacked])

    @pytest.mark.parametrize(
        ("name", "reason"), [("WHOQR1", "ClaimsBroken"), ("DIVOCQR1", "UnknownForm"), ("ICAOAUQR1", "UnknownForm")]
    )
    def test_other_forms_are_refused_by_name(self, name: str, reason: str) -> None:
        folder = corpus("who-ddcc") / "ddcc-validator"
        raw = (folder / f"test-resources_src_main_resources_{name}Contents.txt").read_bytes()
        assert verify([raw], TrustList(), at=0)[0].reason == reason
