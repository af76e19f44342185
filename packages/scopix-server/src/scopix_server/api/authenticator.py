"""Who is calling: the tenant and the rights come from the key, and from nothing else."""

from datetime import UTC, datetime

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from scopix_server.api.known_keys import KnownKeys
from scopix_server.api.limits import RateLimits
from scopix_server.api.usage import UseCounter
from scopix_server.domain.errors import DeactivatedApiKey, ExpiredApiKey, InvalidApiKey, MissingApiKey
from scopix_server.domain.plans import PlanTable
from scopix_server.domain.tenant import Caller, key_prefix_of
from scopix_server.domain.turn import Priority, Turn, take_turn

__all__ = ["Authenticator"]

_SCOPE_KEY = "scopix_caller"
_NOT_LET_IN = (MissingApiKey, InvalidApiKey, ExpiredApiKey, DeactivatedApiKey)


class Authenticator:
    """Tells callers by their keys, and counts what they ask."""

    def __init__(self, known_keys: KnownKeys, plans: PlanTable, uses: UseCounter, rates: RateLimits) -> None:
        self.known_keys = known_keys
        self.uses = uses
        self._plans = plans
        self._rates = rates

    async def identify(self, request: Request) -> Caller:
        """Return who calls, looked up once a request. Raises as `authenticate`, of somebody who is not let in."""
        known: Caller | Exception | None = request.scope.get(_SCOPE_KEY)
        if known is None:
            try:
                known = await self.look_up(_presented_key(request))
            except Exception as error:  # whatever it was, asking again would be the same work
                known = error
            request.scope[_SCOPE_KEY] = known
        if isinstance(known, Exception):
            raise known
        return known

    async def let_in(self, request: Request) -> Caller:
        """Return who calls, whatever the key's scopes, and count the request. Raises as `authenticate`, but
        Forbidden."""
        try:
            caller = await self.identify(request)
        except _NOT_LET_IN:
            self._rates.count_failure(request.scope)
            raise
        self.uses.note(caller.key_id)
        self._rates.count(request.scope, caller)
        return caller

    async def authenticate(self, request: Request, scope: str, *, sensitive: bool = False) -> Caller:
        """Return who calls, if the key has the scope; count the request, and let what follows be the tenant's turn.

        Raises:
            MissingApiKey, InvalidApiKey, ExpiredApiKey, DeactivatedApiKey: the caller is not let in.
            RateLimited: too many requests in this minute.
            Forbidden: the key lacks the scope.
        """
        caller = await self.let_in(request)
        if sensitive:
            self._rates.count_sensitive(request.scope, caller)
        caller.require(scope)
        take_turn(Turn(caller.tenant_id, Priority.INTERACTIVE))
        return caller

    async def look_up(self, key: str) -> Caller:
        """Return whose key it is. Raises InvalidApiKey, ExpiredApiKey, DeactivatedApiKey."""
        prefix = key_prefix_of(key)
        found = self.known_keys.recent(prefix) if prefix else None
        if prefix and found is None:
            found = await run_in_threadpool(self.known_keys.look_up, prefix)
        if found is None:
            raise InvalidApiKey
        held, tenant = found
        held.admit(key, datetime.now(UTC))
        return Caller(tenant.id, held.id, held.scopes, self._plans.of(tenant.plan))


def _presented_key(request: Request) -> str:
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    if not kind:
        raise MissingApiKey
    if kind.lower() != "bearer" or not key.strip():
        raise InvalidApiKey("The Authorization header must read 'Bearer scopix_...'.")
    return key.strip()
