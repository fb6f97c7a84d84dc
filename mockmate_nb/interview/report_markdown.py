"""The report as Markdown. Texts of people and models are escaped: they show as they were written and do nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mockmate_nb.interview.report_parts import Asked, Content, Judgement, Score, SecondAttempt
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

SPECIAL = re.compile(r"([\\`*_\[\]<>&|~$])")
BLOCK_START = re.compile(r"^(\d+(?=[.)])|(?=[-+=#]))")  # what would open a list or a heading
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
Table = tuple[Iterable[str], Iterable[Iterable[str]]]


def markdown(content: Content) -> str:
    """The whole report, CommonMark with tables."""
    words = WORDS[content.language]
    parts = [
        f"# {words['title']}{words['colon']}{plain(content.job_title) or words['no_job']}",
        f"**{plain(content.notice) or words['notice']}**",
        "\n".join(f"- **{label}**{words['colon']}{plain(value)}" for label, value in facts(content)),
        *_overview(content, words),
    ]
    if content.questions:
        parts += [f"## {words['questions']}", words["scale"]]
    for at, asked in enumerate(content.questions, 1):
        parts += _question(at, asked, content, words)
    if content.again:
        parts.append(f"## {words['again']}")
    for second in content.again:
        parts += _again(second, content, words)
    if content.progress:
        rows = [
            (
                plain(row.label),
                str(len(row.points)),
                f"{row.low:g}–{row.high:g}",
                f"{row.latest:g}",
                words["level_trend"] if row.trend == "level" else words[row.trend],
            )
            for row in content.progress
        ]
        heads = ("competencies", "interviews", "range", "latest", "trend")
        parts += [
            f"## {words['progress']}",
            words["progress_note"],
            _table([words[head] for head in heads], rows),
        ]
    return "\n\n".join(filter(None, [*parts, f"*{words['made']}*"])) + "\n"


def plain(text: str) -> str:
    """`text` on one line, as Markdown shows it letter by letter."""
    return _escaped(" ".join(text.split()))


def _escaped(line: str) -> str:
    line = SPECIAL.sub(r"\\\1", CONTROL.sub("\ufffd", line))
    return BLOCK_START.sub(r"\1\\", line)


def quoted(text: str) -> str:
    """A text of several lines as a quotation; its own line breaks stay."""
    lines = (_escaped(line.strip()) for line in text.splitlines())
    return "\n".join(f"> {line}  " if line else ">" for line in lines)


def _overview(content: Content, words: Mapping[str, str]) -> list[str]:
    if not content.finished:
        return [words["unfinished"] if content.questions else words["nothing"]]
    parts = [f"## {words['overview']}", plain(content.summary)]
    if content.dimensions:
        rows = [
            (plain(label), number(value, content.language)) for label, value in content.dimensions.items()
        ]
        parts.append(_table([words["dimension"], words["rules"]], rows))
    if content.competencies:
        found = [
            (plain(c.label), number(c.overall, content.language), str(c.questions))
            for c in content.competencies
        ]
        parts.append(_table([words["competencies"], words["rules"], words["count"]], found))
    for name, items in (("strengths", content.strengths), ("improvements", content.improvements)):
        if items:
            parts += [f"### {words[name]}", "\n".join(f"- {plain(item)}" for item in items)]
    if content.next_drill:
        parts += [f"### {words['next_drill']}", plain(content.next_drill)]
    return parts


def _question(at: int, asked: Asked, content: Content, words: Mapping[str, str]) -> list[str]:
    language = content.language
    score = f"**{asked.overall:g}** {words['of']} 5" if asked.overall else words["not_scored"]
    rating = rating_said(asked, language)
    return [
        f"### {at}. {plain(asked.question)}",
        plain(place_said(asked, language)),
        score if content.finished else "",
        plain(asked.reason),
        f"**{words['answer']}**",
        quoted(asked.answer) if asked.answer else words["no_answer"],
        f"**{words['rating']}**{words['colon']}{plain(rating)}" if rating else "",
        _scores(asked, words),
        plain(differ_said(asked, language)),
        *(_judged(asked.judgement, content, words) if asked.judgement else []),
        _parts(asked, words),
        *_advice(asked, words),
    ]


def _advice(asked: Asked, words: Mapping[str, str]) -> list[str]:
    lines = ((words["met"], asked.anchor), (words["fix"], asked.fix), (words["stronger"], asked.stronger))
    parts = [f"**{title}**{words['colon']}{plain(said)}" for title, said in lines if said]
    if asked.key_points:
        parts += [f"**{words['key_points']}**", "\n".join(f"- {plain(point)}" for point in asked.key_points)]
    if asked.draft:
        parts += [f"**{words['draft']}** ({words['draft_note']})", quoted(asked.draft)]
    if asked.judgement and asked.judgement.draft:
        parts += [f"**{words['model_draft']}**", quoted(asked.judgement.draft)]
    return parts


def _parts(asked: Asked, words: Mapping[str, str]) -> str:
    rows = [(plain(score.label), _score(score)) for score in asked.parts.values()]
    return _table([words["parts"], words["rules"]], rows) if rows else ""


def _judged(judged: Judgement, content: Content, words: Mapping[str, str]) -> list[str]:
    name = plain(model_name(judged.model, content.language))
    if judged.state != "scored":
        return [f"{words['model_not_scored']} ({name}){words['colon']}{plain(judged.reason)}"]
    overall = f"**{words['model_named'].format(model=name)}** {number(judged.overall, content.language)}"
    fix = f"**{words['model_fix']}**{words['colon']}{plain(judged.fix)}" if judged.fix else ""
    return [overall, dropped_said(judged, content.language), fix]


def _scores(asked: Asked, words: Mapping[str, str]) -> str:
    model = asked.judgement.dimensions if asked.judgement else {}
    both = asked.dimensions | model
    if not both:
        return ""
    heads = [words["dimension"], words["rules"], *([words["model"]] if model else [])]
    rows = []
    for name, score in both.items():
        row = [plain(score.label), _score(asked.dimensions.get(name))]
        if model:
            row.append(_score(model.get(name)))
        rows.append(row)
    return _table(heads, rows)


def _score(score: Score | None) -> str:
    if score is None:
        return "–"
    said = plain(score.why or score.anchor)
    quote = f" “{plain(score.quote)}”" if score.quote else ""
    return f"**{score.score}** {said}{quote}"


def _again(second: SecondAttempt, content: Content, words: Mapping[str, str]) -> list[str]:
    first = content.asked(second.question_id)
    compared = second.compared
    rows = [
        [plain(moved.label), *(number(value, content.language) for value in (moved.before, moved.after))]
        for moved in compared.dimensions
    ]
    overall = [number(value, content.language) for value in (compared.before, compared.after)]
    return [
        f"### {plain(second.question.question or (first.question if first else ''))}",
        plain(compared.summary),
        *(
            f"**{words[name]}**{words['colon']}{plain(words['between'].join(getattr(compared, name)))}"
            for name in ("better", "worse")
            if getattr(compared, name)
        ),
        _table([words["dimension"], words["before"], words["after"]], [[words["scores"], *overall], *rows]),
        f"**{words['before']}**",
        quoted(first.answer) if first and first.answer else words["no_answer"],
        f"**{words['after']}**",
        quoted(second.answer),
    ]


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
