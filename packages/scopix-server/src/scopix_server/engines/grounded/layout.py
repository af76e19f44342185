"""What stands where: lines, rows, tables, pairs of label and value, headings. Pure geometry over text regions.

Lengths are in image heights, so that a length means the same along both axes. The page is deskewed first: the median
slope of its lines is taken out.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from scopix_server.domain.description import Perception, TextRegion
from scopix_server.engines.grounded.phrases import clean

__all__ = ["Layout", "Line", "Pair", "Table", "read_layout"]

MAX_LINES = 1500
_MAX_SKEW = math.radians(30)
_SAME_ROW = 0.55  # of the lower line's height, between the middles
_HEADING = 1.18  # a heading is at least so much higher than the median line
_COLUMN_SHIFT = 0.9  # of a line's height: cells of one column start (or end) this close together
_NAVIGATION_LINES = 4
_MAX_EDGE_LINES = 300  # lines at the left edge that are looked at for columns
_NAVIGATION_EDGE = 0.3  # of the width
_MIN_TABLE_ROWS, _MIN_TABLE_COLUMNS = 3, 3


@dataclass(frozen=True, slots=True)
class Line:
    """One text region: `index` in the perception, its deskewed bounds, and its height (the quad's short side)."""

    index: int
    text: str
    left: float
    top: float
    right: float
    bottom: float
    height: float
    vertical: bool

    @property
    def middle(self) -> float:
        """The y of its middle."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and the value that belongs to it."""

    label: str
    value: str
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, and rows of as many cells; an empty cell is an empty string."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    indices: frozenset[int]


@dataclass(frozen=True)
class Layout:
    """The lines of an image, in reading order, and the rows they stand in, from top to bottom."""

    lines: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    width: float

    def without(self, lines: Collection[Line]) -> "Layout":
        """Return the layout of the other lines."""
        gone = {line.index for line in lines}
        kept = tuple(line for line in self.lines if line.index not in gone)
        return Layout(kept, _rows(kept), self.width)

    def navigation(self) -> list[Line]:
        """Return the lines of a column at the left edge that stands apart from everything right of it."""
        return list(self._navigation)

    def table(self) -> Table | None:
        """Return the largest table: consecutive rows whose cells start or end at the same places."""
        return self._table

    def pairs(self) -> list[Pair]:
        """Return label and value wherever a label ends in a colon, in one line or with its value right of it."""
        return [pair for row in self.rows for pair in _pairs_in(row)]

    @cached_property
    def _navigation(self) -> list[Line]:
        lines = [line for line in self.lines if not line.vertical]
        short = [line for line in lines if line.right < _NAVIGATION_EDGE * self.width and len(line.text.split()) <= 4]
        for column in sorted(_aligned(short), key=lambda column: column[0].left):
            edge = max(line.right for line in column)
            right = [line for line in lines if line.left > edge]
            between = [line for line in lines if line.left <= edge and line not in column]
            if len(right) >= len(column) >= _NAVIGATION_LINES and len(between) <= len(column) / 2:
                return column
        return []

    def heading(self, within: float = 0.35) -> Line | None:
        """Return the heading: the highest line in the upper part of the image, mostly letters, higher than the rest."""
        upright = [line for line in self.lines if not line.vertical]
        candidates = [line for line in upright if line.middle <= within and _mostly_letters(line.text)]
        if not candidates:
            return None
        usual = median(line.height for line in upright)
        highest = max(candidates, key=lambda line: (round(line.height, 3), line.right - line.left))
        return highest if highest.height >= _HEADING * usual or len(upright) <= 2 else None

    @cached_property
    def _table(self) -> Table | None:
        best: Table | None = None
        rows = self.without(self.navigation()).rows
        for start in range(len(rows)):
            if best is not None and len(rows) - start - 1 <= len(best.rows):
                break
            found = _table_from(rows, start)
            if found is not None and (best is None or len(found.rows) > len(best.rows)):
                best = found
        return best


def read_layout(perception: Perception) -> Layout:
    """Lay out the text of an image; at most 1,500 lines are looked at."""
    aspect = perception.width / max(1, perception.height)
    regions = perception.text[:MAX_LINES]
    skew = _skew(regions, aspect)
    lines = tuple(
        line for index, region in enumerate(regions) if (line := _line(index, region, aspect, skew)) is not None
    )
    return Layout(lines, _rows(lines), aspect)


def _corners(region: TextRegion, aspect: float) -> list[tuple[float, float]]:
    box = region.box
    quad = (
        region.quad
        if len(region.quad) == 4
        else (
            (box.x, box.y),
            (box.x + box.width, box.y),
            (box.x + box.width, box.y + box.height),
            (box.x, box.y + box.height),
        )
    )
    return [(x * aspect, y) for x, y in quad]


def _slope(corners: Sequence[tuple[float, float]]) -> float:
    (x0, y0), (x1, y1) = corners[0], corners[1]
    return math.atan2(y1 - y0, x1 - x0)


def _skew(regions: Sequence[TextRegion], aspect: float) -> float:
    slopes = [
        _slope(_corners(region, aspect)) for region in regions if region.box.width * aspect > 3 * region.box.height
    ]
    slopes = [slope for slope in slopes if abs(slope) < _MAX_SKEW]
    return median(slopes) if slopes else 0.0


def _line(index: int, region: TextRegion, aspect: float, skew: float) -> Line | None:
    text = clean(region.text)
    if not text:
        return None
    corners = _corners(region, aspect)
    sine, cosine = math.sin(-skew), math.cos(-skew)
    turned = [(x * cosine - y * sine, x * sine + y * cosine) for x, y in corners]
    xs, ys = [x for x, _ in turned], [y for _, y in turned]
    vertical = abs(math.sin(_slope(corners))) > 0.7
    sides = [math.dist(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    height = max(1e-6, (sides[1] + sides[3]) / 2)
    return Line(index, text, min(xs), min(ys), max(xs), max(ys), height, vertical)


def _rows(lines: Sequence[Line]) -> tuple[tuple[Line, ...], ...]:
    rows: list[list[Line]] = []
    for line in sorted((line for line in lines if not line.vertical), key=lambda line: line.middle):
        home = next((row for row in reversed(rows[-3:]) if _on_row(row, line)), None)
        if home is None:
            rows.append([line])
        else:
            home.append(line)
    return tuple(tuple(sorted(row, key=lambda line: line.left)) for row in rows)


def _on_row(row: Sequence[Line], line: Line) -> bool:
    middle = median(other.middle for other in row)
    height = min(line.height, min(other.height for other in row))
    overlaps = any(line.left < other.right and other.left < line.right for other in row)
    return abs(line.middle - middle) <= _SAME_ROW * height and not overlaps


def _table_from(rows: Sequence[Sequence[Line]], start: int) -> Table | None:
    head = rows[start]
    if len(head) < _MIN_TABLE_COLUMNS or not all(_mostly_letters(cell.text) for cell in head):
        return None
    body: list[tuple[str, ...]] = []
    used = {cell.index for cell in head}
    gap, last = 0.0, head[0].middle
    for row in rows[start + 1 :]:
        cells = [line for line in row if line.right > head[0].left - _COLUMN_SHIFT * line.height]
        if not cells:
            continue
        placed = _place(cells, head)
        distance = cells[0].middle - last
        if placed is None or (gap and distance > 1.9 * gap):
            break
        gap, last = max(gap, distance), cells[0].middle
        body.append(placed)
        used |= {cell.index for cell in cells}
    if len(body) < _MIN_TABLE_ROWS:
        return None
    return Table(tuple(cell.text for cell in head), tuple(body), frozenset(used))


def _aligned(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the columns of lines that start at the same x, from top to bottom, each line in the largest it fits."""
    columns: list[list[Line]] = []
    left = sorted(lines[:_MAX_EDGE_LINES], key=lambda line: line.left)
    while left:
        starts = [line.left for line in left]
        spans = [
            (bisect_left(starts, line.left - 0.8 * line.height), bisect_right(starts, line.left + 0.8 * line.height))
            for line in left
        ]
        start, end = max(spans, key=lambda span: span[1] - span[0])
        if end - start < _NAVIGATION_LINES:
            break
        columns.append(sorted(left[start:end], key=lambda line: line.middle))
        del left[start:end]
    return columns


def _place(cells: Sequence[Line], head: Sequence[Line]) -> tuple[str, ...] | None:
    """Return the texts of a row by column, or None when the row does not keep to the columns."""
    texts = [""] * len(head)
    fitting = 0
    for cell in cells:
        column = min(range(len(head)), key=lambda i: _misfit(cell, head[i]))
        if _misfit(cell, head[column]) > _COLUMN_SHIFT * cell.height or texts[column]:
            return None
        texts[column] = cell.text
        fitting += 1
    # A row that fills less than half of the columns is a subtotal, a caption or a footer.
    return tuple(texts) if fitting * 2 > len(head) else None


def _misfit(cell: Line, head: Line) -> float:
    return min(
        abs(cell.left - head.left),
        abs(cell.right - head.right),
        abs((cell.left + cell.right) - (head.left + head.right)) / 2,
    )


_INLINE_PAIR = re.compile(r"([^\W\d][^:]{0,40}?)\s*:\s+(\S.{0,200})")


def _pairs_in(row: Sequence[Line]) -> list[Pair]:
    pairs: list[Pair] = []
    skip = False
    for position, line in enumerate(row):
        if skip:
            skip = False
            continue
        label = line.text.rstrip()
        following = row[position + 1] if position + 1 < len(row) else None
        if label.endswith(":") and following is not None and not following.text.endswith(":"):
            pairs.append(Pair(label.rstrip(" :"), following.text, (line.index, following.index)))
            skip = True
        elif (inline := _INLINE_PAIR.fullmatch(label)) is not None:
            pairs.append(Pair(inline[1], inline[2], (line.index,)))
    return pairs


def _mostly_letters(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    return letters >= 2 and letters * 2 > len(text.replace(" ", ""))
