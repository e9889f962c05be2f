"""Emergency: open a patient's data in one act, and review it."""

from __future__ import annotations

from typing import Annotated

import typer

from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    act_or_relay,
    address,
    answer,
    new_app,
    open_suite,
    organisation,
    receipt_answer,
    table,
    time_of,
)
from medtrust.consent import DataClass
from medtrust.consent_terms import flags_of, names_of
from medtrust.emergency import EVERYTHING, Session, Verdict
from medtrust.errors import InputError
from medtrust.reasons import committed

__all__ = ["WhyOption", "app"]

app = new_app("Data opened in an emergency, in one act, and the review that follows.")

OrganisationArgument = Annotated[str, typer.Argument(help="The organisation: its identifier, id, or sandbox name.")]
PatientArgument = Annotated[str, typer.Argument(help="The address of the patient, or a name on a local chain.")]
NumberArgument = Annotated[int, typer.Argument(help="The number of the session at the organisation.", min=0)]
WhyOption = Annotated[str, typer.Option("--why", help="In words; only a salted hash of it reaches the chain.")]
SenderOption = Annotated[
    str | None, typer.Option(help="Who sends and pays for what the patient signs; the patient unless given.")
]


@app.command(name="open")
def open_(
    patient: PatientArgument,
    identifier: OrganisationArgument,
    why: WhyOption,
    class_: Annotated[str | None, typer.Option("--class", help="Classes of data; all unless given.")] = None,
    hours: Annotated[int, typer.Option(help="How long, at most 24.", min=1, max=24)] = 4,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Open a patient's data in an emergency; it ends by itself and is reviewed."""
    suite = open_suite(chain, as_)
    classes = flags_of(DataClass, class_, place="--class") if class_ else DataClass(EVERYTHING)
    salt, reason = committed(why)
    who = address(patient, suite)
    receipt = suite.emergency.open(who, organisation(identifier), reason, classes=classes, period=hours * 3600)
    withheld = names_of(classes & DataClass(suite.emergency.withheld_of(who)))
    values = receipt.event("EmergencyOpened").values
    text = f"session {values['number']} is open until {time_of(values['until'])}; keep the salt 0x{salt.hex()}"
    if withheld:
        text += f"\nthe patient withholds, also now: {', '.join(withheld)}"
    receipt_answer(receipt, text, as_json=json_, number=values["number"], salt=salt, withheld=withheld)


@app.command()
def review(
    identifier: OrganisationArgument,
    number: NumberArgument,
    verdict: Annotated[str, typer.Argument(help="justified, unjustified or needs_information.")],
    why: WhyOption,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Review a session, as a privacy officer of another unit than the clinician's."""
    salt, findings = committed(why)
    found = _verdict(verdict)
    done = open_suite(chain, as_).emergency.review(organisation(identifier), number, found, findings=findings)
    receipt_answer(done, f"session {number} is {found.name}; keep the salt 0x{salt.hex()}", as_json=json_, salt=salt)


@app.command()
def contest(
    identifier: OrganisationArgument,
    number: NumberArgument,
    why: WhyOption,
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Contest a session, as the patient or a guardian, so that the authority may overrule its review."""
    suite, id_ = open_suite(chain, as_), organisation(identifier)
    salt, grounds = committed(why)
    act, sign = suite.emergency.contest, suite.emergency.sign_contest
    contesting = act_or_relay(suite, sender, act, sign, lambda relay, signed: relay.emergency.contest_by_sig(signed))
    done = contesting(id_, number, grounds=grounds)
    receipt_answer(done, f"session {number} is contested; keep the salt 0x{salt.hex()}", as_json=json_, salt=salt)


@app.command()
def rule(
    patient: PatientArgument,
    withhold: Annotated[str, typer.Argument(help="Classes that are never opened; all to deny, none to allow all.")],
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Change a patient's standing rule for emergencies; it counts at once."""
    suite = open_suite(chain, as_)
    who = address(patient, suite)
    special = {"all": DataClass(EVERYTHING), "none": DataClass(0)}
    withheld = special[withhold] if withhold in special else flags_of(DataClass, withhold, place="withhold")
    act, sign = suite.emergency.change_rule, suite.emergency.sign_change_rule
    ruling = act_or_relay(suite, sender, act, sign, lambda relay, signed: relay.emergency.change_rule_by_sig(signed))
    done = ruling(who, withheld)
    receipt_answer(done, f"never opened: {', '.join(names_of(withheld)) or 'nothing'}", as_json=json_)


@app.command()
def overrule(
    identifier: OrganisationArgument,
    number: NumberArgument,
    why: WhyOption,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Find a contested session unjustified that was found justified, as the authority."""
    salt, findings = committed(why)
    done = open_suite(chain, as_).emergency.overrule(organisation(identifier), number, findings=findings)
    receipt_answer(done, f"session {number} is UNJUSTIFIED; keep the salt 0x{salt.hex()}", as_json=json_, salt=salt)


@app.command()
def restore(
    identifier: OrganisationArgument, chain: ChainOption = "local", as_: AccountOption = None, json_: JsonOption = False
) -> None:
    """Let a suspended organisation open data in emergencies again, as the authority."""
    done = open_suite(chain, as_).emergency.restore(organisation(identifier))
    receipt_answer(done, f"{identifier} may open data in emergencies again", as_json=json_)


@app.command()
def check(
    identifier: OrganisationArgument,
    number: NumberArgument,
    patient: PatientArgument,
    actor: Annotated[str, typer.Option(help="Who asks: an address, or a name on a local chain.")],
    class_: Annotated[str, typer.Option("--class", help="The class of the data.")],
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Say whether a session lets its clinician at a class of the patient's data now; exit 1 unless it does."""
    suite = open_suite(chain, None)
    data_class = flags_of(DataClass, class_, place="--class")
    who, asking = address(patient, suite), address(actor, suite)
    is_open = suite.emergency.is_open(organisation(identifier), number, who, asking, data_class)
    answer({"isOpen": is_open}, "open" if is_open else "not open", as_json=json_)
    if not is_open:
        raise typer.Exit(1)


@app.command()
def show(identifier: OrganisationArgument, chain: ChainOption = "local", json_: JsonOption = False) -> None:
    """Show how an organisation stands: whether it is suspended, which sessions run, wait for review or are overdue."""
    suite, id_ = open_suite(chain, None), organisation(identifier)
    state, waiting = suite.emergency.reviews_of(id_), suite.emergency.unreviewed(id_)
    overdue = {session.number for session in suite.emergency.overdue(id_)}
    running = {session.number: session for session in suite.emergency.running(id_)}
    waits = {session.number for session in waiting}
    rows = table(f"emergencies at {identifier}", "session", "opened", "until", "runs", "review", "verdict")
    for number, one in sorted({**running, **{session.number: session for session in waiting}}.items()):
        due = "OVERDUE" if number in overdue else f"until {time_of(one.review_until)}" if number in waits else "done"
        runs = "yes" if number in running else "no"
        rows.add_row(str(number), time_of(one.opened_at), time_of(one.until), runs, due, one.verdict.name)
    rows.caption = f"suspended since {time_of(state.suspended_from)}" if state.suspended_from else "not suspended"
    value = {"reviews": state, "unreviewed": [_plain(one) for one in waiting], "overdue": sorted(overdue)}
    value["running"] = [_plain(one) for one in running.values()]
    answer(value, rows, as_json=json_)


@app.command()
def history(patient: PatientArgument, chain: ChainOption = "local", json_: JsonOption = False) -> None:
    """List what was opened, contested and ruled about a patient, oldest first."""
    suite = open_suite(chain, None)
    events = suite.emergency.history(address(patient, suite))
    rows = table(f"emergencies of {patient}", "block", "event", "session")
    for event in events:
        rows.add_row(str(event.block), event.name, str(event.values.get("number", "")))
    answer([{"event": one.name, "block": one.block, **one.values} for one in events], rows, as_json=json_)


def _verdict(text: str) -> Verdict:
    names = {one.name: one for one in Verdict if one is not Verdict.NONE}
    key = text.strip().upper().replace("-", "_")
    if key not in names:
        raise InputError(place="verdict", found=repr(text), expected=f"one of {', '.join(names).lower()}")
    return names[key]


def _plain(session: Session) -> dict[str, object]:
    return {**vars(session), "verdict": session.verdict.name, "classes": names_of(DataClass(session.classes))}
