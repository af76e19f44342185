"""`scopix mcp`: the tools for an agent that starts programs and talks to them over standard input and output."""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from scopix.cli.connection import Connection, open_client
from scopix.cli.outcome import EXIT_USAGE
from scopix.cli.terminal import errors_shown, say_error

__all__ = ["mcp"]


def mcp(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--files",
            metavar="DIR",
            help="The agent may upload pictures below this directory by path; may be repeated.",
        ),
    ] = None,
) -> None:
    """Serve your pictures to an agent on this computer (Model Context Protocol, over standard input and output).

    The agent may do what the key may: give it one with the scope `read` if it shall only look.
    """
    connection: Connection = context.obj
    folders = files or []
    for folder in folders:
        if not folder.is_dir():
            say_error(f"{folder} is no directory.")
            raise typer.Exit(EXIT_USAGE)
    # Before the library sets logging up: standard output belongs to the protocol.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    try:
        from scopix.agents.stdio import serve
    except ModuleNotFoundError as error:
        if error.name not in ("mcp", "mcp_types"):
            raise
        say_error("This needs one more package.", "Install it with: pip install 'mcp>=2.3,<3'")
        raise typer.Exit(EXIT_USAGE) from None
    with errors_shown():
        asyncio.run(serve(open_client(connection), folders))
