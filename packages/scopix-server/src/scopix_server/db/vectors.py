"""The vectors that similar images are found by."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from scopix_server.db.documents import packed_vector
from scopix_server.db.embeddings import count_change, last_change
from scopix_server.db.schema import files, vectors
from scopix_server.domain.embedding import ChangedVector

__all__ = ["SqlVectors"]

_PORTION = 500  # rows read at a time: 700 kB of vectors
_IMAGE = "image"
_QUERY = sa.select(vectors.c.sequence, vectors.c.file_id, vectors.c.vector)


class SqlVectors:
    """The `VectorRepository` port."""

    kind = _IMAGE

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, file_id: str, embedding: Sequence[float]) -> None:
        self._connection.execute(vectors.delete().where(vectors.c.file_id == file_id))
        vector = packed_vector(embedding)
        if vector is None:
            return
        tenant_id = self._connection.execute(sa.select(files.c.tenant_id).where(files.c.id == file_id)).scalar_one()
        sequence = count_change(self._connection, tenant_id, _IMAGE)
        entry = {"file_id": file_id, "tenant_id": tenant_id, "sequence": sequence, "vector": vector}
        self._connection.execute(vectors.insert().values(entry))

    def latest(self, tenant_id: str) -> int:
        return last_change(self._connection, tenant_id, _IMAGE)

    def changes(self, tenant_id: str, after: int) -> Iterator[Sequence[ChangedVector]]:
        newer = (vectors.c.tenant_id == tenant_id, vectors.c.sequence > after)
        query = _QUERY.where(*newer).order_by(vectors.c.sequence)
        # Closed when the reader has seen enough, too.
        with self._connection.execute(query, execution_options={"yield_per": _PORTION}) as rows:
            for portion in rows.partitions():
                yield [ChangedVector(row[0], row[1], 0, None, row[2]) for row in portion]

    def these(self, places: Sequence[tuple[str, int]]) -> Sequence[ChangedVector]:
        query = _QUERY.where(vectors.c.file_id.in_([file_id for file_id, _ in places]))
        return [ChangedVector(row[0], row[1], 0, None, row[2]) for row in self._connection.execute(query)]

    def existing(self, file_ids: Sequence[str]) -> set[str]:
        query = sa.select(files.c.id).where(files.c.id.in_(file_ids), files.c.deleted_at.is_(None))
        return set(self._connection.execute(query).scalars())
