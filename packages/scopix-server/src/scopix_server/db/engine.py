"""Connecting to a database: SQLite in a file, or PostgreSQL."""

import functools
import sqlite3
import time
from typing import Any

import sqlalchemy as sa

from scopix_server.db.failures import storage_failure
from scopix_server.domain.errors import DatabaseUnusable

__all__ = ["compact", "create_engine", "create_job_engine", "place_of", "prepared_url", "unusable"]

_SCHEMES = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
# A server that is gone without a word is given up after a minute.
_CONNECTING = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "application_name": "scopix",
}
_SETTING = "SCOPIX_DATABASE_URL"
_BUSY_SECONDS = 30
"""For which SQLite waits for another that writes: longer than any of our transactions takes on a slow disk."""
_JOB_CONNECTIONS = 20
"""To an SQLite file; the job engine's own default."""


def prepared_url(url: str) -> sa.URL:
    """Return a database's address with the driver that we use for it.

    Raises:
        DatabaseUnusable: it is no address of a database that can be used.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise DatabaseUnusable(
            f"{_SETTING} is no address of a database. It looks like postgresql://USER:PASSWORD@HOST:5432/DATABASE; "
            "signs such as @ and / in the password are written %40 and %2F."
        ) from None
    kind = parsed.get_backend_name()
    if kind not in _SCHEMES:
        raise DatabaseUnusable(f"{_SETTING} must begin with postgresql:// or sqlite:///, not {kind[:32]}://.")
    if not parsed.database:
        raise DatabaseUnusable(f"{_SETTING} names no database: it must end with /DATABASE.")
    return parsed.set(drivername=_SCHEMES[kind])


def place_of(url: sa.URL) -> str:
    """Return where a database is, for people: never with a password."""
    if url.get_backend_name() == "sqlite":
        return f"the SQLite file {url.database}"
    host = url.host or url.query.get("host") or "this machine"
    port = f":{url.port}" if url.port else ""
    return f"the PostgreSQL database '{url.database}' on {host}{port}"


def unusable(url: sa.URL, error: sa.exc.DBAPIError) -> DatabaseUnusable:
    """Return what is to be told, in a sentence, when a database cannot be used at all."""
    reason = " ".join(str(error.orig).split())[:300]
    if url.get_backend_name() == "sqlite":
        reason = {"file is not a database": "it is damaged, or no database"}.get(reason, reason)
    return DatabaseUnusable(f"SCOPIX_DATABASE_URL: {place_of(url)} cannot be used: {reason}.")


def create_engine(url: str, *, connections: int = 10, durable: bool = True) -> sa.Engine:
    """Return an engine with the settings that its dialect needs. Nothing is connected yet.

    Args:
        url: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/DATABASE`.
        connections: at most so many to PostgreSQL are open at once.
        durable: whether a commit in SQLite outlasts a power cut, or only the end of the process. What PostgreSQL does
            is its own `synchronous_commit`, which is left as the operator has it.

    Raises:
        DatabaseUnusable: the address is none, or the driver is missing.
    """
    address = prepared_url(url)
    if address.get_backend_name() == "sqlite":
        engine = sa.create_engine(address, hide_parameters=True)
        sa.event.listen(engine, "connect", functools.partial(_prepare_sqlite, durable=durable))
        sa.event.listen(engine, "begin", _begin_immediate)
        return engine
    options = {name: value for name, value in _CONNECTING.items() if name not in address.query}
    try:
        # What is written is the tenants' business: errors, which may reach the log, show none of it.
        engine = sa.create_engine(
            address, pool_size=connections, max_overflow=0, connect_args=options, hide_parameters=True
        )
        from scopix_server.db.postgres import prepare
    except ImportError:
        raise DatabaseUnusable(
            "The driver for PostgreSQL is missing. Install it: pip install 'scopix-server[postgres]'"
        ) from None
    sa.event.listen(engine, "connect", prepare)
    return engine


def _prepare_sqlite(connection: Any, _record: Any, *, durable: bool) -> None:
    # The driver's own transaction handling starts too late (at the first write); ours is in _begin_immediate.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={1000 * _BUSY_SECONDS}")
    _use_log(connection)
    for pragma in (
        # FULL forces the log to disk at each commit, NORMAL only when the log goes into the database.
        f"synchronous={'FULL' if durable else 'NORMAL'}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _use_log(connection: Any) -> None:
    """Let a database write ahead into a log, which it remembers.

    While another connection makes the change or the first tables, SQLite says at once that the file is locked: it does
    not wait where two could wait for each other.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_immediate(connection: sa.Connection) -> None:
    # A deferred transaction that reads before it writes fails at once when another writer was faster.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def create_job_engine(url: str, *, connections: int = 10) -> sa.Engine:
    """Return an engine for the connections that the job engine has to its tables beside ours.

    While the database is away or its disk is full, the job engine waits without end where it knows a failure as one
    that passes: a lost connection, a locked SQLite file. Every failure of the machine is told to it as one of these.
    It would else end the job with it, and a picture would be charged with what was the database's fault.

    Args:
        connections: at most so many to PostgreSQL are open at once.
    """
    address = prepared_url(url)
    if address.get_backend_name() != "sqlite":
        engine = create_engine(url, connections=connections)
        from scopix_server.db.postgres import count_as_lost

        sa.event.listen(engine, "handle_error", count_as_lost)
        return engine
    engine = sa.create_engine(address, pool_size=_JOB_CONNECTIONS, max_overflow=0, hide_parameters=True)
    sa.event.listen(engine, "connect", _prepare_for_jobs)
    sa.event.listen(engine, "handle_error", _wait_for_disk)
    return engine


def _prepare_for_jobs(connection: Any, _record: Any) -> None:
    # As the job engine sets up its own. How much is forced to disk stays SQLite's default, which is everything.
    connection.isolation_level = "IMMEDIATE"
    for pragma in (f"busy_timeout={1000 * _BUSY_SECONDS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _wait_for_disk(context: sa.engine.ExceptionContext) -> BaseException | None:
    found = context.sqlalchemy_exception
    failure = storage_failure(found) if found is not None else None
    if failure is None:
        return None
    busy = sqlite3.OperationalError(f"database is locked: {failure.message}")
    return sa.exc.OperationalError(context.statement, None, busy)


def compact(engine: sa.Engine) -> None:
    """Write an SQLite file anew, without what was removed from it. It may be in use; it must have room for a second."""
    raw = engine.raw_connection()
    try:
        # Removed words stay in the index of the search until its parts are joined.
        raw.execute("INSERT INTO search_index(search_index) VALUES ('optimize')")
        raw.execute("VACUUM")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()
