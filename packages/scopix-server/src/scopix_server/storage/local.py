"""A store in a local folder.

Layout: `objects/KEY` holds the objects, `tmp/UUID.part` those on their way. These are on the same file system, so that
the rename into place is atomic: an object is there whole or not at all. What a crash leaves in `tmp` is swept at the
next start, or when it is old.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from scopix_server.domain.ports import StoredObject
from scopix_server.storage.folders import Folders, sync_folder
from scopix_server.storage.keys import check_key
from scopix_server.storage.spool import Spool, SpoolWriter, disk_failure

__all__ = ["Durability", "LocalStore"]

Durability = Literal["none", "each"]
"""`each`: an object survives a power cut once it was acknowledged. `none`: it survives a crash of the process only."""


_CHUNK = 1 << 20


class LocalStore:
    """Keeps objects as files below `root`."""

    def __init__(self, root: Path, *, durability: Durability = "each") -> None:
        self._objects = root / "objects"
        self._root = str(self._objects)
        self._syncs = durability == "each"
        # What is forced to disk at once goes there together: 200 files by eight threads take a fifth of the time that
        # they take one after the other (ext4), and more threads no less. Without it there is nothing to wait for.
        self.commits_at_once = 8 if self._syncs else 1
        root.parent.mkdir(parents=True, exist_ok=True)
        self._folders = Folders(root.parent, sync=self._syncs)
        self._folders.make(str(self._objects))
        self._spool = Spool(root / "tmp", sync=self._syncs)

    def sweep(self, before: datetime | None = None) -> int:
        """Remove what was left half written; see `Spool.sweep`."""
        return self._spool.sweep(before)

    def open_writer(self) -> SpoolWriter:
        return self._spool.new(self._install)

    def put(self, key: str, data: bytes) -> None:
        writer = self.open_writer()
        try:
            writer.write(data)
            writer.commit(key)
        finally:
            writer.abort()

    def put_file(self, key: str, path: Path, content_type: str = "application/octet-stream") -> None:
        writer = self.open_writer()
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    writer.write(chunk)
            writer.commit(key)
        finally:
            writer.abort()

    def read(self, key: str) -> bytes:
        return self.path(key).read_bytes()

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        with self.path(key).open("rb") as file:
            file.seek(offset)
            return file.read(length)

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
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise disk_failure(error, path) from error
        # The folder of a file's last object goes with it; a folder still in use refuses.
        try:
            path.parent.rmdir()
        except OSError:
            pass

    def list(self, prefix: str) -> Iterator[StoredObject]:
        folder = self.path(prefix) if prefix else self._objects
        # Unlike rglob this passes over folders that are removed meanwhile: with their last object they go.
        for place, _, names in os.walk(folder):
            for path in (Path(place, name) for name in names):
                try:
                    found = path.stat()
                except FileNotFoundError:
                    continue  # removed meanwhile
                if stat.S_ISREG(found.st_mode):
                    modified = datetime.fromtimestamp(found.st_mtime, UTC)
                    yield StoredObject(path.relative_to(self._objects).as_posix(), found.st_size, modified)

    def free_bytes(self) -> int | None:
        return self._spool.free_bytes()

    def check(self) -> None:
        # Not below a tenant: nobody takes it for an object of a file.
        def install(spooled: str, _: str) -> bool:
            Path(spooled).replace(self._objects / f".{Path(spooled).name}").unlink()
            return True

        self._spool.check(install)

    def _install(self, spooled: str, key: str) -> bool:
        target = f"{self._root}/{check_key(key)}"
        folder = target.rpartition("/")[0]
        # A spooled file may wait long for the rest of its batch. As an object it is as old as its name.
        os.utime(spooled)
        # The folder may be removed by a delete between its making and the rename: then make it again, once.
        for attempt in (1, 2):
            try:
                self._folders.make(folder)
                os.replace(spooled, target)  # noqa: PTH105
                break
            except FileNotFoundError:
                if attempt == 2:
                    raise
                self._folders.drop(folder)
        if self._syncs:
            sync_folder(folder)
        return True
