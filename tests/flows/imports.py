"""What imports of doses leave behind: certificates, roots and files."""

from __future__ import annotations

import json
from pathlib import Path

from medtrust import samples
from medtrust.certificate import Certificate
from medtrust.import_report import ImportReport
from medtrust.packing import lot_id

KEY = bytes(range(32))
GTIN, LOT_NUMBER = "00361414567894", "MT2026A"
LOT = lot_id(GTIN, LOT_NUMBER)


def certificates(report: ImportReport) -> list[Certificate]:
    return [Certificate.parse(one.certificate.read_bytes()) for one in report.issued]


def anchored_roots(world) -> list[bytes]:
    return [event.values["root"] for event in world.suite.vaccination.batches_of(world.clinic)]


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def ndjson(folder: Path, count: int) -> Path:
    """Write a file of NDJSON with one dose for each of `count` invented people."""
    one = json.dumps(json.loads(samples.read("immunization.json")))
    lines = [one.replace("700101", f"8{number:05}") for number in range(count)]
    path = folder / "in-doses.ndjson"
    path.write_text("\n".join(lines) + "\n")
    return path
