"""`scopix login`: keys that need not be given again, in a file that nobody else can read; and completion."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import Result

from tests.integration.cli.conftest import Run
from tests.integration.cli.files import json_lines
from tests.support.inprocess import InProcessServer, serving

NOTHING = {"SCOPIX_API_KEY": None, "SCOPIX_BASE_URL": None, "SCOPIX_DATA_DIR": None}
SCOPIX = [sys.executable, "-c", "from scopix.cli import main; main()"]


@pytest.fixture
def bare(run: Run, tmp_path: Path) -> Run:
    """As `run`, without variables that name a server."""

    def run_it(*arguments: object, **variables: str | None) -> Result:
        return run(*arguments, **{**NOTHING, "XDG_DATA_HOME": str(tmp_path / "share"), **variables})

    return run_it


def test_a_key_is_kept_and_used(bare: Run, scopix_server: InProcessServer, tmp_path: Path) -> None:
    # The path of the API may be left out.
    done = bare("login", scopix_server.root, "--key-stdin", stdin=f" {scopix_server.api_key} \n")
    assert done.exit_code == 0, done.stderr
    assert scopix_server.api_key not in done.stdout + done.stderr
    (path,) = (tmp_path / "config").rglob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert bare("list", "--json", "--limit", "1").exit_code == 0
    (kept,) = json_lines(bare("profiles", "--json").stdout)
    assert kept == {"name": "default", "base_url": scopix_server.base_url, "is_default": True}
    assert bare("logout").exit_code == 0
    assert bare("list").exit_code == 3
    assert "scopix login" in bare("profiles").stderr


def test_several_profiles(bare: Run, scopix_server: InProcessServer, tmp_path: Path) -> None:
    address = scopix_server.base_url
    key = scopix_server.api_key
    with serving(tmp_path / "other", worker=False) as other:
        assert bare("login", address, "--key-stdin", stdin=key).exit_code == 0
        done = bare("--profile", "office", "login", other.base_url, "--key-stdin", stdin=other.api_key)
        assert done.exit_code == 0, done.stderr
        (found,) = json_lines(bare("keys", "--json", SCOPIX_PROFILE="office").stdout)
        assert other.api_key.startswith(found["key_prefix"])
        assert bare("profiles", "--use", "office").exit_code == 0
        assert [line.split()[-1] for line in bare("profiles").stdout.splitlines() if "*" in line] == [other.base_url]
        (found,) = json_lines(bare("keys", "--json").stdout)
        assert other.api_key.startswith(found["key_prefix"])
        # Variables win over what is kept; a profile that is named, over variables.
        here = {"SCOPIX_API_KEY": key, "SCOPIX_BASE_URL": address}
        prefixes = [one["key_prefix"] for one in json_lines(bare("keys", "--json", **here).stdout)]
        assert any(key.startswith(prefix) for prefix in prefixes)
        (found,) = json_lines(bare("--profile", "office", "keys", "--json", **here).stdout)
        assert other.api_key.startswith(found["key_prefix"])


def test_a_key_is_sent_to_its_own_server_only(bare: Run, scopix_server: InProcessServer) -> None:
    assert bare("login", scopix_server.base_url, "--key-stdin", stdin=scopix_server.api_key).exit_code == 0
    elsewhere = "https://elsewhere.example/api/v2"
    assert bare("--base-url", elsewhere, "list").exit_code == 3  # no key for it
    named = bare("--profile", "default", "--base-url", elsewhere, "list")
    assert named.exit_code == 2 and elsewhere in named.stderr


def test_what_cannot_be_kept(bare: Run, scopix_server: InProcessServer, tmp_path: Path) -> None:
    wrong = bare("login", scopix_server.base_url, "--key-stdin", stdin=f"scopix_{'a' * 51}")
    assert wrong.exit_code == 3 and "refused the key" in wrong.stderr
    assert not list((tmp_path / "config").rglob("*.json"))
    assert "--key-stdin" in bare("login", scopix_server.base_url).stderr
    missing = bare("--profile", "nobody", "list")
    assert missing.exit_code == 2 and "scopix --profile nobody login" in missing.stderr
    blocked = tmp_path / "blocked"
    blocked.write_text("no folder")
    full = {"XDG_CONFIG_HOME": str(blocked)}
    done = bare("login", scopix_server.base_url, "--key-stdin", stdin=scopix_server.api_key, **full)
    assert done.exit_code != 0 and "profiles.json" in done.stderr


def test_without_a_home(scopix_server: InProcessServer, tmp_path: Path) -> None:
    """A user without a home, and without a name: variables are enough, and a login says what it needs."""
    variables = {"SCOPIX_API_KEY": scopix_server.api_key, "SCOPIX_BASE_URL": scopix_server.base_url}
    code = "import pwd; pwd.getpwuid = lambda _: (_ for _ in ()).throw(KeyError()); from scopix.cli import main; main()"

    def program(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], **more}
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, input="")

    done = program("list", "--json", "--limit", "1", **variables)
    assert done.returncode == 0, done.stderr
    done = program("login", **variables)
    assert done.returncode == 2 and "XDG_CONFIG_HOME" in done.stderr
    done = program("login", XDG_CONFIG_HOME=str(tmp_path / "config"), **variables)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, tmp_path: Path) -> None:
    """Typer's own: what the shell is given knows the commands and their options."""
    words = {"bash": {"COMP_WORDS": "scopix up", "COMP_CWORD": "1"}}.get(
        shell, {"_TYPER_COMPLETE_ARGS": "scopix up", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    )
    code = "import sys; sys.argv[0] = 'scopix'; from scopix.cli import main; main()"
    environment = {**os.environ, **words, "_SCOPIX_COMPLETE": f"complete_{shell}"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "upload" in done.stdout, done.stderr
