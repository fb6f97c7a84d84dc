"""Skills that a text names: their spellings in both scripts, and the words that only look like one. Pure, linear."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from mockmate_nb.interview.question import SHIPPED, Language

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
TOKEN = re.compile(rf"(?<![A-Za-z0-9])\.[Nn][Ee][Tt](?![A-Za-z])|[A-Za-zÀ-ž0-9]+(?:\+\+|#)?|[{HAN}]")
BETWEEN = re.compile(r"(?:[ \-‑–_/&’']|\.(?! )){0,2}\n?[ ]{0,4}")
ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s)>\]，。；]{1,300}|[\w.+-]{1,64}@[\w.-]{1,120}"
    r"|(?<![\w.])[\w-]{1,60}(?:\.[\w-]{1,60}){1,4}/[^\s)>\]，。；]{1,200}"
)
LISTING = re.compile(r" *[,/、|;+()·]\s?(?:and|or|和|或|以及)? *")
JOINING = re.compile(r"\s*(?:and|or|&|和|与|及|或|以及)\s*")
BEFORE = re.compile(
    r"(?:\b(?:in|with|using|of|knows?|knowing|writ(?:es?|ing)|learn(?:ing|ed)?|like|prefer|uses?|to)"
    r"|精通|熟悉|掌握|了解|使用|会|用|和|基于|熟练|学习|以|[:：|])\s*$"
)
AFTER = re.compile(
    r"\s*(?:(?:developers?|engineers?|programmers?|programming|languages?|services?|back-?end|code(?:base)?|servers?"
    r"|micro-?services?|experience|skills)\b|开发|语言|工程师|后端|后台|服务|编程|项目|技术栈)"
)
LOOK = 12  # characters around a word in which its company is looked for
WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


@dataclass(frozen=True, slots=True)
class Named:
    """A skill at its place in a text; `text[start:end]` is how it is written there."""

    start: int
    end: int
    skill: str


@dataclass(frozen=True, slots=True)
class _Spelling:
    tokens: tuple[str, ...]
    skill: str


@dataclass(frozen=True, slots=True)
class _Guard:
    written: str
    rule: str
    not_before: re.Pattern[str] | None
    not_after: re.Pattern[str] | None


def named(text: str) -> tuple[Named, ...]:
    """Every place where `text` names a skill, in order; where names overlap the longest counts."""
    plain = ADDRESS.sub(lambda match: " " * len(match.group()), text.translate(WIDE))
    found = list(_candidates(plain))
    return tuple(
        name
        for at, (name, guard) in enumerate(found)
        if guard is None or _meant(plain, found, at, name, guard)
    )


def skills_in(text: str) -> tuple[str, ...]:
    """The names of the skills in `text`, each once, in the order in which they first stand there."""
    return tuple(dict.fromkeys(name.skill for name in named(text)))


def with_implied(skills: Iterable[str]) -> frozenset[str]:
    """`skills` and those that having them means, as FastAPI means Python."""
    implies = _catalogue()[2]
    return frozenset(skill for known in skills for skill in (known, *implies.get(known, ())))


def skill_label(skill: str, language: Language) -> str:
    """How a screen in `language` names a skill; what the catalogue does not know stays as it is."""
    return _catalogue()[3].get(skill, skill) if language == "zh" else skill


def catalogue_name(written: str) -> str | None:
    """The catalogue's name for a skill written alone in any of its spellings; None where it has none."""
    tokens = tuple(match.group().lower() for match in TOKEN.finditer(written.translate(WIDE)))
    spellings = _catalogue()[0].get(tokens[0], ()) if tokens else ()
    return next((spelling.skill for spelling in spellings if spelling.tokens == tokens), None)


def _candidates(plain: str) -> Iterator[tuple[Named, _Guard | None]]:
    index, guards, _, _ = _catalogue()
    places = [(match.start(), match.end()) for match in TOKEN.finditer(plain)]
    forms = [_forms(plain[start:end].lower()) for start, end in places]
    at = 0
    while at < len(places):
        length = 1
        for form in forms[at]:
            spelling = next((s for s in index.get(form, ()) if _stands(s, plain, places, forms, at)), None)
            if spelling is not None:
                length = len(spelling.tokens)
                start, end = places[at][0], places[at + length - 1][1]
                guard = guards.get(spelling.tokens[0]) if length == 1 else None
                yield Named(start, end, spelling.skill), guard
                break
        at += length


