"""The set-up form: a person's texts, the choices, and where the text would go."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import ipywidgets as w

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.interview.reading import read_job
from mockmate_nb.interview.samples import sample
from mockmate_nb.interview.setup import MAX_TEXT, InterviewSetup
from mockmate_nb.llm.chunks import estimate_tokens
from mockmate_nb.llm.client import LLM
from mockmate_nb.view import remembered
from mockmate_nb.view.choices import Choices
from mockmate_nb.view.form_words import say
from mockmate_nb.view.lines import alarm, note
from mockmate_nb.view.model_choice import ModelChoice
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.remembered import Remembered
from mockmate_nb.view.understood import Reader
from mockmate_nb.view.upload import DocumentBox
from mockmate_nb.view.words import word

STYLE = (Path(__file__).parent / "static" / "form.css").read_text("utf-8")
TOKENS_A_QUESTION, WORDS_A_QUESTION = 1200, 200
TOKENS_A_JUDGEMENT, WORDS_A_JUDGEMENT = 1500, 700


class SetupForm(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Gives an `InterviewSetup` and an `LLM`; raises `CallerError` for what cannot be used.

    What is given here wins over what was remembered. A form whose model is given belongs to a notebook: it neither
    remembers nor recalls.
    """

    def __init__(
        self, llm: LLM | None, language: Language | None = None, *, resume: str = "", job: str = ""
    ) -> None:
        self.given = llm
        last = remembered.recall() if llm is None else None
        spoken: Language = language or (last.language if last else "en")
        self.language = w.Dropdown(options=[("English", "en"), ("中文", "zh")], value=spoken)
        self._boxes = DocumentBox("resume", spoken), DocumentBox("job", spoken)
        self.resume, self.job = (box.text for box in self._boxes)
        self._choices, self._model = Choices(spoken), ModelChoice(llm, spoken)
        self._reader = Reader(self._choices.read_level)
        self.format, self.level, self.style = self._choices.format, self._choices.level, self._choices.style
        self.count, self.mode, self.minutes = self._choices.count, self._choices.mode, self._choices.minutes
        self.own = self._choices.own
        self.provider, self.agree, self.destination = (
            self._model.provider,
            self._model.agree,
            self._model.destination,
        )
        self.sample, self.start, self.last = w.Button(), w.Button(button_style="primary"), w.Button()
        self.more = w.ToggleButton()
        self.forget, self.memory = w.Button(), w.HTML()
        self._remembers = llm is None and remembered.keeps()
        self._kept = last is not None
        self._memory = "remembered" if last else "remembering"
        super().__init__(children=self._rows())
        self.add_class("mockmate-form")
        self._fill_from(last, resume, job)
        self._wire()
        self._speak()

    def __repr__(self) -> str:
        return "SetupForm()"

    @property
    def spoken(self) -> Language:
        return cast("Language", self.language.value)

    def setup(self) -> InterviewSetup:
        for name, field, box in (
            ("resume", "resume_summary", self.resume),
            ("job", "job_description", self.job),
        ):
            length, what = len(box.value), self._say(name)
            if not box.value.strip():
                raise CallerError(self._say("empty", what=what), field=field)
            if length > MAX_TEXT:
                fault = word(self.spoken, "too_long", what=what, length=length, limit=MAX_TEXT)
                raise CallerError(fault, field=field)
        self._choices.read_level(read_job(self.job.value).level)  # the reader may still be at it
        return InterviewSetup(
            resume_summary=self.resume.value,
            job_description=self.job.value,
            language=self.spoken,
            **self._choices.chosen(),
        )

    def llm(self) -> LLM:
        """The chosen model; `CallerError` where the text would leave this machine without a yes."""
        return self._model.allowed()

    def offer_last(self, there_is_one: bool) -> None:
        """Whether an earlier interview can be taken up."""
        self.last.layout.display = "" if there_is_one else "none"

    @property
    def _named(self) -> dict[str, Any]:
        """Every field that has a name, in the order of the form."""
        return {
            "resume": self.resume,
            "job": self.job,
            "language": self.language,
            "format": self.format,
            "level": self.level,
            "style": self.style,
            "count": self.count,
            "mode": self.mode,
            "minutes": self.minutes,
            "provider": self.provider,
            "own": self.own,
            "model": self._model.model,
            "address": self._model.address,
            "cap": self._model.cap,
        }

    def _rows(self) -> list[Any]:
        fields = self._named
        for field in fields.values():
            field.add_class("mockmate-field")
            field.layout.width = "auto"
        wrap = w.Layout(flex_flow="row wrap", width="100%", grid_gap="4px 12px")
        first = ("language", "format", "level", "style", "count", "mode", "minutes", "provider")
        choices = _grid([fields[name] for name in first])
        buttons = w.HBox([self.start, self.sample, self.last], layout=wrap)
        buttons.add_class("mockmate-begin")
        service = _grid([fields["model"], fields["address"], fields["cap"]])
        keeping = w.HBox([self.forget, self.memory])
        keeping.add_class("mockmate-file")
        folded = [self.own, self._choices.own_note, service, self._model.key, keeping]
        self._folded = w.VBox(folded, layout=w.Layout(display="none"))
        self._folded.add_class("mockmate-folded")
        for button in (self.more, self.forget):
            button.add_class("mockmate-quiet")
        self.more.add_class("mockmate-fold")
        return [
            w.HTML(f"<style>{STYLE}</style>", layout=w.Layout(display="none")),
            w.HBox(self._boxes, layout=wrap),
            self._reader.line,
            choices,
            w.VBox([self.destination, self.agree, self._model.connection]),
            self.more,
            self._folded,
            buttons,
        ]

    def _wire(self) -> None:
        self.language.observe(lambda _: from_cell(self._speak), "value")
        self.provider.observe(lambda _: from_cell(self._attend), "value")
        for field in (self.count, self.resume, self.job):
            field.observe(lambda _: from_cell(self._look), "value")
        self.more.observe(lambda _: from_cell(self._fold), "value")
        self.sample.on_click(lambda _: from_cell(self._fill))
        self.start.on_click(lambda _: from_cell(self._remember))
        self.forget.on_click(lambda _: from_cell(self._forget))

    def _say(self, name: str, **values: object) -> str:
        return say(self.spoken, name, **values)

    def _speak(self) -> None:
        self.language.description = self._say("language")
        for part in (*self._boxes, self._choices, self._model):
            part.speak(self.spoken)
        for name in ("sample", "start", "last", "forget"):
            button = getattr(self, name)
            button.description, button.layout.width = self._say(name), "auto"
        self._fold()
        self._tell_memory()
        self._look()

    def _fold(self) -> None:
        opened = self.more.value
        self._folded.layout.display = "" if opened else "none"
        self.more.description = self._say("less" if opened else "more")
        self.more.layout.width = "auto"

    def _attend(self) -> None:
        """What lacks a key, an address or a name is said where these are."""
        if not self._model.usable:
            self.more.value = True

    def _look(self) -> None:
        self._weigh()
        self._reader.take(self.resume.value, self.job.value, self.spoken)

    def _weigh(self) -> None:
        """Tokens of the whole interview: every question sends résumé and job once, follow-ups included."""
        texts = estimate_tokens(self.resume.value) + estimate_tokens(self.job.value)
        count = self.count.value
        sent = 2 * count * (texts + TOKENS_A_QUESTION) + count * TOKENS_A_JUDGEMENT
        self._model.weigh(sent, 2 * count * WORDS_A_QUESTION + count * WORDS_A_JUDGEMENT)

    def _fill(self) -> None:
        """What is empty, or holds a sample; a person's own text stays."""
        mine, samples = sample(self.spoken), [sample(language) for language in LANGUAGES]
        if self.resume.value.strip() in ("", *(each.resume.strip() for each in samples)):
            self.resume.value = mine.resume
        if self.job.value.strip() in ("", *(each.job.strip() for each in samples)):
            self.job.value = mine.job

    def _fill_from(self, last: Remembered | None, resume: str, job: str) -> None:
        self.resume.value, self.job.value = resume, job
        if last is None:
            return
        self.resume.value, self.job.value = resume or last.resume, job or last.job
        self.format.value, self.style.value, self.mode.value = last.format, last.style, last.mode
        self.count.value, self.own.value = last.count, last.own_questions
        self._model.agreed |= set(last.agreed)
        if last.provider in {name for _, name in self.provider.options}:
            self._model.model.value, self._model.address.value = last.model, last.address
            self.provider.value = last.provider
        chosen = ((self.level, last.level), (self.minutes, last.minutes), (self._model.cap, last.token_cap))
        for field, value in chosen:
            if value:
                field.value = value

    def _remember(self) -> None:
        if not self._remembers:
            return
        choices, model = self._choices, self._model
        self._kept = remembered.remember(
            Remembered(
                language=self.spoken,
                resume=self.resume.value,
                job=self.job.value,
                format=self.format.value,
                level=self.level.value if choices.asked_level.chosen else "",
                style=self.style.value,
                count=self.count.value,
                mode=self.mode.value,
                minutes=self.minutes.value if choices.asked_minutes.chosen else 0,
                own_questions=self.own.value,
                provider=self.provider.value,
                model=model.model.value,
                address=model.address.value,
                token_cap=model.cap.value if model.asked_cap.chosen else 0,
                agreed=tuple(sorted(model.agreed)),
            )
        )
        self._tell_memory()

    def _forget(self) -> None:
        self._remembers = False
        self._model.agreed.clear()
        self._model.tell()
        self._memory = "forgotten" if remembered.forget() else "not_forgotten"
        self._tell_memory()

    def _tell_memory(self) -> None:
        told = self._say(self._memory, path=remembered.place())
        self.memory.value = alarm(told) if self._memory == "not_forgotten" else note(told)
        self.memory.layout.display = "" if self.given is None and remembered.keeps() else "none"
        self.forget.layout.display = "" if self._remembers and self._kept else "none"


def _grid(fields: list[Any]) -> w.Box:
    grid = w.Box(fields)
    grid.add_class("mockmate-choices")
    return grid
