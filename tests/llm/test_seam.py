"""The seam after a cut: only repeats go, however the continuation is cut up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb.llm.seam import CONTINUE, MAX_OVERLAP, MIN_OVERLAP, Seam, broken_off, continuation

TEXT = "Tell me about a time when a plan of yours had to change at the last minute."


def joined(partial: str, pieces: Iterator[str] | list[str]) -> str:
    seam = Seam(partial)
    return "".join([seam.feed(piece) for piece in pieces]) + seam.close()


CASES: list[tuple[str, str, str]] = [  # before the cut, the continuation, what of it is new
    ("", "Hello", "Hello"),
    (TEXT, "", ""),
    (TEXT, " Why?", " Why?"),
    (TEXT, TEXT, ""),
    (TEXT, TEXT + " Why?", " Why?"),
    (TEXT, TEXT[-40:] + " Why?", " Why?"),
    (TEXT, TEXT[-16:] + " Why?", " Why?"),
    (TEXT, TEXT[-15:] + " Why?", TEXT[-15:] + " Why?"),
    (TEXT, TEXT[-1:] + " Why?", TEXT[-1:] + " Why?"),
    (TEXT, TEXT[:30], TEXT[:30]),
    (TEXT, TEXT[:30] + "!", TEXT[:30] + "!"),
    (TEXT, TEXT[10:50], TEXT[10:50]),
    ("ha", "ha", ""),
    ("haha", "ha!", "ha!"),
    ("Yes", "Yes, I do", ", I do"),
    ("a" * 20, "a" * 15 + "b", "a" * 15 + "b"),
    ("a" * 20, "a" * 17 + "b", "b"),
    ("a" * 20, "a" * 25, "a" * 5),
    ("x" * 2 * MAX_OVERLAP, "x" * 2 * MAX_OVERLAP + "y", "y"),
]


@pytest.mark.parametrize(("partial", "more", "new"), CASES)
def test_what_is_new(partial: str, more: str, new: str) -> None:
    assert joined(partial, [more]) == new
    assert joined(partial, list(more)) == new
    for at in range(0, len(more), max(1, len(more) // 40)):
        assert joined(partial, [more[:at], more[at:]]) == new


def expected(partial: str, more: str) -> str:
    """The rule, by the book: the longest repeat that the whole continuation begins with."""
    sizes = [len(partial), *range(min(len(partial), MAX_OVERLAP), MIN_OVERLAP - 1, -1)]
    return next((more[size:] for size in sizes if size and more.startswith(partial[-size:])), more)


@given(
    st.text("ab", max_size=60), st.integers(0, 60), st.text("ab", max_size=60), st.lists(st.integers(1, 9))
)
def test_any_cutting_gives_the_same(partial: str, repeat: int, tail: str, sizes: list[int]) -> None:
    more = partial[len(partial) - min(repeat, len(partial)) :] + tail
    pieces, at = [], 0
    for size in sizes:
        pieces.append(more[at : at + size])
        at += size
    assert joined(partial, [*pieces, more[at:]]) == expected(partial, more)


@given(st.text(max_size=30), st.text(min_size=1, max_size=30))
def test_text_is_held_only_while_it_may_be_a_repeat(partial: str, more: str) -> None:
    seam = Seam(partial)
    given_out = ""
    for at, character in enumerate(more):
        given_out += seam.feed(character)
        held = more[: at + 1]
        if not any(partial[start:].startswith(held) for start in range(len(partial))):
            assert given_out == expected(partial, held)


@pytest.mark.parametrize("partial", ["", "so far", "你好"])
@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "Hi"}],
        [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}],
        [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": "So"},
        ],
    ],
)
def test_a_continuation_can_be_told_from_a_conversation(messages: list[dict[str, str]], partial: str) -> None:
    asked = continuation(messages, partial)
    assert broken_off(asked) == (messages, partial)
    assert (asked[-1]["content"] == CONTINUE) == bool(partial)
