"""A `LatencyReport` as HTML: verdict, figures, pictures, and how it was measured. Nothing in it loads or runs."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache as once
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from mockmate_nb import plots
from mockmate_nb.interview.question import Language
from mockmate_nb.lab import metrics
from mockmate_nb.lab.intervals import METHOD, Interval
from mockmate_nb.lab.machine import BUSY, Load
from mockmate_nb.lab.report_words import WORDS
from mockmate_nb.lab.run import Cache, Run
from mockmate_nb.lab.waiting import pace
from mockmate_nb.units import as_ratio, as_share, as_time, three

if TYPE_CHECKING:
    from mockmate_nb.lab.report import LatencyReport

Words = Mapping[str, str]
RATIOS = ("batch_over_ttft", "batch_over_stream")
ORDER = (
    *("batch_over_ttft", "ttft", "batch_e2e", "first_word", "first_sentence", "words_in_time"),
    *("e2e", "batch_over_stream", "tpot", "tokens_per_second", "gap_p50", "gap_p95", "gap_p99", "stall"),
)


def page(report: LatencyReport, language: Language) -> str:
    """The report as a piece of a page, in its own box."""
    words = WORDS[language]
    parts = [headed(report.model, report.provider, report.machine)]
    parts += [f'<p class="mm-lab-said">{escape(said)}</p>' for said in report.verdict(language).splitlines()]
    parts += [quiet(note) for note in notes(report, words)]
    if report.pairs_done:
        parts += [_figures(report, language), *_pictures(report, language)]
    parts.append(folded(words["facts"], facts(report, language)))
    return boxed(parts, language)


def boxed(parts: Iterable[str], language: Language) -> str:
    """Pieces of HTML in the lab's box."""
    lang = "zh-CN" if language == "zh" else "en"
    return f'<div class="mm-lab" lang="{lang}"><style>{_style()}</style>{"".join(parts)}</div>'


def quiet(text: str) -> str:
    """A line beside the matter."""
    return f'<p class="mm-lab-quiet">{escape(text)}</p>'


def headed(model: str, provider: str, machine: Mapping[str, str]) -> str:
    """Who was measured, where and when: the first line of a report."""
    return quiet(" · ".join(filter(None, (model, provider, machine.get("date")))))


def folded(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """Names and what they are, to be opened."""
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in rows)
    return f"<details><summary>{escape(title)}</summary><dl>{listed}</dl></details>"


def picture(title: str, figure: object, alt: str) -> str:
    """A heading and a drawing that is read aloud by `alt`."""
    return f"<h4>{escape(title)}</h4><figure>{plots.image(figure, alt)}</figure>"  # type: ignore[arg-type]  # a Figure; the type would load matplotlib


def machine_rows(machine: Mapping[str, str], words: Words) -> list[tuple[str, str]]:
    return [(words.get(name, name), said) for name, said in machine.items()]


def load_said(loads: Iterable[Load], words: Words) -> str:
    """How busy the machine was, in words."""
    found = list(loads)
    cores = [one.cores for one in found]
    queues = [one.queue for one in found if one.queue is not None]
    return words["load_said"].format(
        cores=f"{statistics.median(cores):.0%}",
        most=f"{max(cores):.0%}",
        queue=f"{statistics.median(queues):.1f}" if queues else "–",
    )


def notes(report: LatencyReport, words: Words) -> list[str]:
    """What a reader of the figures must know before believing them."""
    found = [words[report.source]] if report.source != "model" else []
    done, planned = len(report.pairs_done), report.design.planned
    if not report.finished:
        found.append(words["unfinished"].format(done=done, planned=planned))
    slow = sum(one.kind == "timeout" for one in report.discards)
    if slow:
        found.append(words["slow"].format(n=slow, timeout=f"{report.design.timeout:g}"))
    uneven = sum(_uneven(stream, batch) for _, stream, batch in report.pairs_done)
    if uneven:
        found.append(words["uneven"].format(n=uneven, pairs=done))
    lumps = sum(stream.last_content <= stream.first_content for _, stream, _ in report.pairs_done)
    if lumps:
        found.append(words["lumps"].format(n=lumps, pairs=done))
    queues = [one.queue for one in report.loads if one.queue is not None]
    cores = _cores(report.machine)
    if queues and cores and statistics.median(queues) > BUSY * cores:
        found.append(words["busy"].format(queue=f"{statistics.median(queues):.1f}", cores=cores))
    return found


