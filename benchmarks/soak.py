"""Many small images in one run: are all of them described, exactly once, and does memory stay flat?

    python benchmarks/soak.py [--images 20000] [--minutes M] [--analyzer scripted] [--database sqlite] [--processes 1]

A server of its own takes in small pictures, each like no other, in sessions of 250, while fewer than `--backlog` wait
to be described. With `--minutes` no more are sent after that time. Every few seconds the memory is measured that each
of its processes has for itself (USS). In the end

- each picture is there once, with its SHA-256, and its description is completed, once;
- the sessions have ended, and their totals come to the number of images; no job is left;
- the median memory while the last quarter was described is not beyond that of the second quarter, by role: web process,
  worker, and the children together, which look at the images (they are replaced now and then).

It exits with 1 where one of these is not so. With `--analyzer scripted` it is a trial of everything around the models,
with `builtin` of all.
"""

import argparse
import hashlib
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scopix import SyncScopix
from tests.support.images import encoded, noise
from tests.support.postgres import fresh_database
from tests.support.server import ServerProcess

_SESSION = 250
_ROLES = ("web", "worker", "children")
_ENDED = "SELECT count(*) FROM files WHERE description_status IN ('completed', 'failed', 'skipped')"
# What a process may have more in the end: the noise of allocators and of caches that are still being filled.
_FLAT_RATIO, _FLAT_BYTES = 1.10, 16 * 2**20


@dataclass
class Sample:
    """The memory at one moment, by role in bytes, and how many descriptions had ended by then."""

    ended: int
    memory: dict[str, int]


