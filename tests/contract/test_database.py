"""Transactions and repositories, on SQLite and on PostgreSQL."""

import dataclasses
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus, MediaType, VariantStatus
from scopix_server.db.connection import SqlDatabase, SqlTransaction
from scopix_server.domain.description import Box, Description, ImageKind, LabelGroup, Perception, TextRegion
from scopix_server.domain.engines import HUMAN
from scopix_server.domain.errors import Conflict
from scopix_server.domain.file import File, Variant
from scopix_server.domain.listing import FileFilter, SortBy, SortOrder, position_of
from scopix_server.domain.ports import DescriptionRecord, IdempotencyRecord
from scopix_server.domain.session import FileOutcome, Session, SessionFile
from scopix_server.domain.states import TERMINAL
from scopix_server.domain.tenant import Tenant

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TENANT = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def database(empty_database: SqlDatabase) -> SqlDatabase:
    for tenant_id in (TENANT, OTHER):
        tenant = Tenant(tenant_id, tenant_id[0], NOW)
        empty_database.write(lambda t, tenant=tenant: t.tenants.add_tenant(tenant))
    return empty_database


def new_file(**changes: object) -> File:
    file = File(
        id=str(uuid.uuid4()),
        tenant_id=TENANT,
        filename="a.png",
        content_type="image/png",
        media_type=MediaType.IMAGE,
        size_bytes=5,
        sha256="0" * 64,
        object_key="k",
        created_at=NOW,
        updated_at=NOW,
        user_tags=("x", "y"),
        description_status=DescriptionStatus.QUEUED,
        description_revision=1,
    )
    return dataclasses.replace(file, **changes)


def stored(database: SqlDatabase, **changes: object) -> File:
    file = new_file(**changes)
    database.write(lambda t: t.files.add(file))
    return file


def answer(file: File, revision: int = 1, text: str = "A cup.") -> DescriptionRecord:
    said = Description(text, ("cup",), None, ImageKind.PHOTO, "builtin", "1", evidence=({"labels": [1]},))
    return DescriptionRecord(str(uuid.uuid4()), file.id, revision, said, "general", NOW, 12)


def test_a_file_comes_back_as_it_was_stored(database: SqlDatabase) -> None:
    file = stored(database, title="T", width=3, content_created_at=NOW - timedelta(days=1))
    assert database.read(lambda t: t.files.get(TENANT, file.id)) == file


def test_a_tenant_never_sees_anothers_file(database: SqlDatabase) -> None:
    file = stored(database)
    assert database.read(lambda t: t.files.get(OTHER, file.id)) is None
    assert database.read(lambda t: t.files.get(OTHER, file.id[:8])) is None
    assert database.read(lambda t: t.files.find_by_hash(OTHER, file.sha256)) is None
    assert database.read(lambda t: t.files.list(OTHER, FileFilter(), limit=10, offset=0)) == ([], 0)
    assert database.write(lambda t: t.files.mark_deleted(OTHER, file.id, NOW)) is False


def test_eight_characters_find_a_file_unless_they_fit_two(database: SqlDatabase) -> None:
    first = stored(database, id="abcdef01-0000-4000-8000-000000000001")
    assert database.read(lambda t: t.files.get(TENANT, "abcdef01")) == first
    stored(database, id="abcdef01-0000-4000-8000-000000000002")
    with pytest.raises(Conflict, match="more than one"):
        database.read(lambda t: t.files.get(TENANT, "abcdef01"))


def test_what_has_ended_is_found_among_what_is_waited_for(database: SqlDatabase) -> None:
    files = {status: stored(database, description_status=status) for status in DescriptionStatus}
    gone = stored(database, description_status=DescriptionStatus.QUEUED)
    database.write(lambda t: t.files.mark_deleted(TENANT, gone.id, NOW))
    ended = {files[status].id for status in TERMINAL} | {gone.id}
    ids = [*(file.id for file in files.values()), gone.id]
    assert database.read(lambda t: t.files.settled(ids)) == ended
    assert database.read(lambda t: t.files.settled(ids[:1])) == ended & set(ids[:1])

    def session_of(number: int, *members: File) -> Session:
        session = Session(f"{number:08}-0000-4000-8000-000000000000", TENANT, NOW, NOW)
        entries = [
            SessionFile(session.id, place, file.filename, FileOutcome.ACCEPTED, file.id)
            for place, file in enumerate(members)
        ]
        rejected = SessionFile(session.id, len(members), "x.png", FileOutcome.REJECTED, error="no image")
        database.write(lambda t: (t.sessions.add(session), t.sessions.append(session.id, [*entries, rejected], NOW)))
        return session

    sessions = [
        session_of(number, files[DescriptionStatus.COMPLETED], file) for number, file in enumerate(files.values())
    ]
    sessions += [session_of(90, gone), session_of(91)]
    now = {s.id for s in sessions if not database.read(lambda t, s=s: t.sessions.counts([s]))[s.id].pending}
    assert {sessions[-1].id, sessions[-2].id} < now < {session.id for session in sessions}
    assert database.read(lambda t: t.sessions.settled([session.id for session in sessions])) == now


