"""The anchors one by one: all there, a scale of things heard, both languages saying the same, faults named."""

from __future__ import annotations

import itertools
import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.anchors import competency_anchor, competency_anchors, read_anchors
from mockmate_nb.interview.question import LANGUAGES, SHIPPED, Language, Level, competency_names

FILE = SHIPPED / "competency_anchors.toml"
COMPETENCIES = tuple(competency_names())
SCALES = list(itertools.product(COMPETENCIES, Level, LANGUAGES))
LENGTH = {"en": (8, 30), "zh": (12, 60)}  # words; characters
PRAISE = {  # degrees of praise make no scale
    "en": r"\b(?:good|excellent|great|very|highly|strong|solid|weak|poor(?:ly)?|some|impressive|outstanding"
    r"|adequate(?:ly)?|sufficient(?:ly)?|basic|advanced)\b",
    "zh": "优秀|良好|较好|出色|非常|十分|较强|较弱|一定的|基本上|足够|卓越|突出|一般般",
}
PERSONAL = {
    "en": r"\b(?:age|aged|old|young|gender|sex|he|she|his|her|him|men|man|woman|women|race|ethnic\w*|national\w*"
    r"|native|accent|born|religio\w*|faith|married|wife|husband|spouse|pregnan\w*|child|children|kids|parents?"
    r"|family|families|disab\w*|health\w*|ill|illness|sick\w*|medical)\b",
    "zh": "年龄|年轻|年纪|性别|男|女|她|种族|民族|籍贯|户口|国籍|口音|宗教|信仰|婚|对象|怀孕|生育|孩子|父母|家庭"
    "|残疾|残障|健康|疾病|生病",
}
SAME_WORDS = {  # an English word and what must then stand in the Chinese text of that point
    r"\busers?\b": "用户|有没有人用",
    r"\bteams?\b": "团队|公司",
    r"\bfigures?\b": "数字|数据|用数",
    r"\bmistakes?\b": "错",
    r"\bcolleague\b": "同事",
    r"\brisks?\b": "风险",
    r"\bdecisions?\b": "决定|拍板|决策",
    r"\bevidence\b": "证据|事实",
    r"\breleases?d?\b": "发布|上线|版本",
    r"\bauthority\b": "职权|不归自己管",
    r"\blayers?\b": "层",
    r"\brequirements?\b": "需求|要求",
    r"\bfailures?\b": "故障|失败",
    r"\bfault\b": "故障|缺陷|毛病",
    r"\bdelay\b": "延",
}


def bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()


def length(text: str, language: Language) -> int:
    return len(text.split()) if language == "en" else len(text)


@pytest.mark.parametrize(("competency", "level", "language"), SCALES)
def test_a_point_is_one_short_sentence_about_what_is_heard(
    competency: str, level: Level, language: Language
) -> None:
    least, most = LENGTH[language]
    for text in competency_anchors(competency, level, language):
        assert least <= length(text, language) <= most, text
        assert len(re.findall(r"[.!?。！？]", text)) == 1, text
        assert text.endswith("." if language == "en" else "。"), text
        assert text.count("“") == text.count("”"), text
        assert not re.search(PRAISE[language], text, re.IGNORECASE), text
        assert not re.search(PERSONAL[language], text, re.IGNORECASE), text
        if language == "en":
            assert re.match(r"[A-Z][a-z]*s ", text), f"begins with what the candidate does: {text}"


