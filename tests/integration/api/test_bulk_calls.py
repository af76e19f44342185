"""Calls about many files: no transaction of theirs is large, and their jobs come after what somebody waits for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from scopix_server.domain.turn import Priority
from scopix_server.library.redescribe import PORTION
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving

FILES = 2 * PORTION + 10


@pytest.fixture
def idle(database: str, tmp_path: Path) -> Iterator[InProcessServer]:
    """A server without a worker: jobs stay as they were asked for."""
    with serving(tmp_path, database=database, worker=False) as server:
        yield server


@contextmanager
def counted(server: InProcessServer, statement: str) -> Iterator[list[int]]:
    """Count, in each transaction, the statements that begin with what the pattern says."""
    engine, counts = server.database._engine, [0]

    def count(_: object, __: object, text: str, *___: object) -> None:
        counts[-1] += bool(re.match(statement, text))

    def committed(_: object) -> None:
        counts.append(0)

    sa.event.listen(engine, "before_cursor_execute", count)
    sa.event.listen(engine, "commit", committed)
    try:
        yield counts
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)
        sa.event.remove(engine, "commit", committed)


@contextmanager
def counted_jobs(server: InProcessServer) -> Iterator[list[int]]:
    """Count, in each transaction, the jobs that it adds, in the database itself: they are written past SQLAlchemy."""
    engine, counts = server.database._engine, []
    query = sa.text(f"SELECT count(*) FROM {jobs_table(server)}")
    before = len(jobs(server))

    def committed(connection: sa.Connection) -> None:
        counts.append(connection.execute(query).scalar_one() - before - sum(counts))

    sa.event.listen(engine, "commit", committed)
    try:
        yield counts
    finally:
        sa.event.remove(engine, "commit", committed)


def batch(http: httpx2.Client, number: int, **fields: str) -> dict:
    files = [("files", (f"{n}.png", encoded(picture(8, 8, n)))) for n in range(number)]
    answer = http.post("/files/upload/batch", files=files, data=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def jobs_table(server: InProcessServer) -> str:
    return "dbos.workflow_status" if server.settings.database_url else "workflow_status"


def jobs(server: InProcessServer) -> dict[str, tuple[str, int]]:
    """The tenant and the priority of each job."""
    query = sa.text(f"SELECT workflow_uuid, queue_partition_key, priority FROM {jobs_table(server)}")
    return {row[0]: (row[1], row[2]) for row in server.database.read(lambda t: t.connection.execute(query).all())}


def test_describing_by_a_filter_goes_in_portions_and_after_all_else(idle: InProcessServer) -> None:
    with idle.client() as http:
        batch(http, FILES, auto_describe="false", tags="these")
        before = jobs(idle).keys()
        with counted_jobs(idle) as counts:
            done = http.post("/files/describe", json={"tags": ["these"]}).json()
        assert done == {"matched": FILES, "queued": FILES, "skipped": 0}
        assert sum(counts) == FILES
        assert max(counts) <= PORTION
        made = {job: of for job, of in jobs(idle).items() if job not in before}
        assert {priority for _, priority in made.values()} == {Priority.AGAIN}


def test_many_files_are_deleted_in_portions(idle: InProcessServer) -> None:
    with idle.client() as http:
        session = batch(http, FILES, auto_describe="false")["session_id"]
        results = http.get(f"/files/upload/sessions/{session}/results", params={"limit": 500}).json()
        ids = [entry["image_id"] for entry in results["results"]]
        with counted(idle, "UPDATE files SET .*deleted_at") as counts:
            answer = http.post("/files/batch-delete", json={"file_ids": ids}).json()
        assert answer["summary"] == {"total": FILES, "deleted": FILES, "skipped": 0, "failed": 0}
        assert max(counts) <= PORTION
        assert sum(counts) >= FILES


def test_a_session_is_cancelled_in_portions(idle: InProcessServer) -> None:
    with idle.client() as http:
        session = batch(http, FILES)["session_id"]
        with counted_jobs(idle) as counts:
            answer = http.post(f"/files/upload/sessions/{session}/cancel").json()
        assert answer["status"] == "cancelled"
        assert sum(counts) == FILES
        assert max(counts) <= PORTION


def test_what_somebody_waits_for_goes_first(idle: InProcessServer) -> None:
    with idle.client() as http:
        single = http.post("/files/upload", files={"file": ("a.png", encoded(picture()))}).json()["image_id"]
        batch(http, 3)
        batch(http, 1)
        found = jobs(idle)
        tenants = {tenant for tenant, _ in found.values()}
        assert len(tenants) == 1
        assert found[f"describe:{single}:1"][1] == Priority.INTERACTIVE
        assert sorted(priority for _, priority in found.values()) == [1, 1, 2, 2, 2]