def _forms(token: str) -> tuple[str, ...]:
    """A token as the catalogue may have it: as it stands, without a plural, without a version's digits."""
    forms = [token]
    if len(token) > 3 and token.endswith("s"):
        forms.append(token[:-1])
    if token[-1].isdigit() and not token[0].isdigit() and len(bare := token.rstrip("0123456789")) > 2:
        forms.append(bare)
    return tuple(forms)


def _stands(
    spelling: _Spelling, plain: str, places: list[tuple[int, int]], forms: list[tuple[str, ...]], at: int
) -> bool:
    """Whether the tokens from `at` on are the spelling's, with nothing but joints between them."""
    if at + len(spelling.tokens) > len(places):
        return False
    for step, token in enumerate(spelling.tokens[1:], at + 1):
        if token not in forms[step]:
            return False
        if not BETWEEN.fullmatch(plain, places[step - 1][1], places[step][0]):
            return False
    return True


def _meant(plain: str, found: list[tuple[Named, _Guard | None]], at: int, name: Named, guard: _Guard) -> bool:
    """Whether a word that means something else, too, is the skill here."""
    before, after = plain[max(0, name.start - LOOK) : name.start], plain[name.end : name.end + LOOK]
    if guard.not_before and guard.not_before.match(after):
        return False
    if guard.not_after and guard.not_after.search(before):
        return False
    written = plain[name.start : name.end]
    exact = written in (guard.written, f"{guard.written}s") or guard.rule == "any"
    pairs = pairwise(place for place, _ in found[max(0, at - 1) : at + 2])
    gaps = [plain[left.end : right.start] for left, right in pairs if left.skill != right.skill]
    if any(LISTING.fullmatch(gap[:LOOK]) and len(gap) <= LOOK for gap in gaps):
        return True
    if not exact or guard.rule in ("case", "any"):
        return exact
    if any(JOINING.fullmatch(gap[:LOOK]) and len(gap) <= LOOK for gap in gaps):
        return True
    alone = not before.rpartition("\n")[2].strip(" -*") and not after.partition("\n")[0].strip()
    return guard.rule == "listed" and bool(BEFORE.search(before) or AFTER.match(after) or alone)


@cache
def _catalogue() -> tuple[
    dict[str, tuple[_Spelling, ...]], dict[str, _Guard], dict[str, tuple[str, ...]], dict[str, str]
]:
    """Spellings by first token, longest first; guards by token; implied skills; Chinese names."""
    table: dict[str, dict[str, Any]] = tomllib.loads((SHIPPED / "skills.toml").read_text("utf-8"))
    guard_rows, implies = table.pop("guard"), table.pop("implies")
    latin = table.pop("screen")["latin"].split(", ")
    index: dict[str, list[_Spelling]] = {}
    chinese: dict[str, str] = {}
    for group in table.values():
        for skill, others in group.items():
            spellings = [skill, *(other.strip() for other in others.split(",") if other.strip())]
            for spelling in spellings:
                tokens = tuple(match.group().lower() for match in TOKEN.finditer(spelling))
                index.setdefault(tokens[0], []).append(_Spelling(tokens, skill))
            local = next((s for s in spellings if re.match(f"[{HAN}]", s)), None)
            if local and skill not in latin:
                chinese[skill] = local
    guards = {
        written.lower(): _Guard(
            written,
            row["rule"],
            re.compile(rf"[\s*-]*(?:{row['not_before']})(?![A-Za-z])") if "not_before" in row else None,
            re.compile(rf"(?<![A-Za-z])(?:{row['not_after']})[\s-]*$") if "not_after" in row else None,
        )
        for written, row in guard_rows.items()
    }
    ordered = {token: tuple(sorted(found, key=lambda s: -len(s.tokens))) for token, found in index.items()}
    return ordered, guards, {a: tuple(b.split(", ")) for a, b in implies.items()}, chinese
