"""The panel that times a click, on the practice model, with a page in Python that has a clock of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mockmate_nb import LLM, aio, run
from mockmate_nb.errors import CallerError, MockMateError, UnreadableReply
from mockmate_nb.interview.question import LANGUAGES
from mockmate_nb.lab.waterfall import HOPS
from mockmate_nb.llm import practice
from mockmate_nb.view import glyph_panel
from mockmate_nb.view.glyph_controls import GlyphControls
from mockmate_nb.view.glyph_panel import GlyphPanel
from mockmate_nb.view.glyph_words import LABELS, WORDS, report_html
from mockmate_nb.view.paints import ASKED_MAX, Paint, Paints
from mockmate_nb.view.stream_view import StreamView
from tests.view.panels import soon

AHEAD, ORIGIN = 1_700_000_000.0, 1_700_000_000_123.4


class Browser:
    """A page that shows the panel: it answers on a thread of its own, as the kernel's would."""

    def __init__(self, panel: GlyphPanel, monkeypatch: pytest.MonkeyPatch) -> None:
        self.panel, self.shown, self.paints, self.slow = panel, True, True, 0.0
        self.delay: Callable[[], None] = lambda: None
        self.drawn: list[dict[str, Any]] = []
        monkeypatch.setattr(panel.controls, "send", self.to_controls)
        monkeypatch.setattr(panel.text, "send", self.to_text)

    def now(self) -> float:
        return (time.perf_counter() + AHEAD) * 1000

    def say(self, part: Any, content: dict[str, Any]) -> None:
        threading.Thread(target=part._handle_custom_msg, args=(content, [])).start()

    def to_controls(self, content: dict[str, Any], _buffers: object = None) -> None:
        if not self.shown:
            return
        if content["type"] == "press":
            self.click(content["number"])
        else:
            at = self.now()
            assert content["origin"] == ORIGIN
            answer = {"type": "pong", "number": content["number"], "received": at, "answered": at}
            self.say(self.panel.controls, answer)

    def click(self, number: int = 0) -> None:
        at = self.now()
        content = {
            "type": "click",
            "number": number,
            "clicked": at,
            "said": at,
            "origin": ORIGIN,
            "tick": 0.1,
        }
        self.say(self.panel.controls, content)

    def to_text(self, content: dict[str, Any], _buffers: object = None) -> None:
        if content.get("paint"):
            length = content["offset"] + len(content["text"].encode())
            at = self.now()
            painted = {"received": at, "painted": at + 12 + self.slow * 1000}
            self.drawn.append({"run": content["run"], "length": length, **painted})
        if content["type"] == "finish" and self.paints:
            drawn, self.drawn = self.drawn, []
            self.say(self.panel.text, {"type": "painted", "origin": ORIGIN, "paints": drawn})


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Iterator[GlyphPanel]:
    monkeypatch.setattr(glyph_panel, "PAUSE", (0.0, 0.001))
    monkeypatch.setattr(glyph_panel, "PAGE_SECONDS", 0.2)
    monkeypatch.setattr(glyph_panel, "PAINT_SECONDS", 0.2)
    monkeypatch.setattr(glyph_panel, "PING_SECONDS", 0.2)
    made = GlyphPanel(LLM("practice", pace=400))
    yield made
    made.close()
    aio.shutdown()


@pytest.fixture
def browser(panel: GlyphPanel, monkeypatch: pytest.MonkeyPatch) -> Browser:
    return Browser(panel, monkeypatch)


def test_a_click_becomes_hops_that_add_up(panel: GlyphPanel, browser: Browser) -> None:
    browser.click()
    assert soon(lambda: "<table>" in panel.report.value)
    (click,) = panel.waterfall.clicks
    assert sum(click.hops.values()) == pytest.approx(click.whole, abs=1e-6)
    assert abs(click.ahead - AHEAD) <= click.uncertain + 1e-6
    assert click.hops["paint"] == pytest.approx(0.012, abs=1e-6)
    assert click.hops["provider"] > 0.002
    assert click.later
    assert not click.simulated
    assert panel.text.state == "complete"
    assert not panel.controls.busy


def test_the_page_presses_by_itself_and_that_is_said(panel: GlyphPanel, browser: Browser) -> None:
    run(panel.ask(3))
    assert (len(panel.waterfall.clicks), panel.waterfall.simulated) == (3, 2)
    assert "2 of these clicks were simulated" in panel.report.value
    assert "2 clicks, without the first, a warm-up" in panel.report.value
    frame = panel.waterfall.frame
    assert list(frame.hop) == list(HOPS)
    assert set(frame.n) == {2}
    browser.click()
    assert soon(lambda: "3 clicks, without" in panel.report.value)
    assert "2 of these clicks" in panel.report.value


