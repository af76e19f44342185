"""Two servers, four workers, PostgreSQL and a bucket, and kill -9 of any of them at random moments.

What is uploaded how, and who is killed when and how long stays away, is drawn from a seed: replay a run with
KILL_CLUSTER_SEED. CI uploads a few files; KILL_CLUSTER_FILES=2000 KILL_CLUSTER_KILLS=20 make it a long run.
"""

import base64
import contextlib
import hashlib
import json
import logging
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scopix import ClientConfig, SyncScopix
from scopix_server.upkeep.integrity import MARK_KEY
from tests.support.balancer import Balancer
from tests.support.cluster import Cluster
from tests.support.endpoint import Endpoint, sleep
from tests.support.images import encoded, noise
from tests.support.postgres import fresh_database
from tests.support.s3 import S3Server
from tests.support.setup import clear_bucket

FILES = int(os.environ.get("KILL_CLUSTER_FILES", "40"))
KILLS = int(os.environ.get("KILL_CLUSTER_KILLS", "4"))
SEED = int(os.environ.get("KILL_CLUSTER_SEED", str(random.SystemRandom().randrange(10**6))))
SMALL = FILES < 500
CLIENTS = 3 if SMALL else 6
BATCH = 3 if SMALL else 12
MAX_AWAY = 4.0
BACKLOG = max(8, FILES // 8)  # files that wait for their description while more are sent: both go on side by side
PATIENCE = 240 + 60 * KILLS + FILES

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="sends signals"),
    pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning"),
    pytest.mark.timeout(PATIENCE + 120),
]


@dataclass(frozen=True)
class Task:
    """What one client sends in one go: a `session` of many files, or a `single` or `direct` upload of one."""

    kind: str
    numbers: tuple[int, ...]
    described: bool


@dataclass(frozen=True)
class Kill:
    """When `share` of the work is done, and `pause` seconds later, a member is killed, for `away` seconds."""

    share: float
    pause: float
    member: int
    away: float


@dataclass
class Acknowledged:
    """What the servers have said is stored: the numbers of files by id, and how many were sent in which session."""

    files: dict[str, int] = field(default_factory=dict)
    sessions: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, file_ids: dict[str, int], session_ids: list[str]) -> None:
        with self._lock:
            assert not file_ids.keys() & self.files.keys(), "two uploads were given the same file"
            self.files |= file_ids
            if session_ids:
                assert len(session_ids) == 1
                self.sessions[session_ids[0]] += len(file_ids)


def plan(chance: random.Random) -> tuple[list[Task], list[Kill]]:
    """Draw what is sent, and who is killed."""
    tasks, left = [], list(range(FILES))
    while left:
        kind = chance.choices(["session", "single", "direct"], [3, 5, 1])[0]
        size = chance.randint(2, 4 * BATCH) if kind == "session" else 1
        tasks.append(Task(kind, tuple(left[:size]), described=chance.random() < 0.9))
        del left[:size]
    # Spread over the run, each in its part of it.
    # As many servers as workers, which are twice as many.
    members = [chance.randrange(2) if number % 2 else 2 + chance.randrange(4) for number in range(KILLS)]
    chance.shuffle(members)
    kills = [
        Kill(
            (number + chance.random()) / KILLS * 0.9,
            chance.uniform(0, 0.3),
            members[number],
            chance.uniform(0, MAX_AWAY),
        )
        for number in range(KILLS)
    ]
    return tasks, kills


def content(number: int) -> bytes:
    """A picture like no other, of 5 kB, every fifth of 200 kB."""
    side = 260 if number % 5 == 0 else 40
    return encoded(noise(side, side, SEED * 100_000 + number))


@pytest.fixture
def engine() -> Iterator[Endpoint]:
    with Endpoint(sleep(0.3)) as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


