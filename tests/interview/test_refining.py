"""A model may add to what the rules matched only what stands in the texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from mockmate_nb import LLM
from mockmate_nb.interview.reading import Match, compare, read_job, read_resume
from mockmate_nb.interview.refining import Pair, Pairs, merged, refined
from tests.interview.scripted import Model, Scripted

RESUME = "Skills: Docker, Prometheus dashboards, Zeebe flows. Built retrieval over help articles."
JOB = "Requirements\n- Kubernetes\n- Retrieval-augmented generation\n- workflow engines\n- Temporal"
RULES = compare(read_resume(RESUME), read_job(JOB))


def test_the_rules_alone() -> None:
    assert RULES.missing == ("Kubernetes", "RAG")


@pytest.mark.parametrize(
    ("asked", "shown", "shared", "missing"),
    [
        ("Retrieval-augmented generation", "retrieval over help articles", ["RAG"], ["Kubernetes"]),
        ("workflow engines", "Zeebe flows", ["workflow engines"], ["Kubernetes", "RAG"]),
        ("WORKFLOW  engines", "zeebe", ["workflow engines"], ["Kubernetes", "RAG"]),
        ("Temporal", "", [], ["Kubernetes", "RAG", "Temporal"]),
        ("Kubernetes", "Docker", [], ["Kubernetes", "RAG"]),  # two skills, the catalogue knows
        ("Kubernetes", "Helm charts", [], ["Kubernetes", "RAG"]),  # not in the résumé
        ("Erlang", "Docker", [], ["Kubernetes", "RAG"]),  # not in the job
        ("Tempo", "", [], ["Kubernetes", "RAG"]),  # half a word
        ("", "Docker", [], ["Kubernetes", "RAG"]),
        ("-", "", [], ["Kubernetes", "RAG"]),
        ("workflow engines " * 9, "", [], ["Kubernetes", "RAG"]),
    ],
)
def test_only_what_stands_in_the_texts_counts(
    asked: str, shown: str, shared: list[str], missing: list[str]
) -> None:
    found = merged(RULES, Pairs(pairs=[Pair(asked=asked, shown=shown)] * 2), RESUME, JOB)
    assert list(found.shared) == shared
    assert list(found.missing) == missing


Asking = Callable[[str], "tuple[LLM, Scripted]"]


@pytest.fixture
def asked(model: Model) -> Asking:
    """A model that says one line, and does not pass for the practice model."""

    def make(line: str) -> tuple[LLM, Scripted]:
        llm, sent = model([line])
        stranger = SimpleNamespace(is_practice=False, settings=llm.settings, stream_object=llm.stream_object)
        return cast("LLM", stranger), sent

    return make


async def test_a_model_is_asked_and_its_reply_checked(asked: Asking) -> None:
    reply = {
        "pairs": [{"asked": "workflow engines", "shown": "Zeebe flows"}, {"asked": "COBOL", "shown": ""}]
    }
    llm, sent = asked(f"say {json.dumps(reply)}")
    match = await refined(llm, RESUME, JOB, RULES)
    assert match.shared == ("workflow engines",)
    assert "COBOL" not in match.missing
    assert "Zeebe flows" in json.dumps(sent.asked)


@pytest.mark.parametrize(
    "line",
    ["say not JSON", 'say {"pairs": 3}', "status 401", "status 400", "empty", 'say {"pairs": [{"asked"'],
)
async def test_any_fault_leaves_what_the_rules_found(asked: Asking, line: str) -> None:
    llm, sent = asked(line)
    assert await refined(llm, RESUME, JOB, RULES) is RULES
    assert sent.asked


async def test_the_practice_model_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    llm = LLM("practice")
    monkeypatch.setattr(llm, "stream_object", None)
    match = Match((), ("Go",), (), None)
    assert await refined(llm, RESUME, JOB, match) is match
