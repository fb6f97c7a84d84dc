"""The Markdown of a growing text: its blocks, each rendered once to HTML that is safe in a notebook's page."""

from __future__ import annotations

from html import escape
from pathlib import Path

from mockmate_nb.view.blocks import BLOCK_BYTES, SURROGATE, Block, BlockSplitter

__all__ = ["CSS", "Block", "BlockSplitter", "render", "render_block"]

CSS = (Path(__file__).parent / "static" / "markdown.css").read_text("utf-8")
"""How the HTML looks, in the page and in saved notebooks: all of it below an element of class `mm-md`."""


def render_block(text: str) -> str:
    """The sanitised HTML of one block; never raises, whatever the text.

    CommonMark with tables, strikethrough and task lists, code coloured by class, formulas as MathML. Link
    reference definitions are text, as their links may stand in other blocks.

    Time is linear in the text. What would break that is shown as it was written: a block above 64 kB
    (`BLOCK_BYTES`), one with lists or quotes nested 20 deep, a table of more than 20,000 cells, a formula of
    more than 2,000 characters. Code is coloured in the languages of `view.code`, above 4,000 characters only in
    those whose lexers are known to be linear.
    """
    if not text.isascii():
        text = SURROGATE.sub("\ufffd", text)
    if not text.strip():
        return ""
    return _rendered(text) or f'<p class="mm-plain">{escape(text)}</p>\n'


def render(text: str) -> str:
    """The whole text: the HTML of its blocks, one after the other."""
    splitter = BlockSplitter()
    blocks = splitter.feed(text) + splitter.close()
    utf8 = SURROGATE.sub("\ufffd", text).encode()
    return "".join(render_block(utf8[block.start : block.end].decode()) for block in blocks)


def _rendered(text: str) -> str | None:
    if len(text.encode()) > BLOCK_BYTES:
        return None
    from mockmate_nb.view.rendering import block_html  # it loads a parser, lexers, a sanitiser

    try:
        return block_html(text)
    except Exception:  # noqa: BLE001 - what a library stumbles over is shown as it was written
        return None
