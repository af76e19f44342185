"""Tenants' buckets, on every database: which one is current, which files are in it, when it may be forgotten."""

import dataclasses
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from scopix.types.vocabulary import MediaType, StorageTarget
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.errors import Gone
from scopix_server.domain.file import File
from scopix_server.domain.storage import BucketAddress, StorageConfig
from scopix_server.domain.tenant import Tenant

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TENANT, OTHER = (str(uuid.uuid4()) for _ in range(2))


@pytest.fixture
def database(empty_database: SqlDatabase) -> SqlDatabase:
    for tenant_id in (TENANT, OTHER):
        empty_database.write(lambda t, name=tenant_id: t.tenants.add_tenant(Tenant(name, name, NOW)))
    return empty_database


def config(**changes: object) -> StorageConfig:
    address = BucketAddress("photos", "eu-west-1", "https://s3.example", True)
    made = StorageConfig(str(uuid.uuid4()), TENANT, address, '{"sealed": 1}', "k1", NOW, is_validated=True)
    return dataclasses.replace(made, **changes)


def saved(database: SqlDatabase, **changes: object) -> StorageConfig:
    made = config(**changes)
    database.write(lambda t: t.storage_configs.save(made))
    return made


def file_in(database: SqlDatabase, storage_id: str | None) -> File:
    file = File(
        id=str(uuid.uuid4()),
        tenant_id=TENANT,
        filename="a.png",
        content_type="image/png",
        media_type=MediaType.IMAGE,
        size_bytes=5,
        sha256="0" * 64,
        object_key="scopix/k",
        storage_target=StorageTarget.CUSTOM,
        storage_id=storage_id,
        created_at=NOW,
        updated_at=NOW,
    )
    database.write(lambda t: t.files.add(file))
    return file


def test_it_comes_back_as_it_was_saved(database: SqlDatabase) -> None:
    made = saved(database, error="gone")
    assert database.read(lambda t: t.storage_configs.current(TENANT)) == made
    changed = dataclasses.replace(made, sealed_credentials="x", key_id="k2", is_validated=False, error=None)
    database.write(lambda t: t.storage_configs.save(changed))
    assert database.read(lambda t: t.storage_configs.get(TENANT, made.id)) == changed
    assert database.read(lambda t: t.storage_configs.all()) == [changed]
    assert "sealed" not in repr(made)


def test_a_tenant_never_sees_anothers(database: SqlDatabase) -> None:
    made = saved(database)
    assert database.read(lambda t: t.storage_configs.current(OTHER)) is None
    assert database.read(lambda t: t.storage_configs.get(OTHER, made.id)) is None
    assert database.read(lambda t: t.storage_configs.at(OTHER, made.address)) is None
    assert saved(database, tenant_id=OTHER).address == made.address


def test_one_is_current(database: SqlDatabase) -> None:
    first = saved(database)
    with pytest.raises(Exception, match=r"(?i)unique"):
        saved(database)
    retired = dataclasses.replace(first, removed_at=NOW)
    database.write(lambda t: t.storage_configs.save(retired))
    second = saved(database, address=BucketAddress("photos", "eu-west-1"))
    assert database.read(lambda t: t.storage_configs.current(TENANT)) == second
    # The same name elsewhere is another bucket; a region or a style written otherwise is not.
    again = BucketAddress("photos", "auto", "https://s3.example", None)
    assert database.read(lambda t: t.storage_configs.at(TENANT, again)) == retired
    assert database.read(lambda t: t.storage_configs.at(TENANT, second.address)) == second
    assert database.read(lambda t: t.storage_configs.at(TENANT, BucketAddress("other", "auto"))) is None


def test_what_no_file_is_in_may_be_forgotten(database: SqlDatabase) -> None:
    used, unused = (saved(database, removed_at=NOW, address=BucketAddress(name, "x")) for name in ("used", "unused"))
    current = saved(database)
    file = file_in(database, used.id)
    file_in(database, None)
    assert database.read(lambda t: t.files.get(TENANT, file.id)) == file
    assert database.read(lambda t: [t.storage_configs.files_in(one) for one in (used, unused, current)]) == [1, 0, 0]
    # A deleted file may come back.
    database.write(lambda t: t.files.mark_deleted(TENANT, file.id, NOW))
    assert database.write(lambda t: t.storage_configs.remove_unneeded()) == 1
    assert {one.id for one in database.read(lambda t: t.storage_configs.all())} == {used.id, current.id}
    with pytest.raises(Gone, match="removed for good"):
        database.write(lambda t: t.storage_configs.delete(used))
    purged = database.write(lambda t: t.upkeep.purge_files([file.id], NOW + timedelta(days=1)))
    assert [(one.in_bucket, one.object_keys) for one in purged] == [((used.id, "scopix/k"), ())]
    assert database.write(lambda t: t.storage_configs.remove_unneeded()) == 1


def test_a_file_in_no_known_bucket_is_refused(database: SqlDatabase) -> None:
    with pytest.raises(Gone, match="removed for good"):
        file_in(database, str(uuid.uuid4()))


def test_who_holds_the_records_keeps_others_from_changing_them(database: SqlDatabase, engine: sa.Engine) -> None:
    """As a change of the key does: what another configures meanwhile comes after it, whole."""
    order: list[str] = []
    holding, may_end = threading.Event(), threading.Event()
    made = saved(database)

    def hold(transaction) -> None:
        transaction.storage_configs.lock()
        holding.set()
        may_end.wait(20)
        order.append("first")

    def change(transaction) -> None:
        transaction.storage_configs.lock()
        transaction.storage_configs.save(dataclasses.replace(made, key_id="k2"))
        order.append("second")

    # Two processes, as far as the database can tell: each has a writer of its own.
    other = SqlDatabase(engine)
    first = database.submit(hold)
    assert holding.wait(20)
    second = other.submit(change)
    threading.Event().wait(0.2)
    assert order == []
    may_end.set()
    first.result(20)
    second.result(20)
    other.close()
    assert order == ["first", "second"]
