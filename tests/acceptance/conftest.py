"""One running server for all acceptance tests that do not kill it."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.server import ServerProcess
from tests.support.setup import is_distributed

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "images"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path_factory.mktemp("server"), analyzer="builtin").start().wait_until_ready()
    yield running
    assert running.stop() == 0


@pytest.fixture
def http(server: ServerProcess) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the distributed set-up, leave out what is about the embedded one; each such test says why."""
    for item in items:
        if is_distributed() and (mark := item.get_closest_marker("embedded")):
            item.add_marker(pytest.mark.skip(reason=f"embedded set-up only: {mark.args[0]}"))
