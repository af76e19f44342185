"""HTTP to addresses that somebody else named: each connection goes to an address that was just checked.

A call has a total time, and everything in it happens within: trying the addresses of a name, the TLS handshake,
sending, and reading an answer that drips, headers or body.

What was resolved and checked is what is connected to, so a name cannot change its address in between; the certificate
must still be the name's. Redirects are handed back, never followed. Proxies of the environment are not used: they would
resolve the name themselves.
"""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpcore2

from scopix_server.domain.errors import AddressRefused
from scopix_server.domain.redaction import redact
from scopix_server.outgoing.addresses import AddressGuard, UnknownHost

__all__ = ["OutgoingHttp", "Reply", "RequestFailed"]

_CONNECT_SECONDS = 5.0
_ALL_ADDRESSES_SECONDS = 15.0
"""For connecting to any of a name's addresses: three that are silent may be tried, a name of hundreds costs no more."""
_IDLE_SECONDS = 30.0


class RequestFailed(Exception):
    """No answer, or half of one. The message is for people and has nothing of the request in it but its host."""

    def __init__(self, message: str) -> None:
        super().__init__(redact(message))


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `headers` are in lower case; `chunks` can be walked through once."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]

    def read(self, max_bytes: int) -> bytes:
        """Return the body, or the beginning of one that is longer."""
        body = bytearray()
        for chunk in self.chunks:
            body += chunk
            if len(body) >= max_bytes:
                break
        return bytes(body[:max_bytes])


class OutgoingHttp:
    """Sends requests. Good for all threads; connections are kept for half a minute.

    Args:
        guard: says what may be called; None for addresses that the operator named.
        silence_seconds: an answer, or a part of it, must come within this time.
        total_seconds: a call that takes longer is given up, however steadily its body or its answer drips.
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
        self._exchange = _Exchange()
        self._pool = httpcore2.ConnectionPool(
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=_CheckedNetwork(guard, self._exchange),
        )

    @contextmanager
    def send(
        self, method: str, url: str, headers: Mapping[str, str], content: Iterable[bytes] | bytes | None = None
    ) -> Iterator[Reply]:
        """Send a request; its reply is there for as long as the context lasts.

        Raises:
            AddressRefused: the guard says no.
            RequestFailed: nothing came back, or not all of it.
        """
        host = httpcore2.URL(url).host.decode("ascii", "replace")
        body = content if content is None or isinstance(content, bytes) else iter(content)
        with (
            _translated(host),
            self._exchange.within(self._total_seconds),
            self._pool.stream(
                method, url, headers=list(headers.items()), content=body, extensions={"timeout": self._seconds}
            ) as answer,
        ):
            found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            yield Reply(answer.status, found, answer.iter_stream())

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Exchange(threading.local):
    """The call under way in this thread, and when it must be over."""

    deadline = float("inf")

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        before, self.deadline = self.deadline, min(self.deadline, time.monotonic() + seconds)
        try:
            yield
        finally:
            self.deadline = before

    def seconds(self, wish: float | None) -> float:
        """Return how long the next step may take, at most `wish`. Raises TimeoutException when the time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.TimeoutException("the call's time is over")
        return left if wish is None else min(wish, left)


@contextmanager
def _translated(host: str) -> Iterator[None]:
    try:
        yield
    except UnknownHost as error:
        raise RequestFailed(f"There is no host '{host}'.") from error
    except httpcore2.TimeoutException as error:
        raise RequestFailed(f"'{host}' did not answer in time.") from error
    except httpcore2.LocalProtocolError as error:
        # The library quotes what it would not send, and that may be signed.
        raise RequestFailed(f"The request to '{host}' could not be sent as it is configured.") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        # The reason is the system's or the TLS library's own: refused, unreachable, certificate not good.
        raise RequestFailed(f"'{host}' cannot be reached: {str(error) or type(error).__name__}.") from error
    except httpcore2.UnsupportedProtocol as error:
        raise AddressRefused from error


class _CheckedNetwork(httpcore2.NetworkBackend):
    def __init__(self, guard: AddressGuard | None, exchange: _Exchange) -> None:
        self._guard = guard
        self._exchange = exchange
        self._network = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = [host] if self._guard is None else self._guard.addresses_of(host, port)
        failure: Exception | None = None
        with self._exchange.within(_ALL_ADDRESSES_SECONDS):
            for address in addresses:
                # Checked first: when the time is over, the last address's own failure tells more.
                if failure is not None and time.monotonic() >= self._exchange.deadline:
                    break
                try:
                    stream = self._network.connect_tcp(
                        address, port, self._exchange.seconds(timeout), local_address, socket_options
                    )
                    return _TimedStream(stream, self._exchange)
                except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                    failure = error
        raise failure or UnknownHost(host)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        raise AddressRefused

    def sleep(self, seconds: float) -> None:
        self._network.sleep(seconds)


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose every step ends with the call that takes it."""

    def __init__(self, stream: httpcore2.NetworkStream, exchange: _Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._exchange.seconds(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._exchange.seconds(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._exchange.seconds(timeout))
        return _TimedStream(stream, self._exchange)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
