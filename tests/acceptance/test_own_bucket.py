"""A tenant's own bucket: real servers, a real S3 server, both clients."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import psutil
import pytest

from scopix import DescriptionStatus, Scopix, ScopixPermissionError, SyncScopix, ValidationError
from scopix_server.config import Settings
from scopix_server.domain.tenant import Tenant
from scopix_server.wiring.keys import create_key
from scopix_server.wiring.shared import open_database
from tests.acceptance.test_memory import ALLOWED, MIB, peak_of
from tests.support.images import encoded, padded_png, picture
from tests.support.s3 import REGION, Identity, S3Server
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until, wait_until_described

CUSTOM = {"storage_target": "custom"}
QUIET = {**CUSTOM, "auto_describe": "false"}


@pytest.fixture(scope="module")
def server(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """It logs all it can, and in the end nothing secret may have been among it."""
    folder = tmp_path_factory.mktemp("own-bucket")
    running = ServerProcess(folder, allowed_addresses="127.0.0.1", log_level="debug").start().wait_until_ready()
    yield running
    assert running.stop() == 0
    assert_no_secrets_in(folder, s3_server)


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


@pytest.fixture
def http(server: ServerProcess) -> Iterator[httpx2.Client]:
    """A client of a new tenant's admin. Each of its answers is searched for secrets."""
    with client_of(server, new_tenant(server)) as client:
        yield client


@pytest.fixture(autouse=True)
def no_secret_is_answered(s3_server: S3Server) -> Iterator[None]:
    yield
    seen, links = b"\n".join(ANSWERS), b"\n".join(LINKS)
    ANSWERS.clear()
    LINKS.clear()
    for secret in secrets_of(s3_server):
        assert secret.encode() not in seen
    for who in (s3_server.admin, s3_server.reader, s3_server.writer):
        assert who.secret_access_key.encode() not in links


ANSWERS: list[bytes] = []
LINKS: list[bytes] = []


def client_of(server: ServerProcess, key: str) -> httpx2.Client:
    def keep(answer: httpx2.Response) -> None:
        if str(answer.url).startswith(server.base_url):
            # A signed link names the access key, as all links of S3 do; the secret is nowhere.
            location = answer.headers.pop("Location", "").encode()
            LINKS.append(location)
            ANSWERS.append(answer.read() + str(answer.headers).encode() + location.partition(b"?")[0])
            answer.headers |= {"Location": location.decode()} if location else {}

    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.Client(base_url=server.base_url, headers=headers, timeout=60, event_hooks={"response": [keep]})


def new_tenant(server: ServerProcess, *scopes: str) -> str:
    """Make a tenant beside the running server, and return a key of its."""
    database = open_database(Settings(data_dir=server.data_dir, **server.setup.settings))
    try:
        tenant = Tenant(str(uuid.uuid4()), f"tenant {uuid.uuid4()}", datetime.now(UTC))
        database.write(lambda t: t.tenants.add_tenant(tenant))
        return create_key(database, "a key", scopes or ("admin",), tenant=tenant).secret
    finally:
        database.close()


def another_key(http: httpx2.Client, *scopes: str) -> str:
    made = http.post("/api-keys", json={"name": "another", "scopes": list(scopes)})
    # The answer shows the key, and shall.
    return made.json()["api_key"]


def body(s3: S3Server, bucket: str, who: Identity | None = None, **changes: object) -> dict[str, object]:
    who = who or s3.admin
    return {
        "access_key_id": who.access_key_id,
        "secret_access_key": who.secret_access_key,
        "bucket_name": bucket,
        "region": REGION,
        "endpoint_url": s3.endpoint,
        **changes,
    }


def configure(http: httpx2.Client, s3: S3Server, bucket: str, who: Identity | None = None, **changes: object):
    return http.post("/tenant/s3-config", json=body(s3, bucket, who, **changes))


def upload(http: httpx2.Client, seed: int = 1, **fields: str) -> httpx2.Response:
    return http.post("/files/upload", files={"file": (f"{seed}.png", encoded(picture(seed=seed)))}, data=fields)


def secrets_of(s3: S3Server) -> list[str]:
    known = (s3.admin, s3.reader, s3.writer)
    return [text for who in known for text in (who.access_key_id, who.secret_access_key)]


def assert_no_secrets_in(folder: Path, s3: S3Server) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in secrets_of(s3):
                assert secret.encode() not in content, path


