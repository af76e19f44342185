"""Run the command line in this process: against the SDK tests' misbehaving server, or against a real one."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from scopix.cli.app import app
from tests.integration.sdk.conftest import PNG
from tests.integration.sdk.faulty_server import FaultyServer
from tests.integration.sdk.keys import KEY
from tests.support.inprocess import InProcessServer, serving

Run = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    faulty = FaultyServer()
    faulty.start()
    yield faulty
    faulty.stop()


@pytest.fixture(scope="session")
def scopix_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    """A real server that looks at images, in this process; tests tell their files by a tag of their own."""
    folder = tmp_path_factory.mktemp("server")
    # The S3 server that a tenant's bucket is on runs on this machine, too.
    with serving(folder, analyzer="builtin", allowed_addresses="127.0.0.1") as running:
        yield running


@pytest.fixture
def real(run: Run, scopix_server: InProcessServer) -> Run:
    """As `run`, against the real server; `stdin="..."` is what the program reads there."""

    def run_it(*arguments: Any, **variables: Any) -> Result:
        address = {"SCOPIX_API_KEY": scopix_server.api_key, "SCOPIX_BASE_URL": scopix_server.base_url}
        return run(*arguments, **{**address, **variables})

    return run_it


@pytest.fixture
def run(server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("show", "x", COLUMNS="120")`: arguments, and variables to change for it (None takes one away)."""
    for name in [name for name in os.environ if name.startswith("SCOPIX_")]:
        monkeypatch.delenv(name)
    # The ledger of an upload is kept in the current directory.
    monkeypatch.chdir(tmp_path)
    standard = {
        "SCOPIX_API_KEY": KEY,
        "SCOPIX_BASE_URL": server.base_url,
        "SCOPIX_RETRY_DELAY": "0.001",
        "SCOPIX_POLLING_INTERVAL": "0.001",
        "SCOPIX_DATA_DIR": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "COLUMNS": "80",
    }

    def run_it(*arguments: Any, stdin: str | None = None, **variables: str | None) -> Result:
        runner = CliRunner(env={**standard, **variables})
        return runner.invoke(app, [str(argument) for argument in arguments], input=stdin)

    return run_it


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Seven small pictures."""
    paths = [tmp_path / f"photo{number}.png" for number in range(7)]
    for path in paths:
        path.write_bytes(PNG)
    return paths
