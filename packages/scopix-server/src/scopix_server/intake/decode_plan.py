"""How an image will be decoded, and in how much memory, told from its header alone.

The web process asks before it takes a file in, the child that decodes asks again. Both get the same answer, so that
what was accepted is not refused for its size later.

The bytes a pixel are those of the decoders' own buffers, measured with `benchmarks/decode_memory.py` (see
`benchmarks/RESULTS.md`): a picture of Pillow takes 4 bytes a pixel in colour and 1 in grey or with a palette; its WebP
decoder holds four pictures of that kind.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from scopix.types.sniff import RAW_TYPES
from scopix_server.domain.errors import TooManyPixels, UnsupportedFileType
from scopix_server.intake.headers.bitmaps import read_bmp, read_ico, read_psd
from scopix_server.intake.headers.gif import walk_gif
from scopix_server.intake.headers.heif import read_heif
from scopix_server.intake.headers.jpeg import walk_jpeg
from scopix_server.intake.headers.jpeg2000 import read_jpeg2000
from scopix_server.intake.headers.jpegxl import read_jpegxl
from scopix_server.intake.headers.png import walk_png
from scopix_server.intake.headers.raw import read_raw
from scopix_server.intake.headers.tiff import read_tiff
from scopix_server.intake.headers.walk import Cursor, Header, HeaderReader, Walker, unreadable
from scopix_server.intake.headers.webp import walk_webp

__all__ = [
    "PixelLimits",
    "Plan",
    "check_header",
    "is_raw",
    "plan_decode",
    "plan_full_size",
    "read_header",
    "walker_for",
]

MAX_BYTES: Final = 620_000_000
"""Of a decode, beside the 45 MB of a process that has loaded its libraries and up to 20 MB of bands: below 700 MB."""
MAX_SCAN_PIXELS: Final = 4_000_000_000
"""Pixels times scans of a progressive JPEG. A scan costs 0 to 6 ns a pixel, of random pixels up to 10, at quality 100
(`benchmarks/jpeg_scans.py`): 40 s of a core at the most."""
_RGB: Final = 4
_PACKED: Final = 4
"""Bytes a pixel of what libvips hands over, with alpha."""
_STREAM: Final = 140_000_000
"""What libvips holds of rows under way, threads and tables."""

_WALKERS: Final = {
    "image/jpeg": walk_jpeg,
    "image/png": walk_png,
    "image/gif": walk_gif,
    "image/webp": walk_webp,
}
_READERS: Final[dict[str, Callable[[BinaryIO], Header]]] = {
    "image/avif": read_heif,
    "image/bmp": read_bmp,
    "image/heic": read_heif,
    "image/heif": read_heif,
    "image/jp2": read_jpeg2000,
    "image/jxl": read_jpegxl,
    "image/tiff": read_tiff,
    "image/vnd.adobe.photoshop": read_psd,
    "image/vnd.microsoft.icon": read_ico,
}
_NAMES: Final = {
    "image/avif": "AVIF",
    "image/bmp": "BMP",
    "image/gif": "GIF",
    "image/heic": "HEIC",
    "image/heif": "HEIF",
    "image/jp2": "JPEG 2000",
    "image/jpeg": "JPEG",
    "image/jxl": "JPEG XL",
    "image/png": "PNG",
    "image/tiff": "TIFF",
    "image/vnd.adobe.photoshop": "Photoshop file",
    "image/vnd.microsoft.icon": "icon",
    "image/webp": "WebP",
}
_PIXEL_BYTES: Final = {
    "image/avif": 9.3,
    "image/bmp": 4.0,
    "image/heic": 7.0,
    "image/heif": 7.0,
    "image/jxl": 6.4,
    "image/vnd.adobe.photoshop": 5.0,
    "image/vnd.microsoft.icon": 8.0,
}
"""Of a decoder and the picture that it hands over; as measured for a whole picture, the process without it left out."""
_JPEG2000: Final = 19.0
_JPEG2000_TILED: Final = 5.0
"""Likewise of OpenJPEG, which holds the wavelets of a whole picture, or of a tile, as 32-bit numbers."""


@dataclass(frozen=True, slots=True)
class PixelLimits:
    """`max_pixels`: more are refused. `work_pixels`: more are reduced to at most so many before they are looked at."""

    max_pixels: int
    work_pixels: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The cheaper way to decode an image: its `peak` in bytes, whether rows are `streamed` through libvips, and by how
    much (1, 2, 4 or 8) a JPEG is reduced while it is decoded; of a JPEG 2000, a higher power of 2 may do.
    """

    peak: int
    streamed: bool = False
    reduced: int = 1


