"""What a measurement ran on: facts that a reader of the figures needs, and nothing that names a person or a host."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import psutil

from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.local import default_threads

PACKAGES = ("mockmate-nb", "openai", "httpx2", "numpy", "scipy", "xllamacpp")
BUSY = 0.7
"""Load a core from which on figures are said to come from a busy machine."""


class Load(NamedTuple):
    """How busy the machine was: the run queue's mean length over the last minute, and the share of all cores that
    was in use since the look before (our own work and a local model's included)."""

    queue: float | None
    cores: float


def load() -> Load:
    """How busy the machine is now; reads no more than two counters of the system."""
    queue = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return Load(queue, psutil.cpu_percent() / 100)


def facts(llm: LLM) -> dict[str, str]:
    """Words for a report: system, processor, memory, versions, and how many threads a local model has."""
    found = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "system": platform.system(),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {version}" for name, version in _versions().items()),
    }
    if llm.settings.provider.name == "local":
        found["threads"] = str(default_threads())
    return found


def _versions() -> Mapping[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    """The processor's own name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]
