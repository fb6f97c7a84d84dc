from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import tracemalloc
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jupyterlab.commands import get_app_dir  # type: ignore[import-untyped]  # ships no types

from mockmate_nb.view import blocks, code, formula, rendering, sanitise
from mockmate_nb.view.markdown import CSS, Block, BlockSplitter, render, render_block

TABLES = Path(__file__).resolve().parents[1] / "cases"
CASES = tomllib.loads((TABLES / "markdown.toml").read_text("utf-8"))["case"]
PAYLOADS = tomllib.loads((TABLES / "hostile.toml").read_text("utf-8"))["payload"]


def named(rows: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row["name"])


def split(text: str, size: int = 1_000) -> list[Block]:
    splitter = BlockSplitter()
    found = [block for at in range(0, len(text), size) for block in splitter.feed(text[at : at + size])]
    return found + splitter.close()


def pieces(text: str) -> list[str]:
    utf8 = text.encode()
    return [utf8[block.start : block.end].decode() for block in split(text)]


# --- what the HTML is ---------------------------------------------------------------------------------------


@named(CASES)
def test_markdown_becomes_html(row: dict[str, Any]) -> None:
    html = render(row["text"])
    at = 0
    for piece in row["has"]:
        assert piece in html[at:], html
        at = html.index(piece, at) + len(piece)
    for piece in row.get("lacks", []):
        assert piece not in html


def test_html_is_that_of_the_whole_document() -> None:
    text = "\n\n".join(row["text"] for row in CASES if row["name"] not in NOT_JOINED)
    assert render(text) == whole(text)


NOT_JOINED = (
    "code whose fence is never closed",
    "deep quotes are text",
    "a formula that is never closed is text",
)


def whole(text: str) -> str:
    parser = rendering._parser()
    return sanitise.sanitised(parser.render(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\nb\n", ["a\n\n", "b\n"]),
        ("a\nb\n\n \n\t\nc", ["a\nb\n\n \n\t\n", "c"]),
        ("\n\na\n\nb", ["\n\na\n\n", "b"]),
        ("a\r\n\r\nb\rc\r\rd", ["a\r\n\r\n", "b\rc\r\r", "d"]),
        ("# a\nb\n# c\n***\nd", ["# a\n", "b\n", "# c\n", "***\n", "d"]),
        ("a\n===\nb\n---\n\nc", ["a\n===\nb\n---\n\n", "c"]),
        ("a\n```\nb\n\n# c\n````\nd", ["a\n", "```\nb\n\n# c\n````\n", "d"]),
        ("~~~~\n~~~\n\n```\n~~~~~ \nx", ["~~~~\n~~~\n\n```\n~~~~~ \n", "x"]),
        ("``` a`b\n\nc", ["``` a`b\n\n", "c"]),
        ("- a\n\n- b\n\n  c\n\n      d\ne\n\nf", ["- a\n\n- b\n\n  c\n\n      d\ne\n\n", "f"]),
        (
            "1. a\n   ```\n   b\n\n   c\n   ```\n\n2. d\n\n e",
            ["1. a\n   ```\n   b\n\n   c\n   ```\n\n2. d\n\n", " e"],
        ),
        ("- a\n```\nb\n\nc\n```\n- d\n", ["- a\n", "```\nb\n\nc\n```\n", "- d\n"]),
        ("    a\n\n\n    b\n\nc", ["    a\n\n\n    b\n\n", "c"]),
        ("> a\nb\n> c\n\n> d", ["> a\nb\n> c\n\n", "> d"]),
        ("| a |\n|---|\n| b |\n\nc", ["| a |\n|---|\n| b |\n\n", "c"]),
        ("| a |\n|---|\n    b\n\n    c\n\nd", ["| a |\n|---|\n    b\n\n    c\n\n", "d"]),
        ("$$\na\n\n# b\n$$\nc", ["$$\na\n\n# b\n$$\n", "c"]),
        ("a\n\\[ b\n\nc \\]  \nd", ["a\n\\[ b\n\nc \\]  \n", "d"]),
        ("$$\na\n\nb $$ c\n\nd", ["$$\na\n\nb $$ c\n\n", "d"]),
        ("$$a$$\nb\n$$c$$ d\n\ne", ["$$a$$\n", "b\n$$c$$ d\n\n", "e"]),
        ("- a\n\n10 years", ["- a\n\n", "10 years"]),
        ("- a\n\n10. years", ["- a\n\n10. years"]),
        ("", []),
        ("\n", ["\n"]),
    ],
)
def test_blocks_end_where_markdown_ends_them(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    ("fed", "finished"),
    [
        ("a\n\n", 0),
        ("a\n\n  ", 0),
        ("a\n\nb", 1),
        ("- a\n\n1", 0),
        ("- a\n\n10", 0),
        ("- a\n\n10 y", 1),
        ("- a\n\n  b", 0),
        ("```\na\n```\n", 0),
        ("```\na\n```\nb", 1),
        ("```\na\n\nb\n\n", 0),
        ("a\n```\n", 1),
    ],
)
def test_a_block_is_given_as_soon_as_what_follows_can_no_longer_belong_to_it(fed: str, finished: int) -> None:
    splitter = BlockSplitter()
    assert sum(len(splitter.feed(character)) for character in fed) == finished


