"""What tenants wait for, a line for each of them, taken from one line after the other."""

import threading
from collections import deque
from typing import Generic, TypeVar

__all__ = ["Lines"]

T = TypeVar("T")


class Lines(Generic[T]):
    """A queue in which a tenant waits for one item of each other tenant, never for all that another has put there."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lines: dict[str, deque[T]] = {}
        """In the order in which their next items are taken."""
        self._is_closed = False

    def put(self, tenant_id: str, item: T) -> None:
        """Let an item join the tenant's line."""
        with self._changed:
            self._lines.setdefault(tenant_id, deque()).append(item)
            self._changed.notify()

    def close(self) -> None:
        """Say that nothing more comes."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def take(self, *, wait: bool) -> T | None:
        """Return the next item. None: there is none, and with `wait` there will be none, for the queue was closed."""
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._lines or self._is_closed)
            if not self._lines:
                return None
            tenant_id = next(iter(self._lines))
            line = self._lines.pop(tenant_id)
            item = line.popleft()
            if line:
                self._lines[tenant_id] = line  # behind the others
            return item
