"""The text of a PDF by pypdf, within limits of pages, of unpacked bytes and of time, and without its log lines."""

from __future__ import annotations

import logging
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pypdf
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError

from mockmate_nb.interview.document_fault import Unreadable
from mockmate_nb.interview.document_page import in_reading_order
from mockmate_nb.interview.document_text import MAX_CHARACTERS, cleaned, too_long, unwrapped

MAX_PAGES = 60
MAX_SECONDS = 15.0
STREAM_BYTES = 4 * 2**20  # unpacked; a full page of text takes some ten kB
LIMITS: dict[str, Any] = {
    "maximum_declared_stream_length": STREAM_BYTES,
    "array_based_stream_maximum_output_length": STREAM_BYTES,
    "lzw_maximum_output_length": STREAM_BYTES,
    "run_length_maximum_output_length": STREAM_BYTES,
    "zlib_maximum_output_length": STREAM_BYTES,
    "zlib_maximum_recovery_input_length": 2**20,
    "brotli_maximum_output_length": STREAM_BYTES,
    "stream_decoding_work_maximum_length": 2 * STREAM_BYTES,
    "stream_parsing_work_maximum_count": 300_000,
    "xform_maximum_invocations_per_extraction": 500,
    "page_tree_maximum_entries": 5_000,
    "page_tree_maximum_page_entries": 100_000,
    "jbig2dec_binary": None,  # no program is started for a picture
}
FEW = 20  # letters a page; a scan may carry a stamp or a page number
UNKNOWN_SHARE = 0.3
_QUIET = threading.Lock()


def pdf_text(raw: bytes) -> str:
    """The text of the pages, a blank line between them; `Unreadable` for whatever stands against it.

    A password is not asked for: the empty one is tried. Time is looked at between the page's drawing steps.
    """
    with _quiet(), pypdf.apply_configuration(**LIMITS):
        try:
            pages, pictures = _pages(raw)
        except Unreadable:
            raise
        except FileNotDecryptedError as fault:
            raise Unreadable("locked") from fault
        except DependencyError as fault:
            raise Unreadable("cipher") from fault
        except LimitReachedError as fault:
            raise Unreadable("slow") from fault
        except Exception as fault:  # pypdf says of itself that a broken file may raise anything
            raise Unreadable("damaged", what="PDF") from fault
    text = "\n\n".join(page for page in map(cleaned, pages) if page)
    shown = [c for c in "".join(pages) if not c.isspace()]
    unknown = sum(c == "\ufffd" or c < " " or "\ue000" <= c <= "\uf8ff" for c in shown)
    if len(shown) - unknown < FEW * len(pages) and pictures:
        raise Unreadable("scan")
    if unknown > UNKNOWN_SHARE * len(shown):
        raise Unreadable("garbled")
    if not any(map(str.isalnum, text)):
        raise Unreadable("no_text")
    return unwrapped(text)


def _pages(raw: bytes) -> tuple[list[str], bool]:
    """Each page's text, and whether any of them shows a picture."""
    started = time.monotonic()
    reader = pypdf.PdfReader(BytesIO(raw))
    if reader.is_encrypted and reader.decrypt("") == pypdf.PasswordType.NOT_DECRYPTED:
        raise Unreadable("locked")
    count = len(reader.pages)
    if count > MAX_PAGES:
        raise Unreadable("pages", count=count, limit=MAX_PAGES)
    if not count:
        raise Unreadable("no_text")

    def in_time(*_: object) -> None:
        if time.monotonic() - started > MAX_SECONDS:
            raise _TooSlow

    pages, pictures = [], False
    for page in reader.pages:
        try:
            pages.append(in_reading_order(page, in_time))
        except _TooSlow as fault:
            raise Unreadable("slow") from fault
        if sum(map(len, pages)) > 2 * MAX_CHARACTERS:
            raise too_long(f"> {MAX_CHARACTERS:,}")
        pictures = pictures or _has_picture(page.get("/Resources"), depth=3)
        _in_time(in_time)
    return pages, pictures


class _TooSlow(BaseException):
    """Not an `Exception`, so that pypdf, which goes on after those, lets it through."""


def _in_time(in_time: Any) -> None:
    try:
        in_time()
    except _TooSlow as fault:
        raise Unreadable("slow") from fault


def _has_picture(resources: Any, depth: int) -> bool:
    """Whether a page's resources, or those of the forms in it, name a picture."""
    found = resources.get_object() if resources is not None else None
    shapes = found.get("/XObject") if isinstance(found, dict) else None
    shapes = shapes.get_object() if shapes is not None else None
    if not isinstance(shapes, dict):
        return False
    for name in list(shapes)[:200]:
        shape = shapes[name].get_object()
        kind = shape.get("/Subtype") if isinstance(shape, dict) else None
        if kind == "/Image" or (
            kind == "/Form" and depth and _has_picture(shape.get("/Resources"), depth - 1)
        ):
            return True
    return False


@contextmanager
def _quiet() -> Iterator[None]:
    """pypdf's log lines and warnings, which speak of a file's inner parts, do not reach the notebook."""
    logger, silent = logging.getLogger("pypdf"), logging.NullHandler()
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        propagate = logger.propagate
        logger.addHandler(silent)
        logger.propagate = False
        try:
            yield
        finally:
            logger.propagate = propagate
            logger.removeHandler(silent)
