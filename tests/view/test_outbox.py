from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockmate_nb.view import coalesce, run_text
from mockmate_nb.view.coalesce import Outbox
from mockmate_nb.view.pace import FRAME
from mockmate_nb.view.run_text import RunText, well_formed
from tests.view.model_page import Lines, Message, Page

NEVER = float("inf")
MIXED = "Tell me 你好 👋🏽 مرحبا\n"


@pytest.fixture
def small() -> Iterator[None]:
    with small_limits():
        yield


def small_limits() -> Any:
    """Limits of a few bytes, so that short texts meet them all."""
    patch = pytest.MonkeyPatch()
    for module in (coalesce, run_text):
        patch.setattr(module, "BLOCKS_MAX", 2)
    patch.setattr(coalesce, "DELTA_MAX", 11)
    patch.setattr(coalesce, "PIECE_MAX", 17)
    patch.setattr(run_text, "STEP", 4)

    class Limits:
        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None:
            patch.undo()

    return Limits()


def all_of(box: Outbox, now: float = 0.0) -> list[Message]:
    """Every message until there is nothing more to say."""
    out: list[Message] = []
    while (due := box.due()) < NEVER:
        now = max(now, due)
        out += box.take(now)
    return out


# --- text in UTF-8


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


@given(st.text(max_size=40), st.integers(1, 9))
def test_blocks_tile_the_text_whatever_the_steps(text: str, most: int) -> None:
    run = RunText(1, Lines(), text)
    told = ""
    while run.told < len(run):
        told += run.advance(most)
    run.close()
    assert (told, run.crc32) == (text, zlib.crc32(text.encode()))
    spans = [run.span(index) for index in range(run.blocks)]
    assert "".join(run.slice(start, end) for start, end, _ in spans) == text
    for index, (start, end, units) in enumerate(spans):
        assert units == len(run.slice(start, end).encode("utf-16-le")) // 2
        assert (run.starting(start), run.ended(end), run.ended(end - 1)) == (index, index + 1, index)
    assert run.starting(len(run)) == run.blocks


# --- what goes out, and when


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


def test_finished_blocks_go_with_the_text_and_the_end_closes_the_last() -> None:
    box = Outbox(Lines)
    box.append("你\nab")
    box.append("c")
    [delta] = box.take(0.0)
    assert delta == {
        "type": "delta",
        "run": 1,
        "offset": 0,
        "text": "你\nabc",
        "blocks": [{"start": 0, "end": 4, "units": 2}],
    }
    box.finish("complete")
    rest, finish = box.take(0.0)
    assert (rest["offset"], rest["text"]) == (7, "")
    assert rest["blocks"] == [{"start": 4, "end": 7, "units": 3}]
    assert finish["type"] == "finish"
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


def test_a_burst_goes_in_pieces_a_frame_apart_and_ends_after_the_last() -> None:
    box = Outbox(Lines)
    text = MIXED * 20_000
    box.append(text)
    box.finish("complete")
    times, sizes, now = [], [], 5.0
    while (due := box.due()) < NEVER:
        now = max(now, due)
        *deltas, last = box.take(now)
        times.append(now)
        sizes += [len(delta["text"].encode()) for delta in [*deltas, last] if delta["type"] == "delta"]
        assert all(len(each.get("blocks", ())) < 1.5 * run_text.BLOCKS_MAX for each in [*deltas, last])
        assert (last["type"] == "finish") is (box.due() == NEVER)
    assert sum(sizes) == len(text.encode())
    assert max(sizes) <= coalesce.DELTA_MAX + 3
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[:-1] == pytest.approx([FRAME] * (len(gaps) - 1))


def test_a_page_that_falls_behind_gets_fewer_messages_and_the_end_all_the_same() -> None:
    box = Outbox()
    box.resync(1, 0, 0, 0.0)
    box.pace.spoken()
    count, now = 0, 0.0
    for tick in range(300):
        box.append("x")
        count += len(box.take(now := tick / 100))
    assert count < 12
    box.finish("complete")
    assert [message["type"] for message in box.take(now)] == ["delta", "finish"]


# --- what pages ask for


