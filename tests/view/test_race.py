"""A race without a page: two lanes, their clocks' marks, the verdict, the replay, and further pairs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from mockmate_nb import LLM, run
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import LANGUAGES, Language
from mockmate_nb.lab.run import Arrival, Mode, Run
from mockmate_nb.units import as_time
from mockmate_nb.view import race_html, race_words
from mockmate_nb.view.race import RacePanel
from mockmate_nb.view.race_clock import RaceClock
from mockmate_nb.view.race_lane import Lane, Lap
from mockmate_nb.view.race_words import pair_verdict, say
from tests.llm import misbehaving
from tests.llm.misbehaving import DONE, SSE, Reply, Request, Server, Step, chunk, error, whole
from tests.view.panels import soon

FAST = 2000
WORDS = ["One ", "two ", "three."]
TEXT = "".join(WORDS)
JSON = {"content-type": "application/json"}


def made(mode: Mode = "stream", first: float = 0.5, e2e: float = 2.0, tokens: int = 64) -> Run:
    arrivals = (Arrival(first, 3, 1), Arrival(e2e, 8, 2))
    return Run(
        pair=0,
        mode=mode,
        cache="warm",
        prompt=0,
        began=0.0,
        first_byte=first,
        first_event=first,
        first_content=first,
        last_content=e2e,
        last_event=e2e,
        e2e=e2e,
        arrivals=arrivals,
        choices=(first,),
        tokens=tokens,
        counted="usage",
        prompt_tokens=9,
        characters=8,
        bytes=99,
    )


def answers(stream: Reply | None = None, batch: Reply | None = None) -> Callable[[Request], Reply]:
    """Both ways say TEXT, but for what is given; the request that is not timed is always answered."""
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    body = whole(TEXT, usage=usage)
    said = [*map(chunk, WORDS), chunk(finish="stop"), chunk(usage=usage), DONE]

    def answer(request: Request) -> Reply:
        if request.body.get("stream"):
            return stream or Reply(said, headers=SSE)
        untimed = request.body["max_tokens"] == 1
        return (None if untimed else batch) or Reply([body], headers=JSON, framing="length")

    return answer


def buttons(panel: RacePanel) -> set[str]:
    """Those that can be pressed."""
    return {name for name, button in panel._buttons.items() if not button.disabled}


def asked(panel: RacePanel, prompt: str) -> RacePanel:
    panel.prompt.value = prompt
    return panel


def marks(panel: RacePanel) -> list[str]:
    return [
        mark
        for lane in panel.lanes.values()
        for mark in (lane.clock.first, lane.clock.last, lane.clock.shown)
    ]


@pytest.fixture
def panel() -> Iterator[RacePanel]:
    panel = RacePanel(LLM("practice", pace=FAST))
    yield panel
    run(panel.stop())
    panel.close()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    async with misbehaving.Server() as running:
        running.answer = answers()
        yield running


@pytest_asyncio.fixture
async def racing(server: Server) -> AsyncIterator[RacePanel]:
    """A panel on a server of this machine."""
    panel = RacePanel(LLM(base_url=server.url, api_key="none", model="m"))
    yield panel
    await panel.stop()
    panel.close()


# A race


def test_both_lanes_say_the_same_and_streaming_says_it_sooner(panel: RacePanel) -> None:
    assert buttons(panel) == {"start", "more"}
    assert panel._buttons["more"].layout.display == "none", "it follows a race"
    run(panel.start())
    stream, batch = panel.runs
    assert [stream.mode, batch.mode] == ["stream", "batch"]
    assert stream.first_content < batch.first_content
    texts = {lane.view.text for lane in panel.lanes.values()}
    assert len(texts) == 1
    assert texts != {""}
    for lane, measured in zip(panel.lanes.values(), panel.runs, strict=True):
        assert lane.view.state == "complete"
        assert not lane.clock.running
        assert lane.clock.first == f"first text after {as_time(measured.first_content, 'en')}"
        assert lane.clock.last == f"whole reply after {as_time(measured.e2e, 'en')}"
    assert panel.verdict == pair_verdict(stream, batch, "en")
    assert "One pair proves little" in panel.finding.value
    assert buttons(panel) == {"start", "replay", "more"}
    assert panel._buttons["more"].layout.display == ""
    assert repr(panel) == "RacePanel()"


def test_a_reply_that_was_cut_at_the_limit_says_so() -> None:
    panel = RacePanel(LLM("practice", pace=FAST), max_tokens=8, language="zh")
    run(panel.start())
    assert [lane.view.status for lane in panel.lanes.values()] == ["到 8 个词元的上限为止。"] * 2
    panel.close()


def test_a_person_presses_start_and_stop() -> None:
    panel = RacePanel(LLM("practice", pace=10))
    panel._buttons["start"].click()
    assert soon(lambda: panel.lanes["stream"].view.text)
    assert all(lane.clock.running for lane in panel.lanes.values()), "both lanes run at once"
    assert buttons(panel) == {"stop"}
    assert panel.prompt.disabled
    panel._buttons["stop"].click()
    assert soon(lambda: "start" in buttons(panel))
    assert "What had come is kept" in panel.said.value
    assert panel.lanes["stream"].view.text
    assert [lane.view.state for lane in panel.lanes.values()] == ["stopped", "stopped"]
    assert [panel.runs, panel.verdict, panel.finding.value] == [(), "", ""]
    panel.close()


async def test_on_this_machine_the_lanes_run_one_after_the_other(racing: RacePanel, server: Server) -> None:
    hold = asyncio.Event()
    said: list[Step] = [chunk(WORDS[0]), hold, chunk(finish="stop"), DONE]
    server.answer = answers(stream=Reply(said, headers=SSE))
    begun = racing.start()
    await until(lambda: racing.lanes["stream"].view.text)
    assert [request.body.get("stream", False) for request in server.requests] == [False, True]
    assert "Waits" in racing.lanes["batch"].said.value
    assert not racing.lanes["batch"].clock.running
    hold.set()
    await begun
    assert [request.body.get("stream", False) for request in server.requests] == [False, True, False]
    assert len(racing.runs) == 2
    assert not racing.lanes["batch"].said.value


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_stop_before_the_first_text_reaches_the_service(racing: RacePanel, server: Server) -> None:
    server.answer = answers(stream=Reply(silent=True))
    begun = racing.start()
    await until(lambda: len(server.requests) == 2)
    await begun.stop()
    await begun
    async with asyncio.timeout(10):
        await server.requests[-1].gone.wait()
    assert [lane.view.state for lane in racing.lanes.values()] == ["stopped", "waiting"]
    assert racing.lanes["batch"].view.layout.display == "none"
    assert not racing.lanes["batch"].said.value, "it waits for nothing any more"
    assert buttons(racing) == {"start", "more"}
    await racing.start().stop()
    assert buttons(racing) == {"start", "more"}


@pytest.mark.parametrize(
    ("stream", "batch", "lost", "said"),
    [
        (error(400, {"message": "no <b>such</b> model"}), None, "Streaming", "&lt;b&gt;such&lt;/b&gt;"),
        (None, error(401, {"message": "who are you?"}), "Batch", ""),
        (Reply([chunk(finish="stop"), DONE], headers=SSE), None, "Streaming", "no text"),
        (None, Reply([whole("")], headers=JSON, framing="length"), "Batch", ""),
        (None, Reply([b"<html>"], headers=JSON, framing="length"), "Batch", ""),
    ],
)
async def test_what_goes_wrong_stands_in_its_lane_and_the_other_goes_on(
    racing: RacePanel, server: Server, stream: Reply | None, batch: Reply | None, lost: str, said: str
) -> None:
    server.answer = answers(stream, batch)
    await racing.start()
    faulty, sound = (racing.lanes[mode] for mode in (("stream", "batch") if stream else ("batch", "stream")))
    assert [faulty.view.state, sound.view.state] == ["failed", "complete"]
    assert 'role="alert"' in faulty.said.value
    assert said in faulty.said.value
    assert "<b>" not in faulty.said.value
    assert faulty.clock.last.startswith("failed after")
    assert not faulty.clock.running
    assert sound.view.text == TEXT
    assert [one.mode for one in racing.runs] == [sound.mode]
    assert racing.verdict == f"No verdict: a whole reply is missing ({lost})."
    assert "proves little" not in racing.finding.value
    assert buttons(racing) == {"start", "more"}
    server.answer = answers()
    await racing.start()
    assert len(racing.runs) == 2
    assert not faulty.said.value


async def test_where_both_lanes_fail_both_are_named() -> None:
    panel = RacePanel(LLM(base_url="https://api.example.com/v1", api_key="none", model="m"), language="zh")
    await panel.start()
    assert panel.verdict == "没有结论：流式、整段跑道没有完整的回复。"
    assert all("Real requests are forbidden" in lane.said.value for lane in panel.lanes.values())
    panel.close()


def test_a_fault_of_our_own_is_shown_and_raised(panel: RacePanel, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> Run:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("mockmate_nb.view.race.measure", broken)
    with pytest.raises(ZeroDivisionError):
        run(panel.start())
    assert "ZeroDivisionError: by nought" in panel.said.value
    assert all("by nought" in lane.said.value for lane in panel.lanes.values())
    assert "start" in buttons(panel)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda panel: panel.replay(), "no race to replay"),
        (lambda panel: panel.replay(0), "0 times its speed"),
        (lambda panel: panel.replay(float("nan")), "nan times its speed"),
        (lambda panel: panel.replay(-1), "-1 times"),
        (lambda panel: panel.more(0), "pairs"),
        (lambda panel: asked(panel, " \n").start(), "prompt is empty"),
        (lambda panel: asked(panel, "").more(), "prompt is empty"),
    ],
)
def test_what_cannot_be_done_is_shown_and_raised(
    panel: RacePanel, act: Callable[[RacePanel], Awaitable[None]], said: str
) -> None:
    with pytest.raises(CallerError, match=said):
        run(act(panel))
    assert said in panel.said.value
    assert 'role="alert"' in panel.said.value
    assert "start" in buttons(panel)
    panel.prompt.value = "Once more."
    run(panel.start())
    assert len(panel.runs) == 2


def test_one_thing_at_a_time() -> None:
    panel = RacePanel(LLM("practice", pace=10))
    begun = panel.start()
    assert soon(lambda: panel.lanes["stream"].view.text)
    for act in (panel.start, panel.replay, panel.more):
        with pytest.raises(CallerError, match="still running"):
            run(act())
    run(panel.stop())
    run(begun)
    panel.close()


def test_a_limit_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(CallerError, match="max_tokens"):
        RacePanel(LLM("practice"), max_tokens=0)


# The replay


def test_a_replay_ends_where_the_race_ended(panel: RacePanel) -> None:
    run(panel.start())
    texts, stood, runs = [lane.view.text for lane in panel.lanes.values()], marks(panel), panel.runs
    run(panel.replay(50))
    assert [lane.view.text for lane in panel.lanes.values()] == texts
    assert marks(panel) == stood
    assert panel.runs == runs
    assert [lane.clock.speed for lane in panel.lanes.values()] == [50, 50]
    assert "replay is over" in panel.said.value


def test_the_chosen_speed_is_that_of_the_button(panel: RacePanel) -> None:
    run(panel.start())
    panel.speed.value = 0.25
    panel._buttons["replay"].click()
    assert soon(lambda: "¼ speed" in panel.said.value)
    assert soon(lambda: all(lane.clock.running and lane.clock.speed == 0.25 for lane in panel.lanes.values()))
    assert soon(lambda: "over" in panel.said.value)


async def test_a_replay_shows_lanes_at_once_that_ran_one_after_the_other(racing: RacePanel) -> None:
    await racing.start()
    racing._laps = {mode: Lap(made(mode, 1.0, 3.0), "One two.") for mode in ("stream", "batch")}
    begun = racing.replay(5)
    await until(lambda: all(lane.view.text == "One" for lane in racing.lanes.values()))
    assert all(lane.clock.first == "first text after 1.00 s" for lane in racing.lanes.values())
    await racing.stop()
    await begun
    assert [lane.view.state for lane in racing.lanes.values()] == ["complete", "complete"]
    assert all(lane.view.text == "One two." for lane in racing.lanes.values()), (
        "the whole race, as the verdict"
    )
    assert all(lane.clock.last == "whole reply after 3.00 s" for lane in racing.lanes.values())
    assert "replay was stopped" in racing.said.value
    assert buttons(racing) == {"start", "replay", "more"}, "what was recorded is there still"


@pytest.mark.parametrize("text", ["One two.", "一二三四五六七八", "😀" * 8])
def test_a_laps_pieces_are_its_text(text: str) -> None:
    lap = Lap(made(), text)
    assert lap.pieces() == [(0.5, text[:3]), (2.0, text[3:])]


# Further pairs


def test_more_pairs_give_a_report_and_its_verdict(panel: RacePanel) -> None:
    run(panel.start())
    runs, found = panel.runs, panel.finding.value
    run(panel.more(2))
    assert panel.report is not None
    assert len(panel.report.runs) == 4
    assert panel.verdict == panel.report.verdict("en")
    assert [panel.runs, panel.finding.value] == [runs, found]
    title, view = panel._measured.children
    assert "2 pairs" in title.value
    assert panel.report.html("en") == view.result.value
    run(panel.more(1))
    assert len(panel._measured.children) == 2, "the old one gives way"


async def test_pairs_that_are_stopped_leave_what_was_measured(racing: RacePanel, server: Server) -> None:
    sound, hold = answers(), asyncio.Event()
    timed: list[Request] = []

    def answer(request: Request) -> Reply:
        timed.append(request)
        return sound(request) if len(timed) < 12 else Reply([hold], headers=SSE)

    server.answer = answer
    begun = racing.more()
    await until(lambda: len(timed) == 12)
    assert not buttons(racing), "the measurement has its own Cancel"
    await racing.stop()
    await begun
    hold.set()
    assert racing.report is not None
    assert 0 < len(racing.report.runs) < 20
    assert racing.verdict == racing.report.verdict("en")
    assert "What had come is kept" in racing.said.value
    assert buttons(racing) == {"start", "more"}


# What is said


def facts(**changed: Any) -> LLM:
    """A model elsewhere, or here, by its settings."""
    llm = LLM(base_url="https://api.example.com/v1", api_key="none", model="m")
    llm.settings = replace(llm.settings, **changed)
    llm._ledger._settings = llm.settings
    return llm


@pytest.mark.parametrize(
    ("llm", "in_turn", "said"),
    [
        (
            LLM("practice"),
            False,
            ["Nothing leaves this machine", "practice model", "set beforehand", "same moment"],
        ),
        (LLM("practice", profile="smollm2-warm"), False, ["not an AI", "smollm2-warm", "out of a recording"]),
        (
            LLM("ollama", model="some:1b"),
            True,
            ["Nothing leaves this machine: some:1b, Ollama", "one after the other"],
        ),
        (
            facts(),
            False,
            ["api.example.com", "twice", "about 202 tokens", "about 2,222 tokens", "same moment"],
        ),
        (facts(price_in=10.0, price_out=10.0), False, ["($0.0020 at the prices", "($0.0222 at the prices"]),
    ],
)
def test_where_the_prompt_goes_is_said_before_it_goes(llm: LLM, in_turn: bool, said: list[str]) -> None:
    line = race_html.where(llm, [{"role": "user", "content": "four"}], 100, "en")
    assert [part for part in said if part not in line] == []
    assert ("one after the other" in line) is in_turn
    assert race_html.on_this_machine(llm) is in_turn
    assert race_html.where(llm, [], 100, "zh") != line


def test_the_estimate_grows_with_the_prompt() -> None:
    panel = RacePanel(facts(), "short", max_tokens=100)
    before = panel.where.value
    panel.prompt.value = "long " * 1000
    assert panel.where.value != before
    panel.close()


@pytest.mark.parametrize(
    ("stream", "batch", "names"),
    [
        (made(), made("batch", 2.0, 2.0), ["sooner", "whole_alike"]),
        (made(first=1.9), made("batch", 2.0, 2.0), ["alike", "whole_alike"]),
        (made(first=2.0, e2e=3.0), made("batch", 1.0, 1.0), ["later", "whole_longer"]),
        (made(e2e=1.0), made("batch", 2.0, 2.0), ["sooner", "whole_shorter"]),
        (made(tokens=50), made("batch", 2.0, 2.0, tokens=64), ["sooner", "lengths"]),
        (made(tokens=60), made("batch", 2.0, 2.0, tokens=64), ["sooner", "whole_alike"]),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_says_what_the_figures_say(
    stream: Run, batch: Run, names: list[str], language: Language
) -> None:
    said = pair_verdict(stream, batch, language)
    for name in ("sooner", "alike", "later", "whole_alike", "whole_longer", "whole_shorter", "lengths"):
        words = re.split("{.*?}", race_words.WORDS[language][name])
        assert all(part in said for part in words) is (name in names), name
    if names[0] == "sooner":
        assert {"en": "4.00×", "zh": "4.00 倍"}[language] in said
        assert {"en": "500 ms", "zh": "500 毫秒"}[language] in said


async def test_a_warm_start_is_called_one_where_it_is_certain(racing: RacePanel, panel: RacePanel) -> None:
    await racing.start()
    assert "warm start" in racing.verdict
    await panel.start()
    assert "warm start" not in panel.verdict


def test_the_feeling_is_named_where_it_differs_only() -> None:
    assert "Nielsen" in pair_verdict(made(first=0.5), made("batch", 2.0, 2.0), "en")
    assert "Nielsen" not in pair_verdict(made(first=1.5), made("batch", 3.0, 3.0), "en")


def test_both_languages_say_the_same_things() -> None:
    assert race_words.WORDS["en"].keys() == race_words.WORDS["zh"].keys()
    for name, text in race_words.WORDS["en"].items():
        fields = {part.partition("}")[0].partition(":")[0] for part in text.split("{")[1:]}
        other = {
            part.partition("}")[0].partition(":")[0] for part in race_words.WORDS["zh"][name].split("{")[1:]
        }
        assert fields == other, name
    assert [race_words.speed_words(speed, "en") for speed in (1, 0.5, 0.25, 3)] == [
        "full speed",
        "½ speed",
        "¼ speed",
        "3× speed",
    ]


# The clock


def test_a_beginning_and_an_end_go_to_the_page_in_one_message_each(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RaceClock("Streaming")
    sent: list[set[str]] = []
    monkeypatch.setattr(
        clock, "send_state", lambda key=None: sent.append({key} if isinstance(key, str) else set(key))
    )
    clock.begin(speed=0.5)
    clock.mark("first text after 310 ms")
    clock.end("1.82 s", "whole reply after 1.82 s", first="first text after 311 ms")
    assert sent == [{"began", "now", "running", "speed"}, {"first"}, {"running", "shown", "last", "first"}]
    assert [clock.running, clock.first, clock.last] == [
        False,
        "first text after 311 ms",
        "whole reply after 1.82 s",
    ]
    clock.begin()
    assert [clock.first, clock.last, clock.began] == ["", "", clock.now]
    assert repr(clock) == "RaceClock('Streaming')"


def test_a_page_that_was_reloaded_asks_for_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RaceClock()
    sent: list[Any] = []
    monkeypatch.setattr("mockmate_nb.view.race_clock._now", lambda: 1_234.5)
    monkeypatch.setattr(clock, "send", sent.append)
    for content in ({"type": "now"}, {"type": "then"}, "now", None):
        clock._handle_custom_msg(content, [])
    assert sent == [{"type": "now", "now": 1_234.5}]


@pytest.mark.parametrize(
    "name", ["label", "running", "began", "now", "speed", "shown", "first", "last", "language"]
)
def test_python_and_the_page_use_the_same_words(name: str) -> None:
    assert name in RaceClock().keys
    assert f'"{name}"' in RaceClock._esm


def test_a_lane_knows_its_name() -> None:
    lane = Lane("batch", "zh")
    assert repr(lane) == "Lane('batch')"
    assert say("zh", "batch") in lane.title.value
