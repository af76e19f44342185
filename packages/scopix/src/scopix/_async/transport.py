"""Sending calls over HTTP. The only file that names the HTTP library: its errors end here."""

import copy
import itertools
import logging
import random
import time
import uuid
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit

import httpx2

from scopix._async.early import watch_for_early_responses
from scopix._breaker import CircuitBreaker, refuse_while_open
from scopix._concurrency import async_sleep, run_blocking_async
from scopix._config import ClientConfig, is_loopback
from scopix._context import trace_request
from scopix._errors import ScopixConnectionError, ScopixError, ScopixTimeoutError
from scopix._problems import error_from_response, read_code
from scopix._raw import record_response
from scopix._request import OpenedBody, Request, Response, build_headers
from scopix._retry import Outcome, RetryPolicy, parse_retry_after

__all__ = ["AsyncTransport", "ServerEvent"]

_MAX_CONNECT = 10.0
_MAX_SILENCE = 60.0  # of a stream of events; a living server says something every 15 seconds

logger = logging.getLogger("scopix")


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a stream as it came. An `event` "closed" stands for a stream that the server has ended for good."""

    event: str
    data: str
    id: str


class AsyncTransport:
    """One connection pool. `send` retries what is worth it and raises a `ScopixError` for everything else."""

    def __init__(self, config: ClientConfig, http_client: httpx2.AsyncClient | None = None) -> None:
        self._config = config
        self._policy = RetryPolicy(config.max_retries, config.retry_delay)
        self._owns_client = http_client is None
        self._breakers: dict[str, CircuitBreaker] = {}
        self._correlation_id = uuid.uuid4().hex
        self._client = http_client or httpx2.AsyncClient(
            proxy=config.proxy_url,
            # A proxy of the environment is for the world outside: it could not reach a server on this machine.
            trust_env=not is_loopback(urlsplit(config.url).hostname),
        )
        watch_for_early_responses([self._client._transport, *self._client._mounts.values()])

    def with_config(self, config: ClientConfig) -> Self:
        """Return one with other settings over the same connections, which stay this one's."""
        changed = copy.copy(self)
        changed._config = config
        changed._policy = RetryPolicy(config.max_retries, config.retry_delay)
        changed._owns_client = False
        return changed

    async def send(self, request: Request) -> Response:
        """Send the call until it is answered below 400.

        Raises the error that fits the last answer, `ScopixConnectionError` or `ScopixTimeoutError` when there was
        none, and `CircuitBreakerError` without sending while the endpoint is known to be down.
        """
        headers = build_headers(request, self._config, default_correlation_id=self._correlation_id)
        breaker = self._breaker_of(request.endpoint)
        if self._config.circuit_breaker_enabled:
            refuse_while_open(breaker, request.endpoint, now=time.monotonic())
        with trace_request(
            f"scopix {request.endpoint}",
            headers,
            enabled=self._config.enable_tracing and request.with_key,
            propagate=self._config.propagate_trace_context,
            service_name=self._config.tracing_service_name,
            attributes=_attributes(request),
        ) as note_status:
            try:
                response = await self._send_with_retries(request, headers)
            except ScopixError as error:
                _record(breaker, error)
                if isinstance(status := error.details.get("http_status"), int):
                    note_status(status)
                raise
            note_status(response.status)
        breaker.record_success()
        record_response(response)
        return response

    async def stream_events(self, request: Request) -> AsyncGenerator[ServerEvent]:
        """Open a stream of server-sent events, once, and yield them until it ends. Raises as `send`."""
        headers = build_headers(request, self._config, default_correlation_id=self._correlation_id)
        limit = self._config.timeout
        timeout = httpx2.Timeout(limit, read=_MAX_SILENCE, connect=min(limit, _MAX_CONNECT))
        with _translated_errors(request.url, _MAX_SILENCE):
            async with self._client.stream(request.method, request.url, headers=headers, timeout=timeout) as response:
                if response.status_code >= 400:
                    content = await response.aread()
                    raise _judge(Response(response.status_code, response.headers, content))[0]
                if response.status_code == 204:
                    yield ServerEvent("closed", "", "")
                    return
                async for event in httpx2.EventSource(response):
                    yield ServerEvent(event.event, event.data, event.id)

    async def stream_content(self, request: Request) -> AsyncGenerator[bytes]:
        """Open an address, once, and yield what comes from it in chunks; redirects are followed. Raises as `send`.

        For addresses that need no key: none is shown to whoever it leads to.
        """
        headers = build_headers(request, self._config, default_correlation_id=self._correlation_id)
        limit = self._config.timeout
        timeout = httpx2.Timeout(limit, connect=min(limit, _MAX_CONNECT))
        with _translated_errors(request.url, limit):
            async with self._client.stream(
                request.method, request.url, headers=headers, timeout=timeout, follow_redirects=True
            ) as response:
                if response.status_code >= 400:
                    content = await response.aread()
                    raise _judge(Response(response.status_code, response.headers, content))[0]
                async for chunk in response.aiter_bytes():
                    yield chunk

    async def close(self) -> None:
        """Give the connections back."""
        if self._owns_client:
            await self._client.aclose()

    async def _send_with_retries(self, request: Request, headers: Mapping[str, str]) -> Response:
        for attempt in itertools.count(1):
            try:
                response = await self._send_once(request, headers)
            except (ScopixConnectionError, ScopixTimeoutError) as error:
                failure: ScopixError = error
                outcome = Outcome(status=None)
            else:
                if response.status < 400:
                    return response
                failure, outcome = _judge(response)
            failure.details["attempts"] = attempt
            wait = self._policy.wait_before_next(
                attempt,
                outcome,
                repeatable=request.repeatable,
                chance=random.random(),  # noqa: S311 -- spreads clients, guards nothing
            )
            if wait is None:
                raise failure
            if self._config.enable_logging:
                logger.info("%s: attempt %d failed (%s), next in %.1f s", request.endpoint, attempt, failure, wait)
            await async_sleep(wait)
        raise AssertionError("itertools.count ended")

    async def _send_once(self, request: Request, headers: Mapping[str, str]) -> Response:
        if request.body is None:
            return await self._exchange(request, headers, None)
        opened = await run_blocking_async(request.body.open)
        try:
            return await self._exchange(request, headers, opened)
        finally:
            opened.close()

    async def _exchange(self, request: Request, headers: Mapping[str, str], body: OpenedBody | None) -> Response:
        limit, started = self._config.timeout, time.monotonic()
        timeout = httpx2.Timeout(limit, read=limit + request.extra_seconds, connect=min(limit, _MAX_CONNECT))
        with _translated_errors(request.url, limit):
            received = await self._client.request(
                request.method,
                request.url,
                params=list(request.params) or None,
                headers=dict(headers),
                content=request.content if body is None else AsyncChunks(body),
                timeout=timeout,
            )
        response = Response(received.status_code, received.headers, received.content)
        # Without the address: its query and what is signed are the caller's business.
        logger.debug(
            "%s: HTTP %d in %.3f s, request %s",
            request.endpoint,
            response.status,
            time.monotonic() - started,
            response.request_id,
        )
        return response

    def _breaker_of(self, endpoint: str) -> CircuitBreaker:
        if endpoint not in self._breakers:
            self._breakers[endpoint] = CircuitBreaker(
                self._config.circuit_breaker_failure_threshold,
                self._config.circuit_breaker_success_threshold,
                self._config.circuit_breaker_timeout,
            )
        return self._breakers[endpoint]


