"""Uploads stream: the web process does not grow with them."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.images import padded_png
from tests.support.server import ServerProcess

MIB = 1024 * 1024
ALLOWED = 40 * MIB


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path / "data", worker=False).start()
    yield running
    running.stop()


def peak_of(process: psutil.Process) -> int:
    """The most memory the process ever had resident, in bytes (VmHWM)."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_a_100_mb_upload_needs_less_than_40_mb(server: ServerProcess) -> None:
    process = psutil.Process(server.pid)
    with server.client() as client:
        # The first request loads what every request needs.
        assert client.post("/files/upload", files={"file": ("s.png", padded_png(100_000))}).status_code == 201
        Path(f"/proc/{server.pid}/clear_refs").write_text("5")
        before = process.memory_info().rss
        image = padded_png(100 * MIB)
        response = client.post("/files/upload", files={"file": ("big.png", image)})
    assert response.status_code == 201, response.text
    assert response.json()["size_bytes"] == 100 * MIB
    assert peak_of(process) - before < ALLOWED
