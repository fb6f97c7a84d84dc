from __future__ import annotations

import gc
import html
import json
import math
import os
import re
import shutil
import subprocess
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import traitlets

from mockmate_nb import aio
from mockmate_nb.errors import CallerError
from mockmate_nb.view import stream_view
from mockmate_nb.view.hearing import Cells
from mockmate_nb.view.markdown import render_block
from mockmate_nb.view.pace import FRAME, FRAME_MAX
from mockmate_nb.view.stream_view import PUSHED_MAX, RENDERED_MAX, StreamView
from tests.view.model_page import Message, Page

MIXED = "Tell me 你好 👋🏽 مرحبا\n"


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> Iterator[StreamView]:
    """A view whose messages are kept in `view.out`."""
    made = StreamView("Interviewer")
    out: list[Message] = []
    monkeypatch.setattr(made, "send", out.append)
    monkeypatch.setattr(made, "out", out, raising=False)
    yield made
    made.close()
    aio.shutdown()


def wait_for(condition: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(500):
        if condition():
            return
        tick.wait(0.01)
    raise AssertionError("It did not come about within 5 s.")


def shown(messages: list[Message]) -> Page:
    """What a page has that was there from the beginning."""
    page = Page()
    for message in messages:
        page.hear(message)
    assert (page.asks, page.faults) == (1, 0)
    return page


def talk(view: Any, *pages: Page, heed: Callable[[], object] = lambda: None) -> None:
    """Carry messages between the view and its pages until nobody has anything to say."""
    told = 0
    while told < len(view.out) or any(page.out for page in pages):
        new = view.out[told:]
        told += len(new)
        for page in pages:
            for message in new:
                page.hear(message)
        for page in pages:
            said, page.out = page.out, []
            for message in said:
                view._handle_custom_msg(message, [])
        heed()


def test_text_grows_and_ends(view: StreamView) -> None:
    assert (view.text, view.state) == ("", "waiting")
    view.append("Tell me ")
    view.append("more.")
    assert (view.text, view.state) == ("Tell me more.", "streaming")
    view.finish()
    assert (view.text, view.state) == ("Tell me more.", "complete")
    page = shown(view.out)
    assert (page.text, page.state) == (view.text, view.state)


def test_the_tail_goes_out_though_nobody_calls(view: StreamView) -> None:
    for text in ("first", " second", " third"):
        view.append(text)
        view.append("!")
        wait_for(lambda: shown(view.out).text == view.text)


def test_late_text_of_an_ended_or_older_run_is_dropped(view: StreamView) -> None:
    first = view.start()
    view.append("first", run=first)
    view.finish("stopped", run=first)
    view.append(" late", run=first)
    view.append(" late")
    view.finish("complete")
    assert (view.text, view.state) == ("first", "stopped")
    second = view.start()
    view.append(" later", run=first)
    view.finish(run=first)
    view.append("second", run=second)
    assert (view.run, view.text, view.state) == (second, "second", "streaming")
    view.set_text("third")
    view.append(" late", run=second)
    view.append(" text")
    assert (view.run, view.text) == (second + 1, "third text")
    wait_for(lambda: shown(view.out).text == "third text")


def test_an_unknown_ending_is_refused_and_changes_nothing(view: StreamView) -> None:
    with pytest.raises(CallerError, match="complete, stopped, failed") as caught:
        view.finish("done")  # type: ignore[arg-type]  # the case under test
    assert caught.value.field == "state"
    assert view.state == "waiting"


def test_eight_threads_may_append_at_the_same_time(view: StreamView) -> None:
    def produce(character: str) -> None:
        for index in range(300):
            view.append(character if index % 10 else "\n\n")

    threads = [threading.Thread(target=produce, args=(character,)) for character in "aé你👋bcde"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    view.finish()
    assert sorted(view.text) == sorted("aé你👋bcde" * 270 + 480 * "\n")
    page = shown(view.out)
    assert (page.text, page.whole) == (view.text, True)


@pytest.mark.parametrize("where", ["send", "render_block"])
def test_a_finalizer_may_append_and_finish_while_messages_are_made(
    view: StreamView, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finalizer runs wherever memory is asked for, on the thread that holds the lock."""
    owner: Any = view if where == "send" else stream_view
    act, left = getattr(owner, where), iter(6 * [True] + [False])

    def interrupted(value: Any) -> Any:
        if (goes_on := next(left, None)) is not None:
            view.append(" and\n\n") if goes_on else view.finish()
        return act(value)

    monkeypatch.setattr(owner, where, interrupted)
    for _ in range(8):
        view.append("first\n\n")
        time.sleep(FRAME)
    view.finish()
    page = shown(view.out)
    assert (page.text, page.whole) == (view.text, True)
    assert page.text.count(" and") == 6


def test_text_from_a_finalizer_of_garbage_is_not_lost(view: StreamView) -> None:
    class Last:
        def __del__(self) -> None:
            view.append("!")

    for _ in range(4):
        cycle = [Last()]
        cycle.append(cycle)  # type: ignore[arg-type]  # only the collector can free it
        del cycle
        view.append("?")
        gc.collect()
    view.finish()
    assert shown(view.out).text == view.text == 4 * "?!"


# --- what pages say


def test_the_page_is_answered(view: StreamView) -> None:
    view.append(MIXED)
    view.finish()
    view.out.clear()
    view._handle_custom_msg({"type": "resync", "run": 1, "offset": 8, "closed": 0}, [])
    assert [message["type"] for message in view.out] == ["delta", "finish"]
    assert view.out[0]["text"] == MIXED[8:]


HUGE = 10**40
NUMBERS: list[object] = [-1, 0, 2**31, HUGE, -HUGE, math.nan, math.inf, "1", None, [], {}]
GARBAGE: list[object] = [
    None,
    [],
    "resync",
    {},
    {"type": "resync"},
    {"type": "resync", "run": "1", "offset": 0, "closed": 0},
    {"type": "resync", "run": 1, "offset": 0.5, "closed": 0},
    {"type": "resync", "run": 1, "offset": math.nan, "closed": 0},
    {"type": "resync", "run": 1, "offset": 0, "closed": "0"},
    {"type": "ack"},
    {"type": "ack", "run": 1},
    *({"type": "ack", "run": 1, "length": each} for each in NUMBERS),
    *({"type": "ack", "run": each, "length": 1} for each in NUMBERS),
    {"type": "render"},
    {"type": "render", "run": 1, "starts": 0},
    {"type": "render", "run": 1, "starts": "0"},
    {"type": "render", "run": 1, "starts": [-1, 1, HUGE, -HUGE, math.nan, "0", None, [0]]},
    {"type": "render", "run": 2, "starts": [0]},
]


@pytest.mark.parametrize("content", GARBAGE, ids=str)
def test_what_is_no_request_gets_no_answer_and_harms_nothing(view: StreamView, content: object) -> None:
    view.append("a\n\n")
    told = len(view.out)
    view._handle_custom_msg(content, [])
    view._handle_custom_msg(content, [])
    time.sleep(FRAME / 2)
    assert len(view.out) == told
    view.append("b")
    view.finish()
    assert shown(view.out).text == "a\n\nb"


@pytest.mark.parametrize(
    ("run", "offset", "closed"),
    [(HUGE, HUGE, HUGE), (-1, -1, -1), (1, HUGE, 0), (1, 3, 4), (1, 2, 2), (0, 0, 0)],
)
def test_a_request_that_fits_nothing_brings_everything(
    view: StreamView, run: int, offset: int, closed: int
) -> None:
    view.append("你好\n\nend")
    view.finish()
    view.out.clear()
    view._handle_custom_msg({"type": "resync", "run": run, "offset": offset, "closed": closed}, [])
    assert shown(view.out).text == "你好\n\nend"


LONG = ("你好 means hello.\n\n" + 6 * "A line of prose that goes on. " + "\n\n") * 8_000


@pytest.mark.parametrize("act", ["nothing", "append", "finish", "start", "set_text", "close"])
def test_two_pages_pull_a_long_text_whatever_happens_meanwhile(view: StreamView, act: str) -> None:
    view.append(LONG)
    wait_for(lambda: sum(len(message["text"]) for message in view.out) == len(LONG))
    assert all(len(message["text"].encode()) < 128_010 for message in view.out)
    view.out.clear()
    pages, rounds = [Page(), Page()], iter(range(100))

    def heed() -> None:
        if next(rounds) == 2 and act != "nothing":
            getattr(view, act)(*(["new text\n\n"] if act in ("append", "set_text") else []))

    talk(view, *pages, heed=heed)
    view.finish()
    wait_for(lambda: act == "close" or view.out[-1]["type"] == "finish")
    for page in pages:
        page.out.clear()
        page.asked = False
        talk(view, page)
        assert page.faults == 0
        if act != "close":
            assert (page.text, page.state, page.whole) == (view.text, "complete", True)
    for message in view.out:
        assert len(json.dumps(message)) < 400_000
        assert not ("more" in message and "html" in str(message["blocks"][0])), "there is more to come first"


def test_a_slow_page_gets_fewer_messages_unless_a_cell_keeps_it_from_being_heard(
    view: StreamView, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, cells = [0.0], Cells()
    monkeypatch.setattr(stream_view, "time", types.SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(view, "_cells", cells)

    def stream(answers: bool) -> int:
        begin = len(view.out)
        for _ in range(300):
            clock[0] += 0.01
            view.append("x")
            for message in view.out[begin:] if answers else []:
                length = message["offset"] + len(message["text"])
                view._handle_custom_msg({"type": "ack", "run": 1, "length": length}, [])
        return len(view.out) - begin

    assert stream(False) >= 60, "no page has spoken"
    view._handle_custom_msg({"type": "resync", "run": 1, "offset": 0, "closed": 0}, [])
    assert stream(True) >= 60
    assert stream(False) <= 4 + 3 / FRAME_MAX
    assert stream(True) >= 55
    cells._begin()
    assert stream(False) >= 60
    cells._end()
    assert stream(False) <= 4 + 3 / FRAME_MAX
    view.finish()
    assert shown([message for message in view.out if "answer" not in message]).text == view.text


# --- HTML


def test_html_goes_along_for_so_much_of_a_frame_and_the_rest_on_request(view: StreamView) -> None:
    paragraph = 9 * "word " + "<b>\n\n"
    view.append(paragraph * 3_000)
    view.finish()
    wait_for(lambda: view.out[-1]["type"] == "finish")
    starts = []
    for message in view.out[:-1]:
        html_of = [block for block in message["blocks"] if "html" in block]
        assert html_of == message["blocks"][: len(html_of)]
        size, pushed = (sum(each["end"] - each["start"] for each in s) for s in (message["blocks"], html_of))
        assert min(size, PUSHED_MAX) - 200 < pushed <= PUSHED_MAX
        starts += [block["start"] for block in message["blocks"]]
    asked = [*starts[-1_000:], starts[0], starts[0]]
    view.out.clear()
    view._handle_custom_msg({"type": "render", "run": 1, "starts": [*asked, 1, -1]}, [])
    blocks: list[dict[str, Any]] = []
    wait_for(lambda: sum(len(message["blocks"]) for message in view.out) == 1_001)
    for message in view.out:
        assert (message["type"], message["run"]) == ("html", 1)
        assert sum(block["end"] - block["start"] for block in message["blocks"]) <= RENDERED_MAX
        blocks += message["blocks"]
    assert [block["start"] for block in blocks] == asked[:-1]
    expected = render_block(paragraph)
    assert all(block["html"] == expected for block in blocks)


def test_a_request_for_html_of_an_older_run_is_dropped(view: StreamView) -> None:
    view.append("old\n\nold")
    with view._lock:  # the worker loop gets to it after the new run has begun
        view._handle_custom_msg({"type": "render", "run": 1, "starts": [0]}, [])
        view.start()
        view.append("new\n\nnew")
    view._handle_custom_msg({"type": "render", "run": 2, "starts": [0]}, [])
    wait_for(lambda: any(message["type"] == "html" for message in view.out))
    assert [message["run"] for message in view.out if message["type"] == "html"] == [2]


HOSTILE = "<script>window.hurt = 1</script><img src=x onerror=window.hurt=1>"


def test_html_holds_finished_blocks_and_the_open_rest_as_text(view: StreamView) -> None:
    assert view.html() == ""
    view.append("**bold**\n\nopen *rest* " + HOSTILE)
    streaming = view.html()
    assert "<strong>bold</strong>" in streaming
    assert "open *rest* &lt;script&gt;" in streaming
    view.finish()
    complete = view.html()
    assert "<em>rest</em>" in complete
    for page in (streaming, complete):
        assert not re.search("<(script|img)", page)


def test_plain_text_has_no_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    view, out = StreamView(markdown=False), list[Message]()
    monkeypatch.setattr(view, "send", out.append)
    view.append("*a*\n\n" + HOSTILE)
    view.finish()
    page = Page(plain=True)
    for message in out:
        page.hear(message)
        assert "blocks" not in message
    assert (page.text, page.state) == (view.text, "complete")
    assert html.escape(view.text) in view.html()
    assert "<em>" not in view.html()
    view.close()
    aio.shutdown()


# --- the widget


def test_a_displayed_view_keeps_a_twin_of_each_run_that_is_over(
    view: StreamView, monkeypatch: pytest.MonkeyPatch
) -> None:
    view.append("never *shown*")
    view.finish()
    assert vars(view)["_keeper"] is None
    view._repr_mimebundle_()
    keeper: Any = vars(view)["_keeper"]
    wait_for(lambda: "never <em>shown</em>" in keeper.html)
    view.start()
    view.append("second")
    view._repr_mimebundle_()
    assert vars(view)["_keeper"] is keeper
    view.finish("stopped")
    wait_for(lambda: "second" in keeper.html and "Stopped" in keeper.text)
    assert (keeper.html, keeper.text) == (view.twin().html, view.twin().text)
    again: list[object] = []
    monkeypatch.setattr(keeper, "keep", again.append)
    view.finish()
    view._repr_mimebundle_()
    aio.shutdown()
    assert again == []
    view.close()
    assert keeper.comm is None


def test_the_twin_of_a_run_that_was_followed_by_another_is_not_kept(view: StreamView) -> None:
    view._repr_mimebundle_()
    keeper: Any = vars(view)["_keeper"]
    view.append("old")
    with view._lock:  # the twin is made after the new run has begun
        view.finish()
        view.start()
    view.append("new")
    aio.shutdown()
    assert keeper.html == ""
    view.finish()
    wait_for(lambda: "new" in keeper.html)


def test_the_twin_of_a_plain_view_is_plain() -> None:
    view = StreamView("Me", markdown=False)
    view.append("*as it is*")
    assert "*as it is*" in view.twin().html
    view.close()
    aio.shutdown()


def test_a_view_that_is_closed_in_mid_stream_says_nothing_more_and_keeps_its_text(view: StreamView) -> None:
    view.append("a")
    view.append("b")
    view.close()
    time.sleep(2 * FRAME)
    told = len(view.out)
    for _ in range(3):
        view.append("c")
        time.sleep(FRAME)
    view._handle_custom_msg({"type": "resync", "run": 1, "offset": 0, "closed": 0}, [])
    view._handle_custom_msg({"type": "render", "run": 1, "starts": [0]}, [])
    view.finish()
    assert (view.text, view.state) == ("abccc", "complete")
    assert (len(view.out), view._wake_at) == (told, math.inf)


def test_traits_are_what_they_were_made(view: StreamView) -> None:
    state = view.get_state()
    expected = {
        "label": "Interviewer",
        "time": "",
        "status": "",
        "language": "en",
        "speed": 0.0,
        "markdown": True,
    }
    assert {name: state[name] for name in expected} == expected
    with pytest.raises(traitlets.TraitError):
        view.markdown = False
    with pytest.raises(traitlets.TraitError):
        view.speed = -1.0


def test_no_text_is_in_the_widgets_state_or_its_stored_output(view: StreamView) -> None:
    view.append("the secret answer")
    view.finish()
    assert "the secret answer" not in str(view.get_state())
    bundle = view._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/plain"] == repr(view) == "StreamView(label='Interviewer')"


@pytest.mark.parametrize("name", ["label", "time", "status", "language", "speed", "markdown"])
def test_python_and_the_page_use_the_same_words(view: StreamView, name: str) -> None:
    assert name in view.keys
    assert f'"{name}"' in view._esm


@pytest.mark.parametrize(
    "script", sorted(Path(__file__).parent.glob("*.test.mjs")), ids=lambda path: path.name
)
def test_the_page_side_without_a_page(script: Path) -> None:
    node = shutil.which("node")
    if node is None:
        assert not os.environ.get("CI"), "node is missing"
        pytest.skip("node is not installed")
    done = subprocess.run([node, "--test", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
