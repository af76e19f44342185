"""Reading a multipart upload as it arrives, in constant memory.

The event loop collects half a MiB and hands it to a thread that parses, hashes and writes: in one piece, since each
piece costs some turns at the interpreter, and the network's are small. At most one such hand-over is under way: while
the disk is slower than the network, the loop stops reading, and so does the kernel. That is all the back-pressure there
is, and it is enough.

The last piece waits for what is done with the form: a small upload is hashed, stored and recorded in one thread's turn.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any, TypeVar

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from scopix_server.api.admission import UploadRoom
from scopix_server.domain.errors import (
    DomainError,
    MalformedRequest,
    OutOfSpace,
    PayloadTooLarge,
    RequestTimedOut,
    UnsupportedContentType,
)
from scopix_server.intake.incoming import IncomingFile
from scopix_server.tracing import tracer

__all__ = ["FORM_OVERHEAD_BYTES", "BodyPace", "FormFile", "FormRules", "UploadForm", "boundary_of", "paced"]

T = TypeVar("T")
P = TypeVar("P")

HAND_OVER_BYTES = 512 * 1024
"""What a thread is handed at once; a body that is no larger is looked at in one turn."""
_MAX_FIELDS = 64
_MAX_FIELD_BYTES = 64 * 1024
_PATH = "path"
_MAX_PATH_BYTES = 4 * 1024
"""There is one for each file: 1,024 characters of up to four bytes."""
_WITHOUT_FILES = frozenset({"application/json", "application/x-www-form-urlencoded"})
"""What clients send of a call with fields, when the file was forgotten."""
FORM_OVERHEAD_BYTES = 1024 * 1024
"""Room for the fields and the framing around the file."""


def boundary_of(content_type: str | None) -> str:
    """Return the boundary that a request's Content-Type names.

    Raises:
        UnsupportedContentType: the body is neither a form nor JSON.
        MalformedRequest: it is one of these, but without parts that can be told apart, so there is no file in it.
    """
    kind, options = parse_options_header(content_type or "")
    if kind.lower() != "multipart/form-data":
        unread = MalformedRequest if kind.lower() in _WITHOUT_FILES else UnsupportedContentType
        raise unread(
            "Send the file as multipart/form-data with a part named 'file', for example: "
            "curl -F file=@photo.jpg -H 'Authorization: Bearer scopix_...' URL",
            field="Content-Type",
        )
    boundary: str = options.get("boundary") or ""
    if not boundary:
        raise MalformedRequest(
            "The Content-Type multipart/form-data names no boundary. Leave the header to your HTTP client, which makes "
            "one up.",
            field="Content-Type",
        )
    if len(boundary) > 256:
        raise MalformedRequest("The multipart boundary is too long.", field="Content-Type")
    return boundary


@dataclass(frozen=True, slots=True)
class BodyPace:
    """How slow a client may be with a body: silent for so long, and in all so few bytes a second of waiting for it."""

    idle_seconds: float
    min_bytes_per_second: int


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

    `file_field` names the form parts that are files, of which there may be `max_files`; `known_fields` are those beside
    it that mean something, others are only told. With `keep_going` a refused
    file costs the others nothing; otherwise it ends the request.
    """

    file_field: str
    known_fields: frozenset[str]
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
        self.paths: list[str] = []
        """The fields named `path`, one a file in their order."""
        self._open_file = open_file
        self._executor = executor
        self._rules = rules
        self._room = room
        self._form_part: MultipartSegment | None = None
        self._field = bytearray()
        self._under_way: asyncio.Future[Any] | None = None
        self._parser: PushMultipartParser | None = None
        self._rest: list[bytes] = []

    async def read(self, body: AsyncIterator[bytes], boundary: str, pace: BodyPace) -> None:
        """Take in the whole body; its last piece is looked at by `run`.

        Raises:
            MalformedRequest: it is no sound multipart form.
            RequestTimedOut: nothing arrived for a while, or too little.
            PayloadTooLarge: the body is over its limit.
            OutOfSpace: the disk fills up.
            DomainError: there are too many files, or a file was refused (see `IncomingFile.write`).
        """
        self._parser = PushMultipartParser(boundary, max_segment_count=2 * self._rules.max_files + _MAX_FIELDS)
        held = total = 0
        async for chunk in paced(body, pace):
            total += len(chunk)
            if total > self._rules.max_body_bytes:
                raise PayloadTooLarge(f"The request is larger than {self._rules.max_body_bytes} bytes.")
            self._room.arrived(len(chunk))
            self._rest.append(chunk)
            held += len(chunk)
            if held >= HAND_OVER_BYTES:
                piece, self._rest, held = self._rest, [], 0
                await self._settle()
                self._under_way = asyncio.get_running_loop().run_in_executor(self._executor, self._apply, piece)
        await self._settle()

    async def run(self, prepare: Callable[[], P], work: Callable[[P], T], executor_for: Callable[[P], Executor]) -> T:
        """Look at the rest of the form, `prepare` what is asked for, do the `work` and return its result.

        All in one thread's turn, unless the work has threads of its own. Once begun it ends, even if the client hangs
        up. Raises as `read`, and MalformedRequest when there is no file.
        """

        def begin() -> tuple[P, list[T]]:
            self._apply(self._rest, is_last=True)
            if not self.files:
                raise _no_file(self._rules, [*self.fields, *["path"] * bool(self.paths)])
            prepared = prepare()
            return prepared, [do(prepared)] if executor_for(prepared) is self._executor else []

        def do(prepared: P) -> T:
            with tracer.start_as_current_span("store and record", record_exception=False):
                return work(prepared)

        prepared, done = await self._in_thread(begin, self._executor)
        return done[0] if done else await self._in_thread(lambda: do(prepared), executor_for(prepared))

    async def _in_thread(self, act: Callable[[], T], executor: Executor) -> T:
        # What logs and jobs name goes along to the thread.
        context = contextvars.copy_context()
        acting: asyncio.Future[T] = asyncio.get_running_loop().run_in_executor(executor, context.run, act)
        self._under_way = acting
        await self._settle()
        return acting.result()

    async def discard(self) -> None:
        """Release the files; of those that were not stored nothing remains."""
        await self._settle(quietly=True)
        if any(not file.incoming.is_settled for file in self.files):
            await asyncio.get_running_loop().run_in_executor(self._executor, self._discard)

    def _discard(self) -> None:
        for file in self.files:
            file.incoming.discard()

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

    def _apply(self, chunks: list[bytes], *, is_last: bool = False) -> None:
        assert self._parser is not None
        self._room.check_disk()
        try:
            if chunks:
                for event in self._parser.parse(b"".join(chunks)):
                    if isinstance(event, MultipartSegment):
                        self._begin(event)
                    elif event is None:
                        self._end()
                    else:
                        self._take(event)
            if is_last:
                self._parser.close()
        except MultipartError as error:
            raise MalformedRequest(f"The multipart body is damaged or incomplete: {error}.") from error

    def _begin(self, form_part: MultipartSegment) -> None:
        self._form_part = form_part
        self._field.clear()
        if form_part.name == self._rules.file_field:
            if len(self.files) >= self._rules.max_files:
                raise self._rules.too_many()
            self.files.append(FormFile(self._open_file(_filename_of(form_part))))
        elif form_part.filename is not None:
            raise MalformedRequest(
                f"The form has a file in a part named '{(form_part.name or '')[:50]}'; files belong into parts named "
                f"'{self._rules.file_field}'. The other parts are fields: {_names(self._rules.known_fields)}.",
                field=self._rules.file_field,
            )

    def _take(self, data: bytes) -> None:
        assert self._form_part is not None
        if self._form_part.name == self._rules.file_field:
            self._with_file(lambda file: file.write(data))
            return
        self._field += data
        limit = _MAX_PATH_BYTES if self._form_part.name == _PATH else _MAX_FIELD_BYTES
        if len(self._field) > limit:
            raise MalformedRequest(f"The field is larger than {limit} bytes.", field=self._form_part.name)

    def _end(self) -> None:
        assert self._form_part is not None
        name = self._form_part.name
        if name == self._rules.file_field:
            self._with_file(FormFile.finish)
        elif name:
            try:
                self._keep(name, self._field.decode("utf-8"))
            except UnicodeDecodeError as error:
                raise MalformedRequest("The field is not valid UTF-8.", field=name) from error
        self._form_part = None

    @property
    def unknown_fields(self) -> list[str]:
        """The names of its fields that mean nothing here, in their order."""
        return [name for name in self.fields if name not in self._rules.known_fields]

    def _keep(self, name: str, value: str) -> None:
        if name == _PATH:
            self.paths.append(value)
        elif name == "tags" and name in self.fields:
            # Clients for whom a list is a field of several values; the last one would win of all others.
            self.fields[name] += f",{value}"
        else:
            self.fields[name] = value

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


