"""`scopix upload DIR` and kill -9, of the program and of the server: every file ends on the server once.

The moments are drawn from a seed, as shares of the files: replay a run with KILL_UPLOAD_SEED. CI uploads a few hundred
files; KILL_UPLOAD_FILES=2000 uploads as many, KILL_UPLOAD_BATCH sets how many go into a request.
"""

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.images import encoded, noise
from tests.support.server import ServerProcess

FILES = int(os.environ.get("KILL_UPLOAD_FILES", "150"))
SEED = int(os.environ.get("KILL_UPLOAD_SEED", str(random.SystemRandom().randrange(10**6))))
BATCH = int(os.environ.get("KILL_UPLOAD_BATCH", str(min(200, max(1, FILES // 30)))))
KILLS = 5
MAX_PAUSE = 0.08
PATIENCE = 300

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="sends signals"),
    pytest.mark.timeout(PATIENCE * (2 + FILES // 500)),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    plans = json.dumps({"custom": {"files_per_batch": BATCH}})
    running = ServerProcess(tmp_path / "server", worker=False, plans=plans).start()
    yield running
    running.stop()


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """`FILES` small pictures, no two the same, some of them in folders of folders."""
    folder = tmp_path / "album"
    for number in range(FILES):
        path = folder / f"{number % 7}" / ("deep" if number % 3 else ".") / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(noise(48, 48, number)))
    return folder


class Program:
    """`scopix upload`, started as often as it takes, always in the same place."""

    def __init__(self, server: ServerProcess, album: Path, place: Path) -> None:
        self.starts = 0
        self._command = [sys.executable, "-c", "from scopix.cli import main; main()", "upload", str(album)]
        self._command += ["--no-describe", "--no-wait", "--json"]
        self.environment = {**os.environ, "SCOPIX_API_KEY": server.api_key, "SCOPIX_BASE_URL": server.base_url}
        self._place = place
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.starts += 1
        with (self._place / "report.jsonl").open("wb") as report, (self._place / "messages.txt").open("wb") as messages:
            self._process = subprocess.Popen(
                self._command, cwd=self._place, env=self.environment, stdout=report, stderr=messages
            )

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def wait(self) -> int:
        assert self._process is not None
        return self._process.wait(PATIENCE)

    @property
    def report(self) -> list[dict]:
        return [json.loads(line) for line in (self._place / "report.jsonl").read_text().splitlines()]

    @property
    def totals(self) -> str:
        return (self._place / "messages.txt").read_text().splitlines()[-1]


@pytest.fixture
def program(server: ServerProcess, album: Path, tmp_path: Path) -> Iterator[Program]:
    (tmp_path / "place").mkdir()
    program = Program(server, album, tmp_path / "place")
    yield program
    if program.runs:
        program.kill()


def moments() -> list[tuple[int, float]]:
    """How many files must be there before each kill, and how many seconds more to wait."""
    chance = random.Random(SEED)
    span = 0.75 / KILLS
    shares = [span * (number + chance.random()) for number in range(KILLS)]
    return [(int(share * FILES), chance.uniform(0, MAX_PAUSE)) for share in shares]


def wait_for(server: ServerProcess, program: Program, count: int) -> bool:
    """Whether so many files came to be on the server while the program ran."""
    with server.client() as http:
        while program.runs:
            if http.get("/files?limit=1").json()["total_count"] >= count:
                return True
            time.sleep(0.01)
    return False


def check_the_end(server: ServerProcess, program: Program, album: Path) -> None:
    """Every file is on the server once, and the program's last report says so."""
    expected = Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in album.rglob("*.png"))
    assert len(expected) == FILES
    with server.client() as http:
        stored = Counter(hashes(http))
    assert stored == expected, f"lost {len(expected - stored)}, doubled {len(stored - expected)}"
    assert {Path(line["path"]) for line in program.report} == set(album.rglob("*.png"))
    assert len(program.report) == FILES
    assert {line["state"] for line in program.report} <= {"uploaded", "duplicate"}, program.totals
    total, *parts = [int(number) for number in re.findall(r"\d+", program.totals)]
    assert total == FILES == sum(parts)


def hashes(http: httpx2.Client) -> Iterator[str]:
    query = {"include": "details", "limit": 100, "sort_by": "created_at"}
    while True:
        page = http.get("/files", params=query).json()
        yield from (item["hash"] for item in page["items"])
        if not page["has_more"]:
            return
        query["cursor"] = page["next_cursor"]


def test_the_program_is_killed(server: ServerProcess, program: Program, album: Path) -> None:
    print(f"KILL_UPLOAD_SEED={SEED} KILL_UPLOAD_FILES={FILES} KILL_UPLOAD_BATCH={BATCH}")
    killed_at = []
    for count, pause in moments():
        program.start()
        assert wait_for(server, program, count), program.totals
        time.sleep(pause)
        if not program.runs:
            break  # on a fast machine the last moment may come too late
        program.kill()
        with server.client() as http:
            killed_at.append(http.get("/files?limit=1").json()["total_count"])
    assert len(killed_at) >= KILLS - 1
    program.start()
    assert program.wait() == 0
    print(f"killed with {killed_at} files on the server; {program.totals}")
    check_the_end(server, program, album)
    # All is done: another run sends nothing.
    program.start()
    assert program.wait() == 0
    check_the_end(server, program, album)


@pytest.mark.parametrize("retries", [3, 0])
def test_the_server_is_killed(server: ServerProcess, program: Program, album: Path, retries: int) -> None:
    """With retries the program outlives each kill; without any it gives up, and is started again."""
    program.environment["SCOPIX_MAX_RETRIES"] = str(retries)
    print(f"KILL_UPLOAD_SEED={SEED} KILL_UPLOAD_FILES={FILES} KILL_UPLOAD_BATCH={BATCH}")
    port, killed_at = server.port, []
    program.start()
    for count, pause in moments():
        while not wait_for(server, program, count):
            program.start()
        time.sleep(pause)
        server.kill()
        server.start(port)
        with server.client() as http:
            killed_at.append(http.get("/files?limit=1").json()["total_count"])
    while (code := program.wait()) != 0 and program.starts < 3 * KILLS:
        program.start()
    assert code == 0, program.totals
    assert retries or program.starts > 1
    left = len(server.stored_objects()) - FILES
    print(f"killed with {killed_at} files on it; {program.starts} starts; {left} objects of no file; {program.totals}")
    check_the_end(server, program, album)
    # What the killed server had stored and not yet recorded is found by the sweep, once it is old enough.
    assert server.setup.clear() == left
    assert len(server.stored_objects()) == FILES
