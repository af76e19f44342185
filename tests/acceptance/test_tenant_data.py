"""A tenant's data is given out whole, and removed whole: real servers, workers, buckets; nobody else loses anything."""

import hashlib
import json
import random
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from scopix_server.config import Settings
from scopix_server.domain import tenant as domain
from scopix_server.wiring.keys import create_key
from scopix_server.wiring.shared import open_database
from tests.support.images import encoded, picture
from tests.support.postgres import fresh_database
from tests.support.relay import HttpRelay
from tests.support.rows import rows_with
from tests.support.s3 import REGION, S3Server
from tests.support.server import ServerProcess, environment_with
from tests.support.waiting import wait_until, wait_until_over


@dataclass
class Site:
    """A server, and its operator's command line."""

    server: ServerProcess
    url: str
    settings: dict[str, str]

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "scopix_server", *words, "--data-dir", str(self.server.data_dir)]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=300, env=environment_with(self.settings)
        )

    def said(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def killed(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A command that is killed at the end of the context, and must not have ended by itself."""
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            self.command(*words), stdout=quiet, stderr=quiet, env=environment_with(self.settings)
        )
        try:
            yield process
            assert process.poll() is None, f"it ended by itself, with {process.returncode}"
        finally:
            process.kill()
            process.wait()


@dataclass
class Tenant:
    """A tenant with something of everything, and what is known of it."""

    id: str
    key: str
    word: str
    bucket: str
    contents: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("tenants")
    with database(request.param, folder) as url:
        settings = {"allowed_addresses": "127.0.0.1", "worker_processes": "1", "database_url": url}
        settings |= {"sweep_minutes": "0"}  # nothing but the tests' commands is at the buckets
        server = ServerProcess(folder / "data", **settings).start().wait_until_ready()
        yield Site(server, url, settings)
        assert server.stop() == 0


@pytest.fixture(scope="module")
def relay(s3_server: S3Server) -> Iterator[HttpRelay]:
    """In front of the tenants' buckets."""
    with HttpRelay(s3_server.endpoint) as running:
        yield running


@pytest.fixture(scope="module")
def tenants(site: Site, s3_server: S3Server, relay: HttpRelay) -> tuple[Tenant, Tenant]:
    """Two, that did the same: one to go, one to stay."""
    return new_tenant(site, s3_server, relay.url, "gone"), new_tenant(site, s3_server, relay.url, "kept")


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        (folder / "data").mkdir()
        yield f"sqlite:///{folder / 'data' / 'scopix.db'}"
        return
    with fresh_database() as url:
        yield url


def client_of(site: Site, tenant: Tenant) -> httpx2.Client:
    return httpx2.Client(base_url=site.server.base_url, headers={"Authorization": f"Bearer {tenant.key}"}, timeout=60)


def new_tenant(site: Site, s3: S3Server, endpoint: str, name: str) -> Tenant:
    """Make a tenant, and let it do everything there is to do."""
    opened = open_database(Settings(data_dir=site.server.data_dir, database_url=site.url))
    made = domain.Tenant(str(uuid.uuid4()), name, datetime.now(UTC))
    opened.write(lambda t: t.tenants.add_tenant(made))
    key = create_key(opened, "admin", ("admin",), tenant=made).secret
    opened.close()
    tenant = Tenant(made.id, key, f"word{uuid.uuid4().hex[:10]}", s3.new_bucket())
    seed = random.Random(name).randrange(10**6)
    with client_of(site, tenant) as http:
        bucket = {
            "access_key_id": s3.admin.access_key_id,
            "secret_access_key": s3.admin.secret_access_key,
            "bucket_name": tenant.bucket,
            "region": REGION,
            "endpoint_url": endpoint,
        }
        assert http.post("/tenant/s3-config", json=bucket).status_code == 200
        hook = {"url": "http://127.0.0.1:9/", "events": ["file.described", "session.ended"]}
        assert http.post("/webhooks", json=hook).status_code == 201
        assert http.post("/api-keys", json={"name": tenant.word, "scopes": ["read"]}).status_code == 201
        for number in range(8):
            where = "custom" if number < 3 else "default"
            data = encoded(picture(40, 40, seed=seed + number))
            answer = http.post(
                "/files/upload",
                files={"file": (f"{tenant.word}.png", data)},
                data={"storage_target": where, "auto_describe": "false", "title": tenant.word, "tags": tenant.word},
                headers={"Idempotency-Key": f"{tenant.word}-{number}"},
            )
            assert answer.status_code == 201, answer.text
            tenant.contents[answer.json()["image_id"]] = data
        described = encoded(picture(200, 150, seed=seed + 99))
        answer = http.post("/files/upload/batch", files={"files": (f"{tenant.word}.png", described)}).json()
        wait_until_over(http, answer["session_id"])
        ended = http.get(f"/files/upload/sessions/{answer['session_id']}/results").json()["results"]
        tenant.contents |= {file["image_id"]: described for file in ended}
        assert len(tenant.contents) == 9
        begin_direct(http, tenant.word)
        wait_until(lambda: http.get("/files", params={"search": tenant.word}).json()["total_count"] == 9)
        # The thumbnails, too, are made: no worker reads from the bucket any more.
        wait_until(lambda: all(file["variant_status"] == "completed" for file in http.get("/files").json()["items"]))
        http.delete(f"/files/{next(iter(tenant.contents))}")
    return tenant


def begin_direct(http: httpx2.Client, word: str) -> None:
    """A direct upload with a part that has arrived, and nobody who completes it."""
    data = encoded(picture(seed=5))
    announced = http.post("/files/direct-uploads", json={"filename": f"{word}.png", "size_bytes": len(data)}).json()
    assert httpx2.put(announced["upload_url"], content=data).status_code == 200


def objects(site: Site, tenant: Tenant) -> set[str]:
    return {str(path) for path in site.server.stored_objects() if tenant.id in path.parts}


def everything_of(site: Site, s3: S3Server, tenant: Tenant) -> tuple[list[tuple[str, str]], set[str], list[str]]:
    """A tenant's rows, but for those that change by themselves; its objects; what is in its bucket."""
    moving = {"api_keys", "webhook_deliveries", "webhook_attempts"}
    rows = [row for row in rows_with(site.url, tenant.id, *tenant.contents) if row[0] not in moving]
    return sorted(rows), objects(site, tenant), s3.keys(tenant.bucket)


def test_an_export_is_whole_and_says_so(
    site: Site, s3_server: S3Server, relay: HttpRelay, tenants: tuple[Tenant, Tenant], tmp_path: Path
) -> None:
    tenant, other = tenants
    folder = tmp_path / "export"
    # Broken off at the first original that is in the tenant's bucket, it says that it is a half one.
    held = relay.hold("GET")
    with site.killed("tenants", "export", "gone", str(folder)):
        held.wait()
    held.refuse()
    assert (folder / "INCOMPLETE").exists()
    assert not (folder / "manifest.json").exists()
    assert "9 files" in site.said("tenants", "export", "gone", str(folder))
    assert not (folder / "INCOMPLETE").exists()

    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["files"], manifest["missing_originals"], manifest["damaged_originals"]) == (9, [], [])
    assert manifest["bytes"] == sum(map(len, tenant.contents.values()))
    assert manifest["sha256sums"] == hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()
    assert subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder).returncode == 0
    originals = {path.stem: path.read_bytes() for path in (folder / "files").rglob("*.png")}
    assert originals == tenant.contents
    records = {path.stem: path.read_text().splitlines() for path in (folder / "records").iterdir()}
    assert {name: len(lines) for name, lines in records.items()} == manifest["records"]
    assert {json.loads(line)["id"] for line in records["files"]} == set(tenant.contents)
    assert len(records["descriptions"]) == len(records["session_files"]) == 1
    assert all(json.loads(line)["description"] for line in records["descriptions"])
    written = "".join(path.read_text() for path in (folder / "records").iterdir())
    assert other.id not in written
    for secret in (tenant.key, s3_server.admin.secret_access_key, "sealed", "key_hash"):
        assert secret not in written
    assert not any(name in written for name in other.contents)

    # What the store has lost is told, and the rest is given out.
    lost = list(tenant.contents)[5]
    (path,) = [Path(name) for name in objects(site, tenant) if lost in name and "original" in name]
    path.unlink()
    shutil.rmtree(folder)
    done = site.run("tenants", "export", "gone", str(folder))
    assert done.returncode == 1
    assert json.loads((folder / "manifest.json").read_text())["missing_originals"] == [lost]


