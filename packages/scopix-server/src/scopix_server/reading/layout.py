"""What stands where: rows, columns at the edge, the heading, the table, the fields. Pure geometry over lines."""

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from scopix_server.domain.description import Perception
from scopix_server.domain.numbers import parse_number
from scopix_server.reading.alignment import Alignment, alignment_of
from scopix_server.reading.fields import Pair, colon_pairs, worded_pairs
from scopix_server.reading.grid import Table, find_table
from scopix_server.reading.lines import Line, columns_of, letters, mostly_letters, read_lines

__all__ = ["Layout", "Line", "Pair", "Table", "read_layout"]

MAX_LINES = 1500
_SAME_ROW = 0.55  # of the lower line's height, between the middles
_HEADING = 1.25  # a heading's type is at least so much larger than the median line's
_AS_LARGE = 0.8  # of the largest type: the first line of these is the heading
_HEADING_LETTERS = 4
_ALIKE = 0.7  # of its size: what is reckoned for short words varies
_COLUMN_HEADS = 2  # others as large on its row
_LONG_ROW, _OUT_OF_ROW = 5, 2.0  # lines, and the size of one among them, in their median, that may still be a heading
_NO_HEADING = re.compile(
    r"(?:source|data|graphic|credit|quelle|figure|fig\.?|table)s?\s?[:|].{0,200}|.{0,60}:\s?[\d.,]{1,12}|.{0,60}:"
)
_EVEN = 0.01  # of a step
_NAVIGATION_LINES = 4
_NAVIGATION_EDGE = 0.3  # of the width
_NAVIGATION_GAP = 1.9  # of the usual distance between two entries, at most
_MAX_EDGE_LINES = 300  # lines at the left edge that are looked at for columns
# Columns of running text: values and labels of forms have fewer words, and hardly ever four such lines of a column do.
_WORDS_OF_TEXT, _LINES_OF_TEXT = 5, 4


@dataclass(frozen=True)
class Layout:
    """The lines of an image, in reading order, the rows they stand in, from top to bottom, and the image's width."""

    lines: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    width: float

    def without(self, lines: Collection[Line]) -> "Layout":
        """Return the layout of the other lines."""
        gone = {line.index for line in lines}
        kept = tuple(line for line in self.lines if line.index not in gone)
        return Layout(kept, _rows(kept), self.width)

    def heading(
        self, within: float = 0.35, as_large: float = _AS_LARGE, but: Collection[int] = frozenset()
    ) -> Line | None:
        """Return the heading: the first line of the largest type in the upper part, mostly letters, or None.

        `within` is that part of the height; `as_large` the share of the largest type from which on a line is as large;
        `but` are indices of lines that are none.
        """
        upright = [line for line in self.lines if not line.vertical]
        candidates = [line for line in upright if line.middle <= within and _may_head(line.text)]
        candidates = [line for line in candidates if line.index not in self.ones_of_many and line.index not in but]
        if not candidates:
            return None
        largest = max(line.size for line in candidates)
        if largest < _HEADING * median(line.size for line in upright) and len(upright) > 2:
            return None
        return min((line for line in candidates if line.size >= as_large * largest), key=lambda line: line.middle)

    def navigation(self) -> list[Line]:
        """Return the lines of a column at the left edge that stands apart from everything right of it."""
        table = self._table
        inside = table.indices if table is not None else frozenset()
        if any(line.index in inside for line in self._navigation):
            return []
        # As many lines as the table has rows, each on one of them, are what the rows are of.
        entries = {line.index for line in self._navigation}
        beside = [row for row in self.rows if entries & {x.index for x in row} and inside & {x.index for x in row}]
        heads = table is not None and len(beside) == len(self._navigation) == len(table.rows)
        return [] if heads else list(self._navigation)

    def table(self) -> Table | None:
        """Return the largest table: consecutive rows whose cells start or end at the same places."""
        return self._table

    def pairs(self) -> list[Pair]:
        """Return label and value wherever a label ends in a colon, in one line or with its value right of it."""
        return list(self._pairs)

    def fields(self) -> list[Pair]:
        """Return the pairs by colon and, where these are few, those whose labels are known by their words."""
        worded = self._worded
        return list(worded) if len(worded) > len(self._pairs) else self.pairs()

    @cached_property
    def alignment(self) -> Alignment:
        """How the lines are set."""
        return alignment_of(self.lines)

    @cached_property
    def ones_of_many(self) -> frozenset[int]:
        """Lines whose text stands there again in like size, as a legend's entries, and those that head many columns."""
        alike: dict[str, list[Line]] = {}
        for line in self.lines:
            alike.setdefault(line.text.casefold(), []).append(line)
        many: set[int] = set()
        for group in alike.values():
            second = sorted(line.size for line in group)[-2:][0] if len(group) > 1 else 0.0
            many |= {line.index for line in group if second >= _ALIKE * line.size}
        for row in self.rows:
            sizes = sorted(line.size for line in row)
            many |= {line.index for line in row if len(sizes) - bisect_left(sizes, _ALIKE * line.size) > _COLUMN_HEADS}
            if len(row) >= _LONG_ROW:  # heads of a table, one of which may look larger than it is
                many |= {line.index for line in row if line.size < _OUT_OF_ROW * median(sizes)}
        return frozenset(many)

    @cached_property
    def _navigation(self) -> list[Line]:
        lines = [line for line in self.lines if not line.vertical]
        short = [line for line in lines if line.right < _NAVIGATION_EDGE * self.width and len(line.text.split()) <= 4]
        columns = columns_of(short[:_MAX_EDGE_LINES], _NAVIGATION_LINES)
        for whole in sorted(columns, key=lambda column: column[0].left):
            column = _main_run(whole)
            if len(column) < _NAVIGATION_LINES:
                continue
            edge = max(line.right for line in column)
            right = [line for line in lines if line.left > edge]
            between = [line for line in lines if line.left <= edge and line not in column]
            if len(right) >= len(column) and len(between) <= len(column) / 2:
                return column
        return []

    @cached_property
    def _table(self) -> Table | None:
        whole = _unless_axes(find_table(self.rows))
        if not self._navigation:
            return whole
        beside = _unless_axes(find_table(self.without(self._navigation).rows))
        # The left edge belongs to the table when it has a cell in each of its rows; a navigation hardly ever does.
        belongs = whole is not None and all(row[0] for row in whole.rows)
        larger = beside is None or (whole is not None and len(whole.rows) >= len(beside.rows))
        return whole if belongs and larger else beside

    def are_running_text(self, indices: Collection[int]) -> bool:
        """Whether these are several lines, each of a column of running text: what stands in both belongs to neither."""
        return len(indices) > 1 and self._running_text.issuperset(indices)

    @cached_property
    def _running_text(self) -> frozenset[int]:
        """The lines of columns in which at least half of the lines, and at least four, are running text."""
        upright = [line for line in self.lines if not line.vertical][:_MAX_EDGE_LINES]
        columns = columns_of(upright, _LINES_OF_TEXT)
        return frozenset(line.index for column in columns for line in _text_of(column))

    @cached_property
    def _pairs(self) -> list[Pair]:
        return [pair for pair in colon_pairs(self.rows) if not self.are_running_text(pair.indices)]

    @cached_property
    def _worded(self) -> list[Pair]:
        pairs = worded_pairs(self.lines, self.rows)
        return [pair for pair in pairs if not self.are_running_text(pair.indices)]


