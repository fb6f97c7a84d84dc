"""A made-up candidate and a made-up job, to try everything with before one's own documents are at hand."""

from __future__ import annotations

from typing import NamedTuple

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import LANGUAGES, SHIPPED, Language


class Sample(NamedTuple):
    """Both texts are Markdown, about a page each. People and companies in them do not exist."""

    resume: str
    job: str


def sample(language: Language = "en") -> Sample:
    """A résumé and a job that asks for some things the résumé does not show."""
    if language not in LANGUAGES:
        raise CallerError(
            f"There is no sample in {language!r}.",
            field="language",
            advice=f"Use one of: {', '.join(LANGUAGES)}.",
        )
    folder = SHIPPED / "samples"
    return Sample(*((folder / f"{name}_{language}.md").read_text("utf-8") for name in Sample._fields))