# --- any text, any split ------------------------------------------------------------------------------------

LINES = (
    "a", "b *c*", "", "", " ", "- d", "  e", "   f", "    g", "* h", "1. i", "2) j", "10. k", "    - l", "  - m",
    "```", "~~~", "```py", "# n", "#", "***", "---", "===", "> o", " > p", ">", "| q | r |", "|---|---|", "| 1 |",
    "$$", "$$s$$", "$$ t", "u $$", "\\[", "\\]", "\\(v\\)", "\tw", "`x", "[y]: http://z", "<b>", "🎓 é", "\x00",
)  # fmt: skip
documents = st.lists(st.sampled_from(LINES), max_size=12).map("\n".join)
texts = st.one_of(
    documents,
    st.text(max_size=200),
    st.lists(st.sampled_from("\\()[]{}$`*_~<>|&!#-+=:.1a \n\t\r\x00\u2028🎓'\"")).map("".join),
)


@given(st.one_of(documents, texts), st.data())
def test_any_split_gives_the_same_blocks(text: str, data: st.DataObject) -> None:
    text = text.replace("\n\n", data.draw(st.sampled_from(("\n\n", "\r\n\r\n", "\r\r", "\n\r"))))
    splitter = BlockSplitter()
    found = []
    at = 0
    while at < len(text):
        size = data.draw(st.integers(1, 9))
        found += splitter.feed(text[at : at + size])
        at += size
    found += splitter.close()
    assert found == split(text, size=len(text) or 1)
    utf8 = text.encode("utf-8", "surrogatepass")
    assert [block.start for block in found] == [0, *(block.end for block in found[:-1])][: len(found)]
    assert sum(block.end - block.start for block in found) == len(utf8)
    for block in found:
        piece = utf8[block.start : block.end].decode("utf-8", "surrogatepass")
        assert block.units == len(piece.encode("utf-16-le", "surrogatepass")) // 2


@settings(max_examples=300, deadline=None)
@given(documents)
def test_the_blocks_of_any_document_are_rendered_as_in_the_whole(text: str) -> None:
    assert render(text) == whole(text)


@settings(max_examples=300, deadline=None)
@given(texts)
def test_any_text_is_rendered_and_nothing_else_gets_in(text: str) -> None:
    assert faults(render_block(text)) == []


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    assert render_block("a\ud83c") == "<p>a\ufffd</p>\n"
    assert render("a\ud83c\n\nb\udf93") == "<p>a\ufffd</p>\n<p>b\ufffd</p>\n"


# --- long and nasty texts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [999, 65_537, 1_000_000])
def test_long_blocks_are_cut_at_the_same_places_however_they_come(size: int) -> None:
    lines = "- " + "word " * 15 + "\n"
    text = (
        lines * 2_000
        + "é" * 120_000
        + "🎓x" * 40_000
        + "\n\n"
        + " " * 120_000
        + "a\n\n```\n"
        + "b\n" * 70_000
        + "```\nc"
    )
    found = split(text, size)
    assert found == split(text, 7_001)
    assert found[-1].end == len(text.encode())
    assert max(block.end - block.start for block in found) <= blocks.LINE_BYTES
    assert found[0].end == next(end for end in range(0, 99_999, len(lines)) if end > blocks.BLOCK_BYTES)
    assert len(found) < 20


def test_a_block_that_is_too_long_is_plain_text() -> None:
    text = "# *a* <b>\n" + "c\n" * blocks.BLOCK_BYTES
    first = pieces("```\n" + text)[0]
    assert render_block(first).startswith('<p class="mm-plain">```\n# *a* &lt;b&gt;')


