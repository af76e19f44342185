"""Each resource of the API once, on a server as an operator starts it: web process, worker, models, files on a disk.

What each can do is tested in `tests/integration/api`, in one process; this shows that the processes are put together
from the same parts.
"""

import hashlib
import subprocess
import sys

import httpx2
import pytest

from scopix import InsecureTransportWarning, SyncScopix
from tests.acceptance.conftest import EXAMPLES
from tests.support.images import encoded, picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until_described, wait_until_over

SCREENSHOT = EXAMPLES / "screenshot-stock.png"


@pytest.fixture(scope="module")
def described(server: ServerProcess) -> dict:
    """A picture that was looked at, as the server tells of it."""
    with server.client() as http:
        sent = {"file": (SCREENSHOT.name, SCREENSHOT.read_bytes())}
        file_id = http.post("/files/upload", files=sent, data={"tags": "smoke"}).json()["image_id"]
        assert wait_until_described(http, file_id)["unified_status"] == "completed"
        return dict(http.get(f"/files/{file_id}").json())


def test_files(http: httpx2.Client, described: dict) -> None:
    assert "Stock items" in described["upload_description"]
    assert "Storeroom" in described["visible_text"]
    path = f"/files/{described['id']}"
    content = httpx2.get(http.get(f"{path}/download").headers["Location"])
    assert content.content == SCREENSHOT.read_bytes()
    assert httpx2.get(http.get(f"{path}/variants/small_256").headers["Location"]).status_code == 200
    found = http.get("/files", params={"search": "storeroom", "tags": "smoke"}).json()["items"]
    assert [item["id"] for item in found] == [described["id"]]
    assert http.patch(path, json={"title": "Smoke"}).json()["title"] == "Smoke"
    assert http.get(f"{path}/descriptions").json()["items"][0]["engine"] == "builtin"
    assert http.get(f"{path}/similar").status_code == 200
    again = http.post(f"{path}/describe", json={"content_category": "screenshot"})
    assert again.status_code == 202
    wait_until_described(http, described["id"])
    assert http.get(path).json()["content_category"] == "screenshot"


def test_batches_sessions_and_their_events(http: httpx2.Client) -> None:
    parts = [("files", (f"{seed}.png", encoded(picture(seed=900 + seed)))) for seed in range(2)]
    session = http.post("/files/upload/batch", files=parts).json()["session_id"]
    assert wait_until_over(http, session)["status"] == "completed"
    with http.stream("GET", f"/files/upload/sessions/{session}/events") as stream:
        kinds = [event.event for event in httpx2.EventSource(stream)]
    assert kinds[-1] == "end"
    assert http.get(f"/files/upload/sessions/{session}/results").json()["summary"]["completed"] == 2


def test_direct_uploads(http: httpx2.Client) -> None:
    content = encoded(picture(seed=911))
    body = {"filename": "a.png", "size_bytes": len(content), "checksum_sha256": hashlib.sha256(content).hexdigest()}
    upload = http.post("/files/direct-uploads", json=body).json()
    assert httpx2.put(upload["upload_url"], content=content).status_code == 200
    assert http.post(f"/files/direct-uploads/{upload['id']}/complete").status_code == 201
    assert wait_until_described(http, upload["image_id"])["unified_status"] == "completed"


def test_documents_and_deletions(http: httpx2.Client) -> None:
    sent = {"file": ("a.txt", b"A few words of plain text, which is a document and no image.\n" * 3)}
    file_id = http.post("/files/upload", files=sent).json()["image_id"]
    assert http.delete(f"/files/{file_id}").status_code == 200
    assert http.get(f"/files/{file_id}").status_code == 404
    assert http.post(f"/files/{file_id}/restore").json()["id"] == file_id
    assert wait_until_described(http, file_id)["unified_status"] == "completed"
    assert http.post("/files/batch-delete", json={"file_ids": [file_id]}).json()["summary"]["deleted"] == 1


def test_keys_limits_categories_webhooks_buckets_and_metrics(server: ServerProcess, http: httpx2.Client) -> None:
    made = http.post("/api-keys", json={"name": "smoke", "scopes": ["read"]}).json()
    with server.client(headers={"Authorization": f"Bearer {made['api_key']}"}) as reader:
        assert reader.get("/tenant/limits").status_code == 200
        assert reader.delete(f"/api-keys/{made['id']}").status_code == 403
    assert "map" in {item["name"] for item in http.get("/categories").json()["items"]}
    # An address of this machine is not one that a tenant may name.
    assert http.post("/webhooks", json={"url": "http://127.0.0.1:9/hook"}).status_code in {400, 422}
    assert http.get("/webhooks").json()["items"] == []
    assert http.get("/tenant/s3-config").status_code == 200
    assert "scopix_server_info" in httpx2.get(f"{server.root}/metrics").text
    assert httpx2.get(f"{server.root}/ready").json()["describer"] is True


def test_the_operators_commands_work_beside_the_server(server: ServerProcess) -> None:
    listed = subprocess.run(
        server.setup.command("keys", "list"), env=server.setup.environment({}), capture_output=True, text=True
    )
    assert listed.returncode == 0, listed.stderr
    assert server.api_key[:15] in listed.stdout
    assert server.api_key not in listed.stdout


@pytest.mark.filterwarnings(f"ignore::{InsecureTransportWarning.__module__}.InsecureTransportWarning")
def test_the_sdk_and_the_command_line(server: ServerProcess) -> None:
    with SyncScopix(api_key=server.api_key, base_url=server.base_url) as client:
        result = client.files.upload(encoded(picture(seed=912)), filename="shapes.png")
        assert result.is_completed
    # The command line finds address and key in the data folder.
    command = [sys.executable, "-c", "from scopix.cli import main; main()", "--data-dir", str(server.data_dir)]
    shown = subprocess.run([*command, "show", result.image_id], capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    assert "shapes.png" in shown.stdout
