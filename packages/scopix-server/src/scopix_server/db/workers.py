"""Heartbeats of the workers."""

from datetime import datetime

import sqlalchemy as sa

from scopix_server.db.schema import workers

__all__ = ["SqlWorkers"]


class SqlWorkers:
    """The `WorkerRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def beat(self, worker_id: str, at: datetime, *, ready: bool) -> None:
        beat = {"heartbeat_at": at, "is_ready": ready}
        updated = self._connection.execute(workers.update().where(workers.c.id == worker_id).values(beat))
        if updated.rowcount == 0:
            self._connection.execute(workers.insert().values(id=worker_id, **beat))

    def leave(self, worker_id: str) -> None:
        self._connection.execute(workers.delete().where(workers.c.id == worker_id))

    def prune(self, before: datetime) -> int:
        return self._connection.execute(workers.delete().where(workers.c.heartbeat_at < before)).rowcount

    def beats(self) -> dict[str, datetime]:
        return {row.id: row.heartbeat_at for row in self._connection.execute(sa.select(workers))}

    def last_beat(self) -> datetime | None:
        query = sa.select(sa.func.max(workers.c.heartbeat_at)).where(workers.c.is_ready)
        newest: datetime | None = self._connection.execute(query).scalar_one()
        return newest
