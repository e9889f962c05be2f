"""VaccinationRegistry: the same dose of a series is recorded once, and a contract asks what one field says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.certificate import Certificate
from medtrust.disclosure import OpenField, SealedFields, check_fields
from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.nullifier import nullifier
from medtrust.pseudonym import PatientIdentifier
from medtrust.types import ZERO_HASH
from medtrust.vaccination import VaccinationClient
from tests.doses import batch_of, mapping_of
from tests.insurance_world import ask_mock
from tests.world import World

KEY = bytes(range(32))
PROGRAMME = "urn:gs1:gln:0614141999996"
HER = PatientIdentifier("urn:oid:2.16.840.1.113883.19.5.1", "NI", "1975-4711")
FIRST, SECOND, THIRD = (nullifier(KEY, PROGRAMME, HER, "hepb", number) for number in (1, 2, 3))


@pytest.fixture
def registry(world: World) -> VaccinationClient:
    """The registry as the clinic calls it."""
    return world.acting_as("clinic").vaccination


class TestRecordOnce:
    """
    when caller signs for no vaccinator             -> reverts NotAuthorised, nothing is recorded
    given it was recorded for the organisation      -> reverts DoseAlreadyRecorded, nor are the others
    when one stands twice among them                -> reverts DoseAlreadyRecorded
    when they are 255, 256, 257                     -> records, records, reverts TooManyNullifiers
    given it was recorded for another organisation  -> records both
    when everything is in order                     -> keeps by whom; emits DosesRecorded, sorted; others untouched
    given none                                      -> records nothing, and says so
    """

    @pytest.mark.parametrize("who", ["attacker", "authority", "hospital"])
    def test_reverts_when_caller_has_no_right(self, world, registry, reverts, who):
        expected = {"organisation": world.clinic, "signer": world.account(who).address, "role": Role.VACCINATOR}
        with reverts("NotAuthorised", **expected):
            world.acting_as(who).vaccination.record_once(world.clinic, [FIRST])
        assert registry.recorder_of(world.clinic, FIRST) is None

    def test_reverts_given_it_was_recorded(self, world, registry, clinic, reverts):
        registry.record_once(world.clinic, [FIRST])
        with reverts("DoseAlreadyRecorded", nullifier=FIRST):
            registry.record_once(world.clinic, [SECOND, FIRST, THIRD])
        assert registry.recorder_of(world.clinic, FIRST) == clinic.address
        assert registry.recorder_of(world.clinic, SECOND) is registry.recorder_of(world.clinic, THIRD) is None

    def test_reverts_when_one_stands_twice(self, world, registry, reverts):
        with reverts("DoseAlreadyRecorded", nullifier=FIRST):
            registry.record_once(world.clinic, [FIRST, SECOND, FIRST])
        assert registry.recorder_of(world.clinic, SECOND) is None

    @pytest.mark.parametrize("count", [255, 256, 257])
    def test_takes_256_at_most(self, world, registry, reverts, count):
        many = [keccak256(number.to_bytes(4, "big")) for number in range(count)]
        if count > 256:
            with reverts("TooManyNullifiers", count=count):
                registry.record_once(world.clinic, many)
            return
        assert len(registry.record_once(world.clinic, many).event("DosesRecorded").values["nullifiers"]) == count

    def test_records_given_another_organisation_did(self, world, registry, clinic, hospital):
        world.acting_as("hospital").vaccination.record_once(world.hospital, [FIRST])
        registry.record_once(world.clinic, [FIRST])
        assert registry.recorder_of(world.clinic, FIRST) == clinic.address
        assert registry.recorder_of(world.hospital, FIRST) == hospital.address

    def test_records_who_did_it(self, world, registry, clinic):
        event = registry.record_once(world.clinic, [THIRD, FIRST]).event("DosesRecorded")
        told = {"organisation": world.clinic, "signer": clinic.address, "nullifiers": sorted([FIRST, THIRD])}
        assert event.values == told
        found = [registry.recorder_of(world.clinic, one) for one in (FIRST, SECOND, THIRD)]
        assert found == [clinic.address, None, clinic.address]

    def test_records_nothing_given_none(self, world, registry):
        assert registry.record_once(world.clinic, []).event("DosesRecorded").values["nullifiers"] == []


class TestNullifier:
    """
    given another key, programme, person, series or number -> another nullifier, with nothing in common
    given the same of all                                  -> the same, HMAC-SHA-256 of 32 bytes
    when the series has spaces or capitals, or the number is 0 or 100 -> InputError
    when the key is short                                  -> ValueError
    """

    def test_every_part_counts(self):
        base = (KEY, PROGRAMME, HER, "hepb", 2)
        others = (bytes(32), PROGRAMME + "1", replace(HER, value="1975-4712"), "hepa", 3)
        made = [nullifier(*base[:at], other, *base[at + 1 :]) for at, other in enumerate(others)]  # type: ignore[arg-type]  # each in its place
        assert len({*made, nullifier(*base)}) == 6
        assert nullifier(*base) == SECOND
        assert all(len(one) == 32 for one in made)

    @pytest.mark.parametrize("series", ["", "Hep B", "hep b", " hepb", "hepb\n", "x" * 65])
    def test_refuses_a_series_in_another_form(self, series):
        with pytest.raises(InputError, match="series"):
            nullifier(KEY, PROGRAMME, HER, series, 1)

    @pytest.mark.parametrize(("number", "is_good"), [(0, False), (1, True), (99, True), (100, False)])
    def test_numbers_doses_from_one(self, number, is_good):
        if is_good:
            assert nullifier(KEY, PROGRAMME, HER, "hepb", number)
            return
        with pytest.raises(InputError, match="number"):
            nullifier(KEY, PROGRAMME, HER, "hepb", number)

    def test_refuses_a_short_key(self):
        with pytest.raises(ValueError, match="32 bytes"):
            nullifier(KEY[:-1], PROGRAMME, HER, "hepb", 1)


def sealed(count: int) -> SealedFields:
    """An object of so many fields, with letters of more than one byte among them."""
    values = {f"field {number}": f"Wert ä疫 {number}" * (number % 5) for number in range(count)}
    return SealedFields(values, {name: keccak256(name.encode()) for name in values})


class TestIsField:
    """
    given every field of a dose             -> contract and Python say that it stands under the root
    given objects of 1, 2, 31, 32, 33 fields -> as Python says: those of 33 that lie 6 deep prove nothing
    when one bit of name, value, salt, proof or root is flipped -> it does not stand
    when it is shown under the root of another dose             -> it does not stand
    """

    def test_contract_and_python_agree_on_every_field(self, registry):
        fields = batch_of(1).fields[0]
        assert {one.name: registry.is_field(fields.root, one) for one in fields.open()} == dict.fromkeys(
            fields.names, True
        )

    @pytest.mark.parametrize("count", [1, 2, 31, 32, 33])
    def test_agrees_at_the_bound(self, registry, count):
        fields = sealed(count)
        asked = [*[one for one in fields.open() if len(one.proof) != 5][:2], *fields.open()[:2]]
        for one in asked:
            is_short = len(one.proof) <= 5
            assert registry.is_field(fields.root, one) is check_fields(fields.root, [one]) is is_short
        assert count != 33 or any(len(one.proof) == 6 for one in asked)

    @pytest.mark.parametrize("part", ["name", "value", "salt", "proof", "root"])
    def test_refuses_one_flipped_bit(self, registry, part):
        fields = batch_of(1).fields[0]
        (one,) = fields.open(["vc"])
        flips: dict[str, OpenField] = {
            "name": replace(one, name="vb"),
            "value": replace(one, value="114"),
            "salt": replace(one, salt=_flip(one.salt)),
            "proof": replace(one, proof=(_flip(one.proof[0]), *one.proof[1:])),
        }
        root = _flip(fields.root) if part == "root" else fields.root
        assert registry.is_field(fields.root, one)
        assert not registry.is_field(root, flips.get(part, one))

    def test_refuses_the_field_of_another_dose(self, registry):
        first, second = batch_of(2).fields
        assert not registry.is_field(first.root, second.open(["vc"])[0])


def _flip(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


class TestAnotherContract:
    """
    given a contract that wants vaccine 115 in an ACTIVE dose of the clinic
      when the dose is ACTIVE                       -> it admits
      when another field is shown, or another value -> it does not
      when the field is of another dose             -> it does not
      when the dose was withdrawn                   -> it does not
    given one that wants another vaccine            -> it does not
    """

    @pytest.fixture
    def pair(self, registry) -> tuple[Certificate, Certificate]:
        batch = batch_of(2, lot=ZERO_HASH)
        registry.anchor(batch.organisation, batch.root, batch.size)
        return batch.certificate(0, registry), batch.certificate(1, registry)

    @pytest.fixture
    def admits(self, world, registry):
        def ask(certificate, shown, wanted="115"):
            mock = world.deploy("VaccinatedOnly", registry.address, world.clinic, wanted)
            field = {"name": shown.name, "value": shown.value, "salt": shown.salt}
            place = certificate.root, mapping_of(certificate.dose), certificate.proof
            return ask_mock(world, "VaccinatedOnly", mock, "isAdmitted", *place, field, shown.proof)

        return ask

    def test_admits_the_vaccine_that_it_wants(self, admits, pair):
        assert admits(pair[0], pair[0].show(["vc"]).shown[0]) is True

    def test_admits_nothing_else(self, admits, pair):
        (shown,) = pair[0].show(["vc"]).shown
        assert admits(pair[0], pair[0].show(["d"]).shown[0]) is False
        assert admits(pair[0], replace(shown, value="113"), "113") is False
        assert admits(pair[0], pair[1].show(["vc"]).shown[0]) is False
        assert admits(pair[0], shown, "113") is False

    def test_admits_no_dose_that_was_withdrawn(self, admits, pair, registry):
        first, second = pair
        registry.revoke(first.organisation, first.root, first.dose.index)
        assert admits(first, first.show(["vc"]).shown[0]) is False
        assert admits(second, second.show(["vc"]).shown[0]) is True
