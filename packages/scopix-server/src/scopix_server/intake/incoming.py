"""One file on its way in: hash, type, limits and storage while its bytes arrive."""

import hashlib
import time
from dataclasses import dataclass

from scopix.types.sniff import ENOUGH_BYTES, FileType, describe_unsupported, sniff
from scopix.types.vocabulary import MediaType
from scopix_server.domain.errors import DomainError, EmptyFile, FileTooLarge, UnsupportedFileType
from scopix_server.domain.file import ImageHeader, display_name
from scopix_server.domain.ports import BlobWriter
from scopix_server.domain.storage_ports import Bucket
from scopix_server.intake.decode_plan import PixelLimits
from scopix_server.intake.inspect import ImageInspector
from scopix_server.intake.inspect_documents import DocumentInspector

__all__ = ["Content", "FileLimits", "IncomingFile"]

_SUPPORTED = (
    "Supported are JPEG, PNG, WebP, GIF, HEIC, HEIF, AVIF, TIFF, BMP, ICO, PSD, JPEG 2000, JPEG XL and cameras' raw "
    "images; PDF, DOCX, TXT and MD documents."
)


@dataclass(frozen=True, slots=True)
class Content:
    """What is known of a file once all its bytes are in: `sha256` in hex; `header` is None for a document."""

    file_type: FileType
    header: ImageHeader | None
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The most bytes of an image and of a document, and what is allowed of an image's pixels."""

    max_image_bytes: int
    max_document_bytes: int
    pixels: PixelLimits


class IncomingFile:
    """One file on its way in. Feed it with `write`; whatever happens, call `discard` at the end.

    All methods block (hashing, disk): call them from a thread. Raised errors name the file.
    """

    def __init__(self, writer: BlobWriter, raw_name: str, limits: FileLimits) -> None:
        self.filename = display_name(raw_name)
        self._writer = writer
        self._limits = limits
        self._max_bytes = limits.max_image_bytes
        self._hash = hashlib.sha256()
        self._head = b""
        self._type: FileType | None = None
        self._inspector: ImageInspector | DocumentInspector | None = None
        self._size = 0
        self._started = time.monotonic()
        self._content: Content | None = None
        self.is_settled = False
        """Whether nothing is left to be done about it: it was stored, or discarded."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            FileTooLarge, UnsupportedFileType, CorruptImage, TooManyPixels: as soon as it is known.
            OutOfSpace: the disk is full.
        """
        try:
            self._write(chunk)
        except DomainError as error:
            raise self._named(error) from error

    def finish(self) -> Content:
        """Return what is known once all bytes are in. Raises as `write`, and EmptyFile. May be called again."""
        if self._content is None:
            try:
                self._content = self._finish()
            except DomainError as error:
                raise self._named(error) from error
            # Many finished files may wait for the rest of their batch: keep no open file and no buffers for them.
            self._writer.seal()
            self._inspector = None
        return self._content

    def store(self, key: str) -> None:
        """Make the bytes readable under `key`."""
        self._writer.commit(key)
        self.is_settled = True

    def store_in(self, bucket: Bucket, key: str, content_type: str) -> None:
        """Put the bytes into a bucket of the tenant's, and nowhere else."""
        with self._writer.lend() as path:
            bucket.put_file(key, path, content_type)

    def discard(self) -> None:
        """Leave nothing behind, unless the file was stored."""
        self._writer.abort()
        self.is_settled = True

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the first byte was expected."""
        return int((time.monotonic() - self._started) * 1000)

    def _write(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._max_bytes:
            raise FileTooLarge(
                f"The file is larger than {self._max_bytes // (1024 * 1024)} MB, the limit for {self._medium()}s. "
                "Compress or resize it, then upload it again.",
                max_bytes=self._max_bytes,
                suggestion={"endpoint": "/api/v2/files/direct-uploads"},
            )
        self._hash.update(chunk)
        if self._inspector is None:
            self._head += chunk
            if len(self._head) < ENOUGH_BYTES:
                self._writer.write(chunk)
                return
            self._recognise()
        else:
            self._inspector.feed(chunk)
        self._writer.write(chunk)

    def _recognise(self) -> None:
        self._type = sniff(self._head, self.filename)
        if self._type is None:
            seems = describe_unsupported(self._head)
            hint = f"The file seems to be {seems}. " if seems else "The content is of no known type. "
            raise UnsupportedFileType(hint + _SUPPORTED, seems=seems)
        if self._type.media_type is MediaType.DOCUMENT:
            self._max_bytes = self._limits.max_document_bytes
            self._inspector = DocumentInspector(self._type)
        else:
            self._inspector = ImageInspector(self._type, self._limits.pixels)
        self._inspector.feed(self._head)
        self._head = b""

    def _finish(self) -> Content:
        if self._size == 0:
            raise EmptyFile(issue="empty")
        if self._inspector is None:
            self._recognise()
        assert self._inspector is not None
        assert self._type is not None
        header = None
        if isinstance(self._inspector, ImageInspector):
            header = self._inspector.finish(self._writer.lend(), self.filename)
            self._type = self._inspector.file_type
        else:
            self._inspector.finish()
        return Content(self._type, header, self._size, self._hash.hexdigest())

    def _medium(self) -> str:
        return self._type.media_type.value if self._type else MediaType.IMAGE.value

    def _named(self, error: DomainError) -> DomainError:
        error.details = {"field": "file", "filename": self.filename, **error.details}
        error.message = f"{self.filename}: {error.message}"
        return error
