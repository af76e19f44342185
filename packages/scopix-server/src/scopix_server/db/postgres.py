"""What only PostgreSQL needs: locks, errors that pass, and a certain answer after a connection was lost."""

from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.types.string import StrDumperUnknown

from scopix_server.db.failures import storage_failure

__all__ = ["begin", "count_as_lost", "is_lost", "may_pass", "prepare", "was_committed"]

# Another transaction was in the way: serialization failure, deadlock.
_IN_THE_WAY = frozenset({"40001", "40P01"})
# The server is going, coming, or has no connection to spare.
_AWAY = ("08", "57P", "53300")
# How many files hold a word differs too much for one plan for all words; no disk has to turn to the place of a row any
# more; and compiling a query would take longer than any of ours.
_PLANNING = "SET plan_cache_mode = force_custom_plan; SET random_page_cost = 1.1; SET jit = off"

_STATUS = sa.text("SELECT pg_xact_status(CAST(:number AS xid8))")
_END = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid = xid(CAST(:number AS xid8))")


class _Text(StrDumperUnknown):
    """Text without the character 0, which PostgreSQL cannot keep; nobody can have meant it."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\x00", "\ufffd"))


def prepare(connection: Any, _record: Any) -> None:
    """Set up a new connection of the driver's."""
    connection.adapters.register_dumper(str, _Text)
    # Within a transaction the settings would go with it.
    connection.autocommit = True
    connection.execute(_PLANNING)
    connection.autocommit = False


def begin(connection: sa.Connection) -> str:
    """Begin a transaction that writes and return its number."""
    return str(connection.execute(sa.text("SELECT pg_current_xact_id()::text")).scalar_one())


def is_lost(error: BaseException) -> bool:
    """Whether an error says that the server cannot be reached, or has gone meanwhile."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        # Without a word from the server, it was the network's or the driver's.
        return error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError)
    return error.connection_invalidated or state.startswith(_AWAY)


def count_as_lost(context: sa.engine.ExceptionContext) -> None:
    """Mark an error of the machine's as a lost connection, for the job engine, which waits for nothing else.

    By itself it tells a lost connection by words of its own choice: "connection failed", which psycopg says of an
    address, but not "connection is bad", which it says of a Unix socket (dbos 3.4.0, psycopg 3.3.9).
    """
    error = context.sqlalchemy_exception
    if error is not None and (is_lost(error) or storage_failure(error) is not None):
        context.is_disconnect = True


def may_pass(error: BaseException) -> bool:
    """Whether the same transaction may succeed when it is tried again at once."""
    return isinstance(error, sa.exc.DBAPIError) and getattr(error.orig, "sqlstate", None) in _IN_THE_WAY


def was_committed(connection: sa.Connection, number: str) -> bool | None:
    """Whether a transaction was committed; None while it is still under way.

    A server that has not noticed yet that its client is lost is made to end the transaction.
    """
    parameters = {"number": number}
    status = connection.execute(_STATUS, parameters).scalar_one_or_none()
    if status == "in progress":
        connection.execute(_END, parameters)
        return None
    return status == "committed"
