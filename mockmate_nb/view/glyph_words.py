"""The words of `GlyphPanel`, and its report as a table. Figures in, markup out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from mockmate_nb.interview.question import Language
from mockmate_nb.lab.waterfall import HOPS, Row, Waterfall
from mockmate_nb.plots_canvas import svg
from mockmate_nb.plots_hops import Hop, waterfall_in_words
from mockmate_nb.plots_hops import waterfall as picture
from mockmate_nb.units import as_share, as_time
from mockmate_nb.view.lines import note

LABELS: Mapping[Language, Mapping[str, str]] = {
    "en": {"ask": "Ask", "more": "10 more, automatically", "stop": "Stop", "reset": "Clear figures"},
    "zh": {"ask": "提问", "more": "自动再来 10 次", "stop": "停止", "reset": "清除数据"},
}
WIDTHS = {"wide": 640, "narrow": 380}
"""Pixels of the picture; the page shows the one that fits."""
WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "title": "From click to glyph",
        "about": "Press Ask. The page notes when you pressed and when the first text was on the screen; the kernel "
        "notes what happened in between. While a cell runs, the kernel may hear a press late: that waiting is then "
        "part of “click → kernel”.",
        "goes": "The prompt goes to: {where}.",
        "practice": "The practice model speaks from fixed templates: no network, no AI.",
        "prompt": "Tell me in a few sentences what a streamed reply is.",
        "speaker": "Model",
        "caption": "From click to glyph: {n} clicks, without the first, a warm-up",
        "caption_one": "From click to glyph: one click, without the first, a warm-up",
        "caption_none": "From click to glyph: the first click, a warm-up",
        "warm_up": "The first click opens the connection and runs code for the first time: it will not be counted. "
        "Press again.",
        "hop": "Hop",
        "share": "share",
        "shares": "Share: of all the time waited from click to glyph, this part's.",
        "sums": "The p50s of the parts do not add up to the p50 of the whole: each is the middle of its own times.",
        "asked": "Asked each time: “{prompt}”",
        "nothing": "Nothing asked yet.",
        "nothing_came": "The request to {where} failed before any text came.",
        "between": " ",
        "whole": "From click to glyph",
        "one_clock": "on the page's clock alone",
        "later": "Later text",
        "clocks": "The page and the kernel have a clock each. The whole is measured on the page's alone. How "
        "“click → kernel” and “kernel → page” share their sum is known to ± {uncertain}: what the quickest messages "
        "leave open.",
        "frames": "in the kernel's hands → painted; it waits for its frame, one message in 40 ms",
        "few": "p95 of fewer than 20 clicks is little more than the slowest of them.",
        "simulated": "{n} of these clicks were simulated: nobody pressed, the page noted the time by itself.",
        "lost": "Never painted, so not counted: {n}. A tab in the background paints nothing.",
        "moved": "Not counted, since the two clocks moved against each other meanwhile: {n}.",
        "absent": "No page answered within {seconds:g} s.",
        "absent_why": "Display the panel in a notebook, then call ask(). While a cell waits for it in run(), some "
        "kernels hear no page: call panel.ask() without waiting, as the last line of the cell.",
        "running": "An answer is on its way.",
        "running_why": "Wait for its end, or call stop().",
        "empty": "The model's reply held no text, so there is no glyph to wait for.",
        "empty_why": "Ask something else, or another model.",
    },
    "zh": {
        "title": "从点击到屏幕上的字",
        "about": "请按“提问”。页面记下你按下的时刻和第一段文字显示出来的时刻，中间发生了什么由内核记录。"
        "单元格运行期间，内核可能较晚才收到点击，这段等待会算进“点击 → 内核”。",
        "goes": "提示词会发给：{where}。",
        "practice": "练习模型按固定模板说话：不联网，也不是人工智能。",
        "prompt": "请用几句话说明什么是流式回复。",
        "speaker": "模型",
        "caption": "从点击到显示：{n} 次点击（第一次为预热，不计入）",
        "caption_one": "从点击到显示：1 次点击（第一次为预热，不计入）",
        "caption_none": "从点击到显示：第一次点击（预热）",
        "warm_up": "第一次点击要建立连接、首次运行代码，不会计入。请再按一次。",
        "hop": "环节",
        "share": "占比",
        "shares": "占比：在从点击到显示的全部等待时间中，这一段占多少。",
        "sums": "各段的 p50 相加不等于总时间的 p50：每个 p50 都是它自己那一列时间的中间值。",
        "asked": "每次问的是：“{prompt}”",
        "nothing": "还没有提问。",
        "nothing_came": "发往{where}的请求失败，没有收到任何文字。",
        "between": "",
        "whole": "从点击到显示",
        "one_clock": "只用页面的时钟",
        "later": "后续文字",
        "clocks": "页面和内核各有一个时钟，总时间只用页面的时钟测量。“点击 → 内核”与“内核 → 页面”怎样分摊它们的总和，"
        "只能精确到 ± {uncertain}，这是最快的几次往返也无法确定的部分。",
        "frames": "内核拿到 → 显示出来；要等下一帧，每 40 ms 发一条消息",
        "few": "点击少于 20 次时，p95 几乎就是最慢的那一次。",
        "simulated": "其中 {n} 次是模拟点击：没有人按下，时刻由页面自己记录。",
        "lost": "没有显示出来、因而不计入的点击：{n} 次。后台标签页不会绘制内容。",
        "moved": "期间两个时钟的相对快慢发生了变化、因而不计入的点击：{n} 次。",
        "absent": "{seconds:g} 秒内没有页面应答。",
        "absent_why": "请先在笔记本里显示这个面板，再调用 ask()。单元格在 run() 里等待时，有的内核收不到页面的消息："
        "请把 panel.ask() 放在单元格的最后一行，不要等待它。",
        "running": "还有一个回答正在进行。",
        "running_why": "请等它结束，或调用 stop()。",
        "empty": "模型的回复里没有文字，所以没有可以等待显示的内容。",
        "empty_why": "请换一个问题，或换一个模型。",
    },
}


def say(language: Language, name: str, /, **values: object) -> str:
    return WORDS[language][name].format(**values)


def report_html(waterfall: Waterfall, language: Language) -> str:
    """The hops as a picture and a table, then what is to be known of the figures; empty before the first click."""
    rows, whole = waterfall.rows(), waterfall.whole
    notes = "".join(note(line) for line in _notes(waterfall, language))
    if whole is None:
        return notes
    n = len(waterfall.counted)
    caption = say(language, ("caption_none", "caption_one", "caption")[min(n, 2)], n=n)
    heads = (say(language, "hop"), "p50", "p95", say(language, "share"))
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(
        _row(*HOPS[row.hop][language], (row.p50, row.p95), as_share(row.share), row.uncertain) for row in rows
    )
    foot = _row(say(language, "whole"), say(language, "one_clock"), whole, as_share(1.0))
    if waterfall.later is not None:
        foot += _row(
            say(language, "later"), say(language, "frames"), waterfall.later, "", waterfall.uncertain
        )
    return (
        f"{_pictures(rows, language)}<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody><tfoot>{foot}</tfoot></table>{notes}"
    )


def _pictures(rows: Sequence[Row], language: Language) -> str:
    bars = [Hop(HOPS[row.hop][language][0], row.start, row.p50, row.p95, row.share) for row in rows]
    alt = waterfall_in_words(bars, language=language)
    drawn = ((name, picture(bars, language=language, width=width)) for name, width in WIDTHS.items())
    return "".join(f'<figure class="mockmate-{name}">{svg(figure, alt)}</figure>' for name, figure in drawn)


def _row(
    name: str, meaning: str, figures: tuple[float, ...], share: str, uncertain: float | None = None
) -> str:
    p50, p95 = map(as_time, figures)
    blurred = f"<small>± {as_time(uncertain)}</small>" if uncertain else ""
    return (
        f'<tr><th scope="row">{escape(name)}<small>{escape(meaning)}</small></th>'
        f"<td>{p50}{blurred}</td><td>{p95}</td><td>{share}</td></tr>"
    )


def _notes(waterfall: Waterfall, language: Language) -> Iterator[str]:
    n = len(waterfall.counted)
    if waterfall.uncertain is not None:
        if not n:
            yield say(language, "warm_up")
        yield say(language, "shares") + (say(language, "between") + say(language, "sums") if n > 1 else "")
        yield say(language, "clocks", uncertain=as_time(waterfall.uncertain))
        if 1 < n < 20:
            yield say(language, "few")
    for name in ("simulated", "lost", "moved"):
        if n := getattr(waterfall, name):
            yield say(language, name, n=n)
