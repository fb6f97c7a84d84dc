"""Facts out of résumés and jobs: what a careful reader finds there, and what only looks like it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb.interview.periods import counted, stated
from mockmate_nb.interview.question import LANGUAGES, Language, Level
from mockmate_nb.interview.reading import Match, compare, read_job, read_resume
from mockmate_nb.interview.samples import sample
from mockmate_nb.interview.skills import catalogue_name, named, skill_label, skills_in, with_implied

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "documents.toml").read_text("utf-8"))
TODAY = date(2026, 11, 15)
LEAST = 0.9


def ids(case: dict[str, Any]) -> str:
    return str(case.get("id", case["text"][:40]))


@pytest.mark.parametrize("case", CASES["resume"], ids=ids)
def test_a_resume_as_a_reader_sees_it(case: dict[str, Any]) -> None:
    resume = read_resume(case["text"], TODAY)
    assert list(resume.sections) == case["sections"]
    assert resume.years == case["years"]
    assert len(resume.projects) == case["projects"], [project.title for project in resume.projects]
    figures = {figure for project in resume.projects for figure in project.figures}
    assert set(case["figures"]) <= figures
    assert all(figure in project.text for project in resume.projects for figure in project.figures)
    assert all(0 < len(project.title) <= 81 for project in resume.projects)


@pytest.mark.parametrize("case", CASES["job"], ids=ids)
def test_a_job_as_a_reader_sees_it(case: dict[str, Any]) -> None:
    job = read_job(case["text"])
    assert job.title == case["title"]
    assert job.years == case.get("years")
    assert job.level == Level(case["level"])
    assert len(job.requirements) == case["requirements"], job.requirements
    assert len(job.nice_to_have) == case["nice"], job.nice_to_have


@pytest.mark.parametrize("kind", ["resume", "job"])
def test_skills_are_found_and_none_is_made_up(kind: str) -> None:
    """Recall and precision over all texts of a kind, and no text far below them."""
    right = found = known = 0
    for case in CASES[kind]:
        read = read_resume(case["text"], TODAY).skills if kind == "resume" else read_job(case["text"]).skills
        wanted = set(case["skills"])
        right, found, known = right + len(wanted & set(read)), found + len(read), known + len(wanted)
        assert len(wanted & set(read)) >= 0.75 * max(len(wanted), len(read)), case["id"]
    assert right / known >= LEAST
    assert right / found >= LEAST


@pytest.mark.parametrize("case", CASES["job"], ids=ids)
def test_what_would_be_nice_is_kept_apart(case: dict[str, Any]) -> None:
    assert set(read_job(case["text"]).nice_skills) == set(case["nice_skills"])


@pytest.mark.parametrize("case", CASES["word"], ids=ids)
def test_words_that_only_look_like_a_skill(case: dict[str, Any]) -> None:
    assert list(skills_in(case["text"])) == case["skills"]


@pytest.mark.parametrize("case", CASES["years"], ids=ids)
def test_stretches_of_time(case: dict[str, Any]) -> None:
    assert counted(case["text"], TODAY) == case.get("counted")
    assert max((years for years, _ in stated(case["text"])), default=None) == case.get("stated")


def test_without_a_today_what_lasts_ends_at_the_latest_date() -> None:
    assert counted("2018 – 2021, 2022 – present, 2024 a talk: 2023 - 2024") == 5.0


@pytest.mark.parametrize("written", ["K8s", "kubernetes", "Kubernetes", "ＫＵＢＥＲＮＥＴＥＳ"])
def test_every_spelling_leads_to_one_name(written: str) -> None:
    assert catalogue_name(written) == "Kubernetes"


def test_names_on_screen_follow_the_language() -> None:
    assert skill_label("Message queues", "zh") == "消息队列"
    assert skill_label("Message queues", "en") == "Message queues"
    assert skill_label("Kubernetes", "zh") == "Kubernetes"
    assert skill_label("Zeebe", "zh") == "Zeebe"


def test_a_framework_means_its_language() -> None:
    assert {"Python", "SQL"} <= with_implied(["FastAPI", "PostgreSQL"])


RESUME = "Experience\n2020 - 2024 Shop\n- Built the till in FastAPI and MySQL, 3 years of experience"


@pytest.mark.parametrize(
    ("requirements", "match"),
    [
        ("Python", Match(("Python",), (), ("FastAPI", "MySQL"), None)),
        ("MySQL or PostgreSQL", Match(("MySQL",), (), ("FastAPI",), None)),
        ("MySQL and PostgreSQL", Match(("MySQL",), ("PostgreSQL",), ("FastAPI",), None)),
        ("Kafka or Pulsar", Match((), ("Kafka", "Pulsar"), ("FastAPI", "MySQL"), None)),
        ("Git、Go/MySQL、Redis", Match(("MySQL",), ("Git", "Redis"), ("FastAPI",), None)),
        ("MySQL or Go, Kafka", Match(("MySQL",), ("Kafka",), ("FastAPI",), None)),
        ("one of Go, Rust, MySQL and Lua", Match(("MySQL",), (), ("FastAPI",), None)),
        ("熟悉 Go、MySQL 中的至少一门", Match(("MySQL",), (), ("FastAPI",), None)),
        ("5+ years with MySQL", Match(("MySQL",), (), ("FastAPI",), 2.0)),
        ("2+ years with MySQL", Match(("MySQL",), (), ("FastAPI",), 0.0)),
        ("MySQL\n- Kafka is a plus", Match(("MySQL",), (), ("FastAPI",), None, ("Kafka",))),
    ],
)
def test_what_is_shared_and_what_is_missing(requirements: str, match: Match) -> None:
    job = read_job(f"Requirements\n- {requirements}")
    assert compare(read_resume(RESUME, TODAY), job) == match


@pytest.mark.parametrize("case", CASES["job"], ids=ids)
def test_a_text_asks_for_nothing_that_it_does_not_name(case: dict[str, Any]) -> None:
    assert compare(read_resume(case["text"], TODAY), read_job(case["text"])).missing == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_samples_are_read_as_they_are_meant(language: Language) -> None:
    texts = sample(language)
    resume, job = read_resume(texts.resume, TODAY), read_job(texts.job)
    match = compare(resume, job)
    assert resume.years == {"en": 7, "zh": 6}[language]
    assert (job.years, job.level) == (5, Level.SENIOR)
    assert len(resume.projects) == {"en": 10, "zh": 8}[language]
    assert (len(job.requirements), len(job.nice_to_have)) == {"en": (8, 4), "zh": (7, 4)}[language]
    assert {"Kubernetes", "Model serving", "Quantisation"} <= set(match.missing)
    assert {"Python", "Kafka", "Server-sent events", "LLM"} <= set(match.shared)
    assert "Prompt injection defence" in match.nice_missing


HOSTILE = {
    "one letter": "a" * 60_000,
    "blank lines": "\n" * 60_000,
    "hashes": "#" * 60_000,
    "stars": "**" * 30_000,
    "dashes in lines": "- \n" * 20_000,
    "bullets": "- Go, " * 10_000,
    "years": "2019 - " * 8_000,
    "numbers": "3 years " * 7_500,
    "commas": "Go, R, C or " * 5_000,
    "brackets": "(" * 60_000,
    "colons": "项目：" * 20_000,
    "headings": "## Skills\n" * 6_000,
    "Chinese": "熟悉消息队" * 12_000,
    "addresses": "a.b.c/" * 10_000,
    "at signs": "a@" * 30_000,
    "spaces": "a " + " " * 60_000 + "b",
    "titles": "**2019 - 2020**\n\n" * 3_500,
    "looking": "looking for a " * 4_200,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.timeout(20)
def test_hostile_texts_of_full_length_are_read_to_the_end(text: str) -> None:
    compare(read_resume(text, TODAY), read_job(text))


WORDS = st.sampled_from(
    [
        "Go",
        "Spring",
        "R",
        "- ",
        "\n",
        "\n\n",
        "## ",
        "**",
        "Skills:",
        "Experience",
        "2019 - 2021",
        "至今",
        "（",
        "、",
        "5 年",
        "or",
    ]
)


@given(
    st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map(" ".join), st.lists(WORDS).map("".join))
)
def test_any_text_can_be_read(text: str) -> None:
    resume, job = read_resume(text, TODAY), read_job(text)
    match = compare(resume, job)
    assert set(match.shared).isdisjoint(match.missing)
    assert all(0 <= place.start < place.end <= len(text) for place in named(text))
    assert (resume, job) == (read_resume(text, TODAY), read_job(text))
