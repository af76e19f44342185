"""A direct upload whose client and server are killed; what else direct uploads do is tested in one process.

DIRECT_UPLOAD_MIB=1024 makes it larger than it is in CI.
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.test_memory import peak_of
from tests.integration.api.test_direct_uploads import MIB, waiting_parts
from tests.support.images import write_padded_png
from tests.support.server import ServerProcess

pytestmark = pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")
LARGE_MIB = int(os.environ.get("DIRECT_UPLOAD_MIB", "128"))


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server whose operator allows larger files."""
    limit = str(2 * LARGE_MIB * MIB)
    running = ServerProcess(tmp_path / "data", max_direct_upload_bytes=limit).start().wait_until_ready()
    yield running
    running.stop()


UPLOADER = """
import sys
from scopix import SyncScopix
from tests.acceptance.test_memory import peak_of
from psutil import Process
with SyncScopix(sys.argv[1], base_url=sys.argv[2], max_retries=8) as client:
    before = peak_of(Process())
    result = client.files.upload(sys.argv[3], auto_describe=False)
    print(result.to_dict())
    print(peak_of(Process()) - before)
"""


@pytest.mark.timeout(300 + LARGE_MIB)
def test_an_upload_that_is_killed_twice_goes_on_and_is_whole(roomy: ServerProcess, tmp_path: Path) -> None:
    path, size = tmp_path / "survey.png", LARGE_MIB * MIB + 77
    digest = write_padded_png(path, size)
    arrived = 0
    for _ in range(2):
        client = begin_upload(roomy, path)
        arrived = wait_for_more_parts(roomy, arrived, client)
        os.kill(client.pid, signal.SIGKILL)
        client.communicate()
    kept = {part: part.stat().st_mtime_ns for part in waiting_parts(roomy)}
    assert len(kept) >= 2
    # And once the server.
    client = begin_upload(roomy, path)
    wait_for_more_parts(roomy, arrived, client)
    assert kept.items() <= {part: part.stat().st_mtime_ns for part in waiting_parts(roomy)}.items(), "sent again"
    roomy.kill()
    roomy.start(roomy.port)
    started, at_rest = time.monotonic(), peak_of(psutil.Process(roomy.pid))
    out, _ = client.communicate(timeout=120 + LARGE_MIB)
    spent = time.monotonic() - started
    assert client.returncode == 0
    assert "'media_type': 'image'" in out
    assert "'status': 'completed'" in out
    client_grew, server_grew = int(out.split()[-1]) / MIB, (peak_of(psutil.Process(roomy.pid)) - at_rest) / MIB
    print(
        f"{LARGE_MIB} MiB: {spent:.0f} s from the last kill on, client {client_grew:.0f}, server {server_grew:.0f} MiB"
    )
    assert client_grew < 100
    assert server_grew < 100
    with roomy.client() as http:
        (file,) = http.get("/files").json()["items"]
        details = http.get(f"/files/{file['id']}").json()
        assert (details["size_bytes"], details["hash"]) == (size, digest)
        with http.stream("GET", f"/files/{file['id']}/download", follow_redirects=True) as download:
            downloaded = hashlib.sha256()
            for chunk in download.iter_bytes():
                downloaded.update(chunk)
    assert downloaded.hexdigest() == digest
    assert not waiting_parts(roomy)


def begin_upload(server: ServerProcess, path: Path) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-W", "ignore", "-c", UPLOADER, server.api_key, server.base_url, str(path)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def wait_for_more_parts(server: ServerProcess, known: int, client: subprocess.Popen[str]) -> int:
    deadline = time.monotonic() + 60 + LARGE_MIB / 10
    while time.monotonic() < deadline and client.poll() is None:
        if (arrived := len(waiting_parts(server))) > known:
            return arrived
        time.sleep(0.005)
    raise AssertionError(f"no further part arrived; the client ended with {client.poll()}")
