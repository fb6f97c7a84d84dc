"""What watches a reply come in sees every step in its order, may hold the stream back or cut it, and no other's."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from mockmate_nb.errors import Kind, MockMateError
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.stream import ChatStream
from mockmate_nb.llm.tap import Step, Tap
from tests.llm.misbehaving import DONE, FOREVER, HELLO, MakeLLM, Reply, Server, chunk, stream, whole

CONNECTING = ["connecting", "connected", "sent", "headers"]
END = chunk(finish="stop") + DONE


class Notes(Tap):
    """All that it is told, in order; bytes as how many they are."""

    def __init__(self) -> None:
        self.seen: list[str | int] = []

    def asked(self) -> None:
        self.seen.append("asked")

    def step(self, step: Step) -> None:
        self.seen.append(step)

    async def piece(self, raw: bytes) -> bytes:
        self.seen.append(len(raw))
        return raw

    def event(self, data: str) -> None:
        self.seen.append(data)


async def read(reply: ChatStream) -> str:
    return "".join([delta async for delta in reply])


def data(*events: bytes) -> list[str]:
    return [line.removeprefix("data: ") for line in b"".join(events).decode().splitlines() if line]


async def test_every_step_is_seen_in_its_order(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([one := chunk("a"), two := chunk("b") + chunk("c"), END])]
    tap = Notes()
    assert await read(llm().stream(HELLO, tap=tap)) == "abc"
    expected: list[str | int] = ["asked", *CONNECTING]
    for piece in (one, two, END):
        expected += [len(piece), *data(piece)]
    assert tap.seen == expected


async def test_a_whole_reply_is_one_event(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([whole("abc")[:20], whole("abc")[20:]])]
    tap = Notes()
    await llm().complete(HELLO, tap=tap)
    assert tap.seen == ["asked", *CONNECTING, 20, len(whole("abc")) - 20, whole("abc").decode()]


async def test_the_practice_model_makes_no_connection(server: Server) -> None:
    tap = Notes()
    text = await read(LLM("practice", pace=0).stream(HELLO, max_tokens=2, tap=tap))
    assert text == "I am"
    sizes = [at for at, note in enumerate(tap.seen) if isinstance(note, int)]
    assert (tap.seen[0], tap.seen[-1], sizes) == ("asked", "[DONE]", [1, 4, 6])


class Gate(Notes):
    """Lets nothing through until it is open."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.open = asyncio.Event(), asyncio.Event()

    async def piece(self, raw: bytes) -> bytes:
        self.reached.set()
        await self.open.wait()
        return await super().piece(raw)


async def test_one_that_waits_holds_the_stream_back(server: Server, llm: MakeLLM) -> None:
    server.replies = [stream("a", "b")]
    tap = Gate()
    reply = llm().stream(HELLO, tap=tap)
    reader = asyncio.create_task(read(reply))
    await asyncio.wait_for(tap.reached.wait(), 10)
    assert (reply.text, reply.timing.first_byte, reader.done()) == ("", None, False)
    tap.open.set()
    assert await reader == "ab"


async def test_a_stop_does_not_wait_for_it(server: Server, llm: MakeLLM) -> None:
    server.replies = [stream("a")]
    tap = Gate()
    reply = llm().stream(HELLO, tap=tap)
    reader = asyncio.create_task(read(reply))
    await asyncio.wait_for(tap.reached.wait(), 10)
    await asyncio.wait_for(reply.stop(), 10)
    assert await reader == ""
    await asyncio.wait_for(server.requests[0].gone.wait(), 10)


async def test_what_it_gives_is_read_on(server: Server, llm: MakeLLM) -> None:
    class Louder(Tap):
        async def piece(self, raw: bytes) -> bytes:
            return raw.replace(b'"content":"a"', b'"content":"A"')

    server.replies = [stream("a", "b", "a")]
    assert await read(llm().stream(HELLO, tap=Louder())) == "AbA"


class Cutter(Notes):
    """Cuts the first line that it sees at the second piece."""

    cut = False

    async def piece(self, raw: bytes) -> bytes:
        if not self.cut and isinstance(self.seen[-1], str) and '"content":"a "' in self.seen[-1]:
            self.cut = True
            raise httpx2.ReadError("cut by hand")
        return await super().piece(raw)


class CutterForGood(Cutter):
    once = True


