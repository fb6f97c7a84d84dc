"""The shipped questions one by one: what is spoken, what is never asked, both languages, what is covered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, product

import pytest

from mockmate_nb.interview.bank import LANGUAGES, Format, Gap, Language, Level, Question, Wording, load_bank
from mockmate_nb.interview.question import generic_follow_ups, role_words
from mockmate_nb.interview.signals import content_words

BANK = load_bank()
QUESTIONS = [pytest.param(question, id=question.id) for question in BANK.questions]
ROLES = tuple(role_words())
SPOKEN = {
    "en": (40, 30),
    "zh": (80, 40),
}  # the longest question and follow-up: English words, Chinese characters
MARK = {"en": "?", "zh": "？"}
NOT_ASKED = {
    "en": r"\b(?:age|aged|how old|gender|sex|race|racial|ethnic\w*|nationalit\w*|citizenship|native|born|"
    r"religio\w*|church|faith|married|marriage|husband|wife|spouse|pregnan\w*|child|children|kids|parents?|"
    r"family|families|disab\w*|health\w*|ill|illness|sick\w*|medical|diagnos\w* (?:you|with))\b",
    "zh": "年龄|多大年纪|几岁|性别|男生|女生|种族|民族|籍贯|户口|国籍|哪里人|宗教|信仰|结婚|婚姻|已婚|未婚|"
    "对象|怀孕|生育|孩子|小孩|父母|家庭|家里人|残疾|残障|健康|疾病|生病|病史|身体状况",
}
TWO_QUESTIONS = {
    "en": r",? (?:and|or) (?:(?:at|by|for|from|in|on|over|through|to|with|within) )?"
    r"(?:what|how|why|which|when|who|whom|where)\b",
    "zh": "(?:，|以及|、)(?:又|还有)?(?:为什么|为何|凭什么|有什么收获|什么时候|多少)",
}
UNSPEAKABLE = r"[()\[\]{}<>;*_#（）【】《》；]|/(?!CD\b|B\b)"  # A/B and CI/CD are said as they are written
ALIKE = {"en": 0.34, "zh": 0.25}  # the highest share of content words that two questions may have in common
TOLD = {"en": 0.4, "zh": 0.35}  # the highest share of a key point that a question or a hint may hold
STREAMING = {
    "technical-streamed-or-plain-reply": (
        "text/event-stream|generator|memory|EventSource|early.*total time|long generated|error event",
        "text/event-stream|异步生成器|内存|EventSource|首字.*总耗时|长文本|error 事件",
    ),
    "technical-sse-or-websocket": (
        "one way.*both ways|plain HTTP.*upgrade|native|Last-Event-ID|heartbeats|firewalls|simplest|joint editing",
        "单向.*双向|普通 HTTP.*升级|原生|Last-Event-ID|心跳|防火墙|简单的|协同编辑",
    ),
    "technical-reply-breaks-off": (
        "already 200|recalled|error event|stays on screen|try again|bad input|rate limit|timeout|Last-Event-ID|final",
        "已经是 200|收不回|error 事件|保留在页面|重试|参数错误|限流|超时|Last-Event-ID|结束事件",
    ),
    "technical-when-to-stream": (
        "complexity|first text|total time|memory|long text, dialogue|unknown length|under a second|parsed|A/B test",
        "复杂度|首字|总耗时、CPU|内存|长文本、对话|时长不定|一秒内|完整解析|A/B 测试",
    ),
}
ENGLISH_NUMBERS: dict[str, float] = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
}
ENGLISH_NUMBERS |= {"eight": 8, "nine": 9, "ten": 10, "twelve": 12, "dozen": 12, "eighteen": 18, "twenty": 20}
ENGLISH_NUMBERS |= {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "eighty": 80, "ninety": 90}
ENGLISH_NUMBERS |= {"half": 0.5, "third": 1 / 3, "tenth": 0.1, "twice": 2, "tripled": 3}
ENGLISH_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
CHINESE_NUMBERS = {digit: number for number, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
CHINESE_PARTS = {"半": 0.5, "三分之一": 1 / 3, "一成": 0.1}


def wordings(question: Question) -> Iterator[tuple[Language, Wording]]:
    for language in LANGUAGES:
        yield language, question.in_language(language)


def spoken(wording: Wording) -> tuple[str, ...]:
    return (wording.text, wording.hint, *wording.follow_ups.values())


def length(text: str, language: Language) -> int:
    return len(text.split()) if language == "en" else len(text)


def own(question: Question, language: Language) -> dict[Gap, str]:
    """The follow-ups that stand in the entry itself."""
    generic = generic_follow_ups(language)
    return {
        gap: text for gap, text in question.in_language(language).follow_ups.items() if text != generic[gap]
    }


def english_figures(text: str) -> set[float]:
    """The amounts an English text names; one is left out, being mostly an article."""
    found: set[float] = set()
    amount: float | None = None
    for word in [*re.findall(r"[a-z]+|\d+(?:\.\d+)?", text.lower().replace("half a ", "half ")), ""]:
        if word in ENGLISH_SCALES:
            amount = (1 if amount is None else amount) * ENGLISH_SCALES[word]
            continue
        if amount is not None:
            found.add(amount)
        amount = float(word) if word[:1].isdigit() else ENGLISH_NUMBERS.get(word)
    return found - {0, 1}


def chinese_figures(text: str) -> set[float]:
    """The amounts a Chinese text names, in digits or in characters; one is left out as in English."""
    found = {float(digits) for digits in re.findall(r"\d+(?:\.\d+)?", text)}
    text = re.sub("周[一二三四五六]|半夜|成千上万", " ", text)
    for part, amount in CHINESE_PARTS.items():
        if part in text:
            found.add(amount)
            text = text.replace(part, " ")
    for run in re.findall("[零一二三四五六七八九两十百千万亿]+", text):
        total = section = digit = 0
        for character in run:
            if character in CHINESE_NUMBERS:
                digit = CHINESE_NUMBERS[character]
            elif CHINESE_SCALES[character] < 10**4:
                section, digit = section + (digit or 1) * CHINESE_SCALES[character], 0
            else:
                total, section, digit = (total + section + digit) * CHINESE_SCALES[character], 0, 0
        found.add(total + section + digit)
    return found - {0, 1}


def held(point: str, text: str, aside: str = "") -> float:
    """Which share of a key point's content words stands in `text`, those in `aside` not counted."""
    words = content_words(point)
    common = (words & content_words(text)) - content_words(aside)
    return len(common) / len(words) if len(common) > 1 else 0.0  # one word in common is the subject


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_entry_is_well_formed(question: Question) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", question.id)
    assert question.format.split("_")[-1] == question.id.split("-")[0]
    assert question.competency in BANK.competencies
    assert set(question.roles) <= {"any", *ROLES}
    assert question.roles == ("any",) or "any" not in question.roles
    assert len(question.tags) == len(set(question.tags)) >= 4
    assert all(tag == tag.lower().strip() for tag in question.tags)
    assert any(tag.isascii() for tag in question.tags)
    assert any(not tag.isascii() for tag in question.tags)
    assert set(question.wordings) == set(LANGUAGES)


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_spoken_is_one_short_question(question: Question) -> None:
    for language, wording in wordings(question):
        longest, longest_follow_up = SPOKEN[language]
        for text, limit in [(wording.text, longest)] + [
            (f, longest_follow_up) for f in wording.follow_ups.values()
        ]:
            assert text.endswith(MARK[language]), text
            assert text.count("?") + text.count("？") == 1, text
            assert length(text, language) <= limit, text
            assert not re.search(TWO_QUESTIONS[language], text), text
        for text in spoken(wording):
            assert not re.search(UNSPEAKABLE, text), text


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_is_asked_that_is_never_asked(question: Question) -> None:
    for language, wording in wordings(question):
        for text in spoken(wording):
            assert not re.search(NOT_ASKED[language], text, re.IGNORECASE), text


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_language_has_all_parts(question: Question) -> None:
    for language, wording in wordings(question):
        for text in (*spoken(wording), wording.probes, *wording.key_points):
            assert (re.search(r"[\u4e00-\u9fff]", text) is not None) == (language == "zh"), text
        assert 3 <= len(wording.key_points) == len(set(wording.key_points)) <= 5
        assert set(wording.follow_ups) == set(Gap)
        assert 2 <= len(own(question, language)) <= 4
        assert len(spoken(wording)) == len(set(spoken(wording)))
        assert wording.hint not in wording.key_points
        assert not re.search(
            r"[,?:;]" if language == "zh" else r"[，。？：；、]", wording.text + wording.hint
        )
    en, zh = question.in_language("en"), question.in_language("zh")
    assert len(en.key_points) == len(zh.key_points)
    assert own(question, "en").keys() == own(question, "zh").keys()


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_languages_name_the_same_figures(question: Question) -> None:
    en, zh = question.in_language("en").text, question.in_language("zh").text
    assert english_figures(en) == chinese_figures(zh)


