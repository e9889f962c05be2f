"""The command line: one group of commands per module, and no logic of its own."""

from __future__ import annotations

import importlib
import importlib.util

from medtrust.cli import accredit, local
from medtrust.cli.common import new_app, run

__all__ = ["app", "main"]

app = new_app("Facts that hospitals, patients, pharmacies, drug makers and insurers can trust, on any EVM chain.")
local.add_to(app)
app.add_typer(accredit.app, name="accredit")
for _name in (
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
):
    if importlib.util.find_spec(f"medtrust.cli.{_name}"):
        app.add_typer(importlib.import_module(f"medtrust.cli.{_name}").app, name=_name)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
