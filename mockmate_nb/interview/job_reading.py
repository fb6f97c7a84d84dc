"""A job's facts: title, requirements, what would be nice, skills, years, level. By rules, pure, linear."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mockmate_nb.interview.outline import (
    HASHES,
    LINE,
    LIST_MARK,
    TITLE,
    TOP,
    Section,
    columns,
    items,
    plain,
    sections,
    short,
    unmarked,
    words,
)
from mockmate_nb.interview.periods import stated
from mockmate_nb.interview.question import Level
from mockmate_nb.interview.skills import Named, named, skills_in

MAX_LINES = 80
RUN_ON = 240  # characters; "a plus" somewhere in a longer one does not speak of all of it
SENTENCE = re.compile(r"(?<=[。；;！？!?])\s*|(?<=[a-z)%0-9]\.)\s+(?=[A-Z])|\n")
OR = re.compile(r"\bor\b|或", re.IGNORECASE)
SLASH = re.compile(r"/")
JOINT_LENGTH = 12
JOINT = re.compile(
    r"[\s,，、/|()（）]*(?:(?:\bor\b|或者?|\band\b|和|与|及|、|/|,|，)[\s,，、/|()（）]*)?", re.IGNORECASE
)
ONE_OF = re.compile(
    r"[\s)）]*(?:or (?:similar|comparable|equivalent|another|other)|(?:等)?\s?(?:中的?)?(?:至少|任意|任一|其中|之)一"
    r"|等?(?:类似|同类|主流))|[\s,，]*or\s",
    re.IGNORECASE,
)
ANY_OF = re.compile(
    r"(?:one of|at least one of|any of|such as|e\.g\.,?|like|如|比如|至少一[门种个]|任一)[:：]?\s*$",
    re.IGNORECASE,
)
SEEKING = re.compile(
    r"(?:looking for|seeking|hiring|recruiting)\s(?:an?|our(?: next)?|the)?\s?([^.,;:\n(]{4,80})"
    r"|(?:诚聘|招聘|寻找|招募)\s?[:：]?\s?(?:一[名位])?([^，。,；\n（(]{2,30})",
    re.IGNORECASE,
)
TITLE_TAIL = re.compile(
    r"\s*(?:[:：].*|\((?:m|w|f|d|x|all|remote|hybrid|full|part|any)[^)]*\)|（[^）]*）|\bat\s[A-Z].*|\s[|·@]\s?.*|\s[–—-]\s.*|\bwho\b.*|\bto\b\s.*"
    r"|\b(?:job description|jd)\b)\s*$",
    re.IGNORECASE,
)
UNASKED = ("benefits", "process")


@dataclass(frozen=True, slots=True)
class Job:
    """`skills` are those asked for, required ones first; `nice_skills` those of `nice_to_have` alone. Of the
    skills in one of `choices` any one is enough. `years`: the least that is asked for."""

    text: str = field(repr=False)
    title: str
    requirements: tuple[str, ...]
    nice_to_have: tuple[str, ...]
    skills: tuple[str, ...]
    nice_skills: tuple[str, ...]
    choices: tuple[tuple[str, ...], ...]
    years: float | None
    level: Level | None


def read_job(text: str) -> Job:
    """The facts of a job description."""
    found = sections(text, "job")
    must, nice = _requirements(found)
    duties = [
        statement
        for section in found
        if section.name not in (*UNASKED, "nice_to_have")
        for statement in _statements(section)
        if statement not in nice
    ]
    asked = "\n\n".join([*must, *duties])
    wished = skills_in("\n\n".join(nice))
    skills = skills_in(asked)
    heading = _title(text, found)
    years = max((years for line in must for years, _ in stated(line)), default=None)
    return Job(
        text=text,
        title=_cut_title(heading),
        requirements=must,
        nice_to_have=nice,
        skills=skills,
        nice_skills=tuple(skill for skill in wished if skill not in skills),
        choices=tuple(dict.fromkeys(choice for line in (*must, *duties) for choice in _choices(line))),
        years=years,
        level=_level(heading, years, must),
    )


def _requirements(found: tuple[Section, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Lines that must be met, and those that are nice to have; by headings, else by how the sentences speak."""
    listed = [s for s in found if s.name == "requirements"]
    must: dict[str, None] = {}
    nice: dict[str, None] = {}
    for section in found:
        if section.name in UNASKED:
            continue
        for line in _statements(section):
            if section.name == "nice_to_have" or (len(line) <= RUN_ON and words("nice").search(line)):
                nice[line] = None
            elif section.name == "requirements" or (
                not listed and section.name != "duties" and words("must").search(line)
            ):
                must[line] = None
    return tuple(must)[:MAX_LINES], tuple(nice)[:MAX_LINES]


