"""The registry of accreditations does what its model does, whatever is tried in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from medtrust import wallet
from medtrust.accreditation import Standing
from medtrust.artifacts import load
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, organisation_id
from tests.attacks.test_accreditation import ATTACKS
from tests.invariants.accreditation_model import Model, Refused, replay
from tests.invariants.machine import LocalEvm, Tally, run

TALLY = Tally()

STEWARD = wallet.role("steward").address
PEOPLE = [wallet.role(name).address for name in ("authority", "hospital", "clinic", "doctor", "regulator", "attacker")]
ORGANISATIONS = [organisation_id(f"urn:gs1:gln:061414100000{number}") for number in range(3)]
JURISDICTIONS = (840, 156)
ROLES = (1, 2, 4, 1 << 13)
FOREVER = 2**64 - 1
OF_OTHERS = {"NotAccredited", "NotAuthorised", "CheckpointUnorderedInsertion", "SafeCastOverflowedUintDowncast"}
"""Errors of the interface that other contracts raise, and of libraries that cannot arise here."""

PATCHED = [attack for attack in ATTACKS if attack.contract == "AccreditationRegistry"]
FEW = {
    "accreditation-removed-signer-acts",
    "accreditation-compromise-moved-later",
    "accreditation-delegate-beyond-time",
    "accreditation-suspended-acts",
    "accreditation-office-taken-twice",
}

people = st.sampled_from([*PEOPLE, STEWARD])
anyone = st.sampled_from([*PEOPLE, *PEOPLE, ZERO_ADDRESS])
organisations = st.sampled_from([*ORGANISATIONS, *ORGANISATIONS, *ORGANISATIONS, ZERO_HASH])
jurisdictions = st.sampled_from([*JURISDICTIONS, *JURISDICTIONS, *JURISDICTIONS, 0, 1000])
roles = st.sampled_from([*ROLES, *ROLES, *ROLES, 0, 3, 1 << 14])
sets_of_roles = st.sampled_from([0, 1, 2, 6, (1 << 14) - 1, 1 << 14])
ends = st.sampled_from([-1, 0, 1, 50, 1000, 1000, 100_000, 100_000, None])
pasts = st.sampled_from([0, 0, 1, 20, 200, 2000, -1])
chances = st.integers(0, 3)


class Registry(RuleBasedStateMachine):
    """Model and contract take the same acts of the same people at the same times."""

    artifact = load("AccreditationRegistry")

    def __init__(self) -> None:
        super().__init__()
        self.host = LocalEvm()
        self.contract = self.host.deploy(self.artifact, STEWARD, by=STEWARD)
        self.model = Model(STEWARD)
        self.told: list[tuple[int, Any]] = []
        self.past: dict[tuple[bytes, str, int, int], bool] = {}
        self.authority_of = lambda jurisdiction: self.model.state.authority_of(jurisdiction)
        for jurisdiction, authority in zip(JURISDICTIONS, PEOPLE, strict=False):
            self._try("openJurisdiction", STEWARD, jurisdiction, authority)
        for organisation, admin in zip(ORGANISATIONS[:2], PEOPLE[2:], strict=False):
            self._try("register", PEOPLE[0], organisation, 840, admin, FOREVER)
            self._try("accredit", PEOPLE[0], organisation, 2, self.host.now + 10_000)
            self._try("addSigner", admin, organisation, PEOPLE[5], 6, FOREVER, ZERO_HASH)
        self._try("appoint", PEOPLE[0], 840, PEOPLE[3], 7, self.host.now + 5000)

    @rule(seconds=st.sampled_from([1, 1, 12, 100, 3000]))
    def wait(self, seconds: int) -> None:
        self.host.advance(seconds)

    @rule(chance=chances, caller=people, jurisdiction=jurisdictions, authority=anyone)
    def open_jurisdiction(self, chance: int, caller: str, jurisdiction: int, authority: str) -> None:
        jurisdiction = jurisdiction if chance < 2 else 100 + len(self.model.state.authorities)
        self._try("openJurisdiction", STEWARD if chance else caller, jurisdiction, authority)

    @rule(chance=chances, caller=people, jurisdiction=jurisdictions, successor=anyone)
    def offer_authority(self, chance: int, caller: str, jurisdiction: int, successor: str) -> None:
        self._try("offerAuthority", self._authority(jurisdiction, chance, caller), jurisdiction, successor)

    @rule(chance=chances, caller=people, jurisdiction=jurisdictions)
    def accept_authority(self, chance: int, caller: str, jurisdiction: int) -> None:
        offered = self.model.state.successors
        if chance and offered:
            jurisdiction = sorted(offered)[chance % len(offered)]
        right = offered.get(jurisdiction, ZERO_ADDRESS)
        self._try("acceptAuthority", right if chance and right != ZERO_ADDRESS else caller, jurisdiction)

    @rule(chance=chances, caller=people, jurisdiction=jurisdictions, delegate=people, given=sets_of_roles, end=ends)
    def appoint(self, chance: int, caller: str, jurisdiction: int, delegate: str, given: int, end: int | None) -> None:
        right = self._authority(jurisdiction, chance, caller)
        self._try("appoint", right, jurisdiction, delegate, given, self._until(end))

    @rule(chance=chances, caller=people, organisation=organisations, jurisdiction=jurisdictions, admin=anyone, end=ends)
    def register(
        self, chance: int, caller: str, organisation: bytes, jurisdiction: int, admin: str, end: int | None
    ) -> None:
        right = self._power(jurisdiction, chance, caller)
        self._try("register", right, organisation, jurisdiction, admin, self._until(end))

    @rule(chance=chances, caller=people, organisation=organisations, role=roles, end=ends)
    def accredit(self, chance: int, caller: str, organisation: bytes, role: int, end: int | None) -> None:
        right = self._power(self._jurisdiction(organisation), chance, caller)
        self._try("accredit", right, organisation, role, self._until(end))

    @rule(chance=chances, caller=people, organisation=organisations, role=roles)
    def suspend(self, chance: int, caller: str, organisation: bytes, role: int) -> None:
        organisation, role = self._line(chance, organisation, role)
        self._try("suspend", self._power(self._jurisdiction(organisation), chance, caller), organisation, role)

    @rule(chance=chances, caller=people, organisation=organisations, role=roles, index=st.integers(0, 2), ago=pasts)
    def compromise(self, chance: int, caller: str, organisation: bytes, role: int, index: int, ago: int) -> None:
        organisation, role = self._line(chance, organisation, role)
        line = self.model.state.lines.get((organisation, role), [])
        index = index % len(line) if chance and line else index
        since = line[index].from_ if chance == 3 and line else self.host.now - ago
        right = self._power(self._jurisdiction(organisation), chance, caller)
        self._try("compromise", right, organisation, role, index, since)

    @rule(chance=chances, caller=people, organisation=organisations, admin=anyone)
    def change_admin(self, chance: int, caller: str, organisation: bytes, admin: str) -> None:
        self._try("changeAdmin", self._admin(organisation, chance, caller), organisation, admin)

    @rule(
        chance=chances,
        caller=people,
        organisation=organisations,
        signer=anyone,
        given=sets_of_roles,
        end=ends,
        unit=st.sampled_from([ZERO_HASH, b"\x07" * 32]),
    )
    def add_signer(
        self, chance: int, caller: str, organisation: bytes, signer: str, given: int, end: int | None, unit: bytes
    ) -> None:
        right = self._admin(organisation, chance, caller)
        self._try("addSigner", right, organisation, signer, given, self._until(end), unit)

    @rule(chance=chances, caller=people, organisation=organisations, signer=anyone)
    def remove_signer(self, chance: int, caller: str, organisation: bytes, signer: str) -> None:
        organisation, signer = self._signer(chance, organisation, signer)
        self._try("removeSigner", self._admin(organisation, chance, caller), organisation, signer)
        if (organisation, signer) in self.model.state.signers and self.told[-1][1][0] == "SignerRemoved":
            now = self.host.now
            assert not any(self._is_authorised(organisation, signer, role, now) for role in ROLES), "invariant 29"

    @rule(chance=chances, caller=people, organisation=organisations, signer=anyone, ago=pasts)
    def compromise_signer(self, chance: int, caller: str, organisation: bytes, signer: str, ago: int) -> None:
        organisation, signer = self._signer(chance, organisation, signer)
        found = self.model.state.signers.get((organisation, signer))
        since = found.from_ if chance == 3 and found else self.host.now - ago
        self._try("compromiseSigner", self._admin(organisation, chance, caller), organisation, signer, since)

    @rule(organisation=organisations, signer=people, role=roles, ago=pasts)
    def ask(self, organisation: bytes, signer: str, role: int, ago: int) -> None:
        """Any question about any time has the answer of the model; of the past, it never turns from no to yes."""
        at = self.host.now - ago
        state = self.model.state
        expected = state.is_authorised(organisation, signer, role, at)
        assert self._is_authorised(organisation, signer, role, at) == expected
        standing = Standing(self.contract.call("standingOf", organisation, role, at))
        assert standing.name == state.standing(organisation, role, at)
        assert self.contract.call("isAccredited", organisation, role, at) == (standing is Standing.ACTIVE)
        for jurisdiction in JURISDICTIONS:
            assert self.contract.call("authorityAt", jurisdiction, at) == state.authority_of(jurisdiction, at)
        if ago > 0:
            before = self.past.setdefault((organisation, signer, role, at), expected)
            assert before or not expected

    @invariant()
    def the_past_only_loses(self) -> None:
        for question, answer in self.past.items():
            assert answer or not self.model.state.is_authorised(*question)

    def teardown(self) -> None:
        """Invariant 31: the events alone rebuild the state, and the state is what the contract keeps."""
        assert replay(self.told) == self.model.state
        self._compare()
        self._compare_offices()

    def _try(self, act: str, caller: str, *arguments: Any) -> None:
        TALLY.note(act, self._act(act, caller, *arguments))

    def _act(self, act: str, caller: str, *arguments: Any) -> str | None:
        """Let model and contract act: the same events, or the same error with the same values and no event."""
        try:
            expected, refused = self.model.act(act, self.host.now, caller, *arguments), None
        except Refused as error:
            expected, refused = [], error
        if refused:
            assert self.contract.refusal(caller, act, *arguments) == (refused.error, refused.values)
            return refused.error
        assert self.contract.send(caller, act, *arguments) == expected
        self.told += [(self.host.now, event) for event in expected]
        return None

    def _compare(self) -> None:
        state, call = self.model.state, self.contract.call
        for jurisdiction in (*state.authorities, 0, 1000):
            assert call("authorityOf", jurisdiction) == state.authority_of(jurisdiction)
        for organisation in (*ORGANISATIONS, ZERO_HASH):
            self._compare_organisation(organisation)

    def _compare_offices(self) -> None:
        """What no view tells is told by what they may: delegates, for which roles until when, and successors."""
        self.host.advance(1)
        for (_, person), (_, until) in list(self.model.state.delegates.items()):
            for organisation in ORGANISATIONS:
                for role in ROLES:
                    for end in (min(until + 1, FOREVER), until):
                        self._act("accredit", person, organisation, role, end)
        for jurisdiction in JURISDICTIONS:
            for person in PEOPLE:
                self._act("acceptAuthority", person, jurisdiction)

    def _compare_organisation(self, organisation: bytes) -> None:
        state, call = self.model.state, self.contract.call
        known = state.organisations.get(organisation)
        found = call("organisationOf", organisation)
        expected = (known.admin, known.jurisdiction, known.registered_at) if known else (ZERO_ADDRESS, 0, 0)
        assert (found["admin"], found["jurisdiction"], found["registeredAt"]) == expected
        for role in ROLES:
            now = Standing(call("standingOf", organisation, role, self.host.now))
            assert now.name == state.standing(organisation, role, self.host.now)
            line = state.lines.get((organisation, role), [])
            assert call("accreditationCountOf", organisation, role) == len(line)
            for index in range(len(line) + 1):
                one = call("accreditationOf", organisation, role, index)
                kept = vars(line[index]).values() if index < len(line) else (0, 0, 0, 0)
                assert list(one.values()) == list(kept)
        for person in PEOPLE:
            signer = state.signers.get((organisation, person))
            one = call("signerOf", organisation, person)
            kept = (signer.from_, signer.until, signer.compromised_from, signer.roles) if signer else (0, 0, 0, 0)
            assert tuple(one.values()) == kept
            assert call("unitOf", organisation, person) == (signer.unit if signer else ZERO_HASH)

    def _is_authorised(self, organisation: bytes, signer: str, role: int, at: int) -> bool:
        return bool(self.contract.call("isAuthorised", organisation, signer, role, at))

    def _until(self, end: int | None) -> int:
        return FOREVER if end is None else self.host.now + end

    def _jurisdiction(self, organisation: bytes) -> int:
        found = self.model.state.organisations.get(organisation)
        return found.jurisdiction if found else 0

    def _authority(self, jurisdiction: int, chance: int, caller: str) -> str:
        right = self.authority_of(jurisdiction)
        return right if chance and right != ZERO_ADDRESS else caller

    def _power(self, jurisdiction: int, chance: int, caller: str) -> str:
        """Mostly the authority, sometimes a delegate, sometimes anybody."""
        delegates = [who for where, who in self.model.state.delegates if where == jurisdiction]
        if chance == 1 and delegates:
            return delegates[-1]
        return self._authority(jurisdiction, chance, caller)

    def _admin(self, organisation: bytes, chance: int, caller: str) -> str:
        found = self.model.state.organisations.get(organisation)
        if chance == 1:
            return self._authority(self._jurisdiction(organisation), chance, caller)
        return found.admin if chance and found else caller

    def _line(self, chance: int, organisation: bytes, role: int) -> tuple[bytes, int]:
        """Mostly a line that there is."""
        lines = list(self.model.state.lines)
        return lines[(role + chance) % len(lines)] if chance and lines else (organisation, role)

    def _signer(self, chance: int, organisation: bytes, signer: str) -> tuple[bytes, str]:
        """Mostly a signer that there is."""
        signers = list(self.model.state.signers)
        return signers[len(self.told) % len(signers)] if chance and signers else (organisation, signer)


def pytest_generate_tests(metafunc):
    """Five of the checks, or all with --full."""
    if "attack" in metafunc.fixturenames:
        is_full = metafunc.config.getoption("--full")
        chosen = [attack for attack in PATCHED if is_full or attack.id in FEW]
        metafunc.parametrize("attack", chosen, ids=str)


class TestModel:
    """
    given any acts of anyone at any times -> contract and model agree on each answer, event and error
                                          -> the events alone rebuild the state (invariant 31)
                                          -> a removed signer has no power in that second (invariant 29)
                                          -> no later act gives anyone a right in the past
    given all runs                        -> every act succeeds in at least 5 % of its calls, every error arises
    """

    def test_contract_and_model_agree(self, request):
        run(Registry, request)
        print(TALLY.report())
        assert TALLY.rare() == []
        own = {item["name"] for item in load("AccreditationRegistry").abi if item["type"] == "error"}
        assert own - set(TALLY.errors) - OF_OTHERS == set()


class TestTeeth:
    """given the registry without one of its checks -> the machine finds it"""

    def test_finds_the_missing_check(self, attack, request, monkeypatch):
        monkeypatch.setattr(Registry, "artifact", attack.twin())
        with pytest.raises(AssertionError):
            run(Registry, request, shrink=False)
