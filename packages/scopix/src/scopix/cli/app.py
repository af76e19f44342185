"""The `scopix` program: its global options and its commands."""

from pathlib import Path
from typing import Annotated

import typer

from scopix import __version__
from scopix.cli.commands import LazyGroup
from scopix.cli.connection import Connection, default_data_dir

__all__ = ["app"]

app = typer.Typer(
    name="scopix",
    cls=LazyGroup,
    no_args_is_help=True,
    # A traceback with all variables would print the key.
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_set: bool) -> None:
    if is_set:
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
    profile: Annotated[
        str | None,
        typer.Option(envvar="SCOPIX_PROFILE", metavar="NAME", help="Which of the keys that scopix login keeps."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Put pictures in, get understanding out.

    Plain http to another machine is refused unless SCOPIX_ALLOW_INSECURE_HTTP=1 allows it.
    """
    by_option = {name for name in ("api_key", "base_url", "data_dir") if _is_option(context, name)}
    if "data_dir" in by_option and "api_key" not in by_option:
        # Who names a server's folder means that server, whatever the environment says of another one.
        api_key, base_url = None, base_url if "base_url" in by_option else None
    elif profile and _is_option(context, "profile"):
        # So does who names a profile.
        api_key = api_key if "api_key" in by_option else None
        base_url = base_url if "base_url" in by_option else None
    context.obj = Connection(api_key, base_url, data_dir or default_data_dir(), profile, is_local=data_dir is not None)


def _is_option(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
