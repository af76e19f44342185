"""Where the files of one upload are stored, and how that is undone."""

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from scopix_server.domain.errors import DomainError
from scopix_server.domain.file import File, object_key
from scopix_server.domain.ports import BlobStore
from scopix_server.domain.storage import BUCKET_FOLDER
from scopix_server.domain.storage_ports import Bucket
from scopix_server.intake.incoming import IncomingFile

__all__ = ["Destination"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the files of one upload go: the server's own `store`, or a bucket of the tenant's."""

    store: BlobStore
    bucket: Bucket | None = None
    storage_id: str | None = None

    def key(self, tenant_id: str, file_id: str, extension: str) -> str:
        """Return the key of a file's original there."""
        key = object_key(tenant_id, file_id, f"original.{extension}")
        return key if self.bucket is None else f"{BUCKET_FOLDER}/{key}"

    def store_all(self, files: Mapping[str, tuple[IncomingFile, File]]) -> set[str]:
        """Store files that arrived whole, under their keys; all of them, or none.

        Raises:
            OutOfSpace, BucketRefused, ServiceUnavailable.
        """
        at_once = (self.bucket or self.store).commits_at_once
        stored: set[str] = set()

        def store(key: str) -> None:
            incoming, file = files[key]
            if self.bucket is None:
                incoming.store(key)
            else:
                incoming.store_in(self.bucket, key, file.content_type)
            stored.add(key)

        try:
            if at_once == 1 or len(files) == 1:
                for key in files:
                    store(key)
            else:
                with ThreadPoolExecutor(min(at_once, len(files) or 1), thread_name_prefix="store") as threads:
                    # On the first failure those that were not begun are given up.
                    list(threads.map(store, files))
        except BaseException:
            self.rollback(stored)
            raise
        return stored

    def rollback(self, keys: Iterable[str]) -> None:
        """Remove what was stored and then not recorded, as far as that can be done."""
        for key in keys:
            try:
                (self.bucket or self.store).delete(key)
            except DomainError as error:
                _log.warning("the object %s is left over: %s", key, error.message)
