"""Messages that come in one by one over MLLP: answered, kept, anchored in batches, and killed without a loss."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import hl7
import pytest

from medtrust import samples
from medtrust.bench.doses import write_doses
from medtrust.certificate import Certificate
from medtrust.deploy import AddressBook
from medtrust.errors import ChainUnreachable
from medtrust.feed import Feed
from medtrust.mllp import MllpServer, framed, frames
from tests.doses import CLINIC
from tests.flows.imports import KEY
from tests.world import ROOT

pytestmark = pytest.mark.usefixtures("own_home")

SAMPLE = samples.read("vxu_v04.hl7")


@pytest.fixture
def feed(world, tmp_path):
    """A feed of the clinic that anchors when it is told to."""
    reports: list[object] = []

    def make(**options: object) -> Feed:
        made = Feed(world.acting_as("clinic"), CLINIC, KEY, tmp_path / "out", **options, on_report=reports.append)
        made.reports = reports
        return made

    return make


def said(answer: bytes) -> tuple[str, str, list[str]]:
    """Return code, control id and the locations of the errors of an acknowledgement."""
    ack = hl7.parse(answer.decode())
    errors = [str(error[2]) for error in ack["ERR"]] if b"\rERR|" in answer else []
    return str(ack["MSA"][0][1]), str(ack["MSA"][0][2]), errors


def messages(folder: Path, count: int) -> list[bytes]:
    """Return messages of as many invented doses."""
    (path, _) = write_doses(folder, count, resources=0)
    return [b"MSH|" + one for one in path.read_bytes().split(b"MSH|")[1:]]


def anchored(world) -> list[int]:
    return [event.values["size"] for event in world.suite.vaccination.batches_of(world.clinic)]


class TestAnswers:
    """
    given a vaccination                         -> AA with its control id; kept
    when it comes again                         -> AA; kept once
    given a dose with a wrong field, a day that has not begun, no dose -> AE with segment and field; not kept
    given another kind of message, no message   -> AR; not kept
    """

    def test_accepts_once(self, feed):
        one = feed()
        assert said(one.answer(SAMPLE)) == ("AA", "LF-20261005-0001", [])
        again = one.answer(SAMPLE)
        assert (said(again)[0], b"taken in before" in again, one.waiting) == ("AA", True, 1)

    @pytest.mark.parametrize(
        ("old", "new", "location"),
        [
            (b"|20261005||58160", b"|20261399||58160", "RXA^1^3"),
            (b"|20261005||58160", b"|20991005||58160", "RXA^1^3"),
            (b"58160-842-52", b"58160-842-53", "RXA^1^5^1^1"),
            (b"|700101^", b"|^", "PID^1^3"),
            (b"RXA|", b"RXB|", "RXA^1"),
        ],
    )
    def test_says_what_is_wrong(self, feed, old, new, location):
        assert old in SAMPLE
        one = feed()
        assert said(one.answer(SAMPLE.replace(old, new))) == ("AE", "LF-20261005-0001", [location])
        assert one.waiting == 0

    @pytest.mark.parametrize(
        ("message", "location"),
        [
            (SAMPLE.replace(b"VXU^V04^VXU_V04", b"ADT^A01"), "MSH^1^9"),
            (SAMPLE.replace(b"LF-20261005-0001", b""), "MSH^1^10"),
            (b"GET / HTTP/1.1", ""),
        ],
    )
    def test_rejects(self, feed, message, location):
        one = feed()
        code, _, errors = said(one.answer(message))
        assert (code, errors, one.waiting) == ("AR", [location], 0)


class TestAnchoring:
    """
    given fewer messages than a batch that have not waited -> nothing is anchored
    given a batch, or messages that have waited            -> anchored together, with certificates; only hashes are kept
    given a chain that does not answer                     -> the messages stay, and are anchored later
    given a message that was anchored                      -> AA again, not anchored again, also by another process
    given one that was cut off while it was written        -> dropped; the others stay
    """

    def test_anchors_a_batch(self, world, feed, tmp_path):
        one = feed(batch=5, every=1000.0)
        incoming = messages(tmp_path / "in", 5)
        for message in incoming[:4]:
            one.answer(message)
        one.tick()
        assert (anchored(world), one.waiting) == ([], 4)
        one.answer(incoming[4])
        one.tick()
        assert (anchored(world), one.waiting) == ([5], 0)
        (report,) = one.reports
        found = [Certificate.parse(issued.certificate.read_bytes()) for issued in report.issued]
        assert all(world.suite.vaccination.verify(certificate).is_valid for certificate in found)
        kept = b"".join(path.read_bytes() for path in (tmp_path / "home" / "feeds").rglob("*") if path.is_file())
        assert (b"Invented" in kept, len(kept)) == (False, 5 * 32)

    def test_anchors_what_has_waited(self, world, feed):
        one = feed(every=0.0)
        one.answer(SAMPLE)
        one.tick()
        assert anchored(world) == [1]

    def test_keeps_what_cannot_be_anchored_yet(self, world, feed, monkeypatch):
        problems: list[object] = []
        one = feed(every=0.0, on_problem=problems.append)
        one.answer(SAMPLE)

        def fails(*_: object, **__: object) -> None:
            raise ChainUnreachable("nobody answers")

        monkeypatch.setattr("medtrust.feed.import_files", fails)
        one.tick()
        assert (len(problems), one.waiting, anchored(world)) == (1, 1, [])
        monkeypatch.undo()
        monkeypatch.setenv("MEDTRUST_HOME", str(one._folder.parent.parent))
        one.tick()
        assert (one.waiting, anchored(world)) == (0, [1])

    def test_knows_what_was_anchored(self, world, feed):
        first = feed()
        first.answer(SAMPLE)
        first.flush()
        second = feed()
        assert said(second.answer(SAMPLE))[0] == "AA"
        assert (second.waiting, second.flush(), anchored(world)) == (0, None, [1])

    def test_drops_what_was_cut_off(self, world, feed, tmp_path):
        incoming = messages(tmp_path / "in", 3)
        first = feed()
        for message in incoming:
            first.answer(message)
        with first._open.open("r+b") as file:
            file.truncate(first._open.stat().st_size - 7)
        second = feed()
        assert second.waiting == 2
        second.answer(incoming[2])
        second.flush()
        assert anchored(world) == [3]


class TestFrames:
    """
    given frames in blocks of any size, with noise between -> each message once
    given a frame that does not end                        -> nothing
    """

    @pytest.mark.parametrize("size", [1, 2, 7, 1000])
    def test_are_taken_apart(self, size):
        data = b"noise" + framed(b"one") + b"\r\n" + framed(b"two\x1c") + b"\x0bthree"
        blocks = iter([data[at : at + size] for at in range(0, len(data), size)])

        class Blocks:
            def recv(self, _: int) -> bytes:
                return next(blocks, b"")

        assert list(frames(Blocks())) == [b"one", b"two\x1c"]


class Sender:
    """A hospital that sends messages over one connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._answers = frames(self._socket)

    def send(self, message: bytes) -> tuple[str, str, list[str]]:
        self._socket.sendall(framed(message))
        return said(next(self._answers))

    def close(self) -> None:
        self._socket.close()


