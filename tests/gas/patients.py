"""What it costs to decide for a patient."""

from __future__ import annotations

from unittest.mock import patch

from medtrust.patients import PatientClient, Scope
from tests.consents import DAY, give_ether
from tests.gas.frame import Operation, execution_gas
from tests.world import FAR, World

_EVERYTHING = Scope(127)


def _hers(world: World) -> PatientClient:
    give_ether(world, world.patient.address)
    return world.acting_as(world.patient).patients


def _guarded(world: World) -> PatientClient:
    """A patient with 8 guardians, the most there can be, whose powers have begun."""
    client = _hers(world)
    names = ("doctor", "relayer", "stranger", "clinic", "maker", "wholesaler", "pharmacy", "carrier")
    for name in names:
        client.add_guardian(world.patient.address, world.account(name).address, _EVERYTHING, until=FAR)
    world.chain.mine(seconds=7 * DAY)
    return client


def _rotate(world: World) -> int:
    client, patient = _hers(world), world.patient.address
    client.rotate(patient, patient)
    return client.rotate(patient, world.account("stranger").address).gas_used


def _rotate_by_sig(world: World) -> int:
    """With numbers that are the same each time, as their bytes count in what is paid."""
    client, relayer, patient = _hers(world), world.acting_as("relayer").patients, world.patient.address
    with patch("medtrust.patients.secrets.randbits", side_effect=[2**255 - 1, 2**255 - 2**240 - 1]):
        relayer.send(client.sign_rotate(patient, patient, deadline=FAR))
        return relayer.send(client.sign_rotate(patient, world.account("stranger").address, deadline=FAR)).gas_used


def _add_guardian(world: World) -> int:
    client, patient = _hers(world), world.patient.address
    client.add_guardian(patient, world.account("doctor").address, _EVERYTHING, until=FAR)
    return client.add_guardian(patient, world.account("stranger").address, _EVERYTHING, until=FAR).gas_used


def _freeze(world: World) -> int:
    client, patient = _hers(world), world.patient.address
    client.freeze(patient, world.chain.now() + DAY)
    return client.freeze(patient, world.chain.now() + 2 * DAY).gas_used


def _recover(world: World) -> int:
    client, patient = _guarded(world), world.patient.address
    world.acting_as("doctor").patients.recover(patient, client.address)
    return world.acting_as("stranger").patients.recover(patient, client.address).gas_used


def _controller_of(world: World) -> int:
    return execution_gas(_guarded(world), "controllerOf", world.patient.address)


def _check_may(world: World) -> int:
    return execution_gas(_guarded(world), "checkMay", world.patient.address, world.patient.address, int(Scope.GRANT))


OPERATIONS = [
    Operation("patient rotate", _rotate),
    Operation("patient rotateBySig", _rotate_by_sig),
    Operation("patient addGuardian", _add_guardian),
    Operation("patient freeze", _freeze),
    Operation("patient recover, with 8 guardians", _recover),
    Operation("patient controllerOf", _controller_of, budget=4_700, bound=2_100, kind="execution"),
    Operation("patient checkMay of the controller", _check_may, budget=4_700, bound=2_100, kind="execution"),
]
