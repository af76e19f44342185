"""Tenants share workers by turns, on every database: whose job is begun next, beside a backlog of another tenant's."""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOS

from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_job_engine
from scopix_server.db.turns import line_of, turn_of
from scopix_server.domain.turn import Priority, Turn, current_turn, taking_turn
from scopix_server.jobs.queue import DbosQueue, migrate_jobs
from scopix_server.jobs.worker import Worker
from tests.support.jobs import file_named
from tests.support.waiting import wait_until

CONCURRENCY = 3
MOST = 2 * CONCURRENCY


class Jobs:
    """What a worker does here: it notes the name of each job that it begins, and is at it until that is let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.turns: dict[str, Turn] = {}
        self._let_go: dict[str, threading.Event] = {}
        self._all = threading.Event()

    def analyze(self, file_id: str, revision: int) -> bool:
        return self._work(file_id)

    def run(self, engine: str, file_id: str, revision: int) -> bool:
        return self._work(file_id)

    def _work(self, name: str) -> bool:
        self.turns[name] = current_turn()
        event = self._let_go.setdefault(name, threading.Event())
        self.begun.append(name)
        while not event.wait(0.02) and not self._all.is_set():
            pass
        return False

    def let_go(self, name: str) -> None:
        self._let_go[name].set()

    def let_all_go(self) -> None:
        self._all.set()

    def wait_for(self, number: int) -> list[str]:
        """Return the jobs that were begun, once they are so many."""
        wait_until(lambda: len(self.begun) >= number)
        return self.begun


@pytest.fixture
def url(engine: sa.Engine) -> str:
    url = engine.url.render_as_string(hide_password=False)
    migrate_jobs(url)
    return url


@pytest.fixture
def queue(url: str) -> Iterator[DbosQueue]:
    queue = DbosQueue(url)
    yield queue
    queue.close()


@pytest.fixture
def jobs(url: str, empty_database: SqlDatabase, queue: DbosQueue) -> Iterator[Jobs]:
    """A worker with room for three jobs of a tenant, and an engine that takes one question at a time."""
    jobs: Any = Jobs()
    worker = Worker(
        url,
        empty_database,
        jobs,
        worker_id="embedded",
        concurrency=CONCURRENCY,
        ready=lambda: True,
        asking=jobs,
        engines={"vlm": 1},
        stopping=threading.Event(),
        engine=create_job_engine(url, connections=5),
    )
    worker.start()
    yield jobs
    jobs.let_all_go()
    worker.stop(seconds=30)
    worker.leave(queue)
    DBOS.destroy(destroy_registry=True)


class Asker:
    """Asks for jobs; a name begins with the letter of its tenant."""

    def __init__(self, database: SqlDatabase, queue: DbosQueue) -> None:
        self._database = database
        self._queue = queue

    def describe(self, *names: str, priority: Priority = Priority.BATCH, bucket: str | None = None) -> None:
        def ask(transaction: Any) -> None:
            for name in names:
                self._queue.enqueue_description(transaction, file_named(name, name[0], bucket), 1, priority)

        self._database.write(ask)

    def engine(self, *names: str, priority: Priority = Priority.BATCH) -> None:
        for name in names:
            with taking_turn(Turn(name[0], priority)):
                self._database.write(
                    lambda t, name=name: self._queue.enqueue_engine(t, "vlm", file_named(name, name[0]), 1)
                )


@pytest.fixture
def ask(empty_database: SqlDatabase, queue: DbosQueue) -> Asker:
    return Asker(empty_database, queue)


def many(tenant: str, number: int) -> list[str]:
    return [f"{tenant}{n:03}" for n in range(number)]


def test_beside_a_backlog_there_is_room_for_another_tenant(ask: Asker, jobs: Jobs) -> None:
    ask.describe(*many("a", 100))
    assert set(many("a", CONCURRENCY)) <= set(jobs.wait_for(CONCURRENCY))
    ask.describe("b-single", priority=Priority.INTERACTIVE)
    wait_until(lambda: "b-single" in jobs.begun)
    assert jobs.turns["b-single"] == Turn("b", Priority.INTERACTIVE)
    # What the tenant with the backlog waits for itself is the next of its own.
    ask.describe("a-again", priority=Priority.AGAIN)
    ask.describe("a-single", priority=Priority.INTERACTIVE)
    jobs.let_go("a001")
    wait_until(lambda: "a-single" in jobs.begun)
    # A look of a busy engine may come before its last claims count, so a few more may have begun; none of 90.
    assert jobs.begun.index("a-single") <= MOST + 1
    jobs.let_all_go()
    assert jobs.wait_for(103).index("a-again") >= 103 - MOST


def test_a_bucket_that_hangs_holds_up_its_own_tenants_files_there(ask: Asker, jobs: Jobs) -> None:
    for tenant in "abcd":
        ask.describe(*many(tenant, 30), bucket="hangs")
    wait_until(lambda: all(held(jobs)[tenant] >= CONCURRENCY for tenant in "abcd"))
    ask.describe("a-elsewhere", "e-elsewhere")
    ask.describe("e-bucket", bucket="answers")
    wait_until(lambda: {"a-elsewhere", "e-elsewhere", "e-bucket"} <= set(jobs.begun))
    assert max(held(jobs).values()) <= MOST + 1


def held(jobs: Jobs) -> Counter[str]:
    return Counter(name[0] for name in jobs.begun)


def test_an_engine_with_one_place_takes_tenants_by_turns(ask: Asker, jobs: Jobs) -> None:
    ask.engine(*many("a", 20))
    assert jobs.wait_for(1) == ["a000"]
    ask.engine("b-single", priority=Priority.INTERACTIVE)
    ask.engine("c-batch", "c-batch-2")
    ask.engine("a-single", priority=Priority.INTERACTIVE)
    for number in range(1, 8):
        jobs.let_go(jobs.begun[-1])
        jobs.wait_for(number + 1)
    assert jobs.begun[1:3] == ["b-single", "a-single"]
    assert sorted(jobs.begun[3:8]) == ["a001", "a002", "a003", "c-batch", "c-batch-2"]


def test_turns_do_not_grow_with_time(
    empty_database: SqlDatabase, queue: DbosQueue, ask: Asker, engine: sa.Engine
) -> None:
    """A queue that was empty begins at the beginning, and each tenant has its share of a round."""
    ask.engine(*many("a", 5))
    line = line_of("a", Priority.BATCH)

    def turn(tenant: str, priority: Priority) -> int:
        return empty_database.write(lambda t: turn_of(t.connection, "engine:vlm", line_of(tenant, priority), priority))

    assert [turn("a", Priority.BATCH), turn("b", Priority.BATCH), turn("b", Priority.AGAIN)] == [63, 23, 31]
    assert turn("a", Priority.INTERACTIVE) == turn("b", Priority.INTERACTIVE) == 16
    schema = "dbos" if engine.dialect.name == "postgresql" else None
    table = sa.table("workflow_status", sa.column("status"), sa.column("queue_partition_key"), schema=schema)
    done = table.update().where(table.c.queue_partition_key == line).values(status="SUCCESS")
    empty_database.write(lambda t: t.connection.execute(done))
    assert turn("a", Priority.BATCH) == 23
