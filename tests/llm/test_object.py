"""`stream_object`: objects that grow while the JSON arrives, and are validated when it is whole."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, RootModel

from mockmate_nb.errors import MockMateError
from mockmate_nb.llm.objects import ObjectStream, so_far, whole
from tests.llm.misbehaving import DONE, FOREVER, HELLO, MakeLLM, Reply, Server, Step, chunk, stream


class Fix(BaseModel):
    quote: str
    points: int


class Card(BaseModel):
    score: int = Field(ge=1, le=120)
    title: str = ""
    fixes: list[Fix] = []


class Names(RootModel[list[str]]):
    pass


VALUE = {"score": 42, "title": 'Ünit "你好" {x}', "fixes": [{"quote": "a\nb", "points": 12}]}
TEXT = json.dumps(VALUE, ensure_ascii=False)


async def grown(objects: ObjectStream[Any]) -> list[Any]:
    return [value async for value in objects]


def grows(old: Any, new: Any) -> bool:
    """Whether `new` says everything that `old` says, and perhaps goes on."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and grows(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(new) >= len(old) and all(map(grows, old, new))
    if isinstance(old, str):
        return isinstance(new, str) and new.startswith(old)
    return type(old) is type(new) and bool(old == new)


async def test_an_object_grows_and_is_validated(server: Server, llm: MakeLLM) -> None:
    gates = [asyncio.Event() for _ in range(3)]
    quarters = [chunk(TEXT[at : at + len(TEXT) // 4 + 1]) for at in range(0, len(TEXT), len(TEXT) // 4 + 1)]
    first, second, third, fourth = quarters
    body: list[Step] = [
        first,
        gates[0],
        second,
        gates[1],
        third,
        gates[2],
        fourth,
        chunk(finish="stop"),
        DONE,
    ]
    server.replies = [Reply(body)]
    objects = llm().stream_object(HELLO, Card)
    values = []
    async for value in objects:
        values.append(value)
        if gates:
            gates.pop(0).set()
    assert objects.value == Card.model_validate(VALUE)
    assert values[-1] == VALUE
    assert len(values) >= 4
    assert all(map(grows, values, values[1:]))
    order, asked = server.requests[0].body["messages"]
    assert asked == HELLO[0]
    assert json.dumps(Card.model_json_schema()) in order["content"]


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSONS, max_size=4) | st.lists(JSONS, max_size=4), st.booleans())
def test_any_json_only_grows(value: Any, plain: bool) -> None:
    text = json.dumps(value, ensure_ascii=plain)
    seen = [so_far(text[:end]) for end in range(len(text) + 1)]
    seen = [one for one in seen if one is not None]
    assert all(map(grows, seen, seen[1:]))
    assert seen[-1] == whole(text) == value


# what the model says; the score in the validated object
WRAPPED: dict[str, Sequence[str]] = {
    "plain": ['{"score": 7}'],
    "fence": ["```json\n", '{"sco', 're": 7}', "\n```"],
    "fence in one piece": ['```json\n{"score": 7}\n```\n'],
    "a sentence before": ['Here is [the] {JSON}: {"score"', ": 7}"],
    "a sentence after": ['{"score": 7}\nI hope [this] helps {you}.'],
    "blanks": ["\n\n ", '{ "score" : 7 }\n\n'],
    "more keys than asked": ['{"score": 7, "mood": "good"}'],
    "remarks before": ['On a scale of [1-5], {low} to [“high”]: {"score"', ": 7}"],
    "thinking before": ["<think>The scale is [1-5]: {", '"score": 1}?</think>\n```json\n{"score": 7}\n```'],
    "thinking twice": ['<think>[x</think> <think>{"score": 1}</think>{"score": 7}'],
    "thinking that names its mark": ['<think>The </think> mark, {"score": 1}.</think>{"score": 7}'],
    "thinking that the prompt began": ['[1-5], so {"score": 1} or', ' {4}.</think>{"score": 7}'],
    "thinking that the prompt began, with JSON": ['{"score": 1} or</think>{"score": 7}'],
    "a number in words": ['{"score": "7"}'],
}


@pytest.mark.parametrize("pieces", WRAPPED.values(), ids=WRAPPED)
async def test_what_models_put_around_json(server: Server, llm: MakeLLM, pieces: list[str]) -> None:
    server.replies = [stream(*pieces)]
    objects = llm().stream_object(HELLO, Card)
    values = await grown(objects)
    assert objects.value == Card(score=7)
    assert values[-1] == {"score": 7, "title": "", "fixes": []}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<thi", None),
        ('<think>Is it {"score": 7', None),
        ('<think>Is it {"score": 1}?</think>', None),
        ('<think>Is it {"score": 1}?</think>{"title": "a', {"title": "a"}),
        ('The scale is [1-5]</think> Here: {"title": "a', {"title": "a"}),
        ('{"title": "the </think> mark', {"title": "the </think> mark"}),
    ],
)
def test_thinking_is_nothing_yet(text: str, value: Any) -> None:
    assert so_far(text) == value


