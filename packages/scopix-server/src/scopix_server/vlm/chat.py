"""Talking to an OpenAI-compatible endpoint over HTTP, and telling its failures apart.

Who is to blame decides what happens next (contract 5.2): an endpoint that cannot be reached is unavailable, whatever
the image; "too many requests" means later; a wrong answer is a failure of this image's attempt. Where a status leaves
that open (a 502 may be the endpoint's end or this image's), whoever catches the failure probes.
"""

import threading
import time
from typing import Any
from urllib.parse import urlsplit

import httpx2

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.engines import EngineSpec, EngineUnavailable
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.redaction import redact, register_secrets
from scopix_server.vlm.completions import BodyError, Completion, WebPage, body_of, completion_of, error_in
from scopix_server.vlm.failures import failure, failure_of, retry_after
from scopix_server.vlm.tls import tls_context

__all__ = ["ChatEndpoint"]

_MAX_ANSWER_BYTES = 4 * 1024 * 1024
_PROBE_SECONDS = 10.0
_CANNOT_BE_SENT = (httpx2.InvalidURL, httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, UnicodeError)


class ChatEndpoint:
    """`POST /chat/completions` and `GET /models` under one base URL. Threads may share it."""

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec
        register_secrets(*spec.secrets)
        self._connected: httpx2.Client | None = None
        self._lock = threading.Lock()

    def complete(self, body: dict[str, Any]) -> Completion:
        """Ask, and read the answer.

        Raises:
            EngineUnavailable, EngineBusy, DescribeError: as the port `VisionEngine.answer` says.
            Refused: another form of the request may be taken.
        """
        started = time.monotonic()
        status, headers, data = self._send(body, started + self._spec.total_seconds)
        try:
            answer = body_of(data)
        except WebPage as page:
            if status == 200:
                message = _short(
                    f"It answers with a web page{_titled(page)}: its address is a site's, or asks to log in."
                )
                raise EngineUnavailable(message, failure=failure(message)) from page
            answer = {"message": f"a web page{_titled(page)}"}
        except ValueError as error:
            if status == 200:
                raise failure("The engine failed: its answer is no JSON.") from error
            answer = {"message": data[:200].decode("utf-8", "replace")}
        found = error_in(answer)
        if status != 200:
            self._raise_for(status, found or BodyError("", "", None), headers, answer)
        if found is not None and found.status is not None:
            # Proxies send their headers before they know how it ends, hence the error within a success.
            self._raise_for(found.status, found, headers, answer)
        if found is not None:
            raise failure(_short(f"The engine answered with an error: {found.message or found.code}."))
        try:
            return completion_of(answer, model=self._spec.model, seconds=time.monotonic() - started)
        except ValueError as error:
            raise failure("The engine failed: its answer is no chat completion.") from error

    def models(self) -> tuple[str, ...] | None:
        """Return the names of the models it offers; None when it has no list.

        Raises:
            EngineUnavailable: it does not answer, refuses our key, or is something else than an endpoint.
        """
        timeout = httpx2.Timeout(_PROBE_SECONDS, connect=min(self._spec.connect_seconds, _PROBE_SECONDS))
        try:
            with self._client.stream("GET", "models", timeout=timeout) as response:
                content = _read(response, time.monotonic() + _PROBE_SECONDS)
        except _TooLong as error:
            raise EngineUnavailable(f"Its list of models is longer than {_MAX_ANSWER_BYTES // 2**20} MiB.") from error
        except (httpx2.TransportError, httpx2.DecodingError, OSError, *_CANNOT_BE_SENT) as error:
            raise EngineUnavailable(f"It cannot be reached: {_reason(error)}.") from error
        if response.status_code in {401, 403}:
            raise EngineUnavailable(f"It refuses our key (HTTP {response.status_code}).")
        if response.has_redirect_location:
            raise EngineUnavailable(self._redirected(response.status_code, response.headers))
        if response.status_code >= 500:
            raise EngineUnavailable(f"It answers HTTP {response.status_code}.")
        if response.status_code != 200:
            return None
        try:
            return tuple(str(entry["id"]) for entry in body_of(content)["data"])
        except WebPage as page:
            message = f"It answers with a web page{_titled(page)}: its address is a site's, or asks to log in."
            raise EngineUnavailable(_short(message)) from page
        except (ValueError, KeyError, TypeError):
            return None

    def close(self) -> None:
        with self._lock:
            if self._connected is not None:
                self._connected.close()

    @property
    def _client(self) -> httpx2.Client:
        """The HTTP client, made when it is first needed: what keeps it from being made may be mended meanwhile."""
        with self._lock:
            if self._connected is None:
                try:
                    self._connected = self._connect()
                except ValueError as error:
                    raise EngineUnavailable(_short(f"Its settings cannot be used: {error}.")) from error
            return self._connected

    def _connect(self) -> httpx2.Client:
        spec = self._spec
        headers = dict(spec.headers)
        if spec.key:
            headers["Authorization"] = f"Bearer {spec.key}"
        return httpx2.Client(
            base_url=spec.url.rstrip("/") + "/",
            headers=headers,
            timeout=httpx2.Timeout(spec.total_seconds, connect=spec.connect_seconds),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=spec.concurrency),
            # Authorities are slow to load, and nobody asks for them without TLS.
            verify=tls_context(spec)
            if "https" in {urlsplit(spec.url).scheme, urlsplit(spec.proxy or "").scheme}
            else False,
            # The key is meant for this address; and what the operator configured is all there is.
            follow_redirects=False,
            trust_env=False,
            proxy=spec.proxy,
        )

    def _send(self, body: dict[str, Any], deadline: float) -> tuple[int, httpx2.Headers, bytes]:
        try:
            with self._client.stream("POST", "chat/completions", json=body) as response:
                return response.status_code, response.headers, _read(response, deadline)
        except _TooLong as error:
            too_long = f"The engine failed: its answer is longer than {_MAX_ANSWER_BYTES // 2**20} MiB."
            raise failure(too_long) from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError, *_CANNOT_BE_SENT) as error:
            raise EngineUnavailable(f"It cannot be reached: {_reason(error)}.") from error
        except httpx2.TimeoutException as error:
            raise self._too_slow() from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            message = f"The engine failed: it hung up in the middle of its answer: {_reason(error)}."
            raise failure(_short(message)) from error

    def _too_slow(self) -> DescribeError:
        message = f"The engine did not answer within {self._spec.total_seconds:g} seconds."
        return DescribeError(message, DescriptionErrorType.TIMEOUT, retryable=True)

    def _raise_for(self, status: int, error: BodyError, headers: httpx2.Headers, body: Any) -> None:
        reason = _short(error.message or error.code)
        message = f"The engine answered HTTP {status}{': ' + reason if reason else ''}."
        if 300 <= status < 400:
            message = self._redirected(status, headers)
        raise failure_of(status, error, message, retry_after(headers, body))

    def _redirected(self, status: int, headers: httpx2.Headers) -> str:
        """Say where we are sent. We do not follow: the key is meant for the address that was configured."""
        try:
            target = urlsplit(headers.get("location", ""))
        except ValueError:
            target = urlsplit("")  # no address at all, such as "http://[::1"
        where = f"{target.scheme}://{target.hostname}{target.path}" if target.hostname else target.path
        return _short(f"It redirects to {where or 'nowhere'} (HTTP {status}): set its URL to where it really is.")


class _TooLong(Exception):
    """An answer is beyond what is read of one."""


def _read(response: httpx2.Response, deadline: float) -> bytes:
    """Return the body of an answer, of however many pieces.

    Raises:
        _TooLong: it is longer than `_MAX_ANSWER_BYTES`.
        httpx2.ReadTimeout: it was not over by the deadline, of the monotonic clock.
    """
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > _MAX_ANSWER_BYTES:
            raise _TooLong
        if time.monotonic() > deadline:
            raise httpx2.ReadTimeout("its answer takes too long")
    return bytes(data)


def _titled(page: WebPage) -> str:
    return f" ('{page.title[:80]}')" if page.title else ""


def _short(text: str) -> str:
    """Return text from outside, on one line, and without our key, which some endpoints repeat; then cut, not before."""
    return " ".join(redact(text).split())[:300]


def _reason(error: Exception) -> str:
    """Return what the HTTP library says, short; but not what it says of a request of ours, which it quotes."""
    if isinstance(error, httpx2.LocalProtocolError | UnicodeError):
        return "the request could not be sent as it is configured; look at its key and its headers"
    return _short(str(error)).rstrip(".") or type(error).__name__
