"""Pictures of scores: a radar of one interview, a row a competency over many. Drawn with matplotlib's objects alone.

    figure = radar({"Layers": 3.5, "Detail": 4.0, "Figures": None}, before={"Layers": 2.0})
    HTML(svg(figure, in_words({"Layers": 3.5}, "en")))

Nothing rests on colour: a solid line with dots stands against a dashed one with squares, and every value is written
beside its mark. Made for 320 pixels of width, and sharp at any size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from mockmate_nb.drawing import ACCENT, INK, PAPER, lines_of
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import Language
from mockmate_nb.interview.record import Progress, Trend
from mockmate_nb.plots_canvas import Side, canvas, figure_of, write

POINTS, BAR = 5, 3  # the scale, and the point on it that meets the bar
WIDTH = 320
RADAR_HEIGHT, RADIUS, LABEL_GAP = 282, 84, 9
LINE, SMALL, TEXT = 14, 9.5, 11.5  # a line's height and the sizes of letters, in pixels
LABEL_WIDTH = 76
ROW, LEFT, RIGHT, SPARK = 50, 112, 246, 34
NOT_SCORED = "–"
ARROWS: Mapping[Trend, str] = {"up": "↑", "level": "→", "down": "↓", "too_few": ""}
WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "value": "{label}: {value}",
        "moved": "{label}: {before} before, {value} now",
        "row": "{label}: from {low} to {high} over {n} interviews, latest {latest}, {trend}",
        "one": "{label}: {latest} in one interview",
        "none": "not scored",
        "scale": "Scores of 5. {rows}.",
        "between": "; ",
        "up": "rising",
        "down": "falling",
        "level": "level",
        "too_few": "too few interviews for a trend",
    },
    "zh": {
        "value": "{label}：{value}",
        "moved": "{label}：之前 {before}，现在 {value}",
        "row": "{label}：{n} 次面试，最低 {low}，最高 {high}，最近 {latest}，{trend}",
        "one": "{label}：1 次面试，{latest}",
        "none": "未评分",
        "scale": "得分（满分 5 分）。{rows}。",
        "between": "；",
        "up": "上升",
        "down": "下降",
        "level": "持平",
        "too_few": "次数太少，看不出趋势",
    },
}


def radar(
    scores: Mapping[str, float | None], *, before: Mapping[str, float | None] | None = None, title: str = ""
) -> Figure:
    """A spoke a label, clockwise from the top, 0 in the middle and 5 at the rim; the ring at 3 is the bar.

    `before` is laid under it, dashed. A None has no mark and leaves a gap; so does a line towards it.
    `CallerError` where there are no scores at all, or a number outside 0 to 5.
    """
    before = before or {}
    for value in (*scores.values(), *before.values()):
        if value is not None and not 0 <= value <= POINTS:
            raise CallerError(f"scores: {value!r} is not from 0 to {POINTS}.", field="scores")
    if not scores:
        raise CallerError(
            "scores: there are none to draw.", field="scores", advice="Give a label and a score."
        )
    ways = [math.pi / 2 - 2 * math.pi * at / len(scores) for at in range(len(scores))]
    top = LINE + 8 if title else 0
    axes = canvas(WIDTH, RADAR_HEIGHT + top)
    centre = (WIDTH / 2, RADAR_HEIGHT / 2)
    if title:
        write(
            axes,
            WIDTH / 2,
            RADAR_HEIGHT + top / 2 - 2,
            " ".join(title.split()),
            TEXT + 1,
            "center",
            bold=True,
        )
    _grid(axes, centre, ways)
    if any(before.get(label) is not None for label in scores):
        _trace(axes, centre, ways, [before.get(label) for label in scores], old=True)
    _trace(axes, centre, ways, list(scores.values()), old=False)
    for way, (label, value) in zip(ways, scores.items(), strict=True):
        _label(axes, centre, way, label, _value(value, before, label))
    return figure_of(axes)


def trend(progress: Sequence[Progress], names: Mapping[str, str]) -> Figure:
    """A row a competency: its name, a mark an interview on the scale from 1 to 5 within the band of its range,
    and the latest score with the range below.

    Interviews stand at equal distances, in order; the dates are those of the first and the last. The dotted line
    is the bar. An arrow says where it goes, none where there are too few to tell. `CallerError` where there is
    no row.
    """
    if not progress:
        raise CallerError(
            "progress: there is none to draw.", field="progress", advice="Keep a scored interview."
        )
    times = sorted({at for row in progress for at, _ in row.points})
    place = {at: _spread(index, len(times)) for index, at in enumerate(times)}
    height = ROW * len(progress) + LINE + 8
    axes = canvas(WIDTH, height)
    for index, row in enumerate(progress):
        _row(axes, height - ROW * (index + 0.5), row, names.get(row.competency, row.competency), place)
    ends: tuple[tuple[float, float, Side], ...] = ((times[0], LEFT, "left"), (times[-1], RIGHT, "right"))
    for at, x, side in ends[: len(times)]:
        write(axes, x, LINE / 2, f"{datetime.fromtimestamp(at):%Y-%m-%d}", SMALL, side, faint=True)
    return figure_of(axes)


def in_words(
    scores: Mapping[str, float | None],
    language: Language,
    *,
    before: Mapping[str, float | None] | None = None,
) -> str:
    """What `radar` shows, as a sentence to be read aloud."""
    words = WORDS[language]

    def said(value: float | None) -> str:
        return words["none"] if value is None else f"{value:g}"

    rows = [
        words["moved" if before and label in before else "value"].format(
            label=label, value=said(value), before=said((before or {}).get(label))
        )
        for label, value in scores.items()
    ]
    return words["scale"].format(rows=words["between"].join(rows))


def trend_in_words(progress: Sequence[Progress], names: Mapping[str, str], language: Language) -> str:
    """What `trend` shows, as a sentence to be read aloud."""
    words = WORDS[language]
    rows = [
        words["row" if len(row.points) > 1 else "one"].format(
            label=names.get(row.competency, row.competency),
            low=f"{row.low:g}",
            high=f"{row.high:g}",
            latest=f"{row.latest:g}",
            n=len(row.points),
            trend=words[row.trend],
        )
        for row in progress
    ]
    return words["scale"].format(rows=words["between"].join(rows))


def _point(centre: tuple[float, float], way: float, radius: float) -> tuple[float, float]:
    return centre[0] + math.cos(way) * radius, centre[1] + math.sin(way) * radius


def _grid(axes: Axes, centre: tuple[float, float], ways: Sequence[float]) -> None:
    for point in range(1, POINTS + 1):
        ring = [_point(centre, way, RADIUS * point / POINTS) for way in ways]
        weight, alpha = (0.9, 0.55) if point == BAR else (0.5, 0.25)
        axes.add_patch(Polygon(ring, fill=False, edgecolor=INK, alpha=alpha, linewidth=weight))
    for way in ways:
        axes.plot(*zip(centre, _point(centre, way, RADIUS), strict=True), color=INK, alpha=0.2, linewidth=0.5)
    write(axes, centre[0] + 4, centre[1] + RADIUS * BAR / POINTS - 7, str(BAR), SMALL - 1, "left", faint=True)


def _trace(
    axes: Axes,
    centre: tuple[float, float],
    ways: Sequence[float],
    values: Sequence[float | None],
    *,
    old: bool,
) -> None:
    """A closed line through the values; where one is missing, the line is open."""
    spots = [
        None if value is None else _point(centre, way, RADIUS * value / POINTS)
        for way, value in zip(ways, values, strict=True)
    ]
    whole = [spot for spot in spots if spot]
    if len(whole) == len(spots) and not old:
        axes.add_patch(Polygon(whole, facecolor=ACCENT, alpha=0.16, edgecolor="none"))
    colour, style = (INK, (0, (3, 2))) if old else (ACCENT, "-")
    for one, two in zip(spots, [*spots[1:], spots[0]], strict=True):
        if one and two:
            axes.plot(*zip(one, two, strict=True), color=colour, linestyle=style, linewidth=1 if old else 1.6)
    for x, y in whole:
        axes.plot(
            [x],
            [y],
            marker="s" if old else "o",
            markersize=3.4 if old else 4.2,
            markerfacecolor=PAPER if old else ACCENT,
            markeredgecolor=colour,
        )


def _label(axes: Axes, centre: tuple[float, float], way: float, label: str, value: str) -> None:
    """The label's lines and its value at the end of a spoke, kept clear of the rim."""
    x, y = _point(centre, way, RADIUS + LABEL_GAP)
    lines = lines_of(label, TEXT, LABEL_WIDTH)
    side: Side = "center" if abs(math.cos(way)) < 0.1 else "left" if math.cos(way) > 0 else "right"
    tall = LINE * len(lines)
    first = y + tall / 2 + math.sin(way) * (tall / 2)
    for at, line in enumerate(lines):
        write(axes, x, first - LINE * at, line, TEXT, side)
    write(axes, x, first - tall, value, TEXT, side, bold=True)


