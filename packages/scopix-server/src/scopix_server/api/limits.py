"""How often, and how much at once: requests a minute and uploads at once for each key, under a ceiling for all keys of
a tenant; failures a minute for each address.

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

__all__ = ["UNLIMITED", "HeldResponses", "RateLimitHeaders", "RateLimits", "UploadSlots", "Window"]

UNLIMITED = 2_147_483_647
"""What the headers say where there is no limit: clients expect a number, and this is one for all of them."""

_MINUTE = 60
_HELD_RETRY_SECONDS = 5


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
        self._sensitive = sensitive_per_minute

    def count(self, scope: Scope, caller: Caller) -> None:
        """Count a request of a key and of its tenant; leave in `scope` what its answer's headers shall say.

        They tell of the narrower limit, the one of which less is left.

        Raises:
            RateLimited: the plan allows no more in this minute, to the key or to all keys of the tenant.
        """
        allowed = caller.plan.requests_per_minute
        if allowed is None:
            scope["rate_limit"] = Window(UNLIMITED, UNLIMITED, math.ceil(time.time() / _MINUTE) * _MINUTE)
            return
        self._hit_both(scope, caller, allowed, caller.plan.tenant_requests_per_minute, "requests")

    def count_sensitive(self, scope: Scope, caller: Caller) -> None:
        """Count a request that changes who may do what. The headers, and what is raised, are as above.

        A key that may make keys could else give each of them a limit of its own.
        """
        self.count_action(scope, caller, "sensitive", self._sensitive)

    def count_action(self, scope: Scope, caller: Caller, action: str, per_minute: int) -> None:
        """Count a request that is limited whatever the plan. The headers, and what is raised, are as above."""
        self._hit_both(scope, caller, per_minute, per_minute * (caller.plan.tenant_multiple or 1), action)

    def count_failure(self, scope: Scope) -> None:
        """Count a request that showed no valid key, by where it came from. Raises as `count`."""
        self._hit(scope, self._failures, "address", _source(scope))

    def standing(self, scope: Scope) -> Window:
        """Return what the headers of an answer to `scope` shall say."""
        window: Window | None = scope.get("rate_limit")
        # Nobody asked for a key: what may still fail is all that is limited.
        return window or self._window(self._failures, "address", _source(scope))

    def _hit_both(self, scope: Scope, caller: Caller, of_key: int, of_tenant: int | None, action: str) -> None:
        windows: list[Window] = [scope["rate_limit"]] if "rate_limit" in scope else []
        self._hit(scope, RateLimitItemPerMinute(of_key), action, "key", caller.key_id)
        windows.append(scope["rate_limit"])
        if of_tenant is not None:
            self._hit(scope, RateLimitItemPerMinute(of_tenant), action, "tenant", caller.tenant_id)
            windows.append(scope["rate_limit"])
        scope["rate_limit"] = min(windows, key=lambda window: (window.remaining, window.limit))

    def _hit(self, scope: Scope, item: RateLimitItemPerMinute, *who: str) -> None:
        allowed = self._limiter.hit(item, *who)
        window = scope["rate_limit"] = self._window(item, *who)
        if not allowed:
            whose = " by all keys of the tenant together" if "tenant" in who else ""
            raise _limited(item.amount, window.reset, f"More than {item.amount} requests in a minute{whose}.")

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
    """Counts the uploads under way for each key and for each tenant. For the event loop alone."""

    def __init__(self) -> None:
        self._of_key: Counter[str] = Counter()
        self._of_tenant: Counter[str] = Counter()

    @contextmanager
    def taken(self, caller: Caller) -> Iterator[None]:
        """Hold one of the key's slots, and one of its tenant's.

        Raises:
            ConcurrentUploads: all of them are held.
        """
        plan = caller.plan
        self._check(self._of_key[caller.key_id], plan.concurrent_uploads, "this key")
        self._check(self._of_tenant[caller.tenant_id], plan.tenant_concurrent_uploads, "all keys of the tenant")
        held = ((self._of_key, caller.key_id), (self._of_tenant, caller.tenant_id))
        for counts, holder in held:
            counts[holder] += 1
        try:
            yield
        finally:
            for counts, holder in held:
                counts[holder] -= 1
                if not counts[holder]:
                    del counts[holder]

    @staticmethod
    def _check(taken: int, allowed: int | None, whose: str) -> None:
        if allowed is not None and taken >= allowed:
            message = f"{allowed} uploads of {whose} are under way already. Wait until one has ended."
            raise ConcurrentUploads(message, limit=allowed, retry_after=1)


class HeldResponses:
    """Answers that are held open: event streams, and requests that wait. For the event loop alone.

    Each costs a connection, and up to ten looks a second at the database. As with uploads a tenant may hold as many as
    are still free: one alone half of them, and whoever comes next finds room. All together are a quarter of the
    connections, so that they never fill a server.
    """

    def __init__(self, connections: int) -> None:
        self._maximum = connections // 4
        self._held: Counter[str] = Counter()

    def has_room(self, tenant_id: str) -> bool:
        """Whether the tenant may hold another."""
        return self._held[tenant_id] < self._maximum - self._held.total()

    def require(self, tenant_id: str) -> None:
        """Raise RateLimited when the tenant may hold no other."""
        if not self.has_room(tenant_id):
            own = self._held[tenant_id]
            message = f"{own} of your answers are held open (event streams, and requests that wait). Close some first."
            raise RateLimited(message, limit=own, retry_after=_HELD_RETRY_SECONDS)

    @contextmanager
    def held(self, tenant_id: str) -> Iterator[None]:
        """Hold one for as long as the context lasts."""
        self._held[tenant_id] += 1
        try:
            yield
        finally:
            self._held[tenant_id] -= 1
            if not self._held[tenant_id]:
                del self._held[tenant_id]


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
