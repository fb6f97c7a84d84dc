"""The program of the model's own process: llama.cpp's HTTP server, and a watch on the process that owns it.

It is run by its path and imports nothing of this package. Standard input brings one line of JSON with
`weights, model, api_key, threads, context, owner`, and then stays open for as long as the owner lives.
Standard output gives one line of JSON, `{"url": …}`, once the model is loaded; llama.cpp's log goes to standard
error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any

BATCH_TOKENS = 64  # a stop takes effect between two batches of the prompt; measured: 4 % slower than 512


def main() -> None:
    reply = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is log, not reply
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the notebook
    wish = json.loads(sys.stdin.readline())
    end_with_input()
    server = serve(wish)
    reply.write(json.dumps({"url": server.listening_address}) + "\n")
    reply.flush()
    while os.getppid() == wish["owner"]:  # a fork of the owner may hold our input open after its death
        time.sleep(1)
    os._exit(0)


def end_with_input() -> None:
    """End this process when its input ends.

    A thread does so everywhere, but not during the load of a model, which holds the interpreter's lock; on
    Linux the kernel's own signal does it then.
    """
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)

    def wait() -> None:
        os.read(0, 1)
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def serve(wish: dict[str, Any]) -> Any:
    """An `xllamacpp.Server` with the weights loaded, on a free loopback port; exit with 1 where that fails."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = wish["weights"]
    params.model_alias = {wish["model"]}  # else every chunk names the file's path
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [wish["api_key"]]
    params.cors_origins = ""
    params.ui = False
    params.offline = True
    params.verbosity = 2
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = wish["threads"]
    params.n_parallel = 2
    params.kv_unified = True  # two conversations share the context; a lone one has all of it
    params.n_ctx = wish["context"]
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cache_ram_mib = 256
    params.sse_ping_interval = 1  # a comment a second: the line lives while a long prompt is read
    try:
        return xllamacpp.Server(params)
    except RuntimeError:
        sys.exit(1)  # llama.cpp has said why


if __name__ == "__main__":
    main()
