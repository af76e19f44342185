"""serve: the web process."""

import contextlib
import logging
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from filelock import FileLock, Timeout

from scopix_server.cli.common import (
    DataDir,
    begin_tracing,
    check_categories,
    fail,
    leave,
    leave_at_once,
    open_storage,
    settings_from,
)
from scopix_server.config import Settings
from scopix_server.domain.errors import BucketUnavailable, DomainError
from scopix_server.quick_start import end_loading
from scopix_server.tracing import stop_tracing
from scopix_server.wiring.storage import Storage

if TYPE_CHECKING:
    from scopix_server.api.connections import ConnectionLimits

__all__ = ["connection_limits", "serve"]

_log = logging.getLogger(__name__)


def serve(
    host: Annotated[str | None, typer.Option(help="Address [env: SCOPIX_HOST; default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 takes a free one [env: SCOPIX_PORT; default: 8000]", min=0, max=65535)
    ] = None,
    data_dir: DataDir = None,
    worker: Annotated[bool, typer.Option(help="Run a worker beside the API.")] = True,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser, signed in by a link that is good once.")
    ] = False,
) -> None:
    """Serve the API and the page, with a worker beside it."""
    from scopix_server.api.one_time import OneTimeLinks
    from scopix_server.wiring.keys import first_start, first_tenant_id, keep_credentials
    from scopix_server.wiring.shared import open_database
    from scopix_server.wiring.web import build_app, build_supervisor

    settings = settings_from(host=host, port=port, data_dir=data_dir)
    begin_tracing(settings, "scopix-server")
    _check(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    storage = _storage(settings)
    lock = FileLock(settings.data_dir / "server.lock")
    if not settings.is_shared:
        try:
            lock.acquire(timeout=2)
        except Timeout:
            fail(f"Another server is already running on {settings.data_dir}. Several need PostgreSQL.")
    listener = _listen(settings)
    database = open_database(settings)
    key = first_start(database)
    base_url = f"{_address(settings.host, listener.getsockname()[1])}/api/v2"
    keep_credentials(settings, base_url, key)
    stopping = threading.Event()
    # From the line that says where it listens until uvicorn listens to signals, and once it has shut down: uvicorn
    # raises the signal that stopped it once more, which is no news by then.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stopping.set())
    supervisor = build_supervisor(settings) if worker else None
    one_time = OneTimeLinks()
    asgi = build_app(settings, database, storage, supervisor=supervisor, stopping=stopping, one_time=one_time)
    if key is not None:
        print(f"Your API key (shown once; the local command line finds it by itself): {key.secret}")  # noqa: T201
    print(f"Scopix listens on {base_url}  (API description: {base_url.removesuffix('/api/v2')}/docs)", flush=True)  # noqa: T201
    if open_page:
        _open_page(f"{base_url.removesuffix('/api/v2')}/login#once={one_time.issue(first_tenant_id(database))}")
    at_once = (lambda: None) if supervisor is None else supervisor.kill
    _run(asgi, listener, stopping, at_once, settings)
    database.close()
    stop_tracing()
    leave()


def _check(settings: Settings) -> None:
    """End with a message where a setting cannot be used that is looked at later on."""
    from scopix_server.wiring.engines import engine_choice
    from scopix_server.wiring.shared import plan_table
    from scopix_server.wiring.web import metrics_access

    try:
        plan_table(settings)
    except ValueError as error:
        fail(f"SCOPIX_PLANS cannot be used: {error}.")
    try:
        metrics_access(settings)
    except ValueError as error:
        fail(f"{error}.")
    try:
        engine_choice(settings)
    except ValueError as error:
        fail(f"The settings of the engines cannot be used: {error}.")
    check_categories(settings)


def _open_page(link: str) -> None:
    """Open the page in a browser, if there is one, and print the link: the part behind # reaches no log."""
    print(f"Open the page, signed in (good once, for five minutes): {link}", flush=True)  # noqa: T201
    # The socket listens already, so the browser waits until the server answers.
    threading.Thread(target=webbrowser.open, args=[link], daemon=True).start()


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
    asgi: Any, listener: socket.socket, stopping: threading.Event, at_once: Callable[[], None], settings: Settings
) -> None:
    import uvicorn

    from scopix_server.api.connections import LimitedServer, within_open_files

    class Server(LimitedServer):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if stopping.is_set():
                at_once()
                leave_at_once(sig)
            stopping.set()
            super().handle_exit(sig, frame)

        async def on_tick(self, counter: int) -> bool:
            # Stopped before its handler was in place, it has no captured signal, only this.
            return await super().on_tick(counter) or stopping.is_set()

    config = uvicorn.Config(
        asgi,
        lifespan="on",
        ws="none",
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=settings.server_stop_seconds,
        timeout_keep_alive=settings.keep_alive_seconds,
    )
    end_loading()
    with contextlib.suppress(KeyboardInterrupt):
        Server(config, within_open_files(connection_limits(settings))).run(sockets=[listener])


def connection_limits(settings: Settings) -> "ConnectionLimits":
    """Return what a connection may cost before anybody knows who calls."""
    from scopix_server.api.connections import ConnectionLimits

    return ConnectionLimits(
        connections=settings.max_connections,
        address_connections=settings.max_address_connections,
        url_bytes=settings.max_url_bytes,
        header_bytes=settings.max_header_bytes,
        header_seconds=settings.header_seconds,
        send_idle_seconds=settings.send_idle_seconds,
    )
