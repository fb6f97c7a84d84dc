"""A text from a file: it goes into its box, its bytes stay nowhere, and what cannot be read is said beside it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.view import upload as upload_module
from mockmate_nb.view.upload import DocumentBox
from tests.view.panels import soon
from tests.view.papers import pdf


def choose(box: DocumentBox, content: bytes, name: str = "resume.pdf") -> None:
    """As the page does when a person has chosen a file."""
    box.upload.set_state(
        {"value": [{"name": name, "type": "", "size": len(content), "last_modified": 0, "content": content}]}
    )


FILES: list[tuple[str, bytes, str]] = [
    ("resume.pdf", pdf("Maya Lindqvist", "Python and Kafka"), "Python and Kafka"),
    ("resume.md", "# 周予安\n\n熟悉 Python".encode(), "周予安"),
    ("resume.txt", b"\xef\xbb\xbfPython\r\nKafka\r\n", "Python\nKafka"),
]


@pytest.mark.parametrize(("name", "content", "text"), FILES)
def test_the_text_of_a_file_goes_into_its_box(name: str, content: bytes, text: str) -> None:
    box = DocumentBox("resume", "en")
    choose(box, content, name)
    assert box.upload.value == (), "the bytes are out of the widget before they are read"
    assert soon(lambda: text in box.text.value)
    assert soon(lambda: f"{name}: {len(box.text.value):,} characters" in box.note.value)


def test_the_same_file_can_be_chosen_again() -> None:
    box = DocumentBox("resume", "en")
    for _ in range(2):
        box.text.value = ""
        choose(box, b"Python")
        assert soon(lambda: box.text.value == "Python")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "content"),
    [("cut.pdf", pdf("Python")[:120]), ("empty.txt", b""), ("photo.png", b"\x89PNG\r\n\x1a\n" + bytes(200))],
)
def test_what_cannot_be_read_is_said_and_the_box_stays(language: Language, name: str, content: bytes) -> None:
    box = DocumentBox("job", language)
    box.text.value = "my own text"
    choose(box, content, name)
    assert soon(lambda: 'role="alert"' in box.note.value)
    assert name in box.note.value
    assert {"en": "The box is as it was.", "zh": "框里的内容没有改动。"}[language] in box.note.value
    assert box.text.value == "my own text"
    assert box.upload.value == ()


def test_a_file_with_too_much_text_comes_whole_and_is_said_to_be_too_long() -> None:
    box = DocumentBox("job", "en")
    choose(box, b"Python " * 10_000, "long.txt")
    assert soon(lambda: "Cut it to what matters" in box.note.value)
    assert len(box.text.value) > 60_000


def test_a_hostile_name_is_text() -> None:
    box = DocumentBox("resume", "en")
    choose(box, b"Python", "<img src=x onerror=alert(1)>" + "y" * 200 + ".txt")
    assert soon(lambda: box.text.value == "Python" and "characters" in box.note.value)
    assert "<img" not in box.note.value
    assert len(box.note.value) < 300


def test_what_was_said_of_a_file_goes_when_the_text_is_another() -> None:
    box = DocumentBox("resume", "en")
    choose(box, b"")
    assert soon(lambda: 'role="alert"' in box.note.value)
    box.text.value = "typed by hand"
    assert "up to" in box.note.value


@pytest.mark.parametrize("ending", ["another file", "closing"])
def test_only_the_file_chosen_last_counts(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    hold, begun = threading.Event(), threading.Event()

    def slow(content: bytes, name: str, language: Language) -> str:
        if content == b"slow":
            begun.set()
            hold.wait(10)
        if content == b"broken":
            raise CallerError("broken")
        return content.decode()

    monkeypatch.setattr(upload_module, "read_document", slow)
    box: Any = DocumentBox("resume", "en")
    choose(box, b"slow")
    assert begun.wait(10)
    if ending == "closing":
        box.close()
    else:
        choose(box, b"quick")
        assert soon(lambda: box.text.value == "quick")
    before = box.text.value
    hold.set()
    choose(other := DocumentBox("job", "en"), b"broken")
    assert soon(lambda: "broken" in other.note.value)
    assert box.text.value == before
