"""Cutting large or long images into overlapping tiles for the text detector, and joining what the tiles saw.

Pure geometry; no model. A detector input has a bounded size, so memory does not grow with the image.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Quad", "Tile", "cut_strip", "join_tiles", "plan_tiles"]

Quad: TypeAlias = npt.NDArray[np.float32]
"""Four corners (x, y) in pixels, 4 x 2, clockwise."""

LONG_RATIO: Final = 2.2
"""From this ratio of long to short side on, text vanishes in one piece (1080 x 6000: error rate 1.0; tiled: 0.0)."""
MAX_SHRINK: Final = 3.2
"""A tile is at most this many detector sides long, so 26-pixel letters keep the 8 pixels the detector needs."""
OVERLAP: Final = 96 / 1280
"""Overlap of neighbouring tiles as a share of the tile's side."""
EDGE: Final = 6.0
"""A quad that ends within this many detector pixels from a border inside the image was cut by it."""
CONTAINED: Final = 0.85
"""Of a quad's area, which lies in the whole one: two tiles pad one line differently by a few pixels, up to
a seventh of its height. What sticks out further belongs to the line, so a box is drawn around both."""
SAME_PLACE: Final = 0.5
"""Of the smaller quad's area within the shared strip: two halves of one line agree on more than that, neighbouring
lines, whose padded boxes overlap, on less."""
SAME_HEIGHT: Final = 0.4
"""Of the lower one's height, which two quads of one line share."""
CUT_REACH: Final = 3.0
"""How far, in line heights, a cut may move from its even place to find a gap between words."""
WORD_GAP: Final = 0.2
"""Of the line height; narrower gaps lie between letters, or between Chinese characters."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the image in pixels; `right` and `bottom` are exclusive; `scale`, at most 1, is the detector's."""

    left: int
    top: int
    right: int
    bottom: int
    scale: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """A quad, its upper and lower end, the tile it was seen on, and whether a border of that tile cut it."""

    quad: Quad
    top: float
    bottom: float
    tile: Tile
    cut: bool


def plan_tiles(width: int, height: int, side: int) -> list[Tile]:
    """Tiles that cover `width` x `height` pixels, for a detector whose longest input side is `side`.

    One tile if the image is neither long (ratio over 2.2) nor so large that its letters would shrink away.
    """
    long, short = max(width, height), min(width, height)
    largest = int(MAX_SHRINK * side)
    length = min(largest, max(side, short)) if long > LONG_RATIO * short else largest
    scale = side / length if long > length else min(1.0, side / long)
    columns, rows = _spans(width, length), _spans(height, length)
    return [Tile(left, top, right, bottom, scale) for top, bottom in rows for left, right in columns]


