"""The interrupt button on a real kernel: what runs stops, what there is stays, no traceback of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

SETUP = """
from mockmate_nb import LLM, Interview, InterviewSetup, run
from mockmate_nb.streams.log import open_log
setup = InterviewSetup(resume_summary="Python, Kafka.", job_description="A backend.", question_count=1)
interview = Interview(setup, LLM("practice", pace=10), log=open_log("memory:"))
run(LLM("practice", pace=0).complete([{"role": "user", "content": "x"}]))
"""
CUT = """
import threading, time
def tell():
    while not (interview.turns and len(interview.turns[-1].text) > 4):
        time.sleep(0.01)
    print("it speaks", flush=True)
threading.Thread(target=tell).start()
events = run(interview.start())
print([e.type for e in events][-1], interview.state)
"""
AFTER = "print(repr(interview.turns[0].text))\nprint([e.type for e in run(interview.resume())][-1])"


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    owner = KernelManager(kernel_name="python3", connection_file=str(tmp_path / "kernel.json"))
    owner.start_kernel(cwd=str(tmp_path))
    client = owner.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield owner, client
    finally:
        client.stop_channels()
        owner.shutdown_kernel(now=True)
        owner.cleanup_resources()


def execute(client: BlockingKernelClient, code: str, *, interrupt: KernelManager | None = None) -> str:
    """What the cell printed; an error it raised fails the test."""
    said: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        kind, content = message["header"]["msg_type"], message["content"]
        assert kind != "error", "\n".join(content["traceback"])
        if kind == "stream":
            said.append(content["text"])

    asked = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=30)
        if interrupt is not None and message["content"].get("text", "").startswith("it speaks"):
            interrupt.interrupt_kernel()
            continue
        if message["parent_header"].get("msg_id") != asked:
            continue
        if message["header"]["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return "".join(said)
        hear(message)


def test_interrupt_while_a_cell_blocks(kernel: tuple[KernelManager, BlockingKernelClient]) -> None:
    owner, client = kernel
    execute(client, SETUP)
    assert execute(client, CUT, interrupt=owner).split() == ["stopped", "stopped"]
    partial, ended = execute(client, AFTER).splitlines()
    assert len(partial) > 6, "what was said before the interrupt is kept"
    assert ended == "question_complete"


MEASURE = """
from mockmate_nb import LLM, run
from mockmate_nb.lab.latency import compare, sweep
llm = LLM("practice", pace=100)
def told(work):
    seen = iter([None])
    def tell():
        if work.done > {after} and next(seen, work) is None:
            print("it speaks", flush=True)
    work.on_change(tell)
    return work
report = run(told({work}))
print(report.finished, len(report.{part}) > 0)
"""


@pytest.mark.parametrize(
    ("work", "after", "part"),
    [
        ('compare(llm, "hi", pairs=100, max_tokens=20)', 6, "pairs_done"),
        ('sweep(llm, "hi", (1, 2, 4, 8), requests=50, max_tokens=20)', 4, "levels"),
    ],
    ids=["compare", "sweep"],
)
def test_interrupt_in_mid_measurement_keeps_what_was_measured(
    kernel: tuple[KernelManager, BlockingKernelClient], work: str, after: int, part: str
) -> None:
    owner, client = kernel
    code = MEASURE.format(work=work, after=after, part=part)
    assert execute(client, code, interrupt=owner).split() == ["False", "True"]
