"""Figures as Markdown: tables, spreads, and a section that is put in place of the one before."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Promise(NamedTuple):
    """One promise: `met` is None where it could not be measured."""

    what: str
    wanted: str
    measured: str
    met: bool | None


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A Markdown table."""
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    lines += [" | ".join(str(cell) for cell in row) for row in rows]
    return [f"| {line} |" for line in lines]


def spread(value: dict[str, float]) -> str:
    """A median with its quartiles, named so."""
    return f"{value['median']:.2f} ({value['low']:.2f}-{value['high']:.2f})"


def extent(values: Sequence[float], digits: int) -> str:
    """Their median, with the least and the most where they differ; `never` for infinity."""
    if math.isinf(statistics.median(values)):
        return "never"
    low, middle, high = (f"{v:.{digits}f}" for v in (min(values), statistics.median(values), max(values)))
    return middle if low == high else f"{middle} ({low}-{high})"


def kept_section(text: str, heading: str) -> str:
    """The section with this heading as it stands in `text`; "" if there is none."""
    if f"{heading}\n" not in text:
        return ""
    begin = text.index(f"{heading}\n")
    end = text.find("\n## ", begin)
    return text[begin : end + 1 or None].rstrip() + "\n"


def replaced(text: str, lines: Sequence[str]) -> str:
    """`text` with these lines in place of the section with their heading, the first line, or else at its end."""
    mine, before = "\n".join(lines) + "\n", kept_section(text, lines[0])
    return text.replace(before, mine) if before else f"{text.rstrip()}\n\n{mine}".lstrip()
