"""Where the time goes from a click to the glyph on screen, hop by hop. Pure: marks in, hops out.

Page and kernel have two clocks, maybe on two machines. The whole, and what the page does, are measured on the page's
clock alone; what the kernel does on the kernel's. Only how the rest is split between the way up (click to kernel) and
the way down (kernel to page) needs to know by how much one clock is ahead of the other.

Each exchange of a ping bounds that: no message arrives before it was sent, so the page is ahead by at least
`answered - heard` and at most `received - sent`, and the quicker the round trip, the closer these stand together (NTP
takes the middle: RFC 5905, section 8). The true value lies in all these intervals, so in what they have in common
(K. Marzullo, "Maintaining the time in a distributed system", 1984), which is at most as wide as the quickest round
trip. Its middle is taken, and half its width is stated as what is not known. Where the intervals have nothing in
common, a clock has moved: that click is told apart and counted nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from mockmate_nb.interview.question import Language

if TYPE_CHECKING:
    import pandas as pd

DRIFT = 1e-4
"""Seconds by which two clocks may part in a second: crystals of computers run within 50 millionths of true each."""
Name = Literal["up", "client", "connect", "provider", "empty", "view", "down", "paint"]
Fault = Literal["lost", "moved"]

HOPS: Mapping[Name, Mapping[Language, tuple[str, str]]] = {
    "up": {
        "en": ("click → kernel", "pressed → the kernel hears it (hop 3, up)"),
        "zh": ("点击 → 内核", "按下 → 内核收到（第 3 跳，去程）"),
    },
    "client": {
        "en": ("our client", "heard → request begun"),
        "zh": ("我们的客户端", "收到 → 开始请求"),
    },
    "connect": {
        "en": ("connecting", "begun → request sent (hop 1)"),
        "zh": ("建立连接", "开始 → 请求发出（第 1 跳）"),
    },
    "provider": {
        "en": ("model: until the first byte", "request sent → first byte (hop 1)"),
        "zh": ("模型：首字节之前", "请求发出 → 首字节（第 1 跳）"),
    },
    "empty": {
        "en": ("model: empty chunks", "first byte → first text (hop 1)"),
        "zh": ("模型：空块", "首字节 → 首个文字（第 1 跳）"),
    },
    "view": {
        "en": ("our view", "text read → sent to the page"),
        "zh": ("我们的视图", "读到文字 → 发给页面"),
    },
    "down": {
        "en": ("kernel → page", "sent → the page has it (hop 3, down)"),
        "zh": ("内核 → 页面", "发出 → 页面收到（第 3 跳，回程）"),
    },
    "paint": {"en": ("painting", "the page has it → painted"), "zh": ("显示", "页面收到 → 显示出来")},
}
"""Each hop's name, and from where to where it goes, in the order of time; each begins where the one before ends.

Hop 2, a gateway between the first text and the kernel that shows it, has its place between `empty` and `view`.
"""


class Ping(NamedTuple):
    """One exchange: `sent` and `heard` by the kernel's clock, `received` and `answered` by the page's."""

    sent: float
    received: float
    answered: float
    heard: float


class Later(NamedTuple):
    """Text that came after the first: `read` and `told` by the kernel's clock, `painted` by the page's."""

    read: float
    painted: float


@dataclass(frozen=True, slots=True)
class Click:
    """The marks of one click, in seconds, in the order of time.

    By the page's clock: `clicked` (the event), `said` (the message to the kernel goes off), `received` (the message
    with the first text is there), `painted` (after the frame that shows it). None: no page has said so.
    By the kernel's: `heard`, `asked` (the request is made), `connecting` (None: a connection was open already, or
    nobody says), `sent` (None: nobody says), `byte` (the first), `text` (the piece with the first text was read),
    `told` (the message with it goes to the page). `tick` is the step in which the page's clock counts.
    """

    clicked: float
    said: float
    heard: float
    asked: float
    byte: float
    text: float
    told: float
    received: float | None
    painted: float | None
    connecting: float | None = None
    sent: float | None = None
    pings: tuple[Ping, ...] = ()
    later: tuple[Later, ...] = ()
    tick: float = 0.0
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Hops:
    """One click's time. `hops` add up to `whole`.

    `up` and `down` are known to ± `uncertain`, all else is measured on one clock. `ahead` is by how much the page's
    clock is ahead; `later` are the seconds of later text from our hands to its glyph, to ± `uncertain` too.
    """

    whole: float
    hops: Mapping[Name, float]
    uncertain: float
    ahead: float
    later: tuple[float, ...] = ()
    simulated: bool = False


class Row(NamedTuple):
    """One hop over all clicks: when it begins (median, since the click), how long it takes, its share of all."""

    hop: Name
    start: float
    p50: float
    p95: float
    share: float
    n: int
    uncertain: float


def bounds(click: Click) -> tuple[float, float]:
    """Between which values the page's clock is ahead of the kernel's; the first is the greater if a clock has moved.

    Widened by the page's `tick` and, for what the pings say, by what the clocks may part until the click is over.
    """
    assert click.received is not None  # noqa: S101 - a lost click has no hops
    least = [click.said - click.heard]
    most = [click.received - click.told]
    for ping in click.pings:
        span = max(ping.heard, click.told) - min(ping.sent, click.heard)
        least.append(ping.answered - ping.heard - DRIFT * span)
        most.append(ping.received - ping.sent + DRIFT * span)
    return max(least) - click.tick, min(most) + click.tick


def hops(click: Click) -> Hops | Fault:
    """The click's time, hop by hop. `lost`: it was never painted; `moved`: a clock was set, or stood still."""
    if click.received is None or click.painted is None:
        return "lost"
    low, high = bounds(click)
    begun = click.connecting or click.sent or click.asked
    kernel = [click.heard, begun, click.sent or click.asked, click.byte, click.text, click.told]
    page = [click.clicked, click.said, click.received, click.painted]
    ordered = all(a <= b for marks in (kernel, page) for a, b in pairwise(marks))
    if low > high + DRIFT * (click.told - click.heard) or not ordered:
        return "moved"
    ahead = (low + high) / 2
    inner: tuple[Name, ...] = ("client", "connect", "provider", "empty", "view")
    return Hops(
        whole=click.painted - click.clicked,
        hops={
            "up": max(0.0, click.heard + ahead - click.clicked),
            **{name: b - a for name, (a, b) in zip(inner, pairwise(kernel), strict=True)},
            "down": max(0.0, click.received - ahead - click.told),
            "paint": click.painted - click.received,
        },
        uncertain=max(abs(high - low) / 2, click.tick),
        ahead=ahead,
        later=tuple(max(0.0, one.painted - ahead - one.read) for one in click.later),
        simulated=click.simulated,
    )


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """p50 and p95, by numpy's "linear" method."""
    import numpy as np

    p50, p95 = np.percentile(values, [50, 95], method="linear")
    return float(p50), float(p95)


