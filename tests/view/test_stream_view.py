from __future__ import annotations

import os
import shutil
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb import aio
from mockmate_nb.errors import CallerError
from mockmate_nb.view.coalesce import FRAME, Message, Outbox, well_formed
from mockmate_nb.view.stream_view import StreamView

MIXED = "Tell me 你好 👋🏽 مرحبا\n"
NEVER = float("inf")


class Page:
    """A model of the page: takes messages in order, drops older runs, and knows when it lacks something."""

    def __init__(self) -> None:
        self.run, self.utf8, self.state = 0, b"", "waiting"

    def take(self, message: Message) -> bool:
        """False if the page must ask."""
        if message["run"] < self.run:
            return True
        if message["type"] == "finish":
            right = (message["run"], message["length"], message["crc32"])
            if right != (self.run, len(self.utf8), zlib.crc32(self.utf8)):
                return False
            self.state = message["state"]
            return True
        have = self.utf8 if message["run"] == self.run else b""
        if message["offset"] > len(have):
            return False
        self.utf8 = have + message["text"].encode()[len(have) - message["offset"] :]
        self.run = message["run"]
        return True


# --- what goes out, and when


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        (MIXED, MIXED),
        ("\ud83d\ude00", "😀"),
        ("a\ud83d", "a\ufffd"),
        ("\ude00b", "\ufffdb"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ufeffa\x00\r\n", "\ufeffa\x00\r\n"),
    ],
)
def test_well_formed_replaces_lone_surrogates_alone(text: str, expected: str) -> None:
    assert well_formed(text).decode() == expected


@given(st.text(st.characters(codec=None)))
def test_well_formed_is_always_valid_and_keeps_valid_text(text: str) -> None:
    valid = not any("\ud800" <= character <= "\udfff" for character in text)
    assert (well_formed(text).decode() == text) is valid


def test_the_first_text_goes_at_once_later_text_a_frame_after_the_last_message() -> None:
    box = Outbox()
    assert box.due() == NEVER
    box.append("a")
    assert [message["text"] for message in box.take(10.0)] == ["a"]
    assert box.due() == NEVER
    box.append("b")
    box.append("c")
    assert box.due() == 10.0 + FRAME
    assert box.take(10.0 + FRAME / 2) == []
    assert [message["text"] for message in box.take(10.0 + FRAME)] == ["bc"]


def test_the_end_goes_at_once_with_the_rest() -> None:
    box = Outbox()
    check = {"length": 6, "crc32": zlib.crc32("你好".encode()), "state": "stopped"}
    for run in (1, 2):
        box.append("你")
        assert len(box.take(1.0)) == 1
        box.append("好")
        box.finish("stopped")
        assert box.take(1.001) == [
            {"type": "delta", "run": run, "offset": 3, "text": "好"},
            {"type": "finish", "run": run, **check},
        ]
        assert box.due() == NEVER
        box.start()


def test_a_new_run_shows_its_first_text_at_once_a_replaced_text_waits_for_its_frame() -> None:
    box = Outbox()
    box.append("old")
    box.take(0.0)
    box.start()
    assert box.due() == FRAME
    box.append("new")
    assert box.take(0.001) == [{"type": "delta", "run": 2, "offset": 0, "text": "new"}]
    box.replace("newer")
    assert box.take(0.002) == []
    assert box.take(1.0) == [{"type": "delta", "run": 3, "offset": 0, "text": "newer"}]
    assert box.due() == NEVER


@given(st.lists(st.tuples(st.floats(0, 0.2), st.text(max_size=5)), max_size=200))
def test_each_byte_is_sent_once_in_at_most_30_messages_a_second(chunks: list[tuple[float, str]]) -> None:
    box, now = Outbox(), 0.0
    out: list[tuple[float, Message]] = []

    def take(at: float) -> None:
        out.extend((at, message) for message in box.take(at))

    for pause, text in chunks:
        now += pause
        if box.due() <= now:
            take(box.due())
        box.append(text)
        take(now)
    box.finish("complete")
    take(now)
    texts = [message["text"] for _, message in out if message["type"] == "delta"]
    assert "".join(texts) == "".join(text for _, text in chunks)
    times = [at for at, _ in out]
    assert all(sum(start <= at < start + 1 for at in times) <= 30 for start in times)


OPERATIONS = st.one_of(
    st.tuples(st.just("append"), st.text(max_size=4)),
    st.tuples(st.just("replace"), st.text(max_size=4)),
    st.tuples(st.just("start"), st.just("")),
    st.tuples(st.just("finish"), st.sampled_from(["complete", "stopped", "failed"])),
    st.tuples(st.just("lose"), st.just("")),
)


