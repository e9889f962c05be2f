"""A part of a file: what comes before it, so that its places are those of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Part"]


@dataclass(frozen=True, slots=True)
class Part:
    """What comes before a part of a file.

    `messages` of HL7 v2 by kind ("message", "FHS", "BHS", "BTS", "FTS") · `in_batch` messages since the newest header
    of a batch · `lines` of NDJSON, or of a table without its row of column names.
    """

    messages: Mapping[str, int] = field(default_factory=dict)
    in_batch: int = 0
    lines: int = 0
