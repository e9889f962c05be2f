"""FHIR Consent: ours written and read back, and the patterns of IHE PCF, with the list of what is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust.consent_terms import UNLIMITED, Confidentiality, Consent, DataClass, Purpose
from medtrust.errors import InputError
from medtrust.standards import fhir_consent_codes as codes
from medtrust.standards.fhir_consent import write_consent
from medtrust.types import ZERO_HASH, name_hash, organisation_id
from tests.standards.fhir_consents import (
    FOREVER,
    HOSPITAL,
    PATIENT,
    REASON,
    SALT,
    consent,
    label,
    paths,
    read,
    sample,
    utc,
)
from tests.standards.support import KEY

MASKS = st.integers(1, sum(Purpose) & ~Purpose.OBLIGATION), st.integers(1, sum(DataClass))
MARKS = st.sampled_from((0, int(Purpose.OBLIGATION)))
TIMES = st.integers(0, utc("9999-12-30"))
HASHES = st.binary(min_size=32, max_size=32)


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    since, data_from = draw(TIMES), draw(TIMES)
    return consent(
        grantee=draw(st.just(organisation_id(HOSPITAL)) | HASHES),
        access_from=since,
        access_until=draw(st.just(FOREVER) | st.integers(since + 1, utc("9999-12-31"))),
        max_uses=draw(st.just(UNLIMITED) | st.integers(0, 2**31 - 1)),
        epoch=draw(st.integers(0, FOREVER)),
        purposes=draw(MASKS[0]) | draw(MARKS),
        data_classes=draw(MASKS[1]),
        sensitivity=draw(st.integers(1, 6)),
        jurisdiction=draw(st.integers(0, 999)),
        facility=draw(st.just(ZERO_HASH) | HASHES),
        data_from=data_from,
        data_until=draw(st.just(0) | st.integers(data_from + 1, utc("9999-12-31"))),
        onward=draw(st.booleans()),
        parent=draw(st.just(ZERO_HASH) | HASHES),
        document=draw(st.just(ZERO_HASH) | HASHES),
        salt=draw(HASHES),
    )


class TestRoundTrip:
    """
    given any consent that FHIR can hold -> read back with its epoch and salt, it has the same id
    given one that narrows everything    -> nothing is dropped but epoch and salt, and reading drops nothing
      what has no element                -> stands in modifier extensions
      the last second of a Period        -> is the one before the window ends
    given an organisation that is known  -> named by its identifier, else by its id
    """

    @given(consents())
    def test_gives_the_same_id(self, one: Consent) -> None:
        found = read(write_consent(one, key=KEY, known=[HOSPITAL]).document)
        assert found.consent(salt=one.terms.salt, epoch=one.epoch) == one
        assert (found.patient, found.id) == (PATIENT, one.id)
        assert paths(found, "dropped") == []

    def test_loses_epoch_and_salt_alone(self) -> None:
        one = consent(parent=name_hash("parent"), onward=True, purposes=Purpose.TREAT | Purpose.OBLIGATION)
        written = write_consent(one, key=KEY)
        assert paths(written, "dropped") == ["consent.epoch", "consent.terms.salt"]
        assert written.loss.counts()["mapped"] == 6 + 11 - 2
        provision = written.document["provision"]
        assert provision["type"] == "permit"
        assert [one["url"].rpartition(":")[2] for one in provision["modifierExtension"]] == [
            "max-uses",
            "jurisdiction",
            "facility",
            "parent",
            "obligation",
        ]
        assert provision["purpose"] == [{"system": REASON, "code": "TREAT"}]
        assert provision["modifierExtension"][4]["valueBoolean"] is True
        assert provision["modifierExtension"][1]["valueCoding"] == {"system": "urn:iso:std:iso:3166", "code": "040"}
        assert provision["period"] == {"start": "2026-11-01T00:00:00Z", "end": "2027-01-31T23:59:59Z"}
        assert [one["coding"][0]["code"] for one in provision["action"]] == ["access", "use", "disclose"]

    def test_names_a_known_organisation(self) -> None:
        for known, system, value, uri in (
            ([HOSPITAL], codes.URI, HOSPITAL, HOSPITAL),
            (["urn:gs1:gln:1"], codes.ORGANISATION, "0x" + organisation_id(HOSPITAL).hex(), ""),
        ):
            written = write_consent(consent(), key=KEY, known=known).document
            assert written["provision"]["actor"][0]["reference"]["identifier"] == {"system": system, "value": value}
            found = read(written)
            assert (found.organisation, found.outline.grantee) == (uri, organisation_id(HOSPITAL))


class TestWriting:
    """when FHIR would read terms as wider than they are, or cannot hold them -> InputError with the field"""

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"purposes": 0}, "terms.purposes"),
            ({"purposes": Purpose.OBLIGATION}, "terms.purposes"),
            ({"purposes": 1 << 26}, "terms.purposes"),
            ({"data_classes": 0}, "terms.dataClasses"),
            ({"data_classes": 1 << 21}, "terms.dataClasses"),
            ({"sensitivity": 0}, "terms.sensitivity"),
            ({"sensitivity": 7}, "terms.sensitivity"),
            ({"jurisdiction": 1000}, "terms.jurisdiction"),
            ({"max_uses": 2**31}, "consent.maxUses"),
            ({"access_until": utc("2026-11-01")}, "consent.accessUntil"),
            ({"data_until": utc("2020-01-01")}, "terms.dataUntil"),
            ({"access_until": FOREVER - 1}, "consent.accessUntil"),
        ],
    )
    def test_reverts_when_it_would_widen(self, change: dict[str, int], place: str) -> None:
        with pytest.raises(InputError) as caught:
            write_consent(consent(**change), key=KEY)
        assert caught.value.place == place

    @pytest.mark.parametrize(
        "change", [{"access_until": utc("2026-11-01") + 1}, {"max_uses": 2**31 - 1}, {"jurisdiction": 999}]
    )
    def test_writes_what_is_just_possible(self, change: dict[str, int]) -> None:
        one = consent(**change)
        assert read(write_consent(one, key=KEY).document).consent(salt=SALT, epoch=7).id == one.id


def pattern(**provision: Any) -> dict[str, Any]:
    """A Consent in the shape of IHE PCF: a permit at the root under a policy that is named."""
    document = sample()
    del document["id"]
    base = {name: document["provision"][name] for name in ("type", "actor")}
    document["provision"] = {**base, "period": {"end": "2027-01-31T18:00:00Z"}, **provision}
    return document


def purposes(*names: str) -> list[dict[str, str]]:
    return [{"system": REASON, "code": name} for name in names]


CARE = Purpose.TREAT | Purpose.HPAYMT | Purpose.HOPERAT
OPEN = ["Consent.provision.period.start"]
UNSAID = ["Consent.provision.class", "Consent.provision.securityLabel", "Consent.provision.action"]
PATTERNS: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "basic": (pattern(purpose=purposes("TREAT", "HPAYMT", "HOPERAT")), {"purposes": CARE}, UNSAID),
    "time frame": (
        pattern(purpose=purposes("TREAT"), dataPeriod={"start": "2022-01", "end": "2022-12"}),
        {"purposes": Purpose.TREAT, "data_from": utc("2022-01-01"), "data_until": utc("2023-01-01")},
        ["Consent.provision.dataPeriod.start.zone", "Consent.provision.dataPeriod.end.zone", *UNSAID],
    ),
    "break-glass only": (
        pattern(purpose=purposes("ETREAT", "BTG")),
        {"purposes": Purpose.ETREAT | Purpose.BTG},
        UNSAID,
    ),
    "restricted label": (
        pattern(purpose=purposes("TREAT"), securityLabel=label("R")),
        {"purposes": Purpose.TREAT, "sensitivity": Confidentiality.R},
        ["Consent.provision.class", "Consent.provision.action"],
    ),
    "delegate": (
        pattern(purpose=purposes("FAMRQT", "PWATRNY")),
        {"purposes": Purpose.FAMRQT | Purpose.PWATRNY},
        UNSAID,
    ),
    "trial": (
        pattern(purpose=purposes("CLINTRCH", "HRESCH")),
        {"purposes": Purpose.CLINTRCH | Purpose.HRESCH},
        UNSAID,
    ),
}
DROPPED = [
    "Consent.contained[0].resourceType",
    "Consent.contained[0].id",
    "Consent.contained[0].name",
    "Consent.patient.reference",
    "Consent.patient.display",
    "Consent.dateTime",
    "Consent.policy[0].uri",
]


class TestPatterns:
    """
    given each pattern of IHE PCF -> it says what it says, the ledger lists what was lost and what was filled in, and
    written and read again it says the same, also where the grantee must accept it first
    """

    @pytest.mark.parametrize("name", PATTERNS)
    def test_makes_the_round_trip(self, name: str) -> None:
        document, terms, defaulted = PATTERNS[name]
        found = read(document)
        one = found.consent(salt=SALT, patient=PATIENT)
        plain = {"jurisdiction": 0, "facility": ZERO_HASH, "data_from": 0, "data_until": 0, "document": ZERO_HASH}
        expected = consent(
            **{"data_classes": sum(DataClass), **plain, **terms},
            access_from=0,
            access_until=utc("2027-01-31T18:00:01"),
            max_uses=UNLIMITED,
            epoch=0,
        )
        assert one == expected
        assert paths(found, "dropped") == DROPPED
        assert sorted(paths(found, "defaulted")) == sorted([*OPEN, *defaulted])
        bound = replace(one, terms=replace(one.terms, purposes=one.terms.purposes | Purpose.OBLIGATION))
        for other in (one, bound):
            again = read(write_consent(other, key=KEY, known=[HOSPITAL]).document)
            assert again.consent(salt=SALT) == other
            assert again.organisation == HOSPITAL
            assert (paths(again, "dropped"), paths(again, "defaulted")) == ([], OPEN)
