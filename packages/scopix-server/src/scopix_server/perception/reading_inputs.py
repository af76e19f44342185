"""From pixels to what the reading networks take: 32-bit floats from -1 to 1, channels first."""

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["STRIP_HEIGHT", "detector_input", "strips_input"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

STRIP_HEIGHT: Final = 48
_HALF: Final = np.float32(127.5)


def detector_input(image: Pixels, step: int) -> Floats:
    """`image` (BGR, H x W x 3) as 1 x 3 x H' x W', at the right and below repeated up to multiples of `step`."""
    height, width = image.shape[:2]
    below, right = -height % step, -width % step
    if below or right:
        # The edge goes on: an edge of another brightness would be taken for a line of text.
        image = np.asarray(cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8)
    return _scaled(image)[None]


def strips_input(strips: Sequence[Pixels], min_width: int, step: int) -> Floats:
    """Strips (BGR) as N x 3 x 48 x W: at the height of 48 each, W the width of the widest, at least `min_width` and a
    multiple of `step`. What is beyond a strip's end is 0, as it was when the recogniser was trained."""
    widths = [max(1, math.ceil(STRIP_HEIGHT * strip.shape[1] / strip.shape[0])) for strip in strips]
    width = -(-max(min_width, *widths) // step) * step
    prepared = np.zeros((len(strips), 3, STRIP_HEIGHT, width), np.float32)
    for place, strip, own in zip(prepared, strips, widths, strict=True):
        place[:, :, :own] = _scaled(np.asarray(cv2.resize(strip, (own, STRIP_HEIGHT)), np.uint8))
    return prepared


def _scaled(image: Pixels) -> Floats:
    scaled: Floats = image.transpose(2, 0, 1).astype(np.float32, order="C")
    scaled /= _HALF
    scaled -= np.float32(1)
    return scaled
