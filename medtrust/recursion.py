"""Recursion: the limit that keeps nested input from ending the process."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["restore_recursion_limit"]

_RAISED: Final = 100_000
_USUAL: Final = 1000


def restore_recursion_limit() -> None:
    """Set Python's limit back to its usual one where an imported library raised it.

    `py_ecc`, which eth-account brings, raises it to 100,000 and needs that for nothing that we do. With it, JSON that
    is nested deeply enough overflows the stack and ends the process, where it should be refused.
    """
    if sys.getrecursionlimit() == _RAISED:
        sys.setrecursionlimit(_USUAL)