def _no_file(rules: FormRules, sent: Sequence[str]) -> MalformedRequest:
    return MalformedRequest(
        f"The form has no part named '{rules.file_field}', which holds the file; it has {_names(sent) or 'none'}. "
        f"Known beside it are {_names(rules.known_fields)}.",
        field=rules.file_field,
    )


def _names(fields: Iterable[str]) -> str:
    return ", ".join(f"'{name[:50]}'" for name in sorted(fields))


async def paced(body: AsyncIterator[bytes], pace: BodyPace) -> AsyncIterator[bytes]:
    """Yield the chunks of a body.

    Counted is only the time that is spent waiting for the client, never that in which a disk or a bucket is slow.

    Raises:
        RequestTimedOut: nothing came for `idle_seconds`; or, of as many seconds of waiting, too little.
    """
    clock = asyncio.get_running_loop().time
    waited, received = 0.0, 0
    while True:
        began = clock()
        try:
            async with asyncio.timeout(pace.idle_seconds):
                chunk = await anext(body, None)
        except TimeoutError as error:
            raise RequestTimedOut(
                f"Nothing of the body arrived for {pace.idle_seconds:g} seconds; the upload was given up."
            ) from error
        if chunk is None:
            return
        waited += clock() - began
        received += len(chunk)
        if waited >= pace.idle_seconds:
            if received < waited * pace.min_bytes_per_second:
                raise RequestTimedOut(
                    f"{received} bytes of the body arrived in {waited:.3g} seconds, and at least "
                    f"{pace.min_bytes_per_second} a second must; the upload was given up.",
                    min_bytes_per_second=pace.min_bytes_per_second,
                )
            waited, received = 0.0, 0
        yield chunk


def _filename_of(form_part: MultipartSegment) -> str:
    filename: str | None = form_part.filename
    if filename is not None:
        return filename
    # The parser leaves out the encoded form of RFC 5987, which some clients send alone.
    header = Message()
    header["Content-Disposition"] = dict(form_part.headerlist).get("Content-Disposition", "")
    found = header.get_param("filename", header="Content-Disposition")
    return str(collapse_rfc2231_value(found)) if found else "unnamed"
