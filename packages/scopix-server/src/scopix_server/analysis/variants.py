"""The variants of an image: four sizes, from the one decode, in sRGB and without metadata."""

import io
from collections.abc import Iterable
from typing import Any

from PIL import Image

from scopix.types.vocabulary import VariantType
from scopix_server.analysis.decode import Decoded
from scopix_server.domain.analysis import RenderedVariant
from scopix_server.domain.engines import EngineCopy

__all__ = ["MAX_SIDE", "SIZES", "copy_for_engine", "render", "render_pixels"]

SIZES: tuple[tuple[VariantType, int], ...] = (
    (VariantType.LARGE_1024, 1024),
    (VariantType.MEDIUM_750, 750),
    (VariantType.SMALL_256, 256),
    (VariantType.TINY_64, 64),
)
"""Each variant and its longest side in pixels. Small images are never enlarged."""

MAX_SIDE = max(side for _, side in SIZES)
"""Pixels; an image decoded with a longer side of this size is enough for all of them."""
_QUALITY = 82


def render(decoded: Decoded) -> tuple[RenderedVariant, ...]:
    """Make all variants, each from the next larger one."""
    return tuple(_render(decoded))


def render_pixels(pixels: Any) -> tuple[RenderedVariant, ...]:
    """Make all renditions of pixels (RGB uint8, height x width x 3), such as a page that was drawn."""
    image = Image.fromarray(pixels)
    return tuple(_render(Decoded(image, image.size, taken=None)))


def _render(decoded: Decoded) -> Iterable[RenderedVariant]:
    image = decoded.image
    for variant, side in SIZES:
        # To look at, this filter is as good as Lanczos', which takes twice as long.
        image = _resize(image, _size_within(side, decoded), Image.Resampling.HAMMING)
        data = _jpeg(image, _QUALITY)
        yield RenderedVariant(variant.value, "image/jpeg", "jpg", image.width, image.height, data)


def copy_for_engine(decoded: Decoded, kind: EngineCopy) -> bytes:
    """Return the image as an engine is sent it: a JPEG without metadata, EXIF and GPS included."""
    return _jpeg(_fit(decoded.image, kind.side), kind.quality)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality, optimize=True)
    return target.getvalue()


def _size_within(side: int, decoded: Decoded) -> tuple[int, int]:
    """The size in the proportions of the stored image, whatever it was reduced to while it was decoded."""
    width, height = decoded.full_size
    side = min(side, max(decoded.image.size))
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _fit(image: Image.Image, side: int) -> Image.Image:
    scale = side / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return _resize(image, size, Image.Resampling.LANCZOS)


def _resize(image: Image.Image, size: tuple[int, int], kernel: Image.Resampling) -> Image.Image:
    return image if size == image.size else image.resize(size, kernel, reducing_gap=3.0)
