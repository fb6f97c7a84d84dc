"""`LLM`: one door to every model. Requests go through the openai SDK; replies are read by our own decoder."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx2
from pydantic import BaseModel

from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.llm import local, sdk
from mockmate_nb.llm.arguments import alone, checked, within
from mockmate_nb.llm.chunks import Usage
from mockmate_nb.llm.cost import Ledger
from mockmate_nb.llm.objects import ObjectStream, schema_order
from mockmate_nb.llm.practice import PracticeTransport
from mockmate_nb.llm.recording import Recorder, Taken
from mockmate_nb.llm.replaying import Recording, ReplayTransport
from mockmate_nb.llm.rhythm import Profile, Rhythm
from mockmate_nb.llm.stream import ChatStream, Message, Timing
from mockmate_nb.llm.tap import Tap, watching
from mockmate_nb.llm.weights import Weights, require
from mockmate_nb.settings import Settings, check_network, resolve

if TYPE_CHECKING:
    from openai import AsyncOpenAI

M = TypeVar("M", bound=BaseModel)
TIMEOUT, CONNECT_TIMEOUT = 120.0, 10.0
PACE = 50.0


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

    `pace` (tokens a second, 50 by default, 0: as fast as it goes) and `seed` are the practice model's; so is
    `profile`, a shipped rhythm's name, a file or a `Profile`, in which it then speaks: a recording of when a real
    model's pieces came. No call begins that could take all that was sent and received over `token_cap` tokens. A key
    never shows in a message, a `repr` or a log. One LLM may be used from several loops and threads.

    `record` names a file to which each reply's bytes are appended with the times at which they came: the reply's
    text is in it, the messages and keys are not. `replay` plays such a file without a network and without a key
    (`pace=0`: at once); `model` chooses where it holds several.
    """

    def __init__(
        self,
        provider: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        model: str | None = None,
        pace: float | None = None,
        seed: int = 0,
        token_cap: int | None = None,
        profile: str | Path | Profile | None = None,
        record: str | Path | None = None,
        replay: str | Path | None = None,
    ) -> None:
        self._rhythm: Rhythm | None = None
        self._recording: Recording | None = None
        self._weights: Weights | None = None
        if replay is not None:
            alone(
                "replay",
                provider=provider,
                base_url=base_url,
                api_key=api_key,
                profile=profile,
                record=record,
            )
            alone("replay", pace=pace or None)
            self._recording = Recording(replay, model)
            self.settings: Settings = self._recording.settings()
        elif profile is not None:
            other = None if str(provider or "practice").strip().lower() == "practice" else provider
            alone("profile", provider=other, base_url=base_url, api_key=api_key, model=model, pace=pace)
            self._rhythm = Rhythm(profile if isinstance(profile, Profile) else Profile.load(profile), seed)
            self.settings = self._rhythm.profile.named(resolve("practice"))
        else:
            self.settings = resolve(provider, base_url=base_url, api_key=api_key, model=model)
        if self.settings.provider.name == "local":
            self._weights = require(self.settings.model or None)
            self.settings = replace(self.settings, model=self._weights.path.stem)
        pace = PACE if pace is None else pace
        if not 0 <= pace <= 100_000:
            raise CallerError(
                f"pace: {pace:g} is not from 0 to 100000.", field="pace", advice="50 is a reader's pace."
            )
        self.pace, self._seed = pace, seed
        self._recorder = None if record is None else Recorder(record, self.settings)
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
        """Whether the practice model speaks, which is no AI; in a recording of it too."""
        if self._recording is not None:
            return self._recording.is_practice
        return self.settings.provider.name == "practice"

    @property
    def profile(self) -> Profile | None:
        """The rhythm in which the practice model speaks, if it was given one."""
        return self._rhythm.profile if self._rhythm else None

    def recorded(self, messages: Sequence[Message], *, stream: bool, max_tokens: int) -> int | None:
        """How many replies to this request a recording holds; None for a model that is no recording."""
        asked = {"messages": list(messages), "stream": stream, "max_tokens": max_tokens}
        return None if self._recording is None else self._recording.replies(asked)

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

    async def ready(self) -> None:
        """Load what the first call would wait for: the SDK, and a local model's server. Raises what that would."""
        await self._client()

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
        extra: Mapping[str, Any] | None = None,
        tap: Tap | None = None,
    ) -> ChatStream:
        """A reply as it arrives. `timeout`: seconds without a byte; `prefix`: text to continue from.

        `extra` are further fields of the request's body, as in {"seed": 7}; `tap` watches the reply come in.
        """
        return self._ask(messages, True, max_tokens, temperature, timeout, prefix, extra, tap)

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - it bounds a silence, not the call
        extra: Mapping[str, Any] | None = None,
        tap: Tap | None = None,
    ) -> Reply:
        """The batch twin of `stream`: the whole reply at once."""
        async with self._ask(messages, False, max_tokens, temperature, timeout, "", extra, tap) as reply:
            text = "".join([delta async for delta in reply])
        return Reply(text, reply.finish_reason, reply.usage or Usage(0, 0, estimated=True), reply.timing)

    def stream_object(self, messages: Sequence[Message], schema: type[M], **options: Any) -> ObjectStream[M]:
        """Growing objects as the reply's JSON arrives; `.value` is the validated whole at the end."""
        order = {"role": "system", "content": schema_order(schema)}
        return ObjectStream(self.stream([order, *checked(messages)], **options), schema)

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
        prefix: str,
        extra: Mapping[str, Any] | None,
        tap: Tap | None,
    ) -> ChatStream:
        settings = self.settings
        check_network(settings)
        most = within("max_tokens", max_tokens, 1, float("inf"), settings.max_tokens)
        silence = within("timeout", timeout, 0.001, 86_400, TIMEOUT)
        patience = httpx2.Timeout(silence, connect=min(silence, CONNECT_TIMEOUT))
        fields: dict[str, Any] = {**(extra or {}), "stream": stream}
        if temperature is not None:
            fields["temperature"] = within("temperature", temperature, 0, 2, 1)
        if stream:
            fields["stream_options"] = {"include_usage": True}
        name = "max_completion_tokens" if settings.provider.name == "openai" else "max_tokens"

        @asynccontextmanager
        async def opener(asked: list[Message], limit: int) -> AsyncGenerator[AsyncIterator[bytes], None]:
            body = {**fields, "messages": asked, name: limit}
            async with self._recorded(body) as taken, self._response(body, patience, tap, taken) as pieces:
                yield pieces

        return ChatStream(
            opener,
            checked(messages),
            limit=min(int(most), settings.max_tokens),
            retry_times=0 if tap is not None and tap.once else settings.retry_times,
            ledger=self._ledger,
            prefix=prefix,
            tap=tap,
        )

    def _recorded(self, body: Mapping[str, Any]) -> AbstractAsyncContextManager[Taken | None]:
        return nullcontext() if self._recorder is None else self._recorder.reply(body)

    @asynccontextmanager
    async def _response(
        self, fields: dict[str, Any], patience: httpx2.Timeout, tap: Tap | None, taken: Taken | None
    ) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """One request's reply in bytes. A fault is raised with neither the key nor the SDK's own error on it."""
        client = await self._client()
        import openai  # here it costs nothing: it was loaded with the client

        watching.set(tap)  # each reply is asked for by a task of its own
        for watcher in (tap, taken):
            if watcher is not None:
                watcher.asked()
        try:
            reply: Any = await client.post(
                "/chat/completions",
                cast_to=httpx2.Response,  # as it is: `chat.completions.create` spends a third of a ms on its types
                body={**fields, "model": self.settings.model},
                options={"timeout": patience},
                stream=True,
                stream_cls=openai.AsyncStream[Any],
            )
            async with aclosing(reply):
                plain = "content-encoding" not in reply.headers
                async with aclosing(reply.aiter_raw() if plain else reply.aiter_bytes()) as raw:
                    pieces = raw if taken is None else taken.listen(raw)
                    yield pieces if tap is None else _tapped(pieces, tap)
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
            transport=self._offline(),
            proxies=self.settings.leaves_machine,
            every_header=self.settings.provider.name == "openai",
        )

    def _offline(self) -> httpx2.AsyncBaseTransport | None:
        """What answers instead of a service, where one does."""
        if self._recording is not None:
            return ReplayTransport(self._recording, at_once=not self.pace)
        if self.is_practice:
            return PracticeTransport(pace=self.pace, seed=self._seed, rhythm=self._rhythm)
        return None

    async def _address(self) -> tuple[str, str]:
        """The base URL and the key for it, as they are now: a server on this machine may have come up anew."""
        if self._weights is not None:
            server = await local.shared(self._weights.path)
            return server.base_url, server.api_key
        return self.settings.base_url, self.settings.api_key.get_secret_value()


async def _tapped(pieces: AsyncIterator[bytes], tap: Tap) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield await tap.piece(piece)
        tap.passed()


def warm_up() -> None:
    """Begin to load the SDK, in a thread of its own, so that the first question does not wait for it."""
    threading.Thread(target=sdk.load, name="mockmate-import").start()
