"""What a report says of the machine: enough to judge the figures, and nothing that names a person or a host."""

from __future__ import annotations

import getpass
import os
import socket

from mockmate_nb.lab import machine
from mockmate_nb.llm.client import LLM


def test_facts_name_the_machine_and_nobody() -> None:
    found = machine.facts(LLM(pace=0))
    assert {"date", "system", "processor", "memory", "python", "packages"} <= found.keys()
    assert found["processor"].endswith(f", {os.cpu_count()} cores")
    assert "scipy" in found["packages"]
    said = " ".join(found.values()).split()
    assert socket.gethostname() not in said
    assert getpass.getuser() not in said


def test_load_is_a_queue_and_a_share() -> None:
    machine.load()
    sum(range(10**6))
    found = machine.load()
    assert 0 <= found.cores <= 1
    assert found.queue is None or found.queue >= 0
