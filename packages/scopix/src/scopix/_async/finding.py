"""The part of `client.files` that finds files by how well they fit: by words and meaning, or by how they look."""

from collections.abc import Sequence
from datetime import datetime

from scopix._async.documents import AsyncDocuments
from scopix._request import Request, file_path, parse_response, query_pairs
from scopix.types.search import SearchResults
from scopix.types.similar import SimilarFiles
from scopix.types.vocabulary import ContentCategory, DescriptionStatus, MediaType

__all__ = ["AsyncFinding"]


class AsyncFinding(AsyncDocuments):
    """What fits best comes first."""

    async def search(
        self,
        query: str,
        *,
        mode: str = "hybrid",
        tags: Sequence[str] | None = None,
        date_from: datetime | str | None = None,
        date_to: datetime | str | None = None,
        has_description: bool | None = None,
        ids: Sequence[str] | None = None,
        media_types: Sequence[MediaType | str] | None = None,
        description_statuses: Sequence[DescriptionStatus | str] | None = None,
        content_categories: Sequence[ContentCategory | str] | None = None,
        objects: Sequence[str] | None = None,
        min_people: int | None = None,
        limit: int = 20,
        include_details: bool = False,
    ) -> SearchResults:
        """The files that fit a query best, the best first: at most `limit` (1 to 100) of them, each with the reason.

            found = await client.files.search("ein Hund auf einer Wiese")
            found.items[0].file.filename, found.items[0].found_by

        `mode` is `words` (all of them must be there), `meaning` (of sentences in any of 16 languages), or `hybrid`: by
        both. The filters are those of `list`. With `include_details` each hit has everything known about its file.
        Raises `ValidationError` for an empty query and values out of range.
        """
        filters = {
            "tags": tags,
            "date_from": date_from,
            "date_to": date_to,
            "has_description": has_description,
            "ids": ids,
            "media_types": media_types,
            "description_statuses": description_statuses,
            "content_categories": content_categories,
            "objects": objects,
            "min_people": min_people,
        }
        details = "details" if include_details else None
        params = query_pairs({"query": query, "mode": mode, **filters, "limit": limit, "include": details})
        request = Request(method="GET", url=f"{self._config.url}/search", endpoint="GET /search", params=params)
        return parse_response(SearchResults, await self._transport.send(request))

    async def similar(self, file_id: str, *, limit: int = 20, min_score: float | None = None) -> SimilarFiles:
        """The images that look most like this one, the likest first: at most `limit` (1 to 100) of them.

        Each has a `score` from 0 to 1, which is at least `min_score` (by default the server's, .5), and tells whether
        it is a near duplicate. Raises `ValidationError` when the file is no image, `ResourceNotFoundError` when there
        is none, or when it was not looked at yet: `details["description_status"]` is there then.
        """
        params = query_pairs({"limit": limit, "min_score": min_score})
        url = self._config.url + file_path(file_id, "/similar")
        request = Request(method="GET", url=url, endpoint="GET /files/{id}/similar", params=params)
        return parse_response(SimilarFiles, await self._transport.send(request))