def test_a_mark_of_thinking_in_a_text_ends_no_thinking() -> None:
    value = {"title": "the </think> mark", "fixes": [1]}
    assert whole(f"Here: {json.dumps(value)}") == value


@pytest.mark.parametrize(
    "begin",
    [
        "[1-5] " * 50_000,
        "<think></think>" * 50_000,
        "</think>" * 50_000,
        "<think>" + "[" * 200_000 + "</think>",
    ],
)
def test_a_long_way_to_the_value_is_gone_once(begin: str) -> None:
    assert whole(begin + TEXT) == VALUE


async def test_a_list_may_be_asked_for(server: Server, llm: MakeLLM) -> None:
    server.replies = [stream('["a', '", "b', '"]')]
    objects = llm().stream_object(HELLO, Names)
    assert (await grown(objects))[-1] == ["a", "b"]
    assert objects.value == Names(["a", "b"])


WRONG: dict[str, tuple[Reply, str]] = {
    "words": (stream("I would rather not."), "unreadable"),
    "nothing": (stream(""), "unreadable"),
    "a value out of range": (stream('{"score": 500}'), "unreadable"),
    "a key is missing": (stream('{"title": "x"}'), "unreadable"),
    "another type": (stream('{"score": [1]}'), "unreadable"),
    "a list": (stream('[{"score": 7}]'), "unreadable"),
    "not closed": (stream('{"score": 7'), "unreadable"),
    "not closed, with a sound part": (stream('{"title": 1, "fixes": {"score": 7}'), "unreadable"),
    "broken, with a sound part": (stream('{"a": what, "b": {"score": 7}}'), "unreadable"),
    "too deep": (stream("[" * 100_000), "unreadable"),
    "a sound part in an array": (stream('[oops, "x]", {"score": 7}]'), "unreadable"),
    "single quotes, with a sound part": (stream("{'q': 'x}', 'b': {\"score\": 7}}"), "unreadable"),
    "broken behind thinking": (
        stream('<think>x</think>{"t": "</think>", "a": no, "b": {"score": 7}}'),
        "unreadable",
    ),
    "thinking without an end": (stream('<think>Perhaps {"score": 7}'), "unreadable"),
    "too deep behind thinking": (stream("<think>[</think>" + "[" * 100_000), "unreadable"),
    "cut at its limit": (Reply([chunk('{"score": 7'), chunk(finish="length"), DONE]), "length"),
    "cut at its limit, by chance whole": (
        Reply([chunk('{"score": 7}'), chunk(finish="length"), DONE]),
        "length",
    ),
    "filtered": (Reply([chunk('{"score": 7}'), chunk(finish="content_filter"), DONE]), "content_filter"),
}


@pytest.mark.parametrize(("reply", "kind"), WRONG.values(), ids=WRONG)
async def test_a_reply_that_is_no_such_object(server: Server, llm: MakeLLM, reply: Reply, kind: str) -> None:
    server.replies = [reply]
    objects = llm().stream_object(HELLO, Card)
    with pytest.raises(MockMateError) as caught:
        await grown(objects)
    assert caught.value.kind == kind
    assert caught.value.partial == objects.stream.text
    assert caught.value.advice
    assert objects.value is None


async def test_a_stop_leaves_no_value_and_no_fault(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([chunk('{"score": 7, "title": "so f'), FOREVER])]
    objects = llm().stream_object(HELLO, Card)
    values = []
    async for value in objects:
        values.append(value)
        await objects.stop()
    assert values == [{"score": 7, "title": "so f"}]
    assert objects.value is None
    await asyncio.wait_for(server.requests[0].gone.wait(), 10)


@pytest.mark.usefixtures("no_pause")
async def test_an_object_is_continued_after_a_cut(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([chunk(TEXT[:20])]), stream(TEXT[20:])]
    objects = llm().stream_object(HELLO, Card)
    values = await grown(objects)
    assert values[-1] == VALUE
    assert objects.stream.seams == [len(TEXT[:20].encode())]
