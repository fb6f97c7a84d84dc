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
    | (?<![A-Za-z])(?:within|under|took|takes)\ (?:an?|one|half\ an?)\ {TIME}(?![A-Za-z])
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
NOUN = re.compile(rf"(?<![A-Za-z0-9_.#]){NUM}\s(?=([A-Za-z]{{3,24}}s)\b)")
NO_UNIT = frozenset(PATTERNS["not_counted"].split())
LABEL = re.compile(PATTERNS["label"].replace("UNITS", f"{TIME}|{COUNTED}"), re.VERBOSE | re.IGNORECASE)
BARE = re.compile(rf"(?<![A-Za-z0-9_.]){NUM}(?![A-Za-z0-9_])")


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


def _key(text: str) -> str:
    return re.sub(r"[\s,，-]", "", text).lower()