def test_memory_is_that_of_the_line_under_way() -> None:
    splitter = BlockSplitter()
    tracemalloc.start()
    try:
        for _ in range(3_000):
            splitter.feed("x" * 1_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000, "3 MB on one line"


def steps(work: Callable[[], object]) -> int:
    """How many functions are called, Python's own too: a measure of time that is the same on every machine."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


NASTY = [
    "[", "![", "]", "](", "[a](", "[](", "[a][", "*", "*a ", "**a *", "*a_ ", "a**b", "_a", "~~a", "`", "`a",
    "<", "<a@", "<http:", "\\(", "\\(a", "\\[ a\n", "$$", "$$ a\n", "$$x$$ ", "- \\[\n", "|", "|\n", "a|b\n-|-\n",
    "> ", ">a\nb\n", "- ", "- a\n", "1. ", "-\n\n", "  - a\n", "#\n", "```\n", "~~~\n```\n", "&amp", "&", "!",
    "\\", "a  \n", "\n", " ", "\t",
]  # fmt: skip


@pytest.mark.parametrize("piece", NASTY)
def test_time_grows_with_the_text_whatever_it_is(piece: str) -> None:
    def rendered(size: int) -> int:
        text = piece * (size // len(piece))
        return steps(lambda: render_block(text)) + steps(lambda: split(text))

    rendered(500)
    assert rendered(8_000) < 5 * rendered(2_000) + 2_000, "four times the text"


@pytest.mark.parametrize(
    "piece", ["'", '"', "/*", "a.", "a ", "a\n ", "`", "\\'", "(", "@", "#", "0.", "<", "$", "é"]
)
@pytest.mark.parametrize("language", ["java", "ts", "python", "html"])
def test_code_takes_time_that_grows_with_its_length(language: str, piece: str) -> None:
    def coloured(size: int) -> int:
        return steps(lambda: code.code_html(piece * (size // len(piece)), language))

    coloured(500)
    assert coloured(8_000) < 5 * coloured(2_000) + 2_000


@pytest.mark.parametrize("mark", [">", "- ", "1. ", "> - ", "*", "[", "![", "\\(", "{"])
def test_deep_nesting_loses_no_text(mark: str) -> None:
    html = render_block(mark * 10_000 + "the end")
    assert "the end" in html
    assert faults(html) == []


def test_a_table_cannot_grow_far_beyond_its_text() -> None:
    text = "|" + "a|" * 300 + "\n|" + "-|" * 300 + "\n" + "b\n" * 1_000
    assert "<table>" not in render_block(text)
    assert len(render_block(text)) < 2 * len(text)


def test_a_formula_that_is_long_or_deep_is_its_source() -> None:
    for source in (r"\(" + "a" * 2_001 + r"\)", r"\(" + "{" * 900 + "a" + "}" * 900 + r"\)"):
        assert formula.formula_html(source) == f'<code class="mm-formula">{source}</code>'
    assert formula.formula_html(r"\(" + "a" * 1_999 + r"\)").startswith("<math")


# --- safety -------------------------------------------------------------------------------------------------

ATTRIBUTES = {
    "a": {"href", "rel", "target"},
    "ol": {"start"},
    "th": {"scope", "class"},
    **{tag: {"class"} for tag in ("td", "li", "div", "p", "pre", "code", "span")},
}
MATHML = {
    "columnalign",
    "columnlines",
    "columnspacing",
    "depth",
    "displaystyle",
    "fence",
    "form",
    "height",
    "largeop",
}
MATHML |= {
    "linethickness",
    "lspace",
    "mathvariant",
    "maxsize",
    "minsize",
    "movablelimits",
    "notation",
    "rowlines",
}
MATHML |= {"rspace", "scriptlevel", "separator", "stretchy", "accent", "voffset", "width", "display", "class"}


class Audit(HTMLParser):
    """Notes everything in an HTML text that we did not mean to let through."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not re.fullmatch(
            "a|blockquote|br|code|div|em|h[3-6]|hr|li|ol|p|pre|s|span|strong", tag
        ) and not re.fullmatch(
            "table|tbody|td|th|thead|tr|ul|math|menclose|m(frac|i|n|o|over|padded|phantom|root|row|space|sqrt|style)"
            "|m(sub|subsup|sup|table|td|text|tr|under|underover)",
            tag,
        ):
            self.found.append(f"<{tag}>")
        given = dict(attrs)
        for name, value in given.items():
            allowed = MATHML if tag.startswith("m") else ATTRIBUTES.get(tag, set())
            if (
                name not in allowed
                or value is None
                or (name == "class" and not re.fullmatch(r"mm-[a-z0-9_+#.-]+", value))
            ):
                self.found.append(f"{tag}.{name}={value}")
        if tag == "a" and not (
            re.match("https?://[^/]|mailto:", given.get("href", "mailto:") or "")
            and given.get("rel") == "noopener noreferrer nofollow"
            and given.get("target") == "_blank"
        ):
            self.found.append(f"<a {given}>")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.found.append(f"<![{data}]>")


