"""A recorded rhythm: read and checked, played by the practice model to the moment, and named as a recording."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb.errors import CallerError
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.practice import ABOUT, tokens
from mockmate_nb.llm.rhythm import SHIPPED, Profile, StreamRun, check_name, shared_out, shipped
from mockmate_nb.llm.tap import Tap
from tests.llm.misbehaving import HELLO
from tests.llm.test_practice import in_no_time

FACTS: dict[str, Any] = {
    "version": 1,
    "name": "one",
    "label": {"en": "a recording, not a live model", "zh": "这是录制"},
    "model": "m",
    "cache": "warm",
    "prompt_tokens": 9,
    "machine": {"processor": "a core", "cores": 2},
    "made_on": "2026-11-21",
    "streams": [{"at": [0.5, 0.6, 0.9]}, {"at": [1.0, 1.25, 1.5], "tokens": [2, 1, 3]}],
    "batches": [{"seconds": 1.8, "tokens": 3}, {"seconds": 3.0, "tokens": 6}],
}


def profile(**changes: Any) -> Profile:
    return Profile.parse(json.dumps(FACTS | changes))


PLAIN, LUMPS = profile().streams
BEATS: dict[str, tuple[StreamRun, int, list[tuple[float, int]]]] = {
    "nothing": (PLAIN, 0, []),
    "the first alone": (PLAIN, 1, [(0.5, 1)]),
    "the run itself": (PLAIN, 3, [(0.5, 1), (0.6, 1), (0.9, 1)]),
    "then its gaps, in turn": (
        PLAIN,
        6,
        [(0.5, 1), (0.6, 1), (0.9, 1), (1.0, 1), (1.3, 1), (1.4, 1)],
    ),
    "several at once": (LUMPS, 6, [(1.0, 2), (1.25, 1), (1.5, 3)]),
    "a part of several": (LUMPS, 5, [(1.0, 2), (1.25, 1), (1.5, 2)]),
    "several, then the gaps": (LUMPS, 9, [(1.0, 2), (1.25, 1), (1.5, 3), (1.75, 1), (2.0, 2)]),
}


@pytest.mark.parametrize(("run", "count", "expected"), BEATS.values(), ids=BEATS)
def test_when_tokens_come(run: StreamRun, count: int, expected: list[tuple[float, int]]) -> None:
    beats = run.beats(count)
    assert [beat.tokens for beat in beats] == [tokens for _, tokens in expected]
    assert [beat.at for beat in beats] == pytest.approx([at for at, _ in expected])


@st.composite
def runs(draw: st.DrawFn) -> StreamRun:
    steps = draw(st.lists(st.floats(0, 3), min_size=2, max_size=12).filter(any))
    counts = draw(st.lists(st.integers(1, 5), min_size=len(steps), max_size=len(steps)) | st.just([]))
    return StreamRun(at=tuple(sum(steps[: end + 1]) for end in range(len(steps))), tokens=tuple(counts))


@given(runs(), st.integers(0, 80), st.integers(0, 80))
def test_all_tokens_come_and_a_longer_reply_begins_as_a_shorter_one(
    run: StreamRun, one: int, other: int
) -> None:
    short, long = sorted((one, other))
    beats, more = run.beats(short), run.beats(long)
    assert (sum(beat.tokens for beat in beats), sum(beat.tokens for beat in more)) == (short, long)
    assert [beat.at for beat in more] == sorted(beat.at for beat in more)
    assert [beat.at for beat in beats] == [beat.at for beat in more][: len(beats)]
    assert beats[:-1] == more[: max(0, len(beats) - 1)]


@pytest.mark.parametrize(
    ("run", "count", "seconds"),
    [
        (0, 3, 1.8),  # as recorded
        (1, 6, 3.0),
        (2, 3, 1.8),  # runs are counted round
        (0, 1, 1.0),  # the streamed run takes 0.5 s of its 0.9
        (0, 6, 2.8),  # 1.4 s of 0.9
        (1, 3, 2.5),  # 1.25 s of 1.5
        (0, 0, 1.0),  # nothing said takes as long as one token
    ],
)
def test_how_long_a_whole_reply_takes(run: int, count: int, seconds: float) -> None:
    assert profile().batch_seconds(run, count) == pytest.approx(seconds)


def test_without_whole_replies_one_takes_as_long_as_the_stream() -> None:
    assert profile(batches=[]).batch_seconds(0, 3) == pytest.approx(0.9)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(0, 300))
def test_tokens_are_shared_out_over_the_pieces(sizes: list[int], total: int) -> None:
    shares = shared_out(total, sizes)
    assert len(shares) == len(sizes)
    assert min(shares) >= 1
    assert sum(shares) == max(total, len(sizes))


def test_longer_pieces_get_more_tokens() -> None:
    assert shared_out(10, [1, 1, 6]) == [1, 2, 7]


SOUND = json.dumps(FACTS)
WRONG: dict[str, tuple[str, str]] = {
    "no JSON": (SOUND[:-9], "JSON"),
    "no object": ("[]", "object"),
    "another version": (json.dumps(FACTS | {"version": 2}), "a newer version of this package"),
    "no run": (json.dumps(FACTS | {"streams": []}), "streams"),
    "one piece": (json.dumps(FACTS | {"streams": [{"at": [1.0]}]}), "streams.0.at"),
    "no time passes": (json.dumps(FACTS | {"streams": [{"at": [0, 0]}]}), "no time"),
    "back in time": (json.dumps(FACTS | {"streams": [{"at": [1.0, 0.9]}]}), "go back"),
    "before the request": (json.dumps(FACTS | {"streams": [{"at": [-1.0, 0.9]}]}), "streams.0.at.0"),
    "longer than a day": (json.dumps(FACTS | {"streams": [{"at": [0.0, 1e9]}]}), "streams.0.at.1"),
    "no number": (SOUND.replace("0.9", "NaN"), "streams.0.at.2"),
    "endless": (SOUND.replace("0.9", "1e999"), "streams.0.at"),
    "too few counts": (json.dumps(FACTS | {"streams": [{"at": [1, 2], "tokens": [1]}]}), "counts"),
    "a whole reply in no time": (json.dumps(FACTS | {"batches": [{"seconds": 0, "tokens": 1}]}), "greater"),
    "no tokens": (json.dumps(FACTS | {"batches": [{"seconds": 1, "tokens": 0}]}), "batches.0.tokens"),
    "a field too many": (json.dumps(FACTS | {"text": "the reply"}), "text"),
    "markup": (json.dumps(FACTS | {"label": {"en": "<img src=x>", "zh": "x"}}), "label.en"),
    "a path for a name": (json.dumps(FACTS | {"name": "../../x"}), "name"),
}


@pytest.mark.parametrize(("text", "why"), WRONG.values(), ids=WRONG)
def test_what_is_no_profile_is_refused_with_its_reason(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(text, "utf-8")
    with pytest.raises(CallerError) as refused:
        LLM("practice", profile=path)
    assert refused.value.field == "profile"
    assert why in refused.value.message
    assert all(name in refused.value.advice for name in shipped())


@pytest.mark.parametrize(
    "source",
    ["nobody", "no/such/file.json", "", "x" * 5000, "no\0.json", Path("no-such.json"), SHIPPED, 5, [1]],
)
def test_what_is_not_there_is_refused(source: Any) -> None:
    with pytest.raises(CallerError, match=r"cannot be used|names no file") as refused:
        LLM(profile=source)
    assert len(refused.value.message) < 400
    assert refused.value.field == "profile"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the platform has no such files")
def test_what_would_never_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for endless in (tmp_path / "pipe.json", Path("/dev/zero")):
        with pytest.raises(CallerError, match="no plain file"):
            Profile.load(endless)


def test_a_profile_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.touch()
    os.truncate(path, 5_000_000)
    with pytest.raises(CallerError, match="more than"):
        Profile.load(path)


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    profile().save(path)
    assert Profile.load(str(path)) == profile()
    assert max(map(len, path.read_text("utf-8").splitlines())) < 200, "a run a line"
    with pytest.raises(CallerError, match="cannot be written"):
        profile().save(tmp_path / "no" / "one.json")


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "x" * 65, "a/b", "a\n"])
def test_what_cannot_name_a_profile(name: str) -> None:
    with pytest.raises(CallerError, match="cannot name"):
        check_name(name)


def test_four_come_with_the_package() -> None:
    assert shipped() == ("qwen-cold", "qwen-warm", "smollm2-cold", "smollm2-warm")


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_profile_is_a_recording_of_the_model_that_it_names(name: str) -> None:
    path = SHIPPED / f"{name}.json"
    assert path.stat().st_size <= 40_000
    found = Profile.load(name)
    model, _, cache = name.partition("-")
    assert (found.name, found.cache) == (name, cache)
    assert model in found.model.lower()
    assert found.model in found.label.en
    assert "a recording, not a live model" in found.label.en
    assert "这是录制" in found.label.zh
    assert len(found.streams) == len(found.batches) >= 8
    assert {run.tokens for run in found.batches} == {64}
    assert {sum(beat.tokens for beat in run.beats(64)) for run in found.streams} == {64}
    assert found.json_text() == path.read_text("utf-8")


def test_cold_waits_longer_for_the_first_token_than_warm() -> None:
    for model in ("smollm2", "qwen"):
        warm, cold = (Profile.load(f"{model}-{cache}") for cache in ("warm", "cold"))
        first = [statistics.median(run.at[0] for run in each.streams) for each in (warm, cold)]
        assert first[0] < first[1] / 2


class Clock(Tap):
    """When the pieces of a reply came, by the loop's own clock."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def asked(self) -> None:
        self._zero = asyncio.get_running_loop().time()

    async def piece(self, raw: bytes) -> bytes:
        self.times.append(asyncio.get_running_loop().time() - self._zero)
        return raw


