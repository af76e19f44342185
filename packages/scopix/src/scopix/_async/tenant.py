"""`client.tenant`: the tenant that the key belongs to."""

from functools import cached_property

from scopix._async.raw import TenantWithRawResponse
from scopix._async.transport import AsyncTransport
from scopix._config import ClientConfig
from scopix._request import Request, parse_response
from scopix.types.tenant import TenantLimits

__all__ = ["AsyncTenant"]


class AsyncTenant:
    """The tenant itself. Reached as `client.tenant`."""

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    @cached_property
    def with_raw_response(self) -> TenantWithRawResponse:
        """The same calls, each giving a `RawResponse`."""
        return TenantWithRawResponse(self)

    async def limits(self) -> TenantLimits:
        """The tenant's plan, all its limits, and how much of them is used this month. None is unlimited."""
        request = Request(method="GET", url=f"{self._config.url}/tenant/limits", endpoint="GET /tenant/limits")
        return parse_response(TenantLimits, await self._transport.send(request))
