"""The answer box in a real JupyterLab."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.async_api import Locator, expect

from tests.browser.jupyter import Lab

SETUP = """
from mockmate_nb.view.composer import Composer
sent, ran = [], []
box = Composer()
box.commands = [{"name": f"/{name}", "summary": f"To {name}"} for name in ("hint", "help", "skip")]
box.on_send(sent.append); box.on_command(ran.append)
box
"""
BESIDE = """
import ipywidgets
button = ipywidgets.Button(description="Start")
ipywidgets.VBox([button, box])
"""
RECOGNITION = """
window.recognitions = [];
window.webkitSpeechRecognition = window.SpeechRecognition = class {
    constructor() { this.calls = []; recognitions.push(this); }
    start() { this.calls.push("start"); }
    stop() { this.calls.push("stop"); this.onend?.(); }
    abort() { this.calls.push("abort"); }
};
window.hear = (transcript, isFinal) =>
    recognitions.at(-1).onresult({ resultIndex: 0, results: [Object.assign([{ transcript }], { isFinal })] });
"""
SYNTHESIS = """
window.spoken = [];
Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => [{ lang: "zh-CN", localService: true }, { lang: "en-US", localService: true }],
    speak: (utterance) => spoken.push(utterance),
    cancel: () => spoken.push("cancel"),
}});
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""
NO_SPEECH = """
for (const name of ["SpeechRecognition", "webkitSpeechRecognition", "speechSynthesis"])
    Object.defineProperty(window, name, { value: undefined });
"""
NOTEBOOK = """() => jupyterapp.shell.currentWidget.content.widgets.map(
    ({ model }) => [model.type, model.executionCount, model.sharedModel.getSource().length])"""
CARET = "field => [field.selectionStart, field.selectionEnd]"


async def begin(lab: Lab, *cells: str) -> Locator:
    """The box's field, after its cell has run."""
    await lab.open([SETUP, *cells])
    await lab.run_cell(0)
    field = lab.page.locator(".mm-composer textarea").first
    await expect(field).to_be_visible(timeout=30_000)
    return field


async def python(lab: Lab, expression: str) -> Any:
    return json.loads(await lab.kernel(f"import json; print(json.dumps({expression}))"))


async def expect_python(lab: Lab, expression: str, value: object) -> None:
    for _ in range(50):
        if (found := await python(lab, expression)) == value:
            return
        await lab.page.wait_for_timeout(100)
    assert found == value


async def test_keys_typed_in_the_box_stay_in_it_and_its_cell_is_not_run_again(lab: Lab) -> None:
    field = await begin(lab, "1", "2")
    before = await lab.page.evaluate(NOTEBOOK)
    keys = lab.page.keyboard
    await field.click()
    letters = "a b dd x m y c v z 00 ii /"
    await keys.type(letters)
    for key in ("Enter", "Shift+Enter", "Alt+Enter", "Escape", "Control+m", "Escape"):
        await keys.press(key)
    await keys.press("Control+Enter")
    await expect_python(lab, "sent", [letters + "\n\n"])
    for button in await lab.page.locator(".mm-composer-bar button:visible").all():
        await button.focus()
        for key in ("a", "b", "d", "d", "x", "m", "Shift+Enter"):
            await keys.press(key)
    assert await lab.page.evaluate(NOTEBOOK) == before
    await expect(field).to_have_value(letters + "\n\n")
    assert lab.errors == []


async def test_the_notebook_can_be_saved_from_within_the_box(lab: Lab) -> None:
    field = await begin(lab)
    await field.click()
    dirty = "() => jupyterapp.shell.currentWidget.context.model.dirty"
    assert await lab.page.evaluate(dirty)
    await lab.page.keyboard.press("Control+s")
    await lab.page.wait_for_function(f"() => !({dirty})()")
    await lab.page.keyboard.press("Control+Enter")
    await expect_python(lab, "sent", [""])


async def test_an_answer_is_sent_once_and_not_while_a_character_is_being_composed(lab: Lab) -> None:
    field = await begin(lab)
    await lab.kernel("box.on_send(lambda text: setattr(box, 'enabled', False))")
    await field.fill("我负责")
    for init in ("{ isComposing: true }", "{ keyCode: 229 }"):
        script = "field => field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, ...%s }))"
        await field.evaluate(script % init)
    send = lab.page.get_by_role("button", name="Send", exact=True)
    await send.dblclick()
    await lab.page.keyboard.press("Enter")
    await field.press("Control+Enter")
    await expect(send).to_be_disabled()
    await expect_python(lab, "sent", ["我负责"])
    await lab.kernel("box.clear(); box.enabled = True")
    await expect(field).to_have_value("")
    await field.press("Control+Enter")
    await expect_python(lab, "sent", ["我负责", ""])


