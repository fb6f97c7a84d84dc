"""The preparation checklist: its points in both languages, its questions in the bank, what ticks a point."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import Level, load_bank
from mockmate_nb.interview.checklist import Item, checklist, drill, ticked
from mockmate_nb.interview.dimensions import RULES
from mockmate_nb.interview.parts import PARTS
from mockmate_nb.interview.question import LANGUAGES, Language
from mockmate_nb.interview.rubric import CardState, DimensionScore, Scorecard, score

BANK = load_bank()
ITEMS = {item.id: item for item in checklist()}
LONGEST = {"en": 25, "zh": 45}  # words; characters
DIMENSIONS = set(RULES)
TABLE = Path(__file__).parents[1] / "cases" / "pairs_reference.toml"
PAIRS: list[dict[str, Any]] = tomllib.loads(TABLE.read_text("utf-8"))["pair"]
PAIRS += [  # and the two points that a format's own parts decide
    {
        "question": "design-streaming-chat-backend",
        "language": "en",
        "weak": (
            "I would use Kubernetes and Kafka and Redis so that it scales, and a load balancer in front. Then the "
            "model streams the reply to the users with WebSockets. If there are more users we add more servers."
        ),
        "strong": (
            "First I'd ask what must hold: fifty thousand open streams at peak, first token under two seconds, "
            "and a reply must survive a dropped phone. Fifty thousand streams at about twenty tokens a second "
            "come to a million tokens a second, and with 30 kB a connection the gateways need about 1.5 GB of "
            "memory in all. At the high level there are four parts: a gateway tier that holds the SSE "
            "connections, a queue, workers that call the model, and an event log in Redis Streams. A request goes "
            "into the queue; a worker generates and appends each token with an id to the log; the gateway only "
            "reads the log and writes it to the client. So the generating task doesn't depend on the connection. "
            "Let me go deeper into the log: each stream has ids epoch.seq, the client sends Last-Event-ID when it "
            "reconnects, and the gateway replays from there, because otherwise a tunnel would cost the reply. "
            "When a worker dies, its lease runs out after five seconds, and a second worker marks the stream as "
            "interrupted and continues from the partial text. When the model is full, I admit by tokens and tell "
            "the user the place in the queue. I'd choose SSE rather than WebSocket because text only goes one "
            "way; the price is a separate stop endpoint. At my last company we once drained streams too late on a "
            "deployment and cut 300 replies; since then a server stops taking new streams and waits sixty "
            "seconds."
        ),
    },
    {
        "question": "design-streaming-chat-backend",
        "language": "zh",
        "weak": (
            "用 Kubernetes、Kafka、Redis 来扩展，前面加负载均衡，模型通过 WebSocket 把回复推给用户。"
            "用户多了就加机器。"
        ),
        "strong": (
            "我先确认需求：峰值五万条流，首字两秒以内，手机断网后回复不能丢。估算一下："
            "每条流每秒大约 20 个 token，一共每秒一百万个；每个连接 30 KB，网关总共要 1.5 GB 内存。"
            "整体分四块：网关负责保持 SSE 连接，中间是排队的队列，后面是调用模型的 worker，"
            "还有存事件的 Redis Streams。请求进队列，worker 生成一个 token 就带编号写进日志，"
            "网关只读日志再推给客户端，所以生成任务不依赖连接。往细里说日志这块：编号是 epoch.seq，"
            "客户端重连时带上 Last-Event-ID，网关从那里补发，否则进一趟隧道回复就没了。如果 worker 挂了，"
            "租约 5 秒后过期，另一个 worker 把流标记为中断，再从已有内容接着生成。模型满了就按 token 数放行，"
            "并告诉用户排在第几位。我选 SSE 而不是 WebSocket，因为文字只往一个方向走，"
            "代价是停止要单独做一个接口。我们之前发版时断掉过 300 条回复，后来改成先停止接新流，再等 60 秒。"
        ),
    },
    {
        "question": "coding-parser-cut-anywhere",
        "language": "en",
        "weak": (
            "I would read everything into a buffer and then split it on newlines and parse each line. If "
            "something is missing I wait for more data. I would also write some tests."
        ),
        "strong": (
            "May I assume UTF-8 and that a blank line ends a message? Then I'd keep the state in an object with "
            "one method, feed(bytes), that returns the finished messages; no socket inside, so that it's easy to "
            "test. It keeps the unfinished rest in a list of pieces, because appending to one string would copy "
            "it each time and be quadratic. An incremental decoder holds a cut multi-byte character, and a flag "
            "remembers a CR at the end of a piece so that a following LF doesn't count twice. I only scan the new "
            "bytes for a newline, so the cost is O(n). A message above 1 MB raises an error, or a hostile sender "
            "fills the memory. For tests I take twenty known messages and cut each at every position, also byte "
            "by byte, and compare with the result of the whole; on top a property test with random splits. The "
            "edge cases are an empty piece, a BOM, a stream that ends in mid-message. Simply waiting for readline "
            "would be shorter, but it blocks and has no limit. I once had that bug with a Chinese character cut "
            "in half, which showed up in 1 of 2,000 replies."
        ),
    },
    {
        "question": "coding-parser-cut-anywhere",
        "language": "zh",
        "weak": ("先全部读到缓冲区，再按换行切开，一行一行解析。不够就等更多数据。再写些测试。"),
        "strong": (
            "我先假设编码是 UTF-8、空行结束一条消息，可以吗？那我会写一个对象，只有 feed(bytes) 一个方法，"
            "返回已经完整的消息，里面不碰套接字，这样好测试。没解析完的部分用列表存片段，"
            "因为每次拼字符串都要复制，会变成平方级。增量解码器负责保存切断的多字节字符，"
            "再用一个标志记住片段末尾的 CR，免得后面的 LF 多算一次。只扫描新来的字节，复杂度是 O(n)。"
            "单条消息超过 1 MB 就报错，否则恶意的发送方会把内存撑满。测试的话，"
            "拿 20 条已知消息在每个位置切一刀，再逐字节喂一遍，和整条的结果比较，"
            "另外加一个随机切分的属性测试。边界情况有空片段、BOM、消息中途断开。直接用 readline 更短，"
            "但会阻塞，而且没有上限。我之前就碰到过一个汉字被切成两半的 bug，2000 条回复里出现一次。"
        ),
    },
]


def card(state: CardState = "scored", **scores: int) -> Scorecard:
    """A card with these scores, each among the dimensions or the parts where it belongs, all else a 1."""
    found = {name: DimensionScore(scores.get(name, 1), "", "") for name in DIMENSIONS | scores.keys()}
    return Scorecard(
        state=state,
        overall=3.0 if state == "scored" else None,
        dimensions={name: given for name, given in found.items() if name in DIMENSIONS},
        parts={name: given for name, given in found.items() if name not in DIMENSIONS},
    )


def test_eight_points_stand_in_both_languages() -> None:
    en, zh = (checklist(language) for language in LANGUAGES)
    assert len(en) == 8
    assert len(ITEMS) == 8
    assert [(item.id, item.question_ids, item.needs) for item in en] == [
        (item.id, item.question_ids, item.needs) for item in zh
    ]
    for language, items in zip(LANGUAGES, (en, zh), strict=True):
        assert len({item.text for item in items}) == 8
        for item in items:
            chinese = re.search(r"[\u4e00-\u9fff]", item.text) is not None
            assert chinese == (language == "zh")
            assert not re.search(r"[,?;:]" if language == "zh" else r"[，。？；：、]", item.text)
            assert item.text.endswith("。" if language == "zh" else ".")
            assert (len(item.text) if chinese else len(item.text.split())) <= LONGEST[language]


@pytest.mark.parametrize("item", [pytest.param(item, id=item.id) for item in ITEMS.values()])
def test_a_point_is_practised_by_questions_whose_cards_can_meet_it(item: Item) -> None:
    assert len(item.question_ids) == len(set(item.question_ids)) >= 1
    assert item.needs
    assert all(3 <= least <= 5 for least in item.needs.values())
    assert max(item.needs.values()) >= 4
    for id_ in item.question_ids:
        question = BANK.question(id_)
        assert set(question.wordings) == set(LANGUAGES)
        assert item.needs.keys() <= DIMENSIONS | PARTS[question.format].keys(), id_


BEST = card(layers=5, detail=5, example=5, trade_off=5, pitfall=5, figures=5)


@pytest.mark.parametrize(
    ("point", "cards", "tick"),
    [
        ("three-levels", {}, None),
        ("three-levels", {"technical-sse-or-websocket": BEST}, None),
        ("three-levels", {"technical-streamed-or-plain-reply": card("not_answered")}, None),
        ("three-levels", {"technical-streamed-or-plain-reply": card("not_scored")}, None),
        ("three-levels", {"technical-streamed-or-plain-reply": card(layers=4, detail=3)}, True),
        ("three-levels", {"technical-streamed-or-plain-reply": card(layers=4, detail=2)}, False),
        ("three-levels", {"technical-streamed-or-plain-reply": card(layers=3, detail=5)}, False),
        (
            "three-levels",
            {"technical-streamed-or-plain-reply": dataclasses.replace(BEST, on_topic=False)},
            False,
        ),
        ("sse-and-websocket", {"technical-sse-or-websocket": card(trade_off=3, detail=4)}, True),
        ("sse-and-websocket", {"technical-sse-or-websocket": card(trade_off=2, detail=5)}, False),
        ("sse-and-websocket", {"technical-sse-or-websocket": card(trade_off=5, detail=3)}, False),
        ("reply-breaks-off", {"technical-reply-breaks-off": card(pitfall=3, detail=4)}, True),
        ("reply-breaks-off", {"technical-reply-breaks-off": card(pitfall=2, detail=5)}, False),
        ("reply-breaks-off", {"technical-reply-breaks-off": card(pitfall=5, detail=3)}, False),
        ("what-streaming-costs", {"technical-when-to-stream": card(trade_off=4, layers=3)}, True),
        ("what-streaming-costs", {"technical-when-to-stream": card(trade_off=3, layers=5)}, False),
        ("what-streaming-costs", {"technical-when-to-stream": card(trade_off=4, layers=2)}, False),
        ("own-projects", {"behavioural-bet-without-facts": card(example=4)}, True),
        ("own-projects", {"behavioural-bet-without-facts": card(example=3)}, False),
        ("figures", {"technical-when-to-stream": card(figures=4)}, True),
        ("figures", {"technical-when-to-stream": card(figures=3)}, False),
        ("drawn-architecture", {"design-streaming-chat-backend": card(high_level=4, deep_dive=3)}, True),
        ("drawn-architecture", {"design-streaming-chat-backend": card(high_level=4, deep_dive=2)}, False),
        ("drawn-architecture", {"design-streaming-chat-backend": BEST}, False),
        ("written-by-hand", {"coding-parser-cut-anywhere": card(technical=3, testing=4)}, True),
        ("written-by-hand", {"coding-parser-cut-anywhere": card(technical=2, testing=5)}, False),
        (  # one answer is enough
            "own-projects",
            {"behavioural-bet-without-facts": card(), "behavioural-right-or-on-time": card(example=5)},
            True,
        ),
        (  # a miss among answers that were not scored is a miss
            "own-projects",
            {"behavioural-bet-without-facts": card("not_answered"), "behavioural-right-or-on-time": card()},
            False,
        ),
    ],
)
def test_what_ticks_a_point(point: str, cards: Mapping[str, Scorecard], tick: bool | None) -> None:
    assert ticked(checklist("zh"), cards)[point] is tick
    assert ticked([ITEMS[point]], cards) == {point: tick}


def test_two_halves_in_two_answers_do_not_make_one() -> None:
    item = Item("both", "Both.", ("one", "other"), {"detail": 4, "figures": 4})
    halves = {"one": card(detail=5), "other": card(figures=5)}
    assert ticked([item], halves) == {"both": False}
    assert ticked([item], halves | {"one": card(detail=4, figures=4)}) == {"both": True}


@pytest.mark.parametrize("pair", [pytest.param(p, id=f"{p['question']}-{p['language']}") for p in PAIRS])
def test_a_strong_answer_ticks_its_points_and_a_weak_one_none(pair: dict[str, Any]) -> None:
    question, language = BANK.question(pair["question"]), pair["language"]
    items = [item for item in checklist(language) if question.id in item.question_ids]
    assert items
    for strength, tick in (("strong", True), ("weak", False)):
        cards = {question.id: score(pair[strength], question, language)}
        assert ticked(items, cards) == {item.id: tick for item in items}, strength


def test_the_drill_has_each_question_once_easy_ones_first() -> None:
    ids = drill("zh")
    assert ids == drill("en")
    assert len(ids) == len(set(ids))
    assert set(ids) == {id_ for item in ITEMS.values() for id_ in item.question_ids}
    levels = [list(Level).index(BANK.question(id_).level) for id_ in ids]
    assert levels == sorted(levels)
    assert ids[0] == "technical-streamed-or-plain-reply"
    assert ids.index("technical-sse-or-websocket") < ids.index("technical-when-to-stream")


def test_an_unknown_language_is_a_callers_error() -> None:
    for door in (checklist, drill):
        with pytest.raises(CallerError, match="en, zh"):
            door(cast("Language", "fr"))
