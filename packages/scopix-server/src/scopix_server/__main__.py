"""The server's command line: serve, worker, keys."""

import contextlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from filelock import FileLock, Timeout

from scopix_server.config import Settings
from scopix_server.logs import configure_logs

__all__ = ["main"]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The self-hosted Scopix server.")
keys_app = typer.Typer(no_args_is_help=True, help="Manage API keys.")
app.add_typer(keys_app, name="keys")

DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder for database, files and models [env: SCOPIX_DATA_DIR]", show_default=False),
]
_WORKER_HAND_OVER_SECONDS = 60


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address [env: SCOPIX_HOST; default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 takes a free one [env: SCOPIX_PORT; default: 8000]", min=0, max=65535)
    ] = None,
    data_dir: DataDir = None,
    worker: Annotated[bool, typer.Option(help="Run a worker beside the API.")] = True,
) -> None:
    """Serve the API, with a worker beside it, on SQLite and a local folder."""
    from scopix_server import wiring

    settings = _settings(host=host, port=port, data_dir=data_dir)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(settings.data_dir / "server.lock")
    try:
        lock.acquire(timeout=2)
    except Timeout:
        _fail(f"Another server is already running on {settings.data_dir}.")
    listener = _listen(settings)
    database = wiring.open_database(settings)
    key = wiring.first_start(database)
    base_url = f"{_address(settings.host, listener.getsockname()[1])}/api/v2"
    wiring.keep_credentials(settings, base_url, key)
    asgi = wiring.build_app(settings, database, with_worker=worker)
    if key is not None:
        print(f"Your API key (shown once; the local command line finds it by itself): {key.secret}")  # noqa: T201
    print(f"Scopix listens on {base_url}  (API description: {base_url.removesuffix('/api/v2')}/docs)", flush=True)  # noqa: T201
    _run(asgi, listener)
    database.close()


@app.command()
def worker(
    data_dir: DataDir = None,
    processes: Annotated[
        int | None, typer.Option(help="Images looked at at once [env: SCOPIX_WORKER_PROCESSES]", min=1)
    ] = None,
    leave_with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Describe files from the queue, until stopped."""
    from scopix_server import wiring

    settings = _settings(data_dir=data_dir, worker_processes=processes)
    stopping = threading.Event()
    _stop_on_signals(stopping)
    if leave_with_parent:
        threading.Thread(target=_wait_for_parent, args=[stopping], name="parent", daemon=True).start()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The worker of a server that was just killed may still be on its way out: wait for it, or both would work.
    lock = FileLock(settings.data_dir / "worker.lock")
    try:
        lock.acquire(timeout=_WORKER_HAND_OVER_SECONDS)
    except Timeout:
        _fail(f"Another worker is already running on {settings.data_dir}.")
    with wiring.running_worker(settings, worker_id="embedded"):
        stopping.wait()
    # Threads may still wait for children that were ended; nothing is to wait for these threads.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    data_dir: DataDir = None,
    scope: Annotated[str, typer.Option(help="read, write or admin.")] = "admin",
) -> None:
    """Make another API key and print it, alone on the last line of standard output. It is shown this once."""
    from scopix_server import wiring
    from scopix_server.domain.tenant import SCOPES

    if scope not in SCOPES:
        _fail(f"There is no scope '{scope}'; choose one of {', '.join(SCOPES)}.")
    database = wiring.open_database(_settings(data_dir=data_dir))
    try:
        wiring.first_start(database)
        made = wiring.create_key(database, name, (scope,))
    finally:
        database.close()
    print(made.secret)  # noqa: T201


def _settings(**given: Any) -> Settings:
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    settings = settings.model_copy(update={"data_dir": settings.data_dir.expanduser().resolve()})
    # Pictures, database and keys are for this user's eyes only.
    os.umask(0o077)
    configure_logs(level=settings.log_level, json=settings.log_format == "json")
    return settings


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        _fail(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another port with --port.")
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


def _address(host: str, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{reachable}:{port}"


def _run(asgi: Any, listener: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        asgi,
        lifespan="on",
        http="httptools",
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
    )
    # Having shut down, uvicorn raises the signal that stopped it once more; by then that is no news.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: None)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def _stop_on_signals(stopping: threading.Event) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    # A Ctrl-C in the terminal reaches the server as well, and the server tells its worker when to go.
    signal.signal(signal.SIGINT, stop if sys.stdin.isatty() else signal.SIG_IGN)


def _wait_for_parent(stopping: threading.Event) -> None:
    """Set `stopping` at the end of standard input: the parent holds its other end and never writes."""
    sys.stdin.buffer.read()
    stopping.set()


def _fail(message: str) -> None:
    typer.echo(f"scopix-server: {message}", err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    main()
