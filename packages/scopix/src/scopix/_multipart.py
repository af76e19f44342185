"""A multipart/form-data body with one file: its length is known before a byte is sent, and the file stays on disk.

The body can be sent again for a retry. It notices a file that changed since it was measured, since a request whose
declared length is wrong would be cut off, or would store half of the old file and half of the new.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from scopix._errors import UploadError

__all__ = ["CHUNK_BYTES", "BytesSource", "FileSource", "FormBody", "OpenBody", "escape_quoted"]

CHUNK_BYTES = 256 * 1024

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A", "\\": "%5C", "\0": "%00"})


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Content that the caller holds in memory."""

    content: bytes

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.content)

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

    def open(self) -> BinaryIO:
        """Start reading from the beginning. Raises `UploadError` when the file is no longer the one measured."""
        file = self.path.open("rb", buffering=0)
        status = os.fstat(file.fileno())
        if (status.st_size, status.st_mtime_ns) != (self.size, self.modified):
            file.close()
            raise _changed(self.path.name)
        return file


class FormBody:
    """The fields, then the file, framed for one request. Iterating it in a client's own way starts with `open`."""

    def __init__(
        self,
        fields: Sequence[tuple[str, str]],
        source: BytesSource | FileSource,
        *,
        filename: str,
        content_type: str,
        boundary: str | None = None,
    ) -> None:
        self.boundary = boundary or secrets.token_hex(16)
        self.filename = filename
        self.source = source
        self._head = self._frame_fields(fields) + self._frame_file_header(content_type)
        self._tail = f"\r\n--{self.boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """Value of the request's Content-Type header."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def length(self) -> int:
        """Value of the request's Content-Length header."""
        return len(self._head) + self.source.size + len(self._tail)

    def open(self) -> "OpenBody":
        """Begin one sending. Raises `UploadError` when the file changed or cannot be read."""
        try:
            file = self.source.open()
        except OSError as error:
            raise UploadError(
                f"cannot read {self.filename}: {error.strerror or error}",
                details={"filename": self.filename, "stage": "upload"},
            ) from error
        return OpenBody(self._head, file, self._tail, size=self.source.size, filename=self.filename)

    def _frame_fields(self, fields: Sequence[tuple[str, str]]) -> bytes:
        parts = (
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{escape_quoted(name)}"\r\n\r\n{value}\r\n'
            for name, value in fields
        )
        return "".join(parts).encode()

    def _frame_file_header(self, content_type: str) -> bytes:
        return (
            f"--{self.boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{escape_quoted(self.filename)}"\r\n'
            f"Content-Type: {content_type}\r\n\r\n"
        ).encode()


class OpenBody:
    """One sending of a body: `read` gives the next chunk until `finished`, then nothing. Close it in any case."""

    def __init__(self, head: bytes, file: BinaryIO, tail: bytes, *, size: int, filename: str) -> None:
        self._file = file
        self._left = size
        self._filename = filename
        self._steps: Iterator[bytes] = self._run(head, tail)
        self.finished = False

    def read(self) -> bytes:
        """The next chunk, about `CHUNK_BYTES` long. Raises `UploadError` when the file changed meanwhile."""
        return next(self._steps, b"")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _run(self, head: bytes, tail: bytes) -> Iterator[bytes]:
        # The first chunk rides with the head and the last with the tail: a small file is one step, not three.
        pending = head
        while self._left:
            chunk = self._read_file(min(CHUNK_BYTES, self._left))
            if not chunk:
                raise _changed(self._filename)
            self._left -= len(chunk)
            if self._left:
                yield pending + chunk
                pending = b""
            else:
                pending += chunk
        if self._read_file(1):
            raise _changed(self._filename)
        self.finished = True
        yield pending + tail

    def _read_file(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            raise UploadError(
                f"cannot read {self._filename}: {error.strerror or error}",
                details={"filename": self._filename, "stage": "upload"},
            ) from error


def escape_quoted(text: str) -> str:
    """Make a name safe inside the quotes of a part's header, the way browsers do, and a backslash as well.

    Some parsers take a backslash for an escape, so one before the closing quote would let the name run on.
    """
    return text.translate(_ESCAPES).encode("utf-8", "replace").decode()


def _changed(filename: str) -> UploadError:
    return UploadError(
        f"{filename} changed while it was being sent",
        details={"filename": filename, "stage": "upload"},
    )
