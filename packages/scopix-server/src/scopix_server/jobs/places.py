"""Places that jobs of all tenants wait for, given out by turns."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scopix_server.domain.turn import Turn, current_turn

__all__ = ["Places"]


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    turn: Turn
    finishes: bool
    number: int


class Places:
    """So many places. Good for all threads; whose turn it is, is told by `current_turn`.

    When several wait for a place, it goes to the tenant that got its last one the longest ago, and there to the most
    urgent job, of these to the one that came first. Only what finishes a job that had its turn goes before.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._numbers = itertools.count(1)
        self._last: dict[str, int] = {}  # when each tenant got its last place

    @contextmanager
    def place(self, *, finishes: bool = False) -> Iterator[None]:
        """Hold a place, once it is this job's turn. `finishes`: the job has had its turn; this is what is left."""
        with self._changed:
            me = _Waiting(current_turn(), finishes, next(self._numbers))
            self._waiting.append(me)
            self._changed.wait_for(lambda: self._free and min(self._waiting, key=self._order) is me)
            self._waiting.remove(me)
            self._free -= 1
            if not finishes:
                self._last[me.turn.tenant_id] = next(self._numbers)
            self._changed.notify_all()  # there may be another place
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _order(self, waiting: _Waiting) -> tuple[bool, int, int, int]:
        turn = waiting.turn
        return not waiting.finishes, self._last.get(turn.tenant_id, 0), turn.priority, waiting.number
