"""Direct uploads."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from scopix_server.db.locks import held
from scopix_server.db.schema import direct_uploads
from scopix_server.domain.direct import DirectUpload, DirectUploadStatus

__all__ = ["SqlDirectUploads"]


_FIELDS = {"answer": "response"}
"""Columns that are older than the words of today, and what they hold."""


class SqlDirectUploads:
    """The `DirectUploadRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, upload: DirectUpload) -> None:
        values = {
            name: getattr(upload, _FIELDS.get(name, name))
            for name in (column.name for column in direct_uploads.columns)
        }
        self._connection.execute(direct_uploads.insert(), values | {"status": upload.status.value})

    def get(self, tenant_id: str, upload_id: str) -> DirectUpload | None:
        query = sa.select(direct_uploads).where(
            direct_uploads.c.tenant_id == tenant_id, direct_uploads.c.id == upload_id
        )
        row = self._connection.execute(held(self._connection, query)).mappings().first()
        return None if row is None else _upload_of(row)

    def find_open(self, tenant_id: str, sha256: str, now: datetime) -> Sequence[DirectUpload]:
        query = (
            sa.select(direct_uploads)
            .where(
                direct_uploads.c.tenant_id == tenant_id,
                direct_uploads.c.sha256 == sha256,
                direct_uploads.c.status == DirectUploadStatus.OPEN.value,
                direct_uploads.c.expires_at > now,
            )
            .order_by(direct_uploads.c.created_at, direct_uploads.c.id)
        )
        return [_upload_of(row) for row in self._connection.execute(query).mappings()]

    def close(
        self,
        upload_id: str,
        status: DirectUploadStatus,
        *,
        reason: str | None = None,
        response: dict[str, object] | None = None,
    ) -> bool:
        closed = self._connection.execute(
            direct_uploads.update()
            .where(direct_uploads.c.id == upload_id, direct_uploads.c.status == DirectUploadStatus.OPEN.value)
            .values(status=status.value, reason=reason, answer=response)
        )
        return closed.rowcount == 1

    def overdue(self, now: datetime, limit: int) -> Sequence[DirectUpload]:
        query = (
            sa.select(direct_uploads)
            .where(direct_uploads.c.status == DirectUploadStatus.OPEN.value, direct_uploads.c.expires_at <= now)
            .order_by(direct_uploads.c.expires_at)
            .limit(limit)
        )
        return [_upload_of(row) for row in self._connection.execute(query).mappings()]

    def prune(self, before: datetime) -> int:
        gone = self._connection.execute(
            direct_uploads.delete().where(
                direct_uploads.c.status != DirectUploadStatus.OPEN.value, direct_uploads.c.expires_at < before
            )
        )
        return gone.rowcount


def _upload_of(row: sa.RowMapping) -> DirectUpload:
    fields = {_FIELDS.get(name, name): value for name, value in row.items()}
    return DirectUpload(**{**fields, "status": DirectUploadStatus(row["status"])})
