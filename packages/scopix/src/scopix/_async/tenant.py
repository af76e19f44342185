"""`client.tenant`: the tenant that the key belongs to."""

from scopix._async.transport import AsyncTransport
from scopix._call import Call, parse_answer
from scopix._config import ClientConfig
from scopix.types.tenant import TenantLimits

__all__ = ["AsyncTenant"]


class AsyncTenant:
    """The tenant itself. Reached as `client.tenant`."""

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    async def limits(self) -> TenantLimits:
        """The tenant's plan, all its limits, and how much of them is used this month. None is unlimited."""
        call = Call(method="GET", url=f"{self._config.url}/tenant/limits", endpoint="GET /tenant/limits")
        return parse_answer(TenantLimits, await self._transport.send(call))
