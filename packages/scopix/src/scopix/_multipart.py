"""A multipart/form-data body with files: its length is known before a byte is sent, and the files stay on disk.

The body can be sent again for a retry. It notices a file that changed since it was measured, since a request whose
declared length is wrong would be cut off, or would store half of the old file and half of the new. However many files
there are, one is open at a time.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from scopix._errors import UploadError

__all__ = [
    "CHUNK_BYTES",
    "BytesSource",
    "FilePart",
    "FileSource",
    "FormBody",
    "OpenBody",
    "PartError",
    "escape_quoted",
]

CHUNK_BYTES = 256 * 1024

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A", "\\": "%5C", "\0": "%00"})


class PartError(UploadError):
    """A file of a form could not be read, or is no longer the one measured; `position` tells which part it is."""

    def __init__(self, problem: str, filename: str, position: int) -> None:
        super().__init__(problem, details={"filename": filename, "stage": "upload"})
        self.position = position


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Content that the caller holds in memory."""

    content: bytes

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.content)

    def is_as_measured(self) -> bool:
        """True: bytes do not change."""
        return True

    def open(self) -> BinaryIO:
        """Start reading from the beginning."""
        return BytesIO(self.content)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file on disk as it was when it was measured: its size in bytes and its time of change in nanoseconds."""

    path: Path
    size: int
    modified: int

    @classmethod
    def measure(cls, path: Path) -> "FileSource":
        """Look at the file now. Raises `OSError`."""
        status = path.stat()
        return cls(path, status.st_size, status.st_mtime_ns)

    def is_as_measured(self) -> bool:
        """Whether the file is still the one measured. Raises `OSError`."""
        return self._matches(self.path.stat())

    def open(self) -> BinaryIO | None:
        """Start reading from the beginning; None when the file is no longer the one measured. Raises `OSError`."""
        file = self.path.open("rb", buffering=0)
        if self._matches(os.fstat(file.fileno())):
            return file
        file.close()
        return None

    def _matches(self, status: os.stat_result) -> bool:
        return (status.st_size, status.st_mtime_ns) == (self.size, self.modified)


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file of a form, and what its part's header says of it."""

    source: BytesSource | FileSource
    filename: str
    content_type: str
    path: str | None = None
    """Where it is here, relative: told to the server beside the file."""


class FormBody:
    """The fields, then the files, framed for one request. Iterating it in a client's own way starts with `open`.

    `field` is the name of all the file parts.
    """

    def __init__(
        self,
        fields: Sequence[tuple[str, str]],
        parts: Sequence[FilePart],
        *,
        field: str = "file",
        boundary: str | None = None,
    ) -> None:
        self.boundary = boundary or secrets.token_hex(16)
        self.parts = parts
        self.was_sent = False
        """Whether all of it went out at least once, so that the server may have acted on it."""
        self._head = self._frame_fields(fields)
        self._headers = [self._frame_file_header(part, field) for part in parts]
        self._tail = f"--{self.boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """Value of the request's Content-Type header."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def length(self) -> int:
        """Value of the request's Content-Length header."""
        files = sum(part.source.size + len("\r\n") for part in self.parts)
        return len(self._head) + sum(map(len, self._headers)) + files + len(self._tail)

    def open(self) -> "OpenBody":
        """Begin one sending. Raises `UploadError` when a file changed or cannot be read."""
        for position, part in enumerate(self.parts):
            try:
                unchanged = part.source.is_as_measured()
            except OSError as error:
                raise _unreadable(part, position, error) from error
            if not unchanged:
                raise _changed(part, position)
        return OpenBody(self)

    def run(self, opened: "OpenBody") -> Iterator[bytes]:
        """The body in chunks of about `CHUNK_BYTES`; what is small rides together. For `OpenBody` only."""
        pending = bytearray(self._head)
        for position, (part, header) in enumerate(zip(self.parts, self._headers, strict=True)):
            pending += header
            left = part.source.size
            opened.turn_to(part, position)
            while left:
                # One byte at least: headers alone may have filled the chunk.
                pending += (piece := opened.read_file(min(max(1, CHUNK_BYTES - len(pending)), left)))
                if not piece:
                    raise _changed(part, position)
                left -= len(piece)
                if len(pending) >= CHUNK_BYTES:
                    yield bytes(pending)
                    pending.clear()
            if opened.read_file(1):
                raise _changed(part, position)
            pending += b"\r\n"
        opened.finished = self.was_sent = True
        yield bytes(pending + self._tail)

    def _frame_fields(self, fields: Sequence[tuple[str, str]]) -> bytes:
        parts = (
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{escape_quoted(name)}"\r\n\r\n{value}\r\n'
            for name, value in fields
        )
        # A name or path that is no UTF-8 on this disk loses its odd bytes, and its file is sent.
        return "".join(parts).encode("utf-8", "replace")

    def _frame_file_header(self, part: FilePart, field: str) -> bytes:
        return (
            f"--{self.boundary}\r\n"
            f'Content-Disposition: form-data; name="{field}"; filename="{escape_quoted(part.filename)}"\r\n'
            f"Content-Type: {part.content_type}\r\n\r\n"
        ).encode()


class OpenBody:
    """One sending of a body: `read` gives the next chunk until `finished`, then nothing. Close it in any case."""

    def __init__(self, body: FormBody) -> None:
        self.finished = False
        self._file: BinaryIO | None = None
        self._closed = False
        self._part: FilePart | None = None
        self._position = -1
        self._steps = body.run(self)
        # The first file is opened now, so that one that may not be read is told before anything is sent.
        if body.parts:
            self.turn_to(body.parts[0], 0)

    def read(self) -> bytes:
        """The next chunk, about `CHUNK_BYTES` long. Raises `UploadError` when a file changed meanwhile."""
        return next(self._steps, b"")

    def close(self) -> None:
        """Let go of the file. Whoever is reading in another thread finds nothing more."""
        self._closed = True
        if self._file is not None:
            self._file.close()

    def turn_to(self, part: FilePart, position: int) -> None:
        """Read from this part from now on. Raises `UploadError`."""
        if position == self._position:
            return
        if self._file is not None:
            self._file.close()
        self._part, self._position = part, position
        try:
            file = part.source.open()
        except OSError as error:
            raise _unreadable(part, position, error) from error
        if file is None:
            raise _changed(part, position)
        self._file = file
        if self._closed:
            file.close()

    def read_file(self, size: int) -> bytes:
        """At most `size` bytes of the current part; nothing at its end. Raises `UploadError`."""
        assert self._file is not None and self._part is not None
        try:
            return self._file.read(size)
        except (OSError, ValueError) as error:
            # ValueError: it was closed meanwhile, since the sending was given up.
            raise _unreadable(self._part, self._position, error) from error


def escape_quoted(text: str) -> str:
    """Make a name safe inside the quotes of a part's header, the way browsers do, and a backslash as well.

    Some parsers take a backslash for an escape, so one before the closing quote would let the name run on.
    """
    return text.translate(_ESCAPES).encode("utf-8", "replace").decode()


def _changed(part: FilePart, position: int) -> PartError:
    return PartError(f"{part.filename} changed while it was being sent", part.filename, position)


def _unreadable(part: FilePart, position: int, error: Exception) -> PartError:
    reason = getattr(error, "strerror", None) or str(error)
    return PartError(f"cannot read {part.filename}: {reason}", part.filename, position)
