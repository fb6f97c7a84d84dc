"""All figures, side by side in one run, into docs/benchmarks.md.

python -m benchmarks [--quick] [--out FILE]

The sections that `python -m benchmarks.view`, `benchmarks.interview` and `benchmarks.latency` wrote stay as they are.
"""

from __future__ import annotations

import argparse
import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from benchmarks import client, decoder, first_paint, import_time, interview, latency, view
from benchmarks.report import kept_section, spread, table

OUT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
PEERS = ("openai", "httpx-sse", "launchdarkly-eventsource")


def decoding(quick: bool) -> list[str]:
    found = decoder.rows(quick)
    peers = tuple(found[0]["iter_over"])
    heads = ("shape", "ours, ms", "feed, ms", *(f"× {peer}" for peer in peers), "feed × httpx-sse", "met")
    rows = [
        (
            row["shape"],
            f"{row['ms']['iter']:.1f}",
            f"{row['ms']['feed']:.1f}",
            *(spread(row["iter_over"][peer]) for peer in peers),
            spread(row["feed_over_httpx_sse"]),
            "yes" if row["met"] else "**no**",
        )
        for row in found
    ]
    growth = decoder.scaling(quick)
    return [
        "## Decoding server-sent events",
        "",
        "Times of `iter_events` and how many times longer the peers take. Wanted: on the first two shapes",
        "4.5 × the SDK, 1.7 × httpx-sse, 1.25 × launchdarkly-eventsource; elsewhere 1.1 × the fastest of",
        "them; `feed` no slower than httpx-sse.",
        "",
        *table(heads, rows),
        "",
        "One event of 1 to 60 MB in pieces of 1 kB, as one line and as many, in nanoseconds a byte. Time is linear",
        "but for one step at 32 MB, from where on the C library's allocator asks for fresh pages each time.",
        "",
        *table(tuple(growth[0]), [tuple(row.values()) for row in growth]),
    ]


def deltas(quick: bool) -> list[str]:
    rows = [
        (
            row["feed"],
            spread(row["ours_cpu"]),
            spread(row["sdk_cpu"]),
            spread(row["cheaper"]),
            "yes" if row["met"] else "**no**",
        )
        for row in client.rows(quick)
    ]
    heads = ("replayed stream", "`LLM.stream`, µs", "SDK, µs", "cheaper by", "met")
    note = "CPU time of the client for one delta. Wanted: an eighth of the SDK's."
    return ["## What a delta costs the client", "", note, "", *table(heads, rows)]


def importing(quick: bool) -> list[str]:
    rows = [
        (
            f"`import {row['import']}`",
            f"{row['seconds']:.3f} ({row['low']:.3f}-{row['high']:.3f})",
            ", ".join(row["sockets"]) or "none",
        )
        for row in import_time.rows(quick)
    ]
    return ["## Importing", "", *table(("", "seconds", "sockets opened"), rows)]


def painting(quick: bool) -> list[str]:
    rows = first_paint.rows(quick)
    cells = [tuple(f"{v:.1f}" if isinstance(v, float) else v for v in row.values()) for row in rows]
    note = (
        "Milliseconds from a view's first `append`, or from the first byte of the practice model's reply in an "
        "interview, to the page, in a real JupyterLab and Chromium. Wanted: p95 of 50 from the first byte."
    )
    return ["## First character on screen", "", note, "", *table(tuple(rows[0]), cells)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a smoke test; its figures say little")
    options.add_argument("--out", type=Path, default=OUT)
    asked = options.parse_args()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PEERS)
    head = [
        "# Figures",
        "",
        f"Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}: Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}; {versions}.",
        "Machines are shared and noisy: ratios are of runs side by side, shown as median and quartiles.",
        "",
    ]
    parts = [part(asked.quick) for part in (decoding, deltas, importing, painting)]
    text = "\n".join(head + [line for part in parts for line in [*part, ""]]).rstrip() + "\n"
    before = asked.out.read_text("utf-8") if asked.out.exists() else ""
    for heading in (view.HEADING, interview.HEADING, latency.HEADING):
        kept = kept_section(before, heading)
        text += f"\n{kept}" if kept else ""
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