def _statements(section: Section) -> list[str]:
    """A section's list items, each whole, and the sentences of its running text."""
    statements = []
    for part in items(section.lines):
        pieces = [part.text] if part.kind == "listed" else SENTENCE.split(part.text)
        statements += [
            piece.strip().rstrip("；;。.").strip() for piece in pieces if any(map(str.isalnum, piece))
        ]
    return statements


def _choices(line: str) -> list[tuple[str, ...]]:
    """Groups of skills on a line of which one is enough: "A or B", "A/B", "one of A, B", "A、B 中的至少一门"."""
    groups: list[_Group] = []
    for name in named(line):
        group = groups[-1] if groups else None
        between = line[group.names[-1].end : name.start] if group else ""
        if group is None or len(between) > JOINT_LENGTH or not JOINT.fullmatch(between):
            groups.append(
                _Group([name], open=bool(ANY_OF.search(line[max(0, name.start - 24) : name.start])))
            )
        elif group.open or OR.search(between):
            group.names.append(name)
            group.either = group.either or not group.open
        elif SLASH.search(between) and not group.either and len(group.names) > 1:
            groups.append(_Group([group.names.pop(), name], either=True))
        elif SLASH.search(between):
            group.names.append(name)
            group.either = True
        elif group.either:
            groups.append(_Group([name]))
        else:
            group.names.append(name)
    chosen = [g for g in groups if g.either or g.open or ONE_OF.match(line, g.names[-1].end)]
    sets = [tuple(dict.fromkeys(name.skill for name in group.names)) for group in chosen]
    return [choice for choice in sets if len(choice) > 1]


@dataclass(slots=True)
class _Group:
    """Skills that stand side by side; `open` behind words such as "one of", `either` once joined by "or"."""

    names: list[Named]
    open: bool = False
    either: bool = False


def _title(text: str, found: tuple[Section, ...]) -> str:
    lines = [line[:LINE] for line in text.split("\n") if line.strip()][:12]
    for line in lines:
        name, colon, rest = plain(line).partition("：" if "：" in line else ":")
        if colon and rest.strip() and words("title_field").fullmatch(name.strip()):
            return rest
    for line in lines[:8]:
        bare = plain(line)
        brief = columns(bare) <= 90 and not LIST_MARK.match(line) and not re.search(r"[.。!！?？]$", bare)
        if (
            brief
            and words("role").search(bare)
            and (HASHES.match(line) or not re.search(r"[,，].*[,，]", bare))
        ):
            return bare
    seeking = SEEKING.search(text[:4000])
    if seeking and words("role").search(seeking[0]):
        return seeking[1] or seeking[2]
    first = plain(lines[0]) if lines and found and (HASHES.match(lines[0]) or found[0].name == TOP) else ""
    return first if 0 < columns(first) <= TITLE and not re.search(r"[.。]$", first) else ""


def _cut_title(written: str) -> str:
    title = unmarked(written[:LINE]).strip()
    for _ in range(3):
        title = TITLE_TAIL.sub("", title).strip(" ,，|·-–—")
    return short(title)


def _level(title: str, years: float | None, must: tuple[str, ...]) -> Level | None:
    for level in (Level.SENIOR, Level.JUNIOR, Level.MID):
        if words(level.value).search(title):
            return level
    if years is None:
        return Level.JUNIOR if any(words("junior").search(line) for line in must) else None
    return Level.SENIOR if years >= 5 else Level.MID if years >= 2 else Level.JUNIOR
