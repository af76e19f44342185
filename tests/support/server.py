"""A real server in a process of its own, on a free port, with a data directory of its own (see `setup`).

Its analyzer is the scripted one unless a test says `analyzer="builtin"`. What needs no process of its own is served in
the tests' (see `inprocess`).
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import psutil

from tests.support.setup import StoredInBucket, environment_with, setup_of

START_SECONDS = 90


class ServerProcess:
    """`scopix-server serve`, started, watched, stopped or killed. Restart it by calling `start` again.

    Args:
        is_first: whether it is to make its database itself, which costs a second of the processor's time.
    """

    def __init__(self, data_dir: Path, *, worker: bool = True, is_first: bool = False, **settings: str) -> None:
        self.data_dir = data_dir
        self.setup = setup_of(data_dir, settings)
        self.printed: list[str] = []
        self.base_url = ""
        self.run_under: list[str] = []  # a program and its arguments before the server's command
        self._is_first = is_first
        self._worker_beside = worker and not self.setup.workers
        # Models are for tests to which pixels matter; to load them costs as much as all the rest of a start.
        self._settings = {"analyzer": "scripted", "worker_processes": "1", **settings}
        self._environment = self.setup.environment(self._settings)
        self._workers = [self._worker(number) for number in range(self.setup.workers if worker else 0)]
        self._process: subprocess.Popen[str] | None = None

    def start(self, port: int = 0) -> "ServerProcess":
        """Start it and return once it listens; see `wait_until_ready` for its worker."""
        command = [*self.run_under, *self.setup.command("serve", "--port", str(port))]
        if not self._worker_beside:
            command.append("--no-worker")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not self._is_first:
            self.setup.with_tables()
        self.printed = []
        with self.log_path.open("a") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=self._environment
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.printed.append(line.rstrip("\n"))
            if line.startswith("Scopix listens on "):
                self.base_url = line.split()[3]
                # Nothing more is printed, but the pipe must not fill up if that changes.
                threading.Thread(target=self._process.stdout.read, daemon=True).start()
                self.start_workers()
                return self
        self._reap()
        raise AssertionError(f"the server did not start:\n{self.log}")

    def start_workers(self) -> None:
        """Start those of the workers of its own that do not run; a worker beside the server is the server's matter."""
        for worker in self._workers:
            worker.start()

    def wait_until_ready(self) -> "ServerProcess":
        """Return once every part can work."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if httpx2.get(f"{self.root}/ready").status_code == 200:
                return self
            time.sleep(0.1)
        # Left running it would trouble the tests after this one.
        self.stop()
        raise AssertionError(f"the server did not become ready:\n{self.log}")

    @property
    def root(self) -> str:
        return self.base_url.removesuffix("/api/v2")

    @property
    def port(self) -> int:
        return int(self.root.rsplit(":", 1)[1])

    @property
    def log_path(self) -> Path:
        return self.data_dir / "server.log"

    @property
    def log(self) -> str:
        """What was logged so far, by its workers, too."""
        return "".join(path.read_text() for path in [self.log_path, *(worker.log_path for worker in self._workers)])

    @property
    def api_key(self) -> str:
        return str(json.loads((self.data_dir / "credentials.json").read_text())["api_key"])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def processes(self) -> list[psutil.Process]:
        """The server's process, its worker, and the worker's children."""
        parents = [psutil.Process(pid) for pid in [self.pid, *(worker.pid for worker in self._workers)]]
        return [process for parent in parents for process in (parent, *parent.children(recursive=True))]

    @property
    def is_running(self) -> bool:
        """Whether its web process is there."""
        return self._process is not None and self._process.poll() is None

    def client(self, **options: Any) -> httpx2.Client:
        """An HTTP client with the admin key; the paths start behind /api/v2."""
        headers = {"Authorization": f"Bearer {self.api_key}", **options.pop("headers", {})}
        return httpx2.Client(base_url=self.base_url, headers=headers, timeout=60, **options)

    def kill(self) -> list[psutil.Process]:
        """kill -9 of the web process alone. Returns the processes that it leaves behind."""
        left = psutil.Process(self.pid).children(recursive=True)
        os.kill(self.pid, signal.SIGKILL)
        self._reap()
        return left

    def stop(self) -> int:
        """Stop it as a service manager would; return its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
        with ThreadPoolExecutor() as threads:
            codes = list(threads.map(lambda worker: worker.stop(), self._workers))
        return self._reap() or max(codes, default=0)

    def ask_to_stop(self) -> bool:
        """Send SIGTERM to each part, as the service managers of a site would; return whether any was still there."""
        processes = [self._process, *(worker.process for worker in self._workers)]
        there = [process for process in processes if process is not None and process.poll() is None]
        for process in there:
            process.terminate()
        return bool(there)

    def ended(self) -> int:
        """Wait for the end of a server that was told to stop; return its exit code, or else a worker's."""
        codes = [worker.ended() for worker in self._workers]
        return self._reap() or max(codes, default=0)

    def _reap(self) -> int:
        assert self._process is not None
        code = self._process.wait(timeout=40)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def stored_objects(self) -> "Sequence[Path | StoredInBucket]":
        """Every object in the server's store, half-written ones included."""
        return self.setup.stored_objects()

    def nothing_half_stored(self) -> bool:
        """Whether no part is left, once the thumbnails that are being written now (as parts, too) are through."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if not self.setup.half_stored():
                return True
            time.sleep(0.05)
        return False

    def _worker(self, number: int) -> "WorkerProcess":
        folder = self.data_dir.with_name(f"{self.data_dir.name}-worker-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        settings = {**self.setup.settings, "worker_processes": "1", **self._settings}
        return WorkerProcess(folder, folder / "worker.log", begin=False, **settings)


class WorkerProcess:
    """`scopix-server worker` on its own, as it runs beside servers elsewhere. Its log goes to a file."""

    def __init__(self, data_dir: Path, log_path: Path, *, begin: bool = True, **settings: str) -> None:
        self._data_dir = data_dir
        self._settings = {"worker_processes": "1", "analyzer": "scripted", **settings}
        self._process: subprocess.Popen[bytes] | None = None
        self.log_path = log_path
        log_path.touch()
        if begin:
            self.start()

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._process is not None and self._process.poll() is None:
            return
        command = [sys.executable, "-m", "scopix_server", "worker", "--data-dir", str(self._data_dir)]
        with self.log_path.open("a") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment_with(self._settings)
            )

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    @property
    def process(self) -> "subprocess.Popen[bytes] | None":
        return self._process

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def children(self) -> list[psutil.Process]:
        """The processes that look at images."""
        return psutil.Process(self.pid).children(recursive=True)

    def kill(self) -> None:
        """kill -9 of the worker; its children leave by themselves."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=40)

    def stop(self) -> int:
        """Stop it as a service manager would; return its exit code, 0 if it had been killed."""
        assert self._process is not None
        if self._process.poll() is not None:
            return 0
        self._process.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait for the end of a worker that was told to stop; return its exit code, 0 if it was never started."""
        return 0 if self._process is None else self._process.wait(timeout=60)
