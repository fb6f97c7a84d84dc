"""A report as a file: its name, its bytes, where it goes, and that nothing of it stays in the page's state."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mockmate_nb.errors import CallerError
from mockmate_nb.interview import report_pdf
from mockmate_nb.interview.history import open_history
from mockmate_nb.interview.record import Entry
from mockmate_nb.interview.report import Report
from mockmate_nb.view.export import FORMS, Exporter, Kind, export, exported, file_name
from tests.interview.kept import NOON, entry
from tests.view.panels import soon

HOSTILE = tomllib.loads((Path(__file__).parents[1] / "cases" / "hostile.toml").read_text("utf-8"))["payload"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Backend Engineer", "mockmate-2023-11-14-backend-engineer.html"),
        (
            "Senior Backend Engineer (m/w/d), C++ & Go",
            "mockmate-2023-11-14-senior-backend-engineer-m-w-d-c-go.html",
        ),
        ("高级后端工程师（大模型平台）", "mockmate-2023-11-14-高级后端工程师-大模型平台.html"),
        ("../../etc/passwd\0\n", "mockmate-2023-11-14-etc-passwd.html"),
        ("‮gpj.exe", "mockmate-2023-11-14-gpj-exe.html"),
        ("", "mockmate-2023-11-14.html"),
        ("– / –", "mockmate-2023-11-14.html"),
        ("CON", "mockmate-2023-11-14-con.html"),
        ("word " * 99, "mockmate-2023-11-14-word-word-word-word-word-word-word-word.html"),
    ],
)
def test_the_files_name_holds_the_day_and_the_job(title: str, name: str) -> None:
    assert file_name(entry(job_title=title, begun_at=NOON - 12 * 3600), "html") == name


@pytest.mark.parametrize("payload", HOSTILE, ids=lambda payload: payload["name"])
def test_no_title_makes_a_name_that_leaves_the_folder(payload: dict[str, str]) -> None:
    name = file_name(entry(job_title=payload["text"]), "json")
    assert name.removesuffix(".json").replace("-", "").isalnum()
    assert len(name) < 70


@pytest.mark.parametrize("kind", ["markdown", "html", "json"])
def test_a_report_is_written_and_a_file_that_is_there_stays(kind: Kind, tmp_path: Path) -> None:
    mine = entry()
    first, second = (export(mine, kind, tmp_path) for _ in range(2))
    ending = FORMS[kind][0]
    assert (first.suffix, second.stem) == (f".{ending}", f"{first.stem}-2")
    assert first.read_bytes() == second.read_bytes() == exported(mine, kind).content
    assert mine.job_title in first.read_text("utf-8")


def test_the_json_loads_back(tmp_path: Path) -> None:
    path = export(entry("zh"), "json", tmp_path)
    assert Report.from_json(path.read_text("utf-8")) == Report.of(entry("zh"))


@pytest.mark.parametrize(
    ("kind", "folder", "named"), [("docx", ".", "kind"), ("json", "not/there", "folder")]
)
def test_what_cannot_be_written_is_said(kind: Any, folder: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(CallerError) as refused:
        export(entry(), kind, tmp_path / folder)
    assert refused.value.field == named
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_a_pdf_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(report_pdf, "find_browser", lambda: None)
    with pytest.raises(CallerError, match="print it from there"):
        export(entry(), "pdf", tmp_path)
    assert list(tmp_path.iterdir()) == []


class Page:
    """What goes out to the page, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, mine: Entry | None) -> None:
        self.got: list[tuple[dict[str, Any], list[bytes]]] = []
        self.history = open_history("memory:")
        self.exporter = Exporter(lambda: mine, history=self.history)

        def send(content: Any, buffers: Any = None) -> None:
            self.got.append((content, list(buffers or ())))

        monkeypatch.setattr(self.exporter, "send", send)

    def press(self, kind: str) -> tuple[dict[str, Any], list[bytes]]:
        seen = len(self.got)
        self.exporter._handle_custom_msg({"type": "make", "kind": kind, "page": "p1"}, [])
        assert soon(lambda: len(self.got) > seen)
        return self.got[-1]


@pytest.mark.parametrize("kind", ["markdown", "html", "json"])
def test_the_page_that_asked_gets_the_bytes_and_the_widget_keeps_none(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = entry()
    page = Page(monkeypatch, mine)
    content, buffers = page.press(kind)
    assert content == {"type": "file", "page": "p1", "name": file_name(mine, kind), "mime": FORMS[kind][1]}
    assert buffers == [exported(mine, kind).content]
    json.dumps(content)
    state = {name: value for name, value in page.exporter.get_state().items() if name not in ("_esm", "_css")}
    assert mine.job_title not in str(state)


def test_progress_over_time_is_in_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch, mine := entry())
    page.history.keep(mine)
    assert "Progress over interviews" in page.press("html")[1][0].decode()
    page.history.close()
    assert "Progress over interviews" not in page.press("html")[1][0].decode(), (
        "without it, the report still is"
    )


def test_what_goes_wrong_is_told_in_the_pages_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_pdf, "find_browser", lambda: None)
    broken = replace(entry(), feedback={"overall": 9})
    for mine, kind, told in (
        (None, "html", "没有保存。 还没有可以保存的面试。"),
        (entry(), "pdf", "没有生成 PDF。 A PDF is printed by Chromium"),
        (entry(), "docx", "没有保存。 kind: 'docx' is not known."),
        (broken, "json", "没有保存。 The interview's record cannot be read"),
    ):
        page = Page(monkeypatch, mine)
        page.exporter.language = "zh"
        content, buffers = page.press(kind)
        assert (content["type"], buffers) == ("fault", [])
        assert content["text"].startswith(told)


def test_messages_of_no_meaning_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch, entry())
    for content in ({}, {"type": "make"}, {"type": "make", "kind": 3, "page": "p"}, "make", None):
        page.exporter._handle_custom_msg(content, [])
    page.press("json")
    assert len(page.got) == 1
