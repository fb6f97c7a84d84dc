"""What every event log promises: one suite, run on each backend."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.streams import log as log_module
from mockmate_nb.streams.log import EventLog, StaleEpoch, StreamEnded, open_log
from mockmate_nb.wire.events import (
    Command,
    Error,
    Event,
    FeedbackChunk,
    Interrupted,
    InterviewComplete,
    QuestionChunk,
    QuestionComplete,
    Seam,
    SessionStarted,
    Stopped,
)

T = TypeVar("T")
BACKENDS = ("memory", "sqlite")
SOON = 30  # seconds after which a wait counts as a hang


def address(backend: str, folder: Path) -> str:
    return "memory:" if backend == "memory" else f"sqlite:///{folder / 'log.db'}"


@pytest.fixture(params=BACKENDS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    opened = open_log(address(request.param, tmp_path))
    yield opened
    assert not opened._wakeups._waiting
    opened.close()


def chunk(text: str) -> QuestionChunk:
    return QuestionChunk(content=text)


def chunks(first: int, last: int) -> list[Event]:
    return [chunk(f"{n} ") for n in range(first, last + 1)]


def complete(text: str = "") -> QuestionComplete:
    return QuestionComplete(session_id="s", total_content=text, source="model", via="stream")


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


TERMINAL = (
    complete("Tell me."),
    InterviewComplete(session_id="s", feedback={"strengths": ["figures"], "overall": 3.5, "none": None}),
    Stopped(partial="Tell"),
    Interrupted(partial=""),
    Error(kind="timeout", message="No word came.", retryable=True, partial="Tell", raw="{"),
)
OTHERS = (
    SessionStarted(session_id="s"),
    chunk("你好, “世界” 🌍\u2028\x00\n"),
    QuestionChunk(content="", finished=True),
    FeedbackChunk(path="questions.0.fix", content="Say why."),
    Seam(at=17),
    Command(name="respond", arguments={"answer": "I did.", "nested": {"list": [1, 2.5, None, True]}}),
    QuestionChunk(content="a", agent="planner", sequence=4),
)


async def collect(events: AsyncIterator[T], count: int | None = None) -> list[T]:
    """The first `count` of `events`, or all of them."""
    found: list[T] = []
    if count == 0:
        return found
    async for item in events:
        found.append(item)
        if len(found) == count:
            break
    return found


async def soon(work: Coroutine[Any, Any, T] | asyncio.Task[T]) -> T:
    return await asyncio.wait_for(work, SOON)


async def waiting(log: EventLog, stream: str, readers: int = 1) -> None:
    """Until that many readers wait for the stream."""
    async with asyncio.timeout(SOON):
        while len(log._wakeups._waiting.get(stream, ())) != readers:
            await asyncio.sleep(0.001)


class Elsewhere:
    """A thread with an event loop of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wait_for(
            asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop)), SOON
        )

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    place = Elsewhere()
    yield place
    place.close()


@pytest.mark.parametrize("event", OTHERS, ids=lambda e: e.type)
@pytest.mark.parametrize("terminal", TERMINAL, ids=lambda e: e.type)
async def test_what_is_appended_is_read_and_followed(log: EventLog, event: Event, terminal: Event) -> None:
    assert await log.append("s", [event]) == ["1.1"]
    assert await log.append("s", [event, terminal]) == ["1.2", "1.3"]
    records = [("1.1", event), ("1.2", event), ("1.3", terminal)]
    assert await log.read("s") == records
    assert await soon(collect(log.follow("s"))) == records


async def test_each_event_keeps_the_time_of_its_commit(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        log_module, "time", SimpleNamespace(time=iter((10.5, 9.25)).__next__, monotonic=float)
    )
    await log.append("s", chunks(1, 2))
    await log.append("s", chunks(3, 3))
    assert [row.at for row in log._store.page("s", 0, 9)] == [10.5, 10.5, 9.25]


async def test_replay_after_each_id(log: EventLog) -> None:
    ids = await log.append("s", chunks(1, 3))
    ids += await log.append("s", [*chunks(4, 5), complete()], epoch=7)
    assert ids == ["1.1", "1.2", "1.3", "7.4", "7.5", "7.6"]
    records = await log.read("s")
    for place, after in enumerate([None, *ids]):
        assert await log.read("s", after=after) == records[place:]
        assert await soon(collect(log.follow("s", after=after))) == records[place:]


@pytest.mark.parametrize(
    "total", [0, 1, log_module.PAGE_ROWS - 1, log_module.PAGE_ROWS, 3 * log_module.PAGE_ROWS]
)
async def test_pages_join_without_a_seam(log: EventLog, total: int) -> None:
    events = [*chunks(1, total), complete()]
    ids = await log.append("s", events)
    assert await log.read("s") == list(zip(ids, events, strict=True))
    assert await soon(collect(log.follow("s"))) == list(zip(ids, events, strict=True))


