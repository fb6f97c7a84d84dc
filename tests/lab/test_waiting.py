"""Words and sentences as they become whole, a reader's pace, and how waits are felt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb.lab.run import Run
from mockmate_nb.lab.waiting import BANDS, Band, Words, band, pace, stall, words_in_time
from tests.lab.simulated_times import simulated_run

ENGLISH, CHINESE = 60 / 238, 60 / 255

COUNTED = [
    ("", 0, 0),
    ("   \n", 0, 0),
    ("— … !", 0, 0),  # marks are no words
    ("Hello", 0, 1),  # nothing has followed yet
    ("Hello ", 1, 1),
    ("Hello,", 0, 1),
    ("Hello world", 1, 2),
    ("It costs 3.5 kg.", 3, 4),
    ("don't stop well-known things", 3, 4),
    ("one—two", 1, 2),
    ("你好", 2, 2),  # a Chinese character needs nothing behind it
    ("你好，世界。", 4, 4),
    ("用 SSE 推送", 4, 4),
    ("用SSE", 1, 2),
    ("𠀀", 1, 1),  # beyond the basic plane
]


@pytest.mark.parametrize(("text", "whole", "closed"), COUNTED)
def test_words_are_counted_when_they_are_whole(text: str, whole: int, closed: int) -> None:
    words = Words()
    assert words.feed(text) == whole
    assert words.first_word is (whole > 0)
    assert words.close() == closed
    assert words.count == closed


SENTENCES = [  # the text up to where its first sentence is whole; None: only the end shows it; no sentence: ""
    ("Streaming helps. It does.", "Streaming helps. "),
    ("Really? Yes", "Really? "),
    ("Stop!\nNow", "Stop!\n"),
    ('He said "Stop." Then', 'He said "Stop." '),
    ("**Yes.** More", "**Yes.** "),
    ("It weighs 3.5 kg. Good", "It weighs 3.5 kg. "),
    ("Use tools, e.g. curl. Then", "Use tools, e.g. curl. "),
    ("Ask Dr. Li (U.S.). Then", "Ask Dr. Li (U.S.). "),
    ("1. Listen well. 2. Ask", "1. Listen well. "),
    ("Text\n2. Listen. Ask", "Text\n2. Listen. "),
    ("It was 2020. Then", "It was 2020. "),
    ("See example.com. Then", "See example.com. "),
    ("。你好。再见", "。你好。"),
    ("好！再见", "好！"),
    ("你好!再见", "你好!再"),
    ("A whole one.", None),
    ("no mark at all", ""),
    ("cut at e.g.", ""),
    ("... ", ""),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_the_first_sentence_is_whole_where_its_end_is_certain(text: str, expected: str | None) -> None:
    words = Words()
    seen = next((text[: place + 1] for place, letter in enumerate(text) if _ended(words, letter)), None)
    words.close()
    assert words.first_sentence is (expected != "")
    assert seen == (expected or None)


def _ended(words: Words, letter: str) -> bool:
    words.feed(letter)
    return words.first_sentence


TEXTS = st.text(alphabet="ab1 .!?,\n\"'*)e.g—你好。！，…", max_size=40)


@given(TEXTS, st.data())
def test_any_split_of_a_text_gives_the_same_words(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    whole, pieces = Words(), Words()
    expected = whole.feed(text)
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        last = pieces.feed(text[start:end])
    assert last == expected
    assert pieces.first_sentence is whole.first_sentence
    assert pieces.close() == whole.close()
    assert pieces.first_sentence is whole.first_sentence


@given(TEXTS)
def test_words_only_grow(text: str) -> None:
    words = Words()
    counts = [words.feed(letter) for letter in text]
    assert counts == sorted(counts)
    assert words.close() in {words.count, *counts[-1:]}
    assert not counts or words.count - counts[-1] <= 1


IN_TIME = [
    # at the reader's own pace, to the word: everything is in time
    (simulated_run([(1 + k * ENGLISH, k + 1) for k in range(50)]), 1.0),
    # twice as slow as the reader: only the first is
    (simulated_run([(1 + 2 * k * ENGLISH, k + 1) for k in range(10)]), 0.1),
    # one word, then nothing for ten words' time, then all: words 1-9 are late, 10-19 are not
    (simulated_run([(1.0, 1), (1 + 10 * ENGLISH, 20)]), 11 / 20),
    # a late word stays late alone where the text catches up: words 0, 2, 3 in time
    (simulated_run([(1.0, 1), (1 + 1.5 * ENGLISH, 4)]), 3 / 4),
    # text without a whole word does not start the reader
    (simulated_run([(1.0, 0), (5.0, 1), (5.0 + ENGLISH, 2)]), 1.0),
    (simulated_run([(9.0, 200)], mode="batch"), 1.0),
    (simulated_run([(1.0, 0)]), None),
]


@pytest.mark.parametrize(("run", "share"), IN_TIME)
def test_words_in_time_are_those_that_a_steady_reader_finds(run: Run, share: float | None) -> None:
    found = words_in_time(run)
    assert found is None if share is None else found == pytest.approx(share)


def test_chinese_is_read_at_its_own_pace() -> None:
    texts = [(1 + 0.245 * k, k + 1) for k in range(100)]
    assert pace(simulated_run(texts, characters=120)) == CHINESE
    assert pace(simulated_run(texts)) == ENGLISH
    assert words_in_time(simulated_run(texts)) == 1.0  # 0.245 s a word is quicker than 0.252 s
    assert words_in_time(simulated_run(texts, characters=120)) == 0.01  # and slower than 0.235 s


def test_the_longest_stall_is_between_texts() -> None:
    assert stall(simulated_run([(5.0, 1), (5.2, 2), (6.0, 3), (6.1, 4)])) == pytest.approx(0.8)
    assert stall(simulated_run([(5.0, 1)])) is None
    assert stall(simulated_run([(9.0, 50)], mode="batch")) is None


@pytest.mark.parametrize(
    ("seconds", "name"),
    [
        (0.0, "instant"),
        (0.1, "instant"),
        (0.11, "flow"),
        (1.0, "flow"),
        (1.01, "attention"),
        (10.0, "attention"),
        (10.1, "away"),
    ],
)
def test_waits_fall_into_nielsens_bands(seconds: float, name: Band) -> None:
    assert band(seconds) == name
    assert set(BANDS[name]) == {"en", "zh"}
