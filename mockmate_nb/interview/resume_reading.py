"""A résumé's facts: its sections, skills, projects with their figures, years. By rules, pure, linear."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from mockmate_nb.interview.figures import amounts
from mockmate_nb.interview.outline import (
    LINE,
    PROJECT,
    TOP,
    WORKED,
    Item,
    Section,
    columns,
    items,
    sections,
    short,
    words,
)
from mockmate_nb.interview.periods import RANGE, counted, stated
from mockmate_nb.interview.skills import skills_in

MAX_PROJECTS = 40
WORTH = 30  # columns; a shorter list item tells of nothing that could be asked about
PROSE = 2 * WORTH  # running text under an entry; a shorter one is a part of its title
CLAUSE = re.compile(r"[;；。，:：]|\.(?=\s|$)|\s[–—]\s")
ASIDE = re.compile(r"\s?(?:\([^()]{0,200}\)|（[^（）]{0,200}）)")
LEAD = re.compile(r"(?:\*\*)?([^:：。.\n]{2,30})(?:\*\*)?[:：]\s*(?=\S)")


@dataclass(frozen=True, slots=True)
class Project:
    """Something the candidate did. `figures` are the amounts with a unit or a baseline, as written in `text`."""

    title: str
    text: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resume:
    """`sections` by kind, in order (see `data/headings.toml`; others by their own heading); `years` of
    experience, as stated, else counted from dates, None where neither stands there."""

    text: str = field(repr=False)
    sections: Mapping[str, str] = field(repr=False, hash=False)
    skills: tuple[str, ...]
    projects: tuple[Project, ...]
    years: float | None


def read_resume(text: str, today: date | None = None) -> Resume:
    """The facts of a résumé. `today` ends what lasts "to the present"; without it the latest date named does."""
    found = sections(text, "resume")
    worked = [section for section in found if section.name in WORKED]
    others = [
        s for s in found if s.name not in ("education", "skills", "certifications", "awards", "publications")
    ]
    by_name: dict[str, str] = {}
    for section in found:
        by_name[section.name] = "\n".join(filter(None, (by_name.get(section.name), section.text)))
    said = [years for years, _ in stated(text)]
    dated = "\n".join(s.text for s in worked if s.name == "experience") or "\n".join(s.text for s in others)
    return Resume(
        text=text,
        sections=by_name,
        skills=skills_in(text),
        projects=tuple(_projects(worked or others))[:MAX_PROJECTS],
        years=max(said) if said else counted(dated, today),
    )


def _projects(worked: list[Section]) -> list[Project]:
    """Under projects each entry, under experience each list item; running text where there is no list."""
    found: list[Project] = []
    for section in worked:
        parts = list(items(section.lines))
        whole = section.name == "projects" and any(part.kind in ("entry", "project") for part in parts)
        title, gathers = "", whole
        body: list[str] = []
        for part in (*parts, Item("entry", "")):
            if part.kind in ("entry", "project"):
                found += _told(title, body, gathers)
                own = PROJECT.match(part.text)
                title, body = short(own[1] if own else RANGE.sub("", part.text)), []
                gathers = whole or part.kind == "project"
            elif part.kind == "listed" and not gathers:
                body = []
                if columns(part.text) >= WORTH:
                    found.append(_project("", part.text))
            elif gathers or section.name != TOP:
                body.append(part.text)
    return found


def _told(title: str, body: list[str], gathers: bool) -> list[Project]:
    """An entry's running text: one project, or, under a place of work, each paragraph that says what was done."""
    if not gathers:
        done = [text for text in body if words("did").match(text) and columns(text) >= WORTH]
        if len(done) > 1:
            return [_project("", text) for text in done]
    text = " ".join(body)
    return [_project(title, text)] if columns(text) >= (WORTH if gathers else PROSE) else []


def _project(title: str, text: str) -> Project:
    masked = RANGE.sub(lambda match: " " * len(match.group()), text)
    figures = tuple(dict.fromkeys(text[a.start : a.end].strip() for a in amounts(masked) if a.measured))
    return Project(title or _lead(text), text, figures)


def _lead(text: str) -> str:
    """What a list item is about: the words before its colon, else its first clause."""
    text = text[:LINE]
    lead = LEAD.match(text)
    if lead:
        return short(lead[1])
    text = ASIDE.sub("", text)
    cut = next((m.start() for m in CLAUSE.finditer(text) if columns(text[: m.start()]) >= 12), len(text))
    return short(text[:cut])