async def test_one_that_raises_cuts_and_the_stream_takes_up_again(
    server: Server, llm: MakeLLM, no_pause: None
) -> None:
    server.answer = lambda request: stream(*(["a ", "b ", "c"][bool(request.partial) :]), framing="chunked")
    tap = Cutter()
    reply = llm().stream(HELLO, tap=tap)
    assert await read(reply) == "a b c"
    assert (reply.seams, tap.seen.count("asked"), len(server.requests)) == ([2], 2, 2)
    assert server.requests[1].partial == "a "
    assert [note for note in tap.seen if note in CONNECTING] == CONNECTING * 2
    await asyncio.wait_for(server.requests[0].gone.wait(), 10)


class CutterBehind(Notes):
    """Cuts the first line behind its first piece of text."""

    cut = False

    def passed(self) -> None:
        self.seen.append("passed")
        if not self.cut and "a " in str(self.seen[-2]):
            self.cut = True
            raise httpx2.ReadError("cut by hand")


async def test_one_that_raises_when_a_piece_has_passed_cuts_behind_it(
    server: Server, llm: MakeLLM, no_pause: None
) -> None:
    first = chunk("a ")
    server.answer = lambda request: stream("b") if request.partial else Reply([first, FOREVER])
    tap = CutterBehind()
    reply = llm().stream(HELLO, tap=tap)
    assert await read(reply) == "a b", "the piece before the cut is read, the line is not waited for"
    assert (reply.seams, tap.seen.count("asked"), server.requests[1].partial) == ([2], 2, "a ")
    begun = ["asked", *CONNECTING]
    assert tap.seen[: 2 * len(begun) + 3] == [*begun, len(first), *data(first), "passed", *begun]
    await asyncio.wait_for(server.requests[0].gone.wait(), 10)


async def test_with_once_what_was_cut_is_a_fault(server: Server, llm: MakeLLM, no_pause: None) -> None:
    server.replies = [stream("a ", "b")]
    with pytest.raises(MockMateError) as fault:
        await read(llm().stream(HELLO, tap=CutterForGood()))
    assert (fault.value.kind, fault.value.partial, len(server.requests)) == (Kind.CONNECTION, "a ", 1)


async def test_two_at_once_do_not_mix(server: Server, llm: MakeLLM) -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    server.answer = lambda request: Reply(
        [chunk(text := str(request.body["max_tokens"])), gates[0], chunk(text), gates[1], END]
    )
    model, taps = llm(), {limit: Notes() for limit in (5, 6)}
    plain = asyncio.create_task(read(model.stream(HELLO, max_tokens=7)))
    tasks = [asyncio.create_task(read(model.stream(HELLO, max_tokens=n, tap=tap))) for n, tap in taps.items()]
    while len(server.requests) < 3:
        await asyncio.sleep(0.01)
    for gate in gates:
        gate.set()
    assert [await task for task in (*tasks, plain)] == ["55", "66", "77"]
    for limit, tap in taps.items():
        assert [note for note in tap.seen if note in ("asked", *CONNECTING)] == ["asked", *CONNECTING]
        events = [note for note in tap.seen if isinstance(note, str) and note.startswith("{")]
        assert [f'"content":"{limit}"' in note for note in events] == [True, True, False]


EXTRA: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "a seed": ({"seed": 7}, {"seed": 7}),
    "a service's own field": ({"cache_prompt": False}, {"cache_prompt": False}),
    "something deeper": ({"options": {"a": [1, None]}}, {"options": {"a": [1, None]}}),
    "not what the call itself says": ({"max_tokens": 9, "messages": []}, {}),
}


@pytest.mark.parametrize("mode", ["stream", "complete"])
@pytest.mark.parametrize(("extra", "seen"), EXTRA.values(), ids=EXTRA)
async def test_extra_fields_are_in_the_body(
    extra: dict[str, Any], seen: dict[str, Any], mode: str, server: Server, llm: MakeLLM
) -> None:
    server.answer = lambda request: stream("a") if request.body["stream"] else Reply([whole("a")])
    if mode == "stream":
        await read(llm().stream(HELLO, max_tokens=5, temperature=1, extra=extra))
    else:
        await llm().complete(HELLO, max_tokens=5, temperature=1, extra=extra)
    usual = {"model": "m", "messages": HELLO, "max_tokens": 5, "temperature": 1, "stream": mode == "stream"}
    body = {name: value for name, value in server.requests[0].body.items() if name != "stream_options"}
    assert body == usual | seen
