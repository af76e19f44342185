"""`scopix similar`: images that look like one."""

import asyncio
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scopix import Likeness, Scopix, SimilarFile, SimilarFiles
from scopix.cli.connection import Connection, open_client
from scopix.cli.terminal import errors_shown, one_line, out, say

__all__ = ["similar"]

_NEAR = "near duplicate"


def similar(
    context: typer.Context,
    file_id: Annotated[str, typer.Argument(metavar="ID", help="The file's id, or its first 8 characters.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many files.")] = 20,
    min_score: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="How alike they are at least; 1 is the same [default: the server's, 0.5]."),
    ] = None,
    only_ids: Annotated[bool, typer.Option("--ids", help="Print full ids and nothing else.")] = False,
    near_duplicates: Annotated[
        bool, typer.Option("--near-duplicates", help="Only what is one picture with it, as far as can be told.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line on standard output, for each file.")
    ] = False,
) -> None:
    """Find the images that look most like one, the likest first."""
    connection: Connection = context.obj
    with errors_shown():
        found = asyncio.run(_fetch(open_client(connection), file_id, limit, min_score))
    items = [item for item in found.items if item.is_near_duplicate or not near_duplicates]
    if as_json or only_ids:
        for item in items:
            typer.echo(one_line(item.file.id) if only_ids else item.model_dump_json(ensure_ascii=True))
    elif items:
        console = out()
        console.print(_table(items, console))
    say().print(f"{len(items):,} {'file' if len(items) == 1 else 'files'}")


async def _fetch(client: Scopix, file_id: str, limit: int, min_score: float | None) -> SimilarFiles:
    async with client:
        return await client.files.similar(file_id, limit=limit, min_score=min_score)


def _table(items: list[SimilarFile], console: Console) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    wide = console.width >= 60
    table.add_column("Id", width=8, no_wrap=True)
    table.add_column("Score", width=5, no_wrap=True, justify="right")
    table.add_column("File", width=max(8, console.width - 19 - (len(_NEAR) + 2) * wide), overflow="fold")
    if wide:
        table.add_column("", width=len(_NEAR), no_wrap=True)
    for item in items:
        name = Text(one_line(item.file.title or item.file.filename or ""))
        cells = [Text(one_line(item.file.id)[:8], style="dim"), Text(f"{item.score:.2f}"), name]
        near = Text(_relation(item), style="yellow")
        if not wide and near.plain:
            name.append(f"\n{near.plain}", style="yellow")
        table.add_row(*cells, *([near] if wide else []))
    return table


def _relation(item: SimilarFile) -> str:
    """What an image has to do with the one that was named; nothing where the two are merely alike."""
    if item.likeness is None or item.likeness is Likeness.ALIKE:
        return _NEAR if item.is_near_duplicate else ""
    return one_line(item.likeness.value if isinstance(item.likeness, Likeness) else item.likeness).replace("_", " ")
