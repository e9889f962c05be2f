"""Patient: another key, guardians, freezes and recovery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ParamSpec

import typer

from medtrust.chain import Receipt
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    act_or_relay,
    address,
    answer,
    new_app,
    open_suite,
    receipt_answer,
    table,
    time_of,
    when,
)
from medtrust.consent import DataClass
from medtrust.consent_terms import flags_of, names_of
from medtrust.patients import Scope, SignedAct
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH, bytes32

__all__ = ["app"]

app = new_app("Who decides for a patient: another key, guardians, freezes and recovery.")

_Arguments = ParamSpec("_Arguments")

PatientArgument = Annotated[str, typer.Argument(help="The address of the patient, or a name on a local chain.")]
AccountArgument = Annotated[str, typer.Argument(help="An address, or a name on a local chain.")]
ScopeOption = Annotated[str, typer.Option("--scope", help="What it may do, such as grant,revoke,freeze,recover.")]
SenderOption = Annotated[
    str | None, typer.Option(help="Who sends and pays for what the signer signs; the signer unless given.")
]


@app.command()
def rotate(
    patient: PatientArgument,
    controller: AccountArgument,
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Let another account decide for a patient; consents, rules and records stay."""
    suite = open_suite(chain, as_)
    who, new = address(patient, suite), address(controller, suite)
    done = _act(suite, sender, suite.patients.rotate, suite.patients.sign_rotate)(who, new)
    receipt_answer(done, f"{new} decides for {who}", as_json=json_)


