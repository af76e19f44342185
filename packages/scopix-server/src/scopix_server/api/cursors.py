"""Places in a list, as words that a client hands back. They are no secret: they tell only of the client's own files."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.listing import FileFilter, Position, SortBy

__all__ = ["read_cursor", "write_cursor"]

_TIMES = frozenset({SortBy.CREATED_AT, SortBy.CONTENT_CREATED_AT})
_MAX_INTEGER = 2**63 - 1


def write_cursor(criteria: FileFilter, position: Position) -> str:
    """Return the place as a word of URL-safe characters. It is good for lists in the same order only."""
    value = position.value.isoformat() if isinstance(position.value, datetime) else position.value
    content = json.dumps(
        [criteria.sort_by.value, criteria.sort_order.value, value, position.file_id], ensure_ascii=False
    )
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read_cursor(criteria: FileFilter, cursor: str) -> Position:
    """Undo `write_cursor`.

    Raises:
        ValidationFailed: it is no cursor of a list in this order.
    """
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        sort_by, sort_order, value, file_id = json.loads(content)
        if (sort_by, sort_order) != (criteria.sort_by.value, criteria.sort_order.value):
            raise ValidationFailed("The cursor belongs to a list in another order.", field="cursor")
        return Position(_value(criteria.sort_by, value), _text(file_id))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ValidationFailed("This is no cursor that a list has handed out.", field="cursor") from error


def _value(sort_by: SortBy, value: Any) -> datetime | str | int | None:
    if sort_by in _TIMES:
        time = datetime.fromisoformat(value)
        if time.tzinfo is None:
            raise ValueError("a time without its zone")
        return time.astimezone(UTC)
    if sort_by is SortBy.TITLE:
        return None if value is None else _text(value)
    if type(value) is not int or not 0 <= value <= _MAX_INTEGER:
        raise ValueError("no size")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    value.encode()  # a lone surrogate is nothing that a database takes
    if "\0" in value:
        raise ValueError("a zero byte is nothing that a database takes")
    return value
