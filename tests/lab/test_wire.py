"""One stream under a glass: held, stepped, slowed, cut; and what is seen is what the client saw."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockmate_nb import LLM, aio
from mockmate_nb.errors import CallerError, Kind
from mockmate_nb.lab.wire import Frame, Inspection, inspect
from mockmate_nb.lab.wire_frames import Blot, Gate, Record
from mockmate_nb.lab.wire_tap import WireTap
from mockmate_nb.llm import stream as stream_module
from mockmate_nb.llm.practice import ABOUT
from mockmate_nb.llm.seam import broken_off
from mockmate_nb.wire.sse import SSEDecoder
from tests.llm import misbehaving
from tests.llm.misbehaving import DONE, KEY, Reply, Server, chunk, stream

ASK = "What is a server-sent event?"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as scripted:
        yield scripted


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "backoff", lambda _: 0.0)


def asks(server: Server) -> LLM:
    return LLM(base_url=server.url, api_key=KEY, model="m")


def fast(limit: int | None = None) -> Inspection:
    return inspect(LLM("practice", pace=0), ASK, max_tokens=limit)


async def held(inspection: Inspection) -> bytes:
    """The bytes of the chunk that is waiting, once it is there."""
    await inspection.still()
    assert inspection.held is not None
    return inspection.held.raw


async def test_each_chunk_stands_beside_its_events_and_its_text() -> None:
    inspection = await fast()
    frames = inspection.frames
    assert inspection.state == "done"
    assert "".join(frame.text for frame in frames) == inspection.text == ABOUT["en"]
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    raw = b"".join(frame.raw for frame in frames)
    assert [event for frame in frames for event in frame.events] == SSEDecoder().feed(raw)
    assert [frame.offset for frame in frames] == [
        sum(len(each.raw) for each in frames[:at]) for at in range(len(frames))
    ]
    assert frames[-1].events[-1].data == "[DONE]"
    assert inspection.total == (len(frames), len(raw), len(frames) + 3, len(ABOUT["en"]))
    assert [frame.at for frame in frames] == sorted(frame.at for frame in frames)


async def test_nothing_is_asked_before_somebody_wants_it(server: Server) -> None:
    server.replies = [stream("a")]
    inspection = inspect(asks(server), ASK)
    inspection.slow(5)
    await asyncio.sleep(0.05)
    assert (inspection.state, server.requests) == ("idle", [])
    await inspection
    assert len(server.requests) == 1


async def test_while_it_is_paused_nothing_passes() -> None:
    inspection = fast()
    inspection.pause()
    first = await held(inspection)
    await asyncio.sleep(0.05)
    assert (inspection.state, inspection.frames, inspection.text) == ("paused", (), "")
    assert b'"role"' in first
    inspection.play()
    await inspection
    assert inspection.frames[0].raw == first
    assert inspection.frames[0].held >= 0.05


@pytest.mark.parametrize("count", [1, 2, 5])
async def test_a_step_lets_exactly_so_many_through(count: int) -> None:
    inspection = fast()
    for times in (1, 2):
        passed = await inspection.step(count)
        assert [frame.number for frame in passed] == list(range((times - 1) * count + 1, times * count + 1))
        waiting = await held(inspection)
        await asyncio.sleep(0.02)
        assert inspection.total.chunks == times * count
        assert inspection.text == "".join(frame.text for frame in inspection.frames)
    await inspection.step()
    assert inspection.frames[-1].raw == waiting


async def test_steps_beyond_the_end_end_there() -> None:
    inspection = fast(2)
    passed = await inspection.step(50)
    assert (len(passed), inspection.state) == (3, "done")
    assert await inspection.step() == ()


async def test_slow_motion_keeps_chunks_apart() -> None:
    inspection = fast(3)
    inspection.slow(20)
    began = time.monotonic()
    await inspection
    assert time.monotonic() - began >= 3 / 20
    assert inspection.speed == 20


async def test_cut_before_the_held_chunk_and_the_client_goes_on_from_its_text() -> None:
    inspection = fast()
    await inspection.step(5)
    text, lost = inspection.text, await held(inspection)
    inspection.cut()
    again = await held(inspection)
    assert (inspection.requests, inspection.state) == (2, "paused")
    cut = inspection.frames[-1]
    assert (cut.raw, cut.cut, cut.lost, cut.text) == (b"", True, len(lost), "")
    assert again.startswith(b'data: {"id"')
    inspection.play()
    await inspection
    assert inspection.text == ABOUT["en"]
    assert inspection.seams == [len(text.encode())]
    assert [frame.request for frame in inspection.frames][4:7] == [1, 1, 2]
    assert inspection.frames[6].offset == 0


REPLY = chunk("Hé") + chunk("llo") + chunk(" 你好", finish="stop") + DONE
REST = "Héllo 你好"


@pytest.mark.parametrize("at", range(len(REPLY) + 1))
async def test_cut_at_any_byte_never_shows_half_an_event(server: Server, at: int) -> None:
    def answer(request: misbehaving.Request) -> Reply:
        partial = broken_off(request.body["messages"])[1]
        first = not partial and len(server.requests) == 1
        return Reply([REPLY, 0.01, b": the end\n\n"]) if first else stream(REST.removeprefix(partial))

    server.answer = answer
    inspection = inspect(asks(server), ASK)
    inspection.pause()
    assert await held(inspection) == REPLY
    inspection.cut(at)
    inspection.play()
    await inspection
    first = inspection.frames[0]
    whole = "".join(text for text, end in _ends() if end <= at)
    assert (first.text, first.cut, first.lost) == (whole, True, len(REPLY) - at)
    assert first.events == tuple(SSEDecoder().feed(REPLY[:at]))
    assert (inspection.state, inspection.text) == ("done", REST)
    finished = at >= len(REPLY) - len(DONE)
    assert inspection.requests == (1 if finished else 2)
    assert inspection.seams == ([] if finished or not whole else [len(whole.encode())])


def _ends() -> list[tuple[str, int]]:
    """Each event's text, and the byte from which on it is whole."""
    parts = [(text, chunk(text)) for text in ("Hé", "llo")] + [(" 你好", chunk(" 你好", finish="stop"))]
    return [(text, sum(len(raw) for _, raw in parts[: at + 1])) for at, (text, _) in enumerate(parts)]


