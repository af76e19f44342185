"""A tenant's own bucket: tried out, configured, looked at, tried again, removed; its credentials encrypted anew."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scopix_server.domain.errors import BucketRefused, BucketUnavailable, DomainError, ValidationFailed
from scopix_server.domain.ports import Database, Transaction
from scopix_server.domain.storage import (
    BucketAddress,
    S3Credentials,
    StorageConfig,
    check_bucket_name,
    check_credentials,
    check_region,
)
from scopix_server.domain.storage_ports import BucketOpener, Vault
from scopix_server.domain.webhooks import WEBHOOK_SECRET
from scopix_server.intake.stores import Stores, purpose_of, seal_credentials

__all__ = ["BucketSettings", "Removal", "reseal_all"]

_FIELD_OF = {
    "missing_bucket": "bucket_name",
    "invalid_access_key": "access_key_id",
    "invalid_secret_key": "secret_access_key",
    "wrong_region": "region",
    "address_refused": "endpoint_url",
    "access_denied": "access_key_id",
}


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of a removal: whether there was a configuration, and how many files stay in the bucket."""

    removed: bool
    files_left: int


class BucketSettings:
    """The storage settings of all tenants. Methods block."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        buckets: BucketOpener,
        vault: Vault,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._stores = stores
        self._buckets = buckets
        self._vault = vault
        self._now = now

    def configure(self, tenant_id: str, address: BucketAddress, credentials: S3Credentials) -> StorageConfig:
        """Try a bucket out, then let it take the tenant's new files that are meant for it.

        A bucket that is configured again gets the new credentials, for the files that are in it as well.

        Raises:
            ValidationFailed: the bucket cannot be used; `details.field` names what to change, `details.reason` why.
        """
        check_bucket_name(address.bucket_name)
        check_region(address.region)
        check_credentials(credentials)
        try:
            self._buckets.check(address)
            self._buckets.open(address, credentials).probe()
        except BucketRefused as error:
            field = _FIELD_OF.get(error.details.get("reason", ""), "bucket_name")
            raise ValidationFailed(error.message, **{**error.details, "field": field}) from error
        except BucketUnavailable as error:
            raise ValidationFailed(error.message, field="endpoint_url", reason="unreachable") from error
        return self._database.write(lambda t: self._record(t, tenant_id, address, credentials))

    def status(self, tenant_id: str) -> StorageConfig | None:
        """Return the bucket that takes new files."""
        return self._database.read(lambda t: t.storage_configs.current(tenant_id))

    def validate(self, tenant_id: str) -> StorageConfig | None:
        """Try the bucket out again and return what is known of it then."""
        config = self.status(tenant_id)
        if config is None:
            return None
        error = None
        try:
            self._stores.open(config).probe()
        except DomainError as failure:
            error = failure.message
        return self._database.write(lambda t: _note(t, config, error))

    def remove(self, tenant_id: str) -> Removal:
        """Send no new files to the bucket. Those in it stay there, and stay readable."""

        def retire(transaction: Transaction) -> Removal:
            transaction.storage_configs.lock()
            config = transaction.storage_configs.current(tenant_id)
            return Removal(False, 0) if config is None else Removal(True, self._retire(transaction, config))

        return self._database.write(retire)

    def _record(
        self, transaction: Transaction, tenant_id: str, address: BucketAddress, credentials: S3Credentials
    ) -> StorageConfig:
        configs = transaction.storage_configs
        # Before the key is looked up: who changes the key holds the records, too.
        configs.lock()
        current, known = configs.current(tenant_id), configs.at(tenant_id, address)
        config_id = known.id if known else str(uuid.uuid4())
        sealed, key_id = seal_credentials(self._vault, tenant_id, config_id, credentials)
        config = StorageConfig(config_id, tenant_id, address, sealed, key_id, self._now(), is_validated=True)
        if current is not None and current.id != config_id:
            self._retire(transaction, current)
        configs.save(config)
        return config

    def _retire(self, transaction: Transaction, config: StorageConfig) -> int:
        files = transaction.storage_configs.files_in(config)
        if files:
            # Its credentials are what these files are read with.
            transaction.storage_configs.save(replace(config, removed_at=self._now()))
        else:
            transaction.storage_configs.delete(config)
        return files


def reseal_all(transaction: Transaction, vault: Vault) -> int:
    """Encrypt all credentials, and the secrets of webhooks, under the current key; return how many there were.

    Raises:
        ServiceUnavailable: some cannot be read. Nothing was changed.
    """
    transaction.storage_configs.lock()
    configs = transaction.storage_configs.all()
    for config in configs:
        sealed, key_id = vault.reseal(config.sealed_credentials, purpose_of(config.tenant_id, config.id))
        transaction.storage_configs.save(replace(config, sealed_credentials=sealed, key_id=key_id))
    webhooks = transaction.webhooks.all()
    for webhook in webhooks:
        sealed, key_id = vault.reseal(webhook.sealed_secret, WEBHOOK_SECRET)
        transaction.webhooks.update(replace(webhook, sealed_secret=sealed, key_id=key_id))
    return len(configs) + len(webhooks)


def _note(transaction: Transaction, tried: StorageConfig, error: str | None) -> StorageConfig:
    latest = transaction.storage_configs.get(tried.tenant_id, tried.id)
    noted = replace(tried, is_validated=error is None, error=error)
    # What was configured meanwhile was not what was tried.
    if latest is not None and latest.sealed_credentials == tried.sealed_credentials and latest.removed_at is None:
        transaction.storage_configs.save(noted)
    return noted