async def test_a_draft_is_there_after_a_reload_and_after_a_cleared_box_it_is_gone(lab: Lab) -> None:
    field = await begin(lab)
    await lab.save()
    await field.click()
    await lab.page.keyboard.type("typed just before the page went")
    await lab.page.reload()
    await lab.ready()
    await expect(field).to_have_value("typed just before the page went", timeout=30_000)
    await lab.kernel("box.clear()")
    await expect(field).to_have_value("")
    await lab.page.reload()
    await lab.ready()
    await expect(field).to_be_visible(timeout=30_000)
    await expect(field).to_have_value("")


async def test_two_views_follow_one_another_and_the_caret_stays_where_one_types(lab: Lab) -> None:
    first = await begin(lab, "box")
    await lab.run_cell(1)
    second = lab.page.locator(".mm-composer textarea").nth(1)
    await first.fill("I led the move")
    await expect(second).to_have_value("I led the move")
    await first.evaluate("field => field.setSelectionRange(1, 1)")
    for letter in " also":
        await lab.page.keyboard.type(letter)
        await lab.page.wait_for_timeout(80)
    await lab.page.wait_for_timeout(700)
    assert await first.evaluate(CARET) == [6, 6]
    await expect(second).to_have_value("I also led the move")
    await expect_python(lab, "[box.value, box.revision]", ["I also led the move", 0])
    await lab.kernel("box.value = 'Python says'")
    for field in (first, second):
        await expect(field).to_have_value("Python says")


async def test_a_command_is_chosen_by_keyboard_or_mouse_and_runs_at_once(lab: Lab) -> None:
    field = await begin(lab)
    page = lab.page
    options = page.get_by_role("listbox", name="Commands").get_by_role("option")
    chosen = page.locator(".mm-composer [role=option][aria-selected=true]")
    await field.click()
    await page.keyboard.type("/h")
    await expect(options).to_have_text(["/hintTo hint", "/helpTo help"])
    await expect(field).to_have_attribute("aria-expanded", "true")
    await expect(field).to_have_attribute("aria-controls", re.compile("."))
    for key, name in (("ArrowDown", "/help"), ("ArrowDown", "/hint"), ("ArrowUp", "/help")):
        await page.keyboard.press(key)
        await expect(chosen).to_contain_text(name)
        await expect(field).to_have_attribute("aria-activedescendant", str(await chosen.get_attribute("id")))
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("")
    await expect(options).to_have_count(0)
    await page.keyboard.type("/s")
    await page.keyboard.press("Tab")
    await page.keyboard.type("/")
    await options.nth(0).click()
    await expect(field).to_be_focused()
    await page.keyboard.type("/hi")
    await page.keyboard.press("Escape")
    await expect(options).to_have_count(0)
    await expect(field).to_have_value("/hi")
    await page.keyboard.press("Control+Enter")
    await expect_python(lab, "[ran, sent]", [["/help", "/skip", "/hint", "/hi"], []])
    await field.fill("/etc/hosts is a file")
    await page.keyboard.press("Control+Enter")
    await expect_python(lab, "[len(ran), sent]", [4, ["/etc/hosts is a file"]])
    assert lab.errors == []


async def test_one_can_speak_an_answer_after_hearing_where_the_voice_may_go(lab: Lab) -> None:
    await lab.page.add_init_script(RECOGNITION)
    field = await begin(lab)
    dictate = lab.page.locator(".mm-composer-dictate")
    await field.fill("In my team, at last.")
    await field.evaluate("field => field.setSelectionRange(11, 11)")
    await dictate.click()
    await lab.wait_text("may send your voice", ".mm-composer-note")
    await expect(dictate).to_have_attribute("aria-pressed", "false")
    await dictate.click()
    await expect(dictate).to_have_attribute("aria-pressed", "true")
    await lab.page.evaluate("hear('I moved', false)")
    await expect(lab.page.locator(".mm-composer-interim")).to_have_text("I moved")
    await lab.page.evaluate("hear('I moved a service', true)")
    await expect(field).to_have_value("In my team, I moved a service at last.")
    await lab.page.evaluate("recognitions.at(-1).onerror({ error: 'not-allowed' })")
    await lab.wait_text("may not use the microphone", ".mm-composer-note")
    await lab.page.evaluate("recognitions.at(-1).onend()")
    await expect(dictate).to_have_attribute("aria-pressed", "false")
    await lab.kernel("box.language = 'zh'")
    await dictate.click()
    assert await lab.page.evaluate("recognitions.at(-1).lang") == "zh-CN"
    await lab.kernel("box.close()")
    await expect(field).to_have_count(0)
    assert await lab.page.evaluate("recognitions.at(-1).calls") == ["start", "abort"]