@pytest.fixture
def cluster(tmp_path: Path, s3_server: S3Server, bucket: str, engine: Endpoint) -> Iterator[Cluster]:
    settings = {
        "engine_url": engine.url,
        "engine_model": "fixed-1",
        "engine_concurrency": "8",
        "plans": json.dumps({"custom": {"files_per_batch": BATCH}}),
        "worker_processes": "1",
    }
    with fresh_database() as url:
        running = Cluster(tmp_path, url, s3_server, bucket, **settings)
        with running.running():
            yield running


class Clients:
    """Sends the tasks, several at once, as the SDK does: it tries again by itself, with the same key."""

    def __init__(self, cluster: Cluster, base_url: str) -> None:
        self.acknowledged = Acknowledged()
        self._cluster = cluster
        # It does not give up: who would send a file again under another key would be right to have it twice.
        self._config = ClientConfig(
            allow_insecure_http=True,
            api_key=cluster.api_key,
            base_url=base_url,
            timeout=60,
            max_retries=40,
            circuit_breaker_enabled=False,
        )

    def send(self, task: Task) -> None:
        """Send what the task says and note what was acknowledged."""
        wait_for(lambda: backlog(self._cluster) < BACKLOG, "room for more", self._cluster)
        names = [f"{number:05}.png" for number in task.numbers]
        contents = [content(number) for number in task.numbers]
        if task.kind == "direct":
            self._send_direct(task, names[0], contents[0])
            return
        with self._client() as client:
            common: dict[str, Any] = {"auto_describe": task.described, "wait_for_descriptions": False}
            if task.kind == "single":
                results, session_ids = [client.files.upload(contents[0], filename=names[0], **common)], []
            else:
                batch = client.files.upload_batch(contents, filenames=names, **common)
                results, session_ids = list(batch), list(batch.session_ids)
        assert all(result.image_id for result in results), results
        self.acknowledged.note(
            {str(result.image_id): number for result, number in zip(results, task.numbers, strict=True)}, session_ids
        )

    def _send_direct(self, task: Task, name: str, data: bytes) -> None:
        digest = hashlib.sha256(data).hexdigest()
        asked = {"filename": name, "size_bytes": len(data), "checksum_sha256": digest, "auto_describe": task.described}
        asked["idempotency_key"] = f"direct-{digest[:32]}"
        upload = self._persist("POST", "/files/direct-uploads", json=asked)
        self._persist("PUT", upload["upload_url"], content=data)
        done = self._persist("POST", f"/files/direct-uploads/{upload['id']}/complete")
        self.acknowledged.note({done["image_id"]: task.numbers[0]}, [])

    def _persist(self, method: str, path: str, **sent: Any) -> Any:
        """Ask until it is answered below 500."""
        url = path if path.startswith("http") else f"{self._config.url}{path}"
        headers = {} if path.startswith("http") else {"Authorization": f"Bearer {self._config.api_key}"}
        for _ in range(200):
            with contextlib.suppress(httpx2.HTTPError):
                response = httpx2.request(method, url, headers=headers, timeout=60, **sent)
                if response.status_code < 400:
                    return response.json() if response.content else None
                assert response.status_code in {429, 503}, response.text
            time.sleep(0.2)
        raise AssertionError(f"{method} {path} was not answered")

    def _client(self) -> SyncScopix:
        return SyncScopix.from_config(self._config)


@contextlib.contextmanager
def counted_retries() -> Iterator[list[str]]:
    """What the SDK says it tries again."""
    told: list[str] = []
    handler, logger = logging.Handler(), logging.getLogger("scopix")
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield told
    logger.setLevel(level)
    logger.removeHandler(handler)


class Killer:
    """Kills as planned while the work goes on, and starts the dead again."""

    def __init__(self, cluster: Cluster, kills: list[Kill]) -> None:
        self.done: list[str] = []
        self.give_up = threading.Event()
        self._cluster = cluster
        self._kills = kills
        self._returning: list[Future[None]] = []

    def run(self) -> None:
        with ThreadPoolExecutor(self._cluster.size) as threads:
            for kill in self._kills:
                while (share := progress(self._cluster)) < kill.share and not self.give_up.is_set():
                    time.sleep(0.05)
                if self.give_up.wait(kill.pause):
                    break
                member = self._next_alive(kill.member)
                self._cluster.kill(member)
                self.done.append(f"{share:.2f}: {self._cluster.name(member)}, {kill.away:.1f} s")
                self._returning.append(threads.submit(self._bring_back, member, kill.away))
        for returning in self._returning:
            returning.result()

    def _next_alive(self, member: int) -> int:
        while True:
            for step in range(self._cluster.size):
                if self._cluster.is_up(found := (member + step) % self._cluster.size):
                    return found
            time.sleep(0.05)

    def _bring_back(self, member: int, away: float) -> None:
        time.sleep(away)
        self._cluster.start_member(member)


