"""What the job engine looks at while nothing waits, on SQLite and on PostgreSQL."""

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from dbos import DBOS, DBOSClient

from scopix_server.db.engine import create_job_engine
from scopix_server.jobs.queue import migrate_jobs
from scopix_server.jobs.sparing_looks import spare_looks

QUEUE = "looked-into"
LOOK_SECONDS = 0.02


class Statements(Counter[str]):
    """Counts the statements of a job engine by what they are about."""

    def __call__(self, _c: object, _cursor: object, statement: str, *_: object) -> None:
        for table in ("queues", "workflow_status"):
            self[table] += table in statement


@pytest.fixture
def done() -> Iterator[list[str]]:
    yield []


@pytest.fixture
def statements() -> Statements:
    return Statements()


@pytest.fixture
def client(engine: sa.Engine, done: list[str], statements: Statements) -> Iterator[DBOSClient]:
    """Beside a launched job engine with an empty queue. One in a process: the tests come one after the other."""
    url = engine.url.render_as_string(hide_password=False)
    migrate_jobs(url)
    config = {
        "name": "scopix",
        "system_database_url": url,
        "executor_id": "one",
        "application_version": "1",
        "log_level": "WARNING",
        "system_database_engine": create_job_engine(url),
    }
    dbos = DBOS(config=config)

    @DBOS.workflow(name="note")
    def note(what: str) -> None:
        done.append(what)

    DBOS.launch()
    spare_looks(dbos)
    DBOS.register_queue(QUEUE, polling_interval_sec=LOOK_SECONDS, worker_concurrency=1, on_conflict="always_update")
    sa.event.listen(dbos._sys_db.engine, "before_cursor_execute", statements)
    client = DBOSClient(system_database_url=url)
    yield client
    client.destroy()
    DBOS.destroy(destroy_registry=True)
    config["system_database_engine"].dispose()


def queue_thread() -> bool:
    return any(thread.name == f"queue-worker-{QUEUE}" for thread in threading.enumerate())


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + 30
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def enqueue(client: DBOSClient, what: str) -> None:
    client.enqueue({"workflow_name": "note", "queue_name": QUEUE, "app_version": "1"}, what)


def test_jobs_are_done_after_idleness_in_their_order(client: DBOSClient, done: list[str]) -> None:
    wait_for(queue_thread)
    for number in range(3):
        time.sleep(10 * LOOK_SECONDS)  # idle
        enqueue(client, f"{number} a")
        enqueue(client, f"{number} b")
        wait_for(lambda number=number: len(done) == 2 * (number + 1))
    assert done == [f"{number} {which}" for number in range(3) for which in "ab"]


def test_an_empty_queue_is_not_queried_by_the_job_engine(client: DBOSClient, statements: Statements) -> None:
    wait_for(queue_thread)
    time.sleep(5 * LOOK_SECONDS)
    statements.clear()
    time.sleep(50 * LOOK_SECONDS)
    # Without sparing 50 of each: a second has passed, in which all queues are listed once or twice.
    assert statements["queues"] <= 10
    assert statements["workflow_status"] <= 10


def test_new_settings_of_a_queue_count_once_something_waits(client: DBOSClient, done: list[str]) -> None:
    wait_for(queue_thread)
    time.sleep(5 * LOOK_SECONDS)
    DBOS.register_queue(QUEUE, polling_interval_sec=LOOK_SECONDS, worker_concurrency=2, on_conflict="always_update")
    enqueue(client, "a")
    enqueue(client, "b")
    wait_for(lambda: sorted(done) == ["a", "b"])
