"""What came after the feedback as HTML: two answers to one question side by side, and explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from mockmate_nb.interview.afterwards import Aside
from mockmate_nb.interview.bank import Language
from mockmate_nb.view.feedback_words import say
from mockmate_nb.view.markdown import render
from mockmate_nb.view.question_html import Entry, entry_html, fold, lined, scored
from mockmate_nb.view.radar_html import picture

BROKEN = ("stopped", "interrupted", "error")


def asides_html(asides: Sequence[Aside], feedback: Mapping[str, Any]) -> str:
    """All of them, in order, for a page without widgets."""
    language: Language = feedback["language"]
    told = [
        attempt_html(aside, feedback) if aside.result else _explained(aside, language)
        for aside in asides
        if aside.result or (aside.kind == "explain" and aside.text)
    ]
    return "".join(told)


def attempt_html(aside: Aside, feedback: Mapping[str, Any]) -> str:
    """A second answer and the first, side by side: what changed, the scores, both texts, what to do next."""
    language: Language = feedback["language"]
    result = aside.result or {}
    after, beside = result["question"], result["compared"]
    place, before = before_of(aside, feedback)
    title = say(language, "again_title", at=place) if place else say(language, "again_gone")
    pieces = [
        f"<h3>{escape(title)}</h3>",
        f'<p class="mockmate-asked">{escape(after["question"])}</p>',
        f'<p class="mockmate-total">{scored(beside["before"], language)} <span>→</span> '
        f"{scored(beside['after'], language)}</p>",
        f'<p class="mockmate-summary">{escape(beside["summary"])}</p>',
        _models(before, after, language),
        f'<p class="mockmate-reason">{escape(after["reason"])}</p>' if after.get("reason") else "",
        f'<p class="mockmate-fix"><b>{say(language, "next_fix")}</b>{escape(after["fix"])}</p>'
        if after.get("fix")
        else "",
        f'<div class="mockmate-pair">{_scores(beside, language)}{_overlay(beside, after, language)}</div>',
        _answers(before.get("answer", ""), result["answer"], language),
        fold(say(language, "scores"), entry_html({**after, "answer": ""}, language)),
    ]
    return f'<section class="mockmate-feedback mockmate-attempt-card" lang="{language}">{"".join(pieces)}</section>'


def before_of(aside: Aside, feedback: Mapping[str, Any]) -> tuple[int, Entry]:
    """The number, from 1, and the entry of the question that was answered again; 0 and {} where it is gone."""
    for at, entry in enumerate(feedback["questions"], 1):
        if entry.get("question_id") == aside.question_id:
            return at, entry
    return 0, {}


def prompt_html(entry: Entry, language: Language) -> str:
    """The question that is to be answered again, with the one thing to do."""
    fix = entry.get("fix")
    advice = f'<p class="mockmate-fix"><b>{say(language, "fix")}</b>{escape(fix)}</p>' if fix else ""
    return (
        f'<section class="mockmate-feedback" lang="{language}"><p class="mockmate-summary">'
        f"{escape(entry['question'])}</p>{advice}</section>"
    )


def asked_html(text: str, language: Language) -> str:
    """What the candidate asked about the feedback."""
    return (
        f'<p class="mockmate-asking" lang="{language}"><small>{say(language, "asked")}</small> '
        f"<b>{lined(text)}</b></p>"
    )


def _explained(aside: Aside, language: Language) -> str:
    ended = say(language, f"ended_{aside.ended}") if aside.ended in BROKEN else ""
    note = f'<p class="mockmate-quietly">{ended}</p>' if ended else ""
    return f'{asked_html(aside.said, language)}<div class="mm-md">{render(aside.text)}</div>{note}'


def _models(before: Entry, after: Entry, language: Language) -> str:
    """What a model gave to both, where it gave both a score."""
    both = [(entry.get("judgement") or {}).get("overall") for entry in (before, after)]
    if None in both:
        return ""
    said = say(language, "model_both", before=f"{both[0]:g}", after=f"{both[1]:g}")
    return f"<p>{said}</p>"


def _scores(beside: Entry, language: Language) -> str:
    head = "".join(
        f'<th scope="col">{say(language, name)}</th>' for name in ("dimension", "first", "second", "change")
    )
    lines = "".join(
        f'<tr><th scope="row">{escape(row["label"])}</th><td>{_value(row["before"])}</td>'
        f"<td>{_value(row['after'])}</td><td>{_change(row, language)}</td></tr>"
        for row in beside["dimensions"]
    )
    return (
        f'<table class="mockmate-moved"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'
        if lines
        else ""
    )


def _value(score: float | None) -> str:
    return "–" if score is None else f"{score:g}"


def _change(row: Entry, language: Language) -> str:
    before, after = row["before"], row["after"]
    if before is None or after is None:
        return ""
    moved = after - before
    if not moved:
        return f'<span class="mockmate-none">{say(language, "same")}</span>'
    sign = "↑" if moved > 0 else "↓"
    name = "up" if moved > 0 else "down"
    return f'<b><span aria-hidden="true">{sign}</span> {say(language, name, points=f"{abs(moved):g}")}</b>'


def _overlay(beside: Entry, after: Entry, language: Language) -> str:
    """The six dimensions of both answers in one radar."""
    rows = [row for row in beside["dimensions"] if row["name"] in after.get("dimensions", {})]
    now = {row["label"]: row["after"] for row in rows}
    then = {row["label"]: row["before"] for row in rows}
    return picture(now, language, before=then, caption=say(language, "overlay"))


def _answers(first: str, second: str, language: Language) -> str:
    sides = "".join(
        f'<div><h4>{say(language, name)}</h4><p class="mockmate-said">{lined(text)}</p></div>'
        for name, text in (("first_answer", first), ("second_answer", second))
    )
    return f'<div class="mockmate-pair mockmate-answers">{sides}</div>'
