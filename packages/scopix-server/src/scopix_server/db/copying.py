"""Copying a database out and in, whole: for backups.

SQLite copies its file by its own online backup, in one step: a moment's state, while others go on writing. PostgreSQL
gives each table by COPY within one transaction, ours and the job engine's; it is loaded into tables that the migrations
of the same revision made, so a backup does not depend on the server's release.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scopix_server.db.columns import high_water
from scopix_server.db.connection import SqlDatabase, SqlTransaction
from scopix_server.db.engine import create_engine, place_of
from scopix_server.db.migrate import migrate, newest_revision
from scopix_server.db.schema import metadata
from scopix_server.domain.backup import BackupRefused, DatabaseCopy, DatabaseDump, RestoreWindow, TableDump

__all__ = ["PostgresCopier", "SqliteCopier"]

_READ = 1024 * 1024
_JOBS = "dbos"
# Written by the migrations themselves.
_OF_MIGRATIONS = ("alembic_version", "dbos_migrations")


class SqliteCopier:
    """The `DatabaseCopier` port for the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def copied(self, scratch: Path) -> Iterator[DatabaseCopy]:
        if not self._path.exists():
            raise BackupRefused(f"There is no database at {self._path}: nothing to back up.")
        target = scratch / "database.tmp"
        for old in scratch.glob("database.tmp*"):
            old.unlink()
        source, copy = sqlite3.connect(self._path, timeout=30), sqlite3.connect(target)
        try:
            # All pages in one step: between two steps a writer would make it begin from the start.
            source.backup(copy)
        finally:
            copy.close()
            source.close()
        try:
            yield _CopiedFile(target)
        finally:
            for old in scratch.glob("database.tmp*"):
                old.unlink()

    def check_empty(self) -> None:
        if self._path.exists():
            raise BackupRefused(f"There is a database at {self._path} already; restore into a new folder.")

    def load(self, dump: DatabaseDump, contents: Mapping[str, Iterator[bytes]], window: RestoreWindow) -> None:
        _check_kind(dump, "sqlite")
        draft = self._path.with_suffix(".restoring")
        for old in self._path.parent.glob(f"{draft.name}*"):
            old.unlink()
        (table,) = dump.tables
        with draft.open("wb") as file:
            draft.chmod(0o600)
            for chunk in contents[table.name]:
                file.write(chunk)
        connection = sqlite3.connect(draft)
        try:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise BackupRefused(f"The database of this backup is damaged: {verdict}.")
            _compare(dump.rows, _rows_of_file(connection))
            since, until = window.since, window.until
            with connection:
                values = [at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for at in (since, until)]
                connection.execute(
                    "UPDATE high_water SET restored_since = min(coalesce(restored_since, ?1), ?1), restored_until = ?2",
                    values,
                )
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
        _force(draft)
        draft.rename(self._path)
        _force(self._path.parent)


class PostgresCopier:
    """The `DatabaseCopier` port for the database at `url`. `migrate_jobs` makes the job engine's tables."""

    def __init__(self, url: str, migrate_jobs: Any) -> None:
        self._url = url
        self._migrate_jobs = migrate_jobs

    @contextmanager
    def copied(self, scratch: Path) -> Iterator[DatabaseCopy]:
        engine = create_engine(self._url, connections=2)
        reading = {"reading": True, "isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        try:
            with engine.connect().execution_options(**reading) as connection:
                yield _CopiedTables(connection)
        finally:
            engine.dispose()

    def check_empty(self) -> None:
        engine = create_engine(self._url, connections=2)
        try:
            with engine.connect() as connection:
                there = set(sa.inspect(connection).get_table_names())
                for name in ("tenants", "files"):
                    query = sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)
                    if name in there and connection.execute(query).first() is not None:
                        raise BackupRefused(f"{place_of(engine.url)} has {name} already; restore into an empty one.")
        finally:
            engine.dispose()

    def load(self, dump: DatabaseDump, contents: Mapping[str, Iterator[bytes]], window: RestoreWindow) -> None:
        _check_kind(dump, "postgresql")
        engine = create_engine(self._url, connections=2)
        migrate(engine, dump.revision)
        self._migrate_jobs(engine.url.render_as_string(hide_password=False))
        database = SqlDatabase(engine)
        try:
            database.write(lambda t: _load_tables(t, dump, contents, window))
        finally:
            database.close()


