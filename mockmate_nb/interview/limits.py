"""What a model's wording of a question must keep to: pure, checked while it streams and when it is whole.

One question, at most 60 words (120 Chinese characters), about what the bank asks, in the interview's language,
with no forbidden topic and no part of an answer. What the bank itself says is never a breach.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mockmate_nb.interview.question import Language
from mockmate_nb.interview.signals import HAN_RUN, TOKEN, content_words, language_of, weight

MOST_WORDS, MOST_HAN = 60, 120
TOPIC_SHARE, TOPIC_WORDS = 0.25, 2.0
"""Of the bank's content words, by weight, that a wording brings back; of fewer than so many, any one."""
POINT_SHARE, POINT_WORDS = 0.6, 2.0
"""Of a key point's own content words that give it away."""
TELLING = 24
"""Letters from which the language of an unfinished text can be told."""
SHIPPED = Path(__file__).parent / "data" / "limits.toml"
PATTERNS: Mapping[str, Mapping[Language, re.Pattern[str]]] = {
    name: {
        language: re.compile(text, re.VERBOSE | re.IGNORECASE | re.MULTILINE)
        for language, text in row.items()
    }
    for name, row in tomllib.loads(SHIPPED.read_text("utf-8")).items()
}
END = re.compile(r"[?？]+")
LAST_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]+\Z")


class Breach(StrEnum):
    """How a wording breaks the limits; the closed set that screens and counts know."""

    TWO_QUESTIONS = "two_questions"
    TOO_LONG = "too_long"
    FORBIDDEN = "forbidden"
    LANGUAGE = "language"
    GIVES_AWAY = "gives_away"
    META = "meta"
    NO_QUESTION = "no_question"
    OTHER_TOPIC = "other_topic"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one question: `asked`, the bank's words for it; its key points; `known`, the candidate's own
    words (résumé, answers), in which nothing can be given away."""

    asked: str
    key_points: tuple[str, ...] = ()
    known: str = ""
    language: Language = "en"

    def breach(self, said: str, *, finished: bool = False) -> Breach | None:
        """The first limit that `said` breaks; None where it keeps to all that can be told of it so far."""
        language = self.language
        if len(END.findall(said)) > max(1, len(END.findall(self.asked))):
            return Breach.TWO_QUESTIONS
        if _length(said) > max(1.0, _length(self.asked)):
            return Breach.TOO_LONG
        said = f"{said}." if finished else said
        for name, found in (
            ("forbidden", Breach.FORBIDDEN),
            ("meta", Breach.META),
            ("gives_away", Breach.GIVES_AWAY),
        ):
            if self._new(name, said):
                return found
        if self._wrong_language(said, finished=finished):
            return Breach.LANGUAGE
        if self._gives_away(said if finished else LAST_WORD.sub("", said)):
            return Breach.GIVES_AWAY
        if not finished:
            return None
        if self._new("two_questions", said):
            return Breach.TWO_QUESTIONS
        if not END.search(said) and not PATTERNS["asks"][language].search(said):
            return Breach.NO_QUESTION
        return None if self._same_topic(said) else Breach.OTHER_TOPIC

    def _new(self, name: str, said: str) -> bool:
        """Whether a pattern is found that the bank's own words do not hold, in either language.

        What reaches to the end of `said` may yet become another word, so it is not found.
        """
        for pattern in PATTERNS[name].values():
            held = {match.group().lower() for match in pattern.finditer(f"{self.asked}.")}
            for match in pattern.finditer(said):
                if match.end() < len(said) and match.group().lower() not in held:
                    return True
        return False

    def _wrong_language(self, said: str, *, finished: bool) -> bool:
        han, latin = sum(map(len, HAN_RUN.findall(said))), len(TOKEN.findall(said))
        if self.language == "en":
            if han > 4 + sum(map(len, HAN_RUN.findall(self.asked))):
                return True
        elif (finished or han + latin * 4 >= TELLING) and han < latin * 2:
            return True
        return finished and language_of(said) not in (self.language, language_of(self.asked))

    def _gives_away(self, said: str) -> bool:
        known = content_words(f"{self.asked}\n{self.known}")
        words = content_words(said)
        for point in self.key_points:
            own = content_words(point) - known
            if weight(own) >= POINT_WORDS and weight(own & words) >= max(
                POINT_WORDS, POINT_SHARE * weight(own)
            ):
                return True
        return False

    def _same_topic(self, said: str) -> bool:
        asked = content_words(self.asked)
        told = asked & content_words(said)
        if weight(asked) < TOPIC_WORDS:
            return bool(told) or not asked
        return weight(told) >= TOPIC_SHARE * weight(asked)


def _length(text: str) -> float:
    """The text's share of what may be said: 1 is the most."""
    han, latin = sum(map(len, HAN_RUN.findall(text))), len(TOKEN.findall(text))
    return latin / MOST_WORDS + han / MOST_HAN
