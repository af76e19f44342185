"""Two servers on one database, at the same moment: what must happen once happens once, on either database."""

import dataclasses
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus, MediaType, VariantStatus
from scopix_server.db.connection import SqlDatabase, SqlTransaction
from scopix_server.db.engine import create_engine
from scopix_server.domain.description import Description, ImageKind, Perception
from scopix_server.domain.errors import Conflict
from scopix_server.domain.file import File, Variant
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.plans import Allowance, Plan
from scopix_server.domain.ports import DescriptionRecord, IdempotencyRecord
from scopix_server.domain.session import FileOutcome, Session, SessionFile
from scopix_server.domain.states import TERMINAL, IllegalMove
from scopix_server.domain.tenant import Tenant

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TENANT = str(uuid.UUID(int=1))
AT_ONCE = 8
T = TypeVar("T")


@pytest.fixture
def servers(engine: sa.Engine) -> Iterator[list[SqlDatabase]]:
    """The same database as two processes see it: each with connections and, on SQLite, a writer of its own."""
    address = engine.url.render_as_string(hide_password=False)
    databases = [SqlDatabase(create_engine(address)) for _ in range(2)]
    databases[0].write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "t", NOW)))
    yield databases
    for database in databases:
        database.close()


def at_once(servers: list[SqlDatabase], work: Callable[[SqlTransaction, int], T]) -> list[T | Exception]:
    """Run `work` in several transactions at the same moment, half of them on each server."""
    start = threading.Barrier(AT_ONCE)
    outcomes: list[Any] = [None] * AT_ONCE

    def run(number: int) -> None:
        start.wait(30)
        try:
            outcomes[number] = servers[number % 2].write(lambda t: work(t, number))
        except Exception as failure:
            outcomes[number] = failure

    threads = [threading.Thread(target=run, args=[number]) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


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
        description_status=DescriptionStatus.QUEUED,
        description_revision=1,
    )
    return dataclasses.replace(file, **changes)


def stored(servers: list[SqlDatabase], **changes: object) -> File:
    file = new_file(**changes)
    servers[0].write(lambda t: t.files.add(file))
    return file


def total(servers: list[SqlDatabase]) -> int:
    return servers[1].read(lambda t: t.files.list(TENANT, FileFilter(), limit=1, offset=0))[1]


def test_of_several_workers_one_describes_a_file(servers: list[SqlDatabase]) -> None:
    file = stored(servers)
    said = Description("A cup.", ("cup",), None, ImageKind.PHOTO, "builtin", "1")

    def run(transaction: SqlTransaction, number: int) -> bool:
        if transaction.descriptions.claim(file.id, 1, NOW) is None:
            return False
        variant = Variant("tiny_64", f"k{number}", "image/jpeg", 32, 64, 100)
        transaction.variants.save(file.id, [variant])
        transaction.descriptions.save_perception(file.id, Perception(10, 20), None)
        record = DescriptionRecord(str(uuid.uuid4()), file.id, 1, said, "general", NOW, 12)
        return transaction.descriptions.complete(record)

    assert sorted(at_once(servers, run)) == [False] * (AT_ONCE - 1) + [True]
    after = servers[0].read(lambda t: t.files.get(TENANT, file.id))
    assert (after.description_status, after.description_attempts) == (DescriptionStatus.COMPLETED, 1)
    assert len(servers[0].read(lambda t: t.descriptions.versions(file.id))) == 1
    assert len(servers[0].read(lambda t: t.variants.of([file.id]))[file.id]) == 1


def test_what_is_done_in_steps_at_once_is_saved_once(servers: list[SqlDatabase]) -> None:
    """As two workers do it that both believe to be the only one."""
    file = stored(servers)
    said = Description("A cup.", ("cup",), None, ImageKind.PHOTO, "builtin", "1")
    begun = at_once(servers, lambda t, _: t.descriptions.claim(file.id, 1, NOW) is not None)
    assert begun == [True] * AT_ONCE
    variant = Variant("tiny_64", "k", "image/jpeg", 32, 64, 100)
    assert at_once(servers, lambda t, _: t.variants.save(file.id, [variant])) == [None] * AT_ONCE
    saved = at_once(servers, lambda t, _: t.descriptions.save_perception(file.id, Perception(10, 20), NOW))
    assert saved == [None] * AT_ONCE

    def complete(transaction: SqlTransaction, number: int) -> bool:
        return transaction.descriptions.complete(
            DescriptionRecord(str(uuid.uuid4()), file.id, 1, said, "general", NOW, number)
        )

    assert sorted(at_once(servers, complete)) == [False] * (AT_ONCE - 1) + [True]
    assert servers[0].read(lambda t: t.files.get(TENANT, file.id)).description_attempts == AT_ONCE


