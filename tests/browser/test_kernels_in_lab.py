"""What a person does with an interview, on both lines of ipykernel: the same must come of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from mockmate_nb.interview.refining import ORDER
from tests.browser.interviewing import (
    BEGIN,
    LAST_HELD,
    PANEL,
    WHOLE,
    WORDS,
    bubbles,
    button,
    is_in_state,
    kept,
    says,
    shown,
    speaks,
)
from tests.browser.jupyter import ROOT, WAIT_SECONDS, Kernel, Lab, Server, open_lab
from tests.llm import misbehaving as model_server

AWAITING = "import asyncio\nawait asyncio.sleep(20)\nprint('the cell has ended')"
BLOCKING = """
import threading, time
talk = Interview(InterviewSetup(resume_summary=mine.resume, job_description=mine.job), model)

def tell():
    while not (talk.turns and len(talk.turns[-1].text) > 4):
        time.sleep(0.01)
    print("it speaks", flush=True)

threading.Thread(target=tell).start()
events = run(talk.start())
print(f"{events[-1].type} {talk.state.value}: {talk.turns[-1].text}")
"""
TAKEN_UP = """
again = run(Interview.load(run(Interview.sessions())[-1], model))
before = again.turns[-1].text
events = run(again.resume())
print(f"{events[-1].type}|{before}|{again.turns[-1].text}")
"""
AFTER = 0.4  # seconds in which a piece that is still under way would arrive


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(
    server: Server, browser: Browser, kernel: Kernel, model: model_server.Server
) -> AsyncIterator[Lab]:
    async with open_lab(server, browser) as lab:
        await lab.open([PANEL.format(url=model.url).strip(), AWAITING, BLOCKING, TAKEN_UP], kernel=kernel)
        await lab.kernel("pass")  # a kernel that is restarted while the server still connects to it is lost
        yield lab


@pytest_asyncio.fixture(loop_scope="session")
async def desk(page: Lab, model: model_server.Server) -> Lab:
    """A panel that nobody has started, on a kernel that nobody has used."""
    await page.restart()
    model.requests.clear()
    page.errors.clear()
    await page.run_cell(0)
    await expect(button(page, "Start the interview")).to_be_visible()
    return page


async def starts(lab: Lab) -> None:
    await button(lab, "Start the interview").click()
    await expect(bubbles(lab).first).to_contain_text(BEGIN, timeout=WAIT_SECONDS * 1000)


async def grows(lab: Lab, text: str = "word9") -> None:
    await expect(bubbles(lab).last).to_contain_text(text, timeout=WAIT_SECONDS * 1000)


async def is_closed(request: model_server.Request) -> None:
    """The model sees that nobody listens any more."""
    async with asyncio.timeout(WAIT_SECONDS):
        await request.gone.wait()


async def test_the_kernel_is_the_one_that_was_asked_for(desk: Lab, kernel: Kernel) -> None:
    version = await desk.kernel("import ipykernel; print(ipykernel.__version__)")
    assert version.startswith({"python3": "7.", "ipykernel6": "6.31."}[kernel])


async def test_i_start_and_watch_and_answer(desk: Lab, model: model_server.Server) -> None:
    model.answer = speaks()
    await starts(desk)
    lengths = []
    while (length := len(await shown(desk, 0))) < len(WHOLE):
        lengths.append(length)
        await asyncio.sleep(0.02)
    assert lengths == sorted(lengths), "text grows, it never shrinks"
    assert len(set(lengths)) > 5, "it grows in place, piece by piece"
    await is_in_state(desk, "awaiting_answer")
    assert await shown(desk, 0) == await kept(desk) == WHOLE
    await desk.page.get_by_label("Your answer", exact=True).fill("I measured it, then I cut it in two.")
    await button(desk, "Send answer").click()
    await expect(bubbles(desk).nth(1)).to_contain_text("cut it in two")
    await expect(bubbles(desk).nth(2)).to_contain_text("and its end.", timeout=WAIT_SECONDS * 1000)
    await is_in_state(desk, "awaiting_answer")
    assert desk.errors == []


async def test_i_stop_it_before_its_first_character(desk: Lab, model: model_server.Server) -> None:
    hold = asyncio.Event()
    model.answer = says(WORDS, hold)
    await button(desk, "Start the interview").click()
    await button(desk, "Stop").click()
    await is_in_state(desk, "stopped")
    for request in model.requests:
        await is_closed(request)
    hold.set()
    await asyncio.sleep(AFTER)
    assert await shown(desk) == await kept(desk) == ""
    assert desk.errors == []


async def test_i_stop_it_in_its_middle_and_have_it_go_on(desk: Lab, model: model_server.Server) -> None:
    hold = asyncio.Event()
    model.answer = speaks(hold)
    await starts(desk)
    await grows(desk)
    await button(desk, "Stop").click()
    await is_in_state(desk, "stopped")
    hold.set()
    await is_closed(model.requests[0])
    partial = await kept(desk)
    assert BEGIN in partial
    assert len(partial) < len(WHOLE)
    await expect(bubbles(desk).last).to_have_text(partial)
    await asyncio.sleep(AFTER)
    assert await shown(desk) == partial, "no character arrives after a stop"
    model.answer = speaks()
    await button(desk, "Continue").click()
    await is_in_state(desk, "awaiting_answer")
    await expect(bubbles(desk).last).to_have_text(WHOLE)
    assert desk.errors == []


@pytest.mark.parametrize("kernel", ["python3"], indirect=True)  # version 6 hears the click after the cell
async def test_i_stop_it_while_a_cell_awaits(desk: Lab, model: model_server.Server) -> None:
    hold = asyncio.Event()
    model.answer = speaks(hold)
    await starts(desk)
    await desk.run_cell(1, wait=False)
    await grows(desk)
    await button(desk, "Stop").click()
    await is_closed(model.requests[0])
    await expect(desk.page.locator('.mm-stream-bubble[data-state="stopped"]')).to_be_visible()
    hold.set()
    partial = await shown(desk)
    await asyncio.sleep(AFTER)
    assert await shown(desk) == partial
    await expect(desk.outputs(1)).not_to_contain_text("the cell has ended")
    assert desk.errors == []


async def test_i_interrupt_a_cell_that_blocks(desk: Lab, model: model_server.Server) -> None:
    model.answer = speaks(asyncio.Event())
    await desk.run_cell(2, wait=False)
    await expect(desk.outputs(2)).to_contain_text("it speaks", timeout=WAIT_SECONDS * 1000)
    await desk.interrupt()
    await expect(desk.outputs(2)).to_contain_text(f"stopped stopped: {BEGIN}", timeout=WAIT_SECONDS * 1000)
    await is_closed(model.requests[0])
    said = await desk.outputs(2).inner_text()
    assert len(said) < len(WHOLE)
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert (await desk.kernel("print(talk.turns[-1].text)")).strip() in said, (
        "the partial is kept, and grows no more"
    )
    assert desk.errors == []


def refines(request: model_server.Request) -> bool:
    """Whether it asks how résumé and job match, as it does once a question stands."""
    return any(message["content"] == ORDER for message in request.body["messages"])


async def test_i_reload_the_page_in_mid_stream(desk: Lab, model: model_server.Server) -> None:
    hold = asyncio.Event()
    model.answer = speaks(hold)
    await starts(desk)
    await grows(desk)
    await desk.reload()
    await grows(desk, LAST_HELD)
    hold.set()
    await expect(bubbles(desk)).to_have_text([WHOLE], timeout=WAIT_SECONDS * 1000)
    assert await kept(desk) == WHOLE
    questions = [one for one in model.requests if not refines(one)]
    assert len(questions) == 1, "the model was asked once"
    assert desk.errors == []


async def test_two_tabs_show_the_same(desk: Lab, model: model_server.Server) -> None:
    hold = asyncio.Event()
    model.answer = speaks(hold)
    await starts(desk)
    async with desk.second_tab() as other:
        await grows(other, LAST_HELD)
        hold.set()
        for each in (desk, other):
            await expect(bubbles(each)).to_have_text([WHOLE], timeout=WAIT_SECONDS * 1000)
        await is_in_state(desk, "awaiting_answer")
        await other.page.get_by_label("Your answer", exact=True).fill("It was typed in the second tab.")
        await button(other, "Send answer").click()
        for each in (desk, other):
            texts = [WHOLE, "It was typed in the second tab.", WHOLE]
            await expect(bubbles(each)).to_have_text(texts, timeout=WAIT_SECONDS * 1000)
        assert other.errors == []
    assert desk.errors == []


async def test_i_restart_the_kernel_in_mid_stream_and_take_it_up_again(
    desk: Lab, model: model_server.Server
) -> None:
    model.answer = speaks(asyncio.Event())
    await starts(desk)
    await grows(desk)
    seen = await shown(desk)
    await desk.restart()
    await is_closed(model.requests[0])
    assert (await shown(desk)).startswith(seen), "what was on screen stays there"
    model.answer = speaks()
    await desk.run_cell(0)
    await desk.run_cell(3)
    ending, before, text = (await desk.outputs(3).inner_text()).strip().split("|")
    assert ending == "question_complete"
    assert before.startswith(seen), "all that was shown had been kept"
    assert text.strip() == WHOLE
    assert desk.errors == []


async def test_i_run_all_of_the_first_notebook(lab: Lab, kernel: Kernel) -> None:
    await lab.open(ROOT / "notebooks" / "00_start_here.ipynb", kernel=kernel)
    await lab.page.evaluate("() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    await lab.run_all()
    counts = await lab.page.evaluate(
        """() => jupyterapp.shell.currentWidget.content.model.toJSON().cells
            .filter(cell => cell.cell_type === "code").map(cell => cell.execution_count)"""
    )
    assert counts == list(range(1, len(counts) + 1)), "every cell has run"
    await expect(button(lab, "Start the interview")).to_be_visible()
    await button(lab, "Start the interview").click()
    await expect(bubbles(lab).first).to_contain_text("?", timeout=WAIT_SECONDS * 1000)
    assert lab.errors == []