def test_an_erased_tenant_leaves_nothing_and_nobody_else_loses_anything(
    site: Site, s3_server: S3Server, relay: HttpRelay, tenants: tuple[Tenant, Tenant]
) -> None:
    gone, kept = tenants
    before = everything_of(site, s3_server, kept)
    tables = {name for name, _ in rows_with(site.url, gone.id, *gone.contents)}
    assert tables >= {"files", "descriptions", "sessions", "webhooks", "direct_uploads", "idempotency_keys", "variants"}
    assert "workflow_status" in tables
    assert len(s3_server.keys(gone.bucket)) == 3

    def keep_uploading() -> list[int]:
        answers = [201]
        with client_of(site, gone) as http:
            while answers[-1] == 201:
                data = encoded(picture(30, 30, seed=len(answers)))
                answers.append(http.post("/files/upload", files={"file": ("more.png", data)}).status_code)
        return answers

    with ThreadPoolExecutor() as pool:
        uploading = [pool.submit(keep_uploading) for _ in range(2)]
        # Killed when it has shut the tenant out and is at the first original in its bucket, then when all records are
        # gone but the tenant's own, and it looks for what else is in the bucket.
        for method in ("DELETE", "GET"):
            held = relay.hold(method)
            with site.killed("tenants", "erase", "gone", "--yes"):
                held.wait()
            held.refuse()
            left = {name for name, _ in rows_with(site.url, gone.id, *gone.contents)}
            assert "tenants" in left
            assert not left & ({"api_keys"} if method == "DELETE" else {"api_keys", "descriptions", "sessions"})
        told = site.said("tenants", "erase", gone.id, "--yes")
        assert f"gone ({gone.id}) is erased" in told
        for answers in uploading:
            assert answers.result()[-1] in {401, 410}, answers.result()

    assert rows_with(site.url, gone.id, gone.word, *gone.contents) == []
    assert objects(site, gone) == set()
    assert s3_server.keys(gone.bucket) == []
    if site.url.startswith("sqlite"):
        # Not in what the file has of earlier rows, either.
        assert gone.word.encode() not in (site.server.data_dir / "scopix.db").read_bytes()
    assert everything_of(site, s3_server, kept) == before
    with client_of(site, kept) as http:
        for file_id, data in list(kept.contents.items())[1:]:
            assert http.get(f"/files/{file_id}/download", follow_redirects=True).content == data
    with client_of(site, gone) as http:
        assert http.get("/files").status_code == 401
    assert "Traceback" not in site.server.log
