"""The variants of files."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from scopix.types.vocabulary import VariantStatus
from scopix_server.db.files import file_of
from scopix_server.db.schema import files, variants
from scopix_server.domain.file import File, Variant
from scopix_server.domain.tiles import TILES

__all__ = ["SqlVariants"]


class SqlVariants:
    """The `VariantRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of(self, file_ids: Sequence[str]) -> dict[str, tuple[Variant, ...]]:
        found: dict[str, list[Variant]] = defaultdict(list)
        query = sa.select(variants).where(variants.c.file_id.in_(file_ids)).order_by(variants.c.name)
        for row in self._connection.execute(query).mappings():
            values = dict(row)
            found[values.pop("file_id")].append(Variant(**values))
        return {
            file_id: tuple(sorted(kept, key=lambda one: (one.name == TILES, max(one.width, one.height), one.name)))
            for file_id, kept in found.items()
        }

    def missing(self, file_id: str) -> File | None:
        query = sa.select(files).where(
            files.c.id == file_id,
            files.c.deleted_at.is_(None),
            files.c.variant_status != VariantStatus.COMPLETED.value,
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else file_of(row)

    def save(self, file_id: str, made: Sequence[Variant], blur_hash: str | None = None) -> None:
        # The file's row first: of two workers that do this at once, the other waits here.
        self._set_status(file_id, VariantStatus.COMPLETED, None)
        if blur_hash is not None:
            self._connection.execute(files.update().where(files.c.id == file_id).values(blur_hash=blur_hash))
        self._connection.execute(variants.delete().where(variants.c.file_id == file_id, variants.c.name != TILES))
        rows = [{"file_id": file_id, **asdict(variant)} for variant in made]
        if rows:
            self._connection.execute(variants.insert(), rows)

    def measured(self, file_id: str, width: int, height: int, taken: datetime | None) -> None:
        values: dict[str, object] = {"width": width, "height": height}
        if taken is not None:
            values |= {"content_created_at": taken, "sorted_at": taken}
        self._connection.execute(files.update().where(files.c.id == file_id).values(values))

    def without_tiles(self, file_id: str) -> File | None:
        has_tiles = sa.exists().where(variants.c.file_id == files.c.id, variants.c.name == TILES)
        query = sa.select(files).where(files.c.id == file_id, files.c.deleted_at.is_(None), ~has_tiles)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else file_of(row)

    def save_tiles(self, file_id: str, tiles: Variant) -> None:
        known = sa.select(files.c.id).where(files.c.id == file_id).with_for_update()
        if self._connection.execute(known).first() is None:
            return
        mine = (variants.c.file_id == file_id, variants.c.name == tiles.name)
        self._connection.execute(variants.delete().where(*mine))
        self._connection.execute(variants.insert().values(file_id=file_id, **asdict(tiles)))

    def fail(self, file_id: str, error: str) -> None:
        values = {"variant_status": VariantStatus.FAILED.value, "variant_error": error}
        # Those that another job has made meanwhile stay.
        unmade = sa.and_(files.c.id == file_id, files.c.variant_status != VariantStatus.COMPLETED.value)
        self._connection.execute(files.update().where(unmade).values(values))

    def ask_again(self, file_id: str, at: datetime) -> None:
        values = {"variant_status": VariantStatus.PENDING.value, "variant_error": None, "updated_at": at}
        self._connection.execute(files.update().where(files.c.id == file_id).values(values))

    def _set_status(self, file_id: str, status: VariantStatus, error: str | None) -> None:
        values = {"variant_status": status.value, "variant_error": error}
        self._connection.execute(files.update().where(files.c.id == file_id).values(values))
