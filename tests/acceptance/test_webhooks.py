"""Webhooks: signed messages about what happened, tried again until they are taken, to allowed addresses only."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from scopix import SyncScopix, webhooks
from tests.support.images import encoded, picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until_over

MOST_SECONDS = 60


@dataclass
class Message:
    """A message as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict:
        return json.loads(self.body)


class Receiver:
    """Takes messages; answers with the statuses it is told, then with 204."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.messages.append(Message(self.path, headers, body))
                status = outer.answers.pop(0) if outer.answers else 204
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/hook"
        self._thread = threading.Thread(target=self._http.serve_forever, args=[0.05], daemon=True)
        self._thread.start()

    def of(self, kind: str) -> list[Message]:
        return [message for message in self.messages if message.content["type"] == kind]

    def wait_for(self, kind: str, number: int = 1) -> list[Message]:
        deadline = time.monotonic() + MOST_SECONDS
        while time.monotonic() < deadline:
            if len(found := self.of(kind)) >= number:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{len(self.of(kind))} messages {kind}, not {number}")

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("webhooks")
    settings = {"allowed_addresses": "127.0.0.1", "webhook_retry_seconds": "0,0,1"}
    running = ServerProcess(folder, **settings).start().wait_until_ready()
    yield running
    running.stop()


@pytest.fixture
def http(server: ServerProcess) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client
        for webhook in client.get("/webhooks").json()["items"]:
            assert client.delete(f"/webhooks/{webhook['id']}").status_code == 204


def listen(http: httpx2.Client, receiver: Receiver, **more: object) -> dict:
    response = http.post("/webhooks", json={"url": receiver.url, **more})
    assert response.status_code == 201, response.text
    return response.json()


def wait_for_delivery(http: httpx2.Client, delivery_id: str) -> dict:
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        delivery = http.get(f"/webhooks/deliveries/{delivery_id}").json()
        if delivery["status"] != "pending":
            return delivery
        time.sleep(0.05)
    raise AssertionError(delivery)


def test_a_session_is_told_from_its_files_to_its_end(http: httpx2.Client, receiver: Receiver) -> None:
    webhook = listen(http, receiver)
    parts = [("files", (f"{seed}.png", encoded(picture(seed=seed)))) for seed in (1, 2)]
    parts.append(("files", ("damaged.jpg", damaged_jpeg())))
    session_id = http.post("/files/upload/batch", files=parts).json()["session_id"]
    wait_until_over(http, session_id)
    (end,) = receiver.wait_for("session.ended")
    assert end.content["data"] == {
        "session_id": session_id,
        "status": "completed",
        "total_files": 3,
        "failed_files": 1,
    }
    described = receiver.wait_for("file.described", 2)
    (failed,) = receiver.wait_for("file.failed")
    assert failed.content["data"]["description_error_type"] == "validation"
    assert failed.content["data"]["description_is_retryable"] is False
    assert {message.content["data"]["filename"] for message in described} == {"1.png", "2.png"}
    signer = Webhook(webhook["secret"])
    ids = set()
    for message in receiver.messages:
        signer.verify(message.body, message.headers)
        with pytest.raises(WebhookVerificationError):
            signer.verify(message.body + b" ", message.headers)
        ids.add(message.headers["webhook-id"])
    assert len(ids) == 4
    page = http.get(f"/webhooks/{webhook['id']}/deliveries").json()
    assert page["total_count"] == 4
    assert {f"msg_{delivery['id']}" for delivery in page["items"]} == ids


def test_it_is_tried_again_under_the_same_id(http: httpx2.Client, receiver: Receiver) -> None:
    webhook = listen(http, receiver)
    receiver.answers = [500, 302]
    ping = http.post(f"/webhooks/{webhook['id']}/ping").json()
    done = wait_for_delivery(http, ping["id"])
    assert (done["status"], done["attempts"]) == ("delivered", 3)
    assert [attempt["status_code"] for attempt in done["log"]] == [500, 302, 204]
    assert "Redirects are not followed" in done["log"][1]["error"]
    assert {message.headers["webhook-id"] for message in receiver.messages} == {ping["message_id"]}
    assert {message.path for message in receiver.messages} == {"/hook"}


def test_it_is_given_up_and_can_be_sent_again(http: httpx2.Client, receiver: Receiver) -> None:
    webhook = listen(http, receiver)
    receiver.answers = [503] * 4
    ping = http.post(f"/webhooks/{webhook['id']}/ping").json()
    given_up = wait_for_delivery(http, ping["id"])
    assert (given_up["status"], given_up["attempts"], given_up["last_status_code"]) == ("failed", 4, 503)
    failed = http.get(f"/webhooks/{webhook['id']}/deliveries?status=failed").json()
    assert [delivery["id"] for delivery in failed["items"]] == [ping["id"]]
    assert http.post(f"/webhooks/deliveries/{ping['id']}/replay").status_code == 202
    again = wait_for_delivery(http, ping["id"])
    assert (again["status"], len(again["log"])) == ("delivered", 5)


def test_a_receiver_that_is_gone_is_left_alone(http: httpx2.Client, receiver: Receiver) -> None:
    webhook = listen(http, receiver)
    receiver.answers = [410]
    ping = http.post(f"/webhooks/{webhook['id']}/ping").json()
    assert wait_for_delivery(http, ping["id"])["attempts"] == 1
    disabled = http.get(f"/webhooks/{webhook['id']}").json()
    assert disabled["is_active"] is False
    assert "410" in disabled["disabled_reason"]
    http.post("/files/upload", files={"file": ("a.png", encoded(picture(seed=9)))})
    assert http.get(f"/webhooks/{webhook['id']}/deliveries").json()["total_count"] == 1
    on = http.patch(f"/webhooks/{webhook['id']}", json={"is_active": True, "description": "again"}).json()
    assert (on["is_active"], on["disabled_reason"], on["description"]) == (True, None, "again")


def test_a_new_secret_signs_from_now_on(http: httpx2.Client, receiver: Receiver) -> None:
    webhook = listen(http, receiver, events=["session.ended"])
    renewed = http.post(f"/webhooks/{webhook['id']}/secret").json()
    assert renewed["secret"] != webhook["secret"]
    http.post(f"/webhooks/{webhook['id']}/ping")
    (message,) = receiver.wait_for("webhook.ping")
    Webhook(renewed["secret"]).verify(message.body, message.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook["secret"]).verify(message.body, message.headers)


def test_the_secret_is_nowhere_in_clear(http: httpx2.Client, receiver: Receiver, server: ServerProcess) -> None:
    webhook = listen(http, receiver)
    ping = http.post(f"/webhooks/{webhook['id']}/ping").json()
    wait_for_delivery(http, ping["id"])
    assert webhook["secret"] not in http.get("/webhooks").text
    assert webhook["secret"] not in server.log
    for table in ("webhooks", "webhook_deliveries", "webhook_attempts"):
        assert webhook["secret"] not in str(server.setup.rows(f"SELECT * FROM {table}"))


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/hook",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:9/",
        "ftp://example.com/",
        "http://user:secret@example.com/",
        "javascript:alert(1)",
        "not a url",
    ],
)
def test_an_address_that_is_not_allowed_is_refused(http: httpx2.Client, url: str) -> None:
    refused = http.post("/webhooks", json={"url": url})
    assert refused.status_code in {400, 422}
    assert refused.json()["error"]["code"] == "VALIDATION_ERROR"


def test_a_name_is_checked_when_it_is_called(tmp_path: Path, receiver: Receiver) -> None:
    # Nothing is allowed here, and the name leads to this machine.
    server = ServerProcess(tmp_path / "data", webhook_retry_seconds="0").start().wait_until_ready()
    try:
        with server.client() as http:
            url = receiver.url.replace("127.0.0.1", "localhost")
            webhook = http.post("/webhooks", json={"url": url}).json()
            ping = http.post(f"/webhooks/{webhook['id']}/ping").json()
            done = wait_for_delivery(http, ping["id"])
            assert done["status"] == "failed"
            assert "no public address" in done["last_error"]
    finally:
        server.stop()
    assert receiver.messages == []


def test_there_are_ten_at_most(http: httpx2.Client, receiver: Receiver) -> None:
    for _ in range(10):
        listen(http, receiver)
    assert http.post("/webhooks", json={"url": receiver.url}).status_code == 409


def test_a_killed_server_loses_no_message(tmp_path: Path, receiver: Receiver) -> None:
    settings = {"allowed_addresses": "127.0.0.0/8", "worker_processes": "1"}
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


def damaged_jpeg() -> bytes:
    """A picture whose header and end are sound; its middle is not."""
    content = bytearray(encoded(picture(640, 480), "JPEG", quality=95))
    middle = len(content) // 2
    content[middle : middle + 400] = b"\xff\xc0" * 200
    return bytes(content)


def test_the_sdk_makes_tries_out_and_checks(server: ServerProcess, receiver: Receiver) -> None:
    with SyncScopix(api_key=server.api_key, base_url=server.base_url, allow_insecure_http=True) as client:
        made = client.webhooks.create(receiver.url, events=["file.failed"])
        try:
            sent = client.webhooks.ping(made.id)
            (message,) = receiver.wait_for("webhook.ping")
            event = webhooks.verify(message.headers, message.body, made.secret)
            assert event["data"] == {"webhook_id": made.id}
            secret = client.webhooks.rotate_secret(made.id).secret
            client.webhooks.replay(sent.id)
            _, again = receiver.wait_for("webhook.ping", 2)
            assert webhooks.verify(again.headers, again.body, secret) == event
            with pytest.raises(webhooks.SignatureError):
                webhooks.verify(again.headers, again.body, made.secret)
            assert client.webhooks.delivery(message.headers["webhook-id"]).payload == event
            assert client.webhooks.deliveries(made.id).total_count == 1
            assert not client.webhooks.update(made.id, is_active=False).is_active
        finally:
            client.webhooks.delete(made.id)
        assert client.webhooks.list().items == []
