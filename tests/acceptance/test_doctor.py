"""`scopix-server doctor`, beside a running server, before the first start, and where something is wrong."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import command
from tests.support.images import encoded, picture
from tests.support.server import ServerProcess
from tests.support.setup import setup_of


def doctor(data_dir: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return command(data_dir, "doctor", *options, **setup_of(data_dir).settings | settings)


def examine(data_dir: Path, **settings: str) -> tuple[int, dict[str, dict]]:
    """The exit code, and what was found by part."""
    done = doctor(data_dir, "--json", **settings)
    report = json.loads(done.stdout)
    assert report["healthy"] == (done.returncode == 0)
    return done.returncode, {finding["part"]: finding for finding in report["findings"]}


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """The data folder of a server that has been started and stopped, with one file that waits."""
    server = ServerProcess(tmp_path / "data", worker=False).start()
    with server.client() as http:
        http.post("/files/upload", files={"file": ("a.png", encoded(picture()))})
    assert server.stop() == 0
    return tmp_path / "data"


def test_all_is_well_beside_a_running_server(server: ServerProcess) -> None:
    server.wait_until_ready()
    before = set(server.stored_objects())
    code, found = examine(server.data_dir)
    assert code == 0
    wrong = {part: finding for part, finding in found.items() if finding["verdict"] != "ok"}
    assert not wrong
    assert set(found) == {
        *("settings", "database", "storage", "stored files", "records", "counts", "queue"),
        *("workers", "models", "engine", "scripts", "other engines", "disk", "clock"),
    }
    assert "written and read" in found["database"]["message"]
    assert " at work: " in found["workers"]["message"]
    assert {path for path in server.stored_objects() if "doctor" in str(path)} == set()
    assert before <= set(server.stored_objects())
    assert not any("doctor" in name for (name,) in server.setup.rows("SELECT name FROM chores"))


def test_answers_that_are_made_up_are_told(tmp_path: Path) -> None:
    _, found = examine(tmp_path / "new", analyzer="scripted")
    assert found["engine"]["verdict"] == "warning"
    assert "SCOPIX_ANALYZER is scripted" in found["engine"]["message"]


@pytest.mark.embedded("the database is a file")
def test_before_the_first_start_it_makes_no_database(tmp_path: Path) -> None:
    done = doctor(tmp_path / "new")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning  database" in done.stdout
    assert "ok       engine" in done.stdout
    assert not (tmp_path / "new" / "scopix.db").exists()


def test_files_that_wait_for_nobody_are_a_failure(stopped: Path) -> None:
    code, found = examine(stopped, analyzer="scripted")
    assert code == 1
    assert found["workers"]["verdict"] == "failed"
    assert "1 files wait and no worker is at work" in found["workers"]["message"]
    assert found["queue"]["message"] == "1 to describe"


def test_a_database_of_another_release(stopped: Path) -> None:
    rows = setup_of(stopped).rows
    rows("UPDATE alembic_version SET version_num = '0001'")
    code, found = examine(stopped, analyzer="scripted")
    assert (code, found["database"]["verdict"]) == (1, "failed")
    assert "is at 0001, a state from before release 2.0.0" in found["database"]["message"]
    assert rows("SELECT version_num FROM alembic_version") == [("0001",)]
    rows("UPDATE alembic_version SET version_num = '9999'")
    code, found = examine(stopped, analyzer="scripted")
    assert (code, found["database"]["verdict"]) == (1, "failed")
    assert "newer release" in found["database"]["message"]


@pytest.mark.embedded("the database is a file")
def test_what_is_broken_is_named_and_the_rest_is_tried_all_the_same(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "scopix.db").write_bytes(b"this is no database, and never was one" * 100)
    (data / "storage").write_text("a file where a folder should be")
    code, found = examine(
        data,
        reserved_disk_bytes=str(10**18),
        engine_url="http://127.0.0.1:9/v1",
        engine_model="none",
        plans='{"gold": {}}',
    )
    assert code == 1
    failed = {part for part, finding in found.items() if finding["verdict"] == "failed"}
    assert failed == {"settings", "database", "storage", "other engines", "disk"}
    assert found["engine"]["verdict"] == "ok"
    assert "gold" in found["settings"]["message"]


def test_a_setting_that_cannot_be_is_named_without_its_value(tmp_path: Path) -> None:
    done = doctor(tmp_path, metrics_token="short-secret", port="many")
    assert done.returncode == 1
    assert "SCOPIX_METRICS_TOKEN: " in done.stderr
    assert "SCOPIX_PORT: " in done.stderr
    assert "short-secret" not in done.stderr
    assert "Traceback" not in done.stderr
