"""Tenants and their keys."""

from typing import Any

import sqlalchemy as sa

from scopix_server.db.schema import api_keys, tenants
from scopix_server.domain.tenant import ApiKey, Tenant

__all__ = ["SqlTenants"]


class SqlTenants:
    """The `TenantRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add_tenant(self, tenant: Tenant) -> None:
        self._connection.execute(tenants.insert().values(id=tenant.id, name=tenant.name, created_at=tenant.created_at))

    def first_tenant(self) -> Tenant | None:
        query = sa.select(tenants).order_by(tenants.c.created_at, tenants.c.id).limit(1)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else Tenant(**row)

    def add_key(self, key: ApiKey) -> None:
        values: dict[str, Any] = {column.name: getattr(key, column.name) for column in api_keys.columns}
        values["scopes"] = list(key.scopes)
        self._connection.execute(api_keys.insert().values(values))

    def key_by_prefix(self, prefix: str) -> ApiKey | None:
        query = sa.select(api_keys).where(api_keys.c.key_prefix == prefix)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else ApiKey(**{**row, "scopes": tuple(row["scopes"])})
