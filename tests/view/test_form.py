"""The set-up form without a page: what is chosen, what follows from what, what is refused and in which words."""

from __future__ import annotations

import string
from datetime import date
from typing import Any

import pytest

from mockmate_nb import LLM
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.interview.samples import sample
from mockmate_nb.view.form import SetupForm
from mockmate_nb.view.form_words import FORM_WORDS
from mockmate_nb.view.model_choice import holds_secret
from mockmate_nb.view.understood import understand, understood_words
from mockmate_nb.view.words import WORDS
from tests.view.panels import soon

SENIOR = "# Senior Backend Engineer\n\nRequirements:\n\n- Python, Kafka and Kubernetes\n"
JUNIOR = "# Junior Backend Engineer\n\nRequirements:\n\n- Python\n"
REMOTE = "http://203.0.113.7:9/v1"  # an address for documents (RFC 5737): never asked, the suite forbids it


def filled(language: Language = "en", llm: LLM | None = None) -> SetupForm:
    mine = sample(language)
    return SetupForm(llm or LLM("practice", pace=0), language, resume=mine.resume, job=mine.job)


def custom(form: SetupForm, address: str = REMOTE, model: str = "m") -> None:
    form._model.model.value, form._model.address.value = model, address
    form.provider.value = "custom"


def test_what_is_left_alone_makes_a_sound_interview() -> None:
    setup = filled().setup()
    assert (setup.question_count, setup.mode, setup.minutes) == (3, "practice", None)
    assert setup.own_questions == ()


@pytest.mark.parametrize(("job", "level"), [(SENIOR, "senior"), (JUNIOR, "junior"), ("Cook wanted.", "mid")])
def test_the_level_follows_the_job(job: str, level: str) -> None:
    form = filled()
    form.job.value = job
    assert form.setup().level == level
    assert soon(lambda: form.level.value == level)


def test_a_level_that_was_chosen_stays() -> None:
    form = filled()
    form.level.value = "junior"
    form.job.value = SENIOR
    form.language.value = "zh"
    assert form.setup().level == "junior"


def test_a_new_language_chooses_no_level() -> None:
    form = filled()
    form.language.value = "zh"
    form.job.value = JUNIOR
    assert form.setup().level == "junior"


@pytest.mark.parametrize(("count", "minutes"), [(1, 6), (3, 18), (10, 60), (20, 90)])
def test_a_live_interview_has_six_minutes_a_question(count: int, minutes: int) -> None:
    form = filled()
    form.count.value = count
    assert form.minutes.layout.display == "none"
    form.mode.value = "live"
    assert form.minutes.layout.display == ""
    assert form.setup().minutes == minutes


def test_minutes_that_were_chosen_stay() -> None:
    form = filled()
    form.mode.value, form.minutes.value = "live", 45
    form.count.value = 10
    assert form.setup().minutes == 45


# what is typed, what is asked, words beside the box, words of a refusal
OWN: list[tuple[str, tuple[str, ...], str, str]] = [
    ("", (), "", ""),
    ("  \n\n", (), "", ""),
    ("Why us?\n\n  Why  now? \n", ("Why us?", "Why now?"), "2 of 3", ""),
    ("\n".join(f"Question {n}?" for n in range(4)), tuple(f"Question {n}?" for n in range(4)), "raise", ""),
    ("\n".join(f"Question {n}?" for n in range(21)), (), "at most 20", "at most 20"),
    ("x" * 300, ("x" * 300,), "1 of 3", ""),
    ("Why us?\n" + "x" * 301, (), "301 characters", "301 characters"),
    ("<b>Why</b>" + "x" * 300, (), "&lt;b&gt;", "<b>Why"),
]


@pytest.mark.parametrize(("typed", "asked", "told", "refused"), OWN)
def test_own_questions(typed: str, asked: tuple[str, ...], told: str, refused: str) -> None:
    form = filled()
    form.own.value = typed
    note = form._choices.own_note
    assert told in note.value
    assert (note.layout.display == "none") is (told == "")
    if refused:
        with pytest.raises(CallerError, match=refused) as caught:
            form.setup()
        assert caught.value.field == "own_questions"
    else:
        assert form.setup().own_questions == asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("field", ["resume", "job"])
@pytest.mark.parametrize("text", ["", "  ", "x" * 60_001])
def test_a_text_that_cannot_be_used_is_named_in_the_language_of_the_form(
    language: Language, field: str, text: str
) -> None:
    form = filled(language)
    getattr(form, field).value = text
    with pytest.raises(CallerError) as caught:
        form.setup()
    assert caught.value.message.startswith(FORM_WORDS[language][field])


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_understood_of_the_texts_stands_below_them(language: Language) -> None:
    form = filled(language)
    line = form._reader.line
    assert soon(lambda: "Kubernetes" in line.value)
    assert line.value.index("Python") < line.value.index("Kubernetes"), "what meets, then what lacks"
    form.job.value = ""
    assert soon(lambda: line.layout.display == "none")


@pytest.mark.parametrize(
    ("resume", "job", "told"),
    [
        ("I write Python and Kafka.", SENIOR, "both name: Python, Kafka. The job also asks for: Kubernetes."),
        ("I write Python, Kafka and Kubernetes.", SENIOR, "names all the skills"),
        ("I cook.", SENIOR, "no skill in common"),
        ("I cook.", "# Cook\n\nRequirements:\n\n- good food", "no skill that is known here"),
    ],
)
def test_the_line_on_the_texts(resume: str, job: str, told: str) -> None:
    match = understand(resume, job, date(2026, 1, 1)).match
    assert match is not None
    assert told in understood_words(match, "en")


