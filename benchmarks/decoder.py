"""The decoder against three others, on streams of many shapes. SSE only: no JSON is read.

    python benchmarks/decoder.py [--quick] [--json FILE]

All run interleaved in one process, in an order that turns with each round, on the CPU time of one thread and
with the garbage collector off. A ratio compares two runs of the same round; shown are the median over the
rounds and, in brackets, the quartiles. How each is driven:

- ours, iter: `iter_events(chunks)`; feed: `SSEDecoder().feed(chunk)` for each chunk.
- openai: `SSEDecoder().iter_bytes(chunks)`, the call that its `Stream` makes.
- httpx-sse: its line decoder and its event decoder, line by line as in `EventSource.iter_sse`, behind the
  incremental UTF-8 decoder that httpx puts before them. httpx's own layers are left out, in its favour.
- launchdarkly: `_SSEReader` over `_BufferedLineReader`, as in `SSEClient.all`, whose own wrapping is left
  out, in its favour. As in that client it is given no place for `retry`; it yields comments as well.
"""

from __future__ import annotations

import argparse
import codecs
import gc
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from httpx_sse._decoders import SSEDecoder as HttpxEvents
from httpx_sse._decoders import SSELineDecoder as HttpxLines
from ld_eventsource.reader import (  # type: ignore[import-untyped] # the package ships no types
    _BufferedLineReader,
    _SSEReader,
)
from openai._streaming import SSEDecoder as OpenAIDecoder

from benchmarks.shapes import SHAPES, one_event
from mockmate_nb.wire.sse import SSEDecoder, iter_events

ROUNDS = 9
PEERS = ("openai", "httpx-sse", "launchdarkly")
TARGETS = {"openai": 4.5, "httpx-sse": 1.7, "launchdarkly": 1.25}  # on the two chat shapes
TARGET_ELSEWHERE = 1.1  # over the fastest of the three
MEGABYTES = (1, 10, 40, 60)

Decoder = Callable[[list[bytes]], Iterable[object]]


def feed(chunks: list[bytes]) -> Iterator[object]:
    decoder = SSEDecoder()
    for chunk in chunks:
        yield from decoder.feed(chunk)


def openai(chunks: list[bytes]) -> Iterator[object]:
    return OpenAIDecoder().iter_bytes(iter(chunks))


def httpx_sse(chunks: list[bytes]) -> Iterator[object]:
    text_of = codecs.getincrementaldecoder("utf-8")("replace").decode
    lines, events = HttpxLines(), HttpxEvents()
    for chunk in chunks:
        if text := text_of(chunk):
            for line in lines.decode(text):
                event = events.decode(line.rstrip("\n"))
                if event is not None:
                    yield event


def launchdarkly(chunks: list[bytes]) -> Iterator[object]:
    events: Iterator[object] = _SSEReader(_BufferedLineReader.lines_from(chunks)).events_and_comments()
    return events


DECODERS: dict[str, Decoder] = {
    "iter": iter_events,
    "feed": feed,
    "openai": openai,
    "httpx-sse": httpx_sse,
    "launchdarkly": launchdarkly,
}


def milliseconds(decoder: Decoder, chunks: list[bytes]) -> float:
    start = time.thread_time()
    for _ in decoder(chunks):
        pass
    return 1000 * (time.thread_time() - start)


def measure(chunks: list[bytes], rounds: int) -> dict[str, list[float]]:
    """Each decoder's milliseconds, round by round."""
    times: dict[str, list[float]] = {name: [] for name in DECODERS}
    names = list(DECODERS)
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                times[name].append(milliseconds(DECODERS[name], chunks))
    finally:
        gc.enable()
    return times


def ratio(slow: list[float], fast: list[float]) -> dict[str, float]:
    """How often `fast` is done while `slow` runs once: median and quartiles over the rounds."""
    each = [a / b for a, b in zip(slow, fast, strict=True)]
    low, _, high = quantiles(each, n=4, method="inclusive") if len(each) > 1 else each * 3
    return {"median": round(median(each), 3), "low": round(low, 3), "high": round(high, 3)}


def rows(quick: bool) -> list[dict[str, Any]]:
    """One row a shape: milliseconds (median) and ratios, and whether its targets are met."""
    table = []
    for shape in SHAPES:
        chunks = shape.chunks(max(2, shape.n // 100) if quick else shape.n)
        events = list(iter_events(chunks))
        assert events == list(feed(chunks))
        times = measure(chunks, 2 if quick else ROUNDS)
        over_peers = {peer: ratio(times[peer], times["iter"]) for peer in PEERS}
        fastest = min(PEERS, key=lambda peer: median(times[peer]))
        feed_ratio = ratio(times["httpx-sse"], times["feed"])
        wanted = TARGETS if shape.is_chat else {fastest: TARGET_ELSEWHERE}
        table.append(
            {
                "shape": shape.name,
                "bytes": sum(map(len, chunks)),
                "pieces": len(chunks),
                "events": len(events),
                "ms": {name: round(median(each), 3) for name, each in times.items()},
                "iter_over": over_peers,
                "fastest_peer": fastest,
                "feed_over_httpx_sse": feed_ratio,
                "met": all(over_peers[peer]["median"] >= least for peer, least in wanted.items())
                and feed_ratio["median"] >= 1,
            }
        )
    return table


def scaling(quick: bool) -> list[dict[str, Any]]:
    """Nanoseconds a byte for one event of 1 to 60 MB: the same where time is linear."""
    table = []
    for in_lines in (False, True):
        for megabytes in MEGABYTES[: 1 if quick else None]:
            chunks = one_event(megabytes, in_lines)
            size = sum(map(len, chunks))
            row: dict[str, Any] = {"event": f"{megabytes} MB, {'100-byte lines' if in_lines else 'one line'}"}
            for name in ("iter", "feed"):
                best = min(milliseconds(DECODERS[name], chunks) for _ in range(3))
                row[name] = round(1e6 * best / size, 3)
            table.append(row)
    return table


def show(table: list[dict[str, Any]], growth: list[dict[str, Any]]) -> None:
    print(f"{'':38}{'milliseconds, median':^45}{'iter beats … by':^27}   iter beats the fastest by")
    print(f"{'shape':38}" + "".join(f"{name[:8]:>9}" for name in (*DECODERS, *PEERS)))
    for row in table:
        best = row["iter_over"][row["fastest_peer"]]
        line = f"{row['shape']:38}" + "".join(f"{row['ms'][name]:9.1f}" for name in DECODERS)
        line += "".join(f"{row['iter_over'][peer]['median']:9.2f}" for peer in PEERS)
        line += f"   {best['median']:.2f} ({best['low']:.2f}-{best['high']:.2f})"
        print(line + ("" if row["met"] else "  BELOW TARGET"))
    print("\none event in 1 kB pieces, ns a byte       iter     feed")
    for row in growth:
        print(f"{row['event']:38}{row['iter']:9.2f}{row['feed']:9.2f}")


def main() -> None:
    options = argparse.ArgumentParser(description="The decoder against three others.")
    options.add_argument(
        "--quick", action="store_true", help="a hundredth of the size, two rounds: a smoke test"
    )
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    given = options.parse_args()
    table, growth = rows(given.quick), scaling(given.quick)
    show(table, growth)
    if given.json:
        given.json.write_text(json.dumps({"rows": table, "scaling": growth}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