@given(st.lists(OPERATIONS, max_size=40))
def test_a_page_that_loses_messages_and_asks_ends_with_the_right_text(script: list[tuple[str, Any]]) -> None:
    box, page, lose, now = Outbox(), Page(), False, 0.0
    for name, value in [*script, ("finish", "complete")]:
        if name == "lose":
            lose = True
            continue
        getattr(box, name)(*([value] if name != "start" else []))
        now += FRAME
        messages = [] if lose else box.take(now)
        lost = box.take(now) if lose else []
        lose = lose and not lost
        if not all(page.take(message) for message in messages):
            assert all(page.take(message) for message in box.resync(page.run, len(page.utf8)))
    for message in box.resync(page.run, len(page.utf8)):
        page.take(message)
    assert (page.run, page.utf8.decode(), page.state) == (box.run, box.text, box.state)


@pytest.mark.parametrize(
    ("run", "offset", "answered_from"),
    [(1, 0, 0), (1, 3, 3), (1, 9, 9), (1, 1, 0), (1, 10, 0), (1, -1, 0), (0, 3, 0), (7, 3, 0)],
)
def test_resync_gives_the_rest_or_everything(run: int, offset: int, answered_from: int) -> None:
    box = Outbox()
    box.append("你好吗")
    [message] = box.resync(run, offset)
    rest = "你好吗".encode()[answered_from:].decode()
    assert message == {"type": "delta", "run": 1, "offset": answered_from, "text": rest, "answer": True}
    assert box.due() == NEVER


# --- the widget


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
    page = Page()
    assert all(page.take(message) for message in messages)
    return page


def test_text_grows_and_ends(view: StreamView) -> None:
    assert (view.text, view.state) == ("", "waiting")
    view.append("Tell me ")
    view.append("more.")
    assert (view.text, view.state) == ("Tell me more.", "streaming")
    view.finish()
    assert (view.text, view.state) == ("Tell me more.", "complete")
    page = shown(view.out)
    assert (page.utf8.decode(), page.state) == (view.text, view.state)


def test_the_tail_goes_out_though_nobody_calls(view: StreamView) -> None:
    for text in ("first", " second", " third"):
        view.append(text)
        view.append("!")
        wait_for(lambda: shown(view.out).utf8.decode() == view.text)


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
    wait_for(lambda: shown(view.out).utf8 == b"third text")


def test_an_unknown_ending_is_refused_and_changes_nothing(view: StreamView) -> None:
    with pytest.raises(CallerError, match="complete, stopped, failed") as caught:
        view.finish("done")  # type: ignore[arg-type]  # the case under test
    assert caught.value.field == "state"
    assert view.state == "waiting"


def test_threads_may_append_at_the_same_time(view: StreamView) -> None:
    def produce(character: str) -> None:
        for _ in range(300):
            view.append(character)

    threads = [threading.Thread(target=produce, args=(character,)) for character in "aé你👋"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    view.finish()
    assert sorted(view.text) == sorted("aé你👋" * 300)
    assert shown(view.out).utf8.decode() == view.text


def test_the_page_is_answered(view: StreamView) -> None:
    view.append(MIXED)
    view.finish()
    view.out.clear()
    view._handle_custom_msg({"type": "resync", "run": 1, "offset": 8}, [])
    assert [message["type"] for message in view.out] == ["delta", "finish"]
    assert view.out[0]["text"] == MIXED[8:]


@pytest.mark.parametrize(
    "content", [None, [], "resync", {}, {"type": "resync"}, {"type": "resync", "run": "1", "offset": 0}]
)
def test_what_is_no_request_gets_no_answer(view: StreamView, content: object) -> None:
    view._handle_custom_msg(content, [])
    assert view.out == []


def test_no_text_is_in_the_widgets_state_or_its_stored_output(view: StreamView) -> None:
    view.append("the secret answer")
    view.finish()
    assert "the secret answer" not in str(view.get_state())
    bundle = view._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/plain"] == repr(view) == "StreamView(label='Interviewer')"


@pytest.mark.parametrize("name", ["label", "language"])
def test_python_and_the_page_use_the_same_words(name: str) -> None:
    source = (Path(aio.__file__).parent / "view/static/stream_view.js").read_text()
    assert name in StreamView("x").keys
    assert f'model.get("{name}")' in source


def test_the_page_side_without_a_page() -> None:
    node = shutil.which("node")
    if node is None:
        assert not os.environ.get("CI"), "node is missing"
        pytest.skip("node is not installed")
    script = Path(__file__).with_name("stream_view.test.mjs")
    done = subprocess.run([node, "--test", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
