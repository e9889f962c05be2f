"""Claims that are not paid at once: held, decided, appealed, put to a second policy, or taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from medtrust.billing import Billing
from medtrust.chain import Receipt
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    answer,
    open_suite,
    organisation,
    receipt_answer,
    when,
)
from medtrust.dossier import pair_of
from medtrust.errors import InputError
from medtrust.money import parse_amount
from medtrust.suite import Suite
from medtrust.types import bytes32
from medtrust.visit import Visit

__all__ = ["ClaimArgument", "PolicyOption", "add_to", "policy_of", "print_receipts"]

ClaimArgument = Annotated[str, typer.Argument(help="The id of the visit: 0x and 64 digits.")]
PolicyOption = Annotated[
    str | None, typer.Option("--policy", help="The claim on this second policy of the visit, rather than on its first.")
]
SignOption = Annotated[bool, typer.Option("--sign", help="Sign it as the member, and send nothing.")]
_SIGNATURES = 2


def add_to(app: typer.Typer) -> None:
    """Add these commands to the group of claims."""
    for command in (hold, decide, appeal, coordinate, void):
        app.command()(command)


def hold(
    insurer: Annotated[str, typer.Argument(help="The insurer: identifier, id or sandbox name.")],
    subject: Annotated[str, typer.Argument(help="The policy's id, or the provider: identifier, id or sandbox name.")],
    until: Annotated[str, typer.Option(help="Until when, at most 30 days ahead: a date, +days or Unix seconds.")],
    provider: Annotated[
        str | None, typer.Option(help="Only what this provider does for the policy, as after a claim was taken back.")
    ] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Look at every claim of a policy or a provider for a while, as the insurer; a time that is over ends it."""
    suite = open_suite(chain, as_)
    ends = when(until, suite.chain, default=0)
    about = organisation(subject)
    if provider is not None:
        about = pair_of(about, organisation(provider))
    receipt = suite.insurance.hold(organisation(insurer), about, ends)
    whose = f"{subject} by {provider}" if provider else subject
    receipt_answer(receipt, f"{insurer} looks at every claim of {whose} until {until}", as_json=json_)


def decide(
    claim: ClaimArgument,
    amount: Annotated[str, typer.Argument(help="What the plan pays in all, such as 80.00; 0 refuses what is held.")],
    by: Annotated[str, typer.Option(help="Who decides: the insurer, or a reviewer; that of --as unless given.")] = "",
    policy: PolicyOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Decide what is held or appealed: the insurer first, a reviewer who is independent last."""
    suite, visit = _visit(claim, chain, as_)
    units = parse_amount(amount, suite.token.decimals())
    who = organisation(by or as_ or "")
    receipt = suite.insurance.decide(visit, who, units, policy=policy_of(policy))
    receipt_answer(receipt, f"{claim}: {_status(suite, visit, policy)}", as_json=json_)


def appeal(
    claim: ClaimArgument,
    sign: SignOption = False,
    send: Annotated[str, typer.Option(help="Send this signature of the member; without it the provider appeals.")] = "",
    policy: PolicyOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Appeal a decision: first to the insurer, then to a reviewer; the member pays nothing for it."""
    suite, visit = _visit(claim, chain, as_)
    if sign:
        signed = suite.insurance.sign_appeal(visit, policy=policy_of(policy))
        answer({"signature": signed}, "0x" + signed.hex(), as_json=json_)
        return
    receipt = suite.insurance.appeal(visit, policy=policy_of(policy), signature=_signature(send))
    receipt_answer(receipt, f"{claim}: {_status(suite, visit, policy)}", as_json=json_)


def coordinate(
    claim: ClaimArgument,
    policy: Annotated[str, typer.Argument(help="The id of the second policy: 0x and 64 digits.")],
    sign: SignOption = False,
    send: Annotated[
        list[str] | None, typer.Option(help="The signatures of the visit's member and of the second policy's; twice.")
    ] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Claim a visit from a second policy of the same person, after the first; it links two pseudonyms for ever."""
    suite, visit = _visit(claim, chain, as_)
    second = bytes32(policy, place="policy")
    if sign:
        signed = suite.insurance.sign_coordination(visit, second, suite.visits.recorded_at(visit))
        answer({"signature": signed}, "0x" + signed.hex(), as_json=json_)
        return
    signatures = [_signature(one) for one in send or ()]
    if len(signatures) != _SIGNATURES:
        raise InputError(place="--send", found=f"{len(signatures)} signatures", expected="those of both members")
    receipt = suite.insurance.coordinate(visit, second, *signatures)
    receipt_answer(receipt, f"{claim}: {_status(suite, visit, policy)} by the second policy", as_json=json_)


def void(
    claim: ClaimArgument, chain: ChainOption = "local", as_: AccountOption = None, json_: JsonOption = False
) -> None:
    """Take back a visit, as its provider; what was paid for it is kept back from later payments to the provider."""
    suite, visit = _visit(claim, chain, as_)
    print_receipts(Billing(suite).void(visit), f"{claim} is taken back", as_json=json_)


def print_receipts(receipts: tuple[Receipt, ...], text: str, *, as_json: bool) -> None:
    """Answer with the last of several transactions, and the hashes of all."""
    hashes = [one.transaction_hash for one in receipts]
    if receipts:
        receipt_answer(receipts[-1], text, as_json=as_json, transactions=hashes)
    else:
        answer({"transactions": hashes}, "nothing was left to do", as_json=as_json)


def policy_of(option: str | None) -> bytes | None:
    """Read the second policy that an option names."""
    return None if option is None else bytes32(option, place="--policy")


def _visit(claim: str, chain: str, as_: str | None) -> tuple[Suite, Visit]:
    suite = open_suite(chain, as_)
    return suite, suite.visits.visit_of(bytes32(claim, place="claim"))


def _status(suite: Suite, visit: Visit, policy: str | None) -> str:
    return suite.insurance.claim_of(visit, policy=policy_of(policy)).status.name


def _signature(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise InputError(place="--send", found=repr(text), expected="0x and hexadecimal digits") from None
