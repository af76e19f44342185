"""What became of files: variants made again, and files that do not move."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from tests.integration.api.test_limits import files, png
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving
from tests.support.waiting import wait_until

TEXT = b"A few words of plain text, which is a document and no image.\n" * 3


@pytest.fixture
def idle(tmp_path: Path, database: str) -> Iterator[InProcessServer]:
    """A server without a worker: nothing happens to a file by itself."""
    with serving(tmp_path, database=database, worker=False) as running:
        yield running


def upload(http: httpx2.Client, data: bytes, name: str = "a.png", **fields: str) -> str:
    answer = http.post("/files/upload", files={"file": (name, data)}, data={"auto_describe": "false", **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["image_id"])


def test_variants_are_made_again(server: InProcessServer, http: httpx2.Client) -> None:
    file_id = upload(http, encoded(picture(900, 700, seed=77)))

    def made() -> bool:
        return bool(http.get(f"/files/{file_id}").json()["variant_status"] == "completed")

    wait_until(made)
    (lost,) = [path for path in server.stored_objects() if file_id in str(path) and path.name == "small_256.jpg"]
    before = lost.read_bytes()
    lost.unlink()
    answer = http.post(f"/files/{file_id}/variants")
    assert answer.status_code == 200
    told = answer.json()
    assert told["success"]
    assert not told["skipped_duplicate"]
    assert told["current_status"] == "pending"
    assert told["image_id"] == file_id
    assert file_id in told["task_id"]
    wait_until(made)
    assert lost.read_bytes() == before
    link = http.get(f"/files/{file_id}/variants/small_256").headers["Location"]
    assert httpx2.get(link).content == before


def test_what_is_queued_is_not_queued_twice(idle: InProcessServer) -> None:
    with idle.client() as http:
        file_id = upload(http, png(1))
        for _ in range(2):
            told = http.post(f"/files/{file_id}/variants").json()
            assert told["skipped_duplicate"]
            assert told["task_id"] is None
        assert http.post(f"/files/{file_id[:8]}/variants").json()["image_id"] == file_id


def test_a_document_has_no_variants(http: httpx2.Client) -> None:
    answer = http.post(f"/files/{upload(http, TEXT, 'a.txt')}/variants")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "WRONG_MEDIA_TYPE"


def test_files_that_do_not_move(idle: InProcessServer) -> None:
    with idle.client() as http:
        sent = http.post("/files/upload/batch", files=files(4)).json()["immediate_results"]
        ids = [entry["image_id"] for entry in sent]
        undescribed = upload(http, png(9))
        upload(http, TEXT, "a.txt")
        assert http.get("/files/stuck").json() == {"stuck_count": 0, "images": []}
        for number, file_id in enumerate([undescribed, *ids[:3]]):
            age(idle, file_id, minutes=130 - 30 * number)
        told = http.get("/files/stuck").json()
        assert told["stuck_count"] == 4
        assert [image["image_id"] for image in told["images"]] == [undescribed, *ids[:3]]
        assert all(image["is_stuck"] and not image["is_terminal"] for image in told["images"])
        assert told["images"][1]["unified_status"] == "queued"
        some = http.get("/files/stuck", params={"stuck_minutes": 115, "limit": 1}).json()
        assert (some["stuck_count"], [image["image_id"] for image in some["images"]]) == (1, [undescribed])
        http.delete(f"/files/{undescribed}")
        assert http.get("/files/stuck", params={"limit": 1}).json()["stuck_count"] == 3
        reader = http.post("/api-keys", json={"name": "reader", "scopes": ["write"]}).json()["api_key"]
    with idle.client(headers={"Authorization": f"Bearer {reader}"}) as other:
        assert other.get("/files/stuck").status_code == 403
    stranger = idle.new_tenant("other")
    with idle.client(headers={"Authorization": f"Bearer {stranger}"}) as other:
        assert other.get("/files/stuck").json()["stuck_count"] == 0


def age(server: InProcessServer, file_id: str, *, minutes: int) -> None:
    at = (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    server.setup.rows("UPDATE files SET updated_at = ? WHERE id = ?", at, file_id)
