"""HEAD wherever GET is: the head of its answer."""

from fastapi import FastAPI
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HeadOfGet"]


class HeadOfGet:
    """Answers HEAD as GET would be, without the body, where no route of `app` answers it itself.

    Args:
        inner: what answers; it leads to `app`.
        app: knows the routes.
    """

    def __init__(self, inner: ASGIApp, app: FastAPI) -> None:
        self._inner = inner
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "HEAD" or self._has_route(scope):
            await self._inner(scope, receive, send)
            return
        is_answered = False

        async def receive_until_answered() -> Message:
            # With the head all is said. A stream of events would go on for ever, and ends when its reader leaves.
            return {"type": "http.disconnect"} if is_answered else await receive()

        async def send_head(message: Message) -> None:
            nonlocal is_answered
            if is_answered:
                return
            await send(message)
            if message["type"] == "http.response.start":
                is_answered = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._inner({**scope, "method": "GET"}, receive_until_answered, send_head)

    def _has_route(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._app.router.routes)
