"""Bulk import: files of millions of doses become anchored batches and packs of certificates, in constant memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from medtrust.anchoring import Anchoring
from medtrust.bulk.crew import Crew
from medtrust.bulk.merge import Merged, merge
from medtrust.bulk.report import BulkReport, tallied
from medtrust.bulk.rows import KNOWN, SETTLED, Problem, marked_rows
from medtrust.bulk.scan import ScannedFile, read_tasks, scan
from medtrust.certificate import MAX_BATCH
from medtrust.digest_file import DigestFile
from medtrust.drugs import LotStatus
from medtrust.errors import InputError
from medtrust.files import remove_drafts, state_folder, write_json, write_whole
from medtrust.import_journal import Journal, PlannedBatch
from medtrust.importer import Progress, expand
from medtrust.keyed import keyed_hash
from medtrust.merkle import MerkleTree
from medtrust.standards import CsvMapping
from medtrust.stock import Stock
from medtrust.suite import Suite
from medtrust.types import organisation_id

__all__ = ["import_bulk"]

_IMPORT: Final = "medtrust/bulk-import/1"
_NAME_DIGITS: Final = 32
_HASH: Final = 32


def import_bulk(
    paths: Sequence[Path],
    suite: Suite,
    organisation: str,
    key: bytes,
    *,
    out: Path,
    stock: Stock | None = None,
    strict: bool = True,
    mapping: CsvMapping | None = None,
    batch_size: int = MAX_BATCH,
    workers: int = 2,
    progress: Progress | None = None,
) -> BulkReport:
    """Anchor the doses in files of any size as `import_files` does, with the same roots, in constant memory.

    Certificates lie in packs, NDJSON of some thousands each (`read_pack`). `workers` processes share the work. Memory
    grows with `batch_size`, about 350 bytes for each dose of a batch, and with the longest file that cannot be cut,
    such as one Bundle; never with the number of doses. What was done is kept in the state folder until the import ends:
    killed at any point and run again, it goes on where it was, and ends with the same roots and the same files.

    Raises `InputError` if a file cannot be opened or another import is at work, `Reverted`, and `MedtrustError` if a
    worker ends.
    """
    setup = {
        "organisation": organisation,
        "key": key.hex(),
        "stock": (stock or Stock()).to_json(),
        "mapping": mapping.text if mapping else "",
        "now": suite.chain.now(),
    }
    run = _Run(suite, setup, strict=strict, batch_size=batch_size, progress=progress or _show_nothing)
    with run.journal.locked():
        files = [scan(path, number, mapping) for number, path in enumerate(expand(paths))]
        run.open(files, out)
        with Crew(workers, setup) as crew:
            return run.do(crew)


def _show_nothing(stage: str, done: int, total: int) -> None:
    """Show no progress."""


class _Run:
    """One import at work."""

    files: Sequence[ScannedFile]
    name: str
    """By everything that the result depends on."""
    out: Path
    work: Path

    def __init__(
        self, suite: Suite, setup: Mapping[str, Any], *, strict: bool, batch_size: int, progress: Progress
    ) -> None:
        self.suite, self.setup, self.progress = suite, setup, progress
        self.organisation = organisation_id(setup["organisation"])
        self.strict, self.batch_size = strict, batch_size
        self.place = f"{suite.chain.id}-{suite.vaccination.address.lower()}-{self.organisation.hex()[:16]}"
        self.journal = Journal(state_folder() / "imports" / self.place)
        self.anchoring = Anchoring(suite, self.organisation, self.journal)
        self.usable = cache(self._why_unusable)

    def open(self, files: Sequence[ScannedFile], out: Path) -> None:
        """Name the import, and make the folders ready for it or for what it left there."""
        self.files, self.out = files, out
        options = f"{self.place} {self.strict} {self.batch_size} {self.setup['stock']} {self.setup['mapping']}"
        contents = (file.digest for file in files)
        key = bytes.fromhex(self.setup["key"])
        self.name = keyed_hash(key, _IMPORT, options, *contents).hex()[:_NAME_DIGITS]
        self.work = self.journal.work_folder(self.name)
        for folder in (self.work, out):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            remove_drafts(folder)

    def do(self, crew: Crew) -> BulkReport:
        """Go through the stages, each of which takes what an earlier life finished."""
        merged = self._merged(crew)
        is_complete = not (self.strict and merged.counts["refused"])
        batches = self._anchored(merged, crew) if is_complete else []
        packs = self._certified(merged, batches, crew)
        report = self._report(merged, batches, packs, peak=crew.peak)
        write_json(report.path, report.to_dict(), mode=0o600)
        shutil.rmtree(self.work)
        return report

    def _all_done(self, stage: str, crew: Crew, tasks: Sequence[Mapping[str, Any]], missing: Iterable[Any]) -> None:
        """Let the crew do the tasks that are missing of a stage."""
        left = list(missing)
        self.progress(stage, len(tasks) - len(left), len(tasks))
        for done, _ in enumerate(crew.do(left), len(tasks) - len(left) + 1):
            self.progress(stage, done, len(tasks))

    def _why_unusable(self, lot: str) -> str:
        status = self.suite.drugs.lot_status(bytes.fromhex(lot))
        return "" if status is LotStatus.ACTIVE else status.name.lower()

    # ---- read and merge

    def _merged(self, crew: Crew) -> Merged:
        """Return what an earlier life merged, if it still holds; else read all runs that are missing, and merge."""
        planned = self.journal.load(self.name)
        settled = planned if any(map(self.anchoring.is_anchored, planned)) else []
        known = {other: self._anchored_of(other) for other in self.journal.names() if other != self.name}
        basis = [[other, *(batch.root.hex() for batch in batches)] for other, batches in known.items() if batches]
        merged = Merged.load(self.work / "merged.json")
        if merged and (settled or (merged.basis == basis and not any(map(self.usable, merged.lots)))):
            return merged
        tasks = list(read_tasks(self.files, self.work))
        self._all_done("read", crew, tasks, (task for task in tasks if not Path(task["summary"]).exists()))
        return merge(
            tasks,
            [*(marked_rows(batches, KNOWN) for batches in known.values()), marked_rows(settled, SETTLED)],
            self.work,
            self.journal.digest_path(self.name),
            usable=self.usable,
            sizes=[batch.size for batch in settled] or None,
            batch_size=self.batch_size,
            basis=basis,
        )

    def _anchored_of(self, other: str) -> list[PlannedBatch]:
        return [batch for batch in self.journal.load(other) if self.anchoring.is_anchored(batch)]

    # ---- seal and anchor

    def _anchored(self, merged: Merged, crew: Crew) -> list[PlannedBatch]:
        tasks = list(merged.seal_tasks(self.work))
        self._all_done("seal", crew, tasks, (task for task in tasks if not Path(task["leaves"]).exists()))
        planned = self.journal.load(self.name)
        batches = []
        for number, batch in enumerate(merged.batches):
            root = self._root(number, [Path(task["leaves"]) for task in tasks if task["batch"] == number])
            before = planned[number] if number < len(planned) else PlannedBatch(root, (), ())
            if before.root != root and self.anchoring.is_anchored(before):
                found, expected = "another root", "the one that was anchored: was the software changed in between?"
                raise InputError(file=self.name, place=f"batch {number + 1}", found=found, expected=expected)
            digests = DigestFile(self.journal.digest_path(self.name), batch.first, batch.size)
            transaction = before.transaction if before.root == root else ""
            batches.append(PlannedBatch(root, tuple(map(bytes.fromhex, batch.lots)), digests, transaction))
        self.journal.save(self.name, batches)
        for done, one in enumerate(batches, 1):
            self.anchoring.anchor(self.name, one, batches)
            self.progress("anchor", done, len(batches))
        return batches

    def _root(self, number: int, leaves: Sequence[Path]) -> bytes:
        """Build the tree of a batch, unless that was done, and return its root."""
        path = self.work / f"tree-{number:04}.nodes"
        if not path.exists():
            data = b"".join(leaf.read_bytes() for leaf in leaves)
            nodes, positions = MerkleTree([data[at : at + _HASH] for at in range(0, len(data), _HASH)]).dump()
            write_whole(path.with_suffix(".positions"), positions, mode=0o600)
            write_whole(path, nodes, mode=0o600)
        with path.open("rb") as file:
            return file.read(_HASH)

    # ---- certificates and the report

    def _certified(self, merged: Merged, batches: Sequence[PlannedBatch], crew: Crew) -> tuple[Path, ...]:
        tasks = []
        for number, batch in enumerate(batches):
            anchored = self.anchoring.batch_of(batch)
            if anchored is None:
                raise InputError(place="chain", found="no batch", expected="the batch that was just anchored")
            about = {
                "at": anchored.anchored_at,
                "chain": self.suite.chain.id,
                "registry": self.suite.vaccination.address,
                "root": batch.root.hex(),
                "size": batch.size,
                "files": {file.number: str(file.path) for file in self.files},
            }
            certify = merged.certify_tasks(self.work, number, self.out.resolve(), self.name[:16])
            tasks += [{**task, **about} for task in certify]
        self._all_done("write", crew, tasks, (task for task in tasks if not _is_certified(task)))
        return tuple(self.out / Path(task["pack"]).name for task in tasks)

    def _report(
        self, merged: Merged, batches: Sequence[PlannedBatch], packs: tuple[Path, ...], *, peak: int
    ) -> BulkReport:
        names = {file.number: str(file.path) for file in self.files}
        path = self.out / f"problems-{self.name[:16]}.ndjson"
        refused: dict[str, None] = {}
        draft = self.work / path.name
        with draft.open("w", encoding="utf-8") as kept:
            for problem in merged.problems(self.work):
                named = {**self._with_verdict(problem), "file": names[problem["file"]]}
                if problem["what"] == "refused":
                    refused[named["file"]] = None
                kept.write(json.dumps(named, ensure_ascii=False) + "\n")
        draft.chmod(0o600)
        shutil.move(draft, path)
        return BulkReport(
            path=self.out / f"report-{self.name[:16]}.json",
            organisation=self.setup["organisation"],
            is_complete=not (self.strict and merged.counts["refused"]),
            counts={"anchored": sum(batch.size for batch in batches), **merged.counts},
            batches=tuple(batches),
            packs=packs,
            problems=path,
            refused_files=tuple(refused),
            losses={names[number]: tallied(loss) for number, loss in merged.losses.items()},
            peak_memory=peak,
        )

    def _with_verdict(self, problem: Problem) -> Problem:
        """Say of a withdrawn dose that was anchored whether it was revoked already."""
        if problem["what"] != "withdrawn" or "root" not in problem:
            return problem
        root, index = bytes.fromhex(problem["root"]), problem["index"]
        return {**problem, "revoked": self.suite.vaccination.is_revoked(self.organisation, root, index)}


def _is_certified(task: Mapping[str, Any]) -> bool:
    mark, pack = Path(task["mark"]), Path(task["pack"])
    return mark.exists() and pack.exists() and mark.read_text() == f"{pack} {task['at']}"
