"""Doses on foreign certificates: the objects that they become, what stands beside them, and the ledger."""

from __future__ import annotations

import json
from typing import Any

import pytest

from medtrust.errors import CheckRefused
from medtrust.foreign import judge
from medtrust.standards import Reading, read
from medtrust.standards.cdc_2025_11 import CVX_CODES
from medtrust.standards.foreign import ForeignCertificate
from medtrust.standards.foreign_doses import PRODUCTS
from medtrust.standards.loss import DROPPED, MAPPED, PRESERVED
from medtrust.standards.persons import person
from tests.standards.makers import AT, ISSUER, CardIssuer, Signer, document, payload
from tests.standards.support import KEY, ORGANISATION, only


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="module")
def issuer() -> CardIssuer:
    return CardIssuer()


def let_pass(certificate: ForeignCertificate) -> None:
    """Vouch for anything."""


def looked_at(source: str) -> Reading:
    return read(source.encode(), name="file", key=KEY, organisation=ORGANISATION, vouch=let_pass)


def refusal(found: Reading) -> tuple[str, str]:
    (error,) = found.refusals
    assert (error.file, found.records) == ("file", ())
    return error.place, error.found


class TestDcc:
    """
    given a vaccination          -> one dose, its origin beside it
    given a product on which day -> its CVX code while the number meant one vaccine, then 213; unknown is refused
    given a test or a recovery   -> refused, as it is no dose
    given half a date of birth   -> refused, as it does not say who it is
    """

    def test_becomes_a_dose_with_its_origin(self, signer: Signer) -> None:
        found = looked_at(signer.text())
        dose = only(found).to_dict()
        assert {name: dose[name] for name in dose if name != "sub"} == {
            "t": "imm/1",
            "vs": "cvx",
            "vc": "208",
            "d": "2021-06-15",
            "st": "completed",
        }
        assert found.records[0].beside == {
            "source": "historical",
            "form": "dcc",
            "issuer": "XX",
            "certificate": document()["v"][0]["ci"],
            "product": "EU/1/20/1528",
            "dose": "1/2",
        }

    @pytest.mark.parametrize(
        ("product", "given", "code"),
        [
            ("EU/1/20/1528", "2021-10-17", "208"),
            ("EU/1/20/1528", "2021-10-18", "213"),
            ("EU/1/20/1528", "2021-10-19", "213"),
            ("EU/1/20/1507", "2021-06-15", "207"),
            ("EU/1/21/1529", "2023-01-01", "210"),
            ("Sputnik-V", "2021-06-15", "505"),
        ],
    )
    def test_a_product_is_a_vaccine_while_it_names_one(
        self, signer: Signer, product: str, given: str, code: str
    ) -> None:
        assert only(looked_at(signer.text(document(entry={"mp": product, "dt": given})))).vc == code

    def test_every_code_is_one_of_the_table(self) -> None:
        assert {code for code, _ in PRODUCTS.values()} | {"213"} <= set(CVX_CODES.split())

    @pytest.mark.parametrize("product", ["EU/1/22/1709", "", "Inactivated-SARS-CoV-2-Vero-Cell"])
    def test_reverts_given_an_unknown_product(self, signer: Signer, product: str) -> None:
        found = looked_at(signer.text(document(entry={"mp": product})))
        assert refusal(found) == ("certificate.hcert.v[0].mp", repr(product))

    def test_reverts_given_no_dose(self, signer: Signer) -> None:
        recovery = {"tg": "840539006", "co": "XX", "is": "Lab", "ci": "1"} | dict.fromkeys(
            ("fr", "df", "du"), "2026-02-01"
        )
        assert refusal(looked_at(signer.text(document(v=None, r=[recovery])))) == ("certificate.hcert.r", "a recovery")

    @pytest.mark.parametrize("born", ["1984", "1984-03", ""])
    def test_reverts_given_half_a_birth_date(self, signer: Signer, born: str) -> None:
        assert refusal(looked_at(signer.text(document(dob=born)))) == ("certificate.hcert.dob", repr(born))

    def test_every_field_is_accounted_for(self, signer: Signer) -> None:
        loss = looked_at(signer.text()).loss
        fate = {entry.path.removeprefix("certificate."): entry.disposition for entry in loss.entries()}
        assert len(fate) == 3 + 2 + 4 + 10
        mapped = {"hcert.nam.fnt", "hcert.nam.gnt", "hcert.dob", "hcert.v[0].mp", "hcert.v[0].dt"}
        assert {path for path, what in fate.items() if what == MAPPED} == mapped
        kept = {"iss", "hcert.v[0].ci", "hcert.v[0].dn", "hcert.v[0].sd"}
        assert {path for path, what in fate.items() if what == PRESERVED} == kept
        assert fate["hcert.v[0].ma"] == DROPPED

    @pytest.mark.parametrize("member", sorted(document()["v"][0]))
    def test_a_changed_field_changes_object_or_ledger(self, signer: Signer, member: str) -> None:
        entry = document()["v"][0]
        other: Any = entry[member] + 1 if isinstance(entry[member], int) else f"{entry[member]}x"
        if member == "dt":
            other = "2021-06-16"
        before, after = (looked_at(signer.text(document(entry=one))) for one in ({}, {member: other}))
        ledgers = [[entry.to_dict() for entry in one.loss.entries()] for one in (before, after)]
        assert ledgers[0] != ledgers[1]


