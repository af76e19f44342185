"""Every implementation of a port, one after the other, under the same tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from tests.support.postgres import fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database of its own with the current schema, empty."""
    if request.param == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")
        migrate(engine)
        yield engine
        engine.dispose()
        return
    with fresh_database(migrated=True) as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def empty_database(engine: sa.Engine) -> Iterator[SqlDatabase]:
    """The `Database` port over it."""
    database = SqlDatabase(engine)
    yield database
    database.close()