def read_layout(perception: Perception) -> Layout:
    """Lay out the text of an image; at most 1,500 lines are looked at."""
    aspect = max(1, perception.width) / max(1, perception.height)
    lines, aspect = read_lines(perception.text[:MAX_LINES], aspect)
    return Layout(lines, _rows(lines), aspect)


def _unless_axes(table: Table | None) -> Table | None:
    """Return the table, unless at least half of its columns are falling numbers in even steps: axes of plots."""
    if table is None:
        return None
    columns = [
        [number for cell in column if (number := parse_number(cell)) is not None]
        for column in zip(*table.rows, strict=True)
    ]
    axes = sum(_falls_evenly(column) for column in columns)
    # Of several plots side by side not each axis is read as a whole.
    if all(len(column) >= 2 and all(above > below for above, below in pairwise(column)) for column in columns):
        return None
    return None if axes >= 2 and 2 * axes >= len(columns) else table


def _falls_evenly(values: Sequence[float]) -> bool:
    steps = [after - before for before, after in pairwise(values)]
    return len(steps) >= 2 and max(steps) < 0 and max(steps) - min(steps) <= _EVEN * -min(steps)


def _may_head(text: str) -> bool:
    """Whether it is words: no number, no date such as "19 Nov", no label, no value with its label."""
    excluded = _NO_HEADING.fullmatch(text.casefold()) is not None
    return mostly_letters(text) and letters(text) >= _HEADING_LETTERS and not excluded


def _text_of(column: Sequence[Line]) -> Sequence[Line]:
    """Return a column's running text: from its first long line to the short one behind its last; none in other columns.

    What stands further up or down in the same column is something else, such as a drawing's title block.
    """
    wordy = [place for place, line in enumerate(column) if len(line.text.split()) >= _WORDS_OF_TEXT]
    text = column[wordy[0] : wordy[-1] + 1] if wordy else []
    if len(wordy) < max(_LINES_OF_TEXT, len(text) / 2):
        return []
    pitch = median(after.middle - before.middle for before, after in pairwise(text))
    behind = column[wordy[-1] + 1 : wordy[-1] + 2]
    return [*text, *(line for line in behind if line.middle - text[-1].middle <= _NAVIGATION_GAP * pitch)]


def _main_run(column: Sequence[Line]) -> list[Line]:
    """Return the most lines of a column that follow each other at about the same distance."""
    usual = median(b.middle - a.middle for a, b in pairwise(column))
    runs: list[list[Line]] = [[column[0]]]
    for before, line in pairwise(column):
        if line.middle - before.middle > _NAVIGATION_GAP * usual:
            runs.append([])
        runs[-1].append(line)
    return max(runs, key=len)


def _rows(lines: Sequence[Line]) -> tuple[tuple[Line, ...], ...]:
    rows: list[_Row] = []
    for line in sorted((line for line in lines if not line.vertical), key=lambda line: line.middle):
        home = next((row for row in reversed(rows[-3:]) if row.takes(line)), None)
        if home is None:
            rows.append(_Row([line], line.middle, line.height))
        else:
            home.add(line)
    return tuple(tuple(sorted(row.lines, key=lambda line: line.left)) for row in rows)


@dataclass(slots=True)
class _Row:
    """A row that grows: its lines from the highest to the lowest, the mean of their middles, their least height."""

    lines: list[Line]
    middle: float
    height: float

    def takes(self, line: Line) -> bool:
        """Whether the line stands on this row, beside its other lines."""
        near = abs(line.middle - self.middle) <= _SAME_ROW * min(line.height, self.height)
        return near and not any(line.left < other.right and other.left < line.right for other in self.lines)

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.middle += (line.middle - self.middle) / len(self.lines)
        self.height = min(self.height, line.height)
