"""Standards: what files of HL7 v2, FHIR, C-CDA and CSV say, in canonical form, and what of them is carried over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from medtrust.canonical import Canonical
from medtrust.cli.common import JsonOption, answer, answer_unless, new_app, refused_body, table
from medtrust.errors import InputError
from medtrust.mapping_file import load_mapping
from medtrust.standards import LossReport, Reading, read
from medtrust.standards.foreign import ForeignCertificate
from medtrust.verification import content_of, text_of

__all__ = ["COMPARISON_KEY", "app"]

app = new_app("What HL7 v2, FHIR, C-CDA and CSV files say, in one canonical form, and what becomes of every field.")

# Under a key that everyone knows pseudonyms can be compared, and found out: good for looking, never for anchoring.
COMPARISON_KEY = bytes(32)

_SCHEMAS: Final = ("imm/1", "enc/1", "claim/1")

FilesArgument = Annotated[
    list[Path], typer.Argument(help="HL7 v2, FHIR R4 (JSON, Bundle, NDJSON), C-CDA or CSV; - reads stdin.")
]
FileArgument = Annotated[Path, typer.Argument(help="A file of HL7 v2, FHIR R4, C-CDA or CSV; - reads stdin.")]
KeyOption = Annotated[
    str,
    typer.Option("--key", help="Registry key, 64 hexadecimal digits; without one all zeros, good for comparing alone."),
]
OrganisationOption = Annotated[
    str, typer.Option("--organisation", help="Identifier URI of the organisation that knows the patients.")
]
MappingOption = Annotated[
    Path | None, typer.Option("--mapping", help="What the columns of a CSV file hold, in YAML or JSON.")
]
OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", help="What is wanted, imm/1, enc/1 or claim/1; the rest is let by.")
]
StrictOption = Annotated[
    float, typer.Option("--strict", min=0, max=1, help="Fail if a smaller share of the fields is carried over.")
]


@app.command()
def canonical(
    files: FilesArgument,
    key: KeyOption = "",
    organisation: OrganisationOption = "urn:medtrust:comparison",
    mapping: MappingOption = None,
    only: OnlyOption = None,
    json_: JsonOption = False,
) -> None:
    """Print the canonical objects of files: the same for every file that says the same.

    What is refused is said on stderr, and the exit code is 1. In JSON it is the list of the objects; if nothing can be
    read, an object with `objects` and `refused`, as of `claim import`.
    """
    readings = [_read(file, key, organisation, mapping, only) for file in files]
    objects = [canonical for reading in readings for canonical in reading.objects]
    refused = [refused_body(refusal) for reading in readings for refusal in reading.refusals]
    if json_ and refused and not objects:
        answer({"objects": [], "refused": refused}, "", as_json=True)
    elif json_:
        typer.echo(b"[" + b",".join(found.to_json() for found in objects) + b"]")
    else:
        answer(objects, _shown(objects) if objects else "nothing", as_json=False)
    _say_refusals(readings)


@app.command()
def loss(
    file: FileArgument,
    strict: StrictOption = 0.0,
    key: KeyOption = "",
    organisation: OrganisationOption = "urn:medtrust:comparison",
    mapping: MappingOption = None,
    only: OnlyOption = None,
    json_: JsonOption = False,
) -> None:
    """Print what became of every field of a file: mapped, defaulted, preserved or dropped.

    Values are not shown: a digest under the key stands for each, so that a change is seen and the value is not.
    """
    reading = _read(file, key, organisation, mapping, only)
    counts, entries = reading.loss.counts(), list(reading.loss.entries())
    value = {
        "ratio": round(reading.loss.ratio, 6),
        **counts,
        "fields": [entry.to_dict() for entry in entries],
        "refused": [refused_body(refusal) for refusal in reading.refusals],
    }
    shown = table(f"{reading.loss.ratio:.1%} of the fields are carried over", "field", "became")
    for entry in entries:
        shown.add_row(entry.path, entry.disposition)
    answer_unless(lambda: reading.loss.strict(strict), value, shown, as_json=json_)
    _say_refusals([reading])


def _read(file: Path, key: str, organisation: str, mapping: Path | None, only: Sequence[str] | None) -> Reading:
    name = "stdin" if str(file) == "-" else str(file)
    try:
        data = text_of(typer.get_binary_stream("stdin").read()) if str(file) == "-" else content_of(file)
    except OSError as error:
        raise InputError(place="file", found=error.strerror or "nothing", expected="a file", file=name) from None
    columns, secret, wanted = load_mapping(mapping) if mapping else None, _key(key), _wanted(only)
    try:
        return read(
            data,
            name=name,
            key=secret,
            organisation=organisation,
            take=wanted,
            mapping=columns,
            vouch=_let_pass,
        )
    except InputError as error:
        if error.place != "beginning":
            raise
        return Reading((), (error,), LossReport(secret))


def _wanted(only: Sequence[str] | None) -> Sequence[str]:
    for schema in only or ():
        if schema not in _SCHEMAS:
            raise InputError(place="--only", found=repr(schema), expected=", ".join(_SCHEMAS))
    return only or _SCHEMAS


def _let_pass(certificate: ForeignCertificate) -> None:
    """Read a foreign certificate whoever signed it: what is only looked at need not be genuine."""


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text.removeprefix("0x")) or COMPARISON_KEY
    except ValueError:
        key = b""
    if len(key) != len(COMPARISON_KEY):
        raise InputError(place="--key", found=f"{len(text)} characters", expected="64 hexadecimal digits")
    return key


def _shown(objects: list[Canonical]) -> str:
    return "\n\n".join(json.dumps(json.loads(found.to_json()), indent=2, ensure_ascii=False) for found in objects)


def _say_refusals(readings: list[Reading]) -> None:
    """Say on stderr what was refused, and end with exit code 1 if anything was."""
    refusals = [refusal for reading in readings for refusal in reading.refusals]
    for refusal in refusals:
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"refused: {refusal}")
    if refusals:
        raise typer.Exit(1)
