"""The lines that begin with a slash, and what the answer box offers and says in each state."""

from __future__ import annotations

from functools import partial

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.session import Interview
from mockmate_nb.view.composer import Composer
from mockmate_nb.view.controls import may_answer
from mockmate_nb.view.status import panel_line
from mockmate_nb.view.words import word

COMMANDS = ("hint", "answer", "skip", "repeat", "stop", "help")


def reply(name: str, interview: Interview, language: Language) -> str:
    """What `/hint`, `/answer`, `/repeat` and `/help` say; `CallerError` for what is no command."""
    say = partial(word, language)
    names = say("between").join(f"/{each}" for each in COMMANDS)
    match name:
        case "/hint":
            return say("the_hint", text=interview.hint) if interview.hint else say("no_hint")
        case "/answer":
            return interview.model_answer or say("no_hint")
        case "/repeat":
            text = interview.turns[-1].text
            return say("the_question", text=text) if text else panel_line(interview, language)
        case "/help":
            return say("help", names=names)
        case other:
            raise CallerError(say("unknown", name=other[:40], names=names))


def dress(composer: Composer, interview: Interview | None, language: Language) -> None:
    """The answer box as it is to be in the state the interview is in."""
    say, answers = partial(word, language), may_answer(interview)
    composer.language, composer.label = language, say("answer")
    composer.placeholder, composer.send_label = say("answer_hint"), say("send")
    composer.commands = [{"name": f"/{name}", "summary": say(f"cmd_{name}")} for name in COMMANDS]
    composer.enabled = answers
    composer.spoken = interview.turns[-1].text if interview and answers else ""
