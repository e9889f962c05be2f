"""Claim: publish a plan, enrol a member, fund the pool, record a visit that pays for itself, and explain it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.accreditation import parse_roles
from medtrust.billing import Billing, Filed, read_bills
from medtrust.cli import claim_files, claim_money, claim_reviews
from medtrust.cli.claim_letter import explained, print_letter
from medtrust.cli.claim_reviews import ClaimArgument, PolicyOption, policy_of, print_receipts
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    answer,
    console,
    new_app,
    open_suite,
    receipt_answer,
    when,
)
from medtrust.errors import InputError
from medtrust.explanation import ClaimStatus
from medtrust.files import read_json
from medtrust.money import Money
from medtrust.plan import Policy
from medtrust.registry_key import registry_key
from medtrust.sandbox import ORGANISATIONS
from medtrust.standards.fhir_explanation import explanation_of_benefit, fhir_text
from medtrust.standards.x12_remittance import remittance
from medtrust.suite import Suite
from medtrust.types import bytes32, checksum_address

__all__ = ["app"]

app = new_app("Insurance: a visit is adjudicated and paid in the transaction that records it.")
for part in (claim_files, claim_money, claim_reviews):
    part.add_to(app)


@app.command()
def plan(
    file: Annotated[Path, typer.Argument(help="The plan, as JSON.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Publish a version of a plan, as its insurer; done again, it changes nothing."""
    try:
        published, receipt = Billing(open_suite(chain, as_)).publish(read_json(file))
    except InputError as error:
        raise error.within(str(file)) from None
    if receipt is None:
        answer({"plan": published.id}, f"plan 0x{published.id.hex()} was published before", as_json=json_)
    else:
        receipt_answer(receipt, f"published plan 0x{published.id.hex()}", as_json=json_, plan=published.id)


