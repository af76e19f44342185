"""What people wrote into the files about the pictures, a row a value, for lists of `rating>=4`."""

from typing import Any

import sqlalchemy as sa

from scopix_server.db.search_tables import file_metadata
from scopix_server.domain.description import DescriptiveMetadata
from scopix_server.domain.listing import FieldCondition

__all__ = ["SqlWritten", "is_written", "written_rows"]

_MAX_TEXT = 500  # characters, the width of the column: no text is kept longer (see `analysis/descriptive.py`)
_IN_DESCRIPTION = ("caption", "place", "credit")


class SqlWritten:
    """Keeps the values in step with what was read of the files."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, file_id: str, metadata: DescriptiveMetadata | None) -> None:
        """Note what is written in a file; replaces what was there."""
        self._connection.execute(file_metadata.delete().where(file_metadata.c.file_id == file_id))
        rows = written_rows(file_id, metadata)
        if rows:
            self._connection.execute(file_metadata.insert(), rows)

    def titles(self, file_id: str) -> list[str]:
        """Return what is searched as the file's title."""
        return self._texts(file_id, "title")

    def keywords(self, file_id: str) -> list[str]:
        """Return what is searched with its tags."""
        return self._texts(file_id, "keyword")

    def sentences(self, file_id: str) -> list[str]:
        """Return what is searched with its description, whoever wrote that."""
        return self._texts(file_id, *_IN_DESCRIPTION)

    def _texts(self, file_id: str, *names: str) -> list[str]:
        mine = file_metadata.c.file_id == file_id, file_metadata.c.name.in_(names)
        query = sa.select(file_metadata.c.text).where(*mine).order_by(file_metadata.c.position)
        return list(self._connection.execute(query).scalars())


def written_rows(file_id: str, metadata: DescriptiveMetadata | None) -> list[dict[str, Any]]:
    """Return the rows of `file_metadata` for a file: a text in small letters each, a rating as a number besides."""
    if metadata is None:
        return []
    values: list[tuple[str, str, float | None]] = [("keyword", word, None) for word in metadata.keywords]
    texts = {name: getattr(metadata, name) for name in ("title", *_IN_DESCRIPTION)}
    values += [(name, text, None) for name, text in texts.items() if text]
    if metadata.rating is not None:
        values.append(("rating", str(metadata.rating), float(metadata.rating)))
    return [
        # PostgreSQL takes no zero bytes.
        {"file_id": file_id, "position": at, "name": name, "text": text.casefold().replace("\0", "")[:_MAX_TEXT]}
        | {"number": number}
        for at, (name, text, number) in enumerate(values)
    ]


def is_written(condition: FieldCondition) -> sa.ColumnElement[Any]:
    """Return the query of the ids of those files that have the value so: a text holds what is asked for, or is it."""
    text, number = condition.value.casefold()[:_MAX_TEXT], file_metadata.c.number
    if condition.name == "rating":
        stars = float(condition.value)
        compared = {">": number > stars, ">=": number >= stars, "<": number < stars, "<=": number <= stars}
        holds = compared.get(condition.operator, number == stars)
    elif condition.operator == "=":
        holds = file_metadata.c.text == text
    else:
        holds = file_metadata.c.text.contains(text, autoescape=True)
    return sa.select(file_metadata.c.file_id).where(file_metadata.c.name == condition.name, holds)  # type: ignore[return-value]
