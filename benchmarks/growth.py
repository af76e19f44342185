"""Which lists, counts and states take longer the more files a tenant has? Each is asked among few and among many.

    python benchmarks/growth.py [--files 10000 100000] [--rounds 20] [--kinds sqlite postgresql]

Builds a database of each size by bulk inserts (a million files take some minutes), sessions of 1,000 files among them,
asks every question through the use cases that the API asks, and prints median (95th percentile) in milliseconds (on
SQLite of the processor's time), the ratio of the medians, and the query plans of what got slower by more than 2. What
the tables leave out, as perceptions, no list reads. PostgreSQL is the one of the tests. The results are kept in
benchmarks/RESULTS.md.
"""

import argparse
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.db.schema import file_tags, files, search_documents, session_files, sessions
from scopix_server.db.search import tenant_word
from scopix_server.domain.listing import FileFilter, SortBy
from scopix_server.domain.plans import month_of
from scopix_server.domain.session import SessionStatus
from scopix_server.domain.tenant import Tenant
from scopix_server.library.files import Files
from scopix_server.library.sessions import Sessions
from scopix_server.library.usage import Usages
from scopix_server.upkeep.integrity import Counts

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.support.postgres import fresh_database  # noqa: E402

TENANT = str(uuid.UUID(int=1))
NOW = datetime.now(UTC)
CHUNK = 20_000
IN_SESSION = 1_000
PAGE = 50
SLOWER = 2.0  # from this ratio on the plan is shown
WORDS = [
    f"{a}{b}" for a, b in itertools.product(("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru"), repeat=2)
]
WEIGHTS = list(itertools.accumulate(1 / rank for rank in range(1, len(WORDS) + 1)))
# Of a thousand files: one waits, one is under way, five failed.
STATES = {0: "queued", 1: "processing", **dict.fromkeys(range(2, 7), "failed")}
Row = dict[str, Any]


def rows(number: int) -> Iterator[tuple[Row, Row, Row, list[Row]]]:
    """Yield the rows of file, place in its session, words and tags of so many files, the oldest first."""
    chance = random.Random(number)
    for index in range(number):
        file_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        at = NOW - timedelta(seconds=number - index)
        status = STATES.get(index % 1000, "completed")
        words = chance.choices(WORDS, cum_weights=WEIGHTS, k=9)
        file = {
            "id": file_id, "tenant_id": TENANT, "filename": f"img_{index:07}.jpg", "title": " ".join(words[:3]),
            "content_type": "image/jpeg", "media_type": "image" if index % 200 else "document",
            "size_bytes": chance.randrange(20_000, 9_000_000), "sha256": f"{index:064x}", "object_key": file_id,
            "storage_target": "default", "upload_method": "STREAMING",
            "content_category": "general" if index % 100 else "receipt", "user_tags": [], "created_at": at,
            "updated_at": at, "sorted_at": at, "variant_status": "completed", "description_status": status,
            "description_revision": 1, "description_attempts": 1,
            "description_error_type": "timeout" if status == "failed" else None,
            "description_finished_at": at if status in {"completed", "failed"} else None,
        }  # fmt: skip
        place = {
            "session_id": session_id(index // IN_SESSION), "position": index % IN_SESSION,
            "filename": file["filename"], "outcome": "accepted", "file_id": file_id,
        }  # fmt: skip
        document = {
            "number": index + 1, "file_id": file_id, "title": file["title"], "description": " ".join(words[3:]),
            "visible_text": words[0] if index % 3 else "", "tags": words[1],
            "tenant": tenant_word(TENANT),
        }  # fmt: skip
        yield file, place, document, [{"file_id": file_id, "source": "ai", "tag": words[1]}]


def session_id(number: int) -> str:
    return str(uuid.UUID(int=number + 10, version=4))


def fill(database: SqlDatabase, engine: sa.Engine, number: int) -> None:
    database.write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "benchmark", NOW)))
    times = [NOW - timedelta(seconds=number - index) for index in range(0, number, IN_SESSION)]
    made = [
        {"id": session_id(index), "tenant_id": TENANT, "upload_method": "streaming", "expected_files": IN_SESSION,
         "created_at": at, "updated_at": at}
        for index, at in enumerate(times)
    ]  # fmt: skip
    database.write(lambda t: t.connection.execute(sessions.insert(), made))
    with without_indexes(engine):
        fill_tables(database, number)
    Counts(database).mend()
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # As it does by itself after a while. SQLite counts nothing unless told to, which no server of ours does.
            connection.exec_driver_sql("VACUUM ANALYZE")


def fill_tables(database: SqlDatabase, number: int) -> None:
    source = rows(number)
    while chunk := list(itertools.islice(source, CHUNK)):
        of_files, of_places, of_words, of_tags = zip(*chunk, strict=True)

        def insert(
            transaction: Any, parts: Any = (of_files, of_places, of_words, list(itertools.chain(*of_tags)))
        ) -> None:
            for table, values in zip((files, session_files, search_documents, file_tags), parts, strict=True):
                copy(transaction.connection, table, values)

        database.write(insert)


