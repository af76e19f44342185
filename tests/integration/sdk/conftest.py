"""The misbehaving server, and pictures to send to it."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopix._context import _correlation_id
from tests.integration.sdk.faulty_server import FaultyServer

# One pixel, a whole PNG.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    faulty = FaultyServer()
    faulty.start()
    yield faulty
    faulty.stop()


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(PNG)
    return path


@pytest.fixture(autouse=True)
def clean_context() -> Iterator[None]:
    """A correlation id set by a synchronous test would stay with the thread, and so with all tests after it."""
    token = _correlation_id.set(None)
    yield
    _correlation_id.reset(token)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("SCOPIX_")]:
        monkeypatch.delenv(name)
