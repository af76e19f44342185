"""Whether to try again, and after how long. Pure: no clock, no chance, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scopix._errors import QUOTA_CODES

__all__ = ["MAX_WAIT", "Outcome", "RetryPolicy", "parse_retry_after"]

MAX_WAIT = 60.0

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt went wrong: `status` None means that no answer came. `code` is the error body's, if any.

    `retry_after` is the server's wish in seconds, None when it named none.
    """

    status: int | None
    code: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `max_retries` repetitions; the first waits about `delay` seconds, each further one twice as long."""

    max_retries: int
    delay: float

    def wait_before_next(self, attempt: int, outcome: Outcome, *, repeatable: bool, chance: float) -> float | None:
        """Seconds to wait before the next attempt, or None to stop.

        `attempt` counts from 1; `repeatable` says that sending twice does no harm; `chance` in 0..1 spreads clients
        that failed together over the second half of the waiting time.
        """
        if attempt > self.max_retries or not repeatable or not _is_transient(outcome):
            return None
        if outcome.retry_after is not None:
            # A server that asks for longer than that has refused: the caller must hear of it now.
            return outcome.retry_after if outcome.retry_after <= MAX_WAIT else None
        # Beyond 2^30 every delay is far past the cap, and a float would overflow in the end.
        maximum = min(MAX_WAIT, self.delay * 2.0 ** min(attempt - 1, 30))
        return maximum * (0.5 + 0.5 * chance)


def parse_retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """The header's seconds, or the seconds from `now` to its HTTP date (never negative); None when unreadable."""
    value = (headers.get("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _is_transient(outcome: Outcome) -> bool:
    if outcome.status is None:
        return True
    if outcome.code in QUOTA_CODES:
        return False
    # A conflict with a Retry-After says that the first attempt, whose answer was lost, is still being worked on.
    return outcome.status in _TRANSIENT or (outcome.status == 409 and outcome.retry_after is not None)
