"""Direct uploads straight into the server's bucket, by presigned links: a real server, a real S3 server.

Clients reach the bucket under another address than the server does: a relay, which sees whether an API key passes by.
"""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from scopix import Scopix
from scopix._async.direct import AsyncDirectUpload
from scopix._upload import UploadFields, prepare_part
from scopix_server.config import Settings
from scopix_server.wiring.storage import Storage
from tests.acceptance.test_direct_uploads import begin_upload
from tests.acceptance.test_own_bucket import configure
from tests.acceptance.test_server_bucket import settings_for
from tests.integration.api.test_direct_uploads import ROUTE, announce, code, send, sha256, tamper
from tests.support.images import encoded, padded_png, picture, write_padded_png
from tests.support.relay import Relay
from tests.support.s3 import S3Server
from tests.support.server import ServerProcess
from tests.support.setup import clear_bucket

pytestmark = pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")

MIB = 1024 * 1024
FIELDS = UploadFields(content_category="general", storage_target="default", auto_describe=False, skip_duplicates=False)
BIG = padded_png(33 * MIB + 5)


@pytest.fixture(scope="module")
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


@pytest.fixture(scope="module")
def relay(s3_server: S3Server) -> Iterator[Relay]:
    with Relay(s3_server.endpoint) as running:
        yield running


