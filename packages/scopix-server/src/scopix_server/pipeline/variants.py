"""The renditions of an image: four sizes, from the one decode, without metadata."""

import io
from collections.abc import Iterable

from PIL import Image

from scopix.types.vocabulary import VariantType
from scopix_server.domain.engines import EngineCopy
from scopix_server.domain.ports import RenderedVariant
from scopix_server.pipeline.decode import Decoded

__all__ = ["SIZES", "copy_for_engine", "render"]

SIZES: tuple[tuple[VariantType, int], ...] = (
    (VariantType.LARGE_1024, 1024),
    (VariantType.MEDIUM_750, 750),
    (VariantType.SMALL_256, 256),
    (VariantType.TINY_64, 64),
)
"""Each rendition and its longest side in pixels. Small images are never enlarged."""

_QUALITY = 82


def render(decoded: Decoded) -> tuple[RenderedVariant, ...]:
    """Make all renditions, each from the next larger one."""
    return tuple(_render(decoded))


def _render(decoded: Decoded) -> Iterable[RenderedVariant]:
    image = decoded.image
    for variant, side in SIZES:
        # To look at, this filter is as good as Lanczos', which takes twice as long.
        image = _fit(image, side, Image.Resampling.HAMMING)
        data = _jpeg(image, _QUALITY, decoded.icc_profile)
        yield RenderedVariant(variant.value, "image/jpeg", "jpg", image.width, image.height, data)


def copy_for_engine(decoded: Decoded, wanted: EngineCopy) -> bytes:
    """Return the image as an engine is sent it: a JPEG without metadata, EXIF and GPS included."""
    return _jpeg(_fit(decoded.image, wanted.side), wanted.quality, decoded.icc_profile)


def _jpeg(image: Image.Image, quality: int, icc_profile: bytes | None) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality, optimize=True, icc_profile=icc_profile)
    return target.getvalue()


def _fit(image: Image.Image, side: int, kernel: Image.Resampling = Image.Resampling.LANCZOS) -> Image.Image:
    scale = side / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, kernel, reducing_gap=3.0)
