"""Which turn a new job has in a queue that tenants share by turns: weighted fair queueing, in two look-ups.

A job's turn is a number, and the job engine takes the smallest first. Time in the queue is the smallest turn that
waits. A tenant's first job gets about this time, however much of others' waits; each further one of the same kind comes
a pace later. So in a round of 16 turns each tenant has up to 16 jobs that somebody waits for, two of a batch, and one
that is described again, and these come first in this order.

What waits for an engine is counted so and not partitioned: the job engine takes partitions in random order, which with
a place or two would now and then let a tenant wait for many jobs of another.
"""

from typing import Final

import sqlalchemy as sa

from scopix_server.domain.turn import Priority

__all__ = ["line_of", "turn_of"]

_ROUND: Final = 16
_PACE: Final = {Priority.INTERACTIVE: 1, Priority.BATCH: 8, Priority.AGAIN: 16, Priority.VARIANTS: 16}
_COLUMNS: Final = ("queue_name", "status", "priority", "queue_partition_key")


def line_of(tenant_id: str, priority: Priority) -> str:
    """Return the name of the line in which a tenant's jobs of one kind wait, the first before the second."""
    return f"{tenant_id}/{priority.value}"


def turn_of(connection: sa.Connection, queue: str, line: str, priority: Priority) -> int:
    """Return the turn of the next job of a line (see `line_of`) in a queue; at least 1."""
    schema = "dbos" if connection.dialect.name == "postgresql" else None
    jobs = sa.table("workflow_status", *map(sa.column, _COLUMNS), schema=schema)
    # Written out, for SQLite uses an index over some of the rows only where it reads the same condition.
    in_flight = sa.text("status IN ('ENQUEUED', 'PENDING')")
    waiting = sa.and_(jobs.c.queue_name == queue, jobs.c.status == "ENQUEUED", in_flight)
    now = connection.execute(sa.select(sa.func.min(jobs.c.priority)).where(waiting)).scalar_one() or _ROUND
    mine = sa.select(sa.func.max(jobs.c.priority)).where(waiting, jobs.c.queue_partition_key == line)
    last = connection.execute(mine).scalar_one() or 0
    pace = _PACE[priority]
    return max(now - now % _ROUND + pace - 1, last + pace, 1)
