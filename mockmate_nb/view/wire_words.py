"""The wire inspector's own words in both languages, and the sentence that says how it stands."""

from __future__ import annotations

from collections.abc import Sequence

from mockmate_nb.interview.question import Language
from mockmate_nb.lab.wire import Inspection
from mockmate_nb.settings import Settings
from mockmate_nb.view.words import address, destination

SPEEDS = {"full": 0.0, "ten": 10.0, "three": 3.0, "one": 1.0}
WIRE_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Wire inspector",
        "prompt": "What to ask",
        "question": "What is a server-sent event?",
        "no_prompt": "There is nothing to ask: write a line or two first.",
        "stays": "The question stays on this machine: {where}.",
        "sends": "Start sends this question to {where}.",
        "start": "Start",
        "again": "Again",
        "pause": "Pause",
        "play": "Play",
        "step": "Step",
        "cut": "Cut here",
        "stop": "Stop",
        "speed": "Speed",
        "full": "as it comes",
        "ten": "10 chunks a second",
        "three": "3 chunks a second",
        "one": "1 chunk a second",
        "other": "{speed:g} chunks a second",
        "text": "Text",
        "keys": "Keys: Space pauses and plays, → steps, ↑ and ↓ go from chunk to chunk.",
        "idle": "Nothing has been asked yet. Start lets the reply run; Step lets one chunk through at a time.",
        "asking": "Asked. Waiting for the first bytes …",
        "playing": "The reply is coming in.",
        "asking_again": "The line is cut. The client asks again with the text that it has, to go on from there …",
        "playing_again": "The reply goes on: request {requests}.",
        "paused": "Paused. The next chunk has not come yet.",
        "held": "Paused. Chunk {number} is held: {size:,} bytes have come, and the client has not seen them.",
        "seams": "Gone on after a cut at character {at} of the text.",
        "times": "The time of a chunk is when it was read from the line. While the reply is paused or slowed, what "
        "comes waits there unread: its time here is later than when it came.",
        "done": "The reply is whole.",
        "empty": "The reply is whole, and empty.",
        "stopped": "Stopped. The connection is closed; what came stays.",
        "failed": "The reply from {where} broke off for good; what came stays.",
        "failed_bare": "The request to {where} failed before any text came.",
        "cuts": " The line was cut {count} times, and the text went on each time.",
        "cuts_one": " The line was cut once, and the text went on.",
    },
    "zh": {
        "title": "线路观察器",
        "prompt": "要问的内容",
        "question": "什么是服务器发送事件？",
        "no_prompt": "还没有要问的内容：请先写一两句话。",
        "stays": "问题留在本机：{where}。",
        "sends": "按“开始”后，这个问题会发送到 {where}。",
        "start": "开始",
        "again": "再来一次",
        "pause": "暂停",
        "play": "播放",
        "step": "单步",
        "cut": "在此切断",
        "stop": "停止",
        "speed": "速度",
        "full": "原速",
        "ten": "每秒 10 块",
        "three": "每秒 3 块",
        "one": "每秒 1 块",
        "other": "每秒 {speed:g} 块",
        "text": "文字",
        "keys": "按键：空格暂停或播放，→ 单步，↑ 和 ↓ 在各块之间移动。",
        "idle": "还没有发出请求。按“开始”让回复连续到达；按“单步”每次放行一块。",
        "asking": "请求已发出，正在等待第一批字节……",
        "playing": "回复正在到达。",
        "asking_again": "线路已切断。客户端带着已有的文字再次请求，从那里继续……",
        "playing_again": "回复继续：第 {requests} 次请求。",
        "paused": "已暂停。下一块还没有到。",
        "held": "已暂停。第 {number} 块被扣住：{size:,} 字节已经到达，客户端还没有看到。",
        "seams": "在文字的第 {at} 个字符处切断后接续。",
        "times": "每一块的时间是从线路读取它的时刻。暂停或放慢期间，已到的字节等在那里未读，"
        "所以这里的时间比到达的时刻晚。",
        "done": "回复完整。",
        "empty": "回复完整，但没有内容。",
        "stopped": "已停止，连接已关闭；已到的内容保留。",
        "failed": "来自{where}的回复彻底中断；已到的内容保留。",
        "failed_bare": "发往{where}的请求失败，没有收到任何文字。",
        "cuts": "线路被切断 {count} 次，文字每次都接了下去。",
        "cuts_one": "线路被切断一次，文字接了下去。",
    },
}


def say(language: Language, name: str, /, **values: object) -> str:
    return WIRE_WORDS[language][name].format(**values)


def where_to(settings: Settings, language: Language) -> str:
    """Where the question goes, for the screen to say before it goes."""
    name = "sends" if settings.leaves_machine else "stays"
    return say(language, name, where=destination(settings, language))


def seam_line(seams: Sequence[int], text: str, language: Language) -> str:
    """Where the text went on after a cut, in characters; empty where it did not. `seams` are offsets in UTF-8."""
    raw = text.encode()
    found = ", ".join(f"{len(raw[:seam].decode(errors='ignore')):,}" for seam in seams)
    return say(language, "seams", at=found) if found else ""


def standing(inspection: Inspection | None, settings: Settings, language: Language) -> str:
    """How it stands, in a sentence that changes with what a person has to know, not with each chunk."""
    if inspection is None:
        return say(language, "idle")
    state, requests, held = inspection.state, inspection.requests, inspection.held
    if state == "paused" and held is not None:
        return say(language, "held", number=held.number, size=len(held.raw))
    frames = inspection.frames
    fresh = not frames or frames[-1].request < requests or frames[-1].cut
    if state in ("playing", "paused") and fresh:
        return say(language, "asking" if requests < 2 and not frames else "asking_again")
    if state == "playing" and requests > 1:
        return say(language, "playing_again", requests=requests)
    if state == "failed":
        name = "failed" if inspection.text else "failed_bare"
        return say(language, name, where=address(settings, language))
    if state == "done" and not inspection.text:
        return say(language, "empty")
    ending = ""
    if state == "done" and requests > 1:
        ending = say(language, "cuts_one" if requests == 2 else "cuts", count=requests - 1)
    return say(language, state) + ending
