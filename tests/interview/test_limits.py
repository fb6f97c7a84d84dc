"""What a model may say of a question: the bank's own words always, a free wording within the limits, nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mockmate_nb.interview.bank import LANGUAGES, Language, load_bank
from mockmate_nb.interview.limits import Breach, Limits
from mockmate_nb.interview.setup import MAX_TEXT
from mockmate_nb.llm.practice import OPENERS

BANK = load_bank()
EN = "Your queue falls behind every evening. How do you find out why?"
ZH = "消息队列每天晚上都会积压，你怎么找出原因？"
POINTS = {
    "en": ("profiles the consumer and looks for lock contention", "compares arrival and service rates"),
    "zh": ("对消费者做性能剖析，查看锁竞争", "比较到达速率和处理速率"),
}
KEPT: list[tuple[Language, str]] = [
    (
        "en",
        "I see you ran Kafka at the shop. When your queue falls behind every evening, how do you find out why?",
    ),
    ("en", "Suppose the queue of yours falls behind each evening; tell me how you would find out why."),
    (
        "en",
        "That's all right. Your queue falls behind every evening. How do you find the race condition behind it?",
    ),
    (
        "en",
        "Your queue's child process passes its health check, but falls behind each evening. How do you find out why?",
    ),
    ("zh", "没关系。你做过 Kafka 的项目，消息队列每天晚上都会积压，你怎么找出原因？"),
    ("zh", "假如消息队列每晚积压，请讲讲你会怎么找出原因。"),
]
BROKEN: list[tuple[Language, str, Breach, bool]] = [  # whether it shows before the end
    ("en", "Your queue falls behind. Why? How do you find out?", Breach.TWO_QUESTIONS, True),
    (
        "en",
        "Your queue falls behind. How do you find out why, and what do you do then?",
        Breach.TWO_QUESTIONS,
        False,
    ),
    ("en", "Your queue falls behind every evening " + "and so on " * 20 + "why?", Breach.TOO_LONG, True),
    ("en", "How old are you, and how do you find out why the queue falls behind?", Breach.FORBIDDEN, True),
    ("en", "Are you married? Your queue falls behind", Breach.FORBIDDEN, True),
    ("en", "Does your family mind that the queue falls behind every evening?", Breach.FORBIDDEN, True),
    ("en", "消息队列每天晚上都会积压，你怎么找出原因？", Breach.LANGUAGE, True),
    (
        "en",
        "Votre file d'attente prend du retard chaque soir, comment trouvez-vous la cause ?",
        Breach.LANGUAGE,
        False,
    ),
    (
        "en",
        "How would profiles of the consumer and its lock contention show why the queue falls behind?",
        Breach.GIVES_AWAY,
        True,
    ),
    (
        "en",
        "Hint: look at the queue. How do you find out why it falls behind every evening?",
        Breach.GIVES_AWAY,
        True,
    ),
    ("en", "Sure! Here is the question: how do you find out why the queue falls behind?", Breach.META, True),
    ("en", "Interviewer: How do you find out why the queue falls behind every evening?", Breach.META, True),
    ("en", "<question>How do you find out why the queue falls behind every evening?", Breach.META, True),
    ("en", "I find out why the queue falls behind every evening with a profiler.", Breach.NO_QUESTION, False),
    ("en", "What is your favourite colour of the rainbow?", Breach.OTHER_TOPIC, False),
    ("zh", "消息队列为什么积压？你怎么找出原因？", Breach.TWO_QUESTIONS, True),
    ("zh", "消息队列每天晚上都会积压，你怎么找出原因，以及怎么解决？", Breach.TWO_QUESTIONS, False),
    ("zh", "消息队列每天晚上都会积压" * 12, Breach.TOO_LONG, True),
    ("zh", "你今年多大？消息队列每天晚上都会积压", Breach.FORBIDDEN, True),
    ("zh", "你结婚了吗，消息队列", Breach.FORBIDDEN, True),
    ("zh", "Your queue falls behind every evening. How do you find out why?", Breach.LANGUAGE, True),
    ("zh", "怎么对消费者做性能剖析、查看锁竞争，找出队列积压的原因？", Breach.GIVES_AWAY, True),
    ("zh", "好的，下面是问题：消息队列每天晚上都会积压，你怎么找出原因？", Breach.META, True),
    ("zh", "消息队列每天晚上都会积压，这是由于处理能力不够。", Breach.NO_QUESTION, False),
    ("zh", "你最喜欢彩虹的哪一种颜色？", Breach.OTHER_TOPIC, False),
]


WORDINGS = {
    row: [(language, said) for language, text in both.items() for said in text.split("\n") if said]
    for row, both in tomllib.loads(
        (Path(__file__).parents[1] / "cases" / "wordings.toml").read_text("utf-8")
    ).items()
}
FAILED = {
    "en": Limits(
        "Tell me about a time when a service you were responsible for failed in production.",
        ("says what broke and how it was noticed", "gives the time to recovery"),
        "Built a Kafka ingestion pipeline in Python for a shop with 2 million orders a day.",
    ),
    "zh": Limits(
        "请讲一次你负责的服务在线上出故障的经历。",
        ("说清什么坏了、怎么发现的", "给出恢复时间"),
        "用 Kafka 做过每天两百万订单的管道。",
        "zh",
    ),
}
TECHNICAL: list[tuple[Language, str]] = [  # engineers' own words, which begin as a forbidden one would
    ("en", "When the service failed in production, how did your weighted average hide it?"),
    ("en", "Tell me of the service that failed in production; are you illustrating it with a graph?"),
    ("en", "How did your body of tests miss that the service failed in production?"),
    ("en", "How did you find your race condition when the service failed in production?"),
    ("en", "When the service failed in production, what did your child processes do?"),
    ("en", "What did your parent class and your parent table hide when the service failed in production?"),
    ("en", "Are you single-handedly responsible for the service that failed in production?"),
    ("en", "When the service failed in production, how old was the data you served?"),
    ("zh", "你负责的服务在线上出故障，是不是因为你的父母进程退出了？"),
    ("zh", "你负责的服务线上故障时，缓存里的数据多大了？"),
    ("zh", "请讲一次你负责的婚恋平台、二胎政策服务线上故障的经历。"),
]


def limits(language: Language, known: str = "") -> Limits:
    return Limits({"en": EN, "zh": ZH}[language], POINTS[language], known, language)


@pytest.mark.parametrize(("language", "said"), KEPT)
def test_a_free_wording_is_kept_from_its_first_letter_to_its_last(language: Language, said: str) -> None:
    for end in range(len(said) + 1):
        assert limits(language).breach(said[:end]) is None, said[:end]
    assert limits(language).breach(said, finished=True) is None


@pytest.mark.parametrize(("language", "said", "breach", "early"), BROKEN)
def test_a_breach_is_found_once_it_can_be_seen(
    language: Language, said: str, breach: Breach, early: bool
) -> None:
    assert limits(language).breach(said, finished=True) is breach
    assert limits(language).breach(said) is (breach if early else None)


@pytest.mark.parametrize(("language", "said"), WORDINGS["hostile"])
def test_a_hostile_wording_is_refused(language: Language, said: str) -> None:
    assert FAILED[language].breach(said, finished=True) is not None


@pytest.mark.parametrize(("language", "said"), WORDINGS["natural"] + TECHNICAL)
def test_a_natural_wording_is_kept_wherever_it_is_cut(language: Language, said: str) -> None:
    for end in range(len(said) + 1):
        assert FAILED[language].breach(said[:end]) is None, said[:end]
    assert FAILED[language].breach(said, finished=True) is None


@pytest.mark.parametrize(
    ("said", "finished", "breach"),
    [
        ("How was your weight", False, None),
        ("How was your weight", True, Breach.FORBIDDEN),
        ("How was your health ", False, None),
        ("How was your health?", False, Breach.FORBIDDEN),
        ("How was your health after ", False, Breach.FORBIDDEN),
        ("Was it your pregnancy", False, None),
        ("Was it your pregnancy ", False, Breach.FORBIDDEN),
        ("Tell me of production failing.\n\nCandidate's answer - It broke.", True, Breach.META),
    ],
)
def test_an_unfinished_word_is_no_breach(said: str, finished: bool, breach: Breach | None) -> None:
    assert FAILED["en"].breach(said, finished=finished) is breach


def test_what_is_the_candidates_own_is_not_given_away() -> None:
    said = next(
        text for language, text, breach, _ in BROKEN if breach is Breach.GIVES_AWAY and "profiles" in text
    )
    told = "I wrote profiles of a consumer and met lock contention."
    assert limits("en").breach(said) is Breach.GIVES_AWAY
    assert limits("en", told).breach(said) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_banks_own_words_keep_to_the_limits_with_any_opener(language: Language) -> None:
    openers = [opener.format(term="Kafka") for row in OPENERS[language].values() for opener in row]
    for at, question in enumerate(BANK.questions):
        wording = question.in_language(language)
        for text in (wording.text, *wording.follow_ups.values()):
            said = f"{openers[at % len(openers)]}{' ' if language == 'en' else ''}{text}"
            held = Limits(text, wording.key_points, "", language)
            assert held.breach(said, finished=True) is None, said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_banks_own_words_are_never_refused_on_the_way(language: Language) -> None:
    openers = [opener.format(term="Kafka") for row in OPENERS[language].values() for opener in row]
    for at, question in enumerate(BANK.questions[::6]):
        wording = question.in_language(language)
        said = f"{openers[at % len(openers)]}{' ' if language == 'en' else ''}{wording.text}"
        held = Limits(wording.text, wording.key_points, "", language)
        for end in range(len(said)):
            assert held.breach(said[:end]) is None, said[:end]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "?" * 1000,
        "\x00",
        "‮" * 50,
        "a" * MAX_TEXT,
        "？" * 3,
        "<",
        "(" * 5000,
        "1) " * 9000,
        "\n" * 9000,
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_any_text_can_be_checked(text: str, language: Language) -> None:
    assert isinstance(limits(language).breach(text, finished=True), Breach)
