"""When words came, streamed and in one piece, against a reader who begins at the first of them.

figure = timeline([(0.5, 1), (0.53, 2), …], [(8.3, 400)])
HTML(svg(figure, timeline_in_words([(0.5, 1), (0.53, 2), …], [(8.3, 400)])))
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mockmate_nb.drawing import ACCENT, fitted
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import Language
from mockmate_nb.plots_arrivals import Points, arrivals, first_wait, longest, pace, wanted, wishes
from mockmate_nb.plots_canvas import (
    DASH_DOT,
    DASHED,
    DOTTED,
    LINE,
    SAMPLE,
    SMALL,
    TEXT,
    WIDE,
    canvas,
    dots,
    figure_of,
    footed,
    rows_of,
    ruled,
    spots_of,
    stroke,
    write,
)
from mockmate_nb.plots_scale import LEAST, PARTED, Flag, Scale, counted, flags
from mockmate_nb.units import as_time

LEFT, RIGHT, BOTTOM, TALL = 56, WIDE - 16, 26, 190
HEAD = 14  # pixels between the picture and the lowest text above it
STALL_TIMES, STALL_SHARE = 4, 0.06  # of the median gap, and of the picture's time: from there a gap is named
STALL_LEAST = 4  # arrivals from which a gap can stand out
HATCH, HATCH_LEAST = 4, 2  # pixels between the lines that fill a wait, and the least height to be filled
WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "words": "words",
        "stream": "streaming",
        "batch": "batch",
        "reader": "reader, {pace} words/min",
        "waits": "reader waits",
        "first": "TTFT {time}",
        "end": "stream ends {time}",
        "gap": "longest gap {time}",
        "whole": "batch {time}",
        "said_stream": "Streaming: the first text after {first}, {words} words by {end}",
        "said_gap": ", the longest gap {gap} from {at} on",
        "said_batch": "Batch: all {words} words at {end}",
        "said_ahead": "A reader at {pace} words a minute never waits for the stream",
        "said_waits": "A reader at {pace} words a minute has to wait for the stream, first at {at}",
        "said": "Words over time. {parts}.",
        "joint": ". ",
    },
    "zh": {
        "words": "字词数",
        "stream": "流式",
        "batch": "整段",
        "reader": "读者，每分钟 {pace} 词",
        "waits": "读者在等",
        "first": "首字 {time}",
        "end": "流式结束 {time}",
        "gap": "最长停顿 {time}",
        "whole": "整段到达 {time}",
        "said_stream": "流式：{first} 后出现首字，{end} 时共 {words} 个词",
        "said_gap": "，最长停顿 {gap}，始于 {at}",
        "said_batch": "整段：{end} 时 {words} 个词一次到达",
        "said_ahead": "每分钟读 {pace} 个词的读者从不需要等待",
        "said_waits": "每分钟读 {pace} 个词的读者需要等待，首次在 {at}",
        "said": "字词到达时间。{parts}。",
        "joint": "。",
    },
}


def timeline(
    stream: Points,
    batch: Points = (),
    *,
    reader: Points | None = None,
    language: Language = "en",
    title: str = "",
) -> Figure:
    """Seconds against whole words there by then: a stair for the stream, one jump for batch, a dashed reader.

    `stream`: (seconds, words so far) of every arrival, both never falling. `batch`: the same, as a rule one point.
    `reader`: points of the line along which a reader wants words; None: 238 words a minute from the stream's
    first word on; (): no line. Where the line lies above the stair, the reader waits: that is filled with upright
    lines. A gap of four times the median and of some width is named. `CallerError` where neither has a point,
    and for times or counts that are no numbers, negative or fall.
    """
    words = WORDS[language]
    steps, jumps = arrivals(stream, "stream"), arrivals(batch, "batch")
    if not steps and not jumps:
        raise CallerError("stream: nothing arrived.", field="stream", advice="Give (seconds, words) points.")
    wish = wishes(steps, reader)
    across = Scale(0, max(*(at for at, _ in steps + jumps), LEAST) * 1.06, LEFT, RIGHT)
    top = BOTTOM + TALL
    up = Scale(0, max(count for _, count in steps + jumps) * 1.04 or 1, BOTTOM, top)
    marks = _marks(steps, jumps, across, words)
    poles = flags([(across(at), text) for at, _, text in marks], LEFT, RIGHT, SMALL)
    waits = _waits(steps, wish, across, up)
    legend = [
        (kind, words[kind].format(pace=pace(wish) if wish else ""))
        for kind, there in (("stream", steps), ("batch", jumps), ("reader", wish), ("waits", waits))
        if there
    ]
    head = top + HEAD + LINE * (1 + max((flag.lane for flag in poles), default=0)) + 6
    height = head + LINE * len(rows_of([text for _, text in legend], WIDE - 8)) + (LINE + 6 if title else 0)
    axes = canvas(WIDE, height)
    if title:
        write(
            axes, 4, height - LINE / 2 - 1, fitted(" ".join(title.split()), TEXT, WIDE - 60), TEXT, bold=True
        )
    ruled(axes, LEFT, RIGHT, [(up(count), counted(count)) for count in up.ticks(5) if count == int(count)])
    write(axes, 4, top + 13, words["words"], faint=True)
    footed(axes, BOTTOM, across.timed(8))
    _fill(axes, waits)
    _reader(axes, wish, across, up)
    _batch(axes, jumps, across, up)
    _stream(axes, steps, across, up)
    _poles(axes, poles, [up(count) for _, count, _ in marks], top + HEAD)
    _legend(axes, legend, height - (LINE + 6 if title else 0))
    return figure_of(axes)


def timeline_in_words(
    stream: Points, batch: Points = (), *, reader: Points | None = None, language: Language = "en"
) -> str:
    """What `timeline` shows, as a sentence to be read aloud."""
    words = WORDS[language]
    steps, jumps = arrivals(stream, "stream"), arrivals(batch, "batch")
    parts = []
    if steps:
        said = words["said_stream"].format(
            first=as_time(steps[0][0]), words=f"{steps[-1][1]:,.6g}", end=as_time(steps[-1][0])
        )
        if len(steps) > 1:
            gap, at, _ = longest(steps)
            said += words["said_gap"].format(gap=as_time(gap), at=as_time(at))
        parts.append(said)
    if jumps:
        parts.append(words["said_batch"].format(words=f"{jumps[-1][1]:,.6g}", end=as_time(jumps[-1][0])))
    wish = wishes(steps, reader)
    if steps and wish:
        waits = first_wait(steps, wish)
        parts.append(
            words["said_ahead" if waits is None else "said_waits"].format(
                pace=pace(wish), at="" if waits is None else as_time(waits)
            )
        )
    return words["said"].format(parts=words["joint"].join(parts))


def _stall(steps: Points, across: Scale) -> tuple[float, float, float] | None:
    """The longest gap where it stands out."""
    if len(steps) < STALL_LEAST:
        return None
    usual = median(later - at for (at, _), (later, _) in pairwise(steps))
    gap = longest(steps)
    return gap if gap[0] >= max(STALL_TIMES * usual, STALL_SHARE * across.high) else None


def _marks(
    steps: Points, jumps: Points, across: Scale, words: Mapping[str, str]
) -> list[tuple[float, float, str]]:
    """What is named above the picture: time, words there by then, text; in order of time."""
    marks = []
    if steps:
        marks.append((*steps[0], words["first"].format(time=as_time(steps[0][0]))))
    if len(steps) > 1:
        marks.append((*steps[-1], words["end"].format(time=as_time(steps[-1][0]))))
    if stall := _stall(steps, across):
        gap, at, count = stall
        marks.append((at + gap / 2, count, words["gap"].format(time=as_time(gap))))
    if jumps:
        marks.append((*jumps[-1], words["whole"].format(time=as_time(jumps[-1][0]))))
    return sorted(marks)


def _waits(steps: Points, wish: Points, across: Scale, up: Scale) -> list[tuple[float, float, float]]:
    """Upright lines between the stair and the reader's line above it: place, lower and upper end, in pixels."""
    if not steps or not wish:
        return []
    times = [at for at, _ in steps]
    found = []
    for x in range(LEFT, int(across(times[-1])), HATCH):
        at = across.high * (x - LEFT) / (RIGHT - LEFT)
        there = bisect_right(times, at)
        low, high = up(steps[there - 1][1] if there else 0.0), up(wanted(wish, at))
        if high - low >= HATCH_LEAST:
            found.append((float(x), low, high))
    return found


