"""Canonical objects: one form, refused in any other; and the pseudonyms and sealed fields that come of them."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from hashlib import sha256
from unicodedata import normalize

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from medtrust.canonical import (
    Claim,
    ClaimLine,
    Dispense,
    Encounter,
    Immunization,
    canonical_decimal,
    canonical_lot,
    canonical_text,
)
from medtrust.disclosure import OpenField, check_fields, field_leaf, field_salt, seal
from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.keyed import keyed_hash
from medtrust.merkle import MerkleTree, standard_leaf
from medtrust.pseudonym import PatientIdentifier, patient_key, pseudonym, pseudonym_key
from tests.standards.support import KEY, ORGANISATION

QUINT = PatientIdentifier("CLINIC", "MR", "700101")
SUB = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
DOSE = Immunization(sub=SUB, vs="cvx", vc="115", d="2026-10-05", st="completed", lot="MT2026A", mvx="SKB")
VISIT = Encounter(sub=SUB, org=ORGANISATION, cls="AMB", start="2026-10-05", end="2026-10-05", vn="ab" * 32)
LINES = (
    ClaimLine(n=1, sys="cpt", c="99213", q="1", amt="12050", d="2026-10-05"),
    ClaimLine(n=2, sys="cpt", c="90471", q="0.5", amt="0", d="2026-10-05"),
)
CLAIM = Claim(
    enc="cd" * 32, payer="urn:gs1:gln:0614141000067", pol="ef" * 32, cur="USD", tot="12050", dx=("Z23",), ln=LINES
)
PACK = Dispense(
    sub=SUB, rx="ab" * 32, gtin="00361414567894", sn="S1", lot="MT2026A", d="2026-10-05", q="30", u="{tablet}"
)
OBJECTS = (DOSE, VISIT, CLAIM, PACK)


class TestForm:
    """
    given an object                      -> its JSON is RFC 8785, without nulls and without what is absent
    given two that differ in detail      -> one core; in identity -> another core
    when a member has another form       -> InputError that names schema, member and what is expected
    """

    def test_json_is_the_one_of_the_standard(self) -> None:
        assert DOSE.to_json() == (
            b'{"d":"2026-10-05","lot":"MT2026A","mvx":"SKB","st":"completed",'
            b'"sub":"0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf","t":"imm/1","vc":"115","vs":"cvx"}'
        )
        assert CLAIM.to_json() == (
            b'{"cur":"USD","dx":["Z23"],"enc":"' + b"cd" * 32 + b'","ln":['
            b'{"amt":"12050","c":"99213","d":"2026-10-05","n":1,"q":"1","sys":"cpt"},'
            b'{"amt":"0","c":"90471","d":"2026-10-05","n":2,"q":"0.5","sys":"cpt"}],'
            b'"payer":"urn:gs1:gln:0614141000067","pol":"' + b"ef" * 32 + b'","t":"claim/1","tot":"12050"}'
        )

    def test_what_is_absent_is_not_there(self) -> None:
        assert set(json.loads(replace(DOSE, lot="", mvx="").to_json())) == {"t", "sub", "vs", "vc", "d", "st"}
        assert "end" not in replace(VISIT, end="").to_dict()

    def test_core_holds_for_another_detail(self) -> None:
        assert replace(DOSE, lot="OTHER", mvx="").core_hash() == DOSE.core_hash()
        assert DOSE.core_hash() == keccak256(
            b'{"d":"2026-10-05","st":"completed","sub":"0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",'
            b'"t":"imm/1","vc":"115","vs":"cvx"}'
        )
        assert replace(VISIT, cls="IMP", end="2026-10-09").core_hash() == VISIT.core_hash()
        assert replace(CLAIM, dx=()).core_hash() == CLAIM.core_hash()

    @pytest.mark.parametrize(
        "other",
        [
            replace(DOSE, vc="08"),
            replace(DOSE, d="2026-10-06"),
            replace(DOSE, st="not-done"),
            replace(DOSE, sub="0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"),
        ],
    )
    def test_core_is_another_for_another_event(self, other: Immunization) -> None:
        assert other.core_hash() != DOSE.core_hash()

    @pytest.mark.parametrize(
        ("valid", "member", "value"),
        [
            (DOSE, "sub", SUB.lower()),
            (DOSE, "sub", "0x" + "ab" * 19),
            (DOSE, "vs", "ndc"),
            (DOSE, "vc", "8"),
            (DOSE, "vc", ""),
            (DOSE, "d", "2026-02-29"),
            (DOSE, "d", "20261005"),
            (DOSE, "d", "2026-10-5"),
            (DOSE, "st", "done"),
            (DOSE, "lot", "mt2026a"),
            (DOSE, "lot", "MT 2026A"),
            (DOSE, "lot", normalize("NFD", "É1")),
            (DOSE, "mvx", "skb"),
            (VISIT, "org", "0614141000012"),
            (VISIT, "vn", "AB" * 32),
            (VISIT, "vn", ""),
            (VISIT, "end", "later"),
            (CLAIM, "cur", "usd"),
            (CLAIM, "tot", "012050"),
            (CLAIM, "pol", ""),
            (PACK, "gtin", "00361414567895"),
            (PACK, "gtin", "361414567894"),
            (PACK, "q", "30.0"),
            (PACK, "u", " mL"),
            (PACK, "sn", normalize("NFD", "é")),
            (PACK, "sn", "\ud800"),
        ],
    )
    def test_reverts_when_a_member_has_another_form(self, valid: object, member: str, value: str) -> None:
        with pytest.raises(InputError) as caught:
            replace(valid, **{member: value})  # type: ignore[type-var]  # every object here is a dataclass
        assert caught.value.place == f"{type(valid).schema} {member}"  # type: ignore[attr-defined]  # and canonical
        assert caught.value.found == repr(value)

    def test_reverts_when_a_claim_does_not_add_up(self) -> None:
        with pytest.raises(InputError) as caught:
            replace(CLAIM, tot="12051")
        assert (caught.value.place, caught.value.found) == ("claim/1 tot", "12051")
        assert caught.value.expected == "12050, the sum of the lines"

    @pytest.mark.parametrize("lines", [(), (LINES[1],), (LINES[0], replace(LINES[1], n=3)), (LINES[1], LINES[0])])
    def test_reverts_when_lines_are_not_numbered_from_one(self, lines: tuple[ClaimLine, ...]) -> None:
        with pytest.raises(InputError, match="lines numbered from 1"):
            replace(CLAIM, ln=lines)

    @pytest.mark.parametrize(("member", "value"), [("q", "1.0"), ("amt", "-1"), ("amt", "1.5"), ("d", "x"), ("c", "")])
    def test_reverts_when_a_line_has_another_form(self, member: str, value: str) -> None:
        with pytest.raises(InputError) as caught:
            replace(LINES[0], **{member: value})
        assert caught.value.place == f"claim/1 ln[1].{member}"


class TestOneForm:
    """
    given any text, lot or decimal  -> writing it in its one form twice is writing it once
    given equal numbers or texts    -> one form
    when it is no decimal           -> ValueError
    """

    @given(st.text(max_size=40))
    def test_text_and_lot_settle_at_once(self, text: str) -> None:
        assert canonical_text(canonical_text(text)) == canonical_text(text)
        assert canonical_lot(canonical_lot(text)) == canonical_lot(text)

    @given(st.text(max_size=40))
    def test_composed_and_decomposed_are_one(self, text: str) -> None:
        assert canonical_text(normalize("NFD", text)) == canonical_text(normalize("NFC", text))

    def test_lot_has_no_spaces_and_no_small_letters(self) -> None:
        assert canonical_lot(" mt 2026a ") == "MT2026A"

    @given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
    def test_decimal_keeps_its_value(self, value: object) -> None:
        written = canonical_decimal(f"{value:f}")
        assert float(written) == float(f"{value:f}")
        assert canonical_decimal(written) == written
        assert not ("." in written and written.endswith("0"))

    @pytest.mark.parametrize(
        ("written", "one"),
        [("0.50", "0.5"), (".5", "0.5"), ("5.", "5"), ("+5", "5"), ("-0.0", "0"), ("100", "100"), ("007", "7")],
    )
    def test_decimal_has_one_form(self, written: str, one: str) -> None:
        assert canonical_decimal(written) == one

    @pytest.mark.parametrize("written", ["", ".", "1e3", "NaN", "1,5", "٣", "9" * 31, "1 "])
    def test_reverts_when_it_is_no_decimal(self, written: str) -> None:
        with pytest.raises(ValueError, match="no decimal number"):
            canonical_decimal(written)


class TestKeyedHash:
    """
    given parts                       -> HMAC-SHA-256 over each behind its length
    given a boundary that moves       -> another hash
    """

    def test_is_hmac_over_lengths_and_parts(self) -> None:
        expected = hmac.new(KEY, b"\0\0\0\x02ab\0\0\0\x01\xff", sha256).digest()
        assert keyed_hash(KEY, "ab", b"\xff") == expected

    @given(st.lists(st.text(max_size=5), min_size=2, max_size=4), st.integers(0, 20))
    def test_no_two_splits_of_a_text_agree(self, parts: list[str], cut: int) -> None:
        joined = "".join(parts)
        other = [joined[:cut], joined[cut:]]
        assert (keyed_hash(KEY, *parts) == keyed_hash(KEY, *other)) == (parts == other)


class TestPseudonym:
    """
    given key, organisation and patient  -> one address, whose private key the registry can derive
    given another of any of these        -> another address
    when the key is not 32 bytes         -> ValueError
    """

    def test_is_the_address_of_its_key(self) -> None:
        address = pseudonym(KEY, ORGANISATION, QUINT)
        assert Account.from_key(pseudonym_key(KEY, ORGANISATION, QUINT)).address == address
        assert pseudonym(KEY, ORGANISATION, PatientIdentifier("CLINIC", "MR", "700101")) == address

    def test_is_another_for_another_relationship(self) -> None:
        addresses = {
            pseudonym(KEY, ORGANISATION, QUINT),
            pseudonym(bytes(32), ORGANISATION, QUINT),
            pseudonym(KEY, ORGANISATION + "0", QUINT),
            pseudonym(KEY, ORGANISATION, replace(QUINT, authority="OTHER")),
            pseudonym(KEY, ORGANISATION, replace(QUINT, authority="")),
            pseudonym(KEY, ORGANISATION, replace(QUINT, type="SS")),
            pseudonym(KEY, ORGANISATION, replace(QUINT, value="700102")),
        }
        assert len(addresses) == 7

    @given(st.binary(min_size=32, max_size=32), st.text(max_size=30))
    def test_key_is_always_valid(self, key: bytes, value: str) -> None:
        patient = PatientIdentifier("", "", value)
        assert Account.from_key(pseudonym_key(key, ORGANISATION, patient)).address == pseudonym(
            key, ORGANISATION, patient
        )

    def test_patient_key_is_not_the_private_key(self) -> None:
        assert patient_key(KEY, ORGANISATION, QUINT) != pseudonym_key(KEY, ORGANISATION, QUINT)
        assert patient_key(KEY, ORGANISATION, QUINT) != patient_key(KEY, ORGANISATION, replace(QUINT, value="7"))

    @pytest.mark.parametrize("size", [0, 31, 33])
    def test_reverts_when_the_key_has_another_size(self, size: int) -> None:
        with pytest.raises(ValueError, match="a key is 32 bytes"):
            pseudonym(bytes(size), ORGANISATION, QUINT)


class TestSealedFields:
    """
    given an object and a key
      -> the root is that of the standard tree over (name, value, salt)
      -> any choice of fields opens and proves itself
      given another key, or another value of any field -> another root
    when a field is changed, of another object, shown twice, or none is shown -> not accepted
    when a field is not there -> InputError
    """

    @pytest.mark.parametrize("canonical", OBJECTS)
    def test_root_is_that_of_the_standard_tree(self, canonical: Immunization) -> None:
        core = canonical.core_hash()
        leaves = []
        for name, value in canonical.to_dict().items():
            text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
            encoded = b"".join(
                len(part).to_bytes(4, "big") + part for part in (canonical.schema.encode(), core, name.encode())
            )
            salt = hmac.new(KEY, encoded, sha256).digest()
            leaves.append(standard_leaf(["string", "string", "bytes32"], [name, text, salt]))
        assert seal(canonical, KEY).root == MerkleTree(leaves).root

    @pytest.mark.parametrize("canonical", OBJECTS)
    def test_every_field_opens(self, canonical: Immunization) -> None:
        sealed = seal(canonical, KEY)
        assert sealed.names == tuple(canonical.to_dict())
        assert check_fields(sealed.root, sealed.open())
        for name in sealed.names:
            (shown,) = sealed.open([name])
            assert (shown.name, shown.value) == (name, canonical.fields()[name])
            assert check_fields(sealed.root, [shown])

    def test_same_key_reaches_the_same_root(self) -> None:
        assert seal(DOSE, KEY).root == seal(replace(DOSE), KEY).root
        assert seal(DOSE, bytes(32)).root != seal(DOSE, KEY).root

    @pytest.mark.parametrize("change", [{"lot": "OTHER"}, {"mvx": "PMC"}, {"lot": ""}, {"d": "2026-10-06"}])
    def test_another_value_gives_another_root(self, change: dict[str, str]) -> None:
        assert seal(replace(DOSE, **change), KEY).root != seal(DOSE, KEY).root

    def test_a_salt_serves_one_field_of_one_object(self) -> None:
        core = DOSE.core_hash()
        salts = {
            field_salt(KEY, "imm/1", core, "d"),
            field_salt(KEY, "imm/1", core, "vc"),
            field_salt(KEY, "imm/2", core, "d"),
            field_salt(KEY, "imm/1", VISIT.core_hash(), "d"),
            field_salt(bytes(32), "imm/1", core, "d"),
        }
        assert len(salts) == 5

    @pytest.mark.parametrize(
        "change",
        [
            {"value": "2026-10-06"},
            {"name": "st"},
            {"salt": bytes(32)},
            {"proof": ()},
            {"proof": (bytes(32),) * 3},
            {"proof": (bytes(32),) * 6},
        ],
    )
    def test_a_changed_field_is_not_accepted(self, change: dict[str, object]) -> None:
        sealed = seal(DOSE, KEY)
        (shown,) = sealed.open(["d"])
        assert not check_fields(sealed.root, [replace(shown, **change)])  # type: ignore[arg-type]  # by name

    def test_fields_of_another_object_none_and_twice_are_not_accepted(self) -> None:
        sealed, other = seal(DOSE, KEY), seal(replace(DOSE, lot="OTHER"), KEY)
        assert not check_fields(sealed.root, other.open(["lot"]))
        assert not check_fields(sealed.root, [])
        assert not check_fields(sealed.root, sealed.open(["d", "d"]))

    def test_an_inner_node_is_no_field(self) -> None:
        sealed = seal(DOSE, KEY)
        (shown,) = sealed.open(["d"])
        inner = OpenField("d", shown.value, shown.salt, shown.proof[1:])
        assert not check_fields(sealed.root, [inner])

    def test_reverts_when_a_field_is_not_there(self) -> None:
        with pytest.raises(InputError) as caught:
            seal(replace(DOSE, lot=""), KEY).open(["d", "lot"])
        assert (caught.value.place, caught.value.found) == ("field", "'lot'")

    @given(st.text(max_size=80), st.text(max_size=80), st.binary(min_size=32, max_size=32))
    def test_leaf_is_the_standard_one(self, name: str, value: str, salt: bytes) -> None:
        assert field_leaf(name, value, salt) == standard_leaf(["string", "string", "bytes32"], [name, value, salt])

    def test_guessing_needs_the_salt(self) -> None:
        """A field committed to without a salt falls to a list of days; a salted one does not."""
        days = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
        unsalted = {field_leaf("d", day, bytes(32)) for day in days}
        assert field_leaf("d", DOSE.d, bytes(32)) in unsalted
        (shown,) = seal(DOSE, KEY).open(["d"])
        assert field_leaf("d", DOSE.d, shown.salt) not in unsalted
