"""HTTP to addresses that somebody else named: each connection goes to an address that was just checked.

What was resolved and checked is what is connected to, so a name cannot change its address in between; the certificate
must still be the name's. Redirects are handed back, never followed. Proxies of the environment are not used: they would
resolve the name themselves.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpcore2

from scopix_server.domain.errors import AddressRefused
from scopix_server.outgoing.addresses import AddressGuard, UnknownHost

__all__ = ["CallFailed", "OutgoingHttp", "Reply"]

_CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 30.0


class CallFailed(Exception):
    """No answer, or half of one. The message is for people and has nothing of the request in it but its host."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `headers` are in lower case; `chunks` can be walked through once."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]

    def read(self, most_bytes: int) -> bytes:
        """Return the body, or the beginning of one that is longer."""
        body = bytearray()
        for chunk in self.chunks:
            body += chunk
            if len(body) >= most_bytes:
                break
        return bytes(body[:most_bytes])


class OutgoingHttp:
    """Sends requests. Good for all threads; connections are kept for half a minute.

    Args:
        guard: says what may be called; None for addresses that the operator named.
        silence_seconds: an answer, or a part of it, must come within this time.
        total_seconds: a body that takes longer, either way, is given up, however steadily it drips.
    """

    def __init__(
        self,
        guard: AddressGuard | None,
        *,
        connections: int = 64,
        silence_seconds: float = 30.0,
        total_seconds: float = 600.0,
    ) -> None:
        self._seconds = {
            "connect": _CONNECT_SECONDS,
            "read": silence_seconds,
            "write": silence_seconds,
            "pool": silence_seconds,
        }
        self._total_seconds = total_seconds
        self._pool = httpcore2.ConnectionPool(
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=_CheckedNetwork(guard) if guard is not None else None,
        )

    @contextmanager
    def send(
        self, method: str, url: str, headers: Mapping[str, str], content: Iterable[bytes] | bytes | None = None
    ) -> Iterator[Reply]:
        """Send a request; its reply is there for as long as the context lasts.

        Raises:
            AddressRefused: the guard says no.
            CallFailed: nothing came back, or not all of it.
        """
        host = httpcore2.URL(url).host.decode("ascii", "replace")
        body = content if content is None or isinstance(content, bytes) else self._within_time(iter(content))
        with (
            _translated(host),
            self._pool.stream(
                method, url, headers=list(headers.items()), content=body, extensions={"timeout": self._seconds}
            ) as answer,
        ):
            found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            yield Reply(answer.status, found, self._within_time(answer.iter_stream()))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _within_time(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        deadline = time.monotonic() + self._total_seconds
        for chunk in chunks:
            if time.monotonic() > deadline:
                raise httpcore2.TimeoutException(f"not done after {self._total_seconds:g} seconds")
            yield chunk


@contextmanager
def _translated(host: str) -> Iterator[None]:
    try:
        yield
    except UnknownHost as error:
        raise CallFailed(f"There is no host '{host}'.") from error
    except httpcore2.TimeoutException as error:
        raise CallFailed(f"'{host}' did not answer in time.") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        # The reason is the system's or the TLS library's own: refused, unreachable, certificate not good.
        raise CallFailed(f"'{host}' cannot be reached: {str(error) or type(error).__name__}.") from error
    except httpcore2.UnsupportedProtocol as error:
        raise AddressRefused from error


class _CheckedNetwork(httpcore2.NetworkBackend):
    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._network = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        *others, last = self._guard.addresses_of(host, port)
        for address in others:
            try:
                return self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return self._network.connect_tcp(last, port, timeout, local_address, socket_options)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        raise AddressRefused

    def sleep(self, seconds: float) -> None:
        self._network.sleep(seconds)
