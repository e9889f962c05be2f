"""Adjudication: examples computed by hand, laws that hold for every line, and agreement with the contract."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from medtrust.abi import Interface
from medtrust.adjudication import (
    BASIS_POINTS,
    UNLIMITED,
    Benefit,
    BenefitTerms,
    Line,
    Outcome,
    Reason,
    Terms,
    Totals,
    adjudicate,
    decide,
)
from medtrust.standards.fhir_eob import decided_lines
from medtrust.standards.fhir_json import Node
from tests.world import compiled

pyrevm = pytest.importorskip("pyrevm", reason="pyrevm has no wheel for this Python")

SEED = 20_261_123
CASES = 10_000
PER_TRANSACTION_GAS = 2_000_000

COIN = 100
TERMS = Terms(
    deductible=500 * COIN,
    out_of_pocket_maximum=3_000 * COIN,
    annual_limit=20_000 * COIN,
    attestation_above=UNLIMITED,
    waiting_days=0,
    filing_days=90,
    is_open=True,
)
OPEN = replace(TERMS, deductible=0, out_of_pocket_maximum=UNLIMITED, annual_limit=UNLIMITED)
VISIT = BenefitTerms(Benefit.PRIMARY_CARE, fee=120 * COIN, copay=25 * COIN, coinsurance=2_000, units_per_day=2)
MET = Totals(deductible_met=500 * COIN)


def coins(*amounts: float) -> tuple[int, ...]:
    return tuple(round(amount * COIN) for amount in amounts)


EXAMPLES = {
    # terms, benefit, line, totals before, (allowed, deductible, copay, coinsurance, plan, member, write-off), reason
    "the deductible takes all": (
        TERMS, VISIT, Line(1, 1, 10_000), Totals(), coins(100, 100, 0, 0, 0, 100, 0), Reason.COVERED,
    ),
    "the deductible takes its rest": (
        TERMS, VISIT, Line(1, 1, 10_000), Totals(deductible_met=45_000),
        coins(100, 50, 25, 5, 20, 80, 0), Reason.COVERED,
    ),
    "copay, then coinsurance of the rest": (
        TERMS, VISIT, Line(1, 1, 10_000), MET, coins(100, 0, 25, 15, 60, 40, 0), Reason.COVERED,
    ),
    "a charge above the fee is written off": (
        TERMS, VISIT, Line(1, 1, 15_000), MET, coins(120, 0, 25, 19, 76, 44, 30), Reason.FEE_REDUCED,
    ),
    "a charge of just the fee is not": (
        TERMS, VISIT, Line(1, 1, 12_000), MET, coins(120, 0, 25, 19, 76, 44, 0), Reason.COVERED,
    ),
    "units above the limit are written off": (
        TERMS, VISIT, Line(1, 3, 36_000), MET, coins(240, 0, 25, 43, 172, 68, 120), Reason.UNITS_REDUCED,
    ),
    "a copay never exceeds what is left": (
        TERMS, VISIT, Line(1, 1, 1_000), MET, coins(10, 0, 10, 0, 0, 10, 0), Reason.COVERED,
    ),
    "coinsurance is rounded up": (
        TERMS, replace(VISIT, copay=0, coinsurance=3_333), Line(1, 1, 100), MET,
        (100, 0, 0, 34, 66, 34, 0), Reason.COVERED,
    ),
    "the out-of-pocket maximum lets coinsurance off first": (
        TERMS, VISIT, Line(1, 1, 10_000), replace(MET, out_of_pocket_met=297_000),
        coins(100, 0, 25, 5, 70, 30, 0), Reason.COVERED,
    ),
    "then the copay": (
        TERMS, VISIT, Line(1, 1, 10_000), replace(MET, out_of_pocket_met=299_000),
        coins(100, 0, 10, 0, 90, 10, 0), Reason.COVERED,
    ),
    "then the deductible": (
        TERMS, VISIT, Line(1, 1, 10_000), Totals(out_of_pocket_met=296_000),
        coins(100, 40, 0, 0, 60, 40, 0), Reason.COVERED,
    ),
    "a reached maximum leaves all to the plan": (
        TERMS, VISIT, Line(1, 1, 10_000), replace(MET, out_of_pocket_met=300_000),
        coins(100, 0, 0, 0, 100, 0, 0), Reason.COVERED,
    ),
    "what lies beyond the annual limit falls to the member": (
        TERMS, VISIT, Line(1, 1, 10_000), replace(MET, plan_paid=1_997_000),
        coins(100, 0, 25, 15, 30, 70, 0), Reason.LIMIT_REACHED,
    ),
    "a reached annual limit leaves all to the member": (
        TERMS, VISIT, Line(1, 1, 15_000), replace(MET, plan_paid=2_000_000),
        coins(120, 0, 25, 19, 0, 120, 30), Reason.LIMIT_REACHED,
    ),
    "what is no benefit falls to the member": (
        TERMS, None, Line(6, 1, 10_000), MET, coins(0, 0, 0, 0, 0, 100, 0), Reason.NOT_A_BENEFIT,
    ),
    "no units are written off": (
        TERMS, VISIT, Line(1, 0, 10_000), MET, coins(0, 0, 0, 0, 0, 0, 100), Reason.FEE_REDUCED,
    ),
    "no charge is nothing": (
        TERMS, VISIT, Line(1, 1, 0), MET, coins(0, 0, 0, 0, 0, 0, 0), Reason.COVERED,
    ),
}  # fmt: skip


class Oracle:
    """The Solidity library, in process."""

    def __init__(self) -> None:
        artifact = compiled()["AdjudicationHarness"]
        self.interface = Interface(artifact)
        self.evm = pyrevm.EVM()
        self.caller = "0x" + "ca" * 20
        self.address = self.evm.deploy(self.caller, bytes.fromhex(artifact.bytecode[2:]))

    def decide(self, terms: Terms, benefit: BenefitTerms | None, line: Line, units_before: int, totals: Totals):
        """Decide as the contract does."""
        given = benefit or BenefitTerms(0, 0, 0, 0, 0)
        data = self.interface.encode_call("decide", [terms, given, line, units_before, totals])
        answer = self.evm.message_call(self.caller, self.address, calldata=data, gas=PER_TRANSACTION_GAS)
        raw = self.interface.decode_result("decide", bytes(answer))
        outcome, counted = list(raw["outcome"].values()), list(raw["counted"].values())
        return Outcome(*outcome[:-1], reason=Reason(outcome[-1])), Totals(*counted)


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle()


def amounts(dice: random.Random, most: int = UNLIMITED) -> int:
    """An amount of any size, often a bound."""
    found = dice.choice((0, 1, 99, most, dice.randrange(10**4), dice.randrange(10**8), dice.randrange(2**96)))
    return min(found, most)


def case(dice: random.Random) -> tuple[Terms, BenefitTerms | None, Line, int, Totals]:
    """One line in a policy that has counted something."""
    terms = Terms(amounts(dice), amounts(dice), amounts(dice), amounts(dice), 0, 0, True)
    share = dice.choice((0, 1, 1_000, 3_333, 9_999, BASIS_POINTS, dice.randrange(BASIS_POINTS)))
    most = dice.choice((1, 2, 5, 2_047))
    benefit = BenefitTerms(1, amounts(dice) or 1, amounts(dice), share, most)
    charge = dice.choice((amounts(dice), benefit.fee, benefit.fee + 1, benefit.fee * 3, 2**128 - 1))
    line = Line(1, dice.choice((0, 1, 2, 6, 2**32 - 1)), min(charge, 2**128 - 1))
    totals = Totals(
        amounts(dice, terms.deductible), amounts(dice, terms.out_of_pocket_maximum), amounts(dice, terms.annual_limit)
    )
    return terms, None if dice.random() < 0.05 else benefit, line, dice.choice((0, 0, 1, 4, 2**16)), totals


@pytest.fixture(scope="module")
def cases(request) -> list[tuple[Terms, BenefitTerms | None, Line, int, Totals]]:
    dice = random.Random(SEED)
    is_full = request.config.getoption("--full")
    return [case(dice) for _ in range(10 * CASES if is_full else CASES)]


class TestExamples:
    """
    given a line computed by hand -> decides it so, and counts it
    """

    @pytest.mark.parametrize("name", EXAMPLES)
    def test_decides_as_computed_by_hand(self, name, oracle):
        terms, benefit, line, totals, expected, reason = EXAMPLES[name]
        outcome, counted = decide(terms, benefit, line, totals)
        assert outcome == Outcome(outcome.units, *expected, reason=reason)
        assert counted == replace(
            totals,
            deductible_met=totals.deductible_met + outcome.deductible,
            out_of_pocket_met=totals.out_of_pocket_met + outcome.deductible + outcome.copay + outcome.coinsurance,
            plan_paid=totals.plan_paid + outcome.plan_pays,
        )
        assert oracle.decide(terms, benefit, line, 0, totals) == (outcome, counted)


class TestTwin:
    """
    given thousands of random lines -> Python and the contract decide the same, to the last unit
    """

    def test_agrees_with_the_contract(self, oracle, cases):
        for terms, benefit, line, units_before, totals in cases:
            expected = oracle.decide(terms, benefit, line, units_before, totals)
            found = decide(terms, benefit, line, totals, units_before=units_before)
            assert found == expected, (terms, benefit, line, units_before, totals)

    def test_is_tested_on_every_reason(self, cases):
        reasons = {
            decide(terms, benefit, line, totals, units_before=units)[0].reason
            for terms, benefit, line, units, totals in cases
        }
        assert reasons == set(Reason) - {reason for reason in Reason if reason >= Reason.NOT_THE_MEMBER}


class TestLaws:
    """
    given any line                  -> plan, member and write-off are the charge; nothing is negative
    given any line                  -> totals stay within the terms
    when a line is split in any way -> the plan never pays more
    when lines change their order   -> what the plan pays stays within one unit a line where there is no copay
    """

    def test_conserves_the_charge(self, cases):
        for terms, benefit, line, units, totals in cases:
            outcome, counted = decide(terms, benefit, line, totals, units_before=units)
            assert outcome.plan_pays + outcome.member_pays + outcome.write_off == line.charge
            parts = (outcome.deductible, outcome.copay, outcome.coinsurance, outcome.plan_pays, outcome.write_off)
            assert min(parts) >= 0
            assert sum(parts[:3]) <= outcome.member_pays
            assert counted.deductible_met <= terms.deductible
            assert counted.out_of_pocket_met <= terms.out_of_pocket_maximum
            assert counted.plan_paid <= terms.annual_limit

    def test_never_pays_more_for_parts_than_for_the_whole(self, cases):
        dice = random.Random(SEED)
        for terms, benefit, line, _, totals in cases:
            parts = dice.randrange(2, 5)
            cut_units = sorted(dice.randrange(line.units + 1) for _ in range(parts - 1))
            cut_charge = sorted(dice.randrange(line.charge + 1) for _ in range(parts - 1))
            lines = [
                Line(line.benefit, units, charge)
                for units, charge in zip(pieces(cut_units, line.units), pieces(cut_charge, line.charge), strict=True)
            ]
            whole, _ = adjudicate(terms, [benefit], [line], totals)
            split, _ = adjudicate(terms, [benefit] * parts, lines, totals)
            assert sum(one.plan_pays for one in split) <= whole[0].plan_pays, (terms, benefit, line, lines, totals)

    def test_hardly_depends_on_the_order(self):
        dice = random.Random(SEED)
        for _ in range(500):
            share = dice.randrange(BASIS_POINTS)
            benefit = BenefitTerms(1, 10**9, 0, share, 2**16 - 1)
            terms = replace(TERMS, deductible=dice.randrange(10**6), out_of_pocket_maximum=UNLIMITED)
            lines = [Line(1, 1, dice.randrange(10**6)) for _ in range(5)]
            paid = []
            for order in (lines, lines[::-1], sorted(lines, key=lambda line: line.charge)):
                outcomes, _ = adjudicate(terms, [benefit] * 5, order, Totals())
                paid.append(sum(one.plan_pays for one in outcomes))
            assert max(paid) - min(paid) <= len(lines)


def pieces(cuts: list[int], whole: int) -> list[int]:
    """The lengths between the cuts."""
    edges = [0, *cuts, whole]
    return [after - before for before, after in pairwise(edges)]


def explanations(folder, pattern: str):
    """Every ExplanationOfBenefit in the files, alone or in a Bundle."""
    for file in sorted(folder.glob(pattern)):
        document = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        for resource in (document, *(entry["resource"] for entry in document.get("entry", ()))):
            if resource.get("resourceType") == "ExplanationOfBenefit":
                yield resource


def decided_in(document: dict) -> list[dict[str, int]]:
    """What an ExplanationOfBenefit says of each line, in units of six decimals."""
    lines = decided_lines(Node(document, "ExplanationOfBenefit"), {})
    return [{name: round(Decimal(amount).scaleb(6)) for name, amount in told.items()} for told in lines]


class TestDocuments:
    """
    given the lines of published ExplanationOfBenefit documents -> decides them as they were decided there
    given a line that says too little, or does not add up       -> there is nothing to compare
    """

    def test_decides_as_synthea(self, corpus):
        """Every line with 20 % coinsurance."""
        count = 0
        for document in explanations(corpus, "synthea-r4/**/*.json"):
            for told in filter(None, decided_in(document)):
                benefit = BenefitTerms(1, told["allowed"], 0, 2_000, 1)
                outcome, _ = decide(OPEN, benefit, Line(1, 1, told["submitted"]), Totals())
                assert outcome.write_off == told["submitted"] - told["allowed"]
                assert (outcome.allowed, outcome.deductible) == (told["allowed"], told["deductible"])
                assert (outcome.coinsurance, outcome.plan_pays) == (told["coinsurance"], told["planPays"])
                count += 1
        assert count == 88

    def test_decides_as_a_carrier(self, corpus):
        """A charge far above what is allowed, of which the member pays a round amount."""
        (document,) = explanations(corpus, "eob/**/*eob_read_carrier_v1.json")
        (told,) = decided_in(document)
        benefit = BenefitTerms(1, told["allowed"], told["coinsurance"], 0, 1)
        outcome, _ = decide(OPEN, benefit, Line(1, 1, told["submitted"]), Totals())
        assert (outcome.plan_pays, outcome.member_pays) == (told["planPays"], told["coinsurance"])
        assert outcome.write_off == told["submitted"] - told["allowed"] == 190 * 10**6

    def test_what_says_too_little_is_not_compared(self, corpus):
        facts = {"submitted", "allowed", "deductible", "coinsurance", "planPays"}
        lines = [told for document in explanations(corpus, "eob/**/*.json") for told in decided_in(document)]
        whole = [told for told in lines if facts <= set(told)]
        sums = [told["deductible"] + told["coinsurance"] + told["planPays"] - told["allowed"] for told in whole]
        assert (len(lines), sums) == (56, [0, -190 * 10**6])