def test_the_first_click_is_called_a_warm_up_and_sums_are_explained_where_there_are_some(
    panel: GlyphPanel, browser: Browser
) -> None:
    said = []
    for _ in range(3):
        run(panel.ask())
        said.append(panel.report.value)
    assert ["it will not be counted" in page for page in said] == [True, False, False]
    assert ["do not add up" in page for page in said] == [False, False, True]
    assert all("Share: of all the time waited" in page for page in said)


def test_where_nothing_is_asked_nothing_is_awaited(panel: GlyphPanel, browser: Browser) -> None:
    assert "Asked each time: “Tell me" in panel.head.value
    assert (idle(panel), panel.text.status) == (True, "Nothing asked yet.")
    run(panel.ask())
    assert (idle(panel), panel.text.status) == (False, "")
    run(panel.reset())
    assert (idle(panel), panel.text.status) == (True, "Nothing asked yet.")


def idle(panel: GlyphPanel) -> bool:
    return glyph_panel.IDLE in panel._dom_classes


@pytest.mark.parametrize(("pace", "slow", "hop"), [(5, 0.0, "provider"), (100, 0.3, "paint")])
def test_a_slow_part_shows_where_it_is(
    panel: GlyphPanel, browser: Browser, pace: float, slow: float, hop: str
) -> None:
    run(panel.ask())
    panel._llm, browser.slow = LLM("practice", pace=pace), slow
    begun = panel.ask()
    assert soon(lambda: panel.text.state == "streaming")
    run(panel.stop())
    run(begun)
    before, after = (click.hops for click in panel.waterfall.clicks)
    grown = {name: after[name] - before[name] for name in HOPS}
    assert max(grown, key=lambda name: grown[name]) == hop


def test_ten_more_at_the_press_of_a_button_until_stopped(panel: GlyphPanel, browser: Browser) -> None:
    panel.controls._handle_custom_msg({"type": "more"}, [])
    assert soon(lambda: len(panel.waterfall.clicks) >= 2)
    assert panel.controls.busy
    with pytest.raises(CallerError, match="on its way"):
        run(panel.ask())
    with pytest.raises(CallerError, match="on its way"):
        run(panel.reset())
    panel.controls._handle_custom_msg({"type": "stop"}, [])
    assert soon(lambda: not panel.controls.busy)
    assert 2 <= len(panel.waterfall.clicks) < 10
    panel.controls._handle_custom_msg({"type": "reset"}, [])
    assert soon(lambda: panel.report.value == "" and not panel.waterfall.clicks)
    assert panel.text.text == ""


def test_without_a_page_it_says_what_to_do(panel: GlyphPanel, browser: Browser) -> None:
    browser.shown = False
    with pytest.raises(CallerError, match="Display the panel"):
        run(panel.ask(5))
    assert 'role="alert"' in panel.said.value
    browser.shown = True
    run(panel.ask())
    assert panel.said.value == ""


def test_what_is_never_painted_is_counted_apart(panel: GlyphPanel, browser: Browser) -> None:
    browser.paints = False
    run(panel.ask())
    assert (panel.waterfall.lost, panel.waterfall.clicks) == (1, [])
    assert "Never painted, so not counted: 1." in panel.report.value


