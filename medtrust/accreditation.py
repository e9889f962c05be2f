"""Accreditation: which organisation may do what, since when, until when, and who signs for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from medtrust.chain import Event, Receipt
from medtrust.contract import Client
from medtrust.errors import InputError
from medtrust.types import ZERO_HASH

__all__ = ["Accreditation", "AccreditationClient", "Organisation", "Role", "Signer", "Standing", "parse_roles"]


class Role(IntFlag):
    """What an organisation may be accredited for; the bits of the library `Roles`."""

    PARTICIPANT = 1 << 0
    VACCINATOR = 1 << 1
    HOSPITAL = 1 << 2
    EMERGENCY_CARE = 1 << 3
    PRIVACY_OFFICER = 1 << 4
    MANUFACTURER = 1 << 5
    WHOLESALER = 1 << 6
    CARRIER = 1 << 7
    PHARMACY = 1 << 8
    LABORATORY = 1 << 9
    INSURER = 1 << 10
    REVIEWER = 1 << 11
    REGULATOR = 1 << 12
    ADVISER = 1 << 13


class Standing(IntEnum):
    """How an accreditation stands at a time."""

    UNKNOWN = 0
    ACTIVE = 1
    LAPSED = 2
    SUSPENDED = 3
    COMPROMISED = 4


@dataclass(frozen=True)
class Accreditation:
    """One interval in which an organisation is accredited for a role; times are Unix seconds, 0 is none."""

    valid_from: int
    valid_until: int
    suspended_from: int
    compromised_from: int


@dataclass(frozen=True)
class Organisation:
    """An organisation: who names its signers, its jurisdiction (ISO 3166-1 numeric), when it was registered."""

    admin: str
    jurisdiction: int
    registered_at: int


@dataclass(frozen=True)
class Signer:
    """An account that acts for an organisation; times are Unix seconds, `compromised_from` 0 is never."""

    valid_from: int
    valid_until: int
    compromised_from: int
    roles: Role


def parse_roles(names: str) -> Role:
    """Read roles from their names, separated by commas, in any case: "hospital,vaccinator".

    Raises `InputError` for a name that is no role.
    """
    roles = Role(0)
    for name in names.split(","):
        key = name.strip().upper().replace("-", "_")
        if key not in Role.__members__:
            expected = ", ".join(role.lower() for role in Role.__members__)
            raise InputError(place="role", found=repr(name), expected=f"one of {expected}")
        roles |= Role[key]
    return roles


class AccreditationClient(Client):
    """Calls to one deployed AccreditationRegistry."""

    artifact = "AccreditationRegistry"

    def open_jurisdiction(self, jurisdiction: int, authority: str) -> Receipt:
        """Name the first authority of a jurisdiction (ISO 3166-1 numeric), as the steward.

        Raises `Reverted` with error "NotSteward", "InvalidJurisdiction", "ZeroIdentifier" or "JurisdictionExists".
        """
        return self._send("openJurisdiction", jurisdiction, authority)

    def offer_authority(self, jurisdiction: int, successor: str) -> Receipt:
        """Offer the office of the calling authority to another account. Raises `Reverted` with error "NotAuthority"."""
        return self._send("offerAuthority", jurisdiction, successor)

    def accept_authority(self, jurisdiction: int) -> Receipt:
        """Take the office that was offered to the caller. Raises `Reverted` with error "NotSuccessor"."""
        return self._send("acceptAuthority", jurisdiction)

    def appoint(self, jurisdiction: int, delegate: str, roles: Role, *, until: int) -> Receipt:
        """Let an account accredit for some roles until `until` (Unix seconds); no roles end it at once.

        Raises `Reverted` with error "NotAuthority" or "InvalidRoles".
        """
        return self._send("appoint", jurisdiction, delegate, int(roles), until)

    def register(self, organisation: bytes, jurisdiction: int, admin: str, *, until: int) -> Receipt:
        """Register an organisation as a participant in good standing until `until` (Unix seconds).

        Raises `Reverted` with error "NotAuthority", "ZeroIdentifier", "OrganisationExists", "InvalidInterval" or
        "BeyondDelegation".
        """
        return self._send("register", organisation, jurisdiction, admin, until)

    def accredit(self, organisation: bytes, role: Role, *, until: int) -> Receipt:
        """Accredit an organisation for one role from now until `until` (Unix seconds).

        Raises `Reverted` with error "UnknownOrganisation", "InvalidRoles", "NotAuthority", "InvalidInterval" or
        "BeyondDelegation".
        """
        return self._send("accredit", organisation, int(role), until)

    def suspend(self, organisation: bytes, role: Role) -> Receipt:
        """Suspend the newest accreditation for a role, from now on; what was recorded before stays valid.

        Raises `Reverted` with error "NotAuthority", "UnknownAccreditation" or "AlreadySuspended".
        """
        return self._send("suspend", organisation, int(role))

    def compromise(self, organisation: bytes, role: Role, *, since: int) -> list[Receipt]:
        """Declare that what was recorded in a role since a time (Unix seconds) is not to be trusted, in every
        interval that it touches.

        Intervals that an earlier declaration covers already are left alone, so it can be run again. Raises `Reverted`
        with error "NotAuthority" or "InvalidCompromise", and "UnknownAccreditation" if there is no interval.
        """
        count = self.accreditation_count_of(organisation, role)
        if count == 0:
            return [self._send("compromise", organisation, int(role), 0, since)]
        receipts = []
        for index in range(count):
            interval = self.accreditation_of(organisation, role, index)
            ends = self.accreditation_of(organisation, role, index + 1).valid_from if index + 1 < count else None
            from_ = max(since, interval.valid_from)
            is_touched = ends is None or since < ends
            is_covered = interval.compromised_from != 0 and interval.compromised_from <= from_
            if is_touched and not is_covered:
                receipts.append(self._send("compromise", organisation, int(role), index, from_))
        return receipts

    def change_admin(self, organisation: bytes, admin: str) -> Receipt:
        """Name another administrator, as the present one or the authority.

        Raises `Reverted` with error "NotAdmin" or "ZeroIdentifier".
        """
        return self._send("changeAdmin", organisation, admin)

    def add_signer(
        self, organisation: bytes, signer: str, roles: Role, *, until: int, unit: bytes = ZERO_HASH
    ) -> Receipt:
        """Let an account act for an organisation in some roles until `until` (Unix seconds); `unit` is a hash, zero
        for none.

        Raises `Reverted` with error "NotAdmin", "ZeroIdentifier", "InvalidRoles", "InvalidInterval" or "SignerExists".
        """
        return self._send("addSigner", organisation, signer, int(roles), until, unit)

    def remove_signer(self, organisation: bytes, signer: str) -> Receipt:
        """Take an account's right to act for an organisation, for ever; what it recorded before stays valid.

        Raises `Reverted` with error "NotAdmin" or "NotSigner".
        """
        return self._send("removeSigner", organisation, signer)

    def compromise_signer(self, organisation: bytes, signer: str, *, since: int) -> Receipt:
        """Declare that what an account recorded since a time (Unix seconds) is not to be trusted.

        Raises `Reverted` with error "NotAdmin", "NotSigner" or "InvalidCompromise".
        """
        return self._send("compromiseSigner", organisation, signer, since)

    def is_authorised(
        self, organisation: bytes, signer: str, role: Role, *, at: int | None = None, block: int | None = None
    ) -> bool:
        """Whether an account may act for an organisation in a role, now or at a time (Unix seconds).

        `block` asks for what was known at a block; the newest unless given.
        """
        return bool(self._call("isAuthorised", organisation, signer, int(role), self._time(at), block=block))

    def is_accredited(self, organisation: bytes, role: Role, *, at: int | None = None) -> bool:
        """Whether an organisation is accredited for a role, now or at a time (Unix seconds)."""
        return bool(self._call("isAccredited", organisation, int(role), self._time(at)))

    def standing_of(
        self, organisation: bytes, role: Role, *, at: int | None = None, block: int | None = None
    ) -> Standing:
        """How the accreditation for a role stands, now or at a time (Unix seconds), as known at a block."""
        return Standing(self._call("standingOf", organisation, int(role), self._time(at), block=block))

    def accreditation_of(self, organisation: bytes, role: Role, index: int) -> Accreditation:
        """One interval of the line of an organisation and a role, counted from 0; all zero if there is none."""
        raw = self._call("accreditationOf", organisation, int(role), index)
        return Accreditation(raw["from"], raw["until"], raw["suspendedFrom"], raw["compromisedFrom"])

    def accreditation_count_of(self, organisation: bytes, role: Role) -> int:
        """How many intervals the line of an organisation and a role has."""
        return int(self._call("accreditationCountOf", organisation, int(role)))

    def organisation_of(self, organisation: bytes) -> Organisation | None:
        """What an organisation is registered with; None if it is not."""
        raw = self._call("organisationOf", organisation)
        if raw["registeredAt"] == 0:
            return None
        return Organisation(raw["admin"], raw["jurisdiction"], raw["registeredAt"])

    def jurisdiction_of(self, organisation: bytes) -> int:
        """The jurisdiction of an organisation (ISO 3166-1 numeric); 0 if it is not registered."""
        return int(self._call("jurisdictionOf", organisation))

    def signer_of(self, organisation: bytes, signer: str) -> Signer | None:
        """How an account acts for an organisation; None if it never was a signer."""
        raw = self._call("signerOf", organisation, signer)
        if raw["from"] == 0:
            return None
        return Signer(raw["from"], raw["until"], raw["compromisedFrom"], Role(raw["roles"]))

    def unit_of(self, organisation: bytes, signer: str) -> bytes:
        """The unit that a signer belongs to; 32 zero bytes if it has none."""
        return bytes(self._call("unitOf", organisation, signer))

    def authority_of(self, jurisdiction: int, *, at: int | None = None) -> str:
        """The authority of a jurisdiction, now or at a time (Unix seconds); the zero address if it had none."""
        if at is None:
            return str(self._call("authorityOf", jurisdiction))
        return str(self._call("authorityAt", jurisdiction, at))

    def history(self, organisation: bytes) -> list[Event]:
        """Read everything that was recorded about an organisation, oldest first."""
        registered = ("OrganisationRegistered", "AdminChanged", "SignerAdded", "SignerRemoved", "SignerCompromised")
        names = (*registered, "RoleAccredited", "RoleSuspended", "RoleCompromised")
        found = [event for name in names for event in self._events(name, indexed={"organisation": organisation})]
        return sorted(found, key=lambda event: (event.block, event.log_index))

    def _time(self, at: int | None) -> int:
        return self.chain.now() if at is None else at
