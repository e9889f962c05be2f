"""Verifies vaccination certificates and prints who, when, status and why.

Without names it takes every certificate in the folder `certificates`. Runs as `python scripts/vaccine_verify.py FILE…`
and as `brownie run vaccine_verify`, on the local chain or the one that MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.certificate import Certificate
from medtrust.sandbox import connect


def main(*files: str) -> None:
    """Verify `files`, each a certificate as JSON or as QR text."""
    suite = connect("clinic")
    found = [Path(file) for file in files] or _certificates(Path("certificates"))
    for path in found:
        verdict = suite.vaccination.verify(Certificate.parse(path.read_bytes()))
        advisories = "".join(f"; {sentence}" for sentence in verdict.advisories.sentences)
        print(f"{path.name}: {verdict.status.name} by {verdict.issuer}: {verdict.sentence}{advisories}")


def _certificates(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("report-"))


if __name__ == "__main__":
    main(*sys.argv[1:])
