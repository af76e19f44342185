"""The few steps that differ between the async client and the sync one generated from it: each has a twin here."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["async_sleep", "run_blocking_async", "run_blocking_sync", "sync_sleep"]

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
