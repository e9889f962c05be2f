"""Revokes the doses of vaccination certificates as the clinic of the sandbox, for ever.

Without names it takes the first certificate in the folder `certificates`. Runs as `python scripts/vaccine_revoke.py
FILE…` and as `brownie run vaccine_revoke`, on the local chain or the one that MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.certificate import Certificate
from medtrust.sandbox import connect


def main(*files: str) -> None:
    """Revoke the doses of the certificates `files`."""
    suite = connect("clinic")
    found = [Path(file) for file in files] or _first(Path("certificates"))
    for path in found:
        given = Certificate.parse(path.read_bytes())
        receipt = suite.vaccination.revoke(given.organisation, given.root, given.dose.index)
        print(
            f"{path.name}: revoked in block {receipt.block}, {suite.vaccination.verify(given).status.name} from now on"
        )


def _first(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("report-"))[:1]


if __name__ == "__main__":
    main(*sys.argv[1:])
