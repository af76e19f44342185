"""An answer outside 2xx → the error to raise. Any body will do: Scopix's own, a proxy's HTML page, nothing at all."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from scopix._errors import (
    QUOTA_CODES,
    AuthenticationError,
    ConflictError,
    PaymentRequiredError,
    QuotaExceededError,
    RateLimitError,
    ResourceNotFoundError,
    ScopixError,
    ScopixPermissionError,
    ScopixTimeoutError,
    ServerError,
    ValidationError,
)

__all__ = ["error_from_response", "read_code"]

_BY_STATUS: dict[int, Callable[..., ScopixError]] = {
    400: ValidationError,
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: ScopixPermissionError,
    404: ResourceNotFoundError,
    408: ScopixTimeoutError,
    409: ConflictError,
    413: ValidationError,
    415: ValidationError,
    422: ValidationError,
}


def error_from_response(
    status: int, headers: Mapping[str, str], body: bytes, *, retry_after: float | None = None
) -> ScopixError:
    """The most fitting error. The code decides before the status, since proxies and versions disagree on statuses.

    `headers` must look names up in any case; `details` of the error carries `http_status`, `request_id`,
    `server_code` and whatever details the server gave.
    """
    envelope = _read_envelope(body)
    problem = _as_dict(envelope.get("error"))
    code = problem.get("code") if isinstance(problem.get("code"), str) else None
    message = problem.get("message") if isinstance(problem.get("message"), str) else None
    details = {**_as_dict(problem.get("details")), "http_status": status}
    named = envelope.get("request_id")
    request_id = named if isinstance(named, str) and named else headers.get("x-request-id")
    if request_id:
        details["request_id"] = request_id
    if code:
        details["server_code"] = code
    suggestion = envelope.get("suggestion")
    if isinstance(suggestion, dict):
        details.setdefault("suggestion", suggestion)
    message = message or _describe(status, headers, body)
    if code in QUOTA_CODES:
        return QuotaExceededError(message, details=details)
    if status == 429:
        return _rate_limit_error(message, details, headers, retry_after)
    if status in _BY_STATUS:
        return _BY_STATUS[status](message, details=details)
    if status >= 500:
        return ServerError(message, details=details)
    return ScopixError(code or f"HTTP_{status}", message, details=details)


def read_code(body: bytes) -> str | None:
    """The error code in a body, or None."""
    code = _as_dict(_read_envelope(body).get("error")).get("code")
    return code if isinstance(code, str) else None


def _rate_limit_error(
    message: str, details: dict[str, Any], headers: Mapping[str, str], retry_after: float | None
) -> RateLimitError:
    return RateLimitError(
        message,
        details=details,
        retry_after=retry_after,
        limit=_read_whole(headers, "x-ratelimit-limit"),
        remaining=_read_whole(headers, "x-ratelimit-remaining"),
        reset=_read_whole(headers, "x-ratelimit-reset"),
    )


def _read_envelope(body: bytes) -> dict[str, Any]:
    try:
        return _as_dict(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def _as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _describe(status: int, headers: Mapping[str, str], body: bytes) -> str:
    # The body itself stays out: a proxy's page is long, is no sentence, and may hold anything.
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    kind = (headers.get("content-type") or "no content type").split(";")[0]
    return f"HTTP {phrase}, without an error body of Scopix ({len(body)} bytes, {kind})"


def _read_whole(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    # Twenty digits hold any count or time there is; more would only be there to make `int` work hard.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
