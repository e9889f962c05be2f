"""Teenager: a mother who decides until majority, what her daughter hides from her, and the second in which it ends."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator

from eth_account.signers.local import LocalAccount

from medtrust import wallet
from medtrust.consent import Consent, DataClass, Purpose
from medtrust.keccak import keccak256
from medtrust.patients import Capacity, Scope
from medtrust.sandbox import JURISDICTION
from medtrust.story.questions import answer, request_by
from medtrust.story.stage import Beat, Stage, clock, require

__all__ = ["grow_up"]

_DAY = 86_400
_BOTH = DataClass.LABORATORY | DataClass.SEXUAL_HEALTH
_SCOPE = Scope.GRANT | Scope.REVOKE | Scope.READ | Scope.CONTEST


def grow_up(stage: Stage) -> Iterator[Beat]:
    """Appoint a guardian until majority, let it decide, hide a class from it, and come of age."""
    daughter, mother = stage.person("daughter"), stage.person("mother")
    majority = stage.suite.chain.now() + 60 * _DAY
    yield Beat("chapter", "The teenager")
    yield from _appoint(stage, daughter, mother, majority)
    consent = yield from _decide(stage, daughter, mother)
    yield from _hide(stage, daughter, consent)
    yield from _come_of_age(stage, daughter, mother, majority)
    request = request_by(stage, wallet.role("doctor").address, DataClass.LABORATORY)
    yield answer(stage, "What her mother granted stands until the daughter withdraws it", consent, request, "NONE")
    deadline = stage.suite.chain.now() + _DAY
    hers = stage.as_(daughter).consent
    signature = hers.sign_revoke(consent.id, deadline=deadline)
    revoked = stage.as_("relayer").consent.revoke_by_sig(daughter.address, consent.id, signature, deadline=deadline)
    yield stage.transaction("The daughter withdraws it.", revoked)
    yield answer(stage, "The doctor asks again", consent, request, "REVOKED")


def _appoint(stage: Stage, daughter: LocalAccount, mother: LocalAccount, majority: int) -> Iterator[Beat]:
    evidence = keccak256(secrets.token_bytes(32) + b"the entry in the register of births")
    act = stage.as_(daughter).patients.sign_add_guardian(
        daughter.address,
        mother.address,
        _SCOPE,
        until=majority,
        evidence=evidence,
        deadline=stage.suite.chain.now() + _DAY,
    )
    yield stage.transaction(
        f"A daughter of 17 has an address of her own, {daughter.address}. Her mother is appointed until her majority "
        f"({clock(majority)}): she may grant, revoke, read and contest.",
        stage.as_("relayer").patients.send(act),
        "patient addGuardianBySig",
    )


def _decide(stage: Stage, daughter: LocalAccount, mother: LocalAccount) -> Generator[Beat, None, Consent]:
    registry = stage.as_(mother).consent.for_patient(daughter.address)
    until = stage.suite.chain.now() + 365 * _DAY
    consent = registry.draft(stage.id("hospital"), Purpose.TREAT, _BOTH, until=until)
    relayer = stage.as_("relayer")
    yield stage.transaction(
        "The mother signs a consent for her: laboratory results and sexual health. The chain records that a guardian "
        "did it.",
        relayer.consent.grant_by_sig(registry.sign(consent)),
        "consent grantBySig by a guardian",
    )
    deadline = stage.suite.chain.now() + _DAY
    act = stage.as_(mother).patients.sign_rotate(daughter.address, mother.address, deadline=deadline)
    yield stage.refusal(
        "The mother signs that her own key decides for her daughter: that is not for guardians.",
        lambda: relayer.patients.send(act),
    )
    rule = stage.as_(mother).emergency.sign_change_rule(daughter.address, 0, deadline=deadline)
    yield stage.refusal(
        "She signs what emergencies may open: she was not appointed for that.",
        lambda: relayer.emergency.change_rule_by_sig(rule),
    )
    return consent


def _hide(stage: Stage, daughter: LocalAccount, consent: Consent) -> Iterator[Beat]:
    patients = stage.as_(daughter).patients
    doctor = wallet.role("doctor").address
    sexual_health = request_by(stage, doctor, DataClass.SEXUAL_HEALTH)
    yield stage.transaction(
        "The authority of the jurisdiction lets mature minors hide sexual health from their guardians.",
        stage.as_("authority").patients.allow_hiding(JURISDICTION, DataClass.SEXUAL_HEALTH),
    )
    deadline = stage.suite.chain.now() + _DAY
    act = patients.sign_hide(daughter.address, DataClass.SEXUAL_HEALTH, deadline=deadline)
    yield stage.transaction("The daughter hides it.", stage.as_("relayer").patients.send(act), "patient hideBySig")
    yield answer(stage, "A doctor asks for it under the mother's consent", consent, sexual_health, "HIDDEN")
    laboratory = request_by(stage, doctor, DataClass.LABORATORY)
    yield answer(stage, "For laboratory results her consent still serves", consent, laboratory, "NONE")
    hers = stage.as_(daughter).consent
    until = stage.suite.chain.now() + _DAY
    own = hers.draft(stage.id("hospital"), Purpose.TREAT, DataClass.SEXUAL_HEALTH, until=until)
    signature = hers.sign(own).signature
    text = "The doctor asks under a consent that the daughter signed herself"
    yield answer(stage, text, own, sexual_health, "NONE", signature=signature)


def _come_of_age(stage: Stage, daughter: LocalAccount, mother: LocalAccount, majority: int) -> Iterator[Beat]:
    """Try what the mother signed in three seconds of the chain, each the time of a block."""
    registry = stage.as_(mother).consent.for_patient(daughter.address)
    until = majority + 365 * _DAY
    signed = registry.sign(registry.draft(stage.id("hospital"), Purpose.TREAT, DataClass.LABORATORY, until=until))
    data = registry.interface.encode_call("grantBySig", [signed.consent.outer, signed.signature])

    def grant_in_this_second() -> None:
        stage.suite.chain.call(registry.address, data, contract=registry.artifact)

    def capacity() -> Capacity:
        return stage.suite.patients.capacity_of(daughter.address, mother.address, Scope.GRANT)

    stage.suite.chain.travel(majority - 1)
    require(capacity() is Capacity.GUARDIAN, "the mother decides until majority")
    grant_in_this_second()
    text = f"One second before majority ({clock(majority - 1)}) what her mother signed would be granted."
    yield Beat("verdict", text, "GUARDIAN")
    for at, when in ((majority, "In the second of her majority"), (majority + 1, "One second later")):
        stage.suite.chain.travel(at)
        require(capacity() is Capacity.NONE, "the mother's powers end by themselves")
        yield stage.refusal(f"{when} ({clock(at)}) it is refused; nobody did anything.", grant_in_this_second)
