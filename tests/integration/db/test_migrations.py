"""From nothing, and from what was there before the first release, to the current schema; on SQLite and PostgreSQL."""

import sqlite3
import struct
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from scopix_server.db import migrate as migrating
from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.db.schema import metadata
from scopix_server.domain.errors import DatabaseUnusable
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.plans import MonthlyUsage, StoredFiles
from scopix_server.domain.session import SessionCounts
from scopix_server.domain.upkeep import CountsReport
from tests.support.postgres import fresh_database

# SQLAlchemy reads no indexes over expressions from SQLite, and Alembic compares none there.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*expression-based index:sqlalchemy.exc.SAWarning", "ignore:.*expression-based index:UserWarning"
)
KINDS = ["sqlite", "postgresql"]
FIXTURES = Path(__file__).with_name("fixtures")
AT = "2025-01-01T00:00:00.000000Z"
SEEN = '{"descriptive": {"title": "", "keywords": ["Tea house"], "rating": 5}}'
# What PostgreSQL's search is made of; SQLAlchemy knows no columns of one database only.
POSTGRESQL_ONLY = {"metadata_words", "visible_words", "word_vector", "parts"}
PREFIXES = ("ix_search_documents_", "ix_search_pages_", "ix_search_words_")


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
    assert (revisions()[0], revisions()[-1]) == ("0016", migrating.newest_revision())
    assert len(revisions()) == len(list((Path(migrating.__file__).parent / "migrations/versions").glob("0*.py")))


def test_where_there_is_nothing_to_migrate_nothing_is_loaded_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")
    migrate(engine)
    monkeypatch.setitem(sys.modules, "alembic", None)  # to import it is an error
    migrate(engine)
    with pytest.raises(ImportError):
        migrate(engine, "0016")
    engine.dispose()


def test_they_arrive_at_the_schema(url: str) -> None:
    engine = create_engine(url)
    migrate(engine)

    def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
        of_search = kind == "table" and str(name).startswith(("search_index", "page_index", "search_word_index"))
        plain = str(name)
        for prefix in PREFIXES:
            plain = plain.removeprefix(prefix)
        return not of_search and plain not in POSTGRESQL_ONLY

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": ours})
        assert compare_metadata(context, metadata) == []
        where = f"{engine.dialect.name}_where"
        indexes = sa.inspect(connection).get_indexes("files")
        predicates = {i["name"]: i["dialect_options"][where] for i in indexes if where in i.get("dialect_options", {})}
        if engine.dialect.name == "sqlite":
            query = "SELECT sql FROM sqlite_master WHERE name = 'ix_files_tenant_title'"
            made = connection.exec_driver_sql(query).scalar_one()
            assert "(tenant_id, lower(title), id) WHERE deleted_at IS NULL AND title IS NOT NULL" in made
            predicates["ix_files_tenant_title"] = made
    for name in ("created", "sorted"):
        assert "deleted_at IS NULL" in str(predicates[f"ix_files_tenant_{name}"])
    assert predicates.keys() == {index.name for index in metadata.tables["files"].indexes if index.dialect_kwargs}
    engine.dispose()


def before_release(engine: sa.Engine) -> None:
    """Make the database that the sixteen migrations before the first release made."""
    script = (FIXTURES / f"before_2_0_{engine.dialect.name}.sql").read_text()
    with engine.begin() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        if engine.dialect.name == "sqlite":
            raw.executescript(script)
        else:
            raw.execute(script)