def faults(html: str) -> list[str]:
    audit = Audit()
    audit.feed(html)
    audit.close()
    return audit.found


def test_the_audit_finds_what_it_is_there_for() -> None:
    text = '<img src=x><a href="javascript:x">y</a><p id=a style=b class="jp-x mm-a"><!-- c --><math href=d><script>'
    assert len(faults(text)) == 9


@named(PAYLOADS)
def test_a_hostile_text_gets_nothing_in(row: dict[str, Any]) -> None:
    assert faults(render(row["text"])) == []
    for at in range(0, len(row["text"]), 7):
        assert faults(render(row["text"][at:])) == []


@named(PAYLOADS)
def test_the_sanitiser_holds_alone(row: dict[str, Any]) -> None:
    assert faults(sanitise.sanitised(row["text"])) == []


def test_there_are_enough_payloads_of_each_kind() -> None:
    families = [row["family"] for row in PAYLOADS]
    assert len(PAYLOADS) >= 44
    assert len({row["name"] for row in PAYLOADS}) == len(PAYLOADS)
    assert min(families.count(family) for family in ("owasp", "markdown", "jupyterlab")) >= 8
    assert all(set(row) == {"name", "family", "text"} for row in PAYLOADS)


# --- looks and costs ----------------------------------------------------------------------------------------


def test_every_rule_stays_below_our_own_class() -> None:
    rules = re.sub(r"\{[^}]*\}", ";", re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL))
    rules = re.sub(r"\([^)]*\)", "", rules)
    selectors = [selector.strip() for selector in re.split("[;,]", rules) if selector.strip()]
    assert len(selectors) > 20
    assert [selector for selector in selectors if not re.match(r"\.mm-md\b", selector)] == []
    assert "url(" not in CSS
    assert "@import" not in CSS
    assert "</" not in CSS


Colour = tuple[float, float, float]


def theme(name: str) -> dict[str, str]:
    css = (
        Path(get_app_dir()) / "themes" / "@jupyterlab" / f"theme-{name}-extension" / "index.css"
    ).read_text("utf-8")
    return dict(re.findall(r"(--[\w-]+):([^;}]+)", css))


def colour(value: str, variables: dict[str, str]) -> Colour:
    value = value.strip()
    if found := re.fullmatch(r"var\((--[\w-]+)(?:, ?(.+))?\)", value):
        return colour(variables.get(found[1], found[2]), variables)
    if found := re.fullmatch(r"color-mix\(in srgb, (.+) (\d+)%, (.+)\)", value):
        one, other, share = colour(found[1], variables), colour(found[3], variables), int(found[2]) / 100
        return tuple(a * share + b * (1 - share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value] # three
    value = {"white": "#fff", "black": "#000", "green": "#008000", "red": "#f00", "blue": "#00f"}.get(
        value, value
    )
    digits = (
        value.removeprefix("#")
        if len(value) == 7
        else "".join(2 * digit for digit in value.removeprefix("#"))
    )
    return int(digits[:2], 16) / 255, int(digits[2:4], 16) / 255, int(digits[4:], 16) / 255


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.2, "contrast ratio"."""

    def luminance(colour: Colour) -> float:
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_colour_can_be_read(name: str) -> None:
    variables = theme(name) | {"--mm-ink": "var(--jp-content-font-color0)"}
    page = colour("var(--jp-layout-color1)", variables)
    code_ground = colour("var(--jp-cell-editor-background)", variables)
    tokens = re.findall(r"\.mm-md \.mm-(\w) \{ color: (color-mix\([^;]+\));", CSS)
    assert {f"mm-{token}" for token, _ in tokens} == set(code.CLASSES.values()) - {"mm-d", "mm-i"}
    for token, value in tokens:
        assert contrast(colour(value, variables), code_ground) >= 4.5, token
    link = re.search(r"\.mm-md a \{\s+color: ([^;]+);", CSS)
    assert link
    assert contrast(colour(link[1], variables), page) >= 4.5
    quiet = colour("color-mix(in srgb, var(--mm-ink) 70%, var(--jp-layout-color1))", variables)
    assert contrast(quiet, page) >= 4.5


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    heavy = ["markdown_it", "pygments.lexers", "latex2mathml", "nh3"]
    check = f"import sys, mockmate_nb.view.markdown; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
