"""What can be seen in an answer's text: sentences, cues, terms, amounts, first person. English and Chinese.

Pure, and linear in the length of what is read: at most `MAX_CHARACTERS` and `MAX_SENTENCES`. Nothing here
judges; `rubric` does. Every place points into the answer as it was given, so that quotes stand in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.figures import LISTS, PATTERNS, Amount, amounts, quantities, stands_in
from mockmate_nb.interview.splitting import clauses, spans

MAX_CHARACTERS = 20_000
MAX_SENTENCES = 200


def _set(table: str, name: str) -> frozenset[str]:
    return frozenset(LISTS[table][name].split())


FUNCTION, COMMON, FOREIGN = (_set("words", name) for name in ("function", "common", "foreign"))
ZH_FUNCTION = frozenset(LISTS["chinese"]["function"])
ZH_EMPTY = _set("chinese", "empty")
NO_NAME = _set("patterns", "no_names")
HAN = "\u3400-\u4dbf\u4e00-\u9fff"
TOKEN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿĀ-ž]+(?:['’][A-Za-z]+)?")
HAN_RUN = re.compile(f"[{HAN}]+")
ZH_CONTENT = re.compile(f"[^{LISTS['chinese']['cut']}]+")
OTHER_SCRIPT = re.compile(f"[{LISTS['chinese']['foreign']}]")

ACTED = (
    r"(?:['’](?:d|ve))?\s(?:(?:also|then|first|personally|finally|just|even|\w{2,12}ly|have|had|myself)\s){0,2}"
    rf"(?!(?:{PATTERNS['not_action']})\b)(?:\w{{2,16}}ed|{PATTERNS['past']})\b"
)
SELF = re.compile(
    rf"\b[Ii]{ACTED}|\bmy (?:part|role|job|task) was\b|\bI was (?:responsible|in charge)\b|\bI (?:myself|alone)\b"
    rf"|我(?!们|会|觉得|认为)[^，。,；\s们]{{0,8}}?(?:{PATTERNS['acted_zh']})"
    r"|由我|(?:独立|亲自)(?:负责|完成|主导)"
)
TEAM = re.compile(rf"\b(?:[Ww]e|[Tt]he team){ACTED}|我们(?!公司|团队|组|系统|项目)[^，。,；]{{1,10}}")
CUES: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rf"\b(?:{'|'.join(row['english'])})\b|{'|'.join(row['chinese'])}", re.IGNORECASE)
    for name, row in LISTS["cues"].items()
} | {"self": SELF, "team": TEAM}
LINKS = tuple(
    re.compile(rf"\b(?:{english})\b|{chinese}", re.IGNORECASE) for english, chinese in LISTS["links"].values()
)
TEXTBOOK = re.compile(PATTERNS["textbook"], re.VERBOSE | re.IGNORECASE)
NEGATED = re.compile(
    r"(?:\b(?:no|any|without|never had(?: any)?|not an?|zero)\s+(?:\w+\s)?"
    r"|没有?(?:什么|任何|出现?|遇到)?|无|也?不会|不至于|绝不|不再|不怕)$",
    re.IGNORECASE,
)
TERM = re.compile(rf"\b(?:{LISTS['terms']['english']})\b|{LISTS['terms']['chinese']}", re.IGNORECASE)
IDENTIFIER = re.compile(
    r"`[^`\n]{2,60}`|\b\w{2,40}\(\)|\b[a-z]{2,20}(?:_[a-z0-9]{1,20}){1,5}\b|\bO\([^)\n]{1,12}\)"
    r"|\b[A-Za-z]{1,20}[a-z][A-Z][A-Za-z0-9]{0,30}|\b[A-Za-z]{2,20}(?:-[A-Z][A-Za-z]{1,20}){1,3}\b"
    r"|\b[a-z]{3,14}/[a-z-]{3,20}\b"
)
NAME = re.compile(r"(?<=[a-z,;] )[A-Z][A-Za-z0-9+#-]{1,24}\b|\b[A-Z][A-Z0-9]{1,9}s?\b")
LATIN_IN_HAN = re.compile(
    rf"(?<=[{HAN}，、（])\s?[A-Za-z][A-Za-z0-9._-]{{1,30}}|[A-Za-z][A-Za-z0-9._-]{{1,30}}(?=\s?[{HAN}])"
)
CLAUSAL = re.compile(rf"\b(?:{PATTERNS['clausal']}|{PATTERNS['past']})\b", re.IGNORECASE)
FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
CODE = re.compile(r"[(){}\[\]=;]")
PIECE = re.compile(r"[,，、;；/|]")
BUZZ = re.compile(PATTERNS["buzz"], re.VERBOSE | re.IGNORECASE)
SIDES = re.compile(
    r"(?i)\b(?:layers|details?|examples?|trade[\s_-]?offs?|pitfalls?|figures)\b|层次|细节|案例|权衡|取舍|坑|数据|数字"
)
NAMED_SIDES = 4  # of the six, in one sentence: it speaks of the scale and not of the question
LISTED, BRIEF = 6, 2.5  # pieces between commas that make a list, where most have no more words than this
GRADER = re.compile(PATTERNS["grader"], re.VERBOSE | re.IGNORECASE | re.MULTILINE)
ENDINGS = (
    "ations",
    "ation",
    "ings",
    "ing",
    "ments",
    "ment",
    "ions",
    "ion",
    "ies",
    "ied",
    "ed",
    "es",
    "ly",
    "s",
    "y",
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and what is seen in it; all places count from the answer's start.

    `links` is how many kinds of ties between things it holds: contrast, denial, cause, condition, order, relation;
    `textbook` whether it keeps to the tone of what holds usually and for everybody.
    """

    start: int
    end: int
    text: str
    words: frozenset[str]
    cues: Mapping[str, int]
    terms: Mapping[str, int]
    amounts: tuple[Amount, ...]
    whole: bool
    code: bool
    links: int
    textbook: bool

    @property
    def filler(self) -> bool:
        """Whether it could be said of anything, and names nothing."""
        return "filler" in self.cues and len(self.terms) < 2

    @property
    def measured(self) -> tuple[Amount, ...]:
        return tuple(amount for amount in self.amounts if amount.measured)


