"""An interview on a real model: the smallest one, so what it says is not judged, only that it says it."""

from __future__ import annotations

import os

import psutil
import pytest

from mockmate_nb import LLM, Interview, InterviewSetup, run
from mockmate_nb.interview.limits import Limits
from mockmate_nb.llm import local, weights
from mockmate_nb.streams.log import open_log

SMOLLM2 = weights.find("smollm2")


@pytest.mark.skipif(
    SMOLLM2 is None and not os.environ.get("CI"), reason="python -m mockmate_nb model smollm2"
)
def test_a_real_model_asks_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SMOLLM2 is not None, "CI fetches it first"
    monkeypatch.setenv("MOCKMATE_GGUF", str(SMOLLM2.path))
    monkeypatch.setattr(
        Limits, "breach", lambda *_, **__: None
    )  # what so small a model says is its own affair
    llm = LLM("local")
    assert (llm.model, llm.settings.leaves_machine) == (SMOLLM2.path.stem, False)
    setup = InterviewSetup(resume_summary="Python.", job_description="A backend.", question_count=1)
    interview = Interview(setup, llm, log=open_log("memory:"))
    events = run(interview.start())
    done = events[-1].data
    assert events[-1].type == "question_complete", done
    assert (done["source"], done["via"]) == ("model", "stream"), done["note"]
    assert len([e for e in events if e.type == "question_chunk"]) > 3, "it comes piece by piece"
    run(interview.aclose())
    assert own_processes() == 1
    local.close_shared()
    assert own_processes() == 0


def own_processes() -> int:
    children = psutil.Process().children()
    return sum("local_child" in " ".join(child.cmdline()) for child in children)
