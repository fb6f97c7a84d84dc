from __future__ import annotations

import re
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb import aio
from mockmate_nb.view import markdown
from mockmate_nb.view.keeper import Keeper
from mockmate_nb.view.stream_view import StreamView
from mockmate_nb.view.twin import (
    KEPT,
    LIMIT,
    NOTES,
    STYLE,
    Bubble,
    Twin,
    bubble_twin,
    conversation_twin,
    cut,
    escaped,
    plain,
    turn_html,
)

HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(1)>&"'</p></div><style>*{display:none}"""
CSS_FILE = Path(__file__).parents[2] / "mockmate_nb/view/static/twin.css"


class Reader(HTMLParser):
    """What a page is made of: its tags with their attributes, and its text without the style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


BUBBLES: list[tuple[str, Bubble, str, list[str]]] = [
    ("nothing", Bubble(""), "", []),
    ("text alone", Bubble("Hello"), "Hello", ["Hello"]),
    ("who", Bubble("Hello", "You"), "You: Hello", ["You", "Hello"]),
    ("when", Bubble("Hello", time="14:05"), "(14:05): Hello", ["14:05", "Hello"]),
    ("both", Bubble("Hello", "You", "14:05"), "You (14:05): Hello", ["You, 14:05", "Hello"]),
    (
        "nobody and nothing yet",
        Bubble("", "You", state="waiting"),
        "You:\n[Unfinished]",
        ["You", "Unfinished"],
    ),
    ("still growing", Bubble("Hel", state="streaming"), "Hel\n[Unfinished]", ["Hel", "Unfinished"]),
    ("stopped", Bubble("Hel", state="stopped"), "Hel\n[Stopped]", ["Hel", "Stopped"]),
    ("cut off", Bubble("Hel", state="failed"), "Hel\n[Cut off]", ["Hel", "Cut off"]),
    ("a status line", Bubble("Hello", status="2.1 s"), "Hello\n2.1 s", ["Hello", "2.1 s"]),
    (
        "Chinese",
        Bubble("你好", "面试官", "14:05", "stopped", "2.1 秒", "zh"),
        "面试官 (14:05): 你好\n[已停止]\n2.1 秒",
        ["面试官，14:05", "你好", "已停止", "2.1 秒"],
    ),
    ("several lines", Bubble("a\n  b\r\nc\n"), "a\n  b\r\nc", ["a", "  b", "c"]),
    ("hostile", Bubble(HOSTILE, HOSTILE, status=HOSTILE), f"{HOSTILE}: {HOSTILE}\n{HOSTILE}", [HOSTILE] * 3),
    ("half a character", Bubble("a\ud83d"), "a?", ["a?"]),
    ("Markdown", Bubble("**Hi**", render=markdown.render), "**Hi**", ["Hi"]),
]


@pytest.mark.parametrize(
    ("bubble", "text", "read"), [row[1:] for row in BUBBLES], ids=[row[0] for row in BUBBLES]
)
def test_a_twin_reads_in_order_as_text_and_as_html_without_its_style(
    bubble: Bubble, text: str, read: list[str]
) -> None:
    twin = bubble_twin(bubble)
    page = Reader(twin.html)
    assert twin.text == repr(twin) == text
    at = 0
    for part in read:
        at = page.text.index(part, at) + len(part)
    assert page.attributes <= {"class", "lang"}, "no ids, no data, no styles"
    assert not {"script", "img", "iframe", "form"} & set(page.tags)
    assert page.tags.count("style") == 1
    assert twin.html.startswith('<div class="mm-twin ')
    assert f'<article class="mm-twin-turn" lang="{bubble.language}">' in twin.html


def test_a_persons_own_answers_look_different() -> None:
    mine, theirs = (turn_html("You", "", "", "", "<p>Hi</p>", "en", own) for own in (True, False))
    assert mine != theirs == mine.replace(" mm-twin-mine", "")


@pytest.mark.parametrize("text", ["It costs $100 to $200", r"\(x\)"])
def test_nothing_in_a_twin_is_taken_for_a_formula(text: str) -> None:
    classes = re.match(r'<div class="([^"]*)"', bubble_twin(Bubble(text)).html)
    assert classes
    assert {"mathjax_ignore", "tex2jax_ignore"} <= set(classes[1].split()), "MathJax's own words for it"


def test_a_conversation_has_its_title_notice_turns_and_feedback_in_this_order() -> None:
    bubbles = [Bubble("Why?", "Interviewer", "14:05"), Bubble("Because.", "You", "14:06", mine=True)]
    feedback = (
        "<section class='f'><p class='s'>Good &amp; clear</p><h3>Next</h3><ul><li>More figures</li></ul>"
        "<details><summary><span>4 / 5</span><b>1.</b> Why?</summary>"
        "<table><tbody><tr><th scope='row'>Layers</th><td>●●○</td><td>Three\n layers</td></tr></tbody></table>"
        "</details></section>"
    )
    twin = conversation_twin("Mock interview", bubbles, feedback_html=feedback, notice="No AI.")
    assert twin.text == (
        "Mock interview\n\nNo AI.\n\nInterviewer (14:05): Why?\n\nYou (14:06): Because.\n\n"
        "Good & clear\nNext\nMore figures\n4 / 5 1. Why?\nLayers ●●○ Three layers"
    )
    shown = Reader(twin.html).text
    order = ["Mock interview", "No AI.", "Why?", "Because.", "Good & clear"]
    assert [shown.index(part) for part in order] == sorted(shown.index(part) for part in order)
    assert twin.html.count("<style>") == 1
    assert feedback in twin.html


def test_an_empty_conversation_says_what_it_is() -> None:
    twin = conversation_twin("模拟面试", [], language="zh", notice="尚未开始。")
    assert twin.text == "模拟面试\n\n尚未开始。"
    assert 'lang="zh"' in twin.html


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_state_that_is_not_the_end_of_a_text_has_its_note(language: Any) -> None:
    assert NOTES[language].keys() == {"waiting", "streaming", "stopped", "failed"}


@given(st.text(), st.integers(8, 200))
def test_a_cut_text_is_the_beginning_and_the_end_of_the_text(text: str, share: int) -> None:
    whole = text.encode(errors="replace").decode()
    pieces = cut(text, share)
    if len(whole.encode()) <= share:
        assert pieces == [whole]
        return
    head, tail = pieces
    assert whole.startswith(head)
    assert whole.endswith(tail)
    for piece in pieces:
        size = len(piece.encode())
        assert size <= share // KEPT
        if "\n" not in whole:
            assert size > share // KEPT - 4, "no more is lost than the rest of a character"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("one\ntwo\nthree\nfour\nfive\nsix\nseven\n", ["one\ntwo", "seven\n"]),
        ("a\n" + 40 * "b" + "\nc", ["a\nbbbbbb", "bbbbbb\nc"]),
        (20 * "中", ["中中", "中中"]),
    ],
    ids=["whole lines", "a line longer than half a part", "whole characters"],
)
def test_a_cut_is_made_between_lines_or_characters(text: str, pieces: list[str]) -> None:
    assert cut(text, 32) == pieces


@pytest.mark.parametrize("line", ["An answer of thirty characters\n", "一行中文。\n", "👋🏽"])
def test_a_very_long_text_keeps_both_ends_and_says_what_is_left_out(line: str) -> None:
    text = f"FIRST\n{line * (2 * LIMIT // len(line.encode()))}\nLAST"
    twin = bubble_twin(Bubble(text, "Interviewer"))
    found = re.search(r"\[([\d,]+) characters are left out here. All of the text: view\.text\.\]", twin.text)
    assert found
    kept = len(twin.text) - len(found[0]) - len("Interviewer: ") - 2 * len("\n\n")
    assert int(found[1].replace(",", "")) == len(text) - kept
    assert twin.text.startswith("Interviewer: FIRST")
    assert twin.text.endswith("LAST")
    assert LIMIT / 2 - 200 < len(twin.text.encode()) < LIMIT / 2 + 200
    assert found[0] in Reader(twin.html).text
    assert bubble_twin(Bubble(text[: LIMIT // 4])).text == text[: LIMIT // 4].rstrip()


def test_a_very_long_conversation_keeps_something_of_every_turn() -> None:
    bubbles = [Bubble(f"FIRST {number} {'x' * 100_000} LAST {number}") for number in range(100)]
    twin = conversation_twin("Chat", [*bubbles, Bubble("short")])
    assert len(twin.text) < LIMIT
    for number in range(100):
        assert f"FIRST {number} " in twin.text
        assert f" LAST {number}" in twin.text
    assert "the interview's log" in twin.text
    assert twin.text.endswith("\n\nshort")


def test_each_part_of_a_cut_text_is_rendered_by_itself() -> None:
    seen: list[str] = []

    def render(text: str) -> str:
        seen.append(text)
        return escaped(text)

    bubble_twin(Bubble("x" * (3 * LIMIT), render=render))
    assert [len(text) for text in seen] == [LIMIT // KEPT] * 2


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_the_text_of_html_is_the_text_that_was_escaped(texts: list[str]) -> None:
    lines = [" ".join(line.split()) for text in texts for line in re.split(r"\r\n|\r|\n", text)]
    read = plain("".join(map(escaped, texts))).split("\n")
    assert [line.split() for line in read if line] == [line.split() for line in lines if line]


async def test_a_twin_may_be_awaited_in_a_cell_and_by_run() -> None:
    twin = Twin("<p>Hi</p>", "Hi")
    assert await twin is twin
    assert twin._repr_mimebundle_(include=None, exclude=None) == {
        "text/html": "<p>Hi</p>",
        "text/plain": "Hi",
    }


def test_run_gives_the_twin_too() -> None:
    twin = Twin("<p>Hi</p>", "Hi")
    assert aio.run(twin) is twin
    aio.shutdown()


def test_the_style_touches_nothing_but_twins() -> None:
    assert STYLE.count("{") == STYLE.count("}")
    assert not {"</", "@import", "url(", "/*"} & {
        part for part in ("</", "@import", "url(", "/*") if part in STYLE
    }
    own = re.sub(r"/\*.*?\*/", "", CSS_FILE.read_text("utf-8"), flags=re.DOTALL)
    for selectors in re.findall(r"([^{}]+)\{[^{}]*\}", own):
        for selector in re.split(r",(?![^()]*\))", selectors):
            assert re.search(r"\.mm-(twin|kept)", selector) or "@media" in selector, selector


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What keepers tell the page: the thread's name and the traits of each message."""
    messages: list[tuple[str, dict[str, Any]]] = []

    def send(_self: Keeper, message: dict[str, Any], buffers: object = None) -> None:
        messages.append((threading.current_thread().name, message["state"]))

    monkeypatch.setattr(Keeper, "_send", send)
    return messages


def test_a_keeper_tells_the_page_in_one_message_from_any_thread(
    sent: list[tuple[str, dict[str, Any]]],
) -> None:
    view = StreamView("Interviewer")
    keeper = Keeper(of=view)
    assert (keeper.of, keeper._view_name, repr(keeper)) == (
        view.model_id,
        None,
        f"Keeper(of={view.model_id!r})",
    )
    sent.clear()
    for _ in range(2):
        thread = threading.Thread(target=keeper.keep, args=(Twin("<p>Hi</p>", "Hi"),), name="worker")
        thread.start()
        thread.join()
    assert sent == [("worker", {"html": "<p>Hi</p>", "text": "Hi"})], "an equal twin is not sent again"
    keeper.close()
    keeper.keep(Twin("", ""))
    assert len(sent) == 1
    view.close()
