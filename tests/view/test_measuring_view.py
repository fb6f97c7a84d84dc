"""How far a measurement is, where there is no page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from mockmate_nb import aio, run
from mockmate_nb.errors import Kind, ProviderError
from mockmate_nb.interview.question import LANGUAGES, Language
from mockmate_nb.lab.measuring import Measuring
from mockmate_nb.view.measuring_view import PAUSE, WORDS, MeasuringView, doing_in, whole_time
from tests.view.panels import soon

Work = Measuring[SimpleNamespace]


def measuring(
    work: Callable[[Work], Awaitable[None]] | None = None,
    *,
    total: int = 4,
    hold: asyncio.Event | None = None,
) -> Work:
    """Of so many runs; the third waits for `hold`. Its report says how many were done, and in which language."""

    async def steps(self: Work) -> None:
        for number in range(total):
            self.step(f"run {number + 1}", done=number)
            if hold is not None and number == 2:
                await hold.wait()
            self.report.done = number + 1
        self.step(self.doing, done=total)

    report = SimpleNamespace(done=0)
    report.html = lambda language: f"<p>{language}: {report.done}</p>"
    return Measuring("measuring", report, total, work or steps)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_stands_there_at_the_end(language: Language) -> None:
    view = MeasuringView(measuring(), language)
    assert not view.result.value
    run(view.begin())
    assert view.result.value == f"<p>{language}: 4</p>"
    assert 'value="4" max="4"' in view.line.value
    assert 'role="status"' in view.told.value
    assert WORDS[language]["done"].partition("{")[0] in view.told.value
    assert [view.cancel.layout.display, view.clock.layout.display, view.clock.running] == [
        "none",
        "none",
        False,
    ]
    view.close()


def test_displayed_it_begins_the_work_and_once_only() -> None:
    began = []

    async def work(self: Work) -> None:
        began.append(self)

    view = MeasuringView(measuring(work))
    assert repr(view) == "MeasuringView()"
    assert not began
    view._repr_mimebundle_()
    view._repr_mimebundle_()
    run(view.begin())
    assert len(began) == 1


def test_cancel_keeps_what_was_measured_and_says_so() -> None:
    view = MeasuringView(measuring(hold=asyncio.Event()))
    begun = view.begin()
    assert soon(lambda: "run 3" in view.line.value)
    assert view.cancel.layout.display != "none"
    assert view.clock.running
    view.cancel.click()
    view.cancel.click()
    run(begun)
    assert "Cancelled after 2 of 4 runs" in view.told.value
    assert view.result.value == "<p>en: 2</p>"
    assert not view.clock.running


def test_cancelled_before_anything_was_measured_it_shows_no_report() -> None:
    async def work(self: Work) -> None:
        await asyncio.sleep(60)

    view = MeasuringView(measuring(work))
    begun = view.begin()
    view.cancel.click()
    run(begun)
    assert "before the first run" in view.told.value
    assert not view.result.value


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            ProviderError("The service <b>said</b> no.", kind=Kind.AUTH, advice="Look."),
            "&lt;b&gt;said&lt;/b&gt; no. Look.",
        ),
        (ZeroDivisionError("by nought"), "ZeroDivisionError: by nought"),
    ],
)
def test_what_goes_wrong_stands_on_the_screen(fault: Exception, said: str) -> None:
    async def work(self: Work) -> None:
        raise fault

    view = MeasuringView(measuring(work))
    run(view.begin())
    assert 'role="alert"' in view.told.value
    assert said in view.told.value
    assert not view.clock.running


def test_work_that_gave_up_early_says_so() -> None:
    async def work(self: Work) -> None:
        self.step("", done=2)

    view = MeasuringView(measuring(work))
    run(view.begin())
    assert "Ended after 2 of 4 runs" in view.told.value
    assert view.result.value


def test_work_that_was_begun_elsewhere_is_followed_and_what_is_over_is_shown() -> None:
    hold = asyncio.Event()
    work = measuring(hold=hold)
    view = MeasuringView(work)
    work.begin()
    assert soon(lambda: "run 3" in view.line.value)
    aio.loop().call_soon_threadsafe(hold.set)
    run(work)
    assert soon(lambda: view.result.value)
    late = MeasuringView(work)
    assert soon(lambda: late.result.value == "<p>en: 4</p>")


def test_the_work_goes_on_when_the_view_is_closed() -> None:
    hold = asyncio.Event()
    work = measuring(hold=hold)
    view = MeasuringView(work)
    view.begin()
    assert soon(lambda: "run 3" in view.line.value)
    view.close()
    aio.loop().call_soon_threadsafe(hold.set)
    assert run(work).done == 4


def test_the_page_gets_few_messages_however_many_runs_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[float] = []

    async def work(self: Work) -> None:
        for number in range(300):
            self.step(f"run {number + 1}", done=number)
            await asyncio.sleep(0.001)
        self.step("", done=300)

    view = MeasuringView(measuring(work, total=300))
    view.line.observe(lambda _: said.append(time.monotonic()), "value")
    run(view.begin())
    assert 'value="300"' in view.line.value
    begun, *_, last = said
    assert 3 <= len(said) <= 3 + 2 * (last - begun) / PAUSE


def test_the_time_left_is_estimated_once_there_is_ground_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def work(self: Work) -> None:
        for number in range(5):
            view._told_at.clear()
            self.step("", done=number)
            seen.append(view.line.value)

    view = MeasuringView(measuring(work, total=100))
    run(view.begin())
    assert ["left" in line for line in seen] == [False, False, False, True, True]


def test_what_is_being_done_is_set_as_text() -> None:
    view = MeasuringView(measuring(hold=asyncio.Event()))
    view.measuring.doing = "<img src=x>"
    view._fill()
    assert "<img" not in view.line.value
    assert "&lt;img src=x&gt;" in view.line.value


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [
        (0.0, "1 s", "1 秒"),
        (12.4, "12 s", "12 秒"),
        (89.9, "90 s", "90 秒"),
        (90, "2 min", "2 分钟"),
        (3600, "60 min", "60 分钟"),
    ],
)
def test_an_estimate_is_no_finer_than_it_can_be(seconds: float, en: str, zh: str) -> None:
    assert [whole_time(seconds, "en"), whole_time(seconds, "zh")] == [en, zh]


def test_runs_that_do_not_count_are_named_at_the_end() -> None:
    work = measuring()
    work.report.warm_up = (1, 2)
    view = MeasuringView(work)
    run(view.begin())
    assert "Done: 4 runs (2 of them warm-up) in" in view.told.value


@pytest.mark.parametrize(
    ("doing", "zh"),
    [
        ("warm-up, warm", "预热，热缓存"),
        ("warm-up", "预热"),
        ("pair 7 of 10, cold", "第 7 对，共 10 对，冷缓存"),
        ("2 at once", "同时 2 个"),
        ("", ""),
        ("pair 7 of 10, tepid", "pair 7 of 10, tepid"),
        ("run 3", "run 3"),
    ],
)
def test_what_is_being_done_is_said_in_the_views_language(doing: str, zh: str) -> None:
    assert [doing_in(doing, "en"), doing_in(doing, "zh")] == [doing, zh]


def test_both_languages_say_the_same_things() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()
