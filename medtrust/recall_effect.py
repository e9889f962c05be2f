"""How far a recall has come: where every pack of the lot is, who has answered, and one percentage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from typing import Final

__all__ = ["NOTICE", "PackState", "RecallEffect", "Whereabouts", "is_late", "recall_effect"]

NOTICE: Final = 86_400
"""How long a partner has to acknowledge, in seconds: a day."""


class Whereabouts(Enum):
    """Where a pack of a recalled lot is."""

    WITH_MAKER = "with its maker"
    QUARANTINED = "quarantined"
    DESTROYED = "destroyed"
    HELD = "held"
    ON_ITS_WAY = "on its way"
    OPENED = "opened"
    STOLEN = "stolen"
    EXPORTED = "exported"
    DISPENSED = "dispensed"


_SECURED: Final = frozenset({Whereabouts.WITH_MAKER, Whereabouts.QUARANTINED, Whereabouts.DESTROYED})
_BEYOND: Final = frozenset({Whereabouts.DISPENSED, Whereabouts.EXPORTED, Whereabouts.STOLEN})


@dataclass(frozen=True)
class PackState:
    """Where a pack is, with which organisation (its id, or the start of it; empty where with none), and since when its
    life is over (Unix seconds; 0 while it is not).
    """

    whereabouts: Whereabouts
    holder: bytes = b""
    ended_at: int = 0


@dataclass(frozen=True)
class RecallEffect:
    """How far a recall has come.

    `recalled_at` since when the lot is recalled, `noticed_at` since when its partners have a day to acknowledge: anew
    with each stronger recall, and once it is found illegitimate (Unix seconds) · `packs` how many are where · `holders`
    how many packs that are not yet secured each organisation has · `dispensed_since` how many were dispensed after the
    second of the recall, which is none where the chain is asked · `answered` who acknowledged, and when (Unix seconds)
    · `waiting` which partners still may · `late` which let the day pass, also those that answered after it.
    """

    recalled_at: int
    noticed_at: int
    packs: Mapping[Whereabouts, int]
    holders: Mapping[bytes, int]
    dispensed_since: int
    answered: Mapping[bytes, int]
    waiting: tuple[bytes, ...]
    late: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """How many packs the lot has."""
        return sum(self.packs.values())

    @property
    def secured(self) -> int:
        """How many can reach nobody any more: with their maker, quarantined or destroyed."""
        return sum(self.packs.get(one, 0) for one in _SECURED)

    @property
    def beyond(self) -> int:
        """How many no partner can secure: dispensed, exported or stolen."""
        return sum(self.packs.get(one, 0) for one in _BEYOND)

    @property
    def percentage(self) -> Decimal:
        """How many of the packs that partners can secure are secured, in percent, rounded down to one decimal."""
        within = self.size - self.beyond
        return _percent(self.secured, within)

    @property
    def answers(self) -> Decimal:
        """How many of the partners have acknowledged, in percent, rounded down to one decimal."""
        asked = {*self.answered, *self.waiting, *self.late}
        return _percent(len(self.answered), len(asked))


def is_late(noticed_at: int, answered_at: int, now: int) -> bool:
    """Say whether a partner let `NOTICE` pass, as the contract does: in silence, or until it answered.

    `noticed_at` since when it must know, `answered_at` when it acknowledged last (Unix seconds); 0 if never. What it
    acknowledged before the notice began, or began anew, is no answer to it.
    """
    spoken = now if answered_at < noticed_at else answered_at
    return noticed_at > 0 and spoken >= noticed_at + NOTICE


def recall_effect(
    packs: Mapping[PackState, int],
    *,
    recalled_at: int,
    noticed_at: int,
    partners: Iterable[bytes],
    acknowledged: Mapping[bytes, int],
    now: int,
) -> RecallEffect:
    """Say how far a recall has come.

    `packs` counts the packs of the lot by their state, `recalled_at` is when it was recalled first and `noticed_at`
    when the clock of its partners began last, `partners` are the organisations through whose hands any of it went,
    `acknowledged` says when one of them answered last; times in Unix seconds.
    """
    where: Counter[Whereabouts] = Counter()
    holders: Counter[bytes] = Counter()
    since = 0
    for state, count in packs.items():
        where[state.whereabouts] += count
        if state.whereabouts not in _SECURED | _BEYOND and state.holder:
            holders[state.holder] += count
        if state.whereabouts is Whereabouts.DISPENSED and state.ended_at > recalled_at:
            since += count
    asked = sorted(set(partners))
    answered = {one: at for one, at in acknowledged.items() if at >= noticed_at}
    late = tuple(one for one in asked if is_late(noticed_at, answered.get(one, 0), now))
    return RecallEffect(
        recalled_at=recalled_at,
        noticed_at=noticed_at,
        packs={one: where[one] for one in Whereabouts if where[one]},
        holders=dict(sorted(holders.items(), key=lambda one: (-one[1], one[0]))),
        dispensed_since=since,
        answered=dict(sorted(answered.items(), key=lambda one: (one[1], one[0]))),
        waiting=tuple(one for one in asked if one not in answered and one not in late),
        late=late,
    )


def _percent(part: int, whole: int) -> Decimal:
    """Return a part in percent; of nothing, all is done."""
    share = Decimal(part * 100) / whole if whole else Decimal(100)
    return share.quantize(Decimal("0.1"), ROUND_DOWN)
