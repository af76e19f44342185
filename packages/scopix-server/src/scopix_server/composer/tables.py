"""What can be said of a table."""

from collections import Counter

from scopix_server.domain.phrases import Statement, count_of, listing, quote, quoted_listing
from scopix_server.reading.grid import Table

__all__ = ["describe_table"]

_MAX_COLUMNS = 12
_MAX_VALUES = 5


def describe_table(table: Table) -> Statement:
    """Return one statement: columns, number of rows, the first row, and how often repeated values occur."""
    first = [cell for cell in table.rows[0] if cell]
    parts = [
        f"A table with the columns {quoted_listing(table.header, _MAX_COLUMNS, 40)} has "
        f"{count_of(len(table.rows), 'row')}",
        f"the first reads {' / '.join(quote(cell, 40) for cell in first)}",
    ]
    text = "; ".join(parts) + "."
    counted = _repeated(table)
    if counted is not None:
        name, values = counted
        shown = [f"{quote(value, 40)} ({count})" for value, count in values]
        text += f" Under {quote(name, 40)} stand {listing(shown, _MAX_VALUES)}."
    return Statement(text, {"regions": sorted(table.indices), "fields": {"table_header": list(table.header)}})


def _repeated(table: Table) -> tuple[str, list[tuple[str, int]]] | None:
    """Return the column that sorts the rows into a few classes, such as a status, with the count of each."""
    best: tuple[str, list[tuple[str, int]]] | None = None
    for column, name in enumerate(table.header):
        values = [row[column] for row in table.rows]
        counts = Counter(value for value in values if value)
        words = all(any(c.isalpha() for c in value) and not any(c.isdigit() for c in value) for value in counts)
        few = 2 <= len(counts) <= min(_MAX_VALUES, len(table.rows) // 2)
        if words and few and all(values) and (best is None or len(counts) < len(best[1])):
            best = name, counts.most_common()
    return best
