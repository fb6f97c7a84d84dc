"""The built-in practice model: no network, no key, no intelligence, the same words for the same seed.

It is a transport that answers `/chat/completions` with real bytes, so that the SDK, our decoder and all above
them run as they do with a real service. It speaks from templates; on screen it is named as what it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import httpx2
import jiter

from mockmate_nb.interview.prompts import LAST, LATER, PASSED, read_task
from mockmate_nb.llm.chunks import prompt_tokens
from mockmate_nb.llm.rhythm import Rhythm
from mockmate_nb.llm.seam import broken_off
from mockmate_nb.wire.sse import encode

MODEL = "practice"
_TOKEN = re.compile(r"\s*[\u2e80-\uffff]{1,2}|\s*[^\s\u2e80-\uffff]{1,6}|\s+")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_TERM = re.compile(r"\b(?:[A-Z][A-Za-z0-9+#.]*[A-Za-z0-9+#]|[A-Z]{2,}[0-9]*)\b")

OPENERS = {
    "en": {
        "first": ("Thanks for making the time today.", "Good to meet you.", "Thanks for coming in."),
        "next": (
            "Let's move on.",
            "Here is the next one.",
            "Something different now.",
            "On to the next topic.",
        ),
        "passed": (
            "That's all right.",
            "No problem, let's try another one.",
            "That happens; here is another.",
        ),
        "last": ("Thank you.", "That was my last question."),
        "shared": ("{term} comes up both in your résumé and in this job.", "I see {term} in your résumé."),
    },
    "zh": {
        "first": ("感谢你今天抽时间过来。", "很高兴认识你。", "谢谢你来参加面试。"),
        "next": ("我们换个话题。", "接着看下一题。", "好，我们继续。"),
        "passed": ("没关系。", "没事，我们换一题。", "不要紧，看看下一题。"),
        "last": ("谢谢你的回答。", "我的问题就到这里。"),
        "shared": ("你的简历和这个职位都提到了 {term}。", "我看到你的简历里有 {term}。"),
    },
}
PLACES = {LATER: "next", PASSED: "passed", LAST: "last"}
ABOUT = {
    "en": (
        "I am the built-in practice model. I am not an AI: I speak from fixed templates, so that you can practise "
        "and watch a stream without a key and without a network. Choose a local model or a service with your own "
        "key when you want an interviewer that words its questions for you. Until then I can do one thing well: "
        "send these words one small piece after the other, at a steady pace, over the same path that a real model "
        "uses, so that you can see, measure and break every part of it."
    ),
    "zh": (
        "我是内置的练习模型。我不是人工智能：我只会按固定模板说话，让你不用密钥、不用联网也能练习面试、观察流式输出。"
        "如果想让面试官针对你的经历提问，请选择本地模型，或使用你自己的密钥连接一个服务。在此之前，我能做好一件事："
        "沿着真实模型所走的同一条路径，以稳定的速度一小段一小段地送出这些文字，好让你看清、测量并打断其中每一个环节。"
    ),
}


def compose(messages: Sequence[Mapping[str, Any]], seed: int = 0) -> str:
    """What the practice model says to `messages`: a bank question with an opener, or a word about itself."""
    task = read_task(messages)
    said = "".join(str(m.get("content", "")) for m in messages)
    if task is None:
        return ABOUT["zh" if len(_HAN.findall(said)) * 4 > len(said) else "en"]
    question = task["question"]
    if "answer" in task:
        return question  # a follow-up stands best on its own
    language = "zh" if _HAN.search(question) else "en"
    before = task.get("earlier", "")
    dice = random.Random(hashlib.sha256(f"{seed}|{question}".encode()).digest())  # noqa: S311 - a seeded choice of words
    openers = OPENERS[language]
    if (place := PLACES.get(task.get("place", ""), "first")) != "next":
        opener = _another(dice, openers[place], before)
    else:
        term = _shared_term(task, question)
        shared = tuple(opener.format(term=term) for opener in openers["shared"]) if term else ()
        opener = _another(dice, shared or openers["next"], before)
    return f"{opener}{' ' if language == 'en' else ''}{question}"


def _another(dice: random.Random, openers: Sequence[str], before: str) -> str:
    """One of the openers, another one than an earlier attempt began with."""
    return dice.choice([opener for opener in openers if not before.startswith(opener)])


def _shared_term(task: Mapping[str, str], question: str) -> str | None:
    """A technical name that stands in the résumé, the job and the question alike."""
    known = set(_TERM.findall(task.get("resume", ""))) & set(_TERM.findall(task.get("job", "")))
    return next((term for term in _TERM.findall(question) if term in known and len(term) > 2), None)


def tokens(text: str) -> list[str]:
    """`text` cut into pieces of a token's size; joined they are `text`."""
    return _TOKEN.findall(text)


