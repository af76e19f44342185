"""Tables: consecutive rows whose cells start, end or centre at the places of a header's cells."""

from collections.abc import Sequence
from dataclasses import dataclass

from scopix_server.engines.grounded.lines import Line, mostly_letters

__all__ = ["Table", "find_table"]

_COLUMN_SHIFT = 0.9  # of a line's height: cells of one column start (or end) this close together
_MIN_ROWS, _MIN_COLUMNS = 3, 3
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


def _table_from(rows: Sequence[Sequence[Line]], start: int) -> Table | None:
    head = rows[start]
    if len(head) < _MIN_COLUMNS or not all(mostly_letters(cell.text) for cell in head):
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
        if placed is None or (gap and distance > _ROW_GAP * gap):
            break
        gap, last = max(gap, distance), cells[0].middle
        body.append(placed)
        used |= {cell.index for cell in cells}
    if len(body) < _MIN_ROWS:
        return None
    return Table(tuple(cell.text for cell in head), tuple(body), frozenset(used))


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
    return min(abs(cell.left - head.left), abs(cell.right - head.right), abs(cell.centre - head.centre))
