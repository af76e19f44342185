"""A page of a list. Going through it goes on to the pages after it."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar

from pydantic import PrivateAttr

from scopix.types._wire import WireModel

__all__ = ["Page"]

Item = TypeVar("Item")


class Page(WireModel, Generic[Item]):
    """One page of a list: `for` (or `async for`) goes through its entries and those of all pages after it.

    A page that came from no client, such as one that was built by hand, ends with its own entries.
    """

    _fetch: Callable[[Mapping[str, Any]], Any] | None = PrivateAttr(default=None)
    _is_async: bool = PrivateAttr(default=False)

    def followed_by(self, fetch: Callable[[Mapping[str, Any]], Any], *, is_async: bool) -> Self:
        """Note how the pages after this one are fetched; give this one back."""
        self._fetch, self._is_async = fetch, is_async
        return self

    def __iter__(self) -> Iterator[Item]:  # type: ignore[override]  # pydantic's own would give pairs of names and values
        if self._is_async and self._place_of_next(0) is not None:
            # It would end with this page, and look as if that were all.
            raise TypeError("this page came from the async client: go through it with `async for`, or use its entries")
        page, offset = self, 0
        while True:
            yield from page._entries()
            place = page._place_of_next(offset)
            if place is None or self._fetch is None:
                return
            offset = place.get("offset", 0)
            page = self._fetch(place)

    async def __aiter__(self) -> AsyncIterator[Item]:
        page, offset = self, 0
        while True:
            for item in page._entries():
                yield item
            place = page._place_of_next(offset)
            if place is None or self._fetch is None:
                return
            offset = place.get("offset", 0)
            page = await self._fetch(place) if self._is_async else self._fetch(place)

    def _entries(self) -> Sequence[Item]:
        entries: Sequence[Item] = getattr(self, "items" if "items" in type(self).model_fields else "results")
        return entries

    def _place_of_next(self, requested: int) -> dict[str, Any] | None:
        """Return what to ask for to get the next page; None after the last. `asked_for` is this page's offset."""
        count = len(self._entries())
        if not count or not getattr(self, "has_more", False):
            return None
        cursor = getattr(self, "next_cursor", None)
        if cursor is not None:
            return {"cursor": cursor, "offset": 0}
        # An older server has no cursors, and says nothing of the offset.
        reported = getattr(self, "offset", None)
        return {"offset": (requested if reported is None else reported) + count}
