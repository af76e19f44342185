"""Uploads through the SDK, with curl's bytes, and what comes back."""

import hashlib
import io
import shutil
import subprocess

import httpx2
import pytest
from PIL import Image

from scopix import DescriptionStatus, InsecureTransportWarning, Scopix, SyncScopix
from tests.integration.api.conftest import EXAMPLES, ON_SQLITE
from tests.support.images import damaged_png, encoded, picture
from tests.support.inprocess import InProcessServer
from tests.support.waiting import wait_until_described

pytestmark = pytest.mark.filterwarnings(f"ignore::{InsecureTransportWarning.__module__}.InsecureTransportWarning")
SCREENSHOT = EXAMPLES / "screenshot-stock.png"


@ON_SQLITE
async def test_one_call_uploads_and_describes(seeing: InProcessServer) -> None:
    async with Scopix(api_key=seeing.api_key, base_url=seeing.base_url) as client:
        result = await client.files.upload(SCREENSHOT)
        assert result.description_status is DescriptionStatus.COMPLETED
        assert result.filename == SCREENSHOT.name
        assert "Stock items" in (result.description or "")
        assert result.tags
        assert "Storeroom" in (result.visible_text or "")
        assert result.confidence_score is None
        assert (result.deduplicated, result.media_type, result.status) == (None, None, None)
        assert result.text_regions
        for region in result.text_regions:
            assert set(region) == {"text", "bbox", "polygon", "confidence"}
            assert len(region["polygon"]) == 4
            box = region["bbox"]
            assert set(box) == {"x", "y", "width", "height"}
            assert all(0 <= value <= 1 for value in box.values())
            assert box["x"] + box["width"] <= 1 + 1e-6
            assert box["y"] + box["height"] <= 1 + 1e-6
        assert result.thumbnail_url
        thumbnail = Image.open(io.BytesIO(httpx2.get(result.thumbnail_url).content))
        assert max(thumbnail.size) == 256
        assert await client.files.download(result.image_id) == SCREENSHOT.read_bytes()


def test_the_sync_client_does_the_same(server: InProcessServer) -> None:
    with SyncScopix(api_key=server.api_key, base_url=server.base_url) as client:
        result = client.files.upload(encoded(picture(seed=7)), filename="shapes.png", tags=["mine"], title="Shapes")
        assert result.is_completed
        details = client.files.get(result.image_id[:8])
        assert details.title == "Shapes"
        assert "mine" in details.tags
        assert "mine" not in (details.ai_tags or [])
        assert client.files.delete(result.image_id).id == result.image_id


@ON_SQLITE
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_does_the_same_as_the_sdk(seeing: InProcessServer) -> None:
    command = ["curl", "-s", "-F", f"file=@{SCREENSHOT}", "-H", f"Authorization: Bearer {seeing.api_key}"]
    answer = subprocess.run([*command, f"{seeing.base_url}/files/upload"], capture_output=True, check=True).stdout
    uploaded = httpx2.Response(200, content=answer).json()
    assert uploaded["description_status"] == "queued"
    with seeing.client() as http:
        wait_until_described(http, uploaded["image_id"])
        by_curl = http.get(f"/files/{uploaded['image_id']}").json()
    with SyncScopix(api_key=seeing.api_key, base_url=seeing.base_url) as client:
        by_sdk = client.files.upload(SCREENSHOT)
    assert by_curl["upload_description"] == by_sdk.description
    assert by_curl["visible_text"] == by_sdk.visible_text
    assert by_curl["ai_tags"] == by_sdk.tags


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP"])
def test_the_content_decides_the_type(http: httpx2.Client, format: str) -> None:
    data = encoded(picture(), format)
    response = http.post("/files/upload", files={"file": ("lie.txt", data, "text/plain")})
    body = response.json()
    assert response.status_code == 201
    assert body["content_type"] == f"image/{format.lower()}"
    assert body["hash"] == hashlib.sha256(data).hexdigest()
    content = httpx2.get(http.get(f"/files/{body['image_id']}/download").headers["Location"])
    assert content.headers["Content-Type"] == f"image/{format.lower()}"
    assert content.content == data


@ON_SQLITE
def test_exactly_the_limit_is_accepted(http: httpx2.Client) -> None:
    from tests.support.images import padded_png

    size = 100 * 1024 * 1024
    response = http.post("/files/upload", files={"file": ("big.png", padded_png(size))}, data={"auto_describe": "no"})
    assert response.status_code == 201, response.text
    assert response.json()["size_bytes"] == size


