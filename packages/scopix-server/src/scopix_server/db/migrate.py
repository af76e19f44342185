"""Bringing a database to the current schema."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from scopix_server.db.engine import place_of
from scopix_server.db.schema import metadata
from scopix_server.domain.errors import DatabaseUnusable

__all__ = ["migrate", "use_byte_order"]

_LOCK = 5_720_194_663_381  # any number that is ours alone


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Apply every migration up to `revision` that the database has not seen, all in one transaction.

    Several processes may do so at once: one migrates, the others wait and find nothing left to do.

    Raises:
        DatabaseUnusable: it cannot be reached, or does not let us in.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            use_byte_order(connection)
    except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
        said = " ".join(str(error.orig).split())[:300]
        raise DatabaseUnusable(f"SCOPIX_DATABASE_URL: {place_of(engine.url)} cannot be used: {said}") from error


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
