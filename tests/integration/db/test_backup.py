"""A server is backed up while it runs, and brought back: the database, the objects, the keys; kills in the middle."""

import hashlib
import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scopix_server.config import Settings
from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.domain.upkeep import Retention
from scopix_server.jobs.queue import DbosQueue
from scopix_server.upkeep.integrity import MARK_KEY
from scopix_server.upkeep.sweep import Sweeper
from scopix_server.wiring.storage import Storage
from tests.support.cluster import bucket_settings
from tests.support.commands import command
from tests.support.images import encoded, picture
from tests.support.inprocess import DATABASES, InProcessServer, serving
from tests.support.postgres import fresh_database
from tests.support.setup import environment_with, shared_s3
from tests.support.waiting import wait_until_described

MANY = 1500
"""Objects beside those of files: a run over them takes long enough to be killed in the middle."""


@dataclass
class Site:
    """A server with some files, the folder of its backups, and the places that are restored into."""

    folder: Path
    server: InProcessServer
    other: dict[str, str] = field(default_factory=dict)

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    @property
    def second(self) -> Path:
        return self.folder / "second"

    def upload(self, number: int) -> str:
        with self.server.client() as http:
            files = {"file": (f"{number}.png", encoded(picture(40, 30, number)))}
            response = http.post("/files/upload", files=files, data={"title": f"No {number}"})
            assert response.status_code == 201, response.text
            file_id = str(response.json()["image_id"])
            wait_until_described(http, file_id)
        return file_id

    def backup(self, *options: str, code: int = 0) -> dict[str, Any]:
        done = self.server.run("backup", str(self.backups), "--json", *options)
        assert done.returncode == code, done.stderr
        return dict(json.loads(done.stdout))

    def check(self, code: int = 0) -> str:
        done = command(self.folder, "backups", str(self.backups), "--check")
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def restore(self, *options: str) -> "subprocess.CompletedProcess[str]":
        return command(self.second, "restore", str(self.backups), *options, **self.other)

    def words(self, *arguments: str, data_dir: Path) -> list[str]:
        return [sys.executable, "-m", "scopix_server", *arguments, "--data-dir", str(data_dir)]

    def add_many(self) -> None:
        """Put objects into the store as uploads do that are not recorded yet."""
        tenant = str(uuid.uuid4())
        for number in range(MANY):
            owner = str(uuid.UUID(int=number + 1))
            path = self.server.data_dir / "storage/objects" / tenant / owner[:2] / owner / "original.bin"
            path.parent.mkdir(parents=True)
            path.write_bytes(f"object {number}".encode() * 50)


@pytest.fixture(params=DATABASES)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        server = stack.enter_context(serving(tmp_path / "first", database=request.param))
        other = {} if request.param == "sqlite" else {"database_url": stack.enter_context(fresh_database())}
        yield Site(tmp_path, server, other)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path / "first") as server:
        yield Site(tmp_path, server)


def second_server(site: Site) -> InProcessServer:
    return InProcessServer(site.second, database=site.other.get("database_url", "sqlite"))


def everything(server: InProcessServer) -> dict[str, Any]:
    """What the server tells of its files, and the hashes of what it gives of them."""
    found = {}
    with server.client() as http:
        for item in http.get("/files", params={"limit": 100}).json()["items"]:
            details = http.get(f"/files/{item['id']}").json()
            contents = [http.get(details[name]).content for name in ("original_url", "thumbnail_url")]
            hashes = [hashlib.sha256(content).hexdigest() for content in contents]
            found[item["id"]] = [details["title"], details["upload_description"], details["hash"], *hashes]
    return found


def test_backup_of_a_running_server_is_restored_whole(site: Site) -> None:
    ids = [site.upload(number) for number in range(3)]
    with site.server.client() as http:
        http.post("/webhooks", json={"url": "https://example.com/hook", "events": ["file.described"]})
    first = site.backup()
    assert (first["missing"], first["damaged"], first["read_objects"]) == ([], [], first["objects"])
    assert "as it was" in site.check()
    before, key = everything(site.server), site.server.api_key

    done = site.restore()
    assert done.returncode == 0, done.stderr
    assert f"{first['objects']} objects" in done.stdout and f"{first['rows']} records" in done.stdout
    restored = second_server(site).start()
    try:
        assert set(before) == set(ids) and everything(restored) == before
        assert restored.api_key == key
        # What is made there is numbered on, and searched.
        newcomer = Site(site.folder, restored).upload(7)
        with restored.client() as http:
            found = http.get("/files", params={"search": '"No 7"'}).json()["items"]
        assert [item["id"] for item in found] == [newcomer]
        assert not (site.second / "RESTORING").exists()
    finally:
        restored.stop()
    doctor = command(site.second, "doctor", "--json", **site.other)
    parts = {one["part"]: one for one in json.loads(doctor.stdout)["findings"]}
    assert parts["counts"]["verdict"] == "ok" and "restored" in parts["records"]["message"]


