"""What belongs to a tenant is told by the schema; the small cases of exports and erasures, without servers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.db.schema import metadata
from scopix_server.db.tenant_data import DERIVED, OF_NO_TENANT, SECRET, belonging_to
from scopix_server.domain.errors import Gone
from scopix_server.domain.ports import Job
from scopix_server.domain.session import Session
from scopix_server.domain.tenant import Tenant
from scopix_server.domain.turn import Priority
from scopix_server.jobs.queue import DbosQueue, migrate_jobs
from scopix_server.storage.local import LocalStore
from scopix_server.upkeep.erase import JobsUnderWay, TenantEraser
from scopix_server.upkeep.export import NoPlaceForExport, TenantExporter
from tests.integration.db.test_upkeep import TENANT, add_file
from tests.support.stores import stores_over

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def database(url: str) -> Iterator[SqlDatabase]:
    engine = create_engine(url)
    migrate(engine)
    migrate_jobs(url)
    opened = SqlDatabase(engine)
    opened.write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "one", NOW)))
    yield opened
    opened.close()


@pytest.fixture
def jobs(url: str, database: SqlDatabase) -> Iterator[DbosQueue]:
    queue = DbosQueue(url)
    yield queue
    queue.close()


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def test_every_table_is_a_tenants_or_known_to_be_the_servers() -> None:
    for table in metadata.sorted_tables:
        if table.name not in OF_NO_TENANT:
            assert isinstance(belonging_to(table, TENANT), sa.ColumnElement), table.name
    assert set(metadata.tables) >= OF_NO_TENANT | DERIVED


def test_no_secret_is_given_out() -> None:
    for table in metadata.sorted_tables:
        for column in table.columns:
            is_secret = any(word in column.name for word in ("hash", "sealed", "secret", "password"))
            # What was asked an engine, the key's visible beginning, and a blurred picture are no secrets.
            assert not is_secret or column.name in SECRET | {"prompt_hash", "blur_hash"}, f"{table.name}.{column.name}"


def test_a_job_under_way_is_waited_for_and_one_of_a_dead_worker_is_not(
    database: SqlDatabase, jobs: DbosQueue, store: LocalStore, tmp_path: Path
) -> None:
    file = add_file(database, store)
    database.write(lambda t: jobs.enqueue_description(t, file, 1, Priority.BATCH))
    table = sa.table("workflow_status", *map(sa.column, ("workflow_uuid", "status", "executor_id")))
    begun = table.update().values(status="PENDING", executor_id="somebody")
    database.write(lambda t: t.connection.execute(begun))
    database.write(lambda t: t.workers.beat("somebody", datetime.now(UTC), ready=True))
    stores = stores_over(store, database, tmp_path)
    eraser = TenantEraser(database, stores, jobs, silence=timedelta(seconds=60), wait_seconds=0)
    with pytest.raises(JobsUnderWay):
        eraser.erase(TENANT)
    assert store.read(file.object_key) == b"12345"
    assert not database.read(lambda t: t.descriptions.is_current(file.id, 1))

    database.write(lambda t: t.workers.beat("somebody", datetime.now(UTC) - timedelta(minutes=5), ready=True))
    done = eraser.erase(TENANT)
    assert (done.files, done.objects, done.jobs) == (1, 2, 1)
    assert list(jobs.all()) == list(store.list("")) == []
    assert database.read(lambda t: t.tenants.find(TENANT)) is None


def test_a_job_that_is_begun_while_jobs_are_looked_for_is_waited_for(
    database: SqlDatabase, jobs: DbosQueue, store: LocalStore, tmp_path: Path
) -> None:
    """Its record may not go while a worker is at it, which was found when it still waited."""
    first, second = add_file(database, store), add_file(database, store)
    for file in (first, second):
        database.write(lambda t, file=file: jobs.enqueue_description(t, file, 1, Priority.BATCH))
    database.write(lambda t: t.workers.beat("somebody", datetime.now(UTC), ready=True))
    columns = ("workflow_uuid", "status", "executor_id")
    table = sa.table("workflow_status", *map(sa.column, columns))
    begun = table.update().where(table.c.workflow_uuid == f"describe:{first.id}:1")

    class BegunSinceFound:
        """The queue, one of whose jobs is taken by a worker as soon as it was listed."""

        delete = jobs.delete

        def all(self) -> Iterator[Job]:
            yield from list(jobs.all())
            database.write(lambda t: t.connection.execute(begun.values(status="PENDING", executor_id="somebody")))

    stores = stores_over(store, database, tmp_path)
    queue = cast("DbosQueue", BegunSinceFound())
    eraser = TenantEraser(database, stores, queue, silence=timedelta(seconds=60), wait_seconds=0)
    with pytest.raises(JobsUnderWay):
        eraser.erase(TENANT)
    assert [(job.file_id, job.worker_id) for job in jobs.all()] == [(first.id, "somebody")]


def test_what_comes_too_late_for_an_erased_tenant_is_refused_as_such(database: SqlDatabase) -> None:
    assert database.write(lambda t: t.tenant_data.remove_tenant(TENANT))
    with pytest.raises(Gone):
        database.write(lambda t: t.sessions.add(Session("1" * 36, TENANT, NOW, NOW)))


def test_the_tenant_stays_while_anything_is_left_of_it(database: SqlDatabase, store: LocalStore) -> None:
    add_file(database, store)
    assert not database.write(lambda t: t.tenant_data.remove_tenant(TENANT))
    assert database.read(lambda t: t.tenants.find(TENANT)) is not None


def test_an_export_takes_no_folder_that_has_something_else(
    database: SqlDatabase, store: LocalStore, tmp_path: Path
) -> None:
    exporter = TenantExporter(database, stores_over(store, database, tmp_path), version="test")
    one = Tenant(TENANT, "one", NOW)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    with pytest.raises(NoPlaceForExport, match="not empty"):
        exporter.export(one, tmp_path / "full")
    with pytest.raises(NoPlaceForExport, match="no folder"):
        exporter.export(one, tmp_path / "full" / "mine")
    exporter.export(one, tmp_path / "new")
    with pytest.raises(NoPlaceForExport, match="whole export already"):
        exporter.export(one, tmp_path / "new")
    (tmp_path / "new" / "INCOMPLETE").write_text("another\n")
    with pytest.raises(NoPlaceForExport, match="another tenant"):
        exporter.export(one, tmp_path / "new")


def test_a_damaged_original_is_named_and_not_given_out(
    database: SqlDatabase, store: LocalStore, tmp_path: Path
) -> None:
    file = add_file(database, store)  # whose record has another SHA-256 than its five bytes
    exporter = TenantExporter(database, stores_over(store, database, tmp_path), version="test")
    done = exporter.export(Tenant(TENANT, "one", NOW), tmp_path / "new")
    assert (done.files, done.damaged, done.missing) == (0, [file.id], [])
    assert not list((tmp_path / "new").rglob("*.png"))