@pytest.mark.parametrize(("competency", "level", "language"), SCALES)
def test_a_text_is_in_the_script_of_its_language(competency: str, level: Level, language: Language) -> None:
    other = r"[,?:;!()\"'a-zA-Z]" if language == "zh" else r"[\u3000-\u9fff，。？：；、（）\"]"
    for text in competency_anchors(competency, level, language):
        assert (re.search(r"[\u4e00-\u9fff]", text) is not None) == (language == "zh")
        assert not re.search(other, text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_stands_twice_or_within_another(language: Language) -> None:
    texts = [
        bare(text)
        for competency, level in itertools.product(COMPETENCIES, Level)
        for text in competency_anchors(competency, level, language)
    ]
    assert len(texts) == len(COMPETENCIES) * 3 * 5 == 150
    assert not [(one, other) for one, other in itertools.permutations(texts, 2) if one in other]


@pytest.mark.parametrize(("competency", "language"), list(itertools.product(COMPETENCIES, LANGUAGES)))
def test_points_and_levels_differ_by_more_than_a_word(competency: str, language: Language) -> None:
    texts = [text for level in Level for text in competency_anchors(competency, level, language)]
    for one, other in itertools.combinations(texts, 2):
        assert SequenceMatcher(None, one, other, autojunk=False).ratio() < 0.6, (one, other)


@pytest.mark.parametrize(("competency", "level"), list(itertools.product(COMPETENCIES, Level)))
def test_both_languages_say_the_same_at_a_point(competency: str, level: Level) -> None:
    pairs = zip(*(competency_anchors(competency, level, language) for language in LANGUAGES), strict=True)
    for en, zh in pairs:
        for word, expected in SAME_WORDS.items():
            if re.search(word, en, re.IGNORECASE):
                assert re.search(expected, zh), (en, zh)
        assert ("“" in en) == ("“" in zh), (en, zh)
        assert 0.9 <= len(zh) / len(en.split()) <= 3, (en, zh)


def test_a_point_is_one_of_the_five() -> None:
    five = competency_anchors("design", "senior", "zh")
    assert [competency_anchor("design", Level.SENIOR, point, "zh") for point in range(1, 6)] == list(five)
    assert competency_anchor("design", "senior", 3) == competency_anchors("design", Level.SENIOR)[2]


@pytest.mark.parametrize(
    ("competency", "level", "point", "language", "field", "advice"),
    [
        ("desing", "mid", 3, "en", "competency", "'design'"),
        ("general", "mid", 3, "en", "competency", "technical_depth"),
        ("design", "principal", 3, "en", "level", "junior, mid, senior"),
        ("design", "mid", 3, "fr", "language", "en, zh"),
        ("design", "mid", 0, "en", "point", "1 to 5"),
        ("design", "mid", 6, "en", "point", "1 to 5"),
        ("design", "mid", -1, "en", "point", "1 to 5"),
        ("design", "mid", True, "en", "point", "1 to 5"),
        ("design", "mid", 3.0, "en", "point", "1 to 5"),
    ],
)
def test_what_is_not_known_is_a_callers_error(
    competency: str, level: str, point: int, language: Language, field: str, advice: str
) -> None:
    with pytest.raises(CallerError) as caught:
        competency_anchor(competency, level, point, language)
    assert caught.value.field == field
    assert advice in caught.value.advice


@pytest.mark.parametrize(
    ("found", "put", "named"),
    [
        ("[quality.mid]", "[quality.middle]", ("quality.middle", "'mid'")),
        ("[quality.mid]", "[qualty.mid]", ("qualty", "'quality'")),
        ("[learning.senior]\nen =", "[learning.senior]\nfr =", ("learning.senior.fr", "en, zh")),
        ("[learning.senior]\nen =", "[learning.senior]\nzh =", ("TOML",)),
        (
            "[learning.senior]\nen = [",
            "[learning.senior]\nen = [\n  7,",
            ("learning.senior.en", "list of texts"),
        ),
        (
            "[learning.senior]\nen = [",
            "[learning.senior]\nen = [\n  ' ',",
            ("learning.senior.en", "list of texts"),
        ),
        (
            "[learning.senior]\nen = [",
            "[learning.senior]\nen = [\n  'One more.',",
            ("learning.senior.en", "6"),
        ),
        ("[learning.senior]", "[learning.extra]\n[learning.senior]", ("learning.extra",)),
    ],
)
def test_a_fault_in_a_file_is_named_with_its_remedy(
    found: str, put: str, named: tuple[str, ...], tmp_path: Path
) -> None:
    text = FILE.read_text("utf-8")
    assert text.count(found) == 1
    file = tmp_path / "own.toml"
    file.write_text(text.replace(found, put), "utf-8")
    with pytest.raises(CallerError) as caught:
        read_anchors(file)
    assert caught.value.advice
    for part in ("own.toml", *named):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("", ("problem_solving", "missing")),
        ("problem_solving = 3", ("problem_solving", "no table")),
        ("[problem_solving]", ("problem_solving.junior", "missing")),
        ("[problem_solving.junior]\nzh = []", ("problem_solving.junior.en", "missing")),
        (
            "[problem_solving.junior]\nen = ['a', 'b', 'c', 'd', 'a']",
            ("problem_solving.junior.en", "the same"),
        ),
    ],
)
def test_a_file_that_lacks_a_part_says_which(lines: str, named: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(lines, "utf-8")
    with pytest.raises(CallerError) as caught:
        read_anchors(file)
    assert named[0] == caught.value.field
    assert re.search(named[1], caught.value.message)


@pytest.mark.parametrize("content", [None, b"\xff\xfe not utf-8", b"[design"])
def test_a_file_that_cannot_be_read_is_a_callers_error(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CallerError, match=r"own\.toml"):
        read_anchors(file)
