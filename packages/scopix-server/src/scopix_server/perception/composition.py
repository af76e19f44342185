"""Where things stand on an image, as far as colours and light tell: no object is recognised here.

* The *subject* is the one area that stands out from everything at the image's border: the border's colours are
  clustered, each pixel's distance to the nearest of them is thresholded (Otsu 1979), and the largest piece counts if
  it is most of what stands out, is compact, keeps off the border and differs clearly. "The border is background" is
  the prior of Wei and others, "Geodesic saliency using background priors", 2012.
* The *divide* is a level line, such as a horizon: nearly every column changes its lightness most at the same height.
* The *places of colours*: a half, or the middle, that holds nearly all pixels of a colour.
"""

from typing import Any, Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from scopix_server.domain.description import Box, Composition
from scopix_server.perception.colours import border_colours, named_pixels

__all__ = ["compose"]

Pixels: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]

SIDE: Final = 96
MIN_SIDE: Final = 32
FRAME: Final = 0.05
LIGHTNESS: Final = 0.7
"""Weight of lightness against hue: shadows are no subjects."""
MIN_APART: Final = 14.0
"""CIELAB units from the border's colours, at least."""
BORDER_SPREAD: Final = 1.5
AREA: Final = (0.03, 0.60)
MAX_OF_IT: Final = 0.78
ON_FRAME: Final = 0.10
COMPACT: Final = 0.55
CONTRAST: Final = 3.5
"""Mean distance within the subject by that outside."""

LINE_STEP: Final = 0.16
"""Difference of the mean luma above and beneath a level line, at least."""
LINE_COLUMNS: Final = 0.85
LINE_NEAR: Final = 0.03
LINE_PLACE: Final = (0.12, 0.88)

IN_HALF: Final = 0.88
IN_MIDDLE: Final = 0.60


def compose(image: Pixels) -> Composition:
    """Where things stand on `image` (RGB, H x W x 3); empty for images of less than 32 pixels a side."""
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE:
        return Composition()
    shrink = min(1.0, SIDE / max(height, width))
    size = max(8, round(width * shrink)), max(8, round(height * shrink))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Composition(subject=_subject(small), divide=_divide(small), colour_places=_places(small))


def _subject(small: Pixels) -> Box | None:
    smooth = cv2.GaussianBlur(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), (0, 0), 1.0)
    lab = np.asarray(smooth, np.float32) * np.array([LIGHTNESS, 1, 1], np.float32)
    rows, columns = lab.shape[:2]
    depth = max(2, round(FRAME * min(rows, columns)))
    frame = np.ones((rows, columns), bool)
    frame[depth:-depth, depth:-depth] = False
    centres = border_colours(lab[frame])
    apart = np.min([np.sqrt(((lab - centre) ** 2).sum(axis=2)) for centre in centres], axis=0)
    scaled = np.clip(apart * 3, 0, 255).astype(np.uint8)
    otsu, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_OTSU)
    limit = max(otsu / 3, MIN_APART, BORDER_SPREAD * float(np.percentile(apart[frame], 90)))
    mask = (apart > limit).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, pieces, figures, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(figures[1:, cv2.CC_STAT_AREA]))
    part = np.asarray(pieces == largest)
    if not _stands_out(part, np.asarray(mask > 0), frame, apart):
        return None
    left, top, across, down = (int(value) for value in figures[largest, :4])
    return Box(left / columns, top / rows, across / columns, down / rows)


def _stands_out(part: npt.NDArray[Any], mask: npt.NDArray[Any], frame: npt.NDArray[Any], apart: Floats) -> bool:
    """Whether the largest piece is what a viewer would call the one thing before a background."""
    if not AREA[0] <= float(part.mean()) <= AREA[1] or part.sum() < MAX_OF_IT * mask.sum():
        return False
    if part[frame].mean() > ON_FRAME:
        return False
    outline, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(list(outline))))
    compact = float(part.sum()) >= COMPACT * hull
    return compact and float(apart[part].mean()) >= CONTRAST * float(apart[~part].mean())


def _divide(small: Pixels) -> float | None:
    """The height, in 0..1, of a level line across the image, or None."""
    luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32) / 255
    rows = luma.shape[0]
    sums = np.cumsum(luma, axis=0)
    above = np.arange(1, rows, dtype=np.float32)[:, None]
    upper, lower = sums[:-1] / above, (sums[-1] - sums[:-1]) / (rows - above)
    # Otsu's criterion along each column: the split after which the two parts differ most, weighted by their sizes.
    score = above * (rows - above) * (upper - lower) ** 2
    split = score.argmax(axis=0)
    across = np.arange(luma.shape[1])
    steps = upper[split, across] - lower[split, across]
    height = float(np.median(split + 1)) / rows
    near = np.abs((split + 1) / rows - height) <= LINE_NEAR
    # The change must be a line, not a slope: most of it happens within a few rows.
    row = round(height * rows)
    reach = max(2, round(LINE_NEAR * rows))
    before, behind = luma[max(0, row - 2 * reach) : row - reach], luma[row + reach : row + 2 * reach]
    if not before.size or not behind.size or not LINE_PLACE[0] <= height <= LINE_PLACE[1]:
        return None
    jump = before.mean(axis=0) - behind.mean(axis=0)
    alike = np.sign(steps) == np.sign(np.median(steps))
    clear = near & alike & (np.abs(steps) >= LINE_STEP) & (np.abs(jump) >= 0.6 * np.abs(steps))
    return height if float(clear.mean()) >= LINE_COLUMNS else None


def _places(small: Pixels) -> dict[str, str]:
    """By colour name: the half, or the middle, in which nearly all of its pixels are."""
    names = named_pixels(small)
    rows, columns = names.shape
    places = {}
    for name in np.unique(names):
        heights, widths = np.nonzero(names == name)
        shares = {
            "middle": _share((abs(heights - rows / 2) < rows / 4) & (abs(widths - columns / 2) < columns / 4))
            / IN_MIDDLE,
            "upper half": _share(heights < rows / 2) / IN_HALF,
            "lower half": _share(heights >= rows / 2) / IN_HALF,
            "left half": _share(widths < columns / 2) / IN_HALF,
            "right half": _share(widths >= columns / 2) / IN_HALF,
        }
        place, share = max(shares.items(), key=lambda item: item[1])
        if share >= 1.0:
            places[str(name)] = place
    return places


def _share(mask: npt.NDArray[Any]) -> float:
    return float(mask.mean()) if mask.size else 0.0
