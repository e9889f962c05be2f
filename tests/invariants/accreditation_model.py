"""A model of the registry of accreditations in plain Python, and the same state told by events alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from medtrust.types import ZERO_ADDRESS, ZERO_HASH

ALL_ROLES = (1 << 14) - 1
PARTICIPANT = 1

Told = tuple[str, dict[str, Any]]


class Refused(Exception):
    """The act is refused: the name of the error and its values."""

    def __init__(self, error: str, **values: Any) -> None:
        super().__init__(error)
        self.error = error
        self.values = values


@dataclass
class Interval:
    from_: int
    until: int
    suspended_from: int = 0
    compromised_from: int = 0


@dataclass
class Signer:
    from_: int
    until: int
    roles: int
    compromised_from: int = 0
    unit: bytes = ZERO_HASH


@dataclass
class Organisation:
    admin: str
    jurisdiction: int
    registered_at: int


@dataclass
class State:
    """Everything that the registry keeps."""

    authorities: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    successors: dict[int, str] = field(default_factory=dict)
    delegates: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    organisations: dict[bytes, Organisation] = field(default_factory=dict)
    lines: dict[tuple[bytes, int], list[Interval]] = field(default_factory=dict)
    signers: dict[tuple[bytes, str], Signer] = field(default_factory=dict)

    def authority_of(self, jurisdiction: int, at: int | None = None) -> str:
        held = [who for since, who in self.authorities.get(jurisdiction, []) if at is None or since <= at]
        return held[-1] if held else ZERO_ADDRESS

    def standing(self, organisation: bytes, role: int, at: int) -> str:
        begun = [one for one in self.lines.get((organisation, role), []) if one.from_ <= at]
        if not begun:
            return "UNKNOWN"
        last = begun[-1]
        if last.compromised_from and at >= last.compromised_from:
            return "COMPROMISED"
        if last.suspended_from and at >= last.suspended_from:
            return "SUSPENDED"
        return "ACTIVE" if at < last.until else "LAPSED"

    def is_authorised(self, organisation: bytes, signer: str, role: int, at: int) -> bool:
        found = self.signers.get((organisation, signer))
        if found is None or role == 0 or role & ~found.roles or not found.from_ <= at < found.until:
            return False
        if found.compromised_from and at >= found.compromised_from:
            return False
        return self.standing(organisation, role, at) == "ACTIVE"


class Model:
    """What the registry should do: each act changes the state and tells its events, or is refused."""

    def __init__(self, steward: str) -> None:
        self.steward = steward
        self.state = State()

    def act(self, function: str, now: int, caller: str, *arguments: Any) -> list[Told]:
        """Do what a function of the contract does, as a caller at a time."""
        name = re.sub("[A-Z]", lambda match: "_" + match.group().lower(), function)
        told: list[Told] = getattr(self, name)(now, caller, *arguments)
        return told

    def open_jurisdiction(self, now: int, caller: str, jurisdiction: int, authority: str) -> list[Told]:
        _require(caller == self.steward, "NotSteward", caller=caller)
        _require(0 < jurisdiction < 1000, "InvalidJurisdiction", jurisdiction=jurisdiction)
        _require(authority != ZERO_ADDRESS, "ZeroIdentifier")
        _require(jurisdiction not in self.state.authorities, "JurisdictionExists", jurisdiction=jurisdiction)
        self.state.authorities[jurisdiction] = [(now, authority)]
        return [("JurisdictionOpened", {"jurisdiction": jurisdiction, "authority": authority})]

    def offer_authority(self, now: int, caller: str, jurisdiction: int, successor: str) -> list[Told]:
        self._require_office(jurisdiction, caller)
        self.state.successors[jurisdiction] = successor
        return [("AuthorityOffered", {"jurisdiction": jurisdiction, "successor": successor})]

    def accept_authority(self, now: int, caller: str, jurisdiction: int) -> list[Told]:
        is_offered = self.state.successors.get(jurisdiction) == caller
        _require(is_offered, "NotSuccessor", jurisdiction=jurisdiction, caller=caller)
        del self.state.successors[jurisdiction]
        _take_office(self.state, jurisdiction, now, caller)
        return [("AuthorityChanged", {"jurisdiction": jurisdiction, "authority": caller})]

    def appoint(self, now: int, caller: str, jurisdiction: int, delegate: str, roles: int, until: int) -> list[Told]:
        self._require_office(jurisdiction, caller)
        _require(not roles & ~ALL_ROLES, "InvalidRoles", roles=roles)
        self.state.delegates[jurisdiction, delegate] = (roles, until)
        told = {"jurisdiction": jurisdiction, "delegate": delegate, "roles": roles, "until": until}
        return [("DelegateAppointed", told)]

    def register(
        self, now: int, caller: str, organisation: bytes, jurisdiction: int, admin: str, until: int
    ) -> list[Told]:
        _require(organisation != ZERO_HASH and admin != ZERO_ADDRESS, "ZeroIdentifier")
        _require(organisation not in self.state.organisations, "OrganisationExists", organisation=organisation)
        self._require_power(now, caller, jurisdiction, PARTICIPANT, until)
        _require(until > now, "InvalidInterval", **{"from": now, "until": until})
        self.state.organisations[organisation] = Organisation(admin, jurisdiction, now)
        told = {"organisation": organisation, "jurisdiction": jurisdiction, "admin": admin}
        return [("OrganisationRegistered", told), self._begin(now, organisation, PARTICIPANT, until)]

    def accredit(self, now: int, caller: str, organisation: bytes, role: int, until: int) -> list[Told]:
        found = self.state.organisations.get(organisation)
        if found is None:
            raise Refused("UnknownOrganisation", organisation=organisation)
        _require(bin(role).count("1") == 1 and role <= ALL_ROLES, "InvalidRoles", roles=role)
        self._require_power(now, caller, found.jurisdiction, role, until)
        line = self.state.lines.get((organisation, role), [])
        is_later = not line or now > line[-1].from_
        _require(is_later and until > now, "InvalidInterval", **{"from": now, "until": until})
        return [self._begin(now, organisation, role, until)]

    def suspend(self, now: int, caller: str, organisation: bytes, role: int) -> list[Told]:
        self._require_power(now, caller, self._jurisdiction(organisation), role, 0)
        line = self.state.lines.get((organisation, role), [])
        _require(bool(line), "UnknownAccreditation", organisation=organisation, role=role, index=0)
        _require(line[-1].suspended_from == 0, "AlreadySuspended", suspendedFrom=line[-1].suspended_from)
        line[-1].suspended_from = now
        return [("RoleSuspended", {"organisation": organisation, "role": role, "suspendedFrom": now})]

    def compromise(self, now: int, caller: str, organisation: bytes, role: int, index: int, since: int) -> list[Told]:
        self._require_power(now, caller, self._jurisdiction(organisation), role, 0)
        line = self.state.lines.get((organisation, role), [])
        _require(index < len(line), "UnknownAccreditation", organisation=organisation, role=role, index=index)
        _require_earlier(now, since, line[index])
        line[index].compromised_from = since
        told = {"organisation": organisation, "role": role, "index": index, "compromisedFrom": since}
        return [("RoleCompromised", told)]

    def change_admin(self, now: int, caller: str, organisation: bytes, admin: str) -> list[Told]:
        self._require_admin(organisation, caller)
        _require(admin != ZERO_ADDRESS, "ZeroIdentifier")
        self.state.organisations[organisation].admin = admin
        return [("AdminChanged", {"organisation": organisation, "admin": admin})]

    def add_signer(
        self, now: int, caller: str, organisation: bytes, signer: str, roles: int, until: int, unit: bytes
    ) -> list[Told]:
        self._require_admin(organisation, caller)
        _require(signer != ZERO_ADDRESS, "ZeroIdentifier")
        _require(not roles & ~ALL_ROLES, "InvalidRoles", roles=roles)
        _require(until > now, "InvalidInterval", **{"from": now, "until": until})
        is_new = (organisation, signer) not in self.state.signers
        _require(is_new, "SignerExists", organisation=organisation, signer=signer)
        self.state.signers[organisation, signer] = Signer(now, until, roles | PARTICIPANT, unit=unit)
        told = {"organisation": organisation, "signer": signer, "roles": roles | PARTICIPANT, "until": until}
        return [("SignerAdded", {**told, "unit": unit})]

    def remove_signer(self, now: int, caller: str, organisation: bytes, signer: str) -> list[Told]:
        self._require_admin(organisation, caller)
        found = self.state.signers.get((organisation, signer))
        if found is None or now >= found.until:
            raise Refused("NotSigner", organisation=organisation, signer=signer)
        found.until = now
        return [("SignerRemoved", {"organisation": organisation, "signer": signer})]

    def compromise_signer(self, now: int, caller: str, organisation: bytes, signer: str, since: int) -> list[Told]:
        self._require_admin(organisation, caller)
        found = self.state.signers.get((organisation, signer))
        if found is None:
            raise Refused("NotSigner", organisation=organisation, signer=signer)
        _require_earlier(now, since, found)
        found.compromised_from = since
        return [("SignerCompromised", {"organisation": organisation, "signer": signer, "compromisedFrom": since})]

    def _begin(self, now: int, organisation: bytes, role: int, until: int) -> Told:
        line = self.state.lines.setdefault((organisation, role), [])
        line.append(Interval(now, until))
        told = {"organisation": organisation, "role": role, "index": len(line) - 1, "from": now, "until": until}
        return "RoleAccredited", told

    def _jurisdiction(self, organisation: bytes) -> int:
        found = self.state.organisations.get(organisation)
        return found.jurisdiction if found else 0

    def _require_office(self, jurisdiction: int, caller: str) -> None:
        holds = self.state.authority_of(jurisdiction) == caller
        _require(holds, "NotAuthority", jurisdiction=jurisdiction, caller=caller)

    def _require_power(self, now: int, caller: str, jurisdiction: int, role: int, until: int) -> None:
        if self.state.authority_of(jurisdiction) == caller:
            return
        roles, ends = self.state.delegates.get((jurisdiction, caller), (0, 0))
        has_power = role != 0 and not role & ~roles and now < ends
        _require(has_power, "NotAuthority", jurisdiction=jurisdiction, caller=caller)
        _require(until <= ends, "BeyondDelegation", until=until, limit=ends)

    def _require_admin(self, organisation: bytes, caller: str) -> None:
        found = self.state.organisations.get(organisation)
        is_admin = found is not None and caller in (found.admin, self.state.authority_of(found.jurisdiction))
        _require(is_admin, "NotAdmin", organisation=organisation, caller=caller)


def replay(told: Iterable[tuple[int, Told]]) -> State:
    """Rebuild the state from (time of the block, event) alone."""
    state = State()
    for at, (name, values) in told:
        _apply(state, at, name, values)
    return state


def _apply(state: State, at: int, name: str, values: dict[str, Any]) -> None:
    organisation = values.get("organisation", ZERO_HASH)
    if name in ("JurisdictionOpened", "AuthorityChanged"):
        state.successors.pop(values["jurisdiction"], None)
        _take_office(state, values["jurisdiction"], at, values["authority"])
    elif name == "AuthorityOffered":
        state.successors[values["jurisdiction"]] = values["successor"]
    elif name == "DelegateAppointed":
        state.delegates[values["jurisdiction"], values["delegate"]] = (values["roles"], values["until"])
    elif name == "OrganisationRegistered":
        state.organisations[organisation] = Organisation(values["admin"], values["jurisdiction"], at)
    elif name == "AdminChanged":
        state.organisations[organisation].admin = values["admin"]
    elif name == "RoleAccredited":
        line = state.lines.setdefault((organisation, values["role"]), [])
        assert values["index"] == len(line)
        line.append(Interval(values["from"], values["until"]))
    elif name == "RoleSuspended":
        state.lines[organisation, values["role"]][-1].suspended_from = values["suspendedFrom"]
    elif name == "RoleCompromised":
        state.lines[organisation, values["role"]][values["index"]].compromised_from = values["compromisedFrom"]
    elif name == "SignerAdded":
        signer = Signer(at, values["until"], values["roles"], unit=values["unit"])
        state.signers[organisation, values["signer"]] = signer
    elif name == "SignerRemoved":
        state.signers[organisation, values["signer"]].until = at
    elif name == "SignerCompromised":
        state.signers[organisation, values["signer"]].compromised_from = values["compromisedFrom"]
    else:
        raise AssertionError(f"an event that nobody knows: {name}")


def _take_office(state: State, jurisdiction: int, at: int, authority: str) -> None:
    """The last to take an office in a second holds it in that second."""
    held = state.authorities.setdefault(jurisdiction, [])
    if held and held[-1][0] == at:
        held.pop()
    held.append((at, authority))


def _require(holds: bool, error: str, **values: Any) -> None:
    if not holds:
        raise Refused(error, **values)


def _require_earlier(now: int, since: int, found: Interval | Signer) -> None:
    is_earlier = found.compromised_from == 0 or since < found.compromised_from
    _require(found.from_ <= since <= now and is_earlier, "InvalidCompromise", compromisedFrom=since)
