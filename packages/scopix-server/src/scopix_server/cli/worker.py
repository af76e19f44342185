"""worker: the process that describes."""

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import Annotated

import typer
from filelock import FileLock, Timeout

from scopix_server.cli.common import DataDir, begin_tracing, check_categories, fail, leave, leave_at_once, settings_from
from scopix_server.quick_start import end_loading
from scopix_server.tracing import stop_tracing

__all__ = ["worker"]

_WORKER_HAND_OVER_SECONDS = 60
_log = logging.getLogger(__name__)


def worker(
    data_dir: DataDir = None,
    processes: Annotated[
        int | None, typer.Option(help="Images looked at at once [env: SCOPIX_WORKER_PROCESSES]", min=1)
    ] = None,
    leave_with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Describe files from the queue, until stopped."""
    from scopix_server.wiring.engines import engine_choice
    from scopix_server.wiring.worker import running_worker

    settings = settings_from(data_dir=data_dir, worker_processes=processes)
    try:
        engine_choice(settings)
    except ValueError as error:
        fail(f"The settings of the engines cannot be used: {error}.")
    check_categories(settings)
    if settings.analyzer == "scripted":
        _log.warning("SCOPIX_ANALYZER is scripted: descriptions are made up, for tests and load trials only")
    begin_tracing(settings, "scopix-worker")
    # A helper process of the standard library says this when the worker is killed, and knows no log but its own.
    sys.warnoptions.append("ignore:resource_tracker:UserWarning")
    stopping = threading.Event()
    _stop_on_signals(stopping)
    if leave_with_parent:
        threading.Thread(target=_wait_for_parent, args=[stopping], name="parent", daemon=True).start()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(settings.data_dir / "worker.lock")
    if not settings.is_shared:
        # The worker of a server that was just killed may still be on its way out: wait for it, or both would work.
        try:
            lock.acquire(timeout=_WORKER_HAND_OVER_SECONDS)
        except Timeout:
            fail(f"Another worker is already running on {settings.data_dir}.")
    with running_worker(settings):
        end_loading()
        stopping.wait()
    stop_tracing()
    # Threads may still wait for children that were ended; nothing is to wait for these threads.
    leave()


def _stop_on_signals(stopping: threading.Event) -> None:
    def stop(sig: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            leave_at_once(sig)
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    # A Ctrl-C in the terminal reaches the server as well, and the server tells its worker when to go.
    signal.signal(signal.SIGINT, stop if sys.stdin.isatty() else signal.SIG_IGN)


def _wait_for_parent(stopping: threading.Event) -> None:
    """Set `stopping` at the end of standard input: the parent holds its other end and never writes."""
    # Unbuffered: at a worker's end the interpreter closes the buffer, and would abort as this thread holds its lock.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stopping.set()
