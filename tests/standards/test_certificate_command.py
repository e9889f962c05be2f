"""`medtrust certificate verify`: what it takes, what it prints, how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medtrust import samples, verification
from medtrust.certificate import Certificate, Dose
from medtrust.cli import app
from medtrust.errors import InputError
from medtrust.standards.trust import TrustList
from medtrust.verdict import Advisory, Status, Verdict
from medtrust.verification import verify_certificates

RUNNER = CliRunner()
VERIFY = ["certificate", "verify"]
DAY = ["--at", "2026-11-01"]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A folder with every sample in it."""
    for name in samples.names():
        (tmp_path / name).write_bytes(samples.read(name))
    return tmp_path


def asked(*words: Any, code: int, stdin: bytes | None = None) -> dict[str, Any]:
    result = RUNNER.invoke(app, [*VERIFY, *map(str, words), "--json"], input=stdin)
    assert (result.exit_code, result.stderr) == (code, ""), result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


class TestVerify:
    """
    given a certificate as text, file, picture or on stdin, and who signed it -> exit 0, verdict, issuer, claims
    given nobody to trust                                                     -> exit 1
    given several cards in a file                                             -> a verdict each, a failing one first
    given a picture on stdin, or in a file of any name                        -> as if it were named .png
    given a picture without a code, or a broken one                           -> exit 1, CodeUnreadable
    given a picture of the code of a package                                  -> exit 1, UnknownForm
    given a list of whom to trust that is refused                             -> exit 1, UNKNOWN, and why
    given no such file, or no time                                            -> InputError
    """

    @pytest.mark.parametrize(
        ("file", "trust", "issuer"),
        [
            ("dcc.txt", "dcc_signer.pem", "XX"),
            ("dcc.png", "dcc_signer.pem", "XX"),
            ("health_card.smart-health-card", "health_card_keys.json", "https://clinic.example/issuer"),
        ],
    )
    def test_shows_who_says_what(self, sample: Path, file: str, trust: str, issuer: str) -> None:
        answer = asked(sample / file, "--trust", sample / trust, *DAY, code=0)
        assert (answer["verdict"], answer["reason"], answer["issuer"]) == ("ACTIVE", "Active", issuer)
        assert answer["claims"]["iss"] == issuer
        assert {"sentence", "form", "signer", "advisories", "bearer"} <= set(answer)

    def test_takes_text_and_stdin(self, sample: Path) -> None:
        trust = ["--trust", sample / "dcc_signer.pem", *DAY]
        text = samples.read("dcc.txt").decode().strip()
        assert asked(text, *trust, code=0) == asked("-", *trust, code=0, stdin=text.encode())

    def test_takes_a_picture_however_it_is_named(self, sample: Path, tmp_path: Path) -> None:
        trust = ["--trust", sample / "dcc_signer.pem", *DAY]
        picture = samples.read("dcc.png")
        (tmp_path / "photo").write_bytes(picture)
        answers = [asked(tmp_path / "photo", *trust, code=0), asked("-", *trust, code=0, stdin=picture)]
        assert answers == [asked(sample / "dcc.png", *trust, code=0)] * 2

    @pytest.mark.parametrize("file", ["dcc.txt", "dcc.png", "health_card.smart-health-card"])
    def test_trusts_nobody_by_itself(self, sample: Path, file: str) -> None:
        answer = asked(sample / file, *DAY, code=1)
        assert (answer["verdict"], answer["reason"], answer["claims"]) == ("ISSUER_UNTRUSTED", "KeyNotTrusted", {})

    def test_judges_at_the_time_that_is_asked(self, sample: Path) -> None:
        words = sample / "dcc.txt", "--trust", sample / "dcc_signer.pem", "--at"
        assert asked(*words, "2025-12-31", code=1)["reason"] == "NotYetValid"
        assert asked(*words, "2036-01-02", code=1)["reason"] == "Expired"

    def test_prints_every_card_of_a_file(self, sample: Path, tmp_path: Path) -> None:
        card = json.loads(samples.read("health_card.smart-health-card"))["verifiableCredential"][0]
        header, content, signature = card.split(".")
        file = tmp_path / "two.smart-health-card"
        file.write_text(json.dumps({"verifiableCredential": [card, f"{header}.{content}.{'A' * len(signature)}"]}))
        answer = asked(file, "--trust", sample / "health_card_keys.json", *DAY, code=1)
        assert answer["reason"] == "SignatureWrong"
        assert [one["reason"] for one in answer["certificates"]] == ["Active", "SignatureWrong"]

    def test_shows_it_to_people(self, sample: Path) -> None:
        result = RUNNER.invoke(app, [*VERIFY, str(sample / "dcc.txt"), "--trust", str(sample / "dcc_signer.pem"), *DAY])
        assert result.exit_code == 0
        assert "ACTIVE: " in result.stdout
        assert '"mp": "EU/1/20/1528"' in result.stdout

    def test_reverts_given_a_picture_without_a_code(self, tmp_path: Path) -> None:
        from PIL import Image

        Image.new("L", (60, 60), 255).save(tmp_path / "white.png")
        assert asked(tmp_path / "white.png", *DAY, code=1)["reason"] == "CodeUnreadable"

    def test_reverts_given_the_code_of_a_package(self, sample: Path) -> None:
        answer = asked(sample / "pack.png", *DAY, code=1)
        assert (answer["verdict"], answer["reason"]) == ("UNKNOWN", "UnknownForm")
        assert "DataMatrix" in answer["sentence"].replace(" ", "")

    @pytest.mark.parametrize("content", [b"no picture", samples.read("dcc.png")[:100]])
    def test_reverts_given_a_broken_picture(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "broken.png").write_bytes(content)
        answer = asked(tmp_path / "broken.png", *DAY, code=1)
        assert (answer["verdict"], answer["reason"], answer["claims"]) == ("UNKNOWN", "CodeUnreadable", {})
        assert str(tmp_path / "broken.png") in answer["sentence"]

    def test_reverts_given_trust_that_is_refused(self, sample: Path, tmp_path: Path) -> None:
        keys = json.loads(samples.read("health_card_keys.json"))
        keys["keys"][0]["d"] = "AA"
        (tmp_path / "keys.json").write_text(json.dumps(keys))
        card = sample / "health_card.smart-health-card"
        answer = asked(card, "--trust", tmp_path / "keys.json", *DAY, code=1)
        assert (answer["verdict"], answer["reason"], answer["issuer"]) == ("UNKNOWN", "KeyPrivate", "")
        assert answer["claims"] == {}

    @pytest.mark.parametrize(
        ("words", "place"),
        [
            (["nowhere.txt"], "file"),
            (["nowhere.png"], "file"),
            (["HC1:", "--trust", "nowhere.pem"], "file"),
            (["HC1:", "--at", "soon"], "--at"),
        ],
    )
    def test_reverts_when_misused(self, words: list[str], place: str) -> None:
        result = RUNNER.invoke(app, [*VERIFY, *words, "--json"])
        assert isinstance(result.exception, InputError)
        assert result.exception.place == place


