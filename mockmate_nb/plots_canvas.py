"""The sheet that pictures are drawn on: a unit a pixel, the origin at the lower left; texts, lines, marks."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mockmate_nb.drawing import ACCENT, INK, PAPER, Drawing, as_xml, width_of

DPI = 100
WIDE = 640  # pixels that a picture of a measurement stands wide; it is still read at 400
FONTS = "system-ui, sans-serif"  # of a picture that stands alone
SMALL, TEXT, LINE = 14, 15, 20  # the sizes of letters and a line's height, in pixels
FAINT, GRID = 0.72, 0.16
SAMPLE, GAP = 28, 18  # of a legend: the length of a line's sample, and what parts two entries
Side = Literal["left", "center", "right"]
Style = str | tuple[float, tuple[float, ...]]
SOLID: Style = "-"
DASHED: Style = (0, (4, 2.4))
DASH_DOT: Style = (0, (7, 2, 1.4, 2))
DOTTED: Style = (0, (1.2, 1.8))


def canvas(width: float, height: float) -> Axes:
    """Axes over a whole new figure, a unit a pixel, the origin at the lower left."""
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    return axes


def figure_of(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 - axes of `canvas` stand in one
    return figure


def svg(figure: Figure, alt: str) -> str:
    """The picture as an inline SVG element that reads `alt` aloud. The same picture gives the same bytes.

    Text stays text, in the fonts of the page around it; dark lines take the page's colour of text. It holds no
    ids, styles for others, scripts or addresses.
    """
    drawing = Drawing(figure.bbox.width, figure.bbox.height, figure.dpi)
    figure.draw(drawing)
    size = f"{drawing.width:g}", f"{drawing.height:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}"'
        f' height="{size[1]}" role="img" aria-label="{as_xml(alt)}" stroke-linejoin="round"'
        f' style="max-width:100%;height:auto">{"".join(drawing.parts)}</svg>'
    )


def image(figure: Figure, alt: str) -> str:
    """The picture on its own paper, as an `img` that holds all of it: an untrusted notebook shows no inline SVG."""
    drawn = svg(figure, alt).replace("<svg ", f'<svg font-family="{FONTS}" ', 1)
    source = base64.b64encode(drawn.encode()).decode()
    return (
        f'<img alt="{as_xml(alt)}" src="data:image/svg+xml;base64,{source}"'
        f' style="max-width:100%;height:auto;background:{PAPER};border-radius:4px">'
    )


def write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    size: float = SMALL,
    side: Side = "left",
    *,
    bold: bool = False,
    faint: bool = False,
) -> None:
    """A line of text; `x` is where its `side` stands, `y` its middle."""
    axes.text(
        x,
        y,
        text,
        fontsize=size * 72 / DPI,
        ha=side,
        va="center",
        color=INK,
        alpha=FAINT if faint else None,
        weight="bold" if bold else "normal",
        parse_math=False,
    )


def stroke(
    axes: Axes,
    xs: Sequence[float],
    ys: Sequence[float],
    *,
    colour: str = INK,
    width: float = 1.0,
    style: Style = SOLID,
    alpha: float | None = None,
    under: bool = False,
) -> None:
    """A line through the points, `width` in pixels; NaN leaves a gap. `under`: below all else."""
    axes.plot(
        xs,
        ys,
        color=colour,
        linewidth=width * 72 / DPI,
        linestyle=style,
        alpha=alpha,
        zorder=0 if under else None,
    )


def dots(
    axes: Axes, xs: Sequence[float], ys: Sequence[float], *, batch: bool = False, size: float = 6
) -> None:
    """Marks of one kind: full and round, or, for batch, hollow and square. `size` in pixels."""
    axes.plot(
        xs,
        ys,
        linestyle="none",
        marker="s" if batch else "o",
        markersize=size * 72 / DPI,
        markerfacecolor=PAPER if batch else ACCENT,
        markeredgecolor=INK if batch else ACCENT,
        markeredgewidth=0.9,
    )


def ruled(axes: Axes, left: float, right: float, heights: Iterable[tuple[float, str]]) -> None:
    """Faint lines across, each with its label at the left."""
    for y, label in heights:
        stroke(axes, [left, right], [y, y], alpha=GRID, under=True)
        write(axes, left - 7, y, label, side="right", faint=True)


def footed(axes: Axes, bottom: float, spots: Iterable[tuple[float, str]]) -> None:
    """Ticks below a base line, from left to right, each with its label where there is room for it."""
    taken = -math.inf
    for x, label in spots:
        stroke(axes, [x, x], [bottom, bottom - 4], alpha=0.6)
        half = width_of(label, SMALL) / 2
        middle = min(x, axes.get_xlim()[1] - half)
        if middle - half >= taken:
            write(axes, middle, bottom - 14, label, side="center", faint=True)
            taken = middle + half + 6


def rows_of(texts: Sequence[str], width: float) -> list[list[int]]:
    """The entries of a legend, by number, as they fall on lines of `width` pixels."""
    rows: list[list[int]] = [[]]
    used = 0.0
    for at, text in enumerate(texts):
        need = SAMPLE + 6 + width_of(text, SMALL) + GAP
        if rows[-1] and used + need - GAP > width:
            rows.append([])
            used = 0.0
        rows[-1].append(at)
        used += need
    return rows


def spots_of(texts: Sequence[str], left: float, width: float, top: float) -> list[tuple[float, float]]:
    """Where the sample of each entry of a legend begins: its left end and its middle."""
    spots = []
    for line, row in enumerate(rows_of(texts, width)):
        x = left
        for at in row:
            spots.append((x, top - LINE * (line + 0.5)))
            x += SAMPLE + 6 + width_of(texts[at], SMALL) + GAP
    return spots