def walker_for(content_type: str) -> Callable[[Header, Cursor], Walker] | None:
    """The walker over the headers of such files; None where they can only be read from a file that is there whole."""
    return _WALKERS.get(content_type)


def read_header(content_type: str, file: BinaryIO) -> Header:
    """Return the header of a whole file. A camera's raw file may tell no size. Raises CorruptImage."""
    if (walker := _WALKERS.get(content_type)) is not None:
        return HeaderReader(walker).read(file)
    try:
        return _READERS.get(content_type, read_raw)(file)
    except (IndexError, OverflowError, ValueError, struct.error) as error:
        raise unreadable("the file ends within its header") from error


_RAWS: Final = frozenset(one.content_type for one in RAW_TYPES.values())


def is_raw(content_type: str) -> bool:
    """Whether files of that type hold what a camera's sensor saw."""
    return content_type in _RAWS


def check_header(content_type: str, header: Header, limits: PixelLimits) -> None:
    """Raise TooManyPixels when an image is too large, or can only be decoded in more memory or time than is allowed."""
    if header.raw:
        return  # what is decoded is the preview in it, which has a header of its own
    _check_coding(content_type, header)
    size = {"width": header.width, "height": header.height}
    if header.pixels > limits.max_pixels:
        raise TooManyPixels(
            f"The image has {header.width} × {header.height} = {header.pixels / 1e6:,.0f} million pixels; this server "
            f"takes at most {limits.max_pixels / 1e6:,.0f} million. Resize it, then upload it again.",
            issue="too_many_pixels",
            max_pixels=limits.max_pixels,
            **size,
        )
    kind = _kind(content_type, header)
    if header.interlaced and header.scans * header.pixels > MAX_SCAN_PIXELS:
        raise TooManyPixels(
            f"The image has {header.width} × {header.height} pixels in {header.scans} scans, which takes too long to "
            f"decode as {kind}. Save it as a baseline JPEG, then upload it again.",
            issue="too_many_scans",
            **size,
        )
    peak = plan_decode(content_type, header, limits.work_pixels).peak
    if peak > MAX_BYTES:
        raise TooManyPixels(
            f"The image has {header.width} × {header.height} pixels, which take {peak / 1e6:,.0f} MB to decode as "
            f"{kind}; this server allows {MAX_BYTES / 1e6:,.0f} MB. Resize it, or save it as "
            f"{_ADVICE.get(content_type, 'JPEG')}, then upload it again.",
            issue="too_much_memory",
            **size,
        )


_CODINGS: Final = frozenset({"hvc1", "av01", "grid", "iden", "iovl", "tmap", ""})
"""Of HEIF files: HEVC, AV1, and pictures made of others."""


def _check_coding(content_type: str, header: Header) -> None:
    """Raise UnsupportedFileType for what no decoder here knows, though its file format is taken."""
    coding = ""
    if content_type == "image/jpeg" and header.bits > 8:
        coding = f"a JPEG with {header.bits} bits a colour"
    elif content_type in {"image/heic", "image/heif"} and header.codec not in _CODINGS:
        coding = f"a HEIF file whose picture is coded as {header.codec}"
    if coding:
        raise UnsupportedFileType(f"The file is {coding}, which is not supported. Export it as PNG.", seems=coding)


_ADVICE: Final = {"image/jpeg": "a baseline JPEG", "image/png": "a PNG without interlacing"}


def _kind(content_type: str, header: Header) -> str:
    name = _NAMES[content_type]
    if content_type == "image/jpeg":
        return f"a progressive {name}" if header.interlaced else f"a {name}"
    if content_type == "image/png" and header.interlaced:
        return f"an interlaced {name}"
    if name[0] in "AEIi":
        return f"an {name}"
    return f"a lossless {name}" if content_type == "image/webp" and header.lossless else f"a {name}"


