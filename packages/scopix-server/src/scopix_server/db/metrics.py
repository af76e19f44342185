"""Metrics of the work."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionStatus, VariantStatus
from scopix_server.db.schema import files, stage_times, workers
from scopix_server.domain.metrics import QueueLength, Stage, StageBucket, StageOutcome, StageTimes

__all__ = ["SqlMetrics"]

_RUNNING = DescriptionStatus.PROCESSING.value
# As the index says it, by which SQLite knows that it may use it.
_IN_QUEUE = sa.text("description_status IN ('pending', 'queued', 'processing')")
_UNBOUNDED = -1.0  # stands for the class without an upper end: a primary key takes no NULL


class SqlMetrics:
    """The `MetricsRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, more: Mapping[StageBucket, StageTimes]) -> None:
        for bucket, times in more.items():
            if self._increase(bucket, times):
                continue
            try:
                with self._connection.begin_nested():
                    self._connection.execute(stage_times.insert(), _key(bucket) | _values(times))
            except sa.exc.IntegrityError:  # another worker was faster by a moment
                self._increase(bucket, times)

    def all(self) -> Mapping[StageBucket, StageTimes]:
        return {
            StageBucket(
                Stage(row.stage),
                StageOutcome(row.outcome),
                None if row.most_seconds == _UNBOUNDED else row.most_seconds,
            ): StageTimes(row.number, row.seconds)
            for row in self._connection.execute(sa.select(stage_times))
        }

    def queues(self) -> Sequence[QueueLength]:
        return [self._descriptions(), self._variants()]

    def heartbeats(self) -> Mapping[str, datetime]:
        return {
            row.id: row.heartbeat_at for row in self._connection.execute(sa.select(workers).where(workers.c.is_ready))
        }

    def _descriptions(self) -> QueueLength:
        is_running = files.c.description_status == _RUNNING
        # The first description is waited for since the upload. A later one was asked for when the file last changed.
        since = sa.case((files.c.description_revision <= 1, files.c.created_at), else_=files.c.updated_at)
        query = sa.select(
            sa.func.coalesce(sa.func.sum(sa.case((is_running, 0), else_=1)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((is_running, 1), else_=0)), 0),
            sa.func.min(since, type_=files.c.created_at.type),
        ).where(_IN_QUEUE, files.c.deleted_at.is_(None))
        waiting, running, oldest = self._connection.execute(query).one()
        return QueueLength("describe", int(waiting), int(running), oldest)

    def _variants(self) -> QueueLength:
        query = sa.select(sa.func.count(), sa.func.min(files.c.created_at)).where(
            sa.text(f"variant_status = '{VariantStatus.PENDING.value}'"),
            files.c.description_status == DescriptionStatus.SKIPPED.value,
            files.c.deleted_at.is_(None),
        )
        waiting, oldest = self._connection.execute(query).one()
        return QueueLength("render", waiting, 0, oldest)

    def _increase(self, bucket: StageBucket, times: StageTimes) -> bool:
        kept = sa.and_(*(stage_times.c[name] == value for name, value in _key(bucket).items()))
        more = {name: stage_times.c[name] + value for name, value in _values(times).items()}
        return self._connection.execute(stage_times.update().where(kept).values(more)).rowcount == 1


def _key(bucket: StageBucket) -> dict[str, str | float]:
    bound = _UNBOUNDED if bucket.max_seconds is None else bucket.max_seconds
    return {"stage": bucket.stage.value, "outcome": bucket.outcome.value, "most_seconds": bound}


def _values(times: StageTimes) -> dict[str, float]:
    return {"number": times.number, "seconds": times.seconds}
