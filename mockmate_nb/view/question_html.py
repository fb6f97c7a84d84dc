"""One question's part of the feedback as HTML: its score, what it rests on, what to do, what a model says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from mockmate_nb.interview.bank import Language
from mockmate_nb.view.feedback_words import say
from mockmate_nb.view.words import WORDS, word

Entry = Mapping[str, Any]
POINTS = 5
SHORT = {"en": 42, "zh": 20}  # letters of a quote that has been shown before
BRACKETED = re.compile(r"\[[^\[\]]{1,90}\]")
OWN_PARTS = ("system_design", "coding", "case")


def question_html(at: int, entry: Entry, language: Language, *, unfolded: bool = False) -> str:
    """The question of number `at` as a fold; its line tells question and score."""
    apart = '<span class="mockmate-apart"> – </span>'
    beside = (entry.get("judgement") or {}).get("overall")
    model = f" <small>{say(language, 'model')} {beside:g}</small>" if beside is not None else ""
    line = (
        f'<span class="mockmate-score">{scored(entry["overall"], language)}{model}</span>{apart}'
        f"<b>{at}.</b> {escape(entry['question'])}{_place(entry, language)}"
    )
    return fold(line, entry_html(entry, language), unfolded=unfolded, kind="mockmate-question")


def entry_html(entry: Entry, language: Language) -> str:
    """What there is to say of one answer."""
    judged, overall = entry.get("judgement"), entry["overall"]
    pieces = [
        _reason(entry, language),
        _titled("fix", entry.get("fix"), language, "mockmate-fix"),
        _titled("model_fix", (judged or {}).get("fix"), language),
        _sounds_like(entry, language),
        f'<p class="mockmate-quietly">{escape(entry["rating_note"])}</p>' if entry.get("rating_note") else "",
        _judged(entry, language) if judged else "",
        _tables(entry, language) if overall is not None else "",
        _drafts(entry, language),
        _key_points(entry, language),
        _answer(entry, language),
        _dropped(judged, language) if judged else "",
    ]
    return "".join(pieces)


def scored(value: float | None, language: Language) -> str:
    """A score in words: "3.4 / 5", or that there is none."""
    if value is None:
        return f'<span class="mockmate-none">{say(language, "not_scored")}</span>'
    return f"<b>{value:g}</b> / {POINTS}"


def dots(score: int) -> str:
    """The points of one dimension: a picture for the eye, a figure for everybody."""
    shown = "●" * score + "○" * (POINTS - score)
    return f'<span class="mockmate-dots" aria-hidden="true">{shown}</span> <b>{score}</b>'


def fold(line: str, inner: str, *, unfolded: bool = False, kind: str = "mockmate-fold") -> str:
    """A line, and below it what it hides; both are HTML."""
    opened = " open" if unfolded else ""
    return f'<details class="{kind}"{opened}><summary>{line}</summary>{inner}</details>'


def marks(text: str) -> str:
    """A text with its lines; the brackets that are to be filled are marked."""
    return BRACKETED.sub(lambda found: f"<mark>{found.group()}</mark>", lined(text))


def lined(text: str) -> str:
    """A text with its lines."""
    return escape(text, quote=False).replace("\n", "<br>")


def _place(entry: Entry, language: Language) -> str:
    names = [
        word(language, entry[name]) for name in ("format", "level") if entry.get(name) in WORDS[language]
    ]
    told = " · ".join(filter(None, [entry.get("competency_label"), *names]))
    return f' <small class="mockmate-place">{escape(told)}</small>' if told else ""


def _titled(name: str, text: str | None, language: Language, kind: str = "") -> str:
    if not text:
        return ""
    opened = f'<p class="{kind}">' if kind else "<p>"
    return f"{opened}<b>{say(language, name)}</b>{escape(text)}</p>"


def _reason(entry: Entry, language: Language) -> str:
    if not entry.get("reason"):
        return ""
    title = f"<b>{say(language, 'why_not')}</b>" if entry["overall"] is None else ""
    return f'<p class="mockmate-reason">{title}{escape(entry["reason"])}</p>'


def _sounds_like(entry: Entry, language: Language) -> str:
    if not entry.get("anchor") or entry["overall"] is None:
        return ""
    label = str(entry.get("competency_label") or entry.get("competency", ""))
    competency = label.lower() if language == "en" else label
    title = escape(say(language, "sounds_like", point=round(entry["overall"]), competency=competency))
    return f"<p><b>{title}</b>{escape(entry['anchor'])}</p>"


def _tables(entry: Entry, language: Language) -> str:
    quoted: list[str] = []
    tables = [_table(say(language, "scores"), "dimensions", entry, quoted, language)]
    if entry.get("parts"):
        kind = entry.get("format")
        title = say(language, f"parts_{kind}" if kind in OWN_PARTS else "parts_story")
        tables.append(_table(title, "parts", entry, quoted, language))
    return "".join(tables)


def _table(title: str, name: str, entry: Entry, quoted: list[str], language: Language) -> str:
    judged = (entry.get("judgement") or {}).get("dimensions", {}) if name == "dimensions" else {}
    uncounted = {each for each, weight in entry.get("weights", {}).items() if not weight}
    head = "".join(f'<th scope="col">{say(language, each)}</th>' for each in ("dimension", "score", "ground"))
    rows = [
        _row(part, judged.get(each), quoted, language, both=bool(judged), counts=each not in uncounted)
        for each, part in entry[name].items()
    ]
    return (
        f'<table class="mockmate-table" role="table"><caption>{title}</caption><thead><tr>{head}</tr></thead>'
        f"{''.join(rows)}</table>"
    )


def _row(
    part: Entry, judged: Entry | None, quoted: list[str], language: Language, *, both: bool, counts: bool
) -> str:
    """A dimension: the rules' score with what it rests on, and a model's below it."""
    apart = abs(part["score"] - judged["score"]) if judged else 0
    notes = [] if counts else [say(language, "uncounted")]
    if apart > 1:
        notes.append(say(language, "apart", points=apart))
    noted = "".join(f" <small>{note}</small>" for note in notes)
    span = ' rowspan="2"' if judged else ""
    by = f'<span class="mockmate-by">{say(language, "rules")}</span> ' if both else ""
    rows = (
        f'<tr role="row"><th scope="row" role="rowheader"{span}>{escape(part["label"])}{noted}</th>'
        f'<td role="cell" class="mockmate-points">{by}{dots(part["score"])}</td>'
        f'<td role="cell">{escape(part["anchor"])}{_quote(part["quote"], quoted, language)}</td></tr>'
    )
    if judged:
        rows += (
            f'<tr role="row" class="mockmate-beside"><td role="cell" class="mockmate-points">'
            f'<span class="mockmate-by">{say(language, "model")}</span> {dots(judged["score"])}</td>'
            f'<td role="cell">{escape(judged.get("why") or judged.get("anchor", ""))}'
            f"{_quote(judged.get('quote', ''), quoted, language, above=part['quote'])}</td></tr>"
        )
    kind = ' class="mockmate-differs"' if apart > 1 else ""
    return f"<tbody{kind}>{rows}</tbody>"


def _quote(quote: str, quoted: list[str], language: Language, *, above: str = "") -> str:
    """The words that earned a score; those that have been shown already, by their beginning. `above`: the rules'."""
    if not quote:
        return ""
    bare, limit = _bare(quote), SHORT[language]
    if bare == _bare(above):
        return f" <small>{say(language, 'same_words')}</small>"
    again = len(bare) > limit and any(each.startswith(bare) for each in quoted)
    if not again:
        quoted.append(quote)
    return f" {quoted_html(_beginning(bare, limit) if again else quote)}"


