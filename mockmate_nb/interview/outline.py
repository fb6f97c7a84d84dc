"""What a résumé or a job text is made of: sections under their headings, entries, list items. Pure, linear."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from mockmate_nb.interview.periods import RANGE
from mockmate_nb.interview.question import SHIPPED
from mockmate_nb.interview.skills import HAN

Kind = Literal["resume", "job"]
TOP = "top"
HEADING_LENGTH = 60
LINE = 400
TITLE = 80
MARKS = re.compile(
    r"[\s#>*_=~|—–\-•■◆●▌【】\[\]〔〕「」]*(?:(?:\d{1,2}|[一二三四五六七八九十]{1,3}|[IVX]{1,4})[.、)）:：]\s*)?[\s#*_【\[]*"
)
CLOSING = re.compile(r"[\s#*_:：=~—–\-】\]〕」|…]+$")
SPACED = re.compile(r"\w(?: \w){2,30}")
PARTS = re.compile(r"\s*(?:[&/|、,，·+]|\band\b|与|和|及|\s-\s)\s*")
INLINE = re.compile(r"(?:\*\*)?([^:：\n]{1,30}?)(?:\*\*)?[:：](?:\*\*)?\s*(\S.*)")
LIST_MARK = re.compile(
    rf"(\s*)(?:[-+–](?=\s|[A-Z{HAN}])|\*(?=\s)|[•·]|[(（]?\d{{1,2}}[.)、）](?!\d)|[①-⑳]|[a-z]\))\s*(?=\S)"
)
HASHES = re.compile(r"(#{1,6})\s+\S")
BOLD = re.compile(r"\*\*([^*\n]{2,80})\*\*")
MODIFIER = re.compile(r"(?:relevant|selected|recent|additional|notable|further|prior|previous|my|our)\s+")
RUN_IN = re.compile(  # what was copied from a page often lost its line ends
    rf"(?<=[；;。:：]) {{0,2}}(?=\d{{1,2}}[、)）](?!\d))|(?<=[；;。]) {{1,2}}(?=[{HAN}]{{2,8}}[:：])"
)
RULE = re.compile(r"\s*[-=_*~—]{3,}\s*")
ENDS = re.compile(r"[.!?。！？；;，,、]$")
PROJECT = re.compile(
    r"\W{0,4}(?:项目名称|项目\s?[一二三四五六七八九十\d]{1,2}|project(?: name)?(?: \d{1,2})?)\s*[:：]\s*(\S.*)",
    re.IGNORECASE,
)
WORKED = ("experience", "projects")


@dataclass(frozen=True, slots=True)
class Section:
    """`name` is the kind of section, or its own heading where the kind is not known; `lines` as they stand."""

    name: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip("\n")


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a section: an entry's title, a list item with what belongs to it, or running text."""

    kind: Literal["entry", "project", "listed", "prose"]
    text: str


@cache
def headings(kind: Kind) -> Mapping[str, str]:
    """Heading in lower case to the kind of section it opens."""
    table = tomllib.loads((SHIPPED / "headings.toml").read_text("utf-8"))[kind]
    return {written.strip(): name for name, row in table.items() for written in row.split(",")}


@cache
def words(name: str) -> re.Pattern[str]:
    """The pattern of that name; English words stand between word boundaries."""
    row = tomllib.loads((SHIPPED / "headings.toml").read_text("utf-8"))["words"][name]
    return re.compile(rf"(?<![A-Za-z])(?:{row})(?!(?<=[A-Za-z])[A-Za-z])", re.IGNORECASE)


def sections(text: str, kind: Kind) -> tuple[Section, ...]:
    """The sections of `text` in order; what stands above the first heading is named `TOP`."""
    opened: list[tuple[str, list[str]]] = [(TOP, [])]
    level, fresh = 6, True
    for line in RUN_IN.sub("\n", text).split("\n"):
        name, rest = _opened(line, kind, opened[-1][0], fresh)
        fresh = not line.strip() or bool(rest)
        hashes = HASHES.match(line)
        if name is None and hashes and len(hashes[1]) <= level and opened[-1][0] != TOP:
            name = plain(line).lower()
        if name is None:
            if not RULE.fullmatch(line):
                opened[-1][1].append(line)
            continue
        if hashes:
            level = min(level, len(hashes[1]))
        opened.append((name, [rest] if rest else []))
    return tuple(
        Section(name, tuple(lines)) for name, lines in opened if name != TOP or "".join(lines).strip()
    )


