"""A provider's rhythm: when its pieces came, recorded once from real runs, without a word of their text and without
a key; and how the practice model plays it. What is played is a recording, never a live model.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mockmate_nb.errors import CallerError
from mockmate_nb.llm.arguments import place, read_plain
from mockmate_nb.settings import Settings

SHIPPED = Path(__file__).parent / "profiles"
MAX_BYTES = 4_000_000
DIGITS = 5  # ten microseconds: below what a clock in a busy process can tell

Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
Line = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f<>]*$")]


class Beat(NamedTuple):
    """Seconds since the request was sent, and how many tokens come then."""

    at: float
    tokens: int


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StreamRun(_Part):
    """One streamed reply: `at`, the seconds of each piece of text since the request was sent, two at least;
    `tokens`, how many each held, empty where each held one."""

    at: Annotated[tuple[Seconds, ...], Field(min_length=2, max_length=100_000)]
    tokens: tuple[Count, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if any(b < a for a, b in itertools.pairwise(self.at)):
            raise ValueError("the times go back")
        if self.at[-1] <= 0:
            raise ValueError("no time passes")
        if self.tokens and len(self.tokens) != len(self.at):
            raise ValueError("there are not as many counts of tokens as times")
        return self

    def beats(self, tokens: int) -> list[Beat]:
        """When that many tokens come. After the run's own end its later gaps go on in turn, with their tokens."""
        gaps = [b - a for a, b in itertools.pairwise(self.at)]
        beats: list[Beat] = []
        left, now = tokens, 0.0
        while left > 0:
            step = len(beats)
            again = (step - 1) % len(gaps)
            now = self.at[step] if step < len(self.at) else now + gaps[again]
            come = self.tokens[step if step < len(self.at) else again + 1] if self.tokens else 1
            beats.append(Beat(now, min(come, left)))
            left -= come
        return beats

    def until(self, tokens: int) -> float:
        """Seconds until that many tokens, one at least, have come."""
        return self.beats(max(1, tokens))[-1].at


class BatchRun(_Part):
    """One whole reply: its seconds since the request was sent, and its tokens."""

    seconds: Annotated[Seconds, Field(gt=0)]
    tokens: Count


class Label(_Part):
    """What a screen calls the profile."""

    en: Line
    zh: Line


class Profile(_Part):
    """A provider's rhythm. `batches[i]`, if there is one, was recorded beside `streams[i]`.

    `prompt_tokens` is the length of the prompts: it is part of the time to the first token and is not scaled.
    `machine` holds plain facts about where it was recorded.
    """

    version: Literal[1] = 1
    name: Name
    label: Label
    model: Line
    cache: Literal["warm", "cold"]
    prompt_tokens: Annotated[int, Field(ge=0)]
    machine: dict[Line, Line | int | float] = Field(max_length=40)
    made_on: date
    streams: Annotated[tuple[StreamRun, ...], Field(min_length=1, max_length=1000)]
    batches: Annotated[tuple[BatchRun, ...], Field(max_length=1000)] = ()

    def beats(self, run: int, tokens: int) -> list[Beat]:
        """When the tokens of a streamed reply come, by the given run; runs are counted round."""
        return self.streams[run % len(self.streams)].beats(tokens)

    def batch_seconds(self, run: int, tokens: int) -> float:
        """How long a whole reply of that many tokens takes.

        A recorded batch reply has its own length. For another one it is scaled by the streamed run beside it: the
        time which that run takes to its token number `tokens` (first token, then gaps), times what the batch took
        over what that run took to the batch's own length. At the recorded length it is the recorded time.
        """
        beside = self.streams[run % len(self.streams)]
        if not self.batches:
            return beside.until(tokens)
        batch = self.batches[run % len(self.batches)]
        own = beside.until(batch.tokens)
        return batch.seconds * beside.until(tokens) / own if own else batch.seconds

    def named(self, settings: Settings) -> Settings:
        """The practice model's settings, with this rhythm's name wherever the model or the provider is named."""
        provider = settings.provider
        told = replace(
            provider,
            label=f"{provider.label}, in the rhythm of {self.name}",
            label_zh=f"练习模型（离线，不是人工智能），按 {self.name} 的节奏",
        )
        return replace(settings, provider=told, model=f"practice (rhythm of {self.name})")

    @classmethod
    def load(cls, source: str | Path) -> Self:
        """A shipped profile by its name (see `shipped`), or one from a JSON file.

        `CallerError` for a name that is not known, a file that cannot be read, and what is no profile.
        """
        path = _place(source)
        try:
            raw = read_plain(path, MAX_BYTES)
        except OSError as error:
            raise _refused(source, f"{error.strerror or error}") from None
        return cls.parse(raw, source)

    @classmethod
    def parse(cls, raw: str | bytes, source: str | Path = "profile") -> Self:
        """A profile out of its JSON; `source` is what a `CallerError` names it by."""
        try:
            return cls.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "JSON"
            newer = ", which a newer version of this package may read" if where == "version" else ""
            raise _refused(source, f"{where}: {first['msg']}{newer}") from None

    def json_text(self) -> str:
        """Its JSON, a run a line; `parse` reads it back."""
        facts = self.model_dump(mode="json", exclude={"streams", "batches"})
        parts = [
            f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items()
        ]
        both: dict[str, Sequence[StreamRun | BatchRun]] = {"streams": self.streams, "batches": self.batches}
        for key, runs in both.items():
            lines = ",\n".join(json.dumps(_short(run), separators=(",", ":")) for run in runs)
            parts.append(f'"{key}": [\n{lines}\n]')
        return "{\n" + ",\n".join(parts) + "\n}\n"

    def save(self, path: str | Path) -> None:
        """Write it as JSON. `CallerError` where it cannot be written."""
        try:
            place("path", path).write_text(self.json_text(), encoding="utf-8")
        except OSError as error:
            raise CallerError(
                f"profile: {path} cannot be written: {error.strerror or error}.",
                field="path",
                advice="Choose a file in a folder that exists and may be written to.",
            ) from None


