"""kill -9 at the worst moments: what was acknowledged is described, once, and nobody is left behind."""

import time
from collections.abc import Iterator

import psutil
import pytest

from tests.support.images import encoded, picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until

PICTURE = encoded(picture())


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all tests. An image takes long enough to be killed over."""
    server = ServerProcess(tmp_path_factory.mktemp("kill") / "data", worker_processes="1", scripted_seconds="0.5")
    yield server
    server.stop()


@pytest.fixture
def server(restarted: ServerProcess) -> ServerProcess:
    if not restarted.is_running:
        restarted.start()
    return restarted.wait_until_ready()


def upload(server: ServerProcess, data: bytes, name: str = "a.png", key: str | None = None) -> str:
    headers = {"Idempotency-Key": key} if key else {}
    with server.client() as client:
        response = client.post("/files/upload", files={"file": (name, data)}, headers=headers)
    assert response.status_code == 201, response.text
    return str(response.json()["image_id"])


def wait_for_end(server: ServerProcess, file_id: str) -> dict:
    deadline = time.monotonic() + 90
    with server.client() as client:
        while time.monotonic() < deadline:
            status = client.get(f"/files/{file_id}/processing-status?wait=20").json()
            if status["is_terminal"]:
                return status
    raise AssertionError(f"{file_id} did not end:\n{server.log[-5000:]}")


def stored_files(server: ServerProcess) -> int:
    with server.client() as client:
        return int(client.get("/files").json()["total_count"])


def stored_descriptions(server: ServerProcess, file_id: str) -> int:
    ((count,),) = server.setup.rows("SELECT count(*) FROM descriptions WHERE file_id = ?", file_id)
    return int(count)


def under_way(server: ServerProcess) -> str:
    """The query for how many jobs a worker is at."""
    schema = "dbos." if "database_url" in server.setup.settings else ""
    return f"SELECT count(*) FROM {schema}workflow_status WHERE status = 'PENDING'"


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not alive


@pytest.mark.parametrize("pause", [0.0, 0.3, 0.8])
def test_a_server_killed_after_its_answer_describes_the_file_after_the_restart(
    server: ServerProcess, pause: float
) -> None:
    before = stored_files(server)
    file_id = upload(server, PICTURE)
    time.sleep(pause)
    left = server.kill()
    # On the same port, as a service manager would: nobody left behind may hold it.
    server.start(server.port)
    status = wait_for_end(server, file_id)
    assert status["unified_status"] == "completed", status
    assert stored_descriptions(server, file_id) == 1
    assert gone(left)
    assert stored_files(server) == before + 1
    with server.client() as client:
        assert len(client.get(f"/files/{file_id}").json()["full_descriptions"]) == 1


def test_a_killed_worker_is_replaced_and_its_work_resumed(server: ServerProcess) -> None:
    files = [upload(server, PICTURE) for _ in range(3)]
    worker = next(process for process in server.processes() if "worker" in process.cmdline())
    worker.kill()
    for file_id in files:
        assert wait_for_end(server, file_id)["unified_status"] == "completed"
        assert stored_descriptions(server, file_id) == 1


def test_a_killed_child_costs_its_image_an_attempt_and_nobody_else(server: ServerProcess) -> None:
    files = [upload(server, PICTURE), upload(server, PICTURE)]
    wait_until(lambda: server.setup.rows(under_way(server)) != [(0,)])
    worker = next(process for process in server.processes() if "worker" in process.cmdline())
    for child in worker.children():
        if "spawn_main" in " ".join(child.cmdline()):
            child.kill()
    statuses = [wait_for_end(server, file_id) for file_id in files]
    assert [status["unified_status"] for status in statuses] == ["completed", "completed"]
    assert worker.is_running()


def test_a_stopped_server_takes_everyone_along_and_resumes_later(server: ServerProcess) -> None:
    files = [upload(server, PICTURE) for _ in range(4)]
    processes = server.processes()
    assert server.stop() == 0
    assert gone(processes)
    assert server.setup.rows("SELECT count(*) FROM workers") == [(0,)]
    server.start()
    for file_id in files:
        assert wait_for_end(server, file_id)["unified_status"] == "completed"
        assert stored_descriptions(server, file_id) == 1


def test_a_retry_after_the_crash_does_not_make_a_second_file(server: ServerProcess) -> None:
    data, before = encoded(picture()), stored_files(server)
    file_id = upload(server, data, key="one-upload")
    server.kill()
    server.start()
    assert upload(server, data, key="one-upload") == file_id
    assert stored_files(server) == before + 1


@pytest.mark.embedded("several servers may be writing into one spool")
def test_half_an_upload_is_swept_at_the_restart(server: ServerProcess) -> None:
    part = server.data_dir / "storage" / "tmp" / "left.part"
    server.kill()
    part.write_bytes(b"half")
    server.start()
    assert not part.exists()
