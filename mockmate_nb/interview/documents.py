"""A résumé or a job description out of a file: PDF, DOCX, Markdown or text, told by content, not by name.

Nothing is fetched and no path that a document names is opened; macros are not run. Whatever cannot be read is
a `CallerError` that says what it is, why it is not read, and what to do.
"""

from __future__ import annotations

import stat
import tomllib
from functools import cache
from pathlib import Path

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.document_fault import Unreadable
from mockmate_nb.interview.document_text import MAX_CHARACTERS, cleaned, decoded, too_long
from mockmate_nb.interview.question import SHIPPED, Language

MAX_BYTES = 10 * 2**20
NAME_SHOWN = 80
PICTURES = {
    b"\x89PNG\r\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"BM": "BMP",
}
OTHERS = {
    b"{\\rtf": "RTF",
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"%!PS": "PostScript",
    b"PK\x05\x06": "ZIP",
}
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEIC = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif")
PDF_WITHIN = 1024  # some programs put a few lines before the mark


def read_document(source: str | Path | bytes, name: str = "", language: Language = "en") -> str:
    """The text of a document: clean, paragraphs kept, at most `MAX_CHARACTERS`.

    `source` is a path or the file's bytes; `name` is what messages call it, `language` theirs. Every fault is
    a `CallerError`. A text longer than an interview reads comes out whole up to that limit, so that a person
    can shorten it.
    """
    if isinstance(source, str | Path):
        name = name or Path(source).name or str(source)
    shown = _shown(name, language)
    try:
        return _read(source)
    except Unreadable as fault:
        message, advice = _faults()[fault.kind][language]
        raise CallerError(
            message.format(name=shown, **fault.facts), field="document", advice=advice
        ) from fault.__cause__


def _read(source: object) -> str:
    raw = _raw(source)
    text = _text(raw)
    if len(text) > MAX_CHARACTERS:
        raise too_long(f"{len(text):,}")
    if not any(map(str.isalnum, text)):
        raise Unreadable("no_words")
    return text


def _raw(source: object) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        raw = bytes(source)
        size = len(raw)
    elif isinstance(source, str | Path):
        raw, size = _from_disk(source)
    else:
        raise Unreadable("no_source")
    if size > MAX_BYTES:
        raise Unreadable("large", size=f"{size / 2**20:.1f}", limit=MAX_BYTES // 2**20)
    if not raw:
        raise Unreadable("empty")
    return raw


def _from_disk(source: str | Path) -> tuple[bytes, int]:
    try:
        path = Path(source).expanduser()
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise Unreadable("folder")
        if not stat.S_ISREG(mode):
            raise Unreadable("special")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        return raw, max(len(raw), path.stat().st_size)
    except (FileNotFoundError, NotADirectoryError, ValueError, RuntimeError) as fault:  # NUL, unknown ~user
        raise Unreadable("missing") from fault
    except OSError as fault:
        raise Unreadable("refused", why=(fault.strerror or "no access").lower()) from fault


def _text(raw: bytes) -> str:
    if b"%PDF-" in raw[:PDF_WITHIN] and not raw.startswith((b"PK\x03\x04", OLD_OFFICE)):
        from mockmate_nb.interview.document_pdf import pdf_text  # pypdf is loaded where it is needed

        return cleaned(pdf_text(raw))
    if raw.startswith(b"PK\x03\x04"):
        from mockmate_nb.interview.document_word import word_text  # lxml is loaded where it is needed

        return cleaned(word_text(raw))
    _refuse_others(raw)
    if len(raw) > 4 * MAX_CHARACTERS:
        raise too_long(f"> {MAX_CHARACTERS:,}")
    text = decoded(raw)
    if text is None:
        raise Unreadable("binary")
    if text[:200].lstrip().lower().startswith(("<!doctype html", "<html")):
        raise Unreadable("other", what="HTML")
    return cleaned(text)


def _refuse_others(raw: bytes) -> None:
    if raw.startswith(OLD_OFFICE):  # Word locks its new files by putting them into the old container
        raise Unreadable("locked" if "EncryptedPackage".encode("utf-16-le") in raw else "old_word")
    for mark, kind in PICTURES.items():
        if raw.startswith(mark) and (kind != "BMP" or 0 in raw[:64]):
            raise Unreadable("picture", what=kind)
    if raw[4:12] in HEIC or (raw.startswith(b"RIFF") and raw[8:12] == b"WEBP"):
        raise Unreadable("picture", what="WebP" if raw.startswith(b"RIFF") else "HEIC")
    for mark, kind in OTHERS.items():
        if raw.startswith(mark):
            raise Unreadable("other", what=kind)


def _shown(name: str, language: Language) -> str:
    """A file's name as it may stand in a message."""
    plain = "".join(c if c.isprintable() else "\ufffd" for c in name)
    if not plain.strip():
        return {"en": "The file", "zh": "文件"}[language]
    plain = plain if len(plain) <= NAME_SHOWN else f"{plain[: NAME_SHOWN // 2]}…{plain[-NAME_SHOWN // 2 :]}"
    return {"en": f"“{plain}”", "zh": f"“{plain}”"}[language]


@cache
def _faults() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((SHIPPED / "document_faults.toml").read_text("utf-8"))
