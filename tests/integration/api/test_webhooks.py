"""Webhooks: signed messages about what happened, tried again until they are taken, to allowed addresses only."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from scopix import SyncScopix, webhooks
from tests.support.images import damaged_png, encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.receiver import MAX_SECONDS, Receiver
from tests.support.waiting import wait_until_over


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    settings = {"allowed_addresses": "127.0.0.1", "webhook_retry_seconds": "0,0,1"}
    with serving(tmp_path_factory.mktemp("webhooks"), database=database, **settings) as running:
        yield running


@pytest.fixture
def http(server: InProcessServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client
        for webhook in client.get("/webhooks").json()["items"]:
            assert client.delete(f"/webhooks/{webhook['id']}").status_code == 204


def listen(http: httpx2.Client, receiver: Receiver, **more: object) -> dict:
    response = http.post("/webhooks", json={"url": receiver.url, **more})
    assert response.status_code == 201, response.text
    return response.json()


def wait_for_delivery(http: httpx2.Client, delivery_id: str) -> dict:
    deadline = time.monotonic() + MAX_SECONDS
    while time.monotonic() < deadline:
        delivery = http.get(f"/webhooks/deliveries/{delivery_id}").json()
        if delivery["status"] != "pending":
            return delivery
        time.sleep(0.05)
    raise AssertionError(delivery)


def test_a_session_is_told_from_its_files_to_its_end(http: httpx2.Client, receiver: Receiver) -> None:
    webhook = listen(http, receiver)
    parts = [("files", (f"{seed}.png", encoded(picture(seed=seed)))) for seed in (1, 2)]
    parts.append(("files", ("damaged.png", damaged_png())))
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


def test_the_secret_is_nowhere_in_clear(http: httpx2.Client, receiver: Receiver, server: InProcessServer) -> None:
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
    with serving(tmp_path, webhook_retry_seconds="0") as server, server.client() as http:
        url = receiver.url.replace("127.0.0.1", "localhost")
        webhook = http.post("/webhooks", json={"url": url}).json()
        ping = http.post(f"/webhooks/{webhook['id']}/ping").json()
        done = wait_for_delivery(http, ping["id"])
        assert done["status"] == "failed"
        assert "no public address" in done["last_error"]
    assert receiver.messages == []


def test_there_are_ten_at_most(http: httpx2.Client, receiver: Receiver) -> None:
    for _ in range(10):
        listen(http, receiver)
    assert http.post("/webhooks", json={"url": receiver.url}).status_code == 409


def test_the_sdk_makes_tries_out_and_checks(server: InProcessServer, receiver: Receiver) -> None:
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
