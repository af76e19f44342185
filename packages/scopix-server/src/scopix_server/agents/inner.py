"""How the tools' client comes to our own REST API, and where the links lead that it answers with."""

from urllib.parse import urlsplit

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncBaseTransport, ConnectError, Request, Response
from starlette.concurrency import run_in_threadpool

from scopix_server.api.file_links import LinkFactory
from scopix_server.api.links import origin_of
from scopix_server.domain.errors import DomainError
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.outgoing.http import OutgoingHttp, RequestFailed

__all__ = ["inner_transport"]

MAX_LINKED_BYTES = 16 * 1024 * 1024
"""Of what a link leads to: variants are far below it, having 1,024 pixels at most; a bucket may send anything."""


def inner_transport(app: FastAPI, links: LinkFactory, guard: AddressGuard, own_address: str) -> AsyncBaseTransport:
    """Return a transport to `app` itself, at `own_address` and at its public one.

    Links into the operator's own store are followed, others if they are public.
    A tenant names its bucket, and the bucket says where a link goes on to: without the guard, a tenant could look at
    whatever this machine reaches.
    """
    own = {urlsplit(address).hostname for address in (own_address, links.public_url) if address}
    return _Inner(app, own, links, guard)


class _Inner(AsyncBaseTransport):
    def __init__(self, app: FastAPI, own: set[str | None], links: LinkFactory, guard: AddressGuard) -> None:
        self._inside = ASGITransport(app)
        self._own = own
        self._store = None if links.store is None else origin_of(links.store)
        self._to_store = OutgoingHttp(None)
        self._to_strangers = OutgoingHttp(guard)

    async def handle_async_request(self, request: Request) -> Response:
        if request.url.host in self._own:
            return await self._inside.handle_async_request(request)
        return await run_in_threadpool(self._follow, request)

    async def aclose(self) -> None:
        self._to_store.close()
        self._to_strangers.close()

    def _follow(self, request: Request) -> Response:
        origin = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
        http = self._to_store if origin == self._store else self._to_strangers
        try:
            with http.send(request.method, str(request.url), {"Accept": "*/*"}) as reply:
                content = reply.read(MAX_LINKED_BYTES + 1)
                headers = {name: reply.headers[name] for name in ("content-type", "location") if name in reply.headers}
        except (DomainError, RequestFailed) as error:
            raise ConnectError(f"The picture could not be fetched from {request.url.host}: {error}") from error
        if len(content) > MAX_LINKED_BYTES:
            raise ConnectError(f"What {request.url.host} sent in place of the picture is too large.")
        return Response(reply.status, headers=headers, content=content)
