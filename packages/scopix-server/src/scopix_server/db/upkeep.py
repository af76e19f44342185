"""Removing what has had its time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scopix_server.db.counts import COUNTED_COLUMNS, FileCounts, standing
from scopix_server.db.schema import (
    direct_uploads,
    files,
    idempotency_keys,
    metadata,
    session_events,
    session_files,
    sessions,
    variants,
)
from scopix_server.db.search import SearchIndex
from scopix_server.db.session_counts import SessionCounters
from scopix_server.domain.direct import DirectUploadStatus
from scopix_server.domain.upkeep import PurgedFile, RecordedFile

__all__ = ["SqlUpkeep", "remove"]


class SqlUpkeep:
    """The `UpkeepRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def deleted_files(self, before: datetime, *, limit: int) -> Sequence[str]:
        query = sa.select(files.c.id).where(files.c.deleted_at < before).order_by(files.c.deleted_at).limit(limit)
        return self._connection.execute(query).scalars().all()

    def purge_files(self, file_ids: Sequence[str], before: datetime) -> Sequence[PurgedFile]:
        # Locked, where the database has many writers: none of them is restored once it was found here.
        doomed = (
            sa.select(files.c.id, files.c.storage_id, files.c.object_key, *COUNTED_COLUMNS)
            .where(files.c.id.in_(file_ids), files.c.deleted_at < before)
            .with_for_update()
        )
        rows = self._connection.execute(doomed).all()
        ids = [row.id for row in rows]
        keys: dict[str, list[str]] = {row.id: [] if row.storage_id else [row.object_key] for row in rows}
        made = sa.select(variants.c.file_id, variants.c.object_key).where(variants.c.file_id.in_(ids))
        for row in self._connection.execute(made):
            keys[row.file_id].append(row.object_key)
        for file_id, _, _, *counted in rows:
            FileCounts(self._connection).removed(file_id, standing(counted, is_deleted=True))
        index = SearchIndex(self._connection)
        words = index.kept_of(ids)
        remove(self._connection, files, ids)
        index.remove_unused(words)
        return [
            PurgedFile(
                row.id,
                row.tenant_id,
                tuple(dict.fromkeys(keys[row.id])),
                in_bucket=(row.storage_id, row.object_key) if row.storage_id else None,
            )
            for row in rows
        ]

    def known(self, ids: Sequence[str]) -> set[str]:
        is_open = direct_uploads.c.status == DirectUploadStatus.OPEN.value
        query = sa.union(
            sa.select(files.c.id).where(files.c.id.in_(ids)),
            sa.select(direct_uploads.c.id).where(direct_uploads.c.id.in_(ids), is_open),
        )
        return set(self._connection.execute(query).scalars())

    def recorded(self, after: str, *, limit: int) -> Sequence[RecordedFile]:
        query = (
            sa.select(files.c.id, files.c.created_at, files.c.object_key, files.c.storage_id)
            .where(files.c.id > after)
            .order_by(files.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(query).all()
        keys: dict[str, list[str]] = {row.id: [] if row.storage_id else [row.object_key] for row in rows}
        made = sa.select(variants.c.file_id, variants.c.object_key).where(variants.c.file_id.in_(list(keys)))
        for file_id, key in self._connection.execute(made):
            keys[file_id].append(key)
        return [RecordedFile(row.id, row.created_at, tuple(keys[row.id]), bool(row.storage_id)) for row in rows]

    def hashes_of(self, ids: Sequence[str]) -> Mapping[str, str]:
        here = sa.and_(files.c.id.in_(ids), files.c.storage_id.is_(None))
        query = sa.select(files.c.object_key, files.c.sha256).where(here)
        return {row.object_key: row.sha256 for row in self._connection.execute(query)}

    def old_sessions(self, before: datetime, *, limit: int) -> Sequence[str]:
        last = sa.and_(session_events.c.session_id == sessions.c.id, session_events.c.number == sessions.c.last_event)
        query = (
            sa.select(sessions.c.id)
            .select_from(sessions.outerjoin(session_events, last))
            .where(
                sessions.c.updated_at < before,
                sa.or_(session_events.c.at.is_(None), session_events.c.at < before),
                sessions.c.pending_files == 0,
            )
            .order_by(sessions.c.updated_at)
            .limit(limit)
        )
        return self._connection.execute(query).scalars().all()

    def purge_session(self, session_id: str, *, limit: int) -> bool:
        for table, order in ((session_events, session_events.c.number), (session_files, session_files.c.position)):
            mine = table.c.session_id == session_id
            # The first `limit` of them, told by the place of the next: a DELETE has no LIMIT of its own everywhere.
            rest = self._connection.execute(sa.select(order).where(mine).order_by(order).offset(limit).limit(1))
            if (first_left := rest.scalar_one_or_none()) is not None:
                if table is session_files:
                    SessionCounters(self._connection).leaving(session_id, first_left)
                self._connection.execute(table.delete().where(mine, order < first_left))
                return False
        remove(self._connection, sessions, [session_id])
        return True

    def old_responses(self, before: datetime) -> int:
        old = idempotency_keys.c.created_at < before
        return self._connection.execute(
            sa.select(sa.func.count()).select_from(idempotency_keys).where(old)
        ).scalar_one()

    def purge_responses(self, before: datetime, *, limit: int) -> int:
        at = idempotency_keys.c.created_at
        last = self._connection.execute(
            sa.select(at).where(at < before).order_by(at).offset(limit - 1).limit(1)
        ).scalar_one_or_none()
        old = at < before if last is None else at <= last
        return self._connection.execute(idempotency_keys.delete().where(old)).rowcount


def remove(connection: sa.Connection, table: sa.Table, ids: Sequence[Any]) -> None:
    """Delete rows by their ids, and before them what refers to them, whatever tables there are.

    A reference that may be empty is emptied, and its row stays: what happened to a file is part of its session's story.
    """
    if not ids:
        return
    for child in metadata.sorted_tables:
        for key in child.foreign_keys:
            if key.column.table is table:
                _release(connection, child, key.parent, ids)
    (own,) = table.primary_key.columns
    connection.execute(table.delete().where(own.in_(ids)))


def _release(connection: sa.Connection, child: sa.Table, reference: sa.Column[Any], ids: Sequence[Any]) -> None:
    mine = reference.in_(ids)
    if reference.nullable:
        connection.execute(child.update().where(mine).values({reference.name: None}))
    elif any(key.column.table is child for other in metadata.sorted_tables for key in other.foreign_keys):
        (own,) = child.primary_key.columns
        remove(connection, child, connection.execute(sa.select(own).where(mine)).scalars().all())
    else:
        connection.execute(child.delete().where(mine))
