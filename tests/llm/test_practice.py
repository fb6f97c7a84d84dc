"""The practice model: the same words for the same seed, at the pace that was asked for, over the real path."""

from __future__ import annotations

import asyncio
import json
import re
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx2
import pytest

from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.practice import ABOUT, PracticeTransport, compose, tokens
from mockmate_nb.llm.seam import continuation
from mockmate_nb.llm.stream import ChatStream, Message
from mockmate_nb.wire.sse import iter_events
from tests.llm.misbehaving import HELLO

T = TypeVar("T")
HAN_CHARACTER = re.compile("[\u4e00-\u9fff]")
HAN = [{"role": "user", "content": "请介绍一下你自己。"}]


class Skipping(selectors.DefaultSelector):
    """Waits no time at all, and says how much it would have waited."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.skipped += timeout or 0.0
        return super().select(0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop on which a sleep takes exactly its time by the loop's own clock, and none by the wall's."""

    def __init__(self) -> None:
        self.clock = Skipping()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.skipped


def in_no_time(work: Coroutine[Any, Any, T]) -> T:
    loop = SkippingLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


async def post(
    transport: PracticeTransport, messages: list[Message], **asked: Any
) -> list[tuple[float, bytes]]:
    """The pieces of the answer's body, each with the loop's time at which it came."""
    request = httpx2.Request("POST", "http://x/v1/chat/completions", json={"messages": messages, **asked})
    response = await transport.handle_async_request(request)
    assert response.status_code == 200
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    loop = asyncio.get_running_loop()
    return [(loop.time(), piece) async for piece in response.stream]


def streamed(pieces: list[tuple[float, bytes]]) -> tuple[str, str, dict[str, int]]:
    """Text, finish_reason and usage of a streamed body."""
    *events, done = list(iter_events([piece for _, piece in pieces]))
    assert done.data == "[DONE]"
    *chunks, last = [event.json() for event in events]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    return text, chunks[-1]["choices"][0]["finish_reason"], last["usage"]


@pytest.mark.parametrize("messages", [HELLO, HAN], ids=["en", "zh"])
@pytest.mark.parametrize("pace", [5, 50, 1000])
def test_the_pace_is_the_one_asked_for(pace: float, messages: list[Message]) -> None:
    pieces = in_no_time(post(PracticeTransport(pace=pace), messages, stream=True))
    count = len(tokens(compose(messages)))
    times = [at for at, _ in pieces]
    assert times[:-1] == pytest.approx([(n + 1) / pace for n in range(count)], rel=0.001)
    assert (count - 1) / (times[-1] - times[0]) == pytest.approx(pace, rel=0.05)


@pytest.mark.parametrize("pace", [0, 50])
@pytest.mark.parametrize("limit", [1, 7, 2000])
def test_the_batch_twin_takes_the_same_time_for_the_same_text(pace: float, limit: int) -> None:
    transport = PracticeTransport(pace=pace)
    stream = in_no_time(post(transport, HELLO, stream=True, max_tokens=limit))
    ((end, body),) = in_no_time(post(transport, HELLO, max_completion_tokens=limit))
    assert stream[-1][0] == pytest.approx(end, rel=0.001)
    assert end == pytest.approx(min(limit, len(tokens(ABOUT["en"]))) / pace if pace else 0.0)
    whole = json.loads(body)
    choice = whole["choices"][0]
    assert streamed(stream) == (choice["message"]["content"], choice["finish_reason"], whole["usage"])
    assert choice["finish_reason"] == ("stop" if limit == 2000 else "length")
    assert whole["usage"]["completion_tokens"] == min(limit, len(tokens(ABOUT["en"])))


def ask(question: str, **task: str) -> list[Message]:
    """A question to be worded, fenced as the interview fences it."""
    fenced = {"question": question, **task}
    return [{"role": "user", "content": "\n".join(f"<{k}>\n{v}\n</{k}>" for k, v in fenced.items())}]


BOTH = {"resume": "Five years of Rust and SQL", "job": "We use Rust."}
TASKS: dict[str, tuple[list[Message], str, str]] = {  # what is asked; a word of an opener; the question
    "first": (ask("Why Rust?", place="first question", **BOTH), "", "Why Rust?"),
    "next": (ask("Why tests?", place="later question", **BOTH), "", "Why tests?"),
    "shared": (ask("Why Rust?", place="later question", **BOTH), "Rust", "Why Rust?"),
    "Chinese": (ask("为什么用 Rust？", place="first question", **BOTH), "", "为什么用 Rust？"),
}


@pytest.mark.parametrize(("messages", "word", "asked"), TASKS.values(), ids=TASKS)
def test_a_question_is_asked_in_its_own_words_after_an_opener(
    messages: list[Message], word: str, asked: str
) -> None:
    said = {seed: compose(messages, seed) for seed in range(20)}
    assert said == {seed: compose(messages, seed) for seed in range(20)}, "the same seed says the same"
    assert len(set(said.values())) > 1, "and another seed another thing"
    for text in said.values():
        opener = text.removesuffix(asked)
        assert opener not in (text, "")
        assert word in opener
        assert bool(HAN_CHARACTER.search(opener)) == bool(HAN_CHARACTER.search(asked))


def test_a_follow_up_stands_alone() -> None:
    assert compose(ask("What did you do yourself?", answer="We did it.")) == "What did you do yourself?"


@pytest.mark.parametrize(
    "text", [*ABOUT.values(), "", " ", "a", "  a  b\n\nc ", "你好 ok 😀!", "naïve—x" * 9]
)
def test_tokens_lose_nothing(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert all(1 <= len(token.strip()) <= 6 or token.isspace() for token in tokens(text))


async def read(reply: ChatStream) -> str:
    return "".join([delta async for delta in reply])


@pytest.mark.parametrize("messages", [HELLO, HAN], ids=["en", "zh"])
async def test_it_goes_on_from_any_place(messages: list[Message]) -> None:
    model = LLM(pace=0)
    text = await read(model.stream(messages))
    for at in range(1, len(text), 17):
        assert await read(model.stream(messages, prefix=text[:at])) == text[at:]


async def test_a_conversation_is_not_taken_for_a_continuation() -> None:
    model = LLM(pace=0)
    first = await read(model.stream(HELLO))
    talk = [*HELLO, {"role": "assistant", "content": first}, {"role": "user", "content": "And then?"}]
    assert await read(model.stream(talk)) == first
    assert await read(model.stream(continuation(talk, first[:30]))) == first[30:]


async def test_stream_and_complete_agree_over_the_sdk() -> None:
    model = LLM(pace=0, seed=3)
    stream = model.stream(HELLO, max_tokens=9)
    text, reply = await read(stream), await model.complete(HELLO, max_tokens=9)
    assert (text, stream.finish_reason, stream.usage) == (reply.text, reply.finish_reason, reply.usage)
    assert reply.finish_reason == "length"
    assert reply.usage.completion_tokens == 9
    assert not reply.usage.estimated
