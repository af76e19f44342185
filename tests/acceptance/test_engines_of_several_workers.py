"""A vision-language engine and several workers on PostgreSQL: one limit and one engine, however many ask."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.support.endpoint import Endpoint, hold, say, sleep
from tests.support.images import encoded, picture
from tests.support.postgres import fresh_database
from tests.support.server import ServerProcess, WorkerProcess
from tests.support.waiting import wait_until, wait_until_described

PLACES = 3


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as made:
        yield made


@pytest.fixture
def settings(url: str, endpoint: Endpoint) -> dict[str, str]:
    asked = {"engine_url": endpoint.url, "engine_model": "fixed-1", "engine_concurrency": str(PLACES)}
    return {"database_url": url, "engine_connect_seconds": "1", **asked}


@pytest.fixture
def server(tmp_path: Path, settings: dict[str, str]) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path / "data", worker=False, **settings).start()
    yield running
    running.stop()


@pytest.fixture
def workers(tmp_path: Path, url: str, settings: dict[str, str], server: ServerProcess) -> Iterator[list[WorkerProcess]]:
    running = [WorkerProcess(tmp_path / "data", tmp_path / f"worker-{number}.log", **settings) for number in range(2)]
    wait_until(lambda: number_of(url, "workers WHERE is_ready") == 2)
    yield running
    for worker in running:
        worker.stop()


def number_of(url: str, what: str) -> int:
    with psycopg.connect(url) as connection:
        (number,) = connection.execute(f"SELECT count(*) FROM {what}").fetchone()
    return int(number)


def upload(http: httpx2.Client, seed: int) -> str:
    response = http.post("/files/upload", files={"file": ("a.png", encoded(picture(64, 48, seed)))})
    assert response.status_code == 201, response.text
    return str(response.json()["image_id"])


def test_one_limit_and_one_engine_for_all_of_them(
    url: str, endpoint: Endpoint, server: ServerProcess, workers: list[WorkerProcess]
) -> None:
    let_go = threading.Event()
    endpoint.always = hold(let_go)
    with server.client() as http:
        files = [upload(http, seed) for seed in range(12)]
        # All were looked at, by whichever worker; three are being asked about, and the others wait for their turn.
        wait_until(lambda: number_of(url, "files WHERE variant_status = 'completed'") == 12)
        wait_until(lambda: endpoint.at_once == PLACES)
        waiting = "dbos.workflow_status WHERE queue_name = 'engine:vlm' AND status IN ('ENQUEUED', 'PENDING')"
        wait_until(lambda: number_of(url, waiting) == 12)
        # None of the two has taken all places.
        held = "SELECT count(*) FROM dbos.workflow_status WHERE queue_name = 'engine:vlm' AND status = 'PENDING'"
        with psycopg.connect(url) as connection:
            shares = connection.execute(f"{held} GROUP BY executor_id ORDER BY 1").fetchall()
        assert shares == [(1,), (2,)]
        endpoint.always = sleep(0.05)
        let_go.set()
        for file_id in files:
            assert wait_until_described(http, file_id)["unified_status"] == "completed"
        assert endpoint.most_at_once == PLACES
        assert len(endpoint.asked) == 12

        # Switched off: each worker finds out for itself, no file fails, and no attempt is burnt.
        endpoint.stop()
        files = [upload(http, seed) for seed in range(100, 110)]
        told = "files WHERE description_error LIKE 'Waiting for the engine ''vlm''%'"
        wait_until(lambda: number_of(url, told) >= PLACES)
        # What waits in the hands of a worker that leaves, another takes over.
        workers[0].stop()
        assert number_of(url, "files WHERE description_status = 'failed'") == 0
        endpoint.always = say()
        endpoint.start()
        for file_id in files:
            status = wait_until_described(http, file_id)
            assert (status["unified_status"], status["retry_count"]) == ("completed", 0)
    assert number_of(url, "descriptions") == 22
    assert len(endpoint.asked) == 22
