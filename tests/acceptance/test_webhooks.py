"""Messages to webhooks outlive the server that was to send them; what else they do is tested in one process."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.api.test_webhooks import listen
from tests.support.images import encoded, picture
from tests.support.receiver import Receiver
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until_over


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.stop()


def test_a_killed_server_loses_no_message(tmp_path: Path, receiver: Receiver) -> None:
    settings = {"allowed_addresses": "127.0.0.0/8", "worker_processes": "1", "scripted_seconds": "0.3"}
    server = ServerProcess(tmp_path / "data", **settings).start().wait_until_ready()
    try:
        with server.client() as http:
            listen(http, receiver)
            parts = [("files", (f"{seed}.png", encoded(picture(seed=seed)))) for seed in range(6)]
            session_id = http.post("/files/upload/batch", files=parts).json()["session_id"]
        receiver.wait_for("file.described")
        server.kill()
        server.start(server.port)
        with server.client() as http:
            wait_until_over(http, session_id)
        receiver.wait_for("session.ended")
        deadline = time.monotonic() + 150  # a message that was on its way is due again when its lease is over
        while len({m.content["data"]["image_id"] for m in receiver.of("file.described")}) < 6:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        server.stop()
