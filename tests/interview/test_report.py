"""The report: whole, honest about who scored, harmless whatever stands in it, and printable."""

from __future__ import annotations

import asyncio
import json
import os
import re
import stat
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import psutil
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import ValidationError

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.interview import report_pdf
from mockmate_nb.interview.question import LANGUAGES, Language
from mockmate_nb.interview.record import Entry, Progress, progress_of
from mockmate_nb.interview.report import Report
from mockmate_nb.interview.report_markdown import plain, quoted
from mockmate_nb.interview.report_words import WORDS
from tests.interview import kept

CASES = Path(__file__).parents[1] / "cases"
PAYLOADS = [row["text"] for row in tomllib.loads((CASES / "hostile.toml").read_text("utf-8"))["payload"]]
OLD = {  # as the first version gave it
    "summary": "Of 1 questions, 1 could be scored.",
    "overall": 3.0,
    "source": "rules",
    "notice": "Practice, not a hiring verdict. Scored by fixed rules, without a model.",
    "language": "en",
    "questions": [
        {
            "question_id": "q",
            "question": "How do you test?",
            "competency": "quality",
            "answer": "By a table of cases.",
            "rating": None,
            "source": "rules",
            "state": "scored",
            "overall": 3.0,
            "reason": "",
            "on_topic": True,
            "dimensions": {
                "layers": {"score": 3, "anchor": "Says what.", "quote": "a table", "label": "Layers"}
            },
            "gaps": [],
            "fix": "Name a case.",
            "stronger": "",
        }
    ],
    "strengths": [],
    "improvements": [],
    "next_drill": "",
}
VERDICTS = re.compile(
    r"\b(?:no.?hire|strong hire|hire[d.]|reject(?:ed)?|recommend(?:ed)? to)\b|建议录用|不予录用|拒绝"
)


def progress() -> list[Progress]:
    return progress_of(
        (name, kept.NOON + at * kept.DAY, 2 + at / 4) for name in ("quality", "learning") for at in range(4)
    )


def formats(report: Report) -> dict[str, str]:
    return {"markdown": report.markdown(), "html": report.html(), "json": report.json()}