@app.command()
def enrol(
    plan: Annotated[str, typer.Argument(help="The id of the plan: 0x and 64 digits.")],
    member: Annotated[str, typer.Argument(help="The address by which the insurer knows the member.")],
    from_: Annotated[str, typer.Option("--from", help="When coverage begins: a date or Unix seconds.")],
    until: Annotated[str, typer.Option(help="When it ends, at most 366 days later: a date or Unix seconds.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Enrol a member in a plan, as its insurer; done again, it changes nothing."""
    suite = open_suite(chain, as_)
    begins, ends = (when(text, suite.chain, default=0) for text in (from_, until))
    policy = Policy(bytes32(plan, place="plan"), checksum_address(member, place="member"), begins, ends)
    receipt = Billing(suite).enrol(policy)
    if receipt is None:
        answer({"policy": policy.id}, f"policy 0x{policy.id.hex()} stood before", as_json=json_)
    else:
        receipt_answer(receipt, f"enrolled under policy 0x{policy.id.hex()}", as_json=json_, policy=policy.id)


@app.command()
def visit(
    file: Annotated[Path, typer.Argument(help="FHIR R4 (Claim, Bundle), HL7 v2 (DFT), X12 837P or JSON.")],
    policy: Annotated[
        list[str], typer.Option(help="The policy's id, or NUMBER=ID for the policy number in the file; repeatable.")
    ],
    provider: Annotated[
        str | None, typer.Option(help="Identifier URI of the provider; that of --as in the sandbox unless given.")
    ] = None,
    role: Annotated[str, typer.Option(help="The role in which the provider records it.")] = "hospital",
    signature: Annotated[str, typer.Option(help="The member's signature of the one visit, from `attest`.")] = "",
    currency: Annotated[str, typer.Option(help="The currency (ISO 4217) that the token stands for.")] = "USD",
    key: Annotated[Path | None, typer.Option(help="The registry key's file; made at first use.")] = None,
    test: Annotated[bool, typer.Option("--test", help="Also record what its sender marked as a test.")] = False,
    payer: claim_files.PayerOption = None,
    authority: claim_files.AuthorityOption = None,
    with_: claim_files.WithOption = None,
    policy_number: claim_files.PolicyNumberOption = "",
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Record the visits in a file and say what was paid and why; done again, nothing is recorded twice.

    If anything in the file is refused, nothing is recorded.
    """
    suite = open_suite(chain, as_)
    issuer = _identifier(provider, as_)
    secret = registry_key(issuer, key)
    billing = Billing(suite)
    try:
        bills = read_bills(
            _read(file),
            name=str(file),
            key=secret,
            organisation=issuer,
            payers=claim_files.payers_of(payer),
            authorities=claim_files.authorities_of(authority),
            beside=claim_files.beside_of(with_),
            policy_number=policy_number,
        )
        under = _policies(policy)
        visits = [billing.visit(bill, under, key=secret, currency=currency, test=test) for bill in bills]
    except InputError as error:
        raise error if error.file else error.within(str(file)) from None
    filed = billing.file(visits, parse_roles(role), signature=_signature(signature, len(visits)))
    answer([_value(one) for one in filed], lambda: _print(filed, suite), as_json=json_)


@app.command()
def attest(
    claim: ClaimArgument,
    send: Annotated[str, typer.Option(help="Send this signature of the member; sign as the member without it.")] = "",
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Sign that a visit took place, as who decides for its member; or send such a signature, as anyone."""
    suite = open_suite(chain, as_)
    recorded = suite.visits.visit_of(bytes32(claim, place="claim"))
    if send:
        receipt = suite.visits.attest(recorded, _signature(send, 1))
        receipt_answer(receipt, f"the member attests {claim}", as_json=json_)
    else:
        signed = Billing(suite).attest(recorded)
        answer({"signature": signed}, "0x" + signed.hex(), as_json=json_)


@app.command()
def explain(
    claim: ClaimArgument,
    fhir: Annotated[bool, typer.Option("--fhir", help="As a FHIR R4 ExplanationOfBenefit.")] = False,
    x12: Annotated[bool, typer.Option("--x12", help="As the facts of an X12 835, in JSON.")] = False,
    currency: Annotated[str, typer.Option(help="The currency (ISO 4217) that the token stands for.")] = "USD",
    policy: PolicyOption = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Say how a claim stands and why, line by line; exit 1 if it was denied."""
    suite = open_suite(chain, None)
    recorded = suite.visits.visit_of(bytes32(claim, place="claim"))
    explanation = Billing(suite).explain(recorded, policy=policy_of(policy))
    decimals, symbol = suite.token.decimals(), suite.token.symbol()
    if fhir or x12:
        insurer = suite.insurance.insurer_of(policy_of(policy) or recorded.policy)
        money = Money(currency, decimals)
        document = explanation_of_benefit(explanation, insurer, money) if fhir else remittance(explanation, money)
        typer.echo(fhir_text(document))
    else:
        answer(explained(explanation), lambda: print_letter(explanation, decimals, symbol), as_json=json_)
    if explanation.status is ClaimStatus.DENIED:
        raise typer.Exit(1)


@app.command()
def settle(
    claim: ClaimArgument,
    policy: PolicyOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Do what anyone may do to finish a claim: have it decided, approved by silence, paid, or taken back."""
    suite = open_suite(chain, as_)
    recorded = suite.visits.visit_of(bytes32(claim, place="claim"))
    receipts = Billing(suite).settle(recorded, policy=policy_of(policy))
    status = suite.insurance.claim_of(recorded, policy=policy_of(policy)).status.name
    print_receipts(receipts, f"{claim}: {status}", as_json=json_)


def _identifier(provider: str | None, account: str | None) -> str:
    """Find the provider's identifier: as given, or that of a name in the sandbox."""
    name = provider or account or ""
    if name in ORGANISATIONS:
        return ORGANISATIONS[name].identifier
    if provider is None:
        raise InputError(place="--provider", found="nothing", expected="the provider's identifier URI")
    return provider


def _policies(options: list[str]) -> dict[str, bytes]:
    """Read policies: by policy number, and by "" the one for every other."""
    pairs = (option.rpartition("=") for option in options)
    return {number: bytes32(id_, place="--policy") for number, _, id_ in pairs}


def _signature(text: str, visits: int) -> bytes:
    if text and visits != 1:
        raise InputError(place="--signature", found=f"{visits} visits", expected="one visit, which the member signed")
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise InputError(place="signature", found=repr(text), expected="0x and hexadecimal digits") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        found = error.strerror or "nothing"
        raise InputError(file=str(file), place="file", found=found, expected="a file with a claim") from None


def _value(filed: Filed) -> dict[str, object]:
    receipt = filed.receipt
    done = {"transaction": receipt.transaction_hash, "gasUsed": receipt.gas_used} if receipt else {"transaction": None}
    return {**explained(filed.explanation), **done}


def _print(filed: tuple[Filed, ...], suite: Suite) -> None:
    for one in filed:
        print_letter(one.explanation, suite.token.decimals(), suite.token.symbol())
        if one.receipt is None:
            console.print("It was recorded before.")
        else:
            console.print(f"  transaction {one.receipt.transaction_hash}, gas {one.receipt.gas_used:,}")
