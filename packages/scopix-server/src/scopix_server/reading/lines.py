"""Text regions as level lines: deskewed bounds, and the size of the type.

Lengths are in image heights, so that a length means the same along both axes.
"""

import math
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from scopix_server.domain.description import TextRegion
from scopix_server.domain.phrases import clean

__all__ = ["Line", "columns_of", "letters", "mostly_letters", "read_lines", "words_in"]

_MAX_SKEW = math.radians(30)
_MIN_DIRECTED = 3  # characters: one or two make a square box, whose direction says nothing
_TURNED = 0.9  # of the length of all text: labels along axes and on plans run upwards too
_NARROW, _WIDE, _CAPITAL = 0.55, 1.5, 1.25  # advance widths of letters, in those of an "n"
_NARROW_SIGNS, _WIDE_SIGNS = frozenset("ijlftrI1.,:;'|!()[]- "), frozenset("mwMW@%")
_ADVANCE_TO_TRUST = 2.0  # ems; a shorter text's length says nothing about the size of its type
_MIN_TYPE, _USUAL_TYPE, _MAX_TYPE = 0.35, 0.6, 1.1  # of the box's height, for the size of its type


_CODE = frozenset("<>{}=|\\")


@dataclass(frozen=True, slots=True)
class Line:
    """One text region: `index` in the perception, its deskewed bounds, and its height (the quad's short side).

    `size` is the size of the type (its em), reckoned from length and height together: boxes are padded, so that heights
    alone hardly tell a heading from the text beneath it.
    """

    index: int
    text: str
    left: float
    top: float
    right: float
    bottom: float
    height: float
    size: float
    vertical: bool

    @property
    def middle(self) -> float:
        """The y of its middle."""
        return (self.top + self.bottom) / 2

    @property
    def centre(self) -> float:
        """The x of its middle."""
        return (self.left + self.right) / 2


def read_lines(regions: Sequence[TextRegion], aspect: float) -> tuple[tuple[Line, ...], float]:
    """Level the regions of an image of this aspect (width / height) by the median slope of its text.

    A page that lies on its side or upside down is turned upright before. Return the lines and the upright aspect.
    """
    turn = _quarter_turns(regions, aspect)
    upright = [_turned_back(_corners(region, aspect), aspect, turn) for region in regions]
    skew = _skew(upright)
    found = (_line(index, region, upright[index], skew) for index, region in enumerate(regions))
    return tuple(line for line in found if line is not None), 1 / aspect if turn % 2 else aspect


def _quarter_turns(regions: Sequence[TextRegion], aspect: float) -> int:
    """Return by how many quarter turns, clockwise, nearly all of the text is turned; 0 where there is no such turn."""
    weights = [0.0] * 4
    for region in regions:
        corners = _corners(region, aspect)
        if len(region.quad) == 4 and len(region.text) >= _MIN_DIRECTED:
            weights[round(_slope(corners) / (math.pi / 2)) % 4] += math.dist(corners[0], corners[1])
    main = max(range(4), key=weights.__getitem__)
    return main if weights[main] >= _TURNED * sum(weights) else 0


def _turned_back(corners: Sequence[tuple[float, float]], aspect: float, turn: int) -> list[tuple[float, float]]:
    """Turn points of an image upright; both the given and the returned are in heights of their image."""
    if turn == 1:
        return [(y / aspect, 1 - x / aspect) for x, y in corners]
    if turn == 2:
        return [(aspect - x, 1 - y) for x, y in corners]
    if turn == 3:
        return [((1 - y) / aspect, x / aspect) for x, y in corners]
    return list(corners)


def letters(text: str) -> int:
    """Return how many letters there are in it."""
    return sum(character.isalpha() for character in text)


def words_in(text: str) -> int:
    """Return how many words there are in it: what has a letter, and none of the signs of code."""
    return sum(any(sign.isalpha() for sign in word) and _CODE.isdisjoint(word) for word in text.split())


def mostly_letters(text: str) -> bool:
    """Whether it has at least two letters and more letters than other signs."""
    return letters(text) >= 2 and letters(text) * 2 > len(text.replace(" ", ""))


def columns_of(lines: Sequence[Line], min_lines: int, tolerance: float = 0.8) -> list[list[Line]]:
    """Return the columns of at least so many lines that start within `tolerance` line heights of the same x.

    Each line goes to the largest column it fits; a column's lines are sorted from top to bottom.
    """
    columns: list[list[Line]] = []
    left = sorted(lines, key=lambda line: line.left)
    while left:
        starts = [line.left for line in left]
        spans = [
            (
                bisect_left(starts, line.left - tolerance * line.height),
                bisect_right(starts, line.left + tolerance * line.height),
            )
            for line in left
        ]
        start, end = max(spans, key=lambda span: span[1] - span[0])
        if end - start < min_lines:
            break
        columns.append(sorted(left[start:end], key=lambda line: line.middle))
        del left[start:end]
    return columns


def _corners(region: TextRegion, aspect: float) -> list[tuple[float, float]]:
    box = region.box
    right, bottom = box.x + box.width, box.y + box.height
    upright = ((box.x, box.y), (right, box.y), (right, bottom), (box.x, bottom))
    corners = region.quad if len(region.quad) == 4 else upright
    return [(_within(x) * aspect, _within(y)) for x, y in corners]


def _within(place: float) -> float:
    """Return a place on or about the image: no infinity and no "not a number" reaches the geometry."""
    return min(max(place, -1.0), 2.0) if math.isfinite(place) else 0.0


def _slope(corners: Sequence[tuple[float, float]]) -> float:
    (x0, y0), (x1, y1) = corners[0], corners[1]
    return math.atan2(y1 - y0, x1 - x0)


def _skew(upright: Sequence[Sequence[tuple[float, float]]]) -> float:
    slopes = [slope for corners in upright if _is_long(corners) and abs(slope := _slope(corners)) < _MAX_SKEW]
    return median(slopes) if slopes else 0.0


def _is_long(corners: Sequence[tuple[float, float]]) -> bool:
    """Whether the upright box is so long that its slope means something."""
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return max(xs) - min(xs) > 3 * (max(ys) - min(ys))


def _line(index: int, region: TextRegion, corners: Sequence[tuple[float, float]], skew: float) -> Line | None:
    text = clean(region.text)
    if not text:
        return None
    sine, cosine = math.sin(-skew), math.cos(-skew)
    turned = [(x * cosine - y * sine, x * sine + y * cosine) for x, y in corners]
    xs, ys = [x for x, _ in turned], [y for _, y in turned]
    vertical = abs(math.sin(_slope(corners))) > 0.7
    sides = [math.dist(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    height = max(1e-6, (sides[1] + sides[3]) / 2)
    size = _size(text, (sides[0] + sides[2]) / 2, height)
    return Line(index, text, min(xs), min(ys), max(xs), max(ys), height, size, vertical)


def _size(text: str, length: float, height: float) -> float:
    """Return the em: detectors pad a box by as much in length as in height, and small type by more than large type.

    With a padding p, height = em + p and length = advance * em / 2 + p; that is solved for the em.
    """
    advance = sum(_advance(character) for character in text) / 2
    if advance < _ADVANCE_TO_TRUST or any(unicodedata.east_asian_width(c) == "W" for c in text):
        return _USUAL_TYPE * height
    return min(max((length - height) / (advance - 1), _MIN_TYPE * height), _MAX_TYPE * height)


def _advance(character: str) -> float:
    if character in _NARROW_SIGNS:
        return _NARROW
    if character in _WIDE_SIGNS:
        return _WIDE
    return _CAPITAL if character.isupper() else 1.0
