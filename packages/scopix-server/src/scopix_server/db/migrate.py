"""Bringing a database to the current schema."""

from pathlib import Path

import sqlalchemy as sa

from scopix_server.db.engine import place_of, unusable
from scopix_server.db.schema import metadata
from scopix_server.domain.errors import DatabaseUnusable

__all__ = ["BEFORE_FIRST_RELEASE", "migrate", "too_old", "use_byte_order"]

# The migrations that release 2.0.0 put together into one, 0016; a database in between is no release's.
BEFORE_FIRST_RELEASE = frozenset(f"{number:04}" for number in range(1, 16))
_MIGRATIONS = Path(__file__).with_name("migrations")
_VERSION = "alembic_version"  # its table, with one row
_LOCK = 5_720_194_663_381  # any number that is ours alone


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Apply every migration up to `revision` that the database has not seen, all in one transaction.

    Several processes may do so at once: one migrates, the others wait and find nothing left to do.

    Raises:
        DatabaseUnusable: it cannot be reached, does not let us in, is damaged, is not ours, or is older than the
            first release.
    """
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            tables = set(sa.inspect(connection).get_table_names())
            _check_ours(connection, tables)
            current = _current_revision(connection, tables)
            if current in BEFORE_FIRST_RELEASE:
                raise DatabaseUnusable(f"SCOPIX_DATABASE_URL: {too_old(place_of(connection.engine.url), current)}")
            if revision != "head" or current != newest_revision():
                _upgrade(connection, revision)
            use_byte_order(connection)
    except sa.exc.DBAPIError as error:
        raise unusable(engine.url, error) from error


def newest_revision() -> str:
    """Return the newest migration of this release; their files' names begin with their numbers."""
    return max(path.name for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def _upgrade(connection: sa.Connection, revision: str) -> None:
    # Loaded where there is something to migrate: most starts find nothing, and it takes longer than asking.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise DatabaseUnusable(
            f"SCOPIX_DATABASE_URL: {place_of(connection.engine.url)} is in a state that this release does not know: a "
            "newer one or another program made it."
        ) from error


def _check_ours(connection: sa.Connection, tables: set[str]) -> None:
    """Raise DatabaseUnusable for an SQLite file of another program; PostgreSQL holds many programs' tables."""
    if connection.dialect.name == "postgresql":
        return
    if tables and _VERSION not in tables:
        raise DatabaseUnusable(
            f"SCOPIX_DATABASE_URL: {place_of(connection.engine.url)} belongs to another program: it has tables such as "
            f"'{min(tables)}', and none of Scopix's."
        )


def _current_revision(connection: sa.Connection, tables: set[str]) -> str | None:
    if _VERSION not in tables:
        return None
    return connection.execute(sa.select(sa.column("version_num")).select_from(sa.table(_VERSION))).scalar()


def too_old(place: str, current: str) -> str:
    """Say in a sentence that the database at `place` is at a state from before the first release, and what to do."""
    return (
        f"{place} is at {current}, a state from before release 2.0.0, which takes over databases at 0016 only: bring "
        "it there with `scopix-server migrate` of the build that made it or a later one, or begin with an empty "
        "database."
    )


def use_byte_order(connection: sa.Connection) -> None:
    """Let PostgreSQL compare our texts byte by byte, as SQLite does, whatever the language of the database.

    Migrations need not think of it: whatever column they made in another order is changed here.
    """
    if connection.dialect.name != "postgresql":
        return
    query = sa.text(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) "
        "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation o ON o.oid = a.attcollation "
        "WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname = ANY(:tables) "
        "AND a.attnum > 0 AND NOT a.attisdropped AND o.collname <> 'C' ORDER BY 1, 2"
    )
    changes: dict[str, list[str]] = {}
    for table, column, kind in connection.execute(query, {"tables": list(metadata.tables)}):
        changes.setdefault(table, []).append(f'ALTER COLUMN "{column}" TYPE {kind} COLLATE "C"')
    for table, altered in changes.items():
        connection.exec_driver_sql(f'ALTER TABLE "{table}" {", ".join(altered)}')
