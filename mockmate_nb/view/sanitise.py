"""The last gate before HTML made from a text gets into a page: what is not on these lists is not let through.

Nothing but our own renderer's tags should arrive here. The gate is a real HTML parser of its own (Ammonia), so
that it holds where the renderer or a library below it is mistaken.
"""

from __future__ import annotations

import re
from functools import cache

import nh3

from mockmate_nb.view.formula import ATTRIBUTES as FORMULA_ATTRIBUTES
from mockmate_nb.view.formula import TAGS as FORMULA_TAGS

_TAGS = "a blockquote br code div em h3 h4 h5 h6 hr li ol p pre s span strong table tbody td th thead tr ul"
TAGS = FORMULA_TAGS | frozenset(_TAGS.split())
SCHEMES = frozenset({"http", "https", "mailto"})
CLASS = re.compile(r"mm-[a-z0-9_+#.-]{1,40}")
"""Our own class names; an element has one at most."""
_PLAIN = {"ol": {"start"}, "th": {"scope"}, "a": {"href"}}
_CLASSED = ("code", "div", "li", "math", "p", "pre", "span", "td", "th")


def sanitised(html: str) -> str:
    """The HTML without anything that could run, load, name or restyle something; links open a tab of their own."""
    return _cleaner().clean(html)


@cache
def _cleaner() -> nh3.Cleaner:
    attributes = {tag: {"class"} for tag in _CLASSED} | {tag: set(FORMULA_ATTRIBUTES) for tag in FORMULA_TAGS}
    attributes["math"].add("class")
    for tag, names in _PLAIN.items():
        attributes[tag] = attributes.get(tag, set()) | names
    return nh3.Cleaner(
        tags=set(TAGS),
        attributes=attributes,
        attribute_filter=_kept,
        url_schemes=set(SCHEMES),
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _kept(_tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return value if CLASS.fullmatch(value) else None
    if name == "start":
        return value if value.isascii() and value.isdigit() else None
    allowed = FORMULA_ATTRIBUTES.get(name)
    return value if allowed is None or allowed.fullmatch(value) else None
