"""Merge: the sorted runs of a very large import become the rows of its batches, each dose once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from medtrust.bulk.rows import Problem, Row, resolve
from medtrust.files import read_json, write_whole

__all__ = ["Merged", "MergedBatch", "merge"]

_SLICE: Final = 8192
_MAX_LOTS: Final = 256
_COUNTED: Final = ("traced", "duplicate", "known", "notDone", "withdrawn", "refused")


@dataclass
class MergedBatch:
    """A batch to be: where its digests begin among all, its size, its lots (hexadecimal), and its slices.

    A slice is where its rows begin in their file (bytes), the index of its first dose, and how many it has.
    """

    first: int
    size: int = 0
    lots: list[str] = field(default_factory=list)
    slices: list[list[int]] = field(default_factory=list)


@dataclass
class Merged:
    """What a merge found: batches, how many of everything, fields by file, and what it took for granted.

    `basis` the batches of other imports that were anchored already.
    """

    basis: list[list[str]]
    batches: list[MergedBatch] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))
    losses: dict[str, list[list[Any]]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Merged | None:
        """Read what an earlier life merged; None if it did not come so far."""
        if not path.exists():
            return None
        raw = read_json(path)
        return cls(raw["basis"], [MergedBatch(**one) for one in raw["batches"]], raw["counts"], raw["losses"])

    @property
    def lots(self) -> set[str]:
        """The lots of all batches."""
        return {lot for batch in self.batches for lot in batch.lots}

    def seal_tasks(self, work: Path) -> Iterator[dict[str, Any]]:
        """Yield a task for each slice: its rows become leaves."""
        for number, batch in enumerate(self.batches):
            for at, (offset, first, count) in enumerate(batch.slices):
                yield {
                    "do": "seal",
                    "batch": number,
                    "rows": str(work / f"batch-{number:04}.rows"),
                    "offset": offset,
                    "first": first,
                    "count": count,
                    "sealed": str(work / f"seal-{number:04}-{at:06}.sealed"),
                    "leaves": str(work / f"seal-{number:04}-{at:06}.leaves"),
                }

    def certify_tasks(self, work: Path, number: int, out: Path, name: str) -> Iterator[dict[str, Any]]:
        """Yield a task for each slice of a batch: its leaves become a pack of certificates."""
        for at, (_, first, _) in enumerate(self.batches[number].slices):
            yield {
                "do": "certify",
                "first": first,
                "sealed": str(work / f"seal-{number:04}-{at:06}.sealed"),
                "nodes": str(work / f"tree-{number:04}.nodes"),
                "positions": str(work / f"tree-{number:04}.positions"),
                "pack": str(out / f"certificates-{name}-{number:04}-{at:06}.ndjson"),
                "mark": str(work / f"mark-{number:04}-{at:06}"),
            }

    def problems(self, work: Path) -> Iterator[Problem]:
        """Yield everything that was out of the ordinary: of each run, then of the merge."""
        for summary in sorted(work.glob("run-*.json")):
            yield from read_json(summary)["problems"]
        with (work / "merged.problems").open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def merge(
    tasks: Sequence[Mapping[str, Any]],
    marks: Sequence[Iterable[str]],
    work: Path,
    digests: Path,
    *,
    usable: Callable[[str], str],
    sizes: Sequence[int] | None,
    batch_size: int,
    basis: list[list[str]],
) -> Merged:
    """Merge the runs that `tasks` read, and `marks` of doses that are anchored, into batches in `work`.

    The digests of all batches go to a file, in their order. `usable` says why a lot cannot be used, "" if it can.
    Batches have `batch_size` doses and at most 256 lots, or the `sizes` that were planned before.
    """
    for stale in (*work.glob("seal-*"), *work.glob("tree-*"), *work.glob("mark-*"), *work.glob("batch-*")):
        stale.unlink()
    merged = Merged(basis)
    _add_summaries(merged, tasks)
    with ExitStack() as stack:

        def part(path: Path) -> IO[Any]:
            aside = path.with_name(f".{path.name}.part")
            stack.callback(aside.replace, path)
            return stack.enter_context(aside.open("wb"))

        streams = [stack.enter_context(_lines(Path(task["rows"]))) for task in tasks]
        problems = part(work / "merged.problems")

        def report(problem: Problem) -> None:
            merged.counts[problem["what"]] += 1
            problems.write(json.dumps(problem, ensure_ascii=False).encode() + b"\n")

        doses = resolve([*marks, *streams], usable, report, is_planned=sizes is not None)
        _write_batches(doses, merged, work, part(digests), sizes, batch_size)
    write_whole(work / "merged.json", json.dumps(asdict(merged)).encode(), mode=0o600)
    return merged


def _lines(path: Path) -> IO[str]:
    return path.open(encoding="utf-8", newline="\n")


def _add_summaries(merged: Merged, tasks: Sequence[Mapping[str, Any]]) -> None:
    losses: dict[str, Counter[tuple[str, str]]] = {}
    for task in tasks:
        summary = read_json(Path(task["summary"]))
        for problem in summary["problems"]:
            merged.counts[problem["what"]] += 1
        found = losses.setdefault(task["file"], Counter())
        found.update({(path, disposition): count for path, disposition, count in summary["loss"]})
    merged.losses = {file: [[*key, count] for key, count in sorted(found.items())] for file, found in losses.items()}


def _write_batches(
    doses: Iterator[Row],
    merged: Merged,
    work: Path,
    digests: IO[bytes],
    sizes: Sequence[int] | None,
    batch_size: int,
) -> None:
    """Divide the doses into batches in their order: the same rule as for an import in memory."""
    batch = MergedBatch(0)
    lots: set[str] = set()
    rows: IO[bytes] | None = None
    for total, dose in enumerate(doses):
        limit = sizes[len(merged.batches) - 1] if sizes and merged.batches else batch_size
        is_full = batch.size == limit or (sizes is None and len(lots | {dose.lot} - {""}) > _MAX_LOTS)
        if rows is None or is_full:
            if rows:
                rows.close()
            batch, lots = MergedBatch(total), set()
            merged.batches.append(batch)
            rows = (work / f"batch-{len(merged.batches) - 1:04}.rows").open("wb")
        if batch.size % _SLICE == 0:
            batch.slices.append([rows.tell(), batch.size, 0])
        lots |= {dose.lot} - {""}
        merged.counts["traced"] += bool(dose.lot)
        rows.write(dose.line().encode())
        digests.write(bytes.fromhex(dose.digest))
        batch.slices[-1][2] += 1
        batch.size += 1
        batch.lots = sorted(lots) if len(lots) != len(batch.lots) else batch.lots
    if rows:
        rows.close()
