"""Accepting files, on SQLite and on PostgreSQL: what is undone, what is answered again."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionStatus, StorageTarget
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.errors import Conflict, CorruptImage, NotFound
from scopix_server.domain.plans import PLANS, PlanTable
from scopix_server.domain.ports import IdempotencyRecord, Transaction
from scopix_server.domain.tenant import Tenant
from scopix_server.intake.accept import Arrival, Intake, Upload
from scopix_server.intake.decode_plan import PixelLimits
from scopix_server.intake.destination import Destination
from scopix_server.intake.incoming import FileLimits, IncomingFile
from scopix_server.intake.options import SessionOptions, UploadOptions
from scopix_server.intake.quota import Quotas
from scopix_server.intake.receipts import Receipt
from scopix_server.intake.replay import batch_fingerprint, single_fingerprint
from scopix_server.jobs.queue import DbosQueue, migrate_jobs
from scopix_server.storage.memory import MemoryStore
from tests.support.images import encoded, picture

TENANT = "33333333-3333-4333-8333-333333333333"
PNG = encoded(picture(16, 16))
OPTIONS = UploadOptions(title="A title", tags=("a", "b"), skip_duplicates=True, storage_target=StorageTarget.CUSTOM)


@pytest.fixture
def intake(empty_database: SqlDatabase, engine: sa.Engine) -> Iterator[Intake]:
    url = engine.url.render_as_string(hide_password=False)
    migrate_jobs(url)
    empty_database.write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "t", datetime.now(UTC))))
    store, jobs = MemoryStore(), DbosQueue(url)
    limits = FileLimits(10**6, 10**6, PixelLimits(10**6, 10**6))
    quotas = Quotas(PlanTable(PLANS, "custom"))
    yield Intake(store, lambda *_: Destination(store), empty_database, jobs, limits, quotas)
    jobs.close()


def arrived(intake: Intake, name: str = "a.png", content: bytes = PNG) -> IncomingFile:
    incoming = intake.open(name)
    incoming.write(content)
    return incoming


def objects(intake: Intake) -> set[str]:
    return {found.key for found in intake.store.list("")}


def keep(database: SqlDatabase, fingerprint: str, answer: dict[str, object]) -> None:
    record = IdempotencyRecord("a key", fingerprint, answer, datetime.now(UTC))
    database.write(lambda t: t.idempotency.keep(TENANT, record))


def test_fingerprints_are_those_of_earlier_versions() -> None:
    """Read from the version of November 2026: a client that tries again after an update is known."""
    assert single_fingerprint("0" * 64, "a.png", OPTIONS) == (
        "6300aa8b961a3eaaab66c82123fd4dfa67e3ede936468f826c4a3caecc6bcbb7"
    )
    files = [("a.png", "0" * 64), ("b.png", str(CorruptImage("b.png: It is damaged.")))]
    assert batch_fingerprint(files, OPTIONS, SessionOptions(expected_files=2)) == (
        "521e5463776a3e3b6ffa3b05544c444d1dd6eefd8e211578e9b2399ef39c362a"
    )


def test_an_answer_of_an_earlier_version_is_given_again(intake: Intake, empty_database: SqlDatabase) -> None:
    first = intake.accept(Upload(TENANT, [Arrival(arrived(intake))]))
    stored = objects(intake)
    kept = {"file_id": first.file.id, "duplicate": False, "description_status": "queued", "processing_time_ms": 7}
    keep(empty_database, single_fingerprint(first.file.sha256, "a.png", UploadOptions()), kept)
    again = intake.accept(Upload(TENANT, [Arrival(arrived(intake))], idempotency_key="a key"))
    assert (again.file.id, again.replayed, again.duplicate) == (first.file.id, True, False)
    assert again.file.description_status is DescriptionStatus.QUEUED
    assert again.processing_time_ms == 7
    assert objects(intake) == stored


def test_a_batch_s_answer_of_an_earlier_version_is_given_again(intake: Intake, empty_database: SqlDatabase) -> None:
    sha256 = intake.accept(Upload(TENANT, [Arrival(arrived(intake))])).file.sha256
    stored = objects(intake)
    entry = {"index": 0, "filename": "a.png", "outcome": "accepted", "file_id": "f" * 36, "object_key": "k"}
    entry |= {"media_type": "image", "described": True, "error": None, "retryable": False}
    answer = {"session_id": "5" * 36, "files": [entry], "processing_time_ms": 7, "replayed": False}
    keep(empty_database, batch_fingerprint([("a.png", sha256)], UploadOptions(), SessionOptions()), answer)
    batch = Upload(TENANT, [Arrival(arrived(intake))], session=SessionOptions(), idempotency_key="a key")
    again = intake.accept(batch)
    assert (again.replayed, again.session_id, again.processing_time_ms) == (True, "5" * 36, 7)
    assert [(one.file_id, one.outcome, one.described) for one in again.files] == [("f" * 36, "accepted", True)]
    assert objects(intake) == stored


def test_a_key_of_another_request_is_refused_and_leaves_nothing(intake: Intake) -> None:
    intake.accept(Upload(TENANT, [Arrival(arrived(intake))], idempotency_key="a key"))
    stored = objects(intake)
    for session in (None, SessionOptions()):
        other = [Arrival(arrived(intake, "b.png"))]
        with pytest.raises(Conflict, match="another upload"):
            intake.accept(Upload(TENANT, other, session=session, idempotency_key="a key"))
    assert objects(intake) == stored


def test_of_a_request_that_is_refused_at_its_end_nothing_is_left(intake: Intake, empty_database: SqlDatabase) -> None:
    batch = [Arrival(arrived(intake)), Arrival(arrived(intake, "b.png"))]
    with pytest.raises(NotFound):
        intake.accept(Upload(TENANT, batch, session=SessionOptions(session_id="0" * 36)))
    assert objects(intake) == set()
    tables = "files", "session_files", "search_documents"
    assert empty_database.read(lambda t: [_count(t, name) for name in tables]) == [0, 0, 0]


def test_of_two_equal_files_in_a_request_the_second_finds_the_first(intake: Intake) -> None:
    batch = [Arrival(arrived(intake, name)) for name in ("a.png", "b.png")]
    options = UploadOptions(skip_duplicates=True)
    receipt = intake.accept(Upload(TENANT, batch, options, session=SessionOptions()))
    first, second = receipt.files
    assert (first.outcome, second.outcome, second.file_id) == ("accepted", "duplicate", first.file_id)
    assert objects(intake) == {first.object_key}


def test_an_object_that_another_request_has_recorded_stays(intake: Intake) -> None:
    """Two completions of one direct upload at once store under the same key; one of them fails."""
    reserved = "77777777-7777-4777-8777-777777777777"
    recorded = intake.accept(Upload(TENANT, [Arrival(arrived(intake), reserved_id=reserved)]))
    with pytest.raises(Conflict, match="closed"):
        intake.accept(Upload(TENANT, [Arrival(arrived(intake), reserved_id=reserved)], replay=Closed()))
    assert objects(intake) == {recorded.file.object_key}


class Closed:
    """An upload that was closed while it was completed."""

    def find(self, transaction: Transaction) -> Receipt | None:
        raise Conflict("This direct upload was closed while it was completed.")

    def keep(self, transaction: Transaction, receipt: Receipt) -> None:
        raise AssertionError


def _count(transaction: Transaction, table: str) -> int:
    query = sa.select(sa.func.count()).select_from(sa.table(table))
    return int(transaction.connection.execute(query).scalar_one())  # type: ignore[attr-defined]
