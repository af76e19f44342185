"""Lists that are merged of what several indexes have in order: the same files, in the same order, as sorted by hand."""

import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus, MediaType, VariantStatus
from scopix_server.db.connection import SqlDatabase
from scopix_server.domain.file import File
from scopix_server.domain.listing import FileFilter, Position, SortBy, SortOrder, Total, position_of
from scopix_server.domain.tenant import Tenant

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TENANT, OTHER = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
FILTERS = {
    "none": (FileFilter(), lambda f: True),
    "failed": (FileFilter(statuses=("failed",)), lambda f: f.description_status == "failed"),
    "two statuses": (
        FileFilter(statuses=("failed", "queued")),
        lambda f: f.description_status in {DescriptionStatus.FAILED, DescriptionStatus.QUEUED},
    ),
    "a common and a rare status": (
        FileFilter(statuses=("completed", "queued")),
        lambda f: f.description_status in {DescriptionStatus.COMPLETED, DescriptionStatus.QUEUED},
    ),
    "described": (FileFilter(has_description=True), lambda f: f.description_status == "completed"),
    "not described": (
        FileFilter(has_description=False),
        lambda f: f.description_status not in {DescriptionStatus.COMPLETED, DescriptionStatus.SKIPPED},
    ),
    "conditions without anything in common": (
        FileFilter(has_description=False, statuses=("completed", "skipped")),
        lambda f: False,
    ),
    "errors": (FileFilter(error_types=("timeout", "vlm_error")), lambda f: f.description_error_type is not None),
    "categories": (FileFilter(categories=("receipt",)), lambda f: f.content_category == "receipt"),
    "documents that failed": (
        FileFilter(media_types=("document",), statuses=("failed",)),
        lambda f: f.media_type == "document" and f.description_status == "failed",
    ),
}


def some_files(tenant: str, number: int) -> list[File]:
    chance = random.Random(5)
    made = []
    for _ in range(number):
        status = chance.choice(list(DescriptionStatus))
        failed = status is DescriptionStatus.FAILED
        created = NOW + timedelta(chance.randrange(9))
        made.append(
            File(
                id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
                tenant_id=tenant,
                filename="a.png",
                title=chance.choice([None, "a", "B", "b", "c"]),
                user_tags=("t", *chance.choice([(), ("u",)])),
                content_type="image/png",
                media_type=chance.choice([MediaType.IMAGE, MediaType.DOCUMENT]),
                content_category=chance.choice(["general", "receipt"]),
                size_bytes=chance.randrange(4),
                sha256="0" * 64,
                object_key="k",
                created_at=created,
                updated_at=created,
                deleted_at=chance.choice([None, None, NOW]),
                variant_status=VariantStatus.COMPLETED,
                description_status=status,
                description_error_type=chance.choice(list(DescriptionErrorType)[:3:2]) if failed else None,
            )
        )
    return made


def key_of(file: File, sort_by: SortBy) -> tuple[object, ...]:
    if sort_by is SortBy.TITLE:
        return ((file.title or "").lower(), file.id)
    return (file.size_bytes if sort_by is SortBy.SIZE_BYTES else file.created_at, file.id)


def by_hand(files: list[File], sort_by: SortBy, order: SortOrder) -> list[str]:
    """In this order, files without a title last."""
    found = sorted(files, key=lambda f: key_of(f, sort_by), reverse=order is SortOrder.DESC)
    if sort_by is SortBy.TITLE:
        found.sort(key=lambda f: f.title is None)
    return [file.id for file in found]


@pytest.fixture
def filled(empty_database: SqlDatabase) -> tuple[SqlDatabase, list[File]]:
    for tenant in (TENANT, OTHER):
        empty_database.write(lambda t, tenant=tenant: t.tenants.add_tenant(Tenant(tenant, tenant, NOW)))
    files = some_files(TENANT, 150)
    empty_database.write(lambda t: t.files.add(*files))
    strangers = [File(**{n: getattr(f, n) for n in File.__dataclass_fields__} | {"id": str(uuid.uuid4()),
                 "tenant_id": OTHER}) for f in files[:20]]  # fmt: skip
    empty_database.write(lambda t: t.files.add(*strangers))
    return empty_database, [file for file in files if file.deleted_at is None]