@contextmanager
def without_indexes(engine: sa.Engine) -> Iterator[None]:
    """Take away the indexes of the tables that are filled, and make them when all rows are there.

    Row by row, each index of a million files is changed at a million places of it: that takes hours, not minutes.
    """
    names = [table.name for table in (files, session_files, search_documents, file_tags)]
    if engine.dialect.name == "sqlite":
        query = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger') "
        query += f"AND tbl_name IN ({', '.join(repr(name) for name in names)})"
    else:
        query = "SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() "
        query += f"AND tablename IN ({', '.join(repr(name) for name in names)}) AND indexname NOT IN "
        query += "(SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u'))"
    with engine.begin() as connection:
        found = connection.exec_driver_sql(query).all()
        for kind, name, _ in found:
            connection.exec_driver_sql(f"DROP {kind.upper()} {name}")
    yield
    with engine.begin() as connection:
        for _, _, statement in found:
            connection.exec_driver_sql(statement)
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("INSERT INTO search_index(search_index) VALUES ('rebuild')")


def for_filling(url: str) -> sa.Engine:
    """Return an engine that is made for a database that nobody would miss."""
    engine = create_engine(url, durable=False)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA cache_size=-1500000"))
    else:
        sa.event.listen(engine, "connect", lambda raw, _: raw.execute("SET maintenance_work_mem = '1GB'"))
    return engine


def copy(connection: sa.Connection, table: sa.Table, values: Sequence[Row]) -> None:
    """Insert rows that all have the same columns, in the fastest way the driver knows."""
    names = list(values[0])
    types = [table.c[name].type for name in names]
    # JSON is text to both: the library's own wrapping of it suits parameters only.
    convert = [
        json.dumps
        if isinstance(type_, sa.JSON)
        else type_.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        for type_ in types
    ]
    plain = ([c(row[n]) if c else row[n] for n, c in zip(names, convert, strict=True)] for row in values)
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", plain)
        return
    with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as target:
        for row in plain:
            target.write_row(row)


