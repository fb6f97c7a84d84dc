from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from IPython.core.events import EventManager, available_events

from mockmate_nb.view import hearing
from mockmate_nb.view.hearing import Cells
from mockmate_nb.view.pace import FRAME, FRAME_MAX, Pace

Delay = Callable[[float], float | None]


def stream(pace: Pace, delays: Iterable[Delay], seconds: float, start: float = 0.0) -> list[float]:
    """A message of one byte a frame; each page acknowledges after its delay what it is asked to. Gives the frames."""
    now, length, frames = start, int(1_000 * start), list[float]()
    acks: list[tuple[float, int]] = []
    while now < start + seconds:
        length += 1
        asked = delays if pace.sent(length, now) else []
        acks = sorted(acks + [(now + delay, length) for page in asked if (delay := page(now)) is not None])
        sent = now
        while True:
            due = sent + pace.frame(sent)
            if not acks or acks[0][0] > due:
                break
            now, acked = acks.pop(0)
            pace.acknowledged(acked, now)
            if now >= sent + pace.frame(sent):
                due = now
                break
        frames.append(due - sent)
        now = due
    return frames


def after(delay: float | None) -> Delay:
    return lambda _now: delay


CASES: dict[str, tuple[list[Delay], float]] = {
    "acknowledged within a frame": ([after(0.005)], FRAME),
    "acknowledged just within a frame": ([after(0.039)], FRAME),
    "acknowledged 200 ms late": ([after(0.2)], 0.2),
    "acknowledged 2 s late": ([after(2.0)], FRAME_MAX),
    "not acknowledged": ([after(None)], FRAME_MAX),
    "not acknowledged for 3 s, then quickly": ([lambda now: 0.005 if now > 3 else None], FRAME),
    "slow for 3 s, then quickly": ([lambda now: 0.005 if now > 3 else 1.0], FRAME),
    "one page slow, one quick": ([after(0.3), after(0.005)], FRAME),
    "one page gone, one slow": ([after(None), after(0.1)], 0.1),
}


@pytest.mark.parametrize(("delays", "expected"), CASES.values(), ids=CASES)
def test_the_frame_follows_the_quickest_page(delays: list[Delay], expected: float) -> None:
    pace = Pace()
    pace.spoken()
    frames = stream(pace, delays, 6.0)
    assert frames[-1] == pytest.approx(expected, abs=0.005)
    assert all(FRAME - 1e-9 <= frame <= FRAME_MAX + 1e-9 for frame in frames)


def test_a_page_that_stops_answering_is_spared_within_a_second_and_not_for_good() -> None:
    pace = Pace()
    pace.spoken()
    assert stream(pace, [after(None)], 1.5)[-1] == FRAME_MAX
    assert stream(pace, [after(0.005)], 2.5, start=2.0)[-1] == pytest.approx(FRAME)


def test_without_a_page_that_has_spoken_nothing_is_expected() -> None:
    assert max(stream(Pace(), [after(None)], 3.0)) == pytest.approx(FRAME)


def test_while_the_kernel_hears_nothing_silence_is_no_evidence() -> None:
    pace = Pace()
    pace.spoken()
    assert stream(pace, [after(None)], 3.0)[-1] == FRAME_MAX
    pace.hearing(None)
    assert max(stream(pace, [after(None)], 3.0, start=3.0)) == pytest.approx(FRAME)
    pace.hearing(1)
    assert pace.frame(7.0) == FRAME
    pace.acknowledged(5_000, 7.0)  # sent while the kernel was deaf: its delay is the cell's
    assert pace.frame(7.0) == FRAME
    assert stream(pace, [after(None)], 3.0, start=8.0)[-1] == FRAME_MAX


def test_a_new_run_waits_for_none_of_the_old_acknowledgements() -> None:
    pace = Pace()
    pace.spoken()
    pace.sent(10, 0.0)
    pace.begin()
    assert pace.frame(1.0) == FRAME
    pace.sent(20, 1.0)
    pace.acknowledged(10, 1.4)
    assert pace.frame(1.4) == pytest.approx(0.4)


@pytest.mark.parametrize(("delay", "most"), [(0.005, 4.2), (None, 1.2)], ids=["answered", "unanswered"])
def test_a_page_is_asked_a_few_times_a_second(delay: float | None, most: float) -> None:
    pace, asked = Pace(), 0
    pace.spoken()
    for length in range(1_000):
        if pace.sent(length, now := length * FRAME):
            asked += 1
            if delay is not None:
                pace.acknowledged(length, now + delay)
    assert 0.8 * most < asked / (1_000 * FRAME) <= most


@pytest.mark.parametrize("deaf", [True, False])
def test_nobody_is_asked_who_has_not_spoken_or_would_not_be_heard(deaf: bool) -> None:
    pace = Pace()
    if deaf:
        pace.spoken()
        pace.hearing(None)
    assert not any(pace.sent(length, float(length)) for length in range(100))


# --- whether the kernel can hear


def shell() -> Any:
    made: Any = types.SimpleNamespace(kernel=object())
    made.events = EventManager(made, available_events)
    return made


def test_the_kernel_hears_between_two_cells() -> None:
    cells, ipython = Cells(), shell()
    assert cells.spell == 0
    cells.follow(ipython)
    cells.follow(ipython)
    assert [len(ipython.events.callbacks[name]) for name in ("pre_run_cell", "post_run_cell")] == [1, 1]
    spells = [cells.spell]
    for name in ("post_run_cell", "pre_run_cell", "post_run_cell", "pre_run_cell"):
        ipython.events.trigger(name, None)
        spells.append(cells.spell)
    assert spells == [None, 1, None, 2, None]


def test_a_widgets_own_messages_are_no_cells() -> None:
    cells, ipython = Cells(), shell()
    cells.follow(ipython)
    ipython.events.trigger("post_run_cell", None)
    ipython.events.trigger("pre_execute")
    assert cells.spell == 1


@pytest.mark.parametrize("has_kernel", [False, True])
def test_cells_are_followed_where_there_is_a_kernel(
    has_kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ipython = shell() if has_kernel else types.SimpleNamespace()
    monkeypatch.setattr(hearing, "CELLS", Cells())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: ipython))
    assert (hearing.cells().spell is None) is has_kernel
    monkeypatch.delitem(sys.modules, "IPython")
    monkeypatch.setattr(hearing, "CELLS", Cells())
    assert hearing.cells().spell == 0
