"""The report as one HTML page: nothing to load, nothing that runs, every text escaped; for screen and A4 paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path

from mockmate_nb.interview.report_parts import Asked, Content, Judgement, Score, SecondAttempt, overlay
from mockmate_nb.interview.report_words import (
    WORDS,
    differ_said,
    dropped_said,
    facts,
    model_name,
    number,
    place_said,
    rating_said,
)

POINTS = 5
LEAST_SPOKES = 3  # of a radar
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html(content: Content) -> str:
    """The whole page."""
    words = WORDS[content.language]
    title = text(content.job_title) or words["no_job"]
    language = "zh-CN" if content.language == "zh" else content.language
    body = [
        f"<header><p class='kicker'>{words['title']}</p><h1>{title}</h1>",
        f"<p class='notice'>{text(content.notice) or words['notice']}</p>{_facts(content)}</header>",
        *_overview(content, words),
    ]
    if content.questions:
        body.append(f"<h2>{words['questions']}</h2><p class='quiet'>{words['scale']}</p>")
        body += [_question(at, asked, content, words) for at, asked in enumerate(content.questions, 1)]
    if content.again:
        body.append(f"<h2>{words['again']}</h2>")
        body += [_again(second, content, words) for second in content.again]
    if content.progress:
        body.append(_progress(content, words))
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'
        f"<title>{words['title']}{words['colon']}{title}</title><style>{_style()}</style></head>"
        f"<body><main>{''.join(body)}</main><footer>{words['made']}<br>{words['notice']}</footer></body></html>\n"
    )


def text(value: str) -> str:
    """`value` as it may stand in HTML, between tags and in attributes."""
    return escape(CONTROL.sub("\ufffd", value))


@cache
def _style() -> str:
    return (Path(__file__).parent / "templates" / "report.css").read_text("utf-8")


def _facts(content: Content) -> str:
    rows = "".join(
        f"<div><dt>{text(label)}</dt><dd>{text(value)}</dd></div>" for label, value in facts(content)
    )
    return f"<dl class='facts'>{rows}</dl>"


def _overview(content: Content, words: Mapping[str, str]) -> list[str]:
    if not content.finished:
        return [f"<p class='lead'>{words['unfinished'] if content.questions else words['nothing']}</p>"]
    figures = [_radar(content.dimensions, content), _competencies(content, words)]
    lists = [
        _list(words[name], items)
        for name, items in (("strengths", content.strengths), ("improvements", content.improvements))
    ]
    drill = content.next_drill and _titled("h3", words["next_drill"], f"<p>{text(content.next_drill)}</p>")
    return [
        f"<section><h2>{words['overview']}</h2><p class='lead'>{text(content.summary)}</p>",
        f"<div class='pair'>{''.join(figures)}</div><div class='pair'>{''.join(lists)}</div>",
        f"<div class='drill'>{drill}</div></section>" if drill else "</section>",
    ]


def _radar(
    scores: Mapping[str, float | None], content: Content, before: Mapping[str, float | None] | None = None
) -> str:
    if len(scores) < LEAST_SPOKES:
        return ""
    from mockmate_nb.plots import in_words, radar, svg  # it loads matplotlib

    picture = svg(radar(scores, before=before), in_words(scores, content.language, before=before))
    note = f"<figcaption>{WORDS[content.language]['overlay']}</figcaption>" if before else ""
    return f"<figure>{picture}{note}</figure>"


def _competencies(content: Content, words: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{text(found.label)}</th><td>{_points(found.overall, content)}</td></tr>"
        for found in content.competencies
    )
    mean = _points(content.overall, content)
    overall = f"<tr class='sum'><th scope='row'>{words['overall']}</th><td>{mean}</td></tr>"
    head = f"<caption>{words['competencies']}</caption>" if rows else ""
    return f"<table class='plain'>{head}<tbody>{rows}{overall}</tbody></table>"


def _points(value: float | None, content: Content) -> str:
    words = WORDS[content.language]
    if value is None:
        return f"<span class='quiet'>{words['not_scored']}</span>"
    share = f"{100 * value / POINTS:.0f}%"
    return f"<span class='bar' aria-hidden='true'><i style='width:{share}'></i></span><b>{value:g}</b>"


def _question(at: int, asked: Asked, content: Content, words: Mapping[str, str]) -> str:
    language = content.language
    score = ""
    if content.finished:
        said = f"<b>{asked.overall:g}</b> / {POINTS}" if asked.overall else words["not_scored"]
        score = f"<p class='score'>{said}</p>"
    judged = asked.judgement
    return "".join(
        [
            f"<article><div class='asked'><div><p class='quiet'>{text(place_said(asked, language))}</p>",
            f"<h3>{at}. {text(asked.question)}</h3></div>{score}</div>",
            f"<p class='note'>{text(asked.reason)}</p>" if asked.reason else "",
            _titled("h4", words["answer"], _said(asked.answer, words)),
            _terms([(words["rating"], text(rating_said(asked, language)))]),
            _scores(asked, content, words),
            f"<p class='note'>{text(differ)}</p>" if (differ := differ_said(asked, language)) else "",
            _judged(judged, content, words) if judged else "",
            _parts(asked, words),
            _advice(asked, words),
            _draft(asked, words),
            "</article>",
        ]
    )


def _scores(asked: Asked, content: Content, words: Mapping[str, str]) -> str:
    """The rules' table; a model's scores in a column of their own."""
    judged = asked.judgement
    model = judged.dimensions if judged else {}
    both = asked.dimensions | model
    if not both:
        return ""
    heads = [words["dimension"], f"{words['rules']} · {number(asked.overall, content.language)}"]
    if judged and model:
        name = words["model_named"].format(model=text(model_name(judged.model, content.language)))
        heads.append(f"{name} · {number(judged.overall, content.language)}")
    rows = []
    for name, score in both.items():
        apart = f"<br><em>{words['differ']}</em>" if name in asked.differ and name in model else ""
        cells = [
            f"<th scope='row'>{text(score.label)}{apart}</th>",
            _cell(words["rules"], asked.dimensions.get(name)),
        ]
        if model:
            cells.append(_cell(words["model"], model.get(name)))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    top = "".join(f"<th scope='col'>{head}</th>" for head in heads)
    return f"<table class='scores'><thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _parts(asked: Asked, words: Mapping[str, str]) -> str:
    if not asked.parts:
        return ""
    rows = "".join(
        f"<tr><th scope='row'>{text(score.label)}</th>{_cell(words['rules'], score)}</tr>"
        for score in asked.parts.values()
    )
    head = f"<th scope='col'>{words['parts']}</th><th scope='col'>{words['rules']}</th>"
    return f"<table class='scores'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(by: str, score: Score | None) -> str:
    """A table's cell; `by` is who scored, for narrow screens, where the table has no head."""
    return f"<td data-by='{by}'>{_score(score) if score else '–'}</td>"


