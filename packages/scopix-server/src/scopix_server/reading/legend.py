"""The legend of a map, a chart or a plan, and the names written about it."""

import re
from collections.abc import Sequence
from itertools import pairwise

from scopix_server.reading.entities import SCALE
from scopix_server.reading.layout import Layout, Line
from scopix_server.reading.lines import columns_of, letters
from scopix_server.reading.words import LEGEND

__all__ = ["legend_entries", "map_legend", "place_names"]

_ALIGNED = 1.5  # line heights between the left edges of two entries at most
_WORDS_OF_A_NAME = 4
_NAME = re.compile(r"[^\W\d_a-zß-öø-ÿ].{1,60}[^.]")
"""It begins with a capital, or in a script that has none, and is no end of a sentence."""
_MEASURE = re.compile(
    r"(?:population|area|density|elevation|altitude|height|depth|year|count|number|value|rate|share)s?", re.IGNORECASE
)
"""What a scale of colours is of."""
_ENTRY = re.compile(r"[^\W_a-zß-öø-ÿ][^:|@.]{1,70}")
"""It begins with a capital or a digit, and is neither a sentence nor whose data it is."""
_MIN_ENTRIES, _MAX_ENTRIES, _WORDS_OF_AN_ENTRY, _LETTERS_OF_AN_ENTRY = 3, 12, 6, 3
_ROW_GAP, _SYMBOL = 4.0, 0.8  # line heights between two entries of a row: room for a symbol, and not for a small map
_COLUMN_STEP, _EVEN_STEPS, _ONE_HEIGHT = 3.0, 1.25, 1.4  # line heights; largest step and height in the smallest
_SAME_START = 0.4  # line heights
_MAX_ON_A_MAP = 40  # lines; among more, some stand in a row by chance
_LEGEND_STEP = 1.8  # of the distance between two entries
_LEGEND_GAP = 3.2  # line heights between two entries at most
_LEGEND_ASIDE = 8.0  # line heights between two columns of entries at most
_LEGEND_SHIFT = 6.0  # line heights between the header's left edge and its entries' at most


def legend_entries(layout: Layout) -> list[Line]:
    """Return the lines beneath the word "Legend", as long as they start alike and follow each other closely."""
    header = next((line for line in layout.lines if LEGEND.fullmatch(line.text)), None)
    if header is None:
        return []
    below = [
        line
        for line in layout.lines
        if line.middle > header.middle
        and abs(line.left - header.left) < _LEGEND_SHIFT * header.height
        and any(character.isalpha() for character in line.text)
    ]
    below.sort(key=lambda line: line.middle)
    aligned = [line for line in below if abs(line.left - below[0].left) < _ALIGNED * below[0].height]
    entries: list[Line] = []
    last, gap = header, _LEGEND_GAP * header.height
    for line in aligned:
        if line.middle - last.middle > gap:
            break
        # From the second entry on, the distance between two entries says how far the next may be.
        gap = _LEGEND_STEP * (line.middle - last.middle) if entries else gap
        entries.append(line)
        last = line
    return entries + _further_columns(layout, header, entries) if entries else []


def map_legend(layout: Layout) -> list[Line]:
    """Return the entries of a map's legend: those beneath its heading, or else the one row or block of short texts.

    Names of places stand where the places are: hardly ever three of them in one row, a few letters apart.
    """
    headed = legend_entries(layout)
    if headed or layout.table() is not None or len(layout.lines) > _MAX_ON_A_MAP:
        return headed
    rows = [row for row in layout.rows if _is_row_of_entries(row)]
    upright = [line for line in layout.lines if not line.vertical]
    columns = [column for column in columns_of(upright, _MIN_ENTRIES, _SAME_START) if _is_column_of_entries(column)]
    if len(rows) + len(columns) == 1:
        return list([*rows, *columns][0])
    return [line for column in columns for line in column] if not rows and _are_one_block(columns) else []


def _are_one_block(columns: Sequence[Sequence[Line]]) -> bool:
    """Whether the columns have their lines on the same rows."""
    return all(
        len(column) == len(columns[0])
        and all(abs(a.middle - b.middle) < 0.4 * a.height for a, b in zip(column, columns[0], strict=True))
        for column in columns
    )


def _is_row_of_entries(row: Sequence[Line]) -> bool:
    gaps = [(after.left - before.right) / before.height for before, after in pairwise(row)]
    return _are_entries(row) and max(gaps) <= _ROW_GAP and min(gaps) >= _SYMBOL


def _is_column_of_entries(column: Sequence[Line]) -> bool:
    steps = [after.middle - before.middle for before, after in pairwise(column)]
    near = max(steps) <= _COLUMN_STEP * column[0].height
    return _are_entries(column) and near and max(steps) <= _EVEN_STEPS * min(steps)


def _are_entries(lines: Sequence[Line]) -> bool:
    """Whether these are at least three short texts of one type, none of which goes on with another one's sentence."""
    sizes = sorted(line.height for line in lines)
    alike = bool(sizes) and sizes[-1] <= _ONE_HEIGHT * sizes[0]
    return (
        _MIN_ENTRIES <= len(lines) <= _MAX_ENTRIES
        and alike
        and all(_ENTRY.fullmatch(line.text) and len(line.text.split()) <= _WORDS_OF_AN_ENTRY for line in lines)
        and len({line.text for line in lines}) == len(lines)
        and all(letters(line.text) >= _LETTERS_OF_AN_ENTRY for line in lines)
    )


def _further_columns(layout: Layout, header: Line, entries: Sequence[Line]) -> list[Line]:
    """Return the entries right of the first column: at least two on its rows, below each other, not far off."""
    edge = max(line.right for line in entries) + _LEGEND_ASIDE * header.height
    aside = [
        line
        for line in layout.lines
        if entries[0].right < line.left < edge
        and letters(line.text) >= 2
        and any(abs(line.middle - entry.middle) < 0.4 * entry.height for entry in entries)
    ]
    return [line for column in columns_of(aside, 2)[:1] for line in column]


def _is_in_a_paragraph(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a longer text stands right above or beneath it and starts or centres alike: then it is its end."""
    return any(
        len(other.text.split()) > _WORDS_OF_A_NAME
        and abs(other.middle - line.middle) < _LEGEND_STEP * line.height
        and other.left < line.right
        and line.left < other.right
        for other in lines
        if other is not line
    )


def place_names(layout: Layout, heading: Line | None, legend: Sequence[Line]) -> list[Line]:
    """Return what is written on a map beside its title, its legend and its scale."""
    used = {line.index for line in legend} | ({heading.index} if heading else set())
    return [
        line
        for line in layout.lines
        if line.index not in used
        and not LEGEND.fullmatch(line.text)
        and not SCALE.search(line.text)
        and not any(character.isdigit() or character in ":|@&()" for character in line.text)
        and _NAME.fullmatch(line.text)
        and not _MEASURE.fullmatch(line.text)
        and not _is_in_a_paragraph(line, layout.lines)
        and letters(line.text) >= 3
        and len(line.text.split()) <= _WORDS_OF_A_NAME
    ]
