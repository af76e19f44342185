"""What a file is, told from its first bytes. Names, extensions and Content-Type headers have no say."""

from scopix.types.vocabulary import MediaType
from scopix_server.domain.file import FileType

__all__ = ["ENOUGH_BYTES", "describe_unsupported", "sniff"]

ENOUGH_BYTES = 16
"""So many first bytes decide."""

_JPEG = FileType("image/jpeg", "jpg", MediaType.IMAGE)
_PNG = FileType("image/png", "png", MediaType.IMAGE)
_GIF = FileType("image/gif", "gif", MediaType.IMAGE)
_WEBP = FileType("image/webp", "webp", MediaType.IMAGE)

_SIGNATURES: tuple[tuple[bytes, FileType], ...] = (
    (b"\xff\xd8\xff", _JPEG),
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
)

# Not accepted, but common enough to be named in the refusal.
_STRANGERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "a PDF document"),
    (4, b"ftypheic", "a HEIC photo; export it as JPEG"),
    (4, b"ftypheix", "a HEIC photo; export it as JPEG"),
    (4, b"ftypmif1", "a HEIF photo; export it as JPEG"),
    (4, b"ftypavif", "an AVIF image; export it as JPEG or PNG"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"II*\x00", "a TIFF image; export it as PNG"),
    (0, b"MM\x00*", "a TIFF image; export it as PNG"),
    (0, b"BM", "a BMP image; export it as PNG"),
    (0, b"PK\x03\x04", "a ZIP archive or an office document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"MZ", "a Windows program"),
    (0, b"\x7fELF", "a Linux program"),
    (0, b"#!", "a script"),
    (0, b"<svg", "an SVG drawing; export it as PNG"),
    (0, b"<?xml", "an XML document"),
    (0, b"<!DOCTYPE", "a web page"),
    (0, b"<html", "a web page"),
)


def sniff(head: bytes) -> FileType | None:
    """Return the type of a file that begins with `head` (16 bytes suffice), or None when it is not supported."""
    for signature, file_type in _SIGNATURES:
        if head.startswith(signature):
            return file_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _WEBP
    return None


def describe_unsupported(head: bytes) -> str | None:
    """Return what an unsupported file seems to be, in words, or None when that is not known."""
    for offset, signature, name in _STRANGERS:
        if head[offset : offset + len(signature)].lower() == signature.lower():
            return name
    return None
