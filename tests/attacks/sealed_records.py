"""A hospital whose records are attacked, and what attackers put in their place."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medtrust.consent import DataClass
from medtrust.custodian import Custodian
from medtrust.vault import HeldRecord
from tests.hospitals import CONTENT, READER_KEY, custodian_of, hold
from tests.world import World

NEXT = CONTENT.replace(b"1.50", b"9.99")
POISON = b"GIVE PENICILLIN!"


@contextmanager
def hospital(world: World, data_class: DataClass = DataClass.LABORATORY) -> Iterator[tuple[Custodian, HeldRecord]]:
    """A custodian with one record of the patient; the key of the clinic is published."""
    with tempfile.TemporaryDirectory() as folder:
        keeper = custodian_of(world, Path(folder))
        world.acting_as("clinic").records.publish_key(world.clinic, READER_KEY.public.fingerprint)
        yield keeper, hold(world, keeper, data_class=data_class)
