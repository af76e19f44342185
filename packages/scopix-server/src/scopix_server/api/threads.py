"""Threads that tenants share: whoever's work hangs holds a share of them, and what it holds up is its own."""

import asyncio
import contextvars
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

from scopix.types.vocabulary import StorageTarget
from scopix_server.intake.accept import Upload

__all__ = ["TenantThreads", "Threads"]

T = TypeVar("T")
Work = tuple["Future[Any]", Callable[[], Any]]


class TenantThreads:
    """A pool of threads of which no tenant has more than its share; what is beyond waits in a line of the tenant's own.

    Args:
        threads: how many there are.
        share: how many of them one tenant may hold.
        name: begins the names of the threads.
    """

    def __init__(self, *, threads: int, share: int, name: str) -> None:
        self._share = share
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._lines: dict[str, deque[Work]] = {}

    def of(self, tenant_id: str) -> Executor:
        """Return what runs a tenant's work, in the order in which it comes."""
        return _Line(self, tenant_id)

    def shutdown(self) -> None:
        """Wait for what is under way; what waits in the lines is cancelled."""
        with self._lock:
            waiting = [future for line in self._lines.values() for future, _ in line]
            self._lines.clear()
        for future in waiting:
            future.cancel()
        self._pool.shutdown()

    def enter(self, tenant_id: str, work: Work) -> None:
        """Run a tenant's work, now or when its share has room."""
        with self._lock:
            if self._running[tenant_id] >= self._share:
                self._lines.setdefault(tenant_id, deque()).append(work)
                return
            self._running[tenant_id] += 1
        self._pool.submit(self._run, tenant_id, work)

    def _run(self, tenant_id: str, work: Work | None) -> None:
        # One after the other, so that a free thread of the share is never handed over by way of the pool's own line.
        while work is not None:
            future, act = work
            if future.set_running_or_notify_cancel():
                try:
                    result = act()
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)
            work = self._next(tenant_id)

    def _next(self, tenant_id: str) -> Work | None:
        with self._lock:
            line = self._lines.get(tenant_id)
            if line:
                return line.popleft()
            self._lines.pop(tenant_id, None)
            self._running[tenant_id] -= 1
            if not self._running[tenant_id]:
                del self._running[tenant_id]
            return None


class _Line(Executor):
    def __init__(self, threads: TenantThreads, tenant_id: str) -> None:
        self._threads = threads
        self._tenant_id = tenant_id

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        future: Future[T] = Future()
        self._threads.enter(self._tenant_id, (future, lambda: fn(*args, **kwargs)))
        return future


class Threads:
    """Where the work of requests is done that blocks for long.

    `uploads` writes what arrives. Tenants' buckets and calls that change many files have threads of their own.
    """

    def __init__(self) -> None:
        # As many as files are written at once; what they wait for is the disk.
        self.uploads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="upload")
        # Apart, and shared out: a bucket that hangs holds four of them, and eight tenants' buckets may hang at once.
        self._buckets = TenantThreads(threads=32, share=4, name="bucket")
        # Apart for the same reason: who answers slowly, or never, is a stranger.
        self._fetching = TenantThreads(threads=16, share=2, name="fetch")
        # One call of a tenant at a time: a bulk call is many small transactions, and more of them are no faster.
        self._bulk = TenantThreads(threads=8, share=1, name="bulk")

    def storing(self, upload: Upload) -> Executor:
        """Return the threads that store an upload."""
        return self.storing_to(upload.tenant_id, upload.options.storage_target)

    def storing_to(self, tenant_id: str, target: StorageTarget) -> Executor:
        """Return the threads that store what a tenant uploads to a target."""
        return self._buckets.of(tenant_id) if target is StorageTarget.CUSTOM else self.uploads

    async def with_bucket(self, tenant_id: str, work: Callable[[], T]) -> T:
        """Do what asks a tenant's bucket in a thread of the tenant's share: a slow one holds up nobody else."""
        return await _run_in(self._buckets.of(tenant_id), work)

    def fetching(self, tenant_id: str) -> Executor:
        """Return the threads that fetch what a tenant gave the address of."""
        return self._fetching.of(tenant_id)

    async def in_bulk(self, tenant_id: str, work: Callable[[], T]) -> T:
        """Do what changes many files of a tenant at once; calls beyond its share of the threads wait in line."""
        return await _run_in(self._bulk.of(tenant_id), work)

    def shutdown(self) -> None:
        """Wait for what is under way."""
        self.uploads.shutdown()
        self._buckets.shutdown()
        self._fetching.shutdown()
        self._bulk.shutdown()


async def _run_in(threads: Executor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, contextvars.copy_context().run, work)
