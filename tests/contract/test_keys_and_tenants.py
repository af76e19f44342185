"""Keys and tenants, in real databases."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.file import File
from scopix_server.domain.plans import MonthlyUsage, month_of
from scopix_server.domain.tenant import ApiKey, Tenant, issue_key

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
MINE = Tenant("11111111-1111-4111-8111-111111111111", "mine", NOW)
OTHER = Tenant("22222222-2222-4222-8222-222222222222", "other", NOW + timedelta(seconds=1), "free")


@pytest.fixture
def database(empty_database: SqlDatabase) -> SqlDatabase:
    for tenant in (MINE, OTHER):
        empty_database.write(lambda t, tenant=tenant: t.tenants.add_tenant(tenant))
    return empty_database


def add(database: SqlDatabase, tenant: Tenant = MINE, **changes: object) -> ApiKey:
    key, _ = issue_key(tenant.id, "laptop", ("read", "usage:write"), NOW, description="d", metadata={"a": [1]})
    key = dataclasses.replace(key, **changes)
    database.write(lambda t: t.keys.add(key))
    return key


def test_tenants_are_found_by_name_and_by_id(database: SqlDatabase) -> None:
    assert database.read(lambda t: t.tenants.list()) == [MINE, OTHER]
    assert database.read(lambda t: t.tenants.first_tenant()) == MINE
    for word in ("other", OTHER.id):
        assert database.read(lambda t, word=word: t.tenants.find(word)) == OTHER
    assert database.read(lambda t: t.tenants.find("nobody")) is None
    database.write(lambda t: t.tenants.set_plan(OTHER.id, None))
    assert database.read(lambda t: t.tenants.find("other")).plan is None
    assert database.read(lambda t: t.tenants.first_tenant()) == MINE


def test_a_key_comes_back_as_it_was(database: SqlDatabase) -> None:
    key = add(database, OTHER, expires_at=NOW + timedelta(days=1))
    assert database.read(lambda t: t.keys.holder(key.key_prefix)) == (key, OTHER)
    assert database.read(lambda t: t.keys.holder("scopix_nobody00")) is None
    assert database.read(lambda t: t.keys.get(OTHER.id, key.id)) == key
    assert database.read(lambda t: t.keys.find(key.id)) == database.read(lambda t: t.keys.find(key.key_prefix)) == key


def test_no_tenant_finds_the_keys_of_another(database: SqlDatabase) -> None:
    key = add(database, OTHER)
    assert database.read(lambda t: t.keys.get(MINE.id, key.id)) is None
    assert database.read(lambda t: t.keys.list(MINE.id, include_inactive=True, limit=9, offset=0)) == ([], 0)


def test_keys_are_listed_newest_first_in_pages(database: SqlDatabase) -> None:
    made = [add(database, created_at=NOW + timedelta(seconds=second)) for second in range(3)]
    gone = add(database, is_active=False, created_at=NOW + timedelta(hours=1))

    def listed(**asked: object) -> tuple[list[str], int]:
        page = {"include_inactive": False, "limit": 10, "offset": 0, **asked}
        keys, total = database.read(lambda t: t.keys.list(MINE.id, **page))
        return [key.id for key in keys], total

    newest_first = [key.id for key in reversed(made)]
    assert listed() == (newest_first, 3)
    assert listed(limit=1, offset=1) == (newest_first[1:2], 3)
    assert listed(include_inactive=True) == ([gone.id, *newest_first], 4)


def test_a_deactivated_key_keeps_when_and_why(database: SqlDatabase) -> None:
    key = add(database)
    database.write(lambda t: t.keys.update(key.deactivated("lost", NOW)))
    found = database.read(lambda t: t.keys.find(key.id))
    assert not found.is_active
    assert found.metadata == {"a": [1], "deactivated_at": NOW.isoformat(), "deactivation_reason": "lost"}
    assert found.scopes == key.scopes


def test_uses_add_up(database: SqlDatabase) -> None:
    key, unused = add(database), add(database)
    database.write(lambda t: t.keys.note_use({key.id: (3, NOW)}))
    database.write(lambda t: t.keys.note_use({key.id: (2, NOW + timedelta(minutes=1))}))
    found = database.read(lambda t: t.keys.find(key.id))
    assert (found.usage_count, found.last_used_at) == (5, NOW + timedelta(minutes=1))
    assert database.read(lambda t: t.keys.find(unused.id)) == unused


def test_what_counts_as_used_this_month(database: SqlDatabase) -> None:
    status = DescriptionStatus

    def add_file(described: DescriptionStatus, **changes: object) -> None:
        file = File(
            id=str(uuid.uuid4()),
            tenant_id=MINE.id,
            filename="a.png",
            content_type="image/png",
            media_type=MediaType.IMAGE,
            size_bytes=5,
            sha256="0" * 64,
            object_key="k",
            created_at=NOW,
            updated_at=NOW,
            description_status=described,
        )
        database.write(lambda t: t.files.add(dataclasses.replace(file, **changes)))

    for described in status:
        add_file(described)
        add_file(described, deleted_at=NOW)
        add_file(described, tenant_id=OTHER.id)
        add_file(described, created_at=month_of(NOW) - timedelta(microseconds=1))
    used = database.read(lambda t: t.tenants.usage(MINE.id, month_of(NOW)))
    # Completed ones count even when they were deleted; failed and skipped ones never.
    assert used == MonthlyUsage(uploads=2 * len(status), descriptions=5)
    assert database.read(lambda t: t.tenants.usage(MINE.id, NOW + timedelta(days=31))) == MonthlyUsage(0, 0)
