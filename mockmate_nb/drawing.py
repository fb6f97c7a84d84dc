"""A matplotlib renderer that writes small, plain SVG: paths and texts, and nothing that names or loads something.

matplotlib's own SVG writer gives random ids, a style sheet that reaches the whole page it stands in, and letters
as outlines of the fonts of the machine that drew them; those would be boxes for Chinese where it has no such font.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from typing import Any

from matplotlib.backend_bases import RendererBase
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path

INK, ACCENT, PAPER = "#24292f", "#3a7fc1", "#ffffff"
PAGE = {
    INK: "currentColor",
    PAPER: "none",
}  # the page around the picture gives the colour of text, and its paper
CAPITAL, NARROW, WIDE, DESCENT = 0.7, 0.57, 1.0, 0.22  # a letter's width and depth, in parts of its size
UNHELD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
COMMANDS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}


def as_xml(text: str) -> str:
    """`text` as it may stand in XML and HTML; what neither can hold is U+FFFD."""
    return escape(UNHELD.sub("\ufffd", text))


def width_of(text: str, size: float) -> float:
    """About how wide a line of text stands, in the unit of `size`, whatever fonts there are."""
    return size * sum(
        WIDE if unicodedata.east_asian_width(letter) in "WF" else CAPITAL if letter.isupper() else NARROW
        for letter in text
    )


def lines_of(label: str, size: float, width: float) -> list[str]:
    """The label on one line or, where it is wider than `width`, on two; what is longer still is cut with "…"."""
    label = " ".join(label.split())
    spaces = [at for at, letter in enumerate(label) if letter == " "]
    if width_of(label, size) <= width or (label.isascii() and not spaces):
        return [fitted(label, size, width)]
    cut = min(
        spaces or range(1, len(label)),
        key=lambda at: abs(width_of(label[:at], size) - width_of(label[at:], size)),
    )
    return [fitted(part.strip(), size, width) for part in (label[:cut], label[cut:])]


def fitted(line: str, size: float, width: float) -> str:
    """The line, cut with "…" where it is wider than `width`."""
    if width_of(line, size) <= width + 2 * size:  # a little more is better than a cut
        return line
    while width_of(line, size) > width:
        line = line[:-1]
    return line + "…"


class Drawing(RendererBase):
    """Collects SVG elements in `parts`. Lengths are pixels of the figure; images and clipping are left out."""

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__()
        self.width, self.height, self.dpi = width, height, dpi
        self.parts: list[str] = []

    def draw_path(self, gc: Any, path: Path, transform: Any, rgbFace: Any = None) -> None:  # noqa: N803 - its name in RendererBase
        self._add(gc, self._outline(path, transform), rgbFace)

    def draw_markers(
        self,
        gc: Any,
        marker_path: Path,
        marker_trans: Any,
        path: Path,
        trans: Any,
        rgbFace: Any = None,  # noqa: N803 - its name in RendererBase
    ) -> None:
        """All marks of a call as one path, so that hundreds of dots stay small."""
        shape = _shape(marker_path, marker_trans)
        spots = [spots[-2:] for spots, code in path.iter_segments(trans, simplify=False) if code in COMMANDS]
        if spots:
            self._add(gc, "".join(f"M{x:.4g} {self.height - y:.4g}{shape}" for x, y in spots), rgbFace)

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,  # noqa: ARG002 - part of RendererBase's call
        mtext: Any = None,
    ) -> None:
        size = self.points_to_pixels(prop.get_size_in_points())
        side = mtext.get_horizontalalignment() if mtext else "left"
        x += width_of(s, size) * {"left": 0, "center": 0.5, "right": 1}[side]
        marks = [
            f'x="{x:.5g}" y="{y:.5g}" font-size="{size:.4g}"',
            _paint("fill", gc.get_rgb(), gc.get_alpha() if gc.get_forced_alpha() else None),
        ]
        if side != "left":
            marks.append(f'text-anchor="{"middle" if side == "center" else "end"}"')
        if prop.get_weight() == "bold":
            marks.append('font-weight="600"')
        if angle:
            marks.append(f'transform="rotate({-angle:g} {x:.5g} {y:.5g})"')
        self.parts.append(f"<text {' '.join(marks)}>{as_xml(s)}</text>")

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: Any
    ) -> tuple[float, float, float]:
        del ismath
        size = self.points_to_pixels(prop.get_size_in_points())
        return width_of(s, size), size, size * DESCENT

    def flipy(self) -> bool:
        return True

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.width, self.height

    def points_to_pixels(self, points: Any) -> Any:
        return points * self.dpi / 72

    def _add(self, gc: Any, outline: str, face: Any) -> None:
        alpha = gc.get_alpha() if gc.get_forced_alpha() else None
        marks = [f'd="{outline}"', _paint("fill", face, alpha)]
        lined = gc.get_linewidth() > 0
        if not lined and 'fill="none"' in marks:
            return
        if lined:
            marks += [
                _paint("stroke", gc.get_rgb(), alpha),
                f'stroke-width="{self.points_to_pixels(gc.get_linewidth()):.4g}"',
            ]
            _, dashes = gc.get_dashes()
            if dashes is not None:
                lengths = " ".join(f"{self.points_to_pixels(length):.4g}" for length in dashes)
                marks.append(f'stroke-dasharray="{lengths}"')
        self.parts.append(f"<path {' '.join(marks)}/>")

    def _outline(self, path: Path, transform: Any) -> str:
        steps = []
        for spots, code in path.iter_segments(transform, simplify=False):
            if code == Path.CLOSEPOLY:
                steps.append("Z")
                continue
            pairs = zip(spots[::2], spots[1::2], strict=True)
            steps.append(COMMANDS[code] + " ".join(f"{x:.5g} {self.height - y:.5g}" for x, y in pairs))
        return "".join(steps)


def _shape(path: Path, transform: Any) -> str:
    """A mark's outline in steps from its centre."""
    if path is Path.unit_circle():
        radius = abs(transform.get_matrix()[0, 0])
        round_ = f"a{radius:.3g} {radius:.3g} 0 1 0"
        return f"m{-radius:.3g} 0{round_} {2 * radius:.3g} 0{round_} {-2 * radius:.3g} 0z"
    steps, x, y = [], 0.0, 0.0
    for spots, code in path.iter_segments(transform, simplify=False):
        if code == Path.CLOSEPOLY:
            steps.append("z")
            continue
        pairs = zip(spots[::2], spots[1::2], strict=True)
        steps.append(COMMANDS[code].lower() + " ".join(f"{px - x:.3g} {y - py:.3g}" for px, py in pairs))
        x, y = spots[-2:]
    return "".join(steps)


def _paint(name: str, colour: Any, alpha: float | None) -> str:
    if colour is None:
        return f'{name}="none"'
    red, green, blue, opacity = (*colour, 1.0)[:4]
    opacity = opacity if alpha is None else alpha
    shown = "#" + "".join(f"{round(part * 255):02x}" for part in (red, green, blue))
    seen = f' {name}-opacity="{opacity:.3g}"' if opacity < 1 else ""
    return f'{name}="{PAGE.get(shown, shown)}"{seen}'
