"""Figures as people read them: three significant digits, times in ms below a second and in s above."""

from __future__ import annotations

from typing import Literal


def three(value: float) -> str:
    """Three significant digits; whole numbers from a thousand up."""
    if value >= 999.5:
        return f"{value:,.0f}" if value < 1e9 else f"{value:.3g}"
    return f"{value:#.3g}".rstrip(".") if value else "0"


def as_time(seconds: float, language: Literal["en", "zh"] = "en") -> str:
    """ "454 ms", "1.23 s", "454 毫秒"; below a microsecond "<0.001 ms"."""
    short, long = {"en": ("ms", "s"), "zh": ("毫秒", "秒")}[language]
    if seconds >= 0.9995:
        return f"{three(seconds)} {long}"
    return f"<0.001 {short}" if 0 < seconds < 1e-6 else f"{three(seconds * 1000)} {short}"


def as_ratio(times: float, language: Literal["en", "zh"] = "en") -> str:
    """ "10.8×", "10.8 倍"."""
    return f"{three(times)}×" if language == "en" else f"{three(times)} 倍"


def as_share(share: float) -> str:
    """A share from 0 to 1, as per cent."""
    hundred = 100 * share
    if 0 < hundred < 0.05:
        return "<0.1 %"
    return f"{hundred:.0f} %" if hundred >= 9.95 or hundred == 0 else f"{hundred:.1f} %"
