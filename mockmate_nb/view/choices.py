"""What kind of interview it is to be: format, level, style, number, mode, time, one's own questions."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import Format, Language, Level
from mockmate_nb.interview.setup import (
    ANY_FORMAT,
    MAX_OWN,
    MAX_OWN_LENGTH,
    MAX_QUESTIONS,
    MINUTES_A_QUESTION,
    MODES,
    Style,
)
from mockmate_nb.view.followed import Followed, relabel
from mockmate_nb.view.form_words import say
from mockmate_nb.view.lines import alarm, note
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.words import word

SHORTEST, LONGEST = 5, 90  # minutes


class Choices:
    """The fields, each a widget; `speak` gives them their names."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.format, self.level, self.style, self.mode = (
            w.Dropdown(),
            w.Dropdown(),
            w.Dropdown(),
            w.Dropdown(),
        )
        self.count = w.BoundedIntText(value=3, min=1, max=MAX_QUESTIONS)
        self.minutes = w.BoundedIntText(value=3 * MINUTES_A_QUESTION, min=SHORTEST, max=LONGEST)
        self.own = w.Textarea(continuous_update=False, rows=3, layout=w.Layout(width="auto"))
        self.own_note = w.HTML()
        self.asked_level, self.asked_minutes = Followed(self.level), Followed(self.minutes)
        self.speak(language)
        for field in (self.count, self.mode, self.own):
            field.observe(lambda _: from_cell(self._follow), "value")

    def speak(self, language: Language) -> None:
        self._language = language
        for name in ("format", "level", "style", "count", "mode", "minutes", "own"):
            getattr(self, name).description = say(language, name)
        self.own.placeholder = say(language, "own_hint")
        relabel(self.format, [(word(language, n), n) for n in (ANY_FORMAT, *(f.value for f in Format))])
        self.asked_level.relabel(
            [(word(language, each.value), each.value) for each in Level], Level.MID.value
        )
        names = {Style.TECHNICAL: "technical_style"}
        styles = [(word(language, names.get(each, each.value)), each.value) for each in Style]
        relabel(self.style, styles, Style.NEUTRAL.value)
        relabel(self.mode, [(say(language, f"mode_{mode}"), mode) for mode in MODES])
        self._follow()

    def _follow(self) -> None:
        """Minutes by the number of questions, and what is to be said of one's own."""
        self.asked_minutes.suggest(max(SHORTEST, min(LONGEST, MINUTES_A_QUESTION * self.count.value)))
        self.minutes.layout.display = "" if self.mode.value == "live" else "none"
        told = ""
        try:
            mine, asked = len(self.own_questions), self.count.value
        except CallerError as fault:
            told = alarm(fault.message)
        else:
            if mine:
                name = "own_over" if mine > asked else "own_count"
                told = note(say(self._language, name, count=mine, of=asked))
        self.own_note.value = told
        self.own_note.layout.display = "" if told else "none"

    @property
    def own_questions(self) -> tuple[str, ...]:
        """One a line, blank lines left out; `CallerError` where there are too many or one is too long."""
        lines = tuple(" ".join(line.split()) for line in self.own.value.splitlines() if line.strip())
        if len(lines) > MAX_OWN:
            raise self._refused("own_too_many", count=len(lines), limit=MAX_OWN)
        for line in lines:
            if len(line) > MAX_OWN_LENGTH:
                raise self._refused("own_too_long", start=line[:30], length=len(line), limit=MAX_OWN_LENGTH)
        return lines

    def _refused(self, name: str, **facts: object) -> CallerError:
        return CallerError(say(self._language, name, **facts), field="own_questions")

    def read_level(self, level: Level | None) -> None:
        """The job text asks for this level, None for none; it counts where the person has not chosen one."""
        self.asked_level.suggest((level or Level.MID).value)

    def chosen(self) -> dict[str, Any]:
        """These fields of an `InterviewSetup`."""
        return {
            "interviewer_style": self.style.value,
            "question_count": self.count.value,
            "interview_format": self.format.value,
            "level": self.level.value,
            "mode": self.mode.value,
            "minutes": self.minutes.value if self.mode.value == "live" else None,
            "own_questions": self.own_questions,
        }
