"""The interfaces to stores of bytes; to tenants' buckets, their records, and the box their credentials are kept in."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from scopix_server.domain.storage import BucketAddress, S3Credentials, StorageConfig

__all__ = [
    "BlobStore",
    "BlobWriter",
    "Bucket",
    "BucketOpener",
    "FileServing",
    "LinkedStore",
    "ReceivingStore",
    "Sealed",
    "StorageConfigRepository",
    "StoredObject",
    "Vault",
]

# Any store ------------------------------------------------------------------------------------------------------------


class BlobWriter(Protocol):
    """Bytes on their way into storage. Nothing is visible under any key before `commit`."""

    def write(self, data: bytes) -> None:
        """Append. Raises OutOfSpace when there is no room; the writer is then only good for `abort`."""

    def seal(self) -> None:
        """All bytes are in: give back what only writing needs. `commit` may follow much later."""

    def lend(self) -> AbstractContextManager[Path]:
        """Lend what was written, once all bytes are in, as a file on this machine: another store may take it."""

    def commit(self, key: str) -> None:
        """Make what was written readable under `key`, whole and durable as the settings ask."""

    def abort(self) -> None:
        """Leave nothing behind. May be called at any time, also after `commit`, when it does nothing."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a store knows of an object without reading it."""

    key: str
    size_bytes: int
    modified_at: datetime


class BlobStore(Protocol):
    """Where bytes are kept, by keys the server made. A key is `/`-separated words of [A-Za-z0-9._-].

    Stores that are reached over a network raise ServiceUnavailable when they cannot be.
    """

    @property
    def commits_at_once(self) -> int:
        """How many commits are worth being under way at once: more than 1 where each waits, for an answer or a disk."""

    def open_writer(self) -> BlobWriter:
        """Start a new object."""

    def put(self, key: str, data: bytes) -> None:
        """Store a small object at once; replaces what was there."""

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        """Store a file under `key`, whole or not at all, in constant memory; replaces what was there."""

    def read(self, key: str) -> bytes:
        """Return the object. Raises FileNotFoundError when there is none."""

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        """Return `length` bytes of the object from `offset` on, fewer where it ends before; it begins before its end.

        Raises FileNotFoundError when there is none.
        """

    def local_path(self, key: str) -> AbstractContextManager[Path]:
        """Lend the object as a file on this machine. Raises FileNotFoundError when there is none."""

    def delete(self, key: str) -> None:
        """Remove the object; removing what is not there is no error."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the objects whose keys begin with `prefix` and a `/`, in no order; all of them for an empty one."""

    def free_bytes(self) -> int | None:
        """Return the room left for what is on its way in, or None when the store has no such notion."""

    def check(self) -> None:
        """Prove that the store answers; raises when it does not."""


class FileServing(Protocol):
    """An ability of stores on this machine: their objects can be served as files."""

    def path(self, key: str) -> Path:
        """Return where the object under `key` lies, whether it exists or not."""


# Tenants' buckets -----------------------------------------------------------------------------------------------------


class LinkedStore(Protocol):
    """An ability of stores on a network: whoever has a link reads an object from them directly."""

    def link(self, key: str, *, content_type: str, disposition: str, seconds: int) -> str:
        """Return an address that gives the object under `key`, and nothing else, for so long.

        It is served as `content_type`; `disposition` is the whole Content-Disposition.
        """


class ReceivingStore(Protocol):
    """An ability of stores on a network: whoever has a link writes an object into them directly."""

    def upload_link(self, key: str, *, size_bytes: int, seconds: int) -> str:
        """Return an address that takes one PUT of so many bytes as the object under `key`, and is good for so long.

        It takes another within that time, too, which replaces what was there.
        """

    def received(self, key: str, *, max_bytes: int) -> AbstractContextManager[tuple[Path, str]]:
        """Lend what others put there as a file on this machine, with the ETag that the store gave it.

        Of an object that is larger than `max_bytes` the file has one byte more than that. Raises FileNotFoundError
        when there is none.
        """


class Bucket(BlobStore, LinkedStore, Protocol):
    """A tenant's own bucket.

    What it refuses is told by BucketRefused, whose details have a `reason`; when it does not answer, BucketUnavailable.
    """

    def require(self, key: str) -> None:
        """Prove that the object can be read. Raises FileNotFoundError when there is none."""

    def probe(self) -> None:
        """Prove the rights that are needed: write, read and delete one small object."""


class BucketOpener(Protocol):
    """Opens buckets; it asks nothing of them yet."""

    def check(self, address: BucketAddress) -> None:
        """Raise AddressRefused when the address is not one to call."""

    def open(self, address: BucketAddress, credentials: S3Credentials) -> Bucket:
        """Return the bucket. Raises ServiceUnavailable when the server was installed without support for S3."""


Sealed = tuple[str, str]
"""What was encrypted, and the id of the key that opens it."""


class Vault(Protocol):
    """Encrypts what must not be readable in the database."""

    def seal(self, secret: bytes, purpose: str) -> Sealed:
        """Encrypt. What is sealed for one purpose opens for no other."""

    def open(self, sealed: str, purpose: str) -> bytes:
        """Decrypt. Raises ServiceUnavailable when this server does not have the key, or the text was changed."""

    def reseal(self, sealed: str, purpose: str) -> Sealed:
        """Return the same secret under the current key. Raises as `open`."""


class StorageConfigRepository(Protocol):
    """Tenants' buckets. Every question names its tenant, but those of the operator."""

    def lock(self) -> None:
        """Keep everybody else from changing any record until the transaction ends."""

    def current(self, tenant_id: str) -> StorageConfig | None:
        """Return the one that takes new files."""

    def get(self, tenant_id: str, config_id: str) -> StorageConfig | None:
        """Return one by its id, removed or not."""

    def at(self, tenant_id: str, address: BucketAddress) -> StorageConfig | None:
        """Return the one for a bucket, removed or not."""

    def save(self, config: StorageConfig) -> None:
        """Record a new one, or the changes of one."""

    def files_in(self, config: StorageConfig) -> int:
        """Return how many of the tenant's files are in this bucket, deleted ones that can come back included."""

    def delete(self, config: StorageConfig) -> None:
        """Forget one that no file is in."""

    def remove_unneeded(self) -> int:
        """Forget those that were removed and that no file is in any more; return how many there were."""

    def all(self) -> Sequence[StorageConfig]:
        """Return those of all tenants, for the operator."""
