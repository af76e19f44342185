"""Walking through many files, a page at a time."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from scopix import FileDetails, FileSummary, Scopix

__all__ = ["MAX_PAGE_SIZE", "Page", "detail_pages", "summary_pages"]

MAX_PAGE_SIZE = 100

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Page(Generic[Entry]):
    """Some files, how many meet the conditions in all, whether more follow, and what of a search was not understood."""

    items: list[Entry]
    total: int
    total_is_minimum: bool
    has_more: bool
    search_notes: list[str]


def summary_pages(
    client: Scopix, arguments: Mapping[str, Any], *, limit: int | None, offset: int = 0
) -> AsyncIterator[Page[FileSummary]]:
    """The first `limit` files (None: all of them) behind `offset` ones that meet the arguments of `files.list`.

    There is always one page at least. While it goes, files that come or go change nothing for the others.
    """
    return _pages(client.files.list, arguments, limit, offset)


def detail_pages(
    client: Scopix, arguments: Mapping[str, Any], *, limit: int | None, offset: int = 0
) -> AsyncIterator[Page[FileDetails]]:
    """The same, with everything known about each file."""
    return _pages(client.files.list_details, arguments, limit, offset)


async def _pages(ask: Any, arguments: Mapping[str, Any], limit: int | None, offset: int) -> AsyncIterator[Page[Any]]:
    given, place = 0, {"offset": offset}
    while True:
        left = MAX_PAGE_SIZE if limit is None else min(MAX_PAGE_SIZE, limit - given)
        response = await ask(limit=left, **place, **arguments)
        given += len(response.items)
        yield Page(
            response.items,
            response.total_count,
            response.total_is_minimum,
            response.has_more,
            response.search_notes,
        )
        if not response.items or not response.has_more or given == limit:
            return
        # An older server has no cursors.
        place = {"cursor": response.next_cursor} if response.next_cursor else {"offset": offset + given}
