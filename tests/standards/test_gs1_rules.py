"""GS1: what goes together, links, what people read, and what a value must be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust.errors import InputError
from medtrust.standards.gs1 import Allow, Element, digital_link, element_string, hri, parse
from medtrust.standards.gs1_rules import check_pairs, find
from medtrust.standards.gs1_syntax import one
from medtrust.standards.gs1_values import check_pair, fault_of
from tests.standards.support import corpus
from tests.standards.test_gs1 import CHARACTERS, GTIN

PARTIAL = Allow(partial=True)
SSCC = "103614140000000015"


def refused(code: str, allow: Allow | None = None) -> tuple[str, str, str]:
    with pytest.raises(InputError) as caught:
        parse(code, allow=allow)
    return caught.value.place, caught.value.found, caught.value.expected


class TestPairs:
    """
    given identifiers that exclude each other -> refused, in whatever order, also when a part is allowed
    given one without what it belongs to      -> refused; let pass where a part is allowed
    given one twice                           -> let pass with one value, refused with two
    given a code that begins with FNC1        -> may be partial, and is checked in everything else
    given a signature                         -> its key has a serial number
    given a pattern                           -> digits at its end alone
    """

    @pytest.mark.parametrize("code", [f"(01){GTIN}(02){GTIN}(37)1(00){SSCC}", f"(00){SSCC}(02){GTIN}(37)1(01){GTIN}"])
    @pytest.mark.parametrize("allow", [None, PARTIAL])
    def test_refuses_what_excludes_itself(self, code, allow):
        assert refused(code, allow) == ("(01)", "it beside (02)", "one of the two alone")

    def test_a_weight_has_one_precision(self):
        assert refused(f"(01){GTIN}(3103)000195(3102)000020")[0] == "(3102)"
        assert parse(f"(01){GTIN}(3103)000195(3203)000195").gtin == GTIN

    @pytest.mark.parametrize(
        ("code", "place", "expected"),
        [
            ("(21)BW7K00001", "(21)", "(01) or (03) or (8006)"),
            (f"(02){GTIN}", "(02)", "(37)"),
            (f"(02){GTIN}(37)1", "(37)", "(00) with (02) or (00) with (8026)"),
            (f"(01){GTIN}(250)A", "(250)", "(01) with (21) or (03) with (21) or (8006) with (21)"),
        ],
    )
    def test_refuses_what_stands_alone(self, code, place, expected):
        assert refused(code) == (place, "it without what it belongs to", expected)
        assert parse(code, allow=PARTIAL).elements

    def test_takes_one_value_of_one_identifier(self):
        again = parse(f"(01){GTIN}(10)A(01){GTIN}")
        assert (again.gtin, again.lot, len(again.elements)) == (GTIN, "A", 3)
        assert refused(f"(01){GTIN}(10)A(10)B") == ("(10)", "'B' beside 'A'", "one value")

    @pytest.mark.parametrize("first", ["^", "\x1d"])
    def test_a_message_may_be_one_of_several(self, first):
        assert parse(f"{first}21BW7K00001").serial == "BW7K00001"
        assert parse(f"{first}10A{first}21B").lot == "A"
        assert refused(f"{first}21A{first}21B")[2] == "one value"
        assert refused(f"{first}01{GTIN[:-1]}5")[2] == "a check digit 4"

    def test_a_signed_key_has_a_serial_number(self):
        assert refused("(253)0614141000036(8030)ABC")[0] == "(253)"
        assert parse("(253)0614141000036X(8030)ABC").elements[1] == Element("8030", "ABC")

    @pytest.mark.parametrize(
        ("pattern", "found"),
        [("01", "01"), ("31nn", "3103"), ("3nnn", "3103"), ("31", None), ("nn", None), ("n1", None)],
    )
    def test_patterns(self, pattern, found):
        assert find(pattern, {"01", "3103"}) == found
        assert find(pattern, {"01", "3103"}, ignoring=found or "") is None


class TestOfficialTable:
    """
    given the published table -> every identifier is known, and FNC1 follows the same ones
                              -> the same ones exclude and need each other
    """

    def rows(self) -> dict[str, tuple[str, str]]:
        file = corpus("gs1-dictionary") / "gs1-syntax-dictionary" / "gs1-syntax-dictionary.txt"
        found = {}
        for line in file.read_text(encoding="utf-8").splitlines():
            row = re.match(r"(\d{2,4})(?:-(\d{2,4}))?\s+([*?]*)\s*([^#]*)", line)
            if row:
                for number in range(int(row[1]), int(row[2] or row[1]) + 1):
                    found[str(number).zfill(len(row[1]))] = (row[3], row[4])
        assert len(found) > 500
        return found

    def test_every_identifier_is_known(self):
        for ai, (flags, _) in self.rows().items():
            with pytest.raises(InputError) as caught:
                one(ai, " ")
            assert caught.value.expected == f"a value that fits application identifier {ai}"
            assert ("*" in flags) == (
                ai[:2] in ("00", "01", "02", "03", "11", "12", "13", "15", "16", "17", "20", "41")
                or "31" <= ai[:2] <= "36"
            ), ai

    def test_the_same_ones_go_together(self):
        rows = self.rows()
        for ai, (_, rest) in rows.items():
            assert self.passes([ai]) == ("req=" not in rest), ai
            for pattern in ",".join(re.findall(r"ex=(\S+)", rest)).split(","):
                for other in rows:
                    if find(pattern, {other}, ignoring=ai):
                        assert not self.passes([ai, other], partial=True), (ai, other)

    def test_what_is_needed_is_enough(self):
        rows = self.rows()
        for ai, (_, rest) in rows.items():
            rules = [one.split(",") for one in re.findall(r"req=(\S+)", rest)]
            for group in rules[0] if len(rules) == 1 else ():
                members = [next(one for one in rows if find(member, {one})) for member in group.split("+")]
                with_needs = {ai, *members}
                message = self.complaint(with_needs)
                assert not message.startswith(f"({ai})"), (ai, group, message)

    def passes(self, ais, *, partial=False):
        return not self.complaint(ais, partial=partial)

    def complaint(self, ais, *, partial=False) -> str:
        try:
            check_pairs([Element(ai, "1" * 20) for ai in ais], partial=partial)
        except InputError as refusal:
            return str(refusal)
        return ""


class TestHri:
    """
    any lot and serial number                -> written in brackets and read again, they are the same
    given an opening bracket in a value      -> written with a backslash
    given an identifier within a value       -> not taken for an element
    """

    @given(st.text(CHARACTERS, min_size=1, max_size=20), st.text(CHARACTERS, min_size=1, max_size=20))
    def test_is_read_again(self, lot, serial):
        elements = (Element("01", GTIN), Element("10", lot), Element("21", serial))
        assert parse(hri(elements)).elements == elements

    def test_escapes_what_looks_like_an_identifier(self):
        elements = (Element("01", GTIN), Element("10", "A(21)B"))
        assert hri(elements) == f"(01){GTIN}(10)A\\(21)B"
        assert parse(hri(elements)).serial is None


class TestDigitalLink:
    """
    any lot and serial number             -> written as a link and read again, they are the same
    given several keys                    -> the first is the path, the others stand in the query
    given a second sequence of qualifiers -> it is written where no one of the first is there
    given nothing that can be a path      -> refused
    given a strange host or path before   -> read alike, as nothing is ever fetched
    given another scheme                  -> refused
    """

    @given(st.text(CHARACTERS, min_size=1, max_size=20), st.text(CHARACTERS, min_size=1, max_size=20))
    def test_is_read_again(self, lot, serial):
        elements = (Element("01", GTIN), Element("10", lot), Element("21", serial), Element("17", "280630"))
        assert parse(digital_link(elements)).elements == elements

    def test_the_first_key_is_the_path(self):
        elements = (Element("99", "X"), Element("8017", "061414100000000120"), Element("253", "061414100003677"))
        assert digital_link(elements, stem="https://example.com/") == (
            "https://example.com/8017/061414100000000120?99=X&253=061414100003677"
        )

    def test_a_second_sequence(self):
        assert digital_link((Element("235", "T"), Element("01", GTIN))) == f"https://id.gs1.org/01/{GTIN}/235/T"
        assert parse(f"https://id.gs1.org/01/{GTIN}/235/T?10=A").lot == "A"

    @pytest.mark.parametrize(
        "elements", [(), (Element("10", "A"),), (Element("01", GTIN), Element("10", "A"), Element("235", "T"))]
    )
    def test_refuses_what_is_no_link(self, elements):
        with pytest.raises(InputError):
            digital_link(elements)

    @pytest.mark.parametrize(
        "stem",
        ["https://[2001:db8::1]", "http://127.0.0.1:22", "https://javascript", "https://a/01/b/../%0a", "HTTPS://A"],
    )
    def test_the_host_does_not_matter(self, stem):
        assert parse(f"{stem}/01/{GTIN}/21/X").serial == "X"

    @pytest.mark.parametrize(
        "code",
        [
            f"javascript:alert(1)//01/{GTIN}",
            f"file:///01/{GTIN}",
            f"https:///01/{GTIN}",
            f"https://a@b/01/{GTIN}",
            f"HtTp://a/01/{GTIN}",
            f"https://a/01/{GTIN}%00",
            f"https://a/01/{GTIN}?21=X",
        ],
    )
    def test_refuses_other_addresses(self, code):
        refused(code)

    def test_names_of_early_links_are_asked_for(self):
        code = f"https://a/gtin/{GTIN}/ser/X"
        assert refused(code)[0] == "Digital Link"
        assert parse(code, allow=Allow(names=True)).serial == "X"


class TestSymbols:
    """
    given an EAN or ITF symbol      -> its GTIN in 14 digits
    given a composite               -> the elements above it too
    given a symbol that may hold anything -> a link is read, anything else is plain text
    """

    @pytest.mark.parametrize(
        ("code", "gtin", "symbology"),
        [
            ("]E0" + GTIN[1:], GTIN, "EAN-13"),
            ("]E496385074", "00000096385074", "EAN-8"),
            (f"]I1{GTIN}", GTIN, "ITF-14"),
        ],
    )
    def test_a_linear_symbol(self, code, gtin, symbology):
        found = parse(code)
        assert (found.gtin, found.symbology, found.plain) == (gtin, symbology, None)

    def test_a_composite(self):
        found = parse(f"]E0{GTIN[1:]}|]e010A\x1d21B")
        assert (found.gtin, found.lot, found.serial) == (GTIN, "A", "B")

    def test_what_is_no_gs1_data(self):
        found = parse("]d1TESTING")
        assert (found.elements, found.plain, found.symbology) == ((), "TESTING", "Data Matrix")
        assert refused("]Q1https://a/b")[0] == "Digital Link"


class TestValues:
    """
    given a value of the right form -> let pass
    given one with one thing wrong  -> said what was expected
    """

    @pytest.mark.parametrize(
        ("ai", "right", "wrong"),
        [
            ("8013", "1987654Ad4X4bL5ttr2310c2K", "1987654Ad4X4bL5ttr2310c2L"),
            ("8006", f"{GTIN}0102", f"{GTIN}0201"),
            ("8006", f"{GTIN}0202", f"{GTIN}0001"),
            ("4326", "280229", "280200"),
            ("17", "280200", "270229"),
            ("7003", "2802292359", "2802292400"),
            ("8008", "280229235959", "280229235960"),
            ("4324", "2802299999", "2802299900"),
            ("7007", "280101280131", "280101280132"),
            ("7250", "20240229", "20230229"),
            ("422", "528", "529"),
            ("423", "528840", "528841"),
            ("421", "528ABC", "999ABC"),
            ("7030", "999ABC", "998ABC"),
            ("8007", "DE89370400440532013000", "DE89370400440532013001"),
            ("8007", "DE89370400440532013000", "DE8937040044053X"),
            ("8001", "01200034500710", "01200000000710"),
            ("8001", "01200034500790", "01200034500720"),
            ("8011", "1", "01"),
            ("4309", "18000000003600000000", "18000000013600000000"),
            ("4300", "A%20B", "A%2B%2"),
            ("4307", "NL", "N1"),
            ("7252", "9", "3"),
            ("7258", "1/2", "2/1"),
            ("8014", "1987654A" + check_pair("1987654A"), "198765423"),
        ],
    )
    def test_checks(self, ai, right, wrong):
        assert fault_of(ai, right) == ""
        assert fault_of(ai, wrong) != ""

    def test_an_unknown_identifier_is_free(self):
        assert one("89", "X", unknown=True) == Element("89", "X")
        assert element_string((Element("89", "X"), Element("01", GTIN))) == f"89X\x1d01{GTIN}"
        for taken in ("80", "011", "8", "12345"):
            with pytest.raises(InputError):
                one(taken, "1", unknown=True)
