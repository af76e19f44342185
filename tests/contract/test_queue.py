"""The job queue, on SQLite and on PostgreSQL: what is asked for, what is under way, and what the dead leave behind."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from dbos import DBOSClient, EnqueueOptions

from scopix.types.vocabulary import DescriptionStatus, VariantStatus
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.errors import ServiceUnavailable
from scopix_server.domain.turn import Priority
from scopix_server.jobs.queue import (
    APPLICATION_VERSION,
    DESCRIBE,
    QUEUE,
    DbosQueue,
    JobUnderWay,
    engine_queue,
    migrate_jobs,
)
from scopix_server.jobs.recovery import Recovery, Watch
from scopix_server.jobs.serialization import SERIALIZER
from tests.support.jobs import file_named

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SILENCE = 20.0


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def database(empty_database: SqlDatabase, engine: sa.Engine) -> SqlDatabase:
    migrate_jobs(engine.url.render_as_string(hide_password=False))
    return empty_database


@pytest.fixture
def jobs(database: SqlDatabase, engine: sa.Engine) -> Iterator[DbosQueue]:
    queue = DbosQueue(engine.url.render_as_string(hide_password=False))
    yield queue
    queue.close()


@pytest.fixture
def table(engine: sa.Engine) -> sa.TableClause:
    """The job engine's own table."""
    columns = ("workflow_uuid", "status", "executor_id", "queue_name")
    schema = "dbos" if engine.dialect.name == "postgresql" else None
    return sa.table("workflow_status", *map(sa.column, columns), schema=schema)


Begin = Callable[[str, str], None]


@pytest.fixture
def begin(database: SqlDatabase, table: sa.TableClause) -> Begin:
    """Let a worker of this name begin a job."""

    def begin(job: str, worker: str) -> None:
        held = table.update().where(table.c.workflow_uuid == job).values(status="PENDING", executor_id=worker)
        assert database.write(lambda t: t.connection.execute(held).rowcount) == 1

    return begin


def states(database: SqlDatabase, table: sa.TableClause) -> dict[str, tuple[str, str]]:
    """The state of each job, and its queue."""
    query = sa.select(table.c.workflow_uuid, table.c.status, table.c.queue_name)
    return {row[0]: (row[1], row[2]) for row in database.read(lambda t: t.connection.execute(query).all())}


def test_a_job_is_there_if_and_only_if_its_transaction_was_committed(
    database: SqlDatabase, jobs: DbosQueue, table: sa.TableClause
) -> None:
    database.write(lambda t: jobs.enqueue_description(t, file_named("kept"), 1, Priority.BATCH))

    def fail(transaction: object) -> None:
        jobs.enqueue_description(transaction, file_named("lost"), 1, Priority.BATCH)  # type: ignore[arg-type]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.write(fail)
    assert states(database, table) == {"describe:kept:1": ("ENQUEUED", QUEUE)}


def test_asking_twice_is_asking_once(database: SqlDatabase, jobs: DbosQueue, table: sa.TableClause) -> None:
    for _ in range(2):
        database.write(lambda t: jobs.enqueue_description(t, file_named("a"), 1, Priority.BATCH))
        database.write(lambda t: jobs.enqueue_variants(t, file_named("a")))
    database.write(lambda t: jobs.enqueue_description(t, file_named("a"), 2, Priority.BATCH))
    assert states(database, table).keys() == {"describe:a:1", "describe:a:2", "render:a"}


def test_what_is_under_way_is_told_with_its_worker(database: SqlDatabase, jobs: DbosQueue, begin: Begin) -> None:
    database.write(lambda t: [jobs.enqueue_description(t, file_named(name), 1, Priority.BATCH) for name in "abc"])
    assert jobs.under_way() == []
    begin("describe:b:1", "w")
    assert jobs.under_way() == [JobUnderWay("describe:b:1", QUEUE, "w")]


def test_the_jobs_of_the_dead_go_back_to_their_queues(
    database: SqlDatabase, jobs: DbosQueue, table: sa.TableClause, begin: Begin
) -> None:
    database.write(lambda t: [jobs.enqueue_description(t, file_named(name), 1, Priority.BATCH) for name in "abcd"])
    database.write(lambda t: jobs.enqueue_engine(t, "vlm", file_named("a"), 2))
    for job, worker in {"a:1": "dead", "b:1": "living", "c:1": "me", "d:1": "unheard"}.items():
        begin(f"describe:{job}", worker)
    begin("ask:a:2", "dead")
    for worker in ("dead", "living", "me"):
        database.write(lambda t, worker=worker: t.workers.beat(worker, NOW, ready=True))
    clock, alive = Clock(), list[int]()
    recovery = Recovery(database, jobs, "me", tell=alive.append, watch=Watch(SILENCE, now=clock))
    assert recovery.look() == recovery.look() == 0
    clock.seconds += SILENCE
    database.write(lambda t: t.workers.beat("living", NOW + timedelta(seconds=15), ready=True))
    assert recovery.look() == 3
    assert states(database, table) == {
        "describe:a:1": ("ENQUEUED", QUEUE),
        "describe:b:1": ("PENDING", QUEUE),
        "describe:c:1": ("PENDING", QUEUE),
        "describe:d:1": ("ENQUEUED", QUEUE),
        "ask:a:2": ("ENQUEUED", engine_queue("vlm")),
    }
    assert database.read(lambda t: t.workers.beats()).keys() == {"living", "me"}
    assert alive == [3, 2]
    # What another has begun meanwhile is left to it.
    begin("describe:a:1", "living")
    assert recovery.look() == 0


