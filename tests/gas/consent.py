"""What consents cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from medtrust.consent import Consent, ConsentClient
from tests.consents import patient_client, valid_consent, valid_request, valid_terms
from tests.gas.frame import Operation, execution_gas
from tests.world import FAR, GENESIS, World

_COMMITMENT = b"\x07" * 32


def _second(world: World) -> tuple[ConsentClient, Consent]:
    """Grant a first consent, so that what is measured is the second use; the second is for any jurisdiction.

    Its times are fixed, so that the bytes of its signature are, which count in what is paid.
    """
    client = patient_client(world)
    client.grant(valid_consent(world, max_uses=9))
    terms = valid_terms(world, jurisdiction=0, data_from=GENESIS, data_until=FAR)
    return client, valid_consent(world, terms=terms, access_from=GENESIS, access_until=FAR)


def _grant(world: World) -> int:
    client, consent = _second(world)
    return client.grant(consent).gas_used


def _grant_by_sig(world: World) -> int:
    client, consent = _second(world)
    return world.acting_as("relayer").consent.grant_by_sig(client.sign(consent)).gas_used


def _revoke(world: World) -> int:
    client, consent = _second(world)
    client.grant(consent)
    return client.revoke(consent.id).gas_used


def _revoke_by_sig(world: World) -> int:
    client, consent = _second(world)
    client.grant(consent)
    signature = client.sign_revoke(consent.id, deadline=FAR)
    relayer = world.acting_as("relayer").consent
    return relayer.revoke_by_sig(consent.patient, consent.id, signature, deadline=FAR).gas_used


def _revoke_all(world: World) -> int:
    client, _ = _second(world)
    client.revoke_all()
    return client.revoke_all().gas_used


def _revoke_all_of(world: World) -> int:
    client, _ = _second(world)
    client.revoke_all_of(world.hospital)
    return client.revoke_all_of(world.hospital).gas_used


def _use(world: World) -> int:
    client, consent = _second(world)
    client.grant(consent)
    hospital = world.acting_as("hospital").consent
    hospital.use(consent, _COMMITMENT)
    return hospital.use(consent, _COMMITMENT).gas_used


def _check(*, jurisdiction: int = 0, is_granted: bool = True, has_ended: bool = False) -> Callable[[World], int]:
    def measure(world: World) -> int:
        client, consent = _second(world)
        consent = replace(consent, terms=replace(consent.terms, jurisdiction=jurisdiction))
        if has_ended:
            client.revoke_all_of(world.hospital)
            consent = replace(consent, epoch=client.epoch_of(consent.patient, world.hospital))
        signature = b"" if is_granted else client.sign(consent).signature
        if is_granted:
            client.grant(consent)
        request = valid_request(world)
        assert client.check(consent, request, signature=signature).is_permitted
        return execution_gas(client, "check", consent, request, signature)

    return measure


def _check_revoked(world: World) -> int:
    client, consent = _second(world)
    client.revoke(consent.id)
    return execution_gas(client, "check", consent, valid_request(world), b"")


OPERATIONS = [
    Operation("consent grant", _grant, budget=70_000, bound=61_000),
    Operation("consent grantBySig", _grant_by_sig, budget=78_000, bound=67_000),
    Operation("consent revoke", _revoke, budget=38_000, bound=33_000),
    Operation("consent revokeBySig", _revoke_by_sig),
    Operation("consent revokeAll", _revoke_all),
    Operation("consent revokeAllOf", _revoke_all_of),
    Operation("consent use", _use),
    Operation(
        "consent check",
        _check(),
        budget=20_000,
        bound=13_000,
        kind="execution",
    ),
    Operation("consent check, in one jurisdiction", _check(jurisdiction=840), kind="execution"),
    Operation("consent check, after revokeAllOf", _check(has_ended=True), kind="execution"),
    Operation("consent check, only signed", _check(is_granted=False), kind="execution"),
    Operation("consent check, revoked", _check_revoked, kind="execution"),
]
