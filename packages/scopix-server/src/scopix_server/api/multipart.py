"""Reading a multipart upload as it arrives, in constant memory.

The parser runs in the event loop; what it finds (part begins, bytes, part ends) is collected to half a MiB and handed
to a thread that hashes and writes. At most one such hand-over is under way: while the disk is slower than the network,
the loop stops reading, and so does the kernel. That is all the back-pressure there is, and it is enough.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any, TypeVar

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from scopix_server.domain.errors import MalformedRequest, PayloadTooLarge, RequestTimedOut
from scopix_server.pipeline.receive import IncomingFile

__all__ = ["UploadForm", "boundary_of"]

T = TypeVar("T")

_HAND_OVER_BYTES = 512 * 1024
_MAX_PARTS = 64
_MAX_FIELD_BYTES = 64 * 1024
FORM_OVERHEAD_BYTES = 1024 * 1024
"""Room for the fields and the framing around the file."""


def boundary_of(content_type: str | None) -> str:
    """Return the boundary that a request's Content-Type names.

    Raises:
        MalformedRequest: the body is no multipart form.
    """
    kind, options = parse_options_header(content_type or "")
    if kind.lower() != "multipart/form-data" or not options.get("boundary"):
        raise MalformedRequest(
            "Send the file as multipart/form-data with a part named 'file', for example: "
            "curl -F file=@photo.jpg -H 'Authorization: Bearer scopix_...' URL",
            field="Content-Type",
        )
    boundary: str = options["boundary"]
    if len(boundary) > 256:
        raise MalformedRequest("The multipart boundary is too long.", field="Content-Type")
    return boundary


class UploadForm:
    """One upload form: a part named `file`, and fields. Read it once, then `discard` it, whatever happened."""

    def __init__(self, open_file: Callable[[str], IncomingFile], executor: Executor, *, max_file_bytes: int) -> None:
        self.file: IncomingFile | None = None
        self.fields: dict[str, str] = {}
        self._open_file = open_file
        self._executor = executor
        self._max_body_bytes = max_file_bytes + FORM_OVERHEAD_BYTES
        self._part: MultipartSegment | None = None
        self._field = bytearray()
        self._under_way: asyncio.Future[Any] | None = None

    async def read(self, body: AsyncIterator[bytes], boundary: str, *, idle_seconds: float) -> None:
        """Take in the whole body.

        Raises:
            MalformedRequest: it is no sound multipart form with one part named `file`.
            RequestTimedOut: nothing arrived for `idle_seconds`.
            DomainError: the file was refused (see `IncomingFile.write`).
        """
        try:
            with PushMultipartParser(boundary, max_segment_count=_MAX_PARTS) as parser:
                await self._pump(body, parser, idle_seconds)
        except MultipartError as error:
            raise MalformedRequest(f"The multipart body is damaged or incomplete: {error}.") from error
        if self.file is None:
            raise MalformedRequest("The form has no part named 'file'.", field="file")

    async def record(self, work: Callable[[IncomingFile], T]) -> T:
        """Run `work` on the file in a thread and return its result. Once begun it ends, even if the client hangs up."""
        assert self.file is not None
        loop = asyncio.get_running_loop()
        recording: asyncio.Future[T] = loop.run_in_executor(self._executor, work, self.file)
        self._under_way = recording
        await self._settle()
        return recording.result()

    async def discard(self) -> None:
        """Release the file; unless it was stored, nothing of it remains."""
        await self._settle(quietly=True)
        if self.file is not None:
            await asyncio.get_running_loop().run_in_executor(self._executor, self.file.discard)

    async def _pump(self, body: AsyncIterator[bytes], parser: PushMultipartParser, idle_seconds: float) -> None:
        events: list[Any] = []
        held = total = 0
        async for chunk in _with_timeout(body, idle_seconds):
            total += len(chunk)
            if total > self._max_body_bytes:
                raise PayloadTooLarge(f"The request is larger than {self._max_body_bytes} bytes.")
            events.extend(parser.parse(chunk))
            held += len(chunk)
            if held >= _HAND_OVER_BYTES:
                await self._hand_over(events)
                events, held = [], 0
        await self._hand_over(events)
        await self._settle()

    async def _hand_over(self, events: list[Any]) -> None:
        await self._settle()
        if events:
            self._under_way = asyncio.get_running_loop().run_in_executor(self._executor, self._apply, events)

    async def _settle(self, *, quietly: bool = False) -> None:
        under_way, self._under_way = self._under_way, None
        if under_way is None:
            return
        try:
            # Shielded: when the request is cancelled, the thread must still be waited for before the file is discarded.
            await asyncio.shield(under_way)
        except asyncio.CancelledError:
            self._under_way = under_way
            raise
        except Exception:
            if not quietly:
                raise

    def _apply(self, events: list[Any]) -> None:
        for event in events:
            if isinstance(event, MultipartSegment):
                self._begin(event)
            elif event is None:
                self._end()
            else:
                self._take(bytes(event))

    def _begin(self, part: MultipartSegment) -> None:
        self._part = part
        self._field.clear()
        if part.name == "file":
            if self.file is not None:
                raise MalformedRequest(
                    "The form has more than one part named 'file'. Upload several files with /files/upload/batch.",
                    field="file",
                )
            self.file = self._open_file(_filename_of(part))

    def _take(self, data: bytes) -> None:
        assert self._part is not None
        if self._part.name == "file":
            assert self.file is not None
            self.file.write(data)
            return
        self._field += data
        if len(self._field) > _MAX_FIELD_BYTES:
            raise MalformedRequest(f"The field is larger than {_MAX_FIELD_BYTES} bytes.", field=self._part.name)

    def _end(self) -> None:
        assert self._part is not None
        name = self._part.name
        if name and name != "file":
            try:
                self.fields[name] = self._field.decode("utf-8")
            except UnicodeDecodeError as error:
                raise MalformedRequest("The field is not valid UTF-8.", field=name) from error
        self._part = None


async def _with_timeout(body: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(seconds):
                chunk = await anext(body, None)
        except TimeoutError as error:
            raise RequestTimedOut(
                f"Nothing of the body arrived for {seconds:g} seconds; the upload was given up."
            ) from error
        if chunk is None:
            return
        yield chunk


def _filename_of(part: MultipartSegment) -> str:
    filename: str | None = part.filename
    if filename is not None:
        return filename
    # The parser leaves out the encoded form of RFC 5987, which some clients send alone.
    header = Message()
    header["Content-Disposition"] = dict(part.headerlist).get("Content-Disposition", "")
    found = header.get_param("filename", header="Content-Disposition")
    return str(collapse_rfc2231_value(found)) if found else "unnamed"
