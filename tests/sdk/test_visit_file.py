"""Visits, plans and money from files: nothing is guessed, nothing personal comes out."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from medtrust import samples, standards
from medtrust.adjudication import UNLIMITED, Benefit, Line, Reason, Totals, adjudicate
from medtrust.charges import RANGES, benefit_of_code, token_units
from medtrust.errors import InputError
from medtrust.explanation import ClaimStatus, Explanation
from medtrust.keccak import keccak256
from medtrust.money import format_amount, parse_amount
from medtrust.plan import Plan
from medtrust.plan_file import read_plan
from medtrust.types import organisation_id
from medtrust.visit_file import Bill, bills_in, nullifier_of

CLINIC = "urn:gs1:gln:0614141000012"
INSURER = organisation_id("urn:gs1:gln:0614141000067")
KEY = b"\x07" * 32
COIN = 10**6
TARGET = {
    "key": KEY,
    "payer": "0x" + "11" * 20,
    "insurer": INSURER,
    "policy": b"\x05" * 32,
    "member": "0x" + "22" * 20,
}


def bill_of(name: str) -> Bill:
    reading = standards.read(samples.read(name), name=name, key=KEY, organisation=CLINIC)
    assert not reading.refusals
    (bill,) = bills_in(reading.records)
    return bill


@pytest.fixture
def bill() -> Bill:
    return bill_of("visit_claim.json")


def with_line(bill: Bill, **changes) -> Bill:
    """The bill with its first line alone, changed."""
    line = replace(bill.claim.ln[0], **changes)
    return replace(bill, claim=replace(bill.claim, ln=(line,), tot=line.amt))


class TestVisit:
    """
    given the same visit as FHIR and as HL7 v2 -> is one visit, to the last byte
    given the sample                       -> has coarse benefits, the token's units, midnight UTC of its day
    given another key                      -> shares neither record nor nullifier
    given another insurer is billed        -> has the same nullifier
    given any bill                         -> no code, name, number or day of birth stands in it
    when the claim names another insurer   -> raises InputError
    when the currency is another           -> raises InputError
    when a code is unknown                 -> raises InputError with its line
    when a quantity is no whole number     -> raises InputError with its line
    when the token is too coarse           -> raises InputError with its line
    when there are 25, 26 lines            -> makes it, raises InputError
    """

    def test_is_one_visit_in_both_formats(self, bill):
        assert bill_of("visit_dft_p03.hl7").visit(**TARGET) == bill.visit(**TARGET)

    def test_has_benefits_and_units(self, bill):
        visit = bill.visit(**TARGET)
        assert visit.lines == (
            Line(Benefit.PRIMARY_CARE, 1, 120_500_000),
            Line(Benefit.VACCINATION, 1, 25 * COIN),
            Line(Benefit.VACCINATION, 1, 45 * COIN),
        )
        assert visit.provider == organisation_id(CLINIC)
        assert visit.served_at == 1_791_158_400
        assert bill.policy_number == "MM-4471-882"

    def test_shares_nothing_under_another_key(self, bill):
        first, second = bill.visit(**TARGET), bill.visit(**{**TARGET, "key": b"\x08" * 32})
        assert first.record != second.record
        assert first.nullifier != second.nullifier

    def test_has_one_nullifier_whoever_is_billed(self, bill):
        other = replace(bill, claim=replace(bill.claim, payer="urn:gs1:gln:0614141000050"))
        found = other.visit(**{**TARGET, "insurer": organisation_id("urn:gs1:gln:0614141000050")})
        assert found.nullifier == bill.visit(**TARGET).nullifier
        assert found.record != bill.visit(**TARGET).record
        with pytest.raises(ValueError, match="32 bytes"):
            nullifier_of(bill.encounter, b"short")

    def test_holds_nothing_personal(self, bill):
        visit = repr(bill.visit(**TARGET))
        for canary in ("99213", "90715", "Z23", "Quint", "700101", "MM-4471", "1984", bill.encounter.core_hash().hex()):
            assert canary not in visit

    def test_raises_when_claim_names_another_insurer(self, bill):
        with pytest.raises(InputError, match="payer: found urn:gs1:gln:0614141000067, expected the insurer"):
            bill.visit(**{**TARGET, "insurer": organisation_id("urn:x:another")})

    def test_raises_when_currency_is_another(self, bill):
        with pytest.raises(InputError, match="currency: found USD, expected EUR"):
            bill.visit(**TARGET, currency="EUR")

    @pytest.mark.parametrize("code", ["99999", "9921", "992130", "Z9213"])
    def test_raises_when_a_code_is_unknown(self, bill, code):
        with pytest.raises(InputError, match=rf"ln\[1\]\.c: found cpt {code}"):
            with_line(bill, c=code).visit(**TARGET)

    @pytest.mark.parametrize("quantity", ["0", "0.5", "4294967296"])
    def test_raises_when_quantity_is_no_whole_number(self, bill, quantity):
        with pytest.raises(InputError, match=rf"ln\[1\]\.q: found {quantity}"):
            with_line(bill, q=quantity).visit(**TARGET)

    def test_raises_when_token_is_too_coarse(self, bill):
        with pytest.raises(InputError, match=r"ln\[1\]\.amt: found 12050 minor units"):
            bill.visit(**TARGET, decimals=0)
        assert bill.visit(**TARGET, decimals=1).lines[0].charge == 1205

    def test_takes_25_lines(self, bill):
        def with_lines(count: int) -> Bill:
            lines = tuple(replace(bill.claim.ln[1], n=number) for number in range(1, count + 1))
            return replace(bill, claim=replace(bill.claim, ln=lines, tot=str(2500 * count)))

        assert len(with_lines(25).visit(**TARGET).lines) == 25
        with pytest.raises(InputError, match="ln: found 26 lines, expected at most 25"):
            with_lines(26).visit(**TARGET)


class TestBillsIn:
    """
    given a claim without its encounter -> raises InputError with its place
    """

    def test_raises_given_a_claim_alone(self):
        reading = standards.read(samples.read("visit_claim.json"), name="x", key=KEY, organisation=CLINIC)
        claims = [record for record in reading.records if record.canonical.schema == "claim/1"]
        with pytest.raises(InputError, match="a claim alone"):
            bills_in(claims)


class TestCharges:
    """
    given the table         -> ranges are in order, and none overlaps another
    given a known code      -> is its benefit, at both ends of a range and not beyond
    given an amount         -> scales to the last unit, or raises InputError
    """

    def test_ranges_do_not_overlap(self):
        for (system, _, last, _), (next_system, first, _, _) in itertools.pairwise(RANGES):
            assert system < next_system or last < first

    @pytest.mark.parametrize("code", ["90460", "90474"])
    def test_knows_both_ends(self, code):
        assert benefit_of_code("cpt", code) is Benefit.VACCINATION

    @pytest.mark.parametrize(("system", "code"), [("cpt", "90459"), ("cpt", "90475"), ("hcpcs", "90471"), ("sct", "1")])
    def test_raises_beyond_them(self, system, code):
        with pytest.raises(InputError, match=f"{system} {code}"):
            benefit_of_code(system, code)

    def test_scales_to_the_last_unit(self):
        assert token_units("12050", 2, 6) == 120_500_000
        assert token_units("12050", 2, 1) == 1205
        assert token_units("500", 0, 18) == 500 * 10**18
        with pytest.raises(InputError, match="12051 minor units"):
            token_units("12051", 2, 1)


class TestMoney:
    """
    given an amount as people write it -> reads and writes it without a loss
    when it is too fine or no amount   -> raises InputError
    """

    @pytest.mark.parametrize(
        ("text", "decimals", "amount", "written"),
        [
            ("120.50", 6, 120_500_000, "120.50"),
            ("0", 6, 0, "0.00"),
            ("1234567.000001", 6, 1_234_567_000_001, "1,234,567.000001"),
            ("7", 0, 7, "7.00"),
            ("0.100", 1, 1, "0.10"),
        ],
    )
    def test_reads_and_writes(self, text, decimals, amount, written):
        assert parse_amount(text, decimals) == amount
        assert format_amount(amount, decimals) == written

    @pytest.mark.parametrize("text", ["", "-1", "1e3", "1.", ".5", "1,000", "0.0000001", "१"])
    def test_raises_when_it_is_no_amount(self, text):
        with pytest.raises(InputError):
            parse_amount(text, 6)


class TestPlanFile:
    """
    given the sample                     -> is the plan, benefits in their order
    given a limit "none" and a network   -> is unlimited and closed
    when the network is neither "open" nor a list -> raises InputError with what it is
    given what is looked at, or not      -> is as it says, or paid without a look
    given capital, and days until the last claim -> at most a year of them; any number without capital
    given benefits that exclude each other -> both say so
    when it is decoded from its encoding -> is the same
    when a name is missing or not known  -> raises InputError with its place
    when a value is not what it should be -> raises InputError with its place
    """

    @pytest.fixture
    def document(self):
        return json.loads(samples.read("plan.json"))

    def test_reads_the_sample(self, document):
        plan = read_plan(document)
        assert plan.insurer == INSURER
        assert plan.terms.deductible == 50 * COIN
        assert plan.terms.is_open
        assert [one.benefit for one in plan.benefits] == sorted(one.benefit for one in plan.benefits)
        pharmacy = plan.terms_for(Line(Benefit.PHARMACY, 1, 1))
        assert (pharmacy.fee, pharmacy.copay, pharmacy.coinsurance) == (90 * COIN, 10 * COIN, 1_250)
        assert plan.terms_for(Line(Benefit.SURGERY, 1, 1)) is None

    @pytest.mark.parametrize("network", ["closed", None, {}, 7, True])
    def test_raises_given_no_network(self, document, network):
        with pytest.raises(InputError) as caught:
            read_plan({**document, "network": network})
        assert (caught.value.place, caught.value.found) == ("network", repr(network))

    def test_reads_limits_and_network(self, document):
        plan = read_plan({**document, "annualLimit": "none", "network": ["urn:x:b", "urn:x:a"]})
        assert plan.terms.annual_limit == UNLIMITED
        assert not plan.terms.is_open
        assert plan.network == tuple(sorted((organisation_id("urn:x:a"), organisation_id("urn:x:b"))))

    def test_reads_what_is_looked_at(self, document):
        limits = {"automaticUpTo": "80.00", "deemedUpTo": "90.00", "solvency": "12.5%", "filingDays": 90}
        plan = read_plan({**document, **limits})
        found = plan.terms
        assert (found.automatic_up_to, found.deemed_up_to, found.solvency) == (80 * COIN, 90 * COIN, 1_250)
        assert (found.visits_per_day, found.decide_days, found.appeal_days) == (250, 14, 60)
        left_out = ("automaticUpTo", "deemedUpTo", "visitsPerDay", "solvency", "decideDays", "appealDays")
        found = read_plan({name: value for name, value in document.items() if name not in left_out}).terms
        assert (found.automatic_up_to, found.deemed_up_to, found.visits_per_day) == (UNLIMITED, UNLIMITED, 0)
        assert (found.solvency, found.decide_days, found.appeal_days) == (0, 14, 30)

    def test_reads_as_many_filing_days_as_capital_can_wait_for(self, document):
        terms = {"decideDays": 14, "appealDays": 60, "solvency": "1%"}
        for days in (203, 204):
            assert read_plan({**document, **terms, "filingDays": days}).terms.filing_days == days
        assert read_plan({**document, **terms, "solvency": "0%", "filingDays": 205}).terms.filing_days == 205

    def test_reads_what_excludes_what(self, document):
        first, second = document["benefits"][:2]
        first["excludes"], second["excludes"] = [second["benefit"]], [first["benefit"]]
        plan = read_plan(document)
        assert plan.terms_for(Line(Benefit.PRIMARY_CARE, 1, 1)).excludes == 1 << Benefit.SPECIALIST
        assert plan.terms_for(Line(Benefit.SPECIALIST, 1, 1)).excludes == 1 << Benefit.PRIMARY_CARE
        assert plan.terms_for(Line(Benefit.IMAGING, 1, 1)).excludes == 0

    def test_decodes_what_it_encodes(self, document):
        plan = read_plan({**document, "network": ["urn:x:b", "urn:x:a"]})
        assert Plan.decode(plan.encoded) == plan
        assert keccak256(plan.encoded) == plan.id

    def test_raises_when_a_name_is_missing_or_not_known(self, document):
        with pytest.raises(InputError, match=r"plan\.filingDays: found nothing"):
            read_plan({name: value for name, value in document.items() if name != "filingDays"})
        with pytest.raises(InputError, match=r"plan\.deductable: found a name that is not known"):
            read_plan({**document, "deductable": "1"})
        with pytest.raises(InputError, match="plan: found list"):
            read_plan([])

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"deductible": 50}, "deductible"),
            ({"deductible": "-1"}, "deductible"),
            ({"annualLimit": str(2**96)}, "annualLimit"),
            ({"waitingDays": "30"}, "waitingDays"),
            ({"waitingDays": True}, "waitingDays"),
            ({"filingDays": 65_536}, "filingDays"),
            ({"insurer": "Meridian"}, "organisation"),
            ({"benefits": []}, "benefits"),
            ({"benefits": "none"}, "benefits"),
            ({"automaticUpTo": "100.00", "deemedUpTo": "99.99"}, "deemedUpTo"),
            ({"visitsPerDay": -1}, "visitsPerDay"),
            ({"solvency": "101%"}, "solvency"),
            ({"decideDays": 0}, "decideDays"),
            ({"decideDays": 31}, "decideDays"),
            ({"appealDays": 0}, "appealDays"),
            ({"appealDays": 256}, "appealDays"),
            ({"solvency": "1%", "decideDays": 14, "appealDays": 60, "filingDays": 205}, "filingDays"),
        ],
    )
    def test_raises_when_a_term_is_wrong(self, document, change, place):
        with pytest.raises(InputError) as caught:
            read_plan({**document, **change})
        assert caught.value.place == place

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("benefit", "wellness"),
            ("fee", "0.00"),
            ("fee", 110),
            ("copay", "free"),
            ("coinsurance", "101%"),
            ("coinsurance", "0.2"),
            ("coinsurance", "12.345%"),
            ("unitsPerDay", 0),
            ("unitsPerDay", 2_048),
            ("excludes", "imaging"),
            ("excludes", ["wellness"]),
            ("excludes", ["imaging"]),
        ],
    )
    def test_raises_when_a_benefit_is_wrong(self, document, name, value):
        document["benefits"][2][name] = value
        with pytest.raises(InputError) as caught:
            read_plan(document)
        assert caught.value.place == f"benefits[2].{name}"

    def test_raises_when_a_benefit_is_repeated(self, document):
        document["benefits"].append(document["benefits"][0])
        with pytest.raises(InputError) as caught:
            read_plan(document)
        assert caught.value.place == "benefits[8].benefit"


class TestLetter:
    """
    given each status -> says what was charged, who pays what, and why
    """

    @pytest.fixture
    def explained(self, bill):
        plan = read_plan(json.loads(samples.read("plan.json")))
        visit = bill.visit(**TARGET)

        outcomes, _ = adjudicate(plan.terms, [plan.terms_for(line) for line in visit.lines], visit.lines, Totals())
        return Explanation(visit, ClaimStatus.PAID, Reason.COVERED, 1, tuple(outcomes))

    def test_of_a_paid_claim(self, explained):
        assert (explained.plan_pays, explained.member_pays, explained.write_off) == (97 * COIN, 78 * COIN, 15_500_000)
        assert explained.letter(6, "mUSD").splitlines() == [
            "Your visit of 2026-10-05: paid to the provider",
            f"claim 0x{explained.visit.id.hex()}",
            (
                "  1. primary care x 1: charged 120.50, allowed 110.00, the plan pays 32.00, your share 78.00 "
                "(deductible 50.00, copay 20.00, coinsurance 8.00)"
            ),
            "     the provider charges more than the plan's fee; you do not owe the difference",
            "  2. vaccination x 1: charged 25.00, allowed 25.00, the plan pays 25.00, your share 0.00",
            "     covered by the plan",
            "  3. vaccination x 1: charged 45.00, allowed 40.00, the plan pays 40.00, your share 0.00",
            "     the provider charges more than the plan's fee; you do not owe the difference",
            "Charged 190.50 mUSD: the plan pays 97.00 mUSD, you pay 78.00 mUSD, written off 15.50 mUSD.",
        ]

    def test_of_a_denied_claim(self, explained):

        denied = replace(explained, status=ClaimStatus.DENIED, reason=Reason.FILED_LATE, outcomes=())
        assert denied.member_pays == explained.visit.charge
        assert "The plan pays nothing: the visit was recorded after the last filing day." in denied.letter(6, "mUSD")

    def test_of_a_claim_that_is_all_hers(self, explained):
        """After an appeal that raised nothing, a claim of which the rules leave all to the member is denied."""
        (first, *_), visit = explained.outcomes, explained.visit
        hers = replace(first, deductible=110 * COIN, copay=0, coinsurance=0, plan_pays=0, member_pays=110 * COIN)
        told = replace(
            explained,
            visit=replace(visit, lines=visit.lines[:1]),
            status=ClaimStatus.DENIED,
            outcomes=(hers,),
            amount=0,
            appeals=1,
        )
        closing = "Charged 120.50 mUSD: the plan pays 0.00 mUSD, you pay 110.00 mUSD, written off 10.50 mUSD."
        assert told.letter(6, "mUSD").splitlines()[-1] == closing

    def test_of_a_pending_claim(self, explained):
        pending = replace(explained, status=ClaimStatus.PENDING, outcomes=(), waits_for="the member must sign")
        assert pending.member_pays == 0
        assert pending.letter(6, "mUSD").splitlines()[-1] == "It waits: the member must sign."

    def test_names_what_lies_beyond_the_limit(self, explained):

        first = replace(explained.outcomes[0], plan_pays=0, member_pays=110 * COIN, reason=Reason.LIMIT_REACHED)
        letter = replace(explained, outcomes=(first,)).letter(6, "mUSD")
        assert "coinsurance 8.00, over the annual limit 32.00)" in letter
