"""Consent: in a request that is permitted, any one thing that is changed is refused by its name; emergencies rank."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from medtrust.accreditation import Role
from medtrust.artifacts import load
from medtrust.consent import (
    UNLIMITED,
    Consent,
    DataClass,
    Decision,
    Purpose,
    Reason,
    Request,
    Terms,
    decide,
    with_emergency,
)
from medtrust.types import ZERO_HASH, name_hash
from tests.invariants.machine import LocalContract
from tests.sdk.consent_twins import (
    ACTORS,
    AUTHORITY,
    DAY,
    GRANTEES,
    NOWHERE,
    PATIENTS,
    SEED,
    WARD,
    Model,
    new_model,
)
from tests.world import CHINA, FAR, USA

CASES = 150
FLIPS: dict[str, tuple[Callable[[Request, Terms], Any], Reason]] = {
    "actor": (lambda request, terms: ACTORS[3], Reason.ACTOR),
    "organisation": (lambda request, terms: NOWHERE, Reason.ORGANISATION),
    "purpose": (lambda request, terms: request.purpose << 1, Reason.PURPOSE),
    "data_class": (lambda request, terms: request.data_class << 1, Reason.DATA_CLASS),
    "sensitivity": (lambda request, terms: terms.sensitivity + 1, Reason.SENSITIVITY),
    "facility": (lambda request, terms: NOWHERE, Reason.FACILITY),
    "jurisdiction": (lambda request, terms: CHINA, Reason.JURISDICTION),
    "data_at": (lambda request, terms: terms.data_until, Reason.DATA_TIME),
}
"""What each field of a request becomes, just beyond what the terms cover, and the reason that names it."""


def permitted(model: Model, dice: random.Random) -> tuple[Consent, Request]:
    """A consent at random that restricts everything, granted or not, and a request that it covers."""
    patient, now = dice.choice(list(PATIENTS)), model.now
    purpose = Purpose(1 << 2 * dice.randrange(12))
    data_class = DataClass(1 << 2 * dice.randrange(10))
    terms = Terms(
        purposes=purpose,
        data_classes=data_class,
        sensitivity=dice.randrange(1, 6),
        jurisdiction=USA,
        facility=dice.choice([WARD, name_hash("ward 4")]),
        data_from=now - dice.randrange(1, 100) * DAY,
        data_until=now + dice.randrange(1, 100) * DAY,
        onward=dice.random() < 0.5,
        parent=ZERO_HASH,
        document=ZERO_HASH,
        salt=dice.randbytes(32),
    )
    grantee = dice.choice(GRANTEES[:2])
    begins = now - dice.randrange(0, 2 * DAY)
    epoch = model.epoch(patient, grantee)
    consent = Consent(patient, grantee, begins, now + dice.randrange(1, 100 * DAY), UNLIMITED, epoch, terms)
    request = Request(
        actor=ACTORS[1] if grantee == GRANTEES[1] else dice.choice(ACTORS[:2]),
        organisation=grantee,
        purpose=int(purpose),
        data_class=int(data_class),
        sensitivity=dice.randrange(1, terms.sensitivity + 1),
        facility=terms.facility,
        jurisdiction=USA,
        data_at=dice.randrange(terms.data_from, terms.data_until),
    )
    return consent, request


def answers(model: Model, consent: Consent, request: Request, signature: bytes) -> tuple[Decision, Reason]:
    """What the contract and its twin answer, who agree."""
    is_signed = True if signature else None
    facts = model.facts(consent, request, model.now, is_signed=is_signed)
    verdict = decide(consent, request, facts, now=model.now)
    assert model.registry.call("check", consent, request, signature) == (verdict.decision, verdict.reason)
    return verdict.decision, verdict.reason


class TestFlips:
    """
    given random consents that restrict everything, granted by the patient or only signed, and requests that they cover
      when nothing is changed             -> permitted, by the contract and in Python
      when any one field of the request is -> refused by both, with the reason that names it
    """

    def test_names_the_one_thing_that_is_wrong(self, request):
        dice = random.Random(SEED)
        model = new_model()
        for _ in range(CASES * (10 if request.config.getoption("--steps") else 1)):
            model.host.advance(dice.randrange(1, 100))
            consent, asked = permitted(model, dice)
            signature = b""
            if dice.random() < 0.5:
                model.grant(consent)
            else:
                signature = model.sign(consent)
            assert answers(model, consent, asked, signature) == (Decision.PERMIT, Reason.NONE)
            for field, (change, reason) in FLIPS.items():
                flipped = replace(asked, **{field: change(asked, consent.terms)})
                assert answers(model, consent, flipped, signature) == (Decision.DEFAULT_DENIAL, reason), field


class Emergencies:
    """Sessions beside the consents of a model, opened by the first actor of the first grantee."""

    def __init__(self, model: Model) -> None:
        model.accreditation.send(AUTHORITY, "accredit", GRANTEES[0], int(Role.EMERGENCY_CARE), FAR)
        self.actor = "0x00000000000000000000000000000000000000e1"
        signer = (GRANTEES[0], self.actor, int(Role.EMERGENCY_CARE), FAR, ZERO_HASH)
        model.accreditation.send(AUTHORITY, "addSigner", *signer)
        places = (model.accreditation.address, model.keys.address)
        self.contract: LocalContract = model.host.deploy(load("EmergencyAccess"), *places, by=AUTHORITY)

    def open(self, patient: str, classes: int, period: int) -> int:
        ((_, told),) = self.contract.send(self.actor, "open", patient, GRANTEES[0], ZERO_HASH, classes, period)
        return int(told["number"])


class TestPrecedence:
    """
    given random consents, some revoked, and sessions, some over, of another class or against the patient's rule
      when a request is judged by both contracts -> the highest of denial by the patient, break-glass, permission, none
                                                 -> each of the four occurs
    """

    def test_ranks_what_both_contracts_answer(self):
        dice = random.Random(SEED)
        found: Counter[Decision] = Counter()
        for _ in range(12):
            model = new_model()
            sessions = Emergencies(model)
            for patient in PATIENTS:
                number = sessions.open(patient, (1 << 21) - 1 if dice.random() < 0.7 else 1 << 20, 3600)
                if dice.random() < 0.3:
                    sessions.contract.send(patient, "changeRule", patient, (1 << 21) - 1)
                for _ in range(8):
                    found[self._judge(model, sessions, patient, number, dice)] += 1
        assert set(found) == set(Decision)

    def _judge(self, model: Model, sessions: Emergencies, patient: str, number: int, dice: random.Random) -> Decision:
        model.host.advance(dice.choice([1, 60, 600]))
        consent, asked = permitted(model, dice)
        consent = replace(consent, patient=patient, grantee=GRANTEES[0], epoch=model.epoch(patient, GRANTEES[0]))
        asked = replace(asked, organisation=GRANTEES[0], actor=sessions.actor)
        model.signers.setdefault((GRANTEES[0], sessions.actor), model.signers[GRANTEES[0], ACTORS[0]])
        if dice.random() < 0.6:
            model.grant(consent)
            if dice.random() < 0.3:
                model.revoke(consent)
        facts = model.facts(consent, asked, model.now, is_signed=None)
        verdict = decide(consent, asked, facts, now=model.now)
        decision, _ = model.registry.call("check", consent, asked, b"")
        question = (GRANTEES[0], number, patient, sessions.actor, asked.data_class, model.now)
        is_open = sessions.contract.call("isOpen", *question)
        ranked = with_emergency(verdict, is_open=is_open)
        assert ranked.decision == max(decision, Decision.BREAK_GLASS if is_open else Decision.DEFAULT_DENIAL)
        assert ranked.is_permitted == (ranked.decision in (Decision.PERMIT, Decision.BREAK_GLASS))
        return ranked.decision


class TestFlatViews:
    """
    given 5,000 sessions that were reviewed, and none -> the views of sessions that wait and that are overdue cost the
    same, and so does asking whether one is open
    """

    def test_cost_the_same_with_5_000_sessions(self):
        model = new_model()
        sessions = Emergencies(model)
        officer = "0x00000000000000000000000000000000000000e2"
        model.accreditation.send(AUTHORITY, "accredit", GRANTEES[0], int(Role.PRIVACY_OFFICER), FAR)
        signer = (GRANTEES[0], officer, int(Role.PRIVACY_OFFICER), FAR, name_hash("privacy office"))
        model.accreditation.send(AUTHORITY, "addSigner", *signer)
        costs = []
        for number in range(5_001):
            patient = f"0x{number + 1:040x}"
            assert sessions.open(patient, 1, 3600) == number
            if number in (0, 5_000):
                costs.append(self._costs(model, sessions, patient, number))
            sessions.contract.send(officer, "review", GRANTEES[0], number, 2, ZERO_HASH)
        assert costs[0] == costs[1]

    @staticmethod
    def _costs(model: Model, sessions: Emergencies, patient: str, number: int) -> list[int]:
        """What each view uses beyond its calldata once all that it reads was read before, as slots stay warm here."""
        asked = {
            "unreviewedOf": (GRANTEES[0],),
            "overdueOf": (GRANTEES[0],),
            "isOpen": (GRANTEES[0], number, patient, sessions.actor, 1, model.now),
        }
        found = []
        for view, arguments in asked.items():
            for _ in range(2):
                assert sessions.contract.call(view, *arguments) in ([number], [], True)
            data = sessions.contract.face.encode_call(view, arguments)
            found.append(int(model.host.evm.result.gas_used) - sum(16 if byte else 4 for byte in data))
        return found
