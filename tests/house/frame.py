"""How a rule of the house is proven: it finds nothing in the project, and finds what is planted for it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest


def holds(findings: Iterable[str]) -> None:
    """Fail with every finding, one a line, as file:line: what is wrong."""
    found = sorted(set(findings))
    if found:
        pytest.fail("\n".join(["", *found]), pytrace=False)


def bites(findings: Iterable[str], expected: str) -> None:
    """Fail unless a rule finds what was planted for it."""
    found = sorted(set(findings))
    assert any(expected in one for one in found), found
