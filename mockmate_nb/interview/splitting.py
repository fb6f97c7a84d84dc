"""Where the sentences of a text, typed or pasted from an editor, and their clauses stand. English, Chinese. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

WRAPPED = 40  # a line this long that ends in mid-sentence was wrapped by an editor
BREAK = re.compile(
    r"""[.!?…]+["'”’)\]*]*(?=\s|$)|(?<=[a-z0-9%])[.!?](?!JS|NET|IO)(?=[A-Z][A-Za-z]*[\s'’])|[。！？!?；]+["'”’）】*]*|\n|\s\|\s"""
    r"|[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|vs|etc|approx|Mr|Ms|Dr|No)\.$", re.IGNORECASE)
MARKUP = re.compile(r"[\s>#•·|\-–—=]*(?:\*\s+)?(?:\(?[0-9]{1,2}[.、)）]\s*)?\s*")
WHOLE, BRIEF, LONGEST = 102.0, 60.0, 120.0  # of what is quoted, in English characters
HAN_WIDTH = 2.0
REACH = 300
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
CLAUSE = re.compile(r"[,;:]\s+|[，；：]\s*|\s[–—-]\s|—+")
JOINT = re.compile(
    r"(?<=\s)(?:and|but|because|so|which|who|while|when|if|then|after|before|until|since|where|although|instead)\s"
    r"|、|但|因为|所以|然后|而且|如果|于是|结果|后来|不过|再"
)
WORD = re.compile("(?<=\\D\\s)\\S|(?<![A-Za-z0-9])[\u3400-\u9fff]")
CONTINUED = re.compile(
    r"[ \t]{0,12}(?!\W*[^\s:：=]{1,24}\s?[:：=])(?:[^\W\d_A-Z]|[A-Z][\w-]*[ ,.，。][^:\n]{12}|\d[\d.,]*[ \w][^.)、])"
)


def spans(answer: str, limit: int) -> Iterator[tuple[int, int]]:
    """The start and end of each sentence among the first `limit` characters, without list marks and control
    characters; a hard-wrapped line is joined."""
    origin = len(answer) - len(answer.lstrip())
    text = answer[origin : origin + limit]
    low = line = 0
    for match in BREAK.finditer(text):
        if match.group() == "\n":
            length, line = match.start() - line, match.end()
            if length >= WRAPPED and CONTINUED.match(text, line):
                continue
        if ABBREVIATION.search(text, max(low, match.start() - 8), match.end()):
            continue
        yield from _trimmed(text, low, match.end(), origin)
        low = match.end()
    yield from _trimmed(text, low, len(text), origin)


def width(text: str) -> float:
    """How long a text reads, in English characters."""
    return len(text) + (HAN_WIDTH - 1) * len(HAN.findall(text))


def clauses(text: str, at: int) -> tuple[int, int]:
    """The start and end of the clause of a sentence that holds place `at`, with neighbours while it is brief; of a
    sentence that is not long, all of it. At most `LONGEST` wide, and from the start of a word."""
    if len(text) <= WHOLE and width(text) <= WHOLE:
        return 0, len(text)
    low, high = max(0, at - REACH), min(len(text), at + REACH)
    cuts = [low + cut for cut in _cuts(text[low:high])]
    cuts = [*([] if low else [0]), *cuts, *([high] if high == len(text) else [])]
    first = max((place for place, cut in enumerate(cuts[:-1]) if cut <= at), default=0)
    last = first + 1
    while width(text[cuts[first] : cuts[last]]) < BRIEF:
        if last + 1 < len(cuts) and width(text[cuts[first] : cuts[last + 1]]) <= LONGEST:
            last += 1
        elif first and width(text[cuts[first - 1] : cuts[last]]) <= LONGEST:
            first -= 1
        else:
            break
    return cuts[first], cuts[last]


def _cuts(text: str) -> Iterator[int]:
    """Where clauses begin after the first; one that is too long is cut before a conjunction, else between words."""
    low = 0
    for high in [*(match.end() for match in CLAUSE.finditer(text)), len(text)]:
        while width(text[low:high]) > LONGEST:
            most = low + int(LONGEST / (HAN_WIDTH if HAN.search(text, low, low + int(LONGEST)) else 1))
            joints = [match.start() for match in JOINT.finditer(text, low + int(BRIEF / 2), most)]
            words = [match.start() for match in WORD.finditer(text, low + 1, most)]
            low = (joints or words or [most])[-1]
            yield low
        low = high
        if low < len(text):
            yield low


def _trimmed(text: str, low: int, high: int, origin: int) -> Iterator[tuple[int, int]]:
    mark = MARKUP.match(text, low, high)
    low = mark.end() if mark else low
    piece = text[low:high].rstrip().rstrip("|").rstrip()
    if any(map(str.isalnum, piece)):
        yield origin + low, origin + low + len(piece)
