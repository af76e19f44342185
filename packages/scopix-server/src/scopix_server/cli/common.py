"""What the commands have in common: the settings they run under, the database lent to them, words on the terminal."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from scopix_server.config import Settings
from scopix_server.domain.errors import ServiceUnavailable
from scopix_server.domain.tenant import Tenant
from scopix_server.logs import configure_logs
from scopix_server.wiring_storage import Storage

if TYPE_CHECKING:
    from scopix_server.db.connection import SqlDatabase

__all__ = [
    "DataDir",
    "fail",
    "find_tenant",
    "leave_at_once",
    "lend_database",
    "open_storage",
    "printable",
    "say",
    "settings_from",
    "table",
    "told",
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
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        # Without what was given: it may be a secret.
        wrong = [
            f"SCOPIX_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False)
        ]
        fail("; ".join(wrong))
    settings = settings.model_copy(update={"data_dir": settings.data_dir.expanduser().resolve()})
    # Pictures, database and keys are for this user's eyes only.
    os.umask(0o077)
    configure_logs(level=settings.log_level, json=settings.log_format == "json")
    return settings


@contextlib.contextmanager
def lend_database(data_dir: Path | None, *, with_key: bool = True) -> "Iterator[tuple[SqlDatabase, Settings]]":
    """Lend the database, with a first tenant in it (and a key of its, unless told otherwise)."""
    from scopix_server import wiring

    settings = settings_from(data_dir=data_dir)
    database = wiring.open_database(settings)
    try:
        wiring.first_start(database, with_key=with_key)
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


def printable(text: str) -> str:
    """Return the text without what a terminal takes for a command."""
    # Names come over the API as well, hence from strangers.
    return "".join(character if character.isprintable() else "?" for character in text)


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of cells, the first with the headings."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say(text: str) -> None:
    """Print a line."""
    print(printable(text))  # noqa: T201


def fail(message: str) -> NoReturn:
    """End with a message on standard error and exit code 1."""
    raise typer.Exit(told(message))


def told(message: str) -> int:
    """Print a message on standard error and return the exit code that goes with it."""
    typer.echo(f"scopix-server: {message}", err=True)
    return 1
