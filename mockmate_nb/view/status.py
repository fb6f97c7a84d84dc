"""What stands below a turn and below the conversation, in words. Pure."""

from __future__ import annotations

from datetime import datetime

from mockmate_nb.interview.asking import LIMITS
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.limits import Breach
from mockmate_nb.interview.machine import State, Turn, TurnState
from mockmate_nb.interview.question import CLOSING
from mockmate_nb.interview.session import Interview
from mockmate_nb.llm.client import LLM
from mockmate_nb.view.words import provider_label, word

BETWEEN = " · "
BREACHES = frozenset(breach.value for breach in Breach)


def clock(at: float | None) -> str:
    """The time of day of a moment in seconds since the epoch, as on the wall; empty where it is not known."""
    return "" if at is None else f"{datetime.fromtimestamp(at).astimezone():%H:%M}"


def waited(seconds: float, language: Language) -> str:
    """The time to the first character."""
    short = seconds < 1
    return word(language, "ttft_short" if short else "ttft", seconds=seconds * (1e3 if short else 1))


def turn_line(turn: Turn, llm: LLM, language: Language) -> str:
    """Below a question: time to first character, rate, tokens, model, and whose words they are."""
    parts = []
    if (measured := turn.measured) is not None:
        first, said = measured.ttft, measured.characters
        if first is not None:
            parts.append(waited(first, language))
            if measured.seconds > first and said > 1 and turn.source == "model":
                parts.append(word(language, "rate", rate=(said - 1) / (measured.seconds - first)))
        if measured.tokens is not None:
            name = "tokens_about" if measured.estimated else "tokens_said"
            parts.append(word(language, name, count=measured.tokens))
        offline = llm.is_practice and measured.model == llm.model
        parts.append(word(language, "offline") if offline else measured.model)
    if turn.source == "bank":
        parts.append(word(language, "bank_wording"))
    return BETWEEN.join(parts)


def turn_note(turn: Turn, language: Language) -> str:
    """Why a question is not what the model streamed, where it is not."""
    if not turn.note or turn.state is TurnState.FAILED:
        return ""
    kind, _, said = turn.note.partition(": ")
    if kind == LIMITS and said in BREACHES:
        return word(language, "limits", why=word(language, f"breach_{said}"))
    why = "bank" if turn.source == "bank" else turn.via or "failed"
    return f"{word(language, why)} ({said or turn.note})"


def panel_line(interview: Interview, language: Language) -> str:
    """Below the conversation: the question's number, what happens now, and who words the questions."""
    turn, model = interview.turns[-1] if interview.turns else None, interview.llm
    said = turn is not None and bool(turn.text)
    stopped = "stopped_feedback" if interview.judging else "stopped" if said else "early"
    name = {State.ASKING: "asking" if said else "thinking", State.STOPPED: stopped}
    lines = [word(language, name.get(interview.state, interview.state.value))]
    if turn is not None and not interview.judging:
        at = sum(each.gap is None for each in interview.turns)
        place = "place" if turn.gap is None else "place_probe"
        place = "place_closing" if turn.question_id == CLOSING else place
        lines.insert(0, word(language, place, at=at, of=interview.setup.question_count))
        lines.append(turn_note(turn, language))
    if model.is_practice:
        lines.append(word(language, "practice"))
    else:
        lines.append(f"{provider_label(model.settings, language)}: {model.model}. {model.warning}")
    return word(language, "space").join(filter(None, lines))


def broken(message: str, partial: str, language: Language) -> tuple[str, str]:
    """A broken turn: what happened and what was kept, then what to press."""
    kept = word(language, "kept", count=len(partial)) if partial else word(language, "kept_nothing")
    return f"{message.rstrip()} {kept}", word(language, "press_some" if partial else "press_none")
