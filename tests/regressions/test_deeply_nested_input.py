"""Deeply nested JSON ended the process, because a library had raised Python's recursion limit."""

from __future__ import annotations

import subprocess
import sys

READ = """
from medtrust.certificate import Certificate
from medtrust.checkpoint import Checkpoint
from medtrust.errors import InputError
import medtrust.suite, medtrust.wallet
for parse, depth in ((Certificate.parse, 60_000), (Checkpoint.parse, 1_000_000)):
    for opening in ("[", '{"t":'):
        try:
            parse((opening * depth)[:depth])
        except InputError:
            print("refused")
"""


class TestDeeplyNestedInput:
    """given the libraries of the chain are loaded -> nested JSON is refused as bad input, and the process lives"""

    def test_is_refused(self):
        run = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr[-500:]
        assert run.stdout.split() == ["refused"] * 4
