"""The set-up that servers of the tests run in.

Usually the embedded one: SQLite, a folder, a worker beside the server. With SCOPIX_TEST_SETUP=distributed in the
environment it is PostgreSQL, a bucket (SeaweedFS), `serve --no-worker`, and two workers that share nothing else with
it; the tests are the same. What a test names itself, a database or a storage, is left to it.
"""

import atexit
import base64
import functools
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from scopix_server.upkeep.integrity import MARK_KEY
from tests.support.commands import command

if TYPE_CHECKING:
    from scopix_server.upkeep.sweep import SweepReport
    from tests.support.s3 import S3Server

__all__ = ["Setup", "StoredInBucket", "clear_bucket", "environment_with", "is_distributed", "setup_of", "shared_s3"]

_WORKERS = 2
_known: dict[Path, "Setup"] = {}


@dataclass
class Setup:
    """What belongs to one data folder, whichever server runs on it. In the embedded set-up it adds nothing."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    workers: int = 0
    bucket: str | None = None

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement with `?` for its values; return the rows it answers, if it does."""
        if (url := self.settings.get("database_url")) is None:
            return self._rows_of_file(query, values)
        import psycopg

        with psycopg.connect(url) as connection:
            done = connection.execute(query.replace("?", "%s"), values)  # type: ignore[arg-type]
            return done.fetchall() if done.description else []

    def stored_objects(self) -> "Sequence[Path | StoredInBucket]":
        """Every object of files in the store, half-written ones included."""
        if self.bucket is None:
            found = [path for path in (self.data_dir / "storage").rglob("*") if path.is_file()]
            return [path for path in found if not path.match(MARK_KEY)]
        keys = (key for key in shared_s3().keys(self.bucket) if key != MARK_KEY)
        return [StoredInBucket("/", self.bucket, key) for key in keys]

    def half_stored(self) -> list[Path]:
        """What is being written."""
        parts = "storage/tmp" if self.bucket is None else "spool/web"
        return list((self.data_dir / parts).glob("*"))

    def with_tables(self) -> None:
        """Put a database with all tables, and nothing in them, where a first start would make one: there at once."""
        place = self.data_dir / "scopix.db"
        if "database_url" not in self.settings and not place.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_empty_database(), place)
            place.chmod(0o600)

    def run(self, *arguments: str, timeout: float = 120, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `scopix-server` on the data folder, with these settings beside those of the set-up.

        A sweep, which many tests run, in this process; whatever else in one of its own.
        """
        if arguments[0] == "sweep":
            return command(self.data_dir, *arguments, **{**self.settings, **settings})
        return subprocess.run(
            self.command(*arguments), env=self.environment(settings), capture_output=True, text=True, timeout=timeout
        )

    def command(self, *arguments: str) -> list[str]:
        """The words of a command on the data folder."""
        return [sys.executable, "-m", "scopix_server", *arguments, "--data-dir", str(self.data_dir)]

    def environment(self, settings: dict[str, str]) -> dict[str, str]:
        """This process's environment, but of Scopix's settings only these and those of the set-up."""
        return environment_with({**self.settings, **settings})

    def clear(self) -> int:
        """Remove the objects that no file has as if they were old; return how many there were."""
        if self.bucket is None:
            for path in self.stored_objects():
                os.utime(path, (1, 1))
            done = self.run("sweep", "--json")
            assert done.returncode == 0, done.stderr
            swept = json.loads(done.stdout)
            return int(swept["orphans"] + swept["leftovers"])
        return clear_bucket(self.settings["database_url"], shared_s3(), self.bucket, self.data_dir).orphans

    def _rows_of_file(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.data_dir / "scopix.db", timeout=30)
        try:
            with connection:
                return connection.execute(query, values).fetchall()
        finally:
            connection.close()


class StoredInBucket(PurePosixPath):
    """An object in a bucket of the tests' S3 server, looked at like a file."""

    def read_bytes(self) -> bytes:
        return shared_s3().read(*self._place())

    def unlink(self) -> None:
        bucket, key = self._place()
        shared_s3().client().delete_object(Bucket=bucket, Key=key)

    def stat(self) -> os.stat_result:
        bucket, key = self._place()
        found = shared_s3().client().head_object(Bucket=bucket, Key=key)
        written = int(found["LastModified"].timestamp())
        return os.stat_result((0, 0, 0, 0, 0, 0, found["ContentLength"], written, written, written))

    def _place(self) -> tuple[str, str]:
        _, bucket, *parts = self.parts
        return bucket, "/".join(parts)


def environment_with(settings: dict[str, str]) -> dict[str, str]:
    """This process's environment, but of Scopix's settings only these."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCOPIX_")}
    return environment | {f"SCOPIX_{name.upper()}": value for name, value in settings.items()}


def is_distributed() -> bool:
    """Whether the tests run in the distributed set-up."""
    return os.environ.get("SCOPIX_TEST_SETUP") == "distributed"


def setup_of(data_dir: Path, named: dict[str, str] | None = None) -> Setup:
    """Return what belongs to a data folder; made at the first call, around the settings that the test names."""
    if data_dir not in _known:
        named = named or {}
        # A test that brings a database brings everything.
        own = {"database_url": named["database_url"]} if "database_url" in named else {}
        _known[data_dir] = Setup(data_dir, own) if own or not is_distributed() else _distributed(data_dir, named)
    return _known[data_dir]


@functools.cache
def _empty_database() -> Path:
    from scopix_server.config import Settings
    from scopix_server.wiring.shared import open_database

    folder = Path(tempfile.mkdtemp(prefix="scopix-template-"))
    open_database(Settings(data_dir=folder)).close()
    assert not (folder / "scopix.db-wal").exists()
    return folder / "scopix.db"


@functools.cache
def shared_s3() -> "S3Server":
    """The S3 server of this test run."""
    from tests.support.s3 import S3Server

    server = S3Server()
    atexit.register(server.stop)
    return server.start()


def clear_bucket(url: str, s3: "S3Server", bucket: str, folder: Path) -> "SweepReport":
    """Remove from a bucket what no file has, as if the day after tomorrow had come: nothing in it can be backdated."""
    from scopix_server.db.connection import SqlDatabase
    from scopix_server.db.engine import create_engine
    from scopix_server.domain.upkeep import Retention
    from scopix_server.jobs.queue import DbosQueue
    from scopix_server.storage.spool import Spool
    from scopix_server.upkeep.sweep import Sweeper
    from tests.support.s3 import open_store

    def clear_spool(before: datetime) -> int:
        return sum(Spool(part, sync=False).sweep(before) for part in (folder / "spool").glob("*"))

    day = timedelta(days=1)
    retention = Retention(30 * day, 30 * day, 7 * day, answers=day, orphans=day)
    database, jobs = SqlDatabase(create_engine(url)), DbosQueue(url)
    try:
        with open_store(s3, bucket, folder / "clearing") as store:
            later = datetime.now(UTC) + 2 * day
            sweeper = Sweeper(database, store, jobs, retention, remove_leftovers=clear_spool, now=lambda: later)
            return sweeper.clear()
    finally:
        jobs.close()
        database.close()


def _distributed(data_dir: Path, named: dict[str, str]) -> Setup:
    from tests.support.cluster import bucket_settings
    from tests.support.postgres import new_database

    settings = {
        "link_secret": secrets.token_urlsafe(24),
        "encryption_key": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    # PostgreSQL allows 100 connections as it comes, and more than one test has servers.
    settings |= {"database_url": new_database(), "database_connections": "4"}
    bucket = None
    if "storage" not in named:
        bucket = shared_s3().new_bucket()
        settings |= bucket_settings(shared_s3(), bucket)
    return Setup(data_dir, settings, _WORKERS, bucket)
