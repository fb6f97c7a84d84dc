"""The text of a DOCX by python-docx: body, tables, text boxes, headers and footers, in reading order.

Hidden and deleted text, field codes and macros are left out: what comes out is what a reader sees. XML is
parsed without entities and without a network, by python-docx's own parsers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import docx

from mockmate_nb.interview.document_fault import Unreadable

MAX_PARTS = 2_000
MAX_UNPACKED = 60 * 2**20
MAX_XML = 8 * 2**20  # of a résumé some hundred kB
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
BOX = f"{W}txbxContent"
NAMES = f"{W}val"
TYPES = "[Content_Types].xml"
MAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
KIN = re.compile(  # templates and documents with macros hold the same text
    rb"application/vnd\.(?:ms-word\.(?:document|template)\.macroEnabled(?:Template)?"
    rb"|openxmlformats-officedocument\.wordprocessingml\.template)\.main\+xml"
)
OTHERS = {
    "xl/": "an Excel workbook",
    "ppt/": "a PowerPoint presentation",
    "Index/": "a Pages document",
    "META-INF/": "a packed archive",
}
HEADING = re.compile(r"(?:heading|标题)\s?([1-6])$|^(title)$", re.IGNORECASE)
LISTED = re.compile(r"list (?:bullet|number|paragraph)|项目符号|列表", re.IGNORECASE)
CELL = " | "


def word_text(raw: bytes) -> str:
    """The document's text, a paragraph a line; headings as Markdown's, list entries with a dash."""
    try:
        document = docx.Document(BytesIO(_checked(raw)))
        styles = {style.style_id: style.name or "" for style in document.styles}
        return "\n".join(_lines(document, styles))
    except Unreadable:
        raise
    except (
        Exception
    ) as fault:  # python-docx lets the faults of zip, XML and missing parts through as they are
        raise Unreadable("damaged", what="DOCX") from fault


def _checked(raw: bytes) -> bytes:
    """The bytes of a DOCX that is safe to unpack; `zipfile` unpacks no part beyond the size it declares."""
    try:
        with ZipFile(BytesIO(raw)) as package:
            parts = package.infolist()
            names = {part.filename for part in parts}
            if "word/document.xml" not in names and TYPES not in names:
                raise Unreadable("other", what=_kind(package, names))
            xml = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
            if len(parts) > MAX_PARTS or xml > MAX_XML or sum(p.file_size for p in parts) > MAX_UNPACKED:
                raise Unreadable("inflated")
            if any(part.flag_bits & 1 for part in parts):
                raise Unreadable("locked")
            for folder in ("xl/", "ppt/"):
                if any(name.startswith(folder) for name in names):
                    raise Unreadable("other", what=OTHERS[folder])
            types = package.read(TYPES)
            return _as_document(package, types) if KIN.search(types) else raw
    except (BadZipFile, NotImplementedError, KeyError) as fault:
        raise Unreadable("damaged", what="DOCX") from fault


def _kind(package: ZipFile, names: set[str]) -> str:
    if "mimetype" in names and package.getinfo("mimetype").file_size < 200:
        kind = package.read("mimetype")
        if b"opendocument" in kind:
            return "an OpenDocument file"
        if b"epub" in kind:
            return "an e-book"
    return next(
        (kind for folder, kind in OTHERS.items() if any(name.startswith(folder) for name in names)),
        "a ZIP archive",
    )


def _as_document(package: ZipFile, types: bytes) -> bytes:
    """The same package under the name that python-docx takes."""
    copy = BytesIO()
    with ZipFile(copy, "w", ZIP_STORED) as renamed:
        for part in package.infolist():
            renamed.writestr(
                part.filename, KIN.sub(MAIN, types) if part.filename == TYPES else package.read(part)
            )
    return copy.getvalue()


def _lines(document: Any, styles: dict[str, str]) -> Iterator[str]:
    """Headers, body, footers; a header that several sections share is read once."""
    above: list[str] = []
    below: list[str] = []
    for section in document.sections:
        for parts, kept in (
            ((section.first_page_header, section.header), above),
            ((section.footer,), below),
        ):
            for part in parts:
                if part.is_linked_to_previous:
                    continue
                text = "\n".join(_blocks(part._element, styles))  # noqa: SLF001 - python-docx has no public way to it
                if text.strip() and text not in kept:
                    kept.append(text)
    yield from above
    yield from _blocks(document.element.body, styles)
    yield from below


def _blocks(container: Any, styles: dict[str, str]) -> Iterator[str]:
    """Paragraphs and table rows under an element, its wrappers (content controls, insertions) looked through."""
    for child in container:
        if child.tag == f"{W}p":
            yield from _paragraph(child, styles)
        elif child.tag == f"{W}tbl":
            yield ""
            yield from _rows(child, styles)
            yield ""
        elif isinstance(child.tag, str) and child.tag not in (f"{W}del", f"{W}sectPr", FALLBACK):
            yield from _blocks(child, styles)


def _rows(table: Any, styles: dict[str, str]) -> Iterator[str]:
    """A row of short cells is one line; where a cell holds several paragraphs the row is a layout's columns."""
    for row in table.iter(f"{W}tr"):
        if row.getparent() is not table and next(row.iterancestors(f"{W}tbl")) is not table:
            continue  # a table in a cell is read with its cell
        cells = []
        for cell in row.iter(f"{W}tc"):
            if next(cell.iterancestors(f"{W}tr")) is row:
                merged = cell.find(f"{W}tcPr/{W}vMerge")
                if merged is None or merged.get(NAMES) == "restart":
                    lines = "\n".join(_blocks(cell, styles)).split("\n")
                    cells.append([line for line in lines if line.strip()])
        if all(len(cell) <= 1 for cell in cells):
            yield CELL.join(cell[0].strip() for cell in cells if cell)
        else:
            yield from (line for cell in cells for line in [*cell, ""])


