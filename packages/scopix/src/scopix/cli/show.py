"""`scopix show`: everything known about one file."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from scopix import FileDetails, Scopix
from scopix.cli.connection import Connection, open_client
from scopix.cli.terminal import errors_shown, harmless, out, shown_size, word_of

__all__ = ["details_table", "show"]


def show(
    context: typer.Context,
    file_id: Annotated[str, typer.Argument(metavar="ID", help="The file's id, or its first 8 characters.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Show a file's description, tags, text and particulars."""
    connection: Connection = context.obj
    with errors_shown():
        details = asyncio.run(_fetch(open_client(connection), file_id))
    if as_json:
        # ASCII only: what a picture says can hold characters that a terminal obeys.
        typer.echo(details.model_dump_json(ensure_ascii=True))
        return
    out().print(details_table(details))


async def _fetch(client: Scopix, file_id: str) -> FileDetails:
    async with client:
        return await client.files.get(file_id)


def details_table(details: FileDetails) -> Table:
    """A label and a value a line; what is not known is left out."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for label, value in _lines(details):
        if value:
            table.add_row(label, Text(harmless(value)))
    return table


def _lines(details: FileDetails) -> Iterator[tuple[str, str | None]]:
    yield "Id", details.id
    yield "Title", details.title
    yield "File", details.original_filename
    yield "Type", _join(details.content_type, _dimensions(details), shown_size(details.size_bytes))
    yield "Uploaded", f"{details.created_at:%Y-%m-%d %H:%M:%S %Z}" if details.created_at else None
    yield "Category", word_of(details.content_category)
    yield "Status", word_of(details.description_status)
    yield "Error", _join(details.description_error, word_of(details.description_error_type))
    yield "Description", details.upload_description
    yield "Tags", ", ".join(details.tags)
    yield "Visible text", details.visible_text
    for name, value in (details.category_data or {}).items():
        yield name.replace("_", " ").capitalize(), _phrase(value)


def _join(*parts: str | None) -> str | None:
    return ", ".join(part for part in parts if part) or None


def _dimensions(details: FileDetails) -> str | None:
    return f"{details.dimensions.width} × {details.dimensions.height}" if details.dimensions else None


def _phrase(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_phrase(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_phrase(item)}" for name, item in value.items())
    return "" if value is None else str(value)
