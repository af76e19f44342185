"""Of a picture that could only be decoded in part: how much of it is there, and how that is put into words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from PIL import Image, ImageFile

__all__ = ["damage_of", "tolerant"]

_BAND: Final = 64
"""Rows that are looked at together."""
_JPEG_FILLING: Final = 128
"""What libjpeg leaves where nothing was decoded: the middle of the scale. Others leave nought."""
_CORNER: Final = 8
"""Pixels: the blocks of a JPEG, of which the last one is missing first."""


@contextmanager
def tolerant() -> Iterator[None]:
    """Let Pillow decode as far as it can, where it would refuse a picture. Nothing else is decoded meanwhile."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def damage_of(image: Image.Image, *, is_jpeg: bool, in_passes: bool) -> str | None:
    """Say how much of a picture is missing: "" for nothing, None when nothing is there.

    `image` is as `tolerant` decoded it, not turned. With `in_passes` (interlaced or progressive) a picture is there as
    a whole from the first pass on, and nobody can tell which are missing.
    """
    filling = _JPEG_FILLING if is_jpeg else 0
    rows = _rows_there(image, filling)
    if rows == 0:
        return None
    if in_passes:
        return "The file is damaged: its end is missing, so parts of the picture may be missing or coarse."
    if rows < image.height:
        share = max(1, min(99, round(100 * rows / image.height)))
        return f"The file is damaged: only the upper {share} % of the picture could be decoded."
    if _is_filled(image.crop((max(0, image.width - _CORNER), image.height - 1, *image.size)), filling):
        return "The file is damaged: a little of the picture is missing at its end."
    return ""


def _rows_there(image: Image.Image, filling: int) -> int:
    """How many rows come before the filling that ends the picture."""
    bottom = image.height
    while bottom:
        top = max(0, bottom - _BAND)
        if not _is_filled(image.crop((0, top, image.width, bottom)), filling):
            break
        bottom = top
    while bottom and _is_filled(image.crop((0, bottom - 1, image.width, bottom)), filling):
        bottom -= 1
    return bottom


def _is_filled(part: Image.Image, filling: int) -> bool:
    """Whether a part holds the filling alone; the colours of a palette are not looked at."""
    pixels = np.asarray(part if part.mode in {"P", "L", "RGB", "CMYK"} else part.convert("RGB"))
    return bool((pixels == filling).all())
