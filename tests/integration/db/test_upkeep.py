"""What has had its time goes, with all that belongs to it, and nothing else: on a real database and a real folder."""

import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionStatus, MediaType, VariantStatus
from scopix_server.config import Settings
from scopix_server.db.connection import SqlDatabase, SqlTransaction
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.db.schema import metadata
from scopix_server.domain.description import Description, ImageKind, Perception
from scopix_server.domain.direct import DirectUpload, DirectUploadStatus
from scopix_server.domain.file import File, Variant
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.ports import DescriptionRecord, IdempotencyRecord
from scopix_server.domain.session import FileOutcome, Session, SessionFile, SessionStatus, status_of
from scopix_server.domain.tenant import Tenant
from scopix_server.domain.turn import Priority
from scopix_server.domain.upkeep import BrokenOff, Retention
from scopix_server.jobs.maintenance import MaintenanceRunner, MaintenanceTask, TaskTaken
from scopix_server.jobs.queue import DbosQueue, migrate_jobs
from scopix_server.storage.local import LocalStore
from scopix_server.upkeep.sweep import Sweeper, SweepReport
from scopix_server.wiring.storage import Storage
from tests.support.jobs import file_named
from tests.support.postgres import fresh_database
from tests.support.s3 import S3Server, open_store

NOW = datetime(2026, 5, 1, tzinfo=UTC)
TENANT = "11111111-1111-4111-8111-111111111111"
DAY = timedelta(days=1)
RETENTION = Retention(deleted_files=30 * DAY, sessions=7 * DAY, jobs=7 * DAY, answers=DAY, orphans=DAY)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
    else:
        with fresh_database() as address:
            yield address


@pytest.fixture
def database(url: str) -> Iterator[SqlDatabase]:
    engine = create_engine(url)
    migrate(engine)
    migrate_jobs(url)
    database = SqlDatabase(engine)
    database.write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "one", NOW)))
    yield database
    database.close()


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture
def jobs(url: str, database: SqlDatabase) -> Iterator[DbosQueue]:
    queue = DbosQueue(url)
    yield queue
    queue.close()


@pytest.fixture
def sweeper(database: SqlDatabase, store: LocalStore, jobs: DbosQueue) -> Sweeper:
    return Sweeper(database, store, jobs, RETENTION, now=lambda: NOW)


def add_file(
    database: SqlDatabase, store: LocalStore, *, deleted: datetime | None = None, status: str = "completed"
) -> File:
    """A described file with everything that belongs to one."""
    file_id = str(uuid.uuid4())
    folder = f"{TENANT}/{file_id[:2]}/{file_id}"
    file = File(
        id=file_id,
        tenant_id=TENANT,
        filename="a.png",
        content_type="image/png",
        media_type=MediaType.IMAGE,
        size_bytes=5,
        sha256="0" * 64,
        object_key=f"{folder}/original.png",
        created_at=NOW - 60 * DAY,
        updated_at=NOW - 60 * DAY,
        user_tags=("mine",),
        description_status=DescriptionStatus.PROCESSING,
        description_revision=1,
        variant_status=VariantStatus.PENDING,
    )
    variant = Variant("tiny_64", f"{folder}/tiny_64.jpg", "image/jpeg", 64, 64, 3)
    said = Description("A heron.", ("bird",), "HERON", ImageKind.PHOTO, "test", "test")
    record = DescriptionRecord(str(uuid.uuid4()), file_id, 1, said, "general", NOW, 1)
    store.put(file.object_key, b"12345")
    store.put(variant.object_key, b"123")

    def work(t) -> None:  # type: ignore[no-untyped-def]
        t.files.add(file)
        t.variants.save(file_id, [variant])
        t.descriptions.save_perception(file_id, Perception(4, 4, ()), None)
        if status == "completed":
            t.descriptions.complete(record)
        if deleted:
            t.files.mark_deleted(TENANT, file_id, deleted)

    database.write(work)
    return file


def direct_upload(database: SqlDatabase, status: str, expires: datetime = NOW + DAY) -> str:
    upload = DirectUpload(
        id=str(uuid.uuid4()),
        tenant_id=TENANT,
        image_id=str(uuid.uuid4()),
        filename="a.png",
        size_bytes=8,
        sha256=None,
        part_size_bytes=8,
        options={},
        status=DirectUploadStatus(status),
        created_at=NOW - DAY,
        expires_at=expires,
    )
    database.write(lambda t: t.direct_uploads.add(upload))
    return upload.id


