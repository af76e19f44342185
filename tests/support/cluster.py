"""Scopix as it runs on several machines: servers and workers of their own, one PostgreSQL database, one bucket.

Nothing is shared but the two: each process has a data folder of its own.
"""

import base64
import contextlib
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg

from tests.support.s3 import REGION, S3Server
from tests.support.server import ServerProcess, WorkerProcess

__all__ = ["Cluster", "bucket_settings"]


def bucket_settings(s3: S3Server, bucket: str) -> dict[str, str]:
    """The settings of a server whose files are in a bucket."""
    return {
        "storage": "s3",
        "s3_bucket": bucket,
        "s3_region": REGION,
        "s3_endpoint_url": s3.endpoint,
        "s3_access_key_id": s3.server.access_key_id,
        "s3_secret_access_key": s3.server.secret_access_key,
    }


class Cluster:
    """So many servers (`serve --no-worker`) and workers on the database at `url` and in the bucket.

    Members are numbered, the servers first. Each can be killed and started again, from any thread.
    """

    def __init__(
        self, folder: Path, url: str, s3: S3Server, bucket: str, *, servers: int = 2, workers: int = 4, **settings: str
    ) -> None:
        self.folder = folder
        self.url = url
        self.settings = {
            "database_url": url,
            # PostgreSQL allows 100 connections as it comes, and six processes want their share.
            "database_connections": "4",
            "link_secret": secrets.token_urlsafe(24),
            "encryption_key": base64.b64encode(secrets.token_bytes(32)).decode(),
            **bucket_settings(s3, bucket),
            # Images that take their time are what a kill can hit.
            "analyzer": "builtin",
            **settings,
        }
        self.servers = [
            ServerProcess(folder / f"server-{number}", worker=False, **self.settings) for number in range(servers)
        ]
        self._workers: list[WorkerProcess | None] = [None] * workers
        self._ports = [0] * servers
        self._up = [False] * (servers + workers)

    def start(self) -> "Cluster":
        """Start all at once, on an empty database, say. Returns when the servers listen."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(self.start_member, range(len(self._up))))
        return self

    def stop(self) -> list[int]:
        """Stop all as a service manager would; return their exit codes."""
        running = [self.process(member) for member in range(self.size) if self.is_up(member)]
        self._up = [False] * self.size
        with ThreadPoolExecutor() as threads:
            return list(threads.map(lambda process: process.stop(), running))

    @property
    def size(self) -> int:
        """How many members there are."""
        return len(self._up)

    @property
    def ports(self) -> Sequence[int]:
        """Where the servers listen."""
        return self._ports

    def name(self, member: int) -> str:
        """What to call a member."""
        servers = len(self.servers)
        return f"server {member + 1}" if member < servers else f"worker {member - servers + 1}"

    def is_up(self, member: int) -> bool:
        """Whether it was started, and not killed since."""
        return self._up[member]

    def start_member(self, member: int) -> None:
        """Start a member (again). A server listens where it did before."""
        if member < len(self.servers):
            server = self.servers[member]
            server.start(self._ports[member])
            self._ports[member] = server.port
        else:
            number = member - len(self.servers)
            place = self.folder / f"worker-{number}"
            place.mkdir(parents=True, exist_ok=True)
            self._workers[number] = WorkerProcess(place, place / "worker.log", **self.settings)
        self._up[member] = True

    def kill(self, member: int) -> None:
        """kill -9 of a member."""
        self._up[member] = False
        self.process(member).kill()

    def process(self, member: int) -> ServerProcess | WorkerProcess:
        """The process of a member that was started."""
        if member < len(self.servers):
            return self.servers[member]
        worker = self._workers[member - len(self.servers)]
        assert worker is not None
        return worker

    @property
    def api_key(self) -> str:
        """The key that was made at the first start, by whichever server was first."""
        for server in self.servers:
            with contextlib.suppress(KeyError, FileNotFoundError):
                return server.api_key
        raise AssertionError("no server kept a key")

    def log(self) -> str:
        """The logs of all members, one after the other."""
        return "\n".join(f"--- {path.parent.name}\n{path.read_text()}" for path in sorted(self.folder.glob("*/*.log")))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database answers."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()

    def number(self, query: str) -> int:
        """The one number that the database answers."""
        ((number,),) = self.rows(query)
        return int(number)

    @contextlib.contextmanager
    def running(self) -> Iterator["Cluster"]:
        """Run for as long as the context lasts."""
        try:
            yield self.start()
        finally:
            self.stop()
