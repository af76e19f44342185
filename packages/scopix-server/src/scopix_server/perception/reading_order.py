"""Sorting lines of text into the order a person reads them. Pure geometry.

A page is cut recursively, in the spirit of the XY-cut (Nagy and Seth, "Hierarchical representation of optically
scanned documents", 1984), with one addition: a white gutter parts two *columns* only where the lines on both sides
are not rows of one table or form. Where no gutter parts columns, lines are read row by row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from scopix_server.domain.description import TextRegion

__all__ = ["in_reading_order"]

Floats: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.intp]
Flags: TypeAlias = npt.NDArray[np.bool_]

MIN_GUTTER: Final = 0.3
"""Of the median line height. Narrower gaps are word gaps that the detector has split. Boxes are padded, so columns a
letter apart nearly touch: at .6 scans of two columns were read across."""
SLIM: Final = 0.2
"""Share of a line's height left out above and below: detectors draw boxes generously, so neighbours overlap."""
SAME_ROW: Final = 0.3
"""Two lines whose middles differ by at most this part of the lower one's height stand on one row."""
ROWS_OF_A_TABLE: Final = 0.5
"""From this share of rows that go on across the gutter on, the two sides are read as rows."""
LINES_OF_A_TABLE: Final = 0.7
"""The same, counted in lines: the one long row under a chart holds more lines than the legend beside it."""
PROSE_CHARACTERS: Final = 18
"""Three words: the narrowest newspaper columns have as many in a line. Cells, labels and legends have one or two."""
PROSE_LINES: Final = 3
"""A paragraph's first and last lines are short; of two lines neither need be full."""
PROSE_WIDTH: Final = 0.75
"""Of the widest lines (their 90th percentile, since one line may run on); a ragged margin leaves a long word open."""
PROSE_FULL: Final = 0.6
"""This share of the lines is as wide as that: two of three, so that paragraphs of three lines still count."""
PROSE_PITCH: Final = 2.2
"""Line heights from line to line: double spacing is 2, and what is set wider are separate entries."""
HEADING: Final = 1.2
"""Of the median line height; higher lines are headings."""
STRAY_GAP: Final = 3.0
"""A band this many line heights away from the columns, with text on one side only, does not belong to them."""


@dataclass(frozen=True, slots=True)
class _Page:
    """Upright bounds of all lines in a frame in which text runs to the right, and their number of characters."""

    left: Floats
    top: Floats
    right: Floats
    bottom: Floats
    characters: npt.NDArray[np.int64]

    def heights(self, members: Indices) -> Floats:
        return self.bottom[members] - self.top[members]

    def middles(self, members: Indices) -> Floats:
        return (self.bottom[members] + self.top[members]) / 2


@dataclass(frozen=True, slots=True)
class _Columns:
    """A run of bands that a gutter parts into two columns, and what stands above and below it."""

    above: Indices
    left: Indices
    right: Indices
    below: Indices

    @property
    def size(self) -> int:
        return len(self.left) + len(self.right)


def in_reading_order(regions: Sequence[TextRegion], aspect: float) -> tuple[TextRegion, ...]:
    """The regions, each once, in reading order: columns left to right, in a column rows top to bottom, on a row items
    left to right; a heading over several columns before them. The order given does not matter.

    `aspect` is the image's width / height: angles are only right in square pixels. A page turned by a quarter or half
    turn, or skewed, is read in the direction of most of its text.
    """
    # A fixed starting order makes the answer independent of the order given: equal keys mean equal regions.
    start = sorted(regions, key=_key)
    if len(start) < 2:
        return tuple(start)
    page = _turned(start, aspect)
    return tuple(start[index] for index in _ordered(page, np.arange(len(start))))


def _key(region: TextRegion) -> tuple[object, ...]:
    box = region.box
    return (box.y, box.x, box.height, box.width, region.text, region.confidence, region.quad)


def _corners(region: TextRegion) -> Floats:
    if len(region.quad) == 4:
        return np.array(region.quad, np.float64)
    box = region.box
    right, bottom = box.x + box.width, box.y + box.height
    return np.array([(box.x, box.y), (right, box.y), (right, bottom), (box.x, bottom)], np.float64)


def _turned(regions: Sequence[TextRegion], aspect: float) -> _Page:
    """Bounds after turning the page so that its text runs to the right and level."""
    corners = np.stack([_corners(region) for region in regions]) * np.array([aspect, 1.0])
    characters = np.array([len(region.text) for region in regions], np.int64)
    angle = _direction(corners, characters)
    cosine, sine = np.cos(-angle), np.sin(-angle)
    x = corners[..., 0] * cosine - corners[..., 1] * sine
    y = corners[..., 0] * sine + corners[..., 1] * cosine
    return _Page(x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1), characters)


