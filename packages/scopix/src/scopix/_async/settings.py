"""`client.settings`: where files are stored."""

from functools import cached_property
from typing import Any

from scopix._async.raw import SettingsWithRawResponse
from scopix._async.transport import AsyncTransport
from scopix._config import ClientConfig
from scopix._request import Request, Response, json_body, parse_response
from scopix.types.settings import RemoveS3ConfigResponse, S3ConfigStatus, S3ValidationResult

__all__ = ["AsyncSettings"]

_PATH = "/tenant/s3-config"


class AsyncSettings:
    """The settings of one tenant. Reached as `client.settings`. Changing them needs a key with the scope `admin`."""

    def __init__(self, transport: AsyncTransport, config: ClientConfig) -> None:
        self._transport = transport
        self._config = config

    @cached_property
    def with_raw_response(self) -> SettingsWithRawResponse:
        """The same calls, each giving a `RawResponse`."""
        return SettingsWithRawResponse(self)

    async def configure_custom_s3(
        self,
        *,
        access_key_id: str,
        secret_access_key: str,
        bucket_name: str,
        region: str,
        endpoint_url: str | None = None,
        force_path_style: bool | None = None,
    ) -> S3ConfigStatus:
        """Let a bucket of your own take the files uploaded with `storage_target="custom"`, once and for all.

        The server writes, reads and deletes an object below `scopix/` in it, then keeps the credentials, encrypted.
        `endpoint_url` is for stores other than Amazon's; `force_path_style` says whether the bucket stands in the path
        of its addresses, which is decided by what usually works if left out.

        Raises `ValidationError` when the bucket cannot be used (`details` has `field` and `reason`),
        `ScopixPermissionError` when the key may not do this.
        """
        payload = {
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "bucket_name": bucket_name,
            "region": region,
            "endpoint_url": endpoint_url,
            "force_path_style": force_path_style,
        }
        given = {name: value for name, value in payload.items() if value is not None}
        return parse_response(S3ConfigStatus, await self._send("POST", content=json_body(given)))

    async def get_custom_s3_status(self) -> S3ConfigStatus:
        """Which bucket is configured, and how its last check went; never its credentials."""
        return parse_response(S3ConfigStatus, await self._send("GET"))

    async def validate_custom_s3(self) -> S3ValidationResult:
        """Whether the configured bucket can still be written, read and deleted from; `error` says what is missing.

        Raises `ScopixPermissionError` when the key may not do this.
        """
        return parse_response(S3ValidationResult, await self._send("POST", "/validate"))

    async def remove_custom_s3(self) -> dict[str, Any]:
        """Send no new files to the bucket; what is in it stays there and stays readable. Gives `removed`, `message`.

        Raises `ScopixPermissionError` when the key may not do this.
        """
        return parse_response(RemoveS3ConfigResponse, await self._send("DELETE")).model_dump()

    async def _send(self, method: str, path: str = "", content: bytes | None = None) -> Response:
        endpoint = f"{method} {_PATH}{path}"
        request = Request(method=method, url=f"{self._config.url}{_PATH}{path}", endpoint=endpoint, content=content)
        return await self._transport.send(request)
