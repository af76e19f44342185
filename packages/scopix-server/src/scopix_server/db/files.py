"""Files."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa

from scopix.types.vocabulary import DescriptionErrorType, DescriptionStatus, MediaType, StorageTarget, VariantStatus
from scopix_server.db.counts import COUNTED_COLUMNS, FileCounts, standing
from scopix_server.db.events import SessionEvents
from scopix_server.db.locks import held, lock
from scopix_server.db.outbox import Outbox
from scopix_server.db.prepared import PreparedInsert
from scopix_server.db.queries import list_files, list_matching, list_sizes, list_state
from scopix_server.db.schema import files
from scopix_server.db.search import SearchIndex
from scopix_server.db.selection import select_files
from scopix_server.domain.errors import Conflict
from scopix_server.domain.file import File
from scopix_server.domain.listing import MAX_COUNTED, FileFilter, ListState, Position, Total
from scopix_server.domain.search_query import Lookup
from scopix_server.domain.session import Stage, stage_of
from scopix_server.domain.states import TERMINAL

__all__ = ["SqlFiles", "file_of"]

_PREFIX_LENGTH = 8
_ENDED = sorted(status.value for status in TERMINAL)
_TO_DESCRIBE = sa.text("description_status IN ('pending', 'queued', 'processing')")
_TO_RENDER = sa.text("variant_status = 'pending'")
_FIELDS = tuple(File.__dataclass_fields__)
_INSERT = PreparedInsert(files.insert(), [*_FIELDS, "sorted_at"])


def file_of(row: Mapping[Any, Any]) -> File:
    """Build a File from a row of the files table."""
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    values["user_tags"] = tuple(values["user_tags"])
    values["media_type"] = MediaType(values["media_type"])
    values["storage_target"] = StorageTarget(values["storage_target"])
    values["variant_status"] = VariantStatus(values["variant_status"])
    values["description_status"] = DescriptionStatus(values["description_status"])
    if values["description_error_type"] is not None:
        values["description_error_type"] = DescriptionErrorType(values["description_error_type"])
    return File(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


class SqlFiles:
    """The `FileRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, *added: File) -> None:
        if not added:
            return
        rows = [
            {name: _plain(getattr(file, name)) for name in _FIELDS}
            | {"sorted_at": file.content_created_at or file.created_at}
            for file in added
        ]
        _INSERT.run(self._connection, rows)
        FileCounts(self._connection).came(*added)
        SearchIndex(self._connection).add(*added)

    def update(self, file: File) -> None:
        changed = {"title": file.title, "user_tags": list(file.user_tags), "updated_at": file.updated_at}
        self._connection.execute(files.update().where(files.c.id == file.id).values(changed))
        SearchIndex(self._connection).update_metadata(file)

    def get(self, tenant_id: str, file_id: str, *, include_deleted: bool = False) -> File | None:
        by_id = files.c.id == file_id
        if len(file_id) == _PREFIX_LENGTH:
            # A range instead of LIKE: it uses the index, and nothing in the prefix can act as a wildcard.
            by_id = sa.and_(files.c.id >= file_id, files.c.id < file_id + "\uffff")
        query = sa.select(files).where(files.c.tenant_id == tenant_id, by_id).limit(2)
        if not include_deleted:
            query = query.where(files.c.deleted_at.is_(None))
        rows = self._connection.execute(held(self._connection, query)).mappings().all()
        if len(rows) > 1:
            raise Conflict(f"The id prefix '{file_id}' fits more than one file; use the full id.", prefix=file_id)
        return file_of(rows[0]) if rows else None

    def lookups(self, tenant_id: str, criteria: FileFilter) -> "Sequence[Lookup]":
        selection = select_files(self._connection, tenant_id, criteria)
        return selection.lookups if selection else ()

    def list(
        self, tenant_id: str, criteria: FileFilter, *, limit: int, offset: int, after: Position | None = None
    ) -> tuple[Sequence[File], int]:
        found, total = self.page(tenant_id, criteria, limit=limit, offset=offset, after=after, exact_total=True)
        return found, total.number

    def page(
        self,
        tenant_id: str,
        criteria: FileFilter,
        *,
        limit: int,
        offset: int,
        after: Position | None = None,
        exact_total: bool = False,
    ) -> "tuple[Sequence[File], Total]":
        most = None if exact_total else MAX_COUNTED
        rows, total = list_files(
            self._connection, tenant_id, criteria, limit=limit, offset=offset, after=after, max_counted=most
        )
        return [file_of(row) for row in rows], total

    def these(self, tenant_id: str, file_ids: "Sequence[str]") -> dict[str, File]:
        # Without a condition on the tenant, for which SQLite would walk through all its files.
        query = sa.select(files).where(files.c.id.in_(file_ids), files.c.deleted_at.is_(None))
        found = (file_of(row) for row in self._connection.execute(query).mappings())
        return {file.id: file for file in found if file.tenant_id == tenant_id}

    def matching(self, tenant_id: str, criteria: FileFilter, file_ids: "Sequence[str]") -> set[str]:
        return list_matching(self._connection, tenant_id, criteria, file_ids)

    def sizes(self, tenant_id: str, criteria: FileFilter, *, limit: int) -> "Sequence[tuple[int | None, int | None]]":
        return list_sizes(self._connection, tenant_id, criteria, limit=limit)

    def state(self, tenant_id: str) -> ListState:
        return list_state(self._connection, tenant_id)

    def find_by_hash(self, tenant_id: str, sha256: str) -> File | None:
        lock(self._connection, "content", tenant_id, sha256)
        query = (
            sa.select(files)
            .where(files.c.tenant_id == tenant_id, files.c.sha256 == sha256, files.c.deleted_at.is_(None))
            .order_by(files.c.created_at, files.c.id)
            .limit(1)
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else file_of(row)

    def mark_deleted(self, tenant_id: str, file_id: str, at: datetime) -> bool:
        deleted = self._connection.execute(
            files.update()
            .where(files.c.tenant_id == tenant_id, files.c.id == file_id, files.c.deleted_at.is_(None))
            .values(deleted_at=at, updated_at=at)
            .returning(*COUNTED_COLUMNS)
        ).first()
        if deleted is not None:
            here = standing(deleted, is_deleted=False)
            FileCounts(self._connection).changed(file_id, here, here._replace(is_deleted=True))
            SearchIndex(self._connection).hide(file_id)
            SessionEvents(self._connection).happened([file_id], Stage.DELETED, at)
            Outbox(self._connection).file_removed(file_id, at)
        return deleted is not None

    def restore(self, tenant_id: str, file_id: str, at: datetime) -> bool:
        restored = self._connection.execute(
            files.update()
            .where(files.c.tenant_id == tenant_id, files.c.id == file_id, files.c.deleted_at.is_not(None))
            .values(deleted_at=None, updated_at=at)
            .returning(*COUNTED_COLUMNS)
        ).first()
        if restored is not None:
            SearchIndex(self._connection).show(tenant_id, file_id)
            here = standing(restored, is_deleted=False)
            FileCounts(self._connection).changed(file_id, here._replace(is_deleted=True), here)
            status = DescriptionStatus(here.status)
            if status in TERMINAL:  # else it is asked for anew, which is the news
                SessionEvents(self._connection).happened([file_id], stage_of(status), at)
        return restored is not None

    def unfinished(self, tenant_id: str, before: datetime, *, limit: int) -> "tuple[Sequence[File], int]":
        mine = sa.and_(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None), files.c.updated_at < before)
        # Each in the words of an index; the two together have none, so each gives its oldest.
        kinds = [sa.and_(mine, _TO_DESCRIBE), sa.and_(mine, _TO_RENDER, files.c.description_status.in_(_ENDED))]
        count = sa.select(sa.func.count()).select_from(files)
        total = sum(self._connection.execute(count.where(kind)).scalar_one() for kind in kinds)
        oldest = (files.c.updated_at, files.c.id)
        found = sa.union_all(
            *(
                sa.select(sa.select(files.c.id).where(kind).order_by(*oldest).limit(limit).subquery().c.id)
                for kind in kinds
            )
        ).subquery()
        query = sa.select(files).join(found, found.c.id == files.c.id).order_by(*oldest).limit(limit)
        return [file_of(row) for row in self._connection.execute(query).mappings()], total

    def settled(self, file_ids: Collection[str]) -> set[str]:
        ended = sa.or_(files.c.description_status.in_(_ENDED), files.c.deleted_at.is_not(None))
        return set(self._connection.execute(sa.select(files.c.id).where(files.c.id.in_(file_ids), ended)).scalars())

    def known_hashes(self, tenant_id: str, hashes: Sequence[str]) -> set[str]:
        query = sa.select(files.c.sha256).where(
            files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None), files.c.sha256.in_(hashes)
        )
        return set(self._connection.execute(query).scalars())
