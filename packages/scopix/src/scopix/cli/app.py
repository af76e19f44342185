"""The `scopix` program: its global options and its commands."""

from pathlib import Path
from typing import Annotated

import typer

from scopix import __version__
from scopix.cli.connection import Connection, default_data_dir
from scopix.cli.delete import delete
from scopix.cli.export import export
from scopix.cli.get import get
from scopix.cli.list_files import list_files
from scopix.cli.restore import restore
from scopix.cli.retry import retry
from scopix.cli.search import search
from scopix.cli.sessions import sessions
from scopix.cli.settings import settings
from scopix.cli.show import show
from scopix.cli.similar import similar
from scopix.cli.upload import upload

__all__ = ["app"]

app = typer.Typer(
    name="scopix",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with all variables would print the key.
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"scopix {__version__}")
        raise typer.Exit


@app.callback()
def set_up(
    context: typer.Context,
    api_key: Annotated[
        str | None,
        typer.Option(envvar="SCOPIX_API_KEY", help="The key; by default that of a server on this machine."),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(envvar="SCOPIX_BASE_URL", help="The API's address, such as https://host/api/v2."),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="SCOPIX_DATA_DIR",
            help="Where a server on this machine keeps its data and its key [default: the user's data directory, "
            "such as ~/.local/share/scopix].",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Put pictures in, get understanding out.

    Plain http to another machine is refused unless SCOPIX_ALLOW_INSECURE_HTTP=1 allows it.
    """
    context.obj = Connection(api_key, base_url, data_dir or default_data_dir())


app.command()(upload)
app.command("list")(list_files)
app.command()(search)
app.command()(similar)
app.command()(get)
app.command()(show)
app.command()(delete)
app.command()(restore)
app.command()(retry)
app.command()(export)
app.add_typer(sessions, name="sessions")
app.add_typer(settings, name="settings")
