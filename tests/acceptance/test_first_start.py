"""The first start, the keys, and the way the server ends."""

import json
import stat
from pathlib import Path

import httpx2
import pytest

from tests.support.server import ServerProcess
from tests.support.setup import setup_of


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_the_first_start_prints_the_key_once_and_keeps_only_its_hash(data_dir: Path) -> None:
    server = ServerProcess(data_dir, worker=False).start()
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
def test_secrets_and_pictures_are_for_this_user_alone(data_dir: Path) -> None:
    server = ServerProcess(data_dir, worker=False).start()
    server.stop()
    for path in [data_dir / "credentials.json", data_dir / "link-secret"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for path in [data_dir / "scopix.db", data_dir / "storage"]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    kept = json.loads((data_dir / "credentials.json").read_text())
    assert kept["base_url"] == server.base_url


def test_keys_create_prints_a_working_key_alone_on_the_last_line(data_dir: Path) -> None:
    server = ServerProcess(data_dir, worker=False).start()
    made = setup_of(data_dir).run("keys", "create", "--name", "laptop", "--scope", "read")
    assert made.returncode == 0, made.stderr
    key = made.stdout.splitlines()[-1]
    assert key.startswith("scopix_")
    assert " " not in key
    with httpx2.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {key}"}) as reader:
        assert reader.get("/files").status_code == 200
        refused = reader.post("/files/upload", files={"file": ("a.png", b"x")})
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "AUTHZ_ERROR"
    server.stop()


def test_keys_create_works_before_the_first_start(data_dir: Path) -> None:
    key = setup_of(data_dir).run("keys", "create", "--name", "early").stdout.splitlines()[-1]
    server = ServerProcess(data_dir, worker=False).start()
    with httpx2.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {key}"}) as client:
        assert client.get("/files").status_code == 200
    server.stop()


def test_a_scope_that_is_none_is_refused(data_dir: Path) -> None:
    refused = setup_of(data_dir).run("keys", "create", "--name", "x", "--scope", "owner")
    assert refused.returncode == 1
    assert "no scope 'owner'" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.embedded("several servers may share a PostgreSQL database")
def test_a_second_server_on_the_same_data_is_refused(data_dir: Path) -> None:
    server = ServerProcess(data_dir, worker=False).start()
    refused = setup_of(data_dir).run("serve", "--port", "0")
    assert refused.returncode == 1
    assert "Another server is already running" in refused.stderr
    server.stop()


def test_a_port_in_use_is_told_in_words(data_dir: Path, tmp_path: Path) -> None:
    server = ServerProcess(data_dir, worker=False).start()
    port = server.root.rsplit(":", 1)[1]
    refused = setup_of(tmp_path / "other").run("serve", "--port", port)
    assert refused.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in refused.stderr
    assert "Traceback" not in refused.stderr
    server.stop()


def test_health_and_readiness_need_no_key(data_dir: Path) -> None:
    server = ServerProcess(data_dir, worker=False).start()
    assert httpx2.get(f"{server.root}/health").json() == {"status": "ok", "version": "2.0.0"}
    answer = httpx2.get(f"{server.root}/ready")
    assert answer.status_code == 503
    error = answer.json()["error"]
    assert error["code"] == "SERVICE_UNAVAILABLE"
    assert "describer: No worker" in error["message"]
    ready = error["details"]
    assert (ready["database"], ready["storage"], ready["queue"], ready["describer"]) == (True, True, True, False)
    assert "No worker" in ready["problems"]["describer"]
    server.stop()


def test_the_api_page_loads_nothing_from_elsewhere(data_dir: Path) -> None:
    server = ServerProcess(data_dir, worker=False).start()
    page = httpx2.get(f"{server.root}/docs")
    assert page.status_code == 200
    assert "http://" not in page.text.replace(server.root, "")
    assert "https://" not in page.text
    description = httpx2.get(f"{server.base_url}/openapi.json").json()
    assert "/api/v2/files/upload" in description["paths"]
    server.stop()
