"""Connections and transactions. This is the only file that commits.

SQLite has one writer at a time, so all writes of a process go through one thread; work that waits together is
committed together (group commit), each piece in its own savepoint so that one failure leaves its neighbours alone.
Reads run on other connections and never wait for the writer (WAL).

PostgreSQL has many writers: work runs in its caller's thread on a connection of a small pool. What two of them must not
do at once is locked (see `locks`); who stood in another's way is run again.
"""

import contextvars
import logging
import queue
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from scopix_server.db.chores import SqlChores
from scopix_server.db.descriptions import SqlDescriptions
from scopix_server.db.direct import SqlDirectUploads
from scopix_server.db.engine import compact
from scopix_server.db.engines import SqlEngines
from scopix_server.db.figures import SqlFigures
from scopix_server.db.files import SqlFiles
from scopix_server.db.idempotency import SqlIdempotency
from scopix_server.db.keys import SqlKeys
from scopix_server.db.sessions import SqlSessions
from scopix_server.db.storage_configs import SqlStorageConfigs
from scopix_server.db.tenant_data import SqlTenantData
from scopix_server.db.tenants import SqlTenants
from scopix_server.db.upkeep import SqlUpkeep
from scopix_server.db.variants import SqlVariants
from scopix_server.db.vectors import SqlVectors
from scopix_server.db.versions import SqlVersions
from scopix_server.db.webhooks import SqlWebhooks
from scopix_server.db.workers import SqlWorkers
from scopix_server.domain.errors import Gone, OutcomeUnknown, ServiceUnavailable

__all__ = ["SqlDatabase", "SqlTransaction"]

T = TypeVar("T")
_GROUP = 64  # pieces of work committed together at most
_SUBMITTED = 4  # pieces of submitted work under way at once on PostgreSQL
# Seconds before each further attempt at a transaction that another was in the way of, at most.
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4)
_RESOLVE_SECONDS = 15.0
_log = logging.getLogger(__name__)


class SqlTransaction:
    """The repositories of one open transaction; `connection` is for those that share it (the job queue)."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.files = SqlFiles(connection)
        self.variants = SqlVariants(connection)
        self.descriptions = SqlDescriptions(connection)
        self.versions = SqlVersions(connection)
        self.vectors = SqlVectors(connection)
        self.engines = SqlEngines(connection)
        self.sessions = SqlSessions(connection)
        self.tenants = SqlTenants(connection)
        self.keys = SqlKeys(connection)
        self.idempotency = SqlIdempotency(connection)
        self.workers = SqlWorkers(connection)
        self.direct_uploads = SqlDirectUploads(connection)
        self.upkeep = SqlUpkeep(connection)
        self.chores = SqlChores(connection)
        self.figures = SqlFigures(connection)
        self.storage_configs = SqlStorageConfigs(connection)
        self.webhooks = SqlWebhooks(connection)
        self.tenant_data = SqlTenantData(connection)


class SqlDatabase:
    """The `Database` port over SQLAlchemy. Close it at the end."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._access: _Access = _Postgres(engine) if engine.dialect.name == "postgresql" else _Sqlite(engine)

    def write(self, work: Callable[[SqlTransaction], T]) -> T:
        return self._access.write(work)

    def submit(self, work: Callable[[SqlTransaction], T]) -> "Future[T]":
        return self._access.submit(work)

    def read(self, work: Callable[[SqlTransaction], T]) -> T:
        return self._access.read(work)

    def check(self) -> None:
        try:
            self._access.read(lambda transaction: transaction.connection.execute(sa.select(1)).scalar_one())
        except sa.exc.SQLAlchemyError as error:
            raise ServiceUnavailable("The database does not answer.") from error

    def compact(self) -> None:
        """Let nothing of removed rows stay in the file (SQLite; it shrinks). PostgreSQL does so by itself, in time."""
        self._access.compact()

    def close(self) -> None:
        """Finish what was submitted, then close all connections."""
        self._access.close()
        self._engine.dispose()


class _Access(Protocol):
    """How a kind of database is read and written."""

    def write(self, work: Callable[[SqlTransaction], T]) -> T: ...
    def submit(self, work: Callable[[SqlTransaction], T]) -> "Future[T]": ...
    def read(self, work: Callable[[SqlTransaction], T]) -> T: ...
    def compact(self) -> None: ...
    def close(self) -> None: ...


# SQLite ---------------------------------------------------------------------------------------------------------------


