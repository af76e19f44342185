"""/mcp: streamable HTTP without sessions, for whoever has a key.

The library behind it costs half a second and tens of megabytes to load, so the first request loads it. Each call of a
tool is one or more requests to our own REST API, by the caller's key and in this process: scopes, limits, tenants and
messages are those of REST because they are REST's.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from scopix_server.api.authenticator import Authenticator
from scopix_server.api.parts import Parts
from scopix_server.api.requests import declared_length
from scopix_server.domain.errors import DomainError, PayloadTooLarge
from scopix_server.domain.scopes import granted
from scopix_server.outgoing.addresses import AddressGuard

if TYPE_CHECKING:
    from mcp.server.auth.provider import AccessToken

    from scopix import Scopix
    from scopix.agents.server import AgentServer

__all__ = ["AgentEndpoint", "install"]

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Of one request: a picture of 12 MB in Base64. Larger ones go by REST, which streams; this is held in memory."""
_SMALL_BYTES = 256 * 1024
"""Up to here a request is no upload, and needs no room among them."""
OWN_ADDRESS = "http://localhost"


class AgentEndpoint:
    """The ASGI application at /mcp. It belongs to one event loop; `close` it."""

    def __init__(self, app: FastAPI, parts: Parts, guard: AddressGuard) -> None:
        self._app = app
        self._guard = guard
        self._parts = parts
        self._running: tuple[ASGIApp, asyncio.Task[None]] | None = None
        self._starting = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._http: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Before a byte of the body is read, and in our own words; the library asks its verifier once more.
        request = Request(scope, receive)
        caller = await self._parts.authenticator.let_in(request)
        length = MAX_BODY_BYTES if "Transfer-Encoding" in request.headers else declared_length(request)
        if length > MAX_BODY_BYTES:
            raise PayloadTooLarge(
                f"A request of an agent may have {MAX_BODY_BYTES // 1024 // 1024} MB. Upload larger pictures with "
                "POST /api/v2/files/upload.",
                max_bytes=MAX_BODY_BYTES,
            )
        if length <= _SMALL_BYTES:
            await (await self._started())(scope, receive, send)
            return
        with self._parts.reception.admission.upload(caller.tenant_id, length):
            await (await self._started())(scope, receive, send)

    async def close(self) -> None:
        """End what the first request began."""
        self._stopping.set()
        if self._running is not None:
            await self._running[1]

    async def _started(self) -> ASGIApp:
        async with self._starting:
            if self._running is None:
                server = await run_in_threadpool(self._build)
                application = _application(server)
                is_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                # In a context of its own: it outlives the request, whose id must not stand in its log lines.
                task = asyncio.create_task(self._serve(server, is_up), context=contextvars.Context())
                await is_up
                self._running = application, task
            return self._running[0]

    async def _serve(self, server: "AgentServer", is_up: asyncio.Future[None]) -> None:
        async with server.session_manager.run():
            is_up.set_result(None)
            await self._stopping.wait()
        await self._http.aclose()

    def _build(self) -> "AgentServer":
        import httpx2
        from mcp.server.auth.settings import AuthSettings
        from pydantic import AnyHttpUrl

        from scopix.agents.server import build_server
        from scopix_server.agents.inner import inner_transport

        self._http = httpx2.AsyncClient(
            transport=inner_transport(self._app, self._parts.reception.links, self._guard, OWN_ADDRESS)
        )
        # The library wants an issuer of OAuth tokens named; ours are keys, and nothing is published about issuers.
        auth = AuthSettings(issuer_url=AnyHttpUrl(OWN_ADDRESS), resource_server_url=None)
        return build_server(self._connect, _scopes, verifier=_Verifier(self._parts.authenticator), auth=auth)

    @asynccontextmanager
    async def _connect(self) -> "AsyncIterator[Scopix]":
        from mcp.server.auth.middleware.auth_context import get_access_token

        from scopix.agents.client import client_inside

        token = get_access_token()
        assert token is not None  # nobody comes this far without a key
        async with client_inside(token.token, f"{OWN_ADDRESS}/api/v2", self._http) as client:
            yield client


class _Verifier:
    """Tells the library whose key it is."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def verify_token(self, token: str) -> "AccessToken | None":
        from mcp.server.auth.provider import AccessToken

        try:
            caller = await self._authenticator.look_up(token)
        except DomainError:
            return None
        return AccessToken(
            token=token, client_id=caller.key_id, subject=caller.tenant_id, scopes=sorted(granted(caller.scopes))
        )


def install(app: FastAPI, parts: Parts, guard: AddressGuard) -> AgentEndpoint:
    """Add /mcp to the application; whoever runs it closes what is returned."""
    endpoint = AgentEndpoint(app, parts, guard)
    # A stream that is only listened to would hold a connection for nothing, so GET is 405.
    app.router.routes.append(Route("/mcp", endpoint=endpoint, methods=["POST"], include_in_schema=False))
    return endpoint


def _application(server: "AgentServer") -> ASGIApp:
    from mcp.server.transport_security import TransportSecuritySettings

    # Hosts are not compared: a key has to be shown, which no page of a stranger can, under whatever name it came here.
    open_to_all_names = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    return server.streamable_http_app(
        streamable_http_path="/mcp",
        stateless_http=True,
        json_response=True,
        max_request_body_size=MAX_BODY_BYTES,
        transport_security=open_to_all_names,
    )


def _scopes() -> Collection[str]:
    from mcp.server.auth.middleware.auth_context import get_access_token

    token = get_access_token()
    return () if token is None else token.scopes
