"""How long `import mockmate_nb` takes in a fresh process, and whether it is quiet.

    python benchmarks/import_time.py [--quick]

A fresh process says how long the import took by its own clock; what Python itself needs to start is not counted.
The first run, which may write bytecode, is not counted either. In a further process an audit hook watches for
sockets: that one is not timed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROUNDS, QUICK_ROUNDS = 15, 3
TARGET = 1.0
NAMES = ("mockmate_nb", "mockmate_nb.llm.client", "mockmate_nb.view.panel")
ROOT = Path(__file__).resolve().parents[1]
TIMED = "import time; start = time.perf_counter(); import {name}; print(time.perf_counter() - start)"
WATCHED = """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith("socket.") else None)
import {name}
print(*sorted(set(seen)))
"""


def run(code: str) -> str:
    """What a fresh process prints; the package is found beside this folder, installed or not."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def rows(quick: bool) -> list[dict[str, Any]]:
    """One row a module: seconds (median, quartiles), the sockets it opened, whether that is as it should be."""
    table = []
    for name in NAMES:
        times = [float(run(TIMED.format(name=name))) for _ in range(1 + (QUICK_ROUNDS if quick else ROUNDS))][
            1:
        ]
        low, _, high = quantiles(times, n=4, method="inclusive")
        sockets = run(WATCHED.format(name=name)).split()
        row = {"import": name, "seconds": median(times), "low": low, "high": high, "sockets": sockets}
        table.append({**row, "met": not sockets and (median(times) < TARGET or name != NAMES[0])})
    return table


def main() -> None:
    options = argparse.ArgumentParser(description="How long the import takes.")
    options.add_argument("--quick", action="store_true", help="three runs each: a smoke test")
    for row in rows(options.parse_args().quick):
        line = f"import {row['import']:26} {row['seconds']:6.3f} s ({row['low']:.3f}-{row['high']:.3f})"
        print(
            line
            + f"  sockets: {', '.join(row['sockets']) or 'none'}"
            + ("" if row["met"] else "  BELOW TARGET")
        )


if __name__ == "__main__":
    main()
