"""When, and how often, each key is used: counted in memory and written every few seconds, not with every request."""

import asyncio
import logging
from concurrent.futures import Future
from datetime import UTC, datetime

from scopix_server.domain.ports import Database

__all__ = ["UseCounter"]

_SECONDS = 5.0
_log = logging.getLogger(__name__)


class UseCounter:
    """Counts the uses of keys. All methods are for the event loop, and none of them waits."""

    def __init__(self, database: Database, seconds: float = _SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._pending: dict[str, tuple[int, datetime]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def note(self, key_id: str) -> None:
        """Count one use, now."""
        count, _ = self._pending.get(key_id, (0, None))
        self._pending[key_id] = (count + 1, datetime.now(UTC))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self.flush)

    def flush(self) -> None:
        """Hand what was counted to the database, which writes it before it closes."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        uses, self._pending = self._pending, {}
        if uses:
            self._database.submit(lambda t: t.keys.note_use(uses)).add_done_callback(_tell_failure)


def _tell_failure(written: "Future[None]") -> None:
    if written.exception() is not None:
        _log.warning("the uses of the API keys could not be written: %s", written.exception())