def _direction(corners: Floats, characters: npt.NDArray[np.int64]) -> float:
    """The angle, in radians, in which most text runs: the quarter turn with most text, plus that text's skew."""
    along = corners[:, 1] - corners[:, 0]
    length = np.hypot(along[:, 0], along[:, 1])
    angle = np.arctan2(along[:, 1], along[:, 0])
    quarter = np.round(angle / (np.pi / 2)).astype(int) % 4
    # One or two letters make a square box, whose direction says nothing.
    weight = np.where(characters >= 3, length, 1e-3 * length)
    main = int(np.argmax([weight[quarter == turn].sum() for turn in range(4)]))
    chosen = quarter == main
    skew = (angle[chosen] - main * np.pi / 2 + np.pi) % (2 * np.pi) - np.pi
    return main * np.pi / 2 + _weighted_median(skew, weight[chosen])


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][int(np.searchsorted(total, total[-1] / 2))])


def _ordered(page: _Page, members: Indices) -> list[int]:
    """Reads `members`; a list of work replaces recursion, so hostile pages cannot exhaust the stack."""
    work, order = [members], []
    while work:
        part = work.pop()
        columns = _best_columns(page, part) if len(part) > 1 else None
        if columns is None:
            order.extend(_row_by_row(page, part))
        else:
            parts = (columns.above, columns.left, columns.right, columns.below)
            work.extend(piece for piece in reversed(parts) if len(piece))
    return order


def _row_by_row(page: _Page, members: Indices) -> list[int]:
    """Top to bottom; lines on one row from left to right."""
    rows: list[list[int]] = []
    middles = page.middles(members)
    for index in members[np.argsort(middles, kind="stable")].tolist():
        if rows and _on_row(page, rows[-1], index):
            rows[-1].append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda i: (page.left[i], page.top[i]))]


def _on_row(page: _Page, row: Sequence[int], index: int) -> bool:
    """Whether a line overlaps the row's last one by half of the lower of the two, and has its middle within the row."""
    other = row[-1]
    overlap = min(page.bottom[index], page.bottom[other]) - max(page.top[index], page.top[other])
    lower = min(page.bottom[index] - page.top[index], page.bottom[other] - page.top[other])
    first = row[0]
    middle = (page.top[index] + page.bottom[index]) / 2
    return bool(overlap >= lower / 2 and middle <= page.bottom[first])


def _best_columns(page: _Page, members: Indices) -> _Columns | None:
    """The gutter that parts most lines into columns, if there is one; the widest run wins, then the leftmost."""
    bands = _bands(page, members)
    minimum = MIN_GUTTER * float(np.median(page.heights(members)))
    best: _Columns | None = None
    for edge in _edges(page, members, minimum / 2):
        for run in _runs(page, members, bands, edge, minimum):
            if (best is None or run.size > best.size) and _are_columns(page, run.left, run.right):
                best = run
        # No later gutter can part more lines; without this a staircase of lines costs the cube of their number.
        if best is not None and best.size == len(members):
            break
    return best


def _bands(page: _Page, members: Indices) -> Indices:
    """The number of each member's band: bands are parted by horizontal white lines across the whole part."""
    slim = SLIM * page.heights(members)
    top, bottom = page.top[members] + slim, page.bottom[members] - slim
    order = np.argsort(top, kind="stable")
    reach = np.maximum.accumulate(bottom[order])
    starts = np.concatenate([[0], (top[order][1:] > reach[:-1]).astype(np.intp)])
    bands = np.empty(len(members), np.intp)
    bands[order] = np.cumsum(starts)
    return bands


def _edges(page: _Page, members: Indices, step: float) -> list[float]:
    """Places where a gutter may begin: the right edges of lines, those closer than `step` taken as one."""
    edges = np.unique(page.right[members])
    steps = np.floor((edges - edges[0]) / max(step, 1e-9))
    last = np.append(steps[1:] != steps[:-1], False)
    return [float(edge) for edge in edges[last]]