def kept_credentials(server: ServerProcess, bucket: str) -> int:
    """How many records of credentials there are for a bucket."""
    ((count,),) = server.setup.rows("SELECT COUNT(*) FROM tenant_s3_configs WHERE bucket_name = ?", bucket)
    return int(count)


def spool_of(server: ServerProcess) -> list[Path]:
    return [path for path in (server.data_dir / "spool").rglob("*") if path.is_file()]


# The seed's examples --------------------------------------------------------------------------------------------------


async def test_x11_and_x12_with_the_asynchronous_client(
    server: ServerProcess, s3_server: S3Server, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photo.jpg").write_bytes(encoded(picture(), "JPEG"))
    monkeypatch.chdir(tmp_path)
    key = await asyncio.to_thread(new_tenant, server)
    async with Scopix(api_key=key, base_url=server.base_url, allow_insecure_http=True) as client:
        status = await client.settings.configure_custom_s3(
            access_key_id=s3_server.admin.access_key_id,
            secret_access_key=s3_server.admin.secret_access_key,
            bucket_name=bucket,
            region="us-east-1",
            endpoint_url=s3_server.endpoint,
        )
        assert (status.configured, status.is_validated, status.error) == (True, True, None)
        results = await client.files.upload_batch("photo.jpg", storage_target="custom")
        assert len(results) == 1
        assert isinstance(results[0].description, str)
        assert await client.files.download(results[0].image_id) == (tmp_path / "photo.jpg").read_bytes()
        assert (await client.settings.validate_custom_s3()).valid
        assert (await client.settings.remove_custom_s3())["removed"] is True
    keys = await asyncio.to_thread(s3_server.keys, bucket)
    assert [key.rpartition("/")[2] for key in keys] == ["original.jpg"]


def test_x11_and_x12_with_the_synchronous_client(
    server: ServerProcess, s3_server: S3Server, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = encoded(picture(seed=5), "JPEG")
    (tmp_path / "photo.jpg").write_bytes(image)
    monkeypatch.chdir(tmp_path)
    with SyncScopix(api_key=new_tenant(server), base_url=server.base_url, allow_insecure_http=True) as client:
        client.settings.configure_custom_s3(
            access_key_id=s3_server.admin.access_key_id,
            secret_access_key=s3_server.admin.secret_access_key,
            bucket_name=bucket,
            region="us-east-1",
            endpoint_url=s3_server.endpoint,
        )
        assert client.settings.get_custom_s3_status().bucket_name == bucket
        results = client.files.upload_batch("photo.jpg", storage_target="custom")
        assert len(results) == 1
        assert results[0].description_status is DescriptionStatus.COMPLETED
        single = client.files.upload("photo.jpg", storage_target="custom", auto_describe=False)
        details = client.files.get(single.image_id)
        assert details.storage_target == "custom"
    assert s3_server.read(bucket, details.object_key) == image
    assert httpx2.get(details.original_url, follow_redirects=True).content == image
    assert len(s3_server.keys(bucket)) == 2


# What goes where ------------------------------------------------------------------------------------------------------


def test_the_bucket_receives_exactly_what_is_meant_for_it(
    server: ServerProcess, http: httpx2.Client, s3_server: S3Server, bucket: str
) -> None:
    assert configure(http, s3_server, bucket).status_code == 200
    mine = upload(http, 10, **QUIET).json()
    assert (mine["storage_target"], mine["s3_upload_completed"]) == ("custom", True)
    plain = upload(http, 11, auto_describe="false").json()
    assert (plain["storage_target"], plain["s3_upload_completed"]) == ("default", False)
    images = [("files", (f"{seed}.png", encoded(picture(48, 48, seed=seed)))) for seed in range(20)]
    batch = http.post("/files/upload/batch", files=[*images, ("files", ("bad.png", b"no picture"))], data=QUIET)
    assert batch.status_code == 201, batch.text
    session = f"/files/upload/sessions/{batch.json()['session_id']}"
    stored = {one["object_key"] for one in http.get(f"{session}/results").json()["results"] if one["object_key"]}
    assert len(stored) == 20
    # Refused ones, and those stored already, leave nothing there.
    assert http.post("/files/upload", files={"file": ("a.png", b"")}, data=QUIET).status_code == 400
    assert upload(http, 10, **QUIET, skip_duplicates="true").json()["skipped"] is True
    assert set(s3_server.keys(bucket)) == {mine["object_key"], *stored}
    assert s3_server.client().head_object(Bucket=bucket, Key=mine["object_key"])["ContentType"] == "image/png"
    # What a worker has fetched to make thumbnails of is gone as soon as they are made.
    wait_until(lambda: spool_of(server) == [])
    assert server.nothing_half_stored()
    # Of a custom file only the variants are in the server's own store.
    wait_until_described(http, mine["image_id"])
    ours = [path.name for path in server.stored_objects() if mine["image_id"] in str(path)]
    assert sorted(ours) == ["large_1024.jpg", "medium_750.jpg", "small_256.jpg", "tiny_64.jpg"]


def test_a_repeated_request_stores_once(http: httpx2.Client, s3_server: S3Server, bucket: str) -> None:
    configure(http, s3_server, bucket)
    image = {"file": ("a.png", encoded(picture(seed=20)))}
    answers = [
        http.post("/files/upload", files=image, data=QUIET, headers={"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["image_id"] == answers[1].json()["image_id"]
    assert s3_server.keys(bucket) == [answers[0].json()["object_key"]]


def test_a_direct_upload_ends_in_the_bucket(http: httpx2.Client, s3_server: S3Server, bucket: str) -> None:
    image = encoded(picture(seed=21))
    asked = {"filename": "a.png", "size_bytes": len(image), "storage_target": "custom", "auto_describe": False}
    refused = http.post("/files/direct-uploads", json=asked)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "STORAGE_NOT_CONFIGURED")
    configure(http, s3_server, bucket)
    begun = http.post("/files/direct-uploads", json=asked).json()
    assert httpx2.put(begun["upload_url"], content=image).status_code == 200
    assert s3_server.keys(bucket) == []
    s3_server.delete_bucket(bucket)
    late = http.post(f"/files/direct-uploads/{begun['id']}/complete")
    assert (late.status_code, late.json()["error"]["code"]) == (400, "STORAGE_REFUSED")
    # Not the file's fault: it can still be completed.
    s3_server.client().create_bucket(Bucket=bucket)
    done = http.post(f"/files/direct-uploads/{begun['id']}/complete")
    assert done.status_code == 201, done.text
    assert s3_server.read(bucket, done.json()["object_key"]) == image


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_a_100_mb_upload_needs_less_than_40_mb(
    server: ServerProcess, http: httpx2.Client, s3_server: S3Server, bucket: str
) -> None:
    configure(http, s3_server, bucket)
    assert upload(http, 22, **QUIET).status_code == 201
    process = psutil.Process(server.pid)
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")
    before = process.memory_info().rss
    image = padded_png(100 * MIB)
    answer = http.post("/files/upload", files={"file": ("big.png", image)}, data=QUIET)
    assert answer.status_code == 201, answer.text
    assert peak_of(process) - before < ALLOWED
    assert s3_server.read(bucket, answer.json()["object_key"]) == image


# Configuring ----------------------------------------------------------------------------------------------------------


def test_nothing_is_configured_at_first(http: httpx2.Client) -> None:
    assert http.get("/tenant/s3-config").json() == {
        "configured": False,
        "bucket_name": None,
        "region": None,
        "configured_at": None,
        "is_validated": None,
        "error": None,
        "endpoint_url": None,
    }
    assert http.post("/tenant/s3-config/validate").json()["valid"] is False
    assert http.delete("/tenant/s3-config").json()["removed"] is False
    refused = upload(http, **CUSTOM)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "STORAGE_NOT_CONFIGURED")
    assert "settings" in refused.json()["error"]["message"]


def test_what_cannot_be_used_is_told_and_not_stored(http: httpx2.Client, s3_server: S3Server, bucket: str) -> None:
    half = Identity(s3_server.admin.access_key_id, "w" * 40)
    cases = [
        ({"who": Identity("AKNOBODY00000000", "w" * 40)}, "access_key_id", "invalid_access_key"),
        ({"who": half}, "secret_access_key", "invalid_secret_key"),
        ({"bucket": "no-such-bucket"}, "bucket_name", "missing_bucket"),
        ({"who": s3_server.reader}, "access_key_id", "access_denied"),
        ({"who": s3_server.writer}, "access_key_id", "access_denied"),
    ]
    for change, field, reason in cases:
        answer = configure(http, s3_server, **{"bucket": bucket, **change})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (422, "VALIDATION_ERROR")
        assert (error["details"]["field"], error["details"]["reason"]) == (field, reason)
        assert "w" * 40 not in answer.text
    assert "read (s3:GetObject)" in error["message"]
    assert http.get("/tenant/s3-config").json()["configured"] is False
    assert s3_server.keys(bucket) == []


def test_the_sdk_tells_refusals_apart(server: ServerProcess, s3_server: S3Server, bucket: str) -> None:
    wanted = {**body(s3_server, bucket), "secret_access_key": "w" * 40}
    key = new_tenant(server)
    with SyncScopix(api_key=key, base_url=server.base_url, allow_insecure_http=True) as client:
        with pytest.raises(ValidationError) as caught:
            client.settings.configure_custom_s3(**wanted)
        assert caught.value.details["field"] == "secret_access_key"
        assert "w" * 40 not in repr((caught.value, caught.value.details))
        with pytest.raises(ValidationError, match="no custom storage is configured"):
            client.files.upload_batch([encoded(picture())], filenames=["a.png"], storage_target="custom")
    reader = new_tenant(server, "write")
    with SyncScopix(api_key=reader, base_url=server.base_url, allow_insecure_http=True) as client:
        with pytest.raises(ScopixPermissionError):
            client.settings.configure_custom_s3(**wanted)
        assert client.settings.get_custom_s3_status().configured is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"access_key_id": "w" * 15}, "access_key_id"),
        ({"access_key_id": "w" * 129}, "access_key_id"),
        ({"access_key_id": "w" * 15 + " w"}, "access_key_id"),
        ({"secret_access_key": "w" * 19}, "secret_access_key"),
        ({"secret_access_key": "w" * 129}, "secret_access_key"),
        ({"secret_access_key": ["w" * 40]}, "secret_access_key"),
        ({"bucket_name": "ab"}, "bucket_name"),
        ({"bucket_name": "a" * 64}, "bucket_name"),
        ({"bucket_name": "../evil"}, "bucket_name"),
        ({"region": "eu.evil.example/"}, "region"),
        ({"region": ""}, "region"),
    ],
)
def test_values_that_cannot_be_are_422(http, s3_server: S3Server, change: dict[str, object], field: str) -> None:
    answer = configure(http, s3_server, "photos", **change)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["field"].startswith(field)
    assert "wwwww" not in answer.text


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254", "http://10.0.0.1:9000", "http://[::1]:9000", "http://localhost:9", "ftp://s3.example"],
)
def test_addresses_that_are_not_public_are_refused(http: httpx2.Client, s3_server: S3Server, url: str) -> None:
    error = configure(http, s3_server, "photos", endpoint_url=url).json()["error"]
    # The bucket server of this test is on 127.0.0.1, which the operator allowed; localhost has another address, too.
    if "localhost" not in url:
        assert error["code"] == "VALIDATION_ERROR"
        assert "address" in error["message"]
    else:
        assert error["details"]["reason"] in {"unreachable", "address_refused"}