def test_backup_again_reads_only_what_is_new(site: Site) -> None:
    site.upload(1)
    first = site.backup()
    site.upload(2)
    second = site.backup()
    assert 0 < second["read_objects"] == second["objects"] - first["objects"]
    assert site.backup()["read_objects"] == 0
    assert "as it was" in site.check()


def test_backups_beyond_those_to_keep_are_removed_with_what_only_they_had(embedded: Site) -> None:
    gone = embedded.upload(1)
    embedded.backup()
    embedded.upload(2)
    with embedded.server.client() as http:
        assert http.delete(f"/files/{gone}").status_code == 200
    embedded.server.setup.rows(
        "UPDATE files SET deleted_at = '2020-01-01T00:00:00.000000Z' WHERE deleted_at IS NOT NULL"
    )
    assert embedded.server.run("sweep").returncode == 0
    embedded.backup()
    last = embedded.backup("--keep", "1")
    assert last["removed_backups"] == 2 and last["freed_bytes"] > 0
    assert "as it was" in embedded.check()
    assert embedded.restore().returncode == 0


def killed(words: list[str], settings: dict[str, str], is_in_the_middle: Any) -> None:
    """Run a command, and kill it once it is in the middle."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, stdout=quiet, stderr=quiet, env=environment_with(settings))
    deadline = time.monotonic() + 120
    while not is_in_the_middle():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_backup_killed_in_the_middle_leaves_the_last_good_one_and_goes_on(embedded: Site) -> None:
    embedded.upload(1)
    good = embedded.backup()
    embedded.add_many()
    objects = embedded.backups / "objects"
    words = embedded.words("backup", str(embedded.backups), data_dir=embedded.server.data_dir)
    killed(words, embedded.server.setup.settings, lambda: len(list(objects.glob("*/*"))) > MANY / 2)
    assert (embedded.backups / "snapshots/unfinished").exists()
    assert "as it was" in embedded.check()
    listed = command(embedded.folder, "backups", str(embedded.backups), "--json")
    assert [one["snapshot"] for one in json.loads(listed.stdout)["backups"]] == [good["snapshot"]]

    rest = embedded.backup()
    assert rest["objects"] >= MANY and rest["read_objects"] < MANY
    assert "as it was" in embedded.check()
    # The last good one, as long as it is kept, restores to what it was.
    done = embedded.restore("--backup", good["snapshot"], "--json")
    assert json.loads(done.stdout)["objects"] == good["objects"]


def test_restore_killed_in_the_middle_goes_on_and_no_server_starts_meanwhile(embedded: Site) -> None:
    embedded.upload(1)
    embedded.add_many()
    whole = embedded.backup()
    before = everything(embedded.server)
    objects = embedded.second / "storage/objects"
    words = embedded.words("restore", str(embedded.backups), data_dir=embedded.second)
    killed(words, {}, lambda: len(list(objects.glob("*/*/*/*"))) > MANY / 3)
    refused = command(embedded.second, "tenants", "list")
    assert refused.returncode == 1
    start = subprocess.run(
        embedded.words("serve", "--port", "0", data_dir=embedded.second),
        capture_output=True, text=True, timeout=60, env=environment_with({}),
    )  # fmt: skip
    assert start.returncode == 1 and "half restored" in start.stderr

    done = embedded.restore("--json")
    assert done.returncode == 0, done.stderr
    rest = json.loads(done.stdout)
    assert rest["there"] > 0 and rest["there"] + rest["objects"] == whole["objects"]
    with serving(embedded.second) as restored:
        assert everything(restored) == before


def test_restore_overwrites_nothing(site: Site) -> None:
    site.upload(1)
    site.backup()
    refused = site.server.run("restore", str(site.backups))
    assert refused.returncode == 1 and "already" in refused.stderr
    assert site.restore().returncode == 0
    again = site.restore()
    assert again.returncode == 1 and "already" in again.stderr


def test_restore_of_damaged_pieces_says_which_and_brings_back_the_others(embedded: Site) -> None:
    embedded.upload(1)
    embedded.upload(2)
    embedded.backup()
    original = next(embedded.server.data_dir.glob("storage/objects/*/*/*/original*"))
    sha256 = hashlib.sha256(original.read_bytes()).hexdigest()
    kept = embedded.backups / "objects" / sha256[:2] / sha256
    kept.write_bytes(b"x" * kept.stat().st_size)
    assert "damaged" in embedded.check(code=1)
    done = embedded.restore("--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["damaged"] == [
        str(original.relative_to(embedded.server.data_dir / "storage/objects"))
    ]


def test_backup_names_originals_that_are_missing_or_damaged_in_the_store(embedded: Site) -> None:
    embedded.upload(1)
    embedded.upload(2)
    gone, changed = sorted(embedded.server.data_dir.glob("storage/objects/*/*/*/original*"))
    gone.unlink()
    changed.write_bytes(b"changed")
    done = embedded.backup(code=1)
    objects = embedded.server.data_dir / "storage/objects"
    assert done["missing"] == [str(gone.relative_to(objects))]
    assert done["damaged"] == [str(changed.relative_to(objects))]


def test_sweep_after_a_restore_removes_nothing_that_came_after_the_backup(embedded: Site) -> None:
    """The database is lost, its store is not: what came after the backup is in the store without a record."""
    embedded.upload(1)
    embedded.backup()
    late = embedded.upload(2)
    embedded.server.stop()
    for path in embedded.server.data_dir.glob("scopix.db*"):
        path.unlink()
    # The operator moves the store of the lost server into the restored one's folder.
    assert embedded.restore().returncode == 0
    for path in (embedded.server.data_dir / "storage/objects").glob(f"*/*/{late}/*"):
        target = embedded.second / path.relative_to(embedded.server.data_dir)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    kept = list(embedded.second.glob(f"storage/objects/*/*/{late}/*"))
    assert kept
    assert cleared(embedded.second) == 0 and all(path.exists() for path in kept)
    assert command(embedded.second, "records", "accept", "--yes").returncode == 0
    assert cleared(embedded.second) == len(kept)


def cleared(data_dir: Path) -> int:
    """Remove what no file has, as if the day after tomorrow had come; return how many objects that were."""
    settings, day = Settings(data_dir=data_dir), timedelta(days=1)
    database, jobs = SqlDatabase(create_engine(settings.database_address)), DbosQueue(settings.database_address)
    retention = Retention(30 * day, 30 * day, 7 * day, answers=day, orphans=day)
    later = datetime.now(UTC) + 2 * day
    try:
        return Sweeper(database, Storage(settings, "command").own, jobs, retention, now=lambda: later).clear().orphans
    finally:
        jobs.close()
        database.close()


def test_a_backup_folder_is_nobody_elses(embedded: Site) -> None:
    embedded.backups.mkdir()
    (embedded.backups / "letter.txt").write_text("dear")
    refused = embedded.server.run("backup", str(embedded.backups))
    assert refused.returncode == 1 and "nor empty" in refused.stderr
    assert [path.name for path in embedded.backups.iterdir()] == ["letter.txt"]


def test_backup_of_a_bucket_is_restored_into_it_and_into_an_empty_one(tmp_path: Path) -> None:
    """The bucket outlives its database: what is there as it was stays, what is gone comes back."""
    s3 = shared_s3()
    here, empty = (bucket_settings(s3, s3.new_bucket()) for _ in range(2))
    with serving(tmp_path / "first", **here) as server:
        site = Site(tmp_path, server, here)
        site.upload(1)
        site.upload(2)
        done = command(server.data_dir, "backup", str(site.backups), "--json", **here)
        assert done.returncode == 0, done.stderr
        taken = json.loads(done.stdout)
    gone = next(iter(s3.keys(here["s3_bucket"])))
    s3.client().delete_object(Bucket=here["s3_bucket"], Key=gone)
    into_it = site.restore("--json")
    assert into_it.returncode == 0, into_it.stderr
    assert json.loads(into_it.stdout)["there"] >= taken["objects"] - 1
    assert set(s3.keys(here["s3_bucket"])) >= {gone} - {MARK_KEY}
    other = command(tmp_path / "third", "restore", str(site.backups), "--json", **empty)
    assert json.loads(other.stdout)["objects"] == taken["objects"], other.stderr