def shipped() -> tuple[str, ...]:
    """The names of the profiles that come with the package."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.json")))


class Rhythm:
    """A profile as one model plays it: request n of its kind (streamed, whole) takes run `seed` + n, so that two
    requests differ and the same seed gives the same series.

    Requests at the same time do not slow each other down, as on a real machine they would; nor does a longer prompt
    take longer. Safe from any thread.
    """

    def __init__(self, profile: Profile, seed: int = 0) -> None:
        self.profile = profile
        self._streams, self._batches = itertools.count(seed), itertools.count(seed)

    def beats(self, tokens: int) -> list[Beat]:
        return self.profile.beats(next(self._streams), tokens)

    def batch_seconds(self, tokens: int) -> float:
        return self.profile.batch_seconds(next(self._batches), tokens)


def check_name(name: str) -> None:
    """`CallerError` for what cannot be a profile's name, which is a file's name too."""
    if not NAME.fullmatch(name):
        raise CallerError(
            f"name: {name[:64]!r} cannot name a profile.",
            field="name",
            advice="Take up to 64 letters, digits, dots, hyphens and underscores, as in smollm2-warm.",
        )


def shared_out(total: int, sizes: Sequence[int]) -> list[int]:
    """`total` tokens over pieces of so many characters: by length, one each at least; all one if too few."""
    if total <= len(sizes):
        return [1] * len(sizes)
    spare, length = total - len(sizes), max(1, sum(sizes))
    ends = [math.floor(spare * end / length) for end in itertools.accumulate(sizes)]
    ends[-1] = spare
    return [1 + b - a for a, b in itertools.pairwise([0, *ends])]


def _short(run: StreamRun | BatchRun) -> dict[str, object]:
    if isinstance(run, BatchRun):
        return {"seconds": round(run.seconds, DIGITS), "tokens": run.tokens}
    at = [round(each, DIGITS) for each in run.at]
    return {"at": at, "tokens": run.tokens} if run.tokens else {"at": at}


def _place(source: object) -> Path:
    if not isinstance(source, str):
        return place("profile", source)
    if source in shipped():
        return SHIPPED / f"{source}.json"
    if source.endswith(".json") or "/" in source or os.sep in source:
        return place("profile", source)
    raise _refused(source, "there is none of that name")


def _refused(source: str | Path, why: str) -> CallerError:
    return CallerError(
        f"profile: {str(source)[:200]!r} cannot be used: {why}.",
        field="profile",
        advice=f"Use one of {', '.join(shipped())}, or a file that record_profile(…) made and save(…) wrote.",
    )
