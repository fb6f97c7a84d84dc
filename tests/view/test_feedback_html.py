"""The feedback as a page: what stands where, what is said in words, and that no text becomes markup."""

from __future__ import annotations

import copy
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mockmate_nb.interview.afterwards import Aside
from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.interview.comparing import compared
from mockmate_nb.interview.feedback import question_entry, question_of
from mockmate_nb.view.asides_html import attempt_html
from mockmate_nb.view.feedback_html import averages, feedback_html, weakest
from mockmate_nb.view.feedback_words import FEEDBACK_WORDS, say
from mockmate_nb.view.question_html import entry_html
from mockmate_nb.view.twin import plain
from tests.view.feedbacks import BANK, STRONG, WEAK, Skeleton, everywhere, feedback

HOSTILE = tomllib.loads((Path(__file__).parents[1] / "cases" / "hostile.toml").read_text("utf-8"))["payload"]
CODES = frozenset(
    {"language", "format", "level", "state", "source", "question_id", "competency", "gaps", "differ"}
)


def attempt(said: dict[str, Any], at: int = 1) -> Aside:
    """The second of the questions answered with the strong answer."""
    before, language = said["questions"][at], said["language"]
    question = question_of(BANK, before["question_id"], before["question"], language)
    after = question_entry(question, before["question"], STRONG[language], language)
    result = {
        "question_id": before["question_id"],
        "at": 1.0,
        "answer": STRONG[language],
        "question": after,
        "compared": compared(before, after, language),
    }
    return Aside(
        "answer_again", STRONG[language], before["question_id"], number=1, result=result, ended="done"
    )


EXPLAINED = Aside("explain", "Why so low?", number=2, text="Because **no case** is told.", ended="stopped")


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_is_found_is_said(language: Language) -> None:
    said = feedback(language)
    shown = plain(feedback_html(said))
    entry = said["questions"][0]
    judged = entry["judgement"]
    wanted = [said["summary"], said["notice"], said["next_drill"], *said["strengths"], *said["improvements"]]
    wanted += [each["label"] for each in said["competencies"]]
    wanted += [entry["question"], entry["fix"], entry["anchor"], entry["rating_note"]]
    wanted += [*entry["key_points"], *(part["anchor"] for part in entry["dimensions"].values())]
    wanted += [part["anchor"] for part in entry["parts"].values()]
    wanted += [judged["fix"], judged["model"], *(part["why"] for part in judged["dimensions"].values())]
    wanted += [said["questions"][1]["judgement"]["reason"], said["questions"][2]["reason"]]
    missing = [text for text in wanted if " ".join(text.split()) not in shown]
    assert not missing
    assert said["questions"][1]["draft"].split("[")[0].strip() in shown