async def whole(llm: LLM, count: int) -> float:
    clock = Clock()
    await llm.complete(HELLO, max_tokens=count, tap=clock)
    return clock.times[-1]


def playing(work: Callable[[LLM], Awaitable[Any]], **how: Any) -> Any:
    """What `work` gives with the profile of these tests, on a clock of its own."""

    async def main() -> Any:
        async with LLM("practice", **{"profile": profile(), **how}) as llm:
            return await work(llm)

    return in_no_time(main())


def test_a_token_comes_when_its_piece_came() -> None:
    async def work(llm: LLM) -> list[tuple[list[float], list[str]]]:
        found = []
        for count in (3, 6, 5):
            clock = Clock()
            deltas = [delta async for delta in llm.stream(HELLO, max_tokens=count, tap=clock)]
            found.append((clock.times, deltas))
        return found

    (one, plain), (two, lumps), (three, _) = playing(work)
    said = tokens(ABOUT["en"])
    assert one == pytest.approx([0.5, 0.6, 0.9, 0.9]), "the end comes with the last token"
    assert plain == said[:3]
    assert two == pytest.approx([1.0, 1.25, 1.5, 1.5])
    assert lumps == ["".join(said[:2]), said[2], "".join(said[3:6])]
    assert three == pytest.approx([0.5, 0.6, 0.9, 1.0, 1.3, 1.3]), "after the last run comes the first"


