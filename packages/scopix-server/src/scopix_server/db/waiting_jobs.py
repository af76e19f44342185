"""Whether jobs wait in a queue of the job engine, asked often: one seek in an index."""

import sqlalchemy as sa

__all__ = ["WaitingJobs"]


class WaitingJobs:
    """Looks into the job engine's own table, through its own connections. For all threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        # As text for the driver: SQLAlchemy takes longer over this query than the database. Both states stand in the
        # condition of the index, and SQLite uses it only for a query that says the same.
        table, mark = ("workflow_status", "?") if engine.dialect.name == "sqlite" else ("dbos.workflow_status", "%s")
        self._query = (
            f"SELECT 1 FROM {table} WHERE queue_name = {mark} "  # noqa: S608
            "AND status = 'ENQUEUED' AND status IN ('ENQUEUED', 'PENDING') LIMIT 1"
        )

    def are_in(self, queue: str) -> bool:
        """Whether a job waits in the queue. Raises whatever the driver raises when the database does not answer."""
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(self._query, (queue,))
            return cursor.fetchone() is not None
        finally:
            connection.close()
