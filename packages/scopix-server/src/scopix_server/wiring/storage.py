"""Builds where a process keeps and finds bytes: the part of the wiring that knows all stores."""

from datetime import datetime
from typing import TYPE_CHECKING

from scopix_server.config import Settings

if TYPE_CHECKING:
    from scopix_server.domain.ports import BlobStore, Database
    from scopix_server.intake.stores import Stores
    from scopix_server.library.own_bucket import BucketSettings
    from scopix_server.outgoing.addresses import AddressGuard
    from scopix_server.outgoing.http import OutgoingHttp
    from scopix_server.storage.envelope import EnvelopeVault
    from scopix_server.storage.keyring import KeyRing
    from scopix_server.storage.local import LocalStore
    from scopix_server.storage.s3 import ServerBucket
    from scopix_server.storage.spool import Spool

__all__ = ["Storage", "key_ring", "open_vault"]


class Storage:
    """The stores of one process.

    Args:
        role: `web`, `worker` or `command`: each has a folder of its own for what is on its way.

    Raises:
        ValueError: a setting is missing, or cannot be used; the message names it.
    """

    def __init__(self, settings: Settings, role: str) -> None:
        from scopix_server.outgoing.http import OutgoingHttp
        from scopix_server.storage.buckets import GuardedBuckets
        from scopix_server.storage.spool import Spool

        if settings.direct_uploads == "presigned" and settings.storage != "s3":
            raise ValueError("SCOPIX_DIRECT_UPLOADS is presigned, which needs a bucket; SCOPIX_STORAGE must be s3")
        self._is_shared = settings.is_shared
        self._role = role
        self._spools = settings.data_dir / "spool"
        self._spool = Spool(self._spools / role, sync=False)
        self.local = _local_store(settings) if settings.storage == "local" else None
        # No guard: the operator named the server's own bucket.
        self._http = OutgoingHttp(None)
        self.bucket = _server_bucket(settings, self._spool, self._http) if settings.storage == "s3" else None
        self.receiving = self.bucket if settings.direct_uploads == "presigned" else None
        self.guard = _guard(settings)
        self.buckets = GuardedBuckets(self.guard, self._spool, max_bytes=_largest_file(settings))
        self.vault = open_vault(settings)

    @property
    def own(self) -> "LocalStore | ServerBucket":
        """The server's own store."""
        store = self.local or self.bucket
        assert store is not None
        return store

    def stores(self, database: "Database", own: "BlobStore | None" = None) -> "Stores":
        """Return all stores, the tenants' buckets included; the server's own as it is, or through `own`."""
        from scopix_server.intake.stores import Stores

        return Stores(own or self.own, database, self.buckets, self.vault, self._spool.lent)

    def bucket_settings(self, database: "Database", stores: "Stores") -> "BucketSettings":
        """Return what configures the tenants' buckets."""
        from scopix_server.library.own_bucket import BucketSettings

        return BucketSettings(database, stores, self.buckets, self.vault)

    def close(self) -> None:
        """Close all connections to buckets."""
        self.buckets.close()
        self._http.close()

    def sweep(self) -> None:
        """Remove what an earlier process in this role left half written. Call it before any write.

        Where others may be writing it is left to `remove_leftovers`.
        """
        if self._is_shared:
            return
        self._spool.sweep()
        # The web process alone writes uploads there; what workers leave is removed when it is old.
        if self._role == "web" and self.local is not None:
            self.local.sweep()

    def remove_leftovers(self, before: datetime) -> int:
        """Remove what any process left half written before then, and return how many such objects there were."""
        from scopix_server.storage.spool import Spool

        removed = self.local.sweep(before) if self.local is not None else 0
        return removed + sum(Spool(folder, sync=False).sweep(before) for folder in self._spools.iterdir())


def open_vault(settings: Settings) -> "EnvelopeVault":
    """Return what keeps the tenants' credentials. Raises ValueError when the configured key is none."""
    from scopix_server.storage.envelope import EnvelopeVault

    return EnvelopeVault(key_ring(settings))


def key_ring(settings: Settings) -> "KeyRing":
    """Return the master keys. Raises ValueError when a configured one is none."""
    from scopix_server.storage.keyring import KeyRing

    configured = settings.encryption_key.get_secret_value() if settings.encryption_key else ""
    return KeyRing(configured, settings.data_dir / "encryption-keys")


def _guard(settings: Settings) -> "AddressGuard":
    from scopix_server.outgoing.addresses import AddressGuard

    try:
        return AddressGuard(settings.allowed_addresses.split(","))
    except ValueError as error:
        raise ValueError(f"SCOPIX_ALLOWED_ADDRESSES: {error}") from error


def _largest_file(settings: Settings) -> int:
    return max(settings.max_file_bytes, settings.max_document_bytes, settings.max_direct_upload_bytes or 0)


def _local_store(settings: Settings) -> "LocalStore":
    from scopix_server.storage.local import LocalStore

    return LocalStore(settings.data_dir / "storage", durability=settings.durability)


def _server_bucket(settings: Settings, spool: "Spool", http: "OutgoingHttp") -> "ServerBucket":
    from scopix_server.domain.storage import BucketAddress, S3Credentials
    from scopix_server.storage.s3 import ServerBucket

    bucket, key, secret = settings.s3_bucket, settings.s3_access_key_id, settings.s3_secret_access_key
    if bucket is None or key is None or secret is None:
        raise ValueError(
            "SCOPIX_STORAGE is s3; SCOPIX_S3_BUCKET, SCOPIX_S3_ACCESS_KEY_ID, SCOPIX_S3_SECRET_ACCESS_KEY must be set"
        )
    address = BucketAddress(bucket, settings.s3_region, settings.s3_endpoint_url, settings.s3_force_path_style)
    credentials = S3Credentials(key.get_secret_value(), secret.get_secret_value())
    return ServerBucket(address, credentials, http, spool, public_endpoint=settings.s3_public_endpoint_url)