def test_first_comes_what_one_wants_to_know_first() -> None:
    said = feedback()
    shown = feedback_html(said)
    order = [
        said["summary"][:20],
        "Practice, not a hiring verdict",
        "What went well",
        "What to work on",
        "Next drill",
    ]
    order += ["<svg", "Competencies", "Question by question", "<details"]
    places = [shown.index(each) for each in order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("scores", "place"),
    [([3.0, 2.0, 4.0], 1), ([None, 2.0, 1.5], 2), ([None, None], 0), ([2.0, 2.0], 0), ([], 0)],
)
def test_only_the_weakest_question_is_open(scores: list[float | None], place: int) -> None:
    entries = [{"overall": score} for score in scores]
    assert weakest(entries) == place
    said = feedback()
    base = said["questions"][0]
    said["questions"] = [{**base, "overall": score} for score in scores]
    folds = feedback_html(said).split('<details class="mockmate-question"')[1:]
    assert [fold.startswith(" open") for fold in folds] == [at == place for at in range(len(scores))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_rules_and_model_differ_is_said_in_words(language: Language) -> None:
    said = feedback(language)
    entry = said["questions"][0]
    assert entry["differ"], "the sample has rows that differ"
    shown = plain(entry_html(entry, language))
    for name in entry["differ"]:
        points = abs(entry["dimensions"][name]["score"] - entry["judgement"]["dimensions"][name]["score"])
        row = next(line for line in shown.splitlines() if line.startswith(entry["dimensions"][name]["label"]))
        assert say(language, "apart", points=points) in row
    others = [name for name in entry["judgement"]["dimensions"] if name not in entry["differ"]]
    for name in others:
        row = next(line for line in shown.splitlines() if line.startswith(entry["dimensions"][name]["label"]))
        assert not [points for points in range(5) if say(language, "apart", points=points) in row]
    assert say(language, "dropped_quotes", count=1) in shown
    assert say(language, "dropped_scores", count=1) in shown


def test_a_quote_is_shown_whole_once() -> None:
    entry = feedback()["questions"][0]
    quote = max((part["quote"] for part in entry["dimensions"].values()), key=len)
    cited = [part["quote"] for table in ("dimensions", "parts") for part in entry[table].values()]
    assert cited.count(quote) > 1
    assert entry_html({**entry, "answer": "", "draft": ""}, "en").count(quote) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_heading_is_there_once_and_brackets_are_told_of_where_there_are_any(language: Language) -> None:
    entry = feedback(language, judged=False)["questions"][1]
    competency = entry["competency_label"].lower() if language == "en" else entry["competency_label"]
    bare = entry | {"draft": "Well said. [not]", "judgement": None}
    for shown in (plain(entry_html(each, language)) for each in (entry, bare)):
        heads = [say(language, name).strip() for name in ("fix", "draft", "key_points")]
        heads.append(
            say(language, "sounds_like", point=round(entry["overall"]), competency=competency).strip()
        )
        assert [shown.count(head) for head in heads] == [1, 1, 1, 1]
        assert say(language, "draft_fill") in shown
    none = plain(entry_html(bare | {"draft": "Well said."}, language))
    assert say(language, "draft_note") in none
    assert say(language, "draft_fill") not in none
    assert say(language, "draft") not in plain(entry_html(bare | {"draft": ""}, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_scored_says_why_and_has_no_number(language: Language) -> None:
    entry = feedback(language)["questions"][2]
    shown = plain(entry_html(entry, language))
    assert entry["reason"] in shown
    assert say(language, "why_not").strip() in shown
    assert "●" not in shown
    assert "/ 5" not in shown


def test_a_dimension_without_weight_says_that_it_does_not_count() -> None:
    entry = copy.deepcopy(feedback(judged=False)["questions"][1])
    entry["weights"]["figures"] = 0
    lines = plain(entry_html(entry, "en")).splitlines()
    assert [line.split()[0] for line in lines if "does not count here" in line] == ["Figures"]


def test_averages_are_over_the_scored_questions() -> None:
    said = feedback()
    first, second = (said["questions"][at]["dimensions"]["layers"]["score"] for at in (0, 1))
    assert averages(said["questions"])["Layers"] == round((first + second) / 2, 1)
    assert averages(said["questions"][2:]) == {}


def test_feedback_of_an_earlier_version_has_its_page() -> None:
    entry = feedback(judged=False)["questions"][0]
    kept = ("question", "overall", "reason", "fix", "stronger", "dimensions")  # no key points
    old = {
        "language": "en",
        "summary": "Well.",
        "notice": "Practice.",
        "strengths": ["A."],
        "improvements": [],
    }
    shown = plain(feedback_html({**old, "questions": [{name: entry[name] for name in kept}]}))
    for text in ("Well.", "Practice.", "A.", entry["question"], entry["fix"], entry["stronger"]):
        assert text in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_answers_stand_side_by_side(language: Language) -> None:
    said = feedback(language)
    again = attempt(said)
    assert again.result
    shown = plain(attempt_html(again, said))
    beside = again.result["compared"]
    for text in (WEAK[language], STRONG[language], beside["summary"], again.result["question"]["fix"]):
        assert text in shown
    for row in beside["dimensions"]:
        if row["before"] is not None and row["after"] is not None and row["after"] > row["before"]:
            line = f"{row['label']} {row['before']} {row['after']}"
            moved = say(language, "up", points=row["after"] - row["before"])
            assert any(each.startswith(line) and moved in each for each in shown.splitlines())
    assert beside["better"], "the strong answer is better in something"


def test_what_came_after_stands_in_the_page_without_widgets() -> None:
    said = feedback()
    shown = feedback_html(said, [attempt(said), EXPLAINED])
    assert "<strong>no case</strong>" in shown
    for text in ("Second answer to question 2", "Why so low?", "stopped"):
        assert text in plain(shown)


@pytest.mark.parametrize("row", HOSTILE, ids=lambda row: row["name"])
def test_no_text_becomes_markup(row: dict[str, Any]) -> None:
    """With a payload in place of every text, the page has the tags that it has with a word there."""

    def page(text: str) -> str:
        said = everywhere(feedback(), lambda _: text, kept=CODES)
        again = attempt(feedback())
        result = everywhere(again.result, lambda _: text, kept=CODES)
        aside = Aside("answer_again", text, again.question_id, number=1, result=result, ended="done")
        asked = Aside("explain", text, number=2, text="So.", ended="done")
        return feedback_html(said, [aside, asked])

    assert Skeleton(page(row["text"])).tags == Skeleton(page("word")).tags


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_can_stand_twice_in_another(language: Language) -> None:
    said = feedback(language)
    page = feedback_html(said)
    tags = Skeleton(page).tags
    assert page == feedback_html(copy.deepcopy(said))
    assert not [attrs for _, attrs in tags for name, _ in attrs if name in ("id", "onclick", "href", "src")]
    assert {"script", "style", "link", "img"}.isdisjoint(tag for tag, _ in tags)


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    first, second = ({key: blanks(text) for key, text in FEEDBACK_WORDS[each].items()} for each in LANGUAGES)
    assert first == second


def test_every_word_has_its_place() -> None:
    view = Path(feedback_html.__code__.co_filename).parent
    code = "".join(path.read_text("utf-8") for path in view.glob("*.py") if path.name != "feedback_words.py")
    built = ("parts_", "ended_", "rate_", "dropped_")
    names = [name for name in FEEDBACK_WORDS["en"] if not name.startswith(built)]
    assert not [name for name in names if f'"{name}"' not in code and f"'{name}'" not in code]
