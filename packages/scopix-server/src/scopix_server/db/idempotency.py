"""Answers kept for replay."""

from datetime import datetime

import sqlalchemy as sa

from scopix_server.db.locks import lock
from scopix_server.db.schema import idempotency_keys as table
from scopix_server.domain.ports import IdempotencyRecord

__all__ = ["SqlIdempotency"]


class SqlIdempotency:
    """The `IdempotencyRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, tenant_id: str, key: str, since: datetime) -> IdempotencyRecord | None:
        lock(self._connection, "idempotency", tenant_id, key)
        query = sa.select(table.c.key, table.c.fingerprint, table.c.answer.label("response"), table.c.created_at).where(
            table.c.tenant_id == tenant_id, table.c.key == key, table.c.created_at > since
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else IdempotencyRecord(**row)

    def keep(self, tenant_id: str, record: IdempotencyRecord) -> None:
        self._connection.execute(table.delete().where(table.c.tenant_id == tenant_id, table.c.key == record.key))
        self._connection.execute(
            table.insert().values(
                tenant_id=tenant_id,
                key=record.key,
                fingerprint=record.fingerprint,
                answer=record.response,
                created_at=record.created_at,
            )
        )
