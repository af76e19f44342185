"""Kept numbers through what no user does: purging, ending sessions, erasing tenants, two writers, and mending.

What users and workers do, in any order, is held against a recount by `test_lifecycle.py`.
"""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.file import File
from scopix_server.domain.plans import MonthlyUsage, StoredFiles
from scopix_server.domain.session import FileOutcome, Session, SessionCounts, SessionFile
from scopix_server.domain.tenant import Tenant
from scopix_server.domain.upkeep import CountsReport
from scopix_server.upkeep.integrity import Counts

NOW = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
TENANT, SESSION = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
RIGHT = CountsReport({}, {})


def file_of(number: int, status: DescriptionStatus = DescriptionStatus.QUEUED, **more: object) -> File:
    values = {
        "id": str(uuid.UUID(int=100 + number)),
        "tenant_id": TENANT,
        "filename": "a.png",
        "content_type": "image/png",
        "media_type": MediaType.IMAGE,
        "size_bytes": 10,
        "sha256": "0" * 64,
        "object_key": "k",
        "created_at": NOW + timedelta(days=number),
        "updated_at": NOW,
        "description_status": status,
        "description_revision": 1,
    }
    return File(**(values | more))  # type: ignore[arg-type]


@pytest.fixture
def database(empty_database: SqlDatabase) -> SqlDatabase:
    """A tenant with three files of two months, all in one session with a refused one."""
    files = [file_of(0, DescriptionStatus.COMPLETED), file_of(1), file_of(2, DescriptionStatus.FAILED)]
    entries = [SessionFile(SESSION, n, "a.png", FileOutcome.ACCEPTED, file.id) for n, file in enumerate(files)]
    refused = SessionFile(SESSION, 3, "b.txt", FileOutcome.REJECTED, error="no image")

    def begin(transaction: object) -> None:
        transaction.tenants.add_tenant(Tenant(TENANT, "t", NOW))  # type: ignore[attr-defined]
        transaction.sessions.add(Session(SESSION, TENANT, NOW, NOW))  # type: ignore[attr-defined]
        transaction.files.add(*files)  # type: ignore[attr-defined]
        transaction.sessions.append(SESSION, [*entries, refused], NOW)  # type: ignore[attr-defined]

    empty_database.write(begin)
    assert counts_of(empty_database) == SessionCounts(completed=1, failed=2, pending=1)
    return empty_database


def counts_of(database: SqlDatabase) -> SessionCounts:
    session = database.read(lambda t: t.sessions.get(TENANT, SESSION))
    return database.read(lambda t: t.sessions.counts([session]))[SESSION]


def wrong(database: SqlDatabase) -> CountsReport:
    return database.read(lambda t: t.counts.wrong())


def test_what_is_purged_is_counted_off(database: SqlDatabase) -> None:
    ids = [file_of(number).id for number in range(3)]
    for file_id in ids[:2]:
        assert database.write(lambda t, file_id=file_id: t.files.mark_deleted(TENANT, file_id, NOW))
    assert database.read(lambda t: t.tenants.stored(TENANT)) == StoredFiles(1, 10)
    assert database.read(lambda t: t.tenants.usage(TENANT, NOW.replace(day=1))) == MonthlyUsage(3, 1)
    assert database.read(lambda t: t.tenants.usage(TENANT, datetime(2026, 2, 1, tzinfo=UTC))) == MonthlyUsage(2, 0)
    assert wrong(database) == RIGHT
    assert len(database.write(lambda t: t.upkeep.purge_files(ids, NOW + timedelta(1)))) == 2
    assert wrong(database) == RIGHT
    assert counts_of(database) == SessionCounts(failed=2, skipped=2)


def test_a_session_that_goes_by_portions_counts_what_is_left(database: SqlDatabase) -> None:
    left = [counts_of(database).total]
    while not database.write(lambda t: t.upkeep.purge_session(SESSION, limit=1)):
        assert wrong(database) == RIGHT
        left.append(counts_of(database).total)
    assert left[0] > left[-1] > 0
    assert database.read(lambda t: t.sessions.get(TENANT, SESSION)) is None
    assert wrong(database) == RIGHT


def test_a_tenant_that_is_erased_leaves_no_numbers(database: SqlDatabase) -> None:
    ids = [file_of(number).id for number in range(3)]
    database.write(lambda t: t.tenant_data.shut_out(TENANT, NOW))
    assert wrong(database) == RIGHT
    assert database.read(lambda t: t.tenants.stored(TENANT)) == StoredFiles(0, 0)
    database.write(lambda t: t.files.add(file_of(3)))  # that was on its way
    assert database.write(lambda t: t.tenant_data.mark_deleted([*ids, file_of(3).id], NOW)) == 1
    assert wrong(database) == RIGHT
    database.write(lambda t: t.tenant_data.remove_files([*ids, file_of(3).id]))
    assert wrong(database) == RIGHT
    while database.write(lambda t: t.tenant_data.remove_some(TENANT, limit=10)):
        pass
    assert database.write(lambda t: t.tenant_data.remove_tenant(TENANT))
    assert database.read(lambda t: t.connection.execute(sa.text("SELECT count(*) FROM file_counts")).scalar()) == 0


def test_what_is_rolled_back_was_never_counted(database: SqlDatabase) -> None:
    def fail(transaction: object) -> None:
        transaction.files.add(file_of(7))  # type: ignore[attr-defined]
        assert transaction.tenants.stored(TENANT) == StoredFiles(4, 40)  # type: ignore[attr-defined]
        raise ValueError

    with pytest.raises(ValueError):
        database.write(fail)
    with pytest.raises(ValueError):
        database.read(fail)
    database.write(lambda t: t.files.add(file_of(8)))
    assert database.read(lambda t: t.tenants.stored(TENANT)) == StoredFiles(4, 40)
    assert wrong(database) == RIGHT


def test_writers_that_come_at_once_count_everything(database: SqlDatabase) -> None:
    def come_and_go(number: int) -> None:
        file = file_of(number % 3, id=str(uuid.UUID(int=1000 + number)))
        database.write(lambda t: t.files.add(file))
        database.write(lambda t: t.descriptions.claim(file.id, 1, NOW))
        if number % 4 == 0:
            database.write(lambda t: t.files.mark_deleted(TENANT, file.id, NOW))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(come_and_go, range(60)))
    assert database.read(lambda t: t.tenants.stored(TENANT)) == StoredFiles(48, 480)
    assert wrong(database) == RIGHT


def test_wrong_numbers_are_found_and_mended(database: SqlDatabase) -> None:
    def spoil(transaction: object) -> None:
        run = transaction.connection.execute  # type: ignore[attr-defined]
        run(sa.text("UPDATE file_counts SET completed = completed + 5, size_bytes = 0 WHERE month = '2026-01'"))
        run(sa.text("DELETE FROM file_counts WHERE month = '2026-02'"))
        run(sa.text("UPDATE sessions SET failed_files = 9"))

    database.write(spoil)
    found = wrong(database)
    assert found.files[TENANT]["completed"] == (6, 1)
    assert found.files[TENANT]["size_bytes"] == (0, 30)
    assert found.files[TENANT]["uploads"] == (0, 2)
    assert found.sessions == {SESSION: TENANT}
    names = "completed, described, failed, queued, size_bytes, uploads"
    message = f"Kept numbers of 1 tenants are wrong: {names}, those of 1 sessions."
    assert str(Counts(database).mend()) == message
    assert wrong(database) == RIGHT
    assert str(Counts(database).mend()) == ""
    assert counts_of(database) == SessionCounts(completed=1, failed=2, pending=1)