def rows_about(database: SqlDatabase, file_id: str) -> set[str]:
    """The tables in which a file is named."""

    def look(t) -> set[str]:  # type: ignore[no-untyped-def]
        columns = [column for table in metadata.sorted_tables for column in table.columns if column.name == "file_id"]
        columns.append(metadata.tables["files"].c.id)
        naming = [c for c in columns if t.connection.execute(sa.select(c).where(c == file_id)).first()]
        return {column.table.name for column in naming}

    return database.read(look)


def objects(store: LocalStore) -> set[str]:
    return {item.key for item in store.list("")}


def make_old(store: LocalStore, key: str, at: datetime = NOW - 2 * DAY) -> None:
    os.utime(store.path(key), (at.timestamp(), at.timestamp()))


def test_a_file_deleted_long_ago_goes_with_all_that_belongs_to_it(
    database: SqlDatabase, store: LocalStore, sweeper: Sweeper, tmp_path: Path, url: str
) -> None:
    old = add_file(database, store, deleted=NOW - 31 * DAY)
    recent = add_file(database, store, deleted=NOW - 29 * DAY)
    kept = add_file(database, store)
    before = rows_about(database, kept.id)
    assert before >= {"files", "variants", "perceptions", "descriptions", "search_documents", "file_tags"}

    assert sweeper.preview() == SweepReport(files=1)
    report = sweeper.expire()

    assert (report.files, report.objects) == (1, 2)
    assert rows_about(database, old.id) == set()
    assert rows_about(database, recent.id) == before == rows_about(database, kept.id)
    assert objects(store) == {
        f"{file.object_key.rsplit('/', 1)[0]}/{name}"
        for file in (recent, kept)
        for name in ("original.png", "tiny_64.jpg")
    }
    assert sweeper.expire() == SweepReport()
    found, total = database.read(lambda t: t.files.list(TENANT, FileFilter(search="heron"), limit=10, offset=0))
    assert ([file.id for file in found], total) == ([kept.id], 1)
    if url.startswith("postgresql"):
        return  # it checks what refers to what at every change
    with sqlite3.connect(tmp_path / "test.db") as connection:
        connection.execute("INSERT INTO search_index(search_index) VALUES ('integrity-check')")
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_file_restored_at_the_last_moment_stays(database: SqlDatabase, store: LocalStore) -> None:
    file = add_file(database, store, deleted=NOW - 31 * DAY)
    database.write(lambda t: t.files.restore(TENANT, file.id, NOW))
    assert database.write(lambda t: t.upkeep.purge_files([file.id], NOW - 30 * DAY)) == []
    assert "files" in rows_about(database, file.id)


def test_the_story_of_a_session_outlives_its_files(database: SqlDatabase, store: LocalStore, sweeper: Sweeper) -> None:
    file, other = add_file(database, store, deleted=NOW - 31 * DAY), add_file(database, store)
    session = Session(str(uuid.uuid4()), TENANT, NOW - DAY, NOW - DAY)
    entries = [
        SessionFile(session.id, 0, "a.png", FileOutcome.ACCEPTED, file.id),
        SessionFile(session.id, 1, "b.png", FileOutcome.ACCEPTED, other.id),
    ]
    database.write(lambda t: (t.sessions.add(session), t.sessions.append(session.id, entries, NOW - DAY)))
    sweeper.expire()
    counts = database.read(lambda t: t.sessions.counts([session]))[session.id]
    assert (counts.total, counts.completed, counts.skipped) == (2, 1, 1)
    assert status_of(session, counts, NOW) is SessionStatus.COMPLETED
    page, _ = database.read(lambda t: t.sessions.page(session.id, include_failed=True, limit=9, offset=0))
    assert [(entry.filename, kept is None) for entry, kept in page] == [("a.png", True), ("b.png", False)]
    assert len(database.read(lambda t: t.sessions.events(session.id, 0, limit=9))) == 2


@pytest.mark.parametrize("files", [0, 3, 1300])
def test_an_old_session_goes_in_portions_and_its_files_stay(
    database: SqlDatabase, store: LocalStore, sweeper: Sweeper, files: int
) -> None:
    file = add_file(database, store)
    old = Session(str(uuid.uuid4()), TENANT, NOW - 8 * DAY, NOW - 8 * DAY)
    young = Session(str(uuid.uuid4()), TENANT, NOW - 8 * DAY, NOW - 6 * DAY)
    for session in (old, young):
        entries = [SessionFile(session.id, n, "a.png", FileOutcome.ACCEPTED, file.id) for n in range(files)]
        database.write(lambda t, session=session: t.sessions.add(session))
        if entries:
            database.write(lambda t, s=session, e=entries: t.sessions.append(s.id, e, s.updated_at))
    assert sweeper.expire().sessions == 1
    assert database.read(lambda t: t.sessions.get(TENANT, old.id)) is None
    assert database.read(lambda t: t.sessions.get(TENANT, young.id)) == young
    counts = database.read(lambda t: t.sessions.counts([old, young]))
    assert (counts[old.id].total, counts[young.id].total) == (0, files)
    assert "files" in rows_about(database, file.id)


