"""A certificate of ours as FHIR, as a health card, as a picture and as a page: the same content, and it verifies."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from medtrust.canonical import Immunization
from medtrust.card_key import card_key, key_set
from medtrust.certificate import Certificate, Dose, dose_leaf
from medtrust.disclosure import seal
from medtrust.errors import CheckRefused, InputError
from medtrust.exporting import card_of, write_card, write_fhir, write_page, write_picture
from medtrust.foreign import verify
from medtrust.merkle import MerkleTree
from medtrust.page import pdf_of
from medtrust.standards.fhir_certificate import CERTIFICATE_SYSTEM, Person, bundle_of, signed_bundle_of
from medtrust.standards.shc import HealthCard
from medtrust.standards.shc_writing import sign_card, to_numeric
from medtrust.standards.trust import TrustList
from medtrust.types import organisation_id
from medtrust.verdict import Status
from medtrust.verification import load
from tests.standards.makers import AT, ISSUER
from tests.standards.support import only, reading

CLINIC = "urn:gs1:gln:0614141000012"
HOLDER = "0x7a5C8Efb9D186BC91960396a2711E6C045BD8D42"
PERSON = Person("Quint", "Marisol Ada", "1984-03-09")


def certificate_of(**changed: str) -> Certificate:
    """A certificate of a batch of one, of the default dose with some of its members changed."""
    members = {"vc": "208", "d": "2021-06-15", "st": "completed", "lot": "MT2021C", "mvx": "PFR", **changed}
    sealed = seal(Immunization(sub=HOLDER, vs="cvx", **members), bytes(range(32)))
    dose = Dose(0, HOLDER, bytes(32), sealed.root)
    root = MerkleTree([dose_leaf(organisation_id(CLINIC), dose)]).root
    return Certificate(CLINIC, 31337, HOLDER, root, 1, AT, dose, (), sealed.open())


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def trust_in(key: ec.EllipticCurvePrivateKey) -> TrustList:
    return TrustList.read([("keys", json.dumps(key_set(key)).encode())])


class TestBundle:
    """
    given a certificate              -> a Bundle of patient and dose, the certificate its identifier
    given it is read again           -> the same vaccine, day, status, lot and maker
    given one that does not show vaccine, day and status, was changed, or is of no dose given -> refused
    given nobody's name, or no date  -> InputError
    """

    def test_holds_what_the_certificate_shows(self) -> None:
        certificate = certificate_of()
        bundle = bundle_of(certificate, PERSON)
        patient, dose = (entry["resource"] for entry in bundle["entry"])
        assert patient["name"] == [{"family": "Quint", "given": ["Marisol", "Ada"]}]
        assert patient["identifier"] == [{"system": "urn:medtrust:pseudonym", "value": HOLDER}]
        assert dose["performer"] == [{"actor": {"display": CLINIC}}]
        assert bundle["identifier"]["system"] == CERTIFICATE_SYSTEM
        assert Certificate.parse(bundle["identifier"]["value"]) == certificate
        assert "name" not in bundle_of(certificate)["entry"][0]["resource"]

    def test_is_read_again_as_the_same_dose(self) -> None:
        found = only(reading(json.dumps(bundle_of(certificate_of())))).to_dict()
        assert {name: found[name] for name in ("vc", "d", "st", "lot", "mvx")} == {
            name: certificate_of().values[name] for name in ("vc", "d", "st", "lot", "mvx")
        }

    def test_shows_no_more_than_the_certificate(self) -> None:
        (_, dose) = (entry["resource"] for entry in bundle_of(certificate_of().show(["vs", "vc", "d", "st"]))["entry"])
        assert set(dose) & {"lotNumber", "manufacturer"} == set()

    @pytest.mark.parametrize("left_out", ["vs", "vc", "d", "st"])
    def test_reverts_when_a_field_is_not_shown(self, left_out: str) -> None:
        certificate = certificate_of()
        names = [name for name in certificate.values if name != left_out]
        with pytest.raises(InputError) as caught:
            bundle_of(certificate.show(names))
        assert caught.value.place == left_out

    def test_reverts_when_it_was_changed(self) -> None:
        certificate = certificate_of()
        shown = tuple(replace(one, value="2021-06-16") if one.name == "d" else one for one in certificate.shown)
        with pytest.raises(CheckRefused) as caught:
            bundle_of(replace(certificate, shown=shown))
        assert caught.value.reason == "FieldChanged"

    def test_reverts_given_no_dose(self) -> None:
        with pytest.raises(CheckRefused) as caught:
            bundle_of(certificate_of(st="not-done"))
        assert caught.value.reason == "NotGiven"

    @pytest.mark.parametrize(
        ("person", "place"),
        [
            (("", "Ada", "1984-03-09"), "name"),
            (("Quint", " ", "1984-03-09"), "name"),
            (("Q", "A", "1984"), "date of birth"),
            (("Q", "A", "19840309"), "date of birth"),
        ],
    )
    def test_reverts_given_nobody(self, person: tuple[str, str, str], place: str) -> None:
        with pytest.raises(InputError) as caught:
            Person(*person)
        assert caught.value.place == place


class TestCard:
    """
    given the clinic's key          -> a card that verifies under its key set, and can be withdrawn
    given it as file, as QR code    -> both are read and ACTIVE
    given a vaccine against COVID-19 or not -> the types say so
    given an issuer without https   -> refused; given more than a code holds -> InputError
    """

    def test_verifies_under_the_key_set(self, key: ec.EllipticCurvePrivateKey) -> None:
        card = card_of(certificate_of(), PERSON, key, ISSUER, at=AT)
        (verdict,) = verify([card.text], trust_in(key), at=AT)
        assert (verdict.status, verdict.issuer) == (Status.ACTIVE, ISSUER)
        assert verdict.shown["vc"]["credentialSubject"]["fhirBundle"] == signed_bundle_of(certificate_of(), PERSON)
        assert (verdict.shown["nbf"], verdict.shown["vc"]["rid"]) == (AT, card.rid)
        assert re.fullmatch("[A-Za-z0-9_-]{24}", card.rid)

    def test_can_be_withdrawn_by_its_id(self, key: ec.EllipticCurvePrivateKey) -> None:
        card = card_of(certificate_of(), PERSON, key, ISSUER, at=AT)
        listed = {"kid": HealthCard.parse(card.text).key_id, "method": "rid", "ctr": 1, "rids": [card.rid]}
        sources = [("keys", json.dumps(key_set(key)).encode()), ("list", json.dumps(listed).encode())]
        assert verify([card.text], TrustList.read(sources), at=AT)[0].status is Status.REVOKED

    @pytest.mark.parametrize("name", ["card.smart-health-card", "card.png"])
    def test_is_read_from_file_and_picture(self, key: ec.EllipticCurvePrivateKey, tmp_path: Path, name: str) -> None:
        card = card_of(certificate_of(), PERSON, key, ISSUER, at=AT)
        write_card(tmp_path / name, card)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        assert verify(load(str(tmp_path / name)), trust_in(key), at=AT)[0].is_valid

    @pytest.mark.parametrize(("code", "types"), [("208", {"covid19", "immunization"}), ("115", {"immunization"})])
    def test_names_its_types(self, key: ec.EllipticCurvePrivateKey, code: str, types: set[str]) -> None:
        card = card_of(certificate_of(vc=code), PERSON, key, ISSUER, at=AT)
        found = set(HealthCard.parse(card.text).payload.types)
        assert found == {f"https://smarthealth.cards#{one}" for one in types | {"health-card"}}

    @pytest.mark.parametrize("issuer", ["http://clinic.example", "https://clinic.example/", ""])
    def test_reverts_given_another_issuer(self, key: ec.EllipticCurvePrivateKey, issuer: str) -> None:
        with pytest.raises(CheckRefused) as caught:
            card_of(certificate_of(), PERSON, key, issuer, at=AT)
        assert caught.value.reason == "IssuerUrl"

    def test_reverts_when_it_fits_no_code(self, key: ec.EllipticCurvePrivateKey) -> None:
        bundle = signed_bundle_of(certificate_of(), PERSON)
        bundle["entry"][0]["resource"]["text"] = bytes(range(256)).hex() * 4
        with pytest.raises(InputError) as caught:
            to_numeric("e" * 1196)
        assert caught.value.place == "card"
        assert to_numeric("e" * 1195) == ("shc:/", "56" * 1195)
        assert HealthCard.parse(sign_card(bundle, key, ISSUER, at=AT)).issuer == ISSUER

    def test_reverts_given_another_ending(self, key: ec.EllipticCurvePrivateKey, tmp_path: Path) -> None:
        with pytest.raises(InputError) as caught:
            write_card(tmp_path / "card.txt", card_of(certificate_of(), PERSON, key, ISSUER, at=AT))
        assert caught.value.found == "card.txt"
        assert list(tmp_path.iterdir()) == []


class TestFiles:
    """
    given a picture or a page -> the picture reads as the certificate; the page shows its fields, and no name
    given a Bundle            -> a file that its owner alone may read
    """

    def test_the_picture_reads_as_the_certificate(self, tmp_path: Path) -> None:
        write_picture(tmp_path / "code.png", certificate_of())
        (text,) = load(str(tmp_path / "code.png"))
        assert Certificate.parse(text) == certificate_of()
        with pytest.raises(InputError):
            write_picture(tmp_path / "code.gif", certificate_of())

    def test_the_page_shows_the_fields(self, tmp_path: Path) -> None:
        write_page(tmp_path / "page.pdf", certificate_of(lot="L(1)\\É"))
        page = (tmp_path / "page.pdf").read_bytes()
        assert page.startswith(b"%PDF-1.4\n")
        assert page.endswith(b"%%EOF\n")
        for shown in (b"(208)", b"(2021-06-15)", rb"(L\0501\051\134\311)", CLINIC.encode()):
            assert shown in page
        assert page == pdf_of(certificate_of(lot="L(1)\\É"))

    def test_the_code_of_the_page_reads_as_the_certificate(self, tmp_path: Path) -> None:
        from PIL import Image, ImageDraw

        picture = Image.new("L", (595 * 3, 842 * 3), 255)
        drawn = ImageDraw.Draw(picture)
        for square in re.findall(rb"([0-9.]+) ([0-9.]+) ([0-9.]+) ([0-9.]+) re", pdf_of(certificate_of())):
            x, y, width, height = (3 * float(one) for one in square)
            drawn.rectangle((x, 842 * 3 - y - height, x + width - 1, 842 * 3 - y - 1), fill=0)
        picture.save(tmp_path / "page.png")
        (text,) = load(str(tmp_path / "page.png"))
        assert Certificate.parse(text) == certificate_of()

    def test_the_page_holds_together(self) -> None:
        page = pdf_of(certificate_of())
        start = int(page.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
        assert page[start:].startswith(b"xref\n0 7\n")
        places = re.findall(rb"(\d{10}) 00000 n ", page[start:])
        assert [page[int(one) :].split(b" ")[0] for one in places] == [b"1", b"2", b"3", b"4", b"5", b"6"]
        length = int(re.search(rb"/Length (\d+)", page)[1])  # type: ignore[index]  # it is there, or the test fails
        stream = page.split(b"stream\n", 1)[1]
        assert stream[length : length + 10] == b"\nendstream"

    def test_the_bundle_is_its_owners(self, tmp_path: Path) -> None:
        write_fhir(tmp_path / "dose.json", certificate_of())
        assert json.loads((tmp_path / "dose.json").read_text()) == bundle_of(certificate_of())
        assert (tmp_path / "dose.json").stat().st_mode & 0o777 == 0o600


class TestKey:
    """
    given no key yet               -> made, kept for its owner alone, and the same the next time
    given another key, or one that others may read, or no URL -> InputError
    """

    def test_is_made_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path))
        first, second = card_key(ISSUER), card_key(ISSUER)
        assert first.private_numbers() == second.private_numbers()
        assert (tmp_path / "keys" / "https-clinic-example-issuer.pem").stat().st_mode & 0o777 == 0o600
        assert "d" not in key_set(first)["keys"][0]

    @pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1()])
    def test_reverts_given_another_curve(self, tmp_path: Path, curve: Any) -> None:
        file = tmp_path / "key.pem"
        other = ec.generate_private_key(curve)
        file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.chmod(0o600)
        with pytest.raises(InputError) as caught:
            card_key(ISSUER, file)
        assert caught.value.place == "key"

    def test_reverts_when_others_may_read_it(self, tmp_path: Path) -> None:
        card_key(ISSUER, tmp_path / "key.pem")
        (tmp_path / "key.pem").chmod(0o644)
        with pytest.raises(InputError) as caught:
            card_key(ISSUER, tmp_path / "key.pem")
        assert caught.value.place == "permissions"

    @pytest.mark.parametrize("issuer", ["", "http://clinic.example"])
    def test_reverts_given_no_url(self, tmp_path: Path, issuer: str) -> None:
        with pytest.raises(InputError) as caught:
            card_key(issuer, tmp_path / "key.pem")
        assert caught.value.place == "issuer"
        assert not (tmp_path / "key.pem").exists()
