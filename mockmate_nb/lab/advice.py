"""Stream or batch: rules of thumb, and beside them what was measured. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import Language
from mockmate_nb.lab.metrics import tpot
from mockmate_nb.lab.run import Cache, Run
from mockmate_nb.lab.waiting import pace
from mockmate_nb.units import as_time, three

if TYPE_CHECKING:
    from mockmate_nb.lab.report import LatencyReport

LONG, SHORT = 100, 50
"""Words above which a reply is long, below which it is short."""
SLOW, QUICK = 3.0, 1.0
"""Seconds above which a whole reply is worth streaming, below which it is not."""
BEYOND = 2.0
"""Times the longest measured reply, above which a prediction is called a guess."""

Choice = Literal["stream", "batch", "either"]
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "long": "{words} words are long: above {long} words, or 3 seconds, people want to see something happen.",
        "short": "{words} words are short: below {short} words, or 1 second, streaming adds code and nobody notices.",
        "between": "{words} words lie between short ({short}) and long ({long}): length alone decides nothing.",
        "slow": "Measured here, {words} words take {whole}: long enough to want to see something happen.",
        "quick": "Measured here, {words} words take {whole}: below a second streaming is hardly noticed.",
        "time_first": "The two disagree, and the measured time decides: words only stand in for it.",
        "conversation": "A conversation lives on words that appear as they are spoken.",
        "steps": "Steps in between (search, tools, progress) can only be shown while they happen.",
        "unknown_length": "Nobody knows how long it will take: a stream shows that it is alive, and can be stopped.",
        "structured": "Structured data can be parsed only when it is whole: half an object is no object.",
        "transactional": "It is all or nothing: what failed half-way must not have been shown or acted on.",
        "post_processed": "The text is checked or changed as a whole first, so nobody may see it before.",
        "conflict": "Two things pull apart here, and what must be whole goes first. A middle way: {way}.",
        "join": "; ",
        "way_structured": "stream_object shows the fields as they become valid, and checks the whole",
        "way_transactional": "stream the progress, and act on the result only at its end",
        "way_post_processed": "check sentence by sentence, and show each once it has passed",
        "short_anyway": "That outweighs the short text, for which streaming would not be worth it.",
        "price": "Streaming buys a better wait with more code (a fault in mid-reply, a stop button, a lost line). It "
        "does not make the model faster.",
        "open": "Nothing here speaks clearly for either. Batch is the simpler code.",
        "nothing": "The report holds no streaming run, so nothing can be predicted from it.",
        "rhythm": "{cache} (streaming runs: {runs}, medians): first text after {first}, then {step} a token, "
        "{share} tokens a word: {speed} words a minute, where people read {reader}.",
        "predicted": "So {words} words: something to read after {first} with streaming, after {whole} with batch; "
        "who reads along is done {saved} earlier.",
        "beyond": "That reaches beyond what was measured (replies of {most} words at most), so it is a guess.",
        "warm": "Prompt in the cache",
        "cold": "Prompt never seen",
    },
    "zh": {
        "long": "{words} 字算长：超过 {long} 字，或者超过 3 秒，人就想看到动静。",
        "short": "{words} 字算短：不到 {short} 字，或者不到 1 秒，用流式只会多写代码，没人察觉。",
        "between": "{words} 字不长不短（在 {short} 和 {long} 之间）：光看长度定不下来。",
        "slow": "按这里的测量，{words} 字要 {whole}，够长了，人会想看到动静。",
        "quick": "按这里的测量，{words} 字只要 {whole}，不到一秒，流式几乎察觉不到。",
        "time_first": "两者不一致，以测得的时间为准：字数只是时间的替身。",
        "conversation": "对话要的就是边说边出现的文字。",
        "steps": "中间步骤（检索、工具、进度）只有在发生的当时才能给人看。",
        "unknown_length": "谁也不知道要多久：流式能让人看到它还在工作，也能随时停下。",
        "structured": "结构化数据要完整才能解析：半个对象不是对象。",
        "transactional": "要么全部成功，要么全部不算：中途失败的内容不能已经给人看过或用过。",
        "post_processed": "文字要先整体检查或加工，在那之前谁都不该看到。",
        "conflict": "这里的要求相互冲突，必须完整的优先。折中的办法：{way}。",
        "join": "；",
        "way_structured": "stream_object 让字段一边生效一边显示，最后再整体校验",
        "way_transactional": "流式显示进度，等结果完整了再执行",
        "way_post_processed": "逐句检查，通过一句显示一句",
        "short_anyway": "这比文字短更重要；单看长度，本来不值得用流式。",
        "price": "流式用更多的代码（中途出错、停止按钮、断线）换来更好的等待，并不会让模型变快。",
        "open": "这里没有哪一边明显更合适。整段的代码更简单。",
        "nothing": "报告里没有流式的测量，无法据此预测。",
        "rhythm": "{cache}（流式测量 {runs} 次，取中位数）：{first}后出现首段文字，之后每个词元 {step}，"
        "每字 {share} 个词元，"
        "相当于每分钟 {speed} 字；人的阅读速度是每分钟 {reader} 字。",
        "predicted": "那么 {words} 字：流式 {first}后就有文字可读，整段要等 {whole}；"
        "边出边读的人会早 {saved}读完。",
        "beyond": "这超出了测量的范围（最长的回复有 {most} 字），只能算推测。",
        "warm": "提示词在缓存中",
        "cold": "提示词从未见过",
    },
}


@dataclass(frozen=True)
class Advice:
    """What to take, why, and what the measurement says to it; conflicts stand among the reasons."""

    choice: Choice
    reasons: tuple[str, ...]
    measured: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join((self.choice, *self.reasons, *self.measured))


class Rhythm(NamedTuple):
    """Medians of streaming runs: seconds to the first text and a token, tokens a word; a reader's seconds a word."""

    first: float
    step: float
    share: float
    reader: float
    runs: int
    most: int

    def whole(self, words: int) -> float:
        """Seconds until a reply of so many words is complete."""
        return self.first + max(words * self.share - 1, 0) * self.step

    def saved(self, words: int) -> float:
        """Seconds earlier that a steady reader is done who reads along, and not only once all is there."""
        whole, reading = self.whole(words), words * self.reader
        return whole + reading - max(self.first + reading, whole + self.reader)