class TestStandards:
    """
    given a certificate as text and as picture, or on stdin     -> `medtrust standards canonical` prints the same dose
    given a Bundle with a dose and a claim that cannot be read  -> exit 1; with --only imm/1 the dose, and exit 0
    """

    def test_a_picture_reads_as_its_text(self, sample: Path) -> None:
        words = ["standards", "canonical", "--json"]
        found = [RUNNER.invoke(app, [*words, str(sample / name)]) for name in ("dcc.txt", "dcc.png")]
        assert [one.exit_code for one in found] == [0, 0]
        assert found[0].stdout == found[1].stdout
        assert json.loads(found[0].stdout)[0]["vc"] == "208"
        assert RUNNER.invoke(app, [*words, "-"], input=samples.read("dcc.png")).stdout == found[0].stdout

    def test_lets_by_what_is_not_wanted(self, tmp_path: Path) -> None:
        bundle = json.loads(samples.read("immunizations_bundle.json"))
        claim = {"resourceType": "Claim", "status": "active", "patient": {"reference": "Patient/nobody"}}
        bundle["entry"].append({"resource": claim})
        (tmp_path / "bundle.json").write_text(json.dumps(bundle))
        words = ["standards", "canonical", str(tmp_path / "bundle.json"), "--json"]
        all_, doses = RUNNER.invoke(app, words), RUNNER.invoke(app, [*words, "--only", "imm/1"])
        assert (all_.exit_code, doses.exit_code, doses.stderr) == (1, 0, "")
        assert doses.stdout == all_.stdout
        assert {one["t"] for one in json.loads(doses.stdout)} == {"imm/1"}


class Registry:
    """What stands in for the suite: it says ACTIVE of everything and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Certificate, int | None]] = []
        self.vaccination = self

    def verify(self, certificate: Certificate, *, at: int | None) -> Verdict:
        self.asked.append((certificate, at))
        return Verdict(Status.ACTIVE, "Active", "", Advisory(0), certificate.issuer, "", 1, {})


class TestOurs:
    """
    given one of ours, as text or as JSON -> the chain is asked, as of the time or now
    given a broken one                    -> UNKNOWN, CertificateBroken
    given foreign ones alone              -> no chain is opened
    """

    @pytest.fixture
    def ours(self) -> Certificate:
        dose = Dose(0, "0x" + "00" * 20, bytes(32), bytes(32))
        return Certificate("urn:x:y", 1, "0x" + "00" * 20, bytes(32), 1, 1, dose, (), ())

    @pytest.mark.parametrize(("is_now", "at"), [(True, None), (False, 5)])
    def test_asks_the_chain(self, ours: Certificate, is_now: bool, at: int | None) -> None:
        registry: Any = Registry()
        sources: list[str | bytes] = [ours.to_text(), ours.to_json(), b"\xef\xbb\xbf" + ours.to_json()]
        found = verify_certificates(sources, TrustList(), lambda: registry, at=5, is_now=is_now)
        assert [verdict.issuer for verdict in found] == ["urn:x:y"] * 3
        assert registry.asked == [(ours, at)] * 3

    @pytest.mark.parametrize("source", ["MT1:AAAA", '{"t": "cert/2"}', '{"t": "cert/1"}'])
    def test_reverts_given_a_broken_one(self, source: str) -> None:
        (verdict,) = verify_certificates([source], TrustList(), _no_suite, at=5)
        assert (verdict.status, verdict.reason) == (Status.UNKNOWN, "CertificateBroken")

    def test_opens_no_chain_for_others(self, sample: Path) -> None:
        sources = verification.load(str(sample / "dcc.txt"))
        (verdict,) = verify_certificates(sources, TrustList(), _no_suite, at=1_793_491_200)
        assert verdict.reason == "KeyNotTrusted"


def _no_suite() -> Any:
    raise AssertionError("nobody needs a chain for this")
