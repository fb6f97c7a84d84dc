"""What more parallel streams cost: waiting, pace, and the share of requests that are still good."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mockmate_nb.drawing import ACCENT
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import Language
from mockmate_nb.plots_canvas import (
    DASHED,
    DOTTED,
    LINE,
    SAMPLE,
    TEXT,
    WIDE,
    canvas,
    dots,
    figure_of,
    footed,
    ruled,
    spots_of,
    stroke,
    write,
)
from mockmate_nb.plots_scale import Scale, numbers_of, scale_of
from mockmate_nb.units import as_share, as_time

LEFT, RIGHT, FOOT = 72, WIDE - 122, 46
PANEL, TALL = 136, 88  # a panel with its heading, and what is drawn in it
NEAREST = 52  # pixels between two figures in a row
WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "ttft": "TTFT: until the first text",
        "tpot": "TPOT: a token after the first",
        "goodput": "Goodput: requests within both limits",
        "share": "Goodput: share of good requests",
        "limit": "limit {time}",
        "log": "{label} (logarithmic)",
        "streams": "parallel streams",
        "level": "at {streams} TTFT {ttft}, TPOT {tpot}, goodput {goodput}",
        "both": "{p50} (p95 {p95})",
        "none": "not measured",
        "said": "Parallel streams. {levels}{limits}.",
        "limits": ". Limits: TTFT {ttft}, TPOT {tpot}",
        "joint": "; ",
    },
    "zh": {
        "ttft": "TTFT：到首字的时间",
        "tpot": "TPOT：首字之后每个词元的时间",
        "goodput": "达标率：同时满足两项上限的请求",
        "share": "达标率：合格请求的占比",
        "limit": "上限 {time}",
        "log": "{label}（对数刻度）",
        "streams": "并行流数",
        "level": "{streams} 路：TTFT {ttft}，TPOT {tpot}，达标率 {goodput}",
        "both": "{p50}（p95 {p95}）",
        "none": "未测得",
        "said": "并行流。{levels}{limits}。",
        "limits": "。上限：TTFT {ttft}，TPOT {tpot}",
        "joint": "；",
    },
}


class SweepPoint(NamedTuple):
    """What was measured with that many parallel streams. Seconds; goodput from 0 to 1; None or NaN: not known."""

    streams: int
    ttft_p50: float | None
    ttft_p95: float | None
    tpot_p50: float | None
    tpot_p95: float | None
    goodput: float | None


def sweep(
    levels: Sequence[SweepPoint],
    *,
    limits: tuple[float, float] | None = None,
    language: Language = "en",
) -> Figure:
    """Three panels over the number of streams (log2): TTFT and TPOT (p50 solid, p95 dashed), and goodput.

    `limits`: the seconds of TTFT and TPOT that a good request keeps to, dotted. A panel is logarithmic, and says so,
    where its highest is over 8 times its lowest. Unknown figures leave a gap. `CallerError` where there is no level,
    one twice, less than one stream, or a figure that is none.
    """
    words = WORDS[language]
    found = _checked(levels)
    ttft, tpot = numbers_of(limits, "limits") if limits else (None, None)
    height = FOOT + 3 * PANEL + LINE
    axes = canvas(WIDE, height)
    across = _across([level.streams for level in found])
    xs = [across(level.streams) for level in found]
    _legend(axes, height)
    for at, (name, limit) in enumerate((("ttft", ttft), ("tpot", tpot))):
        rows = [[getattr(level, f"{name}_{part}") for level in found] for part in ("p50", "p95")]
        _times(axes, height - LINE - PANEL * (at + 1), xs, rows, limit, words[name], words)
    _goodput(axes, FOOT, xs, [level.goodput for level in found], words["goodput" if limits else "share"])
    footed(axes, FOOT, [(xs[at], f"{found[at].streams:,}") for at in _apart(xs)])
    write(axes, (LEFT + RIGHT) / 2, LINE / 2 + 1, words["streams"], side="center", faint=True)
    return figure_of(axes)


def sweep_in_words(
    levels: Sequence[SweepPoint],
    *,
    limits: tuple[float, float] | None = None,
    language: Language = "en",
) -> str:
    """What `sweep` shows, as a sentence to be read aloud."""
    words = WORDS[language]

    def both(p50: float | None, p95: float | None) -> str:
        if p50 is None or p95 is None:
            return words["none"]
        return words["both"].format(p50=as_time(p50), p95=as_time(p95))

    said = [
        words["level"].format(
            streams=level.streams,
            ttft=both(level.ttft_p50, level.ttft_p95),
            tpot=both(level.tpot_p50, level.tpot_p95),
            goodput=words["none"] if level.goodput is None else as_share(level.goodput),
        )
        for level in _checked(levels)
    ]
    bounds = words["limits"].format(ttft=as_time(limits[0]), tpot=as_time(limits[1])) if limits else ""
    return words["said"].format(levels=words["joint"].join(said), limits=bounds)


def _checked(levels: Sequence[SweepPoint]) -> list[SweepPoint]:
    """The levels in order of their streams, NaN as None."""
    found = []
    for streams, *figures in levels:
        known = [None if value is None or math.isnan(value) else value for value in figures]
        numbers_of((value for value in known if value is not None), f"{streams} streams")
        if streams < 1 or (known[-1] is not None and known[-1] > 1):
            raise CallerError(
                f"levels: {streams} streams with a goodput of {known[-1]} cannot be drawn.",
                field="levels",
                advice="Give one stream at least, and goodput as a share from 0 to 1.",
            )
        found.append(SweepPoint(streams, *known))
    found.sort(key=lambda level: level.streams)
    if not found or any(one.streams == two.streams for one, two in pairwise(found)):
        raise CallerError(
            "levels: there are none, or one is there twice.", field="levels", advice="Give each level once."
        )
    return found


def _across(streams: Sequence[int]) -> Scale:
    if streams[0] == streams[-1]:
        return Scale(streams[0] / 2, streams[0] * 2, LEFT + 16, RIGHT - 16, log=True)
    return Scale(streams[0], streams[-1], LEFT + 16, RIGHT - 16, log=True)


def _times(
    axes: Axes,
    bottom: float,
    xs: Sequence[float],
    rows: Sequence[Sequence[float | None]],
    limit: float | None,
    label: str,
    words: Mapping[str, str],
) -> None:
    """A panel of seconds: p50, p95 and the limit."""
    known = [value for row in rows for value in row if value is not None]
    up = scale_of([*known, *([] if limit is None else [limit])], bottom, bottom + TALL)
    if up.log:
        label = words["log"].format(label=label)
    write(axes, 4, bottom + TALL + 21, label, TEXT, bold=True)
    ruled(axes, LEFT, RIGHT, up.timed(4))
    for row, second in zip(rows, (False, True), strict=True):
        _line(axes, xs, [None if value is None else up(value) for value in row], second=second)
    if limit is not None:
        stroke(axes, [LEFT, RIGHT], [up(limit)] * 2, width=1.6, style=DOTTED)
        write(axes, RIGHT + 6, up(limit), words["limit"].format(time=as_time(limit)))


def _goodput(
    axes: Axes, bottom: float, xs: Sequence[float], shares: Sequence[float | None], label: str
) -> None:
    up = Scale(0, 1, bottom, bottom + TALL - 22)
    write(axes, 4, bottom + TALL + 21, label, TEXT, bold=True)
    ruled(axes, LEFT, RIGHT, [(up(share), as_share(share)) for share in (0, 0.5, 1)])
    _line(axes, xs, [None if share is None else up(share) for share in shares], second=False)
    for at in _apart(xs):
        share = shares[at]
        if share is not None:
            write(axes, xs[at], up(share) + 14, as_share(share), side="center", bold=True)


def _apart(xs: Sequence[float]) -> list[int]:
    """The levels, by number, that have room for a figure."""
    kept: list[int] = []
    for at, x in enumerate(xs):
        if not kept or x - xs[kept[-1]] >= NEAREST:
            kept.append(at)
    return kept


def _line(axes: Axes, xs: Sequence[float], ys: Sequence[float | None], *, second: bool) -> None:
    """p50: solid with full dots; p95, the second: dashed with hollow squares. What is unknown parts the line."""
    _stroke(axes, xs, [math.nan if y is None else y for y in ys], second=second)
    there = [(x, y) for x, y in zip(xs, ys, strict=True) if y is not None]
    dots(axes, [x for x, _ in there], [y for _, y in there], batch=second, size=7)


def _stroke(axes: Axes, xs: Sequence[float], ys: Sequence[float], *, second: bool) -> None:
    if second:
        stroke(axes, xs, ys, width=1.4, style=DASHED)
    else:
        stroke(axes, xs, ys, colour=ACCENT, width=2)


def _legend(axes: Axes, top: float) -> None:
    texts = ("p50", "p95")
    for text, (x, y) in zip(texts, spots_of(texts, LEFT, RIGHT, top), strict=True):
        _stroke(axes, [x, x + SAMPLE], [y, y], second=text == "p95")
        dots(axes, [x + SAMPLE / 2], [y], batch=text == "p95", size=7)
        write(axes, x + SAMPLE + 6, y, text)
