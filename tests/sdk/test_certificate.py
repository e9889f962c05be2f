"""Certificates: every change is found offline and named; whatever is read again is what was written."""

from __future__ import annotations

import base64
import io
import json
import zlib
from dataclasses import replace

import pytest
import segno
import zxingcpp
from PIL import Image

from medtrust.certificate import LONGEST_TEXT, MAX_BATCH, Certificate
from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.types import ZERO_HASH
from tests.doses import HOSPITAL, batch_of

OTHER = keccak256(b"another")
REGISTRY = "0x" + "11" * 20
MEMBERS = ("t", "iss", "ch", "reg", "root", "size", "at", "i", "sub", "lot", "fields", "proof", "shown")


@pytest.fixture
def certificate() -> Certificate:
    """The certificate of the third of seven doses, with all its fields."""
    batch = batch_of(7)
    return Certificate(
        issuer=batch.issuer,
        chain_id=31337,
        registry=REGISTRY,
        root=batch.root,
        size=7,
        anchored_at=1_800_000_000,
        dose=batch.doses[2],
        proof=batch.proof(2),
        shown=batch.fields[2].open(),
    )


def with_field(certificate: Certificate, of: str, /, **changes: object) -> Certificate:
    shown = tuple(replace(one, **changes) if one.name == of else one for one in certificate.shown)
    return replace(certificate, shown=shown)


def with_dose(certificate: Certificate, **changes: object) -> Certificate:
    return replace(certificate, dose=replace(certificate.dose, **changes))


class TestFlaw:
    """
    given an untouched certificate                -> none
    given some of its fields alone                -> none
    when it shows nothing                         -> NothingShown
    when a field's value, name, salt or proof is changed -> FieldChanged, which names the field
    when every field fails, or the fields' root is changed -> FieldsChanged
    when a field is shown twice                   -> FieldShownTwice
    when the fields are those of another person   -> HolderMismatch
    when index, size or both leave their range    -> IndexBeyondBatch
    when the proof is shorter or longer           -> ProofLength
    when issuer, holder, lot, index, root, or a step of the proof is changed -> DoseNotInBatch
    """

    def test_is_none_for_an_untouched_certificate(self, certificate):
        assert certificate.flaw() is None

    def test_is_none_for_some_fields(self, certificate):
        shown = certificate.show(["vc", "d"])
        assert (shown.flaw(), shown.values) == (None, {"vc": "115", "d": "2026-10-05"})
        assert len(certificate.shown) == 8

    def test_refuses_one_that_shows_nothing(self, certificate):
        assert replace(certificate, shown=()).flaw().reason == "NothingShown"

    @pytest.mark.parametrize("name", ["t", "sub", "vs", "vc", "d", "st", "lot", "mvx"])
    def test_names_the_field_whose_value_was_changed(self, certificate, name):
        flaw = with_field(certificate, name, value="something else").flaw()
        assert flaw.reason == "FieldChanged"
        assert flaw.sentence == f"the field {name!r} was changed: it reads 'something else'"

    @pytest.mark.parametrize("change", [{"name": "vx"}, {"salt": OTHER}, {"proof": ()}, {"proof": (OTHER,) * 3}])
    def test_names_the_field_of_which_anything_was_changed(self, certificate, change):
        flaw = with_field(certificate, "vc", **change).flaw()
        assert (flaw.reason, change.get("name", "vc") in flaw.sentence) == ("FieldChanged", True)

    def test_finds_a_value_moved_to_another_field(self, certificate):
        assert with_field(certificate, "vc", name="d").flaw().reason == "FieldChanged"

    def test_finds_that_the_root_of_the_fields_was_changed(self, certificate):
        assert with_dose(certificate, fields=OTHER).flaw().reason == "FieldsChanged"

    def test_finds_a_field_shown_twice(self, certificate):
        twice = replace(certificate, shown=(*certificate.shown, certificate.shown[0]))
        assert twice.flaw().reason == "FieldShownTwice"

    def test_finds_the_fields_of_another_person(self, certificate):
        other = batch_of(1, tag="other").fields[0]
        swapped = replace(with_dose(certificate, fields=other.root), shown=other.open())
        assert swapped.flaw().reason == "HolderMismatch"

    @pytest.mark.parametrize(
        ("index", "size", "reason"),
        [
            (6, 7, "DoseNotInBatch"),
            (7, 7, "IndexBeyondBatch"),
            (8, 7, "IndexBeyondBatch"),
            (0, 0, "IndexBeyondBatch"),
            (0, MAX_BATCH, "ProofLength"),
            (0, MAX_BATCH + 1, "IndexBeyondBatch"),
        ],
    )
    def test_finds_an_index_beyond_the_batch(self, certificate, index, size, reason):
        assert with_dose(replace(certificate, size=size), index=index).flaw().reason == reason

    @pytest.mark.parametrize(("length", "reason"), [(1, "ProofLength"), (2, "DoseNotInBatch"), (4, "ProofLength")])
    def test_finds_a_proof_of_another_length(self, certificate, length, reason):
        proof = (*certificate.proof, OTHER, OTHER)[:length]
        assert replace(certificate, proof=proof).flaw().reason == reason

    @pytest.mark.parametrize(
        "change",
        [
            lambda it: replace(it, issuer=HOSPITAL),
            lambda it: replace(it, root=OTHER),
            lambda it: replace(it, proof=(OTHER, *it.proof[1:])),
            lambda it: with_dose(it, lot=ZERO_HASH),
            lambda it: with_dose(it, index=it.dose.index - 1),
            lambda it: with_dose(it.show(["vc"]), holder=REGISTRY),
        ],
        ids=["issuer", "root", "proof", "lot", "index", "holder"],
    )
    def test_finds_that_the_dose_is_not_in_the_batch(self, certificate, change):
        assert change(certificate).flaw().reason == "DoseNotInBatch"


