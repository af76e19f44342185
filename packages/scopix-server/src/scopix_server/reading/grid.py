"""Tables: consecutive rows whose cells start, end or centre at the places of a header's cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from scopix_server.reading.entities import MONEY
from scopix_server.reading.lines import Line, letters, mostly_letters

__all__ = ["Table", "find_table", "has_names_elsewhere"]

_COLUMN_SHIFT = 0.9  # of a line's height: cells of one column start (or end) this close together
_MIN_ROWS, _MIN_COLUMNS = 3, 3
_MAX_PARTS = 3  # in succession
_MAX_IN_A_TOTAL = 2  # cells
_PROSE_WORDS = 4
_ITEMS = re.compile(r"(?:items?|desc\w*|code/desc|particulars?|articles?|bezeichnung|artikel|désignation)\b")
_LETTERS_OF_A_NAME = 3  # a unit, such as "PC", has two
_YEAR = re.compile(r"(?:19|20)\d\d")
_ROW_GAP = 1.9  # of the largest gap between two rows so far: a wider one ends the table


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, and rows of as many cells; an empty cell is an empty string."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    indices: frozenset[int]


def find_table(rows: Sequence[Sequence[Line]]) -> Table | None:
    """Return the table with the most rows, or None."""
    best: Table | None = None
    for start in range(len(rows)):
        if best is not None and len(rows) - start - 1 <= len(best.rows):
            break
        found = _table_from(rows, start)
        if found is not None and (best is None or len(found.rows) > len(best.rows)):
            best = found
    return best


def has_names_elsewhere(table: Table) -> bool:
    """Whether the column of the items' names holds hardly any: they stand in lines of their own, so rows are halves."""
    for name, *cells in zip(table.header, *table.rows, strict=True):
        if _ITEMS.match(name.casefold()):
            named = sum(letters(cell) >= _LETTERS_OF_A_NAME for cell in cells)
            return 2 * named <= len(cells) or any(MONEY.fullmatch(cell) for cell in cells)
    return False


def _table_from(rows: Sequence[Sequence[Line]], start: int) -> Table | None:
    head = rows[start]
    if len(head) < _MIN_COLUMNS or not _names_columns(head):
        return None
    body: list[tuple[str, ...]] = []
    used = {cell.index for cell in head}
    # Part of a row is a cell's second line or a row with few entries, if a whole row follows; else a total, a caption.
    parts: list[tuple[tuple[str, ...], Sequence[Line]]] = []
    gap, last = 0.0, head[0].middle
    for row in rows[start + 1 :]:
        cells = [line for line in row if line.right > head[0].left - _COLUMN_SHIFT * line.height]
        if not cells:
            continue
        placed = _place(cells, head)
        distance = cells[0].middle - last
        if placed is None or len(parts) > _MAX_PARTS or (gap and distance > _ROW_GAP * gap):
            break
        gap, last = max(gap, distance), cells[0].middle
        if not _is_whole(placed):
            parts.append((placed, cells))
            continue
        body += [texts for texts, _ in parts if texts[0] and _filled(texts) > 1]
        used |= {cell.index for _, part in parts for cell in part} | {cell.index for cell in cells}
        parts = []
        body.append(placed)
    if len(body) < _MIN_ROWS or _is_prose(body):
        return None
    return Table(tuple(cell.text for cell in head), tuple(body), frozenset(used))


def _names_columns(head: Sequence[Line]) -> bool:
    """Whether these may be the names of columns: words, or years beside at least one word."""
    words = [mostly_letters(cell.text) for cell in head]
    return any(words) and all(word or _YEAR.fullmatch(cell.text) for word, cell in zip(words, head, strict=True))


def _place(cells: Sequence[Line], head: Sequence[Line]) -> tuple[str, ...] | None:
    """Return the texts of a row by column, or None when the row does not keep to the columns."""
    texts = [""] * len(head)
    for cell in cells:
        column = min(range(len(head)), key=lambda i: _misfit(cell, head[i]))
        if _misfit(cell, head[column]) > _COLUMN_SHIFT * cell.height or texts[column]:
            return None
        texts[column] = cell.text
    return tuple(texts)


def _is_whole(texts: Sequence[str]) -> bool:
    """Whether a row fills more than half of the columns, or so many that it is no total beneath the table."""
    filled = _filled(texts)
    return filled * 2 > len(texts) or filled > _MAX_IN_A_TOTAL


def _filled(texts: Sequence[str]) -> int:
    return sum(bool(text) for text in texts)


def _is_prose(body: Sequence[Sequence[str]]) -> bool:
    """Whether the cells are mostly lines of running text: columns of a newspaper start at the same places too."""
    return median(len(text.split()) for row in body for text in row if text) >= _PROSE_WORDS


def _misfit(cell: Line, head: Line) -> float:
    return min(abs(cell.left - head.left), abs(cell.right - head.right), abs(cell.centre - head.centre))
