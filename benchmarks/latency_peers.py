"""GuideLLM and AIPerf as their users run them: a command each, whose JSON export is read. No network.

Both want a tokenizer and would fetch one. They are given one of two words, which they only have to load: tokens are
counted by the server.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from mockmate_nb.lab.definitions import Tool

MODEL = "known-truth"
PROMPT = "Tell me, in a few words, what you did about problem {}."
WARM_UP = 2
LONGEST = 120.0
WORDS: Mapping[str, Any] = {
    "version": "1.0",
    "added_tokens": [],
    "pre_tokenizer": {"type": "Whitespace"},
    "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "word": 1}, "unk_token": "[UNK]"},
}


class Asked(NamedTuple):
    """What every client asks of the same server (its address, without a path)."""

    server: str
    requests: int
    tokens: int

    @property
    def prompts(self) -> list[str]:
        return [PROMPT.format(number) for number in range(self.requests)]


P50s = Mapping[str, float]
"""A tool's own names of its metrics, and their p50 in the tool's own units."""
METRICS: Mapping[Tool, Sequence[str]] = {
    "guidellm": (
        "time_to_first_token_ms",
        "time_per_output_token_ms",
        "inter_token_latency_ms",
        "request_latency",
    ),
    "aiperf": ("time_to_first_token", "inter_token_latency", "inter_chunk_latency", "request_latency"),
}


def guidellm(venv: Path, asked: Asked, folder: Path) -> P50s:
    """`guidellm run`, one request after the other."""
    prompts, found = folder / "prompts.jsonl", folder / "guidellm.json"
    rows = [{"prompt": prompt, "output_tokens_count": asked.tokens} for prompt in asked.prompts]
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    command = [str(venv / "bin" / "guidellm"), "run", "--disable-console"]
    for option, value in {
        "backend": f"kind=openai_http,target={asked.server},model={MODEL}",
        "profile": "kind=synchronous",
        "constraint": f"kind=max_requests,count={asked.requests}",
        "tokenizer": f"kind=hf_auto,model={_tokenizer(folder)}",
        "data": f"kind=json_file,path={prompts}",
        "output": f"kind=json,path={found}",
    }.items():
        command += [f"--{option}", value]
    _run(command, venv, folder, HF_HUB_OFFLINE="1")
    (benchmark,) = json.loads(found.read_text("utf-8"))["benchmarks"]
    counted = benchmark["metrics"]["time_to_first_token_ms"]["successful"]["count"]
    assert counted == asked.requests, f"guidellm had {counted} good requests of {asked.requests}"
    return {
        name: benchmark["metrics"][name]["successful"]["percentiles"]["p50"] for name in METRICS["guidellm"]
    }


def aiperf(venv: Path, asked: Asked, folder: Path) -> P50s:
    """`aiperf profile`, one request after the other."""
    prompts, found = folder / "texts.jsonl", folder / "aiperf"
    prompts.write_text("".join(json.dumps({"text": prompt}) + "\n" for prompt in asked.prompts), "utf-8")
    options = {
        "model": MODEL,
        "url": asked.server,
        "endpoint-type": "chat",
        "tokenizer": str(_tokenizer(folder)),
        "input-file": str(prompts),
        "custom-dataset-type": "single_turn",
        "extra-inputs": f"max_tokens:{asked.tokens}",
        "concurrency": "1",
        "request-count": str(asked.requests),
        "warmup-request-count": str(WARM_UP),
        "artifact-dir": str(found),
        "ui": "none",
    }
    command = [str(venv / "bin" / "aiperf"), "profile", "--streaming", "--use-server-token-count"]
    command += ["--no-server-metrics", "--no-gpu-telemetry"]
    command += [word for name, value in options.items() for word in (f"--{name}", value)]
    _run(command, venv, folder)
    exported = json.loads((found / "profile_export_aiperf.json").read_text("utf-8"))
    counted = exported["time_to_first_token"]["count"]
    assert counted == asked.requests, f"aiperf had {counted} good requests of {asked.requests}"
    return {name: exported[name]["p50"] for name in METRICS["aiperf"]}


PEERS: Mapping[Tool, Callable[[Path, Asked, Path], P50s]] = {"guidellm": guidellm, "aiperf": aiperf}


def version(venv: Path, name: str) -> str:
    """As its package says."""
    line = f"from importlib import metadata; print(metadata.version({name!r}))"
    python = venv / "bin" / "python"
    return subprocess.run([python, "-c", line], check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - our own line


@contextmanager
def mock_server(venv: Path, first: float, token: float, folder: Path) -> Iterator[str]:
    """GuideLLM's own server of known times, in seconds: its address. It sleeps from token to token, a bit long."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {
        "host": "127.0.0.1",
        "port": port,
        "workers": 1,
        "model": MODEL,
        "ttft-ms": 1000 * first,
        "itl-ms": 1000 * token,
        "output-tokens": 1024,
    }
    command = [str(venv / "bin" / "guidellm"), "mock-server"]
    command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    server = f"http://127.0.0.1:{port}"
    with (folder / "mock-server.log").open("wb") as log, _started(command, venv, folder, log):
        end = time.monotonic() + LONGEST
        while not _answers(f"{server}/health"):
            assert time.monotonic() < end, f"guidellm's mock-server did not come up: {log.name}"
            time.sleep(0.1)
        yield server


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310 - loopback
        return bool(reply.status == 200)
    return False


def _tokenizer(folder: Path) -> Path:
    place = folder / "tokenizer"
    place.mkdir(exist_ok=True)
    (place / "tokenizer.json").write_text(json.dumps(WORDS), "utf-8")
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}
    (place / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    return place


def _run(command: Sequence[str], venv: Path, folder: Path, **more: str) -> None:
    """To its end; what it said is shown only where it failed."""
    log = folder / "said.log"
    with log.open("wb") as said, _started(command, venv, folder, said, **more) as process:
        failed = process.wait(LONGEST)
    assert not failed, f"{' '.join(command)}\n{log.read_text('utf-8', 'replace')[-3000:]}"


@contextmanager
def _started(
    command: Sequence[str], venv: Path, folder: Path, log: Any, **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A peer with a home of its own; at the end neither it nor what it started is left."""
    path = f"{venv / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    surroundings = {"PATH": path, "HOME": str(folder), **more}
    process = subprocess.Popen(  # noqa: S603 - commands of this file
        command, env=surroundings, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
