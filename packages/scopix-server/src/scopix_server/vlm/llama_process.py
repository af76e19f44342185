"""The process of a local model: llama.cpp on a loopback port, for as long as its parent lives.

It is started by `vlm/llama.py` as `python -m scopix_server.vlm.llama_process`, reads one line of JSON from its
standard input (model, projector, key, context_tokens, threads, name), prints one line of JSON with its URL, and leaves
at the end of its input. The key comes that way because arguments are there for everybody to see.
"""

import json
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Load the model, serve it, and leave with the parent."""
    import xllamacpp

    settings = json.loads(sys.stdin.readline())
    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.mmproj.path = settings["projector"]
    params.model_alias = {settings["name"]}
    params.api_keys = [settings["key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.ui = False
    # Nothing is fetched and no other site may call: the picture comes with the question.
    params.offline = True
    params.cors_origins = "http://127.0.0.1"
    params.n_ctx = settings["context_tokens"]
    params.n_parallel = 1
    if settings.get("threads"):
        params.cpuparams.n_threads = settings["threads"]
        params.cpuparams_batch.n_threads = settings["threads"]
    server = xllamacpp.Server(params)
    print(json.dumps({"url": server.listening_address}), flush=True)  # noqa: T201
    sys.stdin.buffer.read()
    # The server's threads have nothing to save, and its destructor waits for them.
    os._exit(0)


if __name__ == "__main__":
    main()
