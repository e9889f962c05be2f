"""Options and values that the commands for vaccinations share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from medtrust.certificate import LONGEST_TEXT, Certificate
from medtrust.errors import InputError
from medtrust.shown import Shown, is_shown, parse_shown

__all__ = ["CertificateArgument", "FieldsOption", "HolderKeyOption", "read_certificate", "read_shown"]

CertificateArgument = Annotated[
    str, typer.Argument(help="A certificate file, the text of its QR code (MT1:…), or - for stdin.")
]
FieldsOption = Annotated[str, typer.Option("--fields", help="Show these alone, separated by commas; all unless given.")]
HolderKeyOption = Annotated[
    Path | None, typer.Option("--holder-key", help="The file with the holder's private key; else --as, MEDTRUST_KEY.")
]


def read_certificate(source: str) -> Certificate:
    """Read the certificate that a person means; of a presentation the one in it. Raises `InputError`."""
    shown = read_shown(source)
    return shown if isinstance(shown, Certificate) else shown.certificate


def read_shown(source: str) -> Shown:
    """Read what a person shows: a file, the text of a QR code, or - for stdin. Raises `InputError`."""
    if source == "-":
        return parse_shown(sys.stdin.read(LONGEST_TEXT + 1))
    if is_shown(source):
        return parse_shown(source)
    try:
        with Path(source).open("rb") as file:
            return parse_shown(file.read(LONGEST_TEXT + 1))
    except OSError as error:
        expected = "a certificate file, or text that begins with MT1:"
        raise InputError(file=source, place="file", found=error.strerror or "nothing", expected=expected) from None
    except InputError as error:
        raise error.within(source) from None
