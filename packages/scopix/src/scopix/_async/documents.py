"""The part of `client.files` that goes through documents: their pages, pieces of them, and searches for pages."""

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

from scopix._async.edits import AsyncEdits
from scopix._paging import AsyncPager, paged_async
from scopix._request import Request, file_path, parse_response, query_pairs
from scopix.types.documents import (
    DocumentChunk,
    DocumentChunkList,
    DocumentPage,
    DocumentPageList,
    PageMatch,
    PageMatchList,
)

__all__ = ["AsyncDocuments"]

PageOfDocuments = TypeVar("PageOfDocuments", DocumentPageList, DocumentChunkList, PageMatchList)


class AsyncDocuments(AsyncEdits):
    """What documents hold."""

    def pages(
        self, file_id: str, *, search: str | None = None, limit: int = 20, offset: int = 0
    ) -> AsyncPager[DocumentPageList, DocumentPage]:
        """The pages of a document with their text and places, in their order; they are there as they are read.

        With `search` only those that hold all its words and "phrases in quotation marks". `limit` is at most 100.
        Raises `ValidationError` when the file is no document, `ResourceNotFoundError` while no page is read.
        """
        values = {"search": search, "limit": limit, "offset": offset}
        path, endpoint = file_path(file_id, "/pages"), "GET /files/{id}/pages"
        return paged_async(partial(self._fetch_part, DocumentPageList, path, endpoint, values))

    def chunks(
        self, file_id: str, *, limit: int = 100, offset: int = 0
    ) -> AsyncPager[DocumentChunkList, DocumentChunk]:
        """A document's text in pieces for retrieval, each with its page and place. `limit` is at most 500.

        Their ids stay the same for as long as the file is read to the same text. Raises as `pages`.
        """
        values = {"limit": limit, "offset": offset}
        path, endpoint = file_path(file_id, "/chunks"), "GET /files/{id}/chunks"
        return paged_async(partial(self._fetch_part, DocumentChunkList, path, endpoint, values))

    def search_pages(self, search: str, *, limit: int = 20, offset: int = 0) -> AsyncPager[PageMatchList, PageMatch]:
        """The pages of all documents that hold all words of a search, with the line of the first; at most 100."""
        values = {"search": search, "limit": limit, "offset": offset}
        return paged_async(partial(self._fetch_part, PageMatchList, "/pages", "GET /pages", values))

    async def _fetch_part(
        self,
        model: type[PageOfDocuments],
        path: str,
        endpoint: str,
        values: Mapping[str, Any],
        place: Mapping[str, Any],
    ) -> PageOfDocuments:
        params = query_pairs({**values, **place})
        request = Request(method="GET", url=self._config.url + path, endpoint=endpoint, params=params)
        return parse_response(model, await self._transport.send(request))