def _spans(total: int, length: int) -> list[tuple[int, int]]:
    """Cuts 0..total into the fewest equal spans of at most `length` that overlap by `OVERLAP * length` or more."""
    if total <= length:
        return [(0, total)]
    overlap = int(OVERLAP * length)
    count = -(-(total - overlap) // (length - overlap))
    equal = -(-(total + (count - 1) * overlap) // count)
    starts = [number * (total - equal) // (count - 1) for number in range(count)]
    return [(start, start + equal) for start in starts]


def join_tiles(found: Sequence[tuple[Tile, Sequence[Quad]]], width: int, height: int) -> list[Quad]:
    """The quads of all tiles, in pixels of the full image, each line once.

    Two tiles see the same line where they overlap. If one of them sees it whole, its quad stays; where a border has cut
    the line in two, its parts are joined into the smallest rectangle around them.
    """
    if len(found) == 1:
        return list(found[0][1])
    seen = [_look(quad, tile, width, height) for tile, quads in found for quad in quads]
    return [_union([seen[index] for index in group]) for group in _groups(seen)]


def _look(quad: Quad, tile: Tile, width: int, height: int) -> _Seen:
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    slack = EDGE / tile.scale
    cut = (
        (tile.left > 0 and left <= tile.left + slack)
        or (tile.top > 0 and top <= tile.top + slack)
        or (tile.right < width and right >= tile.right - 1 - slack)
        or (tile.bottom < height and bottom >= tile.bottom - 1 - slack)
    )
    return _Seen(quad, float(top), float(bottom), tile, bool(cut))


def _groups(seen: Sequence[_Seen]) -> list[list[int]]:
    """Connected sets of quads that show the same line, found by a sweep from top to bottom."""
    parent = list(range(len(seen)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    open_: list[int] = []
    for index in sorted(range(len(seen)), key=lambda i: seen[i].top):
        open_ = [other for other in open_ if seen[other].bottom > seen[index].top]
        for other in open_:
            if _same(seen[index], seen[other]):
                parent[root(index)] = root(other)
        open_.append(index)
    groups: dict[int, list[int]] = {}
    for index in range(len(seen)):
        groups.setdefault(root(index), []).append(index)
    return list(groups.values())


def _same(a: _Seen, b: _Seen) -> bool:
    """Whether two tiles show the same line: where both tiles look, the two quads cover the same place.

    Upright bounds would not do: those of neighbouring lines overlap as soon as a page is askew.
    """
    left, top = max(a.tile.left, b.tile.left), max(a.tile.top, b.tile.top)
    right, bottom = min(a.tile.right, b.tile.right), min(a.tile.bottom, b.tile.bottom)
    if a.tile == b.tile or left >= right or top >= bottom:
        return False
    shared = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    (area_a, part_a), (area_b, part_b) = _overlap(a.quad, shared), _overlap(b.quad, shared)
    smaller = min(area_a, area_b)
    if smaller <= 0 or _overlap(part_a, part_b)[0] < SAME_PLACE * smaller:
        return False
    # The sliver that a tile saw of a line lies within the next line's padded box, too.
    together = min(a.bottom, b.bottom) - max(a.top, b.top)
    return together >= SAME_HEIGHT * min(a.bottom - a.top, b.bottom - b.top)


def _overlap(a: Quad, b: Quad) -> tuple[float, Quad]:
    """Area and outline of what two convex outlines have in common."""
    area, outline = cv2.intersectConvexConvex(a, b)
    return float(area), np.zeros((0, 2), np.float32) if outline is None else np.asarray(outline, np.float32)


def _union(group: Sequence[_Seen]) -> Quad:
    if len(group) == 1:
        return group[0].quad
    whole = [seen for seen in group if not seen.cut]
    best = max(whole or group, key=lambda seen: _area(seen.quad))
    if whole and all(_overlap(other.quad, best.quad)[0] >= CONTAINED * _area(other.quad) for other in group):
        return best.quad
    corners = cv2.boxPoints(cv2.minAreaRect(np.concatenate([seen.quad for seen in group])))
    return _aligned(np.asarray(corners, np.float32), best.quad)


def _area(quad: Quad) -> float:
    return float(cv2.contourArea(quad))


def _aligned(corners: Quad, model: Quad) -> Quad:
    """`corners`, clockwise, starting so that the first edge points the way the model's first edge does."""
    edges = np.roll(corners, -1, axis=0) - corners
    if float(edges[0][0] * edges[1][1] - edges[0][1] * edges[1][0]) < 0:
        corners = corners[::-1]
        edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.maximum(np.hypot(edges[:, 0], edges[:, 1]), 1e-6)
    start = int(np.argmax(edges @ (model[1] - model[0]) / lengths))
    return np.roll(corners, -start, axis=0)


def cut_strip(strip: npt.NDArray[np.uint8], proportion: float) -> list[tuple[npt.NDArray[np.uint8], bool]]:
    """Cuts a line of text (H x W x 3) into pieces not much longer than `proportion` times its height.

    Each piece comes with whether it follows a gap between words. Cuts are made in the widest gap near even places.
    """
    height, width = strip.shape[:2]
    count = -(-width // max(1, int(proportion * height)))
    columns = np.ptp(strip.max(axis=2), axis=0).astype(np.float32)
    blank = columns <= columns.min() + 0.25 * (columns.max() - columns.min())
    places = [(0, False)]
    for number in range(1, count):
        even, reach = number * width // count, int(CUT_REACH * height)
        low = max(even - reach, places[-1][0] + 1)
        middle, gap = _widest_run(blank[low : even + reach])
        places.append((low + middle, gap >= WORD_GAP * height) if gap else (even, False))
    places.append((width, False))
    return [(strip[:, left:right], spaced) for (left, spaced), (right, _) in pairwise(places)]


def _widest_run(mask: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Middle and length of the longest run of True; length 0 if there is none."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    starts, stops = steps[::2], steps[1::2]
    if not len(starts):
        return 0, 0
    widest = int(np.argmax(stops - starts))
    return int(starts[widest] + stops[widest]) // 2, int(stops[widest] - starts[widest])