class TestServer:
    """
    given a sender, and another at the same time -> each is answered in its own connection
    """

    def test_answers_over_the_wire(self, world, feed, tmp_path):
        one = feed(batch=4, every=1000.0)
        incoming = messages(tmp_path / "in", 4)
        with MllpServer(("127.0.0.1", 0), one.answer) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                senders = [Sender(server.port), Sender(server.port)]
                answers = [senders[number % 2].send(message)[0] for number, message in enumerate(incoming)]
                answers.append(senders[0].send(b"hello")[0])
                for sender in senders:
                    sender.close()
            finally:
                server.shutdown()
                thread.join()
        one.tick()
        assert (answers, anchored(world)) == (["AA"] * 4 + ["AR"], [4])


@pytest.fixture
def listening(world, tmp_path, session_node) -> Iterator[object]:
    """Start `medtrust vaccine listen` in a process of its own, on any port; return the process and the port."""
    book = AddressBook(world.chain.id, tmp_path / "deployments")
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MEDTRUST_DEPLOYMENTS": str(tmp_path / "deployments"),
        "MEDTRUST_CHAIN": session_node.ipc_path or session_node.url,
        "COLUMNS": "300",
    }
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[subprocess.Popen[str], int]:
        command = [sys.executable, "-m", "medtrust", "vaccine", "listen", "--as", "clinic", "--port", "0"]
        command += ["--out", str(tmp_path / "out"), *options]
        process = subprocess.Popen(command, stdout=PIPE, text=True, env=environment)
        started.append(process)
        port = re.search(r"mllp://127\.0\.0\.1:(\d+)", process.stdout.readline())
        return process, int(port.group(1))

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


class TestKilled:
    """
    given a listener that is killed with -9 after it answered, and started again
      -> every message that it answered AA is anchored once; what is sent again is answered AA and anchored once
      -> with --json it says the same as one object a line
    """

    def test_loses_nothing_that_it_answered(self, world, listening, tmp_path):
        incoming = messages(tmp_path / "in", 9)
        process, port = listening("--every", "1000")
        sender = Sender(port)
        assert [sender.send(message)[0] for message in incoming[:6]] == ["AA"] * 6
        process.send_signal(signal.SIGKILL)
        process.wait()
        sender.close()
        assert anchored(world) == []

        process, port = listening("--every", "0", "--json")
        sender = Sender(port)
        assert [sender.send(message)[0] for message in incoming] == ["AA"] * 9
        counts = 0
        while counts < 9:
            counts += json.loads(process.stdout.readline())["anchored"]
        sender.close()
        assert (counts, sum(anchored(world))) == (9, 9)
        assert len(list((tmp_path / "out").glob("[0-9a-f]*.json"))) == 9