async def test_a_long_replay_gives_way_to_other_work(log: EventLog) -> None:
    await log.append("s", [*chunks(1, 4 * log_module.PAGE_ROWS), complete()])
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    work = asyncio.create_task(other())
    await collect(log.follow("s"))
    work.cancel()
    assert turns >= 3


async def test_a_follower_waits_for_a_stream_that_begins_later(log: EventLog) -> None:
    reader = asyncio.create_task(collect(log.follow("s")))
    for event in [*chunks(1, 3), complete()]:
        await waiting(log, "s")
        await log.append("s", [event])
    assert [event for _, event in await soon(reader)] == [*chunks(1, 3), complete()]


async def test_news_of_another_stream_wakes_nobody(log: EventLog) -> None:
    reader = asyncio.create_task(collect(log.follow("s"), 1))
    await waiting(log, "s")
    await log.append("other", chunks(1, 2))
    await log.append("s", [chunk("mine")])
    assert await soon(reader) == [("1.1", chunk("mine"))]


async def test_a_reader_reads_what_is_new_only_once_it_is_committed(log: EventLog) -> None:
    async def writer() -> None:
        for event in [*chunks(1, 300), complete()]:
            await log.append("s", [event])
            await asyncio.sleep(0)

    work = asyncio.create_task(writer())
    seen = []
    async for id_, _ in log.follow("s"):
        seen.append(id_)
        assert (await log.read("s"))[len(seen) - 1][0] == id_
    await work
    assert seen == [f"1.{n}" for n in range(1, 302)]


async def test_read_takes_the_stream_as_it_stands(log: EventLog) -> None:
    assert await log.read("s") == []
    await log.append("s", chunks(1, 2))
    assert len(await log.read("s")) == 2
    assert await log.read("s", after="1.2") == []


@pytest.mark.parametrize("terminal", TERMINAL, ids=lambda e: e.type)
@pytest.mark.parametrize("late", [chunk("late"), Stopped(partial="late")], ids=lambda e: e.type)
async def test_nothing_is_written_after_a_terminal_event(log: EventLog, terminal: Event, late: Event) -> None:
    await log.append("s", [terminal], epoch=2)
    for epoch in (2, 3):
        with pytest.raises(StreamEnded, match=terminal.type):
            await log.append("s", [late], epoch=epoch)
    assert await log.read("s") == [("2.1", terminal)]


async def test_of_racing_terminals_one_stands(log: EventLog, elsewhere: Elsewhere) -> None:
    async def end(stream: str, partial: str) -> str:
        try:
            await log.append(stream, [Stopped(partial=partial)])
        except StreamEnded:
            return ""
        return partial

    for n in range(20):
        stream = f"s{n}"
        winners = await asyncio.gather(end(stream, "here"), elsewhere.run(end(stream, "there")))
        (winner,) = filter(None, winners)
        assert await log.read(stream) == [("1.1", Stopped(partial=winner))]


async def test_a_higher_epoch_fences_the_lower(log: EventLog) -> None:
    assert await log.append("s", [chunk("a")], epoch=1) == ["1.1"]
    assert await log.append("s", [chunk("b")], epoch=3) == ["3.2"]
    for stale in (1, 2):
        with pytest.raises(StaleEpoch, match="newer writer"):
            await log.append("s", [chunk("x"), Stopped(partial="x")], epoch=stale)
    assert await log.append("s", [chunk("c")], epoch=3) == ["3.3"]
    assert await log.read("s") == [("1.1", chunk("a")), ("3.2", chunk("b")), ("3.3", chunk("c"))]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([chunk("a"), complete(), chunk("b")], "ends a stream"),
        ([Stopped(partial=""), Stopped(partial="")], "ends a stream"),
        ([chunk("a"), chunk("half a character \ud83d")], "Event 2"),
        ([chunk("a"), Command(name="x", arguments={"set": {1, 2}})], "Event 2"),
        ([chunk("a"), Command(name="x", arguments={"deep": nested(5000)})], "Event 2"),
        ([chunk("a"), Event()], "Event 2"),
    ],
    ids=["middle", "twice", "surrogate", "no json", "deep", "unknown"],
)
async def test_a_batch_is_written_whole_or_not_at_all(
    log: EventLog, events: Sequence[Event], said: str
) -> None:
    await log.append("s", [chunk("before")])
    with pytest.raises(CallerError, match=said) as caught:
        await log.append("s", events)
    assert caught.value.field == "events"
    assert await log.append("s", [chunk("after")]) == ["1.2"]
    assert [event for _, event in await log.read("s")] == [chunk("before"), chunk("after")]


async def test_an_empty_batch_writes_nothing(log: EventLog) -> None:
    assert await log.append("s", []) == []
    assert await log.streams() == []


