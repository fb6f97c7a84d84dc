"""The plain twin of an interview as the panel shows it. Pure."""

from __future__ import annotations

import re

from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.machine import Turn
from mockmate_nb.interview.session import Interview
from mockmate_nb.view.feedback_html import feedback_html
from mockmate_nb.view.markdown import render
from mockmate_nb.view.status import clock, turn_line
from mockmate_nb.view.twin import Bubble, Twin, conversation_twin
from mockmate_nb.view.words import word

PICTURE = re.compile(r'<figure class="mockmate-radar">.*?</figure>', re.DOTALL)


def panel_twin(interview: Interview | None, language: Language, *, figures: bool = True) -> Twin:
    """What was asked and answered, with the feedback if there is one; before the start, that nothing was yet."""
    if interview is None:
        return conversation_twin(
            word(language, "title"), [], language=language, notice=word(language, "not_begun")
        )
    bubbles = [bubble for turn in interview.turns for bubble in _bubbles(turn, interview, figures=figures)]
    return conversation_twin(
        word(language, "title"),
        bubbles,
        language=language,
        feedback_html=_plain_feedback(interview),
        notice=word(language, "practice") if interview.llm.is_practice else "",
    )


def _plain_feedback(interview: Interview) -> str:
    """Without pictures: a notebook that is not trusted loses their lines and keeps their words, in a heap."""
    if interview.feedback is None:
        return ""
    return PICTURE.sub("", feedback_html(interview.feedback, interview.asides))


def _bubbles(turn: Turn, interview: Interview, *, figures: bool) -> list[Bubble]:
    language = interview.setup.language
    asked = Bubble(
        turn.text,
        word(language, "interviewer"),
        clock(turn.asked_at) if figures else "",
        turn.state.value,
        turn_line(turn, interview.llm, language) if figures else "",
        language,
        render=render,
    )
    if turn.answer is None and not turn.skipped:
        return [asked]
    said = turn.answer if turn.answer is not None else word(language, "skipped")
    time = clock(turn.answered_at) if figures else ""
    return [asked, Bubble(said, word(language, "you"), time, language=language, mine=True)]
