"""A disk that is full, or takes nothing: uploads are told so, nothing half done is left, and no picture is to blame."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.support.disks import can_mount, no_room_for, small_disk
from tests.support.images import encoded, noise
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until, wait_until_described

pytestmark = pytest.mark.embedded("the database and the files lie on this machine's disk")

_MANY = 40


def new_server(folder: Path) -> ServerProcess:
    # Making the tables, it makes the log that `full_database` needs long.
    return ServerProcess(folder, is_first=True, worker_processes="1", reserved_disk_bytes="0")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    running = new_server(tmp_path_factory.mktemp("disk") / "server").start().wait_until_ready()
    yield running
    assert running.stop() == 0


def upload(http: httpx2.Client, seed: int) -> httpx2.Response:
    return http.post("/files/upload", files={"file": (f"{seed}.png", encoded(noise(8, 8, seed)))})


def readiness(server: ServerProcess) -> httpx2.Response:
    return httpx2.get(f"{server.root}/ready")


def check_refused(server: ServerProcess, first_seed: int) -> None:
    """Send many uploads at once; each is told that there is no room, in few words and few lines of the log."""
    before, stored = len(server.log), len(server.stored_objects())
    with server.client() as http, ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda seed: upload(http, seed), range(first_seed, first_seed + _MANY)))
        assert {answer.status_code for answer in answers} == {507}, {answer.text for answer in answers}
        assert {answer.json()["error"]["code"] for answer in answers} == {"STORAGE_FULL"}
    written = server.log[before:]
    assert "Traceback" not in written
    assert len(written) < _MANY * 1500
    wait_until(lambda: len(server.stored_objects()) == stored)


def check_goes_on(server: ServerProcess, seed: int) -> None:
    wait_until(lambda: readiness(server).status_code == 200)
    with server.client() as http:
        file_id = upload(http, seed).json()["image_id"]
        wait_until_described(http, file_id)
    assert described(server, [file_id]) == {"completed"}


def described(server: ServerProcess, file_ids: list[str]) -> set[str]:
    query = "SELECT description_status FROM files WHERE id = ?"
    return {server.setup.rows(query, file_id)[0][0] for file_id in file_ids}


@contextlib.contextmanager
def full_database(server: ServerProcess, processes: list[psutil.Process]) -> Iterator[None]:
    """Let the database's log, which is long by now, not grow any further; the server's own log, which is short, may."""
    enough = server.log_path.stat().st_size + 100_000
    assert (server.data_dir / "scopix.db-wal").stat().st_size > enough
    with no_room_for(processes, beyond=enough):
        yield


def test_uploads_into_a_full_disk_are_refused_with_507(server: ServerProcess) -> None:
    with full_database(server, [psutil.Process(server.pid)]):
        check_refused(server, 1000)
        wait_until(lambda: readiness(server).status_code == 503)
        assert "database" in readiness(server).json()["error"]["details"]["problems"]
    check_goes_on(server, 1999)


def test_everything_that_would_be_written_is_refused_with_507(server: ServerProcess) -> None:
    """Whatever is acknowledged: changes, deletions, keys, webhooks, parts, announcements."""
    with server.client() as http:
        file_id = upload(http, 2000).json()["image_id"]
        wait_until_described(http, file_id)
        announced = {"filename": "a.png", "size_bytes": 100, "content_type": "image/png"}
        with full_database(server, [psutil.Process(server.pid)]):
            answers = [
                http.patch(f"/files/{file_id}", json={"title": "T"}),
                http.post(f"/files/{file_id}/describe"),
                http.post(f"/files/{file_id}/variants"),
                http.post("/files/batch-delete", json={"file_ids": [file_id]}),
                http.delete(f"/files/{file_id}"),
                http.post("/api-keys", json={"name": "k"}),
                http.post("/webhooks", json={"url": "https://example.com/h", "events": ["file.completed"]}),
                http.post("/files/direct-uploads", json=announced),
                http.post("/files/upload/batch", files=[("files", ("b.png", encoded(noise(8, 8, 2001))))]),
            ]
        told = {answer.request.url.path: (answer.status_code, answer.text[:200]) for answer in answers}
        assert {status for status, _ in told.values()} <= {507, 422}, told
        assert http.get(f"/files/{file_id}").status_code == 200


def test_a_description_waits_for_room_and_is_never_failed(server: ServerProcess) -> None:
    """The worker can note nothing: neither what it takes from the queue, nor what it has seen."""
    workers = psutil.Process(server.pid).children()
    before = len(server.log)
    with server.client() as http:
        with full_database(server, workers):
            ids = [upload(http, 3000 + number).json()["image_id"] for number in range(4)]
            wait_until(lambda: "the heartbeat could not be written" in server.log[before:])
            assert described(server, ids) <= {"queued", "processing"}
        for file_id in ids:
            wait_until_described(http, file_id)
    assert described(server, ids) == {"completed"}
    assert "Traceback" not in server.log[before:]


@contextlib.contextmanager
def nothing_at(folder: Path) -> Iterator[None]:
    """Have a file where the folder was: rights would not keep root out."""
    aside = folder.rename(folder.with_name(f"{folder.name}-aside"))
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


@pytest.mark.parametrize("part", ["tmp", "objects"])
def test_a_store_that_takes_nothing_is_told(server: ServerProcess, part: str) -> None:
    before = len(server.log)
    with nothing_at(server.data_dir / "storage" / part):
        with server.client() as http:
            answer = upload(http, 4000)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE"), answer.text
        assert "storage" in answer.json()["error"]["message"]
        wait_until(lambda: readiness(server).status_code == 503)
        assert "storage" in readiness(server).json()["error"]["details"]["problems"]
    assert "Traceback" not in server.log[before:]
    check_goes_on(server, 4001)


@pytest.mark.skipif(not can_mount(), reason="mounts a small disk, which this user may not")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 24 << 20) as disk, contextlib.ExitStack() as stack:
        server = new_server(disk / "server").start().wait_until_ready()
        stack.callback(server.stop)
        with server.client() as http:
            ids = [upload(http, 5000 + number).json()["image_id"] for number in range(6)]
            fill(disk / "ballast")
            check_refused(server, 6000)
            # What it found a second ago still counts.
            wait_until(lambda: readiness(server).status_code == 503)
            (disk / "ballast").unlink()
            for file_id in ids:
                wait_until_described(http, file_id)
            assert described(server, ids) == {"completed"}
        check_goes_on(server, 5999)
        assert server.stop() == 0


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass
