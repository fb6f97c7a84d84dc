"""What the race says, in both languages. Pure."""

from __future__ import annotations

from mockmate_nb.interview.question import Language
from mockmate_nb.lab.run import Run
from mockmate_nb.lab.verdict import NOTICED
from mockmate_nb.lab.waiting import BANDS, band
from mockmate_nb.units import as_ratio, as_time

SAME_LENGTH = 1.1
"""Replies whose tokens differ by more than this factor are not compared as wholes."""

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "space": " ",
        "and": " and ",
        "title": "Streaming against batch: a race",
        "about": "The same prompt goes to the same model twice. On one lane the reply is shown while it is being "
        "written, on the other when it is all there.",
        "stream": "Streaming",
        "batch": "Batch",
        "prompt": "Prompt",
        "default": "Explain in about 80 words why an answer that appears word by word feels faster than one "
        "that appears all at once, even where both take equally long.",
        "start": "Start",
        "stop": "Stop",
        "replay": "Replay side by side",
        "speed": "Replay at",
        "speed_1": "full speed",
        "speed_0.5": "½ speed",
        "speed_0.25": "¼ speed",
        "speed_other": "{speed:g}× speed",
        "more": "{pairs} more pairs",
        "pairs": "{pairs} pairs",
        "sends": "Start sends the prompt to {where} twice: about {tokens:,} tokens in all, replies included{cost}. "
        "Ten more pairs: about {more:,} tokens{more_cost}.",
        "model_at": "{model}, {where}",
        "cost": " (${cost:.4f} at the prices you set)",
        "stays": "Nothing leaves this machine: {where}.",
        "set": "Its words and its timing are set beforehand; its figures tell nothing of a real service.",
        "played": "Its times come out of a recording: they are those of the model that was recorded, not of one that "
        "works now.",
        "together": "Both requests leave at the same moment.",
        "in_turn": "Two replies at once would slow each other down on this machine, so the lanes run one after the "
        "other. The replay shows them side by side.",
        "loading": "Getting ready …",
        "warming": "First a short request that is not timed, so that neither lane pays for loading the model and for "
        "reading the prompt …",
        "racing": "The race is on.",
        "waits": "Waits until the streaming lane is done.",
        "replaying": "A replay of the recorded times, at {speed}.",
        "replayed": "The replay is over.",
        "measuring": "More pairs are being measured, one request at a time.",
        "halted": "Stopped. What had come is kept.",
        "replay_halted": "The replay was stopped. The lanes show the whole race again.",
        "nought": "0.0 s",
        "first": "first text after {time}",
        "whole": "whole reply after {time}",
        "stopped_after": "stopped after {time}",
        "failed_after": "failed after {time}",
        "limit": "Cut at the limit of {count} tokens.",
        "busy": "Something is still running here.",
        "busy_advice": "Wait until it is over, or press Stop.",
        "no_prompt": "The prompt is empty.",
        "no_prompt_advice": "Write what the model is to answer.",
        "no_laps": "There is no race to replay: that takes a whole reply in both lanes.",
        "no_laps_advice": "Press Start first.",
        "no_speed": "A replay cannot run at {speed:g} times its speed.",
        "no_speed_advice": "Give a number above 0 and up to 100; 0.25 is slow motion.",
        "verdict": "Verdict of this race",
        "measured": "Measured",
        "first_text": "First text",
        "whole_reply": "Whole reply",
        "tokens": "Tokens",
        "ratio": "Batch ÷ streaming",
        "warm": "A warm start: the model had just read this prompt; one that it has never seen takes longer to its "
        "first text.",
        "sooner": "With streaming there was something to read after {stream}; with batch after {batch}, {times} as "
        "long.",
        "alike": "Hardly a difference: there was something to read after {stream} with streaming, after {batch} "
        "with batch.",
        "later": "Here batch was first: there was something to read after {batch}; with streaming only after "
        "{stream}.",
        "felt": "How the waits feel, by Nielsen's limits. Streaming: {stream}. Batch: {batch}.",
        "whole_alike": "The whole reply took about as long either way ({stream} and {batch}): streaming makes no "
        "model faster, it lets you read while the model writes.",
        "whole_longer": "The whole reply took longer with streaming: {stream}, against {batch}.",
        "whole_shorter": "The whole reply took longer with batch: {batch}, against {stream}.",
        "lengths": "The replies differ in length ({stream} and {batch} tokens), so their whole times cannot be "
        "compared.",
        "one_pair": "One pair proves little: chance may weigh as much as the method.",
        "none": "No verdict: a whole reply is missing ({lanes}).",
    },
    "zh": {
        "space": "",
        "and": "、",
        "title": "流式与整段：一场赛跑",
        "about": "同一个提示词向同一个模型问两次：一条跑道边生成边显示，另一条等全部生成完再显示。",
        "stream": "流式",
        "batch": "整段",
        "prompt": "提示词",
        "default": "请用一百字左右说明：同样长的等待，为什么逐字出现的回答比一次全部出现的回答让人觉得更快？",
        "start": "开始",
        "stop": "停止",
        "replay": "并排回放",
        "speed": "回放速度",
        "speed_1": "原速",
        "speed_0.5": "½ 倍速",
        "speed_0.25": "¼ 倍速",
        "speed_other": "{speed:g} 倍速",
        "more": "再测 {pairs} 对",
        "pairs": "再测的 {pairs} 对",
        "sends": "按“开始”会把提示词发送到：{where}，共两次，连同回复约 {tokens:,} 个词元{cost}。"
        "再测十对约 {more:,} 个词元{more_cost}。",
        "model_at": "{model}，{where}",
        "cost": "（按你设定的价格约 ${cost:.4f}）",
        "stays": "内容不会离开这台机器：{where}。",
        "set": "它的文字和节奏都是预先设定的，这里的数字不能说明任何真实服务的快慢。",
        "played": "时间来自录制：是被录制的模型当时的表现，不是此刻有模型在工作。",
        "together": "两个请求同时发出。",
        "in_turn": "在这台机器上同时生成两个回复会互相拖慢，所以两条跑道先后进行；并排的样子请看回放。",
        "loading": "准备中……",
        "warming": "先发一个不计时的短请求，免得哪条跑道承担加载模型、读提示词的时间……",
        "racing": "比赛进行中。",
        "waits": "等流式跑道结束。",
        "replaying": "按记录的到达时间回放：{speed}。",
        "replayed": "回放结束。",
        "measuring": "正在测更多对，一次只发一个请求。",
        "halted": "已停止，已经收到的内容都保留着。",
        "replay_halted": "回放已停止，跑道上又是整场比赛的结果。",
        "nought": "0.0 秒",
        "first": "{time}后出现文字",
        "whole": "{time}后回复完整",
        "stopped_after": "{time}后停止",
        "failed_after": "{time}后失败",
        "limit": "到 {count} 个词元的上限为止。",
        "busy": "这里还有任务在进行。",
        "busy_advice": "请等它结束，或按“停止”。",
        "no_prompt": "提示词是空的。",
        "no_prompt_advice": "请写下要模型回答的内容。",
        "no_laps": "还没有可以回放的比赛：需要两条跑道都有完整的回复。",
        "no_laps_advice": "请先按“开始”。",
        "no_speed": "不能以 {speed:g} 倍速回放。",
        "no_speed_advice": "请给一个大于 0、不超过 100 的数；0.25 是慢动作。",
        "verdict": "这场比赛的结论",
        "measured": "测量值",
        "first_text": "首段文字",
        "whole_reply": "完整回复",
        "tokens": "词元数",
        "ratio": "整段 ÷ 流式",
        "warm": "这是热启动：模型刚读过这个提示词；没见过的提示词，首段文字会来得更晚。",
        "sooner": "流式在 {stream}后就有文字可读；整段要等 {batch}，是流式的 {times}。",
        "alike": "几乎没有差别：流式在 {stream}后有文字可读，整段在 {batch}后。",
        "later": "这一次整段更快：{batch}后就有文字可读，流式要等 {stream}。",
        "felt": "按尼尔森的界限，等待的感觉是：流式，{stream}；整段，{batch}。",
        "whole_alike": "完整回复的用时差不多（{stream}和 {batch}）："
        "流式不会让模型变快，只是让你在模型写的同时就能读。",
        "whole_longer": "完整回复的用时，流式更长：{stream}，整段 {batch}。",
        "whole_shorter": "完整回复的用时，整段更长：{batch}，流式 {stream}。",
        "lengths": "两个回复长短不同（{stream} 和 {batch} 个词元），完整用时不能相比。",
        "one_pair": "只测一对说明不了多少问题：偶然的成分可能和方法的作用一样大。",
        "none": "没有结论：{lanes}跑道没有完整的回复。",
    },
}
SPEEDS = (1.0, 0.5, 0.25)


