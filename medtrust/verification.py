"""Verification: one verdict for each certificate that somebody shows, ours or a foreign one, file, text or picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from medtrust import foreign
from medtrust.certificate import Certificate
from medtrust.errors import CheckRefused, InputError
from medtrust.judgement import Registry, judge
from medtrust.scanner import Symbol, is_picture, is_picture_data, read_picture
from medtrust.shown import is_shown, parse_shown
from medtrust.standards.foreign import LARGEST
from medtrust.standards.trust import TrustList
from medtrust.suite import Suite
from medtrust.verdict import Advisory, Status, Verdict

__all__ = ["content_of", "load", "read_shown", "read_trust", "text_of", "unproven", "verify_certificates"]

_TEXTS: Final = ("MT1:", "MP1:", "MK1:", "HC1:", "shc:/")
_CODES: Final = ("]Q", "]z")
"""Certificates stand in QR and Aztec codes. Stray patterns of a picture read as bar codes now and then."""

_PACKAGES: Final = "]d"
"""DataMatrix."""

_IDENTIFIER_LENGTH: Final = 3
"""A symbol's text stands behind its symbology identifier, such as "]Q1"."""


def load(source: str) -> list[str | bytes]:
    """Return what a person means by `source`: the text of a QR code as it is, of a picture what its symbols say, else
    the content of a file.

    Empty if the picture holds none that can be read. Raises `InputError` if there is no such file, `CheckRefused` with
    reason "CodeUnreadable" if a picture is broken and "UnknownForm" if it holds the code of a package alone, and
    `ToolMissing` if pictures cannot be read because the extra "scan" is not installed.
    """
    if source.startswith(_TEXTS):
        return [source]
    path = Path(source)
    content = _content(path, "a file, or text that begins with MT1:, HC1: or shc:/")
    return _shown_codes(path) if is_picture(source) or is_picture_data(content) else [content]


def read_shown(content: bytes, *, name: str = "stdin") -> list[str | bytes]:
    """Return a content as it is, of a picture what its symbols say; raises as `load`."""
    return _shown_codes(Path(name), content) if is_picture_data(content) else [content]


def content_of(path: Path) -> bytes:
    """Return the content of a file; of a picture the text of the QR codes in it.

    Raises `OSError` if there is no such file, and as `load` for a picture.
    """
    return text_of(path.read_bytes(), name=str(path))


def text_of(content: bytes, *, name: str = "stdin") -> bytes:
    """Return a content as it is, of a picture the text of the QR codes in it; raises as `load`."""
    if is_picture(name) or is_picture_data(content):
        return "\n".join(map(str, _codes(Path(name), content))).encode()
    return content


def _shown_codes(path: Path, content: bytes | None = None) -> list[str | bytes]:
    """Return what the codes of a picture say; that of a package is told by its kind, and is no certificate."""
    symbols = _symbols(path, content)
    if symbols and all(symbol.code.startswith(_PACKAGES) for symbol in symbols):
        kind = symbols[0].kind
        raise CheckRefused("UnknownForm", f"the picture holds a {kind} code, as packages have; no certificate is one")
    return _texts(symbols)


def _codes(path: Path, content: bytes | None = None) -> list[str | bytes]:
    return _texts(_symbols(path, content))


def _symbols(path: Path, content: bytes | None) -> tuple[Symbol, ...]:
    try:
        return read_picture(path, content)
    except InputError as broken:
        raise CheckRefused("CodeUnreadable", str(broken)) from None


def _texts(symbols: Sequence[Symbol]) -> list[str | bytes]:
    return [symbol.code[_IDENTIFIER_LENGTH:] for symbol in symbols if symbol.code.startswith(_CODES)]


def read_trust(files: Sequence[Path]) -> TrustList:
    """Read files with certificates, key sets, directories and revocation lists, as `TrustList.read` takes them."""
    return TrustList.read((str(path), _content(path, "a file that says whom to trust")) for path in files)


def _content(path: Path, expected: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        found = error.strerror or "nothing"
        raise InputError(file=str(path), place="file", found=found, expected=expected) from None


def verify_certificates(
    sources: Sequence[str | bytes],
    trust: TrustList,
    open_suite: Callable[[], Suite],
    *,
    at: float,
    is_now: bool = True,
    offline: Registry | None = None,
) -> list[Verdict]:
    """Say what stands about each certificate in `sources` at a time (Unix seconds), ours first; unread is UNKNOWN.

    Of foreign ones `trust` says whose signature counts. Ours are looked up on the chain of the suite that
    `open_suite` opens; with `is_now` by its own clock; or in `offline`, a checkpoint that is trusted, and no chain is
    asked. Raises what the suite raises.
    """
    if not sources:
        return [_unknown("CodeUnreadable", "the picture holds no code that can be read")]
    verdicts: list[Verdict] = []
    strangers: list[str | bytes] = []
    for source in sources:
        if _is_ours(source):
            verdicts.append(_verify_ours(source, open_suite, None if is_now else int(at), offline))
        else:
            strangers.append(source)
    return verdicts + (foreign.verify(strangers, trust, at=at) if strangers else [])


def _is_ours(source: str | bytes) -> bool:
    return is_shown(source.decode("utf-8-sig", "replace") if isinstance(source, bytes) else source)


def _verify_ours(
    source: str | bytes, open_suite: Callable[[], Suite], at: int | None, offline: Registry | None
) -> Verdict:
    try:
        shown = parse_shown(source)
    except InputError as error:
        return _unknown("CertificateBroken", str(error))
    certificate = shown if isinstance(shown, Certificate) else shown.certificate
    if offline is not None:
        return judge(certificate, offline, at=at)
    return open_suite().vaccination.verify(certificate, at=at)


def unproven(refused: CheckRefused) -> Verdict:
    """Return the verdict where a picture, or the list of whom to trust, is itself refused."""
    return _unknown(refused.reason, refused.sentence)


def _unknown(reason: str, sentence: str) -> Verdict:
    return Verdict(Status.UNKNOWN, reason, sentence, Advisory(0), issuer="", signer="", anchored_at=0, shown={})
