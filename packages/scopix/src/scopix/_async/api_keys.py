"""`client.api_keys`: make, look at, change and deactivate API keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scopix._async.transport import AsyncTransport
from scopix._call import Answer, Call, json_body, key_path, parse_answer, query_pairs, time_text
from scopix._config import ClientConfig
from scopix._errors import ValidationError
from scopix.types.keys import ApiKeyInfo, ApiKeyList, CreatedApiKey

__all__ = ["AsyncApiKeys"]

_PATH = "/api-keys"


class AsyncApiKeys:
    """The API keys of one tenant. Reached as `client.api_keys`. Changing them needs a key with the scope `admin`."""

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    async def create(
        self,
        name: str,
        *,
        description: str | None = None,
        scopes: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        expires_at: datetime | str | None = None,
    ) -> CreatedApiKey:
        """Make a key. The answer's `api_key` is the key itself, shown this once.

        `name` has 1 to 255 characters, `description` at most 500. `scopes` are `read`, `write`, `admin` or
        `RESOURCE:PERMISSION`; left out, they are those of the key that makes it, which no key can exceed. `expires_at`
        lies in the future, without a zone it is UTC; left out, the key never expires.

        Raises `ValidationError`, and `ScopixPermissionError` when the caller's key may not do this.
        """
        wanted = {
            "name": name,
            "description": description,
            "scopes": None if scopes is None else list(scopes),
            "metadata": None if metadata is None else dict(metadata),
            "expires_at": time_text(expires_at),
        }
        given = {field: value for field, value in wanted.items() if value is not None}
        answer = await self._send("POST", _PATH, "POST /api-keys", content=json_body(given))
        return parse_answer(CreatedApiKey, answer)

    async def list(self, *, include_inactive: bool = False, limit: int = 20, offset: int = 0) -> ApiKeyList:
        """One page of keys, `limit` (1 to 100) of them from `offset` on, newest first and without their secrets."""
        page = query_pairs({"include_inactive": include_inactive, "limit": limit, "offset": offset})
        return parse_answer(ApiKeyList, await self._send("GET", _PATH, "GET /api-keys", params=page))

    async def get(self, key_id: str) -> ApiKeyInfo:
        """What is known of one key, by its id. Raises `ResourceNotFoundError`."""
        return parse_answer(ApiKeyInfo, await self._send("GET", key_path(key_id), "GET /api-keys/{id}"))

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
        wanted = {"name": name, "description": description, "metadata": None if metadata is None else dict(metadata)}
        given = {field: value for field, value in wanted.items() if value is not None}
        if not given:
            raise ValidationError("give a name, a description or metadata", details={"field": "name"})
        answer = await self._send("PUT", key_path(key_id), "PUT /api-keys/{id}", content=json_body(given))
        return parse_answer(ApiKeyInfo, answer)

    async def deactivate(self, key_id: str, *, reason: str | None = None) -> None:
        """Refuse a key from its next request on, for good. It stays in the list with `include_inactive`.

        Raises `ResourceNotFoundError`, and `ScopixPermissionError` when the caller's key may not do this.
        """
        await self._send("DELETE", key_path(key_id), "DELETE /api-keys/{id}", params=query_pairs({"reason": reason}))

    async def _send(
        self,
        method: str,
        path: str,
        endpoint: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        content: bytes | None = None,
    ) -> Answer:
        call = Call(method=method, url=self._config.url + path, endpoint=endpoint, params=params, content=content)
        return await self._transport.send(call)
