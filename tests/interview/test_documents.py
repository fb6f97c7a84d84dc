"""Files into text: what people upload comes out clean, and what cannot be read says why and what to do."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockmate_nb.errors import CallerError
from mockmate_nb.interview import document_pdf
from mockmate_nb.interview.document_text import INTERVIEW_READS, MAX_CHARACTERS, cleaned
from mockmate_nb.interview.documents import MAX_BYTES, read_document
from mockmate_nb.interview.question import LANGUAGES
from mockmate_nb.interview.setup import MAX_TEXT
from tests.interview import papers

TEXT = "Experience\r\n\r\nBuilt a café's tills\r- 3 shops"
CLEAN = "Experience\n\nBuilt a café's tills\n- 3 shops"
CHINESE = "工作经历\n- 负责订单系统的开发，性能提升 3 倍\n教育背景"
ENCODED = {
    "UTF-8": (TEXT.encode(), CLEAN),
    "UTF-8 with a mark": (TEXT.encode("utf-8-sig"), CLEAN),
    "UTF-16 with a mark": (TEXT.encode("utf-16"), CLEAN),
    "UTF-16 big end first, with a mark": (b"\xfe\xff" + TEXT.encode("utf-16-be"), CLEAN),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), CLEAN),
    "UTF-16 big end first": (TEXT.encode("utf-16-be"), CLEAN),
    "UTF-32": (TEXT.encode("utf-32"), CLEAN),
    "Windows-1252": (TEXT.encode("cp1252"), CLEAN),
    "Chinese in UTF-8": (CHINESE.encode(), CHINESE),
    "Chinese in UTF-16 without a mark": (CHINESE.encode("utf-16-le"), CHINESE),
    "Chinese in GB18030": (CHINESE.encode("gb18030"), CHINESE),
    "Chinese cut in mid-character": (CHINESE.encode()[:-1], CHINESE[:-1] + "\ufffd"),
}
CLEANED = {
    "controls and marks": ("a\x00b\x07c\u200b\ufeff\u202ed", "abcd"),
    "odd spaces": ("a\u00a0b\u3000c\td   \n", "a b c  d"),
    "odd line ends": ("a\u2028b\x0cc\x85d", "a\nb\nc\nd"),
    "many blank lines": ("a\n\n\n\n \nb\n\n", "a\n\nb"),
    "ligatures": ("ﬁle ﬂow eﬃcient", "file flow efficient"),
    "radicals for characters": ("⼯作经历", "工作经历"),
    "bullets": ("• one\n  ● two\n▪three\n\uf0b7 four", "- one\n  - two\n- three\n- four"),
    "a bullet on a line of its own": ("•\none", "- one"),
    "icons": ("\uf095 phone", "phone"),
    "soft hyphens": ("im\u00adple\u00ad\nment", "implement"),
    "composed letters": ("cafe\u0301", "café"),
    "Markdown stays": ("# A\n\n- b\n    - **c**", "# A\n\n- b\n    - **c**"),
}
LEFT = (
    "SKILLS",
    "Python and a working",
    "knowledge of Go, used",
    "for some three years",
    "in two small teams",
)
RIGHT = (
    "EXPERIENCE",
    "Built the gateway that streams",
    "replies to the browsers of our",
    "agents, and cut the bill for",
    "model calls by 38 %",
)
ACROSS = b"".join(
    papers.piece(a, 40, 760 - 14 * at) + papers.piece(b, 220, 760 - 14 * at)
    for at, (a, b) in enumerate(zip(LEFT, RIGHT, strict=True))
)
IN_COLUMNS = (
    "Maya\n\nSKILLS\nPython and a working knowledge of Go, used for some three years in two small teams\n\n"
    "EXPERIENCE\nBuilt the gateway that streams replies to the browsers of our agents, and cut the bill for model "
    "calls by 38 %"
)
PARAGRAPHS = papers.lines(
    "Experience",
    "",
    "• Built the gateway that streams replies to the browsers of our agents, in imple-",
    "mentation close to real-",
    "time. Kept it small.",
    "• Second",
)
PDFS = {
    "paragraphs, bullets, hyphens": (
        papers.pdf([PARAGRAPHS]),
        "Experience\n\n- Built the gateway that streams replies to the browsers of our agents, in implementation "
        "close to real-time. Kept it small.\n- Second",
    ),
    "pages": (papers.pdf([papers.lines("One"), papers.lines("Two")]), "One\n\nTwo"),
    "columns drawn one after the other": (
        papers.pdf(
            [papers.lines("Maya") + papers.lines(*LEFT, top=760) + papers.lines(*RIGHT, x=220, top=760)]
        ),
        IN_COLUMNS,
    ),
    "columns drawn line by line": (papers.pdf([papers.lines("Maya") + ACROSS]), IN_COLUMNS),
    "dates at the right edge": (
        papers.pdf(
            [
                b"".join(
                    papers.piece(f"Engineer at shop {at}, a long title of some kind", 40, 800 - 14 * at)
                    + papers.piece(f"201{at} - 201{at + 1}", 480, 800 - 14 * at)
                    for at in range(5)
                )
            ]
        ),
        "\n".join(
            f"Engineer at shop {at}, a long title of some kind 201{at} - 201{at + 1}" for at in range(5)
        ),
    ),
    "ligatures": (
        papers.pdf(
            [papers.lines("\x01ve \x02ows")],
            font=papers.LIGATURE,
            extra={90: papers.stream(papers.LIGATURE_MAP)},
        ),
        "five flows",
    ),
    "Chinese": (papers.chinese("工作经历", "负责订单系统"), "工作经历\n负责订单系统"),
    "locked for changes, open to readers": (papers.locked(papers.pdf([papers.lines("Open")]), ""), "Open"),
    "a line before the mark": (b"\n\n" + papers.pdf([papers.lines("Late")]), "Late"),
    "a picture beside the text": (
        papers.pdf([papers.lines("A text that is long enough to be no stamp") + b"/I1 Do\n"]),
        "A text that is long enough to be no stamp",
    ),
}
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
BOX = (
    f"<w:p {W} {MC}><w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:txbxContent><w:p><w:r><w:t>Boxed</w:t>"
    "</w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>Boxed</w:t></w:r></w:p></w:txbxContent>"
    "</mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>Around</w:t></w:r></w:p>"
)
DELETED = (
    f"<w:p {W}><w:r><w:t>kept </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t>new"
    "</w:t></w:r></w:ins><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
)


def _put(xml: str) -> Callable[[Any], object]:
    from docx.oxml import parse_xml

    return lambda document: document.element.body.insert(0, parse_xml(xml))


def _styled(document: Any) -> None:
    document.add_heading("Maya", 0)
    document.add_heading("Experience", 1)
    document.add_paragraph("Built it", style="List Bullet")
    hidden = document.add_paragraph("seen").add_run(" python java go")
    hidden.font.hidden = True


def _tables(document: Any) -> None:
    table = document.add_table(2, 2)
    for at, text in enumerate(("Languages", "Go, Python", "Tools", "Docker")):
        table.cell(at // 2, at % 2).text = text
    layout = document.add_table(1, 2)
    layout.cell(0, 0).text = "Skills\nGo"
    layout.cell(0, 1).text = "Work\nA shop"


def _headers(document: Any) -> None:
    document.add_paragraph("Body")
    document.sections[0].header.paragraphs[0].text = "Maya, page"
    document.sections[0].footer.paragraphs[0].text = "maya@example.com"


def _plain(document: Any) -> None:
    document.add_paragraph("Plain text")


DOCX = papers.word(_plain)
MAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACROS = b"application/vnd.ms-word.document.macroEnabled.main+xml"
RUN = b"<w:r><w:t>%s</w:t></w:r>"
ENTITY = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><w:document '
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><w:document '
WORDS = {
    "headings, lists, hidden text": (papers.word(_styled), "# Maya\n\n## Experience\n- Built it\nseen"),
    "tables": (papers.word(_tables), "Languages | Go, Python\nTools | Docker\n\nSkills\nGo\n\nWork\nA shop"),
    "header and footer": (papers.word(_headers), "Maya, page\nBody\nmaya@example.com"),
    "a text box": (papers.word(_put(BOX)), "Around\nBoxed"),
    "changes that are tracked": (papers.word(_put(DELETED)), "kept new"),
    "macros": (
        papers.edited(
            DOCX,
            {
                "[Content_Types].xml": lambda xml: xml.replace(MAIN, MACROS),
                "word/vbaProject.bin": lambda _: b"Sub AutoOpen()",
            },
        ),
        "Plain text",
    ),
    "an entity that names a file": (
        papers.edited(
            DOCX,
            {
                "word/document.xml": lambda xml: xml.replace(b"<w:document ", ENTITY).replace(
                    b"<w:p>", b"<w:p>" + RUN % b"&e;"
                )
            },
        ),
        "Plain text",
    ),
    "entities within entities": (
        papers.edited(
            DOCX,
            {
                "word/document.xml": lambda xml: xml.replace(b"<w:document ", LAUGHS).replace(
                    b"<w:p>", b"<w:p>" + RUN % b"&b;"
                )
            },
        ),
        "Plain text",
    ),
}


@pytest.mark.parametrize(("raw", "text"), ENCODED.values(), ids=ENCODED.keys())
def test_text_files_in_any_usual_encoding(raw: bytes, text: str) -> None:
    assert read_document(raw) == text


@pytest.mark.parametrize(("raw", "text"), CLEANED.values(), ids=CLEANED.keys())
def test_what_comes_out_is_clean(raw: str, text: str) -> None:
    assert cleaned(raw) == text


@pytest.mark.parametrize(("raw", "text"), (PDFS | WORDS).values(), ids=(PDFS | WORDS).keys())
def test_documents_as_people_read_them(raw: bytes, text: str) -> None:
    assert read_document(raw) == text


def _padded(size: int) -> bytes:
    return b"x" * size


ZEROS = papers.edited(DOCX, {"word/media/big.bin": lambda _: bytes(70 * 2**20)})
BOMB = papers.edited(DOCX, {"word/document.xml": lambda xml: xml + b" " * (30 * 2**20)})
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
FAULTS: dict[str, tuple[bytes, str, str]] = {
    "no bytes": (b"", "is empty", "paste"),
    "only blanks": (b" \n\t ", "no words", "paste"),
    "too many bytes": (_padded(MAX_BYTES + 1), "at most 10 MB", "paste"),
    "too many pages": (papers.pdf([papers.lines("x")] * 200), "200 pages; at most 60", "Save the pages"),
    "too many characters": (
        b"word " * (MAX_CHARACTERS // 5 + 9),
        "an interview reads 60,000",
        "Keep the parts",
    ),
    "far too many characters": (_padded(5 * MAX_CHARACTERS), "an interview reads 60,000", "Keep the parts"),
    "a locked PDF": (
        papers.locked(papers.pdf([papers.lines("x")]), "secret"),
        "locked with a password",
        "Save a copy",
    ),
    "a locked DOCX": (OLE + "EncryptedPackage".encode("utf-16-le"), "locked with a password", "Save a copy"),
    "half a PDF": (papers.pdf([papers.lines("x")])[:90], "damaged", "paste"),
    "half a DOCX": (DOCX[: len(DOCX) // 2], "damaged", "paste"),
    "a DOCX without its text": (papers.archive({"[Content_Types].xml": b"<Types/>"}), "damaged", "paste"),
    "a scan": (
        papers.pdf([b"q 595 0 0 842 0 0 cm /I1 Do Q"] * 2),
        "no text layer: a scan",
        "Paste the text instead",
    ),
    "a scan with page numbers": (papers.pdf([b"/I1 Do\n" + papers.lines("1")]), "a scan", "Paste the text"),
    "empty pages": (papers.pdf([b"", b""]), "no text", "Export"),
    "letters without names": (
        papers.pdf(
            [b"BT /F1 10 Tf 40 800 Td <00010002> Tj ET"], font=papers.LATIN.replace(b"WinAnsiEncoding", b"X")
        ),
        "does not say which",
        "Export",
    ),
    "old Word": (OLE, "old Word", "Save it as"),
    "a PNG": (b"\x89PNG\r\n\x1a\n" + bytes(9), "a picture (PNG)", "Paste"),
    "a JPEG": (b"\xff\xd8\xff\xe0" + bytes(9), "a picture (JPEG)", "Paste"),
    "a WebP": (b"RIFF\0\0\0\0WEBP", "a picture (WebP)", "Paste"),
    "a HEIC": (b"\0\0\0\x18ftypheic\0", "a picture (HEIC)", "Paste"),
    "RTF": (rb"{\rtf1 hello}", "RTF", "Save it as"),
    "a web page": (b"<!DOCTYPE html><p>Job", "HTML", "Save it as"),
    "OpenDocument": (
        papers.archive({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b""}),
        "OpenDocument",
        "Save it as",
    ),
    "Excel": (papers.archive({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "Excel", "Save it as"),
    "a ZIP": (papers.archive({"a.txt": b"a"}), "a ZIP archive", "Save it as"),
    "gzip": (b"\x1f\x8b\x08\0", "gzip", "Save it as"),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 4, "no document", "Give a PDF"),
    "a bomb of pictures": (ZEROS, "unpacks to far more", "Save it again"),
    "a bomb of XML": (BOMB, "unpacks to far more", "Save it again"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("raw", "what", "advice"), FAULTS.values(), ids=FAULTS.keys())
def test_what_cannot_be_read_says_why_and_what_to_do(
    raw: bytes, what: str, advice: str, language: Any
) -> None:
    with pytest.raises(CallerError) as fault:
        read_document(raw, "cv.pdf", language)
    assert "cv.pdf" in fault.value.message
    assert fault.value.field == "document"
    if language == "en":
        assert what in fault.value.message
        assert advice in fault.value.advice
    else:
        assert any("\u4e00" <= c <= "\u9fff" for c in fault.value.message)
        assert fault.value.advice.endswith("。")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("gone.pdf", "no file"),
        ("", "a folder"),
        ("pipe", "no ordinary file"),
        ("a\0b", "no file"),
        ("f/x", "no file"),
    ],
)
def test_paths_that_lead_nowhere(tmp_path: Path, name: str, what: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "f").write_text("x")
    with pytest.raises(CallerError, match=what):
        read_document(str(tmp_path / name) if name else tmp_path)


def test_a_file_is_known_by_its_content_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "resume.txt"
    path.write_bytes(PDFS["pages"][0])
    assert read_document(path) == "One\n\nTwo"
    assert read_document(memoryview(DOCX).tobytes(), "resume.pdf") == "Plain text"


def test_something_else_than_a_path_or_bytes() -> None:
    with pytest.raises(CallerError, match="neither a path nor"):
        read_document(7)  # type: ignore[arg-type]  # what a caller may do all the same


def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_pdf, "MAX_SECONDS", -1.0)
    with pytest.raises(CallerError, match="too long to read"):
        read_document(PDFS["pages"][0])


def test_the_limit_that_is_named_is_the_interviews() -> None:
    assert INTERVIEW_READS == MAX_TEXT < MAX_CHARACTERS


def test_a_long_name_and_a_hostile_one_are_shown_safely() -> None:
    with pytest.raises(CallerError) as fault:
        read_document(b"", "a\x1b[31m\n" + "x" * 500)
    assert "\x1b" not in str(fault.value)
    assert "\n" not in str(fault.value)
    assert len(fault.value.message) < 200


def test_nothing_of_pypdf_reaches_the_notebook(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    broken = PDFS["pages"][0].replace(b"startxref", b"startxxxx").replace(b"/Type/Catalog", b"/Type/Catalxg")
    before = (
        logging.getLogger("pypdf").propagate,
        list(logging.getLogger("pypdf").handlers),
        warnings.filters[:],
    )
    with caplog.at_level(logging.DEBUG):
        for raw in (broken, PDFS["pages"][0][40:], papers.locked(PDFS["pages"][0], "")):
            try:
                read_document(b"%PDF-1.4\n" + raw)
            except CallerError:
                continue
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")
    after = (
        logging.getLogger("pypdf").propagate,
        list(logging.getLogger("pypdf").handlers),
        warnings.filters[:],
    )
    assert after == before


def _read_or_refused(raw: bytes) -> None:
    try:
        text = read_document(raw)
    except CallerError as fault:
        assert fault.message
        assert fault.advice
    else:
        assert any(map(str.isalnum, text))
        assert len(text) <= MAX_CHARACTERS
        assert not any(c < " " and c != "\n" for c in text)


@given(st.binary(max_size=600))
def test_any_bytes_give_a_text_or_a_reason(raw: bytes) -> None:
    _read_or_refused(raw)


SEEDS = [DOCX, WORDS["tables"][0], *(raw for raw, _ in PDFS.values())]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_a_damaged_document_gives_a_text_or_a_reason(raw: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(raw) - 1))
    length = data.draw(st.integers(0, 40))
    _read_or_refused(raw[:place] + data.draw(st.binary(max_size=40)) + raw[place + length :])
