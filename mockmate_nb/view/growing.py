"""Feedback that grows, as HTML: the rules' scores at once, a model's beside them as they come. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from mockmate_nb.interview import rubric
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.dimensions import RULES
from mockmate_nb.view.feedback_words import say
from mockmate_nb.view.question_html import dots, quoted_html, scored

JUDGED = re.compile(r"questions\.(\d+)\.judgement\.")
POINT = re.compile(r"[1-5]")


class Growing:
    """Collects text by path; `html` shows what has come. At most one question stands open: the one being read."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._read: int | None = None

    def take(self, path: str, content: str) -> None:
        """`content` follows what stands at `path`."""
        self._said[path] = self._said.get(path, "") + content
        if found := JUDGED.match(path):
            self._read = int(found[1])

    @property
    def judged(self) -> bool:
        """Whether a model has begun; by the rules alone all comes at once."""
        return self._read is not None

    def html(self, questions: Sequence[str], language: Language, *, over: bool = False) -> str:
        """A line a question, and a table for the one that is being read. `over`: nothing more will come."""
        if self._read is None:
            return ""
        model = self._said.get(f"questions.{self._read}.judgement.model", "")
        note = say(language, "growing_over") if over else say(language, "growing_note", model=model)
        rows = "".join(self._question(at, text, language, over=over) for at, text in enumerate(questions))
        return (
            f'<section class="mockmate-feedback mockmate-growing" lang="{language}"'
            f' aria-busy="{"false" if over else "true"}"><h3>{say(language, "growing")}</h3>'
            f'<p class="mockmate-quietly">{escape(note)}</p>{rows}</section>'
        )

    def _at(self, at: int, name: str) -> str:
        return self._said.get(f"questions.{at}.{name}", "")

    def _question(self, at: int, text: str, language: Language, *, over: bool) -> str:
        rules = scored(_number(self._at(at, "overall")), language)
        line = (
            f'<span class="mockmate-score">{rules}{self._model(at, language, over=over)}</span>'
            f"<b>{at + 1}.</b> {escape(text)}"
        )
        table = self._table(at, language) if at == self._read else ""
        return f'<div class="mockmate-question"><p>{line}</p>{table}</div>'

    def _model(self, at: int, language: Language, *, over: bool) -> str:
        """How far the model is with a question."""
        state, overall = self._at(at, "judgement.state"), self._at(at, "judgement.overall")
        if overall:
            told = f"{say(language, 'model')} {overall}"
        elif state:
            told = f"{say(language, 'model')} {say(language, 'not_scored')}"
        elif over or not self._at(at, "overall"):
            return ""
        else:
            told = say(language, "reads" if at == self._read else "waits")
        return f" <small>{escape(told)}</small>"

    def _table(self, at: int, language: Language) -> str:
        if self._at(at, "judgement.state") == "not_scored":
            return f'<p class="mockmate-reason">{escape(self._at(at, "judgement.reason"))}</p>'
        head = "".join(
            f'<th scope="col">{say(language, name)}</th>'
            for name in ("dimension", "rules", "model", "ground")
        )
        rows = "".join(self._row(at, name, language) for name in RULES)
        return f'<table class="mockmate-fills"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'

    def _row(self, at: int, name: str, language: Language) -> str:
        label = rubric.ANCHORS[name]["name"][language]
        why, quote = (self._at(at, f"judgement.dimensions.{name}.{each}") for each in ("why", "quote"))
        quoted = f" {quoted_html(quote)}" if quote else ""
        return (
            f'<tr><th scope="row">{escape(label)}</th><td>{_point(self._at(at, f"dimensions.{name}.score"))}</td>'
            f"<td>{_point(self._at(at, f'judgement.dimensions.{name}.score'))}</td>"
            f"<td>{escape(why)}{quoted}</td></tr>"
        )


def _point(text: str) -> str:
    return dots(int(text)) if POINT.fullmatch(text) else '<span aria-hidden="true">·····</span>'


def _number(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
