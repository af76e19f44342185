"""The axes of charts: numbers in arithmetic progression at even distances along a line."""

import re
from collections.abc import Sequence
from itertools import pairwise

from scopix_server.domain.numbers import parse_number
from scopix_server.reading.layout import Layout, Line

__all__ = ["horizontal_axis", "percentages", "scales", "vertical_axis"]

_MIN_NUMBERS = 4
_MAX_NUMBERS = 60
_MIN_SPAN = 0.25
"""Of the picture's side: the numbers of a colour scale beside a map, or of a small chart on a page, stand closer."""
_YEARS = 1800
_NUMBER = re.compile(r"[-−]?[\d.,]+\s?[%kM]?")
_PERCENTAGE = re.compile(r"\d{1,3}(?:[.,]\d{1,2})?\s?%")


def vertical_axis(layout: Layout) -> list[Line]:
    """Return the numbers along a vertical axis, from top to bottom: right-aligned, and falling; or an empty list."""
    numbers = _numbers(layout)
    best: list[Line] = []
    for anchor in numbers:
        column = [line for line in numbers if abs(line.right - anchor.right) < 0.8 * anchor.height]
        column.sort(key=lambda line: line.middle)
        values = _values(column)
        long = bool(column) and column[-1].middle - column[0].middle >= _MIN_SPAN
        falls = long and len(values) >= _MIN_NUMBERS and values[0] > values[-1] and _even(values, 0.01)
        if len(column) > len(best) and falls and _even([line.middle for line in column], 0.12):
            best = column
    return best


def horizontal_axis(layout: Layout) -> list[Line]:
    """Return the numbers along a horizontal axis, from left to right and rising; or an empty list.

    Steps of one are a count ("1 2 3 4") unless they are years; several such rows are a calendar.
    """
    # The lowest number of the vertical axis may stand as low as the numbers of the horizontal one.
    numbers = {line.index for line in _numbers(layout)} - {line.index for line in vertical_axis(layout)}
    found = []
    for row in layout.rows:
        cells = [line for line in row if line.index in numbers]
        values = _values(cells)
        long = bool(cells) and cells[-1].centre - cells[0].centre >= _MIN_SPAN * layout.width
        rises = long and len(values) >= _MIN_NUMBERS and values[0] < values[-1] and _even(values, 0.01)
        if (
            rises
            and _even([line.centre for line in cells], 0.12)
            and (values[1] - values[0] != 1 or values[0] >= _YEARS)
        ):
            found.append(cells)
    return found[0] if len(found) == 1 else []


def scales(layout: Layout) -> int:
    """Return how many columns of falling numbers there are, even or not: the upright axes of several plots."""
    left = _numbers(layout)
    found = 0
    while left:
        anchor = left[0]
        column = [line for line in left if abs(line.right - anchor.right) < 0.8 * anchor.height]
        values = _values(sorted(column, key=lambda line: line.middle))
        found += len(values) >= _MIN_NUMBERS and all(above > below for above, below in pairwise(values))
        left = [line for line in left if line not in column]
    return found


def percentages(layout: Layout) -> list[Line]:
    """Return the lines that are a percentage and nothing else."""
    return [line for line in layout.lines if _PERCENTAGE.fullmatch(line.text)]


def _numbers(layout: Layout) -> list[Line]:
    plain = (line for line in layout.lines if not line.vertical and _NUMBER.fullmatch(line.text))
    return [line for line in plain if parse_number(line.text) is not None][:_MAX_NUMBERS]


def _values(lines: Sequence[Line]) -> list[float]:
    return [value for line in lines if (value := parse_number(line.text)) is not None]


def _even(values: Sequence[float], tolerance: float) -> bool:
    steps = [b - a for a, b in pairwise(values)]
    if len(steps) < 2 or not all(steps):
        return False
    mean = sum(steps) / len(steps)
    return all(abs(step - mean) <= tolerance * abs(mean) for step in steps)
