"""Plain twins: what a saved notebook shows where a widget stood, without a kernel and without scripts.

Pure functions from texts to HTML and text. The HTML reads in the right order without its style too, as
where a notebook is not trusted or a site strips it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal, Self

from mockmate_nb.view.markdown import CSS

Language = Literal["en", "zh"]
State = Literal["waiting", "streaming", "complete", "stopped", "failed"]

LIMIT = 2**17
"""Bytes of UTF-8 of all texts of a twin; above it each text's share is that much smaller."""
KEPT = 4
"""Of a text above its share, the first and the last `1 / KEPT` of the share are kept."""

NOTES: dict[Language, dict[State, str]] = {
    "en": {"stopped": "Stopped", "failed": "Cut off", "waiting": "Unfinished", "streaming": "Unfinished"},
    "zh": {"stopped": "已停止", "failed": "已中断", "waiting": "未完成", "streaming": "未完成"},
}
LEFT_OUT: dict[Language, str] = {
    "en": "[{count:,} characters are left out here. All of the text: {where}.]",
    "zh": "[此处省略 {count:,} 个字符。全文见：{where}。]",
}
LOGGED: dict[Language, str] = {"en": "the interview's log", "zh": "这场面试的记录"}
BLOCKS = re.compile(r"article|blockquote|d[dlt]|div|h[1-6]|li|ol|p|pre|section|summary|t(able|r)|ul")

_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Twin:
    """HTML and text that a notebook keeps; also its own awaitable, so `await view.twin()` is right too."""

    html: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002 - IPython's signature
        return {"text/html": self.html, "text/plain": self.text}

    def __await__(self) -> Generator[Any, None, Self]:
        yield from ()
        return self


def escaped(text: str) -> str:
    """The HTML of plain text; its line ends stay where the style is stripped, too."""
    lines = re.split(r"\r\n|\r|\n", escape(text, quote=False))
    return f'<p class="mm-twin-plain">{"<br>".join(lines)}</p>' if text else ""


@dataclass(frozen=True)
class Bubble:
    """One turn: who said what, and when. `render` makes sanitised HTML of `text` (`markdown.render`)."""

    text: str
    label: str = ""
    time: str = ""
    state: State = "complete"
    status: str = ""
    language: Language = "en"
    mine: bool = False
    render: Callable[[str], str] = escaped


def bubble_twin(bubble: Bubble, *, where: str = "view.text") -> Twin:
    """The twin of one bubble; `where` names the place of the whole text, should it be too long to keep."""
    turn, text = _turn(bubble, LIMIT, where)
    return Twin(_page(turn, bubble.language), text)


def conversation_twin(
    title: str,
    bubbles: Sequence[Bubble],
    *,
    language: Language = "en",
    feedback_html: str = "",
    notice: str = "",
    where: str = "",
) -> Twin:
    """The twin of a whole conversation. `feedback_html` is trusted; its text is taken out of it.

    `where` names the place of the whole text, should it be too long to keep: the interview's log.
    """
    size = sum(len(bubble.text.encode(errors="replace")) for bubble in bubbles)
    share = LIMIT if size <= LIMIT else LIMIT // len(bubbles)
    turns = [_turn(bubble, share, where or LOGGED[language]) for bubble in bubbles]
    feedback = f'<section class="mm-twin-feedback">{feedback_html}</section>' if feedback_html else ""
    parts = [
        f'<p class="mm-twin-title" role="heading" aria-level="3"><b>{escape(title)}</b></p>' if title else "",
        f'<p class="mm-twin-notice">{escape(notice)}</p>' if notice else "",
        *(turn for turn, _ in turns),
        feedback,
    ]
    texts = [title, notice, *(text for _, text in turns), plain(feedback_html)]
    style = f"{STYLE} {FEEDBACK_STYLE}" if feedback else STYLE
    return Twin(_page("".join(parts), language, style), "\n\n".join(filter(None, texts)))


