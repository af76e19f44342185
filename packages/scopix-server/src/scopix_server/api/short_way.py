"""The short way to the routes that take files.

FastAPI finds a route among sixty, solves its dependencies, and validates what it was answered. For a small upload this
was half of what the event loop did. So requests to these routes are handed to the very same functions by hand: the
caller is told from the key, one of its uploads at once is held, the header is read, the answer written by its model.
What is out of the ordinary (another method, a query, a malformed header) goes the long way, and errors are answered as
there. The routes are declared as ever, so the document describes them; a test compares the answers of both ways.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import cast

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from scopix_server.api.parts import Parts, Reception
from scopix_server.api.problems import respond_to, respond_to_unexpected
from scopix_server.api.requests import IDEMPOTENCY_KEY
from scopix_server.domain.tenant import Caller

__all__ = ["ShortWay"]

Endpoint = Callable[[Request, Response, Caller, Reception, str | None], Awaitable[BaseModel]]
_HEADER = b"idempotency-key"


class ShortWay:
    """Takes POST requests to some routes straight to their functions, and everything else to `app`.

    Args:
        routes: of these, those that are posted to. Their functions take (request, response, caller,
            reception, idempotency key), of callers who may write.
        parts: what they are given.
        prefix: what stands before their paths.
    """

    def __init__(self, app: FastAPI, routes: Iterable[BaseRoute], parts: Parts, *, prefix: str) -> None:
        self._app = app
        self._parts = parts
        posts = [route for route in routes if isinstance(route, APIRoute) and "POST" in (route.methods or ())]
        self._routes = {f"{prefix}{route.path}": route for route in posts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"]) if scope.get("method") == "POST" else None
        keys = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == _HEADER]
        is_odd = scope.get("query_string") or len(keys) > 1
        if route is None or is_odd or (keys and not re.fullmatch(IDEMPOTENCY_KEY, keys[0])):
            await self._app(scope, receive, send)
            return
        scope["app"], scope["route"] = self._app, route
        request = Request(scope, receive, send)
        try:
            response = await self._run(request, route, keys[0] if keys else None)
        except Exception as error:
            refusal = await respond_to(request, error)
            if refusal is None:
                await (await respond_to_unexpected(request, error))(scope, receive, send)
                raise  # whoever runs the application logs it
            response = refusal
        await response(scope, receive, send)

    async def _run(self, request: Request, route: APIRoute, idempotency_key: str | None) -> Response:
        caller = await self._parts.authenticator.authenticate(request, "write")
        with self._parts.slots.taken(caller):
            response = Response(status_code=route.status_code or 200, media_type="application/json")
            endpoint = cast(Endpoint, route.endpoint)
            body = await endpoint(request, response, caller, self._parts.reception, idempotency_key)
            response.body = body.__pydantic_serializer__.to_json(body, by_alias=True)
            response.headers["content-length"] = str(len(response.body))
            return response
