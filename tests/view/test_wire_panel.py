"""The wire inspector's panel without a page: what it does, what it says, and what goes to the page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mockmate_nb import LLM, aio, run
from mockmate_nb.errors import CallerError
from mockmate_nb.lab.wire import Frame, inspect
from mockmate_nb.llm import practice
from mockmate_nb.llm import stream as stream_module
from mockmate_nb.llm.practice import ABOUT
from mockmate_nb.view.wire_panel import MAX_TOKENS, WirePanel
from mockmate_nb.view.wire_rows import BYTES_MAX, FRAME, ROWS_MAX, SHOWN_MAX, WireRows, _part, _row
from mockmate_nb.view.wire_words import SPEEDS, WIRE_WORDS, seam_line
from mockmate_nb.view.words import address
from mockmate_nb.wire.sse import ServerSentEvent
from tests.llm.misbehaving import KEY, Server, closed_port, stream


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "backoff", lambda _: 0.0)


@pytest.fixture
def made() -> Iterator[Callable[..., WirePanel]]:
    panels: list[WirePanel] = []

    def make(llm: LLM | None = None, prompt: str | None = None, **options: Any) -> WirePanel:
        panels.append(WirePanel(llm or LLM("practice", pace=0), prompt, **options))
        return panels[-1]

    yield make
    for panel in panels:
        if panel.inspection is not None:
            run(panel.inspection.stop())
        panel.close()


Made = Callable[..., WirePanel]


def soon(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    assert holds()


def said(panel: WirePanel) -> str:
    return re.sub("<[^>]*>", "", panel.status.value)


def able(panel: WirePanel) -> list[str]:
    return [button.description for button in panel.buttons.values() if not button.disabled]


def test_from_its_first_chunk_to_its_end_by_script(made: Made) -> None:
    panel = made()
    assert repr(panel) == "WirePanel()"
    assert "on this machine: practice model" in panel.where.value
    assert (said(panel)[:32], able(panel)) == ("Nothing has been asked yet. Star", ["Start", "Step"])
    run(panel.step(2))
    assert panel.inspection is not None
    assert panel.inspection.total.chunks == 2
    assert said(panel).startswith("Paused. Chunk 3 is held: ")
    assert able(panel) == ["Play", "Step", "Cut here", "Stop"]
    run(panel.cut(50))
    assert panel.inspection.frames[-1].cut
    assert said(panel).startswith("Paused. Chunk 4 is held: ")
    run(panel.play())
    soon(lambda: panel.view.state == "complete")
    assert panel.view.text == panel.inspection.text == ABOUT["en"]
    assert panel.view.status == seam_line(panel.inspection.seams, panel.inspection.text, "en") != ""
    assert said(panel) == "The reply is whole. The line was cut once, and the text went on."
    assert able(panel) == ["Again"]
    run(panel.step())
    assert panel.inspection.state == "done", "after the end only Again begins anew"
    run(panel.start())
    soon(lambda: panel.view.state == "complete")
    assert (panel.view.run, panel.inspection.requests, panel.view.status) == (3, 1, "")


def test_pause_holds_and_stop_keeps_what_came(made: Made) -> None:
    panel = made()
    run(panel.pause())
    assert panel.inspection is not None
    assert (panel.inspection.state, panel.inspection.total.chunks) == ("paused", 0)
    run(panel.step(3))
    run(panel.stop())
    soon(lambda: panel.view.state == "stopped")
    assert panel.view.text == panel.inspection.text != ""
    assert said(panel) == "Stopped. The connection is closed; what came stays."


def test_a_start_ends_what_runs(made: Made) -> None:
    panel = made()
    run(panel.step())
    first = panel.inspection
    assert first is not None
    run(panel.start())
    assert (first.state, panel.inspection is first) == ("stopped", False)


def test_buttons_and_keys_do_what_the_methods_do(made: Made) -> None:
    panel = made()
    for presses in (1, 2, 3):
        panel.buttons["step"].click()
        soon(lambda: panel.inspection and panel.inspection.total.chunks == presses)  # noqa: B023 - called at once
    panel.rows._handle_custom_msg({"type": "key", "key": "step"}, [])
    soon(lambda: panel.inspection and panel.inspection.total.chunks == 4 and panel.inspection.held)
    assert panel.inspection is not None
    panel.rows._handle_custom_msg({"type": "cut_at", "number": 5, "at": 7}, [])
    panel.buttons["cut"].click()
    soon(lambda: panel.inspection and panel.inspection.total.chunks == 5)
    assert (panel.inspection.frames[-1].cut, len(panel.inspection.frames[-1].raw)) == (True, 7)
    soon(lambda: panel.inspection and panel.inspection.held)
    panel.rows._handle_custom_msg({"type": "cut_at", "number": 5, "at": 7}, [])
    held = panel.inspection.held
    assert held
    assert panel.rows.cut_at() == len(held.raw) // 2, (
        "what was chosen for a chunk that has gone does not count"
    )
    panel.rows._handle_custom_msg({"type": "key", "key": "toggle"}, [])
    soon(lambda: panel.inspection and panel.inspection.state == "done")
    soon(lambda: panel.buttons["start"].description == "Again")
    panel.buttons["cut"].click()
    panel.buttons["start"].click()
    soon(lambda: panel.view.run == 3 and panel.view.state == "complete")


def test_slow_motion_stays_for_the_next_start(made: Made) -> None:
    panel = made()
    panel.speed.value = 10.0
    soon(lambda: panel._chosen == 10.0)
    run(panel.slow(500))
    assert (panel.speed.label, panel.speed.value) == ("500 chunks a second", 500)
    run(panel.start())
    assert panel.inspection is not None
    assert panel.inspection.speed == 500
    run(panel.slow())
    assert panel.speed.label == "as it comes"
    assert panel.inspection.speed is None
    with pytest.raises(CallerError):
        run(panel.slow(-1))
    assert "chunks a second cannot be kept to" in panel.fault.value


def test_times_that_are_later_than_the_bytes_are_named_so(made: Made) -> None:
    panel = made()
    run(panel.start())
    soon(lambda: said(panel) == "The reply is whole.")
    assert panel.times.layout.display == "none"
    for speed in (500, None):
        run(panel.slow(speed))
        run(panel.start())
        soon(lambda: panel.view.state == "complete")
        assert panel.times.layout.display == ("none" if panel._chosen is None else "")
    run(panel.start())
    run(panel.pause())
    panel._refresh()
    assert "waits there unread" in panel.times.value


def test_an_empty_reply_is_called_one(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(practice, "compose", lambda *_: "")
    panel = made()
    run(panel.start())
    soon(lambda: said(panel) == "The reply is whole, and empty.")


@pytest.mark.parametrize(
    ("seams", "text", "line"),
    [
        ([], "abc", ""),
        ([2], "abc", "Gone on after a cut at character 2 of the text."),
        ([6, 9], "你好啊", "Gone on after a cut at character 2, 3 of the text."),
    ],
)
def test_a_seam_is_told_in_characters(seams: list[int], text: str, line: str) -> None:
    assert seam_line(seams, text, "en") == line


def test_what_cannot_be_asked_is_said_and_raised(made: Made) -> None:
    panel = made(prompt="  ")
    with pytest.raises(CallerError):
        run(panel.start())
    assert "There is nothing to ask" in panel.fault.value
    panel.prompt.value = "Hello?"
    run(panel.start())
    assert panel.fault.value == ""


def test_a_failure_is_told_with_its_advice(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRY_TIMES", "0")
    panel = made(
        LLM(base_url=f"http://127.0.0.1:{closed_port()}/v1", api_key="sk-never-shown", model="<b>m</b>")
    )
    run(panel.start())
    soon(lambda: panel.inspection and panel.inspection.state == "failed" and panel.fault.value)
    assert "No connection to " in panel.fault.value
    assert "Check the network" in panel.fault.value
    assert said(panel) == f"The request to {address(panel.llm.settings, 'en')} failed before any text came."
    assert "at http://127.0.0.1:" in said(panel)
    assert "mockmate-wire-idle" in panel._dom_classes, "nothing is awaited"
    assert panel.view.state == "waiting", "nothing was cut off"
    assert "sk-never-shown" not in str(
        [part.get_state() for part in (panel, panel.fault, panel.rows, panel.view)]
    )


def test_a_key_that_the_service_repeats_is_not_on_the_screen(made: Made) -> None:
    server = Server()
    aio.run(server.__aenter__())
    try:
        server.replies = [stream("It is ", KEY[:9], KEY[9:], ".")]
        panel = made(LLM(base_url=server.url, api_key=KEY, model="m"))
        run(panel.start())
        soon(lambda: panel.view.state == "complete")
        assert panel.inspection is not None
        assert panel.view.text == panel.inspection.text == f"It is sk-{'*' * (len(KEY) - 3)}."
    finally:
        aio.run(server.__aexit__())


def test_where_the_question_goes_stands_there_before_it_goes(made: Made) -> None:
    panel = made(LLM("openai", api_key="sk-never-shown"))
    assert "Start sends this question to OpenAI at api.openai.com." in panel.where.value
    with pytest.raises(CallerError, match="Real requests are forbidden"):
        run(panel.start())
    assert "发送到 OpenAI" in made(LLM("openai", api_key="sk-x"), language="zh").where.value


def test_in_chinese(made: Made) -> None:
    panel = made(language="zh")
    assert able(panel) == ["开始", "单步"]
    run(panel.step(3))
    assert "第 4 块被扣住" in said(panel)
    run(panel.play())
    soon(lambda: panel.view.state == "complete")
    assert panel.inspection is not None
    assert panel.inspection.text == ABOUT["zh"]
    assert said(panel) == "回复完整。"


def test_both_languages_say_the_same_things() -> None:
    english, chinese = WIRE_WORDS["en"], WIRE_WORDS["zh"]
    assert english.keys() == chinese.keys()
    assert SPEEDS.keys() <= english.keys()
    fields = [
        {name: set(re.findall(r"{(\w+)", text)) for name, text in each.items()} for each in (english, chinese)
    ]
    assert fields[0] == fields[1]


def test_a_closed_panel_leaves_no_stream_behind() -> None:
    panel = WirePanel(LLM("practice"))
    run(panel.step())
    panel.close()
    soon(lambda: panel.inspection and panel.inspection.state == "stopped")
    panel.close()


# What goes to the page.


class Page:
    """Takes what the rows send, as a page would."""

    def __init__(self, rows: WireRows, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[dict[str, Any]] = []
        self.at: list[float] = []
        self.bytes = 0
        monkeypatch.setattr(rows, "send", self._take)

    def _take(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        shown = [*content["rows"], *([content["held"]] if content["held"] else [])]
        assert sum(each["shown"] for each in shown) == len(buffers[0])
        self.sent.append(content)
        self.at.append(time.monotonic())
        self.bytes += len(buffers[0])

    @property
    def numbers(self) -> list[int]:
        return [row["number"] for message in self.sent for row in message["rows"]]


def follow(rows: WireRows, pace: float, limit: int) -> Any:
    inspection = inspect(LLM("practice", pace=pace), "Hello?", max_tokens=limit)
    rows.follow(inspection)
    return inspection


def test_rows_go_once_and_not_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = WireRows()
    page = Page(rows, monkeypatch)
    inspection = follow(rows, 200, 100)
    run(inspection)
    soon(lambda: page.sent and page.sent[-1]["state"] == "done")
    assert sorted(set(page.numbers)) == list(range(1, 102))
    assert len(page.numbers) <= 102, "only the last may go twice"
    assert page.bytes <= inspection.total.bytes + len(inspection.frames[-1].raw)
    gaps = [after - before for before, after in zip(page.at, page.at[1:], strict=False)]
    assert sum(gap < 0.9 * FRAME for gap in gaps) <= 1
    assert len(page.sent) < 30
    rows.close()


def test_a_page_that_comes_later_gets_what_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = WireRows()
    inspection = follow(rows, 0, 200)
    page = Page(rows, monkeypatch)
    run(inspection.step(105))
    soon(lambda: 105 in page.numbers)
    for run_number, after in ((0, 0), (1, 90), (7, 90)):
        page.sent.clear()
        rows._handle_custom_msg({"type": "want", "run": run_number, "after": after}, [])
        soon(lambda: page.sent)
        first = after + 1 if run_number == 1 else 1
        assert page.numbers == list(range(first, min(105, first + ROWS_MAX - 1) + 1))
        assert page.sent[0]["more"] is (first == 1)
        assert page.sent[0]["held"]["number"] == 106
    run(inspection.stop())
    rows.close()


@pytest.mark.parametrize(
    "content",
    [{"type": "want"}, {"type": "key", "key": "x"}, "want", None, {"type": "cut_at", "number": 1, "at": -1}],
)
def test_what_is_no_message_of_ours_is_not_heard(content: object) -> None:
    rows = WireRows()
    rows.on_key(lambda key: pytest.fail(str(key)))
    rows._hear(content)
    assert rows.cut_at() == 0
    rows.close()


def test_one_message_is_never_large() -> None:
    frames = [
        Frame(number, 0.0, b"x" * 60_000, (ServerSentEvent(data="y" * 60_000),), "", 1)
        for number in range(1, 300)
    ]
    part = _part(frames)
    assert 0 < len(part) * 2 * SHOWN_MAX <= BYTES_MAX
    assert len(_part([Frame(1, 0.0, b"", (), "", 1)] * 300)) == ROWS_MAX
    row = _row(frames[0])
    assert (row["size"], row["shown"], row["events"][0]["size"], len(row["events"][0]["text"])) == (
        60_000,
        SHOWN_MAX,
        60_000,
        SHOWN_MAX,
    )


def test_the_longest_default_reply_is_whole() -> None:
    reply = aio.run(
        LLM("practice", pace=0).complete([{"role": "user", "content": "x"}], max_tokens=MAX_TOKENS)
    )
    assert reply.finish_reason == "stop"


@pytest.mark.parametrize("name", ["rows", "held", "focus", "want", "key", "cut_at", "left_out", "text_at"])
def test_python_and_the_page_use_the_same_words(name: str) -> None:
    assert re.search(rf"\b{name}\b", WireRows._esm)