@pytest.mark.parametrize(
    ("run", "offset", "closed", "answer"),
    [
        (1, 0, 0, (0, [0, 4])),
        (1, 4, 0, (4, [0, 4])),
        (1, 4, 4, (4, [4])),
        (1, 9, 4, (9, [4])),
        (1, 10, 8, (10, [])),
        (1, 1, 0, (0, [0, 4])),  # in mid-character
        (1, 11, 4, (0, [0, 4])),  # more than there is
        (1, 8, 5, (0, [0, 4])),  # no block ends there
        (1, 4, 8, (0, [0, 4])),  # blocks without their text
        (1, -1, 0, (0, [0, 4])),
        (1, 8, -4, (0, [0, 4])),
        (1, 10**30, 10**30, (0, [0, 4])),
        (0, 4, 4, (0, [0, 4])),
        (7, 4, 4, (0, [0, 4])),
    ],
)
def test_an_answer_is_the_rest_or_everything(
    run: int, offset: int, closed: int, answer: tuple[int, list[int]]
) -> None:
    box = Outbox(Lines)
    box.append("你\n吗\nab")
    box.take(0.0)
    [delta] = box.resync(run, offset, closed, 0.0)
    start, blocks = answer
    assert (delta["answer"], "more" in delta) == (True, False)
    assert (delta["offset"], delta["text"]) == (start, "你\n吗\nab".encode()[start:].decode())
    assert [block["start"] for block in delta.get("blocks", ())] == blocks
    assert box.due() == NEVER


def test_an_answer_ends_with_the_end_that_was_told() -> None:
    box = Outbox()
    box.append("a")
    box.take(0.0)
    box.finish("stopped")
    assert [message["type"] for message in box.resync(1, 1, 0, 0.0)] == ["delta"]
    assert [message["type"] for message in box.take(0.0)] == ["finish"]
    assert [message["type"] for message in box.resync(1, 1, 0, 0.0)] == ["delta", "finish"]


def test_a_page_that_asks_before_a_new_run_was_told_sees_no_empty_text() -> None:
    box = Outbox()
    box.append("old")
    box.take(0.0)
    box.replace("new")
    assert [message["text"] for message in box.resync(1, 3, 0, 0.01)] == ["new", "new"]


def test_a_long_text_is_pulled_in_pieces(small: None) -> None:
    text = "你好\nab\n\n" * 20 + "end"
    box, page = Outbox(Lines), Page()
    box.append(text)
    box.finish("complete")
    all_of(box)
    while page.out:
        message = page.out.pop(0)
        if message["type"] == "resync":
            for answer in box.resync(message["run"], message["offset"], message["closed"], 1.0):
                assert len(answer.get("text", "").encode()) <= coalesce.PIECE_MAX + 3
                assert len(answer.get("blocks", ())) <= 2
                assert answer["type"] == "finish" or answer["text"], "a piece without text looks like no news"
                page.hear(answer)
    assert (page.text, page.state, page.whole, page.faults) == (text, "complete", True, 0)


def test_a_page_that_has_all_text_but_no_blocks_is_given_them_in_pieces(small: None) -> None:
    box = Outbox(Lines)
    box.append("a\nb\nc\nd\ne\n")
    all_of(box)
    answers = [box.resync(1, 10, closed, 1.0)[0] for closed in (0, 4, 8)]
    assert [[block["start"] for block in answer.get("blocks", ())] for answer in answers] == [
        [0, 2],
        [4, 6],
        [],
    ]
    assert ["more" in answer for answer in answers] == [True, False, False]


def test_a_new_run_waits_for_no_acknowledgement_of_the_old() -> None:
    box = Outbox()
    box.pace.spoken()
    box.append("old")
    box.take(0.0)
    box.start()
    assert box.pace.frame(9.0) == FRAME


@pytest.mark.parametrize("garbage", [-1, 10**30, 9_999])
def test_an_acknowledgement_of_what_was_never_sent_is_no_evidence(garbage: int) -> None:
    box = Outbox()
    box.pace.spoken()
    box.append("a")
    box.take(0.0)
    box.acknowledge(1, garbage, 0.1)
    box.acknowledge(2, 1, 0.1)
    assert box.pace.frame(0.3) == pytest.approx(0.3)
    box.acknowledge(1, 1, 0.3)
    assert box.pace.frame(9.0) == pytest.approx(0.3)


@pytest.mark.parametrize(("run", "start"), [(2, 0), (1, 1), (1, 4), (1, -1), (1, 10**30)])
def test_a_block_that_is_none_has_no_text(run: int, start: int) -> None:
    box = Outbox(Lines)
    box.append("a\nb\nopen")
    box.take(0.0)
    assert box.block(1, 2) == (4, "b\n")
    assert box.block(run, start) is None


# --- whatever happens on the way


