"""Consent: a patient without ETH decides; each request is answered with the one dimension that refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.consent import Confidentiality, Consent, DataClass, Purpose, Request, Verdict
from medtrust.sandbox import FAR, JURISDICTION
from medtrust.story.stage import Beat, Kind, Stage, require

__all__ = ["ask_and_withdraw"]

_DAY = 86_400


def ask_and_withdraw(stage: Stage) -> Iterator[Beat]:
    """Ask without a consent, sign one, ask within and beyond it, withdraw it."""
    account = stage.patient("clinic")
    patient = stage.as_(account)
    doctor = wallet.role("doctor").address
    yield Beat("chapter", "The patient decides")
    yield Beat(
        "narration",
        f"{stage.title('hospital')} asks {stage.title('clinic')} for the patient's vaccinations. The clinic asks the "
        f"chain. The patient is {account.address}, an address that only the clinic can tell, and holds "
        f"{stage.suite.chain.balance(account.address)} ETH.",
    )
    now = stage.suite.chain.now()
    consent = patient.consent.draft(
        stage.id("hospital"),
        Purpose.TREAT,
        DataClass.IMMUNIZATION,
        until=now + 30 * _DAY,
        sensitivity=Confidentiality.N,
        jurisdiction=JURISDICTION,
    )
    request = Request(
        actor=doctor,
        organisation=stage.id("hospital"),
        purpose=Purpose.TREAT,
        data_class=DataClass.IMMUNIZATION,
        sensitivity=Confidentiality.N,
        jurisdiction=JURISDICTION,
        data_at=now - _DAY,
    )
    yield _answer(stage, "A doctor asks before anything was signed", consent, request, "UNKNOWN")
    receipt = patient.consent.sign(consent)
    granted = stage.as_("relayer").consent.grant_by_sig(receipt)
    yield stage.transaction(
        "The patient signs on her phone: immunizations, for treatment, here, for 30 days. Somebody else "
        "sends it. The chain learns patient, grantee and window, and nothing of the terms.",
        granted,
        "consent grantBySig",
    )
    yield _answer(stage, "A doctor who does not act for the hospital asks", consent, request, "ACTOR")
    named = stage.as_("hospital").accreditation.add_signer(stage.id("hospital"), doctor, Role.HOSPITAL, until=FAR)
    yield stage.transaction("The hospital names that doctor among those who act for it.", named)
    yield _answer(stage, "The doctor asks again", consent, request, "NONE")
    marketing = replace(request, purpose=Purpose.HMARKT)
    yield _answer(stage, "The same doctor asks for marketing", consent, marketing, "PURPOSE")
    genetics = replace(request, data_class=DataClass.GENETICS)
    yield _answer(stage, "The same doctor asks for genetic data", consent, genetics, "DATA_CLASS")
    deadline = stage.suite.chain.now() + _DAY
    signature = patient.consent.sign_revoke(consent.id, deadline=deadline)
    revoked = stage.as_("relayer").consent.revoke_by_sig(consent.patient, consent.id, signature, deadline=deadline)
    yield stage.transaction("The patient changes her mind and signs that.", revoked, "consent revokeBySig")
    yield _answer(stage, "The doctor asks once more", consent, request, "REVOKED")


def _answer(stage: Stage, text: str, consent: Consent, request: Request, expected: str) -> Beat:
    verdict: Verdict = stage.suite.consent.check(consent, request)
    require(verdict.reason.name == expected, f"{text}: {verdict.reason.name}")
    kind: Kind = "verdict" if verdict.is_permitted else "refusal"
    name = verdict.decision.name if verdict.is_permitted else verdict.reason.name
    return Beat(kind, f"{text}.", name, facts={"sentence": f"{verdict.sentence}."})
