"""Talking to an OpenAI-compatible endpoint over HTTP, and telling its failures apart.

Who is to blame decides what happens next (contract 5.2): an endpoint that cannot be reached is unavailable, whatever
the image; "too many requests" means later; a wrong answer is a failure of this image's attempt. Where a status leaves
that open (a 502 may be the endpoint's end or this image's), whoever catches the failure probes.
"""

import json
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.engines import EngineBusy, EngineSpec, EngineUnavailable
from scopix_server.domain.errors import DescribeError

__all__ = ["ChatEndpoint", "Completion", "Refused"]

_MAX_ANSWER_BYTES = 4 * 1024 * 1024
_MAX_RETRY_AFTER = 3600.0
_PROBE_SECONDS = 10.0
_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "quota_exceeded"})
_GATEWAY = frozenset({502, 503, 504})  # somebody between us and the engine speaks, or the engine is still loading


class Refused(Exception):
    """The endpoint does not take the request as it is (HTTP 4xx): perhaps another form of it, perhaps no other."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer: the text, why it ended ("stop", "length", ...), and the endpoint's own count of tokens."""

    content: str
    finish_reason: str
    model: str
    input_tokens: int | None
    output_tokens: int | None
    seconds: float


class ChatEndpoint:
    """`POST /chat/completions` and `GET /models` under one base URL. Threads may share it."""

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec
        headers = dict(spec.headers)
        if spec.key:
            headers["Authorization"] = f"Bearer {spec.key}"
        self._client = httpx2.Client(
            base_url=spec.url.rstrip("/") + "/",
            headers=headers,
            timeout=httpx2.Timeout(spec.total_seconds, connect=spec.connect_seconds),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=spec.concurrency),
            # The key is meant for this address; and what the operator configured is all there is.
            follow_redirects=False,
            trust_env=False,
            proxy=spec.proxy,
        )

    def complete(self, body: dict[str, Any]) -> Completion:
        """Ask, and read the answer.

        Raises:
            EngineUnavailable, EngineBusy, DescribeError: as the port `VisionEngine.answer` says.
            Refused: another form of the request may be taken.
        """
        started = time.monotonic()
        status, headers, data = self._send(body, started + self._spec.total_seconds)
        if status != 200:
            self._raise_for(status, headers, data)
        return self._completion(data, time.monotonic() - started)

    def models(self) -> tuple[str, ...] | None:
        """Return the names of the models it offers; None when it has no list.

        Raises:
            EngineUnavailable: it does not answer, or refuses our key.
        """
        timeout = httpx2.Timeout(_PROBE_SECONDS, connect=min(self._spec.connect_seconds, _PROBE_SECONDS))
        try:
            response = self._client.get("models", timeout=timeout)
        except (httpx2.TransportError, httpx2.InvalidURL, OSError) as error:
            raise EngineUnavailable(self._told(f"It cannot be reached: {_reason(error)}.")) from error
        if response.status_code in {401, 403}:
            raise EngineUnavailable(f"It refuses our key (HTTP {response.status_code}).")
        if response.status_code >= 500:
            raise EngineUnavailable(f"It answers HTTP {response.status_code}.")
        if response.status_code != 200:
            return None
        try:
            listed = response.json()
            return tuple(str(entry["id"]) for entry in listed["data"])
        except (ValueError, KeyError, TypeError):
            return None

    def close(self) -> None:
        self._client.close()

    def _send(self, body: dict[str, Any], deadline: float) -> tuple[int, httpx2.Headers, bytes]:
        data = bytearray()
        try:
            with self._client.stream("POST", "chat/completions", json=body) as response:
                for chunk in response.iter_bytes():
                    data += chunk
                    if len(data) > _MAX_ANSWER_BYTES:
                        raise _failure(f"its answer is longer than {_MAX_ANSWER_BYTES // 2**20} MiB")
                    if time.monotonic() > deadline:
                        raise self._too_slow()
                return response.status_code, response.headers, bytes(data)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            raise EngineUnavailable(self._told(f"It cannot be reached: {_reason(error)}.")) from error
        except httpx2.TimeoutException as error:
            raise self._too_slow() from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise _failure(self._told(f"it hung up in the middle of its answer: {_reason(error)}")) from error

    def _too_slow(self) -> DescribeError:
        message = f"The engine did not answer within {self._spec.total_seconds:g} seconds."
        return DescribeError(message, DescriptionErrorType.TIMEOUT, retryable=True)

    def _raise_for(self, status: int, headers: httpx2.Headers, data: bytes) -> None:
        code, said = _error_of(data)
        said = self._told(said)
        message = f"The engine answered HTTP {status}{': ' + said if said else ''}."
        if status == 402 or code in _QUOTA_CODES:
            raise DescribeError(message, DescriptionErrorType.RESOURCE_LIMIT, retryable=False)
        if status == 429:
            raise EngineBusy(message, _retry_after(headers))
        slow = status in {408, 504}
        kind = DescriptionErrorType.TIMEOUT if slow else DescriptionErrorType.VLM_ERROR
        failure = DescribeError(message, kind, retryable=True)
        if status in _GATEWAY:
            raise EngineUnavailable(message, failure=failure)
        if status == 401:
            failure = DescribeError(message, DescriptionErrorType.UNKNOWN, retryable=False)
            raise EngineUnavailable(f"It refuses our key. {message}", failure=failure)
        if status >= 500 or slow:
            raise failure
        if status >= 400:
            raise Refused(status, message)
        raise _failure(f"it answered HTTP {status}")

    def _completion(self, data: bytes, seconds: float) -> Completion:
        try:
            body = json.loads(data)
            if isinstance(body, dict) and body.get("error") and not body.get("choices"):
                _, said = _error_of(data)
                raise _failure(self._told(f"it answered with an error: {said}"))
            choice = body["choices"][0]
            message = choice["message"]
            usage = body.get("usage") or {}
            return Completion(
                content=_text_of(message.get("content")),
                finish_reason=str(choice.get("finish_reason") or "stop"),
                model=str(body.get("model") or self._spec.model),
                input_tokens=_count(usage.get("prompt_tokens")),
                output_tokens=_count(usage.get("completion_tokens")),
                seconds=seconds,
            )
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise _failure("its answer is no chat completion") from error

    def _told(self, text: str) -> str:
        """Return text from outside, short, on one line, and without our key, which some endpoints repeat."""
        key = self._spec.key
        return " ".join((text.replace(key, "***") if key else text).split())[:300]


def _failure(what: str) -> DescribeError:
    return DescribeError(f"The engine failed: {what}.", DescriptionErrorType.VLM_ERROR, retryable=True)


def _reason(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _error_of(data: bytes) -> tuple[str, str]:
    """Return the code and the message of an error body, whatever its shape; both may be empty."""
    try:
        body = json.loads(data)
    except ValueError:
        return "", data[:200].decode("utf-8", "replace")
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        said = error.get("message") or error.get("detail") or ""
        return str(error.get("code") or error.get("type") or ""), str(said).rstrip(".")
    return "", str(error).rstrip(".")


def _text_of(content: object) -> str:
    if isinstance(content, list):
        # Some endpoints answer in parts, as questions are asked.
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _retry_after(headers: httpx2.Headers) -> float | None:
    """Return the seconds that the endpoint asks us to wait: `retry-after-ms`, `retry-after` in seconds or as a date."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return _within(float(milliseconds) / 1000)
        value = headers.get("retry-after", "").strip()
        if not value:
            return None
        if value.replace(".", "", 1).isdigit():
            return _within(float(value))
        return _within(parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _within(seconds: float) -> float:
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER)
