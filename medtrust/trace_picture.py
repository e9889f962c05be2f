"""The way of a pack as a picture: one column for each organisation, one row for each act, as plain SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

__all__ = ["Row", "draw_trace"]

_LEFT, _COLUMN, _ROW, _HEAD = 160, 190, 68, 110
"""Pixels: where the columns begin, and how large a column, a row and the heading are."""

_WIDEST, _LONGEST = 24, 30
"""How many characters fit into a column, of its heading and of what stands at an act."""

_STYLE: Final = (
    "text{font:13px sans-serif;fill:#1d2733;text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:4px}"
    ".title{font-size:17px;font-weight:bold;text-anchor:start}.when{font-size:12px;text-anchor:start}.what{font-size:11px;fill:#5b6875}.head{font-weight:bold}"
    ".lane{stroke:#c8d0d8;stroke-dasharray:3 4}.way{stroke:#2f6fab;stroke-width:2}.open{stroke-dasharray:6 4}"
    ".act{fill:#fff;stroke:#2f6fab;stroke-width:2.5}.stop{fill:#fff;stroke:#b3261e;stroke-width:3}"
    ".end{fill:#1d2733;stroke:#1d2733;stroke-width:2.5}"
)
_ARROW: Final = (
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="17" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 10 5 0 10z" fill="#2f6fab"/></marker></defs>'
)
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML can hold."""


@dataclass(frozen=True)
class Row:
    """One act of a trace, in words: when, what was done to which unit, and the organisation that did it.

    `to` is who is to receive · `kind` is "act" where the goods went on, "end" where their life ended, "stop" where
    somebody said that they may not go on, which moves nothing.
    """

    when: str
    act: str
    what: str
    by: str
    to: str = ""
    kind: str = "act"


def draw_trace(title: str, rows: Sequence[Row]) -> str:
    """Draw a trace as an SVG document: time goes down, and a line leads from each holder to the next.

    The same rows give the same bytes; every text is escaped.
    """
    names = list(dict.fromkeys(name for row in rows for name in (row.by, row.to) if name))
    lanes = {name: _LEFT + _COLUMN // 2 + _COLUMN * place for place, name in enumerate(names)}
    width, height = max(_LEFT + _COLUMN * len(names), 480), _HEAD + _ROW * max(len(rows), 1)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>',
        f"<title>{_text(title)}</title>",
        f"<desc>{_text('; '.join(map(_sentence, rows)) or 'Nothing happened.')}</desc>",
        f"<style>{_STYLE}</style>{_ARROW}",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        _label(16, 32, title, "title", longest=width // 10),
        *(_lane(name, x, height) for name, x in lanes.items()),
        *_ways(rows, lanes),
        *(_act(row, lanes[row.by], _y(index)) for index, row in enumerate(rows)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _y(index: int) -> int:
    return _HEAD + _ROW * index


def _lane(name: str, x: int, height: int) -> str:
    return f'<line class="lane" x1="{x}" y1="72" x2="{x}" y2="{height}"/>{_label(x, 62, name, "head", longest=_WIDEST)}'


def _ways(rows: Sequence[Row], lanes: dict[str, int]) -> list[str]:
    """Draw the line from each place of the goods to the next, and a broken one to who is still to receive them."""
    moved = [(index, row) for index, row in enumerate(rows) if row.kind != "stop"]
    lines = [
        f'<line class="way" x1="{lanes[a.by]}" y1="{_y(m)}" x2="{lanes[b.by]}" y2="{_y(n)}" marker-end="url(#tip)"/>'
        for (m, a), (n, b) in pairwise(moved)
    ]
    if moved and moved[-1][1].to:
        index, last = moved[-1]
        start, end, half = lanes[last.by], lanes[last.to], _ROW // 2
        lines.append(f'<line class="way open" x1="{start}" y1="{_y(index)}" x2="{end}" y2="{_y(index) + half}"/>')
    return lines


def _act(row: Row, x: int, y: int) -> str:
    kind = row.kind if row.kind in ("end", "stop") else "act"
    return (
        f'<circle class="{kind}" cx="{x}" cy="{y}" r="8"/>{_label(16, y + 4, row.when, "when")}'
        f"{_label(x, y + 25, row.act)}{_label(x, y + 40, row.what, 'what')}"
    )


def _label(x: int, y: int, text: str, kind: str = "", *, longest: int = _LONGEST) -> str:
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x}" y="{y}">{_text(shown)}</text>'


def _sentence(row: Row) -> str:
    return f"{row.when}: {row.by} {row.act} {row.what}{' to ' + row.to if row.to else ''}"


def _text(text: str) -> str:
    return escape(_UNPRINTABLE.sub("\ufffd", text))
