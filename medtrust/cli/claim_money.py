"""The money of claims: an insurer's account in the pool, where providers are paid, and the guarantee fund."""

from __future__ import annotations

from typing import Annotated

import typer

from medtrust.billing import Billing
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    answer,
    open_suite,
    organisation,
    receipt_answer,
)
from medtrust.errors import CheckRefused
from medtrust.money import format_amount, parse_amount
from medtrust.pool import GUARANTEE_FUND
from medtrust.types import checksum_address

__all__ = ["add_to"]

InsurerArgument = Annotated[str, typer.Argument(help="The insurer: identifier, id or sandbox name.")]
ProviderArgument = Annotated[str, typer.Argument(help="The provider: identifier, id or sandbox name.")]
AmountArgument = Annotated[str, typer.Argument(help="How much, such as 5000.00.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the group of claims."""
    for command in (fund, withdraw, pool, payee, draw, guarantee):
        app.command()(command)
    app.command("wind-down")(wind_down)


def fund(
    insurer: Annotated[str, typer.Argument(help="The insurer: identifier, id or sandbox name; or `guarantee`.")],
    amount: Annotated[str, typer.Argument(help="How much, such as 5000.00; 0 opens the account alone.")],
    mint: Annotated[bool, typer.Option(help="Make the money first: the mock of a local chain lets anyone.")] = False,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Bring your money into an insurer's account, which the insurer opens so, or into the guarantee fund."""
    suite = open_suite(chain, as_)
    units = parse_amount(amount, suite.token.decimals())
    if mint and suite.signer:
        suite.token.mint(suite.signer.address, units)
    whose = GUARANTEE_FUND if insurer == "guarantee" else organisation(insurer)
    receipt = Billing(suite).fund(whose, units)
    receipt_answer(receipt, f"deposited {amount} {suite.token.symbol()} for {insurer}", as_json=json_)


def withdraw(
    insurer: InsurerArgument,
    amount: AmountArgument,
    to: Annotated[str, typer.Option(help="The address that receives it.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Take free money out of an insurer's account, as the insurer; what is reserved, waited for or owed stays."""
    suite = open_suite(chain, as_)
    units = parse_amount(amount, suite.token.decimals())
    receipt = suite.pool.withdraw(organisation(insurer), checksum_address(to, place="--to"), units)
    receipt_answer(receipt, f"withdrew {amount} {suite.token.symbol()} to {to}", as_json=json_)


def pool(insurer: InsurerArgument, chain: ChainOption = "local", json_: JsonOption = False) -> None:
    """Show an insurer's account: what is free, reserved and waited for, and which contract may pay from it."""
    suite = open_suite(chain, None)
    account = suite.pool.account_of(organisation(insurer))
    if account is None:
        raise CheckRefused("UnknownAccount", f"{insurer} has opened no account")
    held = {"free": account.free, "reserved": account.reserved, "waiting": account.waiting}
    held["guaranteeFund"] = suite.pool.guarantee_fund()
    is_winding_down = suite.pool.is_winding_down(organisation(insurer))
    decimals, symbol = suite.token.decimals(), suite.token.symbol()
    names = {"free": "free", "reserved": "reserved", "waiting": "waited for", "guaranteeFund": "in the guarantee fund"}
    shown = [f"{names[name]}: {format_amount(units, decimals)} {symbol}" for name, units in held.items()]
    shown += [f"paid from by: {account.adjudicator}", *["takes on no policies"] * is_winding_down]
    told = {**held, "adjudicator": account.adjudicator, "isWindingDown": is_winding_down}
    answer(told, "\n".join(shown), as_json=json_)


def payee(
    provider: ProviderArgument,
    account: Annotated[str, typer.Argument(help="The address that the provider is paid to.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Name the account that a provider is paid to, as its administrator."""
    address = checksum_address(account)
    receipt = open_suite(chain, as_).pool.name_payee(organisation(provider), address)
    receipt_answer(receipt, f"{provider} is paid to {address}", as_json=json_)


def draw(
    provider: ProviderArgument,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Send a provider what it is owed; anyone may."""
    suite = open_suite(chain, as_)
    receipt = suite.pool.withdraw_owed(organisation(provider))
    amount = format_amount(receipt.event("OwedWithdrawn").values["amount"], suite.token.decimals())
    receipt_answer(receipt, f"sent {amount} {suite.token.symbol()} to {provider}", as_json=json_)


def wind_down(
    insurer: InsurerArgument,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Take on no more policies, for ever, as the insurer; its money stays until the last claim is over."""
    receipt = open_suite(chain, as_).pool.wind_down(organisation(insurer))
    receipt_answer(receipt, f"{insurer} winds down", as_json=json_)


def guarantee(
    insurer: InsurerArgument,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Pay who waits for an insurer that lost its accreditation from the guarantee fund; anyone may."""
    suite = open_suite(chain, as_)
    receipt = suite.pool.guarantee(organisation(insurer))
    amount = format_amount(receipt.event("GuaranteePaid").values["amount"], suite.token.decimals())
    receipt_answer(receipt, f"the guarantee fund pays {amount} {suite.token.symbol()}", as_json=json_)