@dataclass(frozen=True)
class Reading:
    """An answer as read. `sentences` leaves out repeats, echoes of the question and words to the grader."""

    answer: str
    sentences: tuple[Sentence, ...]
    echoed: int
    cut: bool

    @cached_property
    def meant(self) -> tuple[Sentence, ...]:
        """The sentences without those that could be said of anything."""
        return tuple(sentence for sentence in self.sentences if not sentence.filler)

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset().union(*(sentence.words for sentence in self.meant))

    def quote(self, sentence: Sentence, at: int) -> str:
        """The sentence, or where it is long the clause around place `at`: always a part of the answer."""
        first, last = clauses(sentence.text, at - sentence.start)
        quote = sentence.text[first:last].strip()
        return quote.rstrip(" ,，;；:：、–—-") or quote


def is_han(word: str) -> bool:
    return "\u3400" <= word[:1] <= "\u9fff"


def weight(words: Iterable[str]) -> float:
    """How much is said, in English content words; a Chinese pair of characters is half a word."""
    return sum(0.5 if is_han(word) else 1.0 for word in words)


def content_words(text: str) -> frozenset[str]:
    """What a text is about: stems of English content words, and pairs of Chinese characters."""
    tokens = {re.sub(r"['’].*", "", token) for token in TOKEN.findall(text.lower())}
    words = {stem(token) for token in tokens if len(token) > 1 and token not in FUNCTION}
    pairs = {
        piece[i : i + 2]
        for run in HAN_RUN.findall(text)
        for piece in ZH_CONTENT.findall(run)
        for i in range(len(piece) - 1)
    }
    return frozenset((words - EMPTY) | (pairs - ZH_EMPTY))


