"""What does everything around the models cost? 500 pictures through the server, beside a bare loop over its models.

    python benchmarks/describe.py [--images 500] [--rounds 5] [--processes 2]

Bare: as many processes as the worker has, each with the text reader and the label network of the built-in engine, over
decoded pictures; no thumbnails, faces, colours, descriptions, database or queue. Ours: `upload_batch` into a running
server until the last file is described. Both do the same pictures in turn, a round each, so that what else the machine
does falls on both. Printed: pictures a second, their ratio, and what the worker and its children hold resident.
"""

import argparse
import asyncio
import functools
import multiprocessing
import random
import statistics
import sys
import tempfile
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from evaluation.draw import draw
from scopix import InsecureTransportWarning, Scopix
from scopix_server.perception.labels import Labeller
from scopix_server.perception.ocr import TextReader
from tests.support.server import ServerProcess

_GROUPS = ("screenshot", "receipt", "sign", "chart", "form", "map", "site_sign", "slide")
_FIRST = 5000  # numbers that the evaluation set does not use
_PHOTOGRAPHS = Path(__file__).resolve().parents[1] / "evaluation" / "photographs"
_models: tuple[TextReader, Labeller]


def draw_all(folder: Path, count: int) -> list[Path]:
    """Write `count` pictures in a mixed order, no two the same: a quarter photographs, the others drawn."""
    chance = random.Random(1)
    photographs = sorted(_PHOTOGRAPHS.glob("*.jpg"))
    paths = []
    for number in range(count):
        path = folder / f"{number:05}.jpg"
        if number % 4 == 3:
            with Image.open(photographs[chance.randrange(len(photographs))]) as photograph:
                left, top = chance.randrange(40), chance.randrange(40)
                photograph.convert("RGB").crop((left, top, *photograph.size)).save(path, quality=90)
        else:
            picture = draw(_GROUPS[chance.randrange(len(_GROUPS))], "tuning", _FIRST + number)
            path = path.with_suffix(picture.suffix)
            path.write_bytes(picture.data)
        paths.append(path)
    return paths


def open_models() -> None:
    global _models
    _models = TextReader(), Labeller()


def look(path: Path | None) -> int:
    """The bare loop's step. Returns the number of lines read."""
    reader, labeller = _models
    if path is None:
        time.sleep(1.0)  # long enough that every process takes one
        return 0
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    labeller.label(pixels)
    return len(reader.read(pixels))


class Memory(threading.Thread):
    """What a worker and its children hold resident, in MB, twice a second; stays with it over its children's lives."""

    def __init__(self, server: ServerProcess) -> None:
        super().__init__(daemon=True)
        self._worker = next(process for process in server.processes() if "worker" in process.cmdline())
        self._over = threading.Event()
        self.samples: list[float] = []

    def run(self) -> None:
        while not self._over.wait(0.5):
            total = 0
            for process in (self._worker, *self._worker.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.samples.append(total / 1e6)

    def taken(self) -> list[float]:
        """The samples since the last call."""
        samples, self.samples = self.samples, []
        return samples

    def end(self) -> None:
        self._over.set()
        self.join()


async def describe(server: ServerProcess, paths: list[Path]) -> None:
    async with Scopix(server.api_key, base_url=server.base_url, allow_insecure_http=True) as client:
        results = await client.files.upload_batch([str(path) for path in paths], description_timeout=3600)
    failed = [result for result in results if result.description_status != "completed"]
    if failed or len(list(results)) != len(paths):
        raise SystemExit(f"not all were described: {failed[:3]}")


def timed(work: "functools.partial[object]") -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    wanted = parser.parse_args()
    warnings.simplefilter("ignore", InsecureTransportWarning)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pictures").mkdir()
        paths = draw_all(folder / "pictures", wanted.images)
        server = ServerProcess(folder / "data", analyzer="builtin", worker_processes=str(wanted.processes))
        server.start().wait_until_ready()
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(wanted.processes, context, initializer=open_models)
        try:
            with pool:
                list(pool.map(look, [None] * wanted.processes))
                compare(server, pool, paths, wanted.rounds)
        finally:
            server.stop()


def compare(server: ServerProcess, pool: ProcessPoolExecutor, paths: list[Path], rounds: int) -> None:
    asyncio.run(describe(server, paths[:4]))  # every child has its models
    memory = Memory(server)
    memory.start()
    bare, ours = [], []
    print("round  pictures  bare/s  ours/s  ratio  resident MB: median  most")
    for number in range(rounds):
        part = paths[number::rounds]
        bare.append(timed(functools.partial(lambda some: list(pool.map(look, some)), part)))
        memory.taken()
        ours.append(timed(functools.partial(lambda some: asyncio.run(describe(server, some)), part)))
        held = memory.taken()
        figures = f"{len(part) / bare[-1]:6.2f}  {len(part) / ours[-1]:6.2f}  {bare[-1] / ours[-1]:5.2f}"
        print(
            f"{number + 1:5}  {len(part):8}  {figures}  {statistics.median(held):19.0f}  {max(held):4.0f}", flush=True
        )
    memory.end()
    rates = f"{len(paths) / sum(bare):6.2f}  {len(paths) / sum(ours):6.2f}  {sum(bare) / sum(ours):5.2f}"
    print(f"  all  {len(paths):8}  {rates}")


if __name__ == "__main__":
    main()
