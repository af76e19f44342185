"""A store in a local folder.

Layout: `objects/KEY` holds the objects, `tmp/UUID.part` those on their way. A part is on the same file system, so that
its rename into place is atomic: an object is there whole or not at all. What a crash leaves in `tmp` is swept at the
next start.
"""

import errno
import logging
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from scopix_server.domain.errors import OutOfSpace
from scopix_server.domain.ports import StoredObject
from scopix_server.storage.keys import check_key

__all__ = ["Durability", "LocalStore"]

Durability = Literal["none", "each"]
"""`each`: an object survives a power cut once it was acknowledged. `none`: it survives a crash of the process only."""

_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_log = logging.getLogger(__name__)


class LocalStore:
    """Keeps objects as files below `root`."""

    def __init__(self, root: Path, *, durability: Durability = "each") -> None:
        self._objects = root / "objects"
        self._tmp = root / "tmp"
        self._durability = durability
        for folder in (self._objects, self._tmp):
            folder.mkdir(parents=True, exist_ok=True)

    def sweep(self) -> int:
        """Remove what an earlier process left half written and return how many parts; call it before any write."""
        leftovers = list(self._tmp.glob("*.part"))
        for part in leftovers:
            part.unlink(missing_ok=True)
        if leftovers:
            _log.warning("removed %d half-written uploads of an earlier run", len(leftovers))
        return len(leftovers)

    def open_writer(self) -> "_LocalWriter":
        return _LocalWriter(self, self._tmp / f"{uuid.uuid4()}.part")

    def put(self, key: str, data: bytes) -> None:
        writer = self.open_writer()
        try:
            writer.write(data)
            writer.commit(key)
        finally:
            writer.abort()

    def read(self, key: str) -> bytes:
        return self.path(key).read_bytes()

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        path = self.path(key)
        if not path.is_file():
            raise FileNotFoundError(key)
        yield path

    def path(self, key: str) -> Path:
        """Return where the object under `key` lies, whether it exists or not."""
        return self._objects / check_key(key)

    def delete(self, key: str) -> None:
        path = self.path(key)
        path.unlink(missing_ok=True)
        # The folder of a file's last object goes with it; a folder still in use refuses.
        try:
            path.parent.rmdir()
        except OSError:
            pass

    def list(self, prefix: str) -> Iterator[StoredObject]:
        folder = self.path(prefix) if prefix else self._objects
        for path in folder.rglob("*"):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue  # removed meanwhile
            if stat.S_ISREG(found.st_mode):
                modified = datetime.fromtimestamp(found.st_mtime, UTC)
                yield StoredObject(path.relative_to(self._objects).as_posix(), found.st_size, modified)

    def free_bytes(self) -> int | None:
        return shutil.disk_usage(self._objects).free

    def install(self, part: Path, key: str) -> None:
        """Move a finished part to its key."""
        target = self.path(key)
        # The folder may be removed by a delete between its making and the rename: then make it again, once.
        for attempt in (1, 2):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                part.replace(target)
                break
            except FileNotFoundError:
                if attempt == 2:
                    raise
        if self._durability == "each":
            _sync_folder(target.parent)

    @property
    def syncs(self) -> bool:
        """Whether each object is forced to disk before it is acknowledged."""
        return self._durability == "each"


class _LocalWriter:
    def __init__(self, store: LocalStore, part: Path) -> None:
        self._store = store
        self._part = part
        self._file: BinaryIO | None = None
        self._finished = False

    def write(self, data: bytes) -> None:
        try:
            if self._file is None:
                self._file = self._part.open("xb", buffering=0)
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise _translated(error) from error

    def seal(self) -> None:
        if self._file is not None and self._file.closed:
            return
        try:
            if self._file is None:
                self._file = self._part.open("xb", buffering=0)
            if self._store.syncs:
                os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise _translated(error) from error

    def commit(self, key: str) -> None:
        self.seal()
        try:
            self._store.install(self._part, key)
        except OSError as error:
            raise _translated(error) from error
        self._finished = True

    def abort(self) -> None:
        if self._finished:
            return
        self._finished = True
        if self._file is not None:
            self._file.close()
            self._part.unlink(missing_ok=True)


def _translated(error: OSError) -> Exception:
    return OutOfSpace() if error.errno in _OUT_OF_SPACE else error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
