"""The one gate through which image bytes become pixels.

Every image is opened here and nowhere else (a test holds it), so that the allow-list of formats and the limit on
pixels hold everywhere: the header is read, the limit is checked, and only then is a pixel decoded.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from scopix_server.domain.description import Capture
from scopix_server.domain.errors import CorruptImage, TooManyPixels
from scopix_server.pipeline.exif import EXIF_IFD, GPS_IFD, Metadata, read_capture, read_taken

__all__ = ["Decoded", "check_pixels", "decode", "open_image"]

# Our own limit is checked below, on every path; Pillow's warns at one value and refuses at twice that.
Image.MAX_IMAGE_PIXELS = None

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_MAX_EXIF = 1 << 20  # bytes; a camera writes at most 64 KiB


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image in memory: mode RGB, first frame, turned as its EXIF says, alpha laid on white.

    `full_size` is its size in pixels before any reduction, `taken` the EXIF time, `capture` what EXIF says else, and
    `icc_profile` the colour profile its RGB values are meant in, if any.
    """

    image: Image.Image
    full_size: tuple[int, int]
    taken: datetime | None
    icc_profile: bytes | None
    capture: Capture | None = None


@contextmanager
def open_image(source: Path | BinaryIO, *, max_pixels: int) -> Iterator[Image.Image]:
    """Open an image and check its header; no pixel is decoded yet.

    Raises:
        CorruptImage: the header cannot be read.
        TooManyPixels: width x height is over `max_pixels`.
    """
    with warnings.catch_warnings():
        # Broken metadata is no reason to refuse a picture that decodes.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(source, formats=_FORMATS)
        except Exception as error:  # Pillow's plugins raise what they like on hostile input
            raise CorruptImage(issue="unreadable_header") from error
        with image:
            check_pixels(*image.size, max_pixels=max_pixels)
            yield image


def check_pixels(width: int, height: int, *, max_pixels: int) -> None:
    """Raise TooManyPixels when width x height is over `max_pixels`."""
    if width * height > max_pixels:
        raise TooManyPixels(
            f"The image has {width} × {height} = {width * height / 1e6:,.0f} million pixels; this server takes at most "
            f"{max_pixels / 1e6:,.0f} million. Resize it, then upload it again.",
            issue="too_many_pixels",
            width=width,
            height=height,
            max_pixels=max_pixels,
        )


def decode(source: Path | BinaryIO, *, max_pixels: int, work_pixels: int) -> Decoded:
    """Decode an image once, for everything that follows.

    Args:
        source: the image.
        max_pixels: images with more pixels are refused on their header.
        work_pixels: images with more pixels are reduced to about so many, JPEGs already while decoding.

    Raises:
        CorruptImage: the pixels cannot be decoded.
        TooManyPixels: as `open_image`.
    """
    with open_image(source, max_pixels=max_pixels) as image:
        full_size = image.size
        profile = image.info.get("icc_profile") if image.mode in {"RGB", "RGBA", "P", "L"} else None
        try:
            if image.format == "JPEG" and full_size[0] * full_size[1] > work_pixels:
                image.draft(None, _fitting(full_size, work_pixels))
            # Before anything else looks at the image: some plugins load it themselves when asked for its metadata, and
            # _metadata forgives errors.
            image.load()
            metadata = _metadata(image)
            turned = ImageOps.exif_transpose(image)
            rgb = _on_white(turned)
        except (OSError, SyntaxError, ValueError, IndexError, EOFError, ZeroDivisionError, OverflowError) as error:
            raise CorruptImage(issue="undecodable", reason=str(error)[:200]) from error
    if turned.size != image.size:
        full_size = (full_size[1], full_size[0])
    if rgb.width * rgb.height > work_pixels:
        rgb = rgb.resize(_fitting(rgb.size, work_pixels), Image.Resampling.BOX)
    kept_profile = profile if profile and len(profile) <= 65536 else None
    return Decoded(rgb, full_size, read_taken(metadata), kept_profile, read_capture(metadata))


def _fitting(size: tuple[int, int], pixels: int) -> tuple[int, int]:
    scale = (pixels / (size[0] * size[1])) ** 0.5
    return max(1, int(size[0] * scale)), max(1, int(size[1] * scale))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        image.load()
        return image
    if image.mode.startswith("I") or image.mode == "F":
        # 16-bit grey: keep the upper byte; a plain convert() would clip everything above 255 to white.
        return image.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        rgba = image.convert("RGBA")
        canvas = Image.new("RGB", rgba.size, "white")
        canvas.paste(rgba, mask=rgba.getchannel("A"))
        return canvas
    return image.convert("RGB")


def _metadata(image: Image.Image) -> Metadata:
    """Return the EXIF values of a loaded image; none where they are broken or beyond all measure."""
    try:
        if len(image.info.get("exif", b"")) > _MAX_EXIF:
            return Metadata()
        exif = image.getexif()
        return Metadata(dict(exif), dict(exif.get_ifd(EXIF_IFD)), dict(exif.get_ifd(GPS_IFD)))
    except Exception:  # whatever broken EXIF data make of it, they must not cost the picture
        return Metadata()
