"""The parts of direct uploads, each an object of its own in the server's store, until the completion has read them.

No link ever leads to the object of a file, only to these: what is sent by one after the completion changes no file.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scopix_server.domain.direct import DirectUpload, DirectUploadStatus
from scopix_server.domain.errors import Conflict
from scopix_server.domain.ports import BlobStore
from scopix_server.domain.storage_ports import ReceivingStore

__all__ = ["StagedParts"]

_READ_BYTES = 1024 * 1024


class StagedParts:
    """The parts of all uploads. Methods block.

    Args:
        receiving: the same store, where parts are sent straight to it; None where they are sent to the server.
    """

    def __init__(self, store: BlobStore, receiving: ReceivingStore | None = None) -> None:
        self._store = store
        self._receiving = receiving

    def sizes(self, upload: DirectUpload) -> dict[int, int]:
        """Return the parts that are there, with their sizes in bytes."""
        names = {one.key.rpartition("/")[2]: one.size_bytes for one in self._store.list(upload.prefix)}
        return {int(name): size for name, size in names.items() if name.isdecimal()}

    def link(self, upload: DirectUpload, number: int, *, seconds: int) -> str | None:
        """Return the link by which the store itself takes a part; None where the server takes it, or refuses to."""
        if self._receiving is None or upload.status is not DirectUploadStatus.OPEN or seconds < 1:
            return None
        return self._receiving.upload_link(upload.part_key(number), size_bytes=upload.size_of(number), seconds=seconds)

    def chunks(self, upload: DirectUpload, etags: Mapping[int, str]) -> Iterator[bytes]:
        """Yield the bytes of all parts in their order. Each part is read from the store once.

        Raises:
            Conflict: a part has another ETag than the one given for it.
        """
        for number in range(1, upload.total_parts + 1):
            digest = hashlib.md5(usedforsecurity=False)
            with self._lent(upload, number) as (path, etag), path.open("rb") as part:
                while chunk := part.read(_READ_BYTES):
                    digest.update(chunk)
                    yield chunk
            if number in etags and etags[number].strip('"').lower() != (etag or digest.hexdigest()):
                raise Conflict(
                    f"Part {number} is not what you sent: its ETag is another.", part_number=number, field="parts"
                )

    @contextmanager
    def _lent(self, upload: DirectUpload, number: int) -> Iterator[tuple[Path, str | None]]:
        """Lend a part, with the ETag that the store gave to whoever sent it there: not every store's is the MD5."""
        if self._receiving is None:
            with self._store.local_path(upload.part_key(number)) as path:
                yield path, None
        else:
            with self._receiving.received(upload.part_key(number), max_bytes=upload.size_of(number)) as (path, etag):
                yield path, etag.strip('"').lower()

    def remove(self, upload: DirectUpload) -> None:
        """Remove all parts that are there."""
        for one in list(self._store.list(upload.prefix)):
            self._store.delete(one.key)
