"""Consent: a patient without ETH decides; each request is answered with the one dimension that refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.consent import Confidentiality, DataClass, Purpose
from medtrust.sandbox import FAR, JURISDICTION
from medtrust.story.questions import answer, request_by
from medtrust.story.stage import Beat, Stage

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
    request = request_by(stage, doctor, DataClass.IMMUNIZATION)
    yield answer(stage, "A doctor asks before anything was signed", consent, request, "UNKNOWN")
    receipt = patient.consent.sign(consent)
    granted = stage.as_("relayer").consent.grant_by_sig(receipt)
    yield stage.transaction(
        "The patient signs on her phone: immunizations, for treatment, here, for 30 days. Somebody else "
        "sends it. The chain learns patient, grantee and window, and nothing of the terms.",
        granted,
        "consent grantBySig",
    )
    yield answer(stage, "A doctor who does not act for the hospital asks", consent, request, "ACTOR")
    named = stage.as_("hospital").accreditation.add_signer(stage.id("hospital"), doctor, Role.HOSPITAL, until=FAR)
    yield stage.transaction("The hospital names that doctor among those who act for it.", named)
    yield answer(stage, "The doctor asks again", consent, request, "NONE")
    marketing = replace(request, purpose=Purpose.HMARKT)
    yield answer(stage, "The same doctor asks for marketing", consent, marketing, "PURPOSE")
    genetics = replace(request, data_class=DataClass.GENETICS)
    yield answer(stage, "The same doctor asks for genetic data", consent, genetics, "DATA_CLASS")
    deadline = stage.suite.chain.now() + _DAY
    signature = patient.consent.sign_revoke(consent.id, deadline=deadline)
    revoked = stage.as_("relayer").consent.revoke_by_sig(consent.patient, consent.id, signature, deadline=deadline)
    yield stage.transaction("The patient changes her mind and signs that.", revoked, "consent revokeBySig")
    yield answer(stage, "The doctor asks once more", consent, request, "REVOKED")
