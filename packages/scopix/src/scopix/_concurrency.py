"""The few steps that differ between the async client and the sync one generated from it: each has a twin here."""

import asyncio
import contextvars
import inspect
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = [
    "async_sleep",
    "for_each_async",
    "for_each_sync",
    "run_blocking_async",
    "run_blocking_sync",
    "run_callback_async",
    "run_callback_sync",
    "sync_sleep",
]

T = TypeVar("T")


async def async_sleep(seconds: float) -> None:
    """Let other tasks run for a while."""
    await asyncio.sleep(seconds)


def sync_sleep(seconds: float) -> None:
    """Do nothing for a while."""
    time.sleep(seconds)


async def run_blocking_async(work: Callable[[], T]) -> T:
    """Run file work in a thread, so that a slow disk does not stop the event loop."""
    return await asyncio.to_thread(work)


def run_blocking_sync(work: Callable[[], T]) -> T:
    """Run file work here: nobody else is waiting."""
    return work()


async def for_each_async(work: Callable[[T], Awaitable[None]], items: Iterable[T], *, limit: int) -> None:
    """Do the work for each item, `limit` at a time. After a failure none is begun; the first failure is raised.

    What is under way at a failure is let finish, since a request that is cut off may have been acted upon.
    """
    waiting = deque(items)
    failures: list[Exception] = []

    async def run() -> None:
        while waiting and not failures:
            try:
                await work(waiting.popleft())
            except Exception as error:
                failures.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(limit, len(waiting))):
            group.create_task(run())
    if failures:
        raise failures[0]


def for_each_sync(work: Callable[[T], None], items: Iterable[T], *, limit: int) -> None:
    """The same with threads. An interrupt, too, lets finish what is under way."""
    waiting = deque(items)
    failures: list[Exception] = []

    def run() -> None:
        while not failures:
            try:
                item = waiting.popleft()
            except IndexError:
                return
            try:
                work(item)
            except Exception as error:
                failures.append(error)

    workers = min(limit, len(waiting))
    if not workers:
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="scopix") as pool:
        try:
            # Each thread gets the caller's context, for the correlation id and the trace in it.
            for future in [pool.submit(contextvars.copy_context().run, run) for _ in range(workers)]:
                future.result()
        finally:
            waiting.clear()
    if failures:
        raise failures[0]


async def run_callback_async(callback: Callable[[T], Any] | None, value: T) -> None:
    """Tell the caller's function, plain or asynchronous, if there is one."""
    if callback is None:
        return
    outcome = callback(value)
    if inspect.isawaitable(outcome):
        await outcome


def run_callback_sync(callback: Callable[[T], Any] | None, value: T) -> None:
    """Tell the caller's function if there is one. Raises `TypeError` for an asynchronous one: nobody could await it."""
    if callback is None:
        return
    if inspect.iscoroutinefunction(callback):
        raise TypeError("SyncScopix calls plain functions only, and this callback is asynchronous")
    callback(value)
