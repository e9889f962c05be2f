"""Every exception that medtrust raises.

MedtrustError
├── InputError          a file or an argument is not what it should be: file, place, found, expected
├── CheckRefused        a check said no: a consent, a certificate, a pack
├── ToolMissing         a compiler, a node or a file of the installation is not there
├── CompileError        a contract does not compile
├── NodeFailed          a local chain did not start
├── NotDeployed         the address book names no contract for this chain, or another version of it
└── ChainError          the chain did not do what was asked
    ├── ChainUnreachable    nobody answers at this address, or not as a chain does
    ├── NotMined            a transaction did not enter a block in time; it may still do so
    └── Reverted            a contract refused: the error's name, its values and its sentence
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "ChainError",
    "ChainUnreachable",
    "CheckRefused",
    "CompileError",
    "InputError",
    "MedtrustError",
    "NodeFailed",
    "NotDeployed",
    "NotMined",
    "Reverted",
    "ToolMissing",
]


class MedtrustError(Exception):
    """The root of every exception that medtrust raises."""


class InputError(MedtrustError):
    """A file or an argument is not what it should be; says where, what was found and what was expected."""

    def __init__(self, *, place: str, found: str, expected: str, file: str = "") -> None:
        where = f"{file}: {place}" if file else place
        super().__init__(f"{where}: found {found}, expected {expected}")
        self.file = file
        self.place = place
        self.found = found
        self.expected = expected

    def within(self, file: str) -> InputError:
        """Copy the error with the name of the file that it stands in."""
        return InputError(place=self.place, found=self.found, expected=self.expected, file=file)


class CheckRefused(MedtrustError):
    """A check said no; `reason` names the one thing that refused."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(f"{reason}: {sentence}")
        self.reason = reason
        self.sentence = sentence


class ToolMissing(MedtrustError):
    """Something that must be installed is not there."""

    def __init__(self, tool: str, mend: str) -> None:
        super().__init__(f"{tool} is missing: {mend}")
        self.tool = tool
        self.mend = mend


class CompileError(MedtrustError):
    """A contract does not compile; `file` and `line` say where the first problem stands."""

    def __init__(self, file: str, line: int, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join(problems) or f"{file}:{line}: {message}")
        self.file = file
        self.line = line
        self.message = message
        self.problems = problems


class NodeFailed(MedtrustError):
    """A local chain did not start; the message says why."""


class NotDeployed(MedtrustError):
    """The address book names no such contract for this chain, or another version of it."""


class ChainError(MedtrustError):
    """The chain did not do what was asked."""


class ChainUnreachable(ChainError):
    """Nobody answers at this address, or not as a chain does."""


class NotMined(ChainError):
    """A transaction did not enter a block in time; it may still do so."""

    def __init__(self, transaction_hash: str, seconds: float) -> None:
        super().__init__(f"transaction {transaction_hash} did not enter a block within {seconds:g} seconds")
        self.transaction_hash = transaction_hash


class Reverted(ChainError):
    """A contract refused.

    `error` is the name of its custom error ("Error" and "Panic" for Solidity's own, "" if it gave no data), `values`
    its values by name, `sentence` what it means for people, `contract` whom the call went to, `data` the raw revert
    data.
    """

    def __init__(
        self, error: str, values: Mapping[str, Any], sentence: str, contract: str = "", data: bytes = b""
    ) -> None:
        shown = ", ".join(f"{name}={_show(value)}" for name, value in values.items())
        super().__init__(f"{error}({shown}): {sentence}" if error else sentence)
        self.error = error
        self.values = dict(values)
        self.sentence = sentence
        self.contract = contract
        self.data = data


def _show(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
