"""Ctrl-C: what was done is shown, the rest is counted, and the exit code says so."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.integration.sdk.batches import BatchScopix
from tests.integration.sdk.faulty_server import Hang
from tests.integration.sdk.keys import KEY


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_an_interrupt_leaves_the_totals(server, photos, tmp_path):
    BatchScopix(server, max_files=2)
    server.routes["POST /api/v2/files/upload/batch"] = lambda _: Hang()
    process = subprocess.Popen(
        [sys.executable, "-c", "from scopix.cli import main; main()", "upload", *map(str, photos)],
        env={**os.environ, "SCOPIX_API_KEY": KEY, "SCOPIX_BASE_URL": server.base_url},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not any(seen.method == "POST" for seen in server.seen) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "7 files: 2 interrupted, 5 not sent" in messages
    assert "Traceback" not in messages
