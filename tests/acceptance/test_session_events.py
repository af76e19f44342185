"""Event streams of sessions when their server is stopped or killed; what they tell is tested in one process."""

import threading
from pathlib import Path

import httpx2
import pytest

from scopix import SyncScopix
from tests.integration.api.test_session_events import begin, images
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until, wait_until_over

pytestmark = pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")


def test_a_server_that_is_stopped_lets_go_of_those_who_watch(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", worker=False).start()
    with server.client() as http:
        session_id = begin(http, images(1))
        began = threading.Event()

        def watch() -> None:
            with http.stream("GET", f"/files/upload/sessions/{session_id}/events") as response:
                for _ in httpx2.EventSource(response):
                    began.set()

        reader = threading.Thread(target=watch)
        reader.start()
        assert began.wait(30)
        assert server.stop() == 0
        reader.join(30)
        assert not reader.is_alive()
    assert "Cancel" not in server.log, "the stream was cut off by force"


def test_a_killed_server_costs_those_who_watch_nothing(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", worker_processes="1", scripted_seconds="0.5").start().wait_until_ready()
    events: list = []
    try:
        with server.client() as http:
            session_id = begin(http, images(8))

        def watch() -> None:
            with SyncScopix(server.api_key, base_url=server.base_url, max_retries=10) as client:
                for event in client.files.stream_session(session_id):
                    events.append(event)

        reader = threading.Thread(target=watch)
        reader.start()
        wait_until(lambda: any(event.type == "file" for event in events))
        server.kill()
        server.start(server.port)
        with server.client() as http:
            wait_until_over(http, session_id)
        reader.join(60)
        assert not reader.is_alive()
    finally:
        server.stop()
    assert [int(event.id) for event in events if event.type == "file"] == list(
        range(1, 1 + len([event for event in events if event.type == "file"]))
    )
    assert events[-1].type == "end"
    assert events[-1].completed_files == 8
