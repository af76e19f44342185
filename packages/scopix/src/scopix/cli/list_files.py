"""`scopix list`: which files there are."""

import asyncio
from enum import Enum
from typing import Annotated

import typer

from scopix import Scopix
from scopix.cli.connection import Connection, open_client
from scopix.cli.file_rows import FileRows
from scopix.cli.filters import WordFilters, takes_filters
from scopix.cli.paging import summary_pages
from scopix.cli.terminal import errors_shown, one_line, out, say

__all__ = ["All", "AsJson", "InOrder", "Limit", "Offset", "Order", "Sort", "SortBy", "list_files", "say_how_many"]


class Sort(Enum):
    """What files are sorted by; the value is the word on the command line."""

    TAKEN = "taken"
    UPLOADED = "uploaded"
    TITLE = "title"
    SIZE = "size"
    BEST = "best"

    @property
    def field(self) -> str:
        """The word that the API has for it."""
        fields = {"taken": "content_created_at", "uploaded": "created_at", "size": "size_bytes", "best": "relevance"}
        return fields.get(self.value, self.value)


class Order(Enum):
    """Smallest or largest first."""

    ASC = "asc"
    DESC = "desc"


Limit = Annotated[int, typer.Option(min=1, help="How many files.")]
Offset = Annotated[int, typer.Option(min=0, help="How many to leave out before them.")]
All = Annotated[bool, typer.Option("--all", help="All files, however many.")]
_SORT_HELP = "taken: when the picture was taken, or else uploaded; best: by where words were found."
SortBy = Annotated[Sort, typer.Option("--sort", help=_SORT_HELP)]
InOrder = Annotated[Order, typer.Option("--order", help="asc: the oldest or smallest first.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output, for each file.")]


@takes_filters
def list_files(
    context: typer.Context,
    filters: WordFilters,
    sort: SortBy = Sort.TAKEN,
    order: InOrder = Order.DESC,
    limit: Limit = 20,
    offset: Offset = 0,
    everything: All = False,
    only_ids: Annotated[bool, typer.Option("--ids", help="Print full ids and nothing else.")] = False,
    as_json: AsJson = False,
) -> None:
    """List files, the latest pictures first. Files must meet every condition given."""
    connection: Connection = context.obj
    with errors_shown():
        arguments = {**filters.to_arguments(), "sort_by": sort.field, "sort_order": order.value}
        client = open_client(connection)
        asyncio.run(_list(client, arguments, None if everything else limit, offset, only_ids=only_ids, as_json=as_json))


async def _list(
    client: Scopix, arguments: dict[str, object], limit: int | None, offset: int, *, only_ids: bool, as_json: bool
) -> None:
    rows, shown, total, has_more, is_minimum = FileRows(out()), 0, 0, False, False
    async with client:
        async for page in summary_pages(client, arguments, limit=limit, offset=offset):
            shown, total, has_more = shown + len(page.items), page.total, page.has_more
            is_minimum = page.total_is_minimum
            if only_ids or as_json:
                for file in page.items:
                    typer.echo(one_line(file.id) if only_ids else file.model_dump_json(ensure_ascii=True))
            else:
                rows.print(page.items)
    say_how_many(shown, total, offset, has_more=has_more, is_minimum=is_minimum)


def say_how_many(shown: int, total: int, offset: int, *, has_more: bool, is_minimum: bool = False) -> None:
    """One line on standard error: how many files were printed, and how to come to the others."""
    if is_minimum and not has_more:  # the end was reached, which tells the number
        total, is_minimum = offset + shown, False
    noun = "file" if total == 1 else "files"
    if shown == total and not is_minimum:
        say().print(f"{total:,} {noun}")
        return
    more = f"; more with --offset {offset + shown} or --all" if has_more else ""
    least = "more than " if is_minimum else ""
    say().print(f"{shown:,} of {least}{total:,} {noun}{more}")
