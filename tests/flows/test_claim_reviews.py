"""Claims that are not paid at once: held, decided, deemed, appealed, on a second policy, taken back; told each way."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from fhir.resources.R4B.explanationofbenefit import ExplanationOfBenefit
from typer.testing import CliRunner

from medtrust.accreditation import Role
from medtrust.adjudication import Reason
from medtrust.billing import Billing
from medtrust.cli import app
from medtrust.deploy import AddressBook
from medtrust.dossier import pair_of
from medtrust.errors import InputError, MedtrustError, Reverted
from medtrust.explanation import ClaimStatus, Explanation
from medtrust.money import Money
from medtrust.standards.fhir_explanation import explanation_of_benefit, fhir_text
from medtrust.standards.x12_remittance import remittance
from tests.insurance_world import COIN, DAY, PAYS, Insured, agreed, fund, insure, member_of
from tests.world import FAR, World

LIMITED = {"automatic_up_to": 50 * COIN, "deemed_up_to": 60 * COIN, "decide_days": 5, "appeal_days": 10}
DECIDED = 30 * COIN


@pytest.fixture
def held(world: World) -> Insured:
    """A policy whose plan pays 50 coins a day without a look; a visit of 80 is held."""
    insured = insure(world, **LIMITED)
    insured.record(insured.visit())
    return insured


@pytest.fixture
def desk(world: World) -> Billing:
    return Billing(world.acting_as("relayer"))


def decide(insured: Insured, amount: int, *, by: str = "insurer") -> None:
    world = insured.world
    world.acting_as(by).insurance.decide(insured.visit(), getattr(world, by), amount)


def document_of(told: Explanation, insurer: bytes) -> dict[str, Any]:
    """The ExplanationOfBenefit, which is valid by the models of others."""
    document = explanation_of_benefit(told, insurer)
    ExplanationOfBenefit.model_validate(json.loads(fhir_text(document)))
    return document


def balances(told: Explanation) -> bool:
    """Whether each part of the charge is somebody's, and the facts of the 835 balance."""
    facts = remittance(told, Money("USD", 6))
    cuts = [cut for part in (*facts["SVC"], facts) for cut in part.get("CAS", [])]
    left = Fraction(facts["CLP"]["charge"]) - sum(Fraction(cut["amount"]) for cut in cuts)
    parts = told.plan_pays + told.member_pays + told.write_off + told.refused + (told.first_paid or 0)
    return left == Fraction(facts["CLP"]["payment"]) and parts == told.visit.charge


class TestHeld:
    """
    given more than the plan pays without a look -> held; its money is reserved; nothing is remitted; says until when
    when the insurer decides less, or nothing    -> pays that; tells what is refused
    when the insurer is silent                   -> anyone settles it; pays the plan's cap
    given a hold on the provider                 -> its claims are held, and no longer when it is over
    """

    def test_is_told(self, world, held, desk):
        told = desk.explain(held.visit())
        assert (told.status, told.reason, told.plan_pays) == (ClaimStatus.HELD, Reason.ABOVE_AUTOMATIC, PAYS)
        assert "the insurer decides before" in told.waits_for
        assert world.suite.pool.account_of(world.insurer).reserved == PAYS
        assert remittance(told) == {}
        document = document_of(told, world.insurer)
        assert (document["outcome"], document.get("payment")) == ("queued", None)
        assert [one["category"]["coding"][0]["code"] for one in document["total"]] == ["submitted"]
        assert "held for a look" in told.letter(6, "mUSD")

    @pytest.mark.parametrize(("amount", "status"), [(DECIDED, ClaimStatus.PAID), (0, ClaimStatus.DENIED)])
    def test_is_decided(self, world, held, desk, amount, status):
        decide(held, amount)
        told = desk.explain(held.visit())
        assert (told.status, told.reason, told.plan_pays) == (status, Reason.REVIEWED, amount)
        assert (told.refused, told.member_pays) == (PAYS - amount, 20 * COIN)
        assert held.balance("hospital") == amount
        assert balances(told)
        document = document_of(told, world.insurer)
        assert {one["category"]["coding"][0]["code"] for one in document["total"]} >= {"noncovered", "benefit"}
        assert document["processNote"] == [{"number": 1, "text": Reason.REVIEWED.sentence}]

    def test_is_deemed_approved(self, world, held, desk):
        world.chain.mine(seconds=5 * DAY)
        assert "said nothing in time" in desk.explain(held.visit()).waits_for
        desk.settle(held.visit())
        told = desk.explain(held.visit())
        assert (told.status, told.reason, told.plan_pays) == (ClaimStatus.PAID, Reason.DEEMED_APPROVED, 60 * COIN)
        assert held.balance("hospital") == 60 * COIN
        assert "did not decide in time" in told.letter(6, "mUSD")
        assert balances(told)

    def test_is_held_while_the_provider_is_looked_at(self, world, desk):
        insured = insure(world)
        world.acting_as("insurer").insurance.hold(world.insurer, world.hospital, world.chain.now() + DAY)
        insured.record(insured.visit())
        assert desk.explain(insured.visit()).reason is Reason.ON_HOLD
        world.chain.mine(seconds=DAY)
        insured.record(insured.visit(1))
        assert desk.explain(insured.visit(1)).status is ClaimStatus.PAID


