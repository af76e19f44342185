"""The vectors that similar images are found by."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from scopix_server.db.documents import packed_vector
from scopix_server.db.schema import files, vectors

__all__ = ["SqlVectors"]


class SqlVectors:
    """The `VectorRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, file_id: str, embedding: Sequence[float]) -> None:
        self._connection.execute(vectors.delete().where(vectors.c.file_id == file_id))
        vector = packed_vector(embedding)
        if vector is None:
            return
        entry = sa.select(files.c.id, files.c.tenant_id, sa.literal(vector, sa.LargeBinary)).where(
            files.c.id == file_id
        )
        self._connection.execute(vectors.insert().from_select(["file_id", "tenant_id", "vector"], entry))

    def portions(self, tenant_id: str, *, size: int) -> Iterator[Sequence[tuple[str, bytes]]]:
        query = sa.select(vectors.c.file_id, vectors.c.vector).where(vectors.c.tenant_id == tenant_id)
        rows = self._connection.execute(query, execution_options={"yield_per": size})
        for portion in rows.partitions():
            yield [(row[0], row[1]) for row in portion]

    def existing(self, file_ids: Sequence[str]) -> set[str]:
        query = sa.select(files.c.id).where(files.c.id.in_(file_ids), files.c.deleted_at.is_(None))
        return set(self._connection.execute(query).scalars())
