"""What the commands have in common: the settings they run under, the database lent to them, words on the terminal."""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from scopix_server.config import Settings, read_settings
from scopix_server.domain.errors import ServiceUnavailable
from scopix_server.domain.printable import printable
from scopix_server.domain.redaction import redact
from scopix_server.domain.tenant import Tenant
from scopix_server.logs import configure_logs
from scopix_server.wiring.storage import Storage

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase

__all__ = [
    "DataDir",
    "fail",
    "find_tenant",
    "leave",
    "leave_at_once",
    "lend_database",
    "lend_storage",
    "open_storage",
    "printable",
    "report_failure",
    "say",
    "sentence_of",
    "settings_from",
    "table",
    "when",
]

DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder for database, files and models [env: SCOPIX_DATA_DIR]", show_default=False),
]
"""The option that every command has."""


def settings_from(**given: Any) -> Settings:
    """Return the settings with what the command line gave (None: nothing), and send the logs where they say."""
    try:
        settings = read_settings(**given)
    except ValueError as error:
        fail(f"{error}.")
    settings = settings.model_copy(update={"data_dir": settings.data_dir.expanduser().resolve()})
    # Pictures, database and keys are for this user's eyes only.
    os.umask(0o077)
    configure_logs(level=settings.log_level, json=settings.log_format == "json")
    return settings


@contextlib.contextmanager
def lend_database(
    data_dir: Path | None, *, with_key: bool = True, may_make: bool = False
) -> "Iterator[tuple[SqlDatabase, Settings]]":
    """Lend the database, with a first tenant in it (and a key of its, unless told otherwise).

    Where there is none, it ends with a message unless `may_make`: a key of a new database opens nobody's server.
    """
    from scopix_server.wiring.keys import first_start
    from scopix_server.wiring.shared import open_database

    settings = settings_from(data_dir=data_dir)
    file = settings.data_dir / "scopix.db"
    if settings.database_url is None and not may_make and not file.exists():
        fail(
            f"There is no database in {settings.data_dir}: no server has worked there. Name the server's folder with "
            "--data-dir or SCOPIX_DATA_DIR; a new server makes it by itself (scopix-server serve)."
        )
    database = open_database(settings)
    try:
        first_start(database, with_key=with_key)
        yield database, settings
    finally:
        database.close()


def begin_tracing(settings: Settings, service: str) -> None:
    """Trace this process, if the settings say so."""
    if not settings.tracing:
        return
    from scopix_server.tracing import configure_tracing

    try:
        configure_tracing(service)
    except ModuleNotFoundError as error:
        fail(f"SCOPIX_TRACING is on, and {error.name} is not installed: pip install 'scopix-server[otel]'.")


def check_categories(settings: Settings) -> None:
    """Read the categories of one's own, or end with a message that names the file."""
    from scopix_server.categories import BadCategory, catalogue_with

    try:
        catalogue_with(settings.own_categories)
    except BadCategory as error:
        fail(f"A category of your own cannot be used. {error}.")


def open_storage(settings: Settings, role: str) -> Storage:
    """Return the stores of this process (see `Storage`), or end with a message."""
    try:
        return Storage(settings, role)
    except ValueError as error:
        fail(f"The storage cannot be opened: {error}.")
    except ServiceUnavailable as error:
        fail(error.message)


@contextlib.contextmanager
def lend_storage(settings: Settings) -> Iterator[Storage]:
    """Lend a command its stores (see `open_storage`)."""
    storage = open_storage(settings, "command")
    try:
        yield storage
    finally:
        storage.close()


def leave() -> NoReturn:
    """End this process, which has closed what it had: the interpreter would take a second to tidy up its memory."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def leave_at_once(sig: int) -> NoReturn:
    """End this process without further ado: somebody asked a second time. Nothing is lost by it, as by a kill."""
    os.write(2, b"scopix-server: stopped at once\n")
    os._exit(128 + sig)


def find_tenant(database: "SqlDatabase", name_or_id: str) -> Tenant:
    """Return the tenant, or end with a message."""
    found = database.read(lambda t: t.tenants.find(name_or_id))
    if found is None:
        fail(f"There is no tenant '{printable(name_or_id)}'; see scopix-server tenants list.")
    return found


def when(at: datetime | None) -> str:
    """Return a time as a table shows it."""
    return "never" if at is None else at.strftime("%Y-%m-%d %H:%M")


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of cells, the first with the headings."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say(text: str) -> None:
    """Print a line."""
    print(printable(redact(text)))  # noqa: T201


def fail(message: str) -> NoReturn:
    """End with a message on standard error and exit code 1."""
    raise typer.Exit(report_failure(message))


def sentence_of(error: OSError) -> str:
    """Return what a file system said, with the name of the file."""
    name = f"'{error.filename}': " if error.filename else ""
    return f"{name}{error.strerror or error}."


def report_failure(message: str) -> int:
    """Print a message on standard error and return the exit code that goes with it."""
    typer.echo(f"scopix-server: {printable(redact(message), lines=True)}", err=True)
    return 1
