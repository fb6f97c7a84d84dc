"""Code blocks as HTML, their tokens coloured by class."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from itertools import groupby

from pygments.lexer import Lexer, RegexLexer, words
from pygments.lexers import get_lexer_by_name
from pygments.token import (
    Comment,
    Generic,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    String,
    Text,
    _TokenType,
)

_LINEAR = (
    "bash c c++ cpp diff docker dockerfile go golang graphql json kotlin lua make makefile php powershell proto "
    "protobuf py pycon python python3 rb rs ruby rust scala scss sh shell sql swift toml zsh"
)
_SLOW = "css html r xml yaml yml"
_CURLY = "c# cs csharp java javascript js jsx ts tsx typescript"
LANGUAGES = frozenset(_LINEAR.split())
"""The languages whose lexers, as measured, take time linear in the code, whatever it is."""
SLOW_LANGUAGES = frozenset(_SLOW.split())
"""Those that may take time quadratic in it; longer code of theirs is not coloured."""
SLOW_CHARACTERS = 4_000
CURLY_LANGUAGES = frozenset(_CURLY.split())
"""Those whose lexers may take minutes for a page of code, and so have one of ours."""
CLASSES = {
    Comment: "mm-c",
    Comment.Preproc: "mm-p",
    Keyword: "mm-k",
    Operator.Word: "mm-k",
    Name.Builtin: "mm-b",
    Name.Function: "mm-f",
    Name.Class: "mm-f",
    Name.Decorator: "mm-p",
    Name.Tag: "mm-k",
    Name.Attribute: "mm-a",
    Literal: "mm-n",
    String: "mm-s",
    Generic.Deleted: "mm-d",
    Generic.Inserted: "mm-i",
    Generic.Heading: "mm-k",
    Generic.Prompt: "mm-c",
}
"""The kinds of token that are set apart; any other kind looks like the nearest one above it, or like text."""
_LANGUAGE = re.compile(r"[a-z0-9][a-z0-9_+#.-]{0,29}")

_KEYWORDS = (
    "abstract as assert async await base bool boolean break byte case catch char class const constructor "
    "continue decimal declare default delete do double else enum export extends false final finally float for "
    "foreach from function get if implements import in instanceof int interface internal is keyof let long "
    "namespace native new null of out override package params private protected public readonly record ref "
    "return sealed set short static string struct super switch synchronized this throw throws transient true "
    "try type typeof undefined using var virtual void volatile when where while with yield"
)


class CurlyLexer(RegexLexer):  # type: ignore[misc]  # Pygments ships no types
    """Java, C#, JavaScript and TypeScript, as far as colours need: each character is looked at about once."""

    tokens = {  # noqa: RUF012 - where Pygments looks for the rules
        "root": [
            (r"//[^\n]*+", Comment),
            (r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?", Comment),
            (r'"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?', String),
            (r'"(?:[^"\\\n]|\\.)*+"?', String),
            (r"'(?:[^'\\\n]|\\.)*+'?", String),
            (r"`(?:[^`\\]|\\[\s\S])*+`?", String),
            (words(tuple(_KEYWORDS.split()), prefix=r"\b", suffix=r"\b"), Keyword),
            (r"@\w+", Name.Decorator),
            (r"\#[ \t]*+\w+", Comment.Preproc),
            (r"[0-9][\w.]*+", Number),
            (r"[^\W\d][\w$]*+(?=\()", Name.Function),
            (r"[\w$]++", Text),
            (r"\s++", Text),
            (r".", Text),
        ]
    }


def code_html(code: str, info: str = "") -> str:
    """A code block; `info` is what stands behind its opening fence, the language first."""
    word = info.lower().split(maxsplit=1)[:1]
    language = word[0] if word and _LANGUAGE.fullmatch(word[0]) else ""
    slow = language in SLOW_LANGUAGES and len(code) <= SLOW_CHARACTERS
    known = slow or language in LANGUAGES | CURLY_LANGUAGES
    name = f' class="mm-lang-{language}"' if language else ""
    inner = _coloured(code, language) if known else escape(code)
    return f'<pre class="mm-code"><code{name}>{inner}</code></pre>\n'


def _coloured(code: str, language: str) -> str:
    tokens = ((_class(kind), text) for kind, text in _lexer(language).get_tokens(code))
    parts = []
    for name, run in groupby(tokens, key=lambda token: token[0]):
        text = escape("".join(text for _, text in run))
        parts.append(f'<span class="{name}">{text}</span>' if name else text)
    return "".join(parts)


@cache
def _lexer(language: str) -> Lexer:
    options = {"stripnl": False, "ensurenl": False}
    return CurlyLexer(**options) if language in CURLY_LANGUAGES else get_lexer_by_name(language, **options)


@cache
def _class(kind: _TokenType | None) -> str:
    return "" if kind is None else CLASSES.get(kind) or _class(kind.parent)
