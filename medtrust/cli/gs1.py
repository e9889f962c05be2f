"""GS1: what the code on a package says, or why it says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from medtrust.cli.common import JsonOption, answer, new_app, table
from medtrust.errors import InputError
from medtrust.scanner import Symbol, read_picture
from medtrust.standards.gs1 import Allow, Scan, check_digit, digital_link, parse

__all__ = ["app"]

app = new_app("GS1 codes: element strings, what people read in brackets, Digital Link, and pictures of symbols.")

CodeArgument = Annotated[
    str, typer.Argument(help="An element string (FNC1 as ASCII 29, or ^ if it begins so), (01)…(21)…, or a link.")
]
PartialOption = Annotated[
    bool, typer.Option("--partial", help="The code is one of several on the package: let it lack what others say.")
]


@app.command("parse")
def parse_code(code: CodeArgument, partial: PartialOption = False, json_: JsonOption = False) -> None:
    """Say what a code says; exit code 1 with the reason if it breaks a rule of GS1."""
    try:
        scan = parse(code, allow=Allow(partial=partial))
    except InputError as error:
        refusal = error
        answer(_refused(refusal), lambda: _say(refusal), as_json=json_)
        raise typer.Exit(1) from None
    answer({"ok": True, **scan.to_dict()}, lambda: _show(scan), as_json=json_)


@app.command()
def link(
    code: CodeArgument,
    stem: Annotated[str, typer.Option(help="What stands before the path of the link.")] = "https://id.gs1.org",
    json_: JsonOption = False,
) -> None:
    """Write a code as a Digital Link."""
    written = digital_link(parse(code).elements, stem=stem)
    answer({"link": written}, written, as_json=json_)


@app.command("check-digit")
def check_digit_of(
    digits: Annotated[str, typer.Argument(help="A GTIN, SSCC or GLN without its last digit.")],
    json_: JsonOption = False,
) -> None:
    """Compute the last digit of a GTIN, SSCC or GLN."""
    if not (digits.isascii() and digits.isdecimal() and 1 <= len(digits) <= 17):
        raise InputError(place="digits", found=repr(digits), expected="1 to 17 decimal digits")
    answer(
        {"digit": check_digit(digits), "number": digits + check_digit(digits)},
        digits + check_digit(digits),
        as_json=json_,
    )


@app.command()
def scan(
    picture: Annotated[Path, typer.Argument(help="A picture: PNG, JPEG, TIFF, WebP, GIF or BMP.")],
    json_: JsonOption = False,
) -> None:
    """Read the symbols in a picture; exit code 1 if there is none, or one breaks a rule of GS1."""
    found = [_read(symbol) for symbol in read_picture(picture)]
    answer(found, lambda: _show_symbols(found), as_json=json_)
    if not found or not all(one["ok"] for one in found):
        raise typer.Exit(1)


def _read(symbol: Symbol) -> dict[str, object]:
    head = {"kind": symbol.kind, "code": symbol.code}
    try:
        return {**head, "ok": True, **symbol.read().to_dict()}
    except InputError as refusal:
        return {**head, **_refused(refusal)}


def _refused(refusal: InputError) -> dict[str, object]:
    where = {"place": refusal.place, "found": refusal.found, "expected": refusal.expected}
    return {"ok": False, "reason": str(refusal), **where}


def _say(refusal: InputError) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"refused: {refusal}")


def _show(scan: Scan) -> None:
    if scan.plain is not None:
        answer(None, f"no GS1 data, but text: {scan.plain}", as_json=False)
        return
    shown = table(str(scan.to_dict()["hri"]), "identifier", "value")
    for element in scan.elements:
        shown.add_row(f"({element.ai})", element.value)
    answer(None, shown, as_json=False)


def _show_symbols(found: list[dict[str, object]]) -> None:
    shown = table(f"{len(found)} symbols", "kind", "says")
    for one in found:
        shown.add_row(str(one["kind"]), str(one.get("hri") or one.get("plain") or one.get("reason")))
    answer(None, shown, as_json=False)
