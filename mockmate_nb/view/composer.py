"""`Composer`: the box in which a person answers, and whose text is never lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

from mockmate_nb.view.esm import STATIC, joined
from mockmate_nb.view.publishing import PublishedWidget, from_cell


class Composer(PublishedWidget):
    """A labelled answer box with a Send button, commands behind "/", dictation and reading aloud.

    ```python
    box = Composer(language="en")
    box.commands = [{"name": "/hint", "summary": "Show a hint"}]
    box.on_send(lambda text: print(text)); box.on_command(lambda name: print(name))
    box.clear()
    ```

    `value` is the draft. The page sends it 300 ms after the last key, and at once when the box or the page is
    left. What Python sets overwrites what is written in it; a draft that was on its way meanwhile is dropped:
    `revision` counts what Python has set, and each draft names the revision it was written on.
    Traits may be set and methods called from any thread. Callbacks run on the kernel's thread, one after
    another; each should hand over and return.
    """

    _esm = joined("composer.js")
    _css = STATIC / "composer.css"

    value = traitlets.Unicode("").tag(sync=True, echo_update=False)
    """The draft."""
    revision = traitlets.Int(0).tag(sync=True)
    """How often Python has set the text; only this class counts it."""
    label = traitlets.Unicode("").tag(sync=True)
    """Stands above the box; "" for the language's own words."""
    placeholder = traitlets.Unicode("").tag(sync=True)
    send_label = traitlets.Unicode("").tag(sync=True)
    """Stands on the Send button; "" for the language's own word."""
    language = traitlets.Enum(("en", "zh"), "en").tag(sync=True)
    """Of all words in the box, of dictation and of reading aloud."""
    commands = traitlets.List(traitlets.Dict(per_key_traits={"name": traitlets.Unicode()})).tag(sync=True)
    """Each `{"name": "/hint", "summary": "Show a hint"}`."""
    enabled = traitlets.Bool(default_value=True).tag(sync=True)
    """Whether an answer can be sent. One can be written, and a command given, all the same."""
    spoken = traitlets.Unicode("").tag(sync=True)
    """What the reading button reads aloud; "" hides it."""

    def __init__(self, *, language: str = "en") -> None:
        self._lock = threading.RLock()
        self._told = ""
        self._senders, self._commanders = ipywidgets.CallbackDispatcher(), ipywidgets.CallbackDispatcher()
        super().__init__(language=language)
        self.on_msg(lambda _box, content, _buffers: from_cell(self._hear, content))

    def __repr__(self) -> str:
        return "Composer()"

    def on_send(self, callback: Callable[[str], object]) -> None:
        """Call with the text, blank or not, once for each press on Send; the text stays until `clear`."""
        self._senders.register_callback(callback)

    def on_command(self, callback: Callable[[str], object]) -> None:
        """Call with a command's name. One that is not in `commands` comes too, and stays in the box."""
        self._commanders.register_callback(callback)

    def clear(self) -> None:
        """Empty the box. After a press on Send that is what was sent: what was typed behind it since stays."""
        self._set("")

    def focus(self) -> None:
        """Put the caret in the box, if nothing outside its cell's output has the focus."""
        self.send({"type": "focus"})

    @traitlets.observe("value")
    def _overwrite(self, change: Any) -> None:
        with self._lock:
            if change["new"] != self._told:
                self._set(change["new"])

    def _set(self, text: str) -> None:
        with self._lock, self.hold_sync():
            self._told = self.value = text
            self.revision += 1

    def _write(self, text: str, revision: object) -> None:
        """Take what the page says is in the box, unless Python has set something since."""
        with self._lock:
            if not isinstance(revision, int) or revision >= self.revision:
                self._told = text
                self.set_state({"value": text})

    def _hear(self, content: object) -> None:
        match content:
            case {"type": "draft", "text": str(text), **rest}:
                self._write(text, rest.get("revision"))
                self.send(
                    {
                        "type": "draft",
                        "text": self.value,
                        "page": rest.get("page"),
                        "count": rest.get("count"),
                    }
                )
            case {"type": "send", "text": str(text), **rest}:
                self._write(text, rest.get("revision"))
                self._senders(text)
                self.send({"type": "heard", "page": rest.get("page")})
            case {"type": "command", "name": str(name)}:
                self._commanders(name)
