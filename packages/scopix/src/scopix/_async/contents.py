"""The part of `client.files` that fetches bytes: the files themselves, and variants of them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import urljoin

from scopix._async.transport import AsyncTransport
from scopix._config import ClientConfig
from scopix._errors import ServerError
from scopix._request import Request, Response, file_path
from scopix.types.vocabulary import VariantType

__all__ = ["AsyncBytes"]

_MAX_REDIRECTS = 5


class AsyncBytes:
    """The bytes of files."""

    _transport: AsyncTransport
    _config: ClientConfig

    async def download(self, file_id: str, *, variant_type: VariantType | str | None = None) -> bytes:
        """The file as it was uploaded, or a variant of it, whole in memory. Raises as `get_variant`."""
        url, response = await self._ask_for(file_id, variant_type)
        for _ in range(_MAX_REDIRECTS):
            if response.status < 300:
                return response.content
            url = _location_of(response, url)
            # The address is signed, and may be another host's: the key stays at home.
            response = await self._transport.send(
                Request(method="GET", url=url, endpoint="GET signed address", with_key=False)
            )
        raise ServerError("the download was redirected too often", details={"http_status": response.status})

    async def stream_download(
        self, file_id: str, *, variant_type: VariantType | str | None = None
    ) -> AsyncGenerator[bytes]:
        """The same in chunks, as they come: a file of any size takes no more memory than one of them.

            async for chunk in client.files.stream_download(image_id): ...

        It is tried once; what comes short, or breaks off, raises `ScopixConnectionError`. Raises as `get_variant`.
        """
        url, response = await self._ask_for(file_id, variant_type)
        if response.status < 300:
            yield response.content
            return
        # The address is signed, and may be another host's: the key stays at home.
        request = Request(method="GET", url=_location_of(response, url), endpoint="GET signed address", with_key=False)
        async with aclosing(self._transport.stream_content(request)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def get_variant(self, file_id: str, variant_type: VariantType | str = VariantType.MEDIUM_750) -> str:
        """The address of a variant, absolute and signed: whoever has it can read the image for an hour.

        Raises `ValidationError` when the file is no image, `ResourceNotFoundError` while the variant is not made.
        """
        url, response = await self._ask_for_variant(file_id, variant_type)
        return _location_of(response, url)

    async def _ask_for(self, file_id: str, variant_type: VariantType | str | None) -> tuple[str, Response]:
        if variant_type is not None:
            return await self._ask_for_variant(file_id, variant_type)
        url = self._config.url + file_path(file_id, "/download")
        return url, await self._transport.send(Request(method="GET", url=url, endpoint="GET /files/{id}/download"))

    async def _ask_for_variant(self, file_id: str, variant_type: VariantType | str) -> tuple[str, Response]:
        word = variant_type.value if isinstance(variant_type, VariantType) else variant_type
        url = self._config.url + file_path(file_id, f"/variants/{word}")
        request = Request(method="GET", url=url, endpoint="GET /files/{id}/variants/{type}")
        return url, await self._transport.send(request)


def _location_of(response: Response, url: str) -> str:
    location = response.headers.get("location")
    if not 300 <= response.status < 400 or not location:
        raise ServerError(
            f"HTTP {response.status} where an address was expected", details={"http_status": response.status}
        )
    return urljoin(url, location)
