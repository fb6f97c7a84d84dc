"""Streaming against batch with a real model on this machine: SmolLM2, answers of three lengths, warm and cold."""

from __future__ import annotations

from collections.abc import Mapping

from mockmate_nb import LLM, run
from mockmate_nb.interview.samples import sample
from mockmate_nb.lab.latency import compare
from mockmate_nb.lab.report import LatencyReport

MODEL = "smollm2"
PROMPT = "Ask one question about this candidate's work, then say what a good answer has.\n\n"
CHARACTERS = 600
PROMISED, WANTED = 64, 5.0
"""At so many tokens, with a warm prompt cache, batch takes more than so many times as long as the first text."""
PAIRS = {16: 8, PROMISED: 20, 256: 6}
"""Tokens of an answer: pairs of each kind of cache."""


def reports(pairs: Mapping[int, int]) -> dict[int, LatencyReport]:
    """A comparison for each length of answer, one after the other."""
    prompt = PROMPT + sample("en").resume[:CHARACTERS]
    llm = LLM("local", model=MODEL)
    return {
        tokens: run(compare(llm, prompt, count, max_tokens=tokens, cache="both"))
        for tokens, count in pairs.items()
    }