def test_pages_by_number_and_by_place_are_parts_of_the_list_by_hand(filled: tuple[SqlDatabase, list[File]]) -> None:
    database, files = filled
    for name, (criteria, fits) in FILTERS.items():
        for sort_by in set(SortBy) - {SortBy.RELEVANCE}:  # which is by time without words
            for order in SortOrder:
                asked = FileFilter(
                    **{n: getattr(criteria, n) for n in FileFilter.__dataclass_fields__}
                    | {"sort_by": sort_by, "sort_order": order}
                )
                expected = by_hand([file for file in files if fits(file)], sort_by, order)
                told = f"{name}, {sort_by.value}, {order.value}"

                def page(
                    limit: int, offset: int, after: Position | None = None, asked: FileFilter = asked
                ) -> list[File]:
                    return list(
                        database.read(lambda t: t.files.list(TENANT, asked, limit=limit, offset=offset, after=after))[0]
                    )

                assert [file.id for file in page(100, 0)] == expected[:100], told
                assert [file.id for file in page(7, 13)] == expected[13:20], told
                gathered: list[File] = []
                while found := page(17, 0, position_of(gathered[-1], sort_by, len(gathered)) if gathered else None):
                    gathered += found
                assert [file.id for file in gathered] == expected, told


def test_what_very_many_files_are_is_listed_as_what_few_are(
    filled: tuple[SqlDatabase, list[File]], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, files = filled
    monkeypatch.setattr("scopix_server.db.files.MAX_COUNTED", 10)
    for asked in (
        FileFilter(search="a.png"),
        FileFilter(search="png -b"),
        FileFilter(search="-nothing"),
        FileFilter(tags=("t",)),
        FileFilter(tags=("t", "u"), search="png", has_description=False),
        FileFilter(search="png", statuses=("failed", "queued")),
    ):
        for sort_by in SortBy:
            criteria = replace(asked, sort_by=sort_by)
            whole, number = database.read(lambda t, c=criteria: t.files.list(TENANT, c, limit=200, offset=0))
            assert 10 < number == len(whole) <= len(files)
            after = position_of(whole[3], sort_by, 4)
            for place, start in ((None, 2), (after, 6)):
                part, total = database.read(
                    lambda t, c=criteria, a=place: t.files.page(TENANT, c, limit=5, offset=2, after=a)
                )
                assert (part, total) == (whole[start : start + 5], Total(10, is_minimum=True)), criteria
    few, total = database.read(lambda t: t.files.page(TENANT, FileFilter(search="nothing"), limit=5, offset=0))
    assert (few, total) == ([], Total(0))


# What PostgreSQL chooses depends on how large the tables are; benchmarks/growth.py shows it.
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_lists_use_the_indexes_made_for_them(filled: tuple[SqlDatabase, list[File]], engine: sa.Engine) -> None:
    database, _ = filled
    place = Position("b", str(uuid.UUID(int=7)))
    for criteria, after, index in (
        (FileFilter(sort_by=SortBy.SIZE_BYTES), Position(2, place.file_id), "ix_files_tenant_size"),
        (FileFilter(sort_by=SortBy.TITLE), place, "ix_files_tenant_title"),
        (FileFilter(sort_by=SortBy.TITLE), Position(None, place.file_id), "ix_files_tenant_untitled"),
        (FileFilter(statuses=("failed",)), None, "ix_files_unfinished"),
        (FileFilter(has_description=False), None, "ix_files_unfinished"),
        (FileFilter(error_types=("timeout", "vlm_error")), None, "ix_files_error"),
        (FileFilter(categories=("receipt",)), None, "ix_files_category"),
        (FileFilter(media_types=("document",)), None, "ix_files_media"),
        (FileFilter(folder_id=place.file_id), None, "ix_files_folder"),
    ):
        statements: list[tuple[str, object]] = []

        def note(
            _c: object, _cursor: object, statement: str, values: object, *_: object, to: list = statements
        ) -> None:
            to.append((statement, values))

        sa.event.listen(engine, "before_cursor_execute", note)
        database.read(lambda t, c=criteria, a=after: t.files.list(TENANT, c, limit=5, offset=0, after=a))
        sa.event.remove(engine, "before_cursor_execute", note)
        statement, values = statements[-1]
        with engine.connect() as connection:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            plan = "\n".join(str(step[-1]) for step in steps)
        assert index in plan, plan
