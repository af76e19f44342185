"""The environments of our processes: each gets what it needs, and those that look at strangers' images no secret.

A process hands its environment on to those it starts, and shows it in /proc for as long as it lives. So a worker, once
it has read its settings, keeps no more of it than its children may have (`keep_only_harmless`), and the web process
starts the worker without what is its own business alone (`worker_environment`).
"""

import os
from collections.abc import Mapping
from urllib.parse import unquote

__all__ = [
    "child_environment",
    "environment_value",
    "harmless",
    "keep_only_harmless",
    "tracing_headers",
    "worker_environment",
]

_WORKER_DEFAULTS = {
    # Huge pages, where the kernel gives them to who asks: memory comes in fewer pieces. It must be set before a process
    # starts; the rest of what is ruled about memory is in `jobs/heap.py`.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    # Threads share one heap: with one each, as glibc comes, twice as much address space is taken as memory used, and no
    # limit on it (SCOPIX_WORKER_MEMORY_BYTES) could be near to what is used.
    "MALLOC_ARENA_MAX": "1",
    # One thread a process: more than cores halve the throughput, and native pools spin while they wait.
    "OMP_NUM_THREADS": "1",
}
# Whoever is not the web process has no use for these.
_OF_THE_WEB_PROCESS = frozenset({"SCOPIX_LINK_SECRET", "SCOPIX_METRICS_TOKEN"})

# What interpreters and native libraries read: where programs and certificates are, language, time zone, memory,
# threads, GPUs. Whatever else there is may be a secret, under whatever name, and stays behind.
_HARMLESS = frozenset(
    {
        "GLIBC_TUNABLES",
        "HOME",
        "HOSTNAME",
        "LANG",
        "LANGUAGE",
        "LOGNAME",
        "NO_COLOR",
        "PATH",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "SYSTEMROOT",
        "TEMP",
        "TERM",
        "TESSDATA_PREFIX",
        "TMP",
        "TMPDIR",
        "TZ",
        "TZDIR",
        "USER",
        "VIRTUAL_ENV",
    }
)
_HARMLESS_FAMILIES = (
    "COVERAGE_",
    "CUDA_",
    "GGML_",
    "HIP_",
    "KMP_",
    "LC_",
    "LD_",
    "MALLOC_",
    "MKL_",
    "NVIDIA_",
    "OMP_",
    "OPENBLAS_",
    "OPENCV_",
    "ORT_",
    "PG",  # where PostgreSQL is, and how it is spoken to; its password is taken out below
    "PYTHON",
    "ROCR_",
    "XDG_",
)
_SECRET = frozenset({"PGPASSWORD"})

_put_away: dict[str, str] = {}


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a process that handles strangers' data may have of an environment."""
    return {
        name: value
        for name, value in environment.items()
        if name not in _SECRET and (name in _HARMLESS or name.startswith(_HARMLESS_FAMILIES))
    }


def keep_only_harmless() -> None:
    """Take everything else out of this process's environment, for its children; `environment_value` still knows it."""
    for name, value in _WORKER_DEFAULTS.items():
        os.environ.setdefault(name, value)  # a worker may have been started by itself
    kept = harmless(os.environ)
    for name in [name for name in os.environ if name not in kept]:
        _put_away[name] = os.environ.pop(name)


def child_environment() -> dict[str, str]:
    """Return the environment for a process that is started to work on what strangers sent."""
    return harmless(os.environ)


def worker_environment() -> dict[str, str]:
    """Return the environment for worker processes: ours, with defaults for what native libraries read from it."""
    # The settings' names count in any case of letters.
    ours = {name: value for name, value in os.environ.items() if name.upper() not in _OF_THE_WEB_PROCESS}
    return {**_WORKER_DEFAULTS, **ours}


def tracing_headers() -> dict[str, str]:
    """Return the headers that traces are sent with, as OpenTelemetry's own variables give them: `name=value,...`."""
    texts = [environment_value(f"OTEL_EXPORTER_OTLP_{kind}HEADERS") or "" for kind in ("", "TRACES_")]
    pairs = [pair.partition("=") for text in texts for pair in text.split(",") if "=" in pair]
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}


def environment_value(name: str) -> str | None:
    """Return a variable of the environment that the operator's own file names, such as one with an engine's key."""
    return os.environ.get(name, _put_away.get(name))
