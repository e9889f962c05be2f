"""A copy of a process that was told to end stopped the chains of the process: nobody found their sockets any more."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from medtrust import node


def _wait(is_up: Event) -> None:
    is_up.set()
    time.sleep(60)


class TestForkedCopy:
    """when a forked copy of the process that started a chain is told to end -> the chain and its socket stay"""

    def test_leaves_the_chain(self, session_node: node.Node) -> None:
        if session_node.ipc_path is None:
            pytest.skip("only Anvil has a socket")
        context = multiprocessing.get_context("fork")
        is_up = context.Event()
        copy = context.Process(target=_wait, args=(is_up,))
        copy.start()
        assert is_up.wait(60)  # a copy that is told to end before it is up never hears of it
        copy.terminate()
        copy.join()

        assert copy.exitcode == -15
        assert Path(session_node.ipc_path).is_socket()