def test_a_failure_and_a_success_at_once_leave_one_end(servers: list[SqlDatabase]) -> None:
    said = Description("A cup.", ("cup",), None, ImageKind.PHOTO, "builtin", "1")
    for _ in range(5):
        file = stored(servers)
        servers[0].write(lambda t, i=file.id: t.descriptions.claim(i, 1, NOW))

        def run(transaction: SqlTransaction, number: int, file: File = file) -> object:
            if number % 2:
                record = DescriptionRecord(str(uuid.uuid4()), file.id, 1, said, "general", NOW, 1)
                return transaction.descriptions.complete(record)
            kind = DescriptionErrorType.TIMEOUT
            return transaction.descriptions.give_up(file.id, 1, DescriptionStatus.FAILED, "slow", kind, retryable=True)

        outcomes = at_once(servers, run)
        # Whoever comes second is refused, or finds that there is nothing left to do.
        assert all(isinstance(outcome, IllegalMove | bool | None) for outcome in outcomes), outcomes
        after = servers[0].read(lambda t, i=file.id: t.files.get(TENANT, i))
        versions = servers[0].read(lambda t, i=file.id: t.descriptions.versions(i))
        assert (after.description_status, len(versions)) in {
            (DescriptionStatus.COMPLETED, 1),
            (DescriptionStatus.FAILED, 0),
        }


def test_a_file_is_asked_about_again_once(servers: list[SqlDatabase]) -> None:
    file = stored(servers, description_status=DescriptionStatus.COMPLETED, variant_status=VariantStatus.COMPLETED)

    def ask(transaction: SqlTransaction, _: int) -> int | None:
        found = transaction.files.get(TENANT, file.id)
        if found.description_status not in TERMINAL:
            return None
        return transaction.descriptions.ask_again(found, "map", NOW)

    assert sorted(at_once(servers, ask), key=str) == [2] + [None] * (AT_ONCE - 1)


def test_an_idempotency_key_admits_one(servers: list[SqlDatabase]) -> None:
    def upload(transaction: SqlTransaction, _: int) -> str:
        earlier = transaction.idempotency.find(TENANT, "key", NOW - timedelta(hours=24))
        if earlier is not None:
            return str(earlier.response["file_id"])
        file = new_file()
        transaction.files.add(file)
        transaction.idempotency.keep(TENANT, IdempotencyRecord("key", "same", {"file_id": file.id}, NOW))
        return file.id

    answers = at_once(servers, upload)
    assert len(set(answers)) == 1
    assert total(servers) == 1


def test_an_expired_key_is_taken_once(servers: list[SqlDatabase]) -> None:
    old = IdempotencyRecord("key", "old", {"file_id": "gone"}, NOW - timedelta(hours=25))
    servers[0].write(lambda t: t.idempotency.keep(TENANT, old))
    test_an_idempotency_key_admits_one(servers)


def test_equal_contents_are_stored_once_where_that_is_wished(servers: list[SqlDatabase]) -> None:
    def upload(transaction: SqlTransaction, _: int) -> str:
        existing = transaction.files.find_by_hash(TENANT, "0" * 64)
        if existing is not None:
            return existing.id
        file = new_file()
        transaction.files.add(file)
        return file.id

    assert len(set(at_once(servers, upload))) == 1
    assert total(servers) == 1


def test_every_file_of_a_session_has_a_place_of_its_own(servers: list[SqlDatabase]) -> None:
    session = Session(str(uuid.uuid4()), TENANT, NOW, NOW)
    servers[0].write(lambda t: t.sessions.add(session))

    def append(transaction: SqlTransaction, _: int) -> int:
        assert transaction.sessions.get(TENANT, session.id) is not None
        place = max(transaction.sessions.positions(session.id), default=-1) + 1
        file = new_file()
        transaction.files.add(file)
        entry = SessionFile(session.id, place, "a.png", FileOutcome.ACCEPTED, file.id)
        transaction.sessions.append(session.id, [entry], NOW)
        return place

    assert sorted(at_once(servers, append)) == list(range(AT_ONCE))
    events = servers[1].read(lambda t: t.sessions.events(session.id, 0, limit=100))
    assert [event.number for event in events] == list(range(1, AT_ONCE + 1))


def test_a_month_holds_no_more_than_its_share(servers: list[SqlDatabase]) -> None:
    plan = Plan("few", None, 9, None, 3, None)

    def upload(transaction: SqlTransaction, _: int) -> None:
        allowance = Allowance(plan, transaction.tenants.usage(TENANT, NOW))
        allowance.take(described=True)
        transaction.files.add(new_file())

    outcomes = at_once(servers, upload)
    assert outcomes.count(None) == total(servers) == 3