async def test_a_cut_inside_a_chunk_waits_for_no_further_bytes(server: Server) -> None:
    server.replies = [Reply([chunk("One "), misbehaving.FOREVER]), stream("two.")]
    inspection = inspect(asks(server), ASK)
    inspection.pause()
    await held(inspection)
    inspection.cut(at=10)
    inspection.play()
    await asyncio.wait_for(_end(inspection), 10)
    assert (inspection.state, inspection.text, inspection.requests) == ("done", "two.", 2)


async def _end(inspection: Inspection) -> None:
    await inspection


async def test_a_cut_while_nothing_is_held_hits_the_next_chunk(server: Server) -> None:
    gate = asyncio.Event()
    server.replies = [Reply([chunk("one"), gate, chunk(" two"), DONE]), stream(" two")]
    inspection = inspect(asks(server), ASK)
    passed = asyncio.ensure_future(_wait(inspection.step(1)))
    while inspection.total.chunks < 1:
        await asyncio.sleep(0.005)
    inspection.cut(3)
    inspection.play()
    gate.set()
    await inspection
    await passed
    assert [(frame.raw[:3], frame.cut) for frame in inspection.frames][:2] == [
        (b"dat", False),
        (b"dat", True),
    ]
    assert inspection.text == "one two"


async def _wait(step: aio.Begun[tuple[Frame, ...]]) -> tuple[Frame, ...]:
    return await step


async def test_one_cut_more_than_the_client_tries_is_the_end(server: Server) -> None:
    server.answer = lambda _: stream("a", "b")
    llm = asks(server)
    inspection = inspect(llm, ASK)
    inspection.pause()
    for request in range(1, llm.settings.retry_times + 2):
        await held(inspection)
        assert inspection.requests == request
        inspection.cut()
        while inspection.requests == request and inspection.state == "paused":
            await asyncio.sleep(0.005)
    assert inspection.state == "failed"
    assert inspection.fault is not None
    assert inspection.fault.kind is Kind.CONNECTION


async def test_a_service_that_breaks_off_by_itself_is_shown_as_it_is(server: Server) -> None:
    server.replies = [Reply([chunk("one")], cut=400), stream(" two")]
    inspection = await inspect(asks(server), ASK)
    assert [(frame.request, frame.cut, frame.text) for frame in inspection.frames if frame.text] == [
        (1, False, "one"),
        (2, False, " two"),
    ]
    assert (inspection.text, inspection.seams) == ("one two", [3])


async def test_a_refusal_is_a_failure_with_its_reason_and_without_the_key(server: Server) -> None:
    server.replies = [misbehaving.error(401, {"message": f"Incorrect API key provided: {KEY}"})]
    inspection = await inspect(asks(server), ASK)
    assert (inspection.state, inspection.frames) == ("failed", ())
    assert inspection.fault is not None
    assert inspection.fault.kind is Kind.AUTH
    assert KEY not in str(inspection.fault)


