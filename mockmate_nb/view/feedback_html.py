"""Feedback as HTML. Every text is escaped; nothing but our own markup gets in."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from mockmate_nb.interview.bank import Language
from mockmate_nb.view.words import word

POINTS = 5


def feedback_html(feedback: Mapping[str, Any]) -> str:
    """The whole feedback of an interview, readable without colour and by a screen reader."""
    language: Language = feedback["language"]
    parts = [
        f'<section class="mockmate-feedback" lang="{language}">',
        f"<p class='mockmate-summary'>{escape(feedback['summary'])}</p>",
    ]
    for name in ("strengths", "improvements"):
        if feedback[name]:
            items = "".join(f"<li>{escape(item)}</li>" for item in feedback[name])
            parts.append(f"<h3>{escape(word(language, name))}</h3><ul>{items}</ul>")
    parts += [_question(at, question, language) for at, question in enumerate(feedback["questions"], 1)]
    parts.append(f"<p class='mockmate-note'>{escape(feedback['notice'])}</p></section>")
    return "".join(parts)


def _question(at: int, question: Mapping[str, Any], language: Language) -> str:
    overall = question["overall"]
    score = f"{overall} / {POINTS}" if overall is not None else escape(word(language, "not_scored"))
    parts = [
        f"<details{' open' if at == 1 else ''}><summary>"
        f"<span class='mockmate-score'>{score}</span><span class='mockmate-apart'> – </span>"
        f"<b>{at}.</b> {escape(question['question'])}</summary>"
    ]
    if question["reason"]:
        parts.append(f"<p class='mockmate-note'>{escape(question['reason'])}</p>")
    if overall is not None:
        rows = "".join(_dimension(d) for d in question["dimensions"].values())
        parts.append(f"<table><tbody>{rows}</tbody></table>")
    parts += [
        f"<p><b>{escape(word(language, name) + word(language, 'colon'))}</b>{escape(question[name])}</p>"
        for name in ("fix", "stronger")
        if question[name]
    ]
    return "".join(parts) + "</details>"


def _dimension(dimension: Mapping[str, Any]) -> str:
    score = dimension["score"]
    dots = "●" * score + "○" * (POINTS - score)
    quote = f"<q>{escape(dimension['quote'])}</q>" if dimension["quote"] else ""
    return (
        f"<tr><th scope='row'>{escape(dimension['label'])}</th>"
        f"<td class='mockmate-dots' aria-label='{score} / {POINTS}'>{dots}</td>"
        f"<td>{escape(dimension['anchor'])} {quote}</td></tr>"
    )
