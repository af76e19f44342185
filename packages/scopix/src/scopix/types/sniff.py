"""What a file is, told from its first bytes, by the client before it sends it and by the server as it comes in.

Names, extensions and Content-Type headers have no say, with one exception: plain text has no signature, and a DOCX that
of any ZIP archive. There the name must agree, or every script would pass for a document.
"""

import codecs
from dataclasses import dataclass

from scopix.types.vocabulary import MediaType

__all__ = [
    "DOCUMENT_TYPES",
    "ENOUGH_BYTES",
    "IMAGE_EXTENSIONS",
    "IMAGE_TYPES",
    "RAW_TYPES",
    "SCAN",
    "WIDE_MARKS",
    "FileType",
    "begins_wide",
    "describe_unsupported",
    "is_text",
    "raw_type",
    "sniff",
]

_PDF_WITHIN = 1024
"""Bytes in which readers look for the sign of a PDF (PDF Reference 1.7, appendix H, note 13)."""
ENOUGH_BYTES = _PDF_WITHIN + 5
"""So many first bytes decide: in files of boxes they hold the brands, of which the first is not always its own."""
_SIGN_BYTES = 16
"""In which the sign of a document stands, and what no text has."""

_TEXT_CONTROLS = frozenset(b"\t\n\x0c\r\x1b")
"""The C0 controls that text files have; escape colours logs."""
WIDE_MARKS = {
    # UTF-32's mark begins like UTF-16's, so it comes first.
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte order marks, and the encoding that each is the sign of: behind them letters have zeros."""
_CONTROLS = bytes(sorted(set(range(32)) - _TEXT_CONTROLS))


@dataclass(frozen=True, slots=True)
class FileType:
    """A type found in the first bytes: its MIME type, the extension we give it, and its medium."""

    content_type: str
    extension: str
    media_type: MediaType


_JPEG = FileType("image/jpeg", "jpg", MediaType.IMAGE)
_PNG = FileType("image/png", "png", MediaType.IMAGE)
_GIF = FileType("image/gif", "gif", MediaType.IMAGE)
_WEBP = FileType("image/webp", "webp", MediaType.IMAGE)
_AVIF = FileType("image/avif", "avif", MediaType.IMAGE)
_HEIC = FileType("image/heic", "heic", MediaType.IMAGE)
_HEIF = FileType("image/heif", "heif", MediaType.IMAGE)
_TIFF = FileType("image/tiff", "tif", MediaType.IMAGE)
SCAN = FileType(_TIFF.content_type, _TIFF.extension, MediaType.DOCUMENT)
"""A TIFF of several pages, as scanners and fax machines write it; what follows its first bytes tells that."""
_BMP = FileType("image/bmp", "bmp", MediaType.IMAGE)
_ICO = FileType("image/vnd.microsoft.icon", "ico", MediaType.IMAGE)
_PSD = FileType("image/vnd.adobe.photoshop", "psd", MediaType.IMAGE)
_JP2 = FileType("image/jp2", "jp2", MediaType.IMAGE)
_JXL = FileType("image/jxl", "jxl", MediaType.IMAGE)

RAW_TYPES = {
    extension: FileType(f"image/x-{maker}-{extension}", extension, MediaType.IMAGE)
    for maker, extensions in {
        "adobe": ("dng",),
        "canon": ("cr2", "cr3"),
        "epson": ("erf",),
        "fuji": ("raf",),
        "hasselblad": ("3fr", "fff"),
        "kodak": ("dcr", "kdc"),
        "mamiya": ("mef",),
        "minolta": ("mrw",),
        "nikon": ("nef", "nrw"),
        "olympus": ("orf",),
        "panasonic": ("rw2",),
        "pentax": ("pef",),
        "phaseone": ("iiq",),
        "samsung": ("srw",),
        "sigma": ("x3f",),
        "sony": ("arw", "sr2", "srf"),
    }.items()
    for extension in extensions
}
"""The raw files of cameras, by their usual extension."""
_RAW = FileType("image/x-raw", "raw", MediaType.IMAGE)

IMAGE_TYPES: tuple[str, ...] = tuple(
    one.content_type
    for one in (
        _JPEG,
        _PNG,
        _WEBP,
        _GIF,
        _AVIF,
        _HEIC,
        _HEIF,
        _TIFF,
        _BMP,
        _ICO,
        _PSD,
        _JP2,
        _JXL,
        *RAW_TYPES.values(),
        _RAW,
    )
)
"""The content types of all images that are taken."""
IMAGE_EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".avif", ".avifs", ".heic", ".heics", ".heif"}
    | {
        ".heifs",
        ".hif",
        ".tif",
        ".tiff",
        ".bmp",
        ".dib",
        ".ico",
        ".psd",
        ".psb",
        ".jp2",
        ".j2k",
        ".jpf",
        ".jpx",
        ".jpc",
    }
    | {".j2c", ".jxl", *(f".{extension}" for extension in RAW_TYPES)}
)
"""The usual extensions of all images that are taken. The five that directories are searched for are among them."""

_PDF = FileType("application/pdf", "pdf", MediaType.DOCUMENT)
_DOCX = FileType("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", MediaType.DOCUMENT)
_TEXTS = {
    "txt": FileType("text/plain", "txt", MediaType.DOCUMENT),
    "md": FileType("text/markdown", "md", MediaType.DOCUMENT),
    "markdown": FileType("text/markdown", "md", MediaType.DOCUMENT),
}

DOCUMENT_TYPES: tuple[str, ...] = (_PDF.content_type, _DOCX.content_type, "text/plain", "text/markdown")
"""The content types of all documents that are taken."""

_SIGNATURES: tuple[tuple[bytes, FileType], ...] = (
    (b"\xff\xd8\xff", _JPEG),
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"II*\x00", _TIFF),
    (b"MM\x00*", _TIFF),
    (b"II+\x00\x08\x00\x00\x00", _TIFF),
    (b"MM\x00+\x00\x08\x00\x00", _TIFF),
    (b"8BPS\x00\x01", _PSD),
    (b"8BPS\x00\x02", _PSD),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", _JP2),
    (b"\xff\x4f\xff\x51", _JP2),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", _JXL),
    (b"\xff\x0a", _JXL),
    (b"FUJIFILMCCD-RAW ", RAW_TYPES["raf"]),
    (b"IIRO", RAW_TYPES["orf"]),
    (b"IIRS", RAW_TYPES["orf"]),
    (b"MMOR", RAW_TYPES["orf"]),
    (b"IIU\x00", RAW_TYPES["rw2"]),
    (b"FOVb", RAW_TYPES["x3f"]),
    (b"\x00MRM", RAW_TYPES["mrw"]),
)

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Bytes of the second header of a bitmap, which tells its version."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WORDS = frozenset({b"BM", b"MZ"})  # signatures are compared without regard to case

# Not accepted, but common enough to be named in the refusal.
_STRANGERS: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"BM", "a bitmap whose header is broken"),
    (0, b"PK\x03\x04", "a ZIP archive or an office document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"MZ", "a Windows program"),
    (0, b"\x7fELF", "a Linux program"),
    (0, b"#!", "a script"),
    (0, b"<svg", "an SVG drawing, which is a program that other files and addresses can be part of; export it as PNG"),
    (0, b"<?xml", "an XML document; an SVG drawing can be exported as PNG"),
    (0, b"<!DOCTYPE", "a web page"),
    (0, b"<html", "a web page"),
)


def begins_wide(head: bytes) -> bool:
    """Whether a file begins with one of `WIDE_MARKS`."""
    return head.startswith(tuple(WIDE_MARKS))


def is_text(chunk: bytes, *, is_wide: bool) -> bool:
    """Whether bytes may be those of a text, which `is_wide` if it begins so (`begins_wide`).

    Its encoding is told when it is read: until then every byte but control characters may be a letter.
    """
    return is_wide or len(chunk.translate(None, _CONTROLS)) == len(chunk)


def sniff(head: bytes, filename: str = "") -> FileType | None:
    """Return the type of a file that begins with `head` (ENOUGH_BYTES suffice), or None when it is not supported.

    Raw files of cameras that begin as a TIFF are told as one; only what follows tells them apart (`raw_type`).
    """
    _, dot, extension = filename.lower().rpartition(".")
    # A note on GIFs may begin like one; behind that sign each picture has zeros and other bytes that no text has.
    is_named_text = bool(dot) and extension in _TEXTS and len(head) >= _SIGN_BYTES
    is_note = is_named_text and head.startswith(b"GIF8") and is_text(head, is_wide=False)
    if not is_note and (image := _image(head)) is not None:
        return image
    # Some programs put a byte order mark, and line breaks or spaces, before it. What else stands there (the headers of
    # the HTTP answer that it was saved from) readers pass over, up to a length; by its name alone it is no text.
    begin = head[:_SIGN_BYTES].removeprefix(_BYTE_ORDER_MARK).lstrip(b"\r\n\t ")
    if begin.startswith(b"%PDF-") or (dot and extension == "pdf" and b"%PDF-" in head[:ENOUGH_BYTES]):
        return _PDF
    if head.startswith(b"PK\x03\x04"):
        return _DOCX if dot and extension == "docx" else None
    # What is a stranger by its first bytes (a script, a web page) is no text, whatever its name. A few letters alone do
    # not make one: "BMW", "Mz. Lopez" and "The ftyp box" begin texts, and images, programs and videos have zeros soon.
    is_word = (head[:2].upper() in _WORDS or head[4:8] == b"ftyp") and b"\x00" not in head[:_SIGN_BYTES]
    may_be_text = bool(dot) and (is_word or describe_unsupported(head) is None)
    return _TEXTS.get(extension) if may_be_text else None


def _image(head: bytes) -> FileType | None:
    for signature, file_type in _SIGNATURES:
        if head.startswith(signature):
            # Canon's file begins as a TIFF, too, and says so behind that.
            return RAW_TYPES["cr2"] if file_type is _TIFF and head[8:10] == b"CR" else file_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _WEBP
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return _BMP
    # An icon says how many pictures it has; of the first a byte is always nought.
    if head[:4] == b"\x00\x00\x01\x00" and head[4:6] != b"\x00\x00" and head[9:10] == b"\x00":
        return _ICO
    return _in_boxes(head) if head[4:8] == b"ftyp" else None


def _in_boxes(head: bytes) -> FileType | None:
    """Of ISO base media files, by their brands: the first is the file's own, those it is compatible with follow."""
    end = min(int.from_bytes(head[:4], "big"), ENOUGH_BYTES)
    first, others = head[8:12], {head[at : at + 4] for at in range(16, end, 4)}
    if first == b"crx ":
        return RAW_TYPES["cr3"]
    if first in _AVIF_BRANDS:
        return _AVIF
    if first in _HEIC_BRANDS:
        return _HEIC
    if first not in _HEIF_BRANDS:
        return None
    return _AVIF if others & _AVIF_BRANDS else _HEIC if others & _HEIC_BRANDS else _HEIF


def raw_type(filename: str, *, is_dng: bool) -> FileType:
    """Return the type of a TIFF that turned out to be a camera's raw file; whose it is, is told by its name alone."""
    if is_dng:
        return RAW_TYPES["dng"]
    return RAW_TYPES.get(filename.lower().rpartition(".")[2], _RAW)


def describe_unsupported(head: bytes) -> str | None:
    """Return what an unsupported file seems to be, in words, or None when that is not known."""
    for offset, signature, name in _STRANGERS:
        if head[offset : offset + len(signature)].lower() == signature.lower():
            return name
    return None
