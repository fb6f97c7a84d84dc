"""What stands of earlier interviews on the page, made of what is kept: rows, a report, attempts, progress. Pure.

Every text of a person or a model is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from mockmate_nb.interview import report as reports
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.machine import State
from mockmate_nb.interview.question import CLOSING, LANGUAGES, competency_names
from mockmate_nb.interview.record import Attempt, Entry, Progress
from mockmate_nb.interview.report_words import when
from mockmate_nb.interview.rubric import ANCHORS
from mockmate_nb.view.lines import note
from mockmate_nb.view.past_words import say
from mockmate_nb.view.rows import Row
from mockmate_nb.view.words import WORDS, word

SHOWN = 20  # attempts at one question
LOWERED = 2  # a report's page begins with h1, which in a panel is an h3
TAG, SELECTOR = r"(?:(?<=<)|(?<=</))", r"(?<![\w.#-])"


def row(entry: Entry, language: Language, open_session: str = "") -> Row:
    """An interview in the list: what it was, how far it came, how its scores range; never one number for all."""
    facts = [when(entry.begun_at), _name(language, entry.format), _name(language, entry.level)]
    facts += [say(language, entry.language)] if entry.language in LANGUAGES else []
    main = [turn for turn in entry.turns if turn.get("gap") is None and turn.get("question_id") != CLOSING]
    answered = sum(bool(turn.get("answer")) for turn in main)
    facts.append(say(language, "answered", answered=answered, asked=max(entry.question_count, len(main))))
    facts.append(score_range(entry, language))
    badge = "" if entry.state == State.COMPLETE.value else say(language, "unfinished")
    if entry.session_id == open_session:
        badge = say(language, "open_here")
    title = " ".join(entry.job_title.split()) or say(language, "untitled")
    return Row(entry.session_id, title, tuple(filter(None, facts)), badge)


def score_range(entry: Entry, language: Language) -> str:
    """The lowest and the highest score of the interview's questions; "" before it had feedback."""
    if entry.feedback is None:
        return ""
    found = [question.get("overall") for question in entry.feedback.get("questions") or ()]
    scores = [score for score in found if isinstance(score, int | float)]
    if not scores:
        return say(language, "unscored")
    low, high = min(scores), max(scores)
    return say(language, "score" if low == high else "scores", low=low, high=high)


def empty_html(language: Language) -> str:
    """What will stand where nothing stands yet."""
    return f'<p class="mockmate-empty">{escape(say(language, "empty"))}</p>'


def tried_again(
    entry: Entry, attempts: Callable[[str], Sequence[Attempt]]
) -> list[tuple[str, Sequence[Attempt]]]:
    """The interview's questions that were answered more than once over all interviews, with the last attempts."""
    asked = {turn.get("question_id"): turn.get("question") for turn in entry.turns if turn.get("gap") is None}
    asked |= {
        each.get("question_id"): each.get("question")
        for each in (entry.feedback or {}).get("questions") or ()
    }
    found = [(str(text or ""), attempts(str(id_))[-SHOWN:]) for id_, text in asked.items() if id_]
    return [(text, tries) for text, tries in found if len(tries) > 1]


def report_html(entry: Entry) -> str:
    """The body of the interview's report, as it may stand in a panel; it takes `REPORT_STYLE`."""
    page = reports.Report.of(entry).html()
    body = page.partition("<main>")[2].partition("</main>")[0]
    language = "zh-CN" if entry.language == "zh" else "en"
    return f'<section class="mockmate-report" lang="{language}">{_lowered(body, TAG)}</section>'


def attempts_html(
    tried: Sequence[tuple[str, Sequence[Attempt]]], language: Language, session_id: str = ""
) -> str:
    """Attempts at each question (its words, its attempts, oldest first) side by side; those of `session_id` are
    marked. "" where there are none."""
    if not tried:
        return ""
    parts = [_question(question, attempts, language, session_id) for question, attempts in tried]
    return (
        f'<section class="mockmate-attempts"><h3>{escape(say(language, "attempts"))}</h3>'
        f"{note(say(language, 'attempts_note'))}{''.join(parts)}</section>"
    )


