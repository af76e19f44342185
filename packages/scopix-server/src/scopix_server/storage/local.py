"""A store in a local folder.

Layout: `objects/KEY` holds the objects, `tmp/UUID.part` those on their way. A part is on the same file system, so that
its rename into place is atomic: an object is there whole or not at all. What a crash leaves in `tmp` is swept at the
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
from scopix_server.storage.keys import check_key
from scopix_server.storage.parts import Parts, PartWriter

__all__ = ["Durability", "LocalStore"]

Durability = Literal["none", "each"]
"""`each`: an object survives a power cut once it was acknowledged. `none`: it survives a crash of the process only."""


class LocalStore:
    """Keeps objects as files below `root`."""

    commits_at_once = 1

    def __init__(self, root: Path, *, durability: Durability = "each") -> None:
        self._objects = root / "objects"
        self._objects.mkdir(parents=True, exist_ok=True)
        self._syncs = durability == "each"
        self._parts = Parts(root / "tmp", sync=self._syncs)

    def sweep(self, before: datetime | None = None) -> int:
        """Remove what was left half written; see `Parts.sweep`."""
        return self._parts.sweep(before)

    def open_writer(self) -> PartWriter:
        return self._parts.new(self._install)

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
        return self._parts.free_bytes()

    def check(self) -> None:
        self._parts.free_bytes()

    def _install(self, part: Path, key: str) -> None:
        target = self.path(key)
        # A part may wait long for the rest of its batch. As an object it is as old as its name.
        os.utime(part)
        # The folder may be removed by a delete between its making and the rename: then make it again, once.
        for attempt in (1, 2):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                part.replace(target)
                break
            except FileNotFoundError:
                if attempt == 2:
                    raise
        if self._syncs:
            _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