@pytest.fixture(scope="module")
def server(
    s3_server: S3Server, bucket: str, relay: Relay, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    settings = settings_for(s3_server, bucket) | {
        "direct_uploads": "presigned",
        "s3_public_endpoint_url": relay.url,
        "max_direct_upload_bytes": str(300 * MIB),
        "allowed_addresses": "127.0.0.1",
    }
    running = ServerProcess(tmp_path_factory.mktemp("presigned"), **settings).start().wait_until_ready()
    yield running
    assert running.stop() == 0
    assert s3_server.admin.secret_access_key not in running.log
    assert "X-Amz-Signature" not in running.log


@pytest.fixture
def http(server: ServerProcess) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def staged(s3: S3Server, bucket: str) -> list[str]:
    return [key for key in s3.keys(bucket) if "/direct/" in key]


def test_one_put_goes_to_the_store(
    http: httpx2.Client, s3_server: S3Server, bucket: str, relay: Relay, server: ServerProcess
) -> None:
    content = encoded(picture(seed=6001))
    upload = announce(http, content, auto_describe=False)
    link = upload["upload_url"]
    assert link.startswith(f"{relay.url}/{bucket}/")
    assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == ["600"]
    etags = send(upload, content)
    (key,) = staged(s3_server, bucket)
    assert upload["id"] in key
    assert http.get(f"{ROUTE}/{upload['id']}").json()["missing_parts"] == []
    parts = [{"part_number": 1, "etag": etags[1]}]
    done = http.post(f"{ROUTE}/{upload['id']}/complete", json={"checksum": sha256(content), "parts": parts})
    assert done.status_code == 201, done.text
    assert done.json()["object_key"].endswith("original.png")
    assert s3_server.read(bucket, done.json()["object_key"]) == content
    assert staged(s3_server, bucket) == []
    assert http.post(f"{ROUTE}/{upload['id']}/complete").json()["is_idempotent_retry"]
    assert list((server.data_dir / "spool" / "web").iterdir()) == []


def test_a_link_used_again_changes_no_file(
    http: httpx2.Client, server: ServerProcess, s3_server: S3Server, bucket: str
) -> None:
    content = encoded(picture(seed=6002))
    upload = announce(http, content, auto_describe=False)
    send(upload, content)
    key = http.post(f"{ROUTE}/{upload['id']}/complete").json()["object_key"]
    other = bytes(len(content))
    # The store cannot know that the upload is over. What it takes is nobody's, and swept.
    assert httpx2.put(upload["upload_url"], content=other).status_code == 200
    assert s3_server.read(bucket, key) == content
    assert http.post(f"{ROUTE}/{upload['id']}/complete").json()["is_idempotent_retry"]
    assert s3_server.read(bucket, key) == content
    assert code(http.post(f"{ROUTE}/{upload['id']}/parts", json={"part_numbers": [1]})) == (409, "CONFLICT")
    assert len(staged(s3_server, bucket)) == 1
    url = server.setup.settings.get("database_url", f"sqlite:///{server.data_dir / 'scopix.db'}")
    assert clear_bucket(url, s3_server, bucket, server.data_dir).orphans == 1
    assert staged(s3_server, bucket) == []
    assert s3_server.read(bucket, key) == content


def test_the_store_takes_only_what_a_link_is_for(http: httpx2.Client, s3_server: S3Server, bucket: str) -> None:
    content = encoded(picture(seed=6003))
    kept = http.post("/files/upload", files={"file": ("a.png", content)}, data={"auto_describe": "false"}).json()
    upload, other = announce(http, content), announce(http, content)
    link = upload["upload_url"]
    refused = [
        httpx2.put(link, content=content + b"x"),
        httpx2.put(link, content=content[:-1]),
        httpx2.put(link[:-3] + "xyz", content=content),
        httpx2.put(link.replace(upload["id"], other["id"]), content=content),
        httpx2.put(link.replace(urlsplit(link).path, f"/{bucket}/{kept['object_key']}"), content=content),
        httpx2.put(link, content=content, headers={"x-amz-copy-source": f"/{bucket}/{kept['object_key']}"}),
        httpx2.get(link),
        httpx2.delete(link),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert staged(s3_server, bucket) == []
    early = http.post(f"{ROUTE}/{upload['id']}/complete")
    assert code(early) == (409, "CONFLICT")
    assert early.json()["error"]["details"]["missing_parts"] == [1]
    send(upload, content)
    for one in (upload, other):
        assert http.delete(f"{ROUTE}/{one['id']}").json()["status"] == "aborted"
    assert staged(s3_server, bucket) == []


def test_completed_by_several_at_once_it_is_one_file(http: httpx2.Client, s3_server: S3Server, bucket: str) -> None:
    upload = announce(http, BIG, auto_describe=False)
    send(upload, BIG)

    def complete(number: int) -> httpx2.Response:
        # One after the other, so that some are at it when the first has come to its end.
        time.sleep(number / 10)
        return http.post(f"{ROUTE}/{upload['id']}/complete", timeout=180)

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(complete, range(12)))
    assert [answer.status_code for answer in answers] == [201] * 12, [answer.text[:300] for answer in answers]
    assert {answer.json()["image_id"] for answer in answers} == {upload["image_id"]}
    assert sorted(answer.json()["is_idempotent_retry"] for answer in answers) == [False] + [True] * 11
    assert s3_server.read(bucket, answers[0].json()["object_key"]) == BIG
    assert staged(s3_server, bucket) == []


def test_what_was_tampered_with_is_refused(http: httpx2.Client, s3_server: S3Server, bucket: str) -> None:
    upload = announce(http, BIG, auto_describe=False)
    assert upload["upload_url"] is None
    etags = send(upload, BIG, leave_out=(2,))
    renewed = http.post(f"{ROUTE}/{upload['id']}/parts", json={"part_numbers": [2]}).json()["parts"]
    sent = httpx2.put(renewed[0]["upload_url"], content=BIG[16 * MIB : 32 * MIB])
    etags[2] = sent.headers["etag"]
    tamper(http, upload, BIG, etags)
    assert staged(s3_server, bucket) == []


@pytest.mark.parametrize(
    ("content", "announced", "problem"),
    [
        (encoded(picture(seed=6004)), {"checksum_sha256": "0" * 64}, (409, "CONFLICT")),
        (b"PK\x03\x04" + bytes(500), {}, (400, "UNSUPPORTED_FILE_TYPE")),
    ],
    ids=["another checksum", "no picture"],
)
def test_what_is_not_announced_or_not_taken_is_refused(
    http: httpx2.Client,
    s3_server: S3Server,
    bucket: str,
    content: bytes,
    announced: dict[str, str],
    problem: tuple[int, str],
) -> None:
    before = s3_server.keys(bucket)
    upload = announce(http, content, **announced)
    send(upload, content)
    assert code(http.post(f"{ROUTE}/{upload['id']}/complete")) == problem
    assert s3_server.keys(bucket) == before


def test_another_size_in_the_store_is_no_file(http: httpx2.Client, s3_server: S3Server, bucket: str) -> None:
    # As by a store that does not look at the length that was signed.
    content = encoded(picture(seed=6005))
    upload = announce(http, content)
    send(upload, content)
    (key,) = staged(s3_server, bucket)
    s3_server.client().put_object(Bucket=bucket, Key=key, Body=content + b"x" * 1000)
    early = http.post(f"{ROUTE}/{upload['id']}/complete")
    assert code(early) == (409, "CONFLICT")
    assert early.json()["error"]["details"]["missing_parts"] == [1]
    send(upload, content)
    assert http.post(f"{ROUTE}/{upload['id']}/complete").status_code == 201


def test_an_upload_that_expired_is_gone_and_swept(
    http: httpx2.Client, server: ServerProcess, s3_server: S3Server, bucket: str
) -> None:
    content = encoded(picture(seed=6006))
    upload = announce(http, content, idempotency_key="once-6006")
    send(upload, content)
    server.setup.rows("UPDATE direct_uploads SET expires_at = '2020-01-01T00:00:00.000000Z' WHERE status = 'open'")
    assert code(http.post(f"{ROUTE}/{upload['id']}/complete")) == (410, "EXPIRED")
    assert code(http.post(f"{ROUTE}/{upload['id']}/parts", json={"part_numbers": [1]})) == (410, "EXPIRED")
    # Announced again, it has no link into the store any more.
    again = announce(http, content, idempotency_key="once-6006")
    assert again["id"] == upload["id"]
    assert code(httpx2.put(again["upload_url"], content=content)) == (410, "EXPIRED")
    swept = server.setup.run("sweep", **settings_for(s3_server, bucket))
    assert swept.returncode == 0, swept.stderr
    assert staged(s3_server, bucket) == []


def test_a_file_for_the_tenants_own_bucket_waits_in_the_servers(
    http: httpx2.Client, s3_server: S3Server, bucket: str
) -> None:
    own = s3_server.new_bucket()
    assert configure(http, s3_server, own).status_code == 200
    content = encoded(picture(seed=6008))
    upload = announce(http, content, storage_target="custom", auto_describe=False)
    send(upload, content)
    assert len(staged(s3_server, bucket)) == 1
    assert s3_server.keys(own) == []
    done = http.post(f"{ROUTE}/{upload['id']}/complete")
    assert done.status_code == 201, done.text
    assert s3_server.read(own, done.json()["object_key"]) == content
    assert staged(s3_server, bucket) == []


async def test_the_sdk_asks_for_a_new_link_when_the_store_refuses_one(server: ServerProcess, relay: Relay) -> None:
    content = encoded(picture(seed=6007))
    async with Scopix(server.api_key, base_url=server.base_url) as client:
        part = prepare_part(content, "a.png")
        upload = AsyncDirectUpload(client._transport, client.config, part, sha256(content))
        await upload.announce(FIELDS)
        link = upload._links[1]
        assert link.upload_url.startswith(relay.url)
        upload._links[1] = link.model_copy(update={"upload_url": link.upload_url[:-3] + "xyz"})
        await upload.send([1])
        assert (await upload.complete()).image_id == upload.upload.image_id


@pytest.mark.timeout(300)
def test_the_sdk_goes_on_after_a_kill_and_keeps_its_key_to_itself(
    server: ServerProcess, s3_server: S3Server, bucket: str, relay: Relay, tmp_path: Path
) -> None:
    path, size = tmp_path / "survey.png", 104 * MIB + 7
    digest = write_padded_png(path, size)
    relay.watch(server.api_key, "authorization:", "x-tenant-id:")
    puts = relay.puts
    client = begin_upload(server, path)
    deadline = time.monotonic() + 120
    while len(staged(s3_server, bucket)) < 2:
        assert time.monotonic() < deadline
        assert client.poll() is None
        time.sleep(0.01)
    os.kill(client.pid, signal.SIGKILL)
    client.communicate()
    first = relay.puts - puts
    client = begin_upload(server, path)
    out, _ = client.communicate(timeout=200)
    assert client.returncode == 0
    assert "'status': 'completed'" in out
    assert 7 <= relay.puts - puts < 7 + first, "sent again what was there"
    assert relay.seen == set()
    with server.client() as http:
        (file,) = [item for item in http.get("/files").json()["items"] if item["size_bytes"] == size]
        assert http.get(f"/files/{file['id']}").json()["hash"] == digest
    assert staged(s3_server, bucket) == []


def test_presigned_links_need_a_bucket(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SCOPIX_STORAGE must be s3"):
        Storage(Settings(direct_uploads="presigned", data_dir=tmp_path), "web")
