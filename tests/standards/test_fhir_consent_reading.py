"""FHIR Consent: theirs read, or refused with the path that cannot be expressed."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from medtrust.consent_terms import UNLIMITED, DataClass, Purpose
from medtrust.errors import InputError
from medtrust.standards import fhir_consent_codes as codes
from medtrust.standards.fhir_consent import write_consent
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, name_hash, organisation_id
from tests.standards.fhir_consents import (
    HL7,
    HOSPITAL,
    SALT,
    changed,
    consent,
    label,
    paths,
    read,
    refusal,
    sample,
    utc,
)
from tests.standards.support import KEY


class TestReading:
    """
    given the sample           -> every term, and every leaf in one disposition
      the patient, unnamed     -> is given by the caller, or refused
    given a Bundle             -> the organisation is found in it
    given a directory          -> the organisation is found there
    given the id of another consent -> refused
    when anything is of another type -> refused, or read
    """

    def test_reads_the_sample(self) -> None:
        found = read(sample())
        assert found.outline == consent(
            patient=ZERO_ADDRESS,
            access_from=utc("2026-11-01"),
            access_until=utc("2027-01-31T18:00:01"),
            max_uses=UNLIMITED,
            epoch=0,
            purposes=Purpose.TREAT | Purpose.HPAYMT,
            data_classes=DataClass.IMMUNIZATION | DataClass.ALLERGY,
            jurisdiction=0,
            facility=ZERO_HASH,
            data_from=utc("2020-01-01"),
            data_until=0,
            document=ZERO_HASH,
            salt=ZERO_HASH,
        )
        assert (found.patient, found.id, found.organisation) == ("", b"", HOSPITAL)
        listed = [entry.path for entry in found.loss.entries()]
        assert len(listed) == len(set(listed))
        leaves = set(_leaves(sample(), "Consent"))
        assert leaves <= set(listed)
        assert set(listed) - leaves == {
            "Consent.provision.action",
            "Consent.provision.period.start.zone",
            "Consent.provision.dataPeriod.start.zone",
        }

    def test_every_change_shows(self) -> None:
        """Change any leaf of the sample: it is refused, or the terms or the ledger differ."""
        before = read(sample())
        digests = {entry.digest for entry in before.loss.entries()}
        for path in _leaves(sample(), "Consent"):
            document = sample()
            _change(document, path)
            try:
                after = read(document)
            except InputError:
                continue
            assert after.outline != before.outline or {one.digest for one in after.loss.entries()} != digests, path

    @pytest.mark.parametrize("value", [None, True, 1, "", "x", [], {}, [None], ["x"], [{}], {"x": 1}])
    @pytest.mark.parametrize("source", ["sample", "written"])
    def test_refuses_or_reads_whatever_stands_anywhere(self, source: str, value: Any) -> None:
        """Put a value of another type in every place: nothing but a reading or a refusal comes of it."""
        one = consent(parent=name_hash("parent"), onward=True)
        document = sample() if source == "sample" else write_consent(one, key=KEY).document
        for path in _places(document, "Consent"):
            other = deepcopy(document)
            _put(other, path, value)
            found = None
            with suppress(InputError):
                found = read(other)
            assert found is None or len(list(found.loss.entries())) > 0, path

    def test_passes_over_an_old_identifier(self) -> None:
        document = sample()
        document["contained"][0]["identifier"].insert(0, {"use": "old", "system": codes.URI, "value": "urn:old:1"})
        assert read(document).organisation == HOSPITAL
        del document["contained"][0]["identifier"][0]["use"]
        assert read(document).organisation == "urn:old:1"

    def test_reverts_given_no_patient(self) -> None:
        found = read(sample())
        with pytest.raises(InputError) as caught:
            found.consent(salt=SALT)
        assert (caught.value.place, caught.value.found) == ("Consent.patient", "nothing")

    def test_reverts_given_another_patient(self) -> None:
        found = read(write_consent(consent(), key=KEY).document)
        with pytest.raises(InputError) as caught:
            found.consent(salt=SALT, epoch=7, patient=ZERO_ADDRESS)
        assert (caught.value.place, caught.value.found) == ("Consent.patient", ZERO_ADDRESS)

    @pytest.mark.parametrize("salt", [bytes(32), SALT[:-1] + b"\x5b"])
    def test_reverts_given_the_id_of_another(self, salt: bytes) -> None:
        found = read(write_consent(consent(), key=KEY).document)
        with pytest.raises(InputError) as caught:
            found.consent(salt=salt, epoch=7)
        assert caught.value.place == "Consent.identifier"
        assert caught.value.expected == f"0x{consent().id.hex()}, as the document says"

    def test_finds_the_organisation_in_a_bundle(self) -> None:
        document = changed("provision.actor.0.reference.reference", "Organization/h")
        (hospital,) = document.pop("contained")
        bundle = {
            "resourceType": "Bundle",
            "entry": [{"resource": document}, {"resource": {**hospital, "id": "h"}}],
        }
        assert read(bundle).organisation == HOSPITAL
        assert refusal(document) == ("Consent.provision.actor[0].reference.reference", "Organization/h")
        assert read(document, directory={"Organization/h": HOSPITAL}).outline.grantee == organisation_id(HOSPITAL)


ACTOR = "Consent.provision.actor[0]"
IMMUNIZATION = {"system": "http://hl7.org/fhir/resource-types", "code": "Immunization"}
RELATED = {"system": "http://hl7.org/fhir/resource-types", "code": "RelatedPerson"}
OPTOUT = {"coding": [{"system": f"{HL7}/v3-ActCode", "code": "OPTOUT"}]}
OTHER = [{"url": "https://clinic.example/only-on-mondays", "valueBoolean": True}]
USES = {"url": "urn:medtrust:consent:max-uses", "valueUnsignedInt": 3}
NO_DUTY = {"url": "urn:medtrust:consent:obligation", "valueBoolean": False}
MODIFIER = "Consent.provision.modifierExtension[0]"
REFUSED = [
    ("status", "inactive", "Consent.status"),
    ("status", None, "Consent.status"),
    ("scope", None, "Consent.scope"),
    ("scope.coding.0.code", "treatment", "Consent.scope.coding[0].code"),
    ("implicitRules", "https://clinic.example/rules", "Consent.implicitRules"),
    ("modifierExtension", OTHER, "Consent.modifierExtension"),
    ("policy.0.modifierExtension", OTHER, "Consent.policy[0].modifierExtension"),
    ("decision", "permit", "Consent.decision"),
    ("provision.type", "deny", "Consent.provision.type"),
    ("provision.type", None, "Consent.provision.type"),
    ("provision", None, "Consent.provision.type"),
    ("provision.provision", [{"type": "permit"}], "Consent.provision.provision"),
    ("provision.data", [{"meaning": "instance"}], "Consent.provision.data"),
    ("provision.code", [{"text": "x"}], "Consent.provision.code"),
    ("provision.modifierExtension", OTHER, "Consent.provision.modifierExtension[0].url"),
    ("provision.modifierExtension", [USES, USES], "Consent.provision.modifierExtension[1].url"),
    ("provision.modifierExtension", [NO_DUTY], f"{MODIFIER}.valueBoolean"),
    ("provision.modifierExtension", [{**NO_DUTY, "valueBoolean": "true"}], f"{MODIFIER}.valueBoolean"),
    ("provision.modifierExtension", [{"url": NO_DUTY["url"], "valueCode": "true"}], f"{MODIFIER}.valueCode"),
    ("provision.purpose.0.code", "OBLIGATION", "Consent.provision.purpose[0].code"),
    ("provision.actor", None, "Consent.provision.actor"),
    ("provision.actor", [], "Consent.provision.actor"),
    ("provision.actor.0.role.coding.0.code", "CST", f"{ACTOR}.role.coding[0].code"),
    ("provision.actor.0.reference.reference", "Practitioner/x", f"{ACTOR}.reference.reference"),
    ("provision.actor.0.reference.type", "RelatedPerson", f"{ACTOR}.reference.type"),
    ("contained.0.resourceType", "Group", f"{ACTOR}.reference.reference"),
    ("provision.purpose", None, "Consent.provision.purpose"),
    ("provision.purpose.0.code", "FAMILY", "Consent.provision.purpose[0].code"),
    ("provision.purpose.0.system", "urn:other", "Consent.provision.purpose[0].system"),
    ("provision.class", [], "Consent.provision.class"),
    ("provision.class.0.code", "Observation", "Consent.provision.class[0].code"),
    ("provision.class", [IMMUNIZATION, RELATED], "Consent.provision.class[1]"),
    ("provision.securityLabel.0.code", "X", "Consent.provision.securityLabel[0].code"),
    ("provision.securityLabel.0.system", f"{HL7}/v3-ActCode", "Consent.provision.securityLabel[0].system"),
    ("provision.securityLabel", label("N") + label("R"), "Consent.provision.securityLabel[1]"),
    ("provision.action", [{"coding": [{"system": codes.ACTIONS, "code": "correct"}]}], "Consent.provision.action[0]."),
    ("provision.action", [{"coding": [{"system": codes.ACTIONS, "code": "access"}]}], "Consent.provision.action"),
    ("provision.period.end", "2026-10-31", "Consent.provision.period.end"),
    ("provision.period.start", "1969-12-31", "Consent.provision.period.start"),
    ("provision.period.start", "2026-02-30", "Consent.provision.period.start"),
    ("provision.period.start", "2026-11-01T10:00:00.5Z", "Consent.provision.period.start"),
    ("provision.period.start", "2026-11-01T10:00:00", "Consent.provision.period.start"),
    ("provision.period._end", {"extension": OTHER}, "Consent.provision.period._end"),
    ("provision.dataPeriod", {}, "Consent.provision.dataPeriod"),
]


class TestRefusals:
    """
    when it says what a consent has no word for -> InputError with the path
    when an untyped exception stands under a policy of opting out -> read as a permit, which the ledger shows
    when there is no Consent, or two            -> InputError
    """

    @pytest.mark.parametrize(("path", "value", "place"), REFUSED)
    def test_reverts_when_it_cannot_be_expressed(self, path: str, value: Any, place: str) -> None:
        found, _ = refusal(changed(path, value))
        assert found == place or (place.endswith(".") and found.startswith(place))

    def test_permits_as_an_exception_from_a_denial(self) -> None:
        document = changed("provision.type", None)
        document["policyRule"] = OPTOUT
        found = read(document)
        assert found.outline == read(sample()).outline
        assert "Consent.provision.type" in paths(found, "defaulted")

    @pytest.mark.parametrize(
        ("data", "place"),
        [
            (b"{}", "document"),
            (b'{"resourceType":"Patient"}', "Patient"),
            (b"[]", "document"),
            (b"{", "document"),
        ],
    )
    def test_reverts_given_no_consent(self, data: bytes, place: str) -> None:
        assert refusal(data)[0] == place

    def test_reverts_given_two(self) -> None:
        one = sample()
        assert refusal({"resourceType": "Bundle", "entry": [{"resource": one}, {"resource": deepcopy(one)}]}) == (
            "Bundle",
            "2 of them",
        )


CORPUS = {
    "consent-example-Out": "Consent.provision.actor[0].role.coding[0].code",
    "consent-example-grantor": "Consent.provision.actor",
    "consent-example-notAuthor": "Consent.provision.type",
    "consent-example-notOrg": "Consent.provision.type",
    "consent-example-notThem": "Consent.provision.type",
    "consent-example-notThis": "Consent.provision.data",
    "consent-example-notTime": "Consent.provision.type",
    "consent-example-pkb": "Consent.provision.provision",
}


class TestCorpus:
    """given every Consent of the real files -> refused with the path that it cannot express"""

    def test_each_is_refused_where_it_says_more(self, corpus: Path) -> None:
        found = {}
        for file in sorted((corpus / "fhir-r4").rglob("*.json")):
            data = file.read_bytes()
            if b"Consent" in data and json.loads(data).get("resourceType") == "Consent":
                with pytest.raises(InputError) as caught:
                    read(data)
                found[json.loads(data)["id"]] = caught.value.place
        assert found == CORPUS


def _leaves(value: Any, path: str) -> list[str]:
    if isinstance(value, dict):
        return [leaf for name, member in value.items() for leaf in _leaves(member, f"{path}.{name}")]
    if isinstance(value, list):
        return [leaf for index, member in enumerate(value) for leaf in _leaves(member, f"{path}[{index}]")]
    return [path]


def _places(value: Any, path: str) -> list[str]:
    if isinstance(value, dict):
        return [path] + [one for name, member in value.items() for one in _places(member, f"{path}.{name}")]
    if isinstance(value, list):
        return [path] + [one for index, member in enumerate(value) for one in _places(member, f"{path}[{index}]")]
    return [path]


def _change(document: dict[str, Any], path: str) -> None:
    node, last = _find(document, path)
    node[last] = f"{node[last]}1"


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    if path != "Consent":
        node, last = _find(document, path)
        node[last] = value


def _find(document: dict[str, Any], path: str) -> tuple[Any, Any]:
    """The object or list in which a path ends, and the name or index there."""
    node: Any = document
    *parents, last = path.removeprefix("Consent.").replace("[", ".").replace("]", "").split(".")
    for name in parents:
        node = node[int(name)] if name.isdigit() else node[name]
    return node, int(last) if last.isdigit() else last
