"""Backing up a server: database, objects and keys, into a folder (see `backup_folder`). The server may run meanwhile.

The database comes first, as it is at one moment, then the objects: whatever a file of that moment needs is in the store
already. Objects that the last backup has, with the same size and time, are not read again.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from scopix_server.domain.backup import DatabaseCopier, DatabaseDump, IndexedObject, ObjectIndex, Piece
from scopix_server.domain.ports import BlobStore, Database, StoredObject
from scopix_server.upkeep.backup_folder import BackupFolder, DamagedPiece, Manifest, PrivateFile, Snapshot
from scopix_server.upkeep.integrity import MARK_KEY
from scopix_server.upkeep.sweep import owner_of

__all__ = ["BackedUp", "BackupMaker", "Checked", "OpenIndex", "UsedHashes", "check_backup"]

T = TypeVar("T")
OpenIndex = Callable[[Path, bool], ObjectIndex]
"""Opens an index: a new one, or one that is whole."""
UsedHashes = Callable[[Sequence[Path], Iterator[str], Path], "tuple[Callable[[str], bool], Callable[[], None]]"]
"""Collects hashes: whether one is among them, and how to let go of them."""

_PORTION = 500
_THREADS = 8  # forcing to disk is waiting: 200 files by eight threads take a fifth of the time (ext4)
_MAX_NAMED = 1000  # keys of damaged or missing objects that a manifest names
_NEWLY_WRITTEN = "doctor/"  # what `doctor` tries the store with


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup has, and what of it was read this time."""

    snapshot: Snapshot
    read_objects: int
    read_bytes: int
    removed: int
    freed_bytes: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with a backup: a line for each piece or object that is missing or damaged."""

    objects: int
    bytes: int
    wrong: tuple[str, ...]


class BackupMaker:
    """Makes backups.

    Args:
        private: files of the server's own in the data folder, which it cannot work on without.
        data_dir: that folder.
    """

    def __init__(
        self,
        folder: BackupFolder,
        copier: DatabaseCopier,
        database: Database,
        store: BlobStore,
        *,
        private: Sequence[Path],
        data_dir: Path,
        version: str,
        open_index: OpenIndex,
        used_hashes: UsedHashes,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._copier = copier
        self._database = database
        self._store = store
        self._private = private
        self._data_dir = data_dir
        self._version = version
        self._open_index = open_index
        self._used_hashes = used_hashes
        self._now = now

    def run(self, *, keep: int) -> BackedUp:
        """Make a backup, and then remove the oldest ones, so that `keep` are left.

        Raises:
            BackupRefused, OSError.
            ServiceUnavailable: the store does not answer; begin again later.
        """
        self._folder.make()
        with self._folder.locked():
            taken_at = self._now()
            dump = self._copy_database()
            objects = _Objects(self._folder, self._database, self._store, self._open_index)
            try:
                number, size = objects.copy()
                missing, elsewhere = objects.missing(taken_at)
            finally:
                objects.close()
            manifest = Manifest(
                taken_at,
                self._now(),
                self._version,
                dump,
                number,
                size,
                _hash_of(self._folder.unfinished_index),
                tuple(self._keep_private()),
                tuple(objects.damaged[:_MAX_NAMED]),
                tuple(missing[:_MAX_NAMED]),
                elsewhere,
            )
            snapshot = self._folder.finish(manifest)
            removed, freed = self._remove_old(keep)
        return BackedUp(snapshot, objects.read, objects.read_bytes, removed, freed)

    def _copy_database(self) -> DatabaseDump:
        with self._copier.copied(self._folder.unfinished) as copy:
            tables = [
                replace(table, pieces=tuple(self._folder.keep_stream(contents))) for table, contents in copy.tables()
            ]
            return DatabaseDump(copy.kind, copy.revision, copy.mark, dict(copy.rows()), tables)

    def _keep_private(self) -> Iterator[PrivateFile]:
        for path in self._private:
            yield PrivateFile(path.relative_to(self._data_dir).as_posix(), self._folder.keep_file(path))

    def _remove_old(self, keep: int) -> tuple[int, int]:
        self._folder.remove_halves()
        there = self._folder.snapshots()
        old, left = there[: max(0, len(there) - keep)], there[-keep:]
        for snapshot in old:
            self._folder.remove(snapshot)
        if not old:
            return 0, 0
        pieces = (piece.sha256 for snapshot in left for piece in snapshot.pieces())
        scratch = left[-1].folder.parent / "used.tmp"
        is_used, close = self._used_hashes([snapshot.index for snapshot in left], pieces, scratch)
        try:
            return len(old), self._folder.remove_unused(is_used)
        finally:
            close()


class _Objects:
    """Copies the objects of the store. What was seen by a run that was killed counts as seen before."""

    def __init__(self, folder: BackupFolder, database: Database, store: BlobStore, open_index: OpenIndex) -> None:
        self._folder = folder
        self._database = database
        self._store = store
        self._index = open_index(folder.unfinished_index, True)
        there = folder.snapshots()
        self._last = open_index(there[-1].index, False) if there else None
        self.read = self.read_bytes = 0
        self.damaged: list[str] = []

    def copy(self) -> tuple[int, int]:
        """Copy what is new; return how many objects there are, and their bytes."""
        ours = (one for one in self._store.list("") if one.key != MARK_KEY and not one.key.startswith(_NEWLY_WRITTEN))
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="backup") as threads:
            for some in _portions(ours, _PORTION):
                known = [self._known(one) for one in some]
                new = [one for one, before in zip(some, known, strict=True) if before is None]
                read = [one for one in threads.map(self._read, new) if one is not None]
                self._compare(read)
                self._index.put([*(one for one in known if one is not None), *read])
        return self._index.finish()

    def missing(self, before: datetime) -> tuple[list[str], int]:
        """Return the keys of originals and variants recorded before then that are not there, and how many originals
        are in tenants' own buckets."""
        missing: list[str] = []
        last, elsewhere = "", 0
        while files := self._database.read(lambda t, last=last: t.upkeep.recorded(last, limit=_PORTION)):  # type: ignore[misc]
            last = files[-1].id
            elsewhere += sum(file.in_bucket for file in files)
            keys = [key for file in files if file.created_at < before for key in file.keys]
            seen = set().union(*(self._index.seen(some) for some in _portions(keys, _PORTION)))
            missing += [key for key in keys if key not in seen and not self._is_there(key)]
        return missing, elsewhere

    def close(self) -> None:
        self._index.close()
        if self._last is not None:
            self._last.close()

    def _known(self, found: StoredObject) -> IndexedObject | None:
        """Return what is known of an object that was backed up before, unless it has changed."""
        for index in (self._index, self._last):
            before = index.get(found.key) if index is not None else None
            if before is None or before.size_bytes != found.size_bytes or before.modified_at != found.modified_at:
                continue
            if self._folder.has(Piece(before.sha256, before.size_bytes)):
                return before
        return None

    def _read(self, found: StoredObject) -> IndexedObject | None:
        try:
            with self._store.local_path(found.key) as path:
                piece = self._folder.keep_file(path)
        except FileNotFoundError:
            return None  # removed since it was listed
        self.read += 1
        self.read_bytes += piece.size_bytes
        return IndexedObject(found.key, piece.size_bytes, found.modified_at, piece.sha256)

    def _compare(self, read: Sequence[IndexedObject]) -> None:
        """Compare originals with what they were when they came."""
        ids = sorted({owner for one in read if (owner := owner_of(one.key)) is not None})
        hashes = self._database.read(lambda t: t.upkeep.hashes_of(ids)) if ids else {}
        self.damaged += [one.key for one in read if hashes.get(one.key, one.sha256) != one.sha256]

    def _is_there(self, key: str) -> bool:
        # Its record is older than its object, or it was replaced while the store was listed.
        try:
            with self._store.local_path(key):
                return True
        except FileNotFoundError:
            return False


def check_backup(folder: BackupFolder, snapshot: Snapshot, open_index: OpenIndex) -> Checked:
    """Read all of a backup and compare it with its hashes."""
    wrong: list[str] = []
    if _hash_of(snapshot.index) != snapshot.manifest.index_sha256:
        return Checked(0, 0, (f"{snapshot.index} is damaged",))
    index = open_index(snapshot.index, False)
    number = size = 0
    try:
        objects = (Piece(one.sha256, one.size_bytes) for one in index.all())
        for pieces, is_object in ((snapshot.pieces(), False), (objects, True)):
            for piece in pieces:
                number += is_object
                try:
                    size += sum(len(chunk) for chunk in folder.read(piece))
                except DamagedPiece as error:
                    wrong.append(str(error))
    finally:
        index.close()
    return Checked(number, size, tuple(dict.fromkeys(wrong)))


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _portions(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
