"""Run the command line in this process, against the SDK tests' server."""

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

Run = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    faulty = FaultyServer()
    faulty.start()
    yield faulty
    faulty.stop()


@pytest.fixture
def run(server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("show", "x", columns=120)`: arguments, and variables to change for it (None takes one away)."""
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
        "COLUMNS": "80",
    }

    def run_it(*arguments: Any, **variables: str | None) -> Result:
        return CliRunner(env={**standard, **variables}).invoke(app, [str(argument) for argument in arguments])

    return run_it


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Seven small pictures."""
    paths = [tmp_path / f"photo{number}.png" for number in range(7)]
    for path in paths:
        path.write_bytes(PNG)
    return paths
