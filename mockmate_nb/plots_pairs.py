"""Streamed and batch runs of the same requests, as pairs of dots, with their medians and intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mockmate_nb.drawing import INK, fitted, width_of
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import Language
from mockmate_nb.plots_canvas import LINE, SMALL, TEXT, WIDE, canvas, dots, figure_of, footed, stroke, write
from mockmate_nb.plots_scale import Scale, numbers_of, scale_of
from mockmate_nb.units import as_time, three

LEFT, RIGHT = 186, WIDE - 24
ROW, STREAM, BATCH, BASE = 168, 116, 66, 40  # a row's height, and what stands how high in it
BESIDE = 17  # pixels from a line of dots to its bar
BOLD = 1.1  # times as wide as other letters
FEW = 40  # pairs whose lines can be followed by eye; more are fainter
OFF = (0, 4, -4, 8, -8)  # pixels that dots stand off their line, in turn: near ones stay apart
MOST = 100  # pairs that are drawn; the medians are those of all
WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "stream": "streaming",
        "batch": "batch",
        "ratio": "batch / streaming: ",
        "key": "a line joins a pair; bar: median with 95 % interval",
        "plain": "a line joins a pair; bar: median",
        "drawn": "; {drawn} of {n} pairs drawn",
        "log": "logarithmic",
        "median": "{side} {value}",
        "between": " (95 %: {low} to {high})",
        "said": "{label}, {n} pairs: median {stream}, {batch}{ratio}",
        "times": ", batch takes {ratio} the time",
        "whole": "Paired times. {rows}.",
        "joint": "; ",
    },
    "zh": {
        "stream": "流式",
        "batch": "整段",
        "ratio": "整段 / 流式：",
        "key": "细线连接同一对；横条：中位数及 95 % 区间",
        "plain": "细线连接同一对；横条：中位数",
        "drawn": "；画出 {n} 对中的 {drawn} 对",
        "log": "对数刻度",
        "median": "{side} {value}",
        "between": "（95 %：{low} 至 {high}）",
        "said": "{label}，{n} 对：中位数 {stream}，{batch}{ratio}",
        "times": "，整段用时是流式的 {ratio}",
        "whole": "成对的用时。{rows}。",
        "joint": "；",
    },
}


class Pairs(NamedTuple):
    """One metric, measured in pairs: `stream[i]` and `batch[i]` are the seconds of pair i.

    The three intervals are (value, low, high), as an interval's first three fields: the medians in seconds, and the
    median of batch over stream. Without them the plain median is shown; a low or high that is NaN has no bar.
    """

    label: str
    stream: Sequence[float]
    batch: Sequence[float]
    stream_median: Sequence[float] | None = None
    batch_median: Sequence[float] | None = None
    ratio: Sequence[float] | None = None


def paired(rows: Sequence[Pairs], *, language: Language = "en") -> Figure:
    """A strip a metric: full dots for streaming above hollow squares for batch, a thin line for every pair.

    The bar beside each line of dots is the median with its interval. Each strip has its own scale of seconds: from
    0, or logarithmic (and said so) where the longest is over 8 times the shortest. Of more than 100 pairs, 100 are
    drawn, evenly taken in order of their difference, and that is said. `CallerError` where there is no row, a row
    without pairs, sides that differ in number, or times that are no times.
    """
    words = WORDS[language]
    found = [_checked(row) for row in rows]
    if not found:
        raise CallerError("rows: there are none to draw.", field="rows", advice="Give one Pairs a metric.")
    heads = [(fitted(row.label, TEXT, RIGHT - 2 * TEXT), _ratio(row, words)) for row in found]
    tall = ROW + (0 if all(_beside(*head) for head in heads) else LINE)
    height = tall * len(found) + 8
    axes = canvas(WIDE, height)
    for at, (row, (label, ratio)) in enumerate(zip(found, heads, strict=True)):
        top = height - tall * at
        write(axes, 4, top - LINE / 2, label, TEXT, bold=True)
        write(axes, RIGHT, top - tall + ROW - LINE / 2, ratio, side="right")
        _row(axes, top - tall, row, words)
    barred = any(_bar(side) for row in found for side in (row.stream_median, row.batch_median))
    most = max(len(row.stream) for row in found)
    key = words["key" if barred else "plain"]
    if most > MOST:
        key += words["drawn"].format(drawn=MOST, n=f"{most:,}")
    write(axes, 4, LINE / 2, key, faint=True)
    return figure_of(axes)


def paired_in_words(rows: Sequence[Pairs], *, language: Language = "en") -> str:
    """What `paired` shows, as a sentence to be read aloud."""
    words = WORDS[language]
    said = []
    for row in map(_checked, rows):
        sides = {
            name: words["median"].format(side=words[name], value=_said(_median(values, given), words))
            for name, values, given in (
                ("stream", row.stream, row.stream_median),
                ("batch", row.batch, row.batch_median),
            )
        }
        ratio = words["times"].format(ratio=_times(row.ratio, words)) if row.ratio else ""
        said.append(words["said"].format(label=row.label, n=len(row.stream), ratio=ratio, **sides))
    return words["whole"].format(rows=words["joint"].join(said))


def _checked(row: Pairs) -> Pairs:
    stream, batch = numbers_of(row.stream, "stream"), numbers_of(row.batch, "batch")
    if not stream or len(stream) != len(batch):
        raise CallerError(
            f"{row.label}: {len(stream)} streamed and {len(batch)} batch runs are no pairs.",
            field="rows",
            advice="Give as many of the one as of the other, one at least.",
        )
    for given in (row.stream_median, row.batch_median, row.ratio):
        if given is not None:
            numbers_of(given[:1], row.label)
    return row._replace(stream=stream, batch=batch)


def _median(values: Sequence[float], given: Sequence[float] | None) -> tuple[float, float, float]:
    """Value, low and high; NaN for ends that are not known."""
    if given is None:
        return median(values), math.nan, math.nan
    value, low, high = (*given, math.nan, math.nan)[:3]
    return float(value), float(low), float(high)


def _bar(given: Sequence[float] | None) -> bool:
    return given is not None and all(math.isfinite(end) for end in _median((), given))


def _said(interval: tuple[float, float, float], words: Mapping[str, str]) -> str:
    value, low, high = interval
    ends = words["between"].format(low=as_time(low), high=as_time(high)) if _known(low, high) else ""
    return as_time(value) + ends


def _times(given: Sequence[float], words: Mapping[str, str]) -> str:
    value, low, high = _median((), given)
    ends = words["between"].format(low=f"{three(low)}×", high=f"{three(high)}×") if _known(low, high) else ""
    return f"{three(value)}×{ends}"


def _ratio(row: Pairs, words: Mapping[str, str]) -> str:
    return words["ratio"] + _times(row.ratio, words) if row.ratio else ""


def _beside(label: str, ratio: str) -> bool:
    """Whether both have room on one line."""
    return width_of(label, TEXT * BOLD) + width_of(ratio, SMALL) + LINE <= RIGHT


def _known(low: float, high: float) -> bool:
    return math.isfinite(low) and math.isfinite(high)


def _row(axes: Axes, bottom: float, row: Pairs, words: Mapping[str, str]) -> None:
    medians = {
        "stream": _median(row.stream, row.stream_median),
        "batch": _median(row.batch, row.batch_median),
    }
    ends = [end for interval in medians.values() for end in interval if math.isfinite(end)]
    across = scale_of([*row.stream, *row.batch, *ends], LEFT, RIGHT)
    places = {"stream": bottom + STREAM, "batch": bottom + BATCH}
    _joined(axes, row, across, places["stream"], places["batch"])
    for name, side in (("stream", 1), ("batch", -1)):
        write(axes, 4, places[name], words[name])
        write(axes, LEFT - 22, places[name], as_time(medians[name][0]), TEXT, "right", bold=True)
        _interval(axes, medians[name], across, places[name] + side * BESIDE)
    stroke(axes, [LEFT - 8, RIGHT], [bottom + BASE] * 2, alpha=0.5)
    footed(axes, bottom + BASE, across.timed(7))
    if across.log:
        write(axes, 4, bottom + BASE - 14, words["log"], faint=True)


def _joined(axes: Axes, row: Pairs, across: Scale, upper: float, lower: float) -> None:
    """The dots of both sides, and a thin line a pair."""
    pairs = list(zip(row.stream, row.batch, strict=True))
    if len(pairs) > MOST:
        pairs.sort(key=lambda pair: pair[1] - pair[0])
        pairs = [pairs[round(at * (len(pairs) - 1) / (MOST - 1))] for at in range(MOST)]
    ones, twos = [across(one) for one, _ in pairs], [across(two) for _, two in pairs]
    offs = [OFF[at % len(OFF)] for at in range(len(pairs))]
    xs = [part for one, two in zip(ones, twos, strict=True) for part in (one, two, math.nan)]
    ys = [part for off in offs for part in (upper + off, lower + off, math.nan)]
    stroke(axes, xs, ys, width=0.7, alpha=0.3 if len(pairs) <= FEW else 0.12)
    dots(axes, ones, [upper + off for off in offs], size=5)
    dots(axes, twos, [lower + off for off in offs], batch=True, size=5)


def _interval(axes: Axes, interval: tuple[float, float, float], across: Scale, y: float) -> None:
    """A bar from low to high with a stroke at its value, or the stroke alone."""
    value, low, high = interval
    if _known(low, high):
        stroke(axes, [across(low), across(high)], [y, y], colour=INK, width=3)
        for end in (low, high):
            stroke(axes, [across(end)] * 2, [y - 3, y + 3], width=1)
    stroke(axes, [across(value)] * 2, [y - 6, y + 6], width=2)
