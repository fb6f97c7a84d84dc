"""Pictures of times: true to their figures, readable without colour, nothing on top of anything, small."""

from __future__ import annotations

import math
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations

import matplotlib as mpl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from mockmate_nb.drawing import width_of
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import LANGUAGES, Language
from mockmate_nb.plots import (
    WIDE,
    Hop,
    Pairs,
    SweepPoint,
    histogram,
    histogram_in_words,
    paired,
    paired_in_words,
    svg,
    sweep,
    sweep_in_words,
    timeline,
    timeline_in_words,
    waterfall,
    waterfall_in_words,
)
from mockmate_nb.plots_scale import Scale, flags, scale_of
from mockmate_nb.units import as_share, as_time, three

SPACE = "{http://www.w3.org/2000/svg}"
ACCENT = "#3a7fc1"
Draw = Callable[..., Figure]
Points = list[tuple[float, float]]


def arriving(count: int, first: float, gap: float, stalls: dict[int, float] | None = None) -> Points:
    """A stream of a word a chunk, with longer gaps before some."""
    at, points = first, []
    for word in range(1, count + 1):
        at += (stalls or {}).get(word, gap) if word > 1 else 0
        points.append((at, float(word)))
    return points


def spread(count: int, middle: float, width: float) -> list[float]:
    rng = random.Random(7)  # noqa: S311 - a picture's numbers, no secret
    return [middle * math.exp(rng.gauss(0, width)) for _ in range(count)]


WARM, HOSTED = arriving(64, 0.02, 0.013), arriving(400, 0.5, 0.0195)
STALLED = arriving(200, 0.5, 0.02, {100: 1.3})
SLOW = arriving(60, 1.0, 0.4)
PAIRS = [
    Pairs(
        "First text (TTFT)",
        spread(20, 0.02, 0.1),
        spread(20, 0.83, 0.03),
        (0.02, 0.019, 0.021),
        (0.83, 0.82, 0.84),
        (41.3, 39, 43),
    ),
    Pairs("Whole reply", spread(20, 0.85, 0.03), spread(20, 0.83, 0.03)),
]
HOPS = [
    Hop("Click to kernel", 0, 0.004, 0.011, 0.007),
    Hop("模型：首个 token", 0.004, 0.52, 4.0, 0.95),
    Hop("Decoding", 0.524, 0.00004, 0.0001, 0.0001),
    Hop("Kernel to page and paint", 0.525, 0.018, 0.04, 0.04),
]
LEVELS = [
    SweepPoint(1, 0.021, 0.025, 0.013, 0.014, 1),
    SweepPoint(2, 0.09, 0.4, 0.026, 0.03, 1),
    SweepPoint(4, None, None, math.nan, None, 0),
    SweepPoint(8, 1.6, 3.4, 0.11, 0.16, 0.13),
]
TIMELINES: dict[str, tuple[Points, Points]] = {
    "warm": (WARM, [(0.83, 64)]),
    "hosted": (HOSTED, [(8.3, 400)]),
    "stalled": (STALLED, [(4.0, 200)]),
    "slow": (SLOW, [(24.0, 60)]),
    "as fast as the other": (HOSTED, [HOSTED[-1]]),
    "one chunk": ([(0.4, 20)], [(0.4, 20)]),
    "a stream alone": (WARM, []),
    "batch alone": ([], [(2.0, 50)]),
    "all at once": ([(0, 1), (0, 2), (0, 3)], [(0, 3)]),
    "no word": ([(0.2, 0), (0.3, 0)], []),
    "early": ([(0.01, 1), (0.02, 2)], [(1e6, 2)]),
    "within a microsecond": ([(1e-9, 1), (2e-9, 2)], [(1e-9, 2)]),
    "very many words": ([(1, 1), (2, 123456)], [(2, 123456)]),
    "late and short": (arriving(4, 9.0, 0.001), [(9.002, 4)]),
}
GAPS: dict[str, list[float]] = {
    "calm": [*spread(1000, 0.013, 0.03), 0.2],
    "jittered": [*spread(600, 0.02, 0.6), 0.9, 1.2],
    "bundled": [0.0] * 300 + spread(200, 0.03, 1),
    "one": [0.02],
    "equal": [0.02] * 50,
    "zero": [0.0] * 5,
    "far apart": [1e-7, 1e-3, 1e4],
}
PICTURES: dict[str, Draw] = {
    **{f"timeline {name}": partial(timeline, *points) for name, points in TIMELINES.items()},
    "timeline titled": partial(timeline, WARM, [(0.83, 64)], title="A <title>\n$x^2$"),
    "timeline with a long title": partial(timeline, WARM, title="A rather long title " * 9),
    "timeline without reader": partial(timeline, SLOW, reader=()),
    **{f"histogram {name}": partial(histogram, gaps) for name, gaps in GAPS.items()},
    "paired": partial(paired, PAIRS),
    "paired one": partial(paired, [Pairs("a", [0.5], [0.6], ratio=(1.2, math.nan, math.nan))]),
    "paired many": partial(paired, [Pairs("a", spread(3000, 0.1, 1), spread(3000, 1, 1))]),
    "paired with long labels": partial(
        paired, [row._replace(label="时间 " + "label " * 20, ratio=(1, 2, 3)) for row in PAIRS]
    ),
    "paired with longer labels than room beside": partial(
        paired, [PAIRS[0]._replace(label="Time to first text, with a warm cache")]
    ),
    "paired zero": partial(paired, [Pairs("a", [0, 0], [0, 0])]),
    "waterfall": partial(waterfall, HOPS),
    "waterfall narrow": partial(waterfall, HOPS, width=400),
    "waterfall zero": partial(waterfall, [Hop("a", 0, 0, 0, 0)]),
    "sweep": partial(sweep, LEVELS, limits=(1.0, 0.1)),
    "sweep of one": partial(sweep, LEVELS[:1]),
    "sweep of many": partial(sweep, [LEVELS[0]._replace(streams=at) for at in range(1, 65)]),
    "sweep of nothing known": partial(sweep, [SweepPoint(3, *[None] * 5)]),
}