def test_pages_are_newest_first_and_add_up(database: SqlDatabase) -> None:
    files = [stored(database, created_at=NOW + timedelta(seconds=number)) for number in range(7)]
    gone = files.pop(3)
    database.write(lambda t: t.files.mark_deleted(TENANT, gone.id, NOW))
    pages = [
        database.read(lambda t, o=offset: t.files.list(TENANT, FileFilter(), limit=4, offset=o)) for offset in (0, 4, 8)
    ]
    assert [total for _, total in pages] == [6, 6, 6]
    assert [file.id for page, _ in pages for file in page] == [file.id for file in reversed(files)]


@pytest.mark.parametrize("sort_order", list(SortOrder))
# The place of a list by relevance is a number of files, which such changes move.
@pytest.mark.parametrize("sort_by", [each for each in SortBy if each is not SortBy.RELEVANCE])
def test_places_lead_through_every_order(database: SqlDatabase, sort_by: SortBy, sort_order: SortOrder) -> None:
    """Many equal values, titles in both cases and none at all; files come and go on the way."""
    titles = [None, "b", "B", "a", "é", None, "c", "A", None, "b"]
    files = [
        stored(database, title=title, size_bytes=number % 3, created_at=NOW + timedelta(seconds=number // 4))
        for number, title in enumerate(titles * 2)
    ]
    wanted = FileFilter(sort_by=sort_by, sort_order=sort_order)
    whole, total = database.read(lambda t: t.files.list(TENANT, wanted, limit=100, offset=0))
    assert total == len(files)
    met, after = [], None
    while page := database.read(lambda t, a=after: t.files.list(TENANT, wanted, limit=3, offset=0, after=a))[0]:
        met += [file.id for file in page]
        after = position_of(page[-1], sort_by, len(met))
        # What was met already does not count any more, so that its end moves nothing.
        database.write(lambda t, gone=page[0].id: t.files.mark_deleted(TENANT, gone, NOW))
    assert met == [file.id for file in whole]


def test_one_failing_write_leaves_its_neighbours_alone(database: SqlDatabase) -> None:
    """Writes that wait together share a commit; each still stands or falls by itself."""
    release = threading.Event()
    blocked = database.submit(lambda t: release.wait(10))
    good = [new_file() for _ in range(5)]
    futures = [database.submit(lambda t, f=file: t.files.add(f)) for file in good]

    def half_done(transaction: SqlTransaction) -> None:
        transaction.files.add(new_file(id="99999999-9999-4999-8999-999999999999"))
        raise RuntimeError("halfway")

    failing = database.submit(half_done)
    last = new_file()
    futures.append(database.submit(lambda t: t.files.add(last)))
    release.set()
    assert blocked.result(10)
    with pytest.raises(RuntimeError, match="halfway"):
        failing.result(10)
    for future in futures:
        future.result(10)
    assert database.read(lambda t: t.files.list(TENANT, FileFilter(), limit=100, offset=0))[1] == 6
    assert database.read(lambda t: t.files.get(TENANT, "99999999")) is None


def test_a_read_cannot_change_anything(database: SqlDatabase) -> None:
    file = new_file()
    database.read(lambda t: t.files.add(file))
    assert database.read(lambda t: t.files.get(TENANT, file.id)) is None


def test_the_course_of_a_description(database: SqlDatabase) -> None:
    file = stored(database)
    begun = database.write(lambda t: t.descriptions.claim(file.id, 1, NOW))
    assert begun is not None
    assert (begun.description_status, begun.description_attempts) == (DescriptionStatus.PROCESSING, 1)
    perception = Perception(
        10,
        20,
        text=(TextRegion("hi", Box(0.1, 0.2, 0.3, 0.4), 0.9, ((0.1, 0.2), (0.4, 0.2), (0.4, 0.6), (0.1, 0.6))),),
        labels=(LabelGroup("cat", 0.8, "tabby", 0.5),),
        embedding=(0.5, -1.25),
    )
    variant = Variant("tiny_64", "k/tiny_64.jpg", "image/jpeg", 32, 64, 100)
    database.write(lambda t: t.variants.save(file.id, [variant]))
    database.write(lambda t: t.descriptions.save_perception(file.id, perception, NOW))
    assert database.read(lambda t: t.descriptions.perception(file.id)) == perception
    assert database.read(lambda t: t.variants.of([file.id])) == {file.id: (variant,)}
    assert database.write(lambda t: t.descriptions.complete(answer(file)))
    done = database.read(lambda t: t.files.get(TENANT, file.id))
    assert done is not None
    assert (done.description_status, done.variant_status) == (DescriptionStatus.COMPLETED, VariantStatus.COMPLETED)
    assert (done.width, done.height, done.content_created_at) == (10, 20, NOW)
    (version,) = database.read(lambda t: t.descriptions.versions(file.id))
    assert version.description == answer(file).description


def test_a_revision_is_described_once_however_often_it_is_tried(database: SqlDatabase) -> None:
    file = stored(database)
    database.write(lambda t: t.descriptions.claim(file.id, 1, NOW))
    assert database.write(lambda t: t.descriptions.complete(answer(file)))
    assert not database.write(lambda t: t.descriptions.complete(answer(file, text="Another cup.")))
    assert database.write(lambda t: t.descriptions.claim(file.id, 1, NOW)) is None
    (version,) = database.read(lambda t: t.descriptions.versions(file.id))
    assert version.description.text == "A cup."


def test_an_outdated_or_deleted_file_is_left_alone(database: SqlDatabase) -> None:
    file = stored(database, description_revision=2)
    assert database.write(lambda t: t.descriptions.claim(file.id, 1, NOW)) is None
    deleted = stored(database)
    database.write(lambda t: t.descriptions.claim(deleted.id, 1, NOW))
    database.write(lambda t: t.files.mark_deleted(TENANT, deleted.id, NOW))
    assert not database.write(lambda t: t.descriptions.complete(answer(deleted)))


def test_a_failure_is_kept_with_its_reason(database: SqlDatabase) -> None:
    file = stored(database)
    database.write(lambda t: t.descriptions.claim(file.id, 1, NOW))
    kind = DescriptionErrorType.TIMEOUT
    for status in (DescriptionStatus.QUEUED, DescriptionStatus.FAILED):
        database.write(lambda t, s=status: t.descriptions.give_up(file.id, 1, s, "too slow", kind, retryable=True))
    failed = database.read(lambda t: t.files.get(TENANT, file.id))
    assert failed is not None
    assert failed.description_status is DescriptionStatus.FAILED
    assert (failed.description_error, failed.description_error_type) == ("too slow", kind)
    assert failed.variant_status is VariantStatus.FAILED


def test_what_a_person_described_does_not_fail_though_its_thumbnails_do(database: SqlDatabase) -> None:
    file = stored(database)
    database.write(lambda t: t.descriptions.claim(file.id, 1, NOW))
    written = answer(file, revision=2, text="My cup.")
    written = dataclasses.replace(written, description=dataclasses.replace(written.description, engine=HUMAN))
    database.write(lambda t: t.versions.add(written))
    database.write(lambda t: t.versions.choose(file.id, 2, NOW))
    kind, failed = DescriptionErrorType.VALIDATION_ERROR, DescriptionStatus.FAILED
    database.write(lambda t: t.descriptions.give_up(file.id, 1, failed, "no image", kind, retryable=False))
    kept = database.read(lambda t: t.files.get(TENANT, file.id))
    assert kept is not None
    assert (kept.description_status, kept.description_error) == (DescriptionStatus.COMPLETED, "no image")
    assert (kept.variant_status, kept.variant_error) == (VariantStatus.FAILED, "no image")


def test_idempotency_records_expire(database: SqlDatabase) -> None:
    for age, text in ((25, "old"), (1, "new")):
        record = IdempotencyRecord("key", text, {"file_id": text}, NOW - timedelta(hours=age))
        found = database.read(lambda t: t.idempotency.find(TENANT, "key", NOW - timedelta(hours=24)))
        assert found is None
        database.write(lambda t, r=record: t.idempotency.keep(TENANT, r))
    found = database.read(lambda t: t.idempotency.find(TENANT, "key", NOW - timedelta(hours=24)))
    assert found is not None
    assert found.fingerprint == "new"
    assert database.read(lambda t: t.idempotency.find(OTHER, "key", NOW - timedelta(hours=24))) is None


def test_many_threads_write_at_once(database: SqlDatabase) -> None:
    def work() -> None:
        for _ in range(20):
            stored(database)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.read(lambda t: t.files.list(TENANT, FileFilter(), limit=1, offset=0))[1] == 160
