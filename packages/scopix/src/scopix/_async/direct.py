"""Sending one file in parts: announced, sent a few parts at a time, completed. Interrupted, it goes on where it was."""

import uuid
from collections.abc import Iterable

from scopix._async.transport import AsyncTransport
from scopix._concurrency import for_each_async, run_blocking_async
from scopix._config import ClientConfig
from scopix._direct import PieceBody, sha256_of
from scopix._errors import ScopixError, ScopixPermissionError, UploadError
from scopix._multipart import FilePart
from scopix._request import Request, json_body, parse_response
from scopix._upload import UploadFields
from scopix.types.direct import DirectUpload, DirectUploadPart, DirectUploadProgress, DirectUploadResult, PartLinks

__all__ = ["send_in_parts"]

_ROUNDS = 3
_LINKS_AT_ONCE = 100


async def send_in_parts(
    transport: AsyncTransport, config: ClientConfig, part: FilePart, fields: UploadFields
) -> DirectUploadResult:
    """Upload a file of any size that the server takes.

    The server knows the file again by its SHA-256: an upload that was cut off, by a kill even, goes on with the parts
    that are missing. Raises `ValidationError` for a file that is too large or no file that is taken, `UploadError` when
    it changes while it is sent, and the errors of the server.
    """
    sha256 = await run_blocking_async(lambda: sha256_of(part))
    upload = AsyncDirectUpload(transport, config, part, sha256)
    await upload.announce(fields)
    for _ in range(_ROUNDS):
        await upload.send(await upload.missing())
        try:
            return await upload.complete()
        except ScopixError as error:
            if "missing_parts" not in error.details:
                raise
            failure = error
    raise UploadError(
        f"{part.filename} could not be sent whole: {failure.message}",
        details={**failure.details, "filename": part.filename, "stage": "confirm"},
    )


class AsyncDirectUpload:
    """One direct upload."""

    def __init__(self, transport: AsyncTransport, config: ClientConfig, part: FilePart, sha256: str) -> None:
        self._transport = transport
        self._url = f"{config.url}/files/direct-uploads"
        self._part = part
        self._sha256 = sha256
        self._upload: DirectUpload | None = None
        self._links: dict[int, DirectUploadPart] = {}

    @property
    def upload(self) -> DirectUpload:
        """What the server answered to the announcement."""
        assert self._upload is not None
        return self._upload

    async def announce(self, fields: UploadFields) -> None:
        """Begin, or go on with, the upload of this file."""
        size = self._part.source.size
        request = Request(
            method="POST",
            url=self._url,
            endpoint="POST /files/direct-uploads",
            content=json_body(
                {
                    "filename": self._part.filename,
                    "size_bytes": size,
                    "content_type": self._part.content_type,
                    "checksum_sha256": self._sha256,
                    "resume": True,
                    **fields.to_json(),
                }
            ),
            idempotency_key=uuid.uuid4().hex,
        )
        self._upload = parse_response(DirectUpload, await self._transport.send(request))
        self._links = {part.part_number: part for part in self._upload.parts}
        if self._upload.upload_url:
            expires_at = self._upload.expires_at
            self._links[1] = DirectUploadPart(
                part_number=1, size_bytes=size, upload_url=self._upload.upload_url, expires_at=expires_at
            )

    async def missing(self) -> list[int]:
        """The numbers of the parts that have not arrived."""
        request = Request(method="GET", url=f"{self._url}/{self.upload.id}", endpoint="GET /files/direct-uploads/{id}")
        return parse_response(DirectUploadProgress, await self._transport.send(request)).missing_parts

    async def send(self, numbers: Iterable[int]) -> None:
        """Send these parts, a few at a time."""
        await for_each_async(self._send_part, list(numbers), limit=self.upload.concurrent_upload_limit)

    async def complete(self) -> DirectUploadResult:
        """Have the server check what has arrived, and make it a file."""
        request = Request(
            method="POST",
            url=f"{self._url}/{self.upload.id}/complete",
            endpoint="POST /files/direct-uploads/{id}/complete",
            content=json_body({"size_bytes": self._part.source.size, "checksum": self._sha256}),
            # Completing twice gives the same answer; the key says that it may be tried again.
            idempotency_key=uuid.uuid4().hex,
        )
        return parse_response(DirectUploadResult, await self._transport.send(request))

    async def _send_part(self, number: int) -> None:
        if number not in self._links:
            await self._renew(range(number, min(number + _LINKS_AT_ONCE, self.upload.total_parts + 1)))
        try:
            await self._put(number)
        except ScopixPermissionError:
            # A slow line outlives a link.
            await self._renew([number])
            await self._put(number)

    async def _put(self, number: int) -> None:
        link = self._links[number]
        offset = (number - 1) * self.upload.part_size_bytes
        request = Request(
            method=link.upload_method,
            url=link.upload_url,
            endpoint="PUT part of a direct upload",
            body=PieceBody(self._part, offset, link.size_bytes),
            with_key=False,
        )
        await self._transport.send(request)

    async def _renew(self, numbers: Iterable[int]) -> None:
        request = Request(
            method="POST",
            url=f"{self._url}/{self.upload.id}/parts",
            endpoint="POST /files/direct-uploads/{id}/parts",
            content=json_body({"part_numbers": list(numbers)}),
            idempotency_key=uuid.uuid4().hex,
        )
        renewed = parse_response(PartLinks, await self._transport.send(request))
        self._links |= {part.part_number: part for part in renewed.parts}
