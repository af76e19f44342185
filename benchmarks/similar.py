"""How long does it take to find the images that are like one, among 100,000? On SQLite and on PostgreSQL.

    python benchmarks/similar.py [--rows 100000] [--rounds 10] [--postgresql]

Fills the tables with files and vectors as long and about as uneven as the label network's (1,280 numbers, most of them
small), one file in ten deleted, then asks for 20 through the same code as the API: with vectors in memory, compared by
faiss and by numpy, and read from the database for each question. Beside it the least there can be: one product of numpy
with a float32 matrix of all vectors that is in memory already (512 MB). How many of its 20 files the others name is
told. The figures are kept in benchmarks/RESULTS.md.
"""

import argparse
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil

from scopix_server.db.connection import SqlDatabase
from scopix_server.db.documents import dump_perception
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.db.schema import files, perceptions, vector_changes, vectors
from scopix_server.domain.description import Perception
from scopix_server.domain.tenant import Tenant
from scopix_server.library import kept_vectors
from scopix_server.library.kept_vectors import KeptVectors
from scopix_server.library.similar import find_similar

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.support.postgres import fresh_database  # noqa: E402

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TENANT = str(uuid.UUID(int=1))
LENGTH, CHUNK, LIMIT, DELETED = 1280, 2000, 20, 10
NOTHING, _ = dump_perception(Perception(8, 8))
Matrix = npt.NDArray[np.float32]


def chunks(number: int) -> list[npt.NDArray[np.int8]]:
    """The vectors as they are kept, in chunks of rows; each is of one of 500 kinds, and near the others of it."""
    chance = np.random.default_rng(1)
    kinds = chance.gamma(0.4, 1.0, (500, LENGTH)).astype(np.float32)
    made = []
    for start in range(0, number, CHUNK):
        rows = kinds[chance.integers(0, 500, min(CHUNK, number - start))]
        rows = rows * chance.gamma(2.0, 0.5, rows.shape).astype(np.float32)
        made.append(np.round(rows / rows.max(axis=1, keepdims=True) * 127).astype(np.int8))
    return made


def fill(database: SqlDatabase, made: list[npt.NDArray[np.int8]]) -> list[str]:
    """Enter a file for each vector; return their ids in order."""
    database.write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "benchmark", NOW)))
    chance = np.random.default_rng(2)
    ids: list[str] = []
    for rows in made:
        new = [str(uuid.UUID(bytes=chance.bytes(16), version=4)) for _ in rows]
        entries = [file_row(file_id, len(ids) + number) for number, file_id in enumerate(new)]
        of_files = [
            {"file_id": file_id, "tenant_id": TENANT, "sequence": 1, "vector": row.tobytes()}
            for file_id, row in zip(new, rows, strict=True)
        ]
        database.write(lambda t, a=entries: t.connection.execute(files.insert(), a))
        database.write(lambda t, a=of_files: t.connection.execute(vectors.insert(), a))
        seen = [{"file_id": file_id, "data": NOTHING} for file_id in new]
        database.write(lambda t, a=seen: t.connection.execute(perceptions.insert(), a))
        ids += new
    counted = {"tenant_id": TENANT, "kind": "image", "number": 1}
    database.write(lambda t: t.connection.execute(vector_changes.insert().values(counted)))
    return ids


def file_row(file_id: str, number: int) -> dict[str, object]:
    return {
        "id": file_id, "tenant_id": TENANT, "filename": f"img_{number:06}.jpg", "content_type": "image/jpeg",
        "media_type": "image", "size_bytes": 90_000, "sha256": f"{number:064x}", "object_key": file_id,
        "storage_target": "default", "upload_method": "STREAMING", "content_category": "general", "user_tags": [],
        "created_at": NOW, "updated_at": NOW, "sorted_at": NOW, "variant_status": "completed",
        "description_status": "completed", "description_revision": 1, "description_attempts": 1,
        "deleted_at": NOW if number % DELETED == 5 else None,
    }  # fmt: skip


