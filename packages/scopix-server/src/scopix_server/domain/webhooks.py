"""Webhooks: addresses of a tenant's that are told what happened to its files.

A message is written in the transaction in which it happened, so it is sent if, and only if, it happened; at least once,
in no certain order. It is signed as the Standard Webhooks specification (version 1) says.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

__all__ = [
    "MAX_WEBHOOKS",
    "RETRY_DELAYS",
    "WEBHOOK_SECRET",
    "Attempt",
    "Delivery",
    "DeliveryStatus",
    "EventType",
    "Webhook",
    "next_attempt",
]

MAX_WEBHOOKS = 10
"""So many a tenant may have."""

RETRY_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 36_000))
"""The pauses after each attempt that failed; after the last one, a good day after the first, it is given up."""

WEBHOOK_SECRET = "webhook secret"  # noqa: S105
"""What the secrets are encrypted for: what was sealed for another purpose does not open as one."""

_MAX_WISH = timedelta(hours=1)


class EventType(str, Enum):
    """What a webhook may be told."""

    FILE_DESCRIBED = "file.described"
    FILE_FAILED = "file.failed"
    FILE_DAMAGED = "file.damaged"
    SESSION_ENDED = "session.ended"
    RULE_MATCHED = "rule.matched"  # sent to the webhook that the rule names, whatever it listens to
    PING = "webhook.ping"  # asked for by the owner, sent whatever the webhook listens to


class DeliveryStatus(str, Enum):
    """Where a message is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address and what it listens to. `sealed_secret` is what its messages are signed with, encrypted."""

    id: str
    tenant_id: str
    url: str
    description: str | None
    events: tuple[EventType, ...]
    sealed_secret: str
    key_id: str
    is_active: bool
    created_at: datetime
    disabled_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook; `payload` is the exact body. Its id is the same at each attempt."""

    id: str
    tenant_id: str
    webhook_id: str
    event_type: EventType
    payload: str
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None = None
    last_status_code: int | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one delivery: the answer's status, or why there was none. `retry_after` is the receiver's wish."""

    at: datetime
    duration_ms: int
    status_code: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the receiver has taken the message."""
        return self.status_code is not None and 200 <= self.status_code < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing more, ever (410)."""
        return self.status_code == 410


def next_attempt(made: int, last: Attempt, delays: tuple[timedelta, ...] = RETRY_DELAYS) -> datetime | None:
    """Return when to try again after `made` attempts, of which `last` failed; None when it is given up."""
    if made > len(delays) or last.is_gone:
        return None
    wish = min(last.retry_after or timedelta(), _MAX_WISH)
    return last.at + max(delays[made - 1], wish)
