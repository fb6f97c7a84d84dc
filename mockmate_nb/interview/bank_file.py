"""Questions out of TOML files. Every fault names the file, the entry and the field, and says what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import (
    LANGUAGES,
    Format,
    Gap,
    Language,
    Level,
    Question,
    Wording,
    competency_names,
    generic_follow_ups,
    role_words,
)

FILES = "questions*.toml"
KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ENTRY_FIELDS = ("id", "competency", "format", "level", "roles", "tags", "drill", *LANGUAGES)
WORDING_FIELDS = ("text", "probes", "key_points", "follow_ups", "hint")


def near(name: str, names: Collection[str]) -> str:
    """Advice for a name that is not one of `names`: the near ones, or all where they are few."""
    close = get_close_matches(name, names, n=3)
    if close:
        return f"Did you mean {' or '.join(map(repr, close))}?"
    return (
        f"Use one of: {', '.join(names)}."
        if len(names) <= 12
        else f"There are {len(names)} names to choose from."
    )


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file. `where` names file and entry, `prefix` the path to this table within the entry."""

    where: str
    values: dict[str, Any]
    prefix: str = ""

    def fault(self, name: str, what: str, advice: str) -> CallerError:
        path = self.prefix + name
        return CallerError(f"{self.where}: field {path!r} {what}.", field=path, advice=advice)

    def closed(self, names: Collection[str]) -> None:
        for name in self.values:
            if name not in names:
                raise self.fault(name, "is not known", near(name, names))

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if value is None:
            raise self.fault(name, "is missing", f'Add {name} = "…" to this entry.')
        if not isinstance(value, str) or not value.strip():
            raise self.fault(name, "is not a text", f'Write {name} = "…" with at least one word.')
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name)
        if value is None:
            raise self.fault(name, "is missing", f'Add {name} = ["…"] to this entry.')
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.fault(name, "is not a list of texts", f'Write {name} = ["…", "…"].')
        return tuple(item.strip() for item in value)

    def choice(self, name: str, names: Collection[str]) -> str:
        value = self.text(name)
        if value not in names:
            raise self.fault(name, f"has the unknown value {value!r}", near(value, names))
        return value

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self.fault(name, "is neither true nor false", f"Write {name} = true, or leave it out.")
        return value

    def table(self, name: str) -> Table:
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise self.fault(name, "is not a table", f"Give it as a table [question.{self.prefix}{name}].")
        return Table(self.where, value, f"{self.prefix}{name}.")


def read_questions(path: Path) -> tuple[Question, ...]:
    """All questions of a TOML file, or of a folder's `questions*.toml` in the order of their names."""
    questions: dict[str, Question] = {}
    origin: dict[str, str] = {}
    for file in _files(path):
        for table in _entries(file):
            question = _question(table)
            if question.id in questions:
                raise table.fault(
                    "id", f"is taken in {origin[question.id]}", "Give each question an id of its own."
                )
            questions[question.id] = question
            origin[question.id] = file.name
    return tuple(questions.values())


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(path.glob(FILES))
        if not files:
            raise CallerError(
                f"The folder {path} holds no {FILES}.", field="path", advice="Name the files so."
            )
        return files
    if not path.is_file():
        raise CallerError(f"There is no file or folder {path}.", field="path", advice="Check the path.")
    return [path]


def _entries(file: Path) -> Iterator[Table]:
    try:
        values = tomllib.loads(file.read_text("utf-8-sig"))
    except OSError as fault:
        raise CallerError(
            f"{file.name} cannot be read ({fault.strerror}).",
            field="path",
            advice="Check the file's permissions.",
        ) from fault
    except UnicodeDecodeError as fault:
        raise CallerError(
            f"{file.name} is not UTF-8 (byte {fault.start}).", field="path", advice="Save the file as UTF-8."
        ) from fault
    except tomllib.TOMLDecodeError as fault:
        raise CallerError(
            f"{file.name} is not TOML: {fault}.", field="path", advice="Mend the line that is named."
        ) from fault
    Table(file.name, values).closed(("question",))
    entries = values.get("question")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise CallerError(
            f"{file.name} holds no questions.",
            field="question",
            advice="Begin each with a line [[question]].",
        )
    for number, entry in enumerate(entries, 1):
        label = repr(entry["id"]) if isinstance(entry.get("id"), str) else f"number {number}"
        yield Table(f"{file.name}, question {label}", entry)


def _question(table: Table) -> Question:
    table.closed(ENTRY_FIELDS)
    identity = table.text("id")
    if not KEBAB.fullmatch(identity):
        raise table.fault("id", "is not kebab-case", "Use lower-case letters, digits and single hyphens.")
    tags = table.texts("tags")
    if any(tag != tag.lower() for tag in tags):
        raise table.fault("tags", "has upper-case letters", "Write tags in lower case.")
    roles = table.texts("roles")
    known = ("any", *role_words())
    for role in roles:
        if role not in known:
            raise table.fault("roles", f"names the unknown role {role!r}", near(role, known))
    if not roles:
        raise table.fault("roles", "is empty", 'Write roles = ["any"] where the question suits everyone.')
    wordings = {
        language: _wording(table.table(language), language)
        for language in LANGUAGES
        if language in table.values
    }
    if not wordings:
        raise table.fault("en", "is missing", "Add a table [question.en] or [question.zh] with the wording.")
    return Question(
        id=identity,
        competency=table.choice("competency", tuple(competency_names())),
        format=Format(table.choice("format", tuple(Format))),
        level=Level(table.choice("level", tuple(Level))),
        roles=roles,
        tags=tags,
        wordings=wordings,
        drill=table.flag("drill"),
    )


def _wording(table: Table, language: Language) -> Wording:
    table.closed(WORDING_FIELDS)
    follow_ups = table.table("follow_ups")
    follow_ups.closed(tuple(Gap))
    return Wording(
        text=table.text("text"),
        probes=table.text("probes"),
        key_points=table.texts("key_points"),
        follow_ups=generic_follow_ups(language)
        | {Gap(name): follow_ups.text(name) for name in follow_ups.values},
        hint=table.text("hint"),
    )
