"""Of a reply only what is said aloud is shown, however it is cut into deltas."""

from __future__ import annotations

import pytest

from mockmate_nb.interview.spoken import Spoken

CASES = [
    ("What went wrong?", "What went wrong?"),
    ("  \n What went wrong?", "What went wrong?"),
    ("<think>They know Kafka.</think>\n\nWhat went wrong?", "What went wrong?"),
    ("<think></think>What?", "What?"),
    ("<think>a < b and </thin", ""),
    ("<thinking aloud> is a phrase", "<thinking aloud> is a phrase"),
    ("<think>one</think> <think>two</think> What?", "What?"),
    ("<th", "<th"),
    ("What does <think> mean?", "What does <think> mean?"),
    ("", ""),
]


@pytest.mark.parametrize(("reply", "said"), CASES)
@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_thinking_is_left_out(reply: str, said: str, size: int) -> None:
    spoken = Spoken()
    told = "".join(spoken.feed(reply[at : at + size]) for at in range(0, len(reply), size))
    assert told + spoken.close() == said


GOING_ON = [
    (" the end.", " the end."),
    ("the end.", "the end."),
    (" a <think> on", " a <think> on"),
    ("<think>Short.</think>the end.", "the end."),
    (" <think>Short.</think>\n\nthe end.", " the end."),
    ("<think>never closed", ""),
    ("\n", "\n"),
]


@pytest.mark.parametrize(("reply", "said"), GOING_ON)
@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_where_a_reply_goes_on_thinking_is_left_out_and_blanks_are_kept(
    reply: str, said: str, size: int
) -> None:
    resumed, cut = Spoken(begun=True), Spoken()
    assert cut.feed("This is") == "This is"
    cut.again()
    for spoken in (resumed, cut):
        told = "".join(spoken.feed(reply[at : at + size]) for at in range(0, len(reply), size))
        assert told + spoken.close() == said


def test_a_cut_in_mid_thinking_leaves_it_thinking() -> None:
    spoken = Spoken()
    assert spoken.feed("<think>They") == ""
    spoken.again()
    assert spoken.feed(" know.</think> What?") == "What?"


CLOSED_ALONE = [
    ("I keep it short.</think>\nWhat?", "What?"),
    ("It is short.", "It is short."),
    ("A text of more than forty characters, which names </think> late", None),
    ("<think>one</think>two</think>three", "two</think>three"),
]


@pytest.mark.parametrize(("reply", "said"), CLOSED_ALONE)
@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_thinking_that_the_prompt_has_opened_is_left_out_where_it_ends_early(
    reply: str, said: str | None, size: int
) -> None:
    spoken = Spoken(patient=40)
    told = "".join(spoken.feed(reply[at : at + size]) for at in range(0, len(reply), size))
    assert told + spoken.close() == (reply if said is None else said)


def test_long_thinking_is_not_gathered() -> None:
    spoken = Spoken()
    assert spoken.feed("<think>" + "x" * 10**6) == ""
    assert len(spoken._held) < 100
    assert spoken.feed("</think>Now.") == "Now."
