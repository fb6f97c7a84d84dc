"""Many turns: the older ones fold into a line and open on demand; what is gone is closed."""

from __future__ import annotations

import ipywidgets as w
import pytest

from mockmate_nb.view.conversation import SHOWN, Conversation
from tests.view.panels import soon


def text(key: int) -> w.HTML:
    return w.HTML(str(key))


def shown(talk: Conversation) -> list[int]:
    return [int(child.value) for child in talk.children if isinstance(child, w.HTML)]


@pytest.mark.parametrize("count", [0, 1, SHOWN, SHOWN + 1, 3 * SHOWN])
def test_the_last_hundred_are_shown(count: int) -> None:
    talk = Conversation()
    talk.arrange(range(count), text)
    assert shown(talk) == list(range(max(0, count - SHOWN), count))
    assert (talk.earlier in talk.children) == (count > SHOWN)


def test_the_earlier_ones_open_and_fold_again() -> None:
    talk = Conversation()
    talk.arrange(range(SHOWN + 7), text)
    assert talk.earlier.description == "Show 7 earlier turns"
    talk.earlier.click()
    assert soon(lambda: shown(talk) == list(range(SHOWN + 7)))
    assert talk.earlier.description == "Fold 7 earlier turns"
    talk.earlier.click()
    assert soon(lambda: shown(talk) == list(range(7, SHOWN + 7)))


def test_what_stays_is_the_same_and_what_goes_is_closed() -> None:
    talk = Conversation()
    talk.arrange("abc", w.HTML)
    first, _, last = talk.children
    talk.arrange("ac", w.HTML)
    assert talk.children == (first, last)
    assert "b" not in talk
    gone = talk["c"]
    talk.arrange("a", w.HTML)
    assert gone.comm is None, "a closed widget has no comm"


def test_new_turns_come_last_while_the_earlier_ones_are_open() -> None:
    talk = Conversation()
    talk.arrange(range(SHOWN + 1), text)
    talk.earlier.click()
    assert soon(lambda: len(shown(talk)) > SHOWN)
    talk.arrange(range(SHOWN + 2), text)
    assert shown(talk) == list(range(SHOWN + 2))
    assert talk.earlier.description == "Fold 2 earlier turns"