def _runs(page: _Page, members: Indices, bands: Indices, edge: float, minimum: float) -> list[_Columns]:
    """Maximal runs of bands in which no line crosses the gutter that starts at `edge`, with lines on both sides."""
    left, right = page.left[members], page.right[members]
    is_left = right <= edge
    crossing = ~is_left & (left < edge + minimum)
    count = int(bands.max()) + 1
    broken, has_left, has_right = (
        np.bincount(bands, weights=mask, minlength=count) > 0 for mask in (crossing, is_left, ~is_left)
    )
    both = has_left & has_right
    # A heading over the right side only (over a chart, beside its axis) is read first, not after the left side.
    tall = page.heights(members) > HEADING * np.median(page.heights(members))
    heading = ~has_left & (np.bincount(bands, weights=tall, minlength=count) > 0)
    runs = []
    start = 0
    for stop in [*np.flatnonzero(broken).tolist(), count]:
        first, last = _without_strays(page, members, bands, (start, stop), both, heading)
        if first < last:
            inside = (bands >= first) & (bands < last)
            parts = (bands < first, inside & is_left, inside & ~is_left, bands >= last)
            runs.append(_Columns(*(members[part] for part in parts)))
        start = stop + 1
    return runs


def _without_strays(
    page: _Page, members: Indices, bands: Indices, span: tuple[int, int], both: Flags, heading: Flags
) -> tuple[int, int]:
    """The part of the bands `span` to take as columns: one-sided bands at its ends stay only if they are close."""
    shared = np.flatnonzero(both[span[0] : span[1]])
    if not len(shared):
        # Columns may also lie side by side without sharing a band, but then reading by rows is right as well.
        return span[0], span[0]
    first, last = span[0] + int(shared[0]), span[0] + int(shared[-1]) + 1
    limit = STRAY_GAP * float(np.median(page.heights(members)))
    top, bottom = page.top[members], page.bottom[members]
    while first > span[0] and top[bands == first].min() - bottom[bands == first - 1].max() < limit:
        if heading[first - 1]:
            break
        first -= 1
    while last < span[1] and top[bands == last].min() - bottom[bands == last - 1].max() < limit:
        last += 1
    return first, last


def _are_columns(page: _Page, left: Indices, right: Indices) -> bool:
    """Whether the two sides are read one after the other, rather than across as rows of a table or form."""
    here, there = _rows(page, left), _rows(page, right)
    partners = _partners(here, there)
    if partners and min(len(here), len(there)) == 1:
        return False  # the end of a row, not a column of one line
    shared_lines = sum(float(here[a, 2] + there[b, 2]) for b, a in partners.items())
    rows_share = 2 * len(partners) / (len(here) + len(there))
    lines_share = shared_lines / (len(left) + len(right))
    if rows_share < ROWS_OF_A_TABLE and lines_share < LINES_OF_A_TABLE:
        return True
    return _is_prose(page, left) and _is_prose(page, right)


def _rows(page: _Page, members: Indices) -> Floats:
    """Middle, height and number of lines of each row, top to bottom (rows x 3); a row's middles nearly agree."""
    order = np.argsort(page.middles(members), kind="stable")
    middles, heights = page.middles(members)[order], page.heights(members)[order]
    apart = np.diff(middles) > SAME_ROW * np.minimum(heights[1:], heights[:-1])
    first = np.flatnonzero(np.concatenate([[True], apart]))
    counts = np.diff(np.append(first, len(members)))
    return np.stack([middles[first], heights[first], counts], axis=1)


def _partners(here: Floats, there: Floats) -> dict[int, int]:
    """The rows of one side that continue on the other side: number there, number here; each counted once."""
    partners: dict[int, int] = {}
    for number, (middle, height) in enumerate(here[:, :2].tolist()):
        at = int(np.searchsorted(there[:, 0], middle))
        near = [index for index in (at - 1, at) if 0 <= index < len(there)]
        nearest = min(near, key=lambda index: abs(float(there[index, 0]) - middle))
        if abs(float(there[nearest, 0]) - middle) <= SAME_ROW * min(height, float(there[nearest, 1])):
            partners[nearest] = number
    return partners


def _is_prose(page: _Page, members: Indices) -> bool:
    """Whether these are lines of running text: several, long, mostly of one width, and closely set."""
    if len(members) < PROSE_LINES or np.median(page.characters[members]) < PROSE_CHARACTERS:
        return False
    widths = page.right[members] - page.left[members]
    full = widths >= PROSE_WIDTH * np.quantile(widths, 0.9)
    pitches = np.diff(np.unique(np.sort(page.middles(members)).round(9)))
    heights = float(np.median(page.heights(members)))
    close = len(pitches) == 0 or float(np.median(pitches)) <= PROSE_PITCH * heights
    return bool(full.mean() >= PROSE_FULL and close)
