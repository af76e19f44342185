"""The server's command line: serve, worker, keys, tenants."""

import contextlib
import functools
import os
import signal
import socket
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from filelock import FileLock, Timeout

from scopix_server.config import Settings
from scopix_server.domain.plans import PLANS
from scopix_server.domain.tenant import ApiKey, Tenant, key_prefix_of
from scopix_server.logs import configure_logs

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase, SqlTransaction

__all__ = ["main"]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The self-hosted Scopix server.")
keys_app = typer.Typer(no_args_is_help=True, help="Manage API keys.")
app.add_typer(keys_app, name="keys")
tenants_app = typer.Typer(no_args_is_help=True, help="Manage tenants: each sees only what is its own.")
app.add_typer(tenants_app, name="tenants")

DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder for database, files and models [env: SCOPIX_DATA_DIR]", show_default=False),
]
PlanName = Annotated[
    str, typer.Option("--plan", help="free, starter, professional, enterprise, custom, or default (see the settings).")
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
    try:
        wiring.plan_table(settings)
    except ValueError as error:
        _fail(f"SCOPIX_PLANS cannot be used: {error}.")
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
    stopping = threading.Event()
    asgi = wiring.build_app(settings, database, with_worker=worker, stopping=stopping)
    if key is not None:
        print(f"Your API key (shown once; the local command line finds it by itself): {key.secret}")  # noqa: T201
    print(f"Scopix listens on {base_url}  (API description: {base_url.removesuffix('/api/v2')}/docs)", flush=True)  # noqa: T201
    _run(asgi, listener, stopping)
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
    scope: Annotated[list[str] | None, typer.Option(help="read, write, admin (the default); may be repeated.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Name or id of the tenant; default: the first.")] = None,
) -> None:
    """Make another API key and print it, alone on the last line of standard output. It is shown this once."""
    from scopix_server import wiring
    from scopix_server.domain.errors import DomainError
    from scopix_server.domain.scopes import check_scopes

    try:
        scopes = check_scopes(scope or ["admin"])
    except DomainError as error:
        _fail(error.message)
    if not 1 <= len(name.strip()) <= 255:
        _fail("A key's name has 1 to 255 characters.")
    with _database(data_dir) as (database, _):
        owner = _tenant(database, tenant) if tenant else None
        made = wiring.create_key(database, name.strip(), scopes, tenant=owner)
    print(made.secret)  # noqa: T201


@keys_app.command("list")
def list_keys(
    data_dir: DataDir = None,
    tenant: Annotated[str | None, typer.Option(help="Name or id of a tenant; default: all.")] = None,
) -> None:
    """List the API keys: never the secrets, which nobody has."""
    now = datetime.now(UTC)
    rows: list[tuple[str, ...]] = [("TENANT", "PREFIX", "NAME", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "STATE")]
    with _database(data_dir) as (database, _):
        owners = [_tenant(database, tenant)] if tenant else database.read(lambda t: t.tenants.list())
        for owner in owners:
            keys = database.read(functools.partial(_keys_of, owner))
            rows += [
                (
                    owner.name,
                    key.key_prefix,
                    key.name,
                    ",".join(key.scopes),
                    *(_when(at) for at in (key.created_at, key.expires_at, key.last_used_at)),
                    key.state(now),
                )
                for key in keys
            ]
    _print_table(rows)


@keys_app.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key's prefix (scopix_ and 8 characters) or id.")],
    data_dir: DataDir = None,
    reason: Annotated[str | None, typer.Option(help="Why; kept with the key.")] = None,
) -> None:
    """Deactivate an API key, at once and for good."""
    # A whole key is as good as its prefix; what is said about it is the prefix alone.
    wanted = key_prefix_of(key) or key
    with _database(data_dir) as (database, _):
        found = database.read(lambda t: t.keys.find(wanted))
        if found is None:
            _fail(f"There is no key '{_printable(wanted)}'.")
        if found.is_active:
            database.write(lambda t: t.keys.update(found.deactivated(reason, datetime.now(UTC))))
    _print(f"{found.key_prefix} ({found.name}) is deactivated.")


