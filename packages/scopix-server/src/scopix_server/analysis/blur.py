"""The few characters from which a page draws a blurred picture until the picture is there (BlurHash)."""

import blurhash
import numpy as np
from PIL import Image

__all__ = ["blur_hash_of"]

_SIDE = 24
"""Pixels of the copy that it is taken of: the waves it is made of are longer, and each pixel costs time."""
_ACROSS, _DOWN = 4, 3


def blur_hash_of(image: Image.Image) -> str:
    """Return the BlurHash of a picture of mode RGB, 28 characters of base 83: four waves across, three down."""
    small = image.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return str(blurhash.encode(np.asarray(small), components_x=_ACROSS, components_y=_DOWN))
