"""Measuring the stages of the work: counted in memory, and handed to the database with the heartbeat."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from scopix_server.domain.metrics import STAGE_BUCKETS, Stage, StageBucket, StageOutcome, StageTimes
from scopix_server.domain.ports import Database

__all__ = ["Stopwatch"]

T = TypeVar("T")


class Stopwatch:
    """Measures stages, from any thread. What was not flushed when the process dies is lost: some seconds' figures."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: dict[StageBucket, StageTimes] = {}

    def run(self, stage: Stage, work: Callable[[], T]) -> T:
        """Do `work`, which returns False when there was nothing to do, and note how long it took and how it ended."""
        started, outcome = time.monotonic(), StageOutcome.FAILED
        try:
            result = work()
            outcome = StageOutcome.SKIPPED if result is False else StageOutcome.DONE
            return result
        finally:
            self.note(stage, outcome, time.monotonic() - started)

    def note(self, stage: Stage, outcome: StageOutcome, seconds: float) -> None:
        """Count one stage that took so long."""
        bucket = StageBucket(stage, outcome, next((bound for bound in STAGE_BUCKETS if seconds <= bound), None))
        with self._lock:
            self._counted[bucket] = self._counted.get(bucket, StageTimes()) + StageTimes(1, seconds)

    def flush(self, database: Database) -> None:
        """Hand to the database what was counted since the last time. Blocks; what could not be written is kept."""
        with self._lock:
            counted, self._counted = self._counted, {}
        if not counted:
            return
        try:
            database.write(lambda t: t.metrics.add(counted))
        except BaseException:
            with self._lock:
                for bucket, times in counted.items():
                    self._counted[bucket] = self._counted.get(bucket, StageTimes()) + times
            raise
