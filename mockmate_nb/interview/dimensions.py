"""The six rules: each looks for one dimension in an answer's sentences and points to what shows it.

More evidence never lowers a score, and only sentences with a content of their own are evidence; so neither
repeating an answer nor padding it raises anything. What a dimension may come to depends on the substance of the
whole answer: how much of it hangs together, heard in function words and not in the words of any trade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from mockmate_nb.interview.signals import HAN_RUN, Reading, Sentence, terms, weight

MARKS = frozenset(
    (
        "why",
        "example",
        "alternative",
        "choice",
        "cost",
        "condition",
        "problem",
        "fix",
        "cause",
        "lesson",
        "result",
    )
)
NAMES_OF_A_LIST = 1  # distinct terms that make an answer without substance partial
MECHANISM = 4  # distinct terms in one sentence that show how a thing works, whatever the verb
TELLING = frozenset(("self", "how", "problem", "fix", "result", "cause"))
ENOUGH_TOLD = 18.0  # content words that tell how a thing went
LENGTHY, TIED = 7.0, 3  # content words and ties beyond which a sentence says no more
GENERAL = 0.4  # what a sentence counts that keeps to the textbook's tone
SUBSTANCE = (4.0, 11.0, 16.0, 24.0)  # for a tier of 2, 3, 4, 5
HIGHEST: Mapping[str, tuple[int, ...]] = {  # what each comes to at most, by tier
    "layers": (3, 3, 4, 4, 5),
    "example": (4, 4, 5, 5, 5),
    "trade_off": (2, 3, 4, 4, 5),
    "pitfall": (2, 3, 4, 4, 5),
}
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

    `personal` says whether the question asks for an experience; `asked` holds its own terms, which tell nothing
    when they come back.
    """

    sentences: tuple[Sentence, ...]
    loose: tuple[Sentence, ...]
    personal: bool
    asked: frozenset[str]

    @classmethod
    def of(cls, reading: Reading, topic: frozenset[str], *, personal: bool, asked: str) -> Evidence:
        counts = [_counts(sentence, topic) for sentence in reading.sentences]
        pairs = list(zip(reading.sentences, counts, strict=True))
        return cls(
            tuple(sentence for sentence, yes in pairs if yes),
            tuple(sentence for sentence, yes in pairs if not yes),
            personal,
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
    def told(self) -> float:
        """How much stands in sentences that tell how, what was done, what went wrong and what came of it."""
        return weight(
            frozenset().union(*(s.words for s in self.sentences if not s.cues.keys().isdisjoint(TELLING)))
        )

    @property
    def substance(self) -> float:
        """What is said that hangs together: content words of each sentence by how many ties they stand in."""
        return sum(
            min(weight(s.words), LENGTHY) * min(self._ties(s), TIED) / TIED * (GENERAL if s.textbook else 1.0)
            for s in self.sentences
        )

    def _ties(self, sentence: Sentence) -> int:
        """Kinds of links, a step that somebody took, and names where they are linked to something."""
        named = sentence.links > 0 and bool(sentence.terms.keys() - self.asked)
        return sentence.links + (not sentence.cues.keys().isdisjoint(("self", "team"))) + named

    @property
    def tier(self) -> int:
        """How much of substance there is, 1-5; what a dimension may come to depends on it."""
        return 1 + sum(self.substance >= least for least in SUBSTANCE)

    @property
    def action(self) -> Found | None:
        """What the candidate did, told as done and not as a habit or a plan."""
        return next((f for f in self.each("self") if not (f.sentence and "general" in f.sentence.cues)), None)


def _counts(sentence: Sentence, topic: frozenset[str]) -> bool:
    anchored = bool(sentence.words & topic or sentence.terms)
    told = bool(sentence.cues.keys() & {"self", "team", "setting", "result", "lesson"})
    return (
        sentence.whole
        and not _is_salad(sentence)
        and not sentence.filler
        and (anchored or told)
        and weight(sentence.words) >= (ENOUGH - 2 if anchored else ENOUGH - 1)
    )


def _is_salad(sentence: Sentence) -> bool:
    """Terms or marks of every kind heaped up, with hardly a word between them that says what they have to do."""
    said = weight(sentence.words)
    marks = len(sentence.cues.keys() & MARKS)
    crowded = said * (0.75 if HAN_RUN.search(sentence.text) else 0.5)  # pairs of characters weigh half a word
    return (len(sentence.terms) >= 5 and len(sentence.terms) > crowded) or (marks >= 6 and said < 1.5 * marks)


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
    return Found(max(score, evidence.tier - 1), best.sentence, best.at)


def _full(evidence: Evidence, *cues: str) -> Found | None:
    return next(_all_full(evidence, *cues), None)


def _all_full(evidence: Evidence, *cues: str) -> Iterator[Found]:
    return (
        found for found in evidence.each(*cues) if found.sentence and weight(found.sentence.words) >= ENOUGH
    )


def detail(evidence: Evidence) -> Found:
    """Particulars that hang together: the tier; a mere list of names is partial at any length."""
    own = sorted(evidence.sentences or evidence.loose, key=lambda s: -len(s.terms.keys() - evidence.asked))
    if not own or (evidence.tier == 1 and len(own[0].terms.keys() - evidence.asked) < NAMES_OF_A_LIST):
        return NOTHING
    return Found(max(2, evidence.tier), own[0], min(own[0].terms.values(), default=own[0].start))


def example(evidence: Evidence) -> Found:
    """A case: setting, own action and result of an experience; in an explanation anybody's case."""
    action, setting, team = evidence.action, evidence.first("setting"), evidence.first("team")
    named = evidence.first("example")
    best = action or team or setting or named
    if best is None:
        return NOTHING
    told = bool(setting) + bool(action or team) + evidence.has("result")
    score = _lived(evidence, told) if evidence.personal else _illustrated(evidence, told, named)
    specific = len(evidence.terms) >= 2 or (evidence.action is not None and evidence.told >= ENOUGH_TOLD)
    return Found(score if specific else 2, best.sentence, best.at)


def _lived(evidence: Evidence, told: int) -> int:
    if told < 3 or evidence.action is None:
        return max(2, 1 + min(told, 2))
    acted, came = len(list(evidence.each("self"))), len(list(evidence.each("result")))
    if acted < 2:
        return 4 if evidence.told >= 2 * ENOUGH_TOLD else 3
    return 5 if came >= 2 or evidence.has("lesson") else 4


def _illustrated(evidence: Evidence, told: int, named: Found | None) -> int:
    pictured = named and named.sentence and (named.sentence.terms or weight(named.sentence.words) >= ENOUGH)
    if told < 2:
        return 3 if pictured else 2
    if evidence.action is None:
        return 3
    carried = len(list(evidence.each("result"))) >= 2 or evidence.has("lesson")
    return 5 if told == 3 and carried else 4


def trade_off(evidence: Evidence) -> Found:
    """Another way or a price; a point more for the other of them, a reasoned choice and a condition, near by."""
    best, most = NOTHING, (0, 0)
    for place, sentence in enumerate(evidence.sentences):
        if sentence.cues.keys().isdisjoint(("alternative", "cost")):
            continue
        near = evidence.sentences[max(0, place - 2) : place + 3]
        seen = set().union(*(s.cues for s in near))
        reasoned = any({"alternative", "cost"} & s.cues.keys() and "why" in s.cues for s in near)
        kinds = len(seen & {"alternative", "cost", "condition"}) + ("choice" in seen or reasoned)
        own = len(sentence.cues.keys() & {"alternative", "cost", "condition", "choice"})
        if (kinds, own) > most:
            most = (kinds, own)
            at = next(sentence.cues[cue] for cue in ("alternative", "cost") if cue in sentence.cues)
            best = Found(1 + kinds, sentence, at)
    return best


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
    measured = {amount.key for sentence in told for amount in sentence.measured}
    if measured:
        return replace(clearest(told), score=min(5, 2 + len(measured)))
    for sentence in evidence.sentences:
        if sentence.amounts or "vague" in sentence.cues:
            return Found(
                2, sentence, sentence.amounts[0].start if sentence.amounts else sentence.cues["vague"]
            )
    return NOTHING


def clearest(sentences: Iterable[Sentence]) -> Found:
    """The figure that shows most among `sentences` that hold one: with what came of it, beside a second one."""
    best = max(
        (s for s in sentences if s.measured), key=lambda s: ("result" in s.cues, min(len(s.measured), 2))
    )
    pairs = zip(best.measured, best.measured[1:], strict=False)
    closest = min(pairs, key=lambda pair: pair[1].start - pair[0].end, default=best.measured)
    return Found(1, best, closest[0].start)


def _bounded(rule: Rule) -> Rule:
    """`rule`, up to what the substance of the answer bears."""
    highest = HIGHEST.get(rule.__name__)
    if highest is None:
        return rule

    def found(evidence: Evidence) -> Found:
        by_rule = rule(evidence)
        return replace(by_rule, score=min(by_rule.score, highest[evidence.tier - 1]))

    return found


Rule = Callable[[Evidence], Found]
RULES: Mapping[str, Rule] = {
    rule.__name__: _bounded(rule) for rule in (layers, detail, example, trade_off, pitfall, figures)
}