class TestShow:
    """
    when it holds the fields        -> a certificate with these alone, each once
    when it does not hold one       -> InputError that lists those it holds
    """

    def test_keeps_each_field_once(self, certificate):
        assert list(certificate.show(["d", "vc", "d"]).values) == ["d", "vc"]

    def test_raises_for_a_field_it_does_not_hold(self, certificate):
        with pytest.raises(InputError) as caught:
            certificate.show(["vc"]).show(["vc", "lot"])
        assert (caught.value.found, caught.value.expected) == ("'lot'", "one of vc")


class TestParse:
    """
    given JSON, or QR text, of all or of some fields  -> the same certificate
    given a QR code, drawn and scanned                -> the same certificate
    given anything else                               -> InputError that names the member
    given a bomb                                      -> InputError before it is unpacked
    """

    @pytest.mark.parametrize("names", [None, ["vc", "d"], ["t"]])
    def test_reads_what_was_written(self, certificate, names):
        shown = certificate.show(names) if names else certificate
        assert Certificate.parse(shown.to_json()) == shown
        assert Certificate.parse(shown.to_json().decode()) == shown
        assert Certificate.parse(b"\xef\xbb\xbf" + shown.to_json() + b"\n") == shown
        assert Certificate.parse(shown.to_text()) == shown

    def test_writes_one_canonical_text(self, certificate):
        members = json.loads(certificate.to_json())
        assert certificate.to_json() == json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
        assert set(members) == set(MEMBERS)

    def test_fits_a_scanned_code(self, certificate):
        image = io.BytesIO()
        segno.make_qr(certificate.to_text(), error="l").save(image, kind="png", scale=4)
        (scanned,) = zxingcpp.read_barcodes(Image.open(image))
        assert Certificate.parse(scanned.text) == certificate
        assert segno.make_qr(certificate.to_text(), error="l").mode == "alphanumeric"

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("t", "cert/2"),
            ("t", None),
            ("iss", "no URI"),
            ("iss", 5),
            ("ch", -1),
            ("ch", True),
            ("ch", "1"),
            ("reg", "0x12"),
            ("root", "0x12"),
            ("size", 2**32),
            ("at", 1.5),
            ("i", -1),
            ("sub", "0x" + "ab" * 19),
            ("lot", "zz"),
            ("fields", None),
            ("proof", {}),
            ("proof", ["0x12"]),
            ("proof", [1]),
            ("proof", ["0x" + "00" * 32] * 33),
            ("shown", ["vc"]),
            ("shown", [{"n": 1}]),
            ("shown", [{"n": "vc", "v": "115", "s": "0x", "p": []}]),
        ],
    )
    def test_names_the_member_that_is_wrong(self, certificate, member, value):
        raw = {**certificate.to_dict(), member: value}
        with pytest.raises(InputError) as caught:
            Certificate.parse(json.dumps(raw))
        named = {"iss": ("iss", "organisation")}.get(member, (member,))
        assert caught.value.place.startswith(named)

    @pytest.mark.parametrize("member", MEMBERS)
    def test_names_the_member_that_is_missing(self, certificate, member):
        raw = {name: value for name, value in certificate.to_dict().items() if name != member}
        with pytest.raises(InputError) as caught:
            Certificate.parse(json.dumps(raw))
        assert (caught.value.place, caught.value.found) == (member, "nothing")

    @pytest.mark.parametrize("text", ["", "{", "[]", "null", "MT1:", "MT1:!!", "MT1:AAAA", b"\xff", "[" * 5000])
    def test_raises_for_what_is_no_certificate(self, text):
        with pytest.raises(InputError):
            Certificate.parse(text)

    def test_raises_for_text_that_was_cut(self, certificate):
        with pytest.raises(InputError) as caught:
            Certificate.parse(certificate.to_text()[:-16])
        assert caught.value.found in ("QR text that does not end", "damaged QR text")

    def test_raises_for_a_bomb_before_it_is_unpacked(self):
        bomb = "MT1:" + base64.b32encode(zlib.compress(b"0" * 20_000_000, 9)).decode().rstrip("=")
        with pytest.raises(InputError) as caught:
            Certificate.parse(bomb)
        assert (len(bomb) < LONGEST_TEXT, caught.value.found) == (True, "QR text that does not end")

    def test_raises_for_text_that_is_too_long(self):
        with pytest.raises(InputError) as caught:
            Certificate.parse(" " * (LONGEST_TEXT + 1))
        assert caught.value.expected == f"at most {LONGEST_TEXT}"