def quoted_html(text: str) -> str:
    """Words of the answer, in quote marks that are there without a style too."""
    return f'<em class="mockmate-quote">“{escape(text)}”</em>'


def _bare(quote: str) -> str:
    return quote.rstrip(".。 ")


def _beginning(text: str, limit: int) -> str:
    """The first letters, as far as whole words go."""
    start = text[:limit]
    cut = start.rfind(" ", limit // 2)
    return (start if cut < 0 else start[:cut]).rstrip(" ,，、") + " …"


def _judged(entry: Entry, language: Language) -> str:
    """What a model's judgement comes to as a whole."""
    judged = entry["judgement"]
    title = f"<b>{escape(say(language, 'by_model', model=judged.get('model') or '–'))}</b>"
    if judged.get("state") != "scored":
        return f"<p>{title}{say(language, 'model_not_scored')}{escape(judged.get('reason', ''))}</p>"
    overall = judged.get("overall")
    told = say(language, "model_no_overall" if overall is None else "model_overall", score=overall or 0)
    labels = [part["label"] for name, part in entry["dimensions"].items() if name in entry.get("differ", ())]
    differ = ""
    if labels:
        names = say(language, "between").join(labels)
        differ = f" {escape(say(language, 'differ', names=names))}"
    return f"<p>{title}{told}{differ}</p>"


def _drafts(entry: Entry, language: Language) -> str:
    mine, theirs = entry.get("draft"), (entry.get("judgement") or {}).get("draft")
    return "".join(
        fold(say(language, name), f'<p class="mockmate-said">{marks(text)}</p>{_noted(name, text, language)}')
        for name, text in (("draft", mine), ("model_draft", theirs))
        if text
    )


def _noted(name: str, text: str, language: Language) -> str:
    """What to know about a draft: whose words the rules' one has, and what the brackets in any are for."""
    notes = [say(language, "draft_note")] if name == "draft" else []
    if BRACKETED.search(text):
        notes.append(say(language, "draft_fill"))
    told = ("" if language == "zh" else " ").join(notes)
    return f'<p class="mockmate-quietly">{told}</p>' if told else ""


def _key_points(entry: Entry, language: Language) -> str:
    """The question's own points; for a question that has none, what the rules say of a fuller answer."""
    points = "".join(f"<li>{escape(point)}</li>" for point in entry.get("key_points", ()))
    more = entry.get("stronger")
    told = f"<ol>{points}</ol>" if points else f"<p>{escape(more)}</p>" if more else ""
    return fold(say(language, "key_points"), told) if told else ""


def _answer(entry: Entry, language: Language) -> str:
    if "answer" not in entry:
        return ""
    answer = entry["answer"]
    said = lined(answer) if answer.strip() else say(language, "no_answer")
    return fold(say(language, "answer"), f'<p class="mockmate-said">{said}</p>')


def _dropped(judged: Entry, language: Language) -> str:
    counts = ((name, judged.get(name, 0)) for name in ("dropped_quotes", "dropped_scores"))
    told = " ".join(say(language, name, count=count) for name, count in counts if count)
    return f'<p class="mockmate-quietly">{told}</p>' if told else ""