def told(value: Any) -> Iterator[str]:
    """Every text of a feedback that a report is to show."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in HIDDEN:
                yield from told(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from told(inner)


HIDDEN = {"language", "source", "question_id", "format", "level", "competency", "state", "gaps", "differ", "name",
          "next_question_id"}  # fmt: skip


class Page(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


# --- what it holds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_holds_every_word_of_the_feedback(language: Language) -> None:
    text = " ".join(Page(Report.of(kept.entry(language), progress()).html()).text.split())
    for said in told(kept.feedback(language)):
        assert " ".join(said.split()) in text, said
    for said in told(kept.again(language)["compared"]):
        assert said in text
    assert " ".join(kept.TEXTS[language]["second"].split()) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_markdown_holds_every_word_of_the_feedback(language: Language) -> None:
    rendered = MarkdownIt("commonmark").enable("table").render(Report.of(kept.entry(language)).markdown())
    text = " ".join(Page(rendered).text.split())
    for said in told(kept.feedback(language)):
        assert " ".join(said.split()) in text, said


@pytest.mark.parametrize("form", ["markdown", "html"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_practice_and_no_verdict(language: Language, form: str) -> None:
    for entry in (kept.entry(language), kept.entry(language, feedback=None)):
        text = formats(Report.of(entry, progress()))[form]
        assert WORDS[language]["notice"].rstrip(".。") in text
        assert not VERDICTS.search(text.replace(WORDS[language]["notice"], ""))


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_it_says_who_asked_and_who_scored(form: str) -> None:
    both = formats(Report.of(kept.entry()))[form]
    assert "practice model (offline, not an AI)" in both
    assert "fixed rules, and beside them qwen2.5-coder-1.5b" in both
    rules = kept.feedback() | {"source": "rules", "model": ""}
    alone = formats(Report.of(kept.entry(feedback=rules, model="gpt-5-mini")))[form]
    assert "fixed rules, without a model" in alone
    assert "gpt-5-mini" in alone
    assert "not an AI" not in alone


@pytest.mark.parametrize("language", LANGUAGES)
def test_rules_and_model_stand_side_by_side_and_apart_where_they_differ(language: Language) -> None:
    html = Report.of(kept.entry(language)).html()
    assert html.count(f"<em>{WORDS[language]['differ']}</em>") == 1
    row = html[html.index(kept.LABELS[language]["pitfall"], html.index("class='scores'")) :]
    cells = row[: row.index("</tr>")].split("<td")[1:]
    assert ["●○○○○" in cells[0], "●●●○○" in cells[1]] == [True, True]
    assert kept.TEXTS[language]["why"] in cells[1]


def test_two_attempts_stand_side_by_side() -> None:
    html = Report.of(kept.entry()).html()
    part = html[html.index(WORDS["en"]["again"]) :]
    assert kept.TEXTS["en"]["answer"].split("\n")[0] in part
    assert kept.TEXTS["en"]["second"] in part
    assert "Trade-off: 3 before, not scored now" in part, "and the picture says it in words"


def test_pictures_come_with_what_they_show_in_words() -> None:
    page = Page(Report.of(kept.entry(), progress()).html())
    said = [attributes["aria-label"] or "" for tag, attributes in page.found if tag == "svg"]
    assert len(said) == 3
    assert "Figures: 4.5" in said[0]
    assert "Quality and reliability: from 2 to 2.75 over 4 interviews, latest 2.75, level" in said[2]


def test_an_interview_without_feedback_shows_what_was_said_and_no_number() -> None:
    turns = kept.entry().turns
    turns.insert(
        1, {"question_id": "behavioural-outage", "question": "…", "gap": "figure", "answer": "About 900."}
    )
    report = Report.of(kept.entry(feedback=None, again=[], turns=turns))
    assert [asked.state for asked in report.content.questions] == [""] * 3
    html = report.html()
    assert WORDS["en"]["unfinished"] in html
    assert "About 900." in html
    assert "nobody yet" in html
    assert "<svg" not in html
    assert " / 5" not in html


@pytest.mark.parametrize("feedback", [None, kept.feedback() | {"questions": [], "competencies": []}], ids=str)
def test_an_empty_interview_has_a_report_too(feedback: dict[str, Any] | None) -> None:
    report = Report.of(kept.entry(feedback=feedback, again=[], turns=[], job_title=""))
    assert WORDS["en"]["no_job"] in report.html()
    assert WORDS["en"]["no_job"] in report.markdown()
    assert Report.from_json(report.json()) == report


def test_a_feedback_of_the_first_version_is_read() -> None:
    report = Report.of(kept.entry(feedback=OLD, again=[]))
    (asked,) = report.content.questions
    assert (asked.competency_label, asked.judgement, asked.parts) == ("Quality and reliability", None, {})
    assert "By a table of cases." in report.html()
    assert Report.from_json(report.json()) == report


@pytest.mark.parametrize(
    "wrong",
    [
        {"overall": 9},
        {"overall": float("nan")},
        {"score": 6},
        {"score": "good"},
        {"rating": 0},
        {"answer": 7},
    ],
    ids=str,
)
def test_a_score_that_cannot_be_is_said_and_not_shown(wrong: dict[str, Any]) -> None:
    question = kept.asked()
    if "score" in wrong:
        question["dimensions"]["layers"] |= wrong
    else:
        question |= wrong
    with pytest.raises(CallerError, match=r"cannot be read at questions\.0\."):
        Report.of(kept.entry(feedback=kept.feedback() | {"questions": [question]}))


# --- JSON ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_json_loads_back_equal(language: Language) -> None:
    report = Report.of(kept.entry(language), progress())
    again = Report.from_json(report.json())
    assert again == report
    assert (again.html(), again.markdown()) == (report.html(), report.markdown())
    assert json.loads(report.json())["schema_version"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "schema version 1"),
        ("{}", "schema version 1"),
        ('{"schema_version": 2}', "schema_version: 2"),
        ('{"schema_version": "1"}', "schema version 1"),
        ('{"schema_version": 1}', "cannot be read at session_id"),
        ("[" * 100_000, "not JSON"),
    ],
    ids=lambda text: text[:24],
)
def test_another_text_is_no_report(text: str, said: str) -> None:
    with pytest.raises(CallerError, match=said):
        Report.from_json(text)


ROW = {"competency": "x", "points": [[1, 2]], "low": 1, "high": 5, "latest": 3, "trend": "up"}
ONE = {"score": 3, "label": "a"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (f'"zz": {"[" * 700}{"]" * 700}', "a value"),
        ('"progress": ' + json.dumps([ROW | {"points": []}]), "progress.0.points"),
        ('"progress": ' + json.dumps([ROW] * 101), "progress"),
        ('"progress": ' + json.dumps([ROW | {"points": [[1, 2]] * 20_001}]), "progress.points"),
        ('"progress": ' + json.dumps([ROW | {"label": "x" * 2001}]), "progress.label"),
        ('"questions": ' + json.dumps([{}] * 501), "questions"),
        ('"questions": ' + json.dumps([{"dimensions": {"a": ONE | {"label": "x" * 2001}}}]), "label"),
        (
            '"questions": '
            + json.dumps([{"dimensions": {str(n): ONE | {"label": str(n)} for n in range(3000)}}]),
            "questions.dimensions",
        ),
        ('"again": ' + json.dumps([{}] * 101), "again"),
        ('"again": ' + json.dumps([{"compared": {"dimensions": [{}] * 25}}]), "again.compared.dimensions"),
    ],
    ids=lambda value: value[:40],
)
def test_what_cannot_be_drawn_is_no_report(change: str, place: str) -> None:
    text = Report.of(kept.entry()).json().rstrip().removesuffix("}") + f", {change}}}"
    with pytest.raises(CallerError) as caught:
        Report.from_json(text)
    assert caught.value.field == place


def test_a_report_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Report.of(kept.entry()).content.overall = 5.0


# --- hostile text --------------------------------------------------------------------------------------------


def poisoned(value: Any, text: str) -> Any:
    """The same values with `text` in place of every text that a person or a model may have written."""
    if isinstance(value, str):
        return text
    if isinstance(value, dict):
        return {name: inner if name in HIDDEN else poisoned(inner, text) for name, inner in value.items()}
    return [poisoned(inner, text) for inner in value] if isinstance(value, list) else value


def hostile(text: str) -> Report:
    entry: Entry = kept.entry(
        job_title=text,
        model=text,
        session_id=text,
        feedback=poisoned(kept.feedback(), text),
        again=poisoned([kept.again()], text),
    )
    rows = [Progress(text, ((kept.NOON, 3.0),), 3.0, 3.0, 3.0, "too_few")]
    return Report.of(entry, rows)


HARMLESS = {"html", "head", "meta", "title", "style", "body", "main", "header", "footer", "section", "article", "p",
            "h1", "h2", "h3", "h4", "dl", "dt", "dd", "div", "span", "b", "i", "br", "em", "q", "ul", "li", "table",
            "caption", "thead", "tbody", "tr", "th", "td", "blockquote", "figure", "figcaption", "svg", "path",
            "text"}  # fmt: skip
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "dir", "role", "aria-label",
              "aria-hidden", "style", "data-by", "xmlns", "viewbox", "width", "height", "stroke-linejoin", "d",
              "fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "x", "y",
              "font-size", "font-weight", "text-anchor"}  # fmt: skip


def check_harmless(html: str) -> None:
    page = Page(html)
    assert {tag for tag, _ in page.found} <= HARMLESS
    assert {name for _, attributes in page.found for name in attributes} <= ATTRIBUTES
    styles = {attributes["style"] for _, attributes in page.found if "style" in attributes}
    assert all(re.fullmatch(r"width:\d+%|max-width:100%;height:auto", style or "") for style in styles)
    assert "default-src 'none'" in html


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    report = hostile(text)
    html = report.html()
    check_harmless(html)
    shown = " ".join(re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "\ufffd", text).split())
    assert shown in " ".join(Page(html).text.split())
    check_markdown(report.markdown())
    assert Report.from_json(report.json()) == report


def check_markdown(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    kinds = {
        inner.type
        for token in parser.parse(text)
        for inner in [token, *(token.children or [])]
    }  # fmt: skip
    assert not kinds & {
        "html_block",
        "html_inline",
        "link_open",
        "image",
        "code_inline",
        "fence",
        "code_block",
        "hr",
    }


@given(st.text(max_size=80))
def test_any_text_reads_in_markdown_as_it_was_written(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    check_markdown(f"{plain(text)}\n\n{quoted(text)}\n\n| a |\n| --- |\n| {plain(text)} |\n")
    shown = "".join(Page(parser.render(plain(text))).text.split())
    assert shown == "".join(re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "\ufffd", " ".join(text.split())).split())


@given(st.text(max_size=80))
def test_any_text_is_harmless_in_the_page(text: str) -> None:
    check_harmless(hostile(f"\"'>{text}<").html())


def test_very_long_answers_are_shown_whole() -> None:
    answer = "word 字 " * 8_571
    report = Report.of(kept.entry(feedback=kept.feedback() | {"questions": [kept.asked(answer=answer)]}))
    assert answer.strip() in report.html()


def test_the_page_needs_nothing_but_itself() -> None:
    html = Report.of(kept.entry(), progress()).html()
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|url\(|<script|<link|javascript:", html)
    assert html == Report.of(kept.entry(), progress()).html()


# --- PDF -----------------------------------------------------------------------------------------------------


@pytest.fixture
def printer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a program of one's own in Chromium's place, and all temporary files below the test's folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    def put(script: str) -> None:
        program = tmp_path / "chromium"
        program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(report_pdf, "find_browser", lambda: str(program))

    return put


def left(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "temporary").iterdir())


PRINTS = 'for flag in "$@"; do case $flag in --print-to-pdf=*) printf "%%PDF-1.7 %s" "$*" > "${flag#*=}";; esac; done'


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
async def test_the_browser_prints_without_network_in_a_profile_of_its_own(
    tmp_path: Path, printer: Callable[[str], None]
) -> None:
    printer(PRINTS)
    target = tmp_path / "report.pdf"
    assert await Report.of(kept.entry()).pdf(target) == target
    flags = target.read_text("utf-8")
    for flag in ("--headless", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"):
        assert flag in flags
    assert str(tmp_path / "temporary") in flags.partition("--user-data-dir=")[2].split(" ")[0]
    assert left(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        ("echo 'cannot open display' >&2; exit 1", Kind.SERVER, "printed no PDF. cannot open display"),
        (PRINTS.replace("%%PDF", "%%TXT"), Kind.SERVER, "printed no PDF"),
        ("sleep 600 & echo $! > {child}; wait", Kind.TIMEOUT, "not printed within"),
    ],
    ids=["it fails", "it prints something else", "it hangs, with a child"],
)
def test_a_browser_that_fails_is_ended_and_nothing_of_it_stays(
    tmp_path: Path,
    printer: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    kind: Kind,
    said: str,
) -> None:
    monkeypatch.setattr(report_pdf, "PATIENCE", 1.0)
    child = tmp_path / "child"
    printer(script.replace("{child}", str(child)))
    target = tmp_path / "report.pdf"
    target.write_text("an earlier one")
    with pytest.raises(MockMateError, match=re.escape(said)) as caught:
        asyncio.run(Report.of(kept.entry()).pdf(target))
    assert caught.value.kind is kind
    assert "print it from there" in caught.value.advice
    assert target.read_text() == "an earlier one"
    assert left(tmp_path) == []
    if child.exists():
        _gone(int(child.read_text()))


def _gone(pid: int) -> None:
    end = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end, "a child of the browser lives on"
        time.sleep(0.02)


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, printer: Callable[[str], None]) -> None:
    printer(PRINTS)
    with pytest.raises(CallerError, match="cannot be written to"):
        asyncio.run(Report.of(kept.entry()).pdf(tmp_path / "nowhere" / "report.pdf"))
    assert left(tmp_path) == []


def test_without_a_browser_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(report_pdf, "PLACES", ())
    with pytest.raises(CallerError, match=r"Install one of them\. Open the HTML report in a browser"):
        asyncio.run(Report.of(kept.entry()).pdf(tmp_path / "report.pdf"))


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_real_chromium_prints_a4_with_the_words_in_it(language: Language, tmp_path: Path) -> None:
    if report_pdf.find_browser() is None:
        pytest.skip("No Chromium or Chrome was found.")
    before = {process.pid for process in psutil.process_iter()}
    report = Report.of(kept.entry(language), progress())
    pdf = pypdf.PdfReader(asyncio.run(report.pdf(tmp_path / "report.pdf")))
    width, height = (round(float(side) / 72 * 25.4) for side in pdf.pages[0].mediabox[2:])
    assert (width, height) == (210, 297)
    text = "".join("".join(page.extract_text() for page in pdf.pages).split())
    assert "31%" in text
    assert "qwen2.5-coder-1.5b" in text
    assert not [
        process.pid
        for process in psutil.process_iter()
        if process.pid not in before and "mockmate-pdf-" in " ".join(_command(process))
    ]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
