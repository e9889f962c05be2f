"""Contracts as more than one file of tests calls them."""

from __future__ import annotations

import pytest

from medtrust.records import RecordClient


@pytest.fixture
def exchange(world) -> RecordClient:
    """The exchange as the hospital calls it."""
    return world.acting_as("hospital").records


@pytest.fixture
def clinic_side(world) -> RecordClient:
    """The exchange as the clinic calls it."""
    return world.acting_as("clinic").records
