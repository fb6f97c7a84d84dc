"""The shipped questions one by one: what is spoken, what is never asked, both languages, what is covered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest

from mockmate_nb.interview.bank import LANGUAGES, Format, Gap, Language, Level, Question, Wording, load_bank
from mockmate_nb.interview.question import generic_follow_ups, role_words

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
    "en": r",? (?:and|or) (?:(?:by|over|for|with|on|at) )?(?:what|how|why|which|when|who|whom|where)\b",
    "zh": "(?:，|以及|、)(?:又|还有)?(?:为什么|为何|有什么收获)",
}


def wordings(question: Question) -> Iterator[tuple[Language, Wording]]:
    for language in LANGUAGES:
        yield language, question.in_language(language)


def length(text: str, language: Language) -> int:
    return len(text.split()) if language == "en" else len(text)


def own(question: Question, language: Language) -> dict[Gap, str]:
    """The follow-ups that stand in the entry itself."""
    generic = generic_follow_ups(language)
    return {
        gap: text for gap, text in question.in_language(language).follow_ups.items() if text != generic[gap]
    }


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_entry_is_well_formed(question: Question) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", question.id)
    assert question.competency in BANK.competencies
    assert set(question.roles) <= {"any", *ROLES}
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


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_is_asked_that_is_never_asked(question: Question) -> None:
    for language, wording in wordings(question):
        for text in (wording.text, wording.hint, *wording.follow_ups.values()):
            assert not re.search(NOT_ASKED[language], text, re.IGNORECASE), text


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_language_has_all_parts(question: Question) -> None:
    for language, wording in wordings(question):
        chinese = re.search(r"[\u4e00-\u9fff]", wording.text) is not None
        assert chinese == (language == "zh")
        assert 3 <= len(wording.key_points) == len(set(wording.key_points)) <= 5
        assert set(wording.follow_ups) == set(Gap)
        assert 2 <= len(own(question, language)) <= 4
        spoken = [wording.text, wording.hint, *wording.follow_ups.values()]
        assert len(spoken) == len(set(spoken))
        assert wording.hint not in wording.key_points
        assert not re.search(
            r"[,?:;]" if language == "zh" else r"[，。？：；、]", wording.text + wording.hint
        )
    en, zh = question.in_language("en"), question.in_language("zh")
    assert len(en.key_points) == len(zh.key_points)
    assert own(question, "en").keys() == own(question, "zh").keys()


def test_no_wording_stands_twice() -> None:
    for language in LANGUAGES:
        texts = [question.in_language(language).text for question in BANK.questions]
        assert len(texts) == len(set(texts))
        openings = [" ".join(text.split()[:4]) if language == "en" else text[:4] for text in texts]
        assert max(map(openings.count, openings)) <= len(texts) // 8


def test_formats_levels_and_roles_are_covered() -> None:
    assert len(BANK.questions) >= 48
    for format_, level in product(Format, Level):
        assert len([q for q in BANK.questions if q.format == format_ and q.level == level]) >= 3, (
            format_,
            level,
        )
    for format_, role in product(Format, ROLES):
        assert [q for q in BANK.questions if q.format == format_ and {"any", role} & set(q.roles)], (
            format_,
            role,
        )
    for role in ROLES:
        assert len([q for q in BANK.questions if role in q.roles]) >= 5, role
    assert len([q for q in BANK.questions if q.format == Format.BEHAVIOURAL and q.roles == ("any",)]) >= 8
    assert {q.competency for q in BANK.questions} == set(BANK.competencies)
    assert all(set(names) == set(LANGUAGES) for names in BANK.competencies.values())
    assert len([q for q in BANK.questions if q.drill]) == 6
    streaming = {"technical-streamed-or-plain-reply", "technical-sse-or-websocket"}
    streaming |= {"technical-reply-breaks-off", "technical-when-to-stream"}
    assert streaming <= {q.id for q in BANK.questions}
