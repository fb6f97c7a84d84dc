"""The set-up form: a person's texts, the choices, and where the text would go."""

from __future__ import annotations

import html
import os
from typing import Any, cast

import ipywidgets as w

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import LANGUAGES, Format, Language, Level
from mockmate_nb.interview.samples import sample
from mockmate_nb.interview.setup import ANY_FORMAT, MAX_TEXT, InterviewSetup, Style
from mockmate_nb.llm.chunks import estimate_tokens
from mockmate_nb.llm.client import LLM
from mockmate_nb.settings import PROVIDERS
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.words import PROVIDERS_ZH, destination, provider_label, word

TOKENS_A_QUESTION = 1200


class SetupForm(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Gives an `InterviewSetup` and an `LLM`; raises `CallerError` for what cannot be used."""

    def __init__(self, llm: LLM | None, language: Language) -> None:
        self.given = llm
        half = w.Layout(flex="1 1 320px", width="auto")
        self.resume = w.Textarea(continuous_update=False, layout=half, rows=8)
        self.job = w.Textarea(continuous_update=False, layout=half, rows=8)
        self.language = w.Dropdown(options=[("English", "en"), ("中文", "zh")], value=language)
        self.format, self.level, self.style = w.Dropdown(), w.Dropdown(), w.Dropdown()
        self.count = w.BoundedIntText(value=3, min=1, max=20)
        self.provider = w.Dropdown()
        self.destination = w.HTML()
        self.agree = w.Checkbox(value=False, indent=False)
        self.sample, self.start, self.last = w.Button(), w.Button(button_style="primary"), w.Button()
        self._named = {
            "resume": self.resume,
            "job": self.job,
            "language": self.language,
            "format": self.format,
            "level": self.level,
            "style": self.style,
            "count": self.count,
            "provider": self.provider,
        }
        super().__init__(children=self._rows())
        for field in (self.language, self.provider, self.count, self.resume, self.job):
            field.observe(lambda change: from_cell(self._changed, change), "value")
        self.sample.on_click(lambda button: from_cell(self._fill, button))
        self._speak()
        self.tell_destination()

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
                raise CallerError(word(self.spoken, "empty", what=what), field=field)
            if length > MAX_TEXT:
                fault = word(self.spoken, "too_long", what=what, length=length, limit=MAX_TEXT)
                raise CallerError(fault, field=field)
        return InterviewSetup(
            resume_summary=self.resume.value,
            job_description=self.job.value,
            language=self.spoken,
            interviewer_style=self.style.value,
            question_count=self.count.value,
            interview_format=self.format.value,
            level=self.level.value,
        )

    def llm(self) -> LLM:
        """The chosen model; `CallerError` where the text would leave this machine without a yes."""
        llm = self.given or LLM(self.provider.value)
        if llm.settings.leaves_machine and not self.agree.value:
            where = destination(llm.settings, self.spoken)
            raise CallerError(word(self.spoken, "must_agree", where=where), field="consent")
        return llm

    def _rows(self) -> list[Any]:
        choices = list(self._named.values())[2:]
        for field in self._named.values():
            field.add_class("mockmate-field")
        for choice in choices:
            choice.layout.width = "auto"
        columns = "repeat(auto-fill, minmax(240px, 1fr))"
        grid = w.GridBox(choices, layout=w.Layout(grid_template_columns=columns, grid_gap="4px 12px"))
        wrap = w.Layout(flex_flow="row wrap", width="100%", grid_gap="4px 12px")
        buttons = w.HBox([self.start, self.sample, self.last], layout=wrap)
        return [w.HBox([self.resume, self.job], layout=wrap), grid, self.destination, self.agree, buttons]

    def _changed(self, change: dict[str, Any]) -> None:
        if change["owner"] is self.language:
            self._speak()
        if change["owner"] is self.provider:
            self.agree.value = False
        self.tell_destination()

    def _speak(self) -> None:
        say = self._say
        for name, field in self._named.items():
            field.description = say(name)
        self.resume.placeholder, self.job.placeholder = say("resume_hint"), say("job_hint")
        self._relabel(self.format, [(say(n), n) for n in (ANY_FORMAT, *(f.value for f in Format))])
        self._relabel(self.level, [(say(level.value), level.value) for level in Level], Level.MID.value)
        styles = [(say("technical_style" if s is Style.TECHNICAL else s.value), s.value) for s in Style]
        self._relabel(self.style, styles, Style.NEUTRAL.value)
        self._relabel(self.provider, self._providers())
        self.agree.description = say("agree")
        for button, name in ((self.sample, "sample"), (self.start, "start"), (self.last, "last")):
            button.description = say(name)
            button.layout.width = "auto"

    def _say(self, name: str) -> str:
        return word(self.spoken, name)

    def _providers(self) -> list[tuple[str, str]]:
        if self.given is not None:
            settings = self.given.settings
            return [(provider_label(settings, self.spoken), settings.provider.name)]
        labels = PROVIDERS_ZH if self.spoken == "zh" else {}
        first = os.environ.get("MOCKMATE_PROVIDER", "practice")
        return sorted(
            ((labels.get(p.name, p.label), p.name) for p in PROVIDERS.values()),
            key=lambda shown: shown[1] != first,
        )

    @staticmethod
    def _relabel(choice: Any, options: list[tuple[str, str]], default: str | None = None) -> None:
        chosen = choice.value or default or options[0][1]
        choice.options = options
        choice.value = chosen

    def tell_destination(self) -> None:
        """Say where the text would go, and what it might cost, before it goes."""
        try:
            llm = self.given or LLM(self.provider.value)
        except CallerError as fault:
            self.destination.value = f'<p class="mockmate-note">{html.escape(str(fault))}</p>'
            self.agree.layout.display = "none"
            return
        settings = llm.settings
        away = settings.leaves_machine
        lines = [word(self.spoken, "sends" if away else "stays", where=destination(settings, self.spoken))]
        if away:
            lines.append(self._cost(llm))
        self.agree.layout.display = "" if away else "none"
        self.destination.value = f'<p class="mockmate-note">{html.escape(" ".join(lines))}</p>'

    def _cost(self, llm: LLM) -> str:
        """An estimate for the whole interview: every question sends résumé and job once, follow-ups included."""
        texts = estimate_tokens(self.resume.value) + estimate_tokens(self.job.value)
        asked = 2 * self.count.value
        sent, written = asked * (texts + TOKENS_A_QUESTION), asked * 200
        cost, cap = llm.estimate(sent, written), llm.settings.cost_cap
        if not cost:
            return word(self.spoken, "tokens", tokens=sent + written)
        shown = f"${cap:g}" if cap is not None else self._say("no_cap")
        return word(self.spoken, "cost", tokens=sent + written, cost=cost, cap=shown)

    def _fill(self, _: object) -> None:
        """What is empty, or holds a sample; a person's own text stays."""
        mine, samples = sample(self.spoken), [sample(language) for language in LANGUAGES]
        if self.resume.value.strip() in ("", *(each.resume.strip() for each in samples)):
            self.resume.value = mine.resume
        if self.job.value.strip() in ("", *(each.job.strip() for each in samples)):
            self.job.value = mine.job
