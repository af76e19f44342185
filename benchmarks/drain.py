"""How fast do workers drain a queue that waits for an engine, and what does the queue cost a job?

    python benchmarks/drain.py [--workers 1 2 4] [--places 4] [--delay 2.0] [--seconds 30]

A server without a worker of its own, PostgreSQL, and a vision-language engine that answers after `--delay` seconds (an
endpoint on this machine). For each number of workers the engine may be asked `--places` questions at once for each of
them, and so many images are asked about that it would ideally take `--seconds`. All of them were looked at before, so
that the workers have nothing to do but to take jobs off the engine's queue, ask, and save: the clock runs from the
moment at which every place is taken and all others wait.

Ideal: every place is asked again the moment it is free. Overhead: what a place loses a job, in milliseconds. The bare
call is the same question, asked over and over by as many threads without any queue, before each run.
"""

import argparse
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scopix import SyncScopix
from scopix_server.categories import catalogue_with
from scopix_server.domain.engines import EngineSpec, Question
from scopix_server.vlm.registry import build_engine
from tests.support.endpoint import Endpoint, hold, sleep
from tests.support.images import encoded, noise
from tests.support.postgres import fresh_database
from tests.support.server import ServerProcess, WorkerProcess
from tests.support.stored import load

_SIDE = 48
_COLUMNS = ("workers", "places", "jobs", "ideal, images/s", "images/s", "of ideal", "lost a job, ms", "bare call, ms")
_COLUMNS += ("CPU a job, ms",)


@dataclass
class Run:
    """One number of workers: seconds it took for so many jobs, beside the bare call, and the CPU seconds of it."""

    workers: int
    places: int
    jobs: int
    seconds: float
    bare_ms: float
    cpu: float

    def row(self, delay: float) -> str:
        ideal, rate = self.places / delay, self.jobs / self.seconds
        lost = (self.seconds * self.places / self.jobs - delay) * 1000
        columns = [
            str(self.workers),
            str(self.places),
            str(self.jobs),
            f"{ideal:.1f}",
            f"{rate:.2f}",
            f"{100 * rate / ideal:.0f} %",
            f"{lost:.0f}",
            f"{self.bare_ms:.0f}",
            f"{1000 * self.cpu / self.jobs:.0f}",
        ]
        return f"| {' | '.join(columns)} |"


class Bench:
    """A server on a database, with files that were looked at; workers come and go."""

    def __init__(self, folder: Path, url: str, endpoint: Endpoint, delay: float) -> None:
        self._folder, self._url, self._endpoint, self._delay = folder, url, endpoint, delay
        self._settings = {"database_url": url, "engine_url": endpoint.url, "engine_model": "fixed-1"}
        self._server = ServerProcess(folder / "data", worker=False, **self._settings).start()
        self._ids: list[str] = []

    def close(self) -> None:
        self._server.stop()

    def prepare(self, count: int) -> None:
        """Upload so many pictures and have them looked at and described once."""
        self._endpoint.always = sleep(0)
        contents = [encoded(noise(_SIDE, _SIDE, number)) for number in range(count)]
        names = [f"{number}.png" for number in range(count)]
        workers = self._start_workers(2, 16)
        with SyncScopix(self._server.api_key, base_url=self._server.base_url, timeout=60) as client:
            results = client.files.upload_batch(contents, filenames=names, wait_for_descriptions=False)
        self._ids = [str(result.image_id) for result in results]
        self._wait(lambda: self._count("files WHERE description_status = 'completed'") == count)
        self._stop_workers(workers)

    def measure(self, number: int, places: int, jobs: int) -> Run:
        """Let so many workers drain so many jobs, at `places` at once."""
        bare = bare_call(self._endpoint, self._delay, places)
        workers = self._start_workers(number, places)
        let_go = threading.Event()
        self._endpoint.always = hold(let_go)
        before = self._count("descriptions")
        with self._server.client() as http:
            for start in range(0, jobs + places, 50):
                ids = self._ids[: jobs + places][start : start + 50]
                http.post("/files/describe", json={"ids": ids}).raise_for_status()
        queued = "dbos.workflow_status WHERE queue_name LIKE 'engine:%' AND status = 'ENQUEUED'"
        self._wait(lambda: self._endpoint.at_once == places and self._count(queued) == jobs)
        self._endpoint.always = sleep(self._delay)
        cpu, started = self._cpu(workers), time.monotonic()
        let_go.set()
        self._wait(lambda: self._count("descriptions") == before + jobs + places)
        run = Run(number, places, jobs, time.monotonic() - started, bare, self._cpu(workers) - cpu)
        self._stop_workers(workers)
        return run

    def _start_workers(self, number: int, places: int) -> list[WorkerProcess]:
        settings = {**self._settings, "engine_concurrency": str(places), "database_connections": "5"}
        workers = [
            WorkerProcess(self._folder / "data", self._folder / f"worker-{place}.log", **settings)
            for place in range(number)
        ]
        self._wait(lambda: self._count("workers WHERE is_ready") == number)
        return workers

    def _stop_workers(self, workers: list[WorkerProcess]) -> None:
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda worker: worker.stop(), workers))

    def _cpu(self, workers: list[WorkerProcess]) -> float:
        times = [psutil.Process(worker.pid).cpu_times() for worker in workers]
        return sum(spent.user + spent.system for spent in times)

    def _count(self, of: str) -> int:
        row = self._connection.execute(f"SELECT count(*) FROM {of}").fetchone()
        assert row is not None
        return int(row[0])

    @property
    def _connection(self) -> psycopg.Connection:
        if not hasattr(self, "_open"):
            self._open = psycopg.connect(self._url, autocommit=True)
        return self._open

    def _wait(self, is_so) -> None:
        deadline = time.monotonic() + 600
        while not is_so():
            if time.monotonic() > deadline:
                raise SystemExit("it took too long")
            time.sleep(0.05)


def bare_call(endpoint: Endpoint, delay: float, places: int, rounds: int = 3) -> float:
    """Milliseconds that a place loses a question when so many threads ask without a queue."""
    endpoint.always = sleep(delay)
    engine = build_engine(EngineSpec("vlm", "openai", endpoint.url, "fixed-1", concurrency=places))
    category = catalogue_with(None).get("general")
    perception, _ = load("certificate")
    question = Question(
        encoded(noise(_SIDE, _SIDE), "JPEG"), perception, "general", category.prompt, category.schema, "en"
    )
    engine.answer(question)
    with ThreadPoolExecutor(places) as threads:
        started = time.monotonic()
        list(threads.map(lambda _: engine.answer(question), range(rounds * places)))
        spent = time.monotonic() - started
    engine.close()
    return (spent / rounds - delay) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--places", type=int, default=4, help="questions at once for each worker")
    parser.add_argument("--delay", type=float, default=2.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    wanted = parser.parse_args()
    jobs = {number: int(number * wanted.places / wanted.delay * wanted.seconds) for number in wanted.workers}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        endpoint = stack.enter_context(Endpoint(sleep(0)))
        bench = Bench(Path(folder), stack.enter_context(fresh_database()), endpoint, wanted.delay)
        stack.callback(bench.close)
        bench.prepare(max(jobs[number] + number * wanted.places for number in wanted.workers))
        print(f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}")
        for number in wanted.workers:
            print(bench.measure(number, number * wanted.places, jobs[number]).row(wanted.delay), flush=True)


if __name__ == "__main__":
    main()
