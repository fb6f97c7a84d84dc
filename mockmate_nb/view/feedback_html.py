"""Feedback as HTML: what one wants to know first stands first, each question folds.

Every text is escaped; nothing but our own markup gets in, without scripts and without ids. Where a value is
missing, as in the feedback of an earlier version, its place is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from mockmate_nb.interview.afterwards import Aside
from mockmate_nb.interview.bank import Language
from mockmate_nb.view.asides_html import asides_html
from mockmate_nb.view.feedback_words import say
from mockmate_nb.view.question_html import POINTS, Entry, fold, lined, question_html, scored
from mockmate_nb.view.radar_html import picture


def feedback_html(feedback: Mapping[str, Any], asides: Sequence[Aside] = ()) -> str:
    """The whole feedback of an interview, readable without colour, without its style and by a screen reader.

    `asides` are what came after it, for where there are no widgets: second answers and explanations.
    """
    language: Language = feedback["language"]
    entries = feedback["questions"]
    parts = [
        f'<section class="mockmate-feedback" lang="{language}">',
        _head(feedback, language),
        _takeaways(feedback, language),
        _profile(feedback, language),
        f"<h3>{say(language, 'questions')}</h3>" if entries else "",
    ]
    shown = weakest(entries)
    parts += [
        question_html(at, entry, language, unfolded=at - 1 == shown) for at, entry in enumerate(entries, 1)
    ]
    if own := feedback.get("own_questions"):
        note = f'<p class="mockmate-quietly">{say(language, "own_note")}</p>'
        said = f'<p class="mockmate-said">{lined(own)}</p>'
        parts.append(fold(say(language, "own_questions"), said + note))
    if asides:
        parts.append(asides_html(asides, feedback))
    return "".join([*parts, "</section>"])


def weakest(entries: Sequence[Entry]) -> int:
    """The place of the question from which most is to be gained: the lowest score, else the first."""
    places = range(len(entries))
    return min(
        places, key=lambda at: (entries[at]["overall"] is None, entries[at]["overall"] or 0), default=0
    )


def averages(entries: Sequence[Entry]) -> dict[str, float]:
    """Each dimension's label with its mean over the scored questions, by the rules."""
    found: dict[str, list[int]] = {}
    for entry in entries:
        for part in entry["dimensions"].values() if entry["overall"] is not None else ():
            found.setdefault(part["label"], []).append(part["score"])
    return {label: round(sum(scores) / len(scores), 1) for label, scores in found.items()}


def _head(feedback: Mapping[str, Any], language: Language) -> str:
    overall, total = feedback.get("overall"), ""
    if overall is not None:
        total = (
            f'<p class="mockmate-total"><small>{say(language, "overall")}</small> '
            f"{scored(overall, language)}</p>"
        )
    return (
        f'<div class="mockmate-top">{total}<p class="mockmate-summary">{escape(feedback["summary"])}</p></div>'
        f'<p class="mockmate-quietly">{escape(feedback["notice"])}</p>'
    )


def _takeaways(feedback: Mapping[str, Any], language: Language) -> str:
    lists = []
    for name in ("strengths", "improvements"):
        if lines := feedback.get(name):
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            lists.append(f"<div><h3>{say(language, name)}</h3><ul>{items}</ul></div>")
    drill = feedback.get("next_drill")
    return f'<div class="mockmate-pair">{"".join(lists)}</div>' + (
        f'<div class="mockmate-drill"><h3>{say(language, "next_drill")}</h3><p>{escape(drill)}</p></div>'
        if drill
        else ""
    )


def _profile(feedback: Mapping[str, Any], language: Language) -> str:
    radar = picture(averages(feedback["questions"]), language, caption=say(language, "radar"))
    sides = radar + _competencies(feedback.get("competencies", ()), language)
    return f'<h3>{say(language, "profile")}</h3><div class="mockmate-pair">{sides}</div>' if sides else ""


def _competencies(rows: Sequence[Entry], language: Language) -> str:
    lines = []
    for row in rows:
        overall, count = row["overall"], row["questions"]
        asked = say(language, "count_one" if count == 1 else "count", count=count)
        share = f"{100 * (overall or 0) / POINTS:.0f}%"
        bar = f'<span class="mockmate-bar" aria-hidden="true"><i style="width:{share}"></i></span>'
        lines.append(
            f'<tr><th scope="row">{escape(row["label"] or row["competency"])} <small>{asked}</small></th>'
            f"<td>{bar} {scored(overall, language)}</td></tr>"
        )
    if not lines:
        return ""
    caption = f"<caption>{say(language, 'competencies')}</caption>"
    return f'<table class="mockmate-competencies">{caption}<tbody>{"".join(lines)}</tbody></table>'
