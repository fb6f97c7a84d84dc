r"""Formulas between `\(` and `\)`, `\[` and `\]`, `$$` and `$$`, as MathML. A single `$` is money.

Two rules for markdown-it's parser, and the way from LaTeX to MathML. What cannot be read as a formula is shown
as its source.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from html import escape, unescape
from typing import TYPE_CHECKING, Any

from latex2mathml.converter import convert_to_element

from mockmate_nb.view.blocks import CLOSING, FORMULA_WINDOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

SOURCE_CHARACTERS = 2_000
"""A longer formula is shown as its source: converting and laying it out would take long."""
DEPTH = 60
"""So is a formula whose elements are nested deeper."""
_TAGS = (
    "math menclose mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle msub msubsup msup "
    "mtable mtd mtext mtr munder munderover"
)
TAGS = frozenset(_TAGS.split())
ATTRIBUTES = {
    **dict.fromkeys(
        ("accent", "displaystyle", "fence", "largeop", "movablelimits", "separator", "stretchy"),
        re.compile("true|false"),
    ),
    **dict.fromkeys(
        ("depth", "height", "linethickness", "lspace", "maxsize", "minsize", "rspace", "voffset", "width"),
        re.compile(
            r"[+-]?(?:[0-9]|1[0-9])?(?:\.[0-9]{1,4})?(?:em|ex|px|pt)?"
        ),  # nothing can be pushed far away
    ),
    **dict.fromkeys(
        ("columnalign", "columnlines", "display", "form", "mathvariant", "notation", "rowlines"),
        re.compile("[a-z -]{1,80}"),
    ),
    "columnspacing": re.compile("[0-9em ]{1,80}"),
    "scriptlevel": re.compile("[0-3]"),
}
"""The attributes of MathML that stay, and what they may be."""
_PARTS = dict.fromkeys(("mfrac", "mover", "mroot", "msub", "msup", "munder"), 2) | {
    "msubsup": 3,
    "munderover": 3,
}
_MACROS = re.compile(
    r"\\(?:def|newcommand|newenvironment|DeclareMathOperator)(?![a-zA-Z])"
)  # they may expand without end
_CLOSING = CLOSING | {r"\(": r"\)"}


def add_formulas(parser: MarkdownIt) -> None:
    """Teach the parser formulas, in running text and as blocks."""
    interrupted = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "formula_block", _block, {"alt": interrupted})
    parser.inline.ruler.before("escape", "formula", _inline)
    parser.add_render_rule("formula", _render)


def formula_html(source: str) -> str:
    """The formula, delimiters and all, as MathML, or as its source where it cannot be read."""
    content = source[2:-2]
    inner = None
    if content.strip() and len(content) <= SOURCE_CHARACTERS and not _MACROS.search(content):
        try:
            inner = _mathml(convert_to_element(content, display="inline"))
        except Exception:  # noqa: BLE001 - on faulty LaTeX the converter fails in a dozen ways, StopIteration too
            inner = None
    if inner is None:
        return f'<code class="mm-formula">{escape(source)}</code>'
    display = "inline" if source.startswith(r"\(") else "block"
    return f'<math class="mm-math" display="{display}">{inner}</math>'


def _mathml(math: Element) -> str:
    """What stands in the converter's `math` element, with nothing but known tags and attributes."""
    return "".join(_serialised(child, DEPTH) for child in math)


def _serialised(element: Element, depth: int) -> str:
    if not depth:
        raise RecursionError("The formula is nested too deeply.")
    if len(element) != _PARTS.get(element.tag, len(element)):
        raise ValueError(f"A part of <{element.tag}> is missing.")
    inner = escape(unescape(element.text or "")) + "".join(_serialised(child, depth - 1) for child in element)
    tag = element.tag if element.tag in TAGS else "mrow"
    attributes = "".join(
        f' {name}="{value}"'
        for name, value in element.attrib.items()
        if name in ATTRIBUTES and ATTRIBUTES[name].fullmatch(value)
    )
    return f"<{tag}{attributes}>{inner}</{tag}>"


def _inline(state: StateInline, silent: bool) -> bool:
    start = state.pos
    closing = _CLOSING.get(state.src[start : start + 2])
    if closing is None:
        return False
    at = state.src.find(closing, start + 2, min(state.posMax, start + 2 + FORMULA_WINDOW))
    content = state.src[start + 2 : max(at, 0)]
    if at < 0 or (closing == "$$" and (not content.strip() or state.src[at + 2 : at + 3] == "$")):
        return False
    if not silent:
        state.push("formula", "math", 0).content = state.src[start : at + 2]
    state.pos = at + 2
    return True


def _block(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """A formula that begins a line and ends one, in the same quote or list item."""
    begin = state.bMarks[first] + state.tShift[first]
    closing = CLOSING.get(state.src[begin : begin + 2])
    if closing is None or state.is_code_block(first):
        return False
    at = state.src.find(closing, begin + 2, begin + 2 + FORMULA_WINDOW + len(closing))
    last = bisect_left(state.eMarks, at, first, end)
    if at < 0 or last >= end or state.src[at + 2 : state.eMarks[last]].strip(" \t"):
        return False
    left = min(state.blkIndent, state.sCount[first])
    if any(state.sCount[line] < left and not state.isEmpty(line) for line in range(last, first, -1)):
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.block = True
        token.content = state.getLines(first, last + 1, state.blkIndent, False).strip()
        token.map = [first, last + 1]
        state.line = last + 1
    return True


def _render(_renderer: object, tokens: Sequence[Token], at: int, _options: object, _env: Any) -> str:
    html = formula_html(tokens[at].content)
    return f'<div class="mm-display">{html}</div>\n' if tokens[at].block else html