def _paragraph(paragraph: Any, styles: dict[str, str]) -> Iterator[str]:
    text = "".join(_text(paragraph)).strip()
    boxes = [box for box in paragraph.iter(BOX) if next(box.iterancestors(FALLBACK), None) is None]
    nested = [box for box in boxes if next(box.iterancestors(BOX), None) is None]
    look = paragraph.find(f"{W}pPr")
    style = ""
    listed = False
    if look is not None:
        named = look.find(f"{W}pStyle")
        style = styles.get(named.get(NAMES, ""), "") if named is not None else ""
        listed = look.find(f"{W}numPr") is not None or bool(LISTED.search(style))
    heading = HEADING.search(style)
    if text and heading:
        yield ""
        text = f"{'#' * (int(heading[1]) + 1 if heading[1] else 1)} {text}"
    elif text and listed:
        text = f"- {text}"
    yield text
    for box in nested:
        yield from _blocks(box, styles)


def _text(element: Any) -> Iterator[str]:
    """The characters of a paragraph as shown: runs, tabs, breaks; not its text boxes, which follow it."""
    for child in element:
        if child.tag == f"{W}t":
            yield child.text or ""
        elif child.tag in (f"{W}tab", f"{W}ptab"):
            yield "  " if element.tag == f"{W}r" else ""
        elif child.tag in (f"{W}br", f"{W}cr"):
            yield "\n"
        elif child.tag == f"{W}noBreakHyphen":
            yield "-"
        elif child.tag in (f"{W}del", f"{W}moveFrom", BOX, FALLBACK, f"{W}pPr", f"{W}rPr") or _hidden(child):
            continue
        elif isinstance(child.tag, str):
            yield from _text(child)


def _hidden(run: Any) -> bool:
    mark = run.find(f"{W}rPr/{W}vanish") if run.tag == f"{W}r" else None
    return mark is not None and mark.get(NAMES, "true") not in ("false", "0", "off")
