"""Tenants."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from scopix_server.db.counts import FileCounts
from scopix_server.db.locks import lock
from scopix_server.db.prepared import execute
from scopix_server.db.schema import tenants
from scopix_server.domain.plans import MonthlyUsage, StoredFiles
from scopix_server.domain.tenant import Tenant

__all__ = ["SqlTenants"]


class SqlTenants:
    """The `TenantRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add_tenant(self, tenant: Tenant) -> None:
        values = {column.name: getattr(tenant, column.name) for column in tenants.columns}
        self._connection.execute(tenants.insert().values(values))

    def first_tenant(self) -> Tenant | None:
        lock(self._connection, "tenants")
        found = self._find(sa.select(tenants).order_by(tenants.c.created_at, tenants.c.id).limit(1))
        return found[0] if found else None

    def find(self, name_or_id: str) -> Tenant | None:
        by_id = self._find(sa.select(tenants).where(tenants.c.id == name_or_id))
        found = by_id or self._find(sa.select(tenants).where(tenants.c.name == name_or_id))
        return found[0] if found else None

    def plan_of(self, tenant_id: str) -> str | None:
        place = "?" if self._connection.dialect.paramstyle == "qmark" else "%s"
        found = execute(self._connection, f"SELECT plan FROM tenants WHERE id = {place}", [(tenant_id,)]).fetchone()  # noqa: S608
        return None if found is None else found[0]

    def list(self) -> Sequence[Tenant]:
        return self._find(sa.select(tenants).order_by(tenants.c.created_at, tenants.c.id))

    def usage(self, tenant_id: str, since: datetime) -> MonthlyUsage:
        lock(self._connection, "usage", tenant_id)
        numbers = FileCounts(self._connection).of(tenant_id, f"{since:%Y-%m}")
        return MonthlyUsage(numbers["uploads"], numbers["described"])

    def stored(self, tenant_id: str) -> StoredFiles:
        counts = FileCounts(self._connection)
        return StoredFiles(sum(counts.by_status(tenant_id).values()), counts.of(tenant_id)["size_bytes"])

    def set_plan(self, tenant_id: str, plan: str | None) -> None:
        self._connection.execute(tenants.update().where(tenants.c.id == tenant_id).values(plan=plan))

    def _find(self, query: sa.Select[tuple[object, ...]]) -> "Sequence[Tenant]":
        return [Tenant(**row) for row in self._connection.execute(query).mappings()]
