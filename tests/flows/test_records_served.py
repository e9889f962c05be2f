"""Records over HTTP: a reader takes nothing on trust, and a server gives nothing away."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests

from medtrust.blobs import fetch
from medtrust.consent import Purpose
from medtrust.envelope import read_header
from medtrust.errors import CheckRefused, InputError, MedtrustError, Reverted
from medtrust.record_server import log_line
from medtrust.record_service import RecordService
from medtrust.records import RecordStatus
from medtrust.types import ZERO_HASH
from medtrust.wrapping import unwrap
from tests.hospitals import CONTENT, NEXT, READER_KEY, ask, reader_of, serving, sign_consent, use_for


class Lying(RecordService):
    """A service that changes what it releases."""

    lie: staticmethod

    def release(self, asked):
        return type(self).lie(super().release(asked))


class TestReader:
    """
    given a service that lies, when it sends
      the version before                      -> SUPERSEDED
      a version that was never anchored       -> UNKNOWN
      another envelope                        -> AnotherEnvelope
      another record                          -> AnotherRecord
      a key that was wrapped to somebody else -> NotForThisReader
    given nobody who answers, or something else -> MedtrustError
    given nobody who signs                    -> InputError
    given a use that the chain refuses        -> Reverted
    """

    def _read(self, world, custodian, held, receipt, lie) -> str:
        service = type("Liar", (Lying,), {"lie": staticmethod(lie)})(custodian)
        with serving(service) as url, pytest.raises(CheckRefused) as refused:
            reader_of(world, url).read(held.record, receipt, purpose=Purpose.TREAT)
        return refused.value.reason

    def test_refuses_the_version_before(self, world, custodian, held, receipt):
        first = held.newest
        custodian.anchor(custodian.store_next(held.record, NEXT).record)
        old = fetch(custodian.blobs, first.blob)
        reason = self._read(world, custodian, held, receipt, lambda one: replace(one, version=first.version, blob=old))
        assert reason == RecordStatus.SUPERSEDED.name

    @pytest.mark.parametrize(
        ("lie", "reason"),
        [
            (lambda one: replace(one, version=replace(one.version, number=9)), "UNKNOWN"),
            (lambda one: replace(one, version=replace(one.version, epoch=1)), "UNKNOWN"),
            (lambda one: replace(one, version=replace(one.version, record=ZERO_HASH)), "AnotherRecord"),
            (lambda one: replace(one, version=replace(one.version, custodian=ZERO_HASH)), "AnotherRecord"),
            (lambda one: replace(one, blob=one.blob[:-1] + bytes((one.blob[-1] ^ 1,))), "AnotherEnvelope"),
            (lambda one: replace(one, key=replace(one.key, fingerprint=ZERO_HASH)), "NotForThisReader"),
            (lambda one: replace(one, key=replace(one.key, sealed=one.key.sealed[::-1])), "WrongKey"),
        ],
    )
    def test_refuses_what_does_not_fit(self, world, custodian, held, receipt, lie, reason):
        assert self._read(world, custodian, held, receipt, lie) == reason

    def test_reverts_given_nobody_who_answers(self, world, held, receipt):
        with pytest.raises(MedtrustError, match="no service for records answers"):
            reader_of(world, "http://127.0.0.1:9").read(held.record, receipt, purpose=Purpose.TREAT)

    def test_reverts_given_nobody_who_signs(self, world, held, receipt):
        reader = reader_of(world, "http://127.0.0.1:9")
        reader.suite = world.suite.acting_as(None)
        with pytest.raises(InputError, match="signer: found none"):
            reader.read(held.record, receipt, purpose=Purpose.TREAT)

    def test_reverts_given_a_use_that_is_refused(self, world, service, held):
        receipt = sign_consent(world, max_uses=1)
        with serving(service) as url:
            reader = reader_of(world, url)
            ticket = service.ticket(ask(world, service, held.record, receipt))
            use_for(world, receipt, ticket)
            service.ticket = lambda _: ticket
            with pytest.raises(Reverted, match="UsesExhausted"):
                reader.read(held.record, receipt, purpose=Purpose.TREAT)


class TestServer:
    """
    given something that is no request            -> status 400, and the place that is wrong
    given more than a request can be              -> status 413
    given a refusal                               -> status 403 with reason and sentence
    given another path or method                  -> status 404 or 405
    given a chain that does not answer            -> status 503, and nothing about it
    given the log of all this                     -> acts and outcomes; no salt, signature, key, patient or content
    """

    @pytest.mark.parametrize(
        ("body", "place"),
        [(b"", "request"), (b"[]", "request"), (b"{}", "request.ask"), (b'{"ask": {}}', "request.ask.actor")],
    )
    def test_reverts_given_no_request(self, service, body, place):
        with serving(service) as url:
            answer = requests.post(f"{url}/ticket", data=body, timeout=10)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith(f"{place}: found")

    def test_reverts_given_too_much(self, service):
        with serving(service) as url:
            assert requests.post(f"{url}/ticket", data=b" " * 65_537, timeout=10).status_code == 413

    def test_says_why_it_refuses(self, world, service, held, receipt):
        with serving(service) as url:
            body = ask(world, service, held.record, receipt).to_json()
            answer = requests.post(f"{url}/ticket", json=body, timeout=10)
        assert answer.status_code == 403
        assert answer.json()["reason"] == "EncryptionKey"

    def test_has_nothing_else(self, service):
        with serving(service) as url:
            assert requests.get(f"{url}/docs", timeout=10).status_code == 404
            assert requests.get(f"{url}/challenge", timeout=10).status_code == 405

    def test_says_nothing_about_a_chain_that_is_gone(self, world, service, held, receipt, monkeypatch):
        def gone(*_: object, **__: object) -> None:
            raise Reverted("", {}, "http://internal.host:8545")

        asked = ask(world, service, held.record, receipt)
        monkeypatch.setattr(service, "_authenticate", gone)
        with serving(service) as url:
            answer = requests.post(f"{url}/ticket", json=asked.to_json(), timeout=10)
        assert (answer.status_code, "internal" in answer.text) == (503, False)

    def test_log_holds_no_secret(self, world, service, held, receipt, used, log, caplog):
        asked = ask(world, service, held.record, receipt, ticket=used.number)
        release = service.release(asked)
        with pytest.raises(CheckRefused):
            service.ticket(ask(world, service, held.record, receipt, purpose=Purpose.HMARKT))
        assert [(one["act"], one["outcome"]) for one in log] == [
            ("ticket", "done"),
            ("release", "done"),
            ("ticket", "PURPOSE"),
        ]
        with caplog.at_level("INFO", logger="medtrust.records"):
            for line in log:
                log_line(line)
        data_key = unwrap(read_header(release.blob), release.key, world.clinic, READER_KEY)
        secrets = [used.salt, used.number, asked.signature, asked.ask.nonce, data_key, receipt.signature, CONTENT[:12]]
        secrets += [receipt.consent.terms.salt, release.key.sealed, bytes.fromhex(world.patient.address[2:])]
        assert [one.hex() for one in secrets if one.hex() in caplog.text.lower()] == []
        assert caplog.text.count("release") == 1
