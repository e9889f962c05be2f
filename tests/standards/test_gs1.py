"""GS1 codes: element strings, their bracketed form, and Digital Link."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust.errors import InputError
from medtrust.standards.gs1 import Element, Scan, check_digit, element_string, has_check_digit, parse

GS = "\x1d"
GTIN = "00361414567894"
KEY = b"\x01" * 32
SYMBOLOGIES = "]C1, ]e0, ]d2, ]Q3, ]J1, ]d1, ]Q1, ]J0, ]E0, ]E4, ]I1"
PATH = "a path that ends with a primary key and its value, and with pairs of qualifiers"
LINK = f"'https://id.gs1.org/01/{GTIN}/21/a b'"
PACK = f"01{GTIN}1728063010MT2026A{GS}21BW7K00001"
EXPECTED = Scan(
    gtin=GTIN,
    serial="BW7K00001",
    lot="MT2026A",
    expiry=date(2028, 6, 30),
    elements=(Element("01", GTIN), Element("17", "280630"), Element("10", "MT2026A"), Element("21", "BW7K00001")),
)

# The 82 characters that an alphanumeric value may have (GS1 General Specifications, figure 7.11).
CHARACTERS = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


class TestParse:
    """
    a pack's code in every form a scanner sends it  -> the same scan
    what stands in a logistic label                 -> SSCC, content and count
    dates, weights, national numbers                -> typed
    a day 00                                        -> the last of the month, leap years included
    when anything does not fit                      -> InputError with place, found, expected
    """

    @pytest.mark.parametrize(
        "code",
        [
            PACK,
            GS + PACK,
            f"]d2{PACK}",
            f"]Q3{PACK}",
            f"]C1{PACK}",
            f"]d2{GS}{PACK}",
            f"01{GTIN}17280630{GS}10MT2026A{GS}21BW7K00001",
            f"  {PACK}\r\n",
            f"(01){GTIN}(17)280630(10)MT2026A(21)BW7K00001",
        ],
    )
    def test_reads_every_form(self, code):
        assert parse(code) == EXPECTED

    @pytest.mark.parametrize(
        "code",
        [
            f"https://id.gs1.org/01/{GTIN}/10/MT2026A/21/BW7K00001?17=280630",
            f"http://example.com/some/where/01/{GTIN}/10/MT2026A/21/BW7K00001?17=280630",
            "https://id.gs1.org/01/361414567894/10/MT2026A/21/BW7K00001?17=280630",
            f"]Q1https://id.gs1.org/01/{GTIN}/10/MT2026A/21/BW7K00001?17=280630",
        ],
    )
    def test_reads_a_digital_link(self, code):
        found = parse(code)
        assert (found.gtin, found.lot, found.serial, found.expiry) == (
            EXPECTED.gtin,
            EXPECTED.lot,
            EXPECTED.serial,
            EXPECTED.expiry,
        )

    def test_keeps_what_a_link_holds_besides(self):
        found = parse(f"https://id.gs1.org/01/{GTIN}/21/a%2Fb?17=280630&linkType=gs1:pip")
        assert found.serial == "a/b"
        assert found.unread == (("linkType", "gs1:pip"),)

    def test_reads_a_logistic_label(self):
        found = parse(f"(00)103614140000000015(02){GTIN}(37)120(10)MT2026A(400)ORDER")
        assert (found.sscc, found.content_gtin, found.count) == ("103614140000000015", GTIN, 120)
        assert (found.gtin, found.lot) == (None, "MT2026A")
        assert found.elements[-1] == Element("400", "ORDER")

    def test_reads_other_elements(self):
        found = parse(f"(01){GTIN}(11)250101(15)260228(240)X-1(3103)000195(414)0614141000012(710)1234(714)567")
        assert (found.produced, found.best_before) == (date(2025, 1, 1), date(2026, 2, 28))
        assert (found.additional_id, found.net_weight) == ("X-1", Decimal("0.195"))
        assert found.location == "0614141000012"
        assert found.national == (Element("710", "1234"), Element("714", "567"))

    @pytest.mark.parametrize(
        ("written", "day"),
        [
            ("280200", date(2028, 2, 29)),
            ("270200", date(2027, 2, 28)),
            ("280400", date(2028, 4, 30)),
            ("281200", date(2028, 12, 31)),
            ("280201", date(2028, 2, 1)),
        ],
    )
    def test_reads_dates(self, written, day):
        assert parse(f"(01){GTIN}(17){written}").expiry == day

    @pytest.mark.parametrize(
        ("code", "place", "found", "expected"),
        [
            ("", "code", "nothing", "at least one element string"),
            ("]d2", "code", "nothing", "at least one element string"),
            ("]X0123", "characters 1 to 3", "']X0'", f"one of {SYMBOLOGIES}"),
            ("]E0123", "character 4", "'123'", "13 digits of which the last checks the others"),
            ("]E04000001000006", "character 4", "'4000001000006'", "13 digits of which the last checks the others"),
            ("(01)00361414567895", "(01)", "(01)00361414567895", "a check digit 4"),
            ("0100361414567895", "character 1", "(01)00361414567895", "a check digit 4"),
            ("(00)103614140000000016", "(00)", "(00)103614140000000016", "a check digit 5"),
            ("(414)0614141000013", "(414)", "(414)0614141000013", "a check digit 2"),
            ("(01)0036141456789", "(01)", "'0036141456789'", "a value that fits application identifier 01"),
            ("(17)280231", "(17)", "(17)280231", "a calendar date"),
            ("(17)281301", "(17)", "'281301'", "a value that fits application identifier 17"),
            (f"01{GTIN}17270229", "character 17", "(17)270229", "a calendar date"),
            ("(99", "character 1", "'(99'", "an application identifier in brackets"),
            ("(05)1", "(05)", "'1'", "a known application identifier"),
            ("(24)0ABC", "(24)", "'0ABC'", "a known application identifier"),
            ("0512", "character 1", "'0512'", "a known application identifier"),
            (f"01{GTIN}0512", "character 17", "'0512'", "a known application identifier"),
            (
                "10ABCDEFGHIJKLMNOPQRSTU",
                "character 1",
                "'ABCDEFGHIJKLMNOPQRSTU'",
                "a value that fits application identifier 10",
            ),
            (
                "(10)ABCDEFGHIJKLMNOPQRSTU",
                "(10)",
                "'ABCDEFGHIJKLMNOPQRSTU'",
                "a value that fits application identifier 10",
            ),
            ("(21)A(21)B", "(21)", "'B' beside 'A'", "one value"),
            ("https://id.gs1.org/nothing", "Digital Link", "'/nothing'", PATH),
            (f"https://id.gs1.org/01/{GTIN}/21", "Digital Link", f"'/01/{GTIN}/21'", PATH),
            (f"https://id.gs1.org/01/{GTIN}/21/1/10/A", "Digital Link", "21, 10", "22, 10, 21 or 235 after 01"),
            (f"https://id.gs1.org/01/{GTIN}?17=280231", "(17)", "(17)280231", "a calendar date"),
            (f"https://id.gs1.org/01/{GTIN}?10=A", "(10)", "it in the query", "what may stand in the query of a link"),
            (f"https://id.gs1.org/01/{GTIN}?99=A&99=A", "(99)", "it a second time", "each identifier once in a link"),
            (f"https://id.gs1.org/01/{GTIN}/21/a b", "Digital Link", LINK, "http or https, a host and a path"),
            (f"https://id.gs1.org/01/{GTIN}?05=1", "(05)", "'1'", "a known application identifier"),
            (
                f"https://id.gs1.org/01/{GTIN}/21/a%1Db",
                "(21)",
                "'a\\x1db'",
                "a value that fits application identifier 21",
            ),
        ],
    )
    def test_says_what_does_not_fit(self, code, place, found, expected):
        with pytest.raises(InputError) as caught:
            parse(code)
        assert (caught.value.place, caught.value.found, caught.value.expected) == (place, found, expected)

    @given(st.text(max_size=60))
    def test_reads_or_refuses_anything(self, text):
        with contextlib.suppress(InputError):
            found = parse(text)
            assert found.elements or found.plain is not None


class TestElementString:
    """
    any serial and lot of the allowed characters -> written and read again, they are the same
    the last element                             -> has no separator after it
    when a value does not fit                    -> InputError
    """

    @given(st.text(CHARACTERS, min_size=1, max_size=20), st.text(CHARACTERS, min_size=1, max_size=20))
    def test_is_read_again(self, lot, serial):
        elements = (Element("01", GTIN), Element("10", lot), Element("21", serial))
        written = element_string(elements)
        assert not written.endswith(GS)
        assert parse(written).elements == elements

    def test_refuses_a_value_that_does_not_fit(self):
        with pytest.raises(InputError, match="application identifier 21"):
            element_string((Element("21", "x" * 21),))


class TestCheckDigit:
    """
    a published GTIN, SSCC, GLN      -> its last digit
    any one digit changed            -> does not check
    another length, or other letters -> does not check
    """

    @pytest.mark.parametrize("number", ["09521234543213", "106141412345678908", "4000001000005", GTIN])
    def test_is_the_published_one(self, number):
        assert check_digit(number[:-1]) == number[-1]
        assert has_check_digit(number, len(number))

    @given(st.integers(0, 13), st.integers(1, 9))
    def test_finds_every_single_error(self, place, change):
        wrong = GTIN[:place] + str((int(GTIN[place]) + change) % 10) + GTIN[place + 1 :]
        assert not has_check_digit(wrong, 14)

    @pytest.mark.parametrize("number", ["", GTIN[1:], "0" + GTIN, "0036141456789X", "\u06600361414567894"])
    def test_refuses_what_is_no_number(self, number):
        assert not has_check_digit(number, 14)


class TestLoss:
    """
    each element of a code -> is mapped, or preserved; what a link holds besides is dropped; none is lost in silence
    any value changed      -> changes the report
    """

    def test_accounts_for_everything(self):
        found = parse(f"https://id.gs1.org/01/{GTIN}/21/1?400=X&linkType=y")
        entries = [(entry.path, entry.disposition) for entry in found.loss(KEY).entries()]
        assert entries == [("(01)", "mapped"), ("(21)", "mapped"), ("(400)", "preserved"), ("?linkType", "dropped")]
        assert dict(found.loss(KEY).counts()) == {"mapped": 2, "defaulted": 0, "preserved": 1, "dropped": 1}

    def test_shows_a_change_and_not_the_value(self):
        one, other = (list(parse(f"(01){GTIN}(21){serial}").loss(KEY).entries()) for serial in ("1", "2"))
        assert one != other
        assert [entry.path for entry in one] == [entry.path for entry in other]
