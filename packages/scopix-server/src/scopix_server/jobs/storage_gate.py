"""What jobs do while the server's own disk, database or store takes nothing: they wait, where they are.

That is nobody's picture's fault. No attempt is burnt and nothing is done a second time: whatever could not be written
is written when there is room again, and the job goes on from there.
"""

import errno
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from scopix_server.domain.errors import BucketRefused, OutOfSpace, ServiceUnavailable
from scopix_server.domain.ports import BlobStore, BlobWriter, Database, StoredObject, Transaction
from scopix_server.jobs.engine_gate import WorkerStops

__all__ = ["GatedDatabase", "GatedStore", "StorageGate"]

T = TypeVar("T")
_FIRST_PAUSE, _MAX_PAUSE = 0.5, 10.0
# Of the machine, not of one file: no room, a quota, read-only, out of file descriptors.
_OF_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EMFILE, errno.ENFILE}
)
_log = logging.getLogger(__name__)


class StorageGate:
    """Threads of jobs share it.

    Args:
        stopping: set when the worker is about to leave.
    """

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._lock = threading.Lock()
        self._waiting = 0

    def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, as soon as the server's storage lets it. Raises what else it raises.

        Raises:
            WorkerStops: the worker is about to leave.
        """
        pause, waits = _FIRST_PAUSE, False
        try:
            while True:
                try:
                    return work()
                except (OSError, OutOfSpace, ServiceUnavailable, BucketRefused) as error:
                    if isinstance(error, OSError) and error.errno not in _OF_MACHINE:
                        raise
                    if not waits:
                        waits = True
                        self._begin_to_wait(str(error))
                if self._stopping.wait(pause):
                    raise WorkerStops
                pause = min(2 * pause, _MAX_PAUSE)
        finally:
            if waits:
                self._end_waiting()

    def _begin_to_wait(self, reason: str) -> None:
        with self._lock:
            self._waiting += 1
            is_first = self._waiting == 1
        if is_first:
            _log.warning("jobs wait for the server's storage: %s", reason)

    def _end_waiting(self) -> None:
        with self._lock:
            self._waiting -= 1
            is_last = self._waiting == 0
        if is_last and not self._stopping.is_set():
            _log.warning("jobs go on; the server's storage works again")


class GatedDatabase:
    """The `Database` port for jobs."""

    def __init__(self, database: Database, gate: StorageGate) -> None:
        self._database = database
        self._gate = gate

    def write(self, work: Callable[[Transaction], T]) -> T:
        return self._gate.run(lambda: self._database.write(work))

    def submit(self, work: Callable[[Transaction], T]) -> "Future[T]":
        return self._database.submit(work)

    def read(self, work: Callable[[Transaction], T]) -> T:
        return self._gate.run(lambda: self._database.read(work))

    def check(self) -> None:
        self._database.check()


class GatedStore:
    """The `BlobStore` port for jobs, over the server's own store."""

    def __init__(self, store: BlobStore, gate: StorageGate) -> None:
        self._store = store
        self._gate = gate

    @property
    def commits_at_once(self) -> int:
        return self._store.commits_at_once

    def open_writer(self) -> BlobWriter:
        return self._store.open_writer()

    def put(self, key: str, data: bytes) -> None:
        self._gate.run(lambda: self._store.put(key, data))

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        self._gate.run(lambda: self._store.put_file(key, path, content_type))

    def read(self, key: str) -> bytes:
        return self._gate.run(lambda: self._store.read(key))

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        return self._gate.run(lambda: self._store.read_range(key, offset, length))

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        lending, path = self._gate.run(lambda: _entered(self._store.local_path(key)))
        try:
            yield path
        finally:
            lending.__exit__(None, None, None)

    def delete(self, key: str) -> None:
        self._store.delete(key)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        return self._store.list(prefix)

    def free_bytes(self) -> int | None:
        return self._store.free_bytes()

    def check(self) -> None:
        self._store.check()


def _entered(lending: AbstractContextManager[Path]) -> tuple[AbstractContextManager[Path], Path]:
    return lending, lending.__enter__()
