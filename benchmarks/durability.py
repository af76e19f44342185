"""What it costs that an acknowledged upload is on disk: rows, jobs, files and folders, with and without.

Storing and recording as the server does, without HTTP: an object, then its row and its job in one transaction, by one
uploader at a time and by sixteen. The ways take turns within each round, so that what else the machine does meets all:

    none    nothing is forced (SCOPIX_DURABILITY=none)
    before  the file and its folder, but neither the folders above nor the database's log (until November 2026)
    each    everything (SCOPIX_DURABILITY=each)

    .venv/bin/python benchmarks/durability.py [FOLDER]     a folder on the disk to be measured
"""

import shutil
import statistics
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scopix.types.vocabulary import MediaType
from scopix_server.config import Settings
from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.domain.file import File, object_key
from scopix_server.domain.turn import Priority
from scopix_server.jobs.queue import DbosQueue
from scopix_server.storage.folders import Folders
from scopix_server.storage.local import LocalStore
from scopix_server.wiring.keys import first_start
from scopix_server.wiring.shared import open_database

ROUNDS, UPLOADS, BYTES = 5, 24, 200_000
WAYS = ("none", "before", "each")


class Place:
    """A data folder that is written to in one way."""

    def __init__(self, folder: Path, way: str) -> None:
        settings = Settings(data_dir=folder, durability="none" if way == "none" else "each")
        open_database(settings).close()
        self.database = SqlDatabase(create_engine(settings.database_address, durable=way == "each"))
        first_start(self.database, with_key=False)
        tenant = self.database.read(lambda t: t.tenants.first_tenant())
        assert tenant is not None
        self.tenant_id, self.jobs = tenant.id, DbosQueue(settings.database_address)
        self.store: Any = LocalStore(folder / "storage", durability=settings.durability)
        if way == "before":
            self.store._folders = Folders(folder, sync=False)

    def upload(self, content: bytes) -> float:
        """Store and record one file; return the seconds it took."""
        started, file_id, now = time.perf_counter(), str(uuid.uuid4()), datetime.now(UTC)
        key = object_key(self.tenant_id, file_id, "original.png")
        self.store.put(key, content)
        file = File(
            id=file_id,
            tenant_id=self.tenant_id,
            filename="a.png",
            content_type="image/png",
            media_type=MediaType.IMAGE,
            size_bytes=len(content),
            sha256="0" * 64,
            object_key=key,
            created_at=now,
            updated_at=now,
        )
        self.database.write(lambda t: (t.files.add(file), self.jobs.enqueue_description(t, file, 1, Priority.BATCH)))
        return time.perf_counter() - started


def measure(folder: Path, at_once: int) -> dict[str, list[float]]:
    """Return the milliseconds an upload took, and files a second, by the rounds of each way."""
    places = {way: Place(folder / f"{way}-{at_once}", way) for way in WAYS}
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    content = bytes(range(256)) * (BYTES // 256)
    with ThreadPoolExecutor(at_once) as threads:
        for number in range(ROUNDS + 1):
            for way in WAYS[number % 3 :] + WAYS[: number % 3]:
                started = time.perf_counter()
                list(threads.map(places[way].upload, [content] * UPLOADS))
                if number:  # the first round fills caches
                    rates[way].append(UPLOADS / (time.perf_counter() - started))
    for place in places.values():
        place.jobs.close()
        place.database.close()
    return rates


def main() -> None:
    """Measure, and print a table."""
    above = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    folder = Path(tempfile.mkdtemp(prefix="scopix-durability-", dir=above))
    print(f"{ROUNDS} rounds of {UPLOADS} files of {BYTES} bytes in {folder}")
    print("| at once | way | files/s, median | least to most | of `before` |\n|---|---|---|---|---|")
    try:
        for at_once in (1, 16):
            rates = measure(folder, at_once)
            for way in WAYS:
                median = statistics.median(rates[way])
                # Rounds side by side: the ratio within each, for the machine's other work changes.
                ratio = statistics.median(a / b for a, b in zip(rates[way], rates["before"], strict=True))
                spread = f"{min(rates[way]):.0f} to {max(rates[way]):.0f}"
                print(f"| {at_once} | {way} | {median:.0f} | {spread} | {ratio:.2f} |")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
