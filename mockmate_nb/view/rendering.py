"""One Markdown block as HTML: CommonMark, tables, strikethrough, task lists and formulas.

HTML in a text is text; so are link reference definitions, since the links that use them may stand in blocks
that were rendered before them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from mockmate_nb.view.code import code_html
from mockmate_nb.view.formula import add_formulas
from mockmate_nb.view.sanitise import sanitised

NESTING = 20
"""Quotes and lists in one another; the parser drops the text of what is nested deeper."""
CELLS = 20_000
"""A table that could have more cells is text: each of its rows is filled up to the width of its head."""
TOP_HEADING, LAST_HEADING = 3, 6
"""A text's first heading level on the page, below the notebook's own."""
_LINK = re.compile(r"(?:https?://|mailto:)[^\s/]", re.IGNORECASE)
_ALIGNED = {f"text-align:{side}": f"mm-{side}" for side in ("left", "center", "right")}
_BOXES = {True: "☑ ", False: "☐ "}
_CONTAINERS = ("blockquote_open", "bullet_list_open", "ordered_list_open", "list_item_open")


def block_html(text: str) -> str | None:
    """The sanitised HTML of one block; None if it is nested too deeply to be rendered without loss."""
    parser = _parser()
    tokens = parser.parse(text)
    if any(token.level >= NESTING - 1 and token.type in _CONTAINERS for token in tokens):
        return None
    return sanitised(parser.renderer.render(tokens, parser.options, {}))


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802, ARG002 - the library's hook; `_links` judges instead
        return True


@cache
def _parser() -> MarkdownIt:
    options = {"html": False, "maxNesting": NESTING, "tasklists": True}
    parser = _Parser("commonmark", options).enable(["table", "strikethrough"])
    parser.disable(["reference", "html_block", "html_inline"])
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.core.ruler.push("own_page", _fit_page)
    add_formulas(parser)
    parser.add_render_rule("fence", _render_code)
    parser.add_render_rule("code_block", _render_code)
    parser.add_render_rule("table_open", _render_table)
    parser.add_render_rule("table_close", _render_table)
    return parser


def _table(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    if first + 2 <= end:
        columns = state.src.count("|", state.bMarks[first + 1], state.eMarks[first + 1])
        if columns * (end - first) > CELLS:
            return False
    return table(state, first, end, silent)


def _fit_page(state: StateCore) -> None:
    """Make the tokens fit the page they get into: headings, table cells, links, images."""
    box = None
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + TOP_HEADING - 1, LAST_HEADING)}"
        elif token.type in ("th_open", "td_open"):
            aligned = _ALIGNED.get(str(token.attrs.get("style")))
            token.attrs = {"scope": "col"} if token.tag == "th" else {}
            if aligned:
                token.attrs["class"] = aligned
        elif token.type == "list_item_open":
            box = token.meta.pop("checked", None)
            token.attrs = {} if box is None else {"class": "mm-task"}
        elif token.type == "inline":
            token.children = _links(token.children or [])
            if box is not None:
                token.children.insert(0, _text(_BOXES[box]))
            box = None


def _links(tokens: Sequence[Token]) -> list[Token]:
    """Links to web and mail addresses stay, others become their text; images become links, or their text."""
    kept: list[Token] = []
    open_links: list[str] = []
    for token in tokens:
        if token.type == "link_open":
            open_links.append(href := _address(token.attrs.get("href")))
            token.attrs = {"href": href}
            if href:
                kept.append(token)
        elif token.type == "link_close":
            if href := open_links.pop():
                if kept[-1].type == "link_open":
                    kept.append(_text(href))
                kept.append(token)
        elif token.type == "image":
            href = "" if any(open_links) else _address(token.attrs.get("src"))
            alternative = _text(_plain(token.children or []) or href)
            link = Token("link_open", "a", 1, attrs={"href": href}), alternative, Token("link_close", "a", -1)
            kept += link if href else [alternative]
        else:
            kept.append(token)
    return kept


def _address(value: object) -> str:
    return value if isinstance(value, str) and _LINK.match(value) else ""


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _plain(tokens: Sequence[Token]) -> str:
    """The text of an image's description."""
    return "".join(_plain(token.children) if token.children else token.content for token in tokens)


def _render_code(_renderer: object, tokens: Sequence[Token], at: int, _options: object, _env: Any) -> str:
    return code_html(tokens[at].content, tokens[at].info)


def _render_table(_renderer: object, tokens: Sequence[Token], at: int, _options: object, _env: Any) -> str:
    return '<div class="mm-table"><table>\n' if tokens[at].nesting > 0 else "</table></div>\n"
