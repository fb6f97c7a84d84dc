"""Work that measures: awaited, watched, stopped, interrupted; what was found is never lost."""

from __future__ import annotations

import _thread
import asyncio
import threading
import time

import pytest

from mockmate_nb import aio
from mockmate_nb.errors import CallerError
from mockmate_nb.lab.measuring import Measuring


def counting(upto: int = 5, pause: float = 0.0, fault: Exception | None = None) -> Measuring[list[int]]:
    """Work that finds the numbers 0 to `upto` - 1, and fails after them where it is to."""

    async def work(measuring: Measuring[list[int]]) -> None:
        for number in range(upto):
            measuring.step(f"number {number}", done=number)
            await asyncio.sleep(pause)
            measuring.report = [*measuring.report, number]
        if fault is not None:
            raise fault

    return Measuring("counting", [], upto, work)


def found(work: Measuring[list[int]], many: int) -> None:
    end = time.monotonic() + 10
    while len(work.report) < many and time.monotonic() < end:
        time.sleep(0.002)


async def test_it_can_be_awaited_from_any_loop_and_more_than_once() -> None:
    work = counting()
    assert await work == [0, 1, 2, 3, 4]
    assert await work == [0, 1, 2, 3, 4]
    assert work.finished
    assert not work.stopped


def test_it_can_be_given_to_run() -> None:
    assert aio.run(counting()) == [0, 1, 2, 3, 4]


async def test_nothing_begins_before_it_is_wanted() -> None:
    work = counting()
    await asyncio.sleep(0.02)
    assert (work.done, work.finished) == (0, False)
    assert await work.begin().begin() == [0, 1, 2, 3, 4]


async def test_watchers_hear_of_each_step_and_of_the_end() -> None:
    heard: list[tuple[str, int, bool]] = []
    work = counting(3)
    work.on_change(lambda: heard.append((work.doing, work.done, work.finished)))
    await work
    assert heard == [
        ("number 0", 0, False),
        ("number 1", 1, False),
        ("number 2", 2, False),
        ("", 2, True),
    ]


async def test_a_stop_keeps_what_was_found() -> None:
    work = counting(1000, 0.001).begin()
    await asyncio.to_thread(found, work, 3)
    await work.stop()
    await work.stop()
    kept = await work
    assert kept == list(range(len(kept)))
    assert 3 <= len(kept) < 1000
    assert work.stopped
    assert work.finished


async def test_a_stop_before_the_beginning_measures_nothing() -> None:
    work = counting()
    await work.stop()
    assert await work == []
    assert work.stopped


async def test_a_stop_right_after_the_beginning_is_not_lost() -> None:
    async def both() -> list[int]:
        work = counting(10**6)
        work.begin()
        await work.stop()
        return await work

    assert len(await aio.on_worker(both())) < 10**6


async def test_a_stop_after_the_end_changes_nothing() -> None:
    work = counting()
    await work
    await work.stop()
    assert not work.stopped


async def test_a_fault_is_raised_and_what_was_found_stays() -> None:
    work = counting(3, fault=CallerError("no more numbers"))
    with pytest.raises(CallerError, match="no more numbers"):
        await work
    assert work.report == [0, 1, 2]
    assert work.finished


async def test_a_cancelled_await_stops_the_work_and_leaves_the_partial() -> None:
    work = counting(10**6, 0.001)
    waiting = asyncio.ensure_future(_outcome(work))
    await asyncio.to_thread(found, work, 3)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert work.finished
    assert 3 <= len(work.report) < 10**6


async def _outcome(work: Measuring[list[int]]) -> list[int]:
    return await work


def test_the_interrupt_button_gives_the_cell_the_partial() -> None:
    work = counting(10**6, 0.001)

    def interrupt() -> None:
        found(work, 3)
        _thread.interrupt_main()

    watcher = threading.Thread(target=interrupt)
    watcher.start()
    kept = aio.run(work)
    watcher.join()
    assert 3 <= len(kept) < 10**6
    assert work.stopped


def test_it_says_how_far_it_is() -> None:
    work = counting()
    assert repr(work) == "<counting: 0 of 5>"
    aio.run(work)
    assert repr(work) == "<counting: 4 of 5, over>"


async def test_a_watcher_that_fails_does_not_stop_the_work() -> None:
    work = counting(3)
    work.on_change(lambda: _fail())
    assert await work == [0, 1, 2]


async def test_begun_from_many_threads_it_runs_once() -> None:
    for _ in range(50):
        work = counting(3)
        await asyncio.gather(*(asyncio.to_thread(work.begin) for _ in range(4)))
        assert await work == [0, 1, 2]


async def test_after_a_stop_nothing_begins_and_watchers_know() -> None:
    work, ends = counting(), []
    work.on_change(lambda: ends.append(work.finished))
    await work.stop()
    assert work.begin().finished
    assert ends == [True]
    assert await work == []


def _fail() -> None:
    raise ValueError("a watcher's own fault")
