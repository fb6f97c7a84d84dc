"""Feedback as an interview of three answers leaves it: one strong, one weak, one not given; and a model's judgement
beside the rules'."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

from mockmate_nb.interview.bank import Format, Language, load_bank
from mockmate_nb.interview.dimensions import RULES
from mockmate_nb.interview.feedback import build_feedback, with_judgements
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.turn import Turn
from mockmate_nb.interview.verdict import judgement, not_scored

BANK = load_bank()
QUESTIONS = (
    "behavioural-slipping-date",
    "technical-friday-deployment",
    next(each.id for each in BANK.questions if each.format is Format.CASE),
)
STRONG: dict[Language, str] = {
    "en": "At the shop our order pipeline fell behind every evening, and the launch was promised for May. I profiled "
    "the consumer, found lock contention and rewrote it in batches, which cut p95 from 900 ms to 210 ms. I told the "
    "product lead two weeks early that the date would slip.",
    "zh": "去年我们的订单系统每天晚上都会积压，而上线日期已经对外承诺。我分析了消费者，发现是锁竞争，于是改成批处理，"
    "p95 从 900 毫秒降到 210 毫秒。我提前两周告诉产品负责人日期要推迟。",
}
WEAK: dict[Language, str] = {
    "en": "It depends. I think Friday deployments are fine if the team is careful and there are good tests.",
    "zh": "看情况吧。我觉得只要大家小心，测试做好，周五上线也没问题。",
}
WHY: dict[Language, str] = {"en": "Said with tools and steps.", "zh": "说出了工具和步骤。"}
SCORES = dict(zip(RULES, (5, 4, 1, 4, 1, 5), strict=True))


def turns(language: Language = "en") -> list[Turn]:
    answers = (STRONG[language], WEAK[language], None)
    return [
        Turn(
            number,
            question,
            text := BANK.question(question).in_language(language).text,
            text=text,
            answer=answer,
            skipped=answer is None,
            rating=4 if answer else None,
        )
        for number, (question, answer) in enumerate(zip(QUESTIONS, answers, strict=True), 1)
    ]


def setup(language: Language = "en") -> InterviewSetup:
    return InterviewSetup(resume_summary="Python.", job_description="Backend engineer.", language=language)


def feedback(language: Language = "en", *, judged: bool = True) -> dict[str, Any]:
    made = build_feedback(setup(language), turns(language), BANK)
    if not judged:
        return made
    entry = made["questions"][0]
    reply: dict[str, Any] = {
        name: {"quote": entry["dimensions"][name]["quote"], "score": score, "why": WHY[language]}
        for name, score in SCORES.items()
    }
    reply["pitfall"]["quote"] = "never said by anybody here"
    reply["figures"]["score"] = 9
    reply["fix"] = "Say who had to wait."
    question = BANK.question(entry["question_id"])
    found = judgement(reply, entry["answer"], "", question, language, "judge-7b")
    return with_judgements(made, {0: found, 1: not_scored("unreadable", language, "judge-7b")}, "judge-7b")


def everywhere(value: Any, change: Callable[[str], str], *, kept: frozenset[str] = frozenset()) -> Any:
    """`value` with every text in it changed, but those under the names that are `kept`."""
    if isinstance(value, dict):
        return {
            key: each if key in kept else everywhere(each, change, kept=kept) for key, each in value.items()
        }
    if isinstance(value, list):
        return [everywhere(each, change, kept=kept) for each in value]
    return change(value) if isinstance(value, str) and value else value


Tag = tuple[str, tuple[tuple[str, str | None], ...]]


class Skeleton(HTMLParser):
    """The tags of a page with their attributes, but for the names that are read aloud and for what marks a text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("mark", "br"):
            self.tags.append((tag, tuple(pair for pair in attrs if pair[0] != "aria-label")))
