"""A `SweepReport` as HTML: figures, a picture, and how it was measured."""

from __future__ import annotations

import math
from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from mockmate_nb import plots
from mockmate_nb.interview.question import Language
from mockmate_nb.lab.metrics import PERCENTILE_METHOD
from mockmate_nb.lab.report_html import boxed, folded, headed, load_said, machine_rows, picture, quiet
from mockmate_nb.lab.report_words import WORDS
from mockmate_nb.units import as_time, three

if TYPE_CHECKING:
    from mockmate_nb.lab.sweep import SweepReport

GOOD = 0.9
"""The share of requests that must keep the limits for a load to be called bearable."""


def page(report: SweepReport, language: Language) -> str:
    """The report as a piece of a page, in its own box."""
    words = WORDS[language]
    parts = [headed(report.model, report.provider, report.machine)]
    if report.source != "model":
        parts += [quiet(words[report.source]), quiet(words["simulated_load"])]
    if not report.finished:
        parts.append(quiet(words["sweep_unfinished" if report.levels else "sweep_none"]))
    if report.levels:
        parts += [_bearable(report, language), _figures(report, language)]
        points = [
            plots.SweepPoint(int(streams), *(None if math.isnan(value) else value for value in rest))
            for streams, *rest in report.frame[
                ["streams", "ttft_p50", "ttft_p95", "tpot_p50", "tpot_p95", "goodput"]
            ].to_numpy()
        ]
        limits = (report.limits.ttft, report.limits.tpot)
        parts.append(
            picture(
                words["figures"],
                plots.sweep(points, limits=limits, language=language),
                plots.sweep_in_words(points, limits=limits, language=language),
            )
        )
    parts.append(folded(words["facts"], _facts(report, language)))
    return boxed(parts, language)


def _bearable(report: SweepReport, language: Language) -> str:
    """The highest load up to which the requests were good."""
    words, most = WORDS[language], 0
    for row in report.frame.to_dict("records"):
        if row["goodput"] < GOOD:
            break
        most = int(row["streams"])
    tried = report.levels[-1].streams
    said = words["holds_all" if most == tried else "holds" if most else "holds_none"].format(n=most)
    limits = words["limits"].format(
        ttft=as_time(report.limits.ttft, language), tpot=as_time(report.limits.tpot, language)
    )
    return f'<p class="mm-lab-said">{escape(said)}</p>{quiet(limits)}'


def _figures(report: SweepReport, language: Language) -> str:
    words = WORDS[language]
    names = ("streams", "requests", "failed", "sweep_ttft", "sweep_tpot", "rate", "goodput", "good")
    heads = "".join(f'<th scope="col">{escape(words[name])}</th>' for name in names)
    rows = []
    for row in report.frame.to_dict("records"):
        cells = (
            *(f"{row[name]:.0f}" for name in ("streams", "requests", "failed")),
            *(_both(row[f"{name}_p50"], row[f"{name}_p95"], language) for name in ("ttft", "tpot")),
            *(three(row["tokens_per_second"]), f"{row['goodput']:.0%}", three(row["good_per_second"])),
        )
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<div class="mm-lab-wide">{table}</div>'


def _both(p50: float, p95: float, language: Language) -> str:
    if math.isnan(p50):
        return "–"
    return f"{escape(as_time(p50, language))}<br>{escape(as_time(p95, language))}"


def _facts(report: SweepReport, language: Language) -> list[tuple[str, str]]:
    words = WORDS[language]
    rows = [
        (words["model"], report.model),
        (words["provider"], report.provider),
        (
            words["requests"],
            words["sweep_said"].format(requests=report.requests, tokens=report.max_tokens),
        ),
        (words["percentiles"], f"numpy, method={PERCENTILE_METHOD!r}"),
    ]
    failures = [failure for level in report.levels for failure in level.failures]
    if failures:
        kinds = Counter(failure.kind for failure in failures)
        said = words["comma"].join(words["times"].format(n=n, kind=kind) for kind, n in kinds.items())
        rows.append((words["failures"], words["discards_said"].format(kinds=said, last=failures[-1].message)))
    if report.levels:
        rows.append((words["load"], load_said((level.load for level in report.levels), words)))
    return rows + machine_rows(report.machine, words)
