"""The small grey copies of pictures, by which copies of them are found."""

from collections.abc import Sequence

import sqlalchemy as sa

from scopix_server.db.schema import files, fingerprints
from scopix_server.domain.fingerprint import SIDE, Fingerprint, hash_words

__all__ = ["SqlFingerprints"]

_WORDS = tuple(fingerprints.c[f"word_{place}"] for place in range(4))


class SqlFingerprints:
    """The `FingerprintRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, file_id: str, fingerprint: Fingerprint) -> None:
        self._connection.execute(fingerprints.delete().where(fingerprints.c.file_id == file_id))
        tenant_id = self._connection.execute(sa.select(files.c.tenant_id).where(files.c.id == file_id)).scalar_one()
        words = zip(_WORDS, hash_words(fingerprint.grey), strict=True)
        values = {"data": fingerprint.grey + bytes(fingerprint.mean), **{column.name: word for column, word in words}}
        self._connection.execute(fingerprints.insert().values(file_id=file_id, tenant_id=tenant_id, **values))

    def of(self, file_ids: Sequence[str]) -> dict[str, Fingerprint]:
        query = sa.select(fingerprints.c.file_id, fingerprints.c.data).where(fingerprints.c.file_id.in_(file_ids))
        found = {}
        for row in self._connection.execute(query):
            red, green, blue = row.data[SIDE * SIDE :]
            found[row.file_id] = Fingerprint(row.data[: SIDE * SIDE], (red, green, blue))
        return found

    def sharing(self, tenant_id: str, hashes: Sequence[tuple[int, int, int, int]], *, limit: int) -> Sequence[str]:
        mine = fingerprints.c.tenant_id == tenant_id
        # One search of an index for each word's place: joined by OR, no index would be used.
        queries = [
            sa.select(fingerprints.c.file_id).where(mine, column.in_(sorted({words[place] for words in hashes})))
            for place, column in enumerate(_WORDS)
        ]
        return self._connection.execute(sa.union(*queries).limit(limit)).scalars().all()