@pytest.mark.parametrize(("resume", "job"), [("", SENIOR), ("x", ""), ("x" * 60_001, SENIOR)])
def test_where_a_text_is_missing_or_too_long_nothing_is_compared(resume: str, job: str) -> None:
    assert understand(resume, job, date(2026, 1, 1)).match is None


def test_only_the_last_texts_count() -> None:
    form = filled()
    for level in ("Senior", "Junior", "Senior", "Junior"):
        form.job.value = f"# {level} Engineer\n\nRequirements:\n\n- Rust"
    assert soon(lambda: "Rust" in form._reader.line.value)
    assert form.setup().level == "junior"


def test_a_service_of_ones_own_takes_an_address_a_name_and_a_key_from_its_own_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-openai-alone")
    monkeypatch.setenv("MOCKMATE_API_KEY", "sk-for-this-one")
    form = SetupForm(None, "en")
    custom(form)
    form.agree.value = True
    settings = form.llm().settings
    assert (settings.base_url, settings.model) == (REMOTE, "m")
    assert settings.api_key.get_secret_value() == "sk-for-this-one"


# provider, which parts are to be seen
SEEN: list[tuple[str, set[str]]] = [
    ("practice", set()),
    ("local", {"model", "cap", "connection"}),
    ("ollama", {"model", "cap", "connection"}),
    ("openai", {"model", "cap", "connection", "key"}),
    ("custom", {"model", "cap", "connection", "key", "address"}),
]


@pytest.mark.parametrize(("provider", "seen"), SEEN)
def test_only_what_counts_for_the_choice_is_seen(provider: str, seen: set[str]) -> None:
    form = SetupForm(None, "en")
    form.provider.value = provider
    parts = ("model", "cap", "connection", "key", "address")
    assert {name for name in parts if getattr(form._model, name).layout.display == ""} == seen


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_missing_is_said_and_its_fields_are_opened(language: Language) -> None:
    form = SetupForm(None, language)
    assert form._folded.layout.display == "none"
    form.provider.value = "openai"
    assert form._folded.layout.display == ""
    assert "OPENAI_API_KEY" in form.destination.value
    assert "getpass" in form._model.key.value
    assert form.agree.layout.display == "none", "nothing can be sent, so nothing is to be agreed to"


def test_a_cap_is_twice_the_estimate_until_it_is_chosen() -> None:
    form = SetupForm(None, "en")
    form.provider.value = "ollama"
    before = form.llm()._ledger._token_cap
    assert before == 2 * sum(form._model._tokens)
    form.count.value = 10
    after = form.llm()._ledger._token_cap
    assert after is not None
    assert after > before
    form._model.cap.value = 5000
    form.count.value = 3
    assert form.llm()._ledger._token_cap == 5000


def test_the_practice_model_has_no_cap() -> None:
    assert SetupForm(None, "en").llm()._ledger._token_cap is None


def test_consent_is_asked_once_a_destination() -> None:
    form = SetupForm(None, "en")
    custom(form)
    with pytest.raises(CallerError, match=r"203\.0\.113\.7"):
        form.llm()
    form.agree.value = True
    form._model.address.value = REMOTE.replace("113.7", "113.8")
    assert not form.agree.value
    with pytest.raises(CallerError, match=r"203\.0\.113\.8"):
        form.llm()
    form._model.address.value = f"{REMOTE}/other"
    assert form.agree.value, "the same host was agreed to before"
    assert form.llm().settings.host == "203.0.113.7"
    form.agree.value = False
    with pytest.raises(CallerError):
        form.llm()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("sk-proj-abcdefghijklmnop", True),
        ("gsk_abcdefghijklmnopqrstuvwxyz", True),
        ("0123456789abcdef0123456789abcdef", True),
        ("https://me:hidden@example.com/v1", True),
        ("https://example.com/v1?api_key=x", True),
        ("gpt-5-mini", False),
        ("anthropic/claude-sonnet-4-5-20250929", False),
        ("hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M", False),
        ("Qwen2.5-Coder-1.5B-Instruct.Q4_K_M", False),
        ("https://example.com/v1", False),
        ("http://[::1", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("field", ["model", "address"])
def test_what_looks_like_a_key_leaves_the_form_at_once(text: str, secret: bool, field: str) -> None:
    assert holds_secret(text) is secret
    form = SetupForm(None, "en")
    form.provider.value = "custom"
    box = getattr(form._model, field)
    box.value = text
    assert box.value == ("" if secret else text)
    assert ("looks like a key" in form._model.key.value) is secret
    shown = " ".join(
        str(part.get_state()) for part in (*form._named.values(), form._model.key, form.destination)
    )
    assert not secret or text not in shown


def test_an_earlier_interview_is_offered_where_there_is_one() -> None:
    form = filled()
    form.offer_last(False)
    assert form.last.layout.display == "none"
    form.language.value = "zh"
    assert form.last.layout.display == "none"
    form.offer_last(True)
    assert form.last.layout.display == ""


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    english, chinese = FORM_WORDS["en"], FORM_WORDS["zh"]
    assert english.keys() == chinese.keys()
    assert {k: blanks(v) for k, v in english.items()} == {k: blanks(v) for k, v in chinese.items()}
    assert not english.keys() & WORDS["en"].keys(), "a word stands in one place"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_and_button_has_its_name_in_both_languages(language: Language) -> None:
    form = SetupForm(None, "en")
    form.language.value = language
    parts: list[Any] = [*form._named.values(), form.start, form.sample, form.last, form.more, form.forget]
    parts += [form.agree, form._model.connection.button, *(box.upload for box in form._boxes)]
    assert all(part.description for part in parts)
    assert len({part.description for part in parts}) == len(parts), "no two have the same"