def _thinned(steps: Points, across: Scale) -> list[tuple[float, float]]:
    """Steps that fall into one column of pixels as one: the time of the first, the words of the last."""
    kept: dict[int, tuple[float, float]] = {}
    for at, count in steps:
        column = round(across(at))
        kept[column] = (kept[column][0] if column in kept else at, count)
    return list(kept.values())


def _stream(axes: Axes, steps: Points, across: Scale, up: Scale) -> None:
    if not steps:
        return
    xs, ys = [across(0)], [up(0)]
    for at, count in _thinned(steps, across):
        xs += [across(at)] * 2
        ys += [ys[-1], up(count)]
    stroke(axes, xs, ys, colour=ACCENT, width=2)
    if stall := _stall(steps, across):
        gap, at, count = stall
        stroke(axes, [across(at), across(at + gap)], [up(count)] * 2, colour=ACCENT, width=5)
    ends = [steps[0], steps[-1]]
    dots(axes, [across(at) for at, _ in ends], [up(count) for _, count in ends], size=7)


def _batch(axes: Axes, jumps: Points, across: Scale, up: Scale) -> None:
    if not jumps:
        return
    xs, ys = [across(0)], [up(0)]
    for at, count in _thinned(jumps, across):
        xs += [across(at)] * 2
        ys += [ys[-1], up(count)]
    stroke(axes, xs, ys, width=1.7, style=DASH_DOT)
    dots(axes, xs[-1:], ys[-1:], batch=True, size=8)


