"""Lists that come in pages: one page when awaited (or called, in the sync client), all of them when walked through."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from typing import Any, Generic, TypeVar

from scopix.types._paging import Page

__all__ = ["AsyncPager", "paged_async", "paged_sync"]

Item = TypeVar("Item")
PageOf = TypeVar("PageOf", bound=Page[Any])


class AsyncPager(Generic[PageOf, Item]):
    """What a list call gives: `await` it for one page, or go through all pages with `async for`.

    Nothing is sent before that. Awaiting it twice asks twice.
    """

    def __init__(self, fetch: Callable[[Mapping[str, Any]], Awaitable[PageOf]]) -> None:
        self._fetch = fetch

    def __await__(self) -> Generator[Any, None, PageOf]:
        return self._first().__await__()

    async def __aiter__(self) -> AsyncIterator[Item]:
        async for item in await self._first():
            yield item

    async def _first(self) -> PageOf:
        return (await self._fetch({})).followed_by(self._fetch, is_async=True)


def paged_async(fetch: Callable[[Mapping[str, Any]], Awaitable[PageOf]]) -> AsyncPager[PageOf, Any]:
    """Make a pager of what fetches a page: of the arguments of the call, changed by those it is given."""
    return AsyncPager(fetch)


def paged_sync(fetch: Callable[[Mapping[str, Any]], PageOf]) -> PageOf:
    """Fetch the first page, which knows how to fetch the others."""
    return fetch({}).followed_by(fetch, is_async=False)