async def test_a_key_that_the_service_repeats_is_blotted_out(server: Server) -> None:
    server.replies = [Reply([misbehaving.event({"error": {"message": f"bad key {KEY}", "code": 401}})])]
    inspection = inspect(asks(server), ASK)
    inspection.pause()
    assert KEY.encode() not in await held(inspection)
    inspection.play()
    await inspection
    shown = inspection.frames[0]
    assert b"bad key sk-****" in shown.raw
    assert KEY not in shown.events[0].data
    assert inspection.fault is not None
    assert KEY not in str(inspection.fault)


async def test_a_key_in_the_text_is_blotted_out_of_all_that_is_shown(server: Server) -> None:
    server.replies = [
        Reply(
            [
                chunk("It is "),
                chunk(KEY[:20]),
                chunk(KEY[20:] + ", s"),
                chunk("ure sk-p"),
                misbehaving.FOREVER,
            ]
        )
    ]
    inspection = inspect(asks(server), ASK)
    shown = []
    for _ in range(3):
        await inspection.step()
        shown.append(inspection.text)
    hidden = "sk-" + "*" * (len(KEY) - 3)
    assert shown == ["It is ", "It is sk-", f"It is {hidden}, s"]
    inspection.play()
    while inspection.total.chunks < 4:
        await asyncio.sleep(0.005)
    assert inspection.text == f"It is {hidden}, sure sk-"
    await inspection.stop()
    assert inspection.text == f"It is {hidden}, sure sk-*", "no more came to tell whether it is one"
    assert "".join(frame.text for frame in inspection.frames) == inspection.text
    assert not [frame for frame in inspection.frames if KEY in f"{frame}"]


async def test_a_fault_keeps_the_text_without_the_key(server: Server) -> None:
    server.replies = [Reply([chunk(KEY), misbehaving.event({"error": {"message": KEY, "code": 400}})])]
    inspection = await inspect(asks(server), ASK)
    assert inspection.fault is not None
    assert KEY not in f"{inspection.fault!r} {vars(inspection.fault)}"
    assert inspection.fault.partial == inspection.text == "sk-" + "*" * (len(KEY) - 3)


@given(
    before=st.text("sk-proj*N \n", max_size=12),
    after=st.text("sk-proj*N \n", max_size=12),
    cuts=st.lists(st.integers(1, 80), max_size=12),
)
@example(before="", after="", cuts=[*range(1, 80)])
@example(before="sk-proj-", after="sk-proj-", cuts=[10, 20])
def test_no_cut_in_reads_shows_a_key(before: str, after: str, cuts: list[int]) -> None:
    said = before + KEY + after
    ends = sorted({min(cut, len(said)) for cut in cuts} | {len(said)})
    reads = [said[begin:end].encode() for begin, end in pairwise([0, *ends])]
    start = len(said[: said.index(KEY)])
    tap = WireTap(KEY, lambda: None)
    tap.gate.left, came = None, b""
    tap.text = lambda: came.decode()

    async def read() -> None:
        nonlocal came
        tap.asked()
        for raw in reads:
            assert await tap.piece(raw) == raw, "the client gets it as it is"
            came += raw
            tap.passed()
            for shown in (tap.shown, "".join(frame.raw.decode() for frame in tap.record.frames)):
                assert set(shown[start + 3 : start + len(KEY)]) <= {"*"}
        tap.end()

    asyncio.run(read())
    raw = b"".join(frame.raw for frame in tap.record.frames)
    text = "".join(frame.text for frame in tap.record.frames)
    assert len(raw) == tap.record.total.bytes == len(text) == len(said)
    assert text == tap.shown
    masked = said.replace(KEY, KEY[:3] + "*" * (len(KEY) - 3))
    for shown in (raw.decode(), text):
        assert all(one in (other, "*") for one, other in zip(shown, masked, strict=True))
    doubtful = next(n for n in range(len(after), -1, -1) if after.endswith(KEY[:n])) if after else 0
    assert text[: len(text) - doubtful] == masked[: len(text) - doubtful], "the text is otherwise as it is"


@pytest.mark.parametrize("key", ["", "none", "ollama", "EMPTY"])
def test_a_word_that_is_no_key_is_not_blotted_out(key: str) -> None:
    assert Blot(key, "*").whole(f"a {key} b {key}") == f"a {key} b {key}"


def test_what_is_held_has_no_end_of_a_key_that_began_before() -> None:
    tap = WireTap(KEY, lambda: None)
    tap.gate.step(1)
    first, second = (b"data: " + KEY.encode()[:30]), (KEY.encode()[30:] + b"\n\n")

    async def read() -> bytes:
        tap.asked()
        await tap.piece(first)
        waiting = asyncio.ensure_future(tap.piece(second))
        await asyncio.sleep(0)
        assert tap.held is not None
        held = tap.held.raw
        waiting.cancel()
        return held

    assert asyncio.run(read()) == b"*" * (len(KEY) - 30) + b"\n\n"


