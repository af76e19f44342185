"""A circuit breaker: after enough failures in a row, calls are refused for a while. The caller brings the clock."""

from dataclasses import dataclass
from enum import Enum

from scopix._errors import CircuitBreakerError

__all__ = ["BreakerState", "CircuitBreaker", "refuse_while_open"]


class BreakerState(Enum):
    """Closed lets calls through, open refuses them, half-open lets them through on probation."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class CircuitBreaker:
    """The breaker of one endpoint. Times are seconds of a clock that never goes back.

    It opens after `failure_threshold` failures in a row, is on probation from `open_seconds` later, and closes after
    `success_threshold` successes; one failure on probation opens it again.
    """

    failure_threshold: int
    success_threshold: int
    open_seconds: float
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    successes: int = 0
    opened_at: float = 0.0

    def seconds_to_wait(self, now: float) -> float:
        """0 when a call may go out; else how long the breaker stays open. Moves open to half-open when it is time."""
        if self.state is not BreakerState.OPEN:
            return 0.0
        left = self.opened_at + self.open_seconds - now
        if left > 0:
            return left
        self.state = BreakerState.HALF_OPEN
        self.successes = 0
        return 0.0

    def record_success(self) -> None:
        """The endpoint answered."""
        self.failures = 0
        if self.state is not BreakerState.HALF_OPEN:
            return
        self.successes += 1
        if self.successes >= self.success_threshold:
            self.state = BreakerState.CLOSED

    def record_failure(self, now: float) -> None:
        """The endpoint did not answer, or answered that it failed."""
        self.failures += 1
        if self.state is BreakerState.HALF_OPEN or self.failures >= self.failure_threshold:
            self.state = BreakerState.OPEN
            self.opened_at = now


def refuse_while_open(breaker: CircuitBreaker, endpoint: str, *, now: float) -> None:
    """Raise `CircuitBreakerError` while the breaker of this endpoint is open."""
    wait = breaker.seconds_to_wait(now)
    if wait > 0:
        raise CircuitBreakerError(
            f"{endpoint} failed {breaker.failures} times in a row; not asked again for {wait:.0f} s",
            endpoint=endpoint,
            retry_after=wait,
        )
