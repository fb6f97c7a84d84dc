"""Where the time goes: one hop after the other, from the click to the glyph on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mockmate_nb.drawing import ACCENT, lines_of
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import Language
from mockmate_nb.plots_canvas import GRID, LINE, SMALL, WIDE, canvas, figure_of, footed, stroke, write
from mockmate_nb.plots_scale import Scale, numbers_of
from mockmate_nb.units import as_share, as_time

NARROWEST, ROW, BAR, BOTTOM = 360, 38, 16, 24
COLUMN = 86  # pixels of each column of figures
ROOMY = 520  # pixels from which p95 has a column too
THINNEST = 3  # pixels of a bar
REACH = 2  # times the end of the last bar that a whisker may reach
WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "share": "share",
        "hop": "{name} {p50}, p95 {p95}, {share}",
        "said": "Where the time goes, in order, by median: {hops}.",
        "joint": "; ",
    },
    "zh": {
        "share": "占比",
        "hop": "{name} {p50}，p95 {p95}，{share}",
        "said": "时间花在哪里（依次，中位数）：{hops}。",
        "joint": "；",
    },
}


class Hop(NamedTuple):
    """One part of the way: its name, when it begins (p50) and how long it takes, in seconds; its share, 0 to 1."""

    name: str
    start: float
    length_p50: float
    length_p95: float
    share: float


def waterfall(hops: Sequence[Hop], *, language: Language = "en", width: int = WIDE) -> Figure:
    """A row a hop: its name, a bar from where it begins (p50, with a thin line to p95), and its figures.

    A hop too short to be seen is 3 pixels long; its figure says what it took. One of no length has no bar. A p95 far
    beyond the last bar ends in an arrow. `width` in pixels, 360 at least; below 520 the figure of p95 is left out.
    `CallerError` where there is no hop or a figure is none.
    """
    words = WORDS[language]
    found = _checked(hops)
    width = max(int(width), NARROWEST)
    titles = ("p50", "p95", words["share"]) if width >= ROOMY else ("p50", words["share"])
    left, right = round(width * 0.25), width - len(titles) * COLUMN - 8
    end = max(hop.start + hop.length_p50 for hop in found)
    far = max(hop.start + hop.length_p95 for hop in found)
    high = min(far, end * REACH) or far or 1e-3
    across = Scale(0.0, high * 1.03, left, right)
    height = BOTTOM + ROW * len(found) + LINE
    axes = canvas(width, height)
    places = [float(width - 4 - COLUMN * at) for at in reversed(range(len(titles)))]
    for x, title in zip(places, titles, strict=True):
        write(axes, x, height - LINE / 2, title, side="right", faint=True)
    ticks = across.timed(max(2, (right - left) // 56))
    for x, _ in ticks:
        stroke(axes, [x, x], [BOTTOM, height - LINE], alpha=GRID, under=True)
    footed(axes, BOTTOM, ticks)
    for at, hop in enumerate(found):
        _row(axes, height - LINE - ROW * (at + 0.5), hop, across, places)
    return figure_of(axes)


def waterfall_in_words(hops: Sequence[Hop], *, language: Language = "en") -> str:
    """What `waterfall` shows, as a sentence to be read aloud."""
    words = WORDS[language]
    said = [
        words["hop"].format(
            name=hop.name,
            p50=as_time(hop.length_p50),
            p95=as_time(hop.length_p95),
            share=as_share(hop.share),
        )
        for hop in _checked(hops)
    ]
    return words["said"].format(hops=words["joint"].join(said))


def _checked(hops: Sequence[Hop]) -> list[Hop]:
    if not hops:
        raise CallerError("hops: there are none to draw.", field="hops", advice="Give one hop at least.")
    return [Hop(str(name), *numbers_of(figures, str(name))) for name, *figures in hops]


def _row(axes: Axes, y: float, hop: Hop, across: Scale, places: Sequence[float]) -> None:
    lines = lines_of(hop.name, SMALL, across.start - 16)
    for at, line in enumerate(lines):
        write(axes, 4, y + (LINE - 3) * (len(lines) - 1 - 2 * at) / 2, line)
    begin = min(across(hop.start), across.end - THINNEST)
    end = max(across(hop.start + hop.length_p50), begin + THINNEST)
    if hop.length_p50 > 0:
        axes.add_patch(Rectangle((begin, y - BAR / 2), end - begin, BAR, facecolor=ACCENT, edgecolor="none"))
    _whisker(axes, end, hop.start + hop.length_p95, across, y)
    write(axes, places[0], y, as_time(hop.length_p50), side="right", bold=True)
    if len(places) > 2:
        write(axes, places[1], y, as_time(hop.length_p95), side="right")
    write(axes, places[-1], y, as_share(hop.share), side="right", bold=True)


def _whisker(axes: Axes, begin: float, far: float, across: Scale, y: float) -> None:
    """A thin line from the bar's end to p95, with a foot, or an arrow where it goes on beyond the picture."""
    end = across(far)
    if end <= begin:
        return
    stroke(axes, [begin, end], [y, y], width=1.5)
    if far > across.high:
        stroke(axes, [end - 5, end, end - 5], [y + 4, y, y - 4], width=1.5)
    else:
        stroke(axes, [end, end], [y - 5, y + 5], width=1.5)
