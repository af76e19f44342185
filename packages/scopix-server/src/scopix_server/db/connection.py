"""Connections and transactions. This is the only file that commits.

SQLite has one writer at a time, so all writes of a process go through one thread; work that waits together is
committed together (group commit), each piece in its own savepoint so that one failure leaves its neighbours alone.
Tenants wait in lines of their own, and a group ends soon, so that nobody waits for all that another tenant writes.
Reads run on other connections and never wait for the writer (WAL).

PostgreSQL has many writers: work runs in its caller's thread on a connection of a small pool. What two of them must not
do at once is locked (see `locks`); who stood in another's way is run again.
"""

import contextvars
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import sqlalchemy as sa

from scopix_server.db.aggregates import SqlAggregates
from scopix_server.db.counts import FileCounts, SqlCounts
from scopix_server.db.descriptions import SqlDescriptions
from scopix_server.db.direct import SqlDirectUploads
from scopix_server.db.embeddings import SqlEmbeddings
from scopix_server.db.engine import compact
from scopix_server.db.engines import SqlEngines
from scopix_server.db.failures import storage_failure
from scopix_server.db.files import SqlFiles
from scopix_server.db.fingerprints import SqlFingerprints
from scopix_server.db.idempotency import SqlIdempotency
from scopix_server.db.inspections import SqlInspections
from scopix_server.db.keys import SqlKeys
from scopix_server.db.lending import SqlLending
from scopix_server.db.lines import Lines
from scopix_server.db.maintenance import SqlMaintenance
from scopix_server.db.marks import COUNT_UP, MarkFile, SqlMarks
from scopix_server.db.metrics import SqlMetrics
from scopix_server.db.pages import SqlDocuments
from scopix_server.db.prepared import execute
from scopix_server.db.rules import SqlReviews, SqlRules
from scopix_server.db.sessions import SqlSessions
from scopix_server.db.storage_configs import SqlStorageConfigs
from scopix_server.db.tag_vocabularies import SqlTagVocabularies
from scopix_server.db.tenant_data import SqlTenantData
from scopix_server.db.tenants import SqlTenants
from scopix_server.db.upkeep import SqlUpkeep
from scopix_server.db.variants import SqlVariants
from scopix_server.db.vectors import SqlVectors
from scopix_server.db.versions import SqlVersions
from scopix_server.db.webhooks import SqlWebhooks
from scopix_server.db.workers import SqlWorkers
from scopix_server.domain.errors import DomainError, Gone, OutcomeUnknown, ServiceUnavailable
from scopix_server.domain.turn import current_turn

__all__ = ["SqlDatabase", "SqlTransaction"]

T = TypeVar("T")
_GROUP = 64  # pieces of work committed together at most
_GROUP_SECONDS = 0.1  # for the work of a group; who comes meanwhile waits for no more than this and a piece of work
_SUBMITTED = 4  # pieces of submitted work under way at once on PostgreSQL
# Seconds before each further attempt at a transaction that another was in the way of, at most.
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4)
_RESOLVE_SECONDS = 15.0
_log = logging.getLogger(__name__)


class _Repository(Generic[T]):
    """A repository of a transaction, made when it is asked for: most transactions need two of the twenty."""

    def __init__(self, kind: Callable[[sa.Connection], T]) -> None:
        self._kind = kind

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, transaction: "SqlTransaction", _: type) -> T:
        made = self._kind(transaction.connection)
        # From here on the transaction has it itself.
        transaction.__dict__[self._name] = made
        return made


class SqlTransaction:
    """The repositories of one open transaction; `connection` is for those that share it (the job queue)."""

    files = _Repository(SqlFiles)
    aggregates = _Repository(SqlAggregates)
    variants = _Repository(SqlVariants)
    descriptions = _Repository(SqlDescriptions)
    versions = _Repository(SqlVersions)
    vectors = _Repository(SqlVectors)
    fingerprints = _Repository(SqlFingerprints)
    lending = _Repository(SqlLending)
    embeddings = _Repository(SqlEmbeddings)
    engines = _Repository(SqlEngines)
    sessions = _Repository(SqlSessions)
    tenants = _Repository(SqlTenants)
    keys = _Repository(SqlKeys)
    idempotency = _Repository(SqlIdempotency)
    workers = _Repository(SqlWorkers)
    direct_uploads = _Repository(SqlDirectUploads)
    upkeep = _Repository(SqlUpkeep)
    maintenance = _Repository(SqlMaintenance)
    marks = _Repository(SqlMarks)
    metrics = _Repository(SqlMetrics)
    storage_configs = _Repository(SqlStorageConfigs)
    webhooks = _Repository(SqlWebhooks)
    tenant_data = _Repository(SqlTenantData)
    documents = _Repository(SqlDocuments)
    counts = _Repository(SqlCounts)
    inspections = _Repository(SqlInspections)
    tag_vocabularies = _Repository(SqlTagVocabularies)
    rules = _Repository(SqlRules)
    reviews = _Repository(SqlReviews)

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection


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
        """Write something; see the port."""
        try:
            self._access.write(lambda transaction: transaction.marks.count_up())
        except sa.exc.SQLAlchemyError as error:
            raise ServiceUnavailable("The database does not answer.") from error

    def kept_mark(self) -> int:
        """Return how far the database had come by the file beside it; 0 where there is none, as on PostgreSQL."""
        return self._access.kept_mark()

    def lost_commits(self) -> int:
        """Return how many groups of commits are missing by that file. Ask before anything is written."""
        # The file first: whatever is committed meanwhile can only take the database further.
        kept = self._access.kept_mark()
        return max(0, kept - self.read(lambda t: t.marks.current()).number)

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
    def kept_mark(self) -> int: ...
    def close(self) -> None: ...