@app.command()
def guardian(
    patient: PatientArgument,
    account: AccountArgument,
    scope: ScopeOption,
    until: Annotated[
        str, typer.Option(help="When it ends, such as the patient's majority: a date or +365d.")
    ] = "+365d",
    since: Annotated[str | None, typer.Option(help="When it begins; now unless given.")] = None,
    evidence: Annotated[str | None, typer.Option(help="A salted hash of what it rests on, 0x and 64 digits.")] = None,
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Appoint a guardian, as the patient; it may freeze and recover from 7 days after now on."""
    suite = open_suite(chain, as_)
    who, named, powers = address(patient, suite), address(account, suite), flags_of(Scope, scope, place="--scope")
    begins, ends = when(since, suite.chain, default=0), when(until, suite.chain, default=0)
    ground = bytes32(evidence, place="--evidence") if evidence else ZERO_HASH
    done = _act(suite, sender, suite.patients.add_guardian, suite.patients.sign_add_guardian)(
        who, named, powers, since=begins, until=ends, evidence=ground
    )
    receipt_answer(done, f"{named} is a guardian until {time_of(ends)}: {', '.join(names_of(powers))}", as_json=json_)


@app.command()
def remove_guardian(
    patient: PatientArgument,
    account: AccountArgument,
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Remove a guardian, as the patient; it may freeze and recover for 7 more days."""
    suite = open_suite(chain, as_)
    who, named = address(patient, suite), address(account, suite)
    done = _act(suite, sender, suite.patients.remove_guardian, suite.patients.sign_remove_guardian)(who, named)
    receipt_answer(done, f"{named} is no guardian of {who} any more", as_json=json_)


@app.command()
def threshold(
    patient: PatientArgument,
    votes: Annotated[int, typer.Argument(help="How many guardians must vote; a majority in any case.", min=0, max=255)],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Ask for another number of votes in a recovery, as the patient, from 7 days after now on."""
    suite = open_suite(chain, as_)
    done = suite.patients.change_threshold(address(patient, suite), votes)
    receipt_answer(done, f"{votes} votes from {time_of(done.at + 7 * 86_400)} on", as_json=json_)


@app.command()
def hide(
    patient: PatientArgument,
    classes: Annotated[str, typer.Argument(help="Classes of data, such as sexual_health; none for none.")],
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Hide classes of data from guardians, as the patient, where a jurisdiction lets patients do so."""
    suite = open_suite(chain, as_)
    who = address(patient, suite)
    hidden = DataClass(0) if classes == "none" else flags_of(DataClass, classes, place="classes")
    done = _act(suite, sender, suite.patients.hide, suite.patients.sign_hide)(who, hidden)
    receipt_answer(done, f"hidden from guardians: {', '.join(names_of(hidden)) or 'nothing'}", as_json=json_)


@app.command()
def allow_hiding(
    jurisdiction: Annotated[int, typer.Argument(help="ISO 3166-1 numeric, such as 840.")],
    classes: Annotated[str, typer.Argument(help="Classes of data, such as sexual_health; none for none.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Let the patients of a jurisdiction hide classes of data from guardians, as its authority."""
    allowed = DataClass(0) if classes == "none" else flags_of(DataClass, classes, place="classes")
    done = open_suite(chain, as_).patients.allow_hiding(jurisdiction, allowed)
    receipt_answer(done, f"patients of {jurisdiction} may hide: {', '.join(names_of(allowed))}", as_json=json_)


@app.command()
def freeze(
    patient: PatientArgument,
    until: Annotated[str, typer.Option(help="When it ends, at most 7 days from now.")] = "+7d",
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Freeze a patient whose key may be stolen, as the patient or a guardian; revoking goes on."""
    suite = open_suite(chain, as_)
    who, ends = address(patient, suite), when(until, suite.chain, default=0)
    done = _act(suite, sender, suite.patients.freeze, suite.patients.sign_freeze)(who, ends)
    receipt_answer(done, f"{who} is frozen until {time_of(ends)}", as_json=json_)


@app.command()
def recover(
    patient: PatientArgument,
    controller: AccountArgument,
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Vote for a new controller of a patient, as a guardian."""
    suite = open_suite(chain, as_)
    who, new = address(patient, suite), address(controller, suite)
    done = _act(suite, sender, suite.patients.recover, suite.patients.sign_recover)(who, new)
    state = suite.patients.recovery_of(who)
    begun = any(event.name == "RecoveryBegun" for event in done.events)
    text = f"recovery begun: ready at {time_of(state.ready_at)}" if begun else "voted"
    receipt_answer(done, text, as_json=json_, recovery=state)


@app.command()
def veto(
    patient: PatientArgument,
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Refuse a recovery, as the present controller."""
    suite = open_suite(chain, as_)
    who = address(patient, suite)
    done = _act(suite, sender, suite.patients.veto, suite.patients.sign_veto)(who)
    receipt_answer(done, "the recovery is refused, and all votes are void", as_json=json_)


@app.command()
def finish_recovery(
    patient: PatientArgument, chain: ChainOption = "local", as_: AccountOption = None, json_: JsonOption = False
) -> None:
    """Give a patient the controller that guardians voted for, after the time for a veto; anyone may."""
    suite = open_suite(chain, as_)
    who = address(patient, suite)
    done = suite.patients.finish_recovery(who)
    receipt_answer(done, f"{suite.patients.controller_of(who)} decides for {who}", as_json=json_)


@app.command()
def resign(
    patient: PatientArgument,
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Resign as a guardian, at once."""
    suite = open_suite(chain, as_)
    who = address(patient, suite)
    done = _act(suite, sender, suite.patients.resign, suite.patients.sign_resign)(who)
    receipt_answer(done, "no guardian any more", as_json=json_)


@app.command()
def show(patient: PatientArgument, chain: ChainOption = "local", json_: JsonOption = False) -> None:
    """Show who decides for a patient, a freeze, guardians, a recovery and what was done, oldest first."""
    suite = open_suite(chain, None)
    who = address(patient, suite)
    control, recovery = suite.patients.control_of(who), suite.patients.recovery_of(who)
    guardians, history = suite.patients.guardians(who), suite.patients.history(who)
    rows = table(f"patient {who}", "what", "value")
    rows.add_row("controller", control.controller)
    rows.add_row("frozen until", time_of(control.frozen_until))
    for account, one in guardians.items():
        span = f"{time_of(one.valid_from)} to {time_of(one.valid_until)}"
        rows.add_row(f"guardian {account}", f"{', '.join(names_of(one.scope))}; {span}")
    if recovery.ready_at:
        votes = f"{recovery.votes} of {recovery.total} votes, {recovery.needed} needed"
        rows.add_row("recovery", f"{recovery.controller}, ready at {time_of(recovery.ready_at)}: {votes}")
    value = {
        "patient": who,
        "control": control,
        "guardians": guardians,
        "recovery": recovery,
        "history": [{"event": event.name, "block": event.block, **event.values} for event in history],
    }
    answer(value, rows, as_json=json_)


def _act(
    suite: Suite, sender: str | None, act: Callable[_Arguments, Receipt], sign: Callable[..., SignedAct]
) -> Callable[_Arguments, Receipt]:
    """Give what does an act about a patient: the signer itself, or a sender that is named, with its signature."""
    return act_or_relay(suite, sender, act, sign, lambda relay, signed: relay.patients.send(signed))
