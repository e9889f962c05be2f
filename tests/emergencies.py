"""A hospital with an emergency unit and a privacy officer, and sessions that its doctor opens."""

from __future__ import annotations

from medtrust.accreditation import Role
from medtrust.consent import DataClass
from medtrust.emergency import EmergencyClient, Verdict
from medtrust.types import name_hash
from tests.consents import give_ether
from tests.world import FAR, World

__all__ = ["FINDINGS", "LABORATORY", "REASON", "VITAL", "emergency", "officer", "open_session", "review", "staff"]

REASON = name_hash("an unconscious tourist, and a salt")
FINDINGS = name_hash("what the officer found, and a salt")
LABORATORY, VITAL = DataClass.LABORATORY, DataClass.VITAL_SIGNS


def staff(world: World) -> None:
    """Name the doctor of the emergency unit, and as privacy officer of another the account of the carrier."""
    give_ether(world, world.patient.address)
    registry = world.acting_as("hospital").accreditation
    care = name_hash("emergency unit")
    registry.add_signer(
        world.hospital,
        world.account("doctor").address,
        Role.EMERGENCY_CARE | Role.PRIVACY_OFFICER,
        until=FAR,
        unit=care,
    )
    privacy = name_hash("privacy office")
    registry.add_signer(world.hospital, officer(world), Role.PRIVACY_OFFICER, until=FAR, unit=privacy)


def officer(world: World) -> str:
    """The address of the privacy officer."""
    return str(world.account("carrier").address)


def emergency(world: World, name: str = "attacker") -> EmergencyClient:
    """The contract as an account; the patient may be named too."""
    return world.acting_as(world.patient if name == "patient" else name).emergency


def open_session(
    world: World, *, patient: str = "", by: str = "doctor", classes: int = LABORATORY | VITAL, period: int = 0
) -> int:
    """Open the default patient's data, or another's; returns the number of the session."""
    client = emergency(world, by)
    receipt = client.open(patient or world.patient.address, world.hospital, REASON, classes=classes, period=period)
    return int(receipt.event("EmergencyOpened").values["number"])


def review(world: World, number: int, verdict: Verdict = Verdict.JUSTIFIED) -> None:
    """Review a session as the privacy officer."""
    emergency(world, "carrier").review(world.hospital, number, verdict, findings=FINDINGS)