def progress_html(progress: Sequence[Progress], language: Language) -> str:
    """Where each competency goes, as a picture and in words."""
    from mockmate_nb.plots import svg, trend, trend_in_words  # it loads matplotlib

    title = f"<h3>{escape(say(language, 'progress'))}</h3>"
    if not progress:
        return f'<section class="mockmate-progress">{title}{note(say(language, "progress_none"))}</section>'
    names = {name: labels[language] for name, labels in competency_names().items()}
    picture = svg(trend(progress, names), trend_in_words(progress, names, language))
    rows = "".join(_progress_row(each, names, language) for each in progress)
    heads = "".join(
        f"<th scope='col'>{escape(say(language, name))}</th>"
        for name in ("competency", "range", "trend", "interviews")
    )
    return (
        f'<section class="mockmate-progress">{title}{note(say(language, "progress_note"))}'
        f"<div class='mockmate-pair'><figure>{picture}</figure>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _progress_row(row: Progress, names: Mapping[str, str], language: Language) -> str:
    span = say(language, "span", low=row.low, high=row.high) if row.low < row.high else f"{row.low:g}"
    return (
        f"<tr><th scope='row'>{escape(names.get(row.competency, row.competency))}</th>"
        f"<td>{escape(span)}</td><td>{escape(say(language, row.trend))}</td><td>{len(row.points)}</td></tr>"
    )


def _question(question: str, attempts: Sequence[Attempt], language: Language, session_id: str) -> str:
    names = [name for name in ANCHORS if any(name in each.dimensions for each in attempts)]
    heads = [say(language, name) for name in ("when", "overall")]
    heads += [ANCHORS[name]["name"][language] for name in names]
    rows, answers = [], []
    before: Attempt | None = None
    for each in attempts:
        mine = f" <small>{escape(say(language, 'this_one'))}</small>" if each.session_id == session_id else ""
        cells = [_cell(each.overall, before.overall if before else None, heads[1], language)]
        cells += [
            _cell(each.dimensions.get(name), before.dimensions.get(name) if before else None, head, language)
            for name, head in zip(names, heads[2:], strict=True)
        ]
        rows.append(f"<tr><th scope='row'>{when(each.at)}{mine}</th>{''.join(cells)}</tr>")
        answers.append(f"<dt>{when(each.at)}</dt><dd dir='auto'>{escape(each.answer)}</dd>")
        before = each if each.overall is not None else before
    top = "".join(f"<th scope='col'>{escape(head)}</th>" for head in heads)
    return (
        f"<h4 dir='auto'>{escape(question)}</h4>"
        f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<details><summary>{escape(say(language, 'the_answers'))}</summary><dl>{''.join(answers)}</dl></details>"
    )


def _cell(value: float | None, before: float | None, head: str, language: Language) -> str:
    """A score, and whether it moved; `head` is said beside it where the table is narrow and has no heads."""
    shown = say(language, "no_score") if value is None else f"{value:g}"
    moved = ""
    if value is not None and before is not None and value != before:
        name, arrow = ("up_mark", "↑") if value > before else ("down_mark", "↓")
        moved = f" <span role='img' aria-label='{escape(say(language, name))}'>{arrow}</span>"
    return f"<td data-by='{escape(head)}'><span>{shown}{moved}</span></td>"


def _name(language: Language, value: str) -> str:
    """A format's or a level's name; what this version does not know stands as it is."""
    return word(language, value) if value in WORDS[language] else value


def _lowered(text: str, before: str) -> str:
    """The text with its headings, where they follow `before`, further down."""
    return re.sub(rf"{before}h([1-4])\b", lambda found: f"h{int(found[1]) + LOWERED}", text)


def _report_style() -> str:
    """The report's own style, kept to the report and to its place's width; its colours are the notebook's."""
    css = (Path(reports.__file__).parent / "templates" / "report.css").read_text("utf-8")
    css = _lowered(css, SELECTOR).replace("@media (max-width", "@container mockmate (max-width")
    return f".mockmate-report {{ {css} }}"


REPORT_STYLE = _report_style()
