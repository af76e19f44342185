"""The way of one upload through the server: files, functions, moves, threads, statements.

    .venv/bin/python benchmarks/upload_trace.py [--functions]

The app is built in this process on SQLite, as `serve` builds it, and takes one picture before it is watched, so that
what happens once is left out. Then one more is traced, from when the request reaches the app until it is answered.
Printed: how many files and functions of ours are entered; how many calls lead from one file of ours into another; how
often work passes from one thread to another; statements of SQL without those that begin, end or divide a transaction
and without triggers; transactions. With `--functions` also what was called, in order.
"""

import argparse
import asyncio
import inspect
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import sqlalchemy as sa
from ingest import BOUNDARY, Load, form, noise

import scopix_server
from scopix_server.api.one_time import OneTimeLinks
from scopix_server.config import Settings
from scopix_server.wiring.keys import first_start
from scopix_server.wiring.shared import open_database
from scopix_server.wiring.storage import Storage
from scopix_server.wiring.web import build_app

OURS = str(Path(scopix_server.__file__).parent)
_RESUMABLE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_BOUNDS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


class Watch:
    """Notes calls and statements while `is_on`."""

    def __init__(self) -> None:
        self.is_on = False
        self.calls: list[tuple[int, str, str, str | None]] = []
        """Thread, file, function, and the file of ours that called."""
        self.statements: list[str] = []
        self._frames: set[FrameType] = set()

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        """For `sys.setprofile`. A coroutine or generator that goes on is called again: that is no new call."""
        if not self.is_on or event != "call" or not frame.f_code.co_filename.startswith(OURS):
            return
        if frame.f_code.co_flags & _RESUMABLE:
            if frame in self._frames:
                return
            self._frames.add(frame)
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(OURS):
            caller = caller.f_back
        called_by = caller.f_code.co_filename if caller else None
        code = frame.f_code
        self.calls.append((threading.get_ident(), code.co_filename, code.co_qualname, called_by))

    def connected(self, connection: sqlite3.Connection, _: object) -> None:
        """For SQLAlchemy's event of this name."""
        connection.set_trace_callback(lambda sql: self.statements.append(sql) if self.is_on else None)


async def upload(app: Callable[..., Any], body: bytes, key: str) -> None:
    """Send one upload to the app."""
    sent: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    headers = {
        "host": "127.0.0.1",
        "authorization": f"Bearer {key}",
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "content-length": str(len(body)),
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/v2/files/upload",
        "raw_path": b"/api/v2/files/upload",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    await app(scope, receive, send)
    if sent != [201]:
        raise SystemExit(f"the upload was answered with {sent}")


def traced(folder: Path) -> Watch:
    """Return what was noted of one upload."""
    watch = Watch()
    threading.setprofile(watch.profile)  # threads that are started from here on
    sa.event.listen(sa.Engine, "connect", watch.connected)
    settings = Settings(data_dir=folder)
    database = open_database(settings)
    created = first_start(database)
    assert created is not None
    stopping = threading.Event()
    storage, one_time = Storage(settings, "web"), OneTimeLinks()
    app = build_app(settings, database, storage, supervisor=None, stopping=stopping, one_time=one_time)
    body = form(Load("one", noise(57_000, "JPEG"), 1, 1, 1))

    async def run() -> None:
        sys.setprofile(watch.profile)
        await upload(app, body, created.secret)
        watch.is_on = True
        await upload(app, body, created.secret)
        watch.is_on = False
        sys.setprofile(None)

    asyncio.run(run())
    database.close()
    return watch


def main() -> None:
    """Trace, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--functions", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        watch = traced(Path(folder) / "data")
    if arguments.functions:
        print("\n".join(watch.statements))
        for _, file, function, _ in watch.calls:
            print(f"{Path(file).relative_to(OURS)}: {function}")
    threads = [thread for thread, *_ in watch.calls]
    begun = [sql for sql in watch.statements if sql.startswith("BEGIN")]
    # What a trigger does is told behind a comment, and then the statement that set it off once more.
    asked = {sql for sql in watch.statements if not sql.lstrip().upper().startswith((*_BOUNDS, "--"))}
    print("| one upload | |")
    print("|---|---|")
    print(f"| files of ours | {len({file for _, file, _, _ in watch.calls})} |")
    print(f"| functions of ours | {len({(file, function) for _, file, function, _ in watch.calls})} |")
    print(f"| calls of them | {len(watch.calls)} |")
    print(f"| calls from one file into another | {sum(by not in {file, None} for _, file, _, by in watch.calls)} |")
    print(f"| passes from thread to thread | {sum(a != b for a, b in pairwise(threads))} |")
    print(f"| statements of SQL | {len(asked)} |")
    print(f"| transactions | {len(begun)} |")


if __name__ == "__main__":
    main()