class Net:
    """An outbox and pages, with messages on the way that may be late or lost."""

    def __init__(self, splitter: Any) -> None:
        self.box = Outbox(splitter)
        self.plain = splitter is None
        self.pages: list[tuple[Page, deque[Message]]] = []
        self.now, self.answers = 0.0, 0
        self.open()

    def open(self) -> None:
        self.pages = [*self.pages[-1:], (Page(plain=self.plain), deque())]

    def send(self, messages: list[Message]) -> None:
        for message in messages:
            for _, way in self.pages:
                way.append(message)

    def take(self) -> None:
        self.now += FRAME / 2
        self.send(self.box.take(self.now))

    def deliver(self, which: int, count: int) -> None:
        page, way = self.pages[which % len(self.pages)]
        for _ in range(min(count, len(way))):
            page.hear(way.popleft())

    def answer(self, which: int, count: int) -> None:
        page, _ = self.pages[which % len(self.pages)]
        for _ in range(min(count, len(page.out))):
            message = page.out.pop(0)
            if message["type"] == "ack":
                self.box.acknowledge(message["run"], message["length"], self.now)
            else:
                self.answers += 1
                self.box.pace.spoken()
                self.send(self.box.resync(message["run"], message["offset"], message["closed"], self.now))

    def lose(self, which: int, to_page: bool) -> None:
        page, way = self.pages[which % len(self.pages)]
        if to_page and way:
            way.popleft()
        elif not to_page and page.out:
            page.out.pop(0)

    def settle(self) -> None:
        """Until nobody has anything to say; a page that still lacks something asks again."""
        for _ in range(10):
            while self.box.due() < NEVER or any(way or page.out for page, way in self.pages):
                if self.box.due() < NEVER:
                    self.now = max(self.now, self.box.due())
                    self.send(self.box.take(self.now))
                for which in range(len(self.pages)):
                    self.deliver(which, 100)
                    self.answer(which, 100)
            waiting = [page for page, _ in self.pages if not page.whole]
            if not waiting:
                return
            for page in waiting:
                page.ask()
        raise AssertionError("A page never gets what it lacks.")


WHICH, COUNT = st.integers(0, 1), st.integers(1, 4)
TEXT = st.text(st.sampled_from("ab\n\n你😀"), min_size=1, max_size=30)
ACTIONS = st.one_of(
    st.tuples(st.just("append"), TEXT),
    st.tuples(st.just("append"), TEXT),
    st.tuples(st.just("replace"), TEXT),
    st.tuples(st.just("start")),
    st.tuples(st.just("finish"), st.sampled_from(["complete", "stopped", "failed"])),
    st.tuples(st.just("open")),
    st.tuples(st.just("take")),
    st.tuples(st.just("take")),
    st.tuples(st.just("deliver"), WHICH, COUNT),
    st.tuples(st.just("deliver"), WHICH, COUNT),
    st.tuples(st.just("answer"), WHICH, COUNT),
    st.tuples(st.just("lose"), WHICH, st.booleans()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ACTIONS, max_size=60), st.sampled_from([Lines, None]))
def test_two_pages_end_with_the_right_text_whatever_is_lost_or_late(
    script: list[tuple[Any, ...]], splitter: Any
) -> None:
    with small_limits():
        net = Net(splitter)
        for name, *values in script:
            owner = net.box if hasattr(net.box, name) and name != "take" else net
            getattr(owner, name)(*values)
        net.box.finish("complete")
        net.settle()
        for page, _ in net.pages:
            assert (page.run, page.text, page.state) == (net.box.run, net.box.text, net.box.state)
            assert page.faults == 0
            if splitter is not None:
                borders = [0, *(end for _, end, _ in page.blocks)]
                assert [start for start, _, _ in page.blocks] == borders[:-1]
                assert borders[-1] == len(page.utf8)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(2, 4))
def test_pages_that_pull_at_the_same_time_cost_one_answer_a_piece_each(
    first: int, second: int, count: int
) -> None:
    with small_limits():
        net = Net(Lines)
        net.box.append("你好 ab\n" * 60)
        net.box.finish("complete")
        all_of(net.box)
        net.pages = []
        for offset in (first, second, 0, 0)[:count]:
            page = Page()
            page.out.clear()
            net.pages.append((page, deque()))
            prefix = net.box.text.encode()[:offset].decode(errors="ignore")
            page.hear({"type": "delta", "run": 1, "offset": 0, "text": prefix})
            page.out.clear()
            page.ask()
        net.settle()
        pieces = len(net.box.text.encode()) / 8  # two blocks of ten bytes, or a piece of 17
        assert net.answers <= 2 * count * pieces
        assert all(page.whole and page.text == net.box.text for page, _ in net.pages)
