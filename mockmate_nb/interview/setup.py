"""What an interview is made from, checked before anything starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal, cast

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import LANGUAGES, Format, Language, Level

MAX_TEXT = 60_000
MAX_QUESTIONS = 20
ANY_FORMAT = "mixed"
MODES = ("practice", "live")
MAX_OWN, MAX_OWN_LENGTH = 20, 300
MINUTES_A_QUESTION = 6
MAX_MINUTES = 120


class Style(StrEnum):
    """How the interviewer speaks; what is asked and how it is scored stay the same."""

    FRIENDLY = "friendly"
    NEUTRAL = "neutral"
    TECHNICAL = "technical"
    CHALLENGING = "challenging"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterviewSetup:
    """The request for an interview. `question_count` counts main questions, follow-ups come on top.

    `own_questions` are asked first, then the bank's questions of `question_ids`; both count among them. In `live`
    mode the interview lasts `minutes` (None: six a question), without hints, and closes with the candidate's own
    questions; `practice` has no clock. Of questions that fit equally well `seed` picks one.

    Every fault is a `CallerError` that names the field, what is wrong with its value, and the remedy.
    """

    resume_summary: str = field(repr=False)
    job_description: str = field(repr=False)
    language: Language = "en"
    interviewer_style: str = Style.NEUTRAL.value
    question_count: int = 3
    interview_format: str = ANY_FORMAT
    level: str = Level.MID.value
    user_id: str = "me"
    mode: Literal["practice", "live"] = "practice"
    own_questions: tuple[str, ...] = ()
    question_ids: tuple[str, ...] = ()
    minutes: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("resume_summary", "job_description", "user_id"):
            if isinstance(getattr(self, name), str):
                object.__setattr__(self, name, well_formed(getattr(self, name)))
        _check_text("resume_summary", self.resume_summary, "the résumé")
        _check_text("job_description", self.job_description, "the job description")
        _check_choice("language", self.language, LANGUAGES)
        _check_choice("interviewer_style", self.interviewer_style, [s.value for s in Style])
        _check_choice("interview_format", self.interview_format, [ANY_FORMAT, *(f.value for f in Format)])
        _check_choice("level", self.level, [level.value for level in Level])
        _check_choice("mode", self.mode, MODES)
        _check_text("user_id", self.user_id, "the user's name", limit=200)
        _check_count(
            "question_count", self.question_count, MAX_QUESTIONS, "3 to 5 make a good practice round."
        )
        if self.minutes is not None:
            _check_count("minutes", self.minutes, MAX_MINUTES, "Leave it out for six a question.")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise CallerError("seed: it is not a whole number.", field="seed", advice="Use 0, 1, 2 …")
        object.__setattr__(self, "own_questions", _own_questions(self.own_questions))
        object.__setattr__(self, "question_ids", _texts("question_ids", self.question_ids))

    @property
    def format(self) -> Format | None:
        """The one format asked for, None where they may mix."""
        return None if self.interview_format == ANY_FORMAT else Format(self.interview_format)

    @property
    def seconds(self) -> float | None:
        """How long a live interview lasts; None in practice."""
        if self.mode != "live":
            return None
        return 60.0 * (self.minutes or MINUTES_A_QUESTION * self.question_count)

    def to_dict(self) -> dict[str, Any]:
        lists = {"own_questions": list(self.own_questions), "question_ids": list(self.question_ids)}
        return asdict(self) | lists

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> InterviewSetup:
        """The set-up that `to_dict` gave; a `CallerError` for fields that this version does not know."""
        try:
            return cls(**cast("dict[str, Any]", dict(values)))
        except TypeError as fault:
            raise CallerError(
                "The set-up that was kept holds fields that this version does not know, or lacks some.",
                advice="It was written by another version of this package.",
            ) from fault


def well_formed(text: str) -> str:
    """`text` with half characters (lone surrogates), which UTF-8 cannot hold, as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def spoken_text(text: object, name: str = "answer") -> str:
    """What a person says, as it is kept; `CallerError` where there is nothing in it, or too much."""
    if not isinstance(text, str) or not text.strip():
        raise CallerError(
            f"{name}: there is no text in it.", field=name, advice="Say a sentence, or use end()."
        )
    if len(text) > MAX_TEXT:
        raise CallerError(
            f"{name}: it has {len(text):,} characters; at most {MAX_TEXT:,} are read.",
            field=name,
            advice="Shorten it; two minutes of speech are about 1,500 characters.",
        )
    return well_formed(text).strip()


def _check_text(name: str, value: object, what: str, *, limit: int = MAX_TEXT) -> None:
    if not isinstance(value, str):
        raise CallerError(f"{name}: {what} is no text.", field=name, advice="Give it as a string.")
    if not value.strip():
        raise CallerError(f"{name}: {what} is empty.", field=name, advice="Give its text.")
    if len(value) > limit:
        raise CallerError(
            f"{name}: {what} has {len(value):,} characters; at most {limit:,} are read.",
            field=name,
            advice="Shorten it.",
        )


def _check_count(name: str, value: object, most: int, advice: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise CallerError(
            f"{name}: {str(value)[:20]} is not a whole number from 1 to {most}.", field=name, advice=advice
        )


def _texts(name: str, given: object) -> tuple[str, ...]:
    """The texts, each on one line; the same one once."""
    if not isinstance(given, (list, tuple)) or not all(isinstance(text, str) for text in given):
        raise CallerError(
            f"{name}: this is no list of texts.", field=name, advice='Give it as in ["…", "…"].'
        )
    return tuple(dict.fromkeys(" ".join(well_formed(text).split()) for text in given if text.strip()))


def _own_questions(given: object) -> tuple[str, ...]:
    by_words = {text.casefold(): text for text in reversed(_texts("own_questions", given))}
    texts = tuple(reversed(by_words.values()))
    if len(texts) > MAX_OWN:
        raise CallerError(
            f"own_questions: there are {len(texts)}; at most {MAX_OWN} are asked.",
            field="own_questions",
            advice="Keep those that matter most.",
        )
    for text in texts:
        if len(text) > MAX_OWN_LENGTH:
            raise CallerError(
                f"own_questions: “{text[:30]}…” has {len(text)} characters; at most {MAX_OWN_LENGTH} are spoken.",
                field="own_questions",
                advice="Shorten it to one question.",
            )
    return texts


def _check_choice(name: str, value: object, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise CallerError(
            f"{name}: {str(value)[:40]!r} is not known.",
            field=name,
            advice=f"Use one of: {', '.join(allowed)}.",
        )
