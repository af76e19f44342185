"""What does an engine that is switched off in the middle of a batch cost?

    python benchmarks/engine_outage.py [--images 200] [--off 120] [--after 40]

A server with a vision-language engine (an endpoint on this machine that answers after 0.2 s) is given `--images`
pictures; when `--after` of them are described, the endpoint is switched off for `--off` seconds: connections are cut
and refused. Printed: files that failed, attempts that were burnt, versions a file, and when the last one was done.
"""

import argparse
import collections
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scopix import SyncScopix
from tests.support.endpoint import Endpoint, sleep
from tests.support.server import ServerProcess


def draw(folder: Path, count: int) -> None:
    """Write `count` JPEGs of 640 x 480, no two the same."""
    chance = random.Random(1)
    folder.mkdir()
    for number in range(count):
        image = Image.frombytes("RGB", (16, 12), chance.randbytes(16 * 12 * 3)).resize((640, 480))
        image.save(folder / f"{number:05}.jpg", quality=85)


def counts(database: Path) -> collections.Counter[str]:
    """How many files stand how."""
    with sqlite3.connect(database) as connection:
        query = "SELECT description_status, count(*) FROM files GROUP BY description_status"
        return collections.Counter(dict(connection.execute(query).fetchall()))


def wait_for(database: Path, done: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while counts(database)["completed"] < done:
        if time.monotonic() > deadline:
            raise SystemExit(f"not done in time: {dict(counts(database))}")
        time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--off", type=float, default=120.0)
    parser.add_argument("--after", type=int, default=40)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Endpoint(sleep(0.2)) as endpoint:
        pictures, data = Path(folder) / "pictures", Path(folder) / "data"
        draw(pictures, wanted.images)
        server = ServerProcess(data, engine_url=endpoint.url, engine_model="fixed-1", engine_concurrency="4")
        server.start().wait_until_ready()
        try:
            run(server, endpoint, pictures, wanted)
        finally:
            server.stop()


def run(server: ServerProcess, endpoint: Endpoint, pictures: Path, wanted: argparse.Namespace) -> None:
    database = server.data_dir / "scopix.db"
    started = time.monotonic()
    with SyncScopix(server.api_key, base_url=server.base_url, allow_insecure_http=True) as client:
        client.files.upload_batch(str(pictures), wait_for_descriptions=False)
    print(f"{wanted.images} pictures uploaded in {time.monotonic() - started:.1f} s")
    wait_for(database, wanted.after, 600)
    endpoint.stop()
    off_at, before = time.monotonic(), counts(database)["completed"]
    print(f"engine off at {off_at - started:.1f} s with {before} described, for {wanted.off:g} s")
    time.sleep(wanted.off)
    during = counts(database)
    endpoint.start()
    on_at = time.monotonic()
    print(f"while it was off: {dict(during)}; questions that reached it so far: {len(endpoint.asked)}")
    wait_for(database, before + 1, 120)
    first = time.monotonic() - on_at
    wait_for(database, wanted.images, 600)
    last = time.monotonic() - on_at
    with sqlite3.connect(database) as connection:
        burnt = connection.execute("SELECT sum(description_attempts - 1) FROM files").fetchone()[0]
        versions = connection.execute("SELECT max(n) FROM (SELECT count(*) n FROM descriptions GROUP BY file_id)")
        most = versions.fetchone()[0]
    final = counts(database)
    print(f"engine on again: first description after {first:.1f} s, all after {last:.1f} s")
    print(f"completed {final['completed']}, failed {final['failed']}, attempts burnt {burnt}, versions a file {most}")
    print(f"questions asked: {len(endpoint.asked)}; most at once: {endpoint.most_at_once}")


if __name__ == "__main__":
    main()