def test_a_session_in_which_something_happened_lately_or_waits_stays(
    database: SqlDatabase, store: LocalStore, sweeper: Sweeper
) -> None:
    told, waiting = add_file(database, store), add_file(database, store, status="waiting")
    sessions = []
    for file in (told, waiting):
        session = Session(str(uuid.uuid4()), TENANT, NOW - 90 * DAY, NOW - 90 * DAY)
        entry = SessionFile(session.id, 0, "a.png", FileOutcome.ACCEPTED, file.id)
        database.write(lambda t, s=session, e=entry: (t.sessions.add(s), t.sessions.append(s.id, [e], NOW - 90 * DAY)))
        sessions.append(session)
    database.write(lambda t: t.files.mark_deleted(TENANT, told.id, NOW - DAY))  # an event of yesterday
    assert sweeper.expire().sessions == 0
    database.write(lambda t: t.files.mark_deleted(TENANT, waiting.id, NOW - 20 * DAY))  # it waits no more
    assert sweeper.expire().sessions == 1
    assert database.read(lambda t: t.sessions.get(TENANT, sessions[0].id)) is not None


def test_answers_kept_for_replay_go_after_a_day(database: SqlDatabase, sweeper: Sweeper) -> None:
    times = [NOW - DAY - timedelta(seconds=n) for n in range(1200)] + [NOW - DAY + timedelta(seconds=1), NOW]
    records = [IdempotencyRecord(f"key-{number}", "f", {}, at) for number, at in enumerate(times)]
    database.write(lambda t: [t.idempotency.keep(TENANT, record) for record in records])
    assert database.read(lambda t: t.upkeep.old_responses(NOW - DAY)) == 1199
    assert sweeper.expire().answers == 1199
    assert database.read(lambda t: t.idempotency.find(TENANT, "key-1201", NOW - DAY)) is not None
    assert database.read(lambda t: t.idempotency.find(TENANT, "key-1200", NOW - DAY)) is not None
    assert database.read(lambda t: t.idempotency.find(TENANT, "key-1", NOW - 9 * DAY)) is None


def test_records_of_ended_jobs_go_and_those_of_waiting_ones_stay(
    database: SqlDatabase, jobs: DbosQueue, sweeper: Sweeper, url: str
) -> None:
    database.write(
        lambda t: [jobs.enqueue_description(t, file_named(f"file-{n}"), 1, Priority.BATCH) for n in range(4)]
    )
    long_ago = int((NOW - 8 * DAY).timestamp() * 1000)
    jobs_table = sa.table(
        "workflow_status",
        *map(sa.column, ("workflow_uuid", "status", "completed_at")),
        schema="dbos" if url.startswith("postgresql") else None,
    )

    def ended(transaction: SqlTransaction, status: str, at: int, job: str) -> None:
        done = jobs_table.update().where(jobs_table.c.workflow_uuid == job)
        transaction.connection.execute(done.values(status=status, completed_at=at))

    database.write(lambda t: ended(t, "SUCCESS", long_ago, "describe:file-0:1"))
    database.write(lambda t: ended(t, "ERROR", long_ago, "describe:file-1:1"))
    database.write(lambda t: ended(t, "SUCCESS", int((NOW - DAY).timestamp() * 1000), "describe:file-2:1"))
    assert sweeper.preview().jobs == 2
    assert sweeper.expire().jobs == 2
    left = database.read(lambda t: set(t.connection.execute(sa.select(jobs_table.c.workflow_uuid)).scalars()))
    assert left == {"describe:file-2:1", "describe:file-3:1"}


