"""Facts out of the texts of a résumé and a job, and what of the job's wishes the résumé meets.

By rules, English and Chinese, offline and pure: the same texts give the same facts. Linear in their length.
What a rule does not find is left out, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

from mockmate_nb.interview.job_reading import Job, read_job
from mockmate_nb.interview.resume_reading import Project, Resume, read_resume
from mockmate_nb.interview.skills import with_implied

__all__ = ["Job", "Match", "Project", "Resume", "compare", "read_job", "read_resume"]


@dataclass(frozen=True, slots=True)
class Match:
    """What a job asks for and a résumé shows, in the job's order. `years_short` is None where either is unknown."""

    shared: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    years_short: float | None
    nice_missing: tuple[str, ...] = ()


def compare(resume: Resume, job: Job) -> Match:
    """What of the job's skills the résumé shows, lacks, and shows besides. One of a choice is enough."""
    have = with_implied(resume.skills)
    met = {skill for choice in job.choices if not have.isdisjoint(choice) for skill in choice}
    asked = with_implied((*job.skills, *job.nice_skills))
    short = (
        None if resume.years is None or job.years is None else max(0.0, round(job.years - resume.years, 1))
    )
    return Match(
        shared=tuple(skill for skill in job.skills if skill in have),
        missing=tuple(skill for skill in job.skills if skill not in have and skill not in met),
        extra=tuple(skill for skill in resume.skills if skill not in asked),
        years_short=short,
        nice_missing=tuple(skill for skill in job.nice_skills if skill not in have),
    )
