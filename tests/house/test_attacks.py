"""Attacks: as many as the guides say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module

import pytest

from tests.house.frame import bites, holds
from tests.world import ROOT

GUIDES: dict[str, list[Sequence[str]]] = {
    "consent": [("consent", "patients", "emergency")],
    "records": [("records", "record_requests"), ("envelopes", "record_service", "record_reader"), ("shared_keys",)],
    "provenance": [
        ("provenance", "provenance_life", "provenance_stops", "provenance_custody", "provenance_detours"),
        ("readings",),
    ],
    "vaccination": [("vaccination", "vaccination_corrections", "vaccination_once", "vaccination_shown"), ("foreign",)],
}
"""For each guide, the files of attacks that it counts together."""


def counts() -> dict[str, int]:
    """How many attacks each file has."""
    names = {name for groups in GUIDES.values() for group in groups for name in group}
    return {name: len(import_module(f"tests.attacks.test_{name}").ATTACKS) for name in names}


def miscounted(guide: str, text: str, known: Mapping[str, int]) -> Iterator[str]:
    """Every number of attacks that a guide should name and does not."""
    for group in GUIDES[guide]:
        count = sum(known[name] for name in group)
        if f"{count} attacks" not in text:
            yield f"docs/{guide}.md: tests/attacks has {count} attacks on {', '.join(group)}"


class TestCounts:
    """given each guide that counts attacks -> it names as many as there are"""

    @pytest.mark.parametrize("guide", GUIDES)
    def test_guide_is_true(self, guide):
        holds(miscounted(guide, (ROOT / "docs" / f"{guide}.md").read_text(encoding="utf-8"), counts()))


class TestTeeth:
    """given a number that is out of date -> it is found"""

    def test_finds_what_is_planted(self):
        known = {"provenance": 45, "provenance_life": 1, "provenance_stops": 1, "provenance_custody": 1}
        known |= {"provenance_detours": 1, "readings": 9}
        bites(miscounted("provenance", "46 attacks, 9 attacks", known), "49 attacks on provenance")
