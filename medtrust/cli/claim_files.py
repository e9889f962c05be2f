"""Claims from files, without a chain: what they say in canonical form, and what a plan would pay for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from medtrust.adjudication import Totals
from medtrust.billing import read_bills, read_claims
from medtrust.cli.claim_letter import explained, print_letter
from medtrust.cli.common import JsonOption, answer, answer_unless, console, error_body, refused_body
from medtrust.cli.standards import COMPARISON_KEY
from medtrust.errors import InputError
from medtrust.explanation import ClaimStatus
from medtrust.files import read_json
from medtrust.instants import instant
from medtrust.money import parse_amount
from medtrust.plan_file import currency_of, read_plan
from medtrust.quote import ASKED, Quote
from medtrust.quote import quote as quote_bill
from medtrust.standards import Reading

__all__ = [
    "AuthorityOption",
    "PayerOption",
    "PolicyNumberOption",
    "WithOption",
    "add_to",
    "authorities_of",
    "beside_of",
    "payers_of",
]

FileArgument = Annotated[
    Path,
    typer.Argument(help="FHIR R4 (Claim, ExplanationOfBenefit, Bundle), HL7 v2 (DFT), X12 837P, or JSON; - is stdin."),
]
OrganisationOption = Annotated[
    str, typer.Option("--organisation", help="Identifier URI of the provider, where the file does not say it.")
]
PayerOption = Annotated[
    list[str] | None,
    typer.Option("--payer", help="NUMBER=URI: who a payer is that the file numbers, names or refers to; repeatable."),
]
AuthorityOption = Annotated[
    list[str] | None,
    typer.Option("--authority", help="EA=URI or CLM=URI: who gave patients or visits their numbers in an 837."),
]
WithOption = Annotated[
    list[Path] | None,
    typer.Option("--with", help="A FHIR file with the Patient, Encounter, … to which the claim refers; repeatable."),
]
PolicyNumberOption = Annotated[
    str, typer.Option("--policy-number", help="The policy number, where the Coverage of a FHIR claim has none.")
]
StrictOption = Annotated[
    float, typer.Option("--strict", min=0, max=1, help="Fail if a smaller share of the fields is carried over.")
]
_COMPARISON = "urn:medtrust:comparison"
_DECIMALS = 6


def add_to(app: typer.Typer) -> None:
    """Add these commands to the group of claims."""
    app.command("import")(_import)
    app.command("quote")(_quote)


def _import(
    file: FileArgument,
    key: Annotated[
        str, typer.Option("--key", help="Registry key, 64 hexadecimal digits; without one all zeros, to compare alone.")
    ] = COMPARISON_KEY.hex(),
    organisation: OrganisationOption = _COMPARISON,
    payer: PayerOption = None,
    authority: AuthorityOption = None,
    with_: WithOption = None,
    policy_number: PolicyNumberOption = "",
    strict: StrictOption = 0.0,
    json_: JsonOption = False,
) -> None:
    """Say what the claims in a file are in canonical form, and what became of every field; exit 1 if any is refused."""
    secret = _key(key)
    reading = read_claims(
        _read(file),
        name=str(file),
        key=secret,
        organisation=organisation,
        payers=payers_of(payer),
        authorities=authorities_of(authority),
        beside=beside_of(with_),
        policy_number=policy_number,
    )
    answer_unless(
        lambda: reading.loss.strict(strict), _imported(reading), lambda: _print_claims(reading), as_json=json_
    )
    if reading.refusals:
        raise typer.Exit(1)


def _quote(
    plan: Annotated[Path, typer.Argument(help="The plan, as JSON.")],
    visit: FileArgument,
    deductible_met: Annotated[str, typer.Option(help="What the member paid of the deductible before.")] = "0",
    out_of_pocket_met: Annotated[str, typer.Option(help="What the member paid in all before.")] = "0",
    plan_paid: Annotated[str, typer.Option(help="What the plan paid before.")] = "0",
    from_: Annotated[str, typer.Option("--from", help="When coverage begins; a waiting period ago unless said.")] = "",
    until: Annotated[str, typer.Option(help="When coverage ends; 366 days after it began unless said.")] = "",
    filed: Annotated[str, typer.Option(help="When the visit is recorded; at once unless said.")] = "",
    currency: Annotated[str, typer.Option(help="The currency (ISO 4217) of plan and claim; that of the plan.")] = "",
    organisation: OrganisationOption = _COMPARISON,
    payer: PayerOption = None,
    with_: WithOption = None,
    policy_number: PolicyNumberOption = "",
    json_: JsonOption = False,
) -> None:
    """Say what a plan would pay for the visit in a file, by the same rules as the contract; exit 1 if nothing.

    A visit that is refused ends with exit code 1 and its place, as with `import`.
    """
    try:
        document = read_json(plan)
        terms, currency = read_plan(document), currency_of(document, currency)
    except InputError as error:
        raise error.within(str(plan)) from None
    totals = Totals(_amount(deductible_met), _amount(out_of_pocket_met), _amount(plan_paid))
    begins, ends, recorded_at = _time(from_), _time(until), _time(filed)
    data, payers, beside = _read(visit), payers_of(payer), beside_of(with_)
    try:
        bills = read_bills(
            data,
            name=str(visit),
            key=COMPARISON_KEY,
            organisation=organisation,
            payers=payers,
            beside=beside,
            policy_number=policy_number,
        )
    except InputError as error:
        _refuse(error, as_json=json_)
    if len(bills) != 1:
        raise InputError(file=str(visit), place="file", found=f"{len(bills)} visits", expected="one")
    try:
        quoted = quote_bill(
            terms,
            bills[0],
            totals,
            covered_from=begins,
            covered_until=ends,
            recorded_at=recorded_at,
            currency=currency,
        )
    except InputError as error:
        if error.place in ASKED:
            raise
        _refuse(error.within(str(visit)), as_json=json_)
    answer(_quoted(quoted, currency), lambda: _print_quote(quoted, currency), as_json=json_)
    if quoted.explanation.status is ClaimStatus.DENIED:
        raise typer.Exit(1)


def _refuse(error: InputError, *, as_json: bool) -> NoReturn:
    """Say why the visit in a file is refused, and end with exit code 1."""
    shown = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    value = {**error_body(error), "refused": [refused_body(error)]}
    answer(value, lambda: shown.print(f"refused: {error}"), as_json=as_json)
    raise typer.Exit(1)


def _imported(reading: Reading) -> dict[str, Any]:
    return {
        "objects": [one.to_dict() for one in reading.objects],
        "loss": {
            "ratio": round(reading.loss.ratio, 6),
            **reading.loss.counts(),
            "fields": [entry.to_dict() for entry in reading.loss.entries()],
        },
        "refused": [refused_body(one) for one in reading.refusals],
    }


def _print_claims(reading: Reading) -> None:
    for one in reading.objects:
        console.print(json.dumps(json.loads(one.to_json()), indent=2, ensure_ascii=False), markup=False)
    console.print(f"{reading.loss.ratio:.1%} of the fields are carried over")
    for refusal in reading.refusals:
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"refused: {refusal}")


def _quoted(quoted: Quote, currency: str) -> dict[str, Any]:
    totals, value = quoted.totals, explained(quoted.explanation)
    for name in ("claim", "decidedAt"):
        del value[name]
    counted = {
        "deductibleMet": totals.deductible_met,
        "outOfPocketMet": totals.out_of_pocket_met,
        "planPaid": totals.plan_paid,
        "unattested": totals.unattested,
    }
    return {**value, "currency": currency, "decimals": _DECIMALS, "totals": counted}


def _print_quote(quoted: Quote, currency: str) -> None:
    covered = quoted.explanation.status is not ClaimStatus.DENIED
    headline = "An estimate" if covered else "An estimate: it would be denied"
    print_letter(quoted.explanation, _DECIMALS, currency, headline=headline)


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return typer.get_binary_stream("stdin").read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            file=str(file), place="file", found=error.strerror or "nothing", expected="a file with a claim"
        ) from None


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        key = b""
    if len(key) != len(COMPARISON_KEY):
        raise InputError(place="--key", found=f"{len(text)} characters", expected="64 hexadecimal digits")
    return key


def beside_of(files: list[Path] | None) -> list[tuple[str, bytes]]:
    """Read the files beside a claim, to whose resources it refers."""
    return [(str(file), _read(file)) for file in files or ()]


def payers_of(options: list[str] | None) -> dict[str, str]:
    """Read payers: the number or name by which the file calls one, and its identifier."""
    return _pairs(options, "--payer", "NUMBER=URI")


def authorities_of(options: list[str] | None) -> dict[str, str]:
    """Read who gave the numbers of an 837: EA those of patients' records, CLM those of visits."""
    found = _pairs(options, "--authority", "EA=URI or CLM=URI")
    for name in found:
        if name not in ("EA", "CLM"):
            raise InputError(place="--authority", found=repr(name), expected="EA=URI or CLM=URI")
    return found


def _pairs(options: list[str] | None, place: str, expected: str) -> dict[str, str]:
    pairs = [option.partition("=") for option in options or ()]
    for name, _, uri in pairs:
        if not name or not uri:
            raise InputError(place=place, found=repr(name), expected=expected)
    return {name: uri for name, _, uri in pairs}


def _amount(text: str) -> int:
    return parse_amount(text, _DECIMALS)


def _time(text: str) -> int | None:
    return int(instant(text)) if text else None
