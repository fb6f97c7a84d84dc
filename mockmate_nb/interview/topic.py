"""Whether an answer is about its question: by the words that come back from it, its key points and its hint. Pure.

The words of a question of the shipped bank are set against those of all its others: an answer is off topic where
another question's words clearly prevail in it. Words that many questions share weigh little (inverse document
frequency, Spärck Jones 1972). To call an honest answer off topic does more harm than to let a wrong one pass, and a
story is told in the words of its own case; so there, and where a question is not from the bank, it takes far more.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from mockmate_nb.interview.bank import load_bank
from mockmate_nb.interview.figures import LISTS
from mockmate_nb.interview.question import Format, Question
from mockmate_nb.interview.signals import Reading, content_words, stem, weight

USUAL = frozenset(map(stem, LISTS["words"]["usual"].split())) | frozenset(LISTS["chinese"]["usual"].split())
USUAL_WEIGHT = 0.2
SHORT = 4.0  # content words below which an answer may well mean the question by a mere "it"
LONG = 50.0  # content words from which all of what an explanation must bring back is asked for
BRIEF = 0.5  # the share of these below which one word is enough
RICH = 18.0  # content words of a topic that is told well enough for this
NAMED = 4  # terms by which a short explanation shows a subject, if in other words
EXPLAINED: Mapping[Format, float] = {
    Format.BEHAVIOURAL: 3.0,
    Format.COMPETENCY: 2.0,
    Format.TECHNICAL: 3.5,
    Format.SYSTEM_DESIGN: 5.0,
    Format.CODING: 5.0,
    Format.CASE: 5.0,
}
LOST, DOUBTFUL = 0.4, 0.8  # how an explanation meets its question beside the one it meets best
LENIENT = 0.6  # of what is asked for where there are no other questions to go by
CHANCE = 0.15  # how well some question out of many is met by chance
STRANGE, STRANGER, PREVAILING = 0.35, 0.22, 0.8  # the same for a story, and how well it must meet the other
LIVED, TOLD = 0.25, 0.6  # of the sentences tell who did what and where: of a mere report, of a story


@dataclass(frozen=True, slots=True)
class Topic:
    """The words of a question: of its wordings alone, and with all that is known of what it asks for. `pointed` says
    whether it comes with key points; without these nobody can tell in which words it may be answered."""

    id: str
    asked: frozenset[str]
    words: frozenset[str]
    enough: float
    pointed: bool

    @classmethod
    def of(cls, question: Question) -> Topic:
        """From its wordings in all languages, since an answer may mix them."""
        asked, known = [], list(question.tags)
        for wording in question.wordings.values():
            asked.append(wording.text)
            known += wording.key_points
            if wording.key_points:  # without these the hint is the one that fits any question
                known += [wording.hint, wording.probes]
        words = content_words("\n".join(asked))
        pointed = any(wording.key_points for wording in question.wordings.values())
        known_words = words | content_words("\n".join(known))
        return cls(question.id, words, known_words, EXPLAINED[question.format], pointed)

    def holds(self, reading: Reading, *, personal: bool, named: int) -> bool:
        """Whether `reading` is about it. `personal`: it asks for an experience; `named`: the answer's terms."""
        if not self.pointed or not self.words or weight(reading.words) < SHORT:
            return True
        own, best = _among(self.id, reading.words)
        known = self.id in _bank()[0]
        if personal:
            lived = _lived(reading)
            if not known:
                return lived >= LIVED or self._met(reading, named=0)
            return own >= (STRANGE if lived < LIVED else STRANGER if lived < TOLD else 0.0) * best or (
                best < PREVAILING
            )
        if not known:
            return self._met(reading, named, LENIENT)
        return own >= LOST * best and (own >= DOUBTFUL * best or self._met(reading, named))

    def _met(self, reading: Reading, named: int, share: float = 1.0) -> bool:
        """Whether enough of its words come back, whatever other questions there are."""
        met = self.words & reading.words
        said = min(1.0, weight(reading.words) / LONG)
        if weight(self.words) < RICH or said < BRIEF:
            return bool(met) or named >= NAMED
        return _strength(met) + _strength(met & self.asked) >= share * self.enough * said**2


@cache
def _bank() -> tuple[frozenset[str], Mapping[str, tuple[tuple[str, float], ...]]]:
    """The shipped bank's ids, and for each word of its questions how strongly it points to which of them."""
    topics = [Topic.of(question) for question in load_bank().questions]
    shared = Counter(word for topic in topics for word in topic.words)
    rare = {word: weight([word]) * math.log(len(topics) / count) for word, count in shared.items()}
    pointing: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for topic in topics:
        length = math.sqrt(sum(map(rare.__getitem__, topic.words)))
        for word in topic.words:
            pointing[word].append((topic.id, rare[word] / length))
    return frozenset(topic.id for topic in topics), {word: tuple(to) for word, to in pointing.items()}


def _among(own: str, words: Iterable[str]) -> tuple[float, float]:
    """How well `words` meet this question of the shipped bank and how well the other that they meet best; both 0
    where it is not from there."""
    ids, pointing = _bank()
    if own not in ids:
        return 0.0, 0.0
    met: dict[str, float] = defaultdict(float)
    for word in sorted(words):
        for name, strength in pointing.get(word, ()):
            met[name] += strength
    return met.pop(own, 0.0), max(0.0, max(met.values(), default=0.0) - CHANCE)


def _lived(reading: Reading) -> float:
    """The share of sentences that tell what somebody did, or where and when, and not what one would do."""
    told = [
        s
        for s in reading.sentences
        if s.cues.keys() & {"self", "team", "setting"} and "general" not in s.cues
    ]
    return len(told) / len(reading.meant)


def _strength(words: Iterable[str]) -> float:
    return sum(USUAL_WEIGHT if word in USUAL else 1.0 for word in words)
