"""The first start, the keys, and the way the server ends."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.commands import command
from tests.support.server import ServerProcess
from tests.support.setup import setup_of


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server as it is after its first start, for those tests that only look at it."""
    running = ServerProcess(tmp_path_factory.mktemp("first") / "data", worker=False, is_first=True).start()
    yield running
    assert running.stop() == 0


def test_the_first_start_prints_the_key_once_and_keeps_only_its_hash(data_dir: Path) -> None:
    server = ServerProcess(data_dir, worker=False, is_first=True).start()
    key = server.api_key
    assert sum(key in line for line in server.printed) == 1
    with server.client() as client:
        assert client.get("/files").json() == {
            "items": [],
            "total_count": 0,
            "has_more": False,
            "limit": 20,
            "offset": 0,
            "next_cursor": None,
            "search_notes": [],
            "total_is_minimum": False,
        }
    assert server.stop() == 0

    again = ServerProcess(data_dir, worker=False).start()
    assert not any("scopix_" in line for line in again.printed)
    assert again.api_key == key
    with again.client() as client:
        assert client.get("/files").status_code == 200
    assert again.stop() == 0

    for path in data_dir.rglob("*"):
        if path.is_file() and path.name != "credentials.json":
            assert key.encode() not in path.read_bytes(), path
    ((prefix, digest),) = server.setup.rows("SELECT key_prefix, key_hash FROM api_keys")
    assert key.startswith(prefix)
    assert len(digest) == 64


@pytest.mark.embedded("database and pictures are files")
def test_secrets_and_pictures_are_for_this_user_alone(server: ServerProcess) -> None:
    for path in [server.data_dir / "credentials.json", server.data_dir / "link-secret"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for path in [server.data_dir / "scopix.db", server.data_dir / "storage"]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    kept = json.loads((server.data_dir / "credentials.json").read_text())
    assert kept["base_url"] == server.base_url


def test_keys_create_prints_a_working_key_alone_on_the_last_line(server: ServerProcess) -> None:
    made = server.setup.run("keys", "create", "--name", "laptop", "--scope", "read")
    assert made.returncode == 0, made.stderr
    key = made.stdout.splitlines()[-1]
    assert key.startswith("scopix_")
    assert " " not in key
    with httpx2.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {key}"}) as reader:
        assert reader.get("/files").status_code == 200
        refused = reader.post("/files/upload", files={"file": ("a.png", b"x")})
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "AUTHZ_ERROR"


@pytest.mark.embedded("a PostgreSQL database is named by its address")
def test_keys_create_makes_no_database_of_its_own(tmp_path: Path) -> None:
    """A key of a new database in a folder named wrongly would open nobody's server."""
    refused = command(tmp_path / "wrong", "keys", "create", "--name", "early")
    assert refused.returncode == 1 and not refused.stdout
    assert str(tmp_path / "wrong") in refused.stderr and "--data-dir" in refused.stderr
    assert not (tmp_path / "wrong" / "scopix.db").exists()


def test_a_scope_that_is_none_is_refused(data_dir: Path) -> None:
    refused = command(data_dir, "keys", "create", "--name", "x", "--scope", "owner")
    assert refused.returncode == 1
    assert "no scope 'owner'" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.embedded("several servers may share a PostgreSQL database")
def test_a_second_server_on_the_same_data_is_refused(server: ServerProcess) -> None:
    refused = server.setup.run("serve", "--port", "0")
    assert refused.returncode == 1
    assert "Another server is already running" in refused.stderr


def test_a_port_in_use_is_told_in_words(server: ServerProcess, tmp_path: Path) -> None:
    port = server.root.rsplit(":", 1)[1]
    refused = setup_of(tmp_path / "other").run("serve", "--port", port)
    assert refused.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_health_and_readiness_need_no_key(server: ServerProcess) -> None:
    assert httpx2.get(f"{server.root}/health").json() == {"status": "ok", "version": "2.0.0"}
    answer = httpx2.get(f"{server.root}/ready")
    assert answer.status_code == 503
    error = answer.json()["error"]
    assert error["code"] == "SERVICE_UNAVAILABLE"
    assert "describer: No worker" in error["message"]
    ready = error["details"]
    assert (ready["database"], ready["storage"], ready["queue"], ready["describer"]) == (True, True, True, False)
    assert "No worker" in ready["problems"]["describer"]


def test_the_api_page_loads_nothing_from_elsewhere(server: ServerProcess) -> None:
    page = httpx2.get(f"{server.root}/docs")
    assert page.status_code == 200
    assert "http://" not in page.text.replace(server.root, "")
    assert "https://" not in page.text
    description = httpx2.get(f"{server.base_url}/openapi.json").json()
    assert "/api/v2/files/upload" in description["paths"]


def test_a_broken_category_stops_the_server_with_the_files_name(tmp_path: Path) -> None:
    (tmp_path / "categories").mkdir(parents=True)
    (tmp_path / "categories" / "broken.yaml").write_text("name: trail_map\nprompt: Trails.\nschema: {properties: {}}\n")
    command = [sys.executable, "-m", "scopix_server", "serve", "--port", "0", "--data-dir", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert "broken.yaml: title: Field required" in ended.stderr
    assert "Traceback" not in ended.stderr
