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
from mockmate_nb.llm.arguments import place, read_plain
from mockmate_nb.llm.practice import Paced
from mockmate_nb.llm.recording import MAX_BYTES, VERSION, Kept, cut_name, fingerprint, limit_of
from mockmate_nb.settings import CUSTOM, PROVIDERS, Provider, Settings, resolve

ADVICE = "Ask as it was asked when it was recorded, or record this request too: LLM(…, record=…)."


class Recording:
    """The replies of one model out of a file. Several to the same request are played in turn, then from the first."""

    def __init__(self, path: str | Path, model: str | None = None) -> None:
        """`model` chooses where the file holds several. `CallerError` where there is nothing to play.

        Lines that cannot be read, as after a write that was broken off, are left out with a RuntimeWarning.
        """
        self.path = place("replay", path)
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

    def replies(self, asked: Mapping[str, Any]) -> int:
        """How many replies there are to a request of this body."""
        key = fingerprint(asked)
        return sum(kept.request == key for kept in self._kept)

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
        return CallerError(
            f"This request is not in the recording {self.path.name}: no reply was recorded to the same messages with "
            f"the same max_tokens.{self._else_there(asked)}",
            field="replay",
            advice=ADVICE,
        )

    def _else_there(self, asked: Mapping[str, Any]) -> str:
        """How else the same messages were asked, where they were."""
        there, limit, streamed = (
            {kept.request for kept in self._kept},
            limit_of(asked),
            bool(asked.get("stream")),
        )
        limits = [limit, *sorted({kept.max_tokens for kept in self._kept if kept.max_tokens} - {limit})]
        for how in (streamed, not streamed):
            same = {"messages": asked.get("messages"), "stream": how}
            found = [each for each in limits if fingerprint({**same, "max_tokens": each}) in there]
            if found:
                said = ["streamed, not as a whole" if how else "as a whole reply, not streamed"]
                told = said if how is not streamed else []
                if limit not in found:
                    told.append(f"with max_tokens={' or '.join(map(str, found[:5]))}")
                return f" It is there {', '.join(told)}."
        return ""


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
        lines = read_plain(path, MAX_BYTES).split(b"\n")
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None
    kept, lost, newer = [], [], False
    for number, line in enumerate(lines, 1):
        if line.strip():
            facts: object = None
            try:
                facts = json.loads(line)
                kept.append(Kept.model_validate(facts))
            except (ValidationError, ValueError, RecursionError):
                lost.append(str(number))
                newer = newer or _is_newer(facts)
    if not kept:
        raise _refused(
            path,
            "a newer version of this package wrote it" if newer else "it holds no reply that can be read",
        )
    if lost:
        why = (
            "a newer version of this package wrote there" if newer else "as after a write that was broken off"
        )
        warnings.warn(
            f"{path.name}: {len(lost)} of {len(kept) + len(lost)} lines cannot be read and are left out (line "
            f"{', '.join(lost[:5])}{'…' if len(lost) > 5 else ''}): {why}.",
            RuntimeWarning,
            stacklevel=4,
        )
    return kept


def _is_newer(facts: object) -> bool:
    """Whether a line says that it is of a version of the format that is not known here."""
    version = facts.get("recording") if isinstance(facts, dict) else None
    return isinstance(version, int) and version > VERSION


def _of_model(path: Path, kept: Sequence[Kept], model: str | None) -> list[Kept]:
    names = sorted({each.model for each in kept})
    if model is None and len(names) > 1:
        raise _refused(path, f"it holds several models ({', '.join(names)}); name one with model=…")
    found = [each for each in kept if model is None or each.model == cut_name(model)]
    if not found:
        raise _refused(path, f"it holds no reply of {model}, only of {', '.join(names)}")
    return found


def _refused(path: Path, why: str) -> CallerError:
    return CallerError(
        f"replay: {path} cannot be played: {why}.",
        field="replay",
        advice='Give a file that was recorded before, as in LLM("local", record="lesson.jsonl").',
    )