@dataclass
class Soak:
    """One run. `images` counts those that were sent."""

    server: ServerProcess
    images: int = 0
    samples: list[Sample] = field(default_factory=list)
    hashes: set[str] = field(default_factory=set)
    sessions: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    over: threading.Event = field(default_factory=threading.Event)

    def send(self, most: int, side: int, backlog: int, minutes: float) -> None:
        """Upload that many images in sessions, or what can be sent in that time."""
        with SyncScopix(self.server.api_key, base_url=self.server.base_url, allow_insecure_http=True) as client:
            for start in range(0, most, _SESSION):
                while self.images - self.ended() >= backlog:
                    time.sleep(0.5)
                if time.monotonic() - self.started > 60 * minutes:
                    break
                numbers = range(start, min(start + _SESSION, most))
                contents = [encoded(noise(side, side, number)) for number in numbers]
                names = [f"{number:06}.png" for number in numbers]
                batch = client.files.upload_batch(contents, filenames=names, wait_for_descriptions=False)
                assert all(result.image_id for result in batch)
                self.hashes |= {hashlib.sha256(data).hexdigest() for data in contents}
                self.sessions += batch.session_ids
                self.images += len(contents)

    def watch(self, every: float) -> None:
        """Measure until the run is over."""
        while not self.over.wait(every):
            with suppress(psutil.NoSuchProcess):
                self.samples.append(Sample(self.ended(), dict(self._measured())))

    def _measured(self) -> Iterator[tuple[str, int]]:
        web = psutil.Process(self.server.pid)
        (worker,) = [process for process in web.children() if "worker" in process.cmdline()]
        children = worker.children(recursive=True)
        for role, processes in zip(_ROLES, ([web], [worker], children), strict=True):
            yield role, sum(process.memory_full_info().uss for process in processes)

    def ended(self) -> int:
        """How many descriptions have ended."""
        return self.number(_ENDED)

    def jobs_left(self) -> int:
        """How many jobs are queued or under way."""
        table = "dbos.workflow_status" if "database_url" in self.server.setup.settings else "workflow_status"
        return self.number(f"SELECT count(*) FROM {table} WHERE status IN ('ENQUEUED', 'PENDING')")

    def number(self, query: str) -> int:
        """The one number that the database answers."""
        ((count,),) = self.server.setup.rows(query)
        return int(count)

    def faults(self) -> list[str]:
        """What is not as it should be; nothing if all is."""
        rows = self.server.setup.rows("SELECT sha256, description_status FROM files")
        states = Counter(state for _, state in rows)
        exact = {
            "files": (len(rows), self.images),
            "hashes that were sent": (
                len(self.hashes & {digest for digest, _ in rows}),
                self.images,
            ),
            "completed": (states["completed"], self.images),
            "descriptions": (self.number("SELECT count(*) FROM descriptions"), self.images),
            "jobs left": (self.jobs_left(), 0),
        }
        totals: Counter[str] = Counter()
        with self.server.client() as http:
            for session_id in self.sessions:
                status = http.get(f"/files/upload/sessions/{session_id}").json()
                totals.update({name: status[name] for name in ("total_files", "completed_files", "pending_files")})
                totals[status["status"]] += 1
        exact["total of the sessions"] = (totals["total_files"], self.images)
        exact["completed in sessions"] = (totals["completed_files"], self.images)
        exact["sessions completed"] = (totals["completed"], len(self.sessions))
        print("\n".join(f"{what}: {count:,} of {expected:,}" for what, (count, expected) in exact.items()))
        return [what for what, (count, expected) in exact.items() if count != expected]

    def growth(self) -> list[str]:
        """Print the memory of each quarter; return the roles that grew."""
        quarters: list[list[Sample]] = [[], [], [], []]
        for sample in self.samples:
            if 0 < sample.ended < self.images:
                quarters[4 * sample.ended // self.images].append(sample)
        print("\n| memory (USS), MB: median of | 1st quarter | 2nd | 3rd | last | last to 2nd | most |")
        print("|---|---|---|---|---|---|---|")
        grown = []
        for role in _ROLES:
            medians = [statistics.median(s.memory[role] for s in quarter) for quarter in quarters]
            _, second, _, last = medians
            if last > second * _FLAT_RATIO and last - second > _FLAT_BYTES:
                grown.append(role)
            columns = [f"{median / 2**20:,.0f}" for median in medians] + [f"{last / second:.2f}"]
            print(f"| {role} | {' | '.join(columns)} | {max(s.memory[role] for s in self.samples) / 2**20:,.0f} |")
        return grown


def run(soak: Soak, chosen: argparse.Namespace) -> None:
    """Send, watch, and wait until all descriptions have ended, or none ended for too long."""
    patience = chosen.patience
    watching = threading.Thread(target=soak.watch, args=[chosen.every], daemon=True)
    watching.start()
    try:
        soak.send(chosen.images, chosen.side, chosen.backlog, chosen.minutes)
        print(f"{soak.images:,} uploaded within {time.monotonic() - soak.started:,.0f} s", flush=True)
        last, since = -1, time.monotonic()
        while (ended := soak.ended()) < soak.images:
            if ended != last:
                last, since = ended, time.monotonic()
            if time.monotonic() - since > patience:
                raise SystemExit(f"no description ended for {patience:.0f} s; {ended:,} have")
            time.sleep(0.5)
        spent = time.monotonic() - soak.started
        print(f"{soak.images:,} described within {spent:,.0f} s, {soak.images / spent:.1f} a second", flush=True)
        # The last jobs note their own ends after those of the descriptions.
        until = time.monotonic() + patience
        while soak.jobs_left() and time.monotonic() < until:
            time.sleep(0.5)
    finally:
        soak.over.set()
        watching.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="send no more after so long")
    parser.add_argument("--backlog", type=int, default=1000, help="send no more while so many wait")
    parser.add_argument("--analyzer", choices=["scripted", "builtin"], default="scripted")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--processes", default="1", help="processes that look at images")
    parser.add_argument("--side", type=int, default=32, help="pixels")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two measurements")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds without any description until it fails")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        settings = {"analyzer": chosen.analyzer, "worker_processes": chosen.processes, "log_level": "warning"}
        if chosen.database == "postgresql":
            settings |= {"database_url": stack.enter_context(fresh_database()), "database_connections": "5"}
        server = ServerProcess(Path(folder) / "data", **settings).start().wait_until_ready()
        stack.callback(server.stop)
        soak = Soak(server)
        run(soak, chosen)
        wrong = soak.faults() + [f"the memory of the {role} grew" for role in soak.growth()]
    if wrong:
        raise SystemExit(f"not as it should be: {'; '.join(wrong)}")


if __name__ == "__main__":
    main()
