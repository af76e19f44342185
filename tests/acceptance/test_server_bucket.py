"""The server's own store in a bucket: real servers, a real S3 server."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from scopix import SyncScopix
from tests.acceptance.test_memory import ALLOWED, MIB, peak_of
from tests.support.images import encoded, padded_png, picture
from tests.support.s3 import REGION, S3Server
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until_described


def settings_for(s3: S3Server, bucket: str) -> dict[str, str]:
    return {
        "storage": "s3",
        "s3_bucket": bucket,
        "s3_region": REGION,
        "s3_endpoint_url": s3.endpoint,
        "s3_access_key_id": s3.admin.access_key_id,
        "s3_secret_access_key": s3.admin.secret_access_key,
    }


@pytest.fixture(scope="module")
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


@pytest.fixture(scope="module")
def server(s3_server: S3Server, bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("bucket-server")
    running = ServerProcess(folder, **settings_for(s3_server, bucket)).start().wait_until_ready()
    yield running
    assert running.stop() == 0
    for secret in (s3_server.admin.access_key_id, s3_server.admin.secret_access_key):
        assert secret not in running.log


def test_a_picture_goes_into_the_bucket_and_comes_back(server: ServerProcess, s3_server: S3Server, bucket: str) -> None:
    image = encoded(picture())
    with SyncScopix(server.api_key, base_url=server.base_url, allow_insecure_http=True) as client:
        result = client.files.upload(image, filename="café.png")
        assert result.is_completed
        assert client.files.download(result.image_id) == image
        details = client.files.get(result.image_id)
        variant = client.files.get_variant(result.image_id, "small_256")
    mine = {key.rpartition("/")[2] for key in s3_server.keys(bucket) if result.image_id in key}
    assert mine == {"original.png", "tiny_64.jpg", "small_256.jpg", "medium_750.jpg", "large_1024.jpg"}
    for url in (details.original_url, details.thumbnail_url, variant, result.thumbnail_url):
        assert url.startswith(f"{s3_server.endpoint}/{bucket}/")
    original, thumbnail = httpx2.get(details.original_url), httpx2.get(variant)
    assert original.content == image
    assert original.headers["content-type"] == "image/png"
    assert original.headers["content-disposition"] == "attachment; filename*=UTF-8''caf%C3%A9.png"
    assert thumbnail.headers["content-type"] == "image/jpeg"
    # Nothing is kept on this machine.
    assert [path for path in (server.data_dir / "spool").rglob("*") if path.is_file()] == []
    assert not (server.data_dir / "storage").exists()


def test_downloads_redirect_to_the_bucket_for_an_hour(server: ServerProcess, s3_server: S3Server) -> None:
    with server.client() as http:
        file_id = http.post("/files/upload", files={"file": ("a.png", encoded(picture(seed=2)))}).json()["image_id"]
        answer = http.get(f"/files/{file_id}/download")
        assert answer.status_code == 302
        assert answer.headers["location"].startswith(s3_server.endpoint)
        assert "X-Amz-Expires=3600" in answer.headers["location"]
        wait_until_described(http, file_id)
        assert http.get(f"/files/{file_id}/variants/tiny_64").status_code == 302


def test_a_refused_file_never_reaches_the_bucket(server: ServerProcess, s3_server: S3Server, bucket: str) -> None:
    before = s3_server.keys(bucket)
    with server.client() as http:
        for content in (b"", b"no picture", encoded(picture())[:60]):
            assert http.post("/files/upload", files={"file": ("a.png", content)}).status_code == 400
    assert s3_server.keys(bucket) == before
    assert [path for path in (server.data_dir / "spool").rglob("*") if path.is_file()] == []


def test_a_batch_is_stored_whole(server: ServerProcess, s3_server: S3Server, bucket: str) -> None:
    images = [("files", (f"{seed}.png", encoded(picture(64, 64, seed=100 + seed)))) for seed in range(30)]
    with server.client() as http:
        answer = http.post("/files/upload/batch", files=images, data={"auto_describe": "false"})
        assert answer.status_code == 201, answer.text
        results = http.get(f"/files/upload/sessions/{answer.json()['session_id']}/results").json()["results"]
    stored = set(s3_server.keys(bucket))
    assert len(results) == 30
    assert {result["object_key"] for result in results} <= stored


def test_a_large_file_sent_in_parts(server: ServerProcess, s3_server: S3Server, bucket: str) -> None:
    image = padded_png(34 * MIB)
    with server.client() as http:
        asked = {"filename": "big.png", "size_bytes": len(image), "auto_describe": False}
        begun = http.post("/files/direct-uploads", json=asked).json()
        for part in begun["parts"]:
            start = (part["part_number"] - 1) * begun["part_size_bytes"]
            sent = httpx2.put(part["upload_url"], content=image[start : start + part["size_bytes"]], timeout=60)
            assert sent.status_code == 200, sent.text
        done = http.post(f"/files/direct-uploads/{begun['id']}/complete")
        assert done.status_code == 201, done.text
    assert s3_server.read(bucket, done.json()["object_key"]) == image
    assert not any("/direct/" in key for key in s3_server.keys(bucket))


def test_a_100_mb_upload_needs_less_than_40_mb(server: ServerProcess) -> None:
    process = psutil.Process(server.pid)
    with server.client() as http:
        plain = {"auto_describe": "false"}
        small = http.post("/files/upload", files={"file": ("s.png", padded_png(100_000))}, data=plain)
        assert small.status_code == 201
        Path(f"/proc/{server.pid}/clear_refs").write_text("5")
        before = process.memory_info().rss
        answer = http.post("/files/upload", files={"file": ("big.png", padded_png(100 * MIB))}, data=plain)
    assert answer.status_code == 201, answer.text
    assert peak_of(process) - before < ALLOWED


def test_a_bucket_that_goes_away_is_told_and_loses_no_row(s3_server: S3Server, tmp_path: Path) -> None:
    bucket = s3_server.new_bucket()
    server = ServerProcess(tmp_path, worker=False, **settings_for(s3_server, bucket)).start()
    try:
        with server.client() as http:
            image = {"file": ("a.png", encoded(picture()))}
            kept = http.post("/files/upload", files=image).json()["image_id"]
            s3_server.delete_bucket(bucket)
            refused = http.post("/files/upload", files=image)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
            assert bucket not in refused.text
            assert http.get(f"/files/{kept}").status_code == 200
            assert http.get("/files").json()["total_count"] == 1
            ready = httpx2.get(f"{server.root}/ready")
            assert (ready.status_code, ready.json()["error"]["details"]["storage"]) == (503, False)
        assert f"There is no bucket '{bucket}'" in server.log
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"s3_bucket": "no-such-bucket"}, "There is no bucket 'no-such-bucket'"),
        ({"s3_secret_access_key": "w" * 40}, "does not belong to the access key"),
        ({"s3_access_key_id": ""}, ""),
    ],
)
def test_a_bucket_that_cannot_be_used_is_told_at_the_start(
    s3_server: S3Server, bucket: str, tmp_path: Path, change: dict[str, str], told: str
) -> None:
    settings = {**settings_for(s3_server, bucket), **change}
    environment = {f"SCOPIX_{name.upper()}": value for name, value in settings.items() if value}
    command = [sys.executable, "-m", "scopix_server", "serve", "--port", "0", "--data-dir", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert told in done.stderr
    assert "SCOPIX_S3_" in done.stderr
    assert "Traceback" not in done.stderr
    assert "w" * 40 not in done.stderr + done.stdout
