"""Damaged variants of a picture: turned, photographed askew, dark, shadowed, small, blurred. Seeded, so repeatable."""

import random
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["VARIANTS"]

Pixels = npt.NDArray[np.uint8]
Variant = Callable[[Pixels, random.Random], Pixels]
_WHITE: Final = (255, 255, 255)
_ASKEW: Final = 0.07
"""Of the sides: how far a corner moves at most, about what a page photographed from the side of a table shows."""
_DARK: Final = 0.3
"""Of the light: a page by a lamp across the room."""


def _turned(image: Pixels, chance: random.Random) -> Pixels:
    """Turned by 4 to 25 degrees either way, on a sheet large enough for all of it."""
    angle = chance.uniform(4, 25) * chance.choice((-1, 1))
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = int(height * sine + width * cosine), int(height * cosine + width * sine)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderValue=_WHITE)


def _askew(image: Pixels, chance: random.Random) -> Pixels:
    """Each corner moved inwards by its own share of the sides."""
    height, width = image.shape[:2]
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    inward = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)], np.float32)
    shift = np.array([(chance.uniform(0, _ASKEW) * width, chance.uniform(0, _ASKEW) * height) for _ in flat])
    matrix = cv2.getPerspectiveTransform(flat, (flat + inward * shift).astype(np.float32))
    return cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=_WHITE)


def _dark(image: Pixels, chance: random.Random) -> Pixels:
    """Less light, and the grain that a camera adds to make up for it."""
    noise = np.random.default_rng(chance.randrange(2**32)).normal(0, 4, image.shape)
    return np.clip(image * _DARK + noise, 0, 255).astype(np.uint8)


def _shadowed(image: Pixels, chance: random.Random) -> Pixels:
    """A soft shadow over one side, as of a hand that holds the camera."""
    width = image.shape[1]
    edge = chance.uniform(0.3, 0.7)
    slope = np.clip((np.linspace(0, 1, width) - edge) / 0.2 + 0.5, 0, 1)
    light = 0.45 + 0.55 * (slope if chance.random() < 0.5 else slope[::-1])
    return np.clip(image * light[None, :, None], 0, 255).astype(np.uint8)


def _half(image: Pixels, chance: random.Random) -> Pixels:
    return np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def _blurred(image: Pixels, chance: random.Random) -> Pixels:
    """Out of focus by a thousandth of the longer side."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(image.shape[:2]) / 1000), np.uint8)


VARIANTS: Final[dict[str, Variant]] = {
    "turned": _turned,
    "quarter": lambda image, chance: np.asarray(np.rot90(image, 1 if chance.random() < 0.5 else 3)),
    "upside-down": lambda image, chance: np.asarray(np.rot90(image, 2)),
    "askew": _askew,
    "dark": _dark,
    "shadowed": _shadowed,
    "half": _half,
    "blurred": _blurred,
}
"""What each name makes of RGB or BGR pixels (height x width x 3, uint8) and a source of chance."""
