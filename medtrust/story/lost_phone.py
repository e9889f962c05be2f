"""Lost phone: a thief with the patient's key, guardians who freeze and recover, and consents that survive."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

from eth_account.signers.local import LocalAccount

from medtrust import wallet
from medtrust.chain import Receipt
from medtrust.consent import Consent, DataClass, Purpose, Request, SignedConsent
from medtrust.patients import Scope
from medtrust.sandbox import FAR
from medtrust.story.questions import answer, request_by
from medtrust.story.stage import Beat, Stage, require

__all__ = ["lose_and_recover"]

_DAY = 86_400
_GUARDIANS = ("sister", "friend", "family doctor")


def lose_and_recover(stage: Stage) -> Iterator[Beat]:
    """Appoint guardians, lose the phone, freeze, refuse the thief, recover, go on."""
    patient, chain = stage.person("owner of the phone"), stage.suite.chain
    yield Beat("chapter", "The lost phone")
    yield from _appoint(stage, patient)
    granted = yield from _grant(stage, patient)
    chain.mine(seconds=7 * _DAY)
    freeze = stage.as_(stage.person("sister")).patients.sign_freeze(
        patient.address, chain.now() + 6 * _DAY, deadline=chain.now() + _DAY
    )
    yield stage.transaction(
        "The phone is stolen. The sister signs on hers that the key is frozen; anyone sends it.",
        stage.as_("relayer").patients.send(freeze),
        "patient freezeBySig",
    )
    forged = yield from _steal(stage, patient)
    yield from _vote(stage, patient)
    yield from _go_on(stage, patient, granted, forged)


def _appoint(stage: Stage, patient: LocalAccount) -> Iterator[Beat]:
    patients, relayer = stage.as_(patient).patients, stage.as_("relayer").patients
    for name in _GUARDIANS:
        deadline = stage.suite.chain.now() + _DAY
        guardian = stage.person(name).address
        act = patients.sign_add_guardian(
            patient.address, guardian, Scope.FREEZE | Scope.RECOVER, until=FAR, deadline=deadline
        )
        receipt = relayer.send(act)
    yield stage.transaction(
        f"A patient, {patient.address}, names three guardians: her sister, a friend, her family doctor. They read "
        "nothing; they may freeze her key and vote for another, from 7 days after now on.",
        receipt,
    )


def _grant(stage: Stage, patient: LocalAccount) -> Generator[Beat, None, Consent]:
    hers = stage.as_(patient).consent
    until = stage.suite.chain.now() + 90 * _DAY
    consent = hers.draft(stage.id("hospital"), Purpose.TREAT, DataClass.MEDICATION, until=until)
    granted = stage.as_("relayer").consent.grant_by_sig(hers.sign(consent))
    yield stage.transaction("She grants the hospital a consent for her medicines.", granted)
    return consent


def _steal(stage: Stage, patient: LocalAccount) -> Generator[Beat, None, SignedConsent]:
    """Sign with the stolen key, as the thief: everything that gives something away is refused."""
    thief, relayer = stage.as_(patient), stage.as_("relayer")
    deadline = stage.suite.chain.now() + 30 * _DAY
    consent = thief.consent.draft(stage.id("hospital"), Purpose.HMARKT, DataClass.GENETICS, until=deadline)
    forged = thief.consent.sign(consent)
    yield stage.refusal(
        "The thief signs a consent with her key and sends it.", lambda: relayer.consent.grant_by_sig(forged)
    )
    text = "He shows the signature alone, as a receipt"
    yield answer(stage, text, consent, _wanted(stage), "FROZEN", signature=forged.signature)
    act = thief.patients.sign_rotate(patient.address, wallet.role("attacker").address, deadline=deadline)
    yield stage.refusal("He signs that his own key decides for her.", lambda: relayer.patients.send(act))
    return forged


def _vote(stage: Stage, patient: LocalAccount) -> Iterator[Beat]:
    """Recover with two votes, which the thief vetoes, and with all three, which he cannot."""
    chain, relayer = stage.suite.chain, stage.as_("relayer").patients
    new = stage.person("new phone").address
    deadline = chain.now() + 30 * _DAY

    def vote(guardian: str) -> Receipt:
        patients = stage.as_(stage.person(guardian)).patients
        return relayer.send(patients.sign_recover(patient.address, new, deadline=deadline))

    vote("sister")
    yield stage.refusal(
        "The sister votes for the key of a new phone. One of three is no majority.",
        lambda: relayer.finish_recovery(patient.address),
    )
    second = vote("friend")
    require(any(event.name == "RecoveryBegun" for event in second.events), "a majority begins the recovery")
    yield stage.transaction("The friend votes, too. Now the key of the patient has 2 days to refuse.", second)
    veto = stage.as_(patient).patients.sign_veto(patient.address, deadline=deadline)
    yield stage.transaction("And the thief does: a veto may be his.", relayer.send(veto), "patient vetoBySig")
    for guardian in _GUARDIANS:
        last = vote(guardian)
    yield stage.transaction("All three vote.", last, "patient recoverBySig, the last vote")
    veto = stage.as_(patient).patients.sign_veto(patient.address, deadline=deadline)
    yield stage.refusal("The thief refuses again, but not against all of them.", lambda: relayer.send(veto))
    yield stage.refusal("The delay of 2 days holds all the same.", lambda: relayer.finish_recovery(patient.address))
    chain.mine(seconds=2 * _DAY)
    finished = relayer.finish_recovery(patient.address)
    require(stage.suite.patients.controller_of(patient.address) == new, "the new phone decides")
    yield stage.transaction("After it, anyone finishes it: the new phone decides.", finished, "patient finishRecovery")


def _go_on(stage: Stage, patient: LocalAccount, granted: Consent, forged: SignedConsent) -> Iterator[Beat]:
    relayer = stage.as_("relayer").consent
    yield stage.refusal("The freeze is over. The thief sends his consent again.", lambda: relayer.grant_by_sig(forged))
    text = "He shows the signature again"
    yield answer(stage, text, forged.consent, _wanted(stage), "SIGNATURE", signature=forged.signature)
    request = request_by(stage, wallet.role("doctor").address, DataClass.MEDICATION)
    text = "What she granted before survives, as it is bound to her address and not to a key"
    yield answer(stage, text, granted, request, "NONE")
    deadline = stage.suite.chain.now() + _DAY
    own = stage.as_(stage.person("new phone")).consent.for_patient(patient.address)
    signature = own.sign_revoke(granted.id, deadline=deadline)
    revoked = relayer.revoke_by_sig(patient.address, granted.id, signature, deadline=deadline)
    yield stage.transaction("The new phone withdraws it.", revoked)
    yield answer(stage, "The doctor asks again", granted, request, "REVOKED")


def _wanted(stage: Stage) -> Request:
    """What the thief wants the hospital to sell."""
    request = request_by(stage, wallet.role("doctor").address, DataClass.GENETICS)
    return replace(request, purpose=Purpose.HMARKT)
