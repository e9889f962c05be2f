"""Consent: the Python twin decides as the contract does, and the contract costs the same however much it holds."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

import pytest

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.artifacts import load
from medtrust.consent import (
    UNLIMITED,
    Confidentiality,
    Consent,
    DataClass,
    Decision,
    Facts,
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
from medtrust.signing import Domain, sign
from medtrust.types import ZERO_HASH, name_hash
from tests.invariants.machine import LocalContract, LocalEvm
from tests.world import CHINA, FAR, GENESIS, ROOT, USA

SEED = 20_261_123
STEPS = 100
CASES_A_STEP = 100
DAY = 86_400
WARD = name_hash("ward 3")

STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
CHAIN_ID = 1
PATIENTS = {wallet.role(name).address: bytes(wallet.role(name).key) for name in ("doctor", "stranger")}
ACTORS = [wallet.role(name).address for name in ("hospital", "clinic", "insurer", "attacker")]
GRANTEES = [name_hash(name) for name in ("hospital", "clinic", "insurer")]
GUARDIAN = wallet.role("relayer").address
NOWHERE = name_hash("an organisation that nobody registered")


@dataclass
class Line:
    """Since when and until when something held (Unix seconds)."""

    begins: int
    ends: int = FAR

    def holds(self, at: int) -> bool:
        return self.begins <= at < self.ends


@dataclass
class Model:
    """The contract and, beside it, plain Python that remembers what was done to it."""

    host: LocalEvm
    accreditation: LocalContract
    registry: LocalContract
    keys: LocalContract
    frozen: dict[str, Line] = field(default_factory=dict)
    jurisdictions: dict[bytes, int] = field(default_factory=dict)
    standing: dict[bytes, Line] = field(default_factory=dict)
    signers: dict[tuple[bytes, str], Line] = field(default_factory=dict)
    records: dict[bytes, Record] = field(default_factory=dict)
    ends: dict[tuple[str, bytes], list[int]] = field(default_factory=dict)
    consents: list[Consent] = field(default_factory=list)

    @property
    def now(self) -> int:
        return self.host.now

    @property
    def domain(self) -> Domain:
        return Domain("ConsentRegistry", "1", CHAIN_ID, self.registry.address)

    def facts(self, consent: Consent, request: Request, at: int, *, is_signed: bool | None) -> Facts:
        signer = self.signers.get((consent.grantee, request.actor))
        standing = self.standing.get(consent.grantee)
        return Facts(
            record=self.records.get(consent.id, Record()),
            ends=self.ends_of(consent.patient, ZERO_HASH),
            grantee_ends=self.ends_of(consent.patient, consent.grantee),
            is_signed=is_signed,
            jurisdiction=self.jurisdictions.get(consent.grantee, 0),
            is_accredited=standing is not None and standing.holds(at),
            is_actor=signer is not None and signer.holds(at),
            is_frozen=consent.patient in self.frozen and self.frozen[consent.patient].holds(at),
            hidden=int(DataClass.LABORATORY) if self.jurisdictions.get(consent.grantee) == USA else 0,
        )

    def ends_of(self, patient: str, grantee: bytes) -> list[int]:
        return self.ends.setdefault((patient, grantee), [])

    def epoch(self, patient: str, grantee: bytes) -> int:
        return len(self.ends_of(patient, ZERO_HASH)) << 32 | len(self.ends_of(patient, grantee))

    def sign(self, consent: Consent) -> bytes:
        return sign(PATIENTS[consent.patient], CONSENT.digest(self.domain, consent.message))

    # What can happen

    def draft(self, dice: random.Random) -> Consent:
        patient = dice.choice(list(PATIENTS))
        grantee = dice.choice([*GRANTEES, NOWHERE]) if dice.random() < 0.1 else dice.choice(GRANTEES)
        begins = self.now + dice.choice([-DAY, 0, 0, 1, DAY])
        terms = Terms(
            purposes=int(dice.choice([Purpose.TREAT, Purpose.TREAT | Purpose.HPAYMT, UNLIMITED >> 1, 0, UNLIMITED])),
            data_classes=int(dice.choice([DataClass.LABORATORY, sum(DataClass), UNLIMITED])),
            sensitivity=dice.choice([0, 4, 4, 5, 6, 255]),
            jurisdiction=dice.choice([0, 0, USA, USA, CHINA]),
            facility=dice.choice([ZERO_HASH, WARD]),
            data_from=dice.choice([0, self.now - DAY]),
            data_until=dice.choice([0, self.now, self.now + DAY]),
            onward=dice.random() < 0.5,
            parent=WARD if dice.random() < 0.02 else ZERO_HASH,
            document=ZERO_HASH,
            salt=dice.randbytes(32),
        )
        consent = Consent(
            patient=patient,
            grantee=grantee,
            access_from=begins,
            access_until=begins + dice.choice([1, DAY, 30 * DAY, 300 * DAY]),
            max_uses=dice.choice([0, 1, 2, UNLIMITED, UNLIMITED, UNLIMITED]),
            epoch=self.epoch(patient, grantee) + dice.choice([0] * 12 + [1, 1 << 32]),
            terms=terms,
        )
        if self.consents and dice.random() < 0.5:
            consent = self.under(dice.choice(self.consents[-12:]), consent, dice)
        self.consents.append(consent)
        return consent

    def under(self, parent: Consent, other: Consent, dice: random.Random) -> Consent:
        """A consent that stands on a parent and is as wide, or in one field what another is."""
        terms = replace(parent.terms, parent=parent.id, salt=other.terms.salt, onward=other.terms.onward)
        child = replace(parent, grantee=other.grantee, terms=terms, epoch=self.epoch(parent.patient, other.grantee))
        if dice.random() < 0.5:
            return child
        name = dice.choice([one.name for one in fields(Terms) if one.name not in ("parent", "salt")])
        return replace(child, terms=replace(terms, **{name: getattr(other.terms, name)}))

    def line_of(self, consent: Consent) -> list[Consent]:
        """The consents on which one stands, the first of all first, then itself."""
        known = {one.id: one for one in self.consents}
        line = [consent]
        while line[0].terms.parent in known:
            line.insert(0, known[line[0].terms.parent])
        return line

    def grant(self, consent: Consent, *, by: str = "") -> None:
        self.registry.send(by or consent.patient, "grant", consent.outer)
        record = self.records.get(consent.id, Record())
        if record.granted_at == 0:
            self.records[consent.id] = replace(record, granted_at=self.now, is_by_guardian=by == GUARDIAN)

    def answer(self, consent: Consent, *, is_declined: bool) -> None:
        actor = next(actor for (grantee, actor) in self.signers if grantee == consent.grantee)
        act = ("decline", consent.outer) if is_declined else ("accept", consent.outer, WARD)
        self.registry.send(actor, *act)
        record = self.records.get(consent.id, Record())
        self.records[consent.id] = replace(record, **{"declined_at" if is_declined else "accepted_at": self.now})

    def freeze(self, patient: str) -> None:
        self.keys.send(patient, "freeze", patient, self.now + DAY)
        known = self.frozen.get(patient)
        begins = known.begins if known and known.holds(self.now) else self.now
        self.frozen[patient] = Line(begins, self.now + DAY)

    def revoke(self, consent: Consent) -> None:
        self.registry.send(consent.patient, "revoke", consent.patient, consent.id)
        record = self.records.get(consent.id, Record())
        if record.revoked_at == 0:
            self.records[consent.id] = replace(record, revoked_at=self.now)

    def revoke_all(self, patient: str) -> None:
        self.registry.send(patient, "revokeAll", patient)
        self.ends_of(patient, ZERO_HASH).append(self.now)

    def revoke_all_of(self, patient: str, grantee: bytes) -> None:
        self.registry.send(patient, "revokeAllOf", patient, grantee)
        self.ends_of(patient, grantee).append(self.now)

    def use(self, consent: Consent) -> None:
        actor = next(actor for (grantee, actor) in self.signers if grantee == consent.grantee)
        self.registry.send(actor, "use", consent.outer, WARD)
        record = self.records[consent.id]
        self.records[consent.id] = replace(record, used_at=self.now, uses=record.uses + 1)

    def suspend(self, grantee: bytes) -> None:
        self.accreditation.send(AUTHORITY, "suspend", grantee, int(Role.PARTICIPANT))
        self.standing[grantee].ends = self.now

    def remove_signer(self, grantee: bytes, actor: str) -> None:
        self.accreditation.send(AUTHORITY, "removeSigner", grantee, actor)
        self.signers[grantee, actor].ends = self.now


def new_model() -> Model:
    """Three organisations, one of them in another jurisdiction, with a signer each, and a second one at the first."""
    host = LocalEvm()
    accreditation = host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
    keys = host.deploy(load("PatientRegistry"), accreditation.address, by=STEWARD)
    registry = host.deploy(load("ConsentRegistry"), accreditation.address, keys.address, by=STEWARD)
    model = Model(host, accreditation, registry, keys)
    for number in (USA, CHINA):
        accreditation.send(STEWARD, "openJurisdiction", number, AUTHORITY)
    for grantee, number in zip(GRANTEES, (USA, USA, CHINA), strict=True):
        accreditation.send(AUTHORITY, "register", grantee, number, AUTHORITY, FAR)
        model.jurisdictions[grantee] = number
        model.standing[grantee] = Line(host.now)
    for grantee, actor in ((0, 0), (0, 1), (1, 1), (2, 2)):
        accreditation.send(AUTHORITY, "addSigner", GRANTEES[grantee], ACTORS[actor], 0, FAR, ZERO_HASH)
        model.signers[GRANTEES[grantee], ACTORS[actor]] = Line(host.now)
    keys.send(AUTHORITY, "allowHiding", USA, int(DataClass.LABORATORY))
    for patient in PATIENTS:
        keys.send(patient, "addGuardian", (patient, GUARDIAN, 1, 0, FAR, ZERO_HASH))
        keys.send(patient, "hide", patient, (1 << 32) - 1)
    return model


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


def request_for(consent: Consent, model: Model, dice: random.Random) -> Request:
    """A request that the consent's terms cover, if they cover any."""
    terms = consent.terms
    actors = [actor for grantee, actor in model.signers if grantee == consent.grantee] or ACTORS
    return Request(
        actor=dice.choice(actors),
        organisation=consent.grantee,
        purpose=int(Purpose.TREAT),
        data_class=int(DataClass.LABORATORY),
        sensitivity=min(terms.sensitivity, dice.choice([1, 4])),
        facility=terms.facility,
        jurisdiction=terms.jurisdiction,
        data_at=max(terms.data_from, (terms.data_until or model.now) - 1),
    )


def flipped(request: Request, dice: random.Random) -> Request:
    """The request with one field changed at random."""
    name = dice.choice([one.name for one in fields(Request)])
    edge = 1 << dice.choice([0, 1, 6, 20, 21, 25, 26, 31, 32, 255])
    values: dict[str, list[Any]] = {
        "actor": ACTORS,
        "organisation": [*GRANTEES, NOWHERE],
        "purpose": [0, 3, edge, edge | 1, int(Purpose.HMARKT)],
        "data_class": [0, 3, edge, edge | 1, int(DataClass.GENETICS)],
        "sensitivity": [*range(8), 255, edge],
        "facility": [ZERO_HASH, WARD, NOWHERE],
        "jurisdiction": [0, USA, CHINA, USA + (1 << 16)],
        "data_at": [0, request.data_at - 1, request.data_at + 1, request.data_at + DAY, 2**64 - 1],
    }
    return replace(request, **{name: dice.choice(values[name])})


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
