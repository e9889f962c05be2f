"""Attacks on doses recorded once and on field proofs: each is blocked, and succeeds without its one defence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode

from medtrust.accreditation import Role
from medtrust.disclosure import OpenField
from medtrust.errors import Reverted
from medtrust.keccak import keccak256
from medtrust.merkle import MerkleTree
from medtrust.nullifier import nullifier
from medtrust.pseudonym import PatientIdentifier
from medtrust.sandbox import JURISDICTION
from medtrust.types import organisation_id
from medtrust.vaccination import VaccinationClient
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.doses import batch_of
from tests.world import FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("VaccinationRegistry", ATTACKS)

KEY = bytes(range(32))
PROGRAMME = "urn:gs1:gln:0614141999996"
HER = PatientIdentifier("urn:oid:2.16.840.1.113883.19.5.1", "NI", "1975-4711")
FIELD_PROOFS = "contracts/base/FieldProofs.sol"
LEAF = "abi.encode(field.name, field.value, field.salt)"


class TestAttacks(AttackTests):
    pass


def as_(world: World, name: str) -> VaccinationClient:
    return world.acting_as(name).vaccination


def open_programme(world: World) -> bytes:
    """Make an organisation of the programme, for which clinic and hospital both sign."""
    programme, registry = organisation_id(PROGRAMME), world.acting_as("authority").accreditation
    registry.register(programme, JURISDICTION, world.account("authority").address, until=FAR)
    registry.accredit(programme, Role.VACCINATOR, until=FAR)
    for name in ("clinic", "hospital"):
        registry.add_signer(programme, world.account(name).address, Role.VACCINATOR, until=FAR)
    return programme


def second_dose(programme: str = PROGRAMME) -> bytes:
    return nullifier(KEY, programme, HER, "hepb", 2)


@attack(
    "vaccination-same-dose-twice",
    defence="a nullifier is recorded once for its programme",
    blocked_by="DoseAlreadyRecorded",
    patch=[
        (
            "require(recorders[nullifier] == address(0), IVaccinationRegistry.DoseAlreadyRecorded(nullifier));",
            "",
        )
    ],
    file="contracts/libraries/Nullifiers.sol",
)
def record_a_dose_in_two_clinics(world: World) -> None:
    """Have one dose of a series recorded by two clinics of a programme, and claim for it twice."""
    programme = open_programme(world)
    for name in ("clinic", "hospital"):
        as_(world, name).record_once(programme, [second_dose()])
    assert as_(world, "clinic").recorder_of(programme, second_dose()) == world.account("hospital").address


@attack(
    "vaccination-nullifier-by-a-stranger",
    defence="only vaccinators of the organisation record for it",
    blocked_by="NotAuthorised",
    patch=[("        _checkVaccinator(organisation);\n        Nullifiers.record", "        Nullifiers.record")],
)
def record_before_the_clinic(world: World) -> None:
    """Use the nullifier of a transaction that is not in a block yet, so that the clinic's dose is refused."""
    as_(world, "attacker").record_once(world.clinic, [second_dose()])
    assert as_(world, "clinic").recorder_of(world.clinic, second_dose()) == world.account("attacker").address


@attack(
    "vaccination-nullifier-of-another",
    defence="each organisation has nullifiers of its own",
    blocked_by="OwnNullifiers",
    patch=[
        ("Nullifiers.record(_recorders[organisation],", "Nullifiers.record(_recorders[bytes32(0)],"),
        ("return _recorders[organisation][nullifier];", "return _recorders[bytes32(0)][nullifier];"),
    ],
)
def use_up_the_nullifier_of_a_rival(world: World) -> None:
    """As a vaccinator of another organisation, record a rival's nullifier for oneself before the rival does."""
    as_(world, "hospital").record_once(world.hospital, [second_dose()])
    if as_(world, "clinic").recorder_of(world.clinic, second_dose()) is None:
        as_(world, "clinic").record_once(world.clinic, [second_dose()])
        raise Blocked("OwnNullifiers")
    with pytest.raises(Reverted, match="DoseAlreadyRecorded"):
        as_(world, "clinic").record_once(world.clinic, [second_dose()])


def require_shown(is_shown: bool) -> None:
    """Go on only if the field counts: that is the damage."""
    if not is_shown:
        raise Blocked("NotAField")


@attack(
    "vaccination-field-other-value",
    defence="the value is part of the leaf",
    blocked_by="NotAField",
    patch=[(LEAF, "abi.encode(field.name, field.salt)")],
    file=FIELD_PROOFS,
)
def show_another_vaccine(world: World) -> None:
    """Show the code of the vaccine that another contract wants, with salt and proof of the one that was given."""
    given, root = _of_fields(world, with_value=world.defended)
    require_shown(as_(world, "attacker").is_field(root, replace(given, value="113")))


@attack(
    "vaccination-field-other-name",
    defence="the name is part of the leaf",
    blocked_by="NotAField",
    patch=[(LEAF, 'abi.encode("vc", field.value, field.salt)')],
    file=FIELD_PROOFS,
)
def show_one_field_as_another(world: World) -> None:
    """Pass off one field as another: the vaccine's code as the maker's."""
    fields = batch_of(1).fields[0]
    (given,) = fields.open(["vc"])
    require_shown(as_(world, "attacker").is_field(fields.root, replace(given, name="mvx")))


@attack(
    "vaccination-field-inner-node",
    defence="a field is hashed twice from its three parts",
    blocked_by="NotAField",
    patch=[
        (f"keccak256(bytes.concat(keccak256({LEAF})))", "keccak256(abi.encodePacked(field.value, field.salt))"),
    ],
    file=FIELD_PROOFS,
)
def show_an_inner_node_as_a_field(world: World) -> None:
    """Pass off the two children of the root as value and salt of a field that nobody sealed."""
    client, fields = as_(world, "attacker"), batch_of(1).fields[0]
    (first,) = fields.open(["t"])
    *_, sibling = first.proof
    other = replace(first, proof=first.proof[:-1]).root()
    children = sorted((sibling, other))
    assert keccak256(b"".join(children)) == fields.root
    forged = (b"vc", children[0], children[1])
    selector = client.interface.encode_call("isField", (fields.root, _written(first), []))[:4]
    data = selector + encode(["bytes32", "(bytes,bytes,bytes32)", "bytes32[]"], [fields.root, forged, []])
    require_shown(bool(int.from_bytes(world.chain.call(client.address, data), "big")))


def _written(field: OpenField) -> dict[str, object]:
    return {"name": field.name, "value": field.value, "salt": field.salt}


def _of_fields(world: World, *, with_value: bool) -> tuple[OpenField, bytes]:
    """The vaccine of a dose, and the root of its fields: as it is made, or as it would be without values."""
    fields = batch_of(1).fields[0]
    if with_value:
        return fields.open(["vc"])[0], fields.root
    leaves = [keccak256(keccak256(encode(["string", "bytes32"], [name, salt]))) for name, _, salt in fields.salted()]
    tree, place = MerkleTree(leaves), fields.names.index("vc")
    return replace(fields.open(["vc"])[0], proof=tree.proof(place)), tree.root