def test_one_at_a_time_takes_up_what_is_left(database: SqlDatabase, jobs: DbosQueue, begin: Begin) -> None:
    database.write(lambda t: jobs.enqueue_description(t, file_named("a"), 1, Priority.BATCH))
    begin("describe:a:1", "dead")
    clock = Clock()
    recovery = Recovery(database, jobs, "me", watch=Watch(SILENCE, now=clock))
    recovery.look()
    clock.seconds += SILENCE
    at = datetime.now(UTC)
    taken = database.write(
        lambda t: t.maintenance.take("recovery", "another", at, at + timedelta(minutes=1), done_before=None)
    )
    assert taken
    assert recovery.look() == 0
    database.write(lambda t: t.maintenance.finish("recovery", "another", at, done=True))
    assert recovery.look() == 1


def test_who_is_able_to_work_counts(database: SqlDatabase) -> None:
    assert database.read(lambda t: t.workers.last_beat()) is None
    database.write(lambda t: t.workers.beat("loading", NOW + timedelta(seconds=9), ready=False))
    assert database.read(lambda t: t.workers.last_beat()) is None
    assert database.read(lambda t: t.workers.beats()).keys() == {"loading"}
    assert database.read(lambda t: t.metrics.heartbeats()) == {}
    for seconds, worker in ((1, "a"), (3, "b"), (2, "a")):
        at = NOW + timedelta(seconds=seconds)
        database.write(lambda t, at=at, worker=worker: t.workers.beat(worker, at, ready=True))
    assert database.read(lambda t: t.workers.last_beat()) == NOW + timedelta(seconds=3)
    database.write(lambda t: t.workers.leave("b"))
    assert database.read(lambda t: t.workers.last_beat()) == NOW + timedelta(seconds=2)


def test_the_queue_answers(jobs: DbosQueue) -> None:
    jobs.check()


def test_a_queue_without_a_database_says_so_at_once() -> None:
    queue = DbosQueue("postgresql://u:secret@127.0.0.1:1/d")
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        queue.check()
    queue.close()


def test_a_row_of_a_job_is_the_one_that_the_job_engine_would_have_written(
    database: SqlDatabase, jobs: DbosQueue, engine: sa.Engine
) -> None:
    """The rows of new jobs are made after a pattern; an engine that writes other ones is noticed here."""
    url = engine.url.render_as_string(hide_password=False)
    client = DBOSClient(system_database_url=url, lazy=True, serializer=SERIALIZER)
    file, origin = file_named("ours"), {"tenant_id": "tenant", "priority": "BATCH"}
    options: EnqueueOptions = {
        "workflow_name": DESCRIBE,
        "queue_name": QUEUE,
        "workflow_id": "describe:theirs:3",
        "queue_partition_key": "tenant",
        "priority": Priority.BATCH.value,
        "app_version": APPLICATION_VERSION,
    }
    database.write(lambda t: jobs.enqueue_description(t, file, 3, Priority.BATCH))
    database.write(lambda t: client.enqueue_in_transaction(t.connection, options, "theirs", 3, origin))
    client.destroy()
    schema = "dbos." if engine.dialect.name == "postgresql" else ""

    def rows(table: str) -> dict[str, dict[str, object]]:
        query = sa.text(f"SELECT * FROM {schema}{table}")
        found = database.read(lambda t: t.connection.execute(query).mappings().all())
        return {row["workflow_uuid"].split(":")[1]: dict(row) for row in found}

    for table in ("workflow_status", "workflow_input"):
        ours, theirs = rows(table)["ours"], rows(table)["theirs"]
        differing = {name for name in theirs if ours[name] != theirs[name]}
        by_time = {"created_at", "updated_at", "retention_timestamp"}
        assert differing <= {"workflow_uuid", "creator_xid", "inputs", *by_time}
        if "inputs" in theirs and theirs["inputs"] is not None:
            assert str(theirs["inputs"]).replace("theirs", "ours") == ours["inputs"]
    assert len(str(rows("workflow_status")["ours"]["creator_xid"])) == 36


def test_new_files_are_described_or_rendered_or_left(
    database: SqlDatabase, jobs: DbosQueue, table: sa.TableClause
) -> None:
    queued = DescriptionStatus.QUEUED
    described = [replace(file_named(name), description_status=queued, description_revision=1) for name in "ab"]
    skipped = replace(file_named("c"), description_status=DescriptionStatus.SKIPPED)
    document = replace(skipped, id="d", variant_status=VariantStatus.COMPLETED)
    for _ in range(2):
        database.write(lambda t: jobs.enqueue_new(t, [*described, skipped, document], Priority.BATCH))
    assert states(database, table).keys() == {"describe:a:1", "describe:b:1", "render:c"}
