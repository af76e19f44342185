"""A file in pieces, for direct uploads: each piece is sent by itself, from disk, and again if need be."""

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

from scopix._errors import UploadError
from scopix._multipart import CHUNK_BYTES, FilePart

__all__ = ["PieceBody", "sha256_of"]

_HASH_BYTES = 1024 * 1024


def sha256_of(part: FilePart) -> str:
    """The SHA-256 of a file's content in hex. Raises `UploadError` when it changed or cannot be read."""
    digest = hashlib.sha256()
    with _opened(part) as file:
        while chunk := file.read(_HASH_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class PieceBody:
    """`length` bytes of a file from `offset` on."""

    part: FilePart
    offset: int
    length: int

    @property
    def content_type(self) -> str:
        """Value of the request's Content-Type header: a piece is of no type."""
        return "application/octet-stream"

    def open(self) -> "OpenPiece":
        """Begin one sending. Raises `UploadError` when the file changed or cannot be read."""
        file = _opened(self.part)
        file.seek(self.offset)
        return OpenPiece(self, file)


class OpenPiece:
    """One sending of a piece."""

    def __init__(self, piece: PieceBody, file: BinaryIO) -> None:
        self.finished = False
        self._filename = piece.part.filename
        self._file = file
        self._left = piece.length

    def read(self) -> bytes:
        """The next chunk. Raises `UploadError` when the file has become shorter or cannot be read."""
        try:
            chunk = self._file.read(min(CHUNK_BYTES, self._left))
        except (OSError, ValueError) as error:
            raise _error(self._filename, f"cannot be read: {error}") from error
        if not chunk and self._left:
            raise _error(self._filename, "changed while it was being sent")
        self._left -= len(chunk)
        self.finished = not self._left
        return chunk

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _opened(part: FilePart) -> BinaryIO:
    try:
        file = part.source.open()
    except OSError as error:
        raise _error(part.filename, f"cannot be read: {error.strerror}") from error
    if file is None:
        raise _error(part.filename, "changed while it was being sent")
    return file


def _error(filename: str, problem: str) -> UploadError:
    return UploadError(f"{filename} {problem}", details={"filename": filename, "stage": "upload"})
