"""`scopix search`: files in which words are, and where they are."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from scopix import FileDetails, Scopix, SearchHit
from scopix.cli.connection import Connection, open_client
from scopix.cli.filters import Filters, SearchIn, quoted, takes_filters
from scopix.cli.list_files import All, AsJson, InOrder, Limit, Offset, Order, Sort, SortBy, say_how_many
from scopix.cli.matches import Match, matches_of
from scopix.cli.paging import detail_pages
from scopix.cli.terminal import errors_shown, one_line, out, say

__all__ = ["SearchBy", "search"]

# What is long and of no use in a list.
_LEFT_OUT = {"hits", "text_regions", "full_descriptions", "processing_history"}
MAX_MATCHES = 3
MAX_RANKED = 100
"""Of a search by meaning, as the server gives them."""
MAX_EXCERPT = 90


class SearchBy(Enum):
    """What is looked for: the words, what they mean, or both."""

    WORDS = "words"
    MEANING = "meaning"
    HYBRID = "hybrid"


@takes_filters
def search(
    context: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS", help='All must be there; "in quotes" they stand together.')
    ],
    filters: Filters,
    search_by: Annotated[
        SearchBy, typer.Option("--by", help="words; meaning: what means the same, in any language; hybrid: both.")
    ] = SearchBy.WORDS,
    search_in: Annotated[SearchIn, typer.Option("--in", help="Where they are.")] = SearchIn.ALL,
    sort: SortBy = Sort.BEST,
    order: InOrder = Order.DESC,
    limit: Limit = 20,
    offset: Offset = 0,
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Find files by words in titles, names, tags, descriptions and the text visible on them.

    Case and accents do not matter, a word may be part of another ("rechnung" finds "Stromrechnung"), and one letter may
    be wrong where nothing is found otherwise. Conditions: tag:roof, taken:2024-05..2024-07, "people>=2", title:plan,
    text:total, "field.total>100", and -word for what must not be there (behind --).
    By their meaning, the best come first, at most 100.
    """
    connection: Connection = context.obj
    with errors_shown():
        question = quoted(words)
        if not question.strip():
            raise ValueError("give at least one word to look for")
        if search_by is not SearchBy.WORDS:
            if everything or offset or search_in is not SearchIn.ALL or limit > MAX_RANKED:
                raise ValueError(f"--by {search_by.value} gives the best {MAX_RANKED} at most, from all texts")
            ranked = {**filters.to_arguments(), "mode": search_by.value, "limit": limit}
            # A sentence in quotation marks of the shell is no phrase that must stand there as it is.
            asyncio.run(_search_ranked(open_client(connection), " ".join(words), ranked, as_json=as_json))
            return
        arguments = {
            **filters.to_arguments(),
            "search": question,
            "search_mode": search_in.mode,
            "sort_by": sort.field,
            "sort_order": order.value,
        }
        asyncio.run(_search(open_client(connection), arguments, None if everything else limit, offset, as_json=as_json))


async def _search(
    client: Scopix, arguments: Mapping[str, Any], limit: int | None, offset: int, *, as_json: bool
) -> None:
    question, mode = arguments["search"], arguments["search_mode"]
    console, shown, total, has_more, is_minimum = out(), 0, 0, False, False
    async with client:
        async for page in detail_pages(client, arguments, limit=limit, offset=offset):
            found = [(file, matches_of(file, question, mode=mode)) for file in page.items]
            if as_json:
                for file, matches in found:
                    typer.echo(_to_json(file, matches))
            elif found:
                console.print(_table(found, console, headed=not shown))
            if not shown:
                for note in page.search_notes:
                    say().print(Text(one_line(note)))
            shown, total, has_more = shown + len(page.items), page.total, page.has_more
            is_minimum = page.total_is_minimum
    say_how_many(shown, total, offset, has_more=has_more, is_minimum=is_minimum)
    if not total and '"' in question:
        say().print("What was given in quotation marks must stand together; without them, words may stand anywhere.")


async def _search_ranked(client: Scopix, question: str, arguments: Mapping[str, Any], *, as_json: bool) -> None:
    async with client:
        found = await client.files.search(question, **arguments, include_details=True)
    if as_json:
        for hit in found.items:
            record = hit.model_dump(mode="json", exclude={"details": _LEFT_OUT, "file": True})
            typer.echo(json.dumps({**record.pop("details"), **record}))
    elif found.items:
        out().print(
            _table([(hit.details, _reasons(hit, question)) for hit in found.items if hit.details], out(), headed=True)
        )
    for note in found.notes:
        say().print(Text(one_line(note)))
    if not found.is_complete:
        say().print("Some files are still being prepared for this; search again in a moment to find them, too.")
    say().print(f"{len(found.items):,} {'file' if len(found.items) == 1 else 'files'}")


def _reasons(hit: SearchHit, question: str) -> list[Match]:
    """The places of the words, and how near its meaning is, with its description if no word of it was looked for."""
    assert hit.details is not None
    matches = matches_of(hit.details, question, mode="all") if "words" in hit.found_by else []
    if hit.similarity is None:
        return matches
    place = "" if hit.page is None else f", page {hit.page}"
    text = "" if matches else one_line(hit.details.upload_description or "")[:MAX_EXCERPT]
    return [*matches[: MAX_MATCHES - 1], Match(f"meaning {hit.similarity:.2f}{place}", text, ())]


def _to_json(file: FileDetails, matches: Sequence[Match]) -> str:
    record = file.model_dump(mode="json", exclude=_LEFT_OUT)
    record["found_in"] = [{"field": match.field.replace(" ", "_"), "text": match.text} for match in matches]
    return json.dumps(record)


def _table(found: Sequence[tuple[FileDetails, list[Match]]], console: Console, *, headed: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=headed, padding=(0, 1, 0, 0))
    name_width = max(10, min(40, (console.width - 12) * 3 // 10))
    table.add_column("Id", width=8, no_wrap=True)
    table.add_column("File", width=name_width, overflow="fold")
    table.add_column("Found in", width=max(10, console.width - name_width - 12), overflow="fold")
    for file, matches in found:
        name = Text(one_line(file.title or file.original_filename or ""))
        lines = [match.to_text() for match in matches[:MAX_MATCHES]]
        table.add_row(Text(one_line(file.id)[:8], style="dim"), name, Group(*lines))
    return table
