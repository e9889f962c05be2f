"""From a claim in a file to the money: through Python, the command line, and beside a model of a whole policy year."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict

import pytest
from typer.testing import CliRunner

from medtrust import samples
from medtrust.accreditation import Role
from medtrust.adjudication import BenefitTerms, Line, Totals, adjudicate, units_of
from medtrust.billing import Billing, read_bills
from medtrust.cli import app
from medtrust.deploy import AddressBook
from medtrust.errors import CheckRefused, InputError, MedtrustError
from medtrust.explanation import ClaimStatus
from medtrust.plan import Policy
from medtrust.sandbox import ORGANISATIONS
from tests.insurance_world import COIN, DAY, fund, insure, member_of

CLINIC = ORGANISATIONS["clinic"].identifier
KEY = b"\x09" * 32
YEAR_2026, YEAR_2027 = 1_767_225_600, 1_798_761_600
FHIR, HL7 = "visit_claim.json", "visit_dft_p03.hl7"
AUTHORITY = "urn:oid:2.16.840.1.113883.19.5"


def bills(name: str):
    return read_bills(samples.read(name), name=name, key=KEY, organisation=CLINIC)


@pytest.fixture
def policy(world):
    """The policy of the sample's patient, in the sample's plan; the clinic is paid, the insurer has money."""
    insurer = Billing(world.acting_as("insurer"))
    plan, _ = insurer.publish(json.loads(samples.read("plan.json")))
    policy = Policy(plan.id, member_of().address, YEAR_2026, YEAR_2027)
    insurer.suite.token.mint(world.account("insurer").address, 1_000 * COIN)
    insurer.fund(world.insurer, 1_000 * COIN)
    insurer.enrol(policy)
    world.acting_as("clinic").pool.name_payee(world.clinic, world.account("clinic").address)
    return policy


@pytest.fixture
def clinic_desk(world):
    return Billing(world.acting_as("clinic"))


class TestBilling:
    """
    given a FHIR Claim                    -> pays in the transaction that records it
    given the same visit as HL7 v2 DFT    -> stands already; nothing is recorded or paid again
    given a plan or a policy again        -> nothing is sent
    given no policy for the number        -> raises InputError with the place
    given an id that is no policy         -> raises InputError
    given a test, or a day to come        -> raises InputError with the place; a test that is meant is made
    given a file without a claim          -> raises InputError
    """

    def test_pays_in_one_transaction(self, world, policy, clinic_desk):
        (bill,) = bills(FHIR)
        visit = clinic_desk.visit(bill, {bill.policy_number: policy.id}, key=KEY)
        (filed,) = clinic_desk.file([visit], Role.HOSPITAL)
        assert filed.receipt is not None
        assert filed.explanation.status is ClaimStatus.PAID
        assert filed.explanation.decided_at == filed.receipt.at
        assert world.suite.token.balance_of(world.account("clinic").address) == 97 * COIN
        assert "the plan pays 97.00 mUSD, you pay 78.00 mUSD, written off 15.50 mUSD" in filed.explanation.letter(
            6, "mUSD"
        )

    def test_knows_the_visit_in_the_other_format(self, world, policy, clinic_desk):
        for name in (FHIR, HL7):
            (bill,) = bills(name)
            visit = clinic_desk.visit(bill, {"": policy.id}, key=KEY)
            (filed,) = clinic_desk.file([visit], Role.HOSPITAL)
        assert filed.receipt is None
        assert filed.explanation.status is ClaimStatus.PAID
        assert world.suite.token.balance_of(world.account("clinic").address) == 97 * COIN

    def test_sends_nothing_again(self, world, policy):
        insurer = Billing(world.acting_as("insurer"))
        plan, receipt = insurer.publish(json.loads(samples.read("plan.json")))
        assert (plan.id, receipt) == (policy.plan, None)
        assert insurer.enrol(policy) is None

    def test_raises_given_no_policy(self, policy, clinic_desk):
        (bill,) = bills(FHIR)
        with pytest.raises(InputError, match=r"policy: found 'MM-4471-882'"):
            clinic_desk.visit(bill, {"another": policy.id}, key=KEY)
        with pytest.raises(InputError, match="expected the id of a policy"):
            clinic_desk.visit(bill, {"": policy.plan}, key=KEY)

    def test_raises_given_a_test_or_a_day_to_come(self, world, policy, clinic_desk):
        sent = samples.read(HL7).replace(b"|P|2.5.1", b"|T|2.5.1")
        (tried,) = read_bills(sent, name="dft", key=KEY, organisation=CLINIC)
        with pytest.raises(InputError, match=r"MSH\[1\]-11: found a test"):
            clinic_desk.visit(tried, {"": policy.id}, key=KEY)
        assert clinic_desk.visit(tried, {"": policy.id}, key=KEY, test=True).policy == policy.id
        later = samples.read("visit.json").replace(b"2026-10-05", b"2096-10-05")
        (bill,) = read_bills(later, name="visit", key=KEY, organisation=CLINIC)
        with pytest.raises(InputError, match="start: found 2096-10-05, in the future"):
            clinic_desk.visit(bill, {"": policy.id}, key=KEY)

    def test_raises_given_no_claim(self):
        with pytest.raises(InputError, match=r"expected .*DFT"):
            read_bills(samples.read("vxu_v04.hl7"), name="vxu", key=KEY, organisation=CLINIC)
        with pytest.raises(InputError, match=r"bundle: Bundle\.entry: found no claim"):
            read_bills(samples.read("immunizations_bundle.json"), name="bundle", key=KEY, organisation=CLINIC)


class TestPolicyYear:
    """
    given random visits of a policy year -> chain and Python agree on every claim, total and balance; money is conserved
    """

    def test_agrees_with_a_model(self, world, request):
        dice = random.Random(20_261_123)
        benefits = tuple(
            BenefitTerms(number, dice.randrange(20, 90) * COIN, dice.randrange(20) * COIN, dice.randrange(5_000), 2)
            for number in (1, 5, 7)
        )
        terms = {"deductible": 120 * COIN, "out_of_pocket_maximum": 400 * COIN, "annual_limit": 1_200 * COIN}
        insured = insure(world, funds=700 * COIN, benefits=benefits, attestation_above=500 * COIN, **terms)
        totals, paid, waiting, counted = Totals(), 0, 0, defaultdict[int, dict[int, int]](dict)
        for number in range(60 if request.config.getoption("--full") else 25):
            lines = [
                Line(dice.choice((1, 5, 6, 7, 99)), dice.randrange(4), dice.randrange(150 * COIN))
                for _ in range(dice.randrange(1, 5))
            ]
            day = 49 - number // 3
            visit = insured.visit(number, *lines, served_at=insured.policy.valid_from + day * DAY)
            is_signed = dice.random() < 0.5
            insured.record(visit, signature=insured.sign(visit) if is_signed else b"")
            covered = [insured.plan.terms_for(one) for one in lines]
            outcomes, after = adjudicate(insured.plan.terms, covered, lines, totals, units_before=counted[day])
            due = after.plan_paid - totals.plan_paid
            claim = world.suite.insurance.claim_of(visit)
            if not is_signed and totals.unattested + due > 500 * COIN:
                assert claim.status is ClaimStatus.PENDING
                continue
            counted[day] = dict(Counter(counted[day]) + Counter(units_of(lines, outcomes)))
            totals = Totals(
                after.deductible_met,
                after.out_of_pocket_met,
                after.plan_paid,
                totals.unattested + (0 if is_signed else due),
            )
            assert world.suite.insurance.totals_of(insured.policy.id) == totals
            assert world.suite.insurance.explain(visit).outcomes == tuple(outcomes)
            assert claim.amount == due
            if due == 0 or (paid + due <= 700 * COIN and not waiting):
                assert claim.status is ClaimStatus.PAID
                paid += due
            else:
                assert claim.status is ClaimStatus.APPROVED
                waiting += due
            assert insured.balance("hospital") == paid
            assert insured.free == 700 * COIN - paid
        assert waiting
        fund(world, 1_200 * COIN)
        (wait,) = world.suite.pool.waits_of(world.insurer, world.hospital)
        assert (wait.due, wait.ready) == (waiting, waiting)
        world.acting_as("stranger").pool.draw(world.insurer, world.hospital, wait.round)
        assert insured.balance("hospital") == paid + waiting == totals.plan_paid
        assert insured.balance("hospital") + insured.free == 1_900 * COIN


@pytest.fixture
def command(world, tmp_path, monkeypatch):
    """Run a command of the group `claim` on the chain of the tests; returns its JSON, or raises what stopped it."""
    book = AddressBook(world.chain.id, tmp_path / "deployments")
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))
    monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path / "deployments"))
    monkeypatch.setenv("MEDTRUST_CHAIN", world.chain.target)
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))

    def run(*words: str, exit_code: int = 0, as_json: bool = True):
        done = CliRunner().invoke(app, ["claim", *words, *(["--json"] if as_json else [])], catch_exceptions=True)
        if isinstance(done.exception, MedtrustError):
            raise done.exception
        assert done.exit_code == exit_code, done.output
        return json.loads(done.output) if as_json else done.output

    return run


@pytest.fixture
def file_of(tmp_path):
    def write(name: str) -> str:
        path = tmp_path / name
        path.write_bytes(samples.read(name))
        return str(path)

    return write


class TestCommands:
    """
    every command of the group, one after the other -> does it, and says it in JSON
    the same visit in X12 and in JSON               -> known, where its numbers have the same authorities
    --fhir, --x12                                   -> the explanation in the forms of others
    without --json                                  -> reads like an insurer's letter
    a claim that was denied                         -> exit 1, with the reason
    a claim that waits for the member               -> is attested by a signature that another sends
    a file with an unknown code                     -> InputError with file and place; nothing is recorded
    an account that is not open                     -> CheckRefused
    """

    @pytest.fixture
    def insured(self, world, command, file_of):
        """Plan, policy and money, by the commands; the id of the policy."""
        plan = command("plan", file_of("plan.json"), "--as", "insurer")["plan"]
        terms = ("--from", "2026-01-01", "--until", "2027-01-01", "--as", "insurer")
        command("fund", "insurer", "1000.00", "--mint", "--as", "insurer")
        policy = command("enrol", plan, member_of().address, *terms)["policy"]
        command("payee", "clinic", world.account("clinic").address, "--as", "clinic")
        return policy

    def test_handle_a_claim(self, world, command, file_of, insured):
        assert command("pool", "insurer")["free"] == 1_000 * COIN
        (filed,) = command("visit", file_of(FHIR), "--policy", f"MM-4471-882={insured}", "--as", "clinic")
        assert (filed["status"], filed["planPays"], filed["memberPays"]) == ("PAID", 97 * COIN, 78 * COIN)
        assert filed["transaction"].startswith("0x")
        (again,) = command("visit", file_of(HL7), "--policy", insured, "--as", "clinic")
        assert (again["claim"], again["transaction"]) == (filed["claim"], None)
        explained = command("explain", filed["claim"])
        assert [line["reason"] for line in explained["lines"]] == ["FEE_REDUCED", "COVERED", "FEE_REDUCED"]
        assert command("pool", "insurer")["free"] == 903 * COIN
        command("withdraw", "insurer", "903", "--to", world.account("stranger").address, "--as", "insurer")
        assert world.suite.token.balance_of(world.account("stranger").address) == 903 * COIN

    def test_knows_the_visit_in_x12_and_json_too(self, command, file_of, insured):
        (filed,) = command("visit", file_of("visit.json"), "--policy", insured, "--as", "clinic")
        numbers = ("--authority", f"EA={AUTHORITY}.1", "--authority", f"CLM={AUTHORITY}.2")
        words = ("visit", file_of("visit_837p.x12"), "--policy", insured, "--as", "clinic")
        (again,) = command(*words, *numbers)
        assert (again["claim"], again["transaction"]) == (filed["claim"], None)
        (other,) = command(*words)
        assert (other["claim"] != filed["claim"], other["status"]) == (True, "PAID")

    def test_explain_as_fhir_and_as_an_835(self, world, command, file_of, insured):
        (filed,) = command("visit", file_of(FHIR), "--policy", insured, "--as", "clinic")
        told = json.loads(command("explain", filed["claim"], "--fhir", "--currency", "EUR", as_json=False))
        assert told["insurer"]["identifier"]["value"] == f"urn:medtrust:organisation:0x{world.insurer.hex()}"
        assert told["payment"]["amount"] == {"value": 97, "currency": "EUR"}
        assert [item["net"]["value"] for item in told["item"]] == [120.5, 25, 45]
        facts = json.loads(command("explain", filed["claim"], "--x12", as_json=False))
        assert facts["CLP"] == {
            "patientControlNumber": filed["claim"],
            "claimStatus": "1",
            "charge": "190.5",
            "payment": "97",
            "patientResponsibility": "78",
        }
        assert (facts["isPaid"], facts["currency"]) == (True, "USD")

    def test_settles_and_draws(self, world, command, file_of):
        plan = command("plan", file_of("plan.json"), "--as", "insurer")["plan"]
        assert command("plan", file_of("plan.json"), "--as", "insurer") == {"plan": plan}
        terms = ("--from", "2026-01-01", "--until", "2027-01-01", "--as", "insurer")
        command("fund", "insurer", "96.99", "--mint", "--as", "insurer")
        policy = command("enrol", plan, member_of().address, *terms)["policy"]
        assert command("enrol", plan, member_of().address, *terms) == {"policy": policy}
        (filed,) = command("visit", file_of(FHIR), "--policy", policy, "--as", "clinic")
        assert filed["status"] == "APPROVED"
        assert "short of money" in filed["waitsFor"]
        assert command("pool", "insurer")["waiting"] == 97 * COIN
        command("fund", "insurer", "0.01", "--mint", "--as", "insurer")
        assert "can be drawn now" in command("explain", filed["claim"])["waitsFor"]
        assert command("settle", filed["claim"], "--as", "stranger")["events"][0]["isOwed"] is True
        assert command("pool", "insurer")["waiting"] == 0
        command("payee", "clinic", world.account("clinic").address, "--as", "clinic")
        command("draw", "clinic", "--as", "stranger")
        assert world.suite.token.balance_of(world.account("clinic").address) == 97 * COIN

    def test_read_like_a_letter(self, command, file_of, insured):
        shown = command("visit", file_of(FHIR), "--policy", insured, "--as", "clinic", as_json=False)
        assert "Your visit of 2026-10-05: paid to the provider" in shown
        assert "you pay 78.00 mUSD" in shown
        again = command("visit", file_of(FHIR), "--policy", insured, "--as", "clinic", as_json=False)
        assert "It was recorded before." in again

    def test_exit_1_given_a_denied_claim(self, world, command, file_of, insured):
        world.chain.travel(YEAR_2027 + 366 * DAY)
        (filed,) = command("visit", file_of(FHIR), "--policy", insured, "--as", "clinic")
        assert (filed["status"], filed["reason"]) == ("DENIED", "FILED_LATE")
        assert command("explain", filed["claim"], exit_code=1)["memberPays"] == 190_500_000

    def test_wait_for_the_member(self, world, command, file_of, tmp_path, monkeypatch):
        document = json.loads(samples.read("plan.json")) | {"attestationAbove": "96.99"}
        path = tmp_path / "strict.json"
        path.write_text(json.dumps(document))
        plan = command("plan", str(path), "--as", "insurer")["plan"]
        terms = ("--from", "2026-01-01", "--until", "2027-01-01", "--as", "insurer")
        command("fund", "insurer", "1000", "--mint", "--as", "insurer")
        policy = command("enrol", plan, member_of().address, *terms)["policy"]
        (filed,) = command("visit", file_of(FHIR), "--policy", policy, "--as", "clinic")
        assert filed["status"] == "PENDING"
        assert "must sign" in filed["waitsFor"]
        monkeypatch.setenv("MEDTRUST_KEY", "0x" + bytes(member_of().key).hex())
        signature = command("attest", filed["claim"])["signature"]
        monkeypatch.delenv("MEDTRUST_KEY")
        command("attest", filed["claim"], "--send", signature, "--as", "relayer")
        assert command("explain", filed["claim"])["status"] == "OWED"

    def test_refuse_an_unknown_code(self, world, command, file_of, insured, tmp_path):
        path = tmp_path / "odd.json"
        path.write_text(samples.read(FHIR).decode().replace("90471", "00100"))
        with pytest.raises(InputError, match=r"odd\.json: .*ln\[2\]\.c: found cpt 00100"):
            command("visit", str(path), "--policy", insured, "--as", "clinic")
        assert world.suite.visits._events("VisitRecorded") == []
        with pytest.raises(InputError, match="No such file"):
            command("visit", str(tmp_path / "none"), "--policy", insured, "--as", "clinic")

    def test_refuse_an_account_that_is_not_open(self, command):
        with pytest.raises(CheckRefused, match="UnknownAccount"):
            command("pool", "insurer")