async def test_what_is_no_event_stream_has_bytes_and_text_and_no_events(server: Server) -> None:
    server.replies = [Reply([misbehaving.whole("all at once")], headers={"content-type": "application/json"})]
    inspection = await inspect(asks(server), ASK)
    assert [(frame.events, frame.text) for frame in inspection.frames] == [((), "all at once")]


@pytest.mark.parametrize("begun", [False, True])
async def test_stop_while_it_is_paused(server: Server, begun: bool) -> None:
    server.replies = [stream("a", "b")]
    inspection = inspect(asks(server), ASK)
    if begun:
        await inspection.step()
    await inspection.stop()
    assert (inspection.state, inspection.held) == ("stopped", None)
    inspection.play()
    inspection.cut()
    assert (await inspection).state == "stopped"
    if begun:
        await asyncio.wait_for(server.requests[0].gone.wait(), 5)
        assert inspection.text == "a"


async def test_frames_can_be_read_as_they_pass() -> None:
    inspection = fast(4)
    texts = [frame.text async for frame in inspection]
    assert "".join(texts) == inspection.text
    assert [frame.text async for frame in inspection] == texts, "and once more from the beginning"


def test_from_a_plain_cell_and_from_any_thread() -> None:
    inspection = fast(5)
    seen: list[str] = []
    inspection.on_change(lambda: seen.append(inspection.state))
    threads = [threading.Thread(target=inspection.step) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    aio.run(inspection.still())
    assert inspection.total.chunks == 3
    assert aio.run(inspection.step()) == inspection.after(3)
    inspection.play()
    assert aio.run(inspection) is inspection
    assert repr(inspection) == "<Inspection done, 6 chunks>"
    aio.run(asyncio.sleep(0))
    assert seen[-1] == "done"


def test_a_listener_that_fails_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    inspection = fast(2)
    inspection.on_change(lambda: 1 / 0)  # type: ignore[arg-type]  # any result will do
    assert aio.run(inspection).state == "done"
    aio.run(asyncio.sleep(0))
    assert "ZeroDivisionError" in caplog.text


def test_one_that_nobody_holds_is_ended() -> None:
    inspection = fast()
    aio.run(inspection.step())
    assert _reading()
    del inspection
    end = time.monotonic() + 5
    while _reading() and time.monotonic() < end:
        gc.collect()
        time.sleep(0.01)
    assert not _reading()


def _reading() -> list[str]:
    return [name for task in asyncio.all_tasks(aio.loop()) if (name := task.get_name()) and "pump" in name]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: inspect(LLM("practice"), []),
        lambda: inspect(LLM("practice"), "x", max_tokens=0),
        lambda: fast().slow(0),
        lambda: fast().slow(float("nan")),
        lambda: fast().cut(-1),
        lambda: fast().step(0),
        lambda: inspect(LLM("openai", api_key="sk-none"), "x"),
    ],
    ids=["no message", "no tokens", "speed 0", "no speed", "byte -1", "no step", "network forbidden"],
)
def test_what_cannot_be_is_refused_at_once(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(CallerError):
        wrong()


@given(sizes=st.lists(st.integers(0, 50), max_size=60), most=st.integers(1, 200), count=st.integers(1, 20))
def test_of_a_long_stream_the_end_is_kept_and_all_is_counted(sizes: list[int], most: int, count: int) -> None:
    record = Record(most, count)
    for number, size in enumerate(sizes, 1):
        record.add(Frame(number, 0.0, b"x" * size, (), "é" * size, 1))
    frames, left = record.frames, record.left_out
    assert [frame.number for frame in frames] == list(range(left.chunks + 1, len(sizes) + 1))
    assert len(frames) <= count
    assert len(frames) == 1 or sum(len(frame.raw) for frame in frames) <= most or not frames
    assert record.total[:2] == (len(sizes), sum(sizes))
    assert left.bytes == sum(sizes[: left.chunks])
    for after in range(len(sizes) + 2):
        assert [frame.number for frame in record.after(after)] == [
            frame.number for frame in frames if frame.number > after
        ]


@given(st.lists(st.sampled_from(["play", "pause", "step", "cut", "go"]), max_size=30))
def test_the_gate_lets_through_what_it_was_told(said: list[str]) -> None:
    gate, left, cut = Gate(), 0.0, False
    for each in said:
        match each:
            case "play":
                gate.left, left = None, float("inf")
            case "pause":
                gate.left, left = 0, 0.0
            case "step":
                left = 1.0 if left == float("inf") else left + 1
                gate.step(1)
            case "cut":
                gate.cut(2)
                cut = True
            case "go" if gate.wait(1.0) == 0.0:
                assert cut or left
                assert gate.take(9, 1.0) == (2 if cut else 9)
                left, cut, gate.cut_at = (left if cut else left - 1), False, None
            case "go":
                assert not cut
                assert not left
