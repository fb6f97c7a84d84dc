"""The interview's promises, each against what was measured: scores, interviews, and a model's wordings.

python -m benchmarks.interview [--quick] [--only ROW …] [--model local [--interviews N] [--questions N]] [--out FILE]

It writes its own section of docs/benchmarks.md; with `--only` it prints. With `--model` it holds whole interviews
with that model, which takes minutes each on a small machine; `--keep FILE` keeps them, word for word.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import interview_local, interview_scores, interview_simulated
from benchmarks.report import Promise, replaced, table
from mockmate_nb.interview.bank import Format

OUT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
HEADING = "## The interview"
SIMULATED, MODEL = "simulated", "model"
ROWS = (*interview_scores.ROWS, SIMULATED, MODEL)


def measured(quick: bool, only: Sequence[str], seeds: int) -> list[Promise]:
    """The rows that need no model, worked out side by side."""
    with ProcessPoolExecutor() as pool:
        scored = [pool.submit(row, quick) for name, row in interview_scores.ROWS.items() if name in only]
        formats = list(Format) if SIMULATED in only else []
        held = [pool.submit(interview_simulated.hold, kind, seeds) for kind in formats]
        kept = [promise for each in scored for promise in each.result()]
        if held:
            kept += interview_simulated.rows([each.result() for each in held], seeds)
    return kept


def section(kept: Sequence[Promise], quick: bool, *, gaps: bool) -> list[str]:
    """The lines of the section."""
    words = {True: "yes", False: "**no**", None: "-"}
    lines = [
        HEADING,
        "",
        f"Made by `make bench-interview` on {datetime.now(UTC):%Y-%m-%d}{', quickly' if quick else ''}: "
        f"{os.cpu_count()} cores.",
        "Scores are those of the rules, which were made with the own, the held out (their author knew only how many",
        "failed) and the fresh pairs at hand. The blind ones were written last, by somebody who knew neither.",
        "",
        *table(("promise", "wanted", "measured", "met"), [(*row[:3], words[row.met]) for row in kept]),
    ]
    if gaps:
        heads = ("median gap, points", "own, en", "own, zh", "held out, en", "held out, zh")
        lines += ["", *table(heads, interview_scores.by_format())]
    return lines


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a smoke test; its figures say little")
    options.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"of {', '.join(ROWS)}")
    options.add_argument("--seeds", type=int, help="of the simulated interviews")
    options.add_argument("--model", help='"local", or what else LLM() takes')
    options.add_argument("--interviews", type=int, default=interview_local.INTERVIEWS)
    options.add_argument("--questions", type=int, default=interview_local.QUESTIONS, help="an interview")
    options.add_argument("--keep", type=Path, help="a file for the model's interviews, one a line of JSON")
    options.add_argument("--out", type=Path, default=OUT)
    asked = options.parse_args()
    only = asked.only or ROWS
    seeds = asked.seeds or (interview_simulated.QUICK_SEEDS if asked.quick else interview_simulated.SEEDS)
    kept = measured(asked.quick, only, seeds)
    if MODEL in only:
        kept += (
            interview_local.rows(asked.model, asked.interviews, asked.questions, asked.keep)
            if asked.model
            else interview_local.not_run()
        )
    lines = section(kept, asked.quick, gaps="pairs" in only)
    print("\n".join(lines))
    if not asked.only:
        text = asked.out.read_text("utf-8") if asked.out.exists() else ""
        asked.out.write_text(replaced(text, lines), "utf-8")


if __name__ == "__main__":
    main()
