"""The format's own dimensions: what an interview of this kind looks for besides the six that hold for any answer.

Situation, task, action, result (STAR) of an experience; the phases of a system design; the four sides of a coding
interview; the steps of a case. Each rule counts what the sentences show, on the scale of `dimensions`; none looks
at figures but the two that are about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from mockmate_nb.interview.dimensions import ENOUGH, NOTHING, Evidence, Found, clearest
from mockmate_nb.interview.question import Format
from mockmate_nb.interview.signals import Sentence, weight

COMPONENTS = 3  # distinct terms that make a first sketch of a system


def _scored(marks: Iterable[object], where: Sentence | None, cue: str = "") -> Found:
    """One point and one more for every mark that is there, at most five."""
    if where is None:
        return NOTHING
    return Found(min(5, 1 + sum(map(bool, marks))), where, where.cues.get(cue, where.start))


def _with(evidence: Evidence, *cues: str) -> list[Sentence]:
    return [found.sentence for found in evidence.each(*cues) if found.sentence]


def _reasoned(sentences: Iterable[Sentence]) -> bool:
    return any({"why", "cause"} & sentence.cues.keys() for sentence in sentences)


def situation(evidence: Evidence) -> Found:
    """Where and when; a point each for what was at stake, for names and roles, for how it had come about."""
    told = _with(evidence, "setting") or _with(evidence, "team", "problem")[:1]
    if not told:
        return NOTHING
    set_out = evidence.has("setting")
    named = sum(len(sentence.terms.keys() - evidence.asked) for sentence in told) >= 2
    stakes = set_out and any("stakes" in s.cues for s in (*told, *evidence.sentences[:3]))
    trouble = set_out and any({"problem", "why", "cause"} & s.cues.keys() for s in evidence.sentences[:4])
    return _scored((True, set_out, named or stakes, set_out and trouble and stakes), told[0], "setting")


def task(evidence: Evidence) -> Found:
    """What had to be done; a point each for whose it was, for by when or to what end, for what stood against it."""
    told = _with(evidence, "task")
    if not told:
        hinted = _with(evidence, "team", "stakes") if evidence.personal else []
        return Found(2, hinted[0], hinted[0].start) if hinted else NOTHING
    own = evidence.action is not None
    purpose = any({"why", "stakes"} & sentence.cues.keys() for sentence in told)
    against = own and any({"problem", "cost", "condition"} & s.cues.keys() for s in evidence.sentences)
    return _scored((True, True, own, own and purpose and against), told[0], "task")


def action(evidence: Evidence) -> Found:
    """What the candidate did: one step, several, several with the reason for them."""
    did = [s for s in _with(evidence, "self") if "general" not in s.cues]
    if not did:
        other = _with(evidence, "team", "fix", "how")
        return Found(2, other[0], other[0].start) if other else NOTHING
    return _scored(
        (True, True, len(did) >= 2, len(did) >= 4 and _reasoned(evidence.sentences)), did[0], "self"
    )


def result(evidence: Evidence) -> Found:
    """What came of it: named, told more than once or for whom, and what has stayed of it."""
    came = [s for s in _with(evidence, "result") if weight(s.words) >= ENOUGH - 1]
    if not came:
        hinted = _with(evidence, "result", "lesson")
        return Found(2, hinted[0], hinted[0].start) if hinted else NOTHING
    last = came[-1]
    shown = len(came) >= 2 or "stakes" in last.cues
    clearest = next((sentence for sentence in reversed(came) if sentence.measured), last)
    return _scored(
        (True, "vague" not in last.cues or shown, shown, shown and evidence.has("lesson")), clearest, "result"
    )


def requirements(evidence: Evidence) -> Found:
    """What is asked and assumed before anything is drawn."""
    early = evidence.sentences[: max(4, len(evidence.sentences) // 2)]
    asked = [sentence for sentence in early if "asks" in sentence.cues]
    if not asked:
        return NOTHING
    settled = any(
        {"reckon", "condition", "stakes"} & s.cues.keys() or "?" in s.text or "？" in s.text for s in asked
    )
    return _scored((True, settled, len(asked) >= 2, len(asked) >= 3 and settled), asked[0], "asks")


def estimates(evidence: Evidence) -> Found:
    """How much there is of it, and what follows from that."""
    counted = [sentence for sentence in evidence.sentences if sentence.measured]
    distinct = len({amount.key for sentence in counted for amount in sentence.measured})
    if not counted:
        hinted = [s for s in evidence.sentences if s.amounts or "vague" in s.cues]
        return Found(2, hinted[0], hinted[0].start) if hinted else NOTHING
    reckoned = sum("reckon" in sentence.cues for sentence in counted)
    found = clearest(counted)
    marks = (True, True, distinct >= 3 and reckoned, distinct >= 4 and reckoned >= 2)
    return replace(found, score=min(5, 1 + sum(map(bool, marks))))


def high_level(evidence: Evidence) -> Found:
    """The parts and the way of a request through them."""
    flows = [s for s in _with(evidence, "flow", "how") if s.terms.keys() - evidence.asked]
    parts = len(frozenset(term for sentence in flows for term in sentence.terms) - evidence.asked)
    if not flows:
        return Found(2, *_place(evidence)) if evidence.terms else NOTHING
    rich = max(flows, key=lambda sentence: len(sentence.terms))
    return _scored(
        (
            True,
            parts >= COMPONENTS,
            parts >= 2 * COMPONENTS and len(flows) >= 2,
            parts >= 3 * COMPONENTS and len(flows) >= 4,
        ),
        rich,
        "flow",
    )


def deep_dive(evidence: Evidence) -> Found:
    """Places where it goes down to how a part works and why it is built so."""
    deep = [
        s
        for s in evidence.sentences
        if {"why", "cause", "cost", "condition"} & s.cues.keys() and s.terms and weight(s.words) >= ENOUGH
    ]
    if not deep:
        return Found(2, *_place(evidence)) if evidence.has("how", "flow") and evidence.terms else NOTHING
    weighed = any({"alternative", "cost"} & sentence.cues.keys() for sentence in deep)
    return _scored((True, len(deep) >= 2, len(deep) >= 3, len(deep) >= 4 and weighed), deep[0], "why")


def failure(evidence: Evidence) -> Found:
    """What can break, what is done then, and what a user sees of it."""
    broken = _with(evidence, "problem")
    if not broken:
        return NOTHING
    near = _near(evidence, "problem")
    return _scored(
        (
            True,
            "fix" in near,
            "fix" in near and len(broken) >= 2,
            "fix" in near and len(broken) >= 3 and {"condition", "cost", "cause"} & near,
        ),
        broken[0],
        "problem",
    )


def communication(evidence: Evidence) -> Found:
    """Questions and assumptions first, then each step with its reason."""
    asked = _with(evidence, "asks")
    if not asked:
        return Found(2, *_place(evidence)) if evidence.has("why", "how") else NOTHING
    reasons = len(_with(evidence, "why", "cause"))
    return _scored(
        (True, True, reasons >= 1 and len(evidence.sentences) >= 4, len(asked) >= 2 and reasons >= 2),
        asked[0],
        "asks",
    )


def problem_solving(evidence: Evidence) -> Found:
    """A way to the answer, another beside it, and why the one is taken."""
    ways = _with(evidence, "how", "structure")
    if not ways:
        return NOTHING
    weighed = _with(evidence, "alternative", "cost")
    return _scored(
        (
            True,
            _reasoned(evidence.sentences) or len(ways) >= 2,
            weighed,
            weighed and evidence.has("choice", "condition") and _reasoned(evidence.sentences),
        ),
        (weighed or ways)[0],
        "alternative",
    )


def technical(evidence: Evidence) -> Found:
    """The structures by name, what they cost in time and space, and how they work together."""
    told = _with(evidence, "structure")
    if not told:
        return Found(2, *_place(evidence)) if evidence.terms else NOTHING
    named = len(frozenset(term for sentence in told for term in sentence.terms))
    return _scored(
        (True, len(told) >= 2 or named >= 2, len(told) >= 3 and named >= 3, len(told) >= 4 and named >= 5),
        max(told, key=lambda sentence: len(sentence.terms)),
        "structure",
    )


def testing(evidence: Evidence) -> Found:
    """Edge cases by name, a run through an example, and what would catch a mistake."""
    tried = _with(evidence, "testing")
    if not tried:
        return NOTHING
    return _scored(
        (
            True,
            weight(tried[0].words) >= ENOUGH,
            len(tried) >= 2,
            len(tried) >= 3 or (len(tried) >= 2 and evidence.has("problem")),
        ),
        tried[-1],
        "testing",
    )


def framing(evidence: Evidence) -> Found:
    """What is meant by the question: the goal, the measure, what is left out."""
    return requirements(evidence)


def hypotheses(evidence: Evidence) -> Found:
    """Possible causes or levers, told apart, and how each would be checked."""
    named = _with(evidence, "hypothesis")
    if not named:
        return NOTHING
    checked = any({"how", "testing", "condition"} & sentence.cues.keys() for sentence in named)
    return _scored(
        (True, checked, len(named) >= 2, len(named) >= 3 and _reasoned(evidence.sentences)),
        named[0],
        "hypothesis",
    )


def recommendation(evidence: Evidence) -> Found:
    """What to do, why, at what risk, and what would change one's mind."""
    given = _with(evidence, "recommend")
    if not given:
        return NOTHING
    late = evidence.sentences[len(evidence.sentences) // 2 :]
    closing = [sentence for sentence in given if sentence in late]
    risk = any({"problem", "cost", "condition"} & sentence.cues.keys() for sentence in late)
    return _scored(
        (
            True,
            _reasoned(evidence.sentences),
            closing and len(given) >= 2,
            closing and risk and len(given) >= 3,
        ),
        (closing or given)[-1],
        "recommend",
    )


def _near(evidence: Evidence, cue: str) -> set[str]:
    """The cues of the sentences with `cue` and of the two after each."""
    places = [at for at, sentence in enumerate(evidence.sentences) if cue in sentence.cues]
    return {name for at in places for sentence in evidence.sentences[at : at + 3] for name in sentence.cues}


def _place(evidence: Evidence) -> tuple[Sentence, int]:
    first = evidence.sentences[0] if evidence.sentences else evidence.loose[0]
    return first, first.start


Part = Callable[[Evidence], Found]
STAR: Mapping[str, Part] = {"situation": situation, "task": task, "action": action, "result": result}
PARTS: Mapping[Format, Mapping[str, Part]] = {
    Format.BEHAVIOURAL: STAR,
    Format.COMPETENCY: STAR,
    Format.TECHNICAL: {},
    Format.SYSTEM_DESIGN: {
        "requirements": requirements,
        "estimates": estimates,
        "high_level": high_level,
        "deep_dive": deep_dive,
        "failure": failure,
    },
    Format.CODING: {
        "communication": communication,
        "problem_solving": problem_solving,
        "technical": technical,
        "testing": testing,
    },
    Format.CASE: {
        "framing": framing,
        "hypotheses": hypotheses,
        "numbers": estimates,
        "recommendation": recommendation,
    },
}
