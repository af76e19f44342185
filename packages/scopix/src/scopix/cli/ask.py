"""`scopix ask`: a question about the library, and the files that it is about."""

import asyncio
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scopix import AskResponse, AskRow, Scopix
from scopix.cli.connection import Connection, open_client
from scopix.cli.terminal import errors_shown, one_line, out, say

__all__ = ["ask"]

MAX_CITED = 90
"""Characters of a line that is cited: the rest is in the file."""


def ask(
    context: typer.Context,
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="A sentence.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many files the table has.")] = 20,
    engine: Annotated[
        bool, typer.Option("--engine/--no-engine", help="Let a language model word it, where the server has one.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Ask the library: which files, how many, how much in total; with what each line rests on.

    The table has the fields that the question is about, as they are written on the pictures. The line "searched" is the
    question as it was understood; `scopix search` takes it.
    """
    connection: Connection = context.obj
    with errors_shown():
        response = asyncio.run(_fetch(open_client(connection), " ".join(question), limit, engine))
    if as_json:
        typer.echo(response.model_dump_json(ensure_ascii=True))
        return
    console = out()
    console.print(Text(one_line(response.text)))
    if response.rows:
        console.print()
        console.print(_table(response, console))
    for note in response.notes:
        say().print(Text(one_line(note)))
    say().print(Text(f"searched: {one_line(response.search) or 'all files'}"))
    if not response.is_complete:
        say().print("Some files are still being prepared for this; ask again in a moment to find them, too.")


async def _fetch(client: Scopix, question: str, limit: int, engine: bool) -> AskResponse:
    async with client:
        return await client.ask(question, limit=limit, engine=engine)


def _table(response: AskResponse, console: Console) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", width=3, no_wrap=True, justify="right", style="dim")
    table.add_column("Id", width=8, no_wrap=True, style="dim")
    # What is left is shared out among the names, the fields, and what is cited where there are none.
    columns = response.columns or ["rests on"]
    width = max(8, (console.width - 16) // (len(columns) + 1) - 1)
    table.add_column("File", width=width, overflow="fold")
    for name in columns:
        table.add_column(name.replace("_", " ").capitalize(), width=width, overflow="fold")
    for number, row in enumerate(response.rows, 1):
        cells = [row.values.get(name, "") for name in response.columns] or [_cited(row)]
        shown = (str(number), row.file.id[:8], row.file.title or row.file.filename or "", *cells)
        table.add_row(*(Text(one_line(cell)) for cell in shown))
    return table


def _cited(row: AskRow) -> str:
    return row.citations[0].text[:MAX_CITED] if row.citations else ""
