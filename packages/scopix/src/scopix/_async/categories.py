"""`client.categories`: the content categories of the server."""

from functools import cached_property

from scopix._async.raw import CategoriesWithRawResponse
from scopix._async.transport import AsyncTransport
from scopix._config import ClientConfig
from scopix._request import Request, parse_response
from scopix.types.categories import CategoryList

__all__ = ["AsyncCategories"]


class AsyncCategories:
    """The content categories that the server knows. Reached as `client.categories`."""

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    @cached_property
    def with_raw_response(self) -> CategoriesWithRawResponse:
        """The same call, giving a `RawResponse`."""
        return CategoriesWithRawResponse(self)

    async def list(self) -> CategoryList:
        """All of them, those of the server's own files among them, each with the schema of its `category_data`."""
        request = Request(method="GET", url=f"{self._config.url}/categories", endpoint="GET /categories")
        return parse_response(CategoryList, await self._transport.send(request))