def test_objects_of_no_file_go_when_they_are_old_and_nothing_else_does(
    database: SqlDatabase, store: LocalStore, sweeper: Sweeper, tmp_path: Path
) -> None:
    kept, deleted = add_file(database, store), add_file(database, store, deleted=NOW - DAY)
    lost, young = str(uuid.uuid4()), str(uuid.uuid4())
    orphan, fresh = f"{TENANT}/{lost[:2]}/{lost}/original.png", f"{TENANT}/{young[:2]}/{young}/original.png"
    abandoned, sending = (direct_upload(database, status) for status in ("refused", "open"))
    parts = [f"{TENANT}/direct/{upload}/1" for upload in (abandoned, sending)]
    strange = [parts[1], "notes.txt", f"{TENANT}/zz/{lost}/original.png", f"{TENANT}/ab/not-an-id/original.png"]
    for key in (orphan, fresh, parts[0], *strange):
        store.put(key, b"12345678")
    for key in objects(store):
        make_old(store, key)
    make_old(store, fresh, NOW - timedelta(hours=23))
    assert sweeper.preview() == SweepReport(orphans=2, orphan_bytes=16)
    assert sweeper.clear() == SweepReport(orphans=2, orphan_bytes=16)
    folders = [file.object_key.rsplit("/", 1)[0] for file in (kept, deleted)]
    assert objects(store) == {
        fresh,
        *strange,
        *(f"{folder}/{name}" for folder in folders for name in ("original.png", "tiny_64.jpg")),
    }


def test_objects_of_no_file_go_from_tenants_buckets_too(
    url: str, database: SqlDatabase, store: LocalStore, jobs: DbosQueue, s3_server: S3Server, tmp_path: Path
) -> None:
    kept, bucket = add_file(database, store), s3_server.new_bucket()
    known = f"scopix/{kept.object_key}"
    orphan = f"scopix/{TENANT}/ab/ab{uuid.uuid4().hex[2:8]}-1111-4111-8111-111111111111/original.png"
    theirs = [f"scopix/{uuid.uuid4()}/notes.txt", "holidays/original.png", f"scopix/{TENANT}/notes.txt"]
    with (
        open_store(s3_server, bucket, tmp_path) as theirs_store,
        open_store(s3_server, bucket, tmp_path, s3_server.writer) as closed_store,
    ):
        for key in (known, orphan, *theirs):
            theirs_store.put(key, b"12345")
        folders = [(closed_store, f"scopix/{TENANT}"), (theirs_store, f"scopix/{TENANT}")]

        def sweeper_at(now: datetime) -> Sweeper:
            return Sweeper(database, store, jobs, RETENTION, tenants_folders=lambda: folders, now=lambda: now)

        today = datetime.now(UTC)
        assert sweeper_at(today + DAY / 2).clear().orphans == 0
        later = sweeper_at(today + 2 * DAY)
        assert later.preview().orphans == 1
        report = later.clear()
    assert (report.orphans, report.orphan_bytes) == (1, 5)
    assert s3_server.keys(bucket) == sorted([known, *theirs])


def test_workers_of_which_nothing_was_heard_for_a_day_are_forgotten(database: SqlDatabase, sweeper: Sweeper) -> None:
    for name, age in (("lately", DAY / 2), ("long ago", 2 * DAY)):
        database.write(lambda t, name=name, age=age: t.workers.beat(name, NOW - age, ready=True))
    sweeper.expire()
    assert set(database.read(lambda t: t.workers.beats())) == {"lately"}


@pytest.mark.parametrize("shared", [False, True])
def test_a_start_removes_parts_where_nobody_else_can_be_writing_them(shared: bool, tmp_path: Path) -> None:
    url = "postgresql://somewhere/else" if shared else None
    storage = Storage(Settings(data_dir=tmp_path, database_url=url), "web")
    writer = storage.own.open_writer()
    writer.write(b"of another server in the same folder")
    Storage(Settings(data_dir=tmp_path, database_url=url), "web").sweep()
    parts = list((tmp_path / "storage" / "tmp").iterdir())
    assert len(parts) == (1 if shared else 0)
    # What is old goes, whoever wrote it; what is young stays.
    assert storage.remove_leftovers(datetime.now(UTC) - DAY) == 0
    for part in parts:
        make_part_old(part)
    assert storage.remove_leftovers(datetime.now(UTC) - DAY) == len(parts)
    writer.abort()


def make_part_old(part: Path) -> None:
    at = (datetime.now(UTC) - 2 * DAY).timestamp()
    os.utime(part, (at, at))


def test_direct_uploads_that_nobody_completed_expire(
    database: SqlDatabase, store: LocalStore, sweeper: Sweeper
) -> None:
    uploads = [direct_upload(database, "open", NOW - timedelta(minutes=n)) for n in range(1, 121)]
    going_on = direct_upload(database, "open")
    for upload in [*uploads, going_on]:
        store.put(f"{TENANT}/direct/{upload}/1", b"12345678")
    assert sweeper.preview().direct_uploads == 120
    assert sweeper.expire() == SweepReport(direct_uploads=120)
    assert objects(store) == {f"{TENANT}/direct/{going_on}/1"}


