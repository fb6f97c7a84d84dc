"""The panel as a person finds it, by role and name, and a model on loopback that says what a test needs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from playwright.async_api import Locator

from tests.browser.jupyter import WAIT_SECONDS, Lab
from tests.llm.misbehaving import DONE, Reply, Request, Script, Step, chunk

PANEL = """
from mockmate_nb import LLM, Interview, InterviewPanel, InterviewSetup, StreamView, run
from mockmate_nb.interview.limits import Limits
from mockmate_nb.interview.samples import sample

Limits.breach = lambda *_, **__: None  # the model of these tests may say anything
mine = sample("en")
model = LLM(base_url="{url}", api_key="none", model="m")
panel = InterviewPanel(model, resume=mine.resume, job=mine.job)
panel
"""
BEGIN = "Tell me about"
WORDS = [f"{BEGIN} ", *(f"word{n} " for n in range(120)), "and its end."]
WHOLE = "".join(WORDS)
MIDDLE, LAST_HELD = 60, "word58"
PAUSE = 0.01  # seconds after each word


def says(words: Sequence[str], hold: asyncio.Event | None = None, *, at: int = 0) -> Script:
    """The model says the words, or what follows the part that is there; word `at` and all after wait for `hold`."""

    def answer(request: Request) -> Reply:
        said: list[Step] = []
        for number, word in enumerate(words):
            if hold is not None and number == at:
                said.append(hold)
            if len("".join(words[: number + 1])) > len(request.partial):
                said += [chunk(word), PAUSE]
        return Reply([*said, chunk(finish="stop"), DONE], framing="close")

    return answer


def speaks(hold: asyncio.Event | None = None) -> Script:
    """The model says WORDS; from the MIDDLE on they wait for `hold`."""
    return says(WORDS, hold, at=MIDDLE)


def button(lab: Lab, name: str) -> Locator:
    return lab.page.locator(".mockmate-panel").get_by_role("button", name=name, exact=True)


def bubbles(lab: Lab) -> Locator:
    return lab.page.locator(".mockmate-panel [role=log]")


async def shown(lab: Lab, at: int = -1) -> str:
    return " ".join((await bubbles(lab).nth(at).text_content() or "").split())


async def kept(lab: Lab) -> str:
    return " ".join((await lab.kernel("print(panel.interview.turns[-1].text)")).split())


async def is_in_state(lab: Lab, state: str) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while (now := (await lab.kernel("print(panel.interview.state.value)")).strip()) != state:
            assert now != "failed" or state == "failed"
            await asyncio.sleep(0.1)