async def in_pairs(llm: LLM) -> list[float]:
    found = []
    for _ in range(2):
        clock = Clock()
        async for _delta in llm.stream(HELLO, max_tokens=3, tap=clock):
            pass
        found.append(clock.times[0])
        found.append(await whole(llm, 3))
    return found


@pytest.mark.parametrize(
    ("seed", "expected"), [(0, [0.5, 1.8, 1.0, 2.5]), (1, [1.0, 2.5, 0.5, 1.8]), (-1, [1.0, 2.5, 0.5, 1.8])]
)
def test_the_seed_says_where_the_series_begins_and_pairs_stay_pairs(seed: int, expected: list[float]) -> None:
    for _ in range(2):
        assert playing(in_pairs, seed=seed) == pytest.approx(expected)


def test_the_series_goes_on_over_loops_and_closed_connections() -> None:
    llm = LLM("practice", profile=profile())

    async def first() -> float:
        clock = Clock()
        async for _ in llm.stream(HELLO, max_tokens=3, tap=clock):
            pass
        await llm.aclose()
        return clock.times[0]

    assert [in_no_time(first()) for _ in range(3)] == pytest.approx([0.5, 1.0, 0.5])


def test_many_at_once_take_a_run_each() -> None:
    async def work(llm: LLM) -> list[float]:
        clocks = [Clock() for _ in range(6)]

        async def one(clock: Clock) -> None:
            async for _ in llm.stream(HELLO, max_tokens=3, tap=clock):
                pass

        await llm.complete(
            HELLO, max_tokens=1
        )  # the SDK's first request asks in a thread what machine this is
        await asyncio.gather(*map(one, clocks))
        return sorted(clock.times[0] for clock in clocks)

    assert playing(work) == pytest.approx([0.5] * 3 + [1.0] * 3)


def test_it_is_named_as_what_it_is() -> None:
    llm = LLM(profile="smollm2-warm")
    assert llm.is_practice
    assert llm.model == "practice (rhythm of smollm2-warm)"
    assert llm.settings.destination == "practice model (offline, not an AI), in the rhythm of smollm2-warm"
    assert "不是人工智能" in llm.settings.provider.label_zh
    assert "smollm2-warm" in llm.settings.provider.label_zh
    assert not llm.settings.leaves_machine
    assert llm.profile == Profile.load("smollm2-warm")
    assert LLM("practice").profile is None


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("provider", {"provider": "openai"}),
        ("provider", {"provider": "local"}),
        ("base_url", {"base_url": "http://127.0.0.1:1/v1"}),
        ("api_key", {"api_key": "sk-1"}),
        ("model", {"model": "m"}),
        ("pace", {"pace": 50}),
        ("pace", {"pace": 0}),
    ],
)
def test_a_profile_stands_alone(field: str, other: dict[str, Any]) -> None:
    with pytest.raises(CallerError) as refused:
        LLM(**other, profile="smollm2-warm")
    assert refused.value.field == field
    assert "profile" in refused.value.message


@pytest.mark.parametrize("provider", [None, "practice", " Practice "])
def test_the_environment_does_not_stand_in_its_way(
    provider: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCKMATE_PROVIDER", "openai")
    monkeypatch.setenv("MOCKMATE_MODEL", "gpt-5-mini")
    assert LLM(provider, profile=profile()).model == "practice (rhythm of one)"
