"""Bringing a server back from a backup, into places that are empty: never over something that exists.

Objects come first and the database last, so that a restore that was killed leaves no server that misses something; it
goes on where it was when it is begun again. The file RESTORING in the data folder keeps servers out meanwhile.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from scopix_server.domain.backup import BackupRefused, DatabaseCopier, IndexedObject, ObjectIndex, Piece, RestoreWindow
from scopix_server.domain.ports import BlobStore
from scopix_server.upkeep.backup import OpenIndex
from scopix_server.upkeep.backup_folder import BackupFolder, DamagedPiece, Snapshot

__all__ = ["RESTORING", "Restored", "Restorer"]

T = TypeVar("T")
RESTORING = "RESTORING"
"""This file in the data folder says which backup is being restored there."""

_PORTION = 500
_THERE = "restoring-objects.db"


@dataclass
class Restored:
    """What was brought back. `there` objects were in the store already, as they should be; `damaged` are keys of those
    that the backup does not have as they were."""

    objects: int = 0
    bytes: int = 0
    there: int = 0
    rows: int = 0
    damaged: list[str] = field(default_factory=list)


class Restorer:
    """Restores into a data folder, a database and a store. `open_index` opens an index; `finish` is called last."""

    def __init__(
        self,
        folder: BackupFolder,
        copier: DatabaseCopier,
        store: BlobStore,
        *,
        data_dir: Path,
        open_index: OpenIndex,
        finish: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._copier = copier
        self._store = store
        self._data_dir = data_dir
        self._open_index = open_index
        self._finish = finish
        self._now = now

    def run(self, snapshot: Snapshot) -> Restored:
        """Bring back a backup, all of it, verified by its hashes and numbers.

        Raises:
            BackupRefused: there is something already, or the backup is damaged where nothing can do without.
            ServiceUnavailable, OSError: begin again later.
        """
        marker = self._data_dir / RESTORING
        if marker.exists() and marker.read_text().strip() != snapshot.name:
            raise BackupRefused(f"Another backup, {marker.read_text().strip()}, is half restored in {self._data_dir}.")
        done = Restored(rows=sum(snapshot.manifest.database.rows.values()))
        if not self._is_loaded(begun=marker.exists()):
            self._check_private(snapshot)
            self._data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_new(marker, f"{snapshot.name}\n".encode())
            self._restore_objects(snapshot, done)
            self._restore_private(snapshot)
            self._load(snapshot)
        self._finish()
        marker.unlink()
        return done

    def _is_loaded(self, *, begun: bool) -> bool:
        """Whether a restore that was begun was killed after its last step but one; else nothing may be there."""
        try:
            self._copier.check_empty()
        except BackupRefused:
            if not begun:
                raise
            return True
        if not begun and self._is_local() and next(iter(self._store.list("")), None) is not None:
            raise BackupRefused(f"There are stored files in {self._data_dir} already; restore into a new folder.")
        return False

    def _load(self, snapshot: Snapshot) -> None:
        dump = snapshot.manifest.database
        contents = {table.name: self._contents(table.pieces) for table in dump.tables}
        try:
            self._copier.load(dump, contents, RestoreWindow(snapshot.manifest.taken_at, self._now()))
        except DamagedPiece as error:
            raise BackupRefused(f"The database cannot be restored: {error}. Choose another backup.") from error

    def _is_local(self) -> bool:
        return hasattr(self._store, "path")

    def _restore_objects(self, snapshot: Snapshot, done: Restored) -> None:
        index = self._open_index(snapshot.index, False)
        path = self._data_dir / _THERE
        path.unlink(missing_ok=True)
        there = self._open_index(path, True)
        try:
            for some in _portions(self._store.list(""), _PORTION):
                there.put([IndexedObject(one.key, one.size_bytes, one.modified_at, "") for one in some])
            with ThreadPoolExecutor(self._store.commits_at_once, thread_name_prefix="restore") as threads:
                for objects in _portions(index.all(), _PORTION):
                    waiting = [one for one in objects if not self._is_there(there, one, done)]
                    for one, is_whole in zip(waiting, threads.map(self._restore, waiting), strict=True):
                        done.objects += is_whole
                        done.bytes += one.size_bytes if is_whole else 0
                        done.damaged += [] if is_whole else [one.key]
        finally:
            index.close()
            there.close()
            path.unlink(missing_ok=True)

    def _is_there(self, there: ObjectIndex, expected: IndexedObject, done: Restored) -> bool:
        found = there.get(expected.key)
        if found is None:
            return False
        with self._store.local_path(expected.key) as path:
            if found.size_bytes != expected.size_bytes or _hash_of(path) != expected.sha256:
                raise BackupRefused(f"The store has another object under {expected.key}; restore into an empty one.")
        done.there += 1
        return True

    def _restore(self, expected: IndexedObject) -> bool:
        writer = self._store.open_writer()
        try:
            for chunk in self._folder.read(Piece(expected.sha256, expected.size_bytes)):
                writer.write(chunk)
            writer.commit(expected.key)
        except DamagedPiece:
            return False
        finally:
            writer.abort()
        return True

    def _check_private(self, snapshot: Snapshot) -> None:
        for one in snapshot.manifest.private:
            target = self._data_dir / one.path
            if target.exists() and _hash_of(target) != one.piece.sha256:
                raise BackupRefused(f"There is another {target} already; restore into a new folder.")

    def _restore_private(self, snapshot: Snapshot) -> None:
        for one in snapshot.manifest.private:
            target = self._data_dir / one.path
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                _write_new(target, b"".join(self._folder.read(one.piece)))
            except DamagedPiece as error:
                raise BackupRefused(f"The server's own {one.path} cannot be restored: {error}.") from error

    def _contents(self, pieces: Sequence[Piece]) -> Iterator[bytes]:
        for piece in pieces:
            yield from self._folder.read(piece)


def _write_new(path: Path, data: bytes) -> None:
    """Write a file for this user's eyes only, whole or not at all, and force it to disk."""
    draft = path.with_name(f".{path.name}.restoring")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _portions(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
