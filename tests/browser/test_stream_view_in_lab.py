"""StreamView in a real JupyterLab."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.jupyter import Lab, Theme

SETUP = """
import threading, time
from mockmate_nb.view.stream_view import StreamView

TEXT = "Tell me 你好吗 about é 👩🏽\\u200d🚀 a project مرحبا بالعالم you led.\\\\n"

def chunks(n):
    whole = TEXT * (5 * n // len(TEXT) + 1)
    return [whole[5 * i : 5 * i + 5] for i in range(n)]

def produce(view, n, rate):
    begin = time.perf_counter()
    for i, chunk in enumerate(chunks(n)):
        view.append(chunk)
        if view.state != "streaming":
            return
        time.sleep(max(0, begin + (i + 1) / rate - time.perf_counter()))
    view.finish()

def stream(view, n, rate=1000):
    producer = threading.Thread(target=produce, args=(view, n, rate))
    producer.start()
    return producer

view = StreamView("Interviewer", markdown=False)
view
"""
TEXTS = ".mm-stream-text"
ROOTS = ".mm-stream-bubble"
LENGTHS = """() => {
    window.lengths = [];
    const log = document.querySelector(".mm-stream-text");
    new MutationObserver(() => window.lengths.push(log.textContent.length))
        .observe(log, { childList: true, characterData: true, subtree: true });
}"""


async def begin(lab: Lab, *more: str) -> None:
    await lab.open([SETUP, *more])
    await lab.run_cell(0)
    await expect(lab.page.locator(ROOTS)).to_have_attribute("data-state", "waiting")


async def text_in_python(lab: Lab, view: str = "view") -> str:
    return (await lab.kernel(f"print({view}.text, end='')")).replace("\r", "")


async def expect_state(lab: Lab, state: str, count: int = 1) -> None:
    await expect(lab.page.locator(f'{ROOTS}[data-state="{state}"]')).to_have_count(count, timeout=30_000)


async def texts(lab: Lab) -> list[str]:
    return await lab.page.locator(TEXTS).all_text_contents()


def comm_frames(frames: list[bytes]) -> list[bytes]:
    """Those that carry a widget's own messages; what a kernel says of its being busy names them too."""
    return [frame for frame in frames if b'"comm_msg"' in frame and b'"custom"' in frame]


async def test_text_grows_in_place_in_bytes_that_grow_with_it(lab: Lab) -> None:
    await begin(lab)
    await lab.page.evaluate(LENGTHS)
    sizes = {}
    for n in (500, 2000):
        await lab.kernel("_ = view.start()")
        await expect_state(lab, "waiting")
        lab.received.clear()
        began = time.perf_counter()
        await lab.kernel(f"stream(view, {n}).join()")
        seconds = time.perf_counter() - began
        await expect_state(lab, "complete")
        assert await texts(lab) == [await text_in_python(lab)]
        messages = comm_frames(lab.received)
        assert len(messages) <= 30 * seconds + 3
        sizes[n] = sum(map(len, messages))
    assert len((await texts(lab))[0]) == 10_000
    assert sizes[2000] <= 5 * sizes[500]
    lengths = await lab.page.evaluate("() => window.lengths")
    last = lengths[len(lengths) - lengths[::-1].index(0) :]
    assert last == sorted(last)
    assert len(set(last)) >= 10
    assert lab.errors == []


async def test_a_reload_in_mid_stream_brings_all_back_and_goes_on(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel("producer = stream(view, 100_000, rate=100)")
    await expect_state(lab, "streaming")
    await lab.reload()
    await expect_state(lab, "streaming")
    before = len((await texts(lab))[0])
    assert before > 0
    longer = re.compile(rf"^.{{{before + 50},}}$", re.DOTALL)
    await expect(lab.page.locator(TEXTS)).to_have_text(longer, timeout=30_000)
    await lab.kernel("view.finish(); producer.join()")
    await expect_state(lab, "complete")
    assert await texts(lab) == [await text_in_python(lab)]
    assert lab.errors == []


IN_A_SUBSHELL = """async code => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    if (!kernel.supportsSubshells) return false;
    const { subshell_id } = (await kernel.requestCreateSubshell({}).done).content;
    const there = kernel.clone();
    there.subshellId = subshell_id;
    await there.requestExecute({ code }).done;
    await kernel.requestDeleteSubshell({ subshell_id }).done;
    there.dispose();
    return true;
}"""


async def test_the_page_is_heard_though_the_subshell_that_wrote_is_gone(lab: Lab) -> None:
    await begin(lab)
    if not await lab.page.evaluate(IN_A_SUBSHELL, "view.append('from a callback')"):
        pytest.skip("this kernel has no subshells")
    await expect(lab.page.locator(TEXTS)).to_have_text("from a callback")
    await lab.reload()
    await expect(lab.page.locator(TEXTS)).to_have_text("from a callback", timeout=30_000)
    assert lab.errors == []


async def test_two_views_show_the_same(lab: Lab) -> None:
    await begin(lab, "producer = stream(view, 300)", "view")
    await lab.run_cell(1)
    await lab.run_cell(2)
    await expect_state(lab, "complete", count=2)
    shown = await texts(lab)
    assert shown == 2 * [await text_in_python(lab)]
    assert lab.errors == []


async def test_it_grows_while_its_own_cell_blocks(lab: Lab) -> None:
    blocking = "late = StreamView('Late', markdown=False)\ndisplay(late, view)\n%s\ntime.sleep(6)"
    appends = "for v in late, view:\n    v.append('one '); v.append('two')"
    await begin(lab, blocking % appends)
    await lab.run_cell(1, wait=False)
    await expect(lab.page.locator(TEXTS)).to_have_text(["one two"] * 3, timeout=5_000)
    await expect(lab.page.locator(".jp-Notebook .jp-InputPrompt").nth(1)).to_have_text("[*]:")
    assert lab.errors == []


async def test_late_text_of_a_stopped_run_is_dropped(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel("old = view.start(); view.append('stopped', run=old); view.finish('stopped', run=old)")
    await expect_state(lab, "stopped")
    await expect(lab.page.locator(".mm-stream-note")).to_have_text("Stopped")
    late = "{'type': 'delta', 'run': old, 'offset': %s, 'text': ' late'}"
    await lab.kernel(f"new = view.start(); view.append(' late', run=old); view.send({late % 0})")
    await lab.kernel(f"view.append('new', run=new); view.append(' late', run=old); view.send({late % 3})")
    await lab.kernel("view.send({'type': 'finish', 'run': old, 'length': 3, 'crc32': 0, 'state': 'failed'})")
    await lab.kernel("view.append(' text', run=new); view.finish(run=new)")
    await expect_state(lab, "complete")
    assert await texts(lab) == ["new text"]
    assert lab.errors == []


async def test_lost_messages_are_asked_for(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel(
        "real, seen = view.send, []\n"
        "def lossy(message):\n"
        "    seen.append(message)\n"
        "    if len(seen) % 3 or 'answer' in message: real(message)\n"
        "view.send = lossy"
    )
    await lab.kernel("stream(view, 400).join()")
    await expect_state(lab, "complete")
    assert await texts(lab) == [await text_in_python(lab)]
    assert any(b'"resync"' in frame for frame in comm_frames(lab.sent))
    assert lab.errors == []


HOSTILE = (
    '<img src=x onerror="window.hurt = 1">',
    "<script>window.hurt = 1</script>",
    "</div></div><style>* { display: none }</style>",
    "[link](javascript:window.hurt=1) $100 to $200 &lt;b&gt;",
)


async def test_hostile_text_is_shown_as_text(lab: Lab) -> None:
    await begin(lab)
    for hostile in HOSTILE:
        await lab.kernel(f"view.start(); view.label = {hostile!r}\nfor c in {hostile!r}: view.append(c)")
        await expect(lab.page.locator(TEXTS)).to_have_text(hostile)
        await expect(lab.page.locator(".mm-stream-label")).to_have_text(hostile)
        await expect(lab.page.locator(f"{ROOTS} :is(img, script, style, a, b)")).to_have_count(0)
        attributes = await lab.page.locator(ROOTS).evaluate(
            "root => [root, ...root.querySelectorAll('*')].flatMap(e => [...e.attributes].map(a => a.value))"
        )
        assert not any(hostile[:8] in value for value in attributes)
    assert await lab.page.evaluate("() => window.hurt") is None
    assert lab.errors == []


async def test_a_screen_reader_hears_the_text_when_it_is_whole(lab: Lab) -> None:
    await begin(lab)
    log = lab.page.get_by_role("log", name="Interviewer")
    await expect(log).to_have_attribute("aria-live", "polite")
    await lab.kernel("view.append('你好')")
    await expect(log).to_have_attribute("aria-busy", "true")
    cursor = log.locator("[aria-hidden=true]")
    await expect(cursor).to_have_count(1)
    await lab.kernel("view.language = 'zh'; view.finish('failed')")
    await expect(log).to_have_attribute("aria-busy", "false")
    await expect(cursor).to_have_count(0)
    await expect(lab.page.locator(".mm-stream-note")).to_have_text("已中断")
    await expect(lab.page.locator(ROOTS)).to_have_attribute("lang", "zh")
    assert lab.errors == []


async def test_dots_show_that_it_thinks_and_the_cursor_goes_a_moment_after_the_end(lab: Lab) -> None:
    await begin(lab)
    thinking = lab.page.locator(".mm-stream-thinking")
    await expect(thinking).to_be_visible()
    await expect(thinking).to_have_text("thinking")
    await lab.kernel("view.time = '14:05'; view.status = 'a quiet line'; view.append('Hello.')")
    await expect(thinking).to_be_hidden()
    await expect(lab.page.locator(".mm-stream-cursor")).to_have_count(1)
    height = await lab.page.locator(ROOTS).first.evaluate("bubble => bubble.offsetHeight")
    await lab.kernel("view.finish()")
    await expect(lab.page.locator(".mm-stream-cursor")).to_have_count(0)
    assert await lab.page.locator(ROOTS).first.evaluate("bubble => bubble.offsetHeight") == height
    await expect(lab.page.locator(".mm-stream-time").first).to_have_text("14:05")
    await expect(lab.page.locator(".mm-stream-status").first).to_have_text("a quiet line")
    assert lab.errors == []


async def test_each_paragraph_has_its_own_direction(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel("view.append('Left\\n')")
    await lab.kernel("view.append('مرحبا')\nview.finish()")
    await expect_state(lab, "complete")
    sides = await lab.page.locator(TEXTS).evaluate(
        """log => [0, 5].map(at => {
            const letter = document.createRange();
            letter.setStart(log.querySelector(".mm-stream-block").firstChild, at);
            letter.setEnd(log.querySelector(".mm-stream-block").firstChild, at + 1);
            const [inner, outer] = [letter, log].map(e => e.getBoundingClientRect());
            return inner.right < outer.left + outer.width / 2 ? "left" : "right";
        })"""
    )
    assert sides == ["left", "right"]


CONTRAST = """selector => {
    const rgb = color => color.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b]
        .map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const element = document.querySelector(selector);
    const back = rgb(getComputedStyle(document.querySelector(".mm-stream-bubble")).backgroundColor);
    const [r, g, b, alpha = 1] = rgb(getComputedStyle(element).color);
    const front = [r, g, b].map((c, i) => alpha * c + (1 - alpha) * back[i]);
    const [low, high] = [light(front), light(back)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}"""


async def test_it_can_be_read_in_both_themes(lab: Lab, tmp_path: Path) -> None:
    await begin(lab)
    await lab.kernel("view.append('Tell me about a project you led.'); view.finish('failed')")
    await expect_state(lab, "failed")
    pictures = []
    themes: tuple[Theme, ...] = ("light", "dark")
    for theme in themes:
        await lab.theme(theme)
        for selector, least in ((TEXTS, 7.0), (".mm-stream-label", 4.5), (".mm-stream-note", 4.5)):
            assert await lab.page.evaluate(CONTRAST, selector) >= least, (theme, selector)
        await lab.screenshot(tmp_path / f"{theme}.png", ROOTS)
        pictures.append((tmp_path / f"{theme}.png").read_bytes())
    assert pictures[0] != pictures[1]
    assert lab.errors == []


RICH = """# What a stream is

Text that **arrives in pieces**, each piece a _delta_. It costs from $100 to $200 a month, and:

- the first piece counts most;
- the last one must not be lost.

```python
async for delta in stream:
    view.append(delta)  # grows in place
```

| hop | from | to |
|---|---|---:|
| 1 | model | 300 ms |
| 3 | kernel | 20 ms |

\\[ \\mathrm{TPOT} = \\frac{e - t}{n - 1} \\]
"""


async def test_rich_text_is_a_pleasure_to_read_in_both_themes(lab: Lab, shots: Path) -> None:
    await begin(lab, "rich = StreamView('Interviewer'); rich")
    await lab.run_cell(1)
    await lab.kernel(f"view.close(); rich.append({RICH!r}); rich.finish()")
    await expect_state(lab, "complete")
    for selector in ("li", "table", "pre .mm-k", "math", ".mm-stream-copy"):
        await expect(lab.page.locator(f"{ROOTS} {selector}").first).to_be_visible()
    await expect(lab.page.locator(ROOTS).first).to_contain_text("from $100 to $200 a month")
    themes: tuple[Theme, ...] = ("dark", "light")
    for theme in themes:
        await lab.theme(theme)
        await lab.screenshot(shots / f"markdown-{theme}.png", ROOTS)
    assert lab.errors == []
