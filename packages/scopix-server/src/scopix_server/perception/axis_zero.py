"""The "0" at the foot of a chart's axis: alone and beside a line, it is too small for the text detector.

Where numbers stand beneath each other, right-aligned, at even distances and falling by even steps to one step above
nought, the next place down is looked at for it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from scopix_server.domain.numbers import parse_number

__all__ = ["place_of_zero"]

Quad: TypeAlias = npt.NDArray[np.float32]

MIN_NUMBERS: Final = 3
MAX_LINES: Final = 200
"""Lines; among more there is no chart alone."""
ALIGNED: Final = 0.5
EVEN: Final = 0.06
_SIGNS: Final = frozenset("0123456789.,%kM €$")


def place_of_zero(lines: Sequence[tuple[Quad, str, float]], width: int, height: int) -> Quad | None:
    """The upright quad, in pixels of an image of this size, where a "0" is to be expected, or None."""
    numbers = [(quad, value) for quad, text, _ in lines[:MAX_LINES] if (value := _number(text)) is not None]
    for anchor, _ in numbers:
        size = _height(anchor)
        column = [(quad, value) for quad, value in numbers if abs(_right(quad) - _right(anchor)) < ALIGNED * size]
        column.sort(key=lambda item: _middle(item[0]))
        place = _beneath(column, width, height)
        if place is not None:
            return None if any(_overlaps(place, quad) for quad, _, _ in lines) else place
    return None


def _beneath(column: Sequence[tuple[Quad, float]], width: int, height: int) -> Quad | None:
    if len(column) < MIN_NUMBERS:
        return None
    falls = [a - b for (_, a), (_, b) in pairwise(column)]
    gaps = [_middle(b) - _middle(a) for (a, _), (b, _) in pairwise(column)]
    last, step, gap = column[-1][1], falls[-1], gaps[-1]
    if not (_even(falls) and _even(gaps)) or step <= 0 or abs(last - step) > EVEN * step:
        return None
    size = max(_height(quad) for quad, _ in column)
    right = max(_right(quad) for quad, _ in column)
    middle = _middle(column[-1][0]) + gap
    left, top, bottom = right - 1.2 * size, middle - size / 2, middle + size / 2
    if left < 0 or top < 0 or right > width or bottom > height:
        return None
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def _number(text: str) -> float | None:
    return parse_number(text) if text and set(text) <= _SIGNS else None


def _even(steps: Sequence[float]) -> bool:
    mean = sum(steps) / len(steps)
    return mean > 0 and all(abs(step - mean) <= EVEN * mean for step in steps)


def _right(quad: Quad) -> float:
    return float(quad[:, 0].max())


def _middle(quad: Quad) -> float:
    return float(quad[:, 1].max() + quad[:, 1].min()) / 2


def _height(quad: Quad) -> float:
    return float(quad[:, 1].max() - quad[:, 1].min())


def _overlaps(place: Quad, quad: Quad) -> bool:
    left, top = np.maximum(place.min(axis=0), quad.min(axis=0))
    right, bottom = np.minimum(place.max(axis=0), quad.max(axis=0))
    return bool(left < right and top < bottom)