@pytest.mark.parametrize(
    "after",
    [
        "",
        "1",
        "1.0",
        "0.1",
        "1.3",
        "2.1",
        "1.-1",
        "1.1 ",
        "1.1\n",
        "x",
        "1.1.1",
        "01.1",
        "１.1",
        "1." + "9" * 40,
    ],
)
async def test_an_id_that_was_never_given_is_refused(log: EventLog, after: str) -> None:
    await log.append("s", chunks(1, 2))
    await log.append("other", chunks(1, 3))
    for refused in (log.read("s", after=after), soon(collect(log.follow("s", after=after)))):
        with pytest.raises(CallerError, match="is not the id of an event") as caught:
            await refused
        assert caught.value.field == "after"


@pytest.mark.parametrize("stream", ["", "a\x00b", "a\nb", "\ud800"])
async def test_a_bad_stream_id_is_refused(log: EventLog, stream: str) -> None:
    for call in (
        log.append(stream, [chunk("a")]),
        log.read(stream),
        collect(log.follow(stream)),
        log.drop(stream),
    ):
        with pytest.raises(CallerError, match="stream id"):
            await call


@pytest.mark.parametrize("epoch", [0, -1, 10**18])
async def test_a_bad_epoch_is_refused(log: EventLog, epoch: int) -> None:
    with pytest.raises(CallerError, match="epoch"):
        await log.append("s", [chunk("a")], epoch=epoch)
    assert await log.read("s") == []


async def test_streams_come_by_their_last_activity(log: EventLog) -> None:
    for stream in ("me/a", "me/b", "you/a", "me/é", "me/b", "me_", "m", "me/a"):
        await log.append(stream, [chunk("x")])
    assert await log.streams() == ["you/a", "me/é", "me/b", "me_", "m", "me/a"]
    assert await log.streams("me/") == ["me/é", "me/b", "me/a"]
    assert await log.streams("me/a") == ["me/a"]
    assert await log.streams("ME") == []
    assert await log.streams("%") == []


async def test_drop_deletes_for_good(log: EventLog) -> None:
    await log.append("s", chunks(1, 2))
    await log.append("kept", chunks(1, 2))
    for _ in range(2):
        await log.drop("s")
        assert await log.read("s") == []
        assert await log.streams() == ["kept"]
    with pytest.raises(StreamEnded, match="deleted"):
        await log.append("s", [chunk("late")])
    with pytest.raises(StreamEnded, match="deleted"):
        await soon(collect(log.follow("s")))
    assert len(await log.read("kept")) == 2


async def test_drop_of_what_does_not_exist_is_no_fault(log: EventLog) -> None:
    await log.drop("s")
    assert await log.append("s", [chunk("a")]) == ["1.1"]


@pytest.mark.parametrize("position", ["waiting", "reading"])
async def test_drop_ends_the_readers(log: EventLog, position: str) -> None:
    await log.append("s", chunks(1, 2))
    reader = log.follow("s")
    assert len(await collect(reader, 1)) == 1
    rest = asyncio.create_task(collect(reader)) if position == "waiting" else None
    if rest is not None:
        await waiting(log, "s")
    await log.drop("s")
    with pytest.raises(StreamEnded, match="deleted"):
        await soon(rest or collect(reader))


async def test_writers_in_many_threads_leave_no_hole_and_no_double(log: EventLog) -> None:
    def write(name: int) -> None:
        async def work() -> None:
            for n in range(50):
                ids.extend(await log.append("s", [chunk(f"{name}:{n}:a"), chunk(f"{name}:{n}:b")]))

        asyncio.run(work())

    ids: list[str] = []
    reader = asyncio.create_task(collect(log.follow("s")))
    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    await log.append("s", [complete()])
    records = await soon(reader)
    assert [id_ for id_, _ in records] == [f"1.{n}" for n in range(1, 402)]
    assert sorted(ids) == sorted(id_ for id_, _ in records[:-1])
    said = [event.content for _, event in records if isinstance(event, QuestionChunk)]
    assert sorted(said) == sorted(f"{w}:{n}:{half}" for w in range(4) for n in range(50) for half in "ab")
    assert all(b == a[:-1] + "b" for a, b in zip(said[::2], said[1::2], strict=True))


async def test_a_follower_on_another_loop_in_another_thread(log: EventLog, elsewhere: Elsewhere) -> None:
    far = asyncio.create_task(elsewhere.run(collect(log.follow("s"))))
    near = asyncio.create_task(collect(log.follow("s")))
    for event in [*chunks(1, 20), complete()]:
        await waiting(log, "s", readers=2)
        await log.append("s", [event])
    assert await soon(far) == await soon(near) == await log.read("s")


async def test_a_follower_left_early_leaves_nothing(log: EventLog) -> None:
    await log.append("s", chunks(1, 3))
    before = asyncio.all_tasks()
    async for _ in log.follow("s"):
        break
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert not log._wakeups._waiting


