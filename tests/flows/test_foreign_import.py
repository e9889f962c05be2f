"""Doses on foreign certificates are anchored with their origin, if somebody who is trusted signed them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medtrust.certificate import Certificate
from medtrust.importer import import_files
from medtrust.standards.trust import TrustList
from medtrust.vaccination import Status
from tests.doses import CLINIC
from tests.standards.makers import CardIssuer, Signer, document, payload

KEY = bytes(range(32))


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def issuer() -> CardIssuer:
    return CardIssuer()


@pytest.fixture
def run(world, tmp_path, monkeypatch):
    """Import files as the clinic."""
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))

    def do(*contents: str, trust: TrustList | None, out: str = "certificates", **options):
        paths = []
        for number, content in enumerate(contents):
            paths.append(tmp_path / f"{number}.txt")
            paths[-1].write_text(content)
        suite = world.acting_as("clinic")
        return import_files(paths, suite, CLINIC, KEY, out=tmp_path / out, trust=trust, **options)

    return do


def trust_in(signer: Signer, issuer: CardIssuer, *more: bytes) -> TrustList:
    sources = [signer.pem, issuer.key_set(), *more]
    return TrustList.read((str(number), content) for number, content in enumerate(sources))


class TestForeignImport:
    """
    given a DCC and a card of two doses, and who signed them -> two doses are anchored, each with its origin
      when run again                    -> the same roots, nothing anchored twice
      when the DCC has expired since    -> anchored all the same
    given a card and a DCC of one dose  -> anchored once
    given nobody to trust, or another   -> refused, nothing is anchored
    given a withdrawn card              -> refused
    """

    def test_anchors_doses_with_their_origin(self, world, run, signer, issuer):
        other = payload(rid="abc")
        other["vc"]["credentialSubject"]["fhirBundle"]["entry"][1]["resource"]["occurrenceDateTime"] = "2021-07-20"
        report = run(signer.text(), issuer.card(other), trust=trust_in(signer, issuer))
        assert (len(report.issued), report.refused) == (2, ())
        origins = {}
        for one in report.issued:
            certificate = Certificate.parse(one.certificate.read_bytes())
            assert world.suite.vaccination.verify(certificate).status is Status.ACTIVE
            origins[certificate.values["d"]] = json.loads(certificate.values["origin"])
        assert origins == {
            "2021-06-15": {
                "form": "dcc",
                "issuer": "XX",
                "certificate": document()["v"][0]["ci"],
                "product": "EU/1/20/1528",
            },
            "2021-07-20": {"form": "shc", "issuer": "https://clinic.example/issuer", "certificate": "abc"},
        }

    def test_ends_the_same_when_run_again(self, world, run, signer, issuer):
        trust, text = trust_in(signer, issuer), signer.text()
        first = run(text, trust=trust)
        again = run(text, trust=trust, out="again")
        assert first.batches == again.batches
        assert len(world.suite.vaccination.batches_of(world.clinic)) == 1

    def test_takes_a_dose_whose_certificate_has_expired(self, world, run, signer, issuer):
        text = signer.text(exp=world.chain.now() - 1)
        assert len(run(text, trust=trust_in(signer, issuer)).issued) == 1

    def test_anchors_one_dose_of_two_forms_once(self, run, signer, issuer):
        report = run(signer.text(), issuer.card(), trust=trust_in(signer, issuer))
        assert (len(report.issued), len(report.intake.duplicates)) == (1, 1)

    @pytest.mark.parametrize("named", ["nobody", "another"])
    def test_refuses_whom_nobody_trusts(self, world, run, signer, issuer, named):
        trust = None if named == "nobody" else trust_in(Signer(), CardIssuer())
        report = run(signer.text(), issuer.card(), trust=trust)
        reason = "NobodyVouches" if named == "nobody" else "KeyNotTrusted"
        assert [(Path(one.file).name, one.found) for one in report.refused] == [("0.txt", reason), ("1.txt", reason)]
        assert world.suite.vaccination.batches_of(world.clinic) == []

    def test_refuses_a_withdrawn_card(self, run, signer, issuer):
        listed = json.dumps({"kid": issuer.kid, "method": "rid", "ctr": 1, "rids": ["abc"]}).encode()
        report = run(issuer.card(payload(rid="abc")), trust=trust_in(signer, issuer, listed))
        assert [one.found for one in report.refused] == ["Revoked"]
        assert report.issued == ()
