"""Sending one request of a batch."""

import uuid
from collections.abc import Sequence

from scopix._async.transport import AsyncTransport
from scopix._batch import emptied
from scopix._concurrency import async_sleep
from scopix._config import ClientConfig
from scopix._errors import RateLimitError, ScopixError
from scopix._multipart import FilePart, FormBody, PartError
from scopix._request import Request, parse_response
from scopix.types.sessions import BatchUploadResponse

__all__ = ["RequestSender"]

_MAX_PAUSES = 30
_USUAL_PAUSE = 5.0
_MAX_PAUSE = 120.0


class RequestSender:
    """One batch request with all that it takes: its retries, its pauses, and files that are lost on the way.

    `lost` tells, by position in the request, why a file was sent empty in place of its content: the server refuses it
    then, and counts it, and the other files get through.
    """

    def __init__(
        self, transport: AsyncTransport, config: ClientConfig, parts: Sequence[FilePart], key: str | None = None
    ) -> None:
        self.lost: dict[int, str] = {}
        self._transport = transport
        self._config = config
        self._parts = list(parts)
        self._key = key or uuid.uuid4().hex
        self._was_sent = False

    def was_stored(self, error: ScopixError) -> bool:
        """Whether this refusal means that an attempt, whose answer was lost, was stored before a file changed."""
        return self._was_sent and error.details.get("http_status") == 409

    async def send(self, fields: Sequence[tuple[str, str]]) -> BatchUploadResponse:
        """Send it until the server answers. Raises what the server says, and what the road does."""
        pauses = 0
        while True:
            paths = [("path", part.path or "") for part in self._parts]
            body = FormBody([*fields, *paths], self._parts, field="files")
            try:
                return await self._send_body(body)
            except PartError as error:
                self._do_without(error, body)
            except RateLimitError as error:
                pauses += 1
                pause = _USUAL_PAUSE if error.retry_after is None else error.retry_after
                if pauses > _MAX_PAUSES or pause > _MAX_PAUSE:
                    raise
                await async_sleep(pause)

    async def _send_body(self, body: FormBody) -> BatchUploadResponse:
        request = Request(
            method="POST",
            url=f"{self._config.url}/files/upload/batch",
            endpoint="POST /files/upload/batch",
            body=body,
            idempotency_key=self._key,
        )
        return parse_response(BatchUploadResponse, await self._transport.send(request))

    def _do_without(self, error: PartError, body: FormBody) -> None:
        self.lost[error.position] = error.message
        self._parts[error.position] = emptied(self._parts[error.position])
        self._was_sent = self._was_sent or body.was_sent
        if not self._was_sent:
            # No attempt arrived whole, so none was acted upon; its key may stand for a body that was cut off.
            self._key = uuid.uuid4().hex
        # Else the old key stays: should that attempt have been stored, the server refuses this one as a conflict.