def whole_matrix(made: list[npt.NDArray[np.int8]]) -> Matrix:
    matrix = np.concatenate(made).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix


Answers = tuple[list[float], list[float], list[list[int]]]


def timed(ask: Callable[[int], list[int]], asked: list[int]) -> Answers:
    """Milliseconds on the clock and of the processor, and answers; the first question is for warming up."""
    times, processor, answers = [], [], []
    for number in [asked[0], *asked]:
        began, started = time.process_time(), time.perf_counter()
        answers.append(ask(number))
        times.append((time.perf_counter() - started) * 1000)
        processor.append((time.process_time() - began) * 1000)
    print(f"    the first question: {times[0]:,.0f} ms, {processor[0]:,.0f} of the processor's time")
    return times[1:], processor[1:], answers[1:]


def of_database(url: str, made: list[npt.NDArray[np.int8]], asked: list[int]) -> dict[str, Answers]:
    engine = create_engine(url)
    migrate(engine)
    database = SqlDatabase(engine)
    ids = fill(database, made)
    places = {file_id: number for number, file_id in enumerate(ids)}
    for number in asked:
        seen = Perception(8, 8, embedding=tuple(made[number // CHUNK][number % CHUNK].tolist()))
        database.write(lambda t, n=number, seen=seen: t.descriptions.save_perception(ids[n], seen, None))

    def asking(kept: KeptVectors) -> Callable[[int], list[int]]:
        def ask(number: int) -> list[int]:
            def look(transaction: object) -> list[int]:
                file = transaction.files.get(TENANT, ids[number])  # type: ignore[attr-defined]
                found = find_similar(transaction, file, limit=LIMIT, min_score=0.0, kept=kept)  # type: ignore[arg-type]
                return [places[each.file.id] for each in found]

            return database.read(look)

        return ask

    found = {}
    for way in ("faiss", "numpy", "read each time"):
        kept = KeptVectors(0 if way == "read each time" else 4 << 30)
        if way == "numpy":
            kept_vectors.find_spec = lambda _: None  # type: ignore[attr-defined]
        before = psutil.Process().memory_info().rss
        found[f"{engine.dialect.name}, {way}"] = timed(asking(kept), asked if kept._max_bytes else asked[:3])
        print(f"  {engine.dialect.name}, {way}: {(psutil.Process().memory_info().rss - before) / 2**20:,.0f} MB more")
        kept_vectors.find_spec = find_spec  # type: ignore[attr-defined]
    database.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--postgresql", action="store_true", help="the same on PostgreSQL")
    options = parser.parse_args()
    made = chunks(options.rows)
    asked = [n for n in range(0, options.rows, max(1, options.rows // options.rounds)) if n % DELETED != 5]
    found: dict[str, Answers] = {}
    with tempfile.TemporaryDirectory() as folder:
        found |= of_database(f"sqlite:///{folder}/scopix.db", made, asked)
    if options.postgresql:
        with fresh_database() as url:
            found |= of_database(url, made, asked)
    matrix = whole_matrix(made)
    there = np.arange(len(matrix)) % DELETED != 5

    def product(number: int) -> list[int]:
        scores = np.where(there, matrix @ matrix[number], -1)
        scores[number] = -1
        best = np.argpartition(-scores, LIMIT)[:LIMIT]
        return [int(place) for place in best[np.argsort(-scores[best])]]

    found["numpy, float32 matrix in memory"] = timed(product, asked)
    truth = found["numpy, float32 matrix in memory"][2]
    print("| | median, ms | most, ms | processor, ms | recall@20 |\n|---|---|---|---|---|")
    for name, (times, processor, answers) in found.items():
        recall = statistics.mean(len(set(one) & set(other)) / LIMIT for one, other in zip(answers, truth, strict=False))
        figures = f"{statistics.median(times):,.0f} | {max(times):,.0f} | {statistics.median(processor):,.0f}"
        print(f"| {name} | {figures} | {recall:.3f} |")


if __name__ == "__main__":
    main()
