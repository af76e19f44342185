"""One database a module, and desks in it at which engines are asked."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.domain.engines import EngineSpec
from scopix_server.domain.tenant import Tenant
from tests.support.desk import TENANT, Desk
from tests.support.endpoint import Endpoint


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlDatabase]:
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('desk') / 'test.db'}")
    migrate(engine)
    database = SqlDatabase(engine)
    database.write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "t", datetime.now(UTC))))
    yield database
    database.close()


@pytest.fixture
def desk(tmp_path: Path, database: SqlDatabase) -> Iterator[Callable[..., Desk]]:
    opened: list[Desk] = []

    def build(*specs: EngineSpec) -> Desk:
        opened.append(Desk(tmp_path, database, *specs))
        return opened[-1]

    yield build
    for each in opened:
        each.close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running