class TestAppeal:
    """
    when the provider appeals and the insurer raises it -> pays more with interest; the member pays no more
    when the member signs an appeal                     -> anyone sends it; a reviewer decides last
    """

    def test_raises_with_interest(self, world, held, desk):
        decide(held, DECIDED)
        world.chain.mine(seconds=9 * DAY)
        world.acting_as("hospital").insurance.appeal(held.visit())
        assert "the insurer answers the appeal" in desk.explain(held.visit()).waits_for
        decide(held, 90 * COIN)
        told = desk.explain(held.visit())
        assert (told.reason, told.plan_pays, told.appeals) == (Reason.OVERTURNED, 90 * COIN, 1)
        assert (told.refused, told.member_pays) == (0, 10 * COIN)
        assert told.interest >= 60 * COIN * 9 // 3_650
        assert held.balance("hospital") == 90 * COIN + told.interest
        assert balances(told)
        facts = remittance(told, Money("USD", 6))
        assert facts["CAS"] == [{"group": "OA", "reason": "129", "amount": "-10"}]
        document = document_of(told, world.insurer)
        assert document["payment"]["adjustment"]["value"] * COIN == told.interest

    def test_goes_to_a_reviewer(self, world, held, desk):
        world.acting_as("authority").accreditation.accredit(world.regulator, Role.REVIEWER, until=FAR)
        registry, signer = world.acting_as("regulator").accreditation, world.account("stranger").address
        registry.add_signer(world.regulator, signer, Role.REVIEWER, until=FAR)
        decide(held, 0)
        member = world.acting_as(held.member).insurance
        world.acting_as("relayer").insurance.appeal(held.visit(), signature=member.sign_appeal(held.visit()))
        world.chain.mine(seconds=5 * DAY)
        world.acting_as("relayer").insurance.appeal(held.visit(), signature=member.sign_appeal(held.visit()))
        told = desk.explain(held.visit())
        assert (told.status, told.appeals) == (ClaimStatus.ESCALATED, 2)
        assert document_of(told, world.insurer)["outcome"] == "partial"
        world.acting_as("stranger").insurance.decide(held.visit(), world.regulator, PAYS)
        told = desk.explain(held.visit())
        assert (told.status, told.plan_pays) == (ClaimStatus.PAID, PAYS)
        assert balances(told)

    def test_raises_given_no_claim(self, world, held):
        with pytest.raises(InputError, match="a claim that is decided"):
            world.acting_as("hospital").insurance.appeal(held.visit(7))


class TestCoordinate:
    """
    given a second policy of the same person, signed by both pseudonyms -> pays what the first left of allowed
    given an appeal that nobody answers, on either level -> says from when a second policy can be asked; then it pays
    """

    def test_pays_what_the_first_left(self, world, desk):
        insured = insure(world)
        second = member_of(number=9)
        policy = replace(insured.policy, member=second.address)
        world.acting_as("insurer").insurance.enrol(policy)
        visit = insured.visit()
        insured.record(visit)
        desk.suite.insurance.coordinate(visit, policy.id, *agreed(insured, visit, policy, second))
        told = desk.explain(visit, policy=policy.id)
        assert (told.plan_pays, told.first_paid, told.member_pays) == (20 * COIN, PAYS, 0)
        assert insured.balance("hospital") == 100 * COIN
        assert world.suite.insurance.policies_of(visit) == [insured.policy.id, policy.id]
        assert balances(told)
        facts = remittance(told, Money("USD", 6))
        assert facts["CLP"]["claimStatus"] == "2"
        assert facts["CAS"] == [{"group": "OA", "reason": "23", "amount": "60"}]
        document = document_of(told, world.insurer)
        assert [one["focal"] for one in document["insurance"]] == [False, True]
        assert "your first plan pays 80.00" in told.letter(6, "mUSD")

    @pytest.mark.parametrize("level", [1, 2])
    def test_pays_when_nobody_answers_an_appeal(self, world, held, desk, level):
        second = member_of(number=9)
        policy, visit = replace(held.policy, member=second.address), held.visit()
        world.acting_as("insurer").insurance.enrol(policy)
        decide(held, DECIDED)
        world.acting_as("hospital").insurance.appeal(visit)
        if level == 2:
            world.chain.mine(seconds=5 * DAY)
            world.acting_as("hospital").insurance.appeal(visit)
            assert "a second policy can be asked from" in desk.explain(visit).waits_for
        appealed_at = desk.suite.insurance.claim_of(visit).changed_at
        signatures = agreed(held, visit, policy, second)
        world.chain.travel(appealed_at + 14 * DAY)
        with pytest.raises(Reverted, match="NotDecided"):
            desk.suite.insurance.coordinate(visit, policy.id, *signatures)
        world.chain.travel(appealed_at + 15 * DAY)
        desk.suite.insurance.coordinate(visit, policy.id, *signatures)
        told = desk.explain(visit)
        assert (told.status, told.plan_pays, told.waits_for) == (ClaimStatus.PAID, DECIDED, "")
        told = desk.explain(visit, policy=policy.id)
        assert (told.status, told.plan_pays, told.first_paid) == (ClaimStatus.HELD, 70 * COIN, DECIDED)