def turn_html(
    label: str, time: str, state_note: str, status: str, body_html: str, language: Language, mine: bool
) -> str:
    """One bubble; `body_html` is sanitised HTML, all else is text and escaped here."""
    comma = "，" if language == "zh" else ", "
    who = comma.join(filter(None, [f"<b>{escape(label)}</b>" if label else "", escape(time)]))
    parts = [
        f'<p class="mm-twin-who">{who}</p>' if who else "",
        f'<div class="mm-twin-body mm-md">{body_html}</div>',
        f'<p class="mm-twin-note"><em>{escape(state_note)}</em></p>' if state_note else "",
        f'<p class="mm-twin-status"><small>{escape(status)}</small></p>' if status else "",
    ]
    kind = "mm-twin-turn mm-twin-mine" if mine else "mm-twin-turn"
    return f'<article class="{kind}" lang="{language}">{"".join(parts)}</article>'


def _turn(bubble: Bubble, share: int, where: str) -> tuple[str, str]:
    """HTML and text of one bubble, cut to its share of bytes."""
    note = NOTES[bubble.language].get(bubble.state, "")
    pieces = cut(bubble.text, share)
    count = len(bubble.text) - sum(map(len, pieces))
    left_out = LEFT_OUT[bubble.language].format(count=count, where=where)
    body = f'<p class="mm-twin-gap">{escape(left_out)}</p>'.join(map(bubble.render, pieces))
    turn = turn_html(bubble.label, bubble.time, note, bubble.status, body, bubble.language, bubble.mine)
    who = " ".join(filter(None, [bubble.label, bubble.time and f"({bubble.time})"]))
    said = f"{who}: " if who else ""
    said += f"\n\n{left_out}\n\n".join(pieces)
    return turn, "\n".join(filter(None, [said.rstrip(), note and f"[{note}]", bubble.status]))


def cut(text: str, share: int) -> list[str]:
    """The text, or its first and last part if it has more than `share` bytes of UTF-8.

    Each part has at most a fourth of the share and ends (begins) with a whole line where it has one in its
    second (first) half, else with a whole character.
    """
    whole = text.encode(errors="replace")
    if len(whole) <= share:
        return [whole.decode()]
    size = share // KEPT
    head = whole[:size].decode(errors="ignore")
    tail = whole[-size:].decode(errors="ignore")
    last, first = head.rfind("\n", len(head) // 2), tail.find("\n", 0, len(tail) // 2)
    return [head[:last] if last > 0 else head, tail[first + 1 :]]


def plain(html: str) -> str:
    """The text of our own HTML, a line a block."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"\s+", " ", line).strip() for line in "".join(reader.pieces).split("\0"))
    return "\n".join(filter(None, lines))


class _Text(HTMLParser):
    """Collects text; NUL, which HTML cannot hold, stands at the edges of blocks. A picture is its label."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._drawn = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._drawn = self._drawn or tag == "svg"
        if tag == "svg":
            self.pieces += ["\0", dict(attrs).get("aria-label") or "", "\0"]
        self.pieces.append("\0" if tag == "br" or BLOCKS.fullmatch(tag) else " ")

    def handle_endtag(self, tag: str) -> None:
        self._drawn = self._drawn and tag != "svg"
        self.pieces.append("\0" if BLOCKS.fullmatch(tag) else "")

    def handle_data(self, data: str) -> None:
        if not self._drawn:
            self.pieces.append(data)


def _small(css: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)).strip()


STYLE = _small(f".mm-twin {{ {CSS} }} {(_STATIC / 'twin.css').read_text('utf-8')}")
FEEDBACK_STYLE = _small((_STATIC / "feedback.css").read_text("utf-8"))


def _page(inner: str, language: Language, style: str = STYLE) -> str:
    """One element with its style. MathJax, which takes `$100 to $200` for a formula, is to leave it alone."""
    classes = "mm-twin mathjax_ignore tex2jax_ignore"
    return f'<div class="{classes}" lang="{language}"><style>{style}</style>{inner}</div>'
