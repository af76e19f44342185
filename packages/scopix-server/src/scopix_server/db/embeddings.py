"""The vectors of texts, and which files are still to have them.

A file's entry says which model its vectors are of; None is that they are to be made. Whoever changes what a file is
found by takes the model away in the same transaction, so nothing that changed can be missed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from scopix_server.db.schema import files
from scopix_server.db.search_tables import file_objects, text_embeddings, text_vectors, vector_changes
from scopix_server.domain.embedding import ChangedVector, EmbeddingTask, Passage

__all__ = ["SqlEmbeddings", "count_change", "last_change", "text_changed"]

_PORTION = 500  # rows read at a time: 300 kB of vectors
_TEXT = "text"


class SqlEmbeddings:
    """The `EmbeddingRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def renew(self, model: str, *, limit: int) -> int:
        # Not "is another", for which no database uses an index.
        other = sa.or_(text_embeddings.c.model < model, text_embeddings.c.model > model)
        ids = self._connection.execute(sa.select(text_embeddings.c.file_id).where(other).limit(limit)).scalars().all()
        if ids:
            self._connection.execute(
                text_embeddings.update().where(text_embeddings.c.file_id.in_(ids)).values(model=None)
            )
        return len(ids)

    def due(self, *, limit: int) -> Sequence[EmbeddingTask]:
        query = (
            sa.select(text_embeddings.c.file_id, text_embeddings.c.tenant_id, text_embeddings.c.change)
            .join_from(text_embeddings, files, files.c.id == text_embeddings.c.file_id)
            .where(text_embeddings.c.model.is_(None), files.c.deleted_at.is_(None))
            .limit(limit)
        )
        return [EmbeddingTask(*row) for row in self._connection.execute(query)]

    def labels(self, file_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        query = sa.select(file_objects.c.file_id, file_objects.c.label).where(file_objects.c.file_id.in_(file_ids))
        found: dict[str, list[str]] = {}
        for file_id, label in self._connection.execute(query.order_by(file_objects.c.label)):
            found.setdefault(file_id, []).append(label)
        return found

    def keep(self, task: EmbeddingTask, model: str, vectors: Sequence[tuple[Passage, bytes]]) -> bool:
        mine = text_embeddings.c.file_id == task.file_id
        current = sa.and_(mine, text_embeddings.c.model.is_(None), text_embeddings.c.change == task.change)
        if not self._connection.execute(text_embeddings.update().where(current).values(model=model)).rowcount:
            return False
        self._connection.execute(text_vectors.delete().where(text_vectors.c.file_id == task.file_id))
        sequence = count_change(self._connection, task.tenant_id, _TEXT)
        rows = [
            {
                "file_id": task.file_id,
                "number": number,
                "tenant_id": task.tenant_id,
                "page": passage.page,
                "model": model,
                "sequence": sequence,
                "vector": vector,
            }
            for number, (passage, vector) in enumerate(vectors)
        ]
        if rows:
            self._connection.execute(text_vectors.insert(), rows)
        return True

    def pending(self, tenant_id: str) -> bool:
        query = (
            sa.select(sa.literal(1))
            .select_from(text_embeddings.join(files, files.c.id == text_embeddings.c.file_id))
            .where(
                text_embeddings.c.model.is_(None),
                text_embeddings.c.tenant_id == tenant_id,
                files.c.deleted_at.is_(None),
            )
            .limit(1)
        )
        return self._connection.execute(query).first() is not None

    def rows(self, model: str) -> "_TextRows":
        return _TextRows(self._connection, model)


class _TextRows:
    """The `VectorRows` port over one model's."""

    def __init__(self, connection: sa.Connection, model: str) -> None:
        self._connection = connection
        self._model = model
        self.kind = f"{_TEXT}/{model}"

    def latest(self, tenant_id: str) -> int:
        return last_change(self._connection, tenant_id, _TEXT)

    def changes(self, tenant_id: str, after: int) -> Iterator[Sequence[ChangedVector]]:
        newer = (text_vectors.c.tenant_id == tenant_id, text_vectors.c.sequence > after)
        query = self._query().where(*newer).order_by(text_vectors.c.sequence)
        # Closed when the reader has seen enough, too.
        with self._connection.execute(query, execution_options={"yield_per": _PORTION}) as rows:
            for portion in rows.partitions():
                yield [ChangedVector(*tuple(row)) for row in portion]

    def these(self, places: Sequence[tuple[str, int]]) -> Sequence[ChangedVector]:
        place = sa.tuple_(text_vectors.c.file_id, text_vectors.c.number)
        return [ChangedVector(*tuple(row)) for row in self._connection.execute(self._query().where(place.in_(places)))]

    def _query(self) -> sa.Select[Any]:
        columns = (text_vectors.c[name] for name in ("sequence", "file_id", "number", "page", "vector"))
        return sa.select(*columns).where(text_vectors.c.model == self._model)


def text_changed(connection: sa.Connection, file_id: str, *, is_described: bool) -> None:
    """Note that what a file is found by has changed; one that is not described yet has no entry, and gets none."""
    changed = {"model": None, "change": text_embeddings.c.change + 1}
    known = text_embeddings.update().where(text_embeddings.c.file_id == file_id).values(changed)
    if connection.execute(known).rowcount or not is_described:
        return
    null, zero = sa.literal(None, sa.String(64)), sa.literal(0)
    entry = sa.select(files.c.id, files.c.tenant_id, null, zero).where(files.c.id == file_id)
    connection.execute(text_embeddings.insert().from_select(["file_id", "tenant_id", "model", "change"], entry))


def count_change(connection: sa.Connection, tenant_id: str, kind: str) -> int:
    """Return the next number of a tenant's changes of vectors of a kind.

    The row is held until the end of the transaction: numbers become visible in their order, and none comes twice.
    """
    mine = sa.and_(vector_changes.c.tenant_id == tenant_id, vector_changes.c.kind == kind)
    counted = vector_changes.update().where(mine).values(number=vector_changes.c.number + 1)
    if not connection.execute(counted).rowcount:
        try:
            with connection.begin_nested():
                connection.execute(vector_changes.insert().values(tenant_id=tenant_id, kind=kind, number=1))
        except sa.exc.IntegrityError:  # another was faster by a moment
            connection.execute(counted)
    return last_change(connection, tenant_id, kind)


def last_change(connection: sa.Connection, tenant_id: str, kind: str) -> int:
    """Return the number of a tenant's last change of vectors of a kind; 0 if there was none."""
    query = sa.select(vector_changes.c.number).where(
        vector_changes.c.tenant_id == tenant_id, vector_changes.c.kind == kind
    )
    number: int | None = connection.execute(query).scalar_one_or_none()
    return number or 0
