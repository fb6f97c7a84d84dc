"""`StreamView`: text that grows in place in a notebook, right to the last byte."""

from __future__ import annotations

import asyncio
import html
import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import traitlets

from mockmate_nb import aio
from mockmate_nb.view.coalesce import Message, Outbox
from mockmate_nb.view.esm import STATIC, joined
from mockmate_nb.view.hearing import cells
from mockmate_nb.view.markdown import CSS, BlockSplitter, render, render_block
from mockmate_nb.view.paints import Paint, Paints
from mockmate_nb.view.publishing import PublishedWidget
from mockmate_nb.view.run_text import ENDINGS, Ending, State

if TYPE_CHECKING:
    from mockmate_nb.view.keeper import Keeper
    from mockmate_nb.view.twin import Language, Twin

PUSHED_MAX, RENDERED_MAX = 16_000, 32_000
"""Bytes of source whose HTML goes along with a frame, and in one message that a page asked for."""


class StreamView(PublishedWidget):
    """One speech bubble that a stream writes into.

    ```python
    view = StreamView("Interviewer")
    view.append("Tell me about "); view.append("a recent project.")
    view.finish()
    ```

    Every method may be called from any thread. The first text of a run goes to the page at once, later text
    in one message a frame (40 ms, more while the page is slow), the end at once; so bytes grow with the text.
    Finished Markdown blocks are shown as sanitised HTML, unless `markdown` is false. The page tells by byte
    offsets when it lacks something (a reload, a lost message) and asks for it; at the end it checks length
    and CRC-32.
    """

    _esm = joined("stream_view.js")
    _css = (STATIC / "stream_view.css").read_text("utf-8") + CSS

    label = traitlets.Unicode("").tag(sync=True)
    """Who speaks; shown above the text."""
    time = traitlets.Unicode("").tag(sync=True)
    """When, as in "14:05"; shown beside the label."""
    status = traitlets.Unicode("").tag(sync=True)
    """A quiet line under the text."""
    language = traitlets.Enum(("en", "zh"), "en").tag(sync=True)
    """Of the notes "stopped" and "failed" below the text, and of the text for a screen reader's voice."""
    speed = traitlets.Float(0.0, min=0.0).tag(sync=True)
    """Characters a second at which the page shows text that came in lumps; 0: as it comes. It smooths: no
    character waits for more than a quarter of a second, and none where motion is to be reduced."""
    markdown = traitlets.Bool(True, read_only=True).tag(sync=True)
    """False: the text is shown as it is."""

    def __init__(
        self, label: str = "", *, language: str = "en", markdown: bool = True, speed: float = 0.0
    ) -> None:
        self._lock = threading.RLock()  # a finalizer may append while this thread sends
        self._outbox = Outbox(BlockSplitter if markdown else None)
        self._cells = cells()
        self._paints = Paints()
        self._speaking = False
        self._wake_at = math.inf
        self._wanted: dict[tuple[int, int], None] = {}
        self._keeper: Keeper | None = None
        self._kept = 0
        self.set_trait("markdown", markdown)
        super().__init__(label=label, language=language, speed=speed)
        self.on_msg(self._hear)

    def __repr__(self) -> str:
        return f"StreamView(label={self.label!r})"

    @property
    def text(self) -> str:
        """All text of the current run."""
        with self._lock:
            return self._outbox.text

    @property
    def state(self) -> State:
        """`waiting`, `streaming`, `complete`, `stopped` or `failed`."""
        with self._lock:
            return self._outbox.state

    @property
    def run(self) -> int:
        """The number of the current run, from 1 upwards."""
        with self._lock:
            return self._outbox.run

    def start(self) -> int:
        """Clear the view for a new run; gives the run's number, which `append` and `finish` take."""
        with self._lock:
            run = self._outbox.start()
            self._flush()
            return run

    def set_text(self, text: str) -> None:
        """Put this text in place of the old in one step, as a new, open run."""
        with self._lock:
            self._outbox.replace(text)
            self._flush()

    def append(self, text: str, *, run: int | None = None) -> None:
        """Add text at the end; lone surrogates become U+FFFD.

        Nothing happens if the run is over or `run` names an older one: what a stopped stream still sends
        never lands in the next.
        """
        with self._lock:
            self._outbox.append(text, run)
            self._flush()

    def finish(self, state: Ending = "complete", *, run: int | None = None) -> None:
        """End the run as `complete`, `stopped` or `failed`; nothing happens if it is over or an older one."""
        with self._lock:
            self._outbox.finish(state, run)
            self._flush()
        self._keep()

    def on_paint(self, callback: Callable[[Paint], object]) -> None:
        """From now on, call with the times of each piece of new text that a page has painted.

        It is called where the kernel hears the page: hand over and return.
        """
        self._paints.listen(callback)

    def into_view(self) -> None:
        """Bring the end of the text before the reader, who has just asked for it, and keep it there."""
        self.send({"type": "into_view"})

    def html(self) -> str:
        """The text so far as sanitised HTML: what is not yet a finished block stands in it as text."""
        with self._lock:
            text, over = self._outbox.text, self._outbox.state in ENDINGS
        if not self.markdown:
            return _plain(text)
        splitter = BlockSplitter()
        blocks = [*splitter.feed(text), *(splitter.close() if over else ())]
        utf8 = text.encode()
        done = [render_block(utf8[block.start : block.end].decode()) for block in blocks]
        return "".join(done) + _plain(utf8[blocks[-1].end if blocks else 0 :].decode())

    def twin(self) -> Twin:
        """What a notebook keeps of the view without a kernel: HTML and text; a very long text is cut."""
        from mockmate_nb.view.twin import Bubble, bubble_twin, escaped

        with self._lock:
            text, state = self._outbox.text, self._outbox.state
        made = render if self.markdown else escaped
        language = cast("Language", self.language)
        return bubble_twin(Bubble(text, self.label, self.time, state, self.status, language, render=made))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Displayed by itself, the view keeps its twin in the notebook, from the end of each run on."""
        if self._keeper is None and self.comm is not None:
            from mockmate_nb.view.keeper import Keeper

            self._keeper = Keeper(self)
        self._keep()
        return super()._repr_mimebundle_(**kwargs)

    def close(self) -> None:
        """End the widget; its text stays to be read. What the page has not been told it never will be."""
        if self._keeper is not None:
            self._keeper.close()
        super().close()

    @traitlets.observe("label", "time", "status", "language")
    def _named(self, _change: object) -> None:
        self._kept = 0
        self._keep()

    def _keep(self) -> None:
        """Have the twin of a run that is over kept, once; it is made where nobody waits for it."""
        with self._lock:
            if self._keeper is None or self._outbox.state not in ENDINGS or self._kept == self._outbox.run:
                return
            self._kept = self._outbox.run
        worker = aio.loop()
        worker.call_soon_threadsafe(worker.run_in_executor, None, self._keep_twin, self._kept)

    def _keep_twin(self, run: int) -> None:
        twin, keeper = self.twin(), self._keeper
        if run == self.run and keeper is not None:
            keeper.keep(twin)

    def _flush(self) -> None:
        self._speak(self._outbox.take)

    def _speak(self, messages: Callable[[float], list[Message]]) -> None:
        """Send these messages, and whatever is due then; see that somebody wakes up for the rest."""
        if self._speaking or self.comm is None:  # a finalizer's text goes with what is being said
            return
        self._speaking = True
        try:
            self._outbox.pace.hearing(self._cells.spell)
            while said := messages(time.monotonic()):
                for message in said:
                    self._push_html(message)
                    self._paints.ask(message)
                    self.send(message)
                messages = self._outbox.take
        finally:
            self._speaking = False
        if (due := self._outbox.due()) < self._wake_at:
            self._wake_at = due
            worker = aio.loop()
            worker.call_soon_threadsafe(worker.call_later, due - time.monotonic(), self._wake)

    def _wake(self) -> None:
        with self._lock:
            self._wake_at = math.inf
            self._flush()

    def _push_html(self, message: Message) -> None:
        """Add the HTML of the first blocks of a message, unless further pieces will follow it at once."""
        room = 0 if message.get("more") else PUSHED_MAX
        for block in message.get("blocks", ()):
            room -= block["end"] - block["start"]
            if room < 0 or (found := self._outbox.block(message["run"], block["start"])) is None:
                return
            block["html"] = render_block(found[1])

    def _hear(self, _view: object, content: object, _buffers: object) -> None:
        self._paints.hear(content)
        with self._lock:
            match content:
                case {"type": "resync", "run": int(run), "offset": int(offset), **rest}:
                    closed = rest.get("closed", 0)
                    if isinstance(closed, int):
                        self._outbox.pace.spoken()
                        self._speak(lambda now: self._outbox.resync(run, offset, closed, now))
                case {"type": "ack", "run": int(run), "length": int(length)}:
                    self._outbox.pace.hearing(self._cells.spell)
                    self._outbox.acknowledge(run, length, time.monotonic())
                    self._flush()
                case {"type": "render", "run": int(run), "starts": list(starts)}:
                    wanted = {(run, start): None for start in starts if isinstance(start, int)}
                    if wanted and not self._wanted and self.comm is not None:
                        aio.loop().call_soon_threadsafe(self._render)
                    self._wanted.update(wanted)

    def _render(self) -> None:
        """Answer what was asked of the current run, one message a turn of the worker loop."""
        with self._lock:
            room, run = RENDERED_MAX, self._outbox.run
            sources: list[tuple[int, int, str]] = []
            for asked, start in list(self._wanted):
                found = self._outbox.block(asked, start)
                if found and sources and found[0] - start > room:
                    break
                del self._wanted[asked, start]
                if found:
                    room -= found[0] - start
                    sources.append((start, *found))
            if self._wanted:
                asyncio.get_running_loop().call_soon(self._render)
        blocks = [{"start": start, "end": end, "html": render_block(text)} for start, end, text in sources]
        if blocks:
            self.send({"type": "html", "run": run, "blocks": blocks})


def _plain(text: str) -> str:
    return f'<p class="mm-plain">{html.escape(text)}</p>\n' if text else ""
