"""The registry of consents does what its model does, whatever is tried in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from medtrust import wallet
from medtrust.artifacts import Artifact, load
from medtrust.consent import UNLIMITED, Consent, Reason, Request, Terms, Verdict, decide
from medtrust.consent_terms import CONSENT, REVOKE, REVOKE_ALL, REVOKE_ALL_OF
from medtrust.errors import Reverted
from medtrust.signing import Domain, TypedData, sign
from medtrust.types import ZERO_HASH, name_hash
from tests.attacks.test_consent import ATTACKS
from tests.invariants.accreditation_model import PARTICIPANT, Refused, Told
from tests.invariants.accreditation_model import Model as AccreditationModel
from tests.invariants.consent_model import Model, replay
from tests.invariants.machine import LocalEvm, Tally, run
from tests.invariants.patients_model import Model as PatientsModel

TALLY = Tally()

USA, CHINA = 840, 156
DAY = 86_400
FOREVER = 2**64 - 1
STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
ACTORS = [wallet.role(name).address for name in ("hospital", "clinic", "doctor")]
PATIENTS = [wallet.role(name) for name in ("stranger", "relayer")]
KEYS = {patient.address: bytes(patient.key) for patient in PATIENTS}
WATCHED = PATIENTS[0].address
GRANTEES = [name_hash("hospital"), name_hash("clinic")]
WARD, COMMITMENT = name_hash("ward 3"), name_hash("a request and its salt")
CHAIN_ID = 1

chances = st.integers(0, 3)
patients = st.integers(0, 1)
grantees = st.integers(0, 1)
picks = st.integers(0, 1000)
callers = st.sampled_from([*KEYS, *KEYS, *ACTORS])


class Registry(RuleBasedStateMachine):
    """Model and contract take the same acts of the same people at the same times."""

    twins: ClassVar[dict[str, Artifact]] = {}
    tally = TALLY

    def __init__(self) -> None:
        super().__init__()
        self.host = LocalEvm()
        self.registrar = self.host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
        self.keys = self.host.deploy(self._artifact("PatientRegistry"), self.registrar.address, by=STEWARD)
        artifact = self._artifact("ConsentRegistry")
        self.contract = self.host.deploy(artifact, self.registrar.address, self.keys.address, by=STEWARD)
        self.contract.decoder.learn(load("PatientRegistry"))
        self.contract.decoder.learn(load("AccreditationRegistry"))
        self.domain = Domain("ConsentRegistry", "1", CHAIN_ID, self.contract.address)
        self.accreditation = AccreditationModel(STEWARD)
        self.owners = PatientsModel({USA: AUTHORITY})
        self.model = Model(self.accreditation.state, self.owners.state)
        self.told: list[Told] = []
        self.consents: list[Consent] = []
        self.epochs: dict[tuple[str, bytes], int] = {}
        self._register("openJurisdiction", STEWARD, USA, AUTHORITY)
        for grantee, actor in zip(GRANTEES, ACTORS, strict=False):
            self._register("register", AUTHORITY, grantee, USA, AUTHORITY, FOREVER)
            self._register("addSigner", AUTHORITY, grantee, actor, 0, FOREVER, ZERO_HASH)
        for number in range(4):
            self.draft(number % 2, number // 2, 0, 30, 2, 0)

    def _artifact(self, name: str) -> Artifact:
        return self.twins.get(name) or load(name)

    @rule(seconds=st.sampled_from([1, 1, 60, DAY, 5 * DAY]))
    def wait(self, seconds: int) -> None:
        self.host.advance(seconds)

    @rule(chance=st.integers(0, 9), grantee=grantees)
    def change_accreditation(self, chance: int, grantee: int) -> None:
        """Suspend an organisation or name another signer, and soon accredit it anew; refusals do not matter."""
        organisation = GRANTEES[grantee]
        if chance in (0, 3, 4):
            self._register("suspend", AUTHORITY, organisation, PARTICIPANT)
        elif chance == 1:
            self._register("addSigner", AUTHORITY, organisation, ACTORS[2], 0, FOREVER, ZERO_HASH)
        elif chance == 2:
            self._register("removeSigner", AUTHORITY, organisation, ACTORS[2])
        elif chance > 5:
            self._register("accredit", AUTHORITY, organisation, PARTICIPANT, FOREVER)

    @rule(
        patient=patients,
        grantee=grantees,
        begins=st.sampled_from([0, 0, 0, -DAY, DAY]),
        days=st.sampled_from([2, 30, 1, 30, 0]),
        uses=st.integers(0, 4),
        ahead=st.sampled_from([0, 0, 0, 0, 1, 1 << 32]),
    )
    def draft(self, patient: int, grantee: int, begins: int, days: int, uses: int, ahead: int) -> None:
        """Write a consent, now and then for an epoch to come or with an empty window, and grant it."""
        owner, organisation = PATIENTS[patient].address, GRANTEES[grantee]
        terms = Terms(
            purposes=1,
            data_classes=1,
            sensitivity=4,
            jurisdiction=(0, USA)[len(self.consents) % 2],
            facility=(ZERO_HASH, WARD)[len(self.consents) % 3 == 0],
            data_from=0,
            data_until=0,
            onward=False,
            parent=ZERO_HASH,
            document=ZERO_HASH,
            salt=len(self.consents).to_bytes(32, "big"),
        )
        begins += self.host.now
        epoch = self.model.state.epoch(owner, organisation) + ahead
        max_uses = (1, 2, UNLIMITED, 0, UNLIMITED)[uses]
        until = begins + days * DAY
        self.consents.append(Consent(owner, organisation, begins, until, max_uses, epoch, terms))
        if uses != 3:
            self.grant(1, len(self.consents[-8:]) - 1, owner)

    @rule(chance=chances, pick=picks, caller=callers)
    def grant(self, chance: int, pick: int, caller: str) -> None:
        consent = self._pick(pick)
        caller = consent.patient if chance else caller
        self._try("grant", caller, lambda now: self.model.grant(now, caller, consent), consent.outer)

    @rule(chance=chances, pick=picks, caller=callers)
    def grant_by_sig(self, chance: int, pick: int, caller: str) -> None:
        """Send what the patient signed, or one field of it changed, or what another signed."""
        consent = signed = self._pick(pick)
        if chance == 0:
            names = [one.name for one in fields(Consent) if one.name in ("access_until", "max_uses", "epoch")]
            consent = replace(signed, **{names[pick % 3]: 7 + pick})
        signature = self._sign(CONSENT, signed.message, signed.patient if chance != 1 else self._other(signed.patient))
        is_signed = chance > 1 or (consent == signed and chance == 0)
        self._try(
            "grantBySig",
            caller,
            lambda now: self.model.grant_by_sig(now, consent, signer=consent.patient if is_signed else ""),
            consent.outer,
            signature,
        )

    @rule(chance=st.integers(0, 9), pick=picks, caller=callers)
    def answer(self, chance: int, pick: int, caller: str) -> None:
        """Accept a consent, or now and then decline it."""
        consent = self._pick(pick)
        caller = ACTORS[GRANTEES.index(consent.grantee)] if chance else caller
        obligations = COMMITMENT if chance % 3 else None
        act, more = ("accept", [COMMITMENT]) if obligations else ("decline", [])
        self._try(act, caller, lambda now: self.model.answer(now, caller, consent, obligations), consent.outer, *more)

    @rule(chance=st.integers(0, 3), patient=patients)
    def freeze(self, chance: int, patient: int) -> None:
        """Freeze a patient for some seconds, in which nothing is granted and everything else goes on."""
        if chance:
            return
        owner, until = PATIENTS[patient].address, self.host.now + 70
        if not self.model.is_frozen(owner, self.host.now):
            self.keys.send(owner, "freeze", owner, until)
            self.owners.act(self.host.now, owner, "freeze", owner, until)
            self.grant(1, 0, owner)

    @rule(chance=st.integers(0, 7), pick=picks, caller=callers)
    def revoke(self, chance: int, pick: int, caller: str) -> None:
        consent = self._pick(pick)
        caller = consent.patient if chance > 3 else caller
        arguments = consent.patient, consent.id
        self._try("revoke", caller, lambda now: self.model.revoke(now, caller, *arguments), *arguments)

    @rule(chance=chances, pick=picks, caller=callers, margin=st.sampled_from([-1, 0, 0, 1]))
    def revoke_by_sig(self, chance: int, pick: int, caller: str, margin: int) -> None:
        consent, deadline = self._pick(pick), self.host.now + margin
        arguments = consent.patient, consent.id, deadline
        message = dict(zip(("patient", "consent", "deadline"), arguments, strict=True))
        signature = self._sign(REVOKE, message, consent.patient if chance else self._other(consent.patient))
        self._try(
            "revokeBySig",
            caller,
            lambda now: self.model.revoke_by_sig(now, *arguments, signer=consent.patient if chance else ""),
            *arguments,
            signature,
        )

    @rule(chance=st.integers(0, 9), patient=patients, caller=callers, grantee=st.sampled_from([*GRANTEES, ZERO_HASH]))
    def revoke_everything(self, chance: int, patient: int, caller: str, grantee: bytes) -> None:
        """Seldom, or nothing lives long enough; for nobody it is refused."""
        owner = PATIENTS[patient].address
        caller = owner if chance else caller
        if chance > 3 and (chance != 9 or grantee != ZERO_HASH):
            return
        if chance in (1, 3):
            self._try("revokeAll", caller, lambda now: self.model.revoke_all(now, caller, owner), owner)
        else:
            arguments = owner, grantee
            self._try("revokeAllOf", caller, lambda now: self.model.revoke_all_of(now, caller, *arguments), *arguments)

    @rule(
        chance=st.integers(0, 9),
        patient=patients,
        caller=callers,
        grantee=st.sampled_from([*GRANTEES, ZERO_HASH, ZERO_HASH]),
        behind=st.sampled_from([0, 0, 1, 1 << 32, -1, -(1 << 32)]),
        margin=st.sampled_from([-1, 0, DAY]),
    )
    def revoke_everything_by_sig(
        self, chance: int, patient: int, caller: str, grantee: bytes, behind: int, margin: int
    ) -> None:
        """End an epoch by signature: seldom that of now, else one that ended or one that has not begun."""
        behind = behind or (1 if chance > 2 else 0)
        owner, deadline = PATIENTS[patient].address, self.host.now + margin
        epoch = max(self.model.state.epoch(owner, grantee) - behind, 0)
        message: dict[str, Any] = {"patient": owner, "epoch": epoch, "deadline": deadline}
        signer = owner if chance else self._other(owner)
        is_all = grantee == ZERO_HASH
        kind = REVOKE_ALL if is_all else REVOKE_ALL_OF
        signature = self._sign(kind, message if is_all else {**message, "grantee": grantee}, signer)
        self._try(
            "revokeAllBySig" if is_all else "revokeAllOfBySig",
            caller,
            lambda now: self.model.end_by_sig(now, owner, grantee, epoch, deadline, signer=owner if chance else ""),
            *((owner,) if is_all else (owner, grantee)),
            epoch,
            deadline,
            signature,
        )

    @rule(chance=st.integers(0, 5), pick=picks, caller=callers)
    def use(self, chance: int, pick: int, caller: str) -> None:
        granted = [one for one in self.consents if self.model.state.record(one.patient, one.id).granted_at]
        consent = granted[-1 - pick % min(len(granted), 6)] if chance > 1 else self._pick(pick)
        caller = ACTORS[GRANTEES.index(consent.grantee)] if chance else caller
        self._try(
            "use", caller, lambda now: self.model.use(now, caller, consent, COMMITMENT), consent.outer, COMMITMENT
        )

    @rule(
        patient=patients,
        grantee=grantees,
        days=st.sampled_from([1, 30]),
        wait=st.sampled_from([0, DAY - 1, DAY]),
        uses=st.sampled_from([0, 0, 0, 3]),
    )
    def live_a_life(self, patient: int, grantee: int, days: int, wait: int, uses: int) -> None:
        """Grant a consent for one use, or forget to; use it soon or late, and once too often; ask meanwhile."""
        self.draft(patient, grantee, 0, days, uses, 0)
        consent = self.consents[-1]
        self.host.advance(wait)
        actor = ACTORS[GRANTEES.index(consent.grantee)]
        if days == 1 and wait == DAY - 1:
            self._try("decline", actor, lambda now: self.model.answer(now, actor, consent, None), consent.outer)
        for _ in range(2):
            self.ask(0, 0, 0)
            arguments = consent.outer, COMMITMENT
            self._try("use", actor, lambda now: self.model.use(now, actor, consent, COMMITMENT), *arguments)
        self.ask(0, 0, 0)

    @rule(chance=chances, pick=picks, ago=st.sampled_from([0, 0, 0, -1, 1, 60, DAY, 6 * DAY]))
    def ask(self, chance: int, pick: int, ago: int) -> None:
        """Any question has the answer of the model; what is permitted stands on a live consent (invariants 15, 21)."""
        for number, consent in enumerate(self.consents[-8:], start=pick):
            at = self.host.now - ago
            request = self._request(consent)
            request = replace(request, actor=ACTORS[number % 3]) if chance == 3 else request
            is_signed = (None, None, True, False)[number % 4]
            signature = b"" if is_signed is None else self._sign(CONSENT, consent.message, consent.patient)
            signature = signature[:-1] + b"\x00" if is_signed is False else signature
            verdict = self._ask(consent, request, at, signature, is_signed=is_signed)
            self.tally.note(f"ask: {verdict.reason.name}", None)
            if verdict.is_permitted:
                facts = self.model.facts(consent, request, at, is_signed=is_signed)
                assert facts.record.granted_at or is_signed
                assert facts.is_accredited
                assert not 0 < facts.record.revoked_at <= at

    def teardown(self) -> None:
        """Invariants 17, 19, 31: revoked is for ever, epochs never fall, and the events alone rebuild the state."""
        state = self.model.state
        rebuilt = replay(self.told)
        assert rebuilt == state
        for consent in self.consents:
            record = state.record(consent.patient, consent.id)
            kept = self.contract.call("recordOf", consent.patient, consent.id)
            assert list(kept.values()) == [getattr(record, one.name) for one in fields(record)]
            if record.revoked_at:
                signature = self._sign(CONSENT, consent.message, consent.patient)
                verdict = self._ask(consent, self._request(consent), self.host.now, signature, is_signed=True)
                assert verdict.reason is Reason.REVOKED

    def _pick(self, pick: int) -> Consent:
        """One of the newest consents."""
        newest = self.consents[-8:]
        return newest[pick % len(newest)]

    def _request(self, consent: Consent) -> Request:
        actor = ACTORS[GRANTEES.index(consent.grantee)]
        return Request(actor, consent.grantee, 1, 1, 4, WARD, USA, self.host.now)

    def _ask(self, consent: Consent, request: Request, at: int, signature: bytes, *, is_signed: bool | None) -> Verdict:
        facts = self.model.facts(consent, request, at, is_signed=is_signed)
        expected = decide(consent, request, facts, now=self.host.now, at=at)
        assert self.contract.call("checkAt", consent, request, signature, at) == (expected.decision, expected.reason)
        if at == self.host.now:
            assert self.contract.call("check", consent, request, signature) == (expected.decision, expected.reason)
        return expected

    @staticmethod
    def _other(patient: str) -> str:
        return next(one for one in KEYS if one != patient)

    def _sign(self, statement: TypedData, message: dict[str, Any], signer: str) -> bytes:
        return sign(KEYS[signer], statement.digest(self.domain, message))

    def _register(self, act: str, caller: str, *arguments: Any) -> None:
        """Let the registry of accreditations and its model act; the machine of that registry compares them."""
        try:
            self.accreditation.act(act, self.host.now, caller, *arguments)
        except Refused:
            return
        self.registrar.send(caller, act, *arguments)

    def _answers(self) -> list[Any]:
        """What the registry answers about the watched patient now."""
        mine = [one for one in self.consents[-8:] if one.patient == WATCHED]
        return [self.contract.call("check", one, self._request(one), b"") for one in mine]

    def _try(self, act: str, caller: str, expect: Callable[[int], list[Told]], *arguments: Any) -> None:
        """Let model and contract act: the same events, or the same error with the same values and no event.

        Where the watched patient says nothing, nothing changes for her (invariant 20); an epoch never falls (19).
        """
        before = self._answers()
        try:
            expected, refused = expect(self.host.now), None
        except Refused as error:
            expected, refused = [], error
        self.tally.note(act, refused.error if refused else None)
        if refused:
            assert self.contract.refusal(caller, act, *arguments) == (refused.error, refused.values)
        else:
            assert self.contract.send(caller, act, *arguments) == expected
            self.told += expected
        by_grantee = {"ConsentUsed", "ConsentAccepted", "ConsentDeclined"}
        if not any(values["patient"] == WATCHED and name not in by_grantee for name, values in expected):
            is_hers = any(name in by_grantee for name, _ in expected)
            assert is_hers or self._answers() == before
        self._compare_epochs()

    def _compare_epochs(self) -> None:
        for patient in KEYS:
            for grantee in (*GRANTEES, ZERO_HASH):
                epoch = self.contract.call("epochOf", patient, grantee)
                assert epoch == self.model.state.epoch(patient, grantee)
                assert epoch >= self.epochs.get((patient, grantee), 0)
                self.epochs[patient, grantee] = epoch


REACHED = (
    "consent-front-run-grant",
    "consent-front-run-revocation",
    "consent-replay-revoke-all",
    "consent-replay-revoke-all-of",
    "consent-epoch-ended-in-advance",
    "consent-revocation-after-deadline",
    "consent-held-back-grant",
    "consent-held-back-receipt",
    "consent-held-back-over-revoke-all",
    "consent-widened-max-uses",
    "consent-widened-when-shown",
    "consent-never-given",
    "consent-before-its-window",
    "consent-stranger-asks",
    "consent-in-the-second-of-its-end",
    "consent-in-the-second-of-its-revocation",
    "consent-foretold",
    "consent-granted-by-a-stranger",
    "consent-revoked-by-a-stranger",
    "consent-revoked-without-signature",
    "consent-revoke-all-without-signature",
    "consent-to-nobody-accredited",
    "consent-used-by-a-stranger",
    "consent-use-never-granted",
    "consent-use-once-too-often",
    "consent-use-after-revocation",
    "consent-use-after-revoke-all",
    "consent-use-after-its-window",
)
"""What turns on the order of acts; what turns on one request alone, the twin of Python finds in its 10,000 cases."""

FEW = {
    "consent-held-back-grant",
    "consent-replay-revoke-all",
    "consent-use-once-too-often",
    "consent-revoked-by-a-stranger",
}


def pytest_generate_tests(metafunc):
    """Four of the checks, or all with --full."""
    if "attack" in metafunc.fixturenames:
        is_full = metafunc.config.getoption("--full")
        chosen = [attack for attack in ATTACKS if attack.id in (REACHED if is_full else FEW)]
        metafunc.parametrize("attack", chosen, ids=str)


class TestModel:
    """
    given any acts of anyone at any times -> contract and model agree on each verdict, event and error
                                          -> permitted means a live consent and a grantee in good standing (15, 21)
                                          -> revoked is for ever, epochs never fall (17, 19)
                                          -> acts of others never change what a patient's consents are answered (20)
                                          -> the events alone rebuild the state (31)
    given all runs                        -> every act succeeds in at least 5 % of its calls, every error arises
    """

    def test_contract_and_model_agree(self, request):
        run(Registry, request)
        print(TALLY.report())
        assert TALLY.rare() == []
        reasons = {"NONE", "FUTURE", "REVOKED", "EPOCH", "UNKNOWN", "SIGNATURE", "NOT_YET", "EXPIRED", "USES", "ACTOR"}
        assert {f"ask: {name}" for name in (*reasons, "ACCREDITATION")} <= set(TALLY.tried)
        own = {item["name"] for item in load("ConsentRegistry").abi if item["type"] == "error"}
        assert own - set(TALLY.errors) == set()


class TestTeeth:
    """given the registry without one of its checks -> the machine finds it"""

    def test_finds_the_missing_check(self, attack, request, monkeypatch):
        monkeypatch.setattr(Registry, "twins", {attack.contract: attack.twin()})
        with pytest.raises((AssertionError, Reverted)):
            run(Registry, request, shrink=False)
