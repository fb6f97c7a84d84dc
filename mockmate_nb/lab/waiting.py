"""What waiting for a text is like: words and sentences becoming whole, a reader's pace, Nielsen's limits. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

from mockmate_nb.interview.question import Language
from mockmate_nb.lab.run import Run

READER_WPM = 238
"""English words a minute, silent reading of non-fiction (Brysbaert 2019, J. Memory and Language 109, 104047)."""
READER_CPM = 255
"""Chinese characters a minute (IReST: Trauzettel-Klosinski & Dietz 2012, IOVS 53(9), 5452-5461)."""
CHINESE_BELOW = 2.5
"""Characters a word, marks and spaces included, below which a text is Chinese: 1.2 there, 6 in English, or so."""
SAME_TIME = 1e-9

Band = Literal["instant", "flow", "attention", "away"]
LIMITS: tuple[tuple[float, Band], ...] = ((0.1, "instant"), (1.0, "flow"), (10.0, "attention"))
"""Seconds up to which a wait feels instant, leaves the flow of thought unbroken, holds the attention (Nielsen 1993,
Usability Engineering, chapter 5)."""
BANDS: Mapping[Band, Mapping[Language, str]] = {
    "instant": {"en": "feels instant", "zh": "感觉不到等待"},
    "flow": {"en": "noticed, but the train of thought holds", "zh": "察觉得到，但思路不断"},
    "attention": {"en": "a real wait, but attention holds", "zh": "要等一等，但注意力还在"},
    "away": {"en": "long enough for the mind to wander", "zh": "等到走神"},
}

CHINESE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
BETWEEN = re.compile("[\\s\u2014\u2026\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]")
FULL_STOPS, STOPS = "。！？", ".!?"
OPENERS, CLOSERS = "\"'“‘«([{*_`", "\"'”’»)]}*_`"
ABBREVIATION = re.compile(r"[a-z](\.[a-z])*\.|(mr|mrs|ms|dr|prof|vs|cf|fig|approx)\.", re.IGNORECASE)


class Words:
    """Counts whole words in a text that comes in pieces; any split of the text gives the same counts.

    A Chinese character is a word. Any other word is what stands between white space, dashes, full-width marks and
    Chinese characters and holds a letter or a digit ("well-known", "3.5" and "don't" are one word each); it is whole
    once what follows it has come, or the text has ended. The first sentence is whole at 。！？, or at . ! ? (with
    quotes or brackets that close behind it) once what may follow a word has come, or the text has ended. Not ends:
    the dot of an abbreviation ("e.g.", "Dr.", a lone letter) and of a numeral that begins a line ("1. Listen").
    A text without an end mark has no sentence. White space and marks alone are neither.
    """

    def __init__(self) -> None:
        self.count = 0
        self.first_sentence = False
        self._token: list[str] = []
        self._line_begins = True

    @property
    def first_word(self) -> bool:
        """Whether the first word is whole."""
        return self.count > 0

    def feed(self, text: str) -> int:
        """Take a piece; the number of words that are whole by now."""
        for letter in text:
            if "!" <= letter <= "~":
                self._token.append(letter)
            elif CHINESE.match(letter):
                self._end_token()
                self.count += 1
                self._line_begins = False
            elif BETWEEN.match(letter):
                self._end_token()
                if letter == "\n":
                    self._line_begins = True
                elif letter in FULL_STOPS and self.count:
                    self.first_sentence = True
            else:
                self._token.append(letter)
        return self.count

    def close(self) -> int:
        """The text has ended: its last word and its last sentence are whole; the number of words."""
        self._end_token()
        return self.count

    def _end_token(self) -> None:
        if not self._token:
            return
        token = "".join(self._token)
        self._token.clear()
        wordy = any(letter.isalnum() for letter in token)
        self.count += wordy
        if not self.first_sentence:
            self.first_sentence = self.count > 0 and self._ends_sentence(
                token.lstrip(OPENERS).rstrip(CLOSERS)
            )
        self._line_begins = self._line_begins and not wordy

    def _ends_sentence(self, token: str) -> bool:
        if not token.endswith(tuple(STOPS)) or ABBREVIATION.fullmatch(token):
            return False
        return not (self._line_begins and token[:-1].isdecimal())


def pace(run: Run) -> float:
    """Seconds that a reader takes for one word of this text: 60/238, or 60/255 where it is Chinese."""
    words = run.arrivals[-1].words if run.arrivals else 0
    chinese = words > 0 and run.characters / words < CHINESE_BELOW
    return 60 / (READER_CPM if chinese else READER_WPM)


def words_in_time(run: Run) -> float | None:
    """The share, 0 to 1, of words that are whole when a steady reader wants them; None where there is no word.

    The reader begins at t, when the first whole word is there, reads at `pace`, never slows and never waits: the
    word number k (the first is 0) is wanted at t + k * pace. A word that comes later than that is late, even where
    the one before it was late too. The reader's start is not held against the text, so a batch reply always gets
    1.0: read it beside the wait for the first word.
    """
    arrivals = run.arrivals
    if not arrivals or not (total := arrivals[-1].words):
        return None
    begin = next(arrival.at for arrival in arrivals if arrival.words)
    step, in_time, had = pace(run), 0, 0
    for arrival in arrivals:
        wanted = [begin + k * step + SAME_TIME for k in range(had, arrival.words)]
        in_time += len(wanted) - bisect_left(wanted, arrival.at)
        had = arrival.words
    return in_time / total


def stall(run: Run) -> float | None:
    """The longest time without new text between the first text and the last, in seconds; None below two arrivals."""
    return max((after.at - before.at for before, after in pairwise(run.arrivals)), default=None)


def band(seconds: float) -> Band:
    """How a wait of so many seconds is felt, by Nielsen's limits of 0.1, 1 and 10 s; each limit is still within."""
    return next((name for limit, name in LIMITS if seconds <= limit), "away")