class AsyncChunks:
    """A body's chunks, each read from disk in its turn: nothing is held but the one on its way."""

    def __init__(self, body: OpenedBody) -> None:
        self._body = body

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._body.finished:
            raise StopAsyncIteration
        return await run_blocking_async(self._body.read)


@contextmanager
def _translated_errors(url: str, limit: float) -> Iterator[None]:
    """Raise the library's errors as ours; `limit` is how long the server was given, in seconds."""
    try:
        yield
    except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise ScopixConnectionError(f"cannot reach {_host_of(url)}: timed out", details={}) from error
    except httpx2.TimeoutException as error:
        raise ScopixTimeoutError(f"{_host_of(url)} did not answer within {limit:.0f} s") from error
    except httpx2.ConnectError as error:
        raise ScopixConnectionError(f"cannot reach {_host_of(url)}: {error}") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise ScopixConnectionError(f"the connection to {_host_of(url)} failed: {reason}") from error


def _judge(response: Response) -> tuple[ScopixError, Outcome]:
    retry_after = parse_retry_after(response.headers, now=datetime.now(UTC))
    failure = error_from_response(response.status, response.headers, response.content, retry_after=retry_after)
    return failure, Outcome(response.status, code=read_code(response.content), retry_after=retry_after)


def _record(breaker: CircuitBreaker, error: ScopixError) -> None:
    """Count a call, with all its attempts, as one. Only the endpoint's own failings count, never the caller's."""
    status = error.details.get("http_status")
    if isinstance(error, ScopixConnectionError | ScopixTimeoutError) or (status is not None and status >= 500):
        breaker.record_failure(time.monotonic())
    elif status is not None:
        breaker.record_success()


def _attributes(request: Request) -> dict[str, str | int]:
    """What OpenTelemetry's conventions want to know of a request; never its query."""
    address = urlsplit(request.url)
    port = address.port or (443 if address.scheme == "https" else 80)
    return {
        "http.request.method": request.method,
        "url.template": request.endpoint.partition(" ")[2],
        "server.address": address.hostname or "",
        "server.port": port,
    }


def _host_of(url: str) -> str:
    # Without path and query: a signed address is a secret.
    return urlsplit(url).netloc.rpartition("@")[2]
