"""`client.tags`: a list of tags of your own, which descriptions follow."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from scopix._async.raw import TagsWithRawResponse
from scopix._async.transport import AsyncTransport
from scopix._config import ClientConfig
from scopix._paging import AsyncPager, paged_async
from scopix._request import Request, Response, json_body, parse_response, query_pairs
from scopix.types.tags import (
    ApplyVocabularyResponse,
    TagSuggestion,
    TagSuggestionList,
    TagTerm,
    TagVocabulary,
)

__all__ = ["AsyncTags"]

_PATH = "/tags/vocabulary"


class AsyncTags:
    """The tenant's own list of tags. Reached as `client.tags`."""

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    @cached_property
    def with_raw_response(self) -> TagsWithRawResponse:
        """The same calls, each giving a `RawResponse`."""
        return TagsWithRawResponse(self)

    async def vocabulary(self) -> TagVocabulary:
        """The list as it is."""
        return parse_response(TagVocabulary, await self._send("GET", _PATH))

    async def set_vocabulary(
        self, terms: Sequence[str | TagTerm] | Mapping[str, Sequence[str]], *, mode: str = "prefer"
    ) -> TagVocabulary:
        """Replace the list: names, `TagTerm`s, or each name with its synonyms (`{"vehicle": ["car", "lorry"]}`).

        `mode` is `prefer` (descriptions have these tags first), `only` (no others) or `free` (as without a list).
        Whatever of a term or its synonyms a description says, the picture carries the term. Descriptions that are made
        from now on follow it; `apply_vocabulary` brings those that are there onto it.

        Raises `ValidationError` where two terms claim the same word, or there are more than 1,000.
        """
        payload = {"mode": mode, "terms": _terms(terms)}
        return parse_response(TagVocabulary, await self._send("PUT", _PATH, content=json_body(payload)))

    async def add_term(self, name: str, *, synonyms: Sequence[str] = ()) -> TagVocabulary:
        """Add a term, such as one of `suggestions`; or synonyms to one that is there. Raises `ValidationError`."""
        payload = {"name": name, "synonyms": list(synonyms)}
        return parse_response(TagVocabulary, await self._send("POST", f"{_PATH}/terms", content=json_body(payload)))

    async def remove_term(self, name: str) -> TagVocabulary:
        """Take a term off the list, with its synonyms. Raises `ResourceNotFoundError`."""
        response = await self._send("DELETE", f"{_PATH}/terms", params=query_pairs({"name": name}))
        return parse_response(TagVocabulary, response)

    def suggestions(self, *, limit: int = 50) -> AsyncPager[TagSuggestionList, TagSuggestion]:
        """Tags that descriptions found and that the list does not have, the most frequent first; at most 500."""
        return paged_async(lambda _: self._fetch_suggestions(limit))

    async def apply_vocabulary(self) -> ApplyVocabularyResponse:
        """Bring the tags of all files that are there onto the list, without describing them again.

        What a person wrote stays. It may be repeated. The answer counts all files looked at, and those changed.
        """
        examined = changed = 0
        cursor: str | None = None
        while True:
            payload = {} if cursor is None else {"cursor": cursor}
            response = await self._send("POST", f"{_PATH}/apply", content=json_body(payload))
            done = parse_response(ApplyVocabularyResponse, response)
            examined, changed, cursor = examined + done.examined, changed + done.changed, done.next_cursor
            if cursor is None:
                return ApplyVocabularyResponse(examined=examined, changed=changed)

    async def _fetch_suggestions(self, limit: int) -> TagSuggestionList:
        response = await self._send("GET", "/tags/suggestions", params=query_pairs({"limit": limit}))
        return parse_response(TagSuggestionList, response)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        content: bytes | None = None,
    ) -> Response:
        request = Request(
            method=method,
            url=self._config.url + path,
            endpoint=f"{method} {path}",
            params=params,
            content=content,
        )
        return await self._transport.send(request)


def _terms(terms: Sequence[str | TagTerm] | Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    if isinstance(terms, Mapping):
        return [{"name": name, "synonyms": list(synonyms)} for name, synonyms in terms.items()]
    named = (TagTerm(name=term) if isinstance(term, str) else term for term in terms)
    return [{"name": term.name, "synonyms": list(term.synonyms)} for term in named]
