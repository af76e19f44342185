"""Two servers and two workers on one PostgreSQL database and one folder, with a kill -9 in the middle."""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.support.images import encoded, picture
from tests.support.postgres import OwnServer, fresh_database
from tests.support.server import ServerProcess, WorkerProcess
from tests.support.waiting import wait_until, wait_until_described, wait_until_over

PICTURE = encoded(picture())
PACED = {"scripted_seconds": "0.3"}  # an image takes long enough to be killed over


@pytest.fixture
def database() -> Iterator[str]:
    with fresh_database() as url:
        yield url


@pytest.fixture
def servers(tmp_path: Path, database: str) -> Iterator[list[ServerProcess]]:
    made = [ServerProcess(tmp_path / "data", worker=False, database_url=database) for _ in range(2)]
    # At once, on an empty database: one of them makes the tables, and the first key.
    with ThreadPoolExecutor() as pool:
        starts = [pool.submit(server.start) for server in made]
    try:
        yield [start.result() for start in starts]
    finally:
        for server in made:
            server.stop()


def counted(database: str, query: str) -> int:
    with psycopg.connect(database) as connection:
        return int(connection.execute(query).fetchone()[0])


def ready(server: ServerProcess) -> bool:
    with contextlib.suppress(AssertionError):
        server.wait_until_ready()
        return True
    return False


def test_every_file_is_described_once_though_a_worker_is_killed(
    tmp_path: Path, database: str, servers: list[ServerProcess]
) -> None:
    assert sum("Your API key" in line for server in servers for line in server.printed) == 1
    assert counted(database, "SELECT count(*) FROM tenants") == counted(database, "SELECT count(*) FROM api_keys") == 1
    assert httpx2.get(f"{servers[0].root}/ready").status_code == 503

    workers = [
        WorkerProcess(tmp_path / "data", tmp_path / f"worker-{number}.log", database_url=database, **PACED)
        for number in range(2)
    ]
    try:
        assert all(ready(server) for server in servers)
        pictures = [PICTURE if number % 5 == 0 else encoded(picture(seed=100 + number)) for number in range(30)]

        def upload(number: int) -> str:
            with servers[number % 2].client() as http:
                files = {"file": (f"{number}.png", pictures[number])}
                response = http.post("/files/upload", files=files, headers={"Idempotency-Key": f"upload-{number}"})
                assert response.status_code == 201, response.text
                # The same once more, at the other server: that is the same upload.
                with servers[1 - number % 2].client() as other:
                    again = other.post("/files/upload", files=files, headers={"Idempotency-Key": f"upload-{number}"})
                assert again.json()["image_id"] == response.json()["image_id"]
                return str(response.json()["image_id"])

        with ThreadPoolExecutor(4) as pool:
            ids = list(pool.map(upload, range(20)))
            # Killed with jobs in its hands.
            workers[0].kill()
            ids += pool.map(upload, range(20, 30))

        assert len(set(ids)) == 30
        with servers[0].client() as http:
            assert http.get("/files").json()["total_count"] == 30
            ends = Counter(wait_until_described(http, file_id)["unified_status"] for file_id in ids)
        assert ends == {"completed": 30}, workers[1].log
        assert counted(database, "SELECT count(*) FROM descriptions") == 30
        twice = "SELECT count(*) FROM (SELECT file_id FROM descriptions GROUP BY file_id HAVING count(*) > 1) AS found"
        assert counted(database, twice) == 0
        # Nobody holds a job any more, and the dead one is forgotten.
        wait_until(
            lambda: counted(database, "SELECT count(*) FROM dbos.workflow_status WHERE status <> 'SUCCESS'") == 0
        )
        wait_until(lambda: counted(database, "SELECT count(*) FROM workers") == 1)
        for server in servers:
            with server.client() as http:
                text = http.get(f"/files/{ids[0]}").json()["visible_text"]
                assert http.get("/files", params={"search": text, "limit": 100}).json()["total_count"] == 6
            assert httpx2.get(f"{server.root}/ready").status_code == 200
    finally:
        for worker in workers:
            worker.stop()
    assert counted(database, "SELECT count(*) FROM workers") == 0