def questions(database: SqlDatabase, number: int) -> dict[str, Callable[[], object]]:
    """What the API is asked for, by name."""
    listing, of_sessions, usages = Files(database), Sessions(database, None), Usages(database)  # type: ignore[arg-type]

    def page(offset: int = 0, after: Any = None, **criteria: Any) -> Any:
        return listing.page(TENANT, FileFilter(**criteria), limit=PAGE, offset=offset, after=after, with_details=False)

    def session_page(**criteria: Any) -> Callable[[], object]:
        asked = {"status": None, "upload_method": None, "limit": 20, "offset": 0} | criteria
        return lambda: of_sessions.page(TENANT, NOW, **asked)

    orders = (SortBy.CONTENT_CREATED_AT, SortBy.CREATED_AT, SortBy.TITLE, SortBy.SIZE_BYTES)
    middle = {sort: page(number // 2, sort_by=sort).following for sort in orders}
    week = NOW - timedelta(days=7)
    asked: dict[str, Callable[[], object]] = {
        "plain list": page,
        "plain list, cursor in the middle": lambda: page(after=middle[SortBy.CONTENT_CREATED_AT]),
        "by upload, cursor in the middle": lambda: page(
            after=middle[SortBy.CREATED_AT], sort_by=SortBy.CREATED_AT
        ),
        "by title": lambda: page(sort_by=SortBy.TITLE),
        "by title, cursor in the middle": lambda: page(after=middle[SortBy.TITLE], sort_by=SortBy.TITLE),
        "by size": lambda: page(sort_by=SortBy.SIZE_BYTES),
        "by size, cursor in the middle": lambda: page(after=middle[SortBy.SIZE_BYTES], sort_by=SortBy.SIZE_BYTES),
        "status=failed": lambda: page(statuses=("failed",)),
        "status=queued": lambda: page(statuses=("queued",)),
        "status=completed": lambda: page(statuses=("completed",)),
        "has_description=true": lambda: page(has_description=True),
        "has_description=false": lambda: page(has_description=False),
        "error_type=timeout": lambda: page(error_types=("timeout",)),
        "media_type=document": lambda: page(media_types=("document",)),
        "media_type=image": lambda: page(media_types=("image",)),
        "category=receipt": lambda: page(categories=("receipt",)),
        "since a week ago": lambda: page(date_from=week),
        "has_text=true": lambda: page(has_text=True),
        "a common word": lambda: page(search=WORDS[0]),
        "a rare word": lambda: page(search=f"{WORDS[-1]} {WORDS[-2]}"),
        "a tag": lambda: page(tags=(WORDS[3],)),
        "state of the list (changes)": lambda: listing.state(TENANT, ""),
        "state of the list, its part in SQL": lambda: database.read(lambda t: t.files.state(TENANT)),
        "stuck files": lambda: listing.unfinished(TENANT, NOW, limit=100),
        "sessions": session_page(),
        "sessions, status=completed": session_page(status=SessionStatus.COMPLETED),
        "sessions, status=processing": session_page(status=SessionStatus.PROCESSING),
        "sessions, status=failed": session_page(status=SessionStatus.FAILED),
        "one session": lambda: of_sessions.view(TENANT, session_id(0)),
        "results of a session": lambda: of_sessions.results(
            TENANT, session_id(0), include_failed=False, limit=100, offset=0
        ),
        "usage of the month": lambda: usages.of(TENANT),
        "usage, as every upload asks": lambda: database.write(lambda t: t.tenants.usage(TENANT, month_of(NOW))),
        "usage and what is stored": lambda: usages.report(TENANT),
        "queues (metrics)": lambda: database.read(lambda t: t.metrics.queues()),
    }  # fmt: skip
    return asked


def timed(question: Callable[[], object], rounds: int, clock: Callable[[], float]) -> list[float]:
    """Return the milliseconds of each round, fewer of them where one takes seconds; the first, which warms up, not."""
    times: list[float] = []
    began = time.perf_counter()
    for _ in range(rounds + 1):
        started = clock()
        question()
        times.append((clock() - started) * 1000)
        if len(times) > 3 and time.perf_counter() - began > 10:
            break
    return times[1:]


@contextmanager
def noted(engine: sa.Engine) -> Iterator[list[tuple[str, Any]]]:
    """Note the statements that are executed meanwhile, with their values."""
    statements: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        statements.append((statement, values))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def plan(engine: sa.Engine, question: Callable[[], object]) -> list[str]:
    """Return the plans of a question's statements that read tables, one line a step."""
    with noted(engine) as statements:
        question()
    lines: list[str] = []
    with engine.connect() as connection:
        for statement, values in statements:
            if statement.lstrip().upper().startswith(("SELECT", "WITH")):
                lines.append(" ".join(statement.split())[:160])
                word = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
                steps = connection.exec_driver_sql(f"{word} {statement}", values)
                lines += [f"    {step[-1]}" for step in steps]
    return lines


def measure(url: str, number: int, rounds: int) -> tuple[dict[str, list[float]], Callable[[str], list[str]]]:
    """Build a database of so many files and ask; return the times, and what tells the plan of a question."""
    filling = for_filling(url)
    migrate(filling)
    filled = SqlDatabase(filling)
    started = time.perf_counter()
    fill(filled, filling, number)
    filled.close()
    engine = create_engine(url)
    database = SqlDatabase(engine)
    print(f"{engine.dialect.name}: {number:,} files in {time.perf_counter() - started:.0f} s", flush=True)
    asked = questions(database, number)
    # SQLite works in this process, where what else the machine does can be left out.
    clock = time.process_time if engine.dialect.name == "sqlite" else time.perf_counter
    taken = {name: timed(question, rounds, clock) for name, question in asked.items()}
    return taken, lambda name: plan(engine, asked[name])


def p95(times: Sequence[float]) -> float:
    return sorted(times)[max(0, round(len(times) * 0.95) - 1)]


def compare(kind: str, sizes: Sequence[int], rounds: int) -> None:
    """Print the table of one kind of database, and the plans of what grows."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for number in sizes:
            # Each stays until its plans are printed, and goes before the next kind comes.
            context = fresh_database() if kind == "postgresql" else None
            url = context.__enter__() if context else f"sqlite:///{folder}/{number}.db"
            results.append((context, *measure(url, number, rounds)))
        small, large, told = results[0][1], results[-1][1], results[-1][2]
        unit = "ms of CPU" if kind == "sqlite" else "ms"
        print(f"\n| {kind}, {unit}: median (p95) | {sizes[0]:,} | {sizes[-1]:,} | ratio |\n|---|---|---|---|")
        ratios = {name: statistics.median(large[name]) / statistics.median(small[name]) for name in small}
        for name, ratio in ratios.items():
            cells = [f"{statistics.median(each):.2f} ({p95(each):.2f})" for each in (small[name], large[name])]
            print(f"| {name} | {' | '.join(cells)} | {ratio:.1f} |", flush=True)
        for name in [name for name, ratio in ratios.items() if ratio > SLOWER]:
            print(f"\n{name}", *told(name), sep="\n", flush=True)
        for context, *_ in results:
            if context:
                context.__exit__(None, None, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs=2, default=[10_000, 100_000], metavar=("FEW", "MANY"))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--kinds", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    asked = parser.parse_args()
    for kind in asked.kinds:
        compare(kind, asked.files, asked.rounds)


if __name__ == "__main__":
    main()
