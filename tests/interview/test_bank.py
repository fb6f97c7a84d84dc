"""The bank's doors, its pick, and the faults of one's own file."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import (
    LANGUAGES,
    Bank,
    Format,
    Gap,
    Language,
    Level,
    Question,
    load_bank,
)
from mockmate_nb.interview.question import generic_follow_ups, role_words
from mockmate_nb.interview.samples import sample

BANK = load_bank()
ROLES = tuple(role_words())


# One question.


def test_a_question_is_found_by_id_and_near_ids_are_named() -> None:
    assert BANK.question("technical-sse-or-websocket").level == Level.MID
    with pytest.raises(CallerError, match="'technical-sse-or-websocket'") as fault:
        BANK.question("technical-sse-websocket")
    assert fault.value.field == "id"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_from_elsewhere_has_a_follow_up_for_every_gap(language: Language) -> None:
    question = Question.adhoc("  Why\n SSE? ", language, competency="technical_depth")
    wording = question.in_language(language)
    assert wording.text == "Why SSE?"
    assert set(wording.follow_ups) == set(Gap)
    assert (question.competency, question.roles, wording.key_points) == ("technical_depth", ("any",), ())
    assert question == Question.adhoc("Why SSE?", language, competency="technical_depth")
    assert question.id != Question.adhoc("Why not SSE?", language).id
    assert hash(question) == hash(Question.adhoc("Why SSE?", language, competency="technical_depth"))
    with pytest.raises(CallerError, match="It is there in"):
        question.in_language("zh" if language == "en" else "en")


@pytest.mark.parametrize(("text", "language", "field"), [(" \n", "en", "text"), ("Why?", "fr", "language")])
def test_a_question_from_elsewhere_can_be_refused(text: str, language: Language, field: str) -> None:
    with pytest.raises(CallerError) as fault:
        Question.adhoc(text, language)
    assert fault.value.field == field


# The pick.


def test_the_same_arguments_pick_the_same_and_seeds_differ() -> None:
    resume, job = sample("en")
    text = resume + job
    first = [BANK.pick(text=text, seed=seed).id for seed in range(20)]
    assert first == [load_bank().pick(text=text, seed=seed).id for seed in range(20)]
    assert first == [Bank(BANK.questions[::-1]).pick(text=text, seed=seed).id for seed in range(20)]
    assert len(set(first)) >= 3


def test_nothing_is_picked_twice_until_all_are_used() -> None:
    used: set[str] = set()
    for _ in BANK.questions:
        used.add(BANK.pick(exclude=used, competencies=["delivery", "quality"], text="python").id)
    assert used == {question.id for question in BANK.questions}
    with pytest.raises(CallerError, match=rf"no question left .*; {len(used)} excluded"):
        BANK.pick(exclude=used)


@pytest.mark.parametrize(("format_", "level"), list(product(Format, Level)))
def test_a_pick_keeps_to_format_level_and_language(format_: Format, level: Level) -> None:
    question = BANK.pick(format=format_, levels=[level], language="zh", seed=3)
    assert (question.format, question.level) == (format_, level)


def test_a_drill_picks_only_short_questions() -> None:
    used: set[str] = set()
    for _ in range(sum(q.drill for q in BANK.questions)):
        question = BANK.pick(drill=True, exclude=used, text="kubernetes terraform")
        assert question.drill
        used.add(question.id)
    with pytest.raises(CallerError, match="drill"):
        BANK.pick(drill=True, exclude=used)


def test_competencies_come_in_the_callers_order_and_take_turns() -> None:
    order = ["ownership", "delivery", "learning"]
    used: list[Question] = []
    for _ in range(6):
        used.append(
            BANK.pick(
                competencies=order,
                exclude={question.id for question in used},
                levels=[Level.MID, Level.JUNIOR],
            )
        )
    assert [question.competency for question in used] == [*order, *order]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_the_text_names_gets_its_questions(role: str, language: Language) -> None:
    word = next(w for w in role_words()[role] if w.isascii() == (language == "en"))
    text = f"{word}, {word}, {word}; beside backend, 前端"
    for format_ in Format:
        question = BANK.pick(format=format_, text=text, language=language)
        assert {role, "any"} & set(question.roles)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You will run A/B tests.", "technical-lift-after-three-days"),
        ("Nightly ETL with dbt in a data warehouse", "technical-orders-counted-twice"),
        ("负责提示注入与大模型安全的防护", "technical-instructions-in-a-document"),
    ],
)
def test_tags_in_the_text_decide(text: str, expected: str) -> None:
    assert (
        BANK.pick(format=Format.TECHNICAL, competencies=[BANK.question(expected).competency], text=text).id
        == expected
    )


def test_a_tag_is_met_as_a_word_not_within_one() -> None:
    question = Question.adhoc("Why?")
    tagged = Bank((_tagged(question, "a-plain", ()), _tagged(question, "b-git", ("git", "c++"))))
    met, both = {"b-git"}, {"a-plain", "b-git"}
    for text, expected in (("digital legit", both), ("Git", met), ("gits", met), ("C++", met), ("C", both)):
        assert {tagged.pick(text=text, seed=seed).id for seed in range(12)} == expected, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sample_candidate_is_asked_about_their_own_trade(language: Language) -> None:
    text = "\n".join(sample(language))
    used: set[str] = set()
    for seed in range(8):
        question = BANK.pick(format=Format.TECHNICAL, text=text, language=language, exclude=used, seed=seed)
        assert {"backend", "ml_llm", "any"} & set(question.roles)
        used.add(question.id)


def _tagged(question: Question, id_: str, tags: tuple[str, ...]) -> Question:
    return Question(id_, "quality", question.format, question.level, ("any",), tags, question.wordings)


# One's own file.

ENTRY = """
[[question]]
id = "mine"
competency = "quality"
format = "technical"
level = "mid"
roles = ["any"]
tags = ["git"]
[question.en]
text = "Why do you commit?"
probes = "Care."
key_points = ["small steps"]
hint = "Think of undoing."
[question.en.follow_ups]
figure = "How often?"
"""


def test_ones_own_file_takes_the_place_of_the_shipped_bank(tmp_path: Path) -> None:
    file = tmp_path / "questions_mine.toml"
    file.write_text("\ufeff" + ENTRY, "utf-8")
    (tmp_path / "anchors.toml").write_text("[other]", "utf-8")
    for path in (file, str(file), tmp_path):
        (question,) = load_bank(path).questions
        assert question.in_language("en").follow_ups == generic_follow_ups("en") | {Gap.FIGURE: "How often?"}
    with pytest.raises(CallerError, match="no question left"):
        load_bank(file).pick(language="zh")
    assert load_bank() is load_bank()


FAULTS = {
    "not TOML": ("[[question]", "not TOML.*line 1", "path"),
    "empty": ("", "holds no questions", "question"),
    "a table for a list": ("[question]\nid = 'x'", "holds no questions", "question"),
    "unknown table": ("[[questions]]", "'questions' is not known.*'question'", "questions"),
    "id missing": (ENTRY.replace('id = "mine"', ""), "number 1: field 'id' is missing", "id"),
    "id not a text": (ENTRY.replace('"mine"', "7"), "'id' is not a text", "id"),
    "id not kebab": (ENTRY.replace('"mine"', '"My id"'), "'id' is not kebab-case", "id"),
    "id twice": (ENTRY + ENTRY, "'id' is taken in questions_mine.toml", "id"),
    "unknown field": (ENTRY.replace("level =", "lvel ="), "'lvel' is not known.*'level'", "lvel"),
    "level missing": (ENTRY.replace('level = "mid"', ""), "'level' is missing", "level"),
    "unknown level": (ENTRY.replace('"mid"', '"middle"'), "unknown value 'middle'.*'mid'", "level"),
    "unknown format": (ENTRY.replace('"technical"', '"tech"'), "unknown value 'tech'.*'technical'", "format"),
    "unknown competency": (ENTRY.replace('"quality"', '"qualty"'), "'qualty'.*'quality'", "competency"),
    "unknown role": (ENTRY.replace('["any"]', '["back"]'), "'back'.*'backend'", "roles"),
    "no role": (ENTRY.replace('["any"]', "[]"), "'roles' is empty", "roles"),
    "tags not a list": (ENTRY.replace('["git"]', '"git"'), "'tags' is not a list", "tags"),
    "tags upper-case": (ENTRY.replace('["git"]', '["Git"]'), "'tags' has upper-case", "tags"),
    "tags missing": (ENTRY.replace('tags = ["git"]', ""), "'tags' is missing", "tags"),
    "drill not a flag": (ENTRY.replace("tags =", "drill = 1\ntags ="), "neither true nor false", "drill"),
    "no wording": (ENTRY.partition("[question.en]")[0], "'en' is missing", "en"),
    "unknown language": (ENTRY.replace("question.en", "question.fr"), "'fr' is not known.*en, zh", "fr"),
    "wording not a table": (ENTRY.partition("[question.en]")[0] + "en = 'Why?'", "'en' is not a table", "en"),
    "text empty": (ENTRY.replace("Why do you commit?", " "), "'en.text' is not a text", "en.text"),
    "hint missing": (ENTRY.replace("hint", "hnt"), "'en.hnt' is not known.*'hint'", "en.hnt"),
    "key points with a number": (
        ENTRY.replace('["small steps"]', "[1]"),
        "not a list of texts",
        "en.key_points",
    ),
    "unknown gap": (
        ENTRY.replace("figure", "figures"),
        "'en.follow_ups.figures'.*'figure'",
        "en.follow_ups.figures",
    ),
    "follow-up not a text": (ENTRY.replace('"How often?"', "3"), "is not a text", "en.follow_ups.figure"),
}


@pytest.mark.parametrize(("text", "message", "field"), list(FAULTS.values()), ids=list(FAULTS))
def test_every_fault_of_a_file_names_file_field_and_remedy(
    tmp_path: Path, text: str, message: str, field: str
) -> None:
    file = tmp_path / "questions_mine.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(CallerError, match=message) as fault:
        load_bank(file)
    assert fault.value.message.startswith("questions_mine.toml")
    assert fault.value.field == field
    assert fault.value.advice.endswith((".", "?"))
    if "[[question]]" in text:
        assert "question 'mine'" in fault.value.message or field in ("id", "questions")


def test_faults_of_the_path_itself(tmp_path: Path) -> None:
    latin = tmp_path / "questions_latin.toml"
    latin.write_bytes("# é".encode("latin-1"))
    empty = tmp_path / "empty"
    empty.mkdir()
    cases = [
        (tmp_path / "none", "no file or folder"),
        (empty, "holds no questions"),
        (latin, "not UTF-8 .byte 2"),
    ]
    for path, message in cases:
        with pytest.raises(CallerError, match=message) as fault:
            load_bank(path)
        assert fault.value.field == "path"


def test_an_id_is_unique_over_a_folders_files(tmp_path: Path) -> None:
    for name in ("questions_a.toml", "questions_b.toml"):
        (tmp_path / name).write_text(ENTRY, "utf-8")
    with pytest.raises(
        CallerError, match=r"^questions_b.toml, question 'mine': field 'id' is taken in questions_a"
    ):
        load_bank(tmp_path)


# The samples.


def test_samples_are_about_a_page_each_and_leave_gaps() -> None:
    for language, low, high in (("en", 1800, 3600), ("zh", 700, 1800)):
        resume, job = sample(language)  # type: ignore[arg-type]  # the loop's literal is a str to mypy
        assert low <= len(resume) <= high
        assert low <= len(job) <= high
        assert "Kubernetes" in job
        assert "Kubernetes" not in resume
        assert "example.com" in resume
        assert "SSE" in job or "server-sent events" in job
        for address in re.findall(r"@([\w.]+)", resume + job):
            assert address.endswith("example.com")
    with pytest.raises(CallerError, match="no sample in 'fr'"):
        sample("fr")  # type: ignore[arg-type]  # the fault under test
