"""Imports files of vaccinations for a clinic of the sandbox: anchors the doses and writes their certificates.

Without files it takes the samples of the package. Runs as `python scripts/vaccine_import.py FILE…` and as `brownie run
vaccine_import`, on the local chain or the one that MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust import samples
from medtrust.importer import import_files
from medtrust.registry_key import registry_key
from medtrust.sandbox import ORGANISATIONS, connect

CLINIC = ORGANISATIONS["clinic"].identifier


def main(*files: str) -> None:
    """Import `files`, or the samples, as the clinic."""
    suite = connect("clinic")
    with ExitStack() as stack:
        named = [Path(file) for file in files]
        paths = named or [stack.enter_context(samples.path(name)) for name in ("vxu_v04.hl7", "immunization.json")]
        report = import_files(paths, suite, CLINIC, registry_key(CLINIC), out=Path("certificates"))
    for one in report.issued:
        print(f"{one.source.place} of {Path(one.source.file).name}: {one.certificate}")
    for refusal in report.refused:
        print(f"refused: {refusal}")


if __name__ == "__main__":
    main(*sys.argv[1:])
