"""The ways to show a stream in a notebook, as they run in its kernel.

A notebook of two cells drives them: `show()` in the first, `stream()` in the second, after `choose(...)` from
outside. Peers are used as their own guides say: Panel by `ChatMessage.stream`; chatlas by `Chat.chat`, with a
model whose reply is our text, so that its own display is what runs.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

from benchmarks.corpus import chunks, corpus

Say = Callable[[str], object]


class Way(NamedTuple):
    """A way: `make` gives what the stream is written into; `run` streams the chunks into it."""

    title: str
    make: Callable[[], Any]
    run: Callable[[Any, Iterable[str]], object]
    selector: str
    """Of the element whose text is the stream's, below the cell `cell`; shadow roots are looked into."""
    cell: int = 0
    rendered: bool = False
    """Whether it shows Markdown as what it stands for."""
    shadow: bool = False
    """Whether its element lies in a shadow root."""
    needs: str = ""
    """A module that must be installed."""


class _Now:
    """What is chosen, shown and told in this kernel."""

    way: Way
    text: str
    size: int
    rate: float
    shown: Any = None
    last: float = 0.0
    begun: float = 0.0
    thread: threading.Thread | None = None


def paced(pieces: list[str], rate: float) -> Iterator[str]:
    """The pieces at `rate` a second (0: as fast as it goes), late ones at once; keeps the last one's time."""
    begin = time.perf_counter()
    _Now.begun = time.time_ns() / 1e6
    for at, piece in enumerate(pieces):
        if at == len(pieces) - 1:
            _Now.last = time.time_ns() / 1e6
        yield piece
        if rate:
            time.sleep(max(0.0, begin + (at + 1) / rate - time.perf_counter()))


def each(say: Say, pieces: Iterable[str]) -> None:
    for piece in pieces:
        say(piece)


def _view(**options: Any) -> Callable[[], Any]:
    return lambda: import_module("mockmate_nb").StreamView("Interviewer", **options)


def _append(view: Any, pieces: Iterable[str]) -> None:
    each(view.append, pieces)
    view.finish()


def _html() -> Any:
    return import_module("ipywidgets").HTML()


def _html_grows(html: Any, pieces: Iterable[str]) -> None:
    for piece in pieces:
        html.value += piece


def _display() -> Any:
    display = import_module("IPython.display")
    return display.display(display.Markdown(""), display_id=True)


def _display_grows(handle: Any, pieces: Iterable[str]) -> None:
    markdown, text = import_module("IPython.display").Markdown, ""
    for piece in pieces:
        text += piece
        handle.update(markdown(text))


def _print(_: object, pieces: Iterable[str]) -> None:
    each(lambda piece: print(piece, end="", flush=True), pieces)


def _panel() -> Any:
    return import_module("panel").chat.ChatMessage("", user="Interviewer")


def _panel_grows(message: Any, pieces: Iterable[str]) -> None:
    each(message.stream, pieces)


def _chatlas() -> Any:
    """A chat whose model is `_Scripted`, made by chatlas's own classes."""
    chatlas, provider = import_module("chatlas"), import_module("chatlas._provider")
    content = import_module("chatlas._content").ContentText
    replies: list[Iterable[str]] = []

    class Scripted(provider.Provider):  # type: ignore[name-defined, misc]  # loaded by name: a bench's extra
        def chat_perform(self, **_: Any) -> Iterator[str]:
            return iter(replies.pop())

        def stream_content(self, chunk: str, *_: Any, **__: Any) -> list[Any]:
            return [content.model_construct(text=chunk)]  # as its own providers do: white space stays

        def stream_merge_chunks(self, completion: list[str] | None, chunk: str) -> list[str]:
            merged = [] if completion is None else completion
            merged.append(chunk)
            return merged

        def stream_turn(self, completion: list[str], **_: Any) -> Any:
            return chatlas.AssistantTurn("".join(completion))

        def translate_model_params(self, params: Any) -> dict[str, Any]:
            return dict(params)

    Scripted.__abstractmethods__ = frozenset()  # what a stream does not call
    return chatlas.Chat(provider=Scripted(name="scripted", model="scripted")), replies


def _chatlas_grows(made: Any, pieces: Iterable[str]) -> None:
    chat, replies = made
    replies.append(pieces)
    chat.chat("Tell me about interviews.", echo="text")


def _idle(_: object, pieces: Iterable[str]) -> None:
    each(lambda _: None, pieces)


LOG = ".mm-stream-text"
WAYS = {
    "idle": Way("nothing: the same pace, no text", lambda: None, _idle, ""),
    "ours": Way("`StreamView.append`", _view(), _append, LOG, rendered=True),
    "html": Way("ipywidgets `HTML.value +=`", _html, _html_grows, ".widget-html-content", needs="ipywidgets"),
    "print": Way('`print(end="", flush=True)`', lambda: None, _print, ".jp-RenderedText", cell=1),
    "display": Way(
        "`DisplayHandle.update(Markdown)`", _display, _display_grows, ".jp-RenderedMarkdown", rendered=True
    ),
    "chatlas": Way(
        "chatlas `Chat.chat`",
        _chatlas,
        _chatlas_grows,
        ".jp-RenderedMarkdown",
        cell=1,
        rendered=True,
        needs="chatlas",
    ),
    "panel": Way(
        "Panel `ChatMessage.stream`",
        _panel,
        _panel_grows,
        ".markdown",
        rendered=True,
        shadow=True,
        needs="panel",
    ),
    "plain": Way("`StreamView(markdown=False)`", _view(markdown=False), _append, LOG),
}


def choose(name: str, length: int, mark: str, *, size: int = 5, rate: float = 1000.0) -> None:
    """What the two cells do next: a way, a text of `length` characters that ends in `mark`, its pieces and pace."""
    close = getattr(_Now.shown, "close", None)
    if close is not None:
        close()
    _Now.way, _Now.text, _Now.size, _Now.rate = WAYS[name], corpus(length, mark), size, rate
    _Now.shown = None
    _Now.last = 0.0


def ready() -> None:
    """Load what the peers need in a page, once: Panel's scripts, shown by the cell that calls."""
    if "panel" in available():
        import_module("panel").extension(inline=True)


def available() -> list[str]:
    """The ways whose packages are installed here."""

    def there(name: str) -> bool:
        try:
            import_module(name or "json")
        except ImportError:
            return False
        return True

    return [name for name, way in WAYS.items() if there(way.needs)]


def show() -> None:
    """The first cell: what the chosen way writes into, where that is shown before the stream."""
    _Now.shown = _Now.way.make()
    if hasattr(_Now.shown, "_repr_mimebundle_"):
        import_module("IPython.display").display(_Now.shown)


def stream() -> None:
    """The second cell: the whole stream, while the cell runs."""
    _Now.way.run(_Now.shown, paced(chunks(_Now.text, _Now.size), _Now.rate))


def stream_in_thread() -> None:
    """The same in a thread of its own, while the kernel is idle."""
    _Now.thread = threading.Thread(target=stream)
    _Now.thread.start()


def runs() -> bool:
    """Whether that thread still runs."""
    return _Now.thread is not None and _Now.thread.is_alive()


def told() -> str:
    """JSON: the wall clock in ms when the first chunk and the last were said, 0 for one that never was."""
    return json.dumps({"first": _Now.begun, "last": _Now.last})