def _reader(axes: Axes, wish: Points, across: Scale, up: Scale) -> None:
    """The reader's line as far as the picture goes."""
    seen = [(at, count) for at, count in wish if at <= across.high]
    if wish and len(seen) < len(wish):
        seen.append((across.high, wanted(wish, across.high)))
    if len(seen) > 1:
        stroke(
            axes, [across(at) for at, _ in seen], [up(count) for _, count in seen], width=1.5, style=DASHED
        )


def _fill(axes: Axes, waits: Sequence[tuple[float, float, float]]) -> None:
    if waits:
        xs = [part for x, _, _ in waits for part in (x, x, math.nan)]
        ys = [part for _, low, high in waits for part in (low, high, math.nan)]
        stroke(axes, xs, ys, width=1, alpha=0.55)


def _poles(axes: Axes, poles: Sequence[Flag], feet: Sequence[float], bottom: float) -> None:
    """Each text beside its pole, which stands on its point."""
    for (x, text, side, lane), foot in zip(poles, feet, strict=True):
        y = bottom + LINE * (lane + 0.5)
        stroke(axes, [x, x], [foot, y + LINE / 2 - 2], style=DOTTED, alpha=0.7)
        write(
            axes,
            x + (PARTED if side == "right" else -PARTED),
            y,
            text,
            side="left" if side == "right" else "right",
        )


def _legend(axes: Axes, entries: Sequence[tuple[str, str]], top: float) -> None:
    texts = [text for _, text in entries]
    for (kind, text), (x, y) in zip(entries, spots_of(texts, 4, WIDE - 8, top), strict=True):
        if kind == "stream":
            stroke(axes, [x, x + SAMPLE], [y, y], colour=ACCENT, width=2)
            dots(axes, [x + SAMPLE / 2], [y], size=7)
        elif kind == "batch":
            stroke(axes, [x, x + SAMPLE], [y, y], width=1.7, style=DASH_DOT)
            dots(axes, [x + SAMPLE / 2], [y], batch=True, size=8)
        elif kind == "reader":
            stroke(axes, [x, x + SAMPLE], [y, y], width=1.5, style=DASHED)
        else:
            _fill(axes, [(x + at, y - 6, y + 6) for at in range(2, SAMPLE, HATCH)])
        write(axes, x + SAMPLE + 6, y, text)