class _CopiedFile:
    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        connection = self._opened()
        (self.revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        (self.mark,) = connection.execute("SELECT number FROM high_water").fetchone()
        connection.close()

    def tables(self) -> Iterator[tuple[TableDump, Iterator[bytes]]]:
        yield TableDump("scopix.db", ()), _chunks(self._path)

    def rows(self) -> Mapping[str, int]:
        connection = self._opened()
        try:
            return _rows_of_file(connection)
        finally:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        # Nobody else has it, and no log is to be left beside it.
        return sqlite3.connect(f"file:{self._path}?mode=ro&immutable=1", uri=True)


class _CopiedTables:
    kind = "postgresql"

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        (self.revision,) = connection.execute(sa.text("SELECT version_num FROM alembic_version")).one()
        self.mark = int(connection.execute(sa.select(high_water.c.number)).scalar_one())
        self._rows: dict[str, int] = {}

    def tables(self) -> Iterator[tuple[TableDump, Iterator[bytes]]]:
        for schema, name, columns in _tables(self._connection):
            yield TableDump(f"{schema}.{name}", (), schema, columns), self._contents(schema, name, columns)

    def rows(self) -> Mapping[str, int]:
        return self._rows

    def _contents(self, schema: str, name: str, columns: Sequence[str]) -> Iterator[bytes]:
        cursor = _driver(self._connection).cursor()
        with cursor.copy(f"COPY {_quoted(schema, name)} ({_quoted_list(columns)}) TO STDOUT") as copy:
            yield from map(bytes, copy)
        if schema != _JOBS:
            self._rows[name] = cursor.rowcount


def _load_tables(
    transaction: SqlTransaction, dump: DatabaseDump, contents: Mapping[str, Iterator[bytes]], window: RestoreWindow
) -> None:
    connection = transaction.connection
    there = {(schema, name): columns for schema, name, columns in _tables(connection)}
    tables = {(str(table.schema), table.name.partition(".")[2]): table for table in dump.tables}
    own = connection.execute(sa.text("SELECT current_schema()")).scalar_one()
    # Those of ours may be in another schema than they came from.
    tables = {(schema if schema == _JOBS else own, name): table for (schema, name), table in tables.items()}
    for place, table in tables.items():
        if missing := set(table.columns) - set(there.get(place, ())):
            raise BackupRefused(
                f"The table {'.'.join(place)} of this release has no {', '.join(sorted(missing))}: restore with the "
                "release that made the backup, then upgrade."
            )
    everything = ", ".join(_quoted(*place) for place in tables)
    connection.exec_driver_sql(f"TRUNCATE {everything}")
    rows: dict[str, int] = {}
    for schema, name in _by_reference(connection, list(tables)):
        table, cursor = tables[schema, name], _driver(connection).cursor()
        with cursor.copy(f"COPY {_quoted(schema, name)} ({_quoted_list(table.columns)}) FROM STDIN") as copy:
            for chunk in contents[table.name]:
                copy.write(chunk)
        if schema != _JOBS:
            rows[name] = cursor.rowcount
    _compare(dump.rows, rows)
    _set_sequences(connection)
    earlier = connection.execute(sa.select(high_water.c.restored_since)).scalar_one()
    since = min(window.since, earlier) if earlier else window.since
    connection.execute(high_water.update().values(restored_since=since, restored_until=window.until))


def _check_kind(dump: DatabaseDump, kind: str) -> None:
    if dump.kind != kind:
        names = {"sqlite": "an SQLite file", "postgresql": "PostgreSQL"}
        raise BackupRefused(
            f"The backup is of {names[dump.kind]}, and the settings name {names[kind]}; see SCOPIX_DATABASE_URL."
        )
    if dump.revision > newest_revision():
        raise BackupRefused(
            f"The backup is at {dump.revision}, which a newer release made; this one knows {newest_revision()}."
        )


def _compare(expected: Mapping[str, int], found: Mapping[str, int]) -> None:
    wrong = [name for name, number in expected.items() if found.get(name) != number]
    if wrong:
        numbers = ", ".join(f"{found.get(name, 0)} of {expected[name]} rows of {name}" for name in wrong)
        raise BackupRefused(f"The database did not come back whole: {numbers}.")


def _rows_of_file(connection: sqlite3.Connection) -> dict[str, int]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    names = {name for (name,) in connection.execute(query)} & set(metadata.tables)
    # Names of our own schema.
    return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in sorted(names)}  # noqa: S608


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_READ):
            yield chunk