def stem(word: str) -> str:
    """A crude stem that brings the forms of one English word together; no dictionary, no exceptions."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word.rstrip("e") if len(word) > 3 else word


EMPTY = frozenset(stem(word) for word in _set("words", "empty"))


def language_of(text: str) -> Language | None:
    """The language of a text by script and function words; None for any other language, or for no language.

    A list of known terms counts as the language of its script.
    """
    text = text[:MAX_CHARACTERS]
    han = "".join(HAN_RUN.findall(text))
    tokens = [token.lower() for token in TOKEN.findall(text)]
    letters = sum(map(str.isalpha, text))
    other = letters - len(han) - sum(map(len, tokens))
    if other > 0.3 * letters or len(OTHER_SCRIPT.findall(text)) > 0.1 * max(1, letters):
        return None
    listed = len(TERM.findall(text)) >= 2
    if han and len(han) * 2 >= len(tokens):
        varied = len(han) < 4 or len(set(han)) >= 4
        return "zh" if varied and (listed or len(han) < 4 or not ZH_FUNCTION.isdisjoint(han)) else None
    english = sum(token in FUNCTION or token in COMMON for token in tokens)
    foreign = sum(token in FOREIGN and token not in FUNCTION for token in tokens)
    sentence = english * 8 >= len(tokens) and english > foreign
    return "en" if tokens and (sentence or (listed and not foreign)) else None


def is_noise(text: str) -> bool:
    """Whether a text repeats so few characters that it says nothing."""
    letters = [c for c in text[:MAX_CHARACTERS].lower() if c.isalpha()]
    return not letters or (len(letters) >= 6 and len(set(letters)) < 4)


def read(answer: str, question: str) -> Reading:
    """Read `answer` to `question` (all its wordings in one text). Any string is readable."""
    shouted = sum(map(str.isupper, answer[:MAX_CHARACTERS])) > sum(map(str.islower, answer[:MAX_CHARACTERS]))
    asked, given = _plain(question), quantities(question)
    kept: list[Sentence] = []
    echoed = 0
    fences = [match.span() for match in FENCE.finditer(answer[:MAX_CHARACTERS])]
    for start, end in spans(answer, MAX_CHARACTERS):
        text = answer[start:end]
        code = any(low <= start < high for low, high in fences)
        if _is_to_grader(text):
            continue
        plain = _plain(text)
        if len(plain) >= 2 and len(plain & asked) >= 0.8 * len(plain):
            echoed += 1
            continue
        sentence = _sentence(start, text, given, shouted=shouted, code=code)
        if not any(_repeats(sentence, other) for other in kept):
            kept.append(sentence)
        if len(kept) == MAX_SENTENCES:
            break
    return Reading(answer, tuple(kept), echoed, cut=len(answer.strip()) > MAX_CHARACTERS)


def _is_to_grader(text: str) -> bool:
    """Whether it speaks of its score: outright, by most sides of the scale, or as a cell of a table with one."""
    sides = {match.group().lower() for match in SIDES.finditer(text)}
    cell = bool(sides) and len(TOKEN.findall(text)) + len("".join(HAN_RUN.findall(text))) / 2 <= 2
    return cell or len(sides) >= NAMED_SIDES or bool(GRADER.search(text))


def _plain(text: str) -> frozenset[str]:
    return frozenset(map(stem, TOKEN.findall(text.lower()))) | {
        run[i : i + 2] for run in HAN_RUN.findall(text) for i in range(len(run) - 1)
    }


def _repeats(sentence: Sentence, other: Sentence) -> bool:
    """Whether `sentence` says hardly anything that `other` did not: words, amounts and terms."""
    return sentence.text == other.text or (
        len(sentence.words & other.words) >= 0.85 * len(sentence.words)
        and {amount.key for amount in sentence.amounts} <= {amount.key for amount in other.amounts}
        and sentence.terms.keys() <= other.terms.keys()
    )


def _sentence(
    start: int, text: str, given: Mapping[float, frozenset[str]], *, shouted: bool, code: bool
) -> Sentence:
    """As it is seen; the quantities that were `given` with the question are none of its own."""
    cues = {}
    for name, pattern in CUES.items():
        for match in pattern.finditer(text):
            if name == "problem" and NEGATED.search(text, max(0, match.start() - 24), match.start()):
                continue
            cues[name] = start + match.start()
            break
    return Sentence(
        start=start,
        end=start + len(text),
        text=text,
        words=content_words(text),
        cues=cues,
        terms={key: start + place for key, place in terms(text, shouted)},
        amounts=tuple(
            Amount(start + a.start, start + a.end, a.key, a.measured)
            for a in amounts(text)
            if not stands_in(text[a.start : a.end], given)
        ),
        whole=not code and _is_whole(text),
        code=code and bool(CODE.search(text)),
        links=sum(bool(pattern.search(text)) for pattern in LINKS),
        textbook=bool(TEXTBOOK.search(text)),
    )


def terms(text: str, shouted: bool = False) -> Iterator[tuple[str, int]]:
    """The technical terms and names in a text, each with its place; names are lost in a text in capitals."""
    patterns = (TERM, LATIN_IN_HAN) if shouted else (TERM, IDENTIFIER, NAME, LATIN_IN_HAN)
    for pattern in patterns:
        for match in pattern.finditer(text):
            key = stem(match.group().strip("` ()").lower())
            if key and key not in NO_NAME:
                yield key, match.start()


def _is_whole(text: str) -> bool:
    """Whether it reads as a sentence and not as a list: function words, a subject or a verb, a clause."""
    han = "".join(HAN_RUN.findall(text))
    tokens = [token.lower() for token in TOKEN.findall(text)]
    pieces = [
        len(HAN_RUN.sub("", piece).split()) + len("".join(HAN_RUN.findall(piece))) / 2
        for piece in PIECE.split(text)
    ]
    if len(BUZZ.findall(text)) >= 2 or (
        len(pieces) >= LISTED and sum(n <= BRIEF for n in pieces) > 0.65 * len(pieces)
    ):
        return False
    if len(han) * 2 >= len(tokens) and han:
        longest = max(
            len(re.sub(r"[^\w]", "", piece))
            for piece in re.split(rf"[,，、;；/|]|(?<=[{HAN}])\s+(?=[{HAN}])", text)
        )
        return longest >= 6 and sum(c in ZH_FUNCTION for c in han) * 14 >= len(han)
    longest = max((len(TOKEN.findall(piece)) for piece in re.split(r"[,;/|]", text)), default=0)
    glue = sum(token in FUNCTION for token in tokens) * 7 >= len(tokens)
    return longest >= 3 and (glue or len(tokens) <= 10) and bool(CLAUSAL.search(text))
