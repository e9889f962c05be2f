"""Anchoring: planned batches reach the chain once each, whatever happens in between."""

from __future__ import annotations

from collections.abc import Sequence

from medtrust.import_journal import Journal, PlannedBatch
from medtrust.suite import Suite
from medtrust.vaccination import Batch

__all__ = ["Anchoring"]


class Anchoring:
    """Anchors the batches of one organisation (32 bytes) and keeps what it sends in a journal."""

    def __init__(self, suite: Suite, organisation: bytes, journal: Journal) -> None:
        self._suite, self._organisation, self._journal = suite, organisation, journal

    def batch_of(self, batch: PlannedBatch) -> Batch | None:
        """Return what the chain keeps of a batch, None if nothing; one that is on its way is waited for."""
        chain = self._suite.chain
        is_waiting = batch.transaction and chain.receipt(batch.transaction) is None and chain.knows(batch.transaction)
        if is_waiting:
            chain.wait(batch.transaction, interface=self._suite.vaccination.interface)
        return self._suite.vaccination.batch_of(self._organisation, batch.root)

    def is_anchored(self, batch: PlannedBatch) -> bool:
        """Whether the chain holds a batch."""
        return self.batch_of(batch) is not None

    def anchor(self, name: str, batch: PlannedBatch, planned: Sequence[PlannedBatch]) -> None:
        """Anchor a batch of the import called `name` unless it is; its transaction is kept before it is sent.

        Raises `Reverted`.
        """
        if self.is_anchored(batch):
            return

        def keep(transaction: str) -> None:
            batch.transaction = transaction
            self._journal.save(name, planned)

        client = self._suite.vaccination
        client.anchor(self._organisation, batch.root, batch.size, lots=batch.lots, announce=keep)
