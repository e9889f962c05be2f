"""Presentations and paper: what shows that the holder is here, and a copy of it is worth nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from medtrust.certificate import Certificate
from medtrust.errors import CheckRefused, InputError
from medtrust.holder import find_key, hand_over, make_paper
from medtrust.paper import CODE_BYTES, PaperCertificate, write_code
from medtrust.presentation import Presentation
from medtrust.pseudonym import PatientIdentifier, pseudonym
from medtrust.shown import Question, judge_shown, parse_shown
from medtrust.types import ZERO_HASH
from medtrust.used_codes import UsedCodes
from medtrust.verdict import Status
from tests.consents import give_ether
from tests.doses import CLINIC, batch_of
from tests.world import World

NOW = 1_900_000_000
BORDER = "https://border.example"
ENDS = [(599, "Active"), (600, "PresentationExpired"), (601, "PresentationExpired")]
CODE = write_code(bytes(CODE_BYTES))
ASKED = Question(NOW, verifier=BORDER, challenge="gate 7, no. 4711")


@pytest.fixture
def certificate(world: World) -> Certificate:
    """The certificate of the patient, who is its holder."""
    batch = batch_of(2, lot=ZERO_HASH, holder=world.patient.address)
    clinic = world.acting_as("clinic").vaccination
    clinic.anchor(batch.organisation, batch.root, 2)
    return batch.certificate(0, clinic)


@pytest.fixture
def hers(world: World) -> bytes:
    return bytes(world.patient.key)


@pytest.fixture
def presented(certificate, hers) -> Presentation:
    return Presentation(certificate, BORDER, str(ASKED.challenge), NOW + 600).signed(hers)


@pytest.fixture
def judged(world):
    """The reason of the verdict on what is shown."""

    def judge(shown, question=ASKED):
        return judge_shown(shown, world.suite.vaccination, question)

    return judge


class TestPresentation:
    """
    when the holder signed this challenge of this verifier  -> ACTIVE, and no bearer's
    when nobody is asked                                    -> ACTIVE, a bearer's, presentation or not
    when a bare certificate answers a challenge             -> UNKNOWN, HolderNotShown
    when challenge or verifier is another                   -> UNKNOWN, OtherChallenge, OtherVerifier
    when it is a second before, at, a second after its end  -> ACTIVE, PresentationExpired, PresentationExpired
    when another key signed it, or any part was changed     -> UNKNOWN, NotSignedByHolder
    when fewer fields are shown than were signed over       -> UNKNOWN, NotSignedByHolder
    given the key was rotated                               -> the old one does not count, the new one does
    given the dose is revoked                               -> REVOKED
    when it is written and read, as JSON and as QR text     -> it is the same
    when it is no presentation                              -> InputError that names the member
    """

    def test_shows_that_the_holder_is_here(self, judged, presented):
        verdict = judged(presented)
        assert (verdict.status, verdict.bearer) == (Status.ACTIVE, False)
        assert verdict.shown == presented.certificate.values

    def test_is_a_bearers_when_nobody_is_asked(self, judged, certificate, presented):
        for shown in (certificate, presented):
            assert (judged(shown, Question(NOW)).status, judged(shown, Question(NOW)).bearer) == (Status.ACTIVE, True)

    def test_refuses_a_bare_certificate(self, judged, certificate):
        verdict = judged(certificate)
        assert (verdict.status, verdict.reason, verdict.shown) == (Status.UNKNOWN, "HolderNotShown", {})

    @pytest.mark.parametrize(
        ("change", "reason"),
        [({"challenge": "gate 7, no. 4712"}, "OtherChallenge"), ({"verifier": "a bar"}, "OtherVerifier")],
    )
    def test_refuses_a_copy(self, judged, presented, change, reason):
        verdict = judged(presented, replace(ASKED, **change))
        assert (verdict.status, verdict.reason, verdict.shown) == (Status.UNKNOWN, reason, {})

    @pytest.mark.parametrize(("now", "reason"), ENDS)
    def test_ends_by_itself(self, judged, presented, now, reason):
        assert judged(presented, replace(ASKED, now=NOW + now)).reason == reason

    def test_refuses_another_key(self, judged, presented, world):
        forged = presented.signed(bytes(world.account("attacker").key))
        assert judged(forged).reason == "NotSignedByHolder"
        assert judged(replace(presented, signature=b"")).reason == "NotSignedByHolder"

    def test_refuses_what_was_changed(self, judged, presented):
        longer = replace(presented, expires_at=presented.expires_at + 1)
        fewer = replace(presented, certificate=presented.certificate.show(["vc"]))
        assert judged(longer).reason == judged(fewer).reason == "NotSignedByHolder"

    def test_asks_who_decides_now(self, world, judged, presented, doctor):
        give_ether(world, world.patient.address)
        world.acting_as(world.patient).patients.rotate(world.patient.address, doctor.address)
        assert judged(presented).reason == "NotSignedByHolder"
        assert judged(presented.signed(bytes(doctor.key))).reason == "Active"

    def test_is_no_better_than_the_dose(self, world, judged, presented):
        given = presented.certificate
        world.acting_as("clinic").vaccination.revoke(given.organisation, given.root, given.dose.index)
        assert judged(presented).status is Status.REVOKED

    def test_is_written_and_read(self, presented):
        assert parse_shown(presented.to_json()) == presented
        assert parse_shown(presented.to_text()) == presented
        assert presented.to_text().startswith("MP1:")

    @pytest.mark.parametrize("member", ["cert", "verifier", "challenge", "until", "sig"])
    def test_names_what_is_missing(self, presented, member):
        raw = json.loads(presented.to_json())
        del raw[member]
        with pytest.raises(InputError) as caught:
            parse_shown(json.dumps(raw))
        assert caught.value.place == member


class TestPaper:
    """
    when a code is shown the first time                    -> ACTIVE, and no bearer's; again -> CodeUsed
    when the code is written in another way                -> it is the same code
    when the code is none of those                         -> WrongCode, and nothing is used
    when it is a second before, at, a second after the end -> ACTIVE, CodesExpired, CodesExpired
    when the codes were exchanged                          -> NotSignedByHolder, and the code is not used
    when a certificate without codes is shown with one     -> NoCodes
    given the dose is revoked                              -> REVOKED
    when two desks share a folder                          -> a code counts at one of them
    when it is written and read                            -> it is the same
    """

    @pytest.fixture
    def paper(self, certificate, hers) -> PaperCertificate:
        secrets = [bytes([number] * CODE_BYTES) for number in range(3)]
        return PaperCertificate.make(certificate, secrets, expires_at=NOW + 600).signed(hers)

    @pytest.fixture
    def desk(self, tmp_path):
        """Questions of a desk that keeps which codes were used."""

        def ask(code=CODE, now=NOW, folder="used"):
            return Question(now, code=code, use=UsedCodes(tmp_path / folder).use)

        return ask

    def test_counts_once(self, judged, paper, desk):
        verdict = judged(paper, desk())
        assert (verdict.status, verdict.bearer) == (Status.ACTIVE, False)
        again = judged(paper, desk())
        assert (again.status, again.reason, again.shown) == (Status.UNKNOWN, "CodeUsed", {})
        assert judged(paper, desk(write_code(bytes([1] * CODE_BYTES)))).is_valid

    def test_reads_what_people_write(self, judged, paper, desk):
        assert judged(paper, desk(f" {CODE.lower().replace('-', ' ')} ")).is_valid
        assert judged(paper, desk()).reason == "CodeUsed"

    @pytest.mark.parametrize("code", ["", "AAAA", write_code(bytes([9] * CODE_BYTES)), CODE + "A"])
    def test_refuses_another_code(self, judged, paper, desk, tmp_path, code):
        assert judged(paper, desk(code)).reason == "WrongCode"
        assert not (tmp_path / "used").exists()

    @pytest.mark.parametrize(("now", "reason"), [(599, "Active"), (600, "CodesExpired"), (601, "CodesExpired")])
    def test_ends_by_itself(self, judged, paper, desk, now, reason):
        assert judged(paper, desk(now=NOW + now)).reason == reason

    def test_refuses_codes_of_ones_own(self, judged, paper, desk, certificate, world):
        own = PaperCertificate.make(certificate, [bytes([9] * CODE_BYTES)], expires_at=NOW + 600)
        code = write_code(bytes([9] * CODE_BYTES))
        assert judged(own.signed(bytes(world.account("attacker").key)), desk(code)).reason == "NotSignedByHolder"
        assert judged(replace(own, signature=paper.signature), desk(code)).reason == "NotSignedByHolder"

    def test_refuses_a_certificate_without_codes(self, judged, certificate, desk):
        assert judged(certificate, desk()).reason == "NoCodes"

    def test_is_no_better_than_the_dose(self, world, judged, paper, desk):
        given = paper.certificate
        world.acting_as("clinic").vaccination.revoke(given.organisation, given.root, given.dose.index)
        assert judged(paper, desk()).status is Status.REVOKED

    def test_is_used_at_one_desk(self, judged, paper, desk):
        assert [judged(paper, desk()).reason for _ in range(2)] == ["Active", "CodeUsed"]
        assert judged(paper, desk(folder="of another country")).reason == "Active"

    def test_is_written_and_read(self, paper):
        assert parse_shown(paper.to_json()) == paper
        assert parse_shown(paper.to_text()) == paper

    def test_is_made_of_fresh_codes(self, certificate, hers):
        first, codes = make_paper(certificate, hers, count=10, expires_at=NOW)
        assert len(set(codes)) == len(first.codes) == 10
        with pytest.raises(InputError, match="from 1 to 100"):
            make_paper(certificate, hers, count=101, expires_at=NOW)


class TestHandOver:
    """
    when the clinic names the person rightly -> a key file that only its owner reads, which signs as the holder
    when it names another person             -> CheckRefused OtherHolder, no file
    when others may read the file            -> InputError that does not show the key
    """

    PERSON = PatientIdentifier("CLINIC", "MR", "700101")
    SECRET = bytes(range(32))

    @pytest.fixture
    def certificate(self, world) -> Certificate:
        batch = batch_of(1, lot=ZERO_HASH, holder=pseudonym(self.SECRET, CLINIC, self.PERSON))
        world.acting_as("clinic").vaccination.anchor(batch.organisation, batch.root, 1)
        return batch.certificate(0, world.suite.vaccination)

    def test_signs_as_the_holder(self, judged, certificate, tmp_path):
        file = tmp_path / "patient.key"
        assert hand_over(certificate, self.PERSON, self.SECRET, file) == certificate.dose.holder
        assert file.stat().st_mode & 0o777 == 0o600
        signed = Presentation(certificate, BORDER, str(ASKED.challenge), NOW + 1)
        assert judged(signed.signed(find_key(certificate, None, file))).is_valid

    def test_refuses_another_person(self, certificate, tmp_path):
        with pytest.raises(CheckRefused) as caught:
            hand_over(certificate, replace(self.PERSON, value="700102"), self.SECRET, tmp_path / "patient.key")
        assert caught.value.reason == "OtherHolder"
        assert not (tmp_path / "patient.key").exists()

    def test_refuses_a_file_that_others_read(self, certificate, tmp_path):
        file = tmp_path / "patient.key"
        hand_over(certificate, self.PERSON, self.SECRET, file)
        secret = file.read_text().strip()
        file.chmod(0o644)
        with pytest.raises(InputError, match="others may read it") as caught:
            find_key(certificate, None, file)
        assert secret not in str(caught.value)
