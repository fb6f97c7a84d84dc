"""`ObjectStream`: a JSON reply as a growing object, validated against a schema when it is whole."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from typing import Any, Generic, TypeVar

import jiter
from pydantic import BaseModel

from mockmate_nb.errors import Kind, MockMateError, UnreadableReply
from mockmate_nb.llm.stream import ChatStream

M = TypeVar("M", bound=BaseModel)
EXCERPT = 300
OPEN, CLOSE = "<think>", "</think>"
_START = re.compile(r"[{\[]")
_SAID = re.compile(r"\S")
_BEGINS = ("{", "[", "`")
_PAIR = re.compile(r"[{\[][^{}\[\]]{0,300}[}\]]")
_UNSURE = "`\n 0123456789.eE+-"


def schema_order(schema: type[BaseModel]) -> str:
    """What a model is told so that its reply can be read."""
    return (
        "Answer with one JSON value only, no other text, no code fence. It must match this JSON Schema:\n"
        + json.dumps(schema.model_json_schema(), ensure_ascii=False)
    )


class ObjectStream(Generic[M]):
    """Async iterable of the object so far (plain JSON values); `value` is set when it has ended.

    It grows: a number is held until its last digit has come. The last one is `value` itself. After a stop
    `value` stays None and nothing is raised.
    """

    def __init__(self, stream: ChatStream, schema: type[M]) -> None:
        self.stream = stream
        self._schema = schema
        self.value: M | None = None

    async def stop(self) -> None:
        await self.stream.stop()

    async def __aiter__(self) -> AsyncGenerator[Any, None]:
        seen: Any = None
        parsed_at = 0
        async with self.stream as stream:
            async for _ in stream.batches():
                text = stream.text
                if len(text) - parsed_at < len(text) // 64:
                    continue
                parsed_at = len(text)
                value = so_far(text)
                if value is not None and value != seen:
                    seen = value
                    yield value
        if stream.finish_reason == "stopped":
            return
        self.value = self._validated(stream)
        final = self.value.model_dump(mode="json", by_alias=True)
        if final != seen:
            yield final

    def _validated(self, stream: ChatStream) -> M:
        text = stream.text
        if stream.finish_reason == "length":
            raise MockMateError(
                "The reply was cut at its token limit, so its JSON is not whole.",
                kind=Kind.LENGTH,
                advice="Raise max_tokens.",
                partial=text,
            )
        try:
            return self._schema.model_validate(whole(text))
        except (ValueError, RecursionError) as error:
            raise UnreadableReply(
                f"The reply is not a {self._schema.__name__} in JSON.",
                advice="Ask again; a larger model keeps to a schema more often.",
                partial=text,
                raw=text[:EXCERPT],
            ) from error


def so_far(text: str) -> Any:
    """The JSON value that `text` begins; None where it begins none yet. Thinking, words and a fence before it are
    skipped."""
    low = _behind_thinking(text)
    if low is None:
        return None
    if not text.startswith(_BEGINS, low):
        low = max(low, _last_close(text))
    start = _bracket(text, low, len(text))
    if start is None:
        return None
    try:
        return jiter.from_json(text[start:].rstrip(_UNSURE).encode(), partial_mode="trailing-strings")
    except ValueError:
        return None


def whole(text: str) -> Any:
    """The first JSON object or array in `text`, behind a model's thinking; `ValueError` where there is none.

    A pair of brackets that is no JSON and holds no other, as in [1-5], is prose and skipped. JSON that breaks off
    is not searched for whole parts, since a part is not what was asked for.
    """
    low = _behind_thinking(text)
    if low is None:
        raise ValueError("the thinking has no end")
    reader = json.JSONDecoder()
    close = _last_close(text)
    early = _bracket(text, low, close)
    if early is not None:  # thinking that the prompt began, or a value with the mark in one of its texts
        try:
            value, end = reader.raw_decode(text, early)
        except (ValueError, RecursionError):
            if text.startswith(_BEGINS, low):
                raise
        else:
            if end > close:
                return value
    start = _bracket(text, max(low, close), len(text))
    if start is None:
        raise ValueError("no JSON object or array")
    return reader.raw_decode(text, start)[0]


def _bracket(text: str, low: int, high: int) -> int | None:
    """The first bracket between `low` and `high` that begins no remark in a sentence."""
    while start := _START.search(text, low, high):
        pair = _PAIR.match(text, start.start())
        if pair is None or not _is_remark(pair.group()):
            return start.start()
        low = pair.end()
    return None


def _is_remark(pair: str) -> bool:
    """Whether a pair of brackets is no JSON and none of its marks is in a text that goes on behind it."""
    if "\\" in pair or pair.count('"') % 2 or (pair[0] == "{" and pair.count("'") % 2):
        return False
    try:
        json.loads(pair)
    except ValueError:
        return True
    return False


def _behind_thinking(text: str) -> int | None:
    """Where `text` goes on behind the thinking that it begins with; None where that has no end yet."""
    low = _said_from(text, 0)
    while text.startswith(OPEN, low):
        close = text.find(CLOSE, low)
        if close < 0:
            return None
        low = _said_from(text, close + len(CLOSE))
    return low


def _last_close(text: str) -> int:
    """Where `text` goes on behind the last end of thinking; 0 where there is none."""
    at = text.rfind(CLOSE)
    return 0 if at < 0 else at + len(CLOSE)


def _said_from(text: str, low: int) -> int:
    said = _SAID.search(text, low)
    return said.start() if said else len(text)
