"""One app in this process for the tests of the REST API, on each kind of database; see `tests/support/inprocess.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.inprocess import DATABASES, InProcessServer, serving
from tests.support.server import ServerProcess
from tests.support.setup import is_distributed

ON_SQLITE = pytest.mark.on_sqlite
"""For tests of what happens before a database is asked, or the same way in both: run on one of them."""
Server = InProcessServer | ServerProcess
"""In the distributed set-up, the shared servers are processes with a bucket and workers of their own."""
DISTRIBUTED = "postgresql"
EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "images"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what has a database on each kind of them, unless it is marked to need one only."""
    if "database" in metafunc.fixturenames:
        one = is_distributed() or metafunc.definition.get_closest_marker("on_sqlite")
        kinds = [DISTRIBUTED if is_distributed() else "sqlite"] if one else DATABASES
        metafunc.parametrize("database", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database that the servers of a test have: every test of REST runs on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all tests that need no settings of their own. Its analyzer is the scripted one."""
    with _shared(tmp_path_factory.mktemp("server"), database, "scripted") as running:
        yield running


@pytest.fixture(scope="session")
def seeing(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that really looks at images."""
    with _shared(tmp_path_factory.mktemp("seeing"), database, "builtin") as running:
        yield running


@contextmanager
def _shared(folder: Path, database: str, analyzer: str) -> Iterator[Server]:
    if is_distributed():
        process = ServerProcess(folder, analyzer=analyzer).start().wait_until_ready()
        yield process
        assert process.stop() == 0
        return
    with serving(folder, database=database, analyzer=analyzer) as running:
        yield running
        assert "Traceback" not in running.log, running.log


@pytest.fixture
def http(server: Server) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client
