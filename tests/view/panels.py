"""What a person does on a panel and sees of it, where there is no page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from mockmate_nb import InterviewPanel
from mockmate_nb.view.stream_view import StreamView

ANSWER = "I profiled the consumer and cut p95 from 900 ms to 210 ms, because it held a lock."


def soon(condition: Callable[[], Any]) -> bool:
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


def seen(panel: InterviewPanel) -> set[str]:
    """The buttons that can be pressed."""
    names = {button.description for button in panel.controls.children if button.layout.display != "none"}
    return names | ({panel.composer.send_label} if panel.composer.enabled else set())


def bubbles(panel: InterviewPanel) -> list[StreamView]:
    return [child for child in panel.conversation.children if isinstance(child, StreamView)]


def send(panel: InterviewPanel, text: str) -> None:
    """As the page does when a person presses Send."""
    panel.composer.value = text
    panel.composer._handle_custom_msg({"type": "send", "text": text}, [])


def command(panel: InterviewPanel, name: str) -> None:
    panel.composer._handle_custom_msg({"type": "command", "name": name}, [])
