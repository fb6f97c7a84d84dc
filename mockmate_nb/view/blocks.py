"""Where the top-level blocks of a growing Markdown text end. Pure: no I/O, no clock.

The block structure is that of CommonMark 0.31, chapters 4 and 5, with GitHub's tables and our formulas
(`formula.py`), read a line at a time. Only where a cut is certain is there a cut: two neighbours in one block
are rendered as well as apart, one block torn in two is not.
"""

from __future__ import annotations

import re
from typing import NamedTuple

BLOCK_BYTES = 64 * 2**10
"""A longer block is closed at the next line feed and shown as plain text."""
LINE_BYTES = 96 * 2**10
"""A block whose last line does not end is closed here, anywhere between two characters."""
FORMULA_WINDOW = 8_192
"""Characters within which `$$` or `\\[` must find its partner; if there is none, it was text after all."""

_NEVER = 1 << 30
_CODE_INDENT = 4
_LINE_END = re.compile(r"\r\n?|\n")
SURROGATE = re.compile("[\ud800-\udfff]")
_INDENT = re.compile(r"[ \t]*")
_BEGIN = re.compile(
    r"""(?P<blank>[ \t]*\Z)
    | [ ]{0,3}(?:
        (?P<fence>`{3,}(?=[^`]*\Z)|~{3,})
      | (?P<heading>\#{1,6}(?=[ \t]|\Z))
      | (?P<rule>(?P<mark>[-*_])(?:[ \t]*+(?P=mark)){2,}+[ \t]*+\Z)
      | (?P<item>(?:[-+*]|[0-9]{1,9}[.)])(?=[ \t]|\Z))
      | (?P<quote>>)
      | (?P<formula>\$\$|\\\[)
    )""",
    re.VERBOSE,
)
_UNDERLINE = re.compile(r"[ ]{0,3}-+[ \t]*")
_ITEM_TO_BE = re.compile(r"[ ]{0,3}(?:[-+*]|[0-9]{1,9}[.)]?)?")
CLOSING = {"$$": "$$", r"\[": r"\]"}


class Block(NamedTuple):
    """The bytes [start, end) of the text in UTF-8, which are `units` UTF-16 code units."""

    start: int
    end: int
    units: int


