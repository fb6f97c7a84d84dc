"""The feedback while it grows, as it stands, and afterwards: second answers, questions, and all after a load."""

from __future__ import annotations

import asyncio
import json
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ipywidgets.widgets import widget

from mockmate_nb import LLM, Interview, aio
from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.interview.history import History, open_history
from mockmate_nb.interview.limits import Limits
from mockmate_nb.interview.session import TurnReader
from mockmate_nb.llm import sdk
from mockmate_nb.streams.log import EventLog
from mockmate_nb.view import feedback_view
from mockmate_nb.view.ask_about import suggestions
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.feedback_html import feedback_html
from mockmate_nb.view.feedback_view import FeedbackView
from mockmate_nb.view.feedback_words import say
from mockmate_nb.view.growing import Growing
from mockmate_nb.view.twin import plain
from mockmate_nb.wire.events import Done, FeedbackChunk, InterviewComplete, Stopped
from tests.interview.scripted import ANSWER, Scripted, setup
from tests.view.feedbacks import SCORES, STRONG, Skeleton, feedback
from tests.view.panels import soon

HOSTILE = tomllib.loads((Path(__file__).parents[1] / "cases" / "hostile.toml").read_text("utf-8"))["payload"]
REPLY = {
    name: {"quote": "I profiled the consumer", "score": score, "why": "Steps are named."}
    for name, score in SCORES.items()
}
ASKED = ["Think back to a slipping date.", "What makes a Friday safe?"]


@pytest.fixture
def history() -> Iterator[History]:
    opened = open_history("memory:")
    yield opened
    opened.close()


@pytest.fixture
def hold(log: EventLog, history: History) -> Iterator[Callable[..., Interview]]:
    """An interview of one answer, whose feedback comes next."""
    made: list[Interview] = []

    def held(llm: LLM | None = None, answer: str = ANSWER, **changes: Any) -> Interview:
        plan = setup(question_count=2, **changes)
        interview = Interview(plan, llm or LLM("practice", pace=0), log=log, history=history)
        made.append(interview)
        aio.run(interview.start())
        aio.run(interview.respond(answer))
        return interview

    yield held
    for interview in made:
        aio.run(interview.aclose())


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> tuple[LLM, Scripted]:
    """A model on this machine that follows a script, with questions at first; no port is opened."""
    monkeypatch.setenv("RETRY_TIMES", "0")
    monkeypatch.setattr(Limits, "breach", lambda *_, **__: None)

    transport, connect = Scripted(["say Why do streams resume?"]), sdk.connect

    def connected(base_url: str, key: str, **more: Any) -> Any:
        return connect(base_url, key, **{**more, "transport": transport})

    monkeypatch.setattr("mockmate_nb.llm.client.sdk.connect", connected)
    return LLM(base_url="http://127.0.0.1:9/v1", api_key="k", model="judge-7b"), transport


async def judged(view: FeedbackView, interview: Interview) -> None:
    """As the panel does: the feedback's turn."""
    reader = interview.end()
    await reader.launch()
    view.show(interview)
    async for event in reader:
        view.grow(event)
    view.show(interview)


async def after(view: FeedbackView, interview: Interview, reader: TurnReader) -> None:
    """As the panel does: what comes after it."""
    await reader.launch()
    view.show(interview)
    async for event in reader:
        view.live(event)
    view.show(interview)


def told(interview: Interview) -> FeedbackView:
    view = FeedbackView()
    aio.run(judged(view, interview))
    return view


def seen(part: Any) -> bool:
    return bool(part.layout.display != "none")


def changes(part: Any) -> list[str]:
    found: list[str] = []
    part.observe(lambda change: found.append(change["new"]), "value")
    return found


def chunks(**paths: str) -> list[FeedbackChunk]:
    return [FeedbackChunk(path=path.replace("__", "."), content=text) for path, text in paths.items()]


