"""What flows share: a hospital that keeps records, imports of doses, and commands that can be killed at any step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from subprocess import PIPE

import pytest

from medtrust import samples
from medtrust.custodian import Custodian
from medtrust.deploy import AddressBook
from medtrust.import_report import ImportReport
from medtrust.importer import import_files
from medtrust.packing import PackedLot
from medtrust.record_service import RecordService
from medtrust.record_wire import Ticket
from medtrust.stock import Stock
from tests.doses import CLINIC
from tests.flows.imports import GTIN, KEY, LOT_NUMBER
from tests.hospitals import READER_KEY, ask, custodian_of, hold, sign_consent, use_for
from tests.world import ROOT


@dataclass(frozen=True)
class Done:
    """How a command ended, what it printed, and how many steps it took."""

    code: int
    stdout: str
    stderr: str
    steps: int


@pytest.fixture(scope="module")
def runner():
    """A process that runs the command line in forks of itself."""
    start = [sys.executable, str(ROOT / "tests/flows/killable.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(start, stdin=PIPE, stdout=PIPE, text=True, env=environment) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def command(world, tmp_path, session_node, runner):
    """Run `medtrust vaccine …` in a process of its own, on the session's chain, to die at a step (0: never)."""
    book = AddressBook(world.chain.id, tmp_path / "deployments")
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))

    def run(*arguments: str, home: str = "home", die_at: int = 0) -> Done:
        environment = {
            "MEDTRUST_HOME": str(tmp_path / home),
            "MEDTRUST_DEPLOYMENTS": str(tmp_path / "deployments"),
            "MEDTRUST_CHAIN": session_node.ipc_path or session_node.url,
        }
        output = tmp_path / "output"
        order = {"arguments": ["vaccine", *arguments], "environment": environment, "output": str(output)}
        runner.stdin.write(json.dumps({**order, "die_at": die_at}) + "\n")
        runner.stdin.flush()
        answer = json.loads(runner.stdout.readline())
        said = output.read_text(), output.with_name("output.err").read_text()
        return Done(answer["code"], *said, answer["steps"])

    return run


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def custodian(world, tmp_path) -> Custodian:
    """The hospital, with a vault and a store of its own."""
    return custodian_of(world, tmp_path)


@pytest.fixture
def clock() -> Clock:
    """The clock of the service."""
    return Clock()


@pytest.fixture
def log() -> list[dict]:
    """What a service notes."""
    return []


@pytest.fixture
def service(custodian, clock, log) -> RecordService:
    """The service of the hospital for records."""
    return RecordService(custodian, clock=clock, log=log.append)


@pytest.fixture
def held(world, custodian):
    """A laboratory result that is anchored."""
    return hold(world, custodian)


@pytest.fixture
def receipt(world):
    """A consent of the patient to the clinic."""
    return sign_consent(world)


@pytest.fixture
def published(world):
    """The key of the clinic is published."""
    return world.acting_as("clinic").records.publish_key(world.clinic, READER_KEY.public.fingerprint)


@pytest.fixture
def used(world, service, held, receipt, published) -> Ticket:
    """A ticket whose use is recorded."""
    ticket = service.ticket(ask(world, service, held.record, receipt))
    use_for(world, receipt, ticket)
    return ticket


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    """Journals and keys of each test lie in a folder of its own."""
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))


@pytest.fixture
def sample(tmp_path):
    """Copy a sample of the package, perhaps with something in it replaced, and return its path."""

    def copy(name: str, *changes: tuple[str, str]) -> Path:
        text = samples.read(name).decode()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / f"{len(list(tmp_path.glob('in-*')))}-{name}"
        path = path.with_name(f"in-{path.name}")
        path.write_text(text)
        return path

    return copy


@pytest.fixture
def do_import(world, tmp_path):
    """Import files as the clinic, with what differs from the default."""

    def do(*paths: Path, out: str = "out", key: bytes = KEY, **options: object) -> ImportReport:
        return import_files(paths, world.acting_as("clinic"), CLINIC, key, out=tmp_path / out, **options)

    return do


@pytest.fixture
def stock(world):
    """A stock of one lot, which its maker commissioned."""
    regulator, maker = world.acting_as("regulator"), world.acting_as("maker")
    regulator.drugs.assign_prefix(world.regulator, world.maker, "0361414")
    packed = PackedLot(GTIN, LOT_NUMBER, KEY, packs=("1", "2"))
    maker.drugs.commission(world.maker, packed, prefix_digits=7, expiry=date(2028, 6, 30))
    with samples.path("stock.json") as path:
        return Stock.read(path)