def test_without_the_operators_word_this_machine_is_not_called(s3_server: S3Server, tmp_path: Path) -> None:
    with running(ServerProcess(tmp_path, worker=False)) as server, server.client() as http:
        answer = configure(http, s3_server, s3_server.new_bucket())
        assert answer.status_code == 422
        assert "SCOPIX_ALLOWED_ADDRESSES" in answer.json()["error"]["message"]


def test_rights_and_rates(server: ServerProcess, http: httpx2.Client, s3_server: S3Server, bucket: str) -> None:
    for scope in ("read", "write", "cloud_storage:read"):
        with client_of(server, another_key(http, scope)) as other:
            assert other.get("/tenant/s3-config").status_code == 200
            for refused in (
                configure(other, s3_server, bucket),
                other.post("/tenant/s3-config/validate"),
                other.delete("/tenant/s3-config"),
            ):
                assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AUTHZ_ERROR")
    ANSWERS.clear()
    statuses = [configure(http, s3_server, "x" * 2).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert [http.delete("/tenant/s3-config").status_code for _ in range(6)] == [200] * 5 + [429]
    answers = [http.post("/tenant/s3-config/validate") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61
    assert answers[-1].json()["error"]["code"] == "RATE_LIMIT_ERROR"
    # Of another key nothing was counted, and looking is not limited.
    with client_of(server, another_key(http, "admin")) as other:
        assert configure(other, s3_server, bucket).status_code == 200
        assert other.get("/tenant/s3-config").status_code == 200


def test_another_tenant_neither_sees_nor_uses_it(
    server: ServerProcess, http: httpx2.Client, s3_server: S3Server, bucket: str
) -> None:
    configure(http, s3_server, bucket)
    file_id = upload(http, 30, **QUIET).json()["image_id"]
    with client_of(server, new_tenant(server)) as stranger:
        assert stranger.get("/tenant/s3-config").json()["configured"] is False
        assert upload(stranger, 30, **QUIET).json()["error"]["code"] == "STORAGE_NOT_CONFIGURED"
        assert stranger.get(f"/files/{file_id}/download").status_code == 404
        assert stranger.delete("/tenant/s3-config").json()["removed"] is False
        # The same bucket with the same rights makes it a neighbour there, no more.
        assert configure(stranger, s3_server, bucket).status_code == 200
        assert stranger.get(f"/files/{file_id}").status_code == 404
    assert http.get("/tenant/s3-config").json()["configured"] is True


# Changing, losing, removing -------------------------------------------------------------------------------------------


def test_changing_and_removing_lose_nothing(
    server: ServerProcess, http: httpx2.Client, s3_server: S3Server, bucket: str
) -> None:
    second = s3_server.new_bucket()
    configure(http, s3_server, bucket)
    first = upload(http, 40, **QUIET).json()["image_id"]
    assert configure(http, s3_server, second).json()["bucket_name"] == second
    other = upload(http, 41, **QUIET).json()["image_id"]
    assert (len(s3_server.keys(bucket)), len(s3_server.keys(second))) == (1, 1)
    removed = http.delete("/tenant/s3-config").json()
    assert removed["removed"] is True
    assert "1 files stay" in removed["message"]
    assert http.get("/tenant/s3-config").json()["configured"] is False
    assert upload(http, 42, **QUIET).json()["error"]["code"] == "STORAGE_NOT_CONFIGURED"
    for file_id, seed in ((first, 40), (other, 41)):
        fetched = http.get(f"/files/{file_id}/download", follow_redirects=True)
        assert fetched.content == encoded(picture(seed=seed))
        assert http.post(f"/files/{file_id}/describe").status_code == 202
        assert wait_until_described(http, file_id)["unified_status"] == "completed"
    # What was configured before is taken up again, not doubled.
    assert configure(http, s3_server, bucket).status_code == 200
    assert [kept_credentials(server, name) for name in (bucket, second)] == [1, 1]


def test_credentials_that_nobody_needs_are_forgotten(
    server: ServerProcess, http: httpx2.Client, s3_server: S3Server, bucket: str
) -> None:
    configure(http, s3_server, bucket)
    assert "forgotten" in http.delete("/tenant/s3-config").json()["message"]
    assert kept_credentials(server, bucket) == 0
    assert s3_server.keys(bucket) == []


def test_files_deleted_for_good_leave_the_bucket_and_then_the_credentials_go(
    server: ServerProcess, http: httpx2.Client, s3_server: S3Server, bucket: str
) -> None:
    configure(http, s3_server, bucket)
    kept, gone = (upload(http, seed, **QUIET).json() for seed in (45, 46))
    for one in (kept, gone):
        wait_until_described(http, one["image_id"])
    http.delete("/tenant/s3-config")

    def sweep_after_deleting(file_id: str) -> None:
        assert http.delete(f"/files/{file_id}").status_code == 200
        server.setup.rows("UPDATE files SET deleted_at = '2020-01-01T00:00:00.000000Z' WHERE id = ?", file_id)
        assert server.setup.run("sweep", allowed_addresses="127.0.0.1").returncode == 0

    sweep_after_deleting(gone["image_id"])
    assert s3_server.keys(bucket) == [kept["object_key"]]
    assert not any(gone["image_id"] in str(path) for path in server.stored_objects())
    assert http.get(f"/files/{kept['image_id']}/download").status_code == 302
    sweep_after_deleting(kept["image_id"])
    assert s3_server.keys(bucket) == []
    assert kept_credentials(server, bucket) == 0


def test_a_bucket_deleted_midway_is_told_and_loses_no_row(
    server: ServerProcess, http: httpx2.Client, s3_server: S3Server, bucket: str
) -> None:
    configure(http, s3_server, bucket)
    kept = upload(http, 50, **CUSTOM).json()["image_id"]
    wait_until_described(http, kept)
    s3_server.delete_bucket(bucket)
    batch = http.post("/files/upload/batch", files=[("files", ("a.png", encoded(picture(seed=51))))], data=QUIET)
    for refused in (upload(http, 51, **QUIET), batch, http.get(f"/files/{kept}/download")):
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (400, "STORAGE_REFUSED")
        assert (error["details"]["reason"], error["details"]["bucket_name"]) == ("missing_bucket", bucket)
    assert http.get("/files").json()["total_count"] == 1
    assert http.get(f"/files/{kept}").json()["description_status"] == "completed"
    assert httpx2.get(http.get(f"/files/{kept}").json()["original_url"]).status_code == 400
    checked = http.post("/tenant/s3-config/validate").json()
    assert (checked["valid"], checked["error"]) == (False, f"There is no bucket '{bucket}'.")
    status = http.get("/tenant/s3-config").json()
    assert (status["configured"], status["is_validated"], status["error"]) == (True, False, checked["error"])
    wait_until(lambda: spool_of(server) == [])
    # The bucket is back, the object is not: one more difference that is told.
    s3_server.client().create_bucket(Bucket=bucket)
    assert http.post("/tenant/s3-config/validate").json()["valid"] is True
    assert http.get(f"/files/{kept}/download").status_code == 404
    assert upload(http, 51, **QUIET).status_code == 201


def test_what_waits_fails_honestly_and_can_be_described_later(s3_server: S3Server, tmp_path: Path) -> None:
    """Uploaded and acknowledged, then the bucket goes before the worker comes; the configuration outlives restarts."""
    bucket, image = s3_server.new_bucket(), encoded(picture(seed=60))
    server = ServerProcess(tmp_path, worker=False, allowed_addresses="127.0.0.1")
    with running(server), server.client() as http:
        assert configure(http, s3_server, bucket).status_code == 200
        uploaded = upload(http, 60, **CUSTOM).json()
    s3_server.delete_bucket(bucket)
    server = ServerProcess(tmp_path, allowed_addresses="127.0.0.1")
    with running(server), server.client() as http:
        status = wait_until_described(http, uploaded["image_id"])
        assert status["component_statuses"]["description_status"] == "failed"
        assert (status["description_error_type"], status["description_is_retryable"]) == ("resource_limit", False)
        assert f"There is no bucket '{bucket}'" in status["description_error"]
        client = s3_server.client()
        client.create_bucket(Bucket=bucket)
        client.put_object(Bucket=bucket, Key=uploaded["object_key"], Body=image)
        assert http.get("/tenant/s3-config").json()["bucket_name"] == bucket
        assert http.post(f"/files/{uploaded['image_id']}/describe").status_code == 202
        assert wait_until_described(http, uploaded["image_id"])["unified_status"] == "completed"
    assert_no_secrets_in(tmp_path, s3_server)


def test_a_store_that_does_not_answer_is_tried_again_later(server: ServerProcess, http: httpx2.Client) -> None:
    s3 = S3Server()
    try:
        bucket = s3.start().new_bucket()
        assert configure(http, s3, bucket).status_code == 200
    finally:
        s3.stop()
    refused = upload(http, 70, **QUIET)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "STORAGE_UNAVAILABLE")
    assert int(refused.headers["Retry-After"]) > 0
    assert http.post("/tenant/s3-config/validate").json()["valid"] is False
    assert http.get("/files").json()["total_count"] == 0
    answer = configure(http, s3, bucket)
    assert (answer.status_code, answer.json()["error"]["details"]["reason"]) == (422, "unreachable")
    for secret in secrets_of(s3):
        assert secret not in server.log


@pytest.mark.embedded("the key is a file")
def test_the_key_can_be_changed_while_the_server_runs(
    server: ServerProcess, http: httpx2.Client, s3_server: S3Server, bucket: str
) -> None:
    configure(http, s3_server, bucket)
    path = server.data_dir / "encryption-keys"
    before = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    done = server.setup.run("encryption-key", "rotate")
    assert done.returncode == 0, done.stderr
    assert "are encrypted with the key" in done.stdout
    assert before.strip() not in path.read_text() + done.stdout
    assert len(path.read_text().split()) == 1
    assert upload(http, 80, **QUIET).status_code == 201
    assert http.post("/tenant/s3-config/validate").json()["valid"] is True
    # Without the key nothing can be read, and that is what is said.
    kept = path.read_text()
    path.write_text(before)
    try:
        refused = upload(http, 81, **QUIET)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert "encryption key" in refused.json()["error"]["message"]
        failed = server.setup.run("encryption-key", "rotate")
        assert failed.returncode == 1
        assert "Nothing was re-encrypted" in failed.stderr
    finally:
        path.write_text(kept)
    assert upload(http, 81, **QUIET).status_code == 201


@contextmanager
def running(server: ServerProcess) -> Iterator[ServerProcess]:
    server.start()
    try:
        yield server
    finally:
        assert server.stop() == 0
