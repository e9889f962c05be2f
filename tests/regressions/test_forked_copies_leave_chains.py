"""A copy of a process that was told to end stopped the chains of the process: nobody found their sockets any more."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

from medtrust import node


class TestForkedCopy:
    """when a forked copy of the process that started a chain is told to end -> the chain and its socket stay"""

    def test_leaves_the_chain(self, session_node: node.Node) -> None:
        if session_node.ipc_path is None:
            pytest.skip("only Anvil has a socket")
        copy = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        copy.start()
        copy.terminate()
        copy.join()

        assert copy.exitcode == -15
        assert Path(session_node.ipc_path).is_socket()