class TestVoid:
    """
    when the provider voids a visit       -> the claim is taken back; it is told as cancelled and as a reversal
    given it is recorded anew             -> is held for a look; what the insurer approves is paid, less a quarter
    given the insurer ended that look     -> is paid at once, less a quarter
    given it is held                      -> what was reserved is free
    given it is claimed from two policies -> both claims are taken back, also when anyone settles it
    when it is voided and not taken back  -> anyone settles it
    """

    def test_is_taken_back(self, world, desk):
        insured = insure(world)
        visit = insured.visit()
        insured.record(visit)
        assert len(Billing(world.acting_as("hospital")).void(visit)) == 2
        told = desk.explain(visit)
        assert (told.is_voided, told.plan_pays, told.waits_for) == (True, PAYS, "")
        assert world.suite.pool.receivable_of(world.insurer, world.hospital) == PAYS
        facts = remittance(told, Money("USD", 6))
        assert (facts["CLP"]["claimStatus"], facts["CLP"]["payment"], facts["CLP"]["charge"]) == ("22", "-80", "-100")
        document = document_of(told, world.insurer)
        assert (document["status"], document.get("payment")) == ("cancelled", None)
        insured.record(visit)
        again = desk.explain(visit)
        assert (again.is_voided, again.status, again.reason) == (False, ClaimStatus.HELD, Reason.ON_HOLD)
        assert "one between them was taken back" in again.letter(6, "mUSD")
        world.acting_as("insurer").insurance.decide(visit, world.insurer, PAYS)
        assert insured.balance("hospital") == PAYS + PAYS * 3 // 4

    def test_is_paid_at_once_when_the_insurer_ended_the_look(self, world, desk):
        insured = insure(world)
        insured.record(insured.visit())
        Billing(world.acting_as("hospital")).void(insured.visit())
        subject = pair_of(insured.policy.id, world.hospital)
        world.acting_as("insurer").insurance.hold(world.insurer, subject, world.chain.now())
        insured.record(insured.visit())
        assert desk.explain(insured.visit()).status is ClaimStatus.PAID
        assert insured.balance("hospital") == PAYS + PAYS * 3 // 4

    @pytest.mark.parametrize("how", ["void", "settle"])
    def test_takes_back_both_of_two(self, world, desk, how):
        insured = insure(world)
        visit, second = insured.visit(), member_of(number=9)
        policy = replace(insured.policy, member=second.address)
        world.acting_as("insurer").insurance.enrol(policy)
        insured.record(visit)
        desk.suite.insurance.coordinate(visit, policy.id, *agreed(insured, visit, policy, second))
        if how == "void":
            Billing(world.acting_as("hospital")).void(visit)
        else:
            world.acting_as("hospital").visits.void(visit)
            assert len(desk.settle(visit)) == 2
        assert world.suite.insurance.policies_of(visit) == []
        assert world.suite.pool.receivable_of(world.insurer, world.hospital) == 100 * COIN
        assert insured.balance("hospital") == 100 * COIN

    def test_frees_what_was_reserved(self, world, held):
        Billing(world.acting_as("hospital")).void(held.visit())
        account = world.suite.pool.account_of(world.insurer)
        assert (account.free, account.reserved) == (10_000 * COIN, 0)

    def test_is_settled_by_anyone(self, world, desk):
        insured = insure(world)
        insured.record(insured.visit())
        world.acting_as("hospital").visits.void(insured.visit())
        assert "so that the claim is taken back" in desk.explain(insured.visit()).waits_for
        desk.settle(insured.visit())
        assert world.suite.insurance.totals_of(insured.policy.id).plan_paid == 0


