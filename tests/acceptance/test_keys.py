"""Keys and tenants, on the command line and over the API."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.support.server import ServerProcess


def run(data_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scopix_server", *arguments, "--data-dir", str(data_dir)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **settings}
    )


def last_line(data_dir: Path, *arguments: str) -> str:
    done = run(data_dir, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def client_of(server: ServerProcess, key: str) -> httpx2.Client:
    return httpx2.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {key}"}, timeout=60)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> ServerProcess:
    running = ServerProcess(tmp_path_factory.mktemp("keys"), worker=False).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def other_key(server: ServerProcess) -> str:
    """The admin key of a second tenant."""
    last_line(server.data_dir, "tenants", "create", "--name", "other", "--plan", "starter")
    return last_line(server.data_dir, "keys", "create", "--name", "theirs", "--tenant", "other")


# On the command line --------------------------------------------------------------------------------------------------


def test_a_second_tenant_gets_keys_of_its_own(server: ServerProcess, other_key: str) -> None:
    with client_of(server, other_key) as other:
        assert other.get("/files").status_code == 200
    tenants = run(server.data_dir, "tenants", "list").stdout
    assert [line.split()[1:3] for line in tenants.splitlines()] == [
        ["NAME", "PLAN"],
        ["default", "default"],
        ["other", "starter"],
    ]


def test_keys_are_listed_without_their_secrets(server: ServerProcess, other_key: str) -> None:
    listed = run(server.data_dir, "keys", "list").stdout
    assert other_key not in listed
    assert server.api_key not in listed
    (line,) = [line for line in listed.splitlines() if other_key[:15] in line]
    assert line.split()[:4] == ["other", other_key[:15], "theirs", "admin"]
    assert line.endswith("active")
    assert other_key[:15] not in run(server.data_dir, "keys", "list", "--tenant", "default").stdout


@pytest.mark.parametrize("whole", [True, False])
def test_a_revoked_key_is_refused_at_once(server: ServerProcess, whole: bool) -> None:
    key = last_line(server.data_dir, "keys", "create", "--name", "lost", "--scope", "read", "--scope", "usage:write")
    with client_of(server, key) as client:
        assert client.get("/files").status_code == 200
        done = run(server.data_dir, "keys", "revoke", key if whole else key[:15], "--reason", "left in a train")
        assert done.returncode == 0
        assert key not in done.stdout
        refused = client.get("/files")
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "DEACTIVATED_API_KEY"
    (line,) = [line for line in run(server.data_dir, "keys", "list").stdout.splitlines() if key[:15] in line]
    assert "read,usage:write" in line
    assert line.endswith("deactivated")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["keys", "create", "--name", "x", "--tenant", "nobody"], "no tenant 'nobody'"),
        (["keys", "create", "--name", " "], "1 to 255 characters"),
        (["keys", "revoke", "scopix_nobody00"], "no key 'scopix_nobody00'"),
        (["tenants", "create", "--name", "default"], "a tenant 'default' already"),
        (["tenants", "create", "--name", "x", "--plan", "gold"], "no plan 'gold'"),
        (["tenants", "set-plan", "nobody", "--plan", "free"], "no tenant 'nobody'"),
    ],
)
def test_mistakes_are_told_in_words(server: ServerProcess, arguments: list[str], told: str) -> None:
    refused = run(server.data_dir, *arguments)
    assert refused.returncode == 1
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr


def test_plans_that_cannot_be_read_are_told_in_words(tmp_path: Path) -> None:
    for plans in ("{", '{"gold": {}}', str(tmp_path / "missing.json")):
        refused = run(tmp_path, "serve", "--port", "0", SCOPIX_PLANS=plans)
        assert refused.returncode == 1
        assert "SCOPIX_PLANS cannot be used" in refused.stderr
        assert "Traceback" not in refused.stderr
