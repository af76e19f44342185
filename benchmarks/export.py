"""How fast does everything get out? `scopix export` of 100,000 described files, in each format.

    python benchmarks/export.py [--files 100000]

The rows are written straight into the server's database: 300 characters of description, eight tags, 25 lines of text
with their places each. Then `scopix export` runs against `scopix-server serve` on this machine, a process of its own,
whose memory is watched; what it wrote is counted. Beside it: the same 1,000 files by one request each, four at a time.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pyarrow.parquet

from scopix import InsecureTransportWarning, Scopix
from scopix_server.config import Settings
from scopix_server.db.schema import descriptions, file_tags, files, perceptions, search_documents
from scopix_server.wiring.shared import open_database

WORDS = ("roof", "beam", "valve", "window", "pump", "scale", "total", "invoice", "sign", "road", "harbour", "garden")
CHUNK = 1_000


def fill(folder: Path, count: int) -> None:
    """Write `count` described files into the database of a server that was started once."""
    database = open_database(Settings(data_dir=folder))
    chance, begin = random.Random(1), datetime(2026, 1, 1, tzinfo=UTC)
    tenant = database.read(lambda t: t.tenants.list()[0].id)
    for start in range(0, count, CHUNK):
        rows = [row(tenant, number, begin, chance) for number in range(start, min(start + CHUNK, count))]

        def write(transaction, rows=rows) -> None:
            for place, table in enumerate((files, descriptions, perceptions, search_documents)):
                transaction.connection.execute(table.insert(), [each[place] for each in rows])
            tags = [{"file_id": each[0]["id"], "source": "ai", "tag": t} for each in rows for t in each[1]["tags"]]
            transaction.connection.execute(file_tags.insert(), tags)

        database.write(write)
    database.close()


def row(tenant: str, number: int, begin: datetime, chance: random.Random) -> tuple[dict, dict, dict, dict]:
    """A file, its description, what was perceived, and its entry in the search index."""
    file_id, at = str(uuid.UUID(int=chance.getrandbits(128), version=4)), begin + timedelta(seconds=number)
    lines = [" ".join(chance.choices(WORDS, k=4)) for _ in range(25)]
    said, tags = " ".join(chance.choices(WORDS, k=50)), sorted(set(chance.choices(WORDS, k=12)))[:8]
    file = {
        "id": file_id,
        "tenant_id": tenant,
        "filename": f"{number:06}.jpg",
        "content_type": "image/jpeg",
        "media_type": "image",
        "size_bytes": 50_000 + number,
        "sha256": f"{number:064x}",
        "object_key": f"t/{file_id}.jpg",
        "storage_target": "default",
        "upload_method": "STREAMING",
        "content_category": "general",
        "user_tags": [],
        "created_at": at,
        "updated_at": at,
        "sorted_at": at,
        "width": 1200,
        "height": 900,
        "variant_status": "completed",
        "description_status": "completed",
        "description_revision": 1,
        "description_attempts": 1,
    }
    description = {
        "id": str(uuid.uuid4()),
        "file_id": file_id,
        "revision": 1,
        "category": "general",
        "engine": "builtin",
        "model": "1",
        "kind": "photo",
        "description": said,
        "visible_text": "\n".join(lines),
        "tags": tags,
        "category_data": {},
        "evidence": [],
        "created_at": at,
        "processing_time_ms": 900,
    }
    boxes = [{"x": 0.1, "y": 0.03 * place, "width": 0.5, "height": 0.02} for place in range(25)]
    text = [{"text": line, "box": box, "confidence": 0.98, "quad": []} for line, box in zip(lines, boxes, strict=True)]
    perception = {"file_id": file_id, "data": {"width": 1200, "height": 900, "text": text}, "embedding": None}
    entry = {"file_id": file_id, "title": "", "description": said, "visible_text": " ".join(lines), "tags": ""}
    return file, description, perception, entry


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, str]]:
    """A server; its address and its key."""
    command = [sys.executable, "-m", "scopix_server", "serve", "--port", "0", "--data-dir", str(folder), "--no-worker"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        url = next(line.split()[3] for line in server.stdout if line.startswith("Scopix listens"))
        yield url, json.loads((folder / "credentials.json").read_text())["api_key"]
    finally:
        server.terminate()
        server.wait(30)


def export(url: str, key: str, target: Path) -> tuple[float, float]:
    """Run the command; return seconds and the most memory it had resident, in MB."""
    environment = {**os.environ, "SCOPIX_API_KEY": key, "SCOPIX_BASE_URL": url}
    started = time.perf_counter()
    program = subprocess.Popen(
        [sys.executable, "-c", "from scopix.cli import main; main()", "export", "-o", str(target)],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    watched, most, over = psutil.Process(program.pid), [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.05) and watched.is_running():
            try:
                most[0] = max(most[0], watched.memory_info().rss / 2**20)
            except psutil.NoSuchProcess:
                return

    watching = threading.Thread(target=watch)
    watching.start()
    code = program.wait()
    over.set()
    watching.join()
    assert code == 0
    return time.perf_counter() - started, most[0]


async def one_by_one(url: str, key: str, count: int) -> float:
    """Ask for files by one request each, four at a time; return seconds."""
    async with Scopix(api_key=key, base_url=url) as client:
        ids = [item.id async for item in client.files.list_all(page_size=100, sort_by="created_at")][:count]
        waiting, started = iter(ids), time.perf_counter()

        async def work() -> None:
            for file_id in waiting:
                await client.files.get(file_id)

        await asyncio.gather(*(work() for _ in range(4)))
        return time.perf_counter() - started


def rows_in(target: Path) -> int:
    """How many files an export holds."""
    if target.suffix == ".parquet":
        return int(pyarrow.parquet.ParquetFile(target).metadata.num_rows)
    # The texts have line ends of their own, which CSV keeps: every row ends with the empty time of the picture.
    with target.open() as lines:
        return sum(1 for line in lines if target.suffix == ".jsonl" or line.endswith("Z,\n"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=100_000)
    count = parser.parse_args().files
    warnings.simplefilter("ignore", InsecureTransportWarning)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder / "data"):
            pass
        fill(folder / "data", count)
        with running(folder / "data") as (url, key):
            for suffix in ("jsonl", "csv", "parquet"):
                target = folder / f"all.{suffix}"
                seconds, memory = export(url, key, target)
                print(
                    f"{suffix:8} {rows_in(target):7} files {seconds:6.1f} s {count / seconds:6.0f} files/s  "
                    f"{target.stat().st_size / 1e6:6.0f} MB  client at most {memory:4.0f} MB",
                    flush=True,
                )
            some = min(1_000, count)
            seconds = asyncio.run(one_by_one(url, key, some))
            print(f"one by one, four at a time: {some / seconds:.0f} files/s")


if __name__ == "__main__":
    main()
