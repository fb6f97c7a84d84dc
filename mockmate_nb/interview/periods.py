"""Years of experience in a text: as stated, or counted from ranges of dates, overlaps once. Pure, linear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

IN_WORDS = (
    *(("one", "一"), ("two", "二", "两"), ("three", "三"), ("four", "四"), ("five", "五"), ("six", "六")),
    *(
        ("seven", "七"),
        ("eight", "八"),
        ("nine", "九"),
        ("ten", "十"),
        ("eleven", "十一"),
        ("twelve", "十二"),
    ),
)
NUMBERS = {word: float(value) for value, words in enumerate(IN_WORDS, 1) for word in words}
NUMBERS |= {"fifteen": 15.0, "十五": 15.0, "twenty": 20.0, "二十": 20.0}
WRITTEN = "|".join(sorted(NUMBERS, key=len, reverse=True))
NUMBER = rf"(?<!\d)(?<!\d[.,])\d{{1,2}}(?:\.\d)?|(?<![A-Za-z一二三四五六七八九十])(?:{WRITTEN})"
YEARS = re.compile(
    rf"(?P<low>{NUMBER})\s?(?P<plus>\+|＋)?(?:\s?(?:-|‒|–|—|~|～|to|至|到|or)\s?(?P<high>{NUMBER})\s?\+?)?\s?"
    r"(?:-\s?)?(?:years?\b['’]?|yrs?\b|年(?!级|代|前|底|初|度|间|内|\d|[一二三四五六七八九十]?月))",
    re.IGNORECASE,
)
EXPERIENCED = re.compile(
    r"\s(?:or more|in|of|with|as an?|working|building|developing|writing|designing|running)\b|.{0,24}\bexperience"
    r"|.{0,12}(?:经验|经历|以上|从业|工作|开发|研发|后端|前端|测试|运维|数据|算法)",
    re.IGNORECASE,
)
EXPERIENCE_BEFORE = re.compile(
    r"experience(?: of| :|:)?\s*$|经验[:：]?\s*$|\b(?:minimum|at least|least)(?: of)?\s*$", re.IGNORECASE
)
NOT_BEFORE = re.compile(
    r"(?:\b(?:last|past|first|next|in|within|every|after|for the|over the|founded|under|aged?)"
    r"|近|最近|过去|前|第|每|成立|历时|连续)\s*$",
    re.IGNORECASE,
)
NOT_AFTER = re.compile(
    r"\s*(?:old|ago|later|in a row|of (?:data|history|logs|warranty)|历史|的?数据)", re.IGNORECASE
)
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
POINT = (
    rf"(?:(?P<m{{0}}>{MONTH})\.?,?\s{{{{0,2}}}}|(?P<f{{0}}>0?[1-9]|1[0-2])\s?[/.]\s?)?(?P<y{{0}}>(?:19|20)\d\d)"
    r"(?:\s?[年./-]\s?(?P<n{0}>1[0-2]|0?[1-9])(?![\d])(?:\s?月)?|\s?年)?(?:[./-]\d{{1,2}}(?!\d))?"
)
OPEN = r"present|now|today|current(?:ly)?|ongoing|date|to date|至今|今|现在|目前|迄今"
RANGE = re.compile(
    rf"(?<![\w.]){POINT.format(1)}\s{{0,3}}(?:[-–—~～至到]{{1,3}}|\bto\b|\buntil\b|--)\s{{0,3}}"
    rf"(?:{POINT.format(2)}|(?P<open>{OPEN}))(?![\d])",
    re.IGNORECASE,
)
SINCE = re.compile(rf"(?:\bsince\s|自){POINT.format(1)}", re.IGNORECASE)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MOST = 60.0


def value(written: str) -> float:
    """A number in digits or words, as `NUMBER` finds it."""
    return NUMBERS[written.lower()] if written.lower() in NUMBERS else float(written)


def stated(text: str) -> Iterator[tuple[float, int]]:
    """Each number of years of experience that `text` states, the lower end of a range, and its place."""
    for match in YEARS.finditer(text):
        before = text[max(0, match.start() - 24) : match.start()]
        after = text[match.end() : match.end() + 32].split("\n")[0]
        if NOT_BEFORE.search(before) or NOT_AFTER.match(after):
            continue
        if match["plus"] or match["high"] or EXPERIENCED.match(after) or EXPERIENCE_BEFORE.search(before):
            years = value(match["low"])
            if 0 < years <= MOST:
                yield years, match.start()


def counted(text: str, today: date | None = None) -> float | None:
    """The years that the ranges of dates in `text` cover together; None where it has none.

    A year without a month counts from its middle. A range that is still open ends `today`, or, without it, at
    the latest date that `text` names.
    """
    ranges = [
        (_point(match, 1), None if match["open"] else _point(match, 2)) for match in RANGE.finditer(text)
    ]
    ranges += [(_point(match, 1), None) for match in SINCE.finditer(text)]
    if not ranges:
        return None
    latest = today.year + (today.month - 1) / 12 if today else max(max(a, b or a) for a, b in ranges)
    covered, reached = 0.0, 0.0
    for start, end in sorted((a, latest if b is None else b) for a, b in ranges):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return round(min(covered, MOST), 1)


def _point(match: re.Match[str], side: int) -> float:
    """A date in years, its month as a part of them."""
    year, name = float(match[f"y{side}"]), match[f"m{side}"]
    number = match[f"f{side}"] or match[f"n{side}"]
    if name:
        return year + MONTHS.index(name[:3].lower()) / 12
    return year + (int(number) - 1) / 12 if number else year + 0.5
