"""Drug temperatures: what a product bears, what a logger measured, and whether the two agree."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from medtrust.cli.common import AccountOption, ChainOption, JsonOption, answer, open_suite, receipt_answer
from medtrust.cli.drug_options import FileArgument, FileOption, ScanArgument, goods_of
from medtrust.cold_chain import Reading, Summary, from_celsius, to_celsius
from medtrust.drugs import NO_POLICY, Policy, State
from medtrust.errors import CheckRefused, InputError
from medtrust.goods import Goods
from medtrust.readings_file import read_readings_file

__all__ = ["add_to"]

_HOUR = 3600


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group of drugs."""
    for command in (policy, report):
        app.command()(command)


def policy(
    file: FileArgument,
    low: Annotated[str | None, typer.Option(help="The lowest temperature, in degrees Celsius.")] = None,
    high: Annotated[str | None, typer.Option(help="The highest temperature, in degrees Celsius.")] = None,
    kinetic: Annotated[str | None, typer.Option(help="The highest kinetic mean; that of --high else.")] = None,
    excursion: Annotated[int, typer.Option(min=0, help="How many minutes in all it may be outside.")] = 0,
    gap: Annotated[int, typer.Option(min=1, help="How many minutes may lie between two readings.")] = 15,
    within: Annotated[int, typer.Option(min=1, help="How many hours after its arrival the report may come.")] = 24,
    off: Annotated[bool, typer.Option("--off", help="It need not be kept cold any more; also older lots.")] = False,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Lay down what temperature the product of a lot bears on its way, as its maker; without --low, show it."""
    goods = goods_of(file, chain, as_)
    if off:
        receipt_answer(goods.change_policy(NO_POLICY), f"{goods.file.gtin} need not be kept cold", as_json=json_)
        return
    if low is None or high is None:
        known = goods.suite.drugs.policy_of(goods.file.gtin)
        text = _bears(goods, known) if known else f"{goods.file.gtin} need not be kept cold"
        answer(known, text, as_json=json_)
        return
    lowest, highest = _degrees(low, "--low"), _degrees(high, "--high")
    most = _degrees(kinetic, "--kinetic") if kinetic is not None else highest
    given = Policy(lowest, highest, most, 60 * excursion, 60 * gap, _HOUR * within)
    receipt_answer(goods.change_policy(given), _bears(goods, given), as_json=json_, policy=given)


def report(
    scan: ScanArgument,
    file: FileOption,
    readings: Annotated[
        Path | None, typer.Option(help="What the logger measured: CSV, JSON, or EPCIS with sensor elements.")
    ] = None,
    logger: Annotated[str | None, typer.Option(help="The account of the logger, which signs: as for --as.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Compute what was reported again; sends nothing.")] = False,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Bring what a logger measured, with its signature; or check it; without readings, give up waiting for them.

    What is out of the policy of the product, has gaps or comes too late is quarantined: exit code 1. Only the receiver
    brings what is not in order, and gives up; once the report is overdue, anyone may.
    """
    goods = goods_of(file, chain, None if check else as_)
    if readings is None:
        receipt = goods.give_up_report(scan)
        state = State(receipt.event("ReadingsReported").values["state"])
        text = f"{goods.name(goods.item(scan).unit)} is {state.name.lower()}"
        receipt_answer(receipt, text, as_json=json_, state=state.name)
        return
    measured = read_readings_file(readings, now=goods.suite.chain.now())
    if check:
        summary = _agreed(goods, scan, measured)
        answer(summary, f"the report agrees with {summary.count} readings: {_shown(summary)}", as_json=json_)
        return
    device = Goods(open_suite(chain, logger), goods.file)
    summary, receipt = goods.report(scan, measured, logger=device)
    state = State(receipt.event("ReadingsReported").values["state"])
    name = goods.name(goods.item(scan).unit)
    text = f"{name} is {state.name.lower()}: {_shown(summary)}"
    receipt_answer(receipt, text, as_json=json_, state=state.name, summary=summary)
    if state is not State.HELD:
        raise typer.Exit(1)


def _agreed(goods: Goods, scan: str, measured: Sequence[Reading]) -> Summary:
    try:
        return goods.check_report(scan, measured)
    except InputError as error:
        if not error.place.startswith("report."):
            raise
        raise CheckRefused("NOT_THE_READINGS", str(error)) from None


def _degrees(text: str, place: str) -> int:
    try:
        degrees = Decimal(text)
    except InvalidOperation:
        raise InputError(place=place, found=repr(text), expected="degrees Celsius, such as 2 or -20") from None
    if not -273 <= degrees <= 327:
        raise InputError(place=place, found=text, expected="degrees Celsius from -273 to 327")
    return from_celsius(degrees)


def _bears(goods: Goods, given: Policy) -> str:
    span = f"{to_celsius(given.lowest)} to {to_celsius(given.highest)} °C"
    mean = f"{to_celsius(given.max_kinetic)} °C in the kinetic mean"
    outside = f"{given.max_excursion // 60} minutes outside, a reading every {given.max_gap // 60}"
    within = f"reported within {given.report_within // _HOUR} hours"
    return f"{goods.file.gtin} bears {span}, {mean}; {outside}, {within}"


def _shown(summary: Summary) -> str:
    span = f"{to_celsius(summary.lowest)} to {to_celsius(summary.highest)} °C"
    mean = f"kinetic mean {to_celsius(summary.kinetic)} °C"
    return f"{span}, {mean}, {summary.excursion // 60} minutes outside, longest gap {summary.gap // 60}"
