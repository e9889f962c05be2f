"""What the commands share: the chain and the account that a person means, and how an answer is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Annotated, Any, Final, Literal, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from medtrust import wallet
from medtrust.abi import to_plain
from medtrust.chain import Chain, Receipt
from medtrust.errors import ChainUnreachable, CheckRefused, InputError, MedtrustError, Reverted
from medtrust.sandbox import ORGANISATIONS
from medtrust.suite import Suite
from medtrust.types import bytes32, checksum_address, organisation_id

__all__ = [
    "AccountOption",
    "ChainOption",
    "JsonOption",
    "KindOption",
    "act_or_relay",
    "address",
    "answer",
    "answer_unless",
    "console",
    "error_body",
    "exit_code",
    "new_app",
    "open_suite",
    "organisation",
    "receipt_answer",
    "refused_body",
    "report",
    "run",
    "table",
    "time_of",
    "when",
]

_Arguments = ParamSpec("_Arguments")
_Signed = TypeVar("_Signed")

_END_OF_CALENDAR: Final = 253_402_300_800
"""The first second of the year 10000, which a calendar cannot write."""

console: Final = Console(stderr=False, soft_wrap=True, highlight=False)

ChainOption = Annotated[
    str, typer.Option("--chain", envvar="MEDTRUST_CHAIN", help="local, a URL, or the path of an IPC socket.")
]
AccountOption = Annotated[
    str | None,
    typer.Option(
        "--as", help="Who signs: a name such as hospital (local chain) or a keystore file; else MEDTRUST_KEY."
    ),
]
KindOption = Annotated[Literal["anvil", "ganache"], typer.Option("--kind", help="Which local chain.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, and nothing else.")]


def new_app(help_: str, kind: type[TyperGroup] | None = None) -> typer.Typer:
    """Make a group of commands, of a kind of its own if asked."""
    return typer.Typer(
        help=help_, cls=kind, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
    )


def open_suite(chain: str, account: str | None) -> Suite:
    """Connect to the suite on a chain, as an account."""
    return Suite.connect(chain, signer=account)


def organisation(identifier: str) -> bytes:
    """Read an organisation: its identifier as a URI, its id as 0x and 64 digits, or a name of the sandbox."""
    if identifier in ORGANISATIONS:
        return ORGANISATIONS[identifier].id
    if identifier.startswith("0x"):
        return bytes32(identifier, place="organisation")
    return organisation_id(identifier)


def address(text: str, suite: Suite) -> str:
    """Read an account: its address, or on a local chain one of the names there."""
    return wallet.role(text).address if suite.chain.is_local and text in wallet.ROLES else checksum_address(text)


def when(text: str | None, chain: Chain, *, default: int) -> int:
    """Read a time: Unix seconds, an ISO 8601 date or date-time (UTC if it names no zone), or +N with s, h, d or y
    from now.
    """
    if text is None:
        return default
    if _is_number(text):
        return int(text)
    units = {"s": 1, "h": 3600, "d": 86_400, "y": 31_557_600}
    if text[:1] == "+" and _is_number(text[1:-1]) and text[-1] in units:
        return chain.now() + int(text[1:-1]) * units[text[-1]]
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise InputError(place="time", found=repr(text), expected="2027-01-31, Unix seconds, or +30d") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp())


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def time_of(seconds: int) -> str:
    """Write Unix seconds for people, in UTC."""
    if seconds == 0:
        return "never"
    if seconds >= _END_OF_CALENDAR:
        return "for ever"
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def act_or_relay(
    suite: Suite,
    sender: str | None,
    act: Callable[_Arguments, Receipt],
    sign: Callable[..., _Signed],
    send: Callable[[Suite, _Signed], Receipt],
) -> Callable[_Arguments, Receipt]:
    """Give what does an act: `act` itself, or if a sender is named, `sign` for one hour and `send` as the sender.

    What is given takes the arguments of `act`; `sign` takes the same, and the last second in which it may be sent.
    """

    def relay(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> Receipt:
        sending = suite.acting_as(sender)
        return send(sending, sign(*arguments, **named, deadline=when("+1h", suite.chain, default=0)))

    return act if sender is None else relay


def answer(value: Any, text: str | Table | Callable[[], None], *, as_json: bool) -> None:
    """Print an answer: its value as one line of JSON, or its text for people."""
    if as_json:
        typer.echo(json.dumps(to_plain(value), ensure_ascii=False))
    elif callable(text):
        text()
    else:
        console.print(text)


def answer_unless(
    check: Callable[[], None], value: Mapping[str, Any], text: Table | Callable[[], None], *, as_json: bool
) -> None:
    """Print an answer, then what a check says against it: in JSON in the same line, whose exit code is 1.

    Raises `CheckRefused` as the check does, where people read it.
    """
    try:
        check()
    except CheckRefused as error:
        answer({**value, **error_body(error)}, text, as_json=as_json)
        if as_json:
            raise typer.Exit(exit_code(error)) from None
        raise
    answer(value, text, as_json=as_json)


def receipt_answer(receipt: Receipt, text: str, *, as_json: bool, **more: Any) -> None:
    """Print what a transaction did: its values, its hash, its block, its gas."""
    value = {
        **more,
        "transaction": receipt.transaction_hash,
        "block": receipt.block,
        "at": receipt.at,
        "gasUsed": receipt.gas_used,
        "events": [{"event": event.name, **event.values} for event in receipt.events],
    }
    shown = f"{text}\n  transaction {receipt.transaction_hash}, block {receipt.block}, gas {receipt.gas_used:,}"
    answer(value, shown, as_json=as_json)


def table(title: str, *headings: str) -> Table:
    """Make a table for people."""
    return Table(*headings, title=title, title_justify="left")


def exit_code(error: MedtrustError) -> int:
    """Turn an exception into the exit code of a command: the only place where this is done.

    1 a check said no, 2 misuse, 3 chain unreachable, 4 revert.
    """
    if isinstance(error, CheckRefused):
        return 1
    if isinstance(error, ChainUnreachable):
        return 3
    if isinstance(error, Reverted):
        return 4
    return 2


def report(error: MedtrustError, *, as_json: bool) -> int:
    """Tell a person, or a program, why a command failed, and return its exit code."""
    code = exit_code(error)
    if as_json:
        typer.echo(json.dumps(error_body(error), ensure_ascii=False))
    else:
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"{_headline(error)}: {error}")
    return code


def error_body(error: MedtrustError) -> dict[str, Any]:
    """Return what a program is told of an exception: its values, its name and its message."""
    values: Mapping[str, Any] = {
        key: value for key, value in vars(error).items() if isinstance(value, (str, int, dict, list, tuple, bytes))
    }
    name = getattr(error, "error", "") or type(error).__name__
    return {**to_plain(values), "error": name, "message": str(error)}


def refused_body(error: InputError) -> dict[str, str]:
    """Return what a program is told of a part of a file that is refused."""
    told = {"file": error.file, "place": error.place, "found": error.found, "expected": error.expected}
    return {**told, "message": str(error)}


def _headline(error: MedtrustError) -> str:
    return {1: "refused", 3: "no chain", 4: "the contract refused"}.get(exit_code(error), "cannot do that")


def run(application: typer.Typer) -> None:
    """Run the command line; our exceptions become a sentence and an exit code."""
    as_json = "--json" in sys.argv[1:]
    try:
        application()
    except MedtrustError as error:
        raise SystemExit(report(error, as_json=as_json)) from None
    except BrokenPipeError:
        raise SystemExit(0) from None
    except OSError as error:
        problem = InputError(
            place="file", found=error.strerror or str(error), expected="a file to use", file=str(error.filename or "")
        )
        raise SystemExit(report(problem, as_json=as_json)) from None
