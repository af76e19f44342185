"""What an endpoint's refusal means: whose fault it is, and when to come back.

What the endpoint's address, key, account or model is to blame for is nobody's fault who uploads a picture
(`EngineUnavailable`). Where a status leaves that open, the exception carries the failure that it is for the image if
the image is to blame; whoever catches it finds out by asking about a picture that is known (`jobs/engine_gate.py`).
"""

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.engines import EngineBusy, EngineUnavailable
from scopix_server.domain.errors import DescribeError
from scopix_server.vlm.completions import BodyError

__all__ = ["Refused", "failure", "failure_of", "retry_after"]

_MAX_RETRY_AFTER = 3600.0
"""Whatever an endpoint asks for, it is asked again every hour: by then somebody may have paid, or raised its limit."""
_QUOTA_CODES = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exceeded", "insufficient_credits"}
)
# Somebody between us and the engine speaks, or the engine is still loading or too busy.
_GATEWAY = frozenset({502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530})
_NOT_THERE = frozenset({404, 405, 410})
_AGAIN = frozenset({409, 423, 425})
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_CONTEXT = re.compile(r"context.{0,20}(?:size|length|window|limit)|(?:prompt|input).{0,20}too long", re.IGNORECASE)


class Refused(Exception):
    """The endpoint does not take the request as it is: perhaps another form of it, perhaps no other.

    `final` is what it means when no other form is taken.
    """

    def __init__(self, status: int, code: str, message: str, final: DescribeError | EngineUnavailable) -> None:
        super().__init__(status, message)
        self.status = status
        self.code = code
        self.message = message
        self.final = final


def failure_of(status: int, error: BodyError, message: str, seconds: float | None) -> Exception:
    """Return what a status that is not 200 means.

    Args:
        error: what the body tells; its code decides where the status alone does not.
        message: for people, without secrets.
        seconds: for how long the endpoint wants to be left alone, if it said so.
    """
    if 300 <= status < 400:
        return EngineUnavailable(message, failure=failure(message))
    if status in {401, 407}:
        final = DescribeError(message, DescriptionErrorType.UNKNOWN, retryable=False)
        return EngineUnavailable(f"It refuses our key. {message}", failure=final)
    if status == 402 or error.code.lower() in _QUOTA_CODES:
        final = DescribeError(message, DescriptionErrorType.RESOURCE_LIMIT, retryable=False)
        return EngineUnavailable(f"Its account has no credit left. {message}", failure=final, seconds=seconds)
    if status == 429:
        return EngineBusy(message, seconds)
    if status in _GATEWAY:
        kind = DescriptionErrorType.TIMEOUT if status in {504, 524} else DescriptionErrorType.VLM_ERROR
        final = DescribeError(message, kind, retryable=True)
        return EngineUnavailable(message, failure=final, seconds=seconds)
    if status == 408:
        return DescribeError(message, DescriptionErrorType.TIMEOUT, retryable=True)
    if status in _NOT_THERE:
        address = f"There is nothing to ask at its address; most end in /v1. {message}"
        return Refused(status, error.code, message, EngineUnavailable(address, failure=failure(message)))
    if status < 400 or status in _AGAIN:
        return failure(message)
    if status < 500 or _CONTEXT.search(error.message):
        # The same request would be refused again.
        final = DescribeError(message, DescriptionErrorType.VALIDATION_ERROR, retryable=False)
        return Refused(status, error.code, message, final)
    return Refused(status, error.code, message, failure(message))


def failure(message: str) -> DescribeError:
    """Return a failure of this attempt; another may succeed."""
    return DescribeError(message, DescriptionErrorType.VLM_ERROR, retryable=True)


def retry_after(headers: Mapping[str, str], body: Any = None) -> float | None:
    """Return the seconds that the endpoint asks us to wait, None if it does not say.

    They stand in `retry-after-ms`, in `retry-after` (seconds, a date, or with a unit), or in the body as Gemini's
    `retryDelay`. More than an hour counts as an hour.
    """
    try:
        if milliseconds := headers.get("retry-after-ms"):
            requested = float(milliseconds) / 1000
            if not math.isnan(requested):
                return _within(requested)
    except ValueError:
        pass
    for value in (headers.get("retry-after", "").strip(), *_delays_in(body)):
        if not value:
            continue
        if (seconds := _seconds_of(value)) is not None:
            return seconds
    return None


def _delays_in(body: Any) -> list[str]:
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    return [
        str(detail["retryDelay"])
        for detail in (details if isinstance(details, list) else ())
        if isinstance(detail, dict) and detail.get("retryDelay")
    ]


def _seconds_of(value: str) -> float | None:
    if found := re.fullmatch(r"([+-]?\d{1,18}(?:\.\d*)?)\s*(ms|s|m|h)?", value):
        return _within(float(found[1]) * _UNITS[found[2] or "s"])
    try:
        return _within(parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _within(seconds: float) -> float:
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER)