# SQLite ---------------------------------------------------------------------------------------------------------------


Write: TypeAlias = tuple[Callable[[SqlTransaction], Any], "Future[Any]"]


class _Sqlite:
    """One thread writes; any thread reads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lines: Lines[Write] = Lines()
        self._mark = MarkFile(Path(f"{engine.url.database}-mark"))
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    def kept_mark(self) -> int:
        return self._mark.read()

    def write(self, work: Callable[[SqlTransaction], T]) -> T:
        return self.submit(work).result()

    def submit(self, work: Callable[[SqlTransaction], T]) -> "Future[T]":
        future: Future[T] = Future()
        # The ids that logs and jobs name go along to the thread that writes.
        context = contextvars.copy_context()
        self._lines.put(current_turn().tenant_id, (lambda transaction: context.run(work, transaction), future))
        return future

    def read(self, work: Callable[[SqlTransaction], T]) -> T:
        try:
            with self._engine.connect().execution_options(reading=True) as connection:
                FileCounts(connection).discard()  # what a reader before has changed is not in the database
                return work(SqlTransaction(connection))
        except sa.exc.DBAPIError as error:
            raise storage_failure(error) or error from error

    def compact(self) -> None:
        compact(self._engine)

    def close(self) -> None:
        self._lines.close()
        self._thread.join()

    def _run(self) -> None:
        while (first := self._lines.take(wait=True)) is not None:
            self._commit_group(self._group(first))

    def _group(self, item: Write | None) -> Iterator[Write]:
        """Yield what is committed together; what comes after it is taken only once it is done."""
        deadline = time.monotonic() + _GROUP_SECONDS
        for left in reversed(range(_GROUP)):
            if item is None:
                return
            if item[1].set_running_or_notify_cancel():
                yield item
            item = self._lines.take(wait=False) if left and time.monotonic() < deadline else None

    def _commit_group(self, group: Iterator[Write]) -> None:
        begun: list[Future[Any]] = []
        outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with self._engine.connect() as connection:
                for work, future in group:
                    begun.append(future)
                    outcomes.append((future, *_attempt(connection, work)))
                (number,) = execute(connection, COUNT_UP).fetchone()
                connection.commit()
        except BaseException as error:
            # What would have come next in the group fails with it, the first in any case.
            begun += [future for _, future in group]
            disk = storage_failure(error)
            if disk is None:
                _log.exception("a group of %d writes could not be committed", len(begun))
            else:
                _log.warning("%d writes were not committed. %s", len(begun), disk.message)
            for future in begun:
                future.set_exception(_copy_of(disk) if disk else error)
            return
        self._mark.raise_to(number)
        for future, result, failure in outcomes:
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)


def _attempt(connection: sa.Connection, work: Callable[[SqlTransaction], Any]) -> tuple[Any, BaseException | None]:
    # Said to the driver: the library's own savepoints take ten times as long as SQLite does.
    execute(connection, "SAVEPOINT piece")
    counts = FileCounts(connection)
    counts.discard()
    try:
        result, failure = work(SqlTransaction(connection)), None
        counts.flush()
    except Exception as error:
        counts.discard()
        if storage_failure(error) is not None:
            # SQLite may have rolled back everything, the work of the neighbours, too: none of it is to be acknowledged.
            raise
        execute(connection, "ROLLBACK TO piece")
        result, failure = None, (isinstance(error, sa.exc.IntegrityError) and _gone(error)) or error
    execute(connection, "RELEASE piece")
    return result, failure


def _copy_of(failure: DomainError) -> DomainError:
    # Each caller adds details of its own.
    copy = type(failure)(failure.message)
    copy.__cause__ = failure.__cause__
    return copy


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

    def kept_mark(self) -> int:
        return 0

    def compact(self) -> None:
        """Leave it to autovacuum."""

    def close(self) -> None:
        self._threads.shutdown()

    def _read_once(self, work: Callable[[SqlTransaction], T]) -> T:
        # All statements see the database as it was at the first.
        with self._engine.connect().execution_options(reading=True, isolation_level="REPEATABLE READ") as connection:
            FileCounts(connection).discard()
            return work(SqlTransaction(connection))

    def _write_once(self, work: Callable[[SqlTransaction], T]) -> T:
        with self._engine.connect() as connection:
            number = self._postgres.begin(connection)
            try:
                FileCounts(connection).discard()
                result = work(SqlTransaction(connection))
                FileCounts(connection).flush()
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
                    raise storage_failure(error) or error from error
                # A connection that broke while it lay in the pool is replaced; a server that has gone takes longer.
                if (pause := next(pauses, None)) is None:
                    message = "The database does not answer." if lost else "Too many changes at once; try again."
                    raise ServiceUnavailable(message) from error
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311
