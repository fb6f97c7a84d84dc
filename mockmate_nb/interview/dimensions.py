"""The six rules: each looks for one dimension in an answer's sentences and points to what shows it.

More evidence never lowers a score, and only sentences with a content of their own are evidence; so neither
repeating an answer nor padding it raises anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from mockmate_nb.interview.signals import Reading, Sentence, is_han, terms

SPECIFIC = {
    True: (1, 3, 6, 9),
    False: (1, 3, 7, 11),
}  # distinct terms for a 2, 3, 4, 5, where personal or not
MECHANISM = 4  # distinct terms in one sentence that show how a thing works, whatever the verb
ENOUGH = 4.0  # content words of a sentence that carries a reason or a way of working


@dataclass(frozen=True, slots=True)
class Found:
    """A score of 1-5 and the place in the answer that shows it best."""

    score: int
    sentence: Sentence | None = None
    at: int = 0


NOTHING = Found(1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What counts of an answer: `sentences` with a content of their own; `loose` are lists and fragments.

    `personal` says whether the question asks for an experience; `covered` how many of its key points are met;
    `asked` holds its own terms, which tell nothing when they come back.
    """

    sentences: tuple[Sentence, ...]
    loose: tuple[Sentence, ...]
    personal: bool
    covered: int
    asked: frozenset[str]

    @classmethod
    def of(
        cls, reading: Reading, topic: frozenset[str], *, personal: bool, covered: int, asked: str
    ) -> Evidence:
        counts = [_counts(sentence, topic) for sentence in reading.sentences]
        pairs = list(zip(reading.sentences, counts, strict=True))
        return cls(
            tuple(sentence for sentence, yes in pairs if yes),
            tuple(sentence for sentence, yes in pairs if not yes),
            personal,
            covered,
            frozenset(term for term, _ in terms(asked)),
        )

    def each(self, *cues: str) -> Iterator[Found]:
        """The sentences with one of these cues, in order, each with the cue's place."""
        for sentence in self.sentences:
            for cue in cues:
                if cue in sentence.cues:
                    yield Found(1, sentence, sentence.cues[cue])
                    break

    def first(self, *cues: str) -> Found | None:
        return next(self.each(*cues), None)

    def has(self, *cues: str) -> bool:
        return self.first(*cues) is not None

    @property
    def terms(self) -> frozenset[str]:
        """Distinct terms and names that the question did not bring, in sentences and in code."""
        told = (*self.sentences, *(sentence for sentence in self.loose if sentence.code))
        return frozenset(term for sentence in told for term in sentence.terms) - self.asked

    @property
    def action(self) -> Found | None:
        """What the candidate did, told as done and not as a habit or a plan."""
        return next((f for f in self.each("self") if not (f.sentence and "general" in f.sentence.cues)), None)


def weight(words: Iterable[str]) -> float:
    """How much is said, in English content words; a Chinese pair of characters is half a word."""
    return sum(0.5 if is_han(word) else 1.0 for word in words)


def _counts(sentence: Sentence, topic: frozenset[str]) -> bool:
    anchored = bool(sentence.words & topic or sentence.terms or sentence.measured)
    told = bool(sentence.cues.keys() & {"self", "team", "setting", "result", "lesson"})
    return (
        sentence.whole
        and (anchored or told)
        and weight(sentence.words) >= (ENOUGH - 2 if anchored else ENOUGH - 1)
    )


def layers(evidence: Evidence) -> Found:
    """What it is, why it is so, how it works; a 5 says besides under which conditions."""
    if not evidence.sentences:
        return NOTHING
    why = _full(evidence, "why", "cause")
    how = next((f for f in _all_full(evidence, "how", "self") if f.sentence and f.sentence.terms), None)
    how = how or next((Found(1, s, s.start) for s in evidence.sentences if len(s.terms) >= MECHANISM), None)
    if why and how and why.sentence is how.sentence and len(evidence.sentences) < 2:
        why = None
    score = 2 + bool(why) + bool(how)
    conditions = evidence.has("condition") or (evidence.personal and evidence.has("lesson"))
    carrying = {found.at for cue in ("why", "how", "condition", "self") for found in evidence.each(cue)}
    score += score == 4 and conditions and len(carrying) >= 4
    best = why or how or Found(1, evidence.sentences[0], evidence.sentences[0].start)
    return Found(score, best.sentence, best.at)


def _full(evidence: Evidence, *cues: str) -> Found | None:
    return next(_all_full(evidence, *cues), None)