def _tables(connection: sa.Connection) -> list[tuple[str, str, list[str]]]:
    """Return schema, name and columns of our tables and the job engine's; columns that are computed are left out."""
    query = sa.text(
        "SELECT n.nspname, c.relname, array_agg(a.attname ORDER BY a.attnum)::text[] "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped "
        "AND a.attgenerated = '' AND NOT c.relname = ANY(:left_out) "
        "AND (n.nspname = :jobs OR n.nspname = current_schema() AND c.relname = ANY(:ours)) "
        "GROUP BY n.nspname, c.relname ORDER BY 1, 2"
    )
    values = {"left_out": list(_OF_MIGRATIONS), "jobs": _JOBS, "ours": list(metadata.tables)}
    return [(schema, name, list(columns)) for schema, name, columns in connection.execute(query, values)]


def _by_reference(connection: sa.Connection, tables: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the tables so that each comes after those that it refers to."""
    query = sa.text(
        "SELECT a.nspname, c.relname, b.nspname, d.relname FROM pg_constraint k "
        "JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace a ON a.oid = c.relnamespace "
        "JOIN pg_class d ON d.oid = k.confrelid JOIN pg_namespace b ON b.oid = d.relnamespace "
        "WHERE k.contype = 'f' AND k.conrelid <> k.confrelid"
    )
    graph: dict[tuple[str, str], set[tuple[str, str]]] = {place: set() for place in tables}
    for schema, name, other_schema, other in connection.execute(query):
        if (schema, name) in graph and (other_schema, other) in graph:
            graph[schema, name].add((other_schema, other))
    yield from TopologicalSorter(graph).static_order()


def _set_sequences(connection: sa.Connection) -> None:
    """Let each sequence go on after the highest number that its column has."""
    query = sa.text(
        "SELECT quote_ident(sn.nspname) || '.' || quote_ident(s.relname), quote_ident(tn.nspname) || '.' || "
        "quote_ident(t.relname), quote_ident(a.attname) FROM pg_depend d JOIN pg_class s ON s.oid = d.objid "
        "JOIN pg_namespace sn ON sn.oid = s.relnamespace JOIN pg_class t ON t.oid = d.refobjid "
        "JOIN pg_namespace tn ON tn.oid = t.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid "
        "WHERE s.relkind = 'S' AND d.deptype IN ('a', 'i') AND tn.nspname IN (:jobs, current_schema())"
    )
    for sequence, table, column in connection.execute(query, {"jobs": _JOBS}).all():
        highest = f"(SELECT max({column}) FROM {table})"  # noqa: S608
        # One that has given nothing yet begins with 1.
        value = f"greatest({highest}, 1), coalesce({highest} >= 1, false)"
        connection.exec_driver_sql(f"SELECT setval('{sequence}', {value})")


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection


def _quoted(schema: str, name: str) -> str:
    return f"{_quoted_list([schema])}.{_quoted_list([name])}"


def _quoted_list(names: Sequence[str]) -> str:
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)


def _force(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    with suppress(OSError):
        os.fsync(descriptor)
    os.close(descriptor)
