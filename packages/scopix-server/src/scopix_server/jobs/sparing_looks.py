"""Sparing the job engine looks at what cannot have changed: an idle worker would else query the database all day.

DBOS looks into each queue at a fixed rate, reads the queue's settings anew each time, and looks each second for jobs
with a delay or a deadline, which ours never have. It has no option for less, so methods of its own are replaced here:
whether anything waits in a queue is asked first, by one seek in an index. That is asked as often as before, so a job
waits no longer; where something waits, everything is as DBOS does it.
"""

import time
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from dbos import DBOS

from scopix_server.db.waiting_jobs import WaitingJobs

__all__ = ["spare_looks"]

P = ParamSpec("P")
T = TypeVar("T")
_SETTINGS_SECONDS: Final = 5.0
"""As old may the settings of a queue be in which nothing waits: other workers may change them (`Worker.share`)."""
_UNUSED_SECONDS: Final = 60.0
"""So often it is looked for jobs with a delay or a deadline. We give none; somebody may by DBOS's own tools."""


def spare_looks(dbos: DBOS) -> None:
    """Let a launched job engine leave out what it need not look at."""
    system = dbos._sys_db
    looks = _Looks(system)
    system.get_queue = looks.get_queue  # type: ignore[method-assign]
    system.dequeue_scopes = looks.dequeue_scopes  # type: ignore[method-assign]
    for name in ("transition_delayed_workflows", "cancel_timed_out_workflows"):
        setattr(system, name, _seldom(getattr(system, name)))


class _Looks:
    """Stands before two methods of DBOS's database. Each queue is looked into by a thread of its own."""

    def __init__(self, system: Any) -> None:
        self._waiting = WaitingJobs(system.engine)
        self._get_queue = system.get_queue
        self._dequeue_scopes = system.dequeue_scopes
        self._empty: set[str] = set()
        self._settings: dict[str, tuple[float, Any]] = {}

    def get_queue(self, name: str, **options: Any) -> Any:
        """As DBOS's, but what was read a moment ago is good enough for an empty queue."""
        read_at, queue = self._settings.get(name, (float("-inf"), None))
        if options or name not in self._empty or time.monotonic() - read_at > _SETTINGS_SECONDS:
            queue = self._get_queue(name, **options)
            self._settings[name] = time.monotonic(), queue
        return queue

    def dequeue_scopes(self, queue_name: str) -> list[str | None]:
        """As DBOS's, but an empty queue has nothing to be looked at."""
        if self._is_empty(queue_name):
            self._empty.add(queue_name)
            return []
        self._empty.discard(queue_name)
        scopes: list[str | None] = self._dequeue_scopes(queue_name)
        return scopes

    def _is_empty(self, name: str) -> bool:
        try:
            return not self._waiting.are_in(name)
        except Exception:  # of the driver's: DBOS has its own way with a database that does not answer
            return False


def _seldom(function: Callable[P, T]) -> Callable[P, T | list[str]]:
    """Let a function run once in a while only; meanwhile it finds nothing."""
    ran_at = float("-inf")

    def run_seldom(*args: P.args, **kwargs: P.kwargs) -> T | list[str]:
        nonlocal ran_at
        if time.monotonic() - ran_at < _UNUSED_SECONDS:
            return []
        ran_at = time.monotonic()
        return function(*args, **kwargs)

    return run_seldom
