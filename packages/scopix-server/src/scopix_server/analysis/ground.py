"""What a picture with transparent places is laid on, so that it stands out."""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["Ground", "ground_of"]

Ground = tuple[int, int, int]
"""A colour, red, green and blue from 0 to 255."""

_WHITE: Final = 255
_OTHERS: Final = (48, 128)
"""Greys for what is lost on white: dark for what is light all over, the middle for black beside white."""
_CLEAR: Final = 128
"""Of 255: alpha below that is a hole."""
_SEEN: Final = 64
"""Of 255: from there on a pixel can be seen."""
_APART: Final = 64
"""Of 255 in lightness, which letters need to be read beside their ground."""
_MAX_LOST: Final = 0.1
"""Of the edges towards holes: so many may be lost on white, the usual ground, before another is looked for."""
_MIN_CLEAR: Final = 0.01
"""Of all pixels: below that, holes are the smoothed corners of a window rather than a ground."""


def ground_of(image: Image.Image) -> tuple[Ground, bool]:
    """Return the ground for a small RGBA image, and whether it shows: holes are a hundredth of the pixels or more."""
    pixels = np.asarray(image)
    alpha = pixels[..., 3]
    shows = float((alpha < _CLEAR).mean()) >= _MIN_CLEAR
    edges = (alpha >= _SEEN) & _beside(alpha < _CLEAR)
    if not edges.any():
        return _grey(_WHITE), shows
    # Rec. 601, as Pillow's own conversion to grey.
    lightness = pixels[..., :3][edges] @ np.array([0.299, 0.587, 0.114])
    lost = {grey: float((np.abs(lightness - grey) < _APART).mean()) for grey in (_WHITE, *_OTHERS)}
    return _grey(_WHITE if lost[_WHITE] <= _MAX_LOST else min(lost, key=lambda grey: lost[grey])), shows


def _grey(value: int) -> Ground:
    return value, value, value


def _beside(holes: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Where a neighbour above, below, to the left or to the right is a hole."""
    near = np.zeros_like(holes)
    near[1:] |= holes[:-1]
    near[:-1] |= holes[1:]
    near[:, 1:] |= holes[:, :-1]
    near[:, :-1] |= holes[:, 1:]
    return near
