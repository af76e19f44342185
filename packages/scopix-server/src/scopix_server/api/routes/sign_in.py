"""Signing in to the page by the one-time link of `scopix-server serve --open`."""

from datetime import timedelta
from ipaddress import ip_address

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from scopix.types.keys import CreatedApiKey
from scopix_server.api import key_shapes
from scopix_server.api.dependencies import ApiKeysDep, OneTimeDep, RatesDep
from scopix_server.domain.errors import DomainError, Forbidden

__all__ = ["router"]

router = APIRouter(prefix="/auth", tags=["api keys"])

_KEY_LIFETIME = timedelta(hours=12)
"""A working day: the page asks for a key again on the next."""


# For our own page alone, so it is left out of the document that other clients are made from.
@router.post("/one-time", response_model=CreatedApiKey, include_in_schema=False)
async def redeem_one_time_link(
    request: Request, one_time: OneTimeDep, keys: ApiKeysDep, rates: RatesDep
) -> CreatedApiKey:
    """Give a key for the token in `Authorization: Bearer`, once, to the page on the server's own machine."""
    try:
        _check_origin(request)
        tenant_id = one_time.redeem(request.headers.get("Authorization", "").removeprefix("Bearer "))
    except DomainError:
        rates.count_failure(request.scope)
        raise
    key, made = await run_in_threadpool(lambda: keys.issue(tenant_id, "page (one-time link)", lifetime=_KEY_LIFETIME))
    return key_shapes.created_key(key, made)


def _check_origin(request: Request) -> None:
    peer = request.client.host if request.client else ""
    try:
        is_local = ip_address(peer).is_loopback
    except ValueError:
        is_local = False
    # Browsers say where a request comes from, and let no page of another origin say otherwise.
    if not is_local or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise Forbidden("One-time links are for the page on the server's own machine. Sign in with an API key.")