def test_there_is_one_first_tenant(engine: sa.Engine) -> None:
    address = engine.url.render_as_string(hide_password=False)
    servers = [SqlDatabase(create_engine(address)) for _ in range(2)]

    def start(transaction: SqlTransaction, number: int) -> bool:
        if transaction.tenants.first_tenant() is not None:
            return False
        transaction.tenants.add_tenant(Tenant(str(uuid.uuid4()), str(number), NOW))
        return True

    assert sorted(at_once(servers, start)) == [False] * (AT_ONCE - 1) + [True]
    assert len(servers[0].read(lambda t: t.tenants.list())) == 1
    for server in servers:
        server.close()


def test_tags_of_people_and_of_the_describer_set_at_once_are_all_found(servers: list[SqlDatabase]) -> None:
    file = stored(servers)
    servers[0].write(lambda t: t.descriptions.claim(file.id, 1, NOW))
    said = Description("A cup.", ("described",), None, ImageKind.PHOTO, "builtin", "1")

    def change(transaction: SqlTransaction, number: int) -> object:
        if number == 0:
            record = DescriptionRecord(str(uuid.uuid4()), file.id, 1, said, "general", NOW, 1)
            return transaction.descriptions.complete(record)
        current = transaction.files.get(TENANT, file.id)
        return transaction.files.update(dataclasses.replace(current, user_tags=(*current.user_tags, f"mine{number}")))

    assert at_once(servers, change) == [True] + [None] * (AT_ONCE - 1)
    everything = " ".join(["described", *(f"mine{number}" for number in range(1, AT_ONCE))])
    found = servers[1].read(lambda t: t.files.list(TENANT, FileFilter(search=everything), limit=9, offset=0))
    assert [entry.id for entry in found[0]] == [file.id]


def test_a_cancelled_session_and_its_workers_come_to_one_end(servers: list[SqlDatabase]) -> None:
    said = Description("A cup.", (), None, ImageKind.PHOTO, "builtin", "1")
    session = Session(str(uuid.uuid4()), TENANT, NOW, NOW)
    servers[0].write(lambda t: t.sessions.add(session))
    files = [stored(servers) for _ in range(AT_ONCE)]
    entries = [SessionFile(session.id, n, "a.png", FileOutcome.ACCEPTED, file.id) for n, file in enumerate(files)]
    servers[0].write(lambda t: t.sessions.append(session.id, entries, NOW))

    def run(transaction: SqlTransaction, number: int) -> object:
        if number == AT_ONCE // 2:
            cancelled = transaction.sessions.cancel_files(session.id, NOW, limit=AT_ONCE)
            transaction.sessions.cancel(session.id, NOW)
            return {file.id for file in cancelled}
        if transaction.descriptions.claim(files[number].id, 1, NOW) is None:
            return False
        record = DescriptionRecord(str(uuid.uuid4()), files[number].id, 1, said, "general", NOW, 1)
        return transaction.descriptions.complete(record)

    outcomes = at_once(servers, run)
    cancelled = outcomes[AT_ONCE // 2]
    for file, outcome in zip(files, outcomes, strict=True):
        after = servers[0].read(lambda t, i=file.id: t.files.get(TENANT, i))
        expected = DescriptionStatus.SKIPPED if file.id in cancelled else DescriptionStatus.COMPLETED
        assert after.description_status is expected, outcome
        assert (outcome is True) == (file.id not in cancelled)


def test_a_read_sees_one_moment(servers: list[SqlDatabase]) -> None:
    stored(servers)
    read, written = threading.Event(), threading.Event()

    def look(transaction: SqlTransaction) -> list[int]:
        counts = [transaction.files.list(TENANT, FileFilter(), limit=9, offset=0)[1]]
        read.set()
        assert written.wait(30)
        counts.append(transaction.files.list(TENANT, FileFilter(), limit=9, offset=0)[1])
        return counts

    counts: list[int] = []
    reader = threading.Thread(target=lambda: counts.extend(servers[0].read(look)))
    reader.start()
    assert read.wait(30)
    stored(servers)
    written.set()
    reader.join()
    assert counts == [1, 1]
    assert total(servers) == 2


def test_an_error_of_the_work_is_not_repeated(servers: list[SqlDatabase]) -> None:
    attempts = []

    def refuse(transaction: SqlTransaction) -> None:
        attempts.append(1)
        transaction.files.add(new_file())
        raise Conflict("no")

    with pytest.raises(Conflict):
        servers[0].write(refuse)
    assert len(attempts) == 1
    assert total(servers) == 0