def parsed(drawn: Figure) -> ET.Element:
    return ET.fromstring(svg(drawn, "alt"))  # noqa: S314 - our own picture


def texts(picture: ET.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(f"{SPACE}text")]


def boxes(picture: ET.Element) -> list[tuple[str, float, float, float, float]]:
    """Of every text: itself, left, right, top and bottom, by the width that is reckoned with."""
    found = []
    for element in picture.iter(f"{SPACE}text"):
        text, size = element.text or "", float(element.get("font-size", "0"))
        wide = width_of(text, size)
        left = float(element.get("x", "0")) - {"middle": wide / 2, "end": wide}.get(
            element.get("text-anchor", ""), 0
        )
        base = float(element.get("y", "0"))
        found.append((text, left, left + wide, base - 0.72 * size, base + 0.05 * size))
    return found


def lines(picture: ET.Element, **marks: str | None) -> list[str]:
    """The outlines of paths that carry these marks."""
    return [
        path.get("d", "")
        for path in picture.iter(f"{SPACE}path")
        if all(path.get(name.replace("_", "-")) == value for name, value in marks.items())
    ]


def spots(outline: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.e-]+) (-?[\d.e-]+)", outline)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PICTURES)
def test_texts_keep_within_the_picture_and_off_each_other(name: str, language: Language) -> None:
    picture = parsed(PICTURES[name](language=language))
    wide, tall = float(picture.get("width", 0)), float(picture.get("height", 0))
    found = boxes(picture)
    for text, left, right, top, bottom in found:
        assert left >= -2, text
        assert right <= wide + 2, text
        assert top >= 0, text
        assert bottom <= tall, text
    for one, two in combinations(found, 2):
        apart = one[2] <= two[1] + 1 or two[2] <= one[1] + 1 or one[4] <= two[3] or two[4] <= one[3]
        assert apart, f"{one[0]!r} lies on {two[0]!r}"


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_drawn_outside_or_nowhere(name: str) -> None:
    picture = parsed(PICTURES[name]())
    wide, tall = float(picture.get("width", 0)), float(picture.get("height", 0))
    for path in picture.iter(f"{SPACE}path"):
        assert "nan" not in path.get("d", "")
        assert all(-1 <= x <= wide + 1 and -1 <= y <= tall + 1 for x, y in spots(path.get("d", "")))


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small_the_same_each_time_and_leaves_no_trace(name: str) -> None:
    before = dict(mpl.rcParams)
    picture = svg(PICTURES[name](), "alt")
    assert picture == svg(PICTURES[name](), "alt")
    assert len(picture) < 30_000
    assert set(re.findall(r"<(\w+)", picture)) == {"svg", "path", "text"}
    assert not re.search(r"\sid=|href|url\(|<style", picture)
    assert dict(mpl.rcParams) == before


