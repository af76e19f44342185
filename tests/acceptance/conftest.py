"""One running server for all acceptance tests that do not kill it."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.server import ServerProcess

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "images"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path_factory.mktemp("server")).start().wait_until_ready()
    yield running
    assert running.stop() == 0


@pytest.fixture
def http(server: ServerProcess) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client
