"""How long the pauses between chunks are: a histogram with its percentiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mockmate_nb.drawing import ACCENT
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import Language
from mockmate_nb.plots_canvas import (
    DASHED,
    DOTTED,
    LINE,
    SMALL,
    SOLID,
    WIDE,
    Style,
    canvas,
    figure_of,
    footed,
    ruled,
    stroke,
    write,
)
from mockmate_nb.plots_scale import PARTED, Flag, Scale, counted, flags, numbers_of
from mockmate_nb.units import as_time

LEFT, RIGHT, BOTTOM, TALL = 56, WIDE - 16, 26, 150
HEAD = 14  # pixels between the picture and the lowest text above it
BINS = 44
FAR = 12  # times p50 that p99 may lie off on a scale from 0
SHORTEST = 1e-5  # seconds: a logarithmic scale begins here at the lowest
STYLES: tuple[Style, ...] = (SOLID, DASHED, DOTTED)
PERCENTILES = (50, 95, 99)
WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "count": "gaps",
        "log": "logarithmic",
        "beyond": "{n} of {all} beyond {edge}, the longest {most}",
        "below": "{n} of {all} under {edge}",
        "joint": "; ",
        "said": "{all} gaps between chunks: {marks}, the longest {most}.",
        "comma": ", ",
    },
    "zh": {
        "count": "次数",
        "log": "对数刻度",
        "beyond": "{all} 个间隔中有 {n} 个超过 {edge}，最长 {most}",
        "below": "{all} 个间隔中有 {n} 个短于 {edge}",
        "joint": "；",
        "said": "数据块之间的 {all} 个间隔：{marks}，最长 {most}。",
        "comma": "，",
    },
}


def histogram(
    gaps: Sequence[float], *, marks: Mapping[str, float] | None = None, language: Language = "en"
) -> Figure:
    """How many gaps (seconds) are how long, with `marks` ({"p50": seconds, …}) as upright lines.

    Without marks, p50, p95 and p99 by numpy's linear percentile. The scale goes from 0 to a little over the last
    mark; how many lie beyond is said on the picture. Where p99 is over 12 times p50, or p50 is 0, it is
    logarithmic and reaches the longest. `CallerError` where there is no gap, or one is no time.
    """
    words = WORDS[language]
    values, lines = _checked(gaps, marks)
    across = _across(values, list(lines.values()))
    edges = _edges(across)
    counts, _ = np.histogram(np.clip(values, across.low, None), bins=edges)
    poles = flags(
        [(across(at), f"{name} {as_time(at)}") for name, at in sorted(lines.items(), key=lambda m: m[1])],
        LEFT,
        RIGHT,
        SMALL,
    )
    notes = _notes(values, across, words)
    foot = BOTTOM + (LINE if notes else 0)
    top = foot + TALL
    height = top + HEAD + LINE * (1 + max(flag.lane for flag in poles)) + 4
    up = Scale(0, max(int(counts.max()), 1) * 1.06, foot, top)
    axes = canvas(WIDE, height)
    ruled(axes, LEFT, RIGHT, [(up(count), counted(count)) for count in up.ticks(4) if count == int(count)])
    write(axes, 4, top + 13, words["count"], faint=True)
    footed(axes, foot, across.timed(8))
    _bars(axes, counts.tolist(), [across(edge) for edge in edges], up)
    _marks(axes, poles, foot, top + HEAD)
    if notes:
        write(axes, RIGHT, LINE / 2 - 1, notes, side="right", faint=True)
    return figure_of(axes)


def histogram_in_words(
    gaps: Sequence[float], *, marks: Mapping[str, float] | None = None, language: Language = "en"
) -> str:
    """What `histogram` shows, as a sentence to be read aloud."""
    words = WORDS[language]
    values, lines = _checked(gaps, marks)
    said = words["comma"].join(f"{name} {as_time(at)}" for name, at in lines.items())
    return words["said"].format(all=f"{len(values):,}", marks=said, most=as_time(max(values)))


def _checked(
    gaps: Sequence[float], marks: Mapping[str, float] | None
) -> tuple[list[float], dict[str, float]]:
    values = numbers_of(gaps, "gaps")
    if not values:
        raise CallerError("gaps: there are none to draw.", field="gaps", advice="Give two chunks at least.")
    if not marks:
        return values, {f"p{part}": float(np.percentile(values, part)) for part in PERCENTILES}
    return values, dict(zip(marks, numbers_of(marks.values(), "marks"), strict=True))


def _across(values: Sequence[float], lines: Sequence[float]) -> Scale:
    """From 0 to a little over the last mark, or logarithmic to the longest gap where the marks lie far apart."""
    middle, far = float(np.percentile(values, 50)), float(np.percentile(values, 99))
    most = max(*lines, far)
    if most <= FAR * middle or most == 0:
        high = max(values) if max(values) <= 1.5 * most else 1.25 * most
        return Scale(0.0, max(high * 1.04, SHORTEST), LEFT, RIGHT)
    some = [value for value in (*values, *lines) if value > 0]
    low = max(min(some) / 1.3, SHORTEST)
    return Scale(low, max(*some, low) * 1.3, LEFT, RIGHT, log=True)


def _edges(across: Scale) -> list[float]:
    """Bins of equal width on the picture."""
    if across.log:
        return [float(edge) for edge in np.geomspace(across.low, across.high, BINS + 1)]
    return [float(edge) for edge in np.linspace(across.low, across.high, BINS + 1)]


def _notes(values: Sequence[float], across: Scale, words: Mapping[str, str]) -> str:
    """What the picture does not show, and that its scale is not even."""
    beyond = sum(value > across.high for value in values)
    below = sum(value < across.low for value in values)
    said = {"all": f"{len(values):,}", "most": as_time(max(values))}
    notes = [words["log"]] if across.log else []
    if beyond:
        notes.append(words["beyond"].format(n=f"{beyond:,}", edge=as_time(across.high), **said))
    if below:
        notes.append(words["below"].format(n=f"{below:,}", edge=as_time(across.low), **said))
    return words["joint"].join(notes)


def _bars(axes: Axes, counts: Sequence[int], edges: Sequence[float], up: Scale) -> None:
    for at, count in enumerate(counts):
        if count:
            tall = max(up(count) - up(0), 1.5)  # one among thousands is still seen
            axes.add_patch(
                Rectangle(
                    (edges[at] + 0.5, up(0)),
                    edges[at + 1] - edges[at] - 1,
                    tall,
                    facecolor=ACCENT,
                    alpha=0.75,
                    edgecolor="none",
                )
            )
    stroke(axes, [edges[0], edges[-1]], [up(0)] * 2, alpha=0.6)


def _marks(axes: Axes, poles: Sequence[Flag], foot: float, bottom: float) -> None:
    for at, (x, text, side, lane) in enumerate(poles):
        y = bottom + LINE * (lane + 0.5)
        stroke(axes, [x, x], [foot, y + LINE / 2 - 2], width=1.5, style=STYLES[min(at, len(STYLES) - 1)])
        right = side == "right"
        write(axes, x + (PARTED if right else -PARTED), y, text, side="left" if right else "right")
