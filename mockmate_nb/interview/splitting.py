"""Where the sentences of a text stand, in English, Chinese or a mixture, typed or pasted from an editor. Pure."""

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


def _trimmed(text: str, low: int, high: int, origin: int) -> Iterator[tuple[int, int]]:
    mark = MARKUP.match(text, low, high)
    low = mark.end() if mark else low
    piece = text[low:high].rstrip().rstrip("|").rstrip()
    if any(map(str.isalnum, piece)):
        yield origin + low, origin + low + len(piece)