def test_there_is_nothing_before_the_feedback(hold: Callable[..., Interview]) -> None:
    view = FeedbackView()
    view.show(hold())
    assert view.value == ""
    assert not [part for part in (view.row, view.again, view.ask) if seen(part)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_by_the_rules_the_page_comes_at_once(hold: Callable[..., Interview], language: Language) -> None:
    interview = hold(language=language, answer=STRONG[language])
    view = FeedbackView()
    grown, pages = changes(view.growing), changes(view.page)
    aio.run(judged(view, interview))
    assert interview.feedback
    assert (grown, pages) == ([], [feedback_html(interview.feedback)])
    assert seen(view.row)
    assert [door.description for door in view.doors.values()] == [
        say(language, "again"),
        say(language, "ask"),
    ]
    assert not seen(view.again)
    assert not seen(view.ask)
    for _ in range(3):
        view.show(interview)
    assert len(pages) == 1, "the same feedback is sent once: what is unfolded stays so"
    view.show(None)
    assert view.value == ""
    assert not seen(view.row)


def test_a_models_scores_fill_the_table(
    hold: Callable[..., Interview], judge: tuple[LLM, Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback_view, "GAP", 0.0)
    llm, model = judge
    interview, view = hold(llm), FeedbackView()
    model.script = [f"say {json.dumps(REPLY)}"]
    grown = changes(view.growing)
    aio.run(judged(view, interview))
    points = [plain(each).count("●") for each in grown if each]
    assert points == sorted(points), "it fills, and nothing is taken back"
    assert points[-1] > points[0]
    assert grown[-1] == "", "the whole feedback takes its place"
    assert "judge-7b" in plain(view.value)
    assert "Steps are named." in plain(view.value)


def test_a_growing_feedback_sends_at_most_four_pictures_a_second_and_the_last_one() -> None:
    view = FeedbackView()
    grown = changes(view.growing)
    began = time.monotonic()
    for number in range(600):
        view.grow(FeedbackChunk(path="questions.0.judgement.model", content=f"{number} "))
    took = time.monotonic() - began
    assert soon(lambda: "599" in grown[-1])
    assert len(grown) <= 2 + took / feedback_view.GAP


@pytest.mark.parametrize(
    ("said", "present", "absent"),
    [
        (chunks(summary="Well."), [], ["What makes", "Well."]),
        (
            chunks(questions__0__overall="3.2", questions__0__judgement__model="m7"),
            ["m7", "3.2 / 5", "reads"],
            [],
        ),
        (
            chunks(
                questions__0__dimensions__layers__score="2",
                questions__0__judgement__dimensions__layers__score="4",
                questions__0__judgement__dimensions__layers__why="Named.",
            ),
            ["Layers ●●○○○ 2 ●●●●○ 4 Named."],
            [],
        ),
        (chunks(questions__0__judgement__model="m", questions__1__overall="2"), ["2 / 5 waits"], []),
        (
            chunks(questions__0__judgement__state="not_scored", questions__0__judgement__reason="No reply."),
            ["No reply.", "Model not scored"],
            ["Layers"],
        ),
        (chunks(questions__0__judgement__overall="4.2"), ["Model 4.2"], []),
        (chunks(questions__0__judgement__dimensions__layers__score="<b>9"), ["Layers"], ["<b>9", "●"]),
        (chunks(questions__0__overall="nonsense", questions__0__judgement__model="m"), ["not scored"], []),
    ],
)
def test_what_has_come_is_shown(said: list[FeedbackChunk], present: list[str], absent: list[str]) -> None:
    growing = Growing()
    for chunk in said:
        growing.take(chunk.path, chunk.content)
    shown = plain(growing.html(ASKED, "en"))
    assert [text for text in present if text not in shown] == []
    assert [text for text in absent if text in shown] == []


def test_what_follows_at_a_path_is_added() -> None:
    growing = Growing()
    for piece in ("qw", "en"):
        growing.take("questions.0.judgement.model", piece)
    assert "qwen" in growing.html(ASKED, "en")


def test_a_feedback_that_broke_off_says_so_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback_view, "GAP", 0.0)
    view = FeedbackView()
    view.grow(FeedbackChunk(path="questions.0.judgement.model", content="first"))
    view.grow(Stopped(partial=""))
    assert "broke off" in view.growing.value
    view.grow(FeedbackChunk(path="questions.0.judgement.model", content="second"))
    assert "firstsecond" not in view.growing.value
    assert "broke off" not in view.growing.value
    view.grow(InterviewComplete(session_id="s", feedback=feedback()))
    assert (view.growing.value, view.value) == ("", feedback_html(feedback()))


def test_a_stopped_judgement_can_be_judged_anew(
    hold: Callable[..., Interview], judge: tuple[LLM, Scripted]
) -> None:
    llm, model = judge
    interview, view = hold(llm), FeedbackView()
    model.script = ["hang", f"say {json.dumps(REPLY)}"]

    async def stopped() -> None:
        task = asyncio.ensure_future(judged(view, interview))
        while "reads" not in view.growing.value:
            await asyncio.sleep(0.005)
        await interview.stop()
        await task

    aio.run(stopped())
    assert interview.feedback is None
    assert "broke off" in view.growing.value
    assert view.value == ""

    async def again() -> None:
        reader = interview.retry()
        await reader.launch()
        view.show(interview)
        async for event in reader:
            view.grow(event)
        view.show(interview)

    aio.run(again())
    assert "Steps are named." in view.value
    assert view.growing.value == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_about_it_streams_into_the_thread(
    hold: Callable[..., Interview], language: Language
) -> None:
    interview = hold(language=language, answer=STRONG[language])
    view = told(interview)
    asked: list[str] = []
    view.on_explain(asked.append)
    button = view.ask.suggested[0]
    button.click()
    assert asked == [say(language, "ask_why")]
    view.ask.line.value = asked[0]
    aio.run(after(view, interview, interview.explain(asked[0])))
    shown, bubble = view.ask.thread.children
    assert asked[0] in shown.value
    assert (bubble.text, bubble.state) == (interview.asides[0].text, "complete")
    assert bubble.text
    assert bubble.status == say(language, "explained_rules")
    assert view.ask.line.value == "", "what was asked leaves the line"
    aio.run(after(view, interview, interview.explain("...")))
    assert len(view.ask.thread.children) == 4, "the thread stays"


def test_enter_sends_the_line_and_a_blank_one_is_not_sent(
    hold: Callable[..., Interview], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockmate_nb.view.ask_about.DOUBLE", 60)
    view = told(hold())
    asked: list[str] = []
    view.on_explain(asked.append)
    for text in ("  ", "So?"):
        view.ask.line.value = text
        view.ask.line._handle_custom_msg({"event": "submit"}, [])
    view.ask.ask.click()
    assert asked == ["So?"], "and the second half of a double press is none"


def test_a_question_names_the_answer_that_it_is_about(hold: Callable[..., Interview]) -> None:
    view = told(hold())
    view._put(feedback())
    view.ask.show(feedback(), ())
    asked: list[str] = []
    view.on_explain(asked.append)
    assert view.ask.about.value == 0, "the whole interview, until a person chooses a question"
    assert [button.description for button in view.ask.suggested][1:] == [
        "What should I practise next?",
        "How would you have answered question 2?",
    ]
    view.ask.suggested[0].click()
    view.ask.about.value = 2
    view.ask.suggested[0].click()
    texts = ["What now?", "Why only that for trade-off in question 1?", "And the last one?"]
    for text in texts:
        view.ask.line.value = text
        view.ask.ask.click()
    assert asked == ["Why this score?", "Question 2: Why this score?", "Question 2: What now?", *texts[1:]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_suggestions_fit_the_answer(language: Language) -> None:
    strong, weak, none = feedback(language)["questions"]
    apart = strong["dimensions"][strong["differ"][0]]["label"]
    assert say(language, "ask_differ_of", label=apart) in suggestions(strong, language)
    assert suggestions(weak, language)[2:] == [say(language, "ask_answer")]
    assert suggestions(none, language) == [say(language, "ask_why_none"), say(language, "ask_answer")]


def test_an_explanation_can_be_stopped(hold: Callable[..., Interview]) -> None:
    interview = hold()
    view = told(interview)
    interview.llm.pace = 30
    stops: list[int] = []
    view.on_stop(lambda: stops.append(1))

    async def stopped() -> None:
        task = asyncio.ensure_future(after(view, interview, interview.explain("Why?")))
        while not view.ask.thread.children or not view.ask.thread.children[-1].text:
            await asyncio.sleep(0.005)
        assert seen(view.ask.stop)
        assert view.ask.ask.disabled
        view.ask.stop.click()
        await interview.stop()
        await task

    aio.run(stopped())
    assert stops == [1]
    assert view.ask.thread.children[-1].state == "stopped"
    assert not seen(view.ask.stop)
    assert not view.ask.ask.disabled


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_second_answer_stands_beside_the_first(hold: Callable[..., Interview], language: Language) -> None:
    weak = {"en": "I told them it was late.", "zh": "我告诉他们会晚一点。"}[language]
    interview = hold(language=language, answer=weak)
    view = told(interview)
    sent: list[tuple[int, str]] = []
    view.on_again(lambda which, text: sent.append((which, text)))
    for text in (" ", STRONG[language]):
        view.again.box.value = text
        view.again.box._handle_custom_msg({"type": "send", "text": text}, [])
    assert sent == [(1, STRONG[language])]
    assert interview.feedback
    assert interview.feedback["questions"][0]["question"] in plain(view.again.prompt.value)
    aio.run(after(view, interview, interview.answer_again(*sent[0])))
    (card,) = view.again.results.children
    result = interview.asides[0].result
    assert result
    for text in (weak, STRONG[language], result["compared"]["summary"]):
        assert text in plain(card.value)
    assert view.again.box.value == "", "what is kept leaves the box"
    assert view.again.note.value == ""
    aio.run(after(view, interview, interview.answer_again(1, weak)))
    assert view.again.results.children[1] is card, "the latest stands first, the others stay"


def test_a_second_answer_that_was_not_judged_is_in_the_box_again(
    hold: Callable[..., Interview], monkeypatch: pytest.MonkeyPatch
) -> None:
    interview = hold()
    view = told(interview)

    async def breaks(*_: object) -> dict[str, Any]:
        raise OSError("disk <b>full</b>")

    monkeypatch.setattr("mockmate_nb.interview.afterwards.second_attempt", breaks)
    view.again.box.value = "A better one, I hope."
    aio.run(after(view, interview, interview.answer_again(1, "A better one, I hope.")))
    assert view.again.box.value == "A better one, I hope."
    assert "OSError" in view.again.note.value
    assert "<b>full" not in view.again.note.value
    assert view.again.results.children == ()
    view.again.box.value = ""
    view.show(interview)
    assert view.again.box.value == "", "it is given back once"


async def test_all_is_there_after_a_load(
    hold: Callable[..., Interview], log: EventLog, history: History
) -> None:
    interview = await asyncio.to_thread(hold)
    before = await asyncio.to_thread(told, interview)
    await aio.on_worker(after(before, interview, interview.explain("Why this score?")))
    await aio.on_worker(after(before, interview, interview.answer_again(1, STRONG["en"])))
    loaded = await Interview.load(interview.session_id, LLM("practice", pace=0), log=log, history=history)
    view = FeedbackView()
    view.show(loaded)
    assert view.value == before.value
    assert [card.value for card in view.again.results.children] == [
        card.value for card in before.again.results.children
    ]
    texts = [part.text for part in view.ask.thread.children[1::2]]
    assert texts == [part.text for part in before.ask.thread.children[1::2]]
    assert texts[0]
    assert [part.state for part in view.ask.thread.children[1::2]] == ["complete"]
    assert seen(view.again)
    assert seen(view.ask)
    view.doors["ask"].value = False
    view.show(loaded)
    assert not seen(view.ask), "what a person has folded stays so"


def test_no_text_becomes_markup_in_what_came_after(hold: Callable[..., Interview]) -> None:
    hostile = "\n".join(row["text"] for row in HOSTILE)

    def pages(text: str) -> str:
        interview = hold(answer=f"{ANSWER}\n{text}")
        view = told(interview)
        aio.run(after(view, interview, interview.answer_again(1, f"{STRONG['en']}\n{text}")))
        aio.run(after(view, interview, interview.explain(text)))
        cards, asked = view.again.results.children, view.ask.thread.children[0]
        return "".join([view.value, view.again.prompt.value, cards[0].value, asked.value])

    def marks(page: str) -> set[tuple[str, str]]:
        return {(tag, name) for tag, attrs in Skeleton(page).tags for name in ("", *dict(attrs))}

    shown = pages(hostile)
    assert "onerror" in shown
    assert marks(shown) <= marks(pages("So it went.")) | marks(feedback_html(feedback()))


def test_a_closed_view_leaves_no_widget(hold: Callable[..., Interview]) -> None:
    interview = hold()
    before = set(widget._instances)
    view = told(interview)
    aio.run(after(view, interview, interview.explain("Why?")))
    aio.run(after(view, interview, interview.answer_again(1, STRONG["en"])))
    view.live(Done())
    close_whole(view)
    assert set(widget._instances) == before
