"""JPEG XL by libjxl, which gives the pixels turned as the file says, and at 8 bits."""

from typing import BinaryIO

import numpy as np
from PIL import Image

__all__ = ["read_jpegxl"]


def read_jpegxl(file: BinaryIO) -> Image.Image:
    """Return the picture, of mode L, LA, RGB or RGBA, of an animation the first frame, with its profile and EXIF data.

    Raises RuntimeError for what is damaged. The size must have been checked before: all of it is decoded at once.
    """
    import pylibjxl

    file.seek(0)
    pixels, metadata = pylibjxl.decode(file.read(), metadata=True)
    image = Image.fromarray(np.squeeze(pixels, -1) if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)
    for ours, theirs in (("exif", "exif"), ("xmp", "xmp"), ("icc_profile", "icc_profile")):
        if metadata.get(theirs):
            image.info[ours] = bytes(metadata[theirs])
    return image
