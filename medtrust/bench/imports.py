"""Imports: invented doses by the million, from files to anchored batches and certificates, and killed on the way."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from medtrust import node, sandbox
from medtrust.bench.doses import write_doses
from medtrust.bench.figures import Figure, Stopwatch, rate
from medtrust.bulk.importing import import_bulk
from medtrust.bulk.report import BulkReport, read_pack
from medtrust.certificate import Certificate
from medtrust.checkpoint import OfflineRegistry
from medtrust.checkpoints import make_checkpoint
from medtrust.deploy import AddressBook
from medtrust.importer import Progress
from medtrust.judgement import judge
from medtrust.story import BEGINS_AT
from medtrust.suite import Suite
from medtrust.verdict import Verdict

__all__ = ["Imported", "bench_import", "bench_kills", "bench_verification", "local_suite"]

_CLINIC: Final = sandbox.ORGANISATIONS["clinic"]
_KEY: Final = bytes(range(32))
_SAMPLE: Final = 2000


@dataclass(frozen=True)
class Imported:
    """An import that was measured, and the suite that it was anchored in."""

    suite: Suite
    report: BulkReport


@contextmanager
def local_suite(root: Path, folder: Path, *, keeps_history: bool = True) -> Iterator[tuple[Suite, str]]:
    """Start a chain with the suite on it and everyone accredited; yield the suite and how to reach the chain."""
    with node.start("anvil", root, timestamp=BEGINS_AT, keeps_history=keeps_history) as running:
        suite = sandbox.deploy_suite(running, AddressBook(running.chain_id, folder / "deployments"))
        sandbox.accredit_everyone(suite)
        yield suite, running.ipc_path or running.url


@contextmanager
def bench_import(
    root: Path, scratch: Path, count: int, workers: int, progress: Progress
) -> Iterator[tuple[list[Figure], Imported]]:
    """Import `count` doses, and yield the figures and what was imported while its chain still runs."""
    files = write_doses(scratch / "doses", count)
    os.environ["MEDTRUST_HOME"] = str(scratch / "home")
    with local_suite(root, scratch) as (suite, _):
        watch = Stopwatch()
        with watch.running():
            report = import_bulk(
                files,
                suite.acting_as("clinic"),
                _CLINIC.identifier,
                _KEY,
                out=scratch / "packs",
                workers=workers,
                progress=progress,
            )
        what = f"{count:,} doses read, sealed, anchored, certified by {workers} workers"
        figures = [
            Figure(what, count / watch.seconds, "doses/s", ">= 5,000"),
            Figure("  the same for each second of a core", count / watch.core_seconds, "doses/s", ">= 2,500"),
            Figure("  of them certified", report.counts["anchored"], "doses", f"{count:,}"),
            Figure("  peak memory, the workers' included", report.peak_memory / 2**20, "MiB"),
            Figure("  bytes of the files", sum(file.stat().st_size for file in files) / 2**20, "MiB"),
            Figure("  bytes of the certificates", sum(pack.stat().st_size for pack in report.packs) / 2**20, "MiB"),
        ]
        yield figures, Imported(suite, report)


def bench_verification(imported: Imported) -> Iterator[Figure]:
    """Yield how many certificates a second are read from JSON and verified: by the chain, and by a signed checkpoint.

    Raises `AssertionError` if one of them is not valid.
    """
    packed = read_pack(imported.report.packs[0])
    texts = [one.certificate.to_json() for one, _ in zip(packed, range(_SAMPLE), strict=False)]
    suite = imported.suite
    now = suite.chain.now()
    checkpoint = make_checkpoint(suite.acting_as("authority"), sandbox.JURISDICTION, expires_at=now + 86_400)
    offline = OfflineRegistry(checkpoint, suite.accreditation.authority_of(sandbox.JURISDICTION), now)
    ways: dict[str, Callable[[Certificate], Verdict]] = {
        "certificates verified online, each by the chain": suite.vaccination.verify,
        "certificates verified offline, by a checkpoint": partial(judge, registry=offline),
    }
    for what, verify in ways.items():
        figure, verdicts = rate(what, "a second", len(texts), partial(_verdicts, verify, texts))
        if not all(verdict.is_valid for verdict in verdicts):
            raise AssertionError("a certificate that was just issued is not valid")
        yield figure


def _verdicts(verify: Callable[[Certificate], Verdict], texts: Sequence[bytes]) -> list[Verdict]:
    return [verify(Certificate.parse(text)) for text in texts]


def bench_kills(
    root: Path, scratch: Path, count: int, kills: int, workers: int, say: Callable[[str], None]
) -> Iterator[Figure]:
    """Import `count` doses once in peace and once killed with -9 at `kills` random points; yield what differs.

    Raises `AssertionError` if a dose is lost or doubled, or a root is another.
    """
    files = write_doses(scratch / "doses", count)
    key = scratch / "clinic.key"
    key.touch(mode=0o600)
    key.write_text(_KEY.hex())
    command = [sys.executable, "-m", "medtrust", "vaccine", "import", *map(str, files), "--bulk", "--as", "clinic"]
    command += ["--key", str(key), "--workers", str(workers), "--json"]
    with _Lives(root, scratch / "peace", command) as peace:
        watch = Stopwatch()
        with watch.running():
            peace.live()
        expected = peace.outcome(count)
    with _Lives(root, scratch / "killed", command) as killed:
        chance = random.Random(kills)  # noqa: S311  when it kills need not be secret
        done = 0
        while done < kills and not killed.live(1.2 * chance.random() * watch.seconds / kills):
            done += 1
            say(f"killed {done} of {kills} times")
        killed.live()
        found = killed.outcome(count)
    if found != expected:
        raise AssertionError(f"killed {done} times: {found}, in peace: {expected}")
    yield Figure(f"import of {count:,} doses killed with -9 at random points", done, "times", str(kills))
    yield Figure("  lost", count - found[1], "doses", "0")
    yield Figure("  doubled", found[2], "doses", "0")
    yield Figure("  roots that differ", len(set(found[0]) ^ set(expected[0])), "roots", "0")


class _Lives:
    """One import on a chain of its own, run as often as it is killed."""

    def __init__(self, root: Path, folder: Path, command: Sequence[str]) -> None:
        folder.mkdir()
        self._folder, self._command = folder, [*command, "--out", str(folder / "packs")]
        self._suite = local_suite(root, folder)

    def __enter__(self) -> _Lives:
        self.suite, target = self._suite.__enter__()
        places = {"HOME": "home", "DEPLOYMENTS": "deployments"}
        self._environment = {
            **os.environ,
            "MEDTRUST_CHAIN": target,
            **{f"MEDTRUST_{name}": str(self._folder / place) for name, place in places.items()},
        }
        return self

    def __exit__(self, *_: object) -> None:
        self._suite.__exit__(None, None, None)

    def live(self, seconds: float | None = None) -> bool:
        """Run the import to its end, or kill it some seconds after it began to work; return whether it ended."""
        before = self._began()
        with (self._folder / "said").open("wb") as said:
            process = subprocess.Popen(self._command, env=self._environment, stdout=said, stderr=said)
            try:
                while seconds is not None and process.poll() is None and self._began() == before:
                    time.sleep(0.01)
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                time.sleep(0.1)
                return False
        if code:
            raise AssertionError(f"exit code {code}: {(self._folder / 'said').read_text()[-2000:]}")
        return True

    def _began(self) -> int:
        """When an import last took the journal's lock (nanoseconds), 0 if none did."""
        return max((path.stat().st_mtime_ns for path in self._folder.glob("home/imports/*/lock")), default=0)

    def outcome(self, count: int) -> tuple[list[str], int, int]:
        """Return the roots, how many doses have a certificate, and how many have two."""
        batches = self.suite.vaccination.batches_of(_CLINIC.id)
        seen: dict[str, bytearray] = {}
        doubled = 0
        for pack in sorted((self._folder / "packs").glob("certificates-*.ndjson")):
            with pack.open(encoding="utf-8") as lines:
                for line in lines:
                    certificate = json.loads(line)["certificate"]
                    places = seen.setdefault(certificate["root"], bytearray(count))
                    doubled += places[certificate["i"]]
                    places[certificate["i"]] = 1
        roots = sorted("0x" + batch.values["root"].hex() for batch in batches)
        if roots != sorted(seen):
            raise AssertionError(f"anchored {roots}, certified {sorted(seen)}")
        return roots, sum(map(sum, seen.values())), doubled
