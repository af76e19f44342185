"""How sharp an image is, and where its fine detail lies.

The blur of a tile is what a strong blur no longer changes: method of Crete, Dolmiere, Ladret and Nicolas, "The blur
effect: perception and estimation with a new no-reference perceptual blur metric", 2007. The sharpest tiles count, so
that a background out of focus does not make a picture blurred. It is measured on a copy of at most 640 pixels a side,
as seen on a screen, after a small median, as noise would pass for sharpness.

On 48 sharp photographs the figures were 0.10 to 0.45; blurred with a Gaussian of 4 pixels in 1,000 they were 0.57 to
0.88, also with noise laid over. Moved by 3 % of the width, the one direction had 0.56 to 0.88, the other stayed.
"""

from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["sharpness_figures"]

Pixels: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]

SIDE: Final = 640
MIN_SIDE: Final = 160
"""A smaller picture is shown enlarged or was made small: neither is the camera's blur."""
TILE: Final = 64
WINDOW: Final = 9
"""Pixels of the strong blur."""
MIN_STEP: Final = 1.5
"""Mean difference of neighbours, of 255, below which a tile shows too little to tell blurred from plain."""
MIN_TILES: Final = 3
CELLS: Final = 6
MIN_DETAIL: Final = 2.0
"""Mean of the fine detail, of 255, from which on an image is covered with it."""
SHARPEST: Final = 10
"""Percentile of the tiles' blur that stands for the image."""


def sharpness_figures(image: Pixels) -> dict[str, float]:
    """`blur_across` and `blur_down`, 0 (sharp) to 1, `centre_detail` and `detail_spread` of `image` (RGB, H x W x 3).

    `centre_detail` (0..1) is the part of the fine detail in the middle quarter. `detail_spread` (0 or more) says how
    unevenly it lies: the standard deviation over a grid of 6 x 6 cells by the mean, 0 where all cells have as much.
    What cannot be measured is left out: on images of less than 160 pixels a side, and where too little changes.
    """
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE:
        return {}
    shrink = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if shrink < 1 else image
    if min(small.shape[:2]) < TILE:
        return {}
    luma = cv2.medianBlur(np.ascontiguousarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)), 3).astype(np.float32)
    figures = {}
    for name, turned in (("blur_across", luma), ("blur_down", np.ascontiguousarray(luma.T))):
        blur = _blur(turned)
        if blur is not None:
            figures[name] = blur
    detail = np.abs(luma - cv2.GaussianBlur(luma, (0, 0), 1.5))
    total = float(detail.sum())
    if total > 0:
        rows, columns = detail.shape
        middle = detail[rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4]
        figures["centre_detail"] = float(middle.sum()) / total
    if total > MIN_DETAIL * detail.size:
        cells = cv2.resize(detail, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
        figures["detail_spread"] = float(cells.std() / cells.mean())
    return figures


def _blur(luma: Floats) -> float | None:
    """The blur along the rows of the sharpest tiles, or None where too few tiles show anything."""
    blurred = cv2.blur(luma, (WINDOW, 1))
    steps, left = np.abs(np.diff(luma, axis=1)), np.abs(np.diff(blurred, axis=1))
    lost = np.maximum(0.0, steps - left)
    blurs = []
    for top in range(0, max(1, luma.shape[0] - TILE // 2), TILE):
        for side in range(0, max(1, luma.shape[1] - TILE // 2), TILE):
            tile = steps[top : top + TILE, side : side + TILE]
            if float(tile.mean()) > MIN_STEP:
                blurs.append(1.0 - float(lost[top : top + TILE, side : side + TILE].sum()) / float(tile.sum()))
    return float(np.percentile(blurs, SHARPEST)) if len(blurs) >= MIN_TILES else None
