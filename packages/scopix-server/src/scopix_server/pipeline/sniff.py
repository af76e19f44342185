"""What a file is, told from its first bytes. Names, extensions and Content-Type headers have no say.

There is one exception: plain text has no signature, and a DOCX that of any ZIP archive. There the name must agree, or
every script would pass for a document.
"""

from scopix.types.vocabulary import MediaType
from scopix_server.domain.file import FileType

__all__ = ["ENOUGH_BYTES", "describe_unsupported", "sniff"]

ENOUGH_BYTES = 16
"""So many first bytes decide."""

_JPEG = FileType("image/jpeg", "jpg", MediaType.IMAGE)
_PNG = FileType("image/png", "png", MediaType.IMAGE)
_GIF = FileType("image/gif", "gif", MediaType.IMAGE)
_WEBP = FileType("image/webp", "webp", MediaType.IMAGE)

_PDF = FileType("application/pdf", "pdf", MediaType.DOCUMENT)
_DOCX = FileType("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", MediaType.DOCUMENT)
_TEXTS = {
    "txt": FileType("text/plain", "txt", MediaType.DOCUMENT),
    "md": FileType("text/markdown", "md", MediaType.DOCUMENT),
    "markdown": FileType("text/markdown", "md", MediaType.DOCUMENT),
}

_SIGNATURES: tuple[tuple[bytes, FileType], ...] = (
    (b"\xff\xd8\xff", _JPEG),
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
)

# Not accepted, but common enough to be named in the refusal.
_STRANGERS: tuple[tuple[int, bytes, str], ...] = (
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


def sniff(head: bytes, filename: str = "") -> FileType | None:
    """Return the type of a file that begins with `head` (16 bytes suffice), or None when it is not supported."""
    for signature, file_type in _SIGNATURES:
        if head.startswith(signature):
            return file_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _WEBP
    if head.startswith(b"%PDF-"):
        return _PDF
    extension = filename.lower().rpartition(".")[2]
    if head.startswith(b"PK\x03\x04"):
        return _DOCX if extension == "docx" else None
    # What is a stranger by its first bytes (a script, a web page) is no text, whatever its name.
    return _TEXTS.get(extension) if describe_unsupported(head) is None else None


def describe_unsupported(head: bytes) -> str | None:
    """Return what an unsupported file seems to be, in words, or None when that is not known."""
    for offset, signature, name in _STRANGERS:
        if head[offset : offset + len(signature)].lower() == signature.lower():
            return name
    return None
