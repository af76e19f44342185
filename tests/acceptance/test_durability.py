"""What an acknowledgement is worth: the system calls of a running server, web process and worker, as they are made.

With `SCOPIX_DURABILITY=each` whatever was acknowledged is on disk: the file, every new folder, the row and the job.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import syscalls
from tests.support.images import encoded, picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_until, wait_until_described

pytestmark = [
    pytest.mark.embedded("the files and the log of SQLite lie on this machine"),
    pytest.mark.skipif(not syscalls.can_trace(), reason="system calls are traced on Linux, x86-64 or arm64"),
]

Trace = list[dict[str, Any]]
_FORCED = {"fsync", "fdatasync"}


class TracedServer(ServerProcess):
    """A server under the tracer."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, durability="each", worker_processes="1")
        self.trace_path = data_dir.with_suffix(".trace")
        self.trace_path.touch()
        self.run_under = [sys.executable, syscalls.__file__, str(self.trace_path)]
        self.objects = data_dir / "storage" / "objects"
        self.log_of_database = str(data_dir / "scopix.db-wal")

    def trace(self, since: int = 0) -> Trace:
        return syscalls.read_trace(self.trace_path)[since:]


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TracedServer]:
    server = TracedServer(tmp_path_factory.mktemp("durable") / "server")
    server.start().wait_until_ready()
    yield server
    assert server.stop() == 0


def commits(trace: Trace, log: str) -> Iterator[tuple[int, int | None]]:
    """Where each commit was written to the database's log, and where the same thread forced the log to disk next.

    The second is None when the thread did anything else first. A frame's head names, in its second number, how large
    the database is after the commit; in frames within a transaction that is 0.
    """
    for place, call in enumerate(trace):
        head = bytes.fromhex(call.get("head", ""))
        if call["path"] != log or call["call"] != "pwrite64" or len(head) != 24 or not any(head[4:8]):
            continue
        later = ((i, c) for i, c in enumerate(trace[place + 1 :], place + 1) if c["pid"] == call["pid"])
        next_other = next(((i, c) for i, c in later if (c["call"], c["path"]) != ("pwrite64", log)), None)
        is_forced = next_other is not None and next_other[1]["call"] in _FORCED and next_other[1]["path"] == log
        yield place, next_other[0] if next_other is not None and is_forced else None


def check_acknowledged(server: TracedServer, trace: Trace, status: int, file_ids: list[str]) -> None:
    """Check that all there is of these files was on disk when the answer was begun."""
    answer = f"HTTP/1.1 {status}".encode().hex()
    at = next(place for place, call in enumerate(trace) if call.get("head", "").startswith(answer))
    # The first time each was: the worker may have begun with thumbnails before the answer.
    forced = {call["path"]: place for place, call in reversed([*enumerate(trace[:at])]) if call["call"] in _FORCED}
    row = max(place for place, synced in commits(trace[:at], server.log_of_database) if synced is not None)
    for file_id in file_ids:
        folder = next(server.objects.glob(f"*/*/{file_id}"))
        # The name of the file in its folder, and that of each folder above, before the row that names the file.
        for place in (folder, folder.parent):
            assert forced[str(place)] < row, f"{place} was not on disk"
    parts = {path for path in forced if path.endswith(".part") and "/storage/tmp/" in path}
    assert len(parts) >= len(file_ids)


def test_an_acknowledged_upload_is_on_disk(traced: TracedServer) -> None:
    """The first upload of a tenant: its folder and the two-digit one are new as well."""
    before = len(traced.trace())
    with traced.client() as http:
        answer = http.post("/files/upload", files={"file": ("a.png", encoded(picture(seed=1)))})
    assert answer.status_code == 201
    trace = traced.trace(before)
    file_id = answer.json()["image_id"]
    check_acknowledged(traced, trace, 201, [file_id])
    forced = {call["path"] for call in trace if call["call"] in _FORCED}
    # Not whichever folder is there: upkeep keeps a mark beside those of tenants.
    tenant = next(traced.objects.glob(f"*/*/{file_id}")).parent.parent
    assert {str(tenant), str(traced.objects)} <= forced
    wait_for_worker(traced, file_id)


def test_an_acknowledged_batch_is_on_disk(traced: TracedServer) -> None:
    before = len(traced.trace())
    files = [("files", (f"{seed}.png", encoded(picture(seed=seed)))) for seed in range(2, 6)]
    with traced.client() as http:
        answer = http.post("/files/upload/batch", files=files, data={"auto_describe": "false"})
    assert answer.status_code == 201, answer.text
    query = "SELECT file_id FROM session_files WHERE session_id = ?"
    ids = [row[0] for row in traced.setup.rows(query, answer.json()["session_id"])]
    assert len(ids) == len(files)
    check_acknowledged(traced, traced.trace(before), 201, ids)


def test_a_completed_description_is_on_disk(traced: TracedServer) -> None:
    """The worker's: thumbnails before the rows that name them, and no commit that is not forced; DBOS's own, too."""
    before = len(traced.trace())
    with traced.client() as http:
        file_id = http.post("/files/upload", files={"file": ("b.png", encoded(picture(seed=9)))}).json()["image_id"]
    wait_for_worker(traced, file_id)
    trace = traced.trace(before)
    folder = next(traced.objects.glob(f"*/*/{file_id}"))
    named = [place for place, call in enumerate(trace) if call["call"] in _FORCED and call["path"] == str(folder)]
    assert len(named) >= 5, "the original and four thumbnails"
    found = list(commits(trace, traced.log_of_database))
    assert max(place for place, _ in found) > max(named)
    # A thread that was just about to force its commit when the trace was read is no failure.
    last = {call["pid"]: place for place, call in enumerate(trace)}
    lost = [place for place, synced in found if synced is None and last[trace[place]["pid"]] - place > 1]
    assert not lost, f"{len(lost)} of {len(found)} commits were not forced to disk: {[trace[i] for i in lost[:3]]}"
    who = Counter(trace[place]["pid"] for place, synced in found if synced is not None)
    assert len(who) >= 3, "the web process, the worker and its job engine"


def wait_for_worker(server: TracedServer, file_id: str) -> None:
    """Return when a file is described and the job engine has noted that its job is done."""
    with server.client() as http:
        wait_until_described(http, file_id)
    query = "SELECT status FROM workflow_status WHERE workflow_uuid = ?"
    wait_until(lambda: server.setup.rows(query, f"describe:{file_id}:1") == [("SUCCESS",)])