def advise(
    report: LatencyReport | None = None,
    *,
    words: int | None = None,
    structured: bool = False,
    transactional: bool = False,
    post_processed: bool = False,
    unknown_length: bool = False,
    steps: bool = False,
    conversation: bool = False,
    language: Language = "en",
) -> Advice:
    """Whether to stream a reply of about `words` words (in Chinese: characters) or to send it whole.

    For streaming speak length (above 100 words or 3 s), a conversation, steps in between and an unknown length; for
    batch brevity (below 50 words or 1 s), structured data that is parsed whole, all-or-nothing transactions and
    checking or changing the whole text first. The last three outweigh the rest, and a conflict is told. With a
    report, the time predicted from its streaming runs (the slowest kind of cache) goes before the number of words,
    and the figures are told: whole = TTFT + (words * tokens a word - 1) * TPOT, medians throughout.
    Raises `CallerError` for words below one.
    """
    if words is not None and (not isinstance(words, int) or words < 1):
        raise CallerError(
            f"words: {words!r} is no length of a reply.", field="words", advice="Give 1 or more."
        )
    say = _WORDS[language]
    rhythms = _rhythms(report.runs) if report is not None else {}
    musts = _chosen(structured=structured, transactional=transactional, post_processed=post_processed)
    wishes = _chosen(conversation=conversation, steps=steps, unknown_length=unknown_length)
    length, lines = _length(words, rhythms, language)
    reasons = [say[name] for name in (*musts, *wishes)] + lines
    wanted = bool(wishes) or length == "stream"
    choice: Choice = "batch" if musts else "stream" if wanted else length
    if musts and wanted:
        reasons.append(say["conflict"].format(way=say["join"].join(say[f"way_{name}"] for name in musts)))
    if choice == "stream":
        reasons += [say["short_anyway"]] if length == "batch" else []
        reasons.append(say["price"])
    if choice == "either":
        reasons.append(say["open"])
    measured = _measured(words, rhythms, language) if report is not None else ()
    return Advice(choice, tuple(reasons), measured)


def _chosen(**circumstances: bool) -> list[str]:
    return [name for name, holds in circumstances.items() if holds]


def _length(
    words: int | None, rhythms: Mapping[Cache, Rhythm], language: Language
) -> tuple[Choice, list[str]]:
    """What the length speaks for: by the time where it was measured and is clear, else by words; both are told."""
    if words is None:
        return "either", []
    say = _WORDS[language]
    by_words: Choice = "stream" if words > LONG else "batch" if words < SHORT else "either"
    name = {"stream": "long", "batch": "short", "either": "between"}[by_words]
    lines = [say[name].format(words=words, long=LONG, short=SHORT)]
    if not rhythms:
        return by_words, lines
    whole = max(rhythm.whole(words) for rhythm in rhythms.values())
    by_time: Choice = "stream" if whole > SLOW else "batch" if whole < QUICK else "either"
    if by_time == "either":
        return by_words, lines
    told = say["slow" if by_time == "stream" else "quick"]
    lines.append(told.format(words=words, whole=as_time(whole, language)))
    return by_time, [*lines, say["time_first"]] if by_words not in (by_time, "either") else lines


def _rhythms(runs: Sequence[Run]) -> dict[Cache, Rhythm]:
    found: dict[Cache, Rhythm] = {}
    for cache in dict.fromkeys(run.cache for run in runs):
        streams = [
            run for run in runs if run.cache == cache and run.mode == "stream" and run.first_word is not None
        ]
        steps = [step for run in streams if (step := tpot(run)) is not None]
        if steps:
            found[cache] = Rhythm(
                statistics.median(run.first_content for run in streams),
                statistics.median(steps),
                statistics.median(run.shown / run.arrivals[-1].words for run in streams),
                statistics.median(pace(run) for run in streams),
                len(streams),
                max(run.arrivals[-1].words for run in streams),
            )
    return found


def _measured(words: int | None, rhythms: Mapping[Cache, Rhythm], language: Language) -> tuple[str, ...]:
    say = _WORDS[language]
    if not rhythms:
        return (say["nothing"],)
    lines = []
    for cache, rhythm in rhythms.items():
        word = rhythm.step * rhythm.share
        lines.append(
            say["rhythm"].format(
                cache=say[cache],
                runs=rhythm.runs,
                first=as_time(rhythm.first, language),
                step=as_time(rhythm.step, language),
                share=three(rhythm.share),
                speed=three(60 / word) if word > 0 else "∞",
                reader=round(60 / rhythm.reader),
            )
        )
        if words is not None:
            first, whole, saved = (
                as_time(seconds, language)
                for seconds in (rhythm.first, rhythm.whole(words), rhythm.saved(words))
            )
            lines.append(say["predicted"].format(words=words, first=first, whole=whole, saved=saved))
            if words > BEYOND * rhythm.most:
                lines.append(say["beyond"].format(most=rhythm.most))
    return tuple(lines)
