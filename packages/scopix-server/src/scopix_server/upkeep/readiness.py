"""Whether every part can work."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from scopix_server.domain.engines import EngineState
from scopix_server.domain.errors import RecordsMissing
from scopix_server.domain.ports import BlobStore, Database, JobQueue

__all__ = ["Readiness"]


class Readiness:
    """The checks of a server's parts, by name. Each blocks, and raises whatever tells that the part cannot work.

    Args:
        silence: a worker of which nothing was heard for so long is taken to be gone.
    """

    def __init__(self, database: Database, store: BlobStore, jobs: JobQueue, *, silence: timedelta) -> None:
        self._database = database
        self._store = store
        self._jobs = jobs
        self._silence = silence

    def checks(self) -> Mapping[str, Callable[[], object]]:
        """Return the check of each part."""
        return {
            "database": self._database.check,
            "storage": self._store.check,
            "queue": self._jobs.check,
            "records": self._check_records,
            "describer": self._check_worker,
        }

    def engine_states(self) -> Mapping[str, EngineState]:
        """Return what the workers last knew of the engines. Blocks."""
        return self._database.read(lambda t: t.engines.states())

    def _check_records(self) -> None:
        mark = self._database.read(lambda t: t.marks.current())
        if mark.doubt is not None:
            raise RecordsMissing.because(mark.doubt)

    def _check_worker(self) -> None:
        beat = self._database.read(lambda t: t.workers.last_beat())
        if beat is None:
            raise RuntimeError("No worker has reported yet; it needs a few seconds to load its models.")
        silence = datetime.now(UTC) - beat
        if silence > self._silence:
            raise RuntimeError(f"No worker has reported for {silence.total_seconds():.0f} seconds.")
