"""The folder that backups are kept in.

    scopix-backups.json          says what the folder is
    objects/AB/SHA256            bytes under their hash: objects of the store, pieces of databases, keys
    snapshots/WHEN/manifest.json what one backup consists of
    snapshots/WHEN/objects.db    which object of the store has which hash
    snapshots/unfinished/        one under way, or killed; the next run goes on with it

What is the same in two backups is there once. Everything is written under another name first and forced to disk; a
snapshot gets its name when all it needs is there. So whatever is killed, the backups before it stay as they were.
"""

import contextlib
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from scopix_server.domain.backup import BackupRefused, DatabaseDump, Piece, TableDump

__all__ = ["BackupFolder", "DamagedPiece", "Manifest", "PrivateFile", "Snapshot"]

_FORMAT = "scopix-backups-1"
_ABOUT, _OBJECTS, _SNAPSHOTS, _UNFINISHED = "scopix-backups.json", "objects", "snapshots", "unfinished"
_MANIFEST, _INDEX = "manifest.json", "objects.db"
_CHUNK = 1024 * 1024
_PIECE = 4 * _CHUNK
"""Of a database: small enough that an SQLite file which changed here and there is mostly there already."""


class DamagedPiece(Exception):
    """What a backup keeps is missing, or no longer what it was."""


@dataclass(frozen=True, slots=True)
class PrivateFile:
    """A file of the server's own, as its keys: where it is in the data folder, and what is in it."""

    path: str
    piece: Piece


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup consists of. `damaged` and `missing` are keys of objects that were so in the store, the first of
    them; `elsewhere` counts originals in tenants' own buckets, which no backup has."""

    taken_at: datetime
    finished_at: datetime
    server_version: str
    database: DatabaseDump
    objects: int
    bytes: int
    index_sha256: str
    private: tuple[PrivateFile, ...] = ()
    damaged: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    elsewhere: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole backup."""

    name: str
    folder: Path
    manifest: Manifest = field(repr=False)

    @property
    def index(self) -> Path:
        """Where it says which objects it has."""
        return self.folder / _INDEX

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces of the database and of the private files."""
        for table in self.manifest.database.tables:
            yield from table.pieces
        yield from (one.piece for one in self.manifest.private)


