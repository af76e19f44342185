"""Taking up what a worker left behind that died: where several work on one database, the others do it.

The job engine takes up by itself only what a process of the same name had begun. So each worker has a name of its own
and a heartbeat, and each watches the others.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

from scopix_server.domain.errors import trace_of
from scopix_server.domain.ports import Database
from scopix_server.jobs.queue import DbosQueue

__all__ = ["Recovery", "Watch"]

_TASK = "recovery"
_LEASE = timedelta(seconds=60)
_EVERY_SECONDS = 5.0
_SILENCE_SECONDS = 20.0  # four heartbeats
_log = logging.getLogger(__name__)


class Watch:
    """Tells who has fallen silent, by this process's clock alone: machines need not agree on the time.

    Args:
        silence: after so many seconds without a new heartbeat a worker counts as dead.
    """

    def __init__(self, silence: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._silence = silence
        self._now = now
        self._seen: dict[str, tuple[datetime | None, float]] = {}

    def dead(self, beats: Mapping[str, datetime], others: Collection[str]) -> set[str]:
        """Return who is dead of those with a heartbeat and of `others`, who should have one."""
        now, known = self._now(), {**dict.fromkeys(others), **beats}
        fresh = {name: (beat, now) for name, beat in known.items()}
        self._seen = {
            name: seen if (seen := self._seen.get(name)) and seen[0] == fresh[name][0] else fresh[name]
            for name in known
        }
        return {name for name, (_, since) in self._seen.items() if now - since >= self._silence}


class Recovery:
    """Watches the other workers in a thread of its own, and puts the jobs of the dead back into their queues.

    Args:
        worker_id: this worker; it does not watch itself.
        tell: told how many workers are alive, this one included, when that has changed.
        every: seconds between two looks.
    """

    def __init__(
        self,
        database: Database,
        jobs: DbosQueue,
        worker_id: str,
        *,
        tell: Callable[[int], None] = lambda alive: None,
        watch: Watch | None = None,
        every: float = _EVERY_SECONDS,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._worker_id = worker_id
        self._every = every
        self._tell = tell
        self._alive = 0
        self._watch = watch or Watch(_SILENCE_SECONDS)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the watch; a look under way is waited for."""
        self._stopping.set()
        self._thread.join()

    def look(self) -> int:
        """Look once at who is there, and return how many jobs of dead workers were taken up."""
        holders = {job.worker_id for job in self._jobs.under_way()}
        beats = self._database.read(lambda t: t.workers.beats())
        dead = self._watch.dead(beats, holders) - {self._worker_id}
        if (alive := len({self._worker_id, *beats} - dead)) != self._alive:
            self._tell(alive)
            self._alive = alive
        return self._take_up(dead) if dead else 0

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            try:
                self.look()
            except Exception as error:  # the next look may succeed; the jobs are not lost meanwhile
                _log.warning("the jobs of other workers could not be looked at: %s", error, exc_info=trace_of(error))

    def _take_up(self, dead: set[str]) -> int:
        now = datetime.now(UTC)
        # One at a time: what the first has put back may be under way again when the second looks.
        if not self._database.write(
            lambda t: t.maintenance.take(_TASK, self._worker_id, now, now + _LEASE, done_before=None)
        ):
            return 0
        try:
            left = [job for job in self._jobs.under_way() if job.worker_id in dead]
            for job in left:
                self._jobs.resume(job)
            for worker_id in sorted(dead):
                self._database.write(lambda t, worker_id=worker_id: t.workers.leave(worker_id))  # type: ignore[misc]
        finally:
            self._database.write(lambda t: t.maintenance.finish(_TASK, self._worker_id, datetime.now(UTC), done=True))
        _log.warning("%d jobs of workers that died were taken up (%s)", len(left), ", ".join(sorted(dead)))
        return len(left)
