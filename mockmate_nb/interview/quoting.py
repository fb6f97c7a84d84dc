"""Whether the words that are quoted stand in an answer, and which words of it they are. Pure."""

from __future__ import annotations

import re
import unicodedata

MAX_QUOTE = 220
LEAST_WORDS = 2.0  # a Chinese character is half a word
DOUBLE, SINGLE = "“”„‟«»「」『』＂″", "‘’‚‛`´＇′"
QUOTE_MARKS = str.maketrans(dict.fromkeys(DOUBLE, '"') | dict.fromkeys(SINGLE, "'"))
BREAKS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)  # what a text on one line does not hold
EDGES = " \"'.,;:!?…，。；：！？、()（）[]【】-–—*"
WORD = re.compile(r"[^\W_\u3400-\u9fff]+")
HAN = re.compile(r"[\u3400-\u9fff]")
SINGLES = r"[!-~\u00c0-\u012f\u0131-\u017f\u0400-\u0482\u3001-\u3020\u3400-\u9fff\uff01-\uff5e]"
PLAIN = re.compile(rf"{SINGLES}+(?: {SINGLES}+)*")
TRIES = 100


def quote_in(answer: str, said: str) -> str:
    """The words of `answer` that `said` repeats, as they stand there on one line; "" where they do not.

    Blanks, quote marks, upper and lower case and the marks at either end may differ, the words may not. Two
    words or four Chinese characters are the least. Takes time in proportion to `answer`.
    """
    if len(said) > 2 * len(answer) + MAX_QUOTE:
        return ""
    wanted = _folded(said)[0].strip(EDGES)
    if not wanted or _length(wanted) < LEAST_WORDS:
        return ""
    text, starts, ends = _folded(answer)
    at = -1
    for _ in range(max(TRIES, len(text) // len(wanted))):  # more places than that overlap
        at = text.find(wanted, at + 1)
        if at < 0:
            break
        if not (_joined(text, at) or _joined(text, at + len(wanted))):
            slice_ = answer[starts[at] : ends[at + len(wanted) - 1]]
            quote = max((piece.strip() for piece in BREAKS.split(slice_)), key=_length)
            if len(quote) > MAX_QUOTE:
                quote = quote[:MAX_QUOTE].rpartition(" ")[0] or quote[:MAX_QUOTE]
            return quote if _length(quote) >= LEAST_WORDS else ""
    return ""


def same_words(one: str, other: str) -> bool:
    """Whether two texts are the same but for blanks, quote marks and case."""
    return _folded(one)[0].strip() == _folded(other)[0].strip()


def _folded(text: str) -> tuple[str, list[int], list[int]]:
    """The text for comparing, and where each of its characters begins and ends: NFC, lower case, one blank, plain
    quote marks."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    low, blank = 0, True
    while low < len(text):
        high = _plain_until(text, low)
        if high > low:
            pieces.append(text[low:high].translate(QUOTE_MARKS).lower())
            starts += range(low, high)
            ends += range(low + 1, high + 1)
            blank = text[high - 1] == " "
        else:
            high = low + 1
            while high < len(text) and unicodedata.combining(text[high]):
                high += 1
            piece = unicodedata.normalize("NFC", text[low:high])
            gap = piece.isspace() or bool(BREAKS.fullmatch(piece))
            folded = ("" if blank else " ") if gap else piece.translate(QUOTE_MARKS).lower()
            pieces.append(folded)
            starts += [low] * len(folded)
            ends += [high] * len(folded)
            blank = gap
        low = high
    return "".join(pieces), starts, ends


def _plain_until(text: str, low: int) -> int:
    """Where the characters from `low` on end that fold one by one."""
    run = PLAIN.match(text, low)
    high = run.end() if run else low
    joined = low < high < len(text) and unicodedata.combining(text[high])
    return high - 1 if joined else high


def _joined(text: str, at: int) -> bool:
    """Whether a word goes on across place `at`."""
    return bool(0 < at < len(text) and WORD.fullmatch(text[at - 1]) and WORD.fullmatch(text[at]))


def _length(text: str) -> float:
    return len(WORD.findall(text)) + len(HAN.findall(text)) / 2
