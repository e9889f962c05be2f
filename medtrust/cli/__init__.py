"""The command line: one group of commands per module, and no logic of its own."""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import cache
from importlib import import_module
from typing import Any

from typer.core import TyperGroup
from typer.main import get_group

from medtrust.cli import local
from medtrust.cli.common import new_app, run

__all__ = ["app", "main"]

_GROUPS = (
    "accredit",
    "consent",
    "patient",
    "emergency",
    "record",
    "vaccine",
    "certificate",
    "drug",
    "epcis",
    "claim",
    "gs1",
    "serve",
    "standards",
)


class _TopLevel(TyperGroup):
    """The commands of the top level, and the groups: each is loaded when it is asked for, so none waits for others."""

    @property
    def commands(self) -> MutableMapping[str, Any]:
        return {**self._own, **{name: _group(name) for name in _GROUPS}}

    @commands.setter
    def commands(self, own: MutableMapping[str, Any]) -> None:
        self._own = own

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002, its caller hands over both
        return _group(cmd_name) if cmd_name in _GROUPS else self._own.get(cmd_name)


@cache
def _group(name: str) -> TyperGroup:
    group = get_group(import_module(f"medtrust.cli.{name}").app)
    group.name = name
    return group


app = new_app(
    "Facts that hospitals, patients, pharmacies, drug makers and insurers can trust, on any EVM chain.", _TopLevel
)
local.add_to(app)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