def plain(line: str) -> str:
    """A line without the marks of its dress: hashes, stars, numbers, brackets, a colon at its end."""
    line = line[:LINE]  # what stands further back makes no heading
    mark = MARKS.match(line)
    bare = CLOSING.sub("", line[mark.end() :] if mark else line)
    return re.sub(r"\s+", "" if SPACED.fullmatch(bare) else " ", bare)


def unmarked(text: str) -> str:
    """Running text without Markdown's emphasis, list marks and line ends."""
    mark = LIST_MARK.match(text)
    text = text[mark.end() :] if mark else text
    return " ".join(re.sub(r"\*\*|__|`|(?<!\w)\*(?=\w)|(?<=[\w.。])\*(?!\w)|^#{1,6}\s", "", text).split())


def items(lines: tuple[str, ...]) -> Iterator[Item]:
    """The parts of a section; lines that go on with a list item or a paragraph are joined to it."""
    kind: Literal["entry", "project", "listed", "prose"] | None = None
    held: list[str] = []
    indent = 0
    for at, line in enumerate(lines):
        mark = LIST_MARK.match(line)
        depth = len(mark[1]) if mark else len(line) - len(line.lstrip())
        if not line.strip():
            new = None
        elif mark and not _titled(line, lines, at):
            if kind == "listed" and depth > indent + 1:
                held.append(line)
                continue
            new, indent = "listed", depth
        elif PROJECT.match(line):
            new = "project"
        elif _titled(line, lines, at):
            new = "entry"
        elif kind in ("listed", "prose") and (depth > indent or not _closed(held[-1], line)):
            held.append(line)
            continue
        else:
            new, indent = "prose", depth
        if kind and held:
            yield Item(kind, unmarked("\n".join(held)))
        kind, held = new, [line] if new else []  # type: ignore[assignment]  # a literal set in branches is read as text
    if kind and held:
        yield Item(kind, unmarked("\n".join(held)))


def _closed(line: str, following: str) -> bool:
    """Whether a paragraph ends with `line`: with a full stop, unless the next line goes on in small letters."""
    return line.rstrip().endswith(("。", ".", "；", ";")) and not following.strip()[0].islower()


def _opened(line: str, kind: Kind, current: str, fresh: bool) -> tuple[str | None, str]:
    """The kind of section that a line opens, and what else stands on it; `fresh` after a blank line."""
    if not line.strip() or len(line) > LINE:
        return None, ""
    known = headings(kind)
    listed = LIST_MARK.match(line) and not BOLD.match(line.strip())
    if len(line.strip()) <= HEADING_LENGTH and not (listed and line.lstrip()[0] in "-*+•·"):
        bare = MODIFIER.sub("", plain(line).lower().replace("’", "'"))
        if bare in known:
            return known[bare], ""
        first, *others = PARTS.split(bare)
        dressed = HASHES.match(line) or line.isupper() or line.rstrip()[-1:] in ":：*】" or len(others) == 1
        if others and dressed and first in known and len(bare.split()) <= 6 and not ENDS.search(bare):
            return known[first], ""
    inline = INLINE.match(line.strip())
    if inline and not listed:
        name = known.get(plain(inline[1]).lower())
        inner = (name == "other" and current == "skills") or (current in WORKED and not fresh)
        if name and name not in WORKED and not inner:
            return name, inline[2]
    return None, ""


def _titled(line: str, lines: tuple[str, ...], at: int) -> bool:
    """Whether a line is the title of an entry: a place of work, a study, a project."""
    bare = line.strip()
    if len(bare) > 140:
        return False
    if HASHES.match(line):
        return True
    listed = LIST_MARK.match(line)
    if BOLD.match(bare) and (BOLD.fullmatch(bare) or RANGE.search(bare)):
        return True
    if RANGE.search(bare) and len(RANGE.sub("", bare)) < 90 and not ENDS.search(bare):
        return listed is None
    following = next((after for after in lines[at + 1 : at + 3] if after.strip()), "")
    before = lines[at - 1].strip() if at else ""
    return bool(
        listed is None
        and not before
        and len(bare) < 80
        and not ENDS.search(bare)
        and LIST_MARK.match(following)
    )


def short(text: str) -> str:
    """A title for a screen: without dress, at most `TITLE` columns."""
    text = re.sub(r"[(（]\s*[)）]", "", plain(text)).strip(" -–—|·,，(（")
    if columns(text) <= TITLE:
        return text
    cut = text[: TITLE if text.isascii() else TITLE // 2]
    return f"{(cut[: cut.rfind(' ')] if ' ' in cut[20:] else cut).rstrip(' ,，、')}…"


def columns(text: str) -> int:
    """How wide a text is; Chinese characters take two."""
    return len(text) + sum("\u2e80" <= c <= "\uffee" for c in text)
