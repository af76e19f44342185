"""Hearing an answer that comes before the whole body was sent.

A server that refuses an upload (wrong key, too large) answers early, reads a little more and closes. The HTTP library
does not listen while it sends: it runs into the closed connection and then finds that the answer was thrown away with
it, so a refusal would look like a broken network, and would be tried again and again. The stream below looks for an
answer before each chunk it sends. It keeps what it hears and reports that sending failed, upon which the library goes
on to read the answer.
"""

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

__all__ = ["watch_for_early_responses"]

# Only waited for when there are bytes to read that turn out to be none for us (such as TLS session tickets).
_MOMENT = 0.01
_MAX_BYTES = 65536


def watch_for_early_responses(transports: Iterable[Any]) -> None:
    """Make these transports of the HTTP library listen while they send."""
    for transport in transports:
        pool: Any = getattr(transport, "_pool", None)
        # The library lets nobody choose this from outside. Should it be gone one day, a test will tell, and uploads
        # go on to work as the library does them.
        # A backend that somebody chose is left alone.
        if type(getattr(pool, "_network_backend", None)).__module__.partition(".")[0] == httpcore2.__name__:
            pool._network_backend = WatchingBackend()


class WatchingBackend(httpcore2.AsyncNetworkBackend):
    """Opens streams that listen while they send."""

    def __init__(self) -> None:
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return WatchingStream(
            await self._inner.connect_tcp(
                host, port, timeout=timeout, local_address=local_address, socket_options=socket_options
            )
        )

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class WatchingStream(httpcore2.AsyncNetworkStream):
    """A stream that looks for an answer before it sends on."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner = inner
        self._heard = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._heard:
            heard, self._heard = self._heard[:max_bytes], self._heard[max_bytes:]
            return heard
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._inner.get_extra_info("is_readable"):
            await self._listen()
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        return WatchingStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    async def _listen(self) -> None:
        try:
            self._heard = await self._inner.read(_MAX_BYTES, _MOMENT)
        except httpcore2.ReadTimeout:
            return
        raise httpcore2.WriteError("the server answered, or closed, before everything was sent")
