"""Which objects a backup has: an SQLite file beside each backup, since a million pictures have millions of objects.

A run that was killed leaves its file, and the next goes on with it: what is there with the same size and time need not
be read again. Such rows are told from those of the present run by its number.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from scopix_server.domain.backup import IndexedObject

__all__ = ["SqliteObjectIndex", "UsedHashes"]

_PAGE = 1000
_COLUMNS = "key, size_bytes, modified_at, sha256"
_CREATE = (
    "CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, modified_at REAL NOT NULL, "
    "sha256 BLOB NOT NULL, run INTEGER NOT NULL) WITHOUT ROWID"
)


class SqliteObjectIndex:
    """The `ObjectIndex` port."""

    def __init__(self, path: Path, *, is_new: bool = True) -> None:
        """Open the file; one of a backup that is whole is only read."""
        target = str(path) if is_new else f"file:{path}?mode=ro&immutable=1"
        self._file = sqlite3.connect(target, uri=not is_new, check_same_thread=False)
        self._run = 0
        if is_new:
            # What is lost by a power cut is read again.
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute(_CREATE)
            self._run = int(self._file.execute("SELECT coalesce(max(run), 0) + 1 FROM objects").fetchone()[0])

    def get(self, key: str) -> IndexedObject | None:
        row = self._file.execute(f"SELECT {_COLUMNS} FROM objects WHERE key = ?", (key,)).fetchone()  # noqa: S608
        return None if row is None else _object(row)

    def put(self, objects: Sequence[IndexedObject]) -> None:
        rows = [
            (one.key, one.size_bytes, one.modified_at.timestamp(), bytes.fromhex(one.sha256), self._run)
            for one in objects
        ]
        with self._file:
            self._file.executemany("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)", rows)

    def seen(self, keys: Sequence[str]) -> set[str]:
        marks = ", ".join("?" * len(keys))
        query = f"SELECT key FROM objects WHERE run = ? AND key IN ({marks})"  # noqa: S608
        return {key for (key,) in self._file.execute(query, (self._run, *keys))}

    def finish(self) -> tuple[int, int]:
        with self._file:
            self._file.execute("DELETE FROM objects WHERE run <> ?", (self._run,))
        number, size = self._file.execute("SELECT count(*), coalesce(sum(size_bytes), 0) FROM objects").fetchone()
        return int(number), int(size)

    def all(self) -> Iterator[IndexedObject]:
        last = ""
        query = f"SELECT {_COLUMNS} FROM objects WHERE key > ? ORDER BY key LIMIT ?"  # noqa: S608
        while rows := self._file.execute(query, (last, _PAGE)).fetchall():
            yield from map(_object, rows)
            last = rows[-1][0]

    def close(self) -> None:
        self._file.close()


class UsedHashes:
    """The hashes of all objects of some indexes, and of other pieces, in a file that is removed at the end."""

    def __init__(self, indexes: Sequence[Path], pieces: Iterator[str], scratch: Path) -> None:
        scratch.unlink(missing_ok=True)
        self._scratch = scratch
        self._file = sqlite3.connect(scratch)
        self._file.execute("PRAGMA journal_mode=OFF")
        self._file.execute("CREATE TABLE used (sha256 BLOB PRIMARY KEY) WITHOUT ROWID")
        for path in indexes:
            self._file.execute("ATTACH ? AS one", (str(path),))
            with self._file:
                self._file.execute("INSERT OR IGNORE INTO used SELECT sha256 FROM one.objects")
            self._file.execute("DETACH one")
        with self._file:
            self._file.executemany("INSERT OR IGNORE INTO used VALUES (?)", ((bytes.fromhex(one),) for one in pieces))

    def __contains__(self, sha256: str) -> bool:
        query = "SELECT 1 FROM used WHERE sha256 = ?"
        return self._file.execute(query, (bytes.fromhex(sha256),)).fetchone() is not None

    def close(self) -> None:
        """Remove the file."""
        self._file.close()
        self._scratch.unlink(missing_ok=True)


def _object(row: tuple[str, int, float, bytes]) -> IndexedObject:
    key, size, modified, digest = row
    return IndexedObject(key, size, datetime.fromtimestamp(modified, UTC), digest.hex())