def say(language: Language, name: str, /, **values: object) -> str:
    return WORDS[language][name].format(**values)


def speed_words(speed: float, language: Language) -> str:
    name = f"speed_{speed:g}"
    return say(language, name if name in WORDS[language] else "speed_other", speed=speed)


def pair_verdict(stream: Run, batch: Run, language: Language, *, warm: bool = False) -> str:
    """What one race showed, in sentences. `warm`: the prompt was in the model's cache for certain."""
    seen, unseen = stream.first_content, batch.first_content
    ratio = unseen / seen
    name = "sooner" if ratio > NOTICED else "later" if ratio < 1 / NOTICED else "alike"
    lines = [say(language, name, **_both(seen, unseen, language), times=as_ratio(ratio, language))]
    felt, unfelt = (BANDS[band(seconds)][language] for seconds in (seen, unseen))
    if felt != unfelt:
        lines.append(say(language, "felt", stream=felt, batch=unfelt))
    lines.append(_wholes(stream, batch, language))
    if warm:
        lines.append(say(language, "warm"))
    return say(language, "space").join(lines)


def _wholes(stream: Run, batch: Run, language: Language) -> str:
    if max(stream.tokens, batch.tokens) > SAME_LENGTH * min(stream.tokens, batch.tokens):
        return say(language, "lengths", stream=stream.tokens, batch=batch.tokens)
    ratio = stream.e2e / batch.e2e
    name = "whole_longer" if ratio > NOTICED else "whole_shorter" if ratio < 1 / NOTICED else "whole_alike"
    return say(language, name, **_both(stream.e2e, batch.e2e, language))


def _both(stream: float, batch: float, language: Language) -> dict[str, str]:
    return {"stream": as_time(stream, language), "batch": as_time(batch, language)}
