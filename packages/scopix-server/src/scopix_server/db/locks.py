"""What a writing transaction holds until its end, so that two of them do not act on the same news.

SQLite has one writer at a time, which is enough; there, nothing of this does anything. PostgreSQL has many: a row that
is read in order to be changed is locked, and so are names of things that are not there yet.
"""

from typing import Any, TypeVar

import sqlalchemy as sa

__all__ = ["held", "lock"]

Query = TypeVar("Query", bound="sa.Select[Any]")


def held(connection: sa.Connection, query: Query, *, of: sa.Table | None = None) -> Query:
    """Return the query such that the rows it finds (those `of` one table) are locked, if this transaction writes."""
    # Not against being referred to: whoever only adds a row that points here need not wait.
    return query.with_for_update(key_share=True, of=of) if _competes(connection) else query


def lock(connection: sa.Connection, *name: str) -> None:
    """Wait until no other writing transaction holds this name, and hold it, if this transaction writes."""
    if _competes(connection):
        lock = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("/".join(name), 0))
        connection.execute(sa.select(lock))


def _competes(connection: sa.Connection) -> bool:
    return connection.dialect.name == "postgresql" and not connection.get_execution_options().get("reading", False)