def plan_decode(content_type: str, header: Header, work_pixels: int, min_side: int | None = None) -> Plan:
    """Choose how to decode; the result is an RGB picture of at most `work_pixels`, turned upright.

    `min_side`: a longer side of so many pixels is enough, so a JPEG may be reduced further. That takes less memory,
    never more.
    """
    pixels = header.pixels
    kept = min(pixels, work_pixels)
    # To turn a picture by a quarter, a second one is needed.
    result = kept * _RGB * (1 if header.orientation == 1 else 2)
    if content_type == "image/jpeg":
        return _plan_jpeg(header, work_pixels, min_side)
    streamed = max(kept * (_PACKED + _RGB) + _STREAM, result)
    if content_type == "image/webp":
        whole = Plan(pixels * 4 * _RGB)
        if header.lossless:
            # libwebp holds such a picture whole, until it is reduced.
            streamed = max(pixels * _RGB + kept * _PACKED + _STREAM, streamed)
        return whole if whole.peak <= MAX_BYTES or header.frames > 1 else Plan(streamed, streamed=True)
    if content_type == "image/tiff":
        # Rows or tiles come one after the other, of whatever size and kind they are.
        return Plan(streamed, streamed=True)
    if content_type == "image/jp2":
        return _plan_jpeg2000(header, work_pixels, min_side)
    if content_type in _PIXEL_BYTES:
        decoded = int(max(pixels, header.decoded_pixels) * _PIXEL_BYTES[content_type])
        return Plan(max(decoded, pixels * _RGB + kept * _RGB, result))
    if content_type == "image/gif":
        # The frame, and the canvas that the next one would begin with.
        return Plan(max(2 * pixels + kept * _RGB, result))
    is_grey = header.channels == 1
    whole = Plan(max(pixels * ((2 if header.bits == 16 else 1) if is_grey else _RGB) + kept * _RGB, result))
    if whole.peak <= MAX_BYTES or header.interlaced:
        return whole
    return Plan(streamed, streamed=True)


def _plan_jpeg2000(header: Header, work_pixels: int, min_side: int | None) -> Plan:
    """Halved as seldom as `work_pixels` and the memory allow, and as often as the wavelets were transformed at most."""
    side = max(header.width, header.height)
    for level in range(header.levels + 1):
        left = header.pixels >> 2 * level
        peak = int(left * (_JPEG2000_TILED if header.tiled else _JPEG2000)) + min(left, work_pixels) * _RGB
        is_small = min_side is None or side >> level < 2 * min_side
        if left <= work_pixels and peak <= MAX_BYTES and is_small:
            break
    return Plan(peak, reduced=1 << level)


def _plan_jpeg(header: Header, work_pixels: int, min_side: int | None) -> Plan:
    """As little reduced as `work_pixels` and the memory allow, with `min_side` as much as that leaves; by 8 at most."""
    longer_side = max(header.width, header.height)
    for by in (1, 2, 4, 8):
        drafted = header.pixels // (by * by)
        decoded = drafted * (1 if header.channels == 1 else _RGB)
        converted = 0 if header.channels == 3 else drafted * _RGB  # a grey or CMYK picture beside the RGB one
        turned = 0 if header.orientation == 1 else drafted * 2 * _RGB
        peak = max(header.coefficient_bytes + decoded, decoded + converted, turned)
        is_small = min_side is None or longer_side < 2 * by * min_side
        if drafted <= work_pixels and peak <= MAX_BYTES and is_small:
            break
    return Plan(peak, reduced=by)


_STREAMED_WHOLE: Final = {"image/jpeg": 0, "image/png": 0, "image/tiff": 0, "image/webp": 8}
"""Bytes a pixel that libvips holds of a picture whose rows are taken one after the other."""
_INTERLACED: Final = 4
"""Likewise of an interlaced PNG, with 8 bits a sample."""


def plan_full_size(content_type: str, header: Header, strip_rows: int) -> Plan | None:
    """How to go over a picture at full size, `strip_rows` of it at a time; None where that takes too much memory."""
    if header.raw:
        return None  # the preview in it has been made for screens
    if content_type not in _STREAMED_WHOLE:
        whole = plan_decode(content_type, header, header.pixels)
        return whole if whole.peak <= MAX_BYTES and not whole.streamed and whole.reduced == 1 else None
    held = header.coefficient_bytes + header.pixels * _STREAMED_WHOLE[content_type]
    if content_type == "image/png" and header.interlaced:
        held += header.pixels * _INTERLACED * (2 if header.bits == 16 else 1)
    # A strip as it comes, as it is shown, and those of the smaller levels, which together are half as large.
    strips = 3 * header.width * strip_rows * 3
    plan = Plan(held + strips + _STREAM, streamed=True)
    return plan if plan.peak <= MAX_BYTES else None