def _all_full(evidence: Evidence, *cues: str) -> Iterator[Found]:
    return (
        found for found in evidence.each(*cues) if found.sentence and weight(found.sentence.words) >= ENOUGH
    )


def detail(evidence: Evidence) -> Found:
    """Distinct terms, names and met key points, in sentences; a mere list is partial at any length."""
    known = len(evidence.terms) + evidence.covered
    if evidence.personal:
        known += min(2, len({amount.key for sentence in evidence.sentences for amount in sentence.measured}))
    richest = max(
        evidence.sentences or evidence.loose, key=lambda s: len(s.terms.keys() - evidence.asked), default=None
    )
    if richest is None or not (known or len(richest.terms) >= 3):
        return NOTHING
    score = 1 + sum(known >= least for least in SPECIFIC[evidence.personal])
    bearing = sum(bool(sentence.terms.keys() - evidence.asked) for sentence in evidence.sentences)
    score = min(max(2, score), 2 + bearing)
    return Found(score, richest, min(richest.terms.values(), default=richest.start))


def example(evidence: Evidence) -> Found:
    """A case: setting, own action and result of an experience; in an explanation anybody's case."""
    action, setting, team = evidence.action, evidence.first("setting"), evidence.first("team")
    named = evidence.first("example")
    best = action or team or setting or named
    if best is None:
        return NOTHING
    told = bool(setting) + bool(action or team) + evidence.has("result")
    score = _lived(evidence, told) if evidence.personal else _illustrated(evidence, told, named)
    specific = len(evidence.terms) >= 2 or (evidence.personal and _measured(evidence))
    return Found(score if specific else 2, best.sentence, best.at)


def _lived(evidence: Evidence, told: int) -> int:
    if told < 3 or evidence.action is None:
        return max(2, 1 + min(told, 2))
    carried = _measured(evidence) or evidence.has("lesson")
    return 5 if carried and len(list(evidence.each("self"))) >= 2 else 4


def _illustrated(evidence: Evidence, told: int, named: Found | None) -> int:
    pictured = named and named.sentence and (named.sentence.terms or named.sentence.measured)
    if told < 2:
        return 3 if pictured else 2
    if evidence.action is None:
        return 3
    return 5 if told == 3 and _measured(evidence) else 4


def _measured(evidence: Evidence) -> bool:
    return any(sentence.measured for sentence in evidence.sentences)


def trade_off(evidence: Evidence) -> Found:
    """Another way or a price; a point more for the other of them, for a reasoned choice, for a condition."""
    other, cost = evidence.first("alternative"), evidence.first("cost")
    best = other or cost
    if best is None:
        return NOTHING
    reasoned = any(f.sentence and "why" in f.sentence.cues for f in evidence.each("alternative", "cost"))
    kinds = bool(other) + bool(cost) + (evidence.has("choice") or reasoned) + evidence.has("condition")
    return Found(1 + kinds, best.sentence, best.at)


def pitfall(evidence: Evidence) -> Found:
    """A difficulty; then what was done about it, its cause, and what was learned, near by or after."""
    best = NOTHING
    for place, sentence in enumerate(evidence.sentences):
        if "problem" not in sentence.cues:
            continue
        near = set().union(*(s.cues for s in evidence.sentences[max(0, place - 1) : place + 4]))
        after = set().union(*(s.cues for s in evidence.sentences[place:]))
        score = 2 + ("fix" in near) + ("fix" in near and "cause" in near)
        score += score == 4 and "lesson" in after
        if score > best.score:
            best = Found(score, sentence, sentence.cues["problem"])
    return best


def figures(evidence: Evidence) -> Found:
    """Distinct measured amounts; a vague or bare amount is partial. Dates, versions and indices are none."""
    told = [*evidence.sentences, *(s for s in evidence.loose if s.words and (s.whole or "result" in s.cues))]
    measured = {amount.key: (sentence, amount.start) for sentence in told for amount in sentence.measured}
    if measured:
        sentence, at = next(iter(measured.values()))
        return Found(min(5, 2 + len(measured)), sentence, at)
    for sentence in evidence.sentences:
        if sentence.amounts or "vague" in sentence.cues:
            return Found(
                2, sentence, sentence.amounts[0].start if sentence.amounts else sentence.cues["vague"]
            )
    return NOTHING


RULES: Mapping[str, Callable[[Evidence], Found]] = {
    "layers": layers,
    "detail": detail,
    "example": example,
    "trade_off": trade_off,
    "pitfall": pitfall,
    "figures": figures,
}
