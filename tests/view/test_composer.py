"""The answer box, its page played by a fake one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from traitlets import TraitError

from mockmate_nb.view.composer import Composer
from mockmate_nb.view.esm import STATIC

HINT = {"name": "/hint", "summary": "Show a hint"}


class Page:
    """What a page knows of the box, and what it says to it."""

    def __init__(self, box: Composer) -> None:
        self.box = box
        self.state: dict[str, Any] = box.get_state()
        self.heard: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []

    def take(self, message: dict[str, Any], buffers: object = None) -> None:
        if message["method"] == "custom":
            self.heard.append(message["content"])
        else:
            self.updates.append(message["state"])
            self.state |= message["state"]

    def say(self, kind: str, **content: object) -> None:
        self.box._handle_custom_msg(
            {"type": kind, "revision": self.state["revision"], "page": "p", "count": 7} | content, []
        )


@pytest.fixture
def box() -> Iterator[Composer]:
    made = Composer()
    yield made
    made.close()


@pytest.fixture
def page(box: Composer, monkeypatch: pytest.MonkeyPatch) -> Page:
    made = Page(box)
    monkeypatch.setattr(box, "_send", made.take)
    return made


def test_a_draft_is_the_boxs_value_and_does_not_come_back_as_a_set(box: Composer, page: Page) -> None:
    seen: list[str] = []
    box.observe(lambda change: seen.append(change["new"]), "value")
    for text in ("I", "I led", "", "我负责"):
        page.say("draft", text=text)
    assert (box.value, box.revision, page.updates) == ("我负责", 0, [])
    assert seen == ["I", "I led", "", "我负责"]
    assert page.heard[-1] == {"type": "draft", "text": "我负责", "page": "p", "count": 7}


def test_a_reload_finds_the_draft(box: Composer, page: Page) -> None:
    page.say("draft", text="I led")
    assert Page(box).state["value"] == "I led"


@pytest.mark.parametrize(
    ("told", "act", "value"),
    [
        ("typed", lambda box: box.clear(), ""),
        ("", lambda box: box.clear(), ""),
        ("typed", lambda box: setattr(box, "value", "set"), "set"),
        ("", lambda box: setattr(box, "value", "set"), "set"),
    ],
)
def test_what_python_sets_is_a_new_revision_and_older_drafts_are_dropped(
    box: Composer, page: Page, told: str, act: Any, value: str
) -> None:
    page.say("draft", text=told)
    act(box)
    assert (box.value, page.state["value"], page.state["revision"]) == (value, value, 1)
    page.say("draft", text="typed before Python's word arrived", revision=0)
    assert box.value == value
    assert page.heard[-1]["text"] == value
    page.say("draft", text="typed after it")
    assert (box.value, box.revision) == ("typed after it", 1)


def test_setting_what_the_page_has_said_is_no_new_revision(box: Composer, page: Page) -> None:
    page.say("draft", text="same")
    box.value = "same"
    assert (box.revision, page.updates) == (0, [])


def test_send_carries_its_own_text_once_and_is_answered(box: Composer, page: Page) -> None:
    sent: list[tuple[str, str, int]] = []
    box.on_send(lambda text: sent.append((text, box.value, len(page.heard))))
    for text in ("not told before", "", "  \n"):
        page.say("send", text=text)
    assert sent == [("not told before", "not told before", 0), ("", "", 1), ("  \n", "  \n", 2)]
    assert page.heard == 3 * [{"type": "heard", "page": "p"}]


def test_a_callback_may_clear_the_box(box: Composer, page: Page) -> None:
    box.on_send(lambda _: box.clear())
    page.say("send", text="answer")
    assert (box.value, page.state["value"], page.state["revision"]) == ("", "", 1)


def test_a_send_that_names_no_revision_is_taken(box: Composer, page: Page) -> None:
    box.value = "before"
    box._handle_custom_msg({"type": "send", "text": "answer"}, [])
    assert box.value == "answer"


def test_commands_come_by_name_and_leave_the_text_alone(box: Composer, page: Page) -> None:
    ran: list[str] = []
    box.on_command(ran.append)
    box.commands = [HINT]
    page.say("draft", text="/fo")
    for name in ("/hint", "/foo"):
        page.say("command", name=name)
    assert (ran, box.value, page.state["commands"]) == (["/hint", "/foo"], "/fo", [HINT])


def test_focus_asks_the_page(box: Composer, page: Page) -> None:
    box.focus()
    assert page.heard == [{"type": "focus"}]


@pytest.mark.parametrize(
    "content", [None, [], "send", {}, {"type": "send"}, {"type": "send", "text": 3}, {"type": "command"}]
)
def test_what_is_no_message_does_nothing(box: Composer, page: Page, content: object) -> None:
    box.on_send(lambda _: pytest.fail("it was heard"))
    box.on_command(lambda _: pytest.fail("it was heard"))
    box._handle_custom_msg(content, [])
    assert page.heard == []


@pytest.mark.parametrize(
    ("trait", "value"), [("language", "de"), ("commands", [{"name": 3}]), ("commands", ["/hint"])]
)
def test_what_cannot_be_shown_is_refused(box: Composer, trait: str, value: object) -> None:
    with pytest.raises(TraitError):
        setattr(box, trait, value)


def test_drafts_and_sets_from_two_threads_end_in_one_state(box: Composer, page: Page) -> None:
    def write() -> None:
        for i in range(300):
            page.say("draft", text=f"typed {i}", revision=box.revision)

    writer = threading.Thread(target=write)
    writer.start()
    for i in range(300):
        box.value = f"set {i}"
    writer.join()
    box.clear()
    assert (box.value, page.state["value"]) == ("", "")
    assert page.state["revision"] == box.revision
    page.say("draft", text="typed after it")
    assert box.value == "typed after it"


def test_its_stored_output_says_nothing_of_the_draft(box: Composer) -> None:
    box.value = "the secret answer"
    bundle = box._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/plain"] == repr(box) == "Composer()"


def test_python_and_the_page_use_the_same_words() -> None:
    source = "".join(path.read_text("utf-8") for path in STATIC.glob("composer*.js"))
    used = set(re.findall(r'get\("(\w+)"\)', source))
    assert used == {
        name for name, trait in Composer.class_traits(sync=True).items() if trait.this_class is Composer
    }


def test_both_languages_have_every_word() -> None:
    source = (STATIC / "composer_parts.js").read_text("utf-8")
    english, chinese = (
        re.findall(
            r"^    (\w+): \"", source.partition(f"  {language}: {{")[2].partition("\n  },")[0], re.MULTILINE
        )
        for language in ("en", "zh")
    )
    assert english == chinese
    assert len(english) > 10


def test_the_rules_without_a_page() -> None:
    node = shutil.which("node")
    if node is None:
        assert not os.environ.get("CI"), "node is missing"
        pytest.skip("node is not installed")
    script = Path(__file__).with_name("composer.test.mjs")
    done = subprocess.run([node, "--test", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
