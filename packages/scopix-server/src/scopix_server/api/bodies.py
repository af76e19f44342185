"""JSON bodies: read to a limit, from those who are let in, and refused only after that.

The framework reads a route's body before it asks who calls. So the key is looked up here, and a stranger's body is not
read: a thousand of them would be a GiB. And a body that is too large, of another type or no JSON is only marked; when
the caller's key has been found good, the mark becomes the answer (see `problems.py`).
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute

from scopix_server.api.parts import parts_of
from scopix_server.api.requests import declared_length
from scopix_server.domain.errors import (
    DomainError,
    MalformedRequest,
    PayloadTooLarge,
    RequestTimedOut,
    UnsupportedContentType,
)

__all__ = ["MAX_JSON_BYTES", "JsonRoute", "body_refusal", "is_json"]

MAX_JSON_BYTES = 1024 * 1024
"""Limit of a JSON body, unless its route sets another."""

_SCOPE_KEY = "scopix_body_refusal"
# Fits no route, since they all take objects, nor an optional one, since it is not empty.
_UNFITTING = b'""'


def body_refusal(request: Request) -> DomainError | None:
    """Return why the body of a request could not be taken, or None."""
    refusal: DomainError | None = request.scope.get(_SCOPE_KEY)
    return refusal


class JsonRoute(APIRoute):
    """A route whose JSON body is limited to `max_json_bytes`. Give it to every router: `APIRouter(route_class=...)`."""

    max_json_bytes: ClassVar[int] = MAX_JSON_BYTES

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_limited(request: Request) -> Response:
            return await handle(_JsonRequest(request, self.max_json_bytes))

        return handle_limited


class _JsonRequest(Request):
    """The framework asks `body` and `json` of routes that declare a JSON body, and of no others."""

    def __init__(self, request: Request, limit: int) -> None:
        super().__init__(request.scope, request.receive)
        self._limit = limit
        self._taken: bytes | None = None

    async def body(self) -> bytes:
        if self._taken is None:
            self._taken = await self._take()
        return self._taken

    async def json(self) -> Any:
        taken = await self.body()
        try:
            return json.loads(taken)
        except (ValueError, RecursionError) as error:
            self._refuse(MalformedRequest(f"The body is no JSON: {error}.", field="body"))
            return json.loads(_UNFITTING)

    async def _take(self) -> bytes:
        try:
            await parts_of(self).authenticator.identify(self)
        except Exception:  # the route asks next, and raises it
            return _UNFITTING
        seconds = parts_of(self).reception.limits.body_pace.idle_seconds
        try:
            # The body is small, so it has as long as a large one may be silent.
            async with asyncio.timeout(seconds):
                taken = await self._read()
        except TimeoutError:
            self._refuse(RequestTimedOut(f"The body did not arrive within {seconds:g} seconds."))
            return _UNFITTING
        if taken is None:
            too_large = f"The body is larger than {self._limit} bytes, the limit here."
            self._refuse(PayloadTooLarge(too_large, max_bytes=self._limit))
            return _UNFITTING
        if taken and not is_json(self.headers.get("Content-Type", "")):
            unreadable = "Send the body as JSON, with 'Content-Type: application/json'."
            self._refuse(UnsupportedContentType(unreadable, field="Content-Type"))
            return _UNFITTING
        return taken

    async def _read(self) -> bytes | None:
        """Return the body, or None when it is over the limit; then the rest is left to lie."""
        if declared_length(self) > self._limit:
            return None
        taken = bytearray()
        async for chunk in self.stream():
            taken += chunk
            if len(taken) > self._limit:
                return None
        return bytes(taken)

    def _refuse(self, error: DomainError) -> None:
        self.scope[_SCOPE_KEY] = error


def is_json(content_type: str) -> bool:
    """Whether a Content-Type is that of JSON."""
    message = Message()
    message["Content-Type"] = content_type
    kind, subtype = message.get_content_maintype(), message.get_content_subtype()
    return bool(content_type) and kind == "application" and (subtype == "json" or subtype.endswith("+json"))
