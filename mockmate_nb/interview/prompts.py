"""Messages for a model, out of templates. Texts from people are fenced as material. Pure but for the templates.

The fences are read back by `read_task`, so that the built-in practice model needs no side door.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Template

from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.machine import Turn
from mockmate_nb.interview.question import CLOSING, Question
from mockmate_nb.interview.rubric import score
from mockmate_nb.interview.setup import InterviewSetup

FENCES = ("job", "resume", "place", "answer", "earlier", "question")
FIRST, LATER, PASSED, LAST = "first question", "later question", "after a pass", "last question"
SHORT: dict[Language, tuple[int, int, int]] = {"en": (1000, 600, 240), "zh": (400, 300, 100)}
ROOMY = 5  # times as much for a service; a model on one's own machine reads a few dozen tokens a second
LINE_SHARE, PASSED_IN = 1000, 200
STYLES: dict[str, dict[str, str]] = {
    "en": {
        "friendly": "warm and encouraging",
        "neutral": "calm, polite and factual",
        "technical": "precise, with an engineer's interest in how things work",
        "challenging": "demanding and direct, never rude",
    },
    "zh": {
        "friendly": "亲切、鼓励人",
        "neutral": "平和、礼貌、就事论事",
        "technical": "严谨，关心技术细节",
        "challenging": "要求高、直截了当，但不失礼貌",
    },
}
KIND: dict[Language, str] = {
    "en": "The candidate passed on the question before: begin with two or three kind words, then ask.\n",
    "zh": "候选人跳过了上一题：先用几个字宽慰一下，再提问。\n",
}
ANEW: dict[Language, str] = {
    "en": "It was worded so before; word it anew:",
    "zh": "之前是这样问的，这次换一种说法：",
}
_ROLE = re.compile(r"^=== (\w+) ===$", re.MULTILINE)
_TAG = re.compile(r"</?(?=(?:" + "|".join(FENCES) + r")\b)", re.IGNORECASE)


def question_messages(
    setup: InterviewSetup, turns: Sequence[Turn], *, roomy: bool = False
) -> list[dict[str, str]]:
    """Messages that have the model say the last turn's question, the bank's wording, to this candidate.

    They hold the beginnings of résumé, job and answer, `roomy` or short.
    """
    turn, before = turns[-1], turns[:-1]
    resume, job, answer = (limit * (ROOMY if roomy else 1) for limit in SHORT[setup.language])
    place = _place(turn, before)
    values = {
        "style": STYLES[setup.language][setup.interviewer_style],
        "job": fenced(setup.job_description, job),
        "resume": fenced(setup.resume_summary, resume),
        "place": place,
        "kind": KIND[setup.language] if place == PASSED else "",
        "answer": fenced(before[-1].answer or "", answer) if before else "",
        "earlier": _earlier(turn, setup.language),
        "question": in_line(turn.bank_text),
    }
    parts = template("question" if turn.gap is None else "follow_up", setup.language)
    return [{"role": role, "content": text.substitute(values)} for role, text in parts]


def _earlier(turn: Turn, language: Language) -> str:
    """What an earlier attempt said, for the model to say it in another way; empty for the first attempt."""
    if not turn.earlier:
        return ""
    return f"{ANEW[language]}\n<earlier>\n{in_line(turn.earlier[-1])}\n</earlier>\n"


def _place(turn: Turn, before: Sequence[Turn]) -> str:
    """Where the interview stands. After a pass the candidate needs a kind word, not a bridge to what was said."""
    if not before:
        return FIRST
    if turn.question_id == CLOSING:
        return LAST
    last, answer = before[-1], before[-1].answer or ""
    short = len(answer) <= PASSED_IN  # nobody passes at length
    asked = Question.adhoc(last.bank_text)
    passed = last.skipped or (short and score(answer, asked).state == "not_answered")
    return PASSED if passed else LATER


def in_line(text: str) -> str:
    """`text` fenced, on one line."""
    return " ".join(fenced(text, LINE_SHARE).split())


def fenced(text: str, limit: int) -> str:
    """`text` as it may stand between our tags: at most `limit` characters, and no tag of ours inside."""
    return _TAG.sub("‹", text[:limit].strip())


def read_task(messages: Sequence[Mapping[str, object]]) -> dict[str, str] | None:
    """What stands between the fences of the last message that has them; None where no message has."""
    for message in reversed(messages):
        text = str(message.get("content", ""))
        parts = {
            name: found.group(1).strip()
            for name in FENCES
            if (found := re.search(rf"^<{name}>$(.*?)^</{name}>$", text, re.DOTALL | re.MULTILINE))
        }
        if "question" in parts:
            return parts
    return None


@cache
def template(name: str, language: Language) -> tuple[tuple[str, Template], ...]:
    """A template's messages: its parts, each under a line with its role."""
    text = (Path(__file__).parent / "templates" / f"{name}.{language}.md").read_text("utf-8")
    parts = _ROLE.split(text)[1:]
    return tuple((role, Template(body.strip())) for role, body in zip(parts[::2], parts[1::2], strict=True))