def test_a_stopped_worker_hands_its_jobs_over_at_once(
    tmp_path: Path, database: str, servers: list[ServerProcess]
) -> None:
    # It sleeps over its first image when it is stopped, however late that is.
    settings = {"database_url": database, "worker_stop_seconds": "0", "scripted_seconds": "30"}
    first = WorkerProcess(tmp_path / "data", tmp_path / "first.log", **settings)
    assert ready(servers[0])
    with servers[0].client() as http:
        files = [("files", (f"{number}.png", PICTURE)) for number in range(6)]
        session = http.post("/files/upload/batch", files=files, data={"skip_duplicates": "false"}).json()
        running = "SELECT count(*) FROM dbos.workflow_status WHERE status = 'PENDING'"
        wait_until(lambda: counted(database, running) > 0)
        assert first.stop() == 0
        # In the queue again, not waiting for anybody's death to be noticed.
        assert counted(database, running) == 0
        second = WorkerProcess(tmp_path / "data", tmp_path / "second.log", database_url=database)
        try:
            over = wait_until_over(http, session["session_id"])
        finally:
            second.stop()
    assert over["status"] == "completed", over
    assert counted(database, "SELECT count(*) FROM descriptions") == 6


def test_the_server_says_what_is_wrong_with_its_database(tmp_path: Path, database: str) -> None:
    for url, told in [
        ("postgresql://u:secret@127.0.0.1:1/d", "PostgreSQL database 'd' on 127.0.0.1:1 cannot be used"),
        ("mysql://u:secret@h/d", "SCOPIX_DATABASE_URL must begin with postgresql://"),
    ]:
        server = ServerProcess(tmp_path / "data", worker=False, database_url=url)
        with pytest.raises(AssertionError):
            server.start()
        assert server.stop() == 1
        assert told in server.log
        assert "Traceback" not in server.log
        assert "secret" not in server.log


def test_nothing_of_the_password_reaches_the_log(tmp_path: Path, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ALTER ROLE postgres PASSWORD 'pass-%40-word'")
    url = database.replace("//postgres:@", "//postgres:pass-%2540-word@")
    server = ServerProcess(tmp_path / "data", database_url=url, log_level="debug", worker_processes="1")
    server.start().wait_until_ready()
    with server.client() as http:
        response = http.post("/files/upload", files={"file": ("a.png", encoded(picture()))})
        wait_until_described(http, response.json()["image_id"])
    assert server.stop() == 0
    assert "pass-" not in server.log
    assert all("pass-" not in line for line in server.printed)


def test_a_database_that_crashes_and_comes_back_costs_nothing_but_time(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="scopix-pg-"))
    own = OwnServer(folder)
    server = (
        ServerProcess(tmp_path / "data", database_url=own.url, worker_processes="1", **PACED).start().wait_until_ready()
    )
    with server.client() as http:
        ids = []
        for number in range(5):
            response = http.post("/files/upload", files={"file": (f"{number}.png", PICTURE)})
            ids.append(response.json()["image_id"])
        own.stop()
        away = http.post("/files/upload", files={"file": ("away.png", encoded(picture()))})
        assert (away.status_code, away.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert int(away.headers["Retry-After"]) > 0
        assert httpx2.get(f"{server.root}/ready").status_code == 503
        assert httpx2.get(f"{server.root}/health").status_code == 200
        own.start()
        wait_until(lambda: httpx2.get(f"{server.root}/ready").status_code == 200)
        ends = Counter(wait_until_described(http, file_id)["unified_status"] for file_id in ids)
        assert ends == {"completed": 5}, server.log
        again = http.post("/files/upload", files={"file": ("away.png", encoded(picture()))})
        assert again.status_code == 201
        wait_until_described(http, again.json()["image_id"])
        assert http.get("/files").json()["total_count"] == 6
    assert counted(own.url, "SELECT count(*) FROM descriptions") == 6
    assert server.stop() == 0
