"""What was found for files' categories, a row a value: for lists that are narrowed down by `field.total>100`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from scopix_server.db.search_tables import file_fields
from scopix_server.domain.dates import day_number, parse_date, parse_span
from scopix_server.domain.listing import FieldCondition
from scopix_server.domain.numbers import parse_number
from scopix_server.domain.words import words_of

__all__ = ["SqlFields", "has_field"]

_MAX_TEXT = 255  # characters, the width of the columns: what is asked for is shorter
_MAX_VALUES = 500  # of a file: a form has dozens, and a list of parts hundreds
_LAST_DAY = 9999_12_31
_SIGNS = re.compile(r"^[^\w\-]+")  # such as a currency's, before a number


class SqlFields:
    """Keeps the values in step with the descriptions."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, file_id: str, data: Mapping[str, Any]) -> None:
        """Note the values of a file's current description; replaces what was there."""
        self._connection.execute(file_fields.delete().where(file_fields.c.file_id == file_id))
        rows = field_rows(file_id, data)
        if rows:
            self._connection.execute(file_fields.insert(), rows)


def field_rows(file_id: str, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of `file_fields` for a file; a value stands under its own name and those of what it is in."""
    found = dict.fromkeys(_values((), data))
    return [
        {"file_id": file_id, "position": position, "name": name, "text": text, "number": number}
        for position, (name, text, number) in enumerate([*found][:_MAX_VALUES])
    ]


def has_field(condition: FieldCondition) -> sa.ColumnElement[Any]:
    """Return the query of the ids of those files that have the field so."""
    number = _number(condition.value)
    text = condition.value.casefold()[:_MAX_TEXT]
    value, shown = file_fields.c.number, file_fields.c.text
    if condition.operator in (":", "="):
        same = shown == text
        contains = shown.contains(text, autoescape=True) if condition.operator == ":" and number is None else same
        holds = contains if number is None else sa.or_(value == number, same)
        if condition.operator == ":" and (days := _days(condition)) is not None:
            holds = sa.or_(holds, value.between(*days))
    elif number is None:
        holds = sa.false()
    else:
        compared = {">": value > number, ">=": value >= number, "<": value < number, "<=": value <= number}
        holds = compared[condition.operator]
    return sa.select(file_fields.c.file_id).where(file_fields.c.name == condition.name, holds)  # type: ignore[return-value]


def _values(path: tuple[str, ...], data: Any) -> Iterator[tuple[str, str, float | None]]:
    if isinstance(data, Mapping):
        if set(data) == {"label", "value"} and isinstance(data["label"], str):
            # As a form has them: the label is the name.
            yield from _values((data["label"],), data["value"])
            return
        for name, value in data.items():
            yield from _values((*path, str(name)), value)
    elif isinstance(data, list):
        for value in data:
            yield from _values(path, value)
    elif data is not None and path:
        text = str(data).casefold()[:_MAX_TEXT]
        number = float(data) if isinstance(data, int | float) else _number(text)
        # PostgreSQL takes no zero bytes.
        for depth in range(len(path), 0, -1):
            yield "_".join(words_of(" ".join(path[:depth])))[:_MAX_TEXT], text.replace("\0", ""), number


def _number(text: str) -> float | None:
    """Read a number; of a date, the number that sorts as days do."""
    day = parse_date(text)
    return float(day_number(day)) if day is not None else parse_number(_SIGNS.sub("", text))


def _days(condition: FieldCondition) -> tuple[int, int] | None:
    """Return the numbers of the first and the last day that a condition such as `field.date:2024-05` means."""
    if "-" not in condition.value and ".." not in condition.value and "dat" not in condition.name:
        return None  # 2024 is a number of many things
    span = parse_span(condition.value)
    if span is None:
        return None
    first, last = span
    return day_number(first) if first else 0, day_number(last) if last else _LAST_DAY