def _value(value: float | None, before: Mapping[str, float | None], label: str) -> str:
    said = NOT_SCORED if value is None else f"{value:g}"
    if label not in before:
        return said
    old = before[label]
    return f"{NOT_SCORED if old is None else f'{old:g}'} → {said}"


def _row(axes: Axes, middle: float, row: Progress, name: str, place: Mapping[float, float]) -> None:
    def height(score: float) -> float:
        return middle + (score - (1 + POINTS) / 2) * SPARK / (POINTS - 1)

    lines = lines_of(name, TEXT, LABEL_WIDTH)
    for at, line in enumerate(lines):
        write(axes, 4, middle + LINE * (len(lines) - 1 - 2 * at) / 2, line, TEXT, "left")
    axes.add_patch(
        Rectangle(
            (LEFT - 6, height(row.low) - 2),
            RIGHT - LEFT + 12,
            height(row.high) - height(row.low) + 4,
            facecolor=INK,
            alpha=0.1,
            edgecolor="none",
        )
    )
    axes.plot([LEFT - 6, RIGHT + 6], [height(BAR)] * 2, color=INK, alpha=0.6, linewidth=0.9, linestyle=":")
    xs = [place[at] for at, _ in row.points]
    ys = [height(score) for _, score in row.points]
    axes.plot(xs, ys, color=ACCENT, linewidth=1.4)
    crowded = len(place) > 1 and (RIGHT - LEFT) / (len(place) - 1) < 7
    if not crowded:
        axes.plot(xs, ys, color=ACCENT, linestyle="none", marker="o", markersize=2.6)
    axes.plot(xs[-1:], ys[-1:], color=ACCENT, marker="o", markersize=4.6)
    write(
        axes,
        RIGHT + 14,
        middle + LINE / 2,
        f"{row.latest:g} {ARROWS[row.trend]}".strip(),
        TEXT,
        "left",
        bold=True,
    )
    write(axes, RIGHT + 14, middle - LINE / 2, _range(row), SMALL, "left", faint=True)


def _range(row: Progress) -> str:
    return f"{row.low:g}" if row.low == row.high else f"{row.low:g}–{row.high:g}"


def _spread(index: int, count: int) -> float:
    return RIGHT if count == 1 else LEFT + (RIGHT - LEFT) * index / (count - 1)