def test_an_object_is_as_old_as_its_commit_and_not_as_its_bytes(store: LocalStore) -> None:
    writer = store.open_writer()
    writer.write(b"the first file of a batch that takes a day")
    writer.seal()
    (part,) = (store.path("x").parent.parent / "tmp").iterdir()
    os.utime(part, (1, 1))
    start = datetime.now(UTC) - timedelta(seconds=1)
    writer.commit("t/ab/file/original.png")
    (found,) = store.list("t")
    assert found.modified_at >= start


def test_a_sweep_may_be_broken_off_between_any_two_portions(
    database: SqlDatabase, store: LocalStore, sweeper: Sweeper
) -> None:
    for _ in range(120):
        add_file(database, store, deleted=NOW - 31 * DAY)
    answers = iter([True, False])
    with pytest.raises(BrokenOff):
        sweeper.expire(lambda: next(answers))
    left = database.read(lambda t: len(t.upkeep.deleted_files(NOW, limit=1000)))
    assert 0 < left < 120
    assert len(objects(store)) == 2 * left
    assert sweeper.expire().files == left
    assert objects(store) == set()


def test_uploads_are_recorded_while_a_sweep_is_under_way(
    database: SqlDatabase, store: LocalStore, sweeper: Sweeper
) -> None:
    for _ in range(200):
        add_file(database, store, deleted=NOW - 31 * DAY)
    added: list[File] = []
    between: list[int] = []

    def go_on() -> bool:
        # In another thread, as an upload would; it comes through between two portions.
        thread = threading.Thread(target=lambda: added.append(add_file(database, store)))
        thread.start()
        thread.join(timeout=20)
        between.append(len(added))
        return True

    assert sweeper.expire(go_on).files == 200
    assert between == list(range(1, len(between) + 1))
    assert all("files" in rows_about(database, file.id) for file in added)


def test_a_chore_is_done_by_one_at_a_time_and_not_again_before_it_is_due(database: SqlDatabase) -> None:
    seen: list[str] = []

    def held(_: object) -> SweepReport:
        seen.append("first")
        with pytest.raises(TaskTaken) as taken:
            second.do_now(task)
        assert taken.value.holder == "a"
        return SweepReport(files=1)

    task = MaintenanceTask("expire", DAY, held)
    first, second = MaintenanceRunner(database, "a", [task]), MaintenanceRunner(database, "b", [])
    assert first.do_now(task).files == 1
    now = datetime.now(UTC)
    take = lambda **when: database.write(lambda t: t.maintenance.take("expire", "b", now, now + DAY, **when))  # noqa: E731
    assert not take(done_before=now - DAY)
    assert take(done_before=now + DAY)
    assert seen == ["first"]


def test_a_chore_of_a_process_that_died_is_taken_over_when_its_time_is_up(database: SqlDatabase) -> None:
    def take(holder: str, now: datetime) -> bool:
        return database.write(lambda t: t.maintenance.take("clear", holder, now, now + DAY, done_before=now - DAY))

    assert take("dead", NOW)
    assert not take("heir", NOW + DAY)
    assert take("heir", NOW + 2 * DAY)
    assert not database.write(lambda t: t.maintenance.renew("clear", "dead", NOW + 9 * DAY))
    assert database.write(lambda t: t.maintenance.renew("clear", "heir", NOW + 9 * DAY))


def test_a_chore_that_fails_is_let_go_and_is_due_again(database: SqlDatabase) -> None:
    def fail(_: object) -> SweepReport:
        raise OSError("the disk is gone")

    keeper = MaintenanceRunner(database, "a", [])
    with pytest.raises(OSError, match="disk"):
        keeper.do_now(MaintenanceTask("clear", DAY, fail))
    assert database.read(lambda t: t.maintenance.holder("clear", datetime.now(UTC))) is None
    done = MaintenanceTask("clear", DAY, lambda _: SweepReport(orphans=1))
    assert MaintenanceRunner(database, "b", []).do_now(done) == SweepReport(orphans=1)


def test_nothing_refers_to_a_file_beyond_the_reach_of_a_purge() -> None:
    """A table added later must be reached too: by one reference, or by a row with an id of its own on the way."""
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            assert len(key.column.table.primary_key.columns) == 1, f"{table.name}.{key.parent.name}"