@tenants_app.command("create")
def create_tenant(
    name: Annotated[str, typer.Option(help="A name of its own.")],
    plan: PlanName = "default",
    data_dir: DataDir = None,
) -> None:
    """Make another tenant and print its id; `keys create --tenant` makes its first key."""
    if not 1 <= len(name.strip()) <= 255:
        _fail("A tenant's name has 1 to 255 characters.")
    tenant = Tenant(str(uuid.uuid4()), name.strip(), datetime.now(UTC), _plan(plan))
    with _database(data_dir) as (database, _):
        if database.read(lambda t: t.tenants.find(tenant.name)) is not None:
            _fail(f"There is a tenant '{_printable(name)}' already.")
        database.write(lambda t: t.tenants.add_tenant(tenant))
    _print(tenant.id)


@tenants_app.command("list")
def list_tenants(data_dir: DataDir = None) -> None:
    """List the tenants."""
    with _database(data_dir) as (database, settings):
        tenants = database.read(lambda t: t.tenants.list())
    plans = [tenant.plan or f"default ({settings.default_plan})" for tenant in tenants]
    rows = [(t.id, t.name, plan, _when(t.created_at)) for t, plan in zip(tenants, plans, strict=True)]
    _print_table([("ID", "NAME", "PLAN", "CREATED"), *rows])


@tenants_app.command("set-plan")
def set_plan(
    tenant: Annotated[str, typer.Argument(help="Name or id of the tenant.")], plan: PlanName, data_dir: DataDir = None
) -> None:
    """Move a tenant to another plan; it holds from the next request on."""
    chosen = _plan(plan)
    with _database(data_dir) as (database, _):
        found = _tenant(database, tenant)
        database.write(lambda t: t.tenants.set_plan(found.id, chosen))
    _print(f"{found.name} has the plan {plan}.")


def _plan(name: str) -> str | None:
    if name != "default" and name not in PLANS:
        _fail(f"There is no plan '{_printable(name)}'; choose from {', '.join(PLANS)}, default.")
    return None if name == "default" else name


@contextlib.contextmanager
def _database(data_dir: Path | None) -> "Iterator[tuple[SqlDatabase, Settings]]":
    """Lend the database, with a first tenant in it."""
    from scopix_server import wiring

    settings = _settings(data_dir=data_dir)
    database = wiring.open_database(settings)
    try:
        wiring.first_start(database)
        yield database, settings
    finally:
        database.close()


def _tenant(database: "SqlDatabase", name_or_id: str) -> Tenant:
    found = database.read(lambda t: t.tenants.find(name_or_id))
    if found is None:
        _fail(f"There is no tenant '{_printable(name_or_id)}'; see scopix-server tenants list.")
    return found


def _keys_of(tenant: Tenant, transaction: "SqlTransaction") -> Sequence[ApiKey]:
    keys, _ = transaction.keys.list(tenant.id, include_inactive=True, limit=1_000_000, offset=0)
    return keys


def _when(at: datetime | None) -> str:
    return "never" if at is None else at.strftime("%Y-%m-%d %H:%M")


def _printable(text: str) -> str:
    # Names come over the API as well; what a terminal takes for a command must not reach it.
    return "".join(character if character.isprintable() else "?" for character in text)


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    cells = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        _print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print(text: str) -> None:
    print(_printable(text))  # noqa: T201


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
    return listener


def _address(host: str, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{reachable}:{port}"


def _run(asgi: Any, listener: socket.socket, stopping: threading.Event) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
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
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
    )
    # Having shut down, uvicorn raises the signal that stopped it once more; by then that is no news.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: None)
    with contextlib.suppress(KeyboardInterrupt):
        Server(config).run(sockets=[listener])


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


def _fail(message: str) -> NoReturn:
    typer.echo(f"scopix-server: {message}", err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    main()
