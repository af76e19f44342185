"""Requests that wait for the end of a description or of a session: one query looks for all of them.

What they wait for is done by a worker, in another process, so a web process looks at the database; each request that
looked for itself would have to do so the less often the more of them there are.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection
from typing import Final

from starlette.concurrency import run_in_threadpool

from scopix_server.domain.ports import Database, Transaction

__all__ = ["Ending", "Endings"]

_LOOK_SECONDS: Final = 0.05
"""Between two looks: so much later a request may be answered. A look at a file takes 1 to 2 ms."""
_LOOKING_SHARE: Final = 0.1
"""Of the time, at most: when looks take longer, as at sessions of thousands of files, there are fewer."""


class Ending:
    """Tells requests when what they wait for has ended. For one event loop.

    Args:
        find: returns those of the ids that have ended. It may name one too early; who waits looks again.
    """

    def __init__(self, database: Database, find: Callable[[Transaction, Collection[str]], set[str]]) -> None:
        self._database = database
        self._find = find
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._watch: asyncio.Task[None] | None = None

    async def wait(self, id: str, seconds: float) -> bool:
        """Return True once it has ended, or cannot be looked for; False when that does not happen within `seconds`."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(id, []).append(ended)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_until_nobody_waits())
        try:
            async with asyncio.timeout(seconds):
                await ended
            return True
        except TimeoutError:
            return False
        finally:
            self._remove(id, ended)

    def _remove(self, id: str, ended: "asyncio.Future[None]") -> None:
        waiting = self._waiting[id]
        waiting.remove(ended)
        if not waiting:
            del self._waiting[id]

    async def _look_until_nobody_waits(self) -> None:
        pause = _LOOK_SECONDS
        while self._waiting:
            await asyncio.sleep(pause)
            ids = list(self._waiting)
            started = time.monotonic()
            found: Collection[str] = ids  # whoever waits will find by itself, and can tell, what is wrong
            with contextlib.suppress(Exception):
                found = await run_in_threadpool(self._database.read, lambda t, ids=ids: self._find(t, ids))
            pause = max(_LOOK_SECONDS, (time.monotonic() - started) * (1 / _LOOKING_SHARE - 1))
            for ended in [future for id in found for future in self._waiting.get(id, ())]:
                if not ended.done():
                    ended.set_result(None)


class Endings:
    """What requests wait for: the end of a file's description, and of a session."""

    def __init__(self, database: Database) -> None:
        self.files = Ending(database, lambda t, ids: t.files.settled(ids))
        self.sessions = Ending(database, lambda t, ids: t.sessions.settled(ids))