def fill(connection: sa.Connection) -> None:
    """Enter a tenant, a key, and a described file, with the columns of that time."""
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
                "sorted_at": AT, "description_current": 1,
            },
        ),
        (
            "descriptions",
            {
                "id": "d", "file_id": "f", "revision": 1, "category": "general", "engine": "builtin", "model": "1",
                "kind": "photo", "description": "A mug stands there.", "visible_text": "TEA TIME", "tags": '["CUP"]',
                "category_data": '{"total": {"amount": "120.50"}, "date": "17.05.2024"}', "evidence": "[]",
                "created_at": AT, "processing_time_ms": 1,
            },
        ),
        ("perceptions", {"file_id": "f", "data": SEEN, "embedding": struct.pack("<3f", 0.5, -0.25, 2.0)}),
        ("vectors", {"file_id": "f", "tenant_id": "t", "vector": bytes([32, 256 - 16, 127])}),
        ("workers", {"id": "w", "heartbeat_at": AT}),
        (
            "search_documents",
            {
                "file_id": "f", "tags": "cup cup red", "title": "cafe old png", "description": "a mug stands there",
                "visible_text": "tea time",
            },
        ),
        ("file_tags", {"file_id": "f", "source": "user", "tag": "red"}),
        ("file_tags", {"file_id": "f", "source": "ai", "tag": "cup"}),
    ]  # fmt: skip
    for table, values in rows:
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)
    connection.commit()


def test_a_database_from_before_the_first_release_is_adopted(url: str) -> None:
    engine = create_engine(url)
    before_release(engine)
    with engine.connect() as connection:
        fill(connection)
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
    # By what was not kept then: parts of words, one slip, and values of fields.
    for search in ("tands", "theer", "field.total>100", "keyword:tea rating>4"):
        assert found(search=search) == ["f"], search
    assert found(search="field.total>121") == []
    with engine.begin() as connection:
        # As it was between: dates had no numbers.
        connection.execute(sa.text("UPDATE file_fields SET number = NULL WHERE name = 'date'"))
        days = import_module("scopix_server.db.migrations.versions.0033_days_of_fields")
        with Operations.context(MigrationContext.configure(connection)):
            days.upgrade()
    assert found(search="field.date:2024-05") == found(search="field.date:..2024-05-17") == ["f"]
    assert found(search="field.date:2024-06..") == []
    assert found(tags=("Cup", "red")) == ["f"]
    assert database.read(lambda t: t.descriptions.versions("f"))[0].description.tags == ("CUP",)
    (kept,) = database.read(lambda t: [row for portion in t.vectors.changes("t", 0) for row in portion])
    assert (kept.file_id, kept.vector, database.read(lambda t: t.vectors.latest("t"))) == (
        "f",
        bytes([32, 256 - 16, 127]),
        kept.sequence,
    )
    assert [task.file_id for task in database.read(lambda t: t.embeddings.due(limit=9))] == ["f"]
    database.close()


def shape(engine: sa.Engine) -> dict[str, object]:
    """All that is made in a database, as the database tells it, columns in no order."""
    inspector = sa.inspect(engine)
    found: dict[str, object] = {}
    for table in inspector.get_table_names():
        columns = [{**each, "type": str(each["type"])} for each in inspector.get_columns(table)]
        found[table] = {
            "columns": sorted(map(str, columns)),
            "indexes": sorted(map(_index, inspector.get_indexes(table))),
            # Without their names: SQLite tells none of a reference that came with a column.
            "foreign": sorted(str({**each, "name": None}) for each in inspector.get_foreign_keys(table)),
            "unique": sorted(map(str, inspector.get_unique_constraints(table))),
            "primary": str(inspector.get_pk_constraint(table)),
        }  # fmt: skip
    if engine.dialect.name == "sqlite":
        made = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' OR sql LIKE 'CREATE VIRTUAL%'")
        with engine.connect() as connection:
            found["search"] = sorted((name, " ".join(sql.split())) for name, sql in connection.execute(made))
    return found


def _index(index: Mapping[str, Any]) -> str:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return f"{index['name']} {index['unique']} {index['column_names']} {sorted(options.items())}"


def test_an_adopted_database_is_like_a_new_one(url: str) -> None:
    engine = create_engine(url)
    before_release(engine)
    migrate(engine)
    adopted = shape(engine)
    if engine.dialect.name == "sqlite":
        engine.dispose()
        Path(str(engine.url.database)).unlink()
    else:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    migrate(engine)
    new = shape(engine)
    assert len(new) > 20
    for name in adopted.keys() | new.keys():
        assert adopted.get(name) == new.get(name)
    engine.dispose()


