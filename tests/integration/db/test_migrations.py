"""From nothing, and from every earlier state, to the current schema; on SQLite and on PostgreSQL."""

import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from scopix_server.db import migrate as migrating
from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.db.schema import metadata
from scopix_server.domain.listing import FileFilter
from tests.support.postgres import fresh_database

KINDS = ["sqlite", "postgresql"]
AT = "2025-01-01T00:00:00.000000Z"
# What PostgreSQL's search is made of; SQLAlchemy knows no columns of one database only.
POSTGRESQL_ONLY = {"metadata_words", "visible_words"}


def revisions() -> list[str]:
    """All revisions, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).with_name("migrations")))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
    else:
        with fresh_database() as address:
            yield address


def test_the_migrations_are_one_chain() -> None:
    assert revisions()[:2] == ["0001", "0002"]
    assert len(revisions()) == len(list((Path(migrating.__file__).parent / "migrations/versions").glob("0*.py")))


def test_they_arrive_at_the_schema(url: str) -> None:
    engine = create_engine(url)
    migrate(engine)

    def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
        of_search = kind == "table" and str(name).startswith("search_index")
        return not of_search and str(name).removeprefix("ix_search_documents_") not in POSTGRESQL_ONLY

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": ours})
        assert compare_metadata(context, metadata) == []
        where = f"{engine.dialect.name}_where"
        indexes = sa.inspect(connection).get_indexes("files")
        predicates = {i["name"]: i["dialect_options"][where] for i in indexes if where in i.get("dialect_options", {})}
    for name in ("created", "sorted"):
        assert "deleted_at IS NULL" in str(predicates[f"ix_files_tenant_{name}"])
    assert predicates.keys() == {index.name for index in metadata.tables["files"].indexes if index.dialect_kwargs}
    engine.dispose()


def fill(connection: sa.Connection, revision: str) -> None:
    """Enter a tenant, a key, and a described file, with the columns of that time."""
    known = revisions().index(revision)
    rows: list[tuple[str, dict[str, object]]] = [
        ("tenants", {"id": "t", "name": "old", "created_at": AT}),
        (
            "api_keys",
            {
                "id": "k", "tenant_id": "t", "name": "n", "key_prefix": "scopix_abcdefgh", "key_hash": "h",
                "scopes": '["admin"]', "created_at": AT, "is_active": True,
            },
        ),
        (
            "files",
            {
                "id": "f", "tenant_id": "t", "filename": "old.png", "title": "Café", "content_type": "image/png",
                "media_type": "image", "size_bytes": 5, "sha256": "0" * 64, "object_key": "k",
                "storage_target": "default", "upload_method": "STREAMING", "content_category": "general",
                "user_tags": '["Red", "cup"]', "created_at": AT, "updated_at": AT, "variant_status": "completed",
                "description_status": "completed", "description_revision": 1, "description_attempts": 1,
            },
        ),
        (
            "descriptions",
            {
                "id": "d", "file_id": "f", "revision": 1, "category": "general", "engine": "builtin", "model": "1",
                "kind": "photo", "description": "A mug stands there.", "visible_text": "TEA TIME", "tags": '["CUP"]',
                "category_data": "{}", "evidence": "[]", "created_at": AT, "processing_time_ms": 1,
            },
        ),
        ("perceptions", {"file_id": "f", "data": "{}", "embedding": struct.pack("<3f", 0.5, -0.25, 2.0)}),
        ("workers", {"id": "w", "heartbeat_at": AT}),
    ]  # fmt: skip
    if known >= revisions().index("0013"):
        rows.append(("vectors", {"file_id": "f", "tenant_id": "t", "vector": bytes([32, 256 - 16, 127])}))
    if known >= revisions().index("0004"):
        words = {"title": "cafe old png", "description": "a mug stands there", "visible_text": "tea time"}
        rows.append(("search_documents", {"file_id": "f", "tags": "cup cup red", **words}))
        rows += [("file_tags", {"file_id": "f", "source": s, "tag": t}) for s, t in (("user", "red"), ("ai", "cup"))]
        dict(rows)["files"]["sorted_at"] = AT
    for table, values in rows:
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)
    connection.commit()


@pytest.mark.parametrize("revision", revisions())
def test_nothing_is_lost_on_the_way_from_an_earlier_state(url: str, revision: str) -> None:
    engine = create_engine(url)
    migrate(engine, revision)
    with engine.connect() as connection:
        fill(connection, revision)
    migrate(engine)
    database = SqlDatabase(engine)
    key, tenant = database.read(lambda t: t.keys.holder("scopix_abcdefgh"))
    assert (tenant.plan, key.scopes, key.metadata, key.usage_count, key.last_used_at) == (None, ("admin",), {}, 0, None)

    def found(**asked: object) -> list[str]:
        files, total = database.read(lambda t: t.files.list("t", FileFilter(**asked), limit=9, offset=0))
        assert total == len(files)
        return [file.id for file in files]

    assert found() == ["f"]
    for search in ("cafe mug", '"tea ti"', "old.png red", '"stands there"'):
        assert found(search=search) == ["f"], search
    assert found(search='"there tea"') == []
    assert found(tags=("Cup", "red")) == ["f"]
    assert database.read(lambda t: t.descriptions.versions("f"))[0].description.tags == ("CUP",)
    # Images that were looked at long ago are found by their looks, too.
    assert database.read(lambda t: list(t.vectors.portions("t", size=9))) == [[("f", bytes([32, 256 - 16, 127]))]]
    database.close()


def test_several_may_migrate_at_once(url: str) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def run() -> None:
        engine = create_engine(url)
        start.wait()
        try:
            migrate(engine)
        except BaseException as failure:
            failures.append(failure)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    engine = create_engine(url)
    with engine.connect() as connection:
        assert (
            connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all() == revisions()[-1:]
        )
    engine.dispose()


def test_the_file_is_in_write_ahead_mode(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_texts_are_compared_byte_by_byte() -> None:
    """Also in columns that a migration made without a thought of it, in a database with another order."""
    query = sa.text(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND table_name <> 'alembic_version' AND data_type IN ('text', 'character varying') "
        "AND collation_name IS DISTINCT FROM 'C'"
    )
    with fresh_database() as address:
        engine = create_engine(address)
        migrate(engine)
        with engine.connect() as connection:
            assert connection.execute(query).scalars().all() == []
            connection.execute(sa.text("ALTER TABLE files ADD COLUMN later varchar(9)"))
            connection.commit()
            assert connection.execute(query).scalars().all() == ["files.later"]
        migrate(engine)
        with engine.connect() as connection:
            assert connection.execute(query).scalars().all() == []
        engine.dispose()
