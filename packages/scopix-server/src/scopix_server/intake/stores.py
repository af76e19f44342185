"""Which store a file goes to, and which one it is in: the server's own, or a bucket of its tenant's."""

import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from scopix.types.vocabulary import DescriptionErrorType, StorageTarget
from scopix_server.domain.errors import (
    BucketRefused,
    DescribeError,
    DomainError,
    ServiceUnavailable,
    StorageNotConfigured,
)
from scopix_server.domain.file import File
from scopix_server.domain.ports import BlobStore, Database
from scopix_server.domain.storage import BUCKET_FOLDER, S3Credentials, StorageConfig
from scopix_server.domain.storage_ports import Bucket, BucketOpener, Sealed, Vault
from scopix_server.domain.upkeep import PurgedFile
from scopix_server.intake.destination import Destination

__all__ = ["Stores", "purpose_of", "seal_credentials"]

_log = logging.getLogger(__name__)


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="scopix-") as folder:
        yield Path(folder) / "scratch"


class Stores:
    """All stores. Methods block. `scratch` lends a path for a file that is being made, for as long as its context."""

    def __init__(
        self,
        own: BlobStore,
        database: Database,
        buckets: BucketOpener,
        vault: Vault,
        scratch: Callable[[], AbstractContextManager[Path]] = _scratch,
    ) -> None:
        self.own = own
        self.scratch = scratch
        self._database = database
        self._buckets = buckets
        self._vault = vault

    def destination(self, tenant_id: str, target: StorageTarget) -> Destination:
        """Return where a tenant's new files go.

        Raises:
            StorageNotConfigured: they are to go to the tenant's bucket, and there is none.
            ServiceUnavailable: its credentials cannot be read.
        """
        if target is StorageTarget.DEFAULT:
            return Destination(self.own)
        config = self._database.read(lambda t: t.storage_configs.current(tenant_id))
        if config is None:
            raise StorageNotConfigured(
                "storage_target is 'custom', but no custom storage is configured for this tenant. Configure it in the "
                "settings first, or leave storage_target out.",
                field="storage_target",
            )
        return Destination(self.own, self.open(config), config.id)

    def bucket_of(self, tenant_id: str, storage_id: str) -> Bucket:
        """Return a bucket that files of the tenant are in. Raises as `destination`."""
        config = self._database.read(lambda t: t.storage_configs.get(tenant_id, storage_id))
        if config is None:
            raise StorageNotConfigured("The bucket that this file is in is not configured any more.")
        return self.open(config)

    def open(self, config: StorageConfig) -> Bucket:
        """Return the bucket of a record. Raises ServiceUnavailable when its credentials cannot be read."""
        opened = json.loads(self._vault.open(config.sealed_credentials, purpose_of(config.tenant_id, config.id)))
        return self._buckets.open(config.address, S3Credentials(*opened))

    def tenants_folders(self) -> Iterator[tuple[BlobStore, str]]:
        """Yield every bucket that a tenant has configured, with the prefix of all that we put there for it."""
        seen: set[tuple[str, str, str | None]] = set()
        for config in self._database.read(lambda t: t.storage_configs.all()):
            place = (config.tenant_id, config.address.bucket_name, config.address.endpoint_url)
            if place in seen:
                continue
            try:
                bucket = self.open(config)
            except ServiceUnavailable as error:
                _log.warning("the bucket of tenant %s cannot be opened: %s", config.tenant_id, error.message)
                continue
            seen.add(place)
            yield bucket, f"{BUCKET_FOLDER}/{config.tenant_id}"

    def holding(self, tenant_id: str, storage_id: str | None) -> BlobStore:
        """Return the store that an original of the tenant's is in. Raises as `bucket_of`."""
        return self.own if storage_id is None else self.bucket_of(tenant_id, storage_id)

    @contextmanager
    def local_path(self, file: File) -> Iterator[Path]:
        """Lend a file's original as a file on this machine.

        Raises:
            DescribeError: it cannot be had; says whether trying again may help.
        """
        with _as_describe_error():
            lending = self.holding(file.tenant_id, file.storage_id).local_path(file.object_key)
            path = lending.__enter__()
        try:
            yield path
        finally:
            lending.__exit__(None, None, None)

    def kept(self, key: str) -> bytes | None:
        """Return a variant, if there is one. Raises as `local_path`."""
        with _as_describe_error():
            try:
                return self.own.read(key)
            except FileNotFoundError:
                return None

    def keep(self, key: str, data: bytes) -> None:
        """Store a variant: always in the server's own store. Raises as `local_path`."""
        with _as_describe_error():
            self.own.put(key, data)

    def keep_file(self, key: str, path: Path) -> None:
        """Store what was made of a file, and is too large for memory: as `keep`."""
        with _as_describe_error():
            self.own.put_file(key, path)

    def remove_from_bucket(self, file: PurgedFile) -> bool:
        """Remove the original of a purged file from its tenant's bucket; False, with a word in the log, on failure."""
        assert file.in_bucket is not None
        storage_id, key = file.in_bucket
        try:
            self.bucket_of(file.tenant_id, storage_id).delete(key)
        except DomainError as error:
            _log.warning("the object %s is left in the bucket of tenant %s: %s", key, file.tenant_id, error.message)
            return False
        return True


def seal_credentials(vault: Vault, tenant_id: str, config_id: str, credentials: S3Credentials) -> Sealed:
    """Encrypt the credentials of a record, for this record alone."""
    plain = json.dumps([credentials.access_key_id, credentials.secret_access_key])
    return vault.seal(plain.encode(), purpose_of(tenant_id, config_id))


def purpose_of(tenant_id: str, config_id: str) -> str:
    """Return what the credentials of a record are sealed for."""
    return f"s3 credentials {tenant_id} {config_id}"


@contextmanager
def _as_describe_error() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        message = "The stored file is missing from storage."
        raise DescribeError(message, DescriptionErrorType.UNKNOWN, retryable=False) from error
    except (BucketRefused, StorageNotConfigured) as error:
        message = f"The file could not be read from its bucket: {error.message}"
        raise DescribeError(message, DescriptionErrorType.RESOURCE_LIMIT, retryable=False) from error
    except ServiceUnavailable as error:
        message = f"The storage of the file does not work right now: {error.message}"
        raise DescribeError(message, DescriptionErrorType.TIMEOUT, retryable=True) from error