STORED = "SELECT count(*) FROM files"
ENDED = "SELECT count(*) FROM files WHERE description_status IN ('completed', 'failed', 'skipped')"


def progress(cluster: Cluster) -> float:
    """The share of the work that is done: half of it is that files are stored, half that they are described."""
    return (cluster.number(STORED) + cluster.number(ENDED)) / (2 * FILES)


def backlog(cluster: Cluster) -> int:
    """How many files wait to be described."""
    return cluster.number(STORED) - cluster.number(ENDED)


def wait_for(condition: Callable[[], bool], what: str, cluster: Cluster) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} seconds\n{cluster.log()[-20_000:]}"
        time.sleep(0.2)


def test_everything_acknowledged_is_there_and_described_once(
    cluster: Cluster, engine: Endpoint, s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    print(f"KILL_CLUSTER_SEED={SEED} KILL_CLUSTER_FILES={FILES} KILL_CLUSTER_KILLS={KILLS}")
    tasks, kills = plan(random.Random(SEED))
    print(f"{dict(Counter(task.kind for task in tasks))}; kills planned: {kills}")
    started = time.monotonic()
    with Balancer(cluster.ports) as balancer, counted_retries() as retries, ThreadPoolExecutor(CLIENTS + 1) as threads:
        clients = Clients(cluster, balancer.base_url)
        killer = Killer(cluster, kills)
        killing = threads.submit(killer.run)
        sending = [threads.submit(clients.send, task) for task in tasks]
        try:
            for one in sending:
                one.result()
            uploaded = time.monotonic() - started
            wait_for(lambda: cluster.number(ENDED) == FILES, "descriptions", cluster)
        finally:
            killer.give_up.set()
            killing.result()
        described = time.monotonic() - started
        assert len(killer.done) == KILLS
        print(f"killed: {'; '.join(killer.done)}")
        print(f"uploaded within {uploaded:.0f} s, described within {described:.0f} s; connections {balancer.taken}")
        print(f"requests that the SDK sent again: {len(retries)}")
        check_files(cluster, clients.acknowledged, balancer, tasks)
        check_sessions(cluster, clients.acknowledged, balancer)
    check_jobs(cluster)
    check_engine(engine, tasks)
    check_objects(cluster, s3_server, bucket, tmp_path)


def check_files(cluster: Cluster, acknowledged: Acknowledged, balancer: Balancer, tasks: list[Task]) -> None:
    """Each file is there once, with its bytes, and its description is terminal, once."""
    assert len(acknowledged.files) == FILES
    hashes = {file_id: hashlib.sha256(content(number)).hexdigest() for file_id, number in acknowledged.files.items()}
    assert dict(cluster.rows("SELECT id, sha256 FROM files")) == hashes
    described = {number for task in tasks if task.described for number in task.numbers}
    states = dict(cluster.rows("SELECT id, description_status FROM files"))
    expected = {
        file_id: "completed" if number in described else "skipped" for file_id, number in acknowledged.files.items()
    }
    assert states == expected
    wait_for(
        lambda: cluster.number("SELECT count(*) FROM files WHERE variant_status <> 'completed'") == 0,
        "variants",
        cluster,
    )
    versions = Counter(file_id for (file_id,) in cluster.rows("SELECT file_id FROM descriptions"))
    assert versions == {file_id: 1 for file_id, state in expected.items() if state == "completed"}
    current = (
        "SELECT count(*) FROM files f JOIN descriptions d ON d.file_id = f.id AND d.revision = f.description_current"
    )
    assert cluster.number(current) == len(versions)
    told_twice = (
        "SELECT count(*) FROM (SELECT session_id, position, stage FROM session_events WHERE stage IN "
        "('completed', 'failed', 'skipped') GROUP BY 1, 2, 3 HAVING count(*) > 1) AS twice"
    )
    assert cluster.number(told_twice) == 0
    headers = {"Authorization": f"Bearer {cluster.api_key}"}
    with httpx2.Client(base_url=balancer.base_url, headers=headers, follow_redirects=True, timeout=60) as http:
        for file_id, wanted in hashes.items():
            stored = http.get(f"/files/{file_id}/download").raise_for_status().content
            assert hashlib.sha256(stored).hexdigest() == wanted


def check_sessions(cluster: Cluster, acknowledged: Acknowledged, balancer: Balancer) -> None:
    """Every session has ended, with as many files as were sent in it; there are no others."""
    assert cluster.number("SELECT count(*) FROM sessions") == len(acknowledged.sessions)
    headers = {"Authorization": f"Bearer {cluster.api_key}"}
    with httpx2.Client(base_url=balancer.base_url, headers=headers, timeout=60) as http:
        for session_id, sent in acknowledged.sessions.items():
            status = http.get(f"/files/upload/sessions/{session_id}").json()
            assert status["status"] == "completed", status
            assert (status["total_files"], status["completed_files"]) == (sent, sent), status
            assert (status["failed_files"], status["skipped_files"], status["pending_files"]) == (0, 0, 0), status


def check_jobs(cluster: Cluster) -> None:
    """No job is left, of whatever kind, and the workers that died are forgotten."""
    states = "SELECT status, count(*) FROM dbos.workflow_status GROUP BY status"
    wait_for(lambda: {state for state, _ in cluster.rows(states)} == {"SUCCESS"}, "jobs", cluster)
    workers = cluster.size - len(cluster.servers)
    wait_for(lambda: cluster.number("SELECT count(*) FROM workers") == workers, "workers", cluster)
    assert cluster.number("SELECT count(*) FROM chores WHERE holder IS NOT NULL AND name = 'recovery'") == 0


def check_engine(engine: Endpoint, tasks: list[Task]) -> None:
    """The engine was asked about every picture; more often only for those that it was asked about at a kill."""
    asked = Counter(hashlib.sha256(picture_in(body)).hexdigest() for body in engine.asked)
    assert len(asked) == sum(len(task.numbers) for task in tasks if task.described)
    again = sum(asked.values()) - len(asked)
    print(f"questions {sum(asked.values())}, of which again {again}; at once at most {engine.most_at_once}")
    assert again <= 8 * KILLS


def picture_in(body: dict[str, Any]) -> bytes:
    url = body["messages"][1]["content"][0]["image_url"]["url"]
    return base64.b64decode(url.partition(",")[2])


def check_objects(cluster: Cluster, s3_server: S3Server, bucket: str, folder: Path) -> None:
    """What the records name is in the bucket; what a kill has left there beside it is no file's, and is swept."""
    keys = objects_of_files(s3_server, bucket)
    known = {file_id for (file_id,) in cluster.rows("SELECT id FROM files")}
    theirs = {key for key in keys if key.split("/")[2] in known}
    named = cluster.rows("SELECT object_key FROM files UNION SELECT object_key FROM variants")
    assert {key for (key,) in named} <= theirs
    assert sum(key.rpartition("/")[2].startswith("original.") for key in theirs) == FILES
    print(f"{len(keys)} objects, of which {len(keys) - len(theirs)} belong to no file")
    swept = clear_bucket(cluster.url, s3_server, bucket, folder)
    assert (swept.orphans, swept.files) == (len(keys) - len(theirs), 0)
    assert objects_of_files(s3_server, bucket) == theirs


def objects_of_files(s3_server: S3Server, bucket: str) -> set[str]:
    return set(s3_server.keys(bucket)) - {MARK_KEY}
