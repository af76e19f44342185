"""One part of a direct upload on its way in."""

import hashlib

from scopix_server.domain.errors import MalformedRequest
from scopix_server.domain.ports import BlobWriter

__all__ = ["IncomingPart"]


class IncomingPart:
    """One part on its way in. All methods block. Call `discard` at the end, whatever happens."""

    def __init__(self, writer: BlobWriter, key: str, size: int) -> None:
        self._writer = writer
        self.key = key
        self._missing = size
        self._size = size
        self._hash = hashlib.md5(usedforsecurity=False)

    @property
    def size_bytes(self) -> int:
        """How many bytes were announced."""
        return self._size

    def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises MalformedRequest for more than were announced, and OutOfSpace."""
        self._missing -= len(chunk)
        if self._missing < 0:
            raise MalformedRequest(f"The part is longer than the {self._size} bytes announced.", field="body")
        self._hash.update(chunk)
        self._writer.write(chunk)

    def keep(self) -> str:
        """Keep the part until the completion and return its ETag. Raises MalformedRequest when bytes are missing."""
        if self._missing:
            raise MalformedRequest(
                f"The part has {self._size - self._missing} bytes, and {self._size} were announced.", field="body"
            )
        self._writer.commit(self.key)
        return self._hash.hexdigest()

    def discard(self) -> None:
        """Leave nothing behind, unless the part was kept."""
        self._writer.abort()