def test_letters_are_large_enough_where_a_picture_shrinks_to_400_pixels() -> None:
    for draw in PICTURES.values():
        picture = parsed(draw())
        smallest = min(float(element.get("font-size", 0)) for element in picture.iter(f"{SPACE}text"))
        assert smallest * min(1, 400 / float(picture.get("width", 0))) >= 8.7


# -- the timeline ------------------------------------------------------------------------------------------------


def test_stream_batch_and_reader_are_told_apart_without_colour() -> None:
    picture = parsed(timeline(SLOW, [(24.0, 60)]))
    dashes = {path.get("stroke-dasharray") for path in picture.iter(f"{SPACE}path")}
    assert len(dashes) == 4, "solid, batch, reader, poles"
    assert {"streaming", "batch", "reader, 238 words/min"} <= set(texts(picture))


def test_ten_thousand_chunks_stay_small_and_keep_their_ends() -> None:
    chunks = [(0.4 + 0.001 * at, float(at // 2)) for at in range(10_000)]
    whole = svg(timeline(chunks, [(10, 5000)]), "alt")
    assert len(whole) < 60_000
    stair = max(lines(parsed(timeline(chunks)), stroke=ACCENT, fill="none"), key=len)
    places = spots(stair)
    dots = [spot for outline in lines(parsed(timeline(chunks)), fill=ACCENT) for spot in spots(outline)]
    assert any(places[-1] == pytest.approx(dot, abs=1) for dot in dots)
    assert len(places) <= 2 * WIDE + 1


def test_a_stair_stands_where_its_words_came() -> None:
    picture = parsed(timeline([(1.0, 1), (2.0, 3), (4.0, 4)], reader=()))
    stair = spots(max(lines(picture, stroke=ACCENT, fill="none"), key=len))
    (x0, y0), xs, ys = stair[0], [x for x, _ in stair], [y for _, y in stair]
    second, word = (xs[-1] - x0) / 4, (y0 - ys[-1]) / 4
    assert [round((x - x0) / second, 2) for x in xs] == [0, 1, 1, 2, 2, 4, 4]
    assert [round((y0 - y) / word, 2) for y in ys] == [0, 0, 1, 1, 3, 3, 4]


@pytest.mark.parametrize(
    ("points", "reader", "waits"),
    [
        (SLOW, None, True),
        (HOSTED, None, False),
        (HOSTED, [(0.5, 0), (1.0, 400)], True),
        (SLOW, [(1.0, 0), (60.0, 60)], False),
        (SLOW, (), False),
    ],
    ids=["slow", "fast", "a hasty reader", "a slow reader", "no reader"],
)
def test_a_wait_is_shown_where_the_reader_is_ahead(
    points: Points, reader: Points | None, waits: bool
) -> None:
    assert ("reader waits" in texts(parsed(timeline(points, reader=reader)))) == waits
    assert ("has to wait" in timeline_in_words(points, reader=reader)) == waits


def test_a_stall_is_named_and_a_steady_stream_has_none() -> None:
    assert "longest gap 1.30 s" in texts(parsed(timeline(STALLED)))
    assert not any("gap" in text for text in texts(parsed(timeline(HOSTED))))


# -- the others --------------------------------------------------------------------------------------------------


def test_every_pair_is_two_marks_and_a_line() -> None:
    picture = parsed(paired(PAIRS[:1]))
    full, hollow = lines(picture, fill=ACCENT), lines(picture, fill="none", stroke_dasharray=None)
    assert sum(len(spots(outline)) for outline in full) == 20
    assert any(len(re.findall("[Mm]", outline)) == 40 for outline in hollow), "squares: a place and a corner"
    assert any(len(spots(outline)) == 40 for outline in hollow), "lines: two ends"
    assert {"20.0 ms", "830 ms", "batch / streaming: 41.3× (95 %: 39.0× to 43.0×)"} <= set(texts(picture))


def test_a_wide_ratio_is_drawn_on_a_logarithmic_scale_and_says_so() -> None:
    assert texts(parsed(paired(PAIRS))).count("logarithmic") == 1
    assert "100 of 3,000 pairs drawn" in texts(parsed(PICTURES["paired many"]()))[-1]


def test_a_long_tail_is_counted_and_does_not_squash_the_rest() -> None:
    said = texts(parsed(histogram(GAPS["calm"])))
    assert any(re.fullmatch(r"1 of 1,001 beyond 1\d\.\d ms, the longest 200 ms", text) for text in said)
    assert any("logarithmic" in text for text in texts(parsed(histogram(GAPS["far apart"]))))
    assert not any("beyond" in text for text in texts(parsed(histogram([0.01, 0.02, 0.03]))))


def test_bars_stand_as_high_as_their_counts() -> None:
    picture = parsed(histogram([0.01] * 30 + [0.02] * 10, marks={"p50": 0.01, "p99": 0.02}))
    heights = [
        max(y for _, y in corners) - min(y for _, y in corners)
        for corners in map(spots, lines(picture, fill=ACCENT))
    ]
    assert len(heights) == 2
    assert max(heights) / min(heights) == pytest.approx(3, rel=0.01)
    assert {"p50 10.0 ms", "p99 20.0 ms"} <= set(texts(picture))


def test_a_hop_too_short_to_be_seen_is_seen() -> None:
    bars = [[x for x, _ in spots(outline)] for outline in lines(parsed(waterfall(HOPS)), fill=ACCENT)]
    widths = [max(xs) - min(xs) for xs in bars]
    assert len(widths) == len(HOPS)
    assert min(widths) >= 2.9
    assert widths[1] > 20 * widths[2]
    assert {"0.0400 ms", "<0.1 %", "95 %", "4.00 s"} <= set(texts(parsed(waterfall(HOPS))))


def test_a_hop_of_no_length_has_no_bar() -> None:
    hops = [*HOPS, HOPS[-1]._replace(length_p50=0.0, length_p95=0.0, share=0.0)]
    assert len(lines(parsed(waterfall(hops)), fill=ACCENT)) == len(HOPS)


def test_an_unknown_level_leaves_a_gap() -> None:
    whole = [level._replace(ttft_p50=0.1) for level in LEVELS]
    parts = [
        sum(outline.count("M") for outline in lines(parsed(sweep(levels)), stroke=ACCENT, fill="none"))
        for levels in (LEVELS, whole)
    ]
    assert parts[0] > parts[1]


def test_levels_stand_in_order_with_their_limits() -> None:
    assert svg(sweep(LEVELS[::-1]), "") == svg(sweep(LEVELS), "")
    said = texts(parsed(sweep(LEVELS, limits=(1.0, 0.1))))
    assert {"limit 1.00 s", "limit 100 ms", "1", "2", "4", "8", "13 %"} <= set(said)


@pytest.mark.parametrize(
    "draw",
    [
        partial(timeline, []),
        partial(timeline, [(-1, 1)]),
        partial(timeline, [(math.nan, 1)]),
        partial(timeline, [(1, math.inf)]),
        partial(timeline, [(2, 1), (1, 2)]),
        partial(timeline, [(1, 2), (2, 1)]),
        partial(timeline, WARM, reader=[(1, 1)]),
        partial(paired, []),
        partial(paired, [Pairs("a", [], [])]),
        partial(paired, [Pairs("a", [1, 2], [1])]),
        partial(paired, [Pairs("a", [1, -2], [1, 2])]),
        partial(paired, [Pairs("a", [1], [1], stream_median=(math.nan, 1, 2))]),
        partial(histogram, []),
        partial(histogram, [math.nan]),
        partial(histogram, [1], marks={"p50": -1}),
        partial(waterfall, []),
        partial(waterfall, [Hop("a", 0, -1, 1, 0)]),
        partial(waterfall, [Hop("a", 0, 1, math.inf, 0)]),
        partial(sweep, []),
        partial(sweep, [LEVELS[0], LEVELS[0]]),
        partial(sweep, [LEVELS[0]._replace(streams=0)]),
        partial(sweep, [LEVELS[0]._replace(goodput=1.5)]),
        partial(sweep, [LEVELS[0]._replace(ttft_p50=-1)]),
        partial(sweep, LEVELS, limits=(math.nan, 1)),
    ],
    ids=lambda draw: f"{draw.func.__name__} {draw.args} {draw.keywords}"[:70],
)
def test_what_cannot_be_drawn_is_the_callers_fault(draw: Draw) -> None:
    with pytest.raises(CallerError) as fault:
        draw()
    assert fault.value.advice


SAID: list[tuple[str, str]] = [
    (
        timeline_in_words(WARM, [(0.83, 64)]),
        "Words over time. Streaming: the first text after 20.0 ms, 64 words by 839 ms, the longest gap 13.0 ms",
    ),
    (timeline_in_words(WARM, [(0.83, 64)]), "Batch: all 64 words at 830 ms. A reader at 238 words a minute"),
    (timeline_in_words(SLOW, language="zh"), "流式：1.00 s 后出现首字，24.6 s 时共 60 个词"),
    (paired_in_words(PAIRS), "median streaming 20.0 ms (95 %: 19.0 ms to 21.0 ms)"),
    (paired_in_words(PAIRS), "batch takes 41.3× (95 %: 39.0× to 43.0×) the time; Whole reply, 20 pairs"),
    (paired_in_words(PAIRS, language="zh"), "整段用时是流式的 41.3×"),
    (histogram_in_words([0.01, 0.02, 0.03]), "3 gaps between chunks: p50 20.0 ms, p95 29.0 ms, p99 29.8 ms"),
    (histogram_in_words([0.01, 0.02, 0.03], language="zh"), "的 3 个间隔"),
    (waterfall_in_words(HOPS), "Click to kernel 4.00 ms, p95 11.0 ms, 0.7 %; 模型"),
    (waterfall_in_words(HOPS, language="zh"), "时间花在哪里"),
    (
        sweep_in_words(LEVELS, limits=(1.0, 0.1)),
        "at 4 TTFT not measured, TPOT not measured, goodput 0 %; at 8",
    ),
    (sweep_in_words(LEVELS, limits=(1.0, 0.1)), "Limits: TTFT 1.00 s, TPOT 100 ms."),
    (sweep_in_words(LEVELS, language="zh"), "4 路：TTFT 未测得"),
]


@pytest.mark.parametrize(("said", "part"), SAID, ids=[part[:40] for _, part in SAID])
def test_every_picture_is_read_aloud_in_words(said: str, part: str) -> None:
    assert part in said
    assert not re.search(r"[{}]|nan|None", said)


# -- places and figures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 ms"),
        (1e-8, "<0.001 ms"),
        (0.0000352, "0.0352 ms"),
        (0.0132, "13.2 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (8.3, "8.30 s"),
        (99.96, "100 s"),
        (1234.5, "1,234 s"),
    ],
)
def test_times_are_said_in_three_digits(seconds: float, said: str) -> None:
    assert as_time(seconds) == said


def test_ratios_and_shares_are_said_short() -> None:
    assert [three(value) for value in (0.975, 41.32, 5, 999.6)] == ["0.975", "41.3", "5.00", "1,000"]
    assert [as_share(share) for share in (0, 0.0001, 0.007, 0.0996, 0.5, 1)] == [
        "0 %",
        "<0.1 %",
        "0.7 %",
        "10 %",
        "50 %",
        "100 %",
    ]


TIME = st.floats(0, 1e6, allow_nan=False)


@given(st.lists(TIME, min_size=1, max_size=20), st.integers(2, 9))
def test_a_scale_keeps_order_and_its_ticks(values: list[float], most: int) -> None:
    scale = scale_of(values, 50, 600)
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(50 <= place <= 600 for place in places)
    ticks = scale.ticks(most)
    assert 1 <= len(ticks) <= most + 2
    assert all(scale.low <= tick <= scale.high * (1 + 1e-9) for tick in ticks)
    assert ticks == sorted(set(ticks))


@settings(deadline=None)  # the widest case weighs sixteen ways
@given(
    st.lists(
        st.tuples(st.floats(50, 620), st.text("abc 8中", min_size=1, max_size=10)), min_size=1, max_size=4
    )
)
def test_flags_never_touch_each_other_nor_a_pole(marks: Sequence[tuple[float, str]]) -> None:
    placed = flags(sorted(marks), 50, 620, 14)
    spans = []
    for flag in placed:
        wide = width_of(flag.text, 14)
        left = flag.x + 5 if flag.side == "right" else flag.x - 5 - wide
        spans.append((left, left + wide, flag))
        assert left >= 45
        assert left + wide <= 625
    for one, two in combinations(spans, 2):
        assert one[2].lane != two[2].lane or one[1] <= two[0] or two[1] <= one[0]
    for left, right, flag in spans:
        assert not any(left < other.x < right and other.lane > flag.lane for other in placed)


def test_texts_too_long_for_their_places_take_a_lane_each() -> None:
    placed = flags([(100.0, "long " * 20), (110.0, "longer " * 20)], 50, 620, 14)
    assert [flag.lane for flag in placed] == [0, 1]


def test_a_scale_puts_what_lies_outside_at_its_ends() -> None:
    scale = Scale(1, 100, 0, 10, log=True)
    assert [scale(value) for value in (0.1, 1, 10, 100, 1e9)] == pytest.approx([0, 0, 5, 10, 10])
