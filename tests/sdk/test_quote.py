"""Quotes: what a plan would pay, from files alone; the outcome as a FHIR explanation and as the facts of an 835."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from fhir.resources.R4B.explanationofbenefit import ExplanationOfBenefit

from medtrust import samples
from medtrust.adjudication import Benefit, Line, Outcome, Reason, Totals, adjudicate
from medtrust.billing import read_bills
from medtrust.errors import InputError
from medtrust.explanation import ClaimStatus, Explanation
from medtrust.money import Money
from medtrust.plan_file import read_plan
from medtrust.quote import Quote, quote
from medtrust.standards.fhir_eob import decided_lines
from medtrust.standards.fhir_explanation import explanation_of_benefit, fhir_text
from medtrust.standards.fhir_json import Node, parse
from medtrust.standards.x12_remittance import remittance
from medtrust.visit_file import Bill
from tests.sdk.test_claims_twin import lines_of, plan_of, totals_of

DAY = 86_400
COIN = 10**6
CLINIC = "urn:gs1:gln:0614141000012"
PLAN = read_plan(json.loads(samples.read("plan.json")))
FORMATS = ("visit_claim.json", "visit_dft_p03.hl7", "visit_837p.x12", "visit.json")


def bill_of(name: str = "visit.json") -> Bill:
    (bill,) = read_bills(samples.read(name), name=name, key=bytes(32), organisation=CLINIC)
    return bill


@pytest.fixture
def quoted() -> Quote:
    return quote(PLAN, bill_of())


def random_explanations(count: int) -> list[Explanation]:
    """Explanations of visits of any kind, as the twin decides them."""
    dice, visit = random.Random(835), quote(PLAN, bill_of()).explanation.visit
    found = []
    for number in range(count):
        plan = plan_of(dice, number)
        lines = lines_of(dice, plan)
        outcomes, _ = adjudicate(
            plan.terms, [plan.terms_for(line) for line in lines], lines, totals_of(dice, plan.terms)
        )
        decided = replace(visit, lines=tuple(lines))
        found.append(Explanation(decided, ClaimStatus.PAID, Reason.COVERED, 1_800_000_000, tuple(outcomes)))
    return found


class TestQuote:
    """
    given the sample visit in any format -> the same amounts
    given what the policy has counted    -> it counts on
    given a term or a day of filing      -> each bound judged to the second
    given more than is paid unsigned     -> it waits for the member
    given more than is paid without a look, or a pair that excludes each other -> it would be held, and why
    when totals are beyond the plan      -> InputError
    when the claim is another insurer's  -> InputError
    """

    @pytest.mark.parametrize("name", FORMATS)
    def test_formats_agree(self, name: str) -> None:
        found = quote(PLAN, bill_of(name))
        told = found.explanation
        assert (told.plan_pays, told.member_pays, told.write_off) == (97 * COIN, 78 * COIN, 15_500_000)
        assert found.totals == Totals(50 * COIN, 78 * COIN, 97 * COIN, 97 * COIN)
        assert (told.status, told.reason, told.waits_for) == (ClaimStatus.APPROVED, Reason.COVERED, "")

    def test_counts_on(self, quoted: Quote) -> None:
        again = quote(PLAN, bill_of(), quoted.totals)
        assert again.explanation.outcomes[0] == Outcome(
            1, 110 * COIN, 0, 20 * COIN, 18 * COIN, 72 * COIN, 38 * COIN, 10_500_000, Reason.FEE_REDUCED
        )
        assert again.totals == Totals(50 * COIN, 116 * COIN, 234 * COIN, 234 * COIN)
        assert again.explanation.waits_for == ""
        assert "sign" in quote(PLAN, bill_of(), again.totals).explanation.waits_for

    @pytest.mark.parametrize(("limit", "is_held"), [(97 * COIN - 1, True), (97 * COIN, False), (97 * COIN + 1, False)])
    def test_says_that_it_would_be_held(self, limit: int, is_held: bool) -> None:
        plan = replace(PLAN, terms=replace(PLAN.terms, automatic_up_to=limit))
        told = quote(plan, bill_of()).explanation
        assert (told.status is ClaimStatus.HELD) == is_held
        assert told.reason is (Reason.ABOVE_AUTOMATIC if is_held else Reason.COVERED)
        assert told.plan_pays == 97 * COIN

    def test_says_that_a_pair_excludes_each_other(self) -> None:
        first, second = Benefit.PRIMARY_CARE, Benefit.VACCINATION
        masks = {first: 1 << second, second: 1 << first}
        benefits = tuple(replace(one, excludes=masks.get(one.benefit, 0)) for one in PLAN.benefits)
        told = quote(replace(PLAN, benefits=benefits), bill_of()).explanation
        assert (told.status, told.reason) == (ClaimStatus.HELD, Reason.EXCLUDED_PAIR)

    @pytest.mark.parametrize(
        ("begins", "ends", "filed", "reason"),
        [
            (1, 400 * DAY, 0, Reason.BEFORE_COVERAGE),
            (0, 400 * DAY, 0, Reason.IN_WAITING_PERIOD),
            (-30 * DAY + 1, 400 * DAY, 0, Reason.IN_WAITING_PERIOD),
            (-30 * DAY, 400 * DAY, 0, Reason.COVERED),
            (-30 * DAY, 1, 0, Reason.COVERED),
            (-30 * DAY, 0, 0, Reason.AFTER_COVERAGE),
            (-30 * DAY, 1, 365 * DAY - 1, Reason.COVERED),
            (-30 * DAY, 1, 365 * DAY, Reason.FILED_LATE),
        ],
    )
    def test_judges_coverage(self, begins: int, ends: int, filed: int, reason: Reason) -> None:
        bill = bill_of()
        at = bill.served_at
        found = quote(PLAN, bill, covered_from=at + begins, covered_until=at + ends, recorded_at=at + filed)
        assert found.explanation.reason is reason
        if reason is not Reason.COVERED:
            assert (found.explanation.status, found.totals) == (ClaimStatus.DENIED, Totals())
            assert (found.explanation.plan_pays, found.explanation.member_pays) == (0, 190_500_000)

    @pytest.mark.parametrize(
        ("totals", "place"),
        [
            (Totals(50 * COIN + 1), "deductible met"),
            (Totals(0, 1_500 * COIN + 1), "out-of-pocket met"),
            (Totals(0, 0, 50_000 * COIN + 1), "plan paid"),
            (Totals(0, 0, -1), "plan paid"),
        ],
    )
    def test_reverts_when_totals_are_beyond_the_plan(self, totals: Totals, place: str) -> None:
        with pytest.raises(InputError) as caught:
            quote(PLAN, bill_of(), totals)
        assert caught.value.place == place

    def test_reverts_when_the_claim_is_anothers(self) -> None:
        with pytest.raises(InputError) as caught:
            quote(replace(PLAN, insurer=b"\x09" * 32), bill_of())
        assert (caught.value.place, caught.value.found) == ("payer", "urn:gs1:gln:0614141000067")


class TestExplanationOfBenefit:
    """
    given a decision of any kind   -> a valid FHIR R4 ExplanationOfBenefit, whose amounts are those of the decision
    given one that was not decided -> queued, without amounts but the charge
    given one that was denied      -> all is the member's, with its reason
    given one that was paid        -> has a payment
    """

    def test_is_valid_and_says_the_amounts(self, quoted: Quote) -> None:
        for explanation in (quoted.explanation, *random_explanations(30)):
            text = fhir_text(explanation_of_benefit(explanation, PLAN.insurer))
            valid = ExplanationOfBenefit.model_validate_json(text)
            assert len(valid.item) == len(explanation.visit.lines)
            told = [_units(item["adjudication"]) for item in json.loads(text, parse_float=Decimal)["item"]]
            assert told == [
                {
                    "submitted": line.charge,
                    "eligible": outcome.allowed,
                    "deductible": outcome.deductible,
                    "copay": outcome.copay,
                    "coinsurance": outcome.coinsurance,
                    "discount": outcome.write_off,
                    "memberliability": outcome.member_pays,
                    "benefit": outcome.plan_pays,
                }
                for line, outcome in zip(explanation.visit.lines, explanation.outcomes, strict=True)
            ]

    def test_is_read_as_it_is_written(self, quoted: Quote) -> None:
        ((path, document, _),) = parse(fhir_text(explanation_of_benefit(quoted.explanation, PLAN.insurer)).encode())
        said = {"submitted": "120.5", "allowed": "110", "deductible": "50", "copay": "20", "coinsurance": "8"}
        assert decided_lines(Node(document, path), {})[0] == {**said, "memberPays": "78", "planPays": "32"}

    def test_says_who_and_why(self, quoted: Quote) -> None:
        document = explanation_of_benefit(quoted.explanation, PLAN.insurer, Money("EUR", 2))
        assert document["insurer"]["identifier"]["value"] == f"urn:medtrust:organisation:0x{PLAN.insurer.hex()}"
        assert document["item"][0]["productOrService"]["text"] == "primary care"
        reason = document["item"][0]["adjudication"][-1]["reason"]
        assert reason["coding"][0]["code"] == "FEE_REDUCED"
        assert reason["text"] == Reason.FEE_REDUCED.sentence
        assert document["total"][0]["amount"] == {"value": Decimal(1_905_000), "currency": "EUR"}
        assert (document["outcome"], "payment" in document) == ("complete", False)

    def test_of_a_pending_claim_is_queued(self, quoted: Quote) -> None:
        pending = replace(quoted.explanation, status=ClaimStatus.PENDING, outcomes=(), waits_for="the member must sign")
        document = explanation_of_benefit(pending, PLAN.insurer)
        ExplanationOfBenefit.model_validate_json(fhir_text(document))
        assert (document["outcome"], len(document["total"])) == ("queued", 1)
        assert document["disposition"] == "not decided yet; it waits: the member must sign"

    def test_of_a_denied_claim_is_the_members(self, quoted: Quote) -> None:
        denied = replace(quoted.explanation, status=ClaimStatus.DENIED, reason=Reason.FILED_LATE, outcomes=())
        document = explanation_of_benefit(denied, PLAN.insurer)
        ExplanationOfBenefit.model_validate_json(fhir_text(document))
        totals = {one["category"]["coding"][0]["code"]: one["amount"]["value"] for one in document["total"]}
        assert totals == {
            "submitted": Decimal("190.5"),
            "discount": 0,
            "memberliability": Decimal("190.5"),
            "benefit": 0,
        }
        assert document["item"][2]["adjudication"][-1]["reason"]["coding"][0]["code"] == "FILED_LATE"

    def test_of_a_paid_claim_has_a_payment(self, quoted: Quote) -> None:
        paid = replace(quoted.explanation, status=ClaimStatus.PAID, decided_at=1_800_000_000)
        payment = explanation_of_benefit(paid, PLAN.insurer)["payment"]
        assert payment == {"date": "2027-01-15", "amount": {"value": Decimal(97), "currency": "USD"}}


def _units(adjudication: list[dict]) -> dict[str, int]:
    """Return the amounts in units of six decimals, by their codes."""
    return {one["category"]["coding"][0]["code"]: int(Fraction(one["amount"]["value"]) * COIN) for one in adjudication}


class TestRemittance:
    """
    given any decision          -> in each line and in all, the charge less the adjustments is the payment
    given a reason              -> its group and its code
    given one not decided       -> no facts
    """

    def test_balances(self, quoted: Quote) -> None:
        for explanation in (quoted.explanation, *random_explanations(200)):
            facts = remittance(explanation)
            for service in facts["SVC"]:
                assert _left(service) == Fraction(service["payment"])
            charged, paid = (sum(Fraction(one[name]) for one in facts["SVC"]) for name in ("charge", "payment"))
            cuts = [cut for one in facts["SVC"] for cut in one["CAS"]]
            members = sum(Fraction(cut["amount"]) for cut in cuts if cut["group"] == "PR")
            claim = facts["CLP"]
            told = tuple(Fraction(claim[name]) for name in ("charge", "payment", "patientResponsibility"))
            assert told == (charged, paid, members)

    def test_says_why(self, quoted: Quote) -> None:
        first, second, third = remittance(quoted.explanation)["SVC"]
        assert [(cut["group"], cut["reason"], cut["amount"]) for cut in first["CAS"]] == [
            ("CO", "45", "10.5"),
            ("PR", "1", "50"),
            ("PR", "3", "20"),
            ("PR", "2", "8"),
        ]
        assert (second["CAS"], third["CAS"]) == ([], [{"group": "CO", "reason": "45", "amount": "5"}])

    @pytest.mark.parametrize(
        ("reason", "code"),
        [
            (Reason.NOT_THE_MEMBER, "31"),
            (Reason.BEFORE_COVERAGE, "26"),
            (Reason.IN_WAITING_PERIOD, "179"),
            (Reason.AFTER_COVERAGE, "27"),
            (Reason.FILED_LATE, "29"),
            (Reason.OUT_OF_NETWORK, "242"),
        ],
    )
    def test_of_a_denied_claim_has_its_code(self, quoted: Quote, reason: Reason, code: str) -> None:
        facts = remittance(replace(quoted.explanation, status=ClaimStatus.DENIED, reason=reason, outcomes=()))
        assert facts["CLP"]["claimStatus"] == "4"
        assert [one["CAS"] for one in facts["SVC"]] == [
            [{"group": "PR", "reason": code, "amount": amount}] for amount in ("120.5", "25", "45")
        ]

    def test_of_a_pending_claim_has_no_facts(self, quoted: Quote) -> None:
        assert remittance(replace(quoted.explanation, status=ClaimStatus.PENDING, outcomes=())) == {}

    @pytest.mark.parametrize(
        ("outcome", "expected"),
        [
            ((100, 0, 0, 0, 40, 60, 20, Reason.LIMIT_REACHED), [("CO", "45", "20"), ("PR", "119", "60")]),
            ((100, 0, 0, 0, 100, 0, 20, Reason.UNITS_REDUCED), [("CO", "222", "20")]),
            ((0, 0, 0, 0, 0, 120, 0, Reason.NOT_A_BENEFIT), [("PR", "204", "120")]),
        ],
    )
    def test_of_a_line_has_its_codes(self, quoted: Quote, outcome: tuple, expected: list) -> None:
        visit = replace(quoted.explanation.visit, lines=(Line(1, 1, 120),))
        told = replace(quoted.explanation, visit=visit, outcomes=(Outcome(1, *outcome[:-1], reason=outcome[-1]),))
        (service,) = remittance(told, Money("USD", 0))["SVC"]
        assert [(cut["group"], cut["reason"], cut["amount"]) for cut in service["CAS"]] == expected


def _left(service: dict) -> Fraction:
    return Fraction(service["charge"]) - sum(Fraction(cut["amount"]) for cut in service["CAS"])
