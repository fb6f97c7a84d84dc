"""The clock of a live interview, as Python sets it; how it runs down is the page's part."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mockmate_nb.view.timer import Timer


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The kernel's clock, in seconds."""
    at = [1_000.0]
    monkeypatch.setattr("mockmate_nb.view.timer._now", lambda: 1000 * at[0])
    return at


def test_what_is_left_is_a_deadline_by_the_kernels_clock(now: list[float]) -> None:
    clock = Timer()
    assert clock.deadline is None
    assert clock.layout.display == "none"
    clock.set(90)
    assert [clock.now, clock.deadline, clock.layout.display] == [1_000_000, 1_090_000, ""]
    now[0] += 30
    clock.set(60)
    assert clock.deadline == 1_090_000, "the same moment, said once more"
    clock.set(-5)
    assert clock.deadline == clock.now, "never in the past"
    clock.set(None)
    assert [clock.deadline, clock.layout.display] == [None, "none"]


def test_both_go_to_the_page_in_one_message(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Timer()
    sent: list[set[str]] = []
    monkeypatch.setattr(
        clock, "send_state", lambda key=None: sent.append({key} if isinstance(key, str) else set(key))
    )
    clock.set(90)
    assert sent == [{"now", "deadline"}]
    sent.clear()
    clock.set(None)
    clock.set(None)
    assert len(sent) == 1, "what is hidden stays so without a word"


def test_a_page_that_was_reloaded_asks_for_the_time(
    now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Timer()
    sent: list[Any] = []
    monkeypatch.setattr(clock, "send", sent.append)
    now[0] = 1_234.5
    for content in ({"type": "now"}, {"type": "then"}, "now", None):
        clock._handle_custom_msg(content, [])
    assert sent == [{"type": "now", "now": 1_234_500.0}]


def test_it_can_be_set_from_any_thread() -> None:
    clock = Timer(language="zh")
    threads = [threading.Thread(target=clock.set, args=(left,)) for left in (30, None, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (clock.deadline is None) == (clock.layout.display == "none")


@pytest.mark.parametrize("name", ["deadline", "now", "language"])
def test_python_and_the_page_use_the_same_words(name: str) -> None:
    assert name in Timer().keys
    assert f'"{name}"' in Timer._esm