async def test_a_cancelled_follower_leaves_nothing(log: EventLog) -> None:
    reader = asyncio.create_task(collect(log.follow("s")))
    await waiting(log, "s")
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert not log._wakeups._waiting
    assert await log.append("s", [chunk("a")]) == ["1.1"]


async def test_a_reader_whose_loop_was_closed_disturbs_nobody(log: EventLog) -> None:
    lost = asyncio.new_event_loop()

    async def read_lost() -> list[tuple[str, Event]]:
        return await collect(log.follow("s"))

    def abandon() -> asyncio.Task[Any]:
        task = lost.create_task(read_lost())
        lost.run_until_complete(waiting(log, "s"))
        lost.close()
        return task

    task = await asyncio.to_thread(abandon)
    near = asyncio.create_task(collect(log.follow("s")))
    await waiting(log, "s", readers=2)
    await log.append("s", [chunk("a"), complete()])
    assert len(await soon(near)) == 2
    assert not log._wakeups._waiting
    with contextlib.suppress(RuntimeError):  # the task's own loop can take nothing more
        task.get_coro().close()
    task._log_destroy_pending = False  # type: ignore[attr-defined] # the test meant to abandon it


async def test_a_slow_reader_holds_up_neither_writer_nor_reader(log: EventLog) -> None:
    await log.append("s", [chunk("first")])
    slow = log.follow("s")
    await anext(slow)
    for event in chunks(1, 1000):
        await log.append("s", [event])
    await log.append("s", [complete()])
    assert len(await soon(collect(log.follow("s")))) == 1002
    assert not log._wakeups._waiting
    assert len(await soon(collect(slow))) == 1001


@pytest.mark.parametrize("position", ["waiting", "reading"])
async def test_close_ends_the_readers_with_a_clear_error(
    log: EventLog, elsewhere: Elsewhere, position: str
) -> None:
    await log.append("s", chunks(1, 2))
    readers = []
    if position == "waiting":
        readers = [
            asyncio.create_task(collect(log.follow("s", after="1.2"))),
            asyncio.create_task(elsewhere.run(collect(log.follow("s", after="1.2")))),
        ]
        await waiting(log, "s", readers=2)
    else:
        reader = log.follow("s")
        await anext(reader)
        readers = [asyncio.create_task(collect(reader))]
    log.close()
    for task in readers:
        with pytest.raises(CallerError, match="closed"):
            await soon(task)


async def test_after_close_every_call_says_so(log: EventLog) -> None:
    log.close()
    log.close()
    for call in (
        log.append("s", [chunk("a")]),
        log.read("s"),
        collect(log.follow("s")),
        log.streams(),
        log.drop("s"),
    ):
        with pytest.raises(CallerError, match="closed"):
            await soon(call)


async def test_the_family_of_errors(log: EventLog) -> None:
    assert issubclass(StaleEpoch, CallerError)
    assert issubclass(StreamEnded, CallerError)
    assert issubclass(CallerError, MockMateError)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "memory",
        "memory:x",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///a\x00b",
        "redis://:hunter2@host/0",
        "postgres:///x",
        "./x.db",
        "SQLITE:///x",
    ],
)
def test_a_bad_address_is_refused(bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CallerError, match="sqlite:///path") as caught:
        open_log(bad)
    assert caught.value.field == "address"
    assert "hunter2" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# Any interleaving of appends, takeovers and cursors reads the one sequence.
STEPS = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("read"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("follow"), st.integers(0, 2), st.integers(0, 4)),
)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=25), page=st.integers(1, 4))
def test_any_interleaving_reads_one_sequence(
    backend: str, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]], page: int
) -> None:
    asyncio.run(interleave(address(backend, tmp_path_factory.mktemp("log")), steps, page))


async def interleave(where: str, steps: list[tuple[str, int, int]], page: int) -> None:
    log = open_log(where)
    model: list[tuple[str, Event]] = []
    epoch = 1
    cursors: dict[int, list[tuple[str, Event]]] = {0: [], 1: [], 2: []}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_module, "PAGE_ROWS", page)
        for name, which, how in steps:
            if name == "append":
                epoch += how
                events = chunks(len(model) + 1, len(model) + which)
                ids = await log.append("s", events, epoch=epoch)
                model += zip(ids, events, strict=True)
                continue
            seen = cursors[which]
            after = seen[-1][0] if seen else None
            if name == "read":
                seen += await log.read("s", after=after)
                assert seen == model
            else:
                seen += await soon(collect(log.follow("s", after=after), min(how, len(model) - len(seen))))
                assert seen == model[: len(seen)]
        assert [int(id_.partition(".")[2]) for id_, _ in model] == list(range(1, len(model) + 1))
        assert await log.read("s") == model
    log.close()
