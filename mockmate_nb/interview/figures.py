"""Amounts in a text: what is measured, what only counts, and which numbers are mere labels.

English and Chinese, digits and number words. Every pattern looks a bounded way ahead, so reading is linear.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LISTS: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "data" / "signals.toml").read_text("utf-8"))
PATTERNS: Mapping[str, str] = LISTS["patterns"]

NUM = r"(?:[0-9０-９]{1,12}(?:[,，][0-9]{3}){0,4}(?:\.[0-9]{1,6})?)"
SCALE = r"(?:\s?(?:k|K|m|M|bn|thousand|million|billion|万|亿|千|百)\b|[万亿千百])?"
WORDS = (
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|(?:a|one|two|three|four|five|six|several) hundred|(?:a|one|two|ten) thousand"
    r"|a dozen)"
)
TIME = (
    r"(?:ns|µs|μs|us|ms|s|secs?|seconds?|milliseconds?|microseconds?|mins?|minutes?|h|hrs?|hours?|days?|weeks?"
    r"|months?|years?|quarters?|sprints?)"
)
COUNTED = (
    r"(?:%|％|percent|per cent|percentage points?|times|x|×|fold|[kKMGT]i?B|bytes?|bits?|tokens?|lines?|rows?"
    r"|records?|events?|messages?|requests?|rps|qps|tps|fps|users?|customers?|clients?|people|engineers?|developers?"
    r"|teams?|servers?|nodes?|tickets?|orders?|tests?|queries|connections?|streams?|dollars?|euros?|pounds?|usd|eur)"
)
ZH_DIGITS = r"[一二两三四五六七八九十百千万零]{1,6}"
ZH_UNIT = (
    r"(?:倍|成(?![不功本为员果立熟长就了都])|周|天|星期|个?季度|个?月|年|个?小时|分钟|秒|毫秒|微秒|元|块钱|万元|字节|QPS|TPS"
    r"|人天|工时)"
)
ZH_THING = (
    r"(?:人|名|位|台|家|行|条|次|款|份|轮|个(?!方面|层面|问题|步骤|原因|点|部分|维度|阶段|方法|区别|要点|方案|层次|角度"
    r"|人都|方向|选择|选项|办法|想法|场景|词|例子|坑|教训|好处|优点|缺点|目标|字))"
)
ZH_COUNT = (  # 一 before a measure word mostly means "a", as in 一个 and 一次; things up to ten are no measure
    r"(?<![第几每有这那同])(?:近|约|超过|不到|将近)?(?!一[次天年人个位名条份家下行台款轮])(?!百分)"
    rf"(?:{ZH_DIGITS}(?:多|余)?个?{ZH_UNIT}|[一二两三四五六七八九十百千万零]{{2,6}}(?:多|余)?个?{ZH_THING})"
)
MEASURED = re.compile(
    rf"""
      [$€£¥￥]\s?{NUM}{SCALE}
    | (?<![A-Za-z0-9_.]){NUM}{SCALE}\s?[-‑]?(?:%|％|‰|percent\b|per\ cent\b|percentage\ points?\b|个?百分点)
    | (?<![A-Za-z0-9_.]){NUM}{SCALE}\s?[-‑]?\s?(?:{TIME}|{COUNTED})(?![A-Za-z])
    | (?<![A-Za-z0-9_.第]){NUM}(?:\s?多|\s?余)?{SCALE}(?:多|余)?\s?(?:{ZH_UNIT}|{ZH_THING})
    | (?<![A-Za-z]){WORDS}[-\s](?:{TIME}|{COUNTED})(?![A-Za-z])
    | (?<![A-Za-z])(?:within|under|took|takes|from|down\ to)\ (?:an?|one|half\ an?)\ {TIME}(?![A-Za-z])(?!\ to\ the)
    | (?<![A-Za-z])(?:{WORDS}\ and\ a\ half|half\ an?)\ {TIME}(?![A-Za-z])
    | (?<![A-Za-z]){WORDS}\ (?:[a-z-]{{2,20}}\ ){{0,2}}[a-z]{{3,20}}s\ (?:an?|per|each|every)\ {TIME}(?![A-Za-z])
    | (?<![A-Za-z])(?:went|goes|f[ae]lls?|fell|drop(?:s|ped)|down|c[ao]mes?|reduced|cut|back)\ to
      \ (?:zero|none|nothing|0)(?!\.[0-9]|[-\w])
    | (?:降|减|跌|变|缩|掉)(?:到|至|为|成)了?\s?(?:零|0(?![.\d]))|归零|清零
    | (?<![A-Za-z])(?:two|three|four|five|six|ten)fold\b
    | (?<![A-Za-z])(?:one|an?)[-\s](?:third|quarter|fifth|tenth)\ of\b
    | (?<![A-Za-z])(?:two[-\s]thirds|three[-\s]quarters|an?\ order\ of\ magnitude|orders\ of\ magnitude)\b
    | (?<![A-Za-z])(?:halved|doubled|tripled|quadrupled|twice\ (?:as|the))\b
    | (?<![A-Za-z])(?:by|in|to|than|about|over|nearly|almost|roughly)\ half\b(?![-\w])
    | 百分之[一二三四五六七八九十百零点]{{1,6}}|百分之\s?{NUM}
    | {ZH_COUNT}
    | 一半|减半|翻倍|翻了?[一两三四]番|砍半|数量级
    """,
    re.VERBOSE | re.IGNORECASE,
)
PAIR = re.compile(
    rf"(?:from|从|由)\s?(?:about |around |over |约|大约|原来的)?[$€£¥]?{NUM}[^\n。；;]{{0,24}}?"
    rf"(?:\bto\b|到|至|→|->|变成|变为)[^\n。；;0-9]{{0,14}}[$€£¥]?{NUM}",
    re.IGNORECASE,
)
GLUE = r"(?!(?:of|in|and|or|the|an?|to|for|at|by|on|with|that|which|from|is|was|are|were|so|but|as|if|it|we|you)\b)"
NOUN = re.compile(
    rf"(?<![A-Za-z0-9_.#]){NUM}\s(?=(?:{GLUE}[a-z-]{{2,20}}\s){{0,2}}?({GLUE}[A-Za-z]{{3,24}}s)\b)",
    re.IGNORECASE,
)
NO_UNIT = frozenset(PATTERNS["not_counted"].split())
LABEL = re.compile(PATTERNS["label"].replace("UNITS", f"{TIME}|{COUNTED}"), re.VERBOSE | re.IGNORECASE)
BARE = re.compile(rf"(?<![A-Za-z0-9_.]){NUM}(?![A-Za-z0-9_])")
VALUES = {
    name: value
    for names, values in (
        ("one two three four five six seven eight nine ten eleven twelve", range(1, 13)),
        ("fifteen twenty thirty forty fifty sixty seventy eighty ninety", (15, *range(20, 100, 10))),
        ("a k thousand m million bn billion hundred dozen", (1, 1e3, 1e3, 1e6, 1e6, 1e9, 1e9, 100, 12)),
        ("零 一 二 三 四 五 六 七 八 九 两 十 百 千 万 亿", (*range(10), 2, 10, 100, 1e3, 1e4, 1e8)),
    )
    for name, value in zip(names.split(), values, strict=False)
}
TALLY = "a|one|two|three|four|five|six|seven|eight|nine|ten"
QUANTITY = re.compile(
    rf"({NUM})\s?((?:k|m|bn|thousand|million|billion|hundred)\b|[百千万亿]?)"
    rf"|(?<![A-Za-z])({TALLY})[ -](hundred|thousand|million|dozen)\b"
    rf"|(?<![A-Za-z])({'|'.join(name for name in VALUES if len(name) > 2)})\b()"
    r"|([零一二两三四五六七八九十百千万亿]+)",
    re.IGNORECASE,
)
UNIT = re.compile(r"[\s-]?([A-Za-z]+?|[%％]|[\u4e00-\u9fff])(?:s?(?![A-Za-z])|(?<=[%％\u4e00-\u9fff]))")
TELLING = 10  # a number from which it tells by itself where it comes from, whatever its unit


@dataclass(frozen=True, slots=True)
class Amount:
    """A number in a text: its place, what identifies it, whether it has a unit or a baseline."""

    start: int
    end: int
    key: str
    measured: bool


def amounts(text: str) -> tuple[Amount, ...]:
    """The amounts in `text`, in order, labels left out."""
    masked = LABEL.sub(lambda match: " " * len(match.group()), text)
    taken = bytearray(len(text))
    found: list[Amount] = []

    def add(start: int, end: int, *, measured: bool) -> None:
        if not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            found.append(Amount(start, end, _key(masked[start:end]), measured))

    for match in MEASURED.finditer(masked):
        add(*match.span(), measured=True)
    for match in PAIR.finditer(masked):
        for number in BARE.finditer(masked, *match.span()):
            add(*number.span(), measured=True)
    for match in NOUN.finditer(masked):
        if match[1].lower() not in NO_UNIT:
            add(match.start(), match.end(1), measured=True)
    for match in BARE.finditer(masked):
        add(*match.span(), measured=False)
    return tuple(sorted(found, key=lambda amount: amount.start))


def quantities(text: str) -> Mapping[float, frozenset[str]]:
    """The numbers in `text` by value, each with the units it has there; "" for none."""
    found: dict[float, set[str]] = {}
    for match in QUANTITY.finditer(text):
        number, scale, count, times, word, _, han = match.groups()
        if number:
            value = float(re.sub("[,，]", "", number)) * VALUES.get(scale.lower(), 1)
        else:
            value = (
                _counted(han)
                if han
                else VALUES[(word or count).lower()] * VALUES.get((times or "").lower(), 1)
            )
        unit = UNIT.match(text, match.end())
        found.setdefault(round(value, 6), set()).add(unit[1].lower() if unit else "")
    return {value: frozenset(units) for value, units in found.items()}


def stands_in(amount: str, asked: Mapping[float, frozenset[str]]) -> bool:
    """Whether an amount, as it is written, is one of the `asked` quantities."""
    return any(
        value in asked and (value >= TELLING or bool(units & asked[value]))
        for value, units in quantities(amount).items()
    )


def _counted(han: str) -> float:
    """The value of a Chinese numeral."""
    whole = part = digit = 0.0
    for sign in han:
        value = VALUES[sign]
        if value >= VALUES["万"]:
            whole, part, digit = whole + (part + digit or 1) * value, 0.0, 0.0
        elif value >= VALUES["十"]:
            part, digit = part + (digit or 1) * value, 0.0
        else:
            digit = value
    return whole + part + digit


def _key(text: str) -> str:
    return re.sub(r"[\s,，-]", "", text).lower()
