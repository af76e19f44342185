"""API keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scopix_server.db.locks import held
from scopix_server.db.schema import api_keys, tenants
from scopix_server.domain.tenant import ApiKey, Tenant

__all__ = ["SqlKeys"]


class SqlKeys:
    """The `KeyRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, key: ApiKey) -> None:
        values: dict[str, Any] = {column.name: getattr(key, column.name) for column in api_keys.columns}
        values["scopes"] = list(key.scopes)
        values["metadata"] = dict(key.metadata)
        self._connection.execute(api_keys.insert().values(values))

    def holder(self, prefix: str) -> tuple[ApiKey, Tenant] | None:
        tenant = [column.label(f"tenant__{column.name}") for column in tenants.columns]
        query = (
            sa.select(*api_keys.columns, *tenant)
            .join(tenants, tenants.c.id == api_keys.c.tenant_id)
            .where(api_keys.c.key_prefix == prefix)
        )
        row = self._connection.execute(query).mappings().first()
        if row is None:
            return None
        owner = Tenant(**{column.name: row[f"tenant__{column.name}"] for column in tenants.columns})
        return _key_of({column.name: row[column.name] for column in api_keys.columns}), owner

    def get(self, tenant_id: str, key_id: str) -> ApiKey | None:
        query = sa.select(api_keys).where(api_keys.c.tenant_id == tenant_id, api_keys.c.id == key_id)
        row = self._connection.execute(held(self._connection, query)).mappings().first()
        return None if row is None else _key_of(row)

    def list(self, tenant_id: str, *, include_inactive: bool, limit: int, offset: int) -> tuple[Sequence[ApiKey], int]:
        condition = api_keys.c.tenant_id == tenant_id
        if not include_inactive:
            condition = sa.and_(condition, api_keys.c.is_active)
        total = self._connection.execute(sa.select(sa.func.count()).select_from(api_keys).where(condition)).scalar_one()
        query = sa.select(api_keys).where(condition).order_by(api_keys.c.created_at.desc(), api_keys.c.id.desc())
        rows = self._connection.execute(query.limit(limit).offset(offset)).mappings()
        return [_key_of(row) for row in rows], total

    def find(self, prefix_or_id: str) -> ApiKey | None:
        condition = sa.or_(api_keys.c.id == prefix_or_id, api_keys.c.key_prefix == prefix_or_id)
        row = self._connection.execute(sa.select(api_keys).where(condition)).mappings().first()
        return None if row is None else _key_of(row)

    def made_by(self, key_id: str) -> Sequence[ApiKey]:
        query = sa.select(api_keys).where(api_keys.c.created_by == key_id, ~api_keys.c.outlives_creator)
        return [_key_of(row) for row in self._connection.execute(held(self._connection, query)).mappings()]

    def update(self, key: ApiKey) -> None:
        changed = {
            "name": key.name,
            "description": key.description,
            "metadata": dict(key.metadata),
            "is_active": key.is_active,
            "outlives_creator": key.outlives_creator,
        }
        self._connection.execute(api_keys.update().where(api_keys.c.id == key.id).values(changed))

    def note_use(self, uses: Mapping[str, tuple[int, datetime]]) -> None:
        # In one order everywhere, so that two servers do not wait for each other.
        for key_id, (count, last) in sorted(uses.items()):
            noted = {"usage_count": api_keys.c.usage_count + count, "last_used_at": last}
            self._connection.execute(api_keys.update().where(api_keys.c.id == key_id).values(noted))


def _key_of(row: Mapping[Any, Any]) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(row["scopes"])})
