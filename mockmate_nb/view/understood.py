"""What is understood of the two texts, in a line below them: the skills that meet, the gaps, the job's level."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.interview.bank import Language, Level
from mockmate_nb.interview.reading import Match, compare, read_job, read_resume
from mockmate_nb.interview.setup import MAX_TEXT
from mockmate_nb.interview.skills import skill_label
from mockmate_nb.view.form_words import say
from mockmate_nb.view.lines import note
from mockmate_nb.view.words import word

MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Understood:
    """`level` is None where the job names none, `match` where one of the texts is missing or too long."""

    level: Level | None = None
    match: Match | None = None


def understand(resume: str, job: str, today: date) -> Understood:
    """Both texts read by rules, as of `today`; pure."""
    if not job.strip() or max(len(resume), len(job)) > MAX_TEXT:
        return Understood()
    asked = read_job(job)
    mine = read_resume(resume, today) if resume.strip() else None
    return Understood(asked.level, compare(mine, asked) if mine else None)


def understood_words(match: Match, language: Language) -> str:
    """The skills that meet and those that lack, the first few by name."""
    if not match.shared and not match.missing:
        return say(language, "nothing_named")
    told = [
        say(language, "shared", names=_names(match.shared, language))
        if match.shared
        else say(language, "nothing_shared"),
        say(language, "missing", names=_names(match.missing, language))
        if match.missing
        else say(language, "nothing_missing"),
    ]
    if match.years_short:
        told.append(say(language, "years_short", years=match.years_short))
    return word(language, "space").join(told)


def _names(skills: Sequence[str], language: Language) -> str:
    names = [skill_label(skill, language) for skill in skills[:MOST_NAMED]]
    if len(skills) > MOST_NAMED:
        names.append(say(language, "and_more", count=len(skills) - MOST_NAMED))
    return word(language, "between").join(names)


class Reader:
    """Reads the two texts on the worker loop whenever they change; only the last reading counts.

    `line` shows it; `read(level)` is called with the job's level, None where it names none.
    """

    def __init__(self, read: Callable[[Level | None], None]) -> None:
        self.line = w.HTML()
        self._read = read
        self._texts = ("", "")
        self._found = Understood()

    def take(self, resume: str, job: str, language: Language) -> None:
        texts = resume, job
        if texts == self._texts:
            self._show(language)
        else:
            self._texts = texts
            asyncio.run_coroutine_threadsafe(self._look(texts, language), aio.loop())

    async def _look(self, texts: tuple[str, str], language: Language) -> None:
        found = await asyncio.to_thread(understand, *texts, datetime.now().astimezone().date())
        if texts == self._texts:
            self._found = found
            self._read(found.level)
            self._show(language)

    def _show(self, language: Language) -> None:
        match = self._found.match
        self.line.value = note(understood_words(match, language)) if match else ""
        self.line.layout.display = "" if match else "none"
