"""The registry of vaccinations does what its model does, whatever is tried in whatever order."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from medtrust import wallet
from medtrust.artifacts import Artifact, load
from medtrust.certificate import Dose, batch_id, dose_id
from medtrust.keccak import keccak256
from medtrust.types import ZERO_HASH, organisation_id
from medtrust.vaccination import Status
from tests.attacks.test_vaccination import ATTACKS
from tests.attacks.test_vaccination_corrections import ATTACKS as ON_CORRECTIONS
from tests.doses import DoseBatch, batch_of
from tests.invariants.accreditation_model import Model as AccreditationModel
from tests.invariants.accreditation_model import Refused
from tests.invariants.machine import LocalEvm, Tally, run
from tests.invariants.vaccination_model import DAY, VACCINATOR, Model, replay
from tests.world import ORGANISATIONS, compiled

TALLY = Tally()
_OF_OTHERS = {"TooManyLots", "Frozen", "InvalidSignature", "SignatureExpired"}
"""Errors that a test of their own provokes: lots by the hundred, and what is signed."""

STEWARD, AUTHORITY, FOREIGN = (wallet.role(name).address for name in ("steward", "authority", "regulator"))
SIGNERS = [wallet.role(name).address for name in ("clinic", "hospital", "doctor")]
PEOPLE = [*SIGNERS, AUTHORITY, FOREIGN, wallet.role("attacker").address]
ISSUERS = [ORGANISATIONS["clinic"].identifier, ORGANISATIONS["hospital"].identifier]
CLINICS = [organisation_id(issuer) for issuer in ISSUERS]
LOTS = [keccak256(b"lot 1"), keccak256(b"lot 2")]
SIZES = (1, 2, 3, 5, 8)
FOREVER = 2**64 - 1

people = st.sampled_from(PEOPLE)
clinics = st.integers(0, 1)
sizes = st.sampled_from(SIZES)
tags = st.sampled_from("abc")
places = st.integers(0, 7)
chances = st.integers(0, 3)


@cache
def batch(clinic: int, size: int, tag: str) -> DoseBatch:
    """One of the batches that there can be; every other one is of a lot."""
    return batch_of(size, issuer=ISSUERS[clinic], lot=LOTS[size % 2] if size > 1 else ZERO_HASH, tag=tag)


class Registry(RuleBasedStateMachine):
    """Model and contract take the same acts of the same people at the same times."""

    artifact: Artifact = load("VaccinationRegistry")

    def __init__(self) -> None:
        super().__init__()
        self.host = LocalEvm()
        self.registrar = self.host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
        self.stock = self.host.deploy(compiled()["ToldLots"], by=STEWARD)
        patients = self.host.deploy(load("PatientRegistry"), self.registrar.address, by=STEWARD)
        addresses = self.registrar.address, self.stock.address, patients.address
        self.contract = self.host.deploy(self.artifact, *addresses, by=STEWARD)
        for name in ("DrugProvenance", "PatientRegistry"):
            self.contract.decoder.learn(load(name))
        self.accreditation = AccreditationModel(STEWARD)
        self.lots: dict[bytes, int] = {}
        self.model = Model(self.accreditation.state, self.lots)
        self.told: list[Any] = []
        self.given: list[DoseBatch] = []
        self.revoked: list[tuple[bytes, bytes, int]] = []
        for jurisdiction, authority in ((840, AUTHORITY), (156, FOREIGN)):
            self._register("openJurisdiction", STEWARD, jurisdiction, authority)
        for clinic, signer in zip(CLINICS, SIGNERS, strict=False):
            self._register("register", AUTHORITY, clinic, 840, signer, FOREVER)
            self._register("accredit", AUTHORITY, clinic, VACCINATOR, self.host.now + 30 * DAY)
            self._register("addSigner", signer, clinic, signer, VACCINATOR, FOREVER, ZERO_HASH)
        for lot in LOTS:
            self._tell(lot, 1)
        for clinic, signer in enumerate(SIGNERS[:2]):
            self.anchor(0, signer, clinic, 5, "a", 2)

    @rule(seconds=st.sampled_from([1, 1, 60, DAY - 1, DAY, 5 * DAY]))
    def wait(self, seconds: int) -> None:
        self.host.advance(seconds)

    @rule(
        clinic=clinics,
        chance=st.sampled_from([2, 2, 0, 1, 3]),
        signer=st.sampled_from(SIGNERS),
        ago=st.sampled_from([3 * DAY, DAY, 1, 0]),
    )
    def change_accreditation(self, clinic: int, chance: int, signer: str, ago: int) -> None:
        """Accredit anew, suspend, or declare a compromise of organisation or signer; refusals do not matter."""
        organisation, now = CLINICS[clinic], self.host.now
        line = self.accreditation.state.lines[organisation, VACCINATOR]
        known = self.accreditation.state.signers.get((organisation, signer))
        if chance == 0 or line[-1].suspended_from or line[-1].compromised_from or now >= line[-1].until:
            self._register("accredit", AUTHORITY, organisation, VACCINATOR, now + 30 * DAY)
        elif chance == 1:
            self._register("suspend", AUTHORITY, organisation, VACCINATOR)
        elif chance == 2:
            since = max(now - ago, line[-1].from_)
            self._register("compromise", AUTHORITY, organisation, VACCINATOR, len(line) - 1, since)
            self._ask_about(*(given.root for given in self.given))
        elif known is None:
            self._register("addSigner", AUTHORITY, organisation, signer, VACCINATOR, FOREVER, ZERO_HASH)
        elif ago == DAY:
            self._register("compromiseSigner", AUTHORITY, organisation, signer, max(now - ago, known.from_))

    @rule(clinic=clinics, signer=st.sampled_from(SIGNERS), chance=st.integers(0, 4))
    def remove_signer(self, clinic: int, signer: str, chance: int) -> None:
        if chance == 0:
            self._register("removeSigner", AUTHORITY, CLINICS[clinic], signer)

    @rule(lot=st.sampled_from(LOTS), status=st.sampled_from([4, 3, 2, 0, 1, 1, 1]))
    def tell_lot(self, lot: bytes, status: int) -> None:
        """Change how a lot stands, and anchor another batch from it."""
        self._tell(lot, status)
        root = keccak256(len(self.told).to_bytes(4, "big"))
        self._try("anchor", self._signer(CLINICS[0], SIGNERS[0]), CLINICS[0], root, 1, [lot])

    @rule(chance=chances, caller=people, clinic=clinics, size=sizes, tag=tags, lots=st.sampled_from([0, 1, 2, 2]))
    def anchor(self, chance: int, caller: str, clinic: int, size: int, tag: str, lots: int) -> None:
        """Anchor a batch, now and then with another size than it has."""
        given = batch(clinic, size, tag)
        size = SIZES[lots] if chance == 3 else size
        right = self._signer(given.organisation, caller) if chance else caller
        if self._try("anchor", right, given.organisation, given.root, size, LOTS[:lots]):
            self.given.append(given)

    @rule(
        caller=people, clinic=clinics, root=st.sampled_from([ZERO_HASH, LOTS[0]]), size=st.sampled_from([0, 2**20 + 1])
    )
    def anchor_nothing(self, caller: str, clinic: int, root: bytes, size: int) -> None:
        self._refuse("anchor", self._signer(CLINICS[clinic], caller), CLINICS[clinic], root, size, [])

    @rule(chance=chances, caller=people, clinic=clinics, size=sizes, tag=tags, index=places)
    def revoke(self, chance: int, caller: str, clinic: int, size: int, tag: str, index: int) -> None:
        anchored = list(self.model.state.batches)
        organisation, root = batch(clinic, size, tag).organisation, batch(clinic, size, tag).root
        if chance and anchored:
            organisation, root = anchored[(index + size) % len(anchored)]
            index %= self.model.state.batches[organisation, root].size + (chance == 3)
        found = self.model.state.batches.get((organisation, root))
        rights = {1: AUTHORITY, 2: self._signer(organisation, caller), 3: found.signer if found else caller}
        if self._try("revoke", rights.get(chance, caller), organisation, root, index):
            self.revoked.append((organisation, root, index))
            self._ask_about(root)

    @rule(chance=chances, caller=people, pick=st.integers(0, 99), index=places)
    def enter_in_error(self, chance: int, caller: str, pick: int, index: int) -> None:
        organisation, root, size = self._some(pick)
        right = AUTHORITY if chance == 1 else self._signer(organisation, caller) if chance else caller
        if self._try("enterInError", right, organisation, root, index % (size + (chance == 3))):
            self._ask_about(root)

    @rule(chance=chances, caller=people, first=st.integers(0, 99), second=st.integers(0, 99), index=places)
    def amend(self, chance: int, caller: str, first: int, second: int, index: int) -> None:
        """Mostly by a batch of the same organisation, or of its heir, and with doses that stand."""
        organisation, root, size = self._some(first)
        heirs = {organisation, self.model.state.heirs.get(organisation)}
        near = [key for key in self.model.state.batches if key[0] in heirs or chance == 0]
        issuer, newer = near[second % len(near)]
        new_size = self.model.state.batches[issuer, newer].size
        old = {"organisation": organisation, "root": root, "index": index % size}
        new = {"organisation": issuer, "root": newer, "index": second % (new_size + (index == 7))}
        if chance > 1:
            old["index"], new["index"] = self._standing(old, size), self._standing(new, new_size)
        right = self._signer(issuer, caller) if chance != 1 else caller
        if self._try("amend", right, old, new, keccak256(bytes([index]))):
            self._ask_about(root, newer)

    def _standing(self, place: dict[str, Any], size: int) -> int:
        """The dose at a place, or where that was withdrawn another of its batch that stands."""
        gone = self.model.state.revoked.get(batch_id(place["organisation"], place["root"]), set())
        standing = [one for one in range(size) if one not in gone]
        return place["index"] if place["index"] in standing or not standing else standing[-1]

    @rule(chance=chances, pick=st.integers(0, 99), place=places, other=people)
    def dispute(self, chance: int, pick: int, place: int, other: str) -> None:
        """As the holder of a dose, or under an address of one's own, which says nothing about the dose."""
        given = self.given[pick % len(self.given)]
        dose = given.doses[place % given.size]
        holder = dose.holder if chance != 1 else other
        caller = holder if chance else other
        name = dose_id(given.organisation, given.root, dose.index)
        if self._try("dispute", caller, holder, name, keccak256(bytes([place]))):
            self._ask_about(given.root)

    @rule(clinic=clinics, heir=st.sampled_from([*CLINICS, ZERO_HASH]), caller=st.sampled_from([AUTHORITY, *PEOPLE]))
    def name_heir(self, clinic: int, heir: bytes, caller: str) -> None:
        self._try("nameHeir", caller, CLINICS[clinic], heir)

    def _some(self, pick: int) -> tuple[bytes, bytes, int]:
        """One of the batches that are anchored: organisation, root and size."""
        key = list(self.model.state.batches)[pick % len(self.model.state.batches)]
        return (*key, self.model.state.batches[key].size)

    @rule(
        chance=chances,
        clinic=clinics,
        size=sizes,
        tag=tags,
        place=places,
        other=places,
        ago=st.sampled_from([-1, 0, 0, 1, DAY]),
    )
    def ask(self, chance: int, clinic: int, size: int, tag: str, place: int, other: int, ago: int) -> None:
        """Any question has the answer of the model; a dose with any part exchanged is UNKNOWN (invariants 25, 26)."""
        given = self.given[(other + size) % len(self.given)] if chance and self.given else batch(clinic, size, tag)
        clinic, place, at = CLINICS.index(given.organisation), place % given.size, self.host.now - ago
        dose, proof = given.doses[place], given.proof(place)
        answer = self._ask(given.organisation, given.root, dose, proof, at)
        TALLY.note(f"ask: {Status(answer['status']).name}", None)
        nodes = list(given.tree.nodes())
        forged = replace(dose, lot=nodes[other % len(nodes)], fields=nodes[-1])
        assert self._ask(given.organisation, given.root, forged, proof, at)["status"] == 0
        assert self._ask(CLINICS[1 - clinic], given.root, dose, proof, at)["status"] == 0
        wrong = [*proof, ZERO_HASH] if other % 2 else proof[:-1]
        self._ask(given.organisation, given.root, dose, wrong, at)

    def _ask_about(self, *roots: bytes) -> None:
        """Ask about every dose of these batches, now."""
        for given in self.given:
            for place, dose in enumerate(given.doses if given.root in roots else ()):
                answer = self._ask(given.organisation, given.root, dose, given.proof(place), self.host.now)
                TALLY.note(f"ask: {Status(answer['status']).name}", None)

    def _ask(self, organisation: bytes, root: bytes, dose: Dose, proof: Any, at: int) -> dict[str, Any]:
        answer: dict[str, Any] = self.contract.call("verify", organisation, root, dose, proof, at)
        assert answer == self.model.verdict(organisation, root, dose, proof, at)
        return answer

    def teardown(self) -> None:
        """Invariants 23, 24, 31: what was anchored and withdrawn stays, and the events alone rebuild it."""
        state = self.model.state
        told = replay(self.told)
        assert told.batches == state.batches
        assert all(found <= state.revoked[key] for key, found in told.revoked.items())
        for part in ("in_error", "successors", "disputes", "heirs"):
            assert getattr(told, part) == getattr(state, part)
        for (organisation, root), one in state.batches.items():
            kept = self.contract.call("batchOf", organisation, root)
            assert tuple(kept.values()) == (one.anchored_at, one.size, one.signer)
            withdrawn = {index for index in range(9) if self.contract.call("isRevoked", organisation, root, index)}
            assert withdrawn == state.revoked.get(batch_id(organisation, root), set())
        for organisation, root, index in self.revoked:
            assert self.contract.call("isRevoked", organisation, root, index)

    def _signer(self, organisation: bytes, otherwise: str) -> str:
        """Mostly one who may act for the organisation now."""
        is_authorised = self.accreditation.state.is_authorised
        able = [who for who in SIGNERS if is_authorised(organisation, who, VACCINATOR, self.host.now)]
        return able[0] if able else otherwise

    def _register(self, act: str, caller: str, *arguments: Any) -> None:
        """Let the registry of accreditations and its model act; the machine of that registry compares them."""
        try:
            self.accreditation.act(act, self.host.now, caller, *arguments)
        except Refused:
            return
        self.registrar.send(caller, act, *arguments)

    def _tell(self, lot: bytes, status: int) -> None:
        self.lots[lot] = status
        self.stock.send(STEWARD, "tell", lot, status)

    def _refuse(self, act: str, caller: str, *arguments: Any) -> None:
        with pytest.raises(Refused) as caught:
            getattr(self.model, act)(self.host.now, caller, *arguments)
        TALLY.errors[caught.value.error] += 1
        assert self.contract.refusal(caller, act, *arguments) == (caught.value.error, caught.value.values)

    def _try(self, act: str, caller: str, *arguments: Any) -> bool:
        """Let model and contract act: the same events, or the same error with the same values and no event."""
        try:
            expected, refused = getattr(self.model, act)(self.host.now, caller, *arguments), None
        except Refused as error:
            expected, refused = [], error
        TALLY.note(act, refused.error if refused else None)
        if refused:
            assert self.contract.refusal(caller, act, *arguments) == (refused.error, refused.values)
            return False
        assert self.contract.send(caller, act, *arguments) == expected
        self.told += expected
        return True


