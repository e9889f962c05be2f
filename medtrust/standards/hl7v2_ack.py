"""Acknowledgements of HL7 v2: what a receiver answers to a message, with segment and field of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from medtrust.errors import InputError
from medtrust.standards.er7 import Message, Unreadable, messages

__all__ = ["ACCEPTED", "ERROR", "REJECTED", "Answer", "Received", "receive"]

ACCEPTED: Final = "AA"
"""Taken in (of table 0008)."""

ERROR: Final = "AE"
"""Not taken in, because of what it says."""

REJECTED: Final = "AR"
"""Not taken in, whatever it says."""

_PLACE: Final = re.compile(r"(?:message\[[0-9]+\] )?([A-Z][A-Z0-9]{2})\[([0-9]+)\](?:-([0-9]+)(?:\.([0-9]+))?)?")
_ESCAPES: Final = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\r": " ", "\n": " "}
)
_NOT_SENT: Final = "0"
# Of table 0357.
_MISSING: Final = "101^Required field missing"
_WRONG_VALUE: Final = "102^Data type error"
_UNSUPPORTED: Final = "200^Unsupported message type"
_INTERNAL: Final = "207^Application internal error"


@dataclass(frozen=True)
class Received:
    """A message as far as an acknowledgement needs it.

    `control` its control id (MSH-10), "" if it has none · `kind` what it is (MSH-9), such as ("VXU", "V04") · `sender`
    and `receiver` application and facility (MSH-3 to 6, the name of each) · `problem` why it cannot be answered about.
    """

    control: str
    kind: tuple[str, str]
    sender: tuple[str, str]
    receiver: tuple[str, str]
    problem: InputError | None = None


@dataclass(frozen=True)
class Answer:
    """What is answered: a code of table 0008, why not, and a word for people."""

    code: str
    errors: Sequence[InputError] = ()
    word: str = ""

    def to_bytes(self, received: Received, *, control: str, at: str) -> bytes:
        """Return the ACK message; `control` is its own id, `at` its time as YYYYMMDDHHMMSS+ZZZZ."""
        sender, receiver = ("|".join(map(_escaped, pair)) for pair in (received.receiver, received.sender))
        event = received.kind[1] or "V04"
        lines = [
            f"MSH|^~\\&|{sender}|{receiver}|{at}||ACK^{event}^ACK|{control}|P|2.5.1||||||UNICODE UTF-8",
            f"MSA|{self.code}|{_escaped(received.control) or _NOT_SENT}|{_escaped(self.word)}".rstrip("|"),
            *(_error_segment(error, self.code) for error in self.errors),
        ]
        return "".join(line + "\r" for line in lines).encode()


def receive(data: bytes) -> Received:
    """Read the header of one message; what is no single message has a `problem`."""
    found = list(messages(data))
    if len(found) != 1 or isinstance(found[0], Unreadable) or found[0].header.name != "MSH":
        return Received("", ("", ""), ("", ""), ("", ""), _problem(found))
    header = found[0].header
    try:
        control, kind = header.text(10), (header.text(9, 1), header.text(9, 2))
        sender, receiver = (header.text(3), header.text(4)), (header.text(5), header.text(6))
    except InputError as error:
        return Received("", ("", ""), ("", ""), ("", ""), error)
    problem = None if control else header.error(10, "", "a control id, which the answer refers to")
    return Received(control, kind, sender, receiver, problem)


def _problem(found: Sequence[Message | Unreadable]) -> InputError:
    if len(found) == 1 and isinstance(found[0], Unreadable):
        return found[0].error
    return InputError(place="MSH[1]-1", found=f"{len(found)} messages or batches", expected="one message in a frame")


def _error_segment(error: InputError, code: str) -> str:
    """Write an ERR: location, the code of table 0357, severity, and what is wrong for people.

    Found values are not sent back: a log on the way would keep what the message says.
    """
    match = _PLACE.search(error.place)
    location = (
        "^".join(filter(None, (match[1], match[2], match[3], "1" if match[4] else "", match[4]))) if match else ""
    )
    if error.found == "nothing":
        kind = _MISSING
    elif code == ERROR:
        kind = _WRONG_VALUE
    else:
        kind = _UNSUPPORTED if location else _INTERNAL
    return f"ERR||{location}|{kind}^HL70357|E||||expected {_escaped(error.expected)}"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
