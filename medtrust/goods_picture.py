"""The trace of a unit in words: who did what with it, and when, for a table or a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Final

from medtrust.drugs import Act, Movement, State
from medtrust.goods_places import LotGoods
from medtrust.trace_picture import Row

__all__ = ["rows_of"]

_ENDS: Final = frozenset({Act.DISPENSED, Act.DESTROYED, Act.EXPORTED, Act.STOLEN})
_STOPS: Final = frozenset({Act.RECALLED, Act.SUSPECTED, Act.ILLEGITIMATE, Act.CLEARED, Act.EXTRA})


def rows_of(goods: LotGoods, movements: Iterable[Movement], name: Callable[[bytes], str]) -> list[Row]:
    """Put a trace into words; `name` says what an organisation (its id) is called."""
    return [_row(goods, movement, name) for movement in movements]


def _row(goods: LotGoods, movement: Movement, name: Callable[[bytes], str]) -> Row:
    act = movement.act.name.lower().replace("_", " ")
    if movement.portion[1]:
        act += f" {movement.portion[0]}/{movement.portion[1]}"
    if movement.state in (State.AWAITING, State.QUARANTINED):
        act += f", {movement.state.name.lower()}"
    what = goods.name(movement.unit)
    if movement.container:
        what += f" {'into' if movement.act is Act.PACKED else 'from'} {goods.name(movement.container)}"
    kind = "end" if movement.act in _ENDS else "stop" if movement.act in _STOPS else "act"
    to = name(movement.other) if movement.act is Act.SHIPPED and movement.other else ""
    when = datetime.fromtimestamp(movement.at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    return Row(when, act, what, name(movement.organisation), to, kind)
