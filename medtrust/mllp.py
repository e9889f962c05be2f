"""MLLP: frames of HL7 v2 over a stream, one message in, one acknowledgement out."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import Final, Protocol

__all__ = ["END", "START", "MllpServer", "framed", "frames"]

START: Final = b"\x0b"
END: Final = b"\x1c\r"
_LONGEST: Final = 4 << 20
_BLOCK: Final = 1 << 16
_SILENCE: Final = 60.0


class Stream(Protocol):
    """What bytes come from, such as a socket."""

    def recv(self, size: int, /) -> bytes:
        """Return some bytes, none at the end."""


def framed(message: bytes) -> bytes:
    """Return a message in its frame."""
    return START + message + END


def frames(stream: Stream) -> Iterator[bytes]:
    """Yield the message of each frame that comes whole; what stands between frames is let by.

    A frame of more than 4 MiB ends the stream, because nobody could tell where the next one begins.
    """
    held = bytearray()
    while len(held) <= _LONGEST:
        while (end := held.find(END)) >= 0:
            frame, held = held[:end], held[end + len(END) :]
            start = frame.rfind(START)
            if start >= 0:
                yield bytes(frame[start + 1 :])
        block = stream.recv(_BLOCK)
        if not block:
            return
        held += block


class MllpServer(socketserver.ThreadingTCPServer):
    """Answers every message of every connection by `answer`, and calls `tick` twice a second; never two at a time."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], answer: Callable[[bytes], bytes], tick: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(address, _Connection)
        self._answer, self._tick = answer, tick
        self._turn = threading.Lock()

    def service_actions(self) -> None:
        """Do what is due, between connections."""
        with self._turn:
            self._tick()

    def answer(self, message: bytes) -> bytes:
        """Return the acknowledgement of a message."""
        with self._turn:
            return self._answer(message)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])


class _Connection(socketserver.BaseRequestHandler):
    server: MllpServer

    def setup(self) -> None:
        self.request.settimeout(_SILENCE)

    def handle(self) -> None:
        try:
            for message in frames(self.request):
                self.request.sendall(framed(self.server.answer(message)))
        except OSError:  # the other side went away, or has said nothing for a minute; what was answered is kept
            return
