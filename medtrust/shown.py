"""What a person shows, certificate, presentation or paper with a code, and the verdict on it for who asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from medtrust import paper, presentation
from medtrust.certificate import LONGEST_TEXT, Certificate, Flaw
from medtrust.errors import InputError
from medtrust.judgement import Registry, judge, unknown
from medtrust.paper import PaperCertificate, judge_paper
from medtrust.presentation import Presentation, judge_presentation
from medtrust.verdict import Verdict

__all__ = ["Question", "Shown", "is_shown", "judge_shown", "parse_shown"]

Shown = Certificate | Presentation | PaperCertificate

_FORMS: Final[dict[str, Callable[[str], Shown]]] = {
    presentation.SCHEMA: Presentation.parse,
    paper.SCHEMA: PaperCertificate.parse,
}
_PREFIXES: Final[dict[str, Callable[[str], Shown]]] = {
    presentation.PREFIX: Presentation.parse,
    paper.PREFIX: PaperCertificate.parse,
}


def _refuse(_code: bytes) -> bool:
    """Take no code: nobody keeps which were used."""
    return False


@dataclass(frozen=True, slots=True)
class Question:
    """What a verifier asks: at which time of its own clock, as of when, and of the holder.

    `now` and `at` are Unix seconds; `at` is None for now. With a `challenge` the holder must have signed it for
    `verifier`; with a `code` it must be one of those on the paper, and `use` notes it and says whether it was new.
    """

    now: int
    at: int | None = None
    verifier: str = ""
    challenge: str | None = None
    code: str | None = None
    use: Callable[[bytes], bool] = _refuse


def parse_shown(text: str | bytes) -> Shown:
    """Read what is shown: a certificate, a presentation or a paper certificate, as JSON or QR text.

    Raises `InputError`, which names the member, for anything else.
    """
    if len(text) > LONGEST_TEXT:
        raise InputError(place="certificate", found=f"{len(text)} characters", expected=f"at most {LONGEST_TEXT}")
    try:
        plain = (text if isinstance(text, str) else text.decode("utf-8-sig")).strip()
    except UnicodeDecodeError:
        raise InputError(place="certificate", found="no UTF-8", expected="JSON or MT1:… text") from None
    for prefix, parse in _PREFIXES.items():
        if plain.startswith(prefix):
            return parse(plain)
    parse_form = _FORMS.get(_form_of(plain))
    return parse_form(plain) if parse_form else Certificate.parse(plain)


def is_shown(text: str) -> bool:
    """Say whether a text is of a form that `parse_shown` reads, broken or not."""
    plain = text.strip()
    if plain.startswith(("MT1:", *_PREFIXES)):
        return True
    form = _form_of(plain)
    return form in _FORMS or form.startswith("cert/")


def _form_of(text: str) -> str:
    if not text.startswith("{") or len(text) > LONGEST_TEXT:
        return ""
    try:
        return str(json.loads(text).get("t", ""))
    except (ValueError, RecursionError):
        return ""


def judge_shown(shown: Shown, registry: Registry, question: Question) -> Verdict:
    """Say what stands about what is shown. Whatever is not proven, of the dose or of its holder, is UNKNOWN."""
    certificate = shown if isinstance(shown, Certificate) else shown.certificate
    at, now = question.at, question.now
    if question.code is not None:
        if not isinstance(shown, PaperCertificate):
            return unknown(certificate.issuer, Flaw("NoCodes", "no codes were handed out with this certificate"))
        return judge_paper(shown, registry, code=question.code, use=question.use, now=now, at=at)
    if question.challenge is not None:
        if not isinstance(shown, Presentation):
            sentence = "it is a bearer's: nobody signed the challenge"
            return unknown(certificate.issuer, Flaw("HolderNotShown", sentence))
        return judge_presentation(
            shown, registry, verifier=question.verifier, challenge=question.challenge, now=now, at=at
        )
    return judge(certificate, registry, at=at)
