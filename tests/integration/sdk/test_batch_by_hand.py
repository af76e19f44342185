"""What the two clients do differently, and what it costs: tests that cannot be generated for both."""

import subprocess
import sys
import tracemalloc

import pytest

from scopix import Scopix, SyncScopix, set_correlation_id
from tests.integration.sdk.batches import BatchScopix
from tests.integration.sdk.conftest import PNG
from tests.integration.sdk.keys import KEY

QUICK = {"allow_insecure_http": True, "polling_interval": 0.001}
# The server shares the test's process, so the client whose memory is measured has its own.
UPLOAD = """
import sys, tracemalloc
from scopix import SyncScopix
with SyncScopix(sys.argv[3], base_url=sys.argv[2], allow_insecure_http=True) as client:
    client.files.check_quota()
    tracemalloc.start()
    results = client.files.upload_batch(sys.argv[1], wait_for_descriptions=False)
    print(len(results), tracemalloc.get_traced_memory()[1])
"""


async def test_the_progress_may_be_told_to_a_coroutine(server, png):
    BatchScopix(server, polls=2)
    seen = []

    async def hear(status):
        seen.append(status.progress_percentage)

    async with Scopix.from_env(api_key=KEY, base_url=server.base_url, **QUICK) as client:
        results = await client.files.upload_batch(png, wait_for_descriptions=False)
        assert (await client.files.wait_for_session(results.session_id, hear)).is_terminal
    assert len(seen) == 3


def test_the_synchronous_client_refuses_a_coroutine(server, png):
    BatchScopix(server)

    async def hear(_):
        raise AssertionError

    with SyncScopix.from_env(api_key=KEY, base_url=server.base_url, **QUICK) as client:
        results = client.files.upload_batch(png, wait_for_descriptions=False)
        with pytest.raises(TypeError, match="plain functions"):
            client.files.wait_for_session(results.session_id, hear)


def test_the_requests_of_all_threads_belong_together(server, tmp_path):
    BatchScopix(server, max_files=1)
    for number in range(8):
        (tmp_path / f"{number}.png").write_bytes(PNG)
    set_correlation_id("one-batch")
    with SyncScopix.from_env(api_key=KEY, base_url=server.base_url, **QUICK) as client:
        client.files.upload_batch(tmp_path)
    assert {seen.headers["x-correlation-id"] for seen in server.seen} == {"one-batch"}


def test_memory_does_not_grow_with_the_batch(server, tmp_path):
    server.keep_bodies = False
    scopix = BatchScopix(server)
    for number in range(2000):
        with (tmp_path / f"{number:04}.png").open("wb") as file:
            file.write(PNG)
            file.truncate(50_000)
    command = [sys.executable, "-W", "ignore", "-c", UPLOAD, tmp_path, server.base_url, KEY]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    count, peak = map(int, printed.split())
    assert count == len(scopix.names()) == 2000
    # A hundred megabytes went through: four requests at a time hold some chunks each, and every file a little record.
    assert peak < 20_000_000
    assert not tracemalloc.is_tracing()