class PracticeTransport(httpx2.AsyncBaseTransport):
    """Answers chat completions at `pace` tokens a second (0: as fast as it goes), or in a recorded `rhythm`."""

    def __init__(self, *, pace: float = 50.0, seed: int = 0, rhythm: Rhythm | None = None) -> None:
        self._tick, self._seed, self._rhythm = 1 / pace if pace else 0.0, seed, rhythm

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = jiter.from_json(await request.aread())
        messages = asked["messages"]
        limit = asked.get("max_tokens") or asked.get("max_completion_tokens") or 2000
        first, partial = broken_off(messages)
        pieces = tokens(compose(first, self._seed).removeprefix(partial))
        finish = "stop" if len(pieces) <= limit else "length"
        pieces = pieces[:limit]
        prompt = prompt_tokens(messages)
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": len(pieces),
            "total_tokens": prompt + len(pieces),
        }
        if asked.get("stream"):
            body = Paced(list(_stream_bytes(self._timed(pieces), finish, usage)))
            return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=body)
        whole = Paced([(self._whole_after(len(pieces)), _whole(pieces, finish, usage))])
        return httpx2.Response(200, headers={"content-type": "application/json"}, stream=whole)

    def _timed(self, pieces: list[str]) -> list[tuple[float, str]]:
        """What comes together, with the seconds at which it is due; by the pace token n is due at tick n + 1."""
        if self._rhythm is None:
            return [((at + 1) * self._tick, piece) for at, piece in enumerate(pieces)]
        rest = iter(pieces)
        return [(at, "".join(islice(rest, count))) for at, count in self._rhythm.beats(len(pieces))]

    def _whole_after(self, count: int) -> float:
        return count * self._tick if self._rhythm is None else self._rhythm.batch_seconds(count)


def _chunk(choices: list[dict[str, Any]], **more: Any) -> bytes:
    head = {"id": "chatcmpl-practice", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
    return encode(json.dumps({**head, "choices": choices, **more}, ensure_ascii=False))


def _stream_bytes(
    timed: list[tuple[float, str]], finish: str, usage: dict[str, int]
) -> Iterator[tuple[float, bytes]]:
    """The role chunk comes with the first text and the end with the last, as llama.cpp sends them."""
    role = _chunk([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
    end = _chunk([{"index": 0, "delta": {}, "finish_reason": finish}]) + _chunk([], usage=usage)
    for at, (due, text) in enumerate(timed):
        body = _chunk([{"index": 0, "delta": {"content": text}, "finish_reason": None}])
        yield due, role + body if at == 0 else body
    yield timed[-1][0] if timed else 0.0, (b"" if timed else role) + end + encode("[DONE]")


def _whole(pieces: list[str], finish: str, usage: dict[str, int]) -> bytes:
    message = {"role": "assistant", "content": "".join(pieces)}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    head = {"id": "chatcmpl-practice", "object": "chat.completion", "created": 0, "model": MODEL}
    return json.dumps({**head, "choices": [choice], "usage": usage}, ensure_ascii=False).encode()


class Paced(httpx2.AsyncByteStream):
    """Items with the seconds at which each is due, counted from the start so that delays do not add up."""

    def __init__(self, items: Sequence[tuple[float, bytes]]) -> None:
        self._items = items

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for due, item in self._items:
            if due:
                await asyncio.sleep(max(0.0, start + due - loop.time()))
            yield item
