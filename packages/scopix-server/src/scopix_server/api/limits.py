"""How often, and how much at once: requests a minute for each key, failures a minute for each address, uploads at once.

Counted in the memory of the web process: a restart begins anew.
"""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scopix_server.domain.errors import ConcurrentUploads, RateLimited
from scopix_server.domain.tenant import Caller

__all__ = ["UNLIMITED", "RateLimitHeaders", "RateLimits", "UploadSlots", "Window"]

UNLIMITED = 2_147_483_647
"""What the headers say where there is no limit: clients expect a number, and this is one for all of them."""

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Window:
    """Where a minute's allowance stands. `reset` is the Unix time at which the next minute begins."""

    limit: int
    remaining: int
    reset: int


class RateLimits:
    """Counts requests in fixed minutes; each begins with the first request in it. Good for all threads."""

    def __init__(self, failures_per_minute: int, sensitive_per_minute: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._failures = RateLimitItemPerMinute(failures_per_minute)
        self._sensitive = RateLimitItemPerMinute(sensitive_per_minute)

    def count(self, scope: Scope, caller: Caller) -> None:
        """Count a request of a key, and leave in `scope` what its answer's headers shall say.

        Raises:
            RateLimited: the plan allows no more in this minute.
        """
        allowed = caller.plan.requests_per_minute
        if allowed is None:
            scope["rate_limit"] = Window(UNLIMITED, UNLIMITED, math.ceil(time.time() / _MINUTE) * _MINUTE)
            return
        self._hit(scope, RateLimitItemPerMinute(allowed), "key", caller.key_id)

    def count_sensitive(self, scope: Scope, caller: Caller) -> None:
        """Count a request that changes who may do what. The headers tell of the narrower limit. Raises as `count`."""
        self._hit_too(scope, self._sensitive, "sensitive", caller.key_id)

    def count_action(self, scope: Scope, caller: Caller, action: str, per_minute: int) -> None:
        """Count a request that is limited whatever the plan. The headers, and what is raised, are as above."""
        self._hit_too(scope, RateLimitItemPerMinute(per_minute), action, caller.key_id)

    def count_failure(self, scope: Scope) -> None:
        """Count a request that showed no valid key, by where it came from. Raises as `count`."""
        self._hit(scope, self._failures, "address", _source(scope))

    def standing(self, scope: Scope) -> Window:
        """Return what the headers of an answer to `scope` shall say."""
        window: Window | None = scope.get("rate_limit")
        # Nobody asked for a key: what may still fail is all that is limited.
        return window or self._window(self._failures, "address", _source(scope))

    def _hit_too(self, scope: Scope, item: RateLimitItemPerMinute, *who: str) -> None:
        general: Window = scope["rate_limit"]
        self._hit(scope, item, *who)
        scope["rate_limit"] = min(scope["rate_limit"], general, key=lambda window: window.remaining)

    def _hit(self, scope: Scope, item: RateLimitItemPerMinute, *who: str) -> None:
        allowed = self._limiter.hit(item, *who)
        window = scope["rate_limit"] = self._window(item, *who)
        if not allowed:
            raise _limited(item.amount, window.reset, f"More than {item.amount} requests in a minute.")

    def _window(self, item: RateLimitItemPerMinute, *who: str) -> Window:
        now = time.time()
        stats = self._limiter.get_window_stats(item, *who)
        # The library names the present for a minute that has not begun.
        reset = stats.reset_time if stats.reset_time > now else now + _MINUTE
        return Window(item.amount, stats.remaining, math.ceil(reset))


def _limited(limit: int, reset: int, message: str) -> RateLimited:
    seconds = max(1, math.ceil(reset - time.time()))
    return RateLimited(f"{message} Try again in {seconds} seconds.", limit=limit, retry_after=seconds)


class UploadSlots:
    """Counts the uploads under way for each key. For the event loop alone."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, caller: Caller) -> Iterator[None]:
        """Hold one of the key's slots.

        Raises:
            ConcurrentUploads: all of them are held.
        """
        allowed = caller.plan.concurrent_uploads
        if allowed is not None and self._taken[caller.key_id] >= allowed:
            raise ConcurrentUploads(
                f"{allowed} uploads of this key are under way already. Wait until one has ended.",
                limit=allowed,
                retry_after=1,
            )
        self._taken[caller.key_id] += 1
        try:
            yield
        finally:
            self._taken[caller.key_id] -= 1
            if not self._taken[caller.key_id]:
                del self._taken[caller.key_id]


class RateLimitHeaders:
    """Tells every answer's reader what is left."""

    def __init__(self, app: ASGIApp, rates: RateLimits) -> None:
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                window = self._rates.standing(scope)
                headers = MutableHeaders(scope=message)
                headers["X-RateLimit-Limit"] = str(window.limit)
                headers["X-RateLimit-Remaining"] = str(window.remaining)
                headers["X-RateLimit-Reset"] = str(window.reset)
            await send(message)

        await self._app(scope, receive, send_with_limits)


def _source(scope: Scope) -> str:
    host: str = (scope.get("client") or ("unknown",))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        # Whoever has one address of IPv6 has a whole network of them.
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return host
