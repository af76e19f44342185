"""Tenants' buckets."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from scopix_server.db.schema import files, tenant_s3_configs
from scopix_server.domain.storage import BucketAddress, StorageConfig

__all__ = ["SqlStorageConfigs"]

_PLAIN = ("id", "tenant_id", "sealed_credentials", "key_id", "configured_at", "is_validated", "error", "removed_at")
_ADDRESS = ("bucket_name", "region", "endpoint_url", "force_path_style")


class SqlStorageConfigs:
    """The `StorageConfigRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        # SQLite has one writer at a time anyway.
        if self._connection.dialect.name != "sqlite":
            self._connection.exec_driver_sql(f"LOCK TABLE {tenant_s3_configs.name} IN SHARE ROW EXCLUSIVE MODE")

    def current(self, tenant_id: str) -> StorageConfig | None:
        return self._first(tenant_s3_configs.c.tenant_id == tenant_id, tenant_s3_configs.c.removed_at.is_(None))

    def get(self, tenant_id: str, config_id: str) -> StorageConfig | None:
        return self._first(tenant_s3_configs.c.tenant_id == tenant_id, tenant_s3_configs.c.id == config_id)

    def at(self, tenant_id: str, address: BucketAddress) -> StorageConfig | None:
        return self._first(
            tenant_s3_configs.c.tenant_id == tenant_id,
            tenant_s3_configs.c.bucket_name == address.bucket_name,
            tenant_s3_configs.c.endpoint_url.is_not_distinct_from(address.endpoint_url),
        )

    def save(self, config: StorageConfig) -> None:
        values = {name: getattr(config, name) for name in _PLAIN}
        values |= {name: getattr(config.address, name) for name in _ADDRESS}
        changed = self._connection.execute(
            tenant_s3_configs.update().where(tenant_s3_configs.c.id == config.id).values(values)
        )
        if changed.rowcount == 0:
            self._connection.execute(tenant_s3_configs.insert().values(values))

    def files_in(self, config: StorageConfig) -> int:
        query = sa.select(sa.func.count()).where(files.c.tenant_id == config.tenant_id, files.c.storage_id == config.id)
        return self._connection.execute(query).scalar_one()

    def delete(self, config: StorageConfig) -> None:
        self._connection.execute(tenant_s3_configs.delete().where(tenant_s3_configs.c.id == config.id))

    def remove_unneeded(self) -> int:
        used = sa.select(sa.literal(1)).where(
            files.c.tenant_id == tenant_s3_configs.c.tenant_id, files.c.storage_id == tenant_s3_configs.c.id
        )
        unneeded = sa.and_(tenant_s3_configs.c.removed_at.is_not(None), ~used.exists())
        return self._connection.execute(tenant_s3_configs.delete().where(unneeded)).rowcount

    def all(self) -> Sequence[StorageConfig]:
        query = sa.select(tenant_s3_configs).order_by(tenant_s3_configs.c.id)
        return [_config_of(row) for row in self._connection.execute(query).mappings()]

    def _first(self, *conditions: sa.ColumnElement[bool]) -> StorageConfig | None:
        query = sa.select(tenant_s3_configs).where(*conditions).limit(1)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _config_of(row)


def _config_of(row: Mapping[Any, Any]) -> StorageConfig:
    address = BucketAddress(*(row[name] for name in _ADDRESS))
    return StorageConfig(address=address, **{name: row[name] for name in _PLAIN})
