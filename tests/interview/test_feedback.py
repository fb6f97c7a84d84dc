"""Feedback: honest numbers, each with the words that earned it, and what to take away from them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from mockmate_nb import InterviewSetup
from mockmate_nb.interview import rubric
from mockmate_nb.interview.bank import LANGUAGES, Bank, Gap, Language, load_bank
from mockmate_nb.interview.coaching import words
from mockmate_nb.interview.explaining import explanation, meant
from mockmate_nb.interview.feedback import build_feedback, remarks
from mockmate_nb.interview.machine import Turn
from mockmate_nb.interview.question import CLOSING
from mockmate_nb.interview.takeaways import _ranked, improvements, strengths
from mockmate_nb.view.feedback_html import feedback_html

FRIDAY, DATE = "technical-friday-deployment", "behavioural-slipping-date"
GOOD = (
    "A Friday deployment is safe when taking it back takes minutes. I shipped a retry change on a Friday, and a "
    "retry storm took our gateway down for 40 minutes. Since then I send each change to 5 % of the traffic first. "
    "I chose flags over a freeze, because a freeze only makes Monday's release larger."
)
POOR = (
    "Friday deployments are risky and people do not like them, so we usually avoid deployments on a Friday."
)
GOOD_ZH = (
    "当时我们团队答应客户三月底上线支付功能。三月初我发现接口联调要延期，就马上告诉了产品经理，并提出砍掉两个报表。"
    "客户同意了，最后核心功能按时上线，报表晚了两周。从那以后我估时都会加上联调的时间。"
)
BANK = load_bank()


def turn(number: int, answer: str | None, *, question: str = FRIDAY, **more: Any) -> Turn:
    text = BANK.question(question).in_language("en").text if question in (FRIDAY, DATE) else "And you?"
    return Turn(number, question, text, text=text, answer=answer, **more)


def setup(language: Language = "en") -> InterviewSetup:
    return InterviewSetup(resume_summary="r", job_description="j", language=language)


def feedback(*turns: Turn, language: Language = "en", bank: Bank = BANK) -> dict[str, Any]:
    return build_feedback(setup(language), turns, bank)


def at(values: Any, path: str) -> Any:
    for name in path.split("."):
        values = values[int(name)] if isinstance(values, list) else values[name]
    return values


def test_every_quote_stands_in_the_answer() -> None:
    found = feedback(turn(1, GOOD))
    question = found["questions"][0]
    assert question["overall"] >= 3
    quotes = [d["quote"] for d in question["dimensions"].values() if d["quote"]]
    assert quotes
    assert all(quote in GOOD for quote in quotes)
    assert 1 <= len(found["strengths"]) <= 3
    assert all(strength.partition("“")[2].strip("”… ") in GOOD for strength in found["strengths"])
    assert len({s.partition("“")[2] for s in found["strengths"]}) == len(found["strengths"]), "no quote twice"


def test_a_follow_up_counts_with_its_question() -> None:
    found = feedback(turn(1, GOOD), turn(2, "Nothing that cannot be taken back.", gap=Gap.ALTERNATIVE))
    assert len(found["questions"]) == 1
    assert "Nothing that" in found["questions"][0]["answer"]


@pytest.mark.parametrize("answers", [[], [None], ["I don't know."], ["", None]], ids=repr)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_answered_is_no_number(answers: list[str | None], language: Language) -> None:
    found = feedback(*(turn(number, answer) for number, answer in enumerate(answers, 1)), language=language)
    assert found["overall"] is None
    assert found["strengths"] == []
    assert found["improvements"] == []
    assert found["summary"]
    assert bool(found["next_question_id"]) == bool(answers)


@pytest.mark.parametrize(
    ("answers", "en", "zh"),
    [
        ([], "No question was asked", "还没有问过问题"),
        ([""], "No answer was given", "没有可以评分的回答"),
        ([GOOD], "Your answer comes to", "这个回答得"),
        ([GOOD, POOR], "All 2 answers could be scored", "2 个回答全部可以评分"),
        ([GOOD, ""], "one answer to work with out of 2 questions", "2 道题里，有一个回答"),
        ([GOOD, POOR, ""], "2 answers to work with out of 3 questions", "3 道题里，有 2 个回答"),
    ],
)
def test_the_summary_says_how_much_could_be_scored(answers: list[str], en: str, zh: str) -> None:
    turns = [turn(number, answer) for number, answer in enumerate(answers, 1)]
    assert en in feedback(*turns)["summary"]
    assert zh in feedback(*turns, language="zh")["summary"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_who_judged_and_that_it_is_practice(language: Language) -> None:
    found = feedback(turn(1, GOOD), language=language)
    assert (found["version"], found["source"], found["model"], found["language"]) == (
        2,
        "rules",
        "",
        language,
    )
    start = {"en": "Practice, not a hiring verdict.", "zh": "这是练习，不是录用结论。"}
    assert found["notice"].startswith(start[language])
    assert json.loads(json.dumps(found)) == found


def test_remarks_lead_to_what_stands_in_the_feedback() -> None:
    found = feedback(turn(1, GOOD), turn(2, "fine"), turn(3, GOOD_ZH, question=DATE))
    lines = remarks(found)
    assert lines[0] == ("summary", found["summary"])
    assert all(str(at(found, path)) == content != "" for path, content in lines)
    assert ("questions.0.dimensions.figures.score", "4") in lines


def test_html_lets_no_markup_in() -> None:
    hostile = "<img src=x onerror=alert(1)> " + GOOD
    page = feedback_html(feedback(turn(1, hostile), turn(2, "fine")))
    assert "<img" not in page
    assert "onerror=alert" in page, "as text"


def test_what_the_candidate_asks_is_kept_and_not_scored() -> None:
    found = feedback(turn(1, GOOD), turn(2, "How large is the team?", question=CLOSING))
    assert found["own_questions"] == "How large is the team?"
    assert [question["question_id"] for question in found["questions"]] == [FRIDAY]
    assert "Your answer comes to" in found["summary"]
    assert feedback(turn(1, None, question=CLOSING))["own_questions"] == ""


def test_a_question_from_elsewhere_is_judged_by_its_text() -> None:
    entry = feedback(turn(1, GOOD, question="adhoc-0123456789ab"))["questions"][0]
    assert (entry["question_id"], entry["question"], entry["state"]) == (
        "adhoc-0123456789ab",
        "And you?",
        "scored",
    )
    assert (entry["anchor"], entry["key_points"]) == ("", [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_strengths_come_from_answers_that_have_some(language: Language) -> None:
    assert feedback(turn(1, POOR), language=language)["strengths"] == []
    both = feedback(turn(1, POOR), turn(2, GOOD), turn(3, GOOD_ZH, question=DATE), language=language)
    assert len(both["strengths"]) == 2, "what most is to be gained in is not praised"
    assert all("\n" not in line and POOR[:20] not in line for line in both["strengths"])


def test_a_bar_met_is_a_strength_only_where_nothing_is_better() -> None:
    entry = feedback(turn(1, GOOD))["questions"][0]
    part = entry["dimensions"]["layers"]
    three = entry | {"dimensions": {"layers": part | {"score": 3}, "detail": part | {"score": 2}}}
    four = entry | {"dimensions": {"figures": part | {"score": 4, "quote": "40 minutes"}}}
    assert strengths([three], "en") == [f"You say more than what it is: “{part['quote']}”"]
    assert strengths([three, four], "en") == ["You show size and effect in figures: “40 minutes”"]
    assert strengths([three | {"overall": 2.4}], "en") == []
    assert strengths([three | {"on_topic": False}], "en") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_improvements_are_three_different_ones_weakest_answer_first(language: Language) -> None:
    found = feedback(turn(1, GOOD), turn(2, POOR, question=DATE), language=language)
    assert len(set(found["improvements"])) == 3
    assert found["improvements"][0] == found["questions"][1]["fix"]
    assert improvements([], language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_next_drill_is_a_new_question_of_the_weakest_competency(language: Language) -> None:
    found = feedback(turn(1, GOOD), turn(2, POOR, question=DATE), language=language)
    following = BANK.question(found["next_question_id"])
    assert following.competency == BANK.question(DATE).competency
    assert following.id not in (FRIDAY, DATE)
    assert following.in_language(language).text in found["next_drill"]
    small = Bank((BANK.question(DATE),))
    found = feedback(turn(1, POOR, question=DATE), language=language, bank=small)
    assert found["next_question_id"] == ""
    assert found["next_drill"]


@pytest.mark.parametrize(
    ("rating", "answer", "says"),
    [
        (5, POOR, "what stays unsaid cannot count"),
        (1, GOOD, "harder on yourself"),
        (4, GOOD, "much as it stands"),
        (None, GOOD, ""),
        (3, "", ""),
    ],
)
def test_the_candidates_own_rating_is_set_beside_the_score(
    rating: int | None, answer: str, says: str
) -> None:
    entry = feedback(turn(1, answer, rating=rating))["questions"][0]
    assert entry["rating"] == rating
    assert says in entry["rating_note"]
    assert bool(entry["rating_note"]) == bool(says)


def test_competencies_are_means_of_their_questions() -> None:
    found = feedback(turn(1, GOOD), turn(2, None, skipped=True), turn(3, POOR, question=DATE))
    quality, delivery = found["competencies"]
    assert (quality["competency"], quality["questions"]) == ("quality", 2)
    assert quality["overall"] == found["questions"][0]["overall"]
    assert delivery["label"] == "Delivery"


ASKED = [
    ("why 4 for figures?", 0, "figures"),
    ("why is question 2 so low?", 1, None),
    ("What about my SECOND answer", 1, None),
    ("trade-offs in the last question", 1, "trade_off"),
    ("第二题为什么低", 1, None),
    ("第 1 题的数字为什么不高", 0, "figures"),
    ("question 7?", None, None),
    ("So low on question 2.", 1, None),
    ("trade-off, no. 1", 0, "trade_off"),
    ("第二个呢", 1, None),
    ("我的第一个例子", 1, "example"),
    ("hello", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("asked", "place", "name"), ASKED)
def test_a_question_about_the_feedback_is_understood(asked: str, place: int | None, name: str | None) -> None:
    assert meant(feedback(turn(1, GOOD), turn(2, POOR, question=DATE)), asked) == (place, name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_explanation_rests_on_anchor_quote_and_next_point(language: Language) -> None:
    found = feedback(turn(1, GOOD), turn(2, POOR, question=DATE), language=language)
    part = found["questions"][0]["dimensions"]["detail"]
    said = explanation(found, "why this for detail in question 1?")
    assert part["anchor"] in said
    assert part["quote"].rstrip(".") in said
    assert str(part["score"] + 1) in said
    assert all(label in explanation(found, "hello") for label in ("Figures", "Layers")) or language == "zh"
    assert "9" in explanation(found, "question 9")
    assert "2" in explanation(found, "question 9")
    assert explanation(feedback(turn(1, ""), language=language), "why?")


Held = Callable[[dict[str, Any]], list[str]]
WAYS: list[
    tuple[str, str, Held]
] = [  # what is asked in either language, and what a feedback of three answers holds that belongs to it
    (
        "How would you have answered question 2?",
        "第二题你会怎么答？",
        lambda f: f["questions"][1]["key_points"],
    ),
    ("A sample answer to question 3, please", "第 3 题的标准答案", lambda f: f["questions"][2]["key_points"]),
    ("What should I practise next?", "接下来练什么", lambda f: [f["next_drill"], f["improvements"][0]]),
    ("Would you hire me?", "我能过吗", lambda f: [f["summary"]]),
    ("Why not a 5 for question 1?", "第一题为什么没有五分", lambda f: two_lowest(f["questions"][0])),
    ("How did it go overall?", "总体怎么样", lambda f: [f["summary"], str(f["questions"][1]["overall"])]),
    ("What went well?", "我哪里做得好", lambda f: f["strengths"]),
    ("How could question 2 be stronger?", "第二题怎么改", lambda f: [f["questions"][1]["fix"]]),
    ("Question 3: Why this score?", "第 3 题：为什么没有评分？", lambda f: [f["questions"][2]["reason"]]),
    (
        "Why only that for trade-off in question 1?",
        "第一题的权衡为什么这么低",
        lambda f: [anchored(f, "trade_off")],
    ),
]


def two_lowest(entry: dict[str, Any]) -> list[str]:
    found = sorted((part["score"], part["label"]) for part in entry["dimensions"].values())
    return [str(found[0][0] + 1), *(label for score, label in found if score == found[0][0])][:3]


def anchored(found: dict[str, Any], name: str) -> str:
    return str(found["questions"][0]["dimensions"][name]["anchor"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_different_questions_have_different_answers(language: Language) -> None:
    found = feedback(turn(1, GOOD), turn(2, POOR, question=DATE), turn(3, "I don't know."), language=language)
    said = [explanation(found, (en, zh)[language == "zh"]) for en, zh, _ in WAYS]
    assert len(set(said)) == len(WAYS)
    for text, (asked, _, held) in zip(said, WAYS, strict=True):
        places = [text.find(each) for each in held(found)]
        assert places, asked
        assert -1 not in places, (asked, text)
        if "answered" in asked:
            assert places == sorted(places), "in the order to tell it"


@pytest.mark.parametrize("language", LANGUAGES)
def test_highest_and_lowest_are_told_only_where_they_differ(language: Language) -> None:
    found = feedback(turn(1, GOOD), language=language)
    entry = found["questions"][0]
    told = {"en": ("Highest", "Lowest"), "zh": ("最高", "最低")}[language]
    assert all(word in explanation(found, "why so?") for word in told)
    for score in (1, 3, 5):
        even = {name: part | {"score": score} for name, part in entry["dimensions"].items()}
        said = explanation({**found, "questions": [entry | {"dimensions": even}]}, "why so?")
        assert not [word for word in told if word in said]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "turns",
    [
        [turn(1, GOOD)],
        [turn(1, POOR)],
        [turn(1, GOOD), turn(2, POOR, question=DATE)],
        [turn(1, POOR), turn(2, GOOD_ZH, question=DATE), turn(3, None, skipped=True)],
        [turn(1, "I love cooking pasta with tomatoes and basil on Sundays with friends.")],
    ],
    ids=["good", "poor", "both", "poor and good and skipped", "off topic"],
)
def test_summary_lists_and_drill_say_the_same(turns: list[Turn], language: Language) -> None:
    found = feedback(*turns, language=language)
    ranking = _ranked([entry for entry in found["questions"] if entry["overall"] is not None], language)
    praised = [each.dimension for each in ranking.shown]
    assert not {*praised} & {each.dimension for each in ranking.open}
    assert [each.fix for each in ranking.open] == found["improvements"]
    first, skills = ranking.open[0], words(language, "drill")
    assert skills[first.gap] in found["next_drill"]
    labels = [rubric.ANCHORS[name]["name"][language] for name in (*praised[:1], first.dimension) if name]
    assert re.findall("“(.+?)”", found["summary"]) == labels


@pytest.mark.parametrize(
    ("language", "answer", "says"),
    [
        ("en", "I don't know.", "You said that you don't know this one, which is fine"),
        ("en", None, "You skipped this question"),
        ("zh", "我不会", "你说这道题不会"),
        ("zh", None, "你跳过了这道题"),
    ],
)
def test_not_to_know_and_to_skip_are_two_things(language: Language, answer: str | None, says: str) -> None:
    entry = feedback(turn(1, answer, skipped=answer is None), language=language)["questions"][0]
    assert entry["reason"].startswith(says)


def test_ones_own_question_is_called_so_and_is_no_competency() -> None:
    labels: dict[Language, str] = {"en": "Your own question", "zh": "自拟题"}
    for language, label in labels.items():
        found = feedback(turn(1, GOOD, question="adhoc-0123456789ab"), turn(2, GOOD), language=language)
        assert found["questions"][0]["competency_label"] == label
        assert [row["competency"] for row in found["competencies"]] == ["quality"]


def test_a_draft_that_is_the_answer_is_none() -> None:
    draft = feedback(turn(1, POOR))["questions"][0]["draft"]
    assert draft
    assert feedback(turn(1, draft))["questions"][0]["draft"] == ""


def test_feedback_of_an_earlier_version_can_be_explained() -> None:
    found = feedback(turn(1, GOOD))
    old = {"question", "overall", "reason", "dimensions", "fix", "answer", "on_topic"}
    entry = {name: value for name, value in found["questions"][0].items() if name in old}
    said = explanation({"language": "en", "summary": "", "questions": [entry]}, "why this for figures?")
    assert "Figures in question 1 is 4 of 5" in said
