"""Tenants."""

from collections.abc import Sequence

import sqlalchemy as sa

from scopix_server.db.schema import tenants
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
        found = self._find(sa.select(tenants).order_by(tenants.c.created_at, tenants.c.id).limit(1))
        return found[0] if found else None

    def find(self, name_or_id: str) -> Tenant | None:
        by_id = self._find(sa.select(tenants).where(tenants.c.id == name_or_id))
        found = by_id or self._find(sa.select(tenants).where(tenants.c.name == name_or_id))
        return found[0] if found else None

    def list(self) -> Sequence[Tenant]:
        return self._find(sa.select(tenants).order_by(tenants.c.created_at, tenants.c.id))

    def set_plan(self, tenant_id: str, plan: str | None) -> None:
        self._connection.execute(tenants.update().where(tenants.c.id == tenant_id).values(plan=plan))

    def _find(self, query: sa.Select[tuple[object, ...]]) -> "Sequence[Tenant]":
        return [Tenant(**row) for row in self._connection.execute(query).mappings()]