def _uneven(stream: Run, batch: Run) -> bool:
    """Whether two replies differ in length, by the service's count or, without one, by their letters."""
    if stream.counted == batch.counted == "usage":
        return stream.tokens != batch.tokens
    return stream.characters != batch.characters


def facts(report: LatencyReport, language: Language) -> list[tuple[str, str]]:
    """Name and words of everything that a reader needs to measure it again."""
    words, design = WORDS[language], report.design
    said = words["pairs_said"].format(
        done=len(report.pairs_done),
        planned=design.planned,
        tokens=design.max_tokens,
        seed=design.seed,
        prompts=design.prompts,
        warm_up=len(report.warm_up),
    )
    rows = [
        (words["model"], report.model),
        (words["provider"], report.provider),
        (words["pairs"], said),
        (words["discards"], _discards(report, words)),
        (words["method"], METHOD),
    ]
    if report.runs:
        rows += [*_counted(report, words), *_own(report, language), *_server(report, language)]
    if report.loads:
        rows.append((words["load"], load_said(report.loads, words)))
    return rows + machine_rows(report.machine, words)


def _counted(report: LatencyReport, words: Words) -> list[tuple[str, str]]:
    tokens = [run.tokens for run in report.runs if run.mode == "stream"]
    asked = [run.prompt_tokens for run in report.runs]
    counted = "chunks" if any(run.counted == "chunks" for run in report.runs) else "usage"
    rows = [
        (
            words["prompt"],
            words["prompt_said"].format(low=min(asked), high=max(asked), prompts=report.design.prompts),
        ),
        (
            words["tokens"],
            words["tokens_said"].format(low=min(tokens), high=max(tokens), counted=words[counted]),
        ),
    ]
    if report.cost:
        rows.append((words["cost"], words["cost_said"].format(cost=report.cost)))
    return rows


def _own(report: LatencyReport, language: Language) -> list[tuple[str, str]]:
    words = WORDS[language]
    streams = [run for run in report.runs if run.mode == "stream"]
    first = [run.own_first for run in streams if run.own_first is not None]
    chunk = [run.own_chunk for run in streams if run.own_chunk is not None]
    if not first or not chunk:
        return []
    said = words["own_said"].format(
        first=as_time(statistics.median(first), language), chunk=as_time(statistics.median(chunk), language)
    )
    return [(words["own"], said)]


def _server(report: LatencyReport, language: Language) -> list[tuple[str, str]]:
    """llama.cpp's own times, a row a kind of cache."""
    words, rows = WORDS[language], []
    for cache in report.design.caches:
        told = [run.server for run in report.runs if run.mode == "stream" and run.cache == cache]
        times = [[one[name] / 1000 for one in told if name in one] for name in ("prompt_ms", "predicted_ms")]
        if all(times):
            prompt, predicted = (as_time(statistics.median(one), language) for one in times)
            said = words["server_said"].format(prompt=prompt, predicted=predicted, cache=words[cache])
            rows.append((words["server"], said))
    return rows


def _discards(report: LatencyReport, words: Words) -> str:
    if not report.discards:
        return words["discards_none"]
    kinds = Counter(one.kind for one in report.discards)
    said = words["comma"].join(words["times"].format(n=n, kind=kind) for kind, n in kinds.items())
    return words["discards_said"].format(kinds=said, last=report.discards[-1].message)


def _figures(report: LatencyReport, language: Language) -> str:
    words = WORDS[language]
    caches = [cache for cache in report.design.caches if report.has(cache)]
    heads = "".join(f'<th scope="col">{words[cache]}</th>' for cache in caches)
    rows = []
    for name in ORDER:
        found = [report.found(name, cache) for cache in caches]
        if not any(found):
            continue
        cells = "".join(f"<td>{_cell(name, one, language)}</td>" for one in found)
        rows.append(f'<tr><th scope="row">{escape(_label(name, language))}</th>{cells}</tr>')
    known = all(report.interval("ttft", cache).known for cache in caches)
    return (
        f'<h4>{words["figures"]}</h4><div class="mm-lab-wide"><table><thead><tr><th scope="col">'
        f"{words['metric']}</th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        + quiet(words["median" if known else "no_interval"])
    )


