"""Terms: a doctor who is refused by one dimension at a time, a consent for one use, and letters of how it stands."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

from medtrust import wallet
from medtrust.consent import Confidentiality, Consent, DataClass, Purpose
from medtrust.consent_receipt import write_receipt
from medtrust.consent_standing import standing_of
from medtrust.consent_text import letter
from medtrust.consent_words import LANGUAGES
from medtrust.keccak import keccak256
from medtrust.sandbox import JURISDICTION, ORGANISATIONS
from medtrust.story.questions import answer, request_by
from medtrust.story.stage import Beat, Stage
from medtrust.types import name_hash

__all__ = ["ask_beyond_the_terms", "use_once"]

_DAY = 86_400
_WARD = "ward 3"
_TITLES = {"en": "to the patient", "zh": "致患者"}
_READ = b"Your laboratory results and medicines, for the doctors of ward 3, for 30 days."


def ask_beyond_the_terms(stage: Stage) -> Iterator[Beat]:
    """Sign a consent that narrows everything, ask within it, then beyond it in one dimension at a time."""
    consent = _draft(stage)
    account = stage.patient("clinic")
    receipt = stage.as_(account).consent.sign(consent)
    write_receipt(stage.folder / "consent.json", receipt)
    yield Beat("chapter", "The doctor who is refused")
    yield stage.transaction(
        f"A patient without ETH, {account.address}, signs: laboratory results and medicines of the last year, for "
        f"treatment, in {_WARD}, for 30 days, and {stage.title('hospital')} must accept its obligations first. "
        f"Somebody else sends it: consent 0x{consent.id.hex()}.",
        stage.as_("relayer").consent.grant_by_sig(receipt),
        "consent grantBySig",
    )
    doctor = wallet.role("doctor").address
    request = replace(request_by(stage, doctor, DataClass.LABORATORY), facility=name_hash(_WARD))
    yield answer(stage, "A doctor of the hospital asks", consent, request, "NOT_ACCEPTED")
    obligations = keccak256(secrets.token_bytes(32) + b"Deleted when the treatment ends.")
    yield stage.transaction(
        "The hospital accepts. What it commits itself to reaches the chain as a salted hash, and the id of the consent "
        "proves which terms it saw.",
        stage.as_("hospital").consent.accept(consent, obligations=obligations),
        "consent accept",
    )
    yield answer(stage, "The doctor asks again", consent, request, "NONE")
    beyond = {
        "for research": (replace(request, purpose=Purpose.HRESCH), "PURPOSE"),
        "for genetic data": (replace(request, data_class=DataClass.GENETICS), "DATA_CLASS"),
        "for results that are labelled restricted": (replace(request, sensitivity=Confidentiality.R), "SENSITIVITY"),
        "from another ward": (replace(request, facility=name_hash("ward 4")), "FACILITY"),
        "for results of three years ago": (replace(request, data_at=request.data_at - 1095 * _DAY), "DATA_TIME"),
        "for another hospital": (replace(request, organisation=stage.id("clinic")), "ORGANISATION"),
    }
    for what, (changed, expected) in beyond.items():
        yield answer(stage, f"The same doctor asks {what}", consent, changed, expected)
    yield from _letters(stage, consent)


def use_once(stage: Stage) -> Iterator[Beat]:
    """Use a consent that is for one use, and try to use it again."""
    patient, hospital = stage.as_(stage.patient("clinic")).consent, stage.as_("hospital").consent
    yield Beat("chapter", "The consent for one use")
    until = stage.suite.chain.now() + _DAY
    consent = patient.draft(stage.id("hospital"), Purpose.TREAT, DataClass.IMAGING, until=until, max_uses=1)
    request = request_by(stage, wallet.role("hospital").address, DataClass.IMAGING)
    granted = stage.as_("relayer").consent.grant_by_sig(patient.sign(consent))
    yield stage.transaction(
        f"The patient allows one look at one class of data, images: consent 0x{consent.id.hex()}.", granted
    )
    yield answer(stage, f"{stage.title('hospital')} asks", consent, request, "NONE")
    yield stage.transaction(
        "It records the use, without which no key is handed out. The chain learns that, and of what for a salted hash.",
        hospital.use(consent, request.commitment(secrets.token_bytes(32))),
        "consent use",
    )
    yield answer(stage, "It asks again", consent, request, "USES")
    yield stage.refusal(
        "It tries to record a second use.",
        lambda: hospital.use(consent, request.commitment(secrets.token_bytes(32))),
    )


def _draft(stage: Stage) -> Consent:
    now = stage.suite.chain.now()
    return stage.as_(stage.patient("clinic")).consent.draft(
        stage.id("hospital"),
        Purpose.TREAT | Purpose.OBLIGATION,
        DataClass.LABORATORY | DataClass.MEDICATION,
        until=now + 30 * _DAY,
        sensitivity=Confidentiality.N,
        jurisdiction=JURISDICTION,
        facility=name_hash(_WARD),
        data_from=now - 365 * _DAY,
        document=keccak256(_READ),
    )


def _letters(stage: Stage, consent: Consent) -> Iterator[Beat]:
    """Write what the patient holds in her hand, in each language, to a file and on the terminal."""
    hospital = ORGANISATIONS["hospital"]
    names = {hospital.id: f"{hospital.title} ({hospital.identifier})", name_hash(_WARD): _WARD}
    standing = standing_of(stage.suite, consent)
    for language in LANGUAGES:
        text = letter(consent, language, names, standing=standing)
        file = stage.folder / f"consent.{language}.txt"
        file.write_text(text, encoding="utf-8")
        yield Beat("letter", text, facts={"title": _TITLES[language], "language": language, "file": file.name})
