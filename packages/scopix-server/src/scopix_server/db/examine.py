"""Looking at a database without changing it: its state, for those who ask whether it is well."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine, place_of, unusable
from scopix_server.db.migrate import BEFORE_FIRST_RELEASE
from scopix_server.domain.errors import DatabaseUnusable

__all__ = ["ExaminedDatabase", "SchemaState", "examined"]


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Which migration a database is at, and which is the newest that this release knows. None: it is empty."""

    current: str | None
    newest: str | None
    is_known: bool

    @property
    def is_too_old(self) -> bool:
        """Whether it was left at a state from before the first release, which no release migrates."""
        return self.current in BEFORE_FIRST_RELEASE

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to migrate."""
        return self.current == self.newest


class ExaminedDatabase:
    """A database as it is: nothing is created or migrated in it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return place_of(self._engine.url)

    def schema(self) -> SchemaState:
        """Return how far it is migrated. Raises DatabaseUnusable when it is damaged, or another program's."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        scripts = ScriptDirectory.from_config(config)
        try:
            with self._engine.connect().execution_options(reading=True) as connection:
                current = MigrationContext.configure(connection).get_current_revision()
                tables = sa.inspect(connection).get_table_names()
        except sa.exc.DBAPIError as error:
            raise unusable(self._engine.url, error) from error
        if current is None and tables and self._engine.dialect.name == "sqlite":
            raise DatabaseUnusable(f"{self.place} belongs to another program.")
        known = {script.revision for script in scripts.walk_revisions()}
        return SchemaState(current, scripts.get_current_head(), current is None or current in known)

    def clock(self) -> datetime:
        """Return what time it is where the database is."""
        if self._engine.dialect.name != "postgresql":
            return datetime.now(UTC)  # the same machine
        with self._engine.connect().execution_options(reading=True) as connection:
            now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)

    @contextmanager
    def opened(self) -> Iterator[SqlDatabase]:
        """Lend it to be worked with."""
        database = SqlDatabase(self._engine)
        try:
            yield database
        finally:
            database.close()


@contextmanager
def examined(url: str) -> Iterator[ExaminedDatabase]:
    """Lend the database at `url`.

    Raises:
        DatabaseUnusable: the address is none.
    """
    engine = create_engine(url, connections=2)
    try:
        yield ExaminedDatabase(engine)
    finally:
        engine.dispose()
