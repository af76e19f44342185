"""SIGTERM: what is under way ends, or is handed back when its time is up; a second signal ends everything at once."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.endpoint import Endpoint, hold, say
from tests.support.images import encoded, padded_png, picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until, wait_until_described

Start = Callable[..., ServerProcess]
AGES = "600"  # longer than any test waits: what ends a process is not the limit


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture
def start(tmp_path: Path, endpoint: Endpoint) -> Iterator[Start]:
    running: list[ServerProcess] = []

    def build(*, worker: bool = True, **settings: str) -> ServerProcess:
        engine = {
            "engine": "vlm",
            "engine_url": endpoint.url,
            "engine_model": "fixed-1",
            "worker_processes": "1",
        }
        server = ServerProcess(tmp_path / "data", worker=worker, **engine | settings).start()
        running.append(server)
        return server.wait_until_ready() if worker else server

    yield build
    for server in running:
        server.stop()


class SlowUpload:
    """An upload of which the first half has arrived."""

    def __init__(self, server: ServerProcess) -> None:
        data = padded_png(3 * 1024 * 1024)
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        body = head + data + b"\r\n--b--\r\n"
        self._rest = body[len(body) // 2 :]
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        lines = (
            "POST /api/v2/files/upload HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {server.api_key}",
            "Content-Type: multipart/form-data; boundary=b",
            f"Content-Length: {len(body)}",
        )
        self._socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body[: len(body) // 2])
        # Its bytes are in the store's folder: the server is at it.
        wait_until(server.setup.half_stored)

    def finish(self) -> str:
        """Send the rest and return the first line of the answer; empty when there is none."""
        try:
            self._socket.sendall(self._rest)
            return self._socket.recv(4096).partition(b"\r\n")[0].decode()
        except ConnectionError:
            return ""
        finally:
            self._socket.close()


def ask_to_stop(server: ServerProcess) -> list[psutil.Process]:
    """Send the signal, and return when it was heard: new connections are refused."""
    processes = server.processes()
    server.ask_to_stop()

    def is_closed() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", server.port)) != 0

    wait_until(is_closed)
    return processes


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not alive


def upload(server: ServerProcess) -> str:
    with server.client() as http:
        return str(http.post("/files/upload", files={"file": ("a.png", encoded(picture()))}).json()["image_id"])


def test_an_upload_under_way_is_taken_in_to_its_end(start: Start) -> None:
    server = start(worker=False, server_stop_seconds=AGES)
    slow = SlowUpload(server)
    ask_to_stop(server)
    assert slow.finish() == "HTTP/1.1 201 Created"
    assert server.ended() == 0
    server.start()
    with server.client() as http:
        assert http.get("/files").json()["total_count"] == 1


def test_an_upload_that_takes_longer_than_the_limit_leaves_nothing(start: Start) -> None:
    server = start(worker=False, server_stop_seconds="1")
    slow = SlowUpload(server)
    assert server.stop() == 0
    assert "201" not in slow.finish()
    assert server.stored_objects() == []
    server.start()
    with server.client() as http:
        assert http.get("/files").json()["total_count"] == 0


def test_a_description_under_way_is_finished(start: Start, endpoint: Endpoint) -> None:
    let_go = threading.Event()
    endpoint.always = hold(let_go)
    server = start(worker_stop_seconds=AGES)
    file_id = upload(server)
    wait_until(lambda: len(endpoint.asked) == 1)
    processes = ask_to_stop(server)
    let_go.set()
    assert server.ended() == 0
    assert gone(processes)
    # There is nobody now who could describe: it was done before.
    server = start(worker=False)
    with server.client() as http:
        status = http.get(f"/files/{file_id}/processing-status").json()
    assert (status["unified_status"], status["retry_count"], len(endpoint.asked)) == ("completed", 0, 1)


def test_a_description_that_takes_longer_than_the_limit_is_handed_back_and_no_attempt_is_lost(
    start: Start, endpoint: Endpoint
) -> None:
    let_go = threading.Event()
    endpoint.always = hold(let_go)
    server = start(worker_stop_seconds="1")
    file_id = upload(server)
    wait_until(lambda: len(endpoint.asked) == 1)
    processes = server.processes()
    assert server.stop() == 0
    assert gone(processes)
    let_go.set()
    endpoint.always = say()
    server = start(worker=False)
    with server.client() as http:
        waiting = http.get(f"/files/{file_id}/processing-status").json()
    assert (waiting["unified_status"], waiting["retry_count"]) == ("queued", 0)
    server.stop()
    server = start()
    with server.client() as http:
        ended = wait_until_described(http, file_id)
        assert (ended["unified_status"], ended["retry_count"]) == ("completed", 0)
        assert len(http.get(f"/files/{file_id}").json()["full_descriptions"]) == 1


def test_a_second_signal_ends_everything_at_once(start: Start, endpoint: Endpoint) -> None:
    let_go = threading.Event()
    endpoint.always = hold(let_go)
    server = start(server_stop_seconds=AGES, worker_stop_seconds=AGES)
    file_id = upload(server)
    wait_until(lambda: len(endpoint.asked) == 1)
    slow = SlowUpload(server)
    processes = ask_to_stop(server)
    wait_until(lambda: not server.ask_to_stop())
    assert server.ended() == 128 + signal.SIGTERM
    assert slow.finish() == ""
    assert gone(processes)
    let_go.set()
    endpoint.always = say()
    server = start()
    with server.client() as http:
        assert http.get("/files").json()["total_count"] == 1
        assert wait_until_described(http, file_id)["unified_status"] == "completed"
        assert len(http.get(f"/files/{file_id}").json()["full_descriptions"]) == 1
    if server.setup.bucket is not None:
        # A server that starts does not know who else is writing: what is left there, the sweep removes when it is old.
        server.setup.clear()
    assert not server.setup.half_stored()


def test_a_worker_that_cannot_begin_ends_without_an_abort(tmp_path: Path) -> None:
    """While it ends, a thread of its still reads the pipe that its parent holds open."""
    (tmp_path / "data").touch()
    command = [sys.executable, "-m", "scopix_server", "worker", "--leave-with-parent", "--data-dir"]
    with subprocess.Popen(
        [*command, str(tmp_path / "data" / "below")], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stderr is not None
        printed = worker.stderr.read()
        assert worker.wait(60) == 1
    assert "Fatal Python error" not in printed


def test_a_server_stopped_before_it_answers_ends(tmp_path: Path) -> None:
    """The signal comes after the line that says where it listens, before uvicorn listens to signals."""
    program = (
        "import os, signal, sys\n"
        "from scopix_server.cli import serve\n"
        "from scopix_server.cli.app import app\n"
        "serve.end_loading = lambda: os.kill(os.getpid(), signal.SIGTERM)\n"
        "app(sys.argv[1:])\n"
    )
    arguments = ["serve", "--port", "0", "--no-worker", "--data-dir", str(tmp_path / "data")]
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Scopix listens on" in ended.stdout, ended.stderr
    assert ended.returncode == 0, ended.stderr