def _score(score: Score) -> str:
    dots = "●" * score.score + "○" * (POINTS - score.score)
    quote = f" <q>{text(score.quote)}</q>" if score.quote else ""
    return (
        f"<span class='dots' role='img' aria-label='{score.score} / {POINTS}'>{dots}</span>"
        f" <span class='why'>{text(score.why or score.anchor)}{quote}</span>"
    )


def _judged(judged: Judgement, content: Content, words: Mapping[str, str]) -> str:
    name = text(model_name(judged.model, content.language))
    if judged.state != "scored":
        reason = text(judged.reason)
        return f"<p class='note'>{words['model_not_scored']} ({name}){words['colon']}{reason}</p>"
    dropped = dropped_said(judged, content.language)
    return f"<p class='quiet'>{text(dropped)}</p>" if dropped else ""


def _again(second: SecondAttempt, content: Content, words: Mapping[str, str]) -> str:
    first = content.asked(second.question_id)
    compared = second.compared
    after, before = overlay(compared)
    rows = "".join(
        f"<tr><th scope='row'>{text(label)}</th><td>{number(old, content.language)}</td>"
        f"<td>{number(new, content.language)}</td></tr>"
        for label, old, new in [
            (words["scores"], compared.before, compared.after),
            *((moved.label, moved.before, moved.after) for moved in compared.dimensions),
        ]
    )
    heads = "".join(f"<th scope='col'>{words[name]}</th>" for name in ("dimension", "before", "after"))
    table = f"<table class='plain'><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    asked = second.question.question or (first.question if first else "")
    moved = _terms(
        [(words[name], text(words["between"].join(getattr(compared, name)))) for name in ("better", "worse")]
    )
    return (
        f"<article><h3>{text(asked)}</h3><p class='lead'>{text(compared.summary)}</p>{moved}"
        f"<div class='pair'>{_radar(after, content, before)}{table}</div><div class='pair even'>"
        f"{_titled('h4', words['before'], _said(first.answer if first else '', words))}"
        f"{_titled('h4', words['after'], _said(second.answer, words))}</div></article>"
    )


def _progress(content: Content, words: Mapping[str, str]) -> str:
    from mockmate_nb.interview.record import Progress
    from mockmate_nb.plots import svg, trend, trend_in_words  # it loads matplotlib

    rows = [
        Progress(row.competency, row.points, row.low, row.high, row.latest, row.trend)
        for row in content.progress
    ]
    names = {row.competency: row.label for row in content.progress}
    picture = svg(trend(rows, names), trend_in_words(rows, names, content.language))
    return (
        f"<section><h2>{words['progress']}</h2><p class='quiet'>{words['progress_note']}</p>"
        f"<figure>{picture}</figure></section>"
    )


def _said(answer: str, words: Mapping[str, str]) -> str:
    if not answer.strip():
        return f"<p class='quiet'>{words['no_answer']}</p>"
    return f"<blockquote dir='auto'>{text(answer)}</blockquote>"


def _advice(asked: Asked, words: Mapping[str, str]) -> str:
    points = "".join(f"<li>{text(point)}</li>" for point in asked.key_points)
    lines = [
        (words["met"], text(asked.anchor)),
        (words["fix"], text(asked.fix)),
        (words["model_fix"], text(asked.judgement.fix) if asked.judgement else ""),
        (words["stronger"], text(asked.stronger)),
        (words["key_points"], f"<ul>{points}</ul>" if points else ""),
    ]
    return _terms(lines)


def _draft(asked: Asked, words: Mapping[str, str]) -> str:
    drafts = [(words["draft"], asked.draft)]
    if asked.judgement:
        drafts.append((words["model_draft"], asked.judgement.draft))
    found = [
        _titled("h4", title, f"<blockquote class='draft' dir='auto'>{text(draft)}</blockquote>")
        for title, draft in drafts
        if draft
    ]
    return "".join([*found, f"<p class='quiet'>{words['draft_note']}</p>"]) if found else ""


def _terms(lines: Iterable[tuple[str, str]]) -> str:
    """Title and HTML of what there is to say, side by side."""
    rows = "".join(f"<div><dt>{title}</dt><dd>{said}</dd></div>" for title, said in lines if said)
    return f"<dl class='terms'>{rows}</dl>" if rows else ""


def _list(title: str, items: Iterable[str]) -> str:
    rows = "".join(f"<li>{text(item)}</li>" for item in items)
    return _titled("h3", title, f"<ul>{rows}</ul>") if rows else ""


def _titled(level: str, title: str, inside: str) -> str:
    return f"<div><{level}>{title}</{level}>{inside}</div>"
