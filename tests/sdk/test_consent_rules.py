"""Consent: the Python twin decides as the contract does, and the contract costs the same however much it holds."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from medtrust.consent import (
    UNLIMITED,
    Confidentiality,
    Consent,
    DataClass,
    Decision,
    Purpose,
    Reason,
    Record,
    Request,
    Terms,
    Verdict,
    decide,
    decide_line,
)
from medtrust.consent_rules import is_within
from medtrust.consent_terms import CONSENT
from medtrust.errors import CheckRefused, Reverted
from medtrust.keccak import keccak256
from medtrust.types import ZERO_HASH
from tests.sdk.consent_twins import (
    ACTORS,
    DAY,
    GRANTEES,
    GUARDIAN,
    PATIENTS,
    SEED,
    Model,
    flipped,
    new_model,
    request_for,
)
from tests.world import FAR, GENESIS, ROOT, USA

STEPS = 100
CASES_A_STEP = 100


def step(model: Model, number: int, dice: random.Random) -> None:
    """Let time pass and something happen; what the contract refuses did not happen."""
    model.host.advance(dice.choice([1, 60, DAY, 10 * DAY]))
    consent = model.draft(dice)
    other = dice.choice(model.consents)
    patient = dice.choice(list(PATIENTS))
    acts = [
        lambda: model.grant(consent),
        lambda: model.grant(consent),
        lambda: model.grant(consent),
        lambda: model.grant(consent, by=GUARDIAN),
        lambda: model.answer(other, is_declined=dice.random() < 0.4),
        lambda: model.answer(consent, is_declined=dice.random() < 0.4),
        lambda: model.freeze(patient),
        lambda: model.revoke(other),
        lambda: model.revoke_all_of(patient, dice.choice(GRANTEES)),
    ]
    if number % 15 == 14:
        acts = [lambda: model.revoke_all(patient)]
    if number == STEPS - 40:
        acts = [lambda: model.remove_signer(GRANTEES[0], ACTORS[1])]
    if number == STEPS - 30:
        acts = [lambda: model.suspend(GRANTEES[1])]
    for act in [
        *dice.sample(acts, min(3, len(acts))),
        *(lambda one=one: model.use(one) for one in dice.sample(model.consents, 1)),
    ]:
        try:
            act()
        except (Reverted, KeyError, StopIteration):
            continue


class TestTwin:
    """
    given a random history of grants, revocations, epochs, uses, suspensions and signers that were removed
      when a random request is judged now, at an earlier time or at a later one, granted, signed or neither
        -> contract and Python give the same decision and the same reason, in 10,000 cases
        -> every reason occurs
      when it is judged by a line of consents that stand on each other
        -> both name the same consent of it too; whatever is permitted gives no more than each before it
    """

    def test_decides_as_the_contract(self, request):
        seed = random.randrange(2**32) if request.config.getoption("--steps") else SEED
        print(f"seed {seed}")
        dice = random.Random(seed)
        model = new_model()
        found: Counter[Reason] = Counter()
        for number in range(STEPS):
            step(model, number, dice)
            for case in range(CASES_A_STEP):
                compare = self._compare if case % 2 else self._compare_line
                found[compare(model, dice)] += 1

        assert found.total() == STEPS * CASES_A_STEP == 10_000
        assert seed != SEED or set(found) == set(Reason)

    def _compare_line(self, model: Model, dice: random.Random) -> Reason:
        children = [one for one in model.consents if one.terms.parent != ZERO_HASH] or model.consents
        line = model.line_of(dice.choice(children[-10:] if dice.random() < 0.7 else children))
        if dice.random() < 0.1:
            line = dice.choice([[], line[1:], line[::-1], [line[0], *line]])
        asked = line[-1] if line else model.consents[0]
        request = request_for(asked, model, dice)
        is_signed = [dice.choice([None, True, True, True, True]) for _ in line]
        signatures = [model.sign(one) if shown else b"" for one, shown in zip(line, is_signed, strict=True)]
        at = self._time(model, asked, dice) or model.now
        answer = model.registry.call("checkLine", line, request, signatures, at)
        facts = [model.facts(one, request, at, is_signed=shown) for one, shown in zip(line, is_signed, strict=True)]
        verdict, place = decide_line(line, request, facts, now=model.now, at=at)

        assert (verdict.decision, verdict.reason, place) == tuple(answer.values()), (
            line,
            request,
            facts,
            at,
            model.now,
        )
        if verdict.is_permitted:
            assert all(is_within(later, earlier) for earlier, later in pairwise(line))
        return verdict.reason

    def _compare(self, model: Model, dice: random.Random) -> Reason:
        consent = dice.choice(model.consents)
        request = request_for(consent, model, dice)
        if dice.random() < 0.5:
            request = flipped(request, dice)
        is_signed = dice.choice([None, True, True, True, False])
        signature = b"" if is_signed is None else model.sign(consent)
        if is_signed is False:
            signature = dice.choice([bytes(65), signature[:64], signature[1:] + b"\x1b", b"\x01"])
        at = self._time(model, consent, dice)
        if at is None:
            answer = model.registry.call("check", consent, request, signature)
        else:
            answer = model.registry.call("checkAt", consent, request, signature, at)
        facts = model.facts(consent, request, model.now if at is None else at, is_signed=is_signed)
        verdict = decide(consent, request, facts, now=model.now, at=at)

        assert (verdict.decision, verdict.reason) == answer, (consent, request, facts, at, model.now)
        return verdict.reason

    @staticmethod
    def _time(model: Model, consent: Consent, dice: random.Random) -> int | None:
        """Now in half of the cases; else a time at which something happened, or the second beside it."""
        if dice.random() < 0.5:
            return None
        record = model.records.get(consent.id, Record())
        ends = model.ends_of(consent.patient, ZERO_HASH) + model.ends_of(consent.patient, consent.grantee)
        times = [model.now, model.now - DAY, GENESIS, consent.access_from, consent.access_until, *ends]
        known = (record.granted_at, record.revoked_at, record.used_at, record.accepted_at, record.declined_at)
        times += [time for time in known if time]
        times += [line.ends for patient, line in model.frozen.items() if patient == consent.patient]
        times += [line.ends for line in model.standing.values() if line.ends < FAR]
        return dice.choice(times) + dice.choice([-1, 0, 0, 1])


class TestFlatness:
    """
    given 100,000 consents of others and 1,000 of the patient -> a check costs what it cost with one
    """

    def test_check_costs_the_same_with_100_000_grants(self):
        model = new_model()
        patient, other = PATIENTS
        dice = random.Random(SEED)
        consent = replace(model.draft(dice), patient=patient, grantee=GRANTEES[0], max_uses=UNLIMITED, epoch=0)
        consent = replace(consent, access_from=GENESIS, access_until=FAR, terms=self._open(consent.terms))
        model.grant(consent)
        request = request_for(consent, model, dice)
        before = self._cost(model, consent, request)
        self._grant_many(model, replace(consent, patient=other), 100_000)
        self._grant_many(model, consent, 1_000)

        assert self._cost(model, consent, request) == before

    @staticmethod
    def _open(terms: Terms) -> Terms:
        return replace(terms, purposes=1, sensitivity=4, jurisdiction=USA, onward=False, parent=ZERO_HASH)

    @staticmethod
    def _cost(model: Model, consent: Consent, request: Request) -> int:
        """What a check uses once everything it reads was read before, as this EVM keeps its slots warm."""
        for _ in range(2):
            assert model.registry.call("check", consent, request, b"")[0] == Decision.PERMIT
        return int(model.host.evm.result.gas_used)

    @staticmethod
    def _grant_many(model: Model, consent: Consent, count: int) -> None:
        """Grant the consent with other terms, `count` times; the hash of the terms ends the calldata."""
        template = model.registry.face.encode_call("grant", [consent.outer])[:-32]
        grant, sender, registry = model.host.evm.message_call, consent.patient, model.registry.address
        for number in range(1, count + 1):
            grant(sender, registry, template + number.to_bytes(32, "big"))
        newest = keccak256(CONSENT.type_hash + template[4:] + count.to_bytes(32, "big"))
        assert model.registry.call("recordOf", consent.patient, newest)["grantedAt"] > 0


class TestVerdict:
    """
    given any reason   -> it has a sentence of its own
    given a permission -> it is passed on
    given a denial     -> raises CheckRefused with the reason and its sentence
    """

    def test_has_a_sentence_for_every_reason(self):
        sentences = {Verdict(Decision.DEFAULT_DENIAL, reason).sentence for reason in Reason}
        assert len(sentences) == len(Reason)

    def test_passes_a_permission_on(self):
        verdict = Verdict(Decision.PERMIT, Reason.NONE)
        assert verdict.require_permitted() is verdict

    @pytest.mark.parametrize("decision", [Decision.DEFAULT_DENIAL, Decision.EXPLICIT_DENIAL])
    def test_raises_with_the_reason_of_a_denial(self, decision):
        with pytest.raises(CheckRefused) as caught:
            Verdict(decision, Reason.PURPOSE).require_permitted()

        assert caught.value.reason == "PURPOSE"
        assert caught.value.sentence == "the consent does not cover this purpose of use"


class TestCodes:
    """
    given the codes of Python and of the contract's libraries -> they are the same, in names and numbers
    """

    @pytest.mark.parametrize(("library", "kind"), [("Purposes", Purpose), ("DataClasses", DataClass)])
    def test_are_those_of_the_contract(self, library, kind):
        assert _constants(library) == {one.name: one.value.bit_length() - 1 for one in kind}

    def test_levels_are_those_of_the_contract(self):
        assert {name[0]: number for name, number in _constants("Confidentiality").items()} == {
            level.name: level.value for level in Confidentiality
        }


def _constants(library: str) -> dict[str, int]:
    """The named numbers of a Solidity library: of `1 << n` the n."""
    text = (ROOT / "contracts" / "libraries" / f"{library}.sol").read_text(encoding="utf-8")
    return {name: int(number) for name, number in re.findall(r"constant (\w+) = (?:1 << )?(\d+);", text)}
