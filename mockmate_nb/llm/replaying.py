"""A recording played again: the same bytes in the same rhythm, without a network and without a key."""

from __future__ import annotations

import asyncio
import json
import threading
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
from pydantic import ValidationError

from mockmate_nb.errors import CallerError
from mockmate_nb.llm.practice import Paced
from mockmate_nb.llm.recording import Kept, fingerprint
from mockmate_nb.settings import CUSTOM, PROVIDERS, Provider, Settings, resolve

ADVICE = "Ask as it was asked when it was recorded, or record this request too: LLM(…, record=…)."


class Recording:
    """The replies of one model out of a file. Several to the same request are played in turn, then from the first."""

    def __init__(self, path: str | Path, model: str | None = None) -> None:
        """`model` chooses where the file holds several. `CallerError` where there is nothing to play.

        Lines that cannot be read, as after a write that was broken off, are left out with a RuntimeWarning.
        """
        self.path = Path(path).expanduser()
        self._kept = _of_model(self.path, _load(self.path), model)
        self._asked: Counter[str] = Counter()
        self._counting = threading.Lock()

    @property
    def is_practice(self) -> bool:
        """Whether the practice model, which is no AI, is what was recorded."""
        return all(kept.provider == "practice" for kept in self._kept)

    def settings(self) -> Settings:
        """As a call to what was recorded needs them, but for its price, which is nothing; named as a recording."""
        model, days = self._kept[0].model, sorted({kept.made.date().isoformat() for kept in self._kept})
        providers = sorted({kept.provider for kept in self._kept})
        at = ", ".join(PROVIDERS.get(name, CUSTOM).label for name in providers)
        made = " – ".join(dict.fromkeys((days[0], days[-1])))
        provider = Provider(
            "recording",
            f"recording of {model} at {at}, made on {made}",
            "http://recording.invalid/v1",
            label_zh=f"{model}（{at}）的录制，录于 {made}",
        )
        return replace(
            resolve("practice"),
            provider=provider,
            base_url=provider.base_url or "",
            model=f"{model} (recording)",
            was_far=any(kept.far for kept in self._kept),
            price_in=0.0,
            price_out=0.0,
            cost_cap=None,
        )

    def answer(self, asked: Mapping[str, Any]) -> Kept:
        """The next reply to a request of this body; `CallerError` where none was recorded."""
        key = fingerprint(asked)
        found = [kept for kept in self._kept if kept.request == key]
        if not found:
            raise self._not_there(asked)
        with self._counting:
            turn = self._asked[key]
            self._asked[key] += 1
        return found[turn % len(found)]

    def _not_there(self, asked: Mapping[str, Any]) -> CallerError:
        streamed = bool(asked.get("stream"))
        other = fingerprint({**asked, "stream": not streamed})
        hint = ""
        if any(kept.request == other for kept in self._kept):
            hint = f" It is there {'as a whole reply, not streamed' if streamed else 'streamed, not as a whole'}."
        return CallerError(
            f"This request is not in the recording {self.path.name}: no reply was recorded to the same messages with "
            f"the same max_tokens.{hint}",
            field="replay",
            advice=ADVICE,
        )


class ReplayTransport(httpx2.AsyncBaseTransport):
    """Answers chat completions out of a recording; `at_once`: without its waits."""

    def __init__(self, recording: Recording, *, at_once: bool = False) -> None:
        self._recording, self._at_once = recording, at_once

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(await request.aread())
        body = Played(self._recording.answer(asked), at_once=self._at_once)
        kind = "text/event-stream" if asked.get("stream") else "application/json"
        return httpx2.Response(200, headers={"content-type": kind}, stream=body)


class Played(Paced):
    """One recorded body, piece by piece at its times, with the end that it had."""

    def __init__(self, kept: Kept, *, at_once: bool = False) -> None:
        speed = 0.0 if at_once else 1.0
        super().__init__([(at * speed, raw) for at, raw in kept.pieces])
        self._seconds, self._end = kept.seconds * speed, kept.end

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        async for piece in super().__aiter__():
            yield piece
        await asyncio.sleep(max(0.0, start + self._seconds - loop.time()))
        if self._end == "cut":
            raise httpx2.ReadError("The line was cut here when this was recorded.")
        if self._end == "silent":
            raise httpx2.ReadTimeout("The service was silent from here on when this was recorded.")


def _load(path: Path) -> list[Kept]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None
    kept, lost = [], []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                kept.append(Kept.model_validate(json.loads(line)))
            except (ValidationError, ValueError, RecursionError):
                lost.append(str(number))
    if not kept:
        raise _refused(path, "it holds no reply that can be read")
    if lost:
        warnings.warn(
            f"{path.name}: {len(lost)} of {len(kept) + len(lost)} lines cannot be read and are left out (line "
            f"{', '.join(lost[:5])}{'…' if len(lost) > 5 else ''}), as after a write that was broken off.",
            RuntimeWarning,
            stacklevel=4,
        )
    return kept


def _of_model(path: Path, kept: Sequence[Kept], model: str | None) -> list[Kept]:
    names = sorted({each.model for each in kept})
    if model is None and len(names) > 1:
        raise _refused(path, f"it holds several models ({', '.join(names)}); name one with model=…")
    found = [each for each in kept if model in (None, each.model)]
    if not found:
        raise _refused(path, f"it holds no reply of {model}, only of {', '.join(names)}")
    return found


def _refused(path: Path, why: str) -> CallerError:
    return CallerError(
        f"replay: {path} cannot be played: {why}.",
        field="replay",
        advice='Give a file that was recorded before, as in LLM("local", record="lesson.jsonl").',
    )