class BlockSplitter:
    """Finds the blocks of one text as it is pushed in; any split of the text gives the same blocks.

    A block is given when what follows can no longer belong to it. Blank lines belong to the block before
    them, so it is the first visible character of the next block that ends it. Fenced code ends at its
    closing fence, a list where a line is neither indented enough nor an item after a blank line, everything
    else at a blank line or where another block interrupts it. A `$$` or `\\[` at the start of a line holds its
    block open to its partner, `FORMULA_WINDOW` characters at most. The blocks put together are the text, byte
    for byte.

    Time is linear in the text; what is held is the line under way. A block that was closed for its length goes
    on in the next one, which is rendered as ordinary Markdown: its beginning is not known there. Code fenced
    with an indent below an item that is none (its `2.` stands in a paragraph) is not seen as code. Surrogates
    are counted as U+FFFD.
    """

    def __init__(self) -> None:
        self._done: list[Block] = []
        self._start = self._bytes = self._units = 0  # the open block, without the line under way
        self._pieces: list[str] = []
        self._held = 0  # bytes of the pieces
        self._return = ""  # a CR whose LF may be still to come
        self._rest = False  # the line under way began in an earlier block
        self._begun = False  # the open block has more than blank lines
        self._blank = False  # the last line was blank, or ended its block for certain
        self._hang = _NEVER  # columns from which a line belongs to the list item or code before it
        self._list = False
        self._fence: re.Pattern[str] | None = None  # what closes the open fence
        self._formulas: dict[str, int] = {}  # what would close each, and the characters it may still take

    def feed(self, text: str) -> list[Block]:
        """The blocks that are finished now."""
        text = self._return + (text if text.isascii() else SURROGATE.sub("\ufffd", text))
        self._return = "\r" if text.endswith("\r") else ""
        stop = len(text) - len(self._return)
        at = 0
        for end in _LINE_END.finditer(text, 0, stop):
            self._pieces.append(text[at : end.start()])
            self._take(end.group())
            at = end.end()
        if at < stop:
            self._hold(text[at:stop])
        done, self._done = self._done, []
        return done

    def close(self) -> list[Block]:
        """The rest, once the text has ended."""
        self._take(self._return)
        self._emit()
        done, self._done = self._done, []
        return done

    def _hold(self, piece: str) -> None:
        self._pieces.append(piece)
        self._held += _bytes(piece)
        if self._bytes + self._held > LINE_BYTES or (self._blank and not _is_blank(piece)):
            line = "".join(self._pieces)
            if not (self._list and _ITEM_TO_BE.fullmatch(line)):
                self._before(line)
            line = self._cut_long(line)
            self._pieces, self._held = [line], _bytes(line)

    def _take(self, ending: str) -> None:
        """Read the line under way, which is complete."""
        line = "".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        self._before(line)
        line = self._cut_long(line)
        if self._rest:
            self._rest, self._begun = False, True
        else:
            self._read(line)
        self._add(line + ending)
        if self._bytes > BLOCK_BYTES:
            self._emit()

    def _before(self, line: str) -> None:
        """Close the block before a line that follows a blank one, unless the line belongs to it."""
        if not self._blank or self._rest or _is_blank(line[: LINE_BYTES - self._bytes]):
            return
        self._blank = False
        found = _BEGIN.match(line) if self._list else None
        if _indent(line) < self._hang and not (found and found.lastgroup == "item"):
            self._part()

    def _part(self) -> None:
        """The open block ends here, unless all of this turns out to be a formula."""
        if self._begun and not self._formulas:
            self._emit()
        self._hang, self._list = _NEVER, False

    def _end(self) -> None:
        """The line being read is the last of its block, whatever follows."""
        self._hang, self._list, self._fence = _NEVER, False, None
        self._blank = self._begun = True

    def _read(self, line: str) -> None:
        if self._formulas and self._closes_formula(line):
            return
        if self._fence:
            if self._fence.fullmatch(line):
                self._end()
            return
        found = _BEGIN.match(line)
        kind = found.lastgroup if found else "text"
        if kind == "blank":
            self._blank = True
            return
        self._blank = False
        indent = _indent(line)
        if indent < self._hang:
            if indent >= _CODE_INDENT:
                self._hang = _CODE_INDENT
            else:
                self._begin(kind, line, found)
        self._begun = True

    def _begin(self, kind: str | None, line: str, found: re.Match[str] | None) -> None:
        """A line that may begin a block of its own inside or after the open one."""
        if kind == "rule" and self._begun and _UNDERLINE.fullmatch(line):
            kind = "underline"  # of a heading, or of a table's head; after a list it may be a rule after all
        if kind == "fence" and found:
            self._part()
            mark = found["fence"]
            self._fence = re.compile(rf" {{0,3}}{mark[0]}{{{len(mark)},}}[ \t]*")
        elif kind in ("heading", "rule"):
            self._part()
            self._end()
        elif kind == "item" and found:
            self._hang, self._list = _content_column(line, found.end()), True
        elif kind == "formula" and found:
            self._open_formula(found["formula"], line[found.end() :])
        elif kind in ("quote", "underline") or not self._list:
            self._hang, self._list = _NEVER, False

    def _open_formula(self, mark: str, after: str) -> None:
        closing = CLOSING[mark]
        at = after.find(closing)
        if at < 0:
            self._formulas.setdefault(closing, FORMULA_WINDOW - len(after) - 1)
        elif at <= FORMULA_WINDOW and _is_blank(after[at + 2 :]):
            self._part()
            self._end()

    def _closes_formula(self, line: str) -> bool:
        """Read the line as part of the open formulas, the outer ones first; what ends none is read as text too."""
        outer: dict[str, int] = {}
        for closing, room in self._formulas.items():
            at = line.find(closing)
            if at < 0 and room > len(line):
                outer[closing] = room - len(line) - 1
            elif 0 <= at <= room and _is_blank(line[at + 2 :]):
                self._formulas = outer
                self._end()
                return True
        self._formulas = outer
        return False

    def _cut_long(self, line: str) -> str:
        """Close blocks as long as the line does not fit; gives what is left of the line."""
        while self._bytes + _bytes(line) > LINE_BYTES:
            fits = line.encode()[: LINE_BYTES - self._bytes].decode(errors="ignore")
            self._add(fits)
            self._emit()
            line = line[len(fits) :]
            self._rest, self._blank = True, False
        return line

    def _add(self, text: str) -> None:
        self._bytes += _bytes(text)
        self._units += len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2

    def _emit(self) -> None:
        if self._bytes:
            self._done.append(Block(self._start, self._start + self._bytes, self._units))
        self._start += self._bytes
        self._bytes = self._units = 0
        self._begun = False


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _is_blank(text: str) -> bool:
    return not text.strip(" \t")


def _indent(line: str) -> int:
    """Columns of white space before the text, with tab stops of four."""
    if not line.startswith((" ", "\t")):
        return 0
    found = _INDENT.match(line)
    return len(found.group().expandtabs(4)) if found else 0


def _content_column(line: str, mark: int) -> int:
    """The column from which lines belong to the list item whose marker ends at `mark`."""
    text = line[mark:].lstrip(" \t")
    column = len(line[: len(line) - len(text)].expandtabs(4))
    return column if text and column - mark <= _CODE_INDENT else mark + 1
