"""serve: the web process."""

import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Annotated, Any

import typer
from filelock import FileLock, Timeout

from scopix_server.cli.common import (
    DataDir,
    begin_tracing,
    check_categories,
    fail,
    leave_at_once,
    open_storage,
    settings_from,
)
from scopix_server.config import Settings
from scopix_server.domain.errors import BucketUnavailable, DomainError
from scopix_server.tracing import stop_tracing
from scopix_server.wiring_storage import Storage

__all__ = ["serve"]

_log = logging.getLogger(__name__)


def serve(
    host: Annotated[str | None, typer.Option(help="Address [env: SCOPIX_HOST; default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 takes a free one [env: SCOPIX_PORT; default: 8000]", min=0, max=65535)
    ] = None,
    data_dir: DataDir = None,
    worker: Annotated[bool, typer.Option(help="Run a worker beside the API.")] = True,
) -> None:
    """Serve the API, with a worker beside it."""
    from scopix_server import wiring
    from scopix_server.wiring_engines import engine_choice

    settings = settings_from(host=host, port=port, data_dir=data_dir)
    begin_tracing(settings, "scopix-server")
    try:
        wiring.plan_table(settings)
    except ValueError as error:
        fail(f"SCOPIX_PLANS cannot be used: {error}.")
    try:
        wiring.metrics_access(settings)
    except ValueError as error:
        fail(f"{error}.")
    try:
        engine_choice(settings)
    except ValueError as error:
        fail(f"The settings of the engines cannot be used: {error}.")
    check_categories(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    storage = _storage(settings)
    lock = FileLock(settings.data_dir / "server.lock")
    if not settings.is_shared:
        try:
            lock.acquire(timeout=2)
        except Timeout:
            fail(f"Another server is already running on {settings.data_dir}. Several need PostgreSQL.")
    listener = _listen(settings)
    database = wiring.open_database(settings)
    key = wiring.first_start(database)
    base_url = f"{_address(settings.host, listener.getsockname()[1])}/api/v2"
    wiring.keep_credentials(settings, base_url, key)
    stopping = threading.Event()
    supervisor = wiring.build_supervisor(settings) if worker else None
    asgi = wiring.build_app(settings, database, storage, supervisor=supervisor, stopping=stopping)
    if key is not None:
        print(f"Your API key (shown once; the local command line finds it by itself): {key.secret}")  # noqa: T201
    print(f"Scopix listens on {base_url}  (API description: {base_url.removesuffix('/api/v2')}/docs)", flush=True)  # noqa: T201
    at_once = (lambda: None) if supervisor is None else supervisor.kill
    _run(asgi, listener, stopping, at_once, seconds=settings.server_stop_seconds)
    database.close()
    stop_tracing()


def _storage(settings: Settings) -> Storage:
    storage = open_storage(settings, "web")
    if storage.bucket is not None:
        try:
            storage.bucket.probe()
        except BucketUnavailable as error:
            # It may answer later; until then the server is not ready, and says so.
            _log.warning("%s", error.message)
        except DomainError:
            fail("The bucket in SCOPIX_S3_BUCKET cannot be used; the log above says why.")
    return storage


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        fail(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another port with --port.")
    listener.listen(2048)
    return listener


def _address(host: str, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{reachable}:{port}"


def _run(
    asgi: Any, listener: socket.socket, stopping: threading.Event, at_once: Callable[[], None], *, seconds: int
) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if stopping.is_set():
                at_once()
                leave_at_once(sig)
            stopping.set()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        asgi,
        lifespan="on",
        http="httptools",
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=seconds,
        timeout_keep_alive=30,
    )
    # Having shut down, uvicorn raises the signal that stopped it once more; by then that is no news.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: None)
    with contextlib.suppress(KeyboardInterrupt):
        Server(config).run(sockets=[listener])
