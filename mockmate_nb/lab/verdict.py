"""What a comparison of streaming and batch means, in plain words. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mockmate_nb.interview.question import Language
from mockmate_nb.lab.intervals import MINIMUM, Interval
from mockmate_nb.lab.run import Cache
from mockmate_nb.lab.waiting import BANDS, band
from mockmate_nb.units import as_ratio, as_time

NOTICED = 1.2
"""A wait must differ by about a fifth to be noticed (Seow 2008, Designing and Engineering Time, chapter 2)."""
SAME = 1.05
"""Whole times that differ by less are as good as the same, however sure the difference is."""

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "space": " ",
        "warm": "Prompt already in the cache",
        "cold": "Prompt never seen before",
        "headed": "{cache}, {n} pairs.",
        "headed_one": "{cache}, 1 pair.",
        "none": "{cache}: no pair was measured, so there is nothing to compare.",
        "few": "That is too few pairs for an interval ({least} at the least), so take it as a hint, not as a result: "
        "batch kept the reader waiting {value} as long as streaming{both}.",
        "gain": "With streaming there is something to read sooner: batch keeps the reader waiting {value} as long"
        "{both}. With 95 % confidence it is between {low} and {high}.",
        "small": "Streaming shows something sooner, but only just: batch keeps the reader waiting {value} as long"
        "{both}. That is measurable (95 % interval {low} to {high}) and too little to be noticed.",
        "unclear": "No clear gain: batch kept the reader waiting {value} as long as streaming{both}, but the 95 % "
        "interval, {low} to {high}, holds 1×, which is no difference at all.",
        "loss": "Here streaming is the slower one to show something: batch takes only {value} as long{both}. With "
        "95 % confidence it is between {low} and {high}.",
        "both": " ({batch} against {ttft})",
        "felt": "How the waits feel, by Nielsen's limits. Streaming: {ttft}. Batch: {batch}.",
        "alike": "Both waits feel much the same: {ttft}.",
        "whole_same": "The whole reply takes about as long either way ({value}, 95 % interval {low} to {high}): "
        "streaming lets people read sooner, it does not make the model faster.",
        "whole_unclear": "Whether the whole reply takes longer one way or the other cannot be told from this: batch "
        "takes {value} as long, with a 95 % interval from {low} to {high}.",
        "whole_batch": "The whole reply takes longer with batch too, {value} as long ({low} to {high}). Streaming as "
        "such does not explain that; look at how the service answers each.",
        "whole_stream": "The price: the whole reply takes longer with streaming; batch is done in {value} of that "
        "time ({low} to {high}).",
    },
    "zh": {
        "space": "",
        "warm": "提示词已在缓存中",
        "cold": "提示词从未见过",
        "headed": "{cache}，共 {n} 对。",
        "headed_one": "{cache}，共 1 对。",
        "none": "{cache}：一对也没有测到，无从比较。",
        "few": "对数太少，给不出区间（至少要 {least} 对），只能当作提示，不能当作结论："
        "整段让读者等的时间是流式的 {value}{both}。",
        "gain": "用流式能更早读到文字：整段让读者等的时间是流式的 {value}{both}，"
        "有 95% 的把握在 {low}到 {high}之间。",
        "small": "用流式能早一点读到文字，但只早一点点：整段让读者等的时间是流式的 {value}{both}。"
        "这个差别测得出来（95% 区间为 {low}到 {high}），人却感觉不到。",
        "unclear": "没有明显的好处：整段让读者等的时间是流式的 {value}{both}，"
        "但 95% 区间（{low}到 {high}）包含了 1 倍，也就是毫无差别。",
        "loss": "这里流式反而更晚出现文字：整段的等待只有流式的 {value}{both}，有 95% 的把握在 {low}到 {high}之间。",
        "both": "（{batch}对 {ttft}）",
        "felt": "按尼尔森的界限，等待的感觉是：流式，{ttft}；整段，{batch}。",
        "alike": "两种等待给人的感觉差不多：{ttft}。",
        "whole_same": "完整回复的用时两边差不多（{value}，95% 区间为 {low}到 {high}）："
        "流式让人更早开始读，并不会让模型变快。",
        "whole_unclear": "完整回复哪一边更慢，从这些数据看不出来："
        "整段用时是流式的 {value}，95% 区间为 {low}到 {high}。",
        "whole_batch": "完整回复也是整段更慢，用时是流式的 {value}（{low}到 {high}）。"
        "这不是流式本身能解释的，请看看服务对两种请求的处理有什么不同。",
        "whole_stream": "代价是：完整回复用流式更慢，整段的用时只有流式的 {value}（{low}到 {high}）。",
    },
}


def verdict(
    first: Interval,
    whole: Interval,
    *,
    cache: Cache,
    language: Language = "en",
    ttft: float | None = None,
    batch: float | None = None,
) -> str:
    """One paragraph. It claims a gain only where the interval lies above 1, and says so where it does not.

    `first` is batch's whole time over streaming's time to first text, pair by pair: how many times as long a reader
    waits for something to read. `whole` is batch's whole time over streaming's. `ttft` and `batch` are the medians
    of both waits in seconds; with them it says what the waits feel like, by Nielsen's limits.
    """
    words = _WORDS[language]
    head = words[cache]
    if not first.n:
        return words["none"].format(cache=head)
    said = [words["headed" if first.n > 1 else "headed_one"].format(cache=head, n=first.n)]
    both = ""
    if ttft is not None and batch is not None:
        both = words["both"].format(ttft=as_time(ttft, language), batch=as_time(batch, language))
    said.append(_filled(words[_first(first)], first, language, both=both, least=MINIMUM))
    if ttft is not None and batch is not None:
        feels, felt = BANDS[band(ttft)][language], BANDS[band(batch)][language]
        if feels != felt:
            said.append(words["felt"].format(ttft=feels, batch=felt))
        elif _first(first) in ("small", "unclear"):
            said.append(words["alike"].format(ttft=feels))
    if whole.known:
        said.append(_filled(words[_whole(whole)], whole, language))
    return words["space"].join(said)


def _first(first: Interval) -> str:
    if not first.known:
        return "few"
    if first.holds(1):
        return "unclear"
    if first.high < 1:
        return "loss"
    return "gain" if first.value >= NOTICED else "small"


def _whole(whole: Interval) -> str:
    """Close to 1 is the same, however sure; an interval that holds 1 but reaches far from it says nothing."""
    if max(whole.high, 1 / whole.low if whole.low > 0 else math.inf) <= NOTICED and (
        whole.holds(1) or 1 / SAME <= whole.value <= SAME
    ):
        return "whole_same"
    if whole.holds(1):
        return "whole_unclear"
    return "whole_batch" if whole.low > 1 else "whole_stream"


def _filled(text: str, ratio: Interval, language: Language, **more: object) -> str:
    value, low, high = (as_ratio(one, language) for one in ratio[:3])
    return text.format(value=value, low=low, high=high, **more)
