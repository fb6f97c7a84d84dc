"""One PDF page as lines in the order in which a person reads them: paragraphs apart, columns one after the other.

pypdf gives text in the order in which it was drawn. Most programs draw a column to its end; where one drew
across both, line by line, the places of the pieces tell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from mockmate_nb.interview.document_text import CLOSED, OPENS

NEAR = 3.0  # points; starts this close stand in one column
FROM_LEFT = 0.2  # of the page's width; a column begins further right than an indent
GUTTER = 0.8  # letters' heights of white between two columns, at least
MIN_ROWS = 4
FULL = 0.75  # of its column's longest piece: a line that was cut by the column's edge
GAP = 1.45  # line steps; more is a paragraph's end
DATES = re.compile(r"(?:19|20)\d\d")


@dataclass(slots=True)
class Piece:
    """Text drawn at one go; places in points from the page's lower left."""

    x: float
    y: float
    size: float
    text: str


def in_reading_order(page: Any, each_step: Callable[..., None]) -> str:
    """The text of pypdf's `page`; `each_step` is called before every drawing step and may raise."""
    rows: list[list[Piece]] = [[]]

    def collect(text: str, cm: list[float], tm: list[float], _font: object, size: float) -> None:
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        size *= abs(tm[3] * cm[3]) or 1
        first, *others = text.split("\n")
        for place, part in enumerate([first, *others]):
            if place:
                rows.append([])
            if part.strip():
                rows[-1].append(Piece(x, y, size, part))

    whole = page.extract_text(visitor_operand_before=each_step, visitor_text=collect)
    rows = [row for row in rows if row]
    if not rows or _letters("".join(piece.text for row in rows for piece in row)) != _letters(whole):
        return str(whole)  # what was collected is not what the page says: its own order stands
    gutter = _gutter(rows, float(page.mediabox.width))
    return _paragraphs(rows if gutter is None else _column_by_column(rows, gutter))


def _letters(text: str) -> int:
    return sum(not c.isspace() for c in text)


def _gutter(rows: list[list[Piece]], width: float) -> float | None:
    """Where the right column begins, if the page was drawn across two columns of running text."""
    pairs = [pair for row in rows for pair in pairwise(row)]
    after_gap = [b for a, b in pairs if b.x > FROM_LEFT * width and b.x - _end(a) > GUTTER * b.size]
    if not after_gap:
        return None
    place, _ = Counter(round(piece.x / NEAR) for piece in after_gap).most_common(1)[0]
    left = place * NEAR - NEAR
    if sum(p.x < left < _end(p) - p.size for row in rows for p in row) * 5 > len(rows):
        return None
    split = [_halves(row, left) for row in rows]
    both = [(a, b) for a, b in split if a and b]
    if len(both) < MIN_ROWS or sum(bool(DATES.search(b)) for _, b in both) * 2 > len(both):
        return None
    cut = sum(_cuts([half[side] for half in split]) for side in (0, 1))
    return left if cut >= 2 and 2 * len(both) >= sum(bool(b) for _, b in split) else None


def _end(piece: Piece) -> float:
    """Where a piece ends, about: Latin letters are half as wide as Chinese ones."""
    return piece.x + piece.size * sum(1.0 if "\u2e80" <= c <= "\uffee" else 0.5 for c in piece.text.strip())


def _halves(row: list[Piece], gutter: float) -> tuple[str, str]:
    parts = ["".join(p.text for p in row if (p.x >= gutter) is side).strip() for side in (False, True)]
    return parts[0], parts[1]


def _cuts(column: list[str]) -> int:
    """How many lines of a column go on in the next one."""
    longest = max(map(len, column))
    return sum(
        len(line) >= FULL * longest > 9
        and not CLOSED.search(line)
        and not OPENS.match(after)
        and not after[0].isupper()
        for line, after in pairwise(column)
        if line and after
    )


def _column_by_column(rows: list[list[Piece]], gutter: float) -> list[list[Piece]]:
    """What stands above both columns, the left one, the right one, and what stands below."""
    both = [at for at, row in enumerate(rows) if all(_halves(row, gutter))]
    first, last = both[0], both[-1] + 1
    band = rows[first:last]
    left = [[p for p in row if p.x < gutter] for row in band]
    right = [[p for p in row if p.x >= gutter] for row in band]
    return [row for row in [*rows[:first], *left, *right, *rows[last:]] if row]


def _paragraphs(rows: list[list[Piece]]) -> str:
    """Rows as lines, with a blank line where the step down is wide."""
    steps = [before[0].y - row[0].y for before, row in pairwise(rows)]
    down = [step for step in steps if step > 1]
    usual = median(down) if down else 0.0
    lines = ["".join(piece.text for piece in rows[0]).strip()]
    for step, row in zip(steps, rows[1:], strict=True):
        if step < -2 * usual or step > GAP * max(usual, row[0].size):
            lines.append("")
        lines.append("".join(piece.text for piece in row).strip())
    return "\n".join(lines)
