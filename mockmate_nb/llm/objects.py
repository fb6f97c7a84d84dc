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
_START = re.compile(r"[{\[]")
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
    """The JSON value that `text` begins; None where it begins none yet. Words and a fence before it are skipped."""
    start = _START.search(text)
    if start is None:
        return None
    try:
        return jiter.from_json(
            text[start.start() :].rstrip(_UNSURE).encode(), partial_mode="trailing-strings"
        )
    except ValueError:
        return None


def whole(text: str) -> Any:
    """The first JSON object or array in `text`; `ValueError` where there is none.

    A bracket with words right behind it is prose and skipped; JSON that breaks off later is not searched for
    whole parts, since a part is not what was asked for.
    """
    reader = json.JSONDecoder()
    for start in _START.finditer(text):
        try:
            return reader.raw_decode(text, start.start())[0]
        except json.JSONDecodeError as error:
            if error.pos > start.end():
                raise
    raise ValueError("no JSON object or array")
