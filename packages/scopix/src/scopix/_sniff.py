"""What kind of file it is, judged from its first bytes by the server's own table; this spares a useless upload."""

from dataclasses import dataclass

from scopix.types import sniff as types
from scopix.types.vocabulary import MediaType

__all__ = ["DOCUMENT_LIMIT", "HEAD_BYTES", "IMAGE_LIMIT", "FileKind", "sniff"]

HEAD_BYTES = 4096
MEBIBYTE = 1024 * 1024
IMAGE_LIMIT = 100 * MEBIBYTE
DOCUMENT_LIMIT = 50 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class FileKind:
    """A file's media type, its content type, and the most bytes it may have."""

    media_type: MediaType
    content_type: str
    limit: int


def sniff(head: bytes, filename: str) -> FileKind | None:
    """The kind of the file that begins with `head` (its first `HEAD_BYTES` bytes), or None when unsupported."""
    found = types.sniff(head, filename)
    if found is None:
        return None
    if found.content_type.startswith("text/") and not types.is_text(head, is_wide=types.begins_wide(head)):
        return None
    limit = IMAGE_LIMIT if found.media_type is MediaType.IMAGE else DOCUMENT_LIMIT
    return FileKind(found.media_type, found.content_type, limit)
