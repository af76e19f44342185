"""`scopix open`: a file in the browser."""

import webbrowser
from typing import Annotated

import typer

from scopix import FileDetails, Scopix
from scopix.cli.running import run
from scopix.cli.terminal import errors_shown, one_line, out, say_error

__all__ = ["open"]

_API = "/api/v2"


def open(
    context: typer.Context,
    file_id: Annotated[str, typer.Argument(metavar="ID", help="The file's id, or its first 8 characters.")],
    original: Annotated[
        bool, typer.Option("--original", help="The file itself, by a link that is good for an hour.")
    ] = False,
    only_print: Annotated[bool, typer.Option("--print", help="Print the address, and open nothing.")] = False,
) -> None:
    """Open a file on the server's page, in the browser; or print its address where there is no browser."""

    async def find(client: Scopix) -> tuple[FileDetails, str]:
        return await client.files.get(file_id), client.config.url

    with errors_shown():
        details, url = run(context, find)
        address = details.original_url if original else f"{url.removesuffix(_API)}/files/{details.id}"
        if not address:
            raise ValueError("the server gives no link to the file itself")
    if only_print or not _shown(address):
        out().print(one_line(address), soft_wrap=True)


def _shown(address: str) -> bool:
    try:
        return webbrowser.open(address)
    except (webbrowser.Error, OSError) as error:
        say_error(f"the browser did not start: {error}")
        return False
