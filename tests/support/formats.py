"""Pictures in the formats beside the four of the web, each made on the spot."""

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pillow_heif
import pylibjxl
from PIL import Image, TiffImagePlugin

from tests.support.images import encoded

__all__ = ["TYPES", "Sheet", "dng", "exif", "psd", "quarters", "sample", "tiff_of"]

TYPES = {
    "HEIC": "image/heic",
    "AVIF": "image/avif",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "ICO": "image/vnd.microsoft.icon",
    "PSD": "image/vnd.adobe.photoshop",
    "JPEG2000": "image/jp2",
    "JXL": "image/jxl",
    "DNG": "image/x-adobe-dng",
}


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    """Red above; green on the left and blue on the right below: whichever way it is turned, that shows."""
    image = Image.new("RGB", (width, height), (255, 0, 0))
    image.paste((0, 255, 0), (0, height // 2, width // 2, height))
    image.paste((0, 0, 255), (width // 2, height // 2, width, height))
    return image


def exif(orientation: int = 1) -> Image.Exif:
    """A camera, a time and a turn."""
    data = Image.Exif()
    data[0x0112], data[0x0110] = orientation, "Camera 1"
    data.get_ifd(0x8769)[0x9003] = "2021:03:04 05:06:07"
    return data


def sample(format: str, image: Image.Image | None = None, **options: object) -> bytes:
    """An image in one of the formats of `TYPES`; JPEG XL without loss, the others as their encoders come."""
    image = image or quarters()
    if format == "HEIC":
        target = io.BytesIO()
        pillow_heif.from_pillow(image).save(target, quality=90, **options)
        return target.getvalue()
    if format == "PSD":
        return psd(image)
    if format == "DNG":
        return dng(image)
    if format == "ICO":
        options = {"sizes": [(16, 16), image.size], **options}
    if format == "JXL":
        options = {"icc" if name == "icc_profile" else name: value for name, value in options.items()}
        return bytes(pylibjxl.encode(np.asarray(image), lossless=True, **options))
    return encoded(image, format, **options)


@dataclass(frozen=True)
class Sheet:
    """A directory of a TIFF: its picture, its dots per inch across and down, and further tags."""

    image: Image.Image
    dpi: tuple[float, float] | None = None
    compression: str = "tiff_lzw"
    tags: Mapping[int, int] = field(default_factory=dict)


def tiff_of(*sheets: Sheet) -> bytes:
    """A TIFF of several directories, one behind the other."""
    target = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(target, new=True) as writer:
        for sheet in sheets:
            options = {} if sheet.dpi is None else {"dpi": sheet.dpi}
            sheet.image.save(writer, "TIFF", compression=sheet.compression, tiffinfo=dict(sheet.tags), **options)
            writer.newFrame()
        return target.getvalue()


def psd(image: Image.Image, *, version: int = 1, bits: int = 8) -> bytes:
    """A flattened Photoshop file of an RGB image, unpacked, channel by channel; 16 bits are 8 bits twice."""
    planes = b"".join(
        bytes(band.tobytes()) if bits == 8 else bytes(one for value in band.tobytes() for one in (value, value))
        for band in image.split()
    )
    head = b"8BPS" + struct.pack(">H6xHIIHH", version, 3, image.height, image.width, bits, 3)
    empty = struct.pack(">I", 0)
    return head + empty + empty + (empty if version == 1 else struct.pack(">Q", 0)) + b"\x00\x00" + planes


def dng(image: Image.Image, orientation: int = 1) -> bytes:
    """A digital negative of noise-free mosaic pixels with a JPEG preview of the image."""
    preview = encoded(image, "JPEG", quality=95)
    side = 64
    mosaic = struct.pack("<H", 900) * (side * side)
    sensor = [
        (254, "I", [0]), (256, "I", [side]), (257, "I", [side]), (258, "H", [16]), (259, "H", [1]), (262, "H", [32803]),
        (271, "s", b"Maker\0"), (272, "s", b"Camera 1\0"), (273, "P", mosaic), (274, "H", [orientation]),
        (277, "H", [1]), (278, "I", [side]), (279, "I", [len(mosaic)]), (330, "D", None), (33421, "H", [2, 2]),
        (33422, "B", [0, 1, 1, 2]), (50706, "B", [1, 4, 0, 0]), (50708, "s", b"Maker Camera 1\0"),
    ]  # fmt: skip
    small = [
        (254, "I", [1]), (256, "I", [image.width]), (257, "I", [image.height]), (258, "H", [8, 8, 8]), (259, "H", [7]),
        (262, "H", [6]), (273, "P", preview), (277, "H", [3]), (278, "I", [image.height]), (279, "I", [len(preview)]),
    ]  # fmt: skip
    second = _directory(small, 8, 0)
    first = _directory(sensor, 8 + len(second), 8)
    return b"II*\x00" + struct.pack("<I", 8 + len(second)) + second + first


def _directory(tags: list[tuple[int, str, object]], at: int, below: int) -> bytes:
    """A directory that begins at a place, with what it points to behind it; `below` is where another one is."""
    kinds = {"B": 1, "s": 2, "H": 3, "I": 4, "P": 4, "D": 4}
    table, behind = b"", b""
    start = at + 2 + 12 * len(tags) + 4
    for tag, kind, value in tags:
        if kind == "P":
            field, count = struct.pack("<I", start + len(behind)), 1
            behind += bytes(value)
        elif kind == "D":
            field, count = struct.pack("<I", below), 1
        else:
            data = value if isinstance(value, bytes) else struct.pack(f"<{len(value)}{kind}", *value)
            count = len(data) if kind == "s" else len(value)
            field = data.ljust(4, b"\0")
            if len(data) > 4:
                field = struct.pack("<I", start + len(behind))
                behind += data + bytes(len(data) % 2)
        table += struct.pack("<HHI", tag, kinds[kind], count) + field
    return struct.pack("<H", len(tags)) + table + bytes(4) + behind
