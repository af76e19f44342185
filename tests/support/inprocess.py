"""The real app in the process of the tests: a server on a free port in a thread, its database and its jobs beside it.

What `scopix-server serve` starts in processes of its own is built here by the same wiring, in 0.1 s instead of 3 s of
the processor's time. Use it for whatever needs no process, signal or kill; `ServerProcess` is for these. The two look
alike. Images are looked at by the scripted analyzer, unless a test asks for the built-in one.
"""

import json
import logging
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import structlog
import uvicorn

from scopix_server.api.connections import LimitedServer
from scopix_server.api.one_time import OneTimeLinks
from scopix_server.cli.serve import connection_limits
from scopix_server.config import Settings
from scopix_server.domain.tenant import Tenant
from scopix_server.wiring.keys import create_key, first_start, keep_credentials
from scopix_server.wiring.storage import Storage
from scopix_server.wiring.web import build_app
from tests.support.commands import command
from tests.support.setup import Setup

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase
    from tests.support.job_runner import JobRunner
    from tests.support.setup import StoredInBucket

__all__ = ["DATABASES", "InProcessServer", "serving"]

DATABASES = ("sqlite", "postgresql")
_START_SECONDS = 60


class InProcessServer:
    """The app, served until `stop`. Start it again by calling `start` again: its data stay.

    Args:
        data_dir: made if need be.
        database: "sqlite", a file in `data_dir`; "postgresql", a database of its own; or the address of one.
        worker: whether jobs are done.
        settings: as for `ServerProcess`, without their SCOPIX_.
    """

    def __init__(self, data_dir: Path, *, database: str = "sqlite", worker: bool = True, **settings: str) -> None:
        self.data_dir = data_dir
        self.base_url = ""
        data_dir.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(
            data_dir=data_dir, **{"analyzer": "scripted", **_typed(settings), **_place(data_dir, database)}
        )
        url = self.settings.database_url
        self.setup = Setup(data_dir, {} if url is None else {"database_url": url.get_secret_value()})
        self.one_time = OneTimeLinks()
        self.app: Any = None
        self._with_worker = worker
        self._log = _Log()
        self._parts: tuple[_Serving, SqlDatabase, JobRunner | None] | None = None

    def start(self, port: int = 0) -> "InProcessServer":
        """Start it and return once it listens."""
        from scopix_server.db.connection import SqlDatabase
        from scopix_server.db.engine import create_engine
        from tests.support.job_runner import JobRunner

        self._log.open()
        settings = self.settings
        engine = create_engine(settings.database_address, connections=settings.database_connections)
        database = SqlDatabase(engine)  # it has its tables: it is a copy of one that was migrated
        listener = socket.create_server(("127.0.0.1", port), backlog=2048)
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v2"
        keep_credentials(settings, self.base_url, first_start(database))
        runner = JobRunner(settings, database) if self._with_worker else None
        stopping = threading.Event()
        storage = Storage(settings, "web")
        app = build_app(settings, database, storage, supervisor=None, stopping=stopping, one_time=self.one_time)
        self.app = app
        serving = _Serving(app, listener, stopping, settings)
        if runner is not None:
            runner.start()
        serving.start()
        self._parts = serving, database, runner
        return self

    def stop(self) -> int:
        """Stop it; return 0, the exit code of a server that stopped as it should."""
        if self._parts is not None:
            serving, database, runner = self._parts
            self._parts = None
            serving.stop()
            if runner is not None:
                runner.stop()
            database.close()
            self._log.close()
        return 0

    def wait_until_ready(self) -> "InProcessServer":
        """It is, once it has started."""
        return self

    @property
    def database(self) -> "SqlDatabase":
        assert self._parts is not None
        return self._parts[1]

    @property
    def open_requests(self) -> int:
        """How many requests are being answered."""
        assert self._parts is not None
        return self._parts[0].open_requests

    @property
    def log(self) -> str:
        """What was logged as a warning or worse in this process since the start, with tracebacks."""
        return self._log.text

    @property
    def root(self) -> str:
        return self.base_url.removesuffix("/api/v2")

    @property
    def port(self) -> int:
        return int(self.root.rsplit(":", 1)[1])

    @property
    def api_key(self) -> str:
        return str(json.loads((self.data_dir / "credentials.json").read_text())["api_key"])

    def client(self, **options: Any) -> httpx2.Client:
        """An HTTP client with the admin key; the paths start behind /api/v2."""
        headers = {"Authorization": f"Bearer {self.api_key}", **options.pop("headers", {})}
        return httpx2.Client(base_url=self.base_url, headers=headers, timeout=60, **options)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `scopix-server` on its data."""
        return command(self.data_dir, *arguments, **self.setup.settings)

    def new_tenant(self, name: str, plan: str | None = None) -> str:
        """Make a tenant and return the admin key of it, as `tenants create` and `keys create` do."""
        tenant = Tenant(str(uuid.uuid4()), name, datetime.now(UTC), plan)
        self.database.write(lambda t: t.tenants.add_tenant(tenant))
        return create_key(self.database, "theirs", ("admin",), tenant=tenant).secret

    def stored_objects(self) -> "Sequence[Path | StoredInBucket]":
        """Every object in the server's store, half-written ones included."""
        return self.setup.stored_objects()

    def nothing_half_stored(self) -> bool:
        """Whether no part is left, once the thumbnails that are being written now (as parts, too) are through."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if not self.setup.half_stored():
                return True
            time.sleep(0.02)
        return False


@contextmanager
def serving(data_dir: Path, **options: Any) -> Iterator[InProcessServer]:
    """Lend a server of its own, made with these options."""
    server = InProcessServer(data_dir, **options).start()
    try:
        yield server
    finally:
        server.stop()


class _Serving:
    """uvicorn in a thread, with the settings that `serve` gives it."""

    def __init__(self, app: Any, listener: socket.socket, stopping: threading.Event, settings: Settings) -> None:
        config = uvicorn.Config(
            app,
            lifespan="on",
            ws="none",
            loop="uvloop",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=10,
            timeout_keep_alive=settings.keep_alive_seconds,
        )
        self._server = LimitedServer(config, connection_limits(settings))
        self._stopping = stopping
        self._thread = threading.Thread(target=self._server.run, args=[[listener]], name="server", daemon=True)

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            assert self._thread.is_alive() and time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)

    @property
    def open_requests(self) -> int:
        return len(self._server.server_state.tasks)

    def stop(self) -> None:
        self._stopping.set()
        self._server.should_exit = True
        self._thread.join(timeout=40)
        assert not self._thread.is_alive(), "the server did not stop"


class _Log(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def open(self) -> None:
        # As a server has it, but that nothing is printed: the lines of requests go the way of all others.
        structlog.configure(
            processors=[structlog.stdlib.filter_by_level, structlog.processors.KeyValueRenderer()],
            logger_factory=structlog.stdlib.LoggerFactory(),
        )
        logging.getLogger().addHandler(self)

    def close(self) -> None:
        logging.getLogger().removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "asyncio" and record.getMessage().startswith("Unhandled exception in client_connected_cb"):
            return  # of `asyncio.start_server`, as servers that misbehave for a test are made; ours are uvicorn's
        self.text += self.format(record) + "\n"


def _typed(settings: dict[str, str]) -> dict[str, Any]:
    """What the environment would give as JSON."""
    json_fields = {"engine_headers", "engine_fallbacks", "engine_extra_body"}
    return {name: json.loads(value) if name in json_fields else value for name, value in settings.items()}


def _place(data_dir: Path, database: str) -> dict[str, str]:
    if database.startswith("postgresql:"):
        return {"database_url": database, "database_connections": "4"}
    if database == "postgresql":
        from tests.support.postgres import new_server_database

        return {"database_url": new_server_database(), "database_connections": "4"}
    Setup(data_dir).with_tables()
    return {}
