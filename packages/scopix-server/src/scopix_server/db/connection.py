"""Connections and transactions. This is the only file that commits.

SQLite has one writer at a time, so all writes of a process go through one thread; work that waits together is
committed together (group commit), each piece in its own savepoint so that one failure leaves its neighbours alone.
Reads run on other connections and never wait for the writer (WAL).
"""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlalchemy as sa

from scopix_server.db.chores import SqlChores
from scopix_server.db.descriptions import SqlDescriptions
from scopix_server.db.direct import SqlDirectUploads
from scopix_server.db.engines import SqlEngines
from scopix_server.db.figures import SqlFigures
from scopix_server.db.files import SqlFiles
from scopix_server.db.idempotency import SqlIdempotency
from scopix_server.db.keys import SqlKeys
from scopix_server.db.sessions import SqlSessions
from scopix_server.db.tenants import SqlTenants
from scopix_server.db.upkeep import SqlUpkeep
from scopix_server.db.variants import SqlVariants
from scopix_server.db.versions import SqlVersions
from scopix_server.db.workers import SqlWorkers
from scopix_server.domain.errors import ServiceUnavailable

__all__ = ["SqlDatabase", "SqlTransaction", "create_engine"]

T = TypeVar("T")
_GROUP = 64  # pieces of work committed together at most
_log = logging.getLogger(__name__)


class SqlTransaction:
    """The repositories of one open transaction; `connection` is for those that share it (the job queue)."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.files = SqlFiles(connection)
        self.variants = SqlVariants(connection)
        self.descriptions = SqlDescriptions(connection)
        self.versions = SqlVersions(connection)
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


def create_engine(url: str) -> sa.Engine:
    """Return an engine with the settings that its dialect needs."""
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling starts too late (at the first write); ours is in _begin_immediate.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: sa.Connection) -> None:
    # A deferred transaction that reads before it writes fails at once when another writer was faster.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


class SqlDatabase:
    """The `Database` port over SQLAlchemy. Start it before use, stop it at the end."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[tuple[Callable[[SqlTransaction], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    def write(self, work: Callable[[SqlTransaction], T]) -> T:
        return self.submit(work).result()

    def submit(self, work: Callable[[SqlTransaction], T]) -> "Future[T]":
        future: Future[T] = Future()
        self._queue.put((work, future))
        return future

    def read(self, work: Callable[[SqlTransaction], T]) -> T:
        with self._engine.connect().execution_options(reading=True) as connection:
            return work(SqlTransaction(connection))

    def check(self) -> None:
        try:
            with self._engine.connect().execution_options(reading=True) as connection:
                connection.execute(sa.select(1)).scalar_one()
        except sa.exc.SQLAlchemyError as error:
            raise ServiceUnavailable("The database does not answer.") from error

    def close(self) -> None:
        """Finish what was submitted, then close all connections."""
        self._queue.put(None)
        self._thread.join()
        self._engine.dispose()

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
    except Exception as failure:
        return None, failure
