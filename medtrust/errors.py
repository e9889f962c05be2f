"""Every exception that medtrust raises.

MedtrustError
├── ToolMissing     a compiler, a node or a file of the installation is not there
├── CompileError    a contract does not compile
└── NodeFailed      a local chain did not start
"""

from __future__ import annotations

__all__ = ["CompileError", "MedtrustError", "NodeFailed", "ToolMissing"]


class MedtrustError(Exception):
    """The root of every exception that medtrust raises."""


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