def test_paints_of_another_page_are_another_clocks(
    panel: GlyphPanel, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = panel._painted
    monkeypatch.setattr(panel, "_painted", lambda paint: heard(paint._replace(page=1.0)))
    run(panel.ask())
    assert panel.waterfall.lost == 1


@pytest.mark.parametrize("times", [0, -1, 1.5, "2", None])
def test_a_number_of_clicks_is_one_from_1_up(panel: GlyphPanel, times: Any) -> None:
    with pytest.raises(CallerError, match="times") as caught:
        run(panel.ask(times))
    assert caught.value.field == "times"


def test_an_empty_prompt_is_refused() -> None:
    with pytest.raises(CallerError, match="prompt"):
        GlyphPanel(LLM("practice"), " ")


def test_a_reply_without_text_is_told(
    panel: GlyphPanel, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(practice, "compose", lambda *_: "")
    with pytest.raises(UnreadableReply, match="no text"):
        run(panel.ask())
    assert panel.waterfall.clicks == []
    assert not panel.controls.busy


def test_a_model_that_fails_ends_the_series_and_keeps_what_there_was(
    panel: GlyphPanel, browser: Browser
) -> None:
    run(panel.ask())
    panel._llm = LLM(base_url="http://127.0.0.1:9/v1", model="none")
    browser.click()
    assert soon(lambda: 'role="alert"' in panel.said.value)
    assert soon(lambda: idle(panel) and not panel.controls.busy)
    assert panel.text.state != "failed", "where nothing came nothing was cut off"
    assert "at http://127.0.0.1:9/v1 failed before any text came" in panel.text.status
    with pytest.raises(MockMateError):
        run(panel.ask(5))
    assert len(panel.waterfall.clicks) == 1


@pytest.mark.parametrize(
    "content", [None, {}, {"type": "click"}, {"type": "click", "number": "1"}, {"type": "pong"}]
)
def test_what_no_page_says_harms_nothing(content: object) -> None:
    controls, pressed = GlyphControls(), list[object]()
    controls.on_press(pressed.append)
    controls._handle_custom_msg(content, [])
    controls._handle_custom_msg({"type": "pong", "number": 3, "received": 1, "answered": 1}, [])
    assert pressed == []
    controls.close()
    aio.shutdown()


def test_the_report_is_in_words_and_figures_for_everybody(panel: GlyphPanel, browser: Browser) -> None:
    run(panel.ask(2))
    for language in LANGUAGES:
        page = report_html(panel.waterfall, language)
        assert page.count("<tr>") == 1 + len(HOPS) + 2
        assert page.count('role="img"') == 2
        assert page.count('scope="row"') == len(HOPS) + 2
        assert all(said in page for hop in HOPS for said in HOPS[hop][language])
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    assert LABELS["en"].keys() == LABELS["zh"].keys()


def test_it_is_shown_in_its_language_and_says_where_the_prompt_goes() -> None:
    panel = GlyphPanel(LLM("practice"), language="zh")
    assert repr(panel) == "GlyphPanel()"
    assert panel.controls.labels == LABELS["zh"]
    assert "练习模型" in panel.head.value
    assert "流式" in panel._messages[0]["content"]
    panel.close()
    away = GlyphPanel(LLM("openai", api_key="sk-" + 20 * "x", model="m"))
    assert "api.openai.com" in away.head.value
    away.close()
    aio.shutdown()


@pytest.mark.parametrize("name", ["busy", "labels", "language"])
def test_python_and_the_page_use_the_same_words(name: str) -> None:
    assert name in GlyphControls().keys
    assert f'"{name}"' in GlyphControls._esm


# --- what a view asks its page


def test_a_view_asks_for_paints_only_where_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    view, out, seen = StreamView(), list[dict[str, Any]](), list[Paint]()
    monkeypatch.setattr(view, "send", out.append)
    view.append("a")
    view.start()
    assert not any("paint" in message for message in out)
    view.on_paint(seen.append)
    out.clear()
    before = time.perf_counter()
    view.start()
    view.append("é")
    view._handle_custom_msg({"type": "resync", "run": 0, "offset": 0, "closed": 0}, [])
    assert [message["text"] for message in out if "paint" in message] == ["é"]
    one = {"run": view.run, "length": 2, "received": 1000, "painted": 2500.5}
    wrong = [one | {"length": 1}, one | {"run": 1}, one | {"painted": "1"}, {}, None, [one]]
    content = {"type": "painted", "origin": 7.5, "paints": [*wrong, one]}
    view._handle_custom_msg(content, [])
    for bad in ({"type": "painted"}, content | {"origin": "x"}, content | {"paints": one}):
        view._handle_custom_msg(bad, [])
    (paint,) = seen
    assert before <= paint.told <= time.perf_counter()
    assert paint == (view.run, 2, paint.told, 1.0, 2.5005, 7.5)
    view.close()
    aio.shutdown()


def test_questions_that_no_page_answers_do_not_pile_up() -> None:
    paints, seen = Paints(), list[Paint]()
    paints.listen(seen.append)
    for offset in range(3 * ASKED_MAX):
        paints.ask({"type": "delta", "run": 1, "offset": offset, "text": "x"})
    told = {"type": "painted", "origin": 1.0}
    each = {"run": 1, "received": 1.0, "painted": 2.0}
    paints.hear(told | {"paints": [each | {"length": 5}, each | {"length": 3 * ASKED_MAX}]})
    assert [paint.length for paint in seen] == [3 * ASKED_MAX]
