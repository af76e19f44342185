"""The web process does not grow with what is uploaded, nor with what it would be unpacked."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.images import padded_png, png_bomb
from tests.support.server import ServerProcess

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
MIB = 1024 * 1024
ALLOWED = 40 * MIB


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path_factory.mktemp("memory") / "data", worker=False).start()
    yield running
    running.stop()


def peak_of(process: psutil.Process) -> int:
    """The most memory the process ever had resident, in bytes (VmHWM)."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


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


def test_a_decompression_bomb_is_refused_on_its_header(server: ServerProcess) -> None:
    process, bomb = psutil.Process(server.pid), png_bomb()
    assert len(bomb) < 150_000
    with server.client() as client:
        assert client.get("/files").status_code == 200
        Path(f"/proc/{server.pid}/clear_refs").write_text("5")
        before = process.memory_info().rss
        answer = client.post("/files/upload", files={"file": ("bomb.png", bomb)})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["details"]["issue"]) == ("VALIDATION_ERROR", "too_many_pixels")
    assert (error["details"]["width"], error["details"]["height"]) == (30_000, 30_000)
    assert peak_of(process) - before < ALLOWED