@pytest.mark.parametrize(
    ("english", "chinese", "figures"),
    [
        ("forty thousand or ten-gigabyte", "四万，或 10 GB", {40_000, 10}),
        ("three hundred in half a million", "五十万里有三百", {500_000, 300}),
        ("A third of twelve, four point, 4.6", "十二的三分之一，四，4.6", {1 / 3, 12, 4, 4.6}),
        ("one user a day", "一天一个用户，周五也是", set()),
        ("ten million at half past, twice", "一千万，半，两倍", {10**7, 0.5, 2}),
        ("two billion", "二十亿", {2 * 10**9}),
    ],
)
def test_figures_are_read_alike_in_both_languages(english: str, chinese: str, figures: set[float]) -> None:
    assert english_figures(english) == chinese_figures(chinese) == figures


@pytest.mark.parametrize("question", QUESTIONS)
def test_neither_question_nor_hint_gives_a_key_point_away(question: Question) -> None:
    for language, wording in wordings(question):
        for point in wording.key_points:
            assert content_words(point), point
            assert held(point, wording.text) <= TOLD[language], (point, wording.text)
            assert held(point, wording.hint, aside=wording.text) <= TOLD[language], (point, wording.hint)


def test_no_question_stands_twice() -> None:
    for language in LANGUAGES:
        texts = [question.in_language(language).text for question in BANK.questions]
        openings = [" ".join(text.split()[:4]) if language == "en" else text[:4] for text in texts]
        assert max(map(openings.count, openings)) <= len(texts) // 12
        for (one, left), (two, right) in combinations([(text, content_words(text)) for text in texts], 2):
            assert len(left & right) <= ALIKE[language] * len(left | right), (one, two)
        parts = [
            text
            for question in BANK.questions
            for wording in [question.in_language(language)]
            for text in (wording.text, wording.probes, wording.hint, *wording.key_points)
        ]
        assert not {text for text in parts if parts.count(text) > 1}


