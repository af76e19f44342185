"""What had its time is removed, by the worker and by command, and a kill -9 at any moment loses nothing that stays.

The moments of the kills are drawn from a seed: replay a run with SWEEP_SEED; SWEEP_FILES=1000 makes it longer.
"""

import hashlib
import json
import os
import random
import subprocess
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from tests.support.images import encoded, picture
from tests.support.server import ServerProcess
from tests.support.setup import setup_of

FILES = int(os.environ.get("SWEEP_FILES", "240"))
SEED = int(os.environ.get("SWEEP_SEED", str(random.SystemRandom().randrange(10**6))))
LONG_AGO = datetime.now(UTC) - timedelta(days=31)


def upload(http: httpx2.Client, data: bytes) -> str:
    answer = http.post("/files/upload", files={"file": ("a.png", data)}, data={"auto_describe": "false"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["image_id"])


def backdate(server: ServerProcess, table: str, column: str, ids: list[str]) -> None:
    """Write, in the database itself, that something happened long ago."""
    text, places = LONG_AGO.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), ",".join("?" * len(ids))
    server.setup.rows(f"UPDATE {table} SET {column} = ? WHERE id IN ({places})", text, *ids)


def make_orphan(server: ServerProcess, at: datetime) -> Path:
    file_id = str(uuid.uuid4())
    path = server.data_dir / "storage" / "objects" / str(uuid.uuid4()) / file_id[:2] / file_id / "original.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"whose process died between its rename and its row")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def sweep(data_dir: Path, *options: str) -> dict:
    done = setup_of(data_dir).run("sweep", "--json", *options)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.embedded("objects in a bucket cannot be backdated")
def test_the_worker_sweeps_by_itself(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", worker_processes="1", sweep_minutes="0").start().wait_until_ready()
    with server.client() as http:
        kept, deleted = (upload(http, encoded(picture(seed=n))) for n in (1, 2))
        answer = http.post("/files/upload/batch", files={"files": ("b.png", encoded(picture(seed=3)))})
        session = answer.json()["session_id"]
        http.get(f"/files/upload/sessions/{session}?wait=20")
        http.delete(f"/files/{deleted}")
    assert server.stop() == 0
    backdate(server, "files", "deleted_at", [deleted])
    backdate(server, "sessions", "updated_at", [session])
    server.setup.rows("DELETE FROM session_events")  # as if they were of then
    old, young = make_orphan(server, LONG_AGO), make_orphan(server, datetime.now(UTC))

    server = ServerProcess(tmp_path / "data", worker_processes="1", sweep_minutes="0.005").start()
    with server.client() as http:
        deadline = time.monotonic() + 90
        while http.get(f"/files/upload/sessions/{session}").status_code == 200 or old.exists():
            assert time.monotonic() < deadline, server.log
            time.sleep(0.2)
        assert http.post(f"/files/{deleted}/restore").status_code == 404
        assert http.get(f"/files/{kept}").status_code == 200
        assert http.get("/files").json()["total_count"] == 2
    assert young.exists()
    assert not list((server.data_dir / "storage" / "objects").rglob(f"{deleted}/*"))
    assert server.stop() == 0
    assert "removed what had its time" in server.log


@pytest.mark.embedded("objects in a bucket cannot be backdated")
def test_the_command_tells_before_it_removes_and_runs_beside_a_server(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", worker=False).start()
    with server.client() as http:
        deleted = upload(http, encoded(picture()))
        http.delete(f"/files/{deleted}")
        backdate(server, "files", "deleted_at", [deleted])
        orphan = make_orphan(server, LONG_AGO)
        told = sweep(server.data_dir, "--dry-run")
        assert (told["dry_run"], told["files"], told["orphans"]) == (True, 1, 1)
        assert orphan.exists()
        done = sweep(server.data_dir)
        assert (done["files"], done["objects"], done["orphans"]) == (1, 1, 1)
        assert http.post(f"/files/{deleted}/restore").status_code == 404
    assert server.stored_objects() == []
    assert server.stop() == 0
    assert not any(sweep(server.data_dir)[name] for name in ("files", "orphans", "jobs", "leftovers"))


def test_a_purge_that_is_killed_again_and_again_loses_nothing_that_stays(tmp_path: Path) -> None:
    print(f"SWEEP_SEED={SEED} SWEEP_FILES={FILES}")
    chance = random.Random(SEED)
    server = ServerProcess(tmp_path / "data", worker=False).start()
    content: dict[str, str] = {}
    with server.client() as http:
        for number in range(FILES):
            data = encoded(picture(24, 24, seed=1000 + number))
            content[upload(http, data)] = hashlib.sha256(data).hexdigest()
        ids = list(content)
        chance.shuffle(ids)
        most, some = FILES * 2 // 3, FILES // 6
        doomed, restorable, kept = ids[:most], ids[most : most + some], ids[most + some :]
        for some in (doomed, restorable):
            for start in range(0, len(some), 100):
                http.post("/files/batch-delete", json={"file_ids": some[start : start + 100]})
    assert server.stop() == 0
    backdate(server, "files", "deleted_at", doomed)

    kills = 0
    while (left := count_deleted(server)) > 0:
        process = subprocess.Popen(
            server.setup.command("sweep"),
            env=server.setup.environment({}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Kill it a moment after it began to remove; a portion has 50 files.
        while process.poll() is None and count_deleted(server) == left:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.03)
        kills += process.poll() is None
        process.kill()
        process.wait()
        expire_lease(server)
    assert kills >= 2

    server.start()
    with server.client() as http:
        for file_id in restorable:
            assert http.post(f"/files/{file_id}/restore").status_code == 200
        for file_id in [*kept, *restorable]:
            found = http.get(f"/files/{file_id}/download", follow_redirects=True)
            assert hashlib.sha256(found.content).hexdigest() == content[file_id]
        assert http.get("/files").json()["total_count"] == len(kept) + len(restorable)
        for file_id in doomed:
            assert http.post(f"/files/{file_id}/restore").status_code == 404
    assert server.stop() == 0

    # What the kills left in storage belongs to no file any more; when it is old, it is found.
    server.setup.clear()
    assert {path.parent.name for path in server.stored_objects()} == set(kept) | set(restorable)


def count_deleted(server: ServerProcess) -> int:
    text = (LONG_AGO + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    ((count,),) = server.setup.rows("SELECT count(*) FROM files WHERE deleted_at < ?", text)
    return int(count)


def expire_lease(server: ServerProcess) -> None:
    """Let the five minutes pass for which a process that died still holds the task."""
    server.setup.rows("UPDATE chores SET held_until = '2000'")