class TestCard:
    """
    given a card                        -> each Immunization a dose, its origin beside it
    given the same dose on a DCC        -> the same core
    given a patient with an identifier  -> known by that
    """

    def test_becomes_doses_with_their_origin(self, issuer: CardIssuer) -> None:
        found = looked_at(issuer.card(payload(rid="abc")))
        assert only(found).to_dict()["lot"] == "MT2021C"
        assert found.records[0].beside == {
            "source": "historical",
            "form": "shc",
            "issuer": ISSUER,
            "certificate": "abc",
        }
        fate = {entry.path: entry.disposition for entry in found.loss.entries()}
        assert fate["certificate.iss"] == fate["certificate.vc.rid"] == PRESERVED
        assert fate["Bundle.entry[0].resource.birthDate"] == fate["Bundle.entry[1].resource.lotNumber"] == MAPPED
        assert fate["certificate.nbf"] == DROPPED

    def test_a_dcc_of_the_same_dose_has_the_same_core(self, issuer: CardIssuer, signer: Signer) -> None:
        assert only(looked_at(issuer.card())).core() == only(looked_at(signer.text())).core()

    def test_an_identifier_goes_before_a_name(self, issuer: CardIssuer) -> None:
        content = payload()
        patient = content["vc"]["credentialSubject"]["fhirBundle"]["entry"][0]["resource"]
        patient["identifier"] = [{"system": "urn:oid:1.2.3", "value": "7"}]
        (record,) = looked_at(issuer.card(content)).records
        assert record.patient.value == "7"

    @pytest.mark.parametrize("member", ["name", "birthDate"])
    def test_reverts_given_nobody(self, issuer: CardIssuer, member: str) -> None:
        content = payload()
        del content["vc"]["credentialSubject"]["fhirBundle"]["entry"][0]["resource"][member]
        assert refusal(looked_at(issuer.card(content))) == (f"Bundle.entry[0].resource.{member}", "nothing")

    def test_both_cards_of_a_file_are_read(self, issuer: CardIssuer) -> None:
        file = json.dumps({"verifiableCredential": [issuer.card(), issuer.card()]})
        assert len(looked_at(file).records) == 2


class TestVouch:
    """
    given nobody who vouches            -> nothing is read
    given one who lets a verdict decide -> what is valid is read, what is not is refused with its reason
    given what is no certificate after all -> refused with its reason
    """

    def test_reverts_given_nobody_who_vouches(self, signer: Signer) -> None:
        found = read(signer.text().encode(), name="file", key=KEY, organisation=ORGANISATION)
        assert refusal(found) == ("certificate", "NobodyVouches")

    def test_a_verdict_may_decide(self, signer: Signer) -> None:
        def valid(certificate: ForeignCertificate) -> None:
            judge(certificate, signer.trust(), at=AT).require_valid()

        genuine, forged = (
            read(one.text().encode(), name="file", key=KEY, organisation=ORGANISATION, vouch=valid)
            for one in (signer, Signer())
        )
        assert only(genuine).vc == "208"
        assert refusal(forged) == ("certificate", "KeyNotTrusted")

    def test_reverts_given_no_certificate(self) -> None:
        assert refusal(looked_at("HC1:===")) == ("certificate", "Base45Broken")

    def test_refusals_are_checks(self, signer: Signer) -> None:
        with pytest.raises(CheckRefused) as caught:
            judge(_certificate(signer.text()), Signer().trust(), at=AT).require_valid()
        assert caught.value.reason == "KeyNotTrusted"


def _certificate(text: str) -> ForeignCertificate:
    seen: list[ForeignCertificate] = []
    read(text.encode(), name="file", key=KEY, organisation=ORGANISATION, vouch=seen.append)
    return seen[0]


class TestPerson:
    """given one name in two forms -> one person; given another name or day -> another"""

    @pytest.mark.parametrize(
        ("family", "given", "other_family", "other_given"),
        [
            ("Quint", "Marisol Ada", "QUINT", "MARISOL<ADA"),
            ("O'Brien-Smith", "J. B.", "OBRIEN<SMITH", "J<B"),
            ("Müller", "Zoë", "MULLER", "ZOE"),
            ("Straße", "Jørgen", "STRASSE", "JOERGEN"),
            ("  Quint ", "", "Quint", ""),
        ],
    )
    def test_is_one_however_the_name_is_written(
        self, family: str, given: str, other_family: str, other_given: str
    ) -> None:
        assert person(family, given, "1984-03-09") == person(other_family, other_given, "1984-03-09")

    def test_is_another_by_name_or_day(self) -> None:
        known = person("Quint", "Ada", "1984-03-09")
        assert person("Quint Ada", "", "1984-03-09") != known
        assert person("Quint", "Ada", "1984-03-10") != known
        assert person("Quint", "Ad", "1984-03-09") != known
