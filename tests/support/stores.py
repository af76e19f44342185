"""The stores of a server, when no tenant has a bucket of its own."""

from pathlib import Path

from scopix_server.domain.ports import BlobStore, Database
from scopix_server.intake.stores import Stores
from scopix_server.outgoing.addresses import AddressGuard
from scopix_server.storage.buckets import GuardedBuckets
from scopix_server.storage.envelope import EnvelopeVault
from scopix_server.storage.keyring import KeyRing
from scopix_server.storage.spool import Spool


def stores_over(own: BlobStore, database: Database, folder: Path) -> Stores:
    """Stores of which only the server's own is in use; what the others need would be in `folder`."""
    buckets = GuardedBuckets(AddressGuard(), Spool(folder / "spool", sync=False), max_bytes=1)
    return Stores(own, database, buckets, EnvelopeVault(KeyRing("", folder / "encryption-keys")))
