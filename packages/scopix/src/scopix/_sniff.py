"""What kind of file it is, judged from its first bytes. The server judges again; this spares a useless upload."""

from dataclasses import dataclass
from pathlib import PurePath

from scopix.types.vocabulary import MediaType

__all__ = ["DOCUMENT_LIMIT", "HEAD_BYTES", "IMAGE_LIMIT", "FileKind", "sniff"]

HEAD_BYTES = 4096
MEBIBYTE = 1024 * 1024
IMAGE_LIMIT = 100 * MEBIBYTE
DOCUMENT_LIMIT = 50 * MEBIBYTE

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Plain text has no signature, so its name must agree: otherwise every script would pass for a document.
_TEXT_TYPES = {".txt": "text/plain", ".md": "text/markdown", ".markdown": "text/markdown"}
_TEXT_CONTROLS = frozenset(b"\t\n\x0c\r")


@dataclass(frozen=True, slots=True)
class FileKind:
    """A file's media type, its content type, and the most bytes it may have."""

    media_type: MediaType
    content_type: str
    limit: int


def sniff(head: bytes, filename: str) -> FileKind | None:
    """The kind of the file that begins with `head` (its first `HEAD_BYTES` bytes), or None when unsupported."""
    image_type = _image_type(head)
    if image_type:
        return FileKind(MediaType.IMAGE, image_type, IMAGE_LIMIT)
    document_type = _document_type(head, PurePath(filename).suffix.lower())
    if document_type:
        return FileKind(MediaType.DOCUMENT, document_type, DOCUMENT_LIMIT)
    return None


def _image_type(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None


def _document_type(head: bytes, suffix: str) -> str | None:
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    # A .docx is a zip archive; its parts are named in the headers of the entries, in clear.
    if head.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in head or b"word/" in head) and suffix == ".docx":
        return _DOCX
    if suffix in _TEXT_TYPES and _looks_like_text(head):
        return _TEXT_TYPES[suffix]
    return None


def _looks_like_text(head: bytes) -> bool:
    if head.startswith(b"#!"):
        return False
    if any(byte < 0x20 and byte not in _TEXT_CONTROLS for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut at HEAD_BYTES may run through a character; anything earlier is no text.
        return len(head) == HEAD_BYTES and error.start > HEAD_BYTES - 4
    return True