@pytest.fixture
def run(world, tmp_path, monkeypatch):
    """Run a command of the group `claim` on the chain of the tests; returns its JSON, or raises what stopped it."""
    book = AddressBook(world.chain.id, tmp_path / "deployments")
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))
    monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path / "deployments"))
    monkeypatch.setenv("MEDTRUST_CHAIN", world.chain.target)

    def run(*words: str, key: bytes = b""):
        monkeypatch.setenv("MEDTRUST_KEY", "0x" + key.hex()) if key else monkeypatch.delenv("MEDTRUST_KEY", False)
        done = CliRunner().invoke(app, ["claim", *words, "--json"], catch_exceptions=True)
        if isinstance(done.exception, MedtrustError):
            raise done.exception
        assert done.exit_code in (0, 1), done.output
        return json.loads(done.output)

    return run


class TestCommands:
    """
    hold, decide, appeal (also signed by the member), void, wind-down, guarantee -> do it, and say it in JSON
    coordinate -> with the signatures of both members alone
    """

    def test_hold_decide_appeal_and_void(self, world, run):
        insured = insure(world, decide_days=5)
        claim = "0x" + insured.visit().id.hex()
        run("hold", "insurer", "hospital", "--until", "+20d", "--as", "insurer")
        insured.record(insured.visit())
        run("decide", claim, "30", "--as", "insurer")
        signature = run("appeal", claim, "--sign", key=bytes(insured.member.key))["signature"]
        run("appeal", claim, "--send", signature, "--as", "relayer")
        run("decide", claim, "80.00", "--by", "insurer", "--as", "insurer")
        told = run("explain", claim)
        assert (told["reason"], told["planPays"], told["appeals"]) == ("OVERTURNED", PAYS, 1)
        done = run("void", claim, "--as", "hospital")
        assert len(done["transactions"]) == 2
        assert run("explain", claim)["isVoided"] is True
        policy = "0x" + insured.policy.id.hex()
        done = run("hold", "insurer", policy, "--provider", "hospital", "--until", "1", "--as", "insurer")
        subject = "0x" + pair_of(insured.policy.id, world.hospital).hex()
        assert done["events"][0]["subject"] == subject

    def test_settle_what_was_not_decided_in_time(self, world, run):
        insured = insure(world, **LIMITED)
        insured.record(insured.visit())
        claim = "0x" + insured.visit().id.hex()
        with pytest.raises(Reverted, match="NotTheInsurer"):
            run("settle", claim, "--as", "stranger")
        world.chain.mine(seconds=5 * DAY)
        run("settle", claim, "--as", "stranger")
        assert run("explain", claim)["planPays"] == 60 * COIN

    def test_coordinate(self, world, run):
        insured = insure(world)
        second = member_of(number=9)
        policy = replace(insured.policy, member=second.address)
        world.acting_as("insurer").insurance.enrol(policy)
        insured.record(insured.visit())
        claim, other = ("0x" + one.hex() for one in (insured.visit().id, policy.id))
        signed = [
            run("coordinate", claim, other, "--sign", key=bytes(one.key))["signature"]
            for one in (insured.member, second)
        ]
        with pytest.raises(InputError, match="those of both members"):
            run("coordinate", claim, other, "--send", signed[0], "--as", "relayer")
        run("coordinate", claim, other, "--send", signed[0], "--send", signed[1], "--as", "relayer")
        assert run("explain", claim, "--policy", other)["firstPaid"] == PAYS

    def test_wind_down_and_guarantee(self, world, run):
        insured = insure(world, funds=0)
        insured.record(insured.visit())
        run("fund", "guarantee", "100", "--mint", "--as", "regulator")
        run("wind-down", "insurer", "--as", "insurer")
        told = run("pool", "insurer")
        assert (told["waiting"], told["guaranteeFund"], told["isWindingDown"]) == (PAYS, 100 * COIN, True)
        with pytest.raises(Reverted, match="StillAccredited"):
            run("guarantee", "insurer", "--as", "stranger")
        world.acting_as("authority").accreditation.suspend(world.insurer, Role.INSURER)
        run("guarantee", "insurer", "--as", "stranger")
        run("settle", "0x" + insured.visit().id.hex(), "--as", "stranger")
        assert insured.balance("hospital") == PAYS
        fund(world, COIN)
        assert run("pool", "insurer")["free"] == COIN