def test_without_a_description_there_are_thumbnails_all_the_same(http: httpx2.Client, server: InProcessServer) -> None:
    body = http.post(
        "/files/upload", files={"file": ("a.png", encoded(picture(900, 600)))}, data={"auto_describe": "false"}
    ).json()
    assert body["description_status"] == "skipped"
    assert body["description_queued"] is False
    wait_until_described(http, body["image_id"])
    details = http.get(f"/files/{body['image_id']}").json()
    assert details["variant_count"] == 4
    listed = http.get("/files", params={"ids": body["image_id"]}).json()["items"][0]
    # Four waves across and three down, by the first of its characters.
    assert len(details["blur_hash"]) == 28 and details["blur_hash"][0] == "L"
    assert listed["blur_hash"] == details["blur_hash"]
    assert details["upload_description"] is None
    for name, side in (("tiny_64", 64), ("small_256", 256), ("medium_750", 750), ("large_1024", 900)):
        redirect = http.get(f"/files/{body['image_id']}/variants/{name}")
        assert redirect.status_code == 302
        image = httpx2.get(redirect.headers["Location"])
        assert image.headers["Content-Type"] == "image/jpeg"
        if server.setup.bucket is None:  # a bucket answers with headers of its own
            assert "sandbox" in image.headers["Content-Security-Policy"]
            assert image.headers["X-Content-Type-Options"] == "nosniff"
        assert max(Image.open(io.BytesIO(image.content)).size) == side


def test_a_duplicate_is_skipped_on_request_and_described_by_the_first(server: InProcessServer) -> None:
    data = encoded(picture(seed=99))
    with SyncScopix(api_key=server.api_key, base_url=server.base_url) as client:
        first = client.files.upload(data, filename="a.png")
        second = client.files.upload(data, filename="b.png", skip_duplicates=True)
        third = client.files.upload(data, filename="c.png")
    assert second.image_id == first.image_id
    assert second.description_status is DescriptionStatus.SKIPPED
    assert second.description == first.description
    assert third.image_id != first.image_id
    assert third.description == first.description


def test_an_idempotency_key_is_replayed_and_not_reused(http: httpx2.Client) -> None:
    data = encoded(picture(seed=5))
    key = {"Idempotency-Key": "test-replay-1"}
    first = http.post("/files/upload", files={"file": ("a.png", data)}, headers=key)
    wait_until_described(http, first.json()["image_id"])
    again = http.post("/files/upload", files={"file": ("a.png", data)}, headers=key)
    assert again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert {**again.json(), "thumbnail_url": None} == first.json()
    other = http.post("/files/upload", files={"file": ("a.png", encoded(picture(seed=6)))}, headers=key)
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "CONFLICT"


def test_an_image_of_which_nothing_is_left_fails_for_good(server: InProcessServer) -> None:
    with SyncScopix(api_key=server.api_key, base_url=server.base_url) as client:
        result = client.files.upload(damaged_png(), filename="damaged.png")
        assert result.is_failed
        assert result.description_error_type == "validation"
        assert result.description_is_retryable is False
        assert "damaged" in (result.description_error or "")
        status = client.files.get_processing_status(result.image_id)
        assert status.retry_count == 0
        assert client.files.get(result.image_id).variant_status == "failed"


def test_a_file_that_is_deleted_is_gone_from_every_route(http: httpx2.Client) -> None:
    body = http.post("/files/upload", files={"file": ("a.png", encoded(picture(seed=11)))}).json()
    path = f"/files/{body['image_id']}"
    assert http.delete(path).json()["message"] == "a.png was deleted."
    for route in (path, f"{path}/processing-status", f"{path}/download", f"{path}/variants/tiny_64"):
        assert http.get(route).status_code == 404
    assert http.delete(path).status_code == 404
    assert body["image_id"] not in {item["id"] for item in http.get("/files?limit=100").json()["items"]}


def test_pages(http: httpx2.Client) -> None:
    ids = [
        http.post(
            "/files/upload", files={"file": (f"{number}.png", encoded(picture()))}, data={"auto_describe": "false"}
        ).json()["image_id"]
        for number in range(3)
    ]
    page = http.get("/files?limit=2").json()
    assert [item["id"] for item in page["items"]] == [ids[2], ids[1]]
    assert page["has_more"] is True
    assert http.get("/files?limit=1&offset=2").json()["items"][0]["id"] == ids[0]


def test_a_request_id_is_echoed(http: httpx2.Client) -> None:
    assert http.get("/files", headers={"X-Request-ID": "my-id.1"}).headers["X-Request-ID"] == "my-id.1"
    made = http.get("/files", headers={"X-Request-ID": "not allowed!"}).headers["X-Request-ID"]
    assert len(made) == 36