class _Sqlite:
    """One thread writes; any thread reads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[tuple[Callable[[SqlTransaction], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    def write(self, work: Callable[[SqlTransaction], T]) -> T:
        return self.submit(work).result()

    def submit(self, work: Callable[[SqlTransaction], T]) -> "Future[T]":
        future: Future[T] = Future()
        # The ids that logs and jobs name go along to the thread that writes.
        context = contextvars.copy_context()
        self._queue.put((lambda transaction: context.run(work, transaction), future))
        return future

    def read(self, work: Callable[[SqlTransaction], T]) -> T:
        with self._engine.connect().execution_options(reading=True) as connection:
            return work(SqlTransaction(connection))

    def compact(self) -> None:
        compact(self._engine)

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, last = self._gather(first)
            self._commit_group([item for item in group if item[1].set_running_or_notify_cancel()])
            if last:
                return

    def _gather(self, first: tuple[Any, Future[Any]]) -> tuple[list[tuple[Any, Future[Any]]], bool]:
        group = [first]
        while len(group) < _GROUP:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                return group, True
            group.append(item)
        return group, False

    def _commit_group(self, group: list[tuple[Callable[[SqlTransaction], Any], Future[Any]]]) -> None:
        outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with self._engine.connect() as connection:
                for work, future in group:
                    outcomes.append((future, *_attempt(connection, work)))
                connection.commit()
        except BaseException as error:
            _log.exception("a group of %d writes could not be committed", len(group))
            for _, future in group:
                future.set_exception(error)
            return
        for future, result, failure in outcomes:
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)


def _attempt(connection: sa.Connection, work: Callable[[SqlTransaction], Any]) -> tuple[Any, BaseException | None]:
    try:
        with connection.begin_nested():
            return work(SqlTransaction(connection)), None
    except sa.exc.IntegrityError as error:
        return None, _gone(error) or error
    except Exception as failure:
        return None, failure


def _gone(error: sa.exc.IntegrityError) -> Gone | None:
    """Return what is to be told when what a new row refers to was removed meanwhile, as when a tenant is erased."""
    refers = getattr(error.orig, "sqlstate", None) == "23503" or "FOREIGN KEY" in str(error.orig)
    if not refers:
        return None
    gone = Gone("What this belongs to was removed for good in the meantime; nothing was kept.")
    gone.__cause__ = error
    return gone


# PostgreSQL -----------------------------------------------------------------------------------------------------------


class _Postgres:
    """Any thread reads and writes, on a connection of the pool."""

    def __init__(self, engine: sa.Engine) -> None:
        from scopix_server.db import postgres

        self._postgres = postgres
        self._engine = engine
        self._threads = ThreadPoolExecutor(_SUBMITTED, thread_name_prefix="database-writer")

    def write(self, work: Callable[[SqlTransaction], T]) -> T:
        return self._repeated(lambda: self._write_once(work))

    def submit(self, work: Callable[[SqlTransaction], T]) -> "Future[T]":
        return self._threads.submit(self.write, work)

    def read(self, work: Callable[[SqlTransaction], T]) -> T:
        return self._repeated(lambda: self._read_once(work))

    def compact(self) -> None:
        """Leave it to autovacuum."""

    def close(self) -> None:
        self._threads.shutdown()

    def _read_once(self, work: Callable[[SqlTransaction], T]) -> T:
        # All statements see the database as it was at the first.
        with self._engine.connect().execution_options(reading=True, isolation_level="REPEATABLE READ") as connection:
            return work(SqlTransaction(connection))

    def _write_once(self, work: Callable[[SqlTransaction], T]) -> T:
        with self._engine.connect() as connection:
            number = self._postgres.begin(connection)
            try:
                result = work(SqlTransaction(connection))
            except sa.exc.IntegrityError as error:
                raise _gone(error) or error from error
            try:
                connection.commit()
                return result
            except sa.exc.DBAPIError as error:
                if not self._postgres.is_lost(error):
                    raise
                lost = error
        # The connection broke while the commit was under way: only the server knows how it ended.
        if self._was_committed(number, lost):
            return result
        raise lost

    def _was_committed(self, number: str, lost: Exception) -> bool:
        deadline = time.monotonic() + _RESOLVE_SECONDS
        while time.monotonic() < deadline:
            try:
                with self._engine.connect() as connection:
                    committed = self._postgres.was_committed(connection, number)
                if committed is not None:
                    return committed
            except sa.exc.DBAPIError as error:
                if not self._postgres.is_lost(error):
                    raise
            time.sleep(0.2)
        raise OutcomeUnknown from lost

    def _repeated(self, once: Callable[[], T]) -> T:
        pauses = iter(_PAUSES)
        while True:
            try:
                return once()
            except sa.exc.TimeoutError as error:
                raise ServiceUnavailable("The database is busy; every connection is in use.") from error
            except sa.exc.DBAPIError as error:
                lost = self._postgres.is_lost(error)
                if not lost and not self._postgres.may_pass(error):
                    raise
                # A connection that broke while it lay in the pool is replaced; a server that has gone takes longer.
                if (pause := next(pauses, None)) is None:
                    told = "The database does not answer." if lost else "Too many changes at once; try again."
                    raise ServiceUnavailable(told) from error
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311
