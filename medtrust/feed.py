"""Feed: messages of vaccinations that come in one by one are kept before they are answered, and anchored in batches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from medtrust import standards
from medtrust.canonical import Immunization
from medtrust.errors import InputError, MedtrustError
from medtrust.files import state_folder
from medtrust.import_report import ImportReport
from medtrust.importer import import_files
from medtrust.intake import check_day, latest_day
from medtrust.keyed import keyed_hash
from medtrust.mllp import END, START, framed
from medtrust.standards.hl7v2_ack import ACCEPTED, ERROR, REJECTED, Answer, Received, receive
from medtrust.stock import Stock
from medtrust.suite import Suite

__all__ = ["Feed"]

_MESSAGE: Final = "medtrust/feed-message/1"
_KIND: Final = ("VXU", "V04")
_HASH: Final = 32


@dataclass
class Feed:
    """Messages for one organisation (identifier URI), kept in the state folder until they are anchored.

    A message is answered AA once it lies on the disk, AE with segment and field if a dose in it cannot be read, AR if
    it is no VXU^V04. One that was taken in before is answered AA again and kept once. Those kept are anchored together,
    `batch` of them or all that have waited `every` seconds, and their certificates written into `out`; a dose that was
    anchored before is not again. Killed at any point and started again, it loses nothing that it answered AA.

    `on_report` is told what was anchored, `on_problem` why that failed; then it is tried again `every` seconds later.
    """

    suite: Suite
    organisation: str
    key: bytes = field(repr=False)
    out: Path
    stock: Stock = field(default_factory=Stock)
    batch: int = 1000
    every: float = 60.0
    on_report: Callable[[ImportReport], None] = lambda _: None
    on_problem: Callable[[MedtrustError], None] = lambda _: None

    def __post_init__(self) -> None:
        place = f"{self.suite.chain.id}-{self.suite.vaccination.address.lower()}-{self.organisation}"
        self._folder = state_folder() / "feeds" / keyed_hash(self.key, _MESSAGE, place)[:8].hex()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._open, self._ledger = self._folder / "open.hl7", self._folder / "seen"
        self._seen = set(self._kept())
        self.waiting = len(_frames_in(self._open)) + len(list(self._folder.glob("closed-*.hl7")))
        self._due = time.monotonic()
        self._sent = 0

    def answer(self, data: bytes) -> bytes:
        """Take a message in, or not, and return the acknowledgement."""
        received = receive(data)
        answer = self._answer(data, received)
        self._sent += 1
        now = datetime.now(timezone.utc).strftime("%Y%m%d%H%M%S+0000")
        return answer.to_bytes(received, control=f"{time.time_ns():x}-{self._sent}", at=now)

    def tick(self) -> None:
        """Anchor what is kept if it is enough, or has waited long enough; to be called now and then."""
        is_due = self.waiting >= self.batch or (self.waiting and time.monotonic() >= self._due)
        if not is_due:
            return
        try:
            self.flush()
        except MedtrustError as error:
            self._due = time.monotonic() + self.every
            self.on_problem(error)

    def flush(self) -> ImportReport | None:
        """Anchor what is kept, and forget all of it but hashes; None if there is nothing.

        Raises `Reverted` and `ChainUnreachable`; what is kept stays so, and another call anchors it.
        """
        if _frames_in(self._open):
            self._open.replace(self._folder / f"closed-{time.time_ns():020}.hl7")
        closed = sorted(self._folder.glob("closed-*.hl7"))
        if not closed:
            return None
        report = import_files(
            closed, self.suite, self.organisation, self.key, out=self.out, stock=self.stock, strict=False
        )
        for path in closed:
            self._append(self._ledger, b"".join(self._digest(frame) for frame in _frames_in(path)))
            path.unlink()
        self.waiting = 0
        self.on_report(report)
        return report

    def _answer(self, data: bytes, received: Received) -> Answer:
        if received.problem:
            return Answer(REJECTED, [received.problem])
        if received.kind != _KIND:
            found = "^".join(received.kind)
            return Answer(REJECTED, [InputError(place="MSH[1]-9", found=found, expected="^".join(_KIND))])
        digest = self._digest(data)
        if digest in self._seen:
            return Answer(ACCEPTED, word="taken in before")
        errors = self._errors(data)
        if errors:
            return Answer(ERROR, errors)
        self._append(self._open, framed(data))
        self._seen.add(digest)
        if not self.waiting:
            self._due = time.monotonic() + self.every
        self.waiting += 1
        return Answer(ACCEPTED)

    def _errors(self, data: bytes) -> list[InputError]:
        reading = standards.read(data, name="message", key=self.key, organisation=self.organisation, take=("imm/1",))
        errors = list(reading.refusals)
        latest = latest_day(self.suite.chain.now())
        for record in reading.records:
            try:
                if isinstance(record.canonical, Immunization):  # nothing else was asked for
                    check_day(record.canonical, latest)
            except InputError as error:
                errors.append(InputError(place=f"{record.place}-3", found=error.found, expected=error.expected))
        if not reading.records and not errors:
            errors.append(InputError(place="RXA[1]", found="nothing", expected="a dose"))
        return errors

    def _digest(self, message: bytes) -> bytes:
        return keyed_hash(self.key, _MESSAGE, message)

    def _kept(self) -> Iterator[bytes]:
        """Yield the hash of every message that was answered AA, after dropping one that was cut off as written."""
        if self._open.exists():
            whole = self._open.read_bytes()
            end = whole.rfind(END) + len(END) if END in whole else 0
            if end < len(whole):
                os.truncate(self._open, end)
        for path in self._folder.glob("*.hl7"):
            yield from map(self._digest, _frames_in(path))
        if self._ledger.exists():
            seen = self._ledger.read_bytes()
            yield from (seen[at : at + _HASH] for at in range(0, len(seen) // _HASH * _HASH, _HASH))

    @staticmethod
    def _append(path: Path, content: bytes) -> None:
        """Write behind what is there and wait until the disk has it."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _frames_in(path: Path) -> list[bytes]:
    """Return the messages of a file of frames, none if it is not there."""
    if not path.exists():
        return []
    return [frame.removeprefix(START) for frame in path.read_bytes().split(END)[:-1]]
