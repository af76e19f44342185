"""How long does it take to find the images that are like one, among 100,000? On SQLite and on PostgreSQL.

    python benchmarks/similar.py [--rows 100000] [--rounds 10]

Fills the tables with files and vectors as long and about as uneven as the label network's (1,280 numbers, most of them
small), one file in ten deleted, then asks for 20 through the same code as the API. Beside it the least there can be:
one product of numpy with a float32 matrix of all vectors that is in memory already (512 MB). Whether both name the same
files is told. The figures are kept in benchmarks/RESULTS.md.
"""

import argparse
import resource
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scopix_server.db.connection import SqlDatabase
from scopix_server.db.documents import dump_perception
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.db.schema import files, perceptions, vectors
from scopix_server.domain.description import Perception
from scopix_server.domain.tenant import Tenant
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
            {"file_id": file_id, "tenant_id": TENANT, "vector": row.tobytes()}
            for file_id, row in zip(new, rows, strict=True)
        ]
        database.write(lambda t, a=entries: t.connection.execute(files.insert(), a))
        database.write(lambda t, a=of_files: t.connection.execute(vectors.insert(), a))
        seen = [{"file_id": file_id, "data": NOTHING} for file_id in new]
        database.write(lambda t, a=seen: t.connection.execute(perceptions.insert(), a))
        ids += new
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


def timed(ask: Callable[[int], list[int]], asked: list[int]) -> tuple[list[float], list[list[int]]]:
    """Milliseconds and answers; the first question is for warming up."""
    times, answers = [], []
    for number in [asked[0], *asked]:
        started = time.perf_counter()
        answers.append(ask(number))
        times.append((time.perf_counter() - started) * 1000)
    return times[1:], answers[1:]


def of_database(url: str, made: list[npt.NDArray[np.int8]], asked: list[int]) -> tuple[list[float], list[list[int]]]:
    engine = create_engine(url)
    migrate(engine)
    database = SqlDatabase(engine)
    ids = fill(database, made)
    places = {file_id: number for number, file_id in enumerate(ids)}
    for number in asked:
        seen = Perception(8, 8, embedding=tuple(made[number // CHUNK][number % CHUNK].tolist()))
        database.write(lambda t, n=number, seen=seen: t.descriptions.save_perception(ids[n], seen, None))

    def ask(number: int) -> list[int]:
        def look(transaction: object) -> list[int]:
            file = transaction.files.get(TENANT, ids[number])  # type: ignore[attr-defined]
            found = find_similar(transaction, file, limit=LIMIT, min_score=0.0)  # type: ignore[arg-type]
            return [places[each.file.id] for each in found]

        return database.read(look)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = timed(ask, asked)
    print(
        f"  {engine.dialect.name}: {(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.0f} MB more"
    )
    database.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    made = chunks(options.rows)
    asked = [n for n in range(0, options.rows, max(1, options.rows // options.rounds)) if n % DELETED != 5]
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        found["SQLite"] = of_database(f"sqlite:///{folder}/scopix.db", made, asked)
    with fresh_database() as url:
        found["PostgreSQL"] = of_database(url, made, asked)
    matrix = whole_matrix(made)
    there = np.arange(len(matrix)) % DELETED != 5

    def product(number: int) -> list[int]:
        scores = np.where(there, matrix @ matrix[number], -1)
        scores[number] = -1
        best = np.argpartition(-scores, LIMIT)[:LIMIT]
        return [int(place) for place in best[np.argsort(-scores[best])]]

    found["numpy, matrix in memory"] = timed(product, asked)
    truth = found["numpy, matrix in memory"][1]
    print("| | median, ms | most, ms | the same 20 files |\n|---|---|---|---|")
    for name, (times, answers) in found.items():
        same = sum(set(one) == set(other) for one, other in zip(answers, truth, strict=True))
        print(f"| {name} | {statistics.median(times):,.0f} | {max(times):,.0f} | {same} of {len(truth)} |")


if __name__ == "__main__":
    main()
