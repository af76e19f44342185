"""All rows of one tenant. Which they are is told by the schema, so that a table that comes later is not forgotten."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scopix_server.db.counts import COUNTED_COLUMNS, FileCounts, standing
from scopix_server.db.schema import api_keys, files, metadata, sessions, tenant_s3_configs, tenants, webhooks
from scopix_server.db.session_counts import SessionCounters
from scopix_server.db.upkeep import remove
from scopix_server.domain.tenant_data import Original

__all__ = ["DERIVED", "OF_NO_TENANT", "SECRET", "SqlTenantData", "belonging_to"]

OF_NO_TENANT = frozenset({"workers", "chores", "stage_times", "engines", "high_water", "inspections"})
"""Tables about the server itself."""

DERIVED = frozenset(
    {
        "file_counts",
        "file_fields",
        "file_metadata",
        "file_objects",
        "file_tags",
        "idempotency_keys",
        "search_documents",
        "search_pages",
        "search_words",
        "text_embeddings",
        "fingerprints",
        "text_vectors",
        "variants",
        "vector_changes",
        "vectors",
    }
)
"""Tables that are not given out: they are made of the others, or are of use to this server only."""

SECRET = frozenset({"key_hash", "sealed_credentials", "sealed_secret", "key_id", "embedding"})
"""Columns that are not given out: secrets, and figures that mean nothing elsewhere."""

_PAGE = 500


class SqlTenantData:
    """The `TenantDataRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def tables(self) -> Sequence[str]:
        return [table.name for table in metadata.sorted_tables if table.name not in OF_NO_TENANT | DERIVED]

    def rows(self, tenant_id: str, table: str) -> Iterator[Mapping[str, Any]]:
        source = metadata.tables[table]
        shown = [column for column in source.columns if column.name not in SECRET]
        query = sa.select(*shown).where(belonging_to(source, tenant_id)).order_by(*source.primary_key.columns)
        found = self._connection.execute(query, execution_options={"yield_per": _PAGE})
        for row in found.mappings():
            yield {name: _plain(value) for name, value in row.items()}

    def shut_out(self, tenant_id: str, at: datetime) -> int:
        here = sa.and_(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None))
        self._connection.execute(files.update().where(here).values(deleted_at=at))
        FileCounts(self._connection).recount(tenant_id)
        mine = sa.select(sessions.c.id).where(sessions.c.tenant_id == tenant_id)
        for session_id in self._connection.execute(mine).scalars().all():
            SessionCounters(self._connection).recount(session_id)
        self._connection.execute(webhooks.update().where(webhooks.c.tenant_id == tenant_id).values(is_active=False))
        return self._connection.execute(api_keys.delete().where(api_keys.c.tenant_id == tenant_id)).rowcount

    def originals(self, tenant_id: str, *, limit: int) -> Sequence[Original]:
        query = sa.select(files.c.id, files.c.storage_id, files.c.object_key).where(files.c.tenant_id == tenant_id)
        return [Original(*row) for row in self._connection.execute(query.limit(limit))]

    def mark_deleted(self, file_ids: Sequence[str], at: datetime) -> int:
        here = sa.and_(files.c.id.in_(file_ids), files.c.deleted_at.is_(None))
        query = files.update().where(here).values(deleted_at=at).returning(files.c.id, *COUNTED_COLUMNS)
        rows = self._connection.execute(query).all()
        for file_id, *counted in rows:
            before = standing(counted, is_deleted=False)
            FileCounts(self._connection).changed(file_id, before, before._replace(is_deleted=True))
        return len(rows)

    def owned(self, tenant_id: str, file_ids: Sequence[str]) -> set[str]:
        query = sa.select(files.c.id).where(files.c.tenant_id == tenant_id, files.c.id.in_(file_ids))
        return set(self._connection.execute(query).scalars())

    def withdraw_jobs(self, job_ids: Sequence[str]) -> set[str]:
        schema = "dbos" if self._connection.dialect.name == "postgresql" else None
        jobs = sa.table("workflow_status", sa.column("workflow_uuid"), sa.column("status"), schema=schema)
        mine = jobs.c.workflow_uuid.in_(job_ids)
        self._connection.execute(jobs.update().where(mine, jobs.c.status == "ENQUEUED").values(status="CANCELLED"))
        at_rest = sa.select(jobs.c.workflow_uuid).where(mine, jobs.c.status != "PENDING")
        return set(self._connection.execute(at_rest).scalars())

    def remove_files(self, file_ids: Sequence[str]) -> None:
        query = sa.select(files.c.id, *COUNTED_COLUMNS, files.c.deleted_at).where(files.c.id.in_(file_ids))
        for file_id, *counted, deleted_at in self._connection.execute(query.with_for_update()).all():
            FileCounts(self._connection).removed(file_id, standing(counted, is_deleted=deleted_at is not None))
        remove(self._connection, files, file_ids)

    def remove_some(self, tenant_id: str, *, limit: int) -> Mapping[str, int]:
        # Those that refer to others come first.
        for table in reversed(_own_tables()):
            if table in (files, tenant_s3_configs):
                continue
            mine = table.c.tenant_id == tenant_id
            if len(table.primary_key.columns) > 1:
                number = self._connection.execute(table.delete().where(mine)).rowcount
            else:
                ids = self._lock(table, mine, limit)
                remove(self._connection, table, ids)
                number = len(ids)
            if number:
                return {table.name: number}
        return {}

    def remove_tenant(self, tenant_id: str) -> bool:
        # Locked, nothing more can refer to it: whoever just adds something is waited for, or waits.
        self._lock(tenants, tenants.c.id == tenant_id, 1)
        for table in _own_tables():
            query = sa.select(sa.literal(1)).where(table.c.tenant_id == tenant_id).limit(1)
            if table is not tenant_s3_configs and self._connection.execute(query).first() is not None:
                return False
        self._connection.execute(tenant_s3_configs.delete().where(tenant_s3_configs.c.tenant_id == tenant_id))
        self._connection.execute(tenants.delete().where(tenants.c.id == tenant_id))
        return True

    def _lock(self, table: sa.Table, condition: sa.ColumnElement[bool], limit: int) -> Sequence[Any]:
        (own,) = table.primary_key.columns
        return self._connection.execute(sa.select(own).where(condition).limit(limit).with_for_update()).scalars().all()


def belonging_to(table: sa.Table, tenant_id: str) -> sa.ColumnElement[bool]:
    """Return what holds for those rows of a table that are a tenant's, however far away the tenant is named.

    Raises:
        LookupError: the table's rows belong to no tenant.
    """
    if table is tenants:
        return tenants.c.id == tenant_id
    if "tenant_id" in table.columns:
        column: sa.ColumnElement[bool] = table.c.tenant_id == tenant_id
        return column
    for key in table.foreign_keys:
        if not key.parent.nullable:
            owner = key.column.table
            return key.parent.in_(sa.select(key.column).where(belonging_to(owner, tenant_id)))
    raise LookupError(f"{table.name} belongs to no tenant")


def _own_tables() -> list[sa.Table]:
    return [table for table in metadata.sorted_tables if "tenant_id" in table.columns]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