async def test_a_question_is_read_aloud_until_one_stops_it(lab: Lab) -> None:
    await lab.page.add_init_script(SYNTHESIS)
    await begin(lab)
    read = lab.page.locator(".mm-composer-read")
    await expect(read).to_be_hidden()
    await lab.kernel("box.spoken = 'Tell me more. What was hard?'")
    for stop in ("read", "box.clear()", "box.spoken = 'The next one.'", "box.close()"):
        await lab.page.evaluate("spoken.length = 0")
        await read.click()
        await expect(read).to_have_attribute("aria-pressed", "true")
        said = await lab.page.evaluate("spoken.map(({ text, lang, voice }) => [text, lang, voice.lang])")
        assert [lang for _, *lang in said] == [["en-US", "en-US"]] * len(said)
        assert said[-1][0] in ("What was hard?", "The next one.")
        if stop == "read":
            await read.click()
        else:
            await lab.kernel(stop)
        await lab.page.wait_for_function("() => spoken.at(-1) === 'cancel'")
        if stop != "box.close()":
            await expect(read).to_have_attribute("aria-pressed", "false")
    await expect(read).to_have_count(0)


async def test_where_the_browser_cannot_speak_there_are_no_buttons_for_it(lab: Lab) -> None:
    await lab.page.add_init_script(NO_SPEECH)
    field = await begin(lab)
    await lab.kernel("box.spoken = 'Tell me more.'; box.value = 'typed'")
    await expect(field).to_have_value("typed")
    await expect(lab.page.locator(".mm-composer button:visible")).to_have_count(1)
    await field.press("Control+Enter")
    await expect_python(lab, "sent", ["typed"])
    assert lab.errors == []


async def test_the_box_takes_the_focus_from_its_own_panel_alone(lab: Lab) -> None:
    await begin(lab, BESIDE, "elsewhere")
    await lab.run_cell(1)
    field = lab.page.locator(".mm-composer textarea").nth(1)
    editor = lab.page.locator(".jp-Cell .cm-content").nth(2)
    await editor.click()
    await lab.kernel("box.focus()")
    await lab.page.keyboard.type("x")
    await expect(editor).to_have_text(re.compile("x"))
    await lab.page.get_by_role("button", name="Start", exact=True).click()
    await lab.kernel("box.focus()")
    await expect(field).to_be_focused()
    await field.evaluate("field => field.blur()")
    await lab.kernel("box.focus()")
    await expect(lab.page.locator(".mm-composer textarea:focus")).to_have_count(1)


async def test_the_box_fits_a_narrow_page_grows_with_its_text_and_speaks_chinese(lab: Lab) -> None:
    await lab.page.add_init_script(RECOGNITION + SYNTHESIS)
    field = await begin(lab)
    await lab.page.set_viewport_size({"width": 400, "height": 800})
    await lab.page.evaluate("() => jupyterapp.shell.collapseLeft()")
    await lab.kernel("box.language = 'zh'; box.spoken = '请介绍一下。'")
    for name in ("语音输入", "朗读", "发送"):
        await expect(lab.page.get_by_role("button", name=name, exact=True)).to_be_visible()
    root = lab.page.locator(".mm-composer")
    assert await root.evaluate("el => el.scrollWidth <= el.clientWidth")
    heights = []
    for count in (0, 8, 200):
        await field.fill("一行\n" * count)
        heights.append(await field.evaluate("field => field.offsetHeight"))
    assert heights == sorted(set(heights))
    assert heights[-1] <= 0.41 * 800
    assert await field.evaluate("field => field.scrollHeight > field.clientHeight")
    await field.focus()
    order = []
    for _ in range(3):
        await lab.page.keyboard.press("Tab")
        order.append(await lab.page.evaluate("document.activeElement.textContent"))
    assert [text[:2] for text in order] == ["语音", "朗读", "发送"]


async def test_a_kernel_that_is_gone_is_said_and_the_text_stays(lab: Lab) -> None:
    field = await begin(lab)
    await field.fill("an answer")
    await expect_python(lab, "box.value", "an answer")
    await lab.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    await field.press("Control+Enter")
    await lab.wait_text("The kernel does not answer", ".mm-composer-note")
    await expect(field).to_have_value("an answer")
