"""Checks that cost something, done at most once a second however often their outcome is asked for."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable

__all__ = ["RecentChecks"]

_FRESH_SECONDS = 1.0
"""Whoever asks needs no key, and a check forces a write to disk; who asks for readiness does so every few seconds."""


class RecentChecks:
    """Outcomes by the names of the checks. Threads may share it."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._known: dict[str, tuple[float, Exception | None]] = {}

    def check(self, name: str, check: Callable[[], object]) -> None:
        """Raise what the check raises now, or raised within the last second.

        While another thread is at it, the outcome before counts: a check that hangs holds one thread, not all.
        """
        lock = self._locks[name]
        if not lock.acquire(blocking=name not in self._known):
            self._raise(self._known[name][1])
            return
        try:
            at, failure = self._known.get(name, (float("-inf"), None))
            if self._now() - at >= _FRESH_SECONDS:
                failure = None
                try:
                    check()
                except Exception as error:
                    failure = error.with_traceback(None)
                self._known[name] = self._now(), failure
        finally:
            lock.release()
        self._raise(failure)

    @staticmethod
    def _raise(failure: Exception | None) -> None:
        if failure is not None:
            raise failure.with_traceback(None)