def _label(name: str, language: Language) -> str:
    label = WORDS[language].get(name) or metrics.METRICS[name].label[language]
    return _capital(label)


def _capital(label: str) -> str:
    return label[:1].upper() + label[1:]


def _cell(name: str, found: Interval | None, language: Language) -> str:
    if found is None:
        return "–"
    value = escape(said(name, found.value, language))
    if not found.known:
        return value
    low, high = (escape(said(name, one, language)) for one in (found.low, found.high))
    return f'{value} <span class="mm-lab-interval">({low} {WORDS[language]["to"]} {high})</span>'


def said(name: str, value: float, language: Language) -> str:
    """A figure in the unit of its metric."""
    if name in RATIOS:
        return as_ratio(value, language)
    metric = metrics.METRICS.get(name)
    if metric is None or metric.unit == "s":
        return as_time(value, language)
    return as_share(value) if metric.unit == "share" else three(value)


def _pictures(report: LatencyReport, language: Language) -> list[str]:
    words, made = WORDS[language], []
    for cache in report.design.caches:
        pairs = [(stream, batch) for kind, stream, batch in report.pairs_done if kind == cache]
        if not pairs:
            continue
        stream, batch = sorted(pairs, key=lambda pair: pair[0].first_content)[(len(pairs) - 1) // 2]
        points, reader = (_points(stream), _points(batch)), _reader(stream)
        made.append(
            picture(
                words["timeline"].format(cache=words[cache]),
                plots.timeline(*points, reader=reader, language=language),
                plots.timeline_in_words(*points, reader=reader, language=language),
            )
        )
    rows = [
        row for cache in report.design.caches if report.has(cache) for row in _pairs(report, cache, language)
    ]
    made.append(
        picture(
            words["paired"],
            plots.paired(rows, language=language),
            plots.paired_in_words(rows, language=language),
        )
    )
    for cache in report.design.caches:
        streams = [run for run in report.runs if run.mode == "stream" and run.cache == cache]
        if gaps := [gap for run in streams for gap in metrics.gaps(run)]:
            marks = metrics.pooled_gaps(streams)
            made.append(
                picture(
                    words["histogram"].format(cache=words[cache]),
                    plots.histogram(gaps, marks=marks, language=language),
                    plots.histogram_in_words(gaps, marks=marks, language=language),
                )
            )
    return made


def _points(run: Run) -> list[tuple[float, float]]:
    return [(one.at, one.words) for one in run.arrivals]


def _reader(run: Run) -> list[tuple[float, float]]:
    """The line along which a reader wants the words of this text, from its first word on."""
    if run.first_word is None:
        return []
    words = run.arrivals[-1].words
    return [(run.first_word, 0), (run.first_word + words * pace(run), words)]


def _pairs(report: LatencyReport, cache: Cache, language: Language) -> list[plots.Pairs]:
    """The first text and the whole reply, streaming against batch."""
    words = WORDS[language]
    pairs = [(stream, batch) for kind, stream, batch in report.pairs_done if kind == cache]
    whole = [batch.e2e for _, batch in pairs]
    several = len(report.design.caches) > 1
    rows = []
    for name, values, ratio in (
        ("ttft", [stream.first_content for stream, _ in pairs], "batch_over_ttft"),
        ("e2e", [stream.e2e for stream, _ in pairs], "batch_over_stream"),
    ):
        label = _capital(metrics.METRICS[name].label[language])
        rows.append(
            plots.Pairs(
                f"{label}{words['comma']}{words[cache]}" if several else label,
                values,
                whole,
                report.interval(name, cache)[:3],
                report.interval("batch_e2e", cache)[:3],
                report.interval(ratio, cache)[:3],
            )
        )
    return rows


def _cores(machine: Mapping[str, str]) -> int:
    """The number of cores in the processor's words; 0 where they do not say."""
    last = machine.get("processor", "").rpartition(", ")[2]
    number = last.removesuffix(" cores")
    return int(number) if number.isdecimal() else 0


@once
def _style() -> str:
    return Path(__file__).with_name("lab.css").read_text("utf-8")