class BackupFolder:
    """Keeps backups at `root`. Blocks; good for several threads, and one process at a time (see `locked`)."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._objects = root / _OBJECTS
        self._snapshots = root / _SNAPSHOTS

    @property
    def unfinished(self) -> Path:
        """The folder of a backup under way."""
        return self._snapshots / _UNFINISHED

    @property
    def unfinished_index(self) -> Path:
        """Where a backup under way notes its objects."""
        return self.unfinished / _INDEX

    def make(self) -> None:
        """Make the folder if it is not there yet. Raises BackupRefused when something else is in its place."""
        about = self._root / _ABOUT
        if not about.exists():
            if self._root.exists() and (not self._root.is_dir() or any(self._root.iterdir())):
                raise BackupRefused(f"{self._root} is neither a folder of backups nor empty; name another one.")
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(about, json.dumps({"format": _FORMAT}).encode())
        self.check()
        for folder in (self._objects, self._snapshots, self.unfinished):
            folder.mkdir(exist_ok=True, mode=0o700)
        # A copy that was under way when a run was killed.
        for draft in self._objects.glob("*.part"):
            draft.unlink()

    def check(self) -> None:
        """Raise BackupRefused when this is no folder of backups."""
        try:
            found = json.loads((self._root / _ABOUT).read_bytes()).get("format")
        except (OSError, ValueError, AttributeError):
            raise BackupRefused(f"{self._root} is no folder of backups.") from None
        if found != _FORMAT:
            raise BackupRefused(f"The backups in {self._root} are of another release ({found}).")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out. Raises BackupRefused when one is at it; a kill lets go."""
        with (self._root / "lock").open("a") as file:
            with contextlib.suppress(ImportError):
                import fcntl

                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise BackupRefused(f"Another process is at work in {self._root}; wait until it is done.") from None
            yield

    # What is kept under hashes ---------------------------------------------------------------------------------------

    def path(self, sha256: str) -> Path:
        """Return where bytes of that hash are, if they are here."""
        return self._objects / sha256[:2] / sha256

    def has(self, piece: Piece) -> bool:
        """Whether bytes of that hash and size are here."""
        try:
            return self.path(piece.sha256).stat().st_size == piece.size_bytes
        except FileNotFoundError:
            return False

    def keep_file(self, source: Path) -> Piece:
        """Keep what is in a file, read once."""
        with source.open("rb") as file:
            return self._keep(iter(lambda: file.read(_CHUNK), b""))

    def keep_stream(self, chunks: Iterable[bytes]) -> Iterator[Piece]:
        """Keep a stream in pieces."""
        waiting = bytearray()
        for chunk in chunks:
            waiting += chunk
            while len(waiting) >= _PIECE:
                yield self._keep([bytes(waiting[:_PIECE])])
                del waiting[:_PIECE]
        if waiting:
            yield self._keep([bytes(waiting)])

    def read(self, piece: Piece) -> Iterator[bytes]:
        """Yield the bytes of a piece. Raises DamagedPiece, perhaps at the end only."""
        digest = hashlib.sha256()
        try:
            with self.path(piece.sha256).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    yield chunk
        except FileNotFoundError:
            raise DamagedPiece(f"{self.path(piece.sha256)} is missing") from None
        if digest.hexdigest() != piece.sha256:
            raise DamagedPiece(f"{self.path(piece.sha256)} is damaged")

    def remove_unused(self, is_used: Callable[[str], bool]) -> int:
        """Remove what no backup needs; return how many bytes that were."""
        freed = 0
        for folder in self._objects.iterdir():
            for path in list(folder.iterdir()) if folder.is_dir() else []:
                if not is_used(path.name):
                    freed += path.stat().st_size
                    path.unlink()
        return freed

    def _keep(self, chunks: Iterable[bytes]) -> Piece:
        draft, digest, size = self._objects / f"{uuid.uuid4().hex}.part", hashlib.sha256(), 0
        try:
            with draft.open("wb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                piece = Piece(digest.hexdigest(), size)
                if self.has(piece):
                    return piece
                _force(file)
            target = self.path(piece.sha256)
            target.parent.mkdir(exist_ok=True, mode=0o700)
            draft.rename(target)
            return piece
        finally:
            draft.unlink(missing_ok=True)

    # Snapshots -------------------------------------------------------------------------------------------------------

    def snapshots(self) -> list[Snapshot]:
        """Return the whole backups, the oldest first."""
        found = []
        for folder in sorted(self._snapshots.iterdir()) if self._snapshots.is_dir() else []:
            if (folder / _MANIFEST).exists() and folder.name != _UNFINISHED:
                manifest = _manifest(json.loads((folder / _MANIFEST).read_bytes()))
                found.append(Snapshot(folder.name, folder, manifest))
        return found

    def finish(self, manifest: Manifest) -> Snapshot:
        """Make the backup under way a whole one, named by its time."""
        name = manifest.taken_at.strftime("%Y%m%dT%H%M%S.%fZ")
        text = json.dumps(asdict(manifest), indent=1, default=_plain)
        _write(self.unfinished / _MANIFEST, text.encode())
        with self.unfinished_index.open("rb") as file:
            os.fsync(file.fileno())
        # The names of all that was written, and of the folders it is in.
        os.sync()
        target = self._snapshots / name
        self.unfinished.rename(target)
        os.sync()
        return Snapshot(name, target, manifest)

    def remove(self, snapshot: Snapshot) -> None:
        """Remove a backup; what only it needs stays until `remove_unused`."""
        # First what makes it a whole one.
        (snapshot.folder / _MANIFEST).unlink()
        shutil.rmtree(snapshot.folder)

    def remove_halves(self) -> None:
        """Remove what is left of a removal that was killed."""
        for folder in self._snapshots.iterdir():
            if folder.name != _UNFINISHED and not (folder / _MANIFEST).exists():
                shutil.rmtree(folder)


def _write(path: Path, data: bytes) -> None:
    draft = path.with_suffix(".tmp")
    with draft.open("wb") as file:
        file.write(data)
        _force(file)
    draft.replace(path)


def _force(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value))


def _manifest(data: dict[str, Any]) -> Manifest:
    database = data.pop("database")
    tables = [
        TableDump(
            table["name"],
            [Piece(**piece) for piece in table["pieces"]],
            table["schema"],
            tuple(table["columns"]),
            table["rows"],
        )
        for table in database.pop("tables")
    ]
    changed: dict[str, Any] = {
        "database": DatabaseDump(**database, tables=tables),
        "private": tuple(PrivateFile(one["path"], Piece(**one["piece"])) for one in data.pop("private")),
        **{name: datetime.fromisoformat(data[name]) for name in ("taken_at", "finished_at")},
        **{name: tuple(data[name]) for name in ("damaged", "missing")},
    }
    return Manifest(**{**data, **changed})