PATCHED = [attack for attack in (*ATTACKS, *ON_CORRECTIONS) if attack.contract == "VaccinationRegistry"]
FEW = {
    "vaccination-two-successors",
    "vaccination-removed-signer-revokes",
    "vaccination-stolen-key",
    "vaccination-un-revoke",
    "vaccination-invented-lot",
}


def pytest_generate_tests(metafunc):
    """Four of the checks, or all with --full."""
    if "attack" in metafunc.fixturenames:
        is_full = metafunc.config.getoption("--full")
        chosen = [attack for attack in PATCHED if is_full or attack.id in FEW]
        metafunc.parametrize("attack", chosen, ids=str)


class TestModel:
    """
    given any acts of anyone at any times -> contract and model agree on each verdict, event and error
                                          -> an anchor never changes, revoked is for ever (invariants 23, 24)
                                          -> the events alone rebuild the state (invariant 31)
    given all runs                        -> every act succeeds in at least 5 % of its calls, every verdict arises
    """

    def test_contract_and_model_agree(self, request):
        run(Registry, request)
        print(TALLY.report())
        assert TALLY.rare() == []
        assert {f"ask: {name}" for name in (status.name for status in Status)} <= set(TALLY.tried)
        own = {item["name"] for item in load("VaccinationRegistry").abi if item["type"] == "error"}
        assert own - set(TALLY.errors) - _OF_OTHERS == set()


class TestTeeth:
    """given the registry without one of its checks -> the machine finds it"""

    def test_finds_the_missing_check(self, attack, request, monkeypatch):
        monkeypatch.setattr(Registry, "artifact", attack.twin())
        with pytest.raises(AssertionError):
            run(Registry, request, shrink=False)
