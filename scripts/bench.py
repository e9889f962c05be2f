"""Measures the work off the chain on invented doses, an insurer's year, and a country that sells a million packs.

Runs as `python scripts/bench.py [PART…]`; the parts are import, trees, foreign, signing, outbox, year, kills and
country, all unless some are named. --help names the sizes, --json prints the figures for programs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.bench.country import Sizes, bench_country
from medtrust.bench.figures import Figure
from medtrust.bench.foreign import bench_foreign
from medtrust.bench.imports import bench_import, bench_kills, bench_verification
from medtrust.bench.sending import bench_sending
from medtrust.bench.signing import bench_signing
from medtrust.bench.trees import bench_trees
from medtrust.bench.year import bench_year
from medtrust.errors import ToolMissing

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("import", "trees", "foreign", "signing", "outbox", "year", "kills", "country")


def main() -> None:
    """Measure, and print each figure as it comes."""
    parser = argparse.ArgumentParser(description="measure the work off the chain, and an insurer's year on one")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; all unless named")
    for option, default in (
        ("doses", 1_000_000),
        ("workers", 2),
        ("kill-doses", 200_000),
        ("kills", 50),
        ("transactions", 3000),
        ("visits", 100_000),
    ):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--peer-leaves", type=int, default=1_000_000, help="leaves of the trees beside JavaScript's")
    for size in dataclasses.fields(Sizes):
        parser.add_argument(f"--{size.name}", type=int, default=size.default, help="of the country")
    parser.add_argument("--fraud", type=float, default=0.05, help="the part of the visits that are false")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = []
    try:
        with tempfile.TemporaryDirectory(prefix="medtrust-bench-") as scratch:
            for figure in measure(options, Path(scratch)):
                figures.append(figure)
                if not options.json:
                    print(f"\r{figure}", flush=True)
    except ToolMissing as missing:
        sys.exit(str(missing))
    if options.json:
        print(json.dumps([figure.to_dict() for figure in figures], indent=2))


def measure(options: argparse.Namespace, scratch: Path) -> Iterator[Figure]:
    """Yield the figures of the parts that are asked for."""
    parts = options.parts or PARTS
    if "import" in parts:
        with bench_import(ROOT, scratch, options.doses, options.workers, show) as (figures, imported):
            yield from figures
            yield from bench_verification(imported)
    if "trees" in parts:
        yield from bench_trees(ROOT, scratch, 1_000_000, options.peer_leaves)
    if "foreign" in parts:
        yield from bench_foreign()
    if "signing" in parts:
        yield from bench_signing()
    if "outbox" in parts:
        (scratch / "outbox").mkdir()
        yield from bench_sending(ROOT, scratch / "outbox", options.transactions)
    if "year" in parts:
        (scratch / "year").mkdir()
        yield from bench_year(ROOT, scratch / "year", options.visits, fraud=options.fraud, progress=say)
    if "kills" in parts:
        (scratch / "kills").mkdir()
        yield from bench_kills(ROOT, scratch / "kills", options.kill_doses, options.kills, options.workers, say)
    if "country" in parts:
        sizes = Sizes(**{size.name: getattr(options, size.name) for size in dataclasses.fields(Sizes)})
        yield from bench_country(sizes, options.workers, say)


def show(stage: str, done: int, total: int) -> None:
    """Show how far a stage is, where a person looks."""
    say(f"{stage} {done} of {total}")


def say(text: str) -> None:
    """Show a line that the next one takes the place of."""
    if sys.stderr.isatty():
        print(f"\r{text:<78}", end="\r", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
