"""What accreditation costs, and the deployment of the whole suite."""

from __future__ import annotations

from medtrust.accreditation import Role
from medtrust.types import organisation_id
from tests.gas.frame import Operation, deployment_gas, execution_gas
from tests.world import FAR, USA, World


def _register(world: World) -> int:
    newcomer = organisation_id("urn:gs1:gln:0614141999996")
    admin = world.account("stranger").address
    return world.acting_as("authority").accreditation.register(newcomer, USA, admin, until=FAR).gas_used


def _accredit(world: World) -> int:
    return world.acting_as("authority").accreditation.accredit(world.clinic, Role.INSURER, until=FAR).gas_used


def _add_signer(world: World) -> int:
    registry = world.acting_as("hospital").accreditation
    return registry.add_signer(world.hospital, world.account("doctor").address, Role.HOSPITAL, until=FAR).gas_used


def _suspend(world: World) -> int:
    return world.acting_as("authority").accreditation.suspend(world.hospital, Role.HOSPITAL).gas_used


def _is_authorised(world: World) -> int:
    registry = world.acting_as("hospital").accreditation
    signer = world.account("hospital").address
    return execution_gas(registry, "isAuthorised", world.hospital, signer, Role.HOSPITAL, FAR - 1)


OPERATIONS = [
    Operation("deploy the whole suite", deployment_gas, budget=20_000_000),
    Operation("accreditation register", _register),
    Operation("accreditation accredit", _accredit),
    Operation("accreditation addSigner", _add_signer),
    Operation("accreditation suspend", _suspend),
    Operation("accreditation isAuthorised", _is_authorised, bound=4_200, kind="execution"),
]
