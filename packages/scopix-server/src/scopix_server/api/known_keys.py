"""Who holds which key, remembered for at most a second: the requests of one client come close behind each other."""

import threading
import time
from collections.abc import Callable

from scopix_server.domain.ports import Database
from scopix_server.domain.tenant import ApiKey, Tenant

__all__ = ["KnownKeys"]

_FRESH_SECONDS = 1.0
"""So long a key that others (another server, the command line) revoked, or a plan they changed, may still count."""
_MAX_KNOWN = 10_000
"""About 10 MB. Beyond it all is forgotten, which costs one look-up each."""

Holder = tuple[ApiKey, Tenant]


class KnownKeys:
    """Keys by their prefixes, with their tenants. Only what was found is remembered; secrets are compared each time.

    Threads may share it.
    """

    def __init__(self, database: Database, *, now: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._now = now
        self._known: dict[str, tuple[float, Holder]] = {}
        self._changes = 0
        self._lock = threading.Lock()

    def recent(self, prefix: str) -> Holder | None:
        """Return the holder if it was looked up within the last second. Does not block."""
        known = self._known.get(prefix)
        return known[1] if known is not None and self._now() - known[0] < _FRESH_SECONDS else None

    def look_up(self, prefix: str) -> Holder | None:
        """Return the holder, if there is one, from the database. Blocks."""
        at, changes = self._now(), self._changes
        found: Holder | None = self._database.read(lambda t: t.keys.holder(prefix))
        with self._lock:
            # What was read while a key was changed here may be older than the change.
            if found is not None and changes == self._changes:
                if len(self._known) >= _MAX_KNOWN:
                    self._known.clear()
                self._known[prefix] = at, found
        return found

    def clear(self) -> None:
        """Remember nothing of before: keys were changed by this server. Call it after the commit."""
        with self._lock:
            self._changes += 1
            self._known.clear()
