"""`LLM`: one door to every model. Requests go through the openai SDK; replies are read by our own decoder."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx2
from pydantic import BaseModel

from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.llm import local, sdk
from mockmate_nb.llm.chunks import Usage
from mockmate_nb.llm.cost import Ledger
from mockmate_nb.llm.objects import ObjectStream, schema_order
from mockmate_nb.llm.practice import PracticeTransport
from mockmate_nb.llm.stream import ChatStream, Message, Timing
from mockmate_nb.llm.weights import Weights, require
from mockmate_nb.settings import Settings, check_network, resolve

if TYPE_CHECKING:
    from openai import AsyncOpenAI

M = TypeVar("M", bound=BaseModel)
TIMEOUT, CONNECT_TIMEOUT = 120.0, 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply, as `complete` gives it."""

    text: str
    finish_reason: str | None
    usage: Usage
    timing: Timing


@dataclass(slots=True, repr=False)  # it holds the key
class _Door:
    """One loop's way to the service; connections belong to the loop that opened them."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    client: AsyncOpenAI | None = None
    address: tuple[str, str] = ("", "")


class LLM:
    """A model. Without arguments: `MOCKMATE_PROVIDER`, else the built-in practice model.

    `pace` (tokens a second, 0: as fast as it goes) and `seed` are the practice model's. No call begins that could
    take all that was sent and received over `token_cap` tokens. A key never shows in
    a message, a `repr` or a log. One LLM may be used from several loops and threads.
    """

    def __init__(
        self,
        provider: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        model: str | None = None,
        pace: float = 50.0,
        seed: int = 0,
        token_cap: int | None = None,
    ) -> None:
        self.settings: Settings = resolve(provider, base_url=base_url, api_key=api_key, model=model)
        self._weights: Weights | None = None
        if self.settings.provider.name == "local":
            self._weights = require(self.settings.model or None)
            self.settings = replace(self.settings, model=self._weights.path.stem)
        if not 0 <= pace <= 100_000:
            raise CallerError(
                f"pace: {pace:g} is not from 0 to 100000.", field="pace", advice="50 is a reader's pace."
            )
        self.pace, self._seed = pace, seed
        self._doors: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Door] = weakref.WeakKeyDictionary()
        if token_cap is not None and token_cap < 1:
            raise CallerError(f"token_cap: {token_cap} allows no call at all.", field="token_cap")
        self._ledger = Ledger(self.settings, token_cap)

    def __repr__(self) -> str:
        return f"LLM({self.settings.provider.name!r}, model={self.settings.model!r})"

    @property
    def model(self) -> str:
        return self.settings.model

    @property
    def warning(self) -> str:
        """What a screen should say of this model's answers; empty where there is nothing to warn of."""
        return self._weights.warning if self._weights else ""

    @property
    def is_practice(self) -> bool:
        return self.settings.provider.name == "practice"

    @property
    def spent(self) -> float:
        """US dollars so far, by the prices that are set."""
        return self._ledger.spent

    @property
    def tokens(self) -> int:
        """Tokens sent and received so far."""
        return self._ledger.tokens

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the running loop's connections. The next call makes new ones."""
        door = self._doors.pop(asyncio.get_running_loop(), None)
        if door is not None and door.client is not None:
            await door.client.close()

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        timeout: float | None = None,
        prefix: str = "",
    ) -> ChatStream:
        """A reply as it arrives. `timeout`: seconds without a byte; `prefix`: text to continue from."""
        return self._ask(messages, True, max_tokens, temperature, timeout, prefix)

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - it bounds a silence, not the call
    ) -> Reply:
        """The batch twin of `stream`: the whole reply at once."""
        async with self._ask(messages, False, max_tokens, temperature, timeout) as reply:
            text = "".join([delta async for delta in reply])
        return Reply(text, reply.finish_reason, reply.usage or Usage(0, 0, estimated=True), reply.timing)

    def stream_object(self, messages: Sequence[Message], schema: type[M], **options: Any) -> ObjectStream[M]:
        """Growing objects as the reply's JSON arrives; `.value` is the validated whole at the end."""
        order = {"role": "system", "content": schema_order(schema)}
        return ObjectStream(self.stream([order, *_checked(messages)], **options), schema)

    def estimate(self, prompt_tokens: int, completion_tokens: int) -> float:
        """US dollars for so many tokens, by the prices that are set; 0 where none is."""
        return self._ledger.price(prompt_tokens, completion_tokens)

    def _ask(
        self,
        messages: Sequence[Message],
        stream: bool,
        max_tokens: int | None,
        temperature: float | None,
        timeout: float | None,
        prefix: str = "",
    ) -> ChatStream:
        settings = self.settings
        check_network(settings)
        most = _within("max_tokens", max_tokens, 1, float("inf"), settings.max_tokens)
        silence = _within("timeout", timeout, 0.001, 86_400, TIMEOUT)
        options: dict[str, Any] = {"timeout": httpx2.Timeout(silence, connect=min(silence, CONNECT_TIMEOUT))}
        if temperature is not None:
            options["temperature"] = _within("temperature", temperature, 0, 2, 1)
        if stream:
            options["stream_options"] = {"include_usage": True}
        name = "max_completion_tokens" if settings.provider.name == "openai" else "max_tokens"

        @asynccontextmanager
        async def opener(asked: list[Message], limit: int) -> AsyncGenerator[AsyncIterator[bytes], None]:
            async with self._response(messages=asked, stream=stream, **options, **{name: limit}) as body:
                yield body

        return ChatStream(
            opener,
            _checked(messages),
            limit=min(int(most), settings.max_tokens),
            retry_times=settings.retry_times,
            ledger=self._ledger,
            prefix=prefix,
        )

    @asynccontextmanager
    async def _response(self, **request: Any) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """One request's reply in bytes. A fault is raised with neither the key nor the SDK's own error on it."""
        client = await self._client()
        import openai  # here it costs nothing: it was loaded with the client

        create: Any = client.chat.completions.with_streaming_response.create
        try:
            async with create(model=self.settings.model, **request) as response:
                body = response.http_response
                plain = "content-encoding" not in body.headers
                async with aclosing(body.aiter_raw() if plain else body.aiter_bytes()) as pieces:
                    yield pieces
                return
        except MockMateError as error:
            failure = error
        except openai.OpenAIError as error:
            failure = sdk.failure(error, self.settings.destination)
        raise failure.without(self.settings.api_key.get_secret_value())

    async def _client(self) -> AsyncOpenAI:
        """The running loop's SDK client. Made in a thread: loading the SDK takes most of a second."""
        loop = asyncio.get_running_loop()
        door = self._doors.setdefault(loop, _Door())
        async with door.lock:
            address = await self._address()
            if door.client is None or door.address != address:
                door.client, door.address = await asyncio.to_thread(self._connect, *address), address
            return door.client

    def _connect(self, base_url: str, key: str) -> AsyncOpenAI:
        return sdk.connect(
            base_url,
            key,
            transport=PracticeTransport(pace=self.pace, seed=self._seed) if self.is_practice else None,
            proxies=self.settings.leaves_machine,
            every_header=self.settings.provider.name == "openai",
        )

    async def _address(self) -> tuple[str, str]:
        """The base URL and the key for it, as they are now: a server on this machine may have come up anew."""
        if self._weights is not None:
            server = await local.shared(self._weights.path)
            return server.base_url, server.api_key
        return self.settings.base_url, self.settings.api_key.get_secret_value()


def _within(name: str, value: float | None, low: float, high: float, default: float) -> float:
    if value is None:
        return default
    if not low <= value <= high:
        raise CallerError(f"{name}: {value:g} is not from {low:g} to {high:g}.", field=name)
    return value


def _checked(messages: Sequence[Message]) -> list[Message]:
    if isinstance(messages, str) or not messages or not all(isinstance(m, Mapping) for m in messages):
        raise CallerError(
            "messages: this is no list of messages.",
            field="messages",
            advice='Give it as in [{"role": "user", "content": "…"}].',
        )
    return list(messages)


def warm_up() -> None:
    """Begin to load the SDK, in a thread of its own, so that the first question does not wait for it."""
    threading.Thread(target=sdk.load, name="mockmate-import").start()
