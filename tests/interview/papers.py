"""Documents made on the spot: PDFs by hand, so that each byte of them is known, and DOCX files by python-docx."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import docx
import pypdf

LATIN = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
LIGATURE = (
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding"
    b"<</Type/Encoding/BaseEncoding/WinAnsiEncoding/Differences[1/fi 2/fl]>>/ToUnicode 90 0 R>>"
)
LIGATURE_MAP = (
    b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange 2 beginbfchar <01> <FB01> <02> <FB02> endbfchar "
    b"1 beginbfrange <20> <7e> <0020> endbfrange endcmap"
)
NAMELESS = (
    b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H"
    b"/DescendantFonts[<</Type/Font/Subtype/CIDFontType2>>]>>"
)
IMAGE = (
    b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>"
    b"stream\n0\nendstream"
)


def pdf(pages: Sequence[bytes], *, font: bytes = LATIN, extra: Mapping[int, bytes] | None = None) -> bytes:
    """A PDF with one content stream a page, a font F1 and a picture I1. `extra`: further objects by number."""
    first = 10
    kids = b" ".join(b"%d 0 R" % (first + 2 * at) for at in range(len(pages)))
    objects: dict[int, bytes] = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages)),
        3: font,
        4: IMAGE,
        **(extra or {}),
    }
    for at, content in enumerate(pages):
        picture = b"/XObject<</I1 4 0 R>>" if b"/I1" in content else b""
        objects[first + 2 * at] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>%s>>/Contents %d 0 R>>"
            % (picture, first + 2 * at + 1)
        )
        objects[first + 2 * at + 1] = stream(content)
    out = b"%PDF-1.4\n"
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in places.items())
    size, start = max(objects) + 1, len(out)
    return (
        out
        + b"xref\n0 1\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (
            rows,
            size,
            start,
        )
    )


def stream(content: bytes) -> bytes:
    return b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)


def lines(*texts: str, x: float = 40, top: float = 800, step: float = 14) -> bytes:
    """Drawing steps for lines of text, one below the other; an empty one leaves a gap."""
    return b"".join(piece(text, x, top - at * step) for at, text in enumerate(texts) if text)


def piece(text: str, x: float, y: float) -> bytes:
    shown = text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"BT /F1 10 Tf %.1f %.1f Td (%s) Tj ET\n" % (x, y, shown)


def chinese(*texts: str) -> bytes:
    """A PDF whose font numbers its characters itself and says which they are."""
    characters = sorted(set("".join(texts)))
    code = {character: number for number, character in enumerate(characters, 1)}
    rows = b"".join(b"<%04x> <%s>\n" % (n, c.encode("utf-16-be").hex().encode()) for c, n in code.items())
    table = (
        b"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange %d beginbfchar\n%sendbfchar endcmap"
        % (
            len(code),
            rows,
        )
    )
    font = NAMELESS[:-2] + b"/ToUnicode 90 0 R>>"
    content = b"".join(
        b"BT /F1 10 Tf 40 %d Td <%s> Tj ET\n" % (800 - 14 * at, b"".join(b"%04x" % code[c] for c in text))
        for at, text in enumerate(texts)
    )
    return pdf([content], font=font, extra={90: stream(table)})


def locked(raw: bytes, user: str, owner: str = "owner") -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(raw))
    writer.encrypt(user, owner, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(build: Callable[[Any], object]) -> bytes:
    """A DOCX, as `build` fills it."""
    document = docx.Document()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def edited(raw: bytes, changes: Mapping[str, Callable[[bytes], bytes]]) -> bytes:
    """A package with parts changed; a part that is not there is added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changes[name](old.read(name)) if name in changes else old.read(name))
        for name in changes.keys() - set(old.namelist()):
            new.writestr(name, changes[name](b""))
    return out.getvalue()


def archive(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, body in parts.items():
            package.writestr(name, body)
    return out.getvalue()