@dataclass
class Waterfall:
    """What the clicks so far say. In seconds; nothing of any text is in it.

    The first click opens the connection and runs code for the first time: it is a warm-up, kept in `clicks` but not
    `counted`. All figures are of those that are; while there is no other click, of the first.
    """

    clicks: list[Hops] = field(default_factory=list)
    lost: int = 0
    """Clicks whose text was never painted, as in a hidden tab."""
    moved: int = 0
    """Clicks in which the two clocks moved against each other."""

    def add(self, click: Click) -> Hops | Fault:
        found = hops(click)
        if found == "lost":
            self.lost += 1
        elif found == "moved":
            self.moved += 1
        else:
            self.clicks.append(found)
        return found

    @property
    def counted(self) -> Sequence[Hops]:
        """The clicks after the first."""
        return self.clicks[1:]

    @property
    def _shown(self) -> Sequence[Hops]:
        return self.counted or self.clicks

    @property
    def simulated(self) -> int:
        """How many of the clicks that the figures are of were made by the page itself."""
        return sum(click.simulated for click in self._shown)

    @property
    def whole(self) -> tuple[float, float] | None:
        """p50 and p95 from click to glyph, on the page's clock alone."""
        return _maybe(click.whole for click in self._shown)

    @property
    def later(self) -> tuple[float, float] | None:
        """p50 and p95 from a later piece of text in our hands to its glyph."""
        return _maybe(seconds for click in self._shown for seconds in click.later)

    @property
    def uncertain(self) -> float | None:
        """How well `up` and `down` are told apart: ± so many seconds (median over the clicks)."""
        found = _maybe(click.uncertain for click in self._shown)
        return found and found[0]

    def rows(self) -> list[Row]:
        """A row a hop, in order of time. The shares add up to 1: all seconds of the hop by all seconds waited."""
        clicks = tuple(self._shown)
        waited = sum(click.whole for click in clicks)
        rows = []
        for at, name in enumerate(HOPS if clicks else ()):
            taken = [click.hops[name] for click in clicks]
            starts = [sum(list(click.hops.values())[:at]) for click in clicks]
            p50, p95 = percentiles(taken)
            blurred = (self.uncertain or 0.0) if name in ("up", "down") else 0.0
            share = sum(taken) / waited if waited else 0.0
            rows.append(Row(name, percentiles(starts)[0], p50, p95, share, len(self.counted), blurred))
        return rows

    @property
    def frame(self) -> pd.DataFrame:
        """One row a hop, in order of time: `hop`, `p50`, `p95`, `share`, `n`, `uncertain` (±); times in seconds.

        `n` clicks are counted; 0: the figures are those of the warm-up.
        """
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=list(Row._fields)).drop(columns="start")


def _maybe(values: Iterable[float]) -> tuple[float, float] | None:
    known = list(values)
    return percentiles(known) if known else None