def test_formats_levels_and_competencies_are_covered() -> None:
    assert len(BANK.questions) >= 126
    for format_ in Format:
        of_format = [question for question in BANK.questions if question.format == format_]
        assert len(of_format) >= 18, format_
        assert len([question for question in of_format if question.drill]) >= 2, format_
        for level in Level:
            assert len([question for question in of_format if question.level == level]) >= 5, (format_, level)
    for competency, names in BANK.competencies.items():
        assert len([q for q in BANK.questions if q.competency == competency]) >= 8, competency
        assert set(names) == set(LANGUAGES)
    assert len([q for q in BANK.questions if q.format == Format.BEHAVIOURAL and q.roles == ("any",)]) >= 8


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_questions_of_its_own(role: str) -> None:
    of_role = [question for question in BANK.questions if role in question.roles]
    assert len(of_role) >= 10
    assert len({question.format for question in of_role}) >= 4
    assert {question.level for question in of_role} == set(Level)
    for format_, drill in product(Format, (False, True)):
        assert [
            question
            for question in BANK.questions
            if question.format == format_
            and {"any", role} & set(question.roles)
            and question.drill in (drill, True)
        ], (format_, drill)


@pytest.mark.parametrize("identity", STREAMING)
def test_what_the_strong_answers_on_streaming_hold_stands_in_the_key_points(identity: str) -> None:
    for language, expected in zip(LANGUAGES, STREAMING[identity], strict=True):
        points = " ".join(BANK.question(identity).in_language(language).key_points)
        for part in expected.split("|"):
            assert re.search(part, points), (part, points)
