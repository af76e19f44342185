"""Reading a multipart upload as it arrives, in constant memory.

The parser runs in the event loop; what it finds (part begins, bytes, part ends) is collected to half a MiB and handed
to a thread that hashes and writes. At most one such hand-over is under way: while the disk is slower than the network,
the loop stops reading, and so does the kernel. That is all the back-pressure there is, and it is enough.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any, TypeVar

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from scopix_server.api.admission import UploadRoom
from scopix_server.domain.errors import DomainError, MalformedRequest, OutOfSpace, PayloadTooLarge, RequestTimedOut
from scopix_server.pipeline.incoming import IncomingFile
from scopix_server.tracing import span

__all__ = ["FORM_OVERHEAD_BYTES", "FormFile", "FormRules", "UploadForm", "boundary_of", "with_timeout"]

T = TypeVar("T")

_HAND_OVER_BYTES = 512 * 1024
_MAX_FIELDS = 64
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


class FormFile:
    """A file of a form. `error` says why it was refused, in a form that goes on without such files."""

    def __init__(self, incoming: IncomingFile) -> None:
        self.incoming = incoming
        self.error: DomainError | None = None

    def write(self, data: bytes) -> None:
        self.incoming.write(data)

    def finish(self) -> None:
        self.incoming.finish()

    def refuse(self, error: DomainError) -> None:
        """Remember the refusal and give back at once what the file took."""
        self.error = error
        self.incoming.discard()


@dataclass(frozen=True, slots=True)
class FormRules:
    """What a form may hold.

    `part` names the parts that are files, of which there may be `max_files`. With `keep_going` a refused file costs
    the others nothing; otherwise it ends the request.
    """

    part: str
    max_files: int
    max_body_bytes: int
    keep_going: bool
    too_many: Callable[[], DomainError]


class UploadForm:
    """One upload form: files, and fields. Read it once, then `discard` it, whatever happened."""

    def __init__(
        self, open_file: Callable[[str], IncomingFile], executor: Executor, rules: FormRules, room: UploadRoom
    ) -> None:
        self.files: list[FormFile] = []
        self.fields: dict[str, str] = {}
        self._open_file = open_file
        self._executor = executor
        self._rules = rules
        self._room = room
        self._part: MultipartSegment | None = None
        self._field = bytearray()
        self._under_way: asyncio.Future[Any] | None = None

    async def read(self, body: AsyncIterator[bytes], boundary: str, *, idle_seconds: float) -> None:
        """Take in the whole body.

        Raises:
            MalformedRequest: it is no sound multipart form with a file in it.
            RequestTimedOut: nothing arrived for `idle_seconds`.
            PayloadTooLarge: the body is over its limit.
            OutOfSpace: the disk fills up.
            DomainError: there are too many files, or a file was refused (see `IncomingFile.write`).
        """
        try:
            with PushMultipartParser(boundary, max_segment_count=self._rules.max_files + _MAX_FIELDS) as parser:
                await self._pump(body, parser, idle_seconds)
        except MultipartError as error:
            raise MalformedRequest(f"The multipart body is damaged or incomplete: {error}.") from error
        if not self.files:
            raise MalformedRequest(f"The form has no part named '{self._rules.part}'.", field=self._rules.part)

    async def run(self, work: Callable[[], T], executor: Executor) -> T:
        """Do `work` in a thread and return its result. Once begun it ends, even if the client hangs up."""
        loop = asyncio.get_running_loop()

        def traced() -> T:
            with span("store and record"):
                return work()

        # What logs and jobs name goes along to the thread.
        working: asyncio.Future[T] = loop.run_in_executor(executor, contextvars.copy_context().run, traced)
        self._under_way = working
        await self._settle()
        return working.result()

    async def discard(self) -> None:
        """Release the files; of those that were not stored nothing remains."""
        await self._settle(quietly=True)
        if self.files:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._discard)

    def _discard(self) -> None:
        for file in self.files:
            file.incoming.discard()

    async def _pump(self, body: AsyncIterator[bytes], parser: PushMultipartParser, idle_seconds: float) -> None:
        events: list[Any] = []
        held = total = 0
        async for chunk in with_timeout(body, idle_seconds):
            total += len(chunk)
            if total > self._rules.max_body_bytes:
                raise PayloadTooLarge(f"The request is larger than {self._rules.max_body_bytes} bytes.")
            self._room.arrived(len(chunk))
            try:
                events.extend(parser.parse(chunk))
            except MultipartError:
                # What came before may be refused for a better reason, such as one file too many.
                await self._hand_over(events)
                await self._settle()
                raise
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
        self._room.check_disk()
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
        if part.name == self._rules.part:
            if len(self.files) >= self._rules.max_files:
                raise self._rules.too_many()
            self.files.append(FormFile(self._open_file(_filename_of(part))))

    def _take(self, data: bytes) -> None:
        assert self._part is not None
        if self._part.name == self._rules.part:
            self._with_file(lambda file: file.write(data))
            return
        self._field += data
        if len(self._field) > _MAX_FIELD_BYTES:
            raise MalformedRequest(f"The field is larger than {_MAX_FIELD_BYTES} bytes.", field=self._part.name)

    def _end(self) -> None:
        assert self._part is not None
        name = self._part.name
        if name == self._rules.part:
            self._with_file(FormFile.finish)
        elif name:
            try:
                self.fields[name] = self._field.decode("utf-8")
            except UnicodeDecodeError as error:
                raise MalformedRequest("The field is not valid UTF-8.", field=name) from error
        self._part = None

    def _with_file(self, act: Callable[[FormFile], None]) -> None:
        file = self.files[-1]
        if file.error is not None:
            return
        try:
            act(file)
        except OutOfSpace:
            raise
        except DomainError as error:
            if not self._rules.keep_going:
                raise
            file.refuse(error)


async def with_timeout(body: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """Yield the chunks of a body. Raises RequestTimedOut when the next one takes longer than `seconds`."""
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
