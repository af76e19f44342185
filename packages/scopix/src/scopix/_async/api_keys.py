"""`client.api_keys`: make, look at, change and deactivate API keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from scopix._async.raw import ApiKeysWithRawResponse
from scopix._async.transport import AsyncTransport
from scopix._config import ClientConfig
from scopix._errors import ValidationError
from scopix._paging import AsyncPager, paged_async
from scopix._request import Request, Response, json_body, key_path, parse_response, query_pairs, time_text
from scopix.types.keys import ApiKeyInfo, ApiKeyList, CreatedApiKey

__all__ = ["AsyncApiKeys"]

_PATH = "/api-keys"


class AsyncApiKeys:
    """The API keys of one tenant. Reached as `client.api_keys`. Changing them needs a key with the scope `admin`."""

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    @cached_property
    def with_raw_response(self) -> ApiKeysWithRawResponse:
        """The same calls, each giving a `RawResponse`."""
        return ApiKeysWithRawResponse(self)

    async def create(
        self,
        name: str,
        *,
        description: str | None = None,
        scopes: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        expires_at: datetime | str | None = None,
        outlives_creator: bool = False,
    ) -> CreatedApiKey:
        """Make a key. The answer's `api_key` is the key itself, shown this once.

        `name` has 1 to 255 characters, `description` at most 500. `scopes` are `read`, `write`, `admin` or
        `RESOURCE:PERMISSION`; left out, they are those of the key that makes it, which no key can exceed. `expires_at`
        lies in the future, without a zone it is UTC; left out, or later than that, the key expires with the one that
        makes it. It is also deactivated with that one. With `outlives_creator`, which needs the scope `admin`, neither.

        Raises `ValidationError`, and `ScopixPermissionError` when the caller's key may not do this.
        """
        payload = {
            "name": name,
            "description": description,
            "scopes": None if scopes is None else list(scopes),
            "metadata": None if metadata is None else dict(metadata),
            "expires_at": time_text(expires_at),
            "outlives_creator": True if outlives_creator else None,
        }
        given = {field: value for field, value in payload.items() if value is not None}
        response = await self._send("POST", _PATH, "POST /api-keys", content=json_body(given))
        return parse_response(CreatedApiKey, response)

    def list(
        self, *, include_inactive: bool = False, limit: int = 20, offset: int = 0
    ) -> AsyncPager[ApiKeyList, ApiKeyInfo]:
        """One page of keys, `limit` (1 to 100) of them from `offset` on, newest first and without their secrets; or all
        from there on, when walked through.
        """
        page = {"include_inactive": include_inactive, "limit": limit, "offset": offset}
        return paged_async(partial(self._fetch_page, page))

    async def get(self, key_id: str) -> ApiKeyInfo:
        """What is known of one key, by its id. Raises `ResourceNotFoundError`."""
        return parse_response(ApiKeyInfo, await self._send("GET", key_path(key_id), "GET /api-keys/{id}"))

    async def current(self) -> ApiKeyInfo:
        """What is known of the key that this client uses; every key may ask."""
        return parse_response(ApiKeyInfo, await self._send("GET", f"{_PATH}/current", "GET /api-keys/current"))

    async def update(
        self,
        key_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> ApiKeyInfo:
        """Change what a key is called and what is noted about it; None leaves as is, an empty description clears it.

        `metadata` is merged into what is there. What a key may do, and until when, stays as it was made.

        Raises `ValidationError` when nothing is to be changed, `ResourceNotFoundError`, `ScopixPermissionError`.
        """
        payload = {"name": name, "description": description, "metadata": None if metadata is None else dict(metadata)}
        given = {field: value for field, value in payload.items() if value is not None}
        if not given:
            raise ValidationError("give a name, a description or metadata", details={"field": "name"})
        response = await self._send("PUT", key_path(key_id), "PUT /api-keys/{id}", content=json_body(given))
        return parse_response(ApiKeyInfo, response)

    async def deactivate(self, key_id: str, *, reason: str | None = None, keep_created: bool = False) -> None:
        """Refuse a key from its next request on, for good, and with it the keys that it made, and those that they made.

        They stay in the list with `include_inactive`. With `keep_created`, which needs the scope `admin`, the keys that
        it made go on.

        Raises `ResourceNotFoundError`, and `ScopixPermissionError` when the caller's key may not do this.
        """
        chosen = query_pairs({"reason": reason, "keep_created": True if keep_created else None})
        await self._send("DELETE", key_path(key_id), "DELETE /api-keys/{id}", params=chosen)

    async def _fetch_page(self, page: Mapping[str, Any], place: Mapping[str, Any]) -> ApiKeyList:
        params = query_pairs({**page, **place})
        return parse_response(ApiKeyList, await self._send("GET", _PATH, "GET /api-keys", params=params))

    async def _send(
        self,
        method: str,
        path: str,
        endpoint: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        content: bytes | None = None,
    ) -> Response:
        request = Request(method=method, url=self._config.url + path, endpoint=endpoint, params=params, content=content)
        return await self._transport.send(request)
