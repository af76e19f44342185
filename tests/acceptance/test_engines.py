"""A server whose engine is away, killed or stopped; what else engines do is tested in one process."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.api.test_engines import ANSWER, details, status_of, upload, wait_for_end, wait_until
from tests.support.endpoint import Endpoint, say
from tests.support.server import ServerProcess


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(say(json.dumps({"description": ANSWER, "tags": ["circles"]}))) as running:
        yield running


@pytest.fixture
def server(tmp_path: Path, endpoint: Endpoint) -> Iterator[ServerProcess]:
    settings = {"engine_url": endpoint.url, "engine_model": "fixed-1", "engine_connect_seconds": "1"}
    running = ServerProcess(tmp_path / "data", worker_processes="1", worker_stop_seconds="60", **settings)
    endpoint.stop()
    yield running.start().wait_until_ready()
    running.stop()


def test_what_waits_for_the_engine_survives_a_kill(server: ServerProcess, endpoint: Endpoint) -> None:
    files = [upload(server, seed) for seed in range(4)]
    wait_until(lambda: sum(bool(status_of(server, file_id)["error_message"]) for file_id in files) >= 2)
    server.kill()
    server.start(server.port).wait_until_ready()
    endpoint.start()
    for file_id in files:
        assert wait_for_end(server, file_id)["unified_status"] == "completed"
        assert len(details(server, file_id)["full_descriptions"]) == 1
    assert len(endpoint.asked) == 4


def test_a_server_stops_at_once_while_files_wait(server: ServerProcess, endpoint: Endpoint) -> None:
    file_id = upload(server)
    wait_until(lambda: status_of(server, file_id)["error_message"])
    # It would be killed after 40 seconds.
    assert server.stop() == 0
    endpoint.start()
    server.start()
    assert wait_for_end(server, file_id)["unified_status"] == "completed"
