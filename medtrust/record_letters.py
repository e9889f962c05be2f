"""Letters: what stands behind the hashes of a request and its answer, in files that both sides keep."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from medtrust.errors import CheckRefused, InputError
from medtrust.files import read_json, write_json
from medtrust.json_fields import JsonFields, hex_text
from medtrust.keccak import keccak256
from medtrust.record_terms import Question

__all__ = ["Letter", "Sealing", "ask_about", "seal_content"]

_FORMAT: Final = "record-letter/1"
_LABEL: Final = b"medtrust/letter/1"


@dataclass(frozen=True)
class Sealing:
    """A salted hash of a content: nobody can guess the content from it, and whoever has both can show that they fit."""

    commitment: bytes
    salt: bytes = field(repr=False)

    def require(self, content: bytes) -> None:
        """Raise `CheckRefused` with reason "AnotherContent" unless this is the content that was meant."""
        if _hash(content, self.salt) != self.commitment:
            raise CheckRefused("AnotherContent", "the content is not the one that this hash stands for")


@dataclass(frozen=True)
class Letter:
    """A request as both sides keep it; with an answer, also what was handed over."""

    question: Question
    asked: Sealing
    delivery: Sealing | None = None

    def write(self, path: Path) -> None:
        """Write it to a file that only its owner can read."""
        question = self.question
        value: dict[str, Any] = {
            "format": _FORMAT,
            "requester": hex_text(question.requester),
            "custodian": hex_text(question.custodian),
            "asked": _to_json(self.asked),
        }
        if self.delivery:
            value["delivery"] = _to_json(self.delivery)
        write_json(path, value, mode=0o600)

    @classmethod
    def read(cls, path: Path) -> Letter:
        """Read a letter from a file. Raises `InputError` with the file and the field that is wrong."""
        raw = read_json(path)
        try:
            whole = JsonFields(raw, "letter")
            whole.require("format", _FORMAT)
            asked = _from_json(whole.inner("asked"))
            question = Question(whole.hash("requester"), whole.hash("custodian"), asked.commitment)
            return cls(question, asked, _from_json(whole.inner("delivery")) if "delivery" in raw else None)
        except InputError as error:
            raise error.within(str(path)) from None

    @property
    def answered(self) -> Sealing:
        """What was handed over. Raises `InputError` if the letter was not answered."""
        if self.delivery is None:
            raise InputError(place="letter.delivery", found="nothing", expected="the letter with its answer")
        return self.delivery


def ask_about(requester: bytes, custodian: bytes, content: bytes) -> Letter:
    """Write a letter that asks for what `content` says; the ids are 32 bytes each."""
    asked = seal_content(content)
    return Letter(Question(requester, custodian, asked.commitment), asked)


def seal_content(content: bytes) -> Sealing:
    """Hash a content with 32 new random bytes."""
    salt = secrets.token_bytes(32)
    return Sealing(_hash(content, salt), salt)


def _hash(content: bytes, salt: bytes) -> bytes:
    return keccak256(_LABEL + salt + sha256(content).digest())


def _to_json(sealing: Sealing) -> dict[str, str]:
    return {"commitment": hex_text(sealing.commitment), "salt": hex_text(sealing.salt)}


def _from_json(raw: JsonFields) -> Sealing:
    return Sealing(raw.hash("commitment"), raw.hash("salt"))
