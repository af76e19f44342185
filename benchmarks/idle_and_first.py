"""What a server costs while nothing happens, how soon the first picture is described after a cold start, how soon an
upload returns, and what variants alone cost: beside an earlier checkout, in turns.

    python benchmarks/idle_and_first.py --source PATH_OF_AN_EARLIER_CHECKOUT [--rounds 3] [--idle-seconds 20]

Wall-clock times on a machine that others use are worth little by themselves; compare the ratios. Processor time is
that of the server, its worker and all of its children.
"""

import argparse
import io
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[1]
VARIANTS = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from scopix_server.analysis.analyze import render_variants
limits = SimpleNamespace(max_pixels=200_000_000, work_pixels=50_000_000)
render_variants(Path(sys.argv[1]), limits)
started = time.process_time()
for _ in range(5):
    render_variants(Path(sys.argv[1]), limits)
print((time.process_time() - started) / 5)
"""
UPLOADS = """
import json, sys, time
from scopix import SyncScopix
times = []
with SyncScopix(api_key=sys.argv[2], base_url=sys.argv[1]) as client:
    for path in sys.argv[3:]:
        started = time.monotonic()
        client.files.upload(path, wait_for_descriptions=True)
        times.append(time.monotonic() - started)
print(json.dumps(times))
"""

WAITS = """
import json, random, sqlite3, sys, threading, time
from scopix import SyncScopix
chance, late = random.Random(1), []
with SyncScopix(api_key=sys.argv[2], base_url=sys.argv[1]) as client:
    for path in sys.argv[4:]:
        file = client.files.upload(path, wait_for_descriptions=False).image_id
        ended = []
        def end():
            with sqlite3.connect(sys.argv[3], timeout=30) as database:
                database.execute("UPDATE files SET description_status = 'completed' WHERE id = ?", (file,))
            ended.append(time.monotonic())
        timer = threading.Timer(1 + chance.random(), end)
        timer.start()
        client.files.wait_for_description(file)
        late.append(time.monotonic() - ended[0])
print(json.dumps(late))
"""


def picture(width: int, height: int, number: int) -> bytes:
    image = Image.effect_noise((width, height), 40).convert("RGB")
    draw = ImageDraw.Draw(image)
    for step in range(40):
        x, y = step * 977 % width, (step * 613 + number) % height
        draw.ellipse((x, y, x + width // 8, y + height // 9), fill=(step * 6, 255 - step * 5, number % 256))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=88)
    return target.getvalue()


def environment(source: Path, **settings: str) -> dict[str, str]:
    path = f"{source}/packages/scopix-server/src:{source}/packages/scopix/src"
    return {**os.environ, "PYTHONPATH": path, **{f"SCOPIX_{name.upper()}": value for name, value in settings.items()}}


class Server:
    """A server of the checkout at `source`, on a data folder of its own."""

    def __init__(self, source: Path, *options: str, **settings: str) -> None:
        self.source = source
        self.folder = Path(tempfile.mkdtemp(prefix="scopix-idle-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "scopix_server", "serve", "--port", str(port), "--data-dir", str(self.folder)]
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*command, *options],
            env=environment(source, worker_processes="1", **settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        """Wait until it listens; requests that come before it answers wait by themselves."""
        address = ("127.0.0.1", int(self.url.rsplit(":", 1)[1]))
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(address) == 0:
                    return
            time.sleep(0.02)

    def key(self) -> str:
        path = self.folder / "credentials.json"
        while not (path.exists() and path.read_text()):
            time.sleep(0.02)
        return str(json.loads(path.read_text())["api_key"])

    def upload(self, *paths: Path, script: str = UPLOADS) -> list[float]:
        more = [str(self.folder / "scopix.db")] if script is WAITS else []
        command = [sys.executable, "-c", script, f"{self.url}/api/v2", self.key(), *more, *map(str, paths)]
        done = subprocess.run(command, env=environment(self.source), stdout=subprocess.PIPE, text=True, check=True)
        return list(json.loads(done.stdout))

    def processes(self) -> list[psutil.Process]:
        mine = psutil.Process(self.process.pid)
        return [mine, *mine.children(recursive=True)]

    def stop(self) -> None:
        processes = self.processes()
        self.process.terminate()
        psutil.wait_procs(processes, timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)


def seconds(process: psutil.Process) -> float:
    # Of the threads by the scheduler's own clock: the usual counters know hundredths of a second only.
    tasks = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def worker_of(server: Server) -> list[psutil.Process]:
    return [process for process in server.processes() if process.pid != server.process.pid]


def idle(source: Path, length: float, pictures: Path) -> float:
    """Percent of a core that the worker with its children takes, long after its last job."""
    server = Server(source, analyzer="scripted")
    try:
        server.wait()
        server.upload(pictures / "0.jpg")
        time.sleep(5)
        workers = worker_of(server)
        before = {process.pid: seconds(process) for process in workers}
        time.sleep(length)
        return 100 * sum(seconds(process) - before[process.pid] for process in workers) / length
    finally:
        server.stop()


def first(source: Path, pictures: Path) -> tuple[float, float]:
    """Seconds from the start of the command to the first description; seconds of the processor until then."""
    server = Server(source)
    try:
        server.wait()
        server.upload(pictures / "0.jpg")
        return time.monotonic() - server.started, sum(seconds(process) for process in server.processes())
    finally:
        server.stop()


def uploads(source: Path, pictures: Path) -> float:
    """Seconds of an upload until its description is there, in the median."""
    server = Server(source, analyzer="scripted")
    try:
        server.wait()
        server.upload(pictures / "0.jpg")
        return statistics.median(server.upload(*(pictures / f"{number}.jpg" for number in range(1, 16))))
    finally:
        server.stop()


def late(source: Path, pictures: Path) -> float:
    """Seconds from the end of a description, one to two after the upload, until the client hears of it; mean of 8."""
    server = Server(source, "--no-worker")
    try:
        server.wait()
        return statistics.mean(server.upload(*(pictures / f"{number}.jpg" for number in range(8)), script=WAITS))
    finally:
        server.stop()


def variants(source: Path, pictures: Path) -> float:
    """Milliseconds of the processor's time for the variants of a JPEG of 12 million pixels."""
    command = [sys.executable, "-c", VARIANTS, str(pictures / "large.jpg")]
    return 1000 * float(subprocess.run(command, env=environment(source), stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle-seconds", type=float, default=20)
    parser.add_argument("--only", choices=["variants", "late", "upload", "idle", "first"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder)
        for number in range(16):
            (pictures / f"{number}.jpg").write_bytes(picture(800, 600, number))
        (pictures / "large.jpg").write_bytes(picture(4000, 3000, 1))
        kinds = {
            "variants of 12 MP, ms of CPU": lambda source: [variants(source, pictures)],
            "late after the end of a description, s": lambda source: [late(source, pictures)],
            "an upload until described, s": lambda source: [uploads(source, pictures)],
            "idle worker, % of a core": lambda source: [idle(source, options.idle_seconds, pictures)],
            "first description after a cold start, s; s of CPU": lambda source: list(first(source, pictures)),
        }
        for name, kind in kinds.items():
            if options.only and options.only not in name.split(" until")[0]:
                continue
            for turn in range(options.rounds):
                before, after = kind(options.source), kind(ROOT)
                for old, new in zip(before, after, strict=True):
                    print(
                        f"{name}, round {turn + 1}: before {old:.2f}, after {new:.2f}, ratio {new / old:.2f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
