"""How many things of each label a photograph shows: for lists that are narrowed down by them, and for searches."""

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from scopix_server.db.schema import file_objects
from scopix_server.domain.description import SeenObject
from scopix_server.domain.object_names import object_name

__all__ = ["SqlObjects"]


class SqlObjects:
    """Keeps the numbers in step with what was perceived."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, file_id: str, objects: Sequence[SeenObject]) -> None:
        """Note what a file shows; replaces what was there."""
        self._connection.execute(file_objects.delete().where(file_objects.c.file_id == file_id))
        counts = Counter(each.label for each in objects)
        rows = [{"file_id": file_id, "label": label, "number": number} for label, number in counts.items()]
        if rows:
            self._connection.execute(file_objects.insert(), rows)

    def words(self, file_id: str) -> list[str]:
        """Return what is searched by: the labels, their plurals, their groups and other words for them."""
        query = sa.select(file_objects.c.label).where(file_objects.c.file_id == file_id).order_by(file_objects.c.label)
        found: list[str] = []
        for label in self._connection.execute(query).scalars():
            name = object_name(label)
            found += [label] if name is None else [label, name.plural, name.group, *name.synonyms]
        return found