def test_numbers_that_are_kept_from_0024_on_are_those_of_what_was_there(url: str) -> None:
    engine = create_engine(url)
    migrate(engine, "0023")
    states = ["completed", "completed", "failed", "queued", "processing", "pending", "skipped", "completed", "queued"]
    with engine.connect() as connection:
        fill(connection)
    with engine.begin() as connection:
        columns = [row["name"] for row in sa.inspect(connection).get_columns("files")]
        for number, status in enumerate(states):
            changed = {
                "id": f"'f{number}'",
                "description_status": f"'{status}'",
                "deleted_at": f"'{AT}'" if number > 6 else "NULL",
                "created_at": "'2026-02-01T00:00:00.000000Z'" if number % 2 else "created_at",
            }
            values = ", ".join(changed.get(name, name) for name in columns)
            names = ", ".join(columns)
            connection.exec_driver_sql(f"INSERT INTO files ({names}) SELECT {values} FROM files WHERE id = 'f'")
        for session in ("s", "empty"):
            connection.exec_driver_sql(
                "INSERT INTO sessions (id, tenant_id, upload_method, created_at, updated_at, last_event, end_told) "
                f"VALUES ('{session}', 't', 'streaming', '{AT}', '{AT}', 0, FALSE)"
            )
        for number, outcome in enumerate(["accepted"] * 9 + ["duplicate", "rejected", "cancelled"]):
            file_id = {9: "'f0'", 10: "NULL", 11: "'f6'"}.get(number, f"'f{number}'")
            connection.exec_driver_sql(
                "INSERT INTO session_files (session_id, position, filename, outcome, file_id) "
                f"VALUES ('s', {number}, 'a.png', '{outcome}', {file_id})"
            )
    migrate(engine)
    database = SqlDatabase(engine)
    assert database.read(lambda t: t.counts.wrong()) == CountsReport({}, {})
    assert database.read(lambda t: t.tenants.stored("t")) == StoredFiles(8, 40)
    assert database.read(lambda t: t.tenants.usage("t", datetime(2026, 2, 1, tzinfo=UTC))) == MonthlyUsage(4, 4)
    assert database.read(lambda t: t.tenants.usage("t", datetime(2025, 1, 1, tzinfo=UTC))) == MonthlyUsage(10, 7)
    s, empty = (database.read(lambda t, name=name: t.sessions.get("t", name)) for name in ("s", "empty"))
    counts = database.read(lambda t: t.sessions.counts([s, empty]))
    assert counts["s"] == SessionCounts(completed=3, failed=2, skipped=4, pending=3)
    assert counts["empty"] == SessionCounts()
    database.close()


@pytest.mark.parametrize("revision", ["0001", "0013", "0015"])
def test_an_older_database_is_refused_in_a_sentence_and_left_alone(tmp_path: Path, revision: str) -> None:
    refused_at(f"sqlite:///{tmp_path / 'test.db'}", revision)


def test_an_older_database_is_refused_on_postgresql() -> None:
    with fresh_database() as address:
        refused_at(address, "0013")


def refused_at(url: str, revision: str) -> None:
    """Hold that a database at `revision` is refused and not touched."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES (:at)"), {"at": revision})
    with pytest.raises(DatabaseUnusable, match=f"is at {revision}, a state from before release 2.0.0") as refused:
        migrate(engine)
    assert "scopix-server migrate" in str(refused.value)
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


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


def test_the_change_to_that_mode_waits_for_who_writes(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")

    def mode() -> str:
        with engine.connect() as connection:
            return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())

    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(mode)
        assert not wait([asked], timeout=0.3).done
        other.execute("COMMIT")
        assert asked.result(60) == "wal"
    engine.dispose()
    other.close()


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
