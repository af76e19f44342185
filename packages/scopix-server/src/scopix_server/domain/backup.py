"""What a backup is made of, and the interfaces of what is backed up. `upkeep/backup.py` tells how it is kept."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

__all__ = [
    "BackupRefused",
    "DatabaseCopier",
    "DatabaseCopy",
    "DatabaseDump",
    "IndexedObject",
    "ObjectIndex",
    "Piece",
    "RestoreWindow",
    "TableDump",
]


class BackupRefused(Exception):
    """A backup or a restore cannot be made so; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that a backup keeps under their SHA-256."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TableDump:
    """A table or a file of a database: its pieces, one after the other; of a table its columns, and how many rows."""

    name: str
    pieces: Sequence[Piece]
    schema: str | None = None
    columns: Sequence[str] = ()
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class DatabaseDump:
    """A database as it was at one moment.

    `kind`: sqlite or postgresql. `revision`: the newest migration it had seen. `mark`: how far it had come. `rows`: of
    each of our tables.
    """

    kind: str
    revision: str
    mark: int
    rows: Mapping[str, int]
    tables: Sequence[TableDump] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class IndexedObject:
    """An object of the store as a backup knows it: what it was when it was read."""

    key: str
    size_bytes: int
    modified_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class RestoreWindow:
    """From when the backup is that a database was restored from, until it was restored: what happened then is lost."""

    since: datetime
    until: datetime


class DatabaseCopy(Protocol):
    """A database as it is at one moment, however it goes on being changed."""

    kind: str
    revision: str
    mark: int

    def tables(self) -> Iterator[tuple[TableDump, Iterator[bytes]]]:
        """Yield what it consists of; each to be read before the next. The dumps have no pieces and no rows yet."""

    def rows(self) -> Mapping[str, int]:
        """Return how many rows our tables have. Ask once the tables have been read."""


class DatabaseCopier(Protocol):
    """Copies a database out, and in."""

    def copied(self, scratch: Path) -> AbstractContextManager[DatabaseCopy]:
        """Lend a copy; what it needs on disk meanwhile is in `scratch`, a folder."""

    def check_empty(self) -> None:
        """Raise BackupRefused when there is something in the place of the database that a restore would write to."""

    def load(self, dump: DatabaseDump, contents: Mapping[str, Iterator[bytes]], window: RestoreWindow) -> None:
        """Write a database, all of it or nothing, and check that it has as many rows as its dump says.

        `contents` yields the bytes of each table of the dump, by its name.

        Raises:
            BackupRefused: it is of another kind, of a newer release, or not as the dump says.
        """


class ObjectIndex(Protocol):
    """Which objects a backup has, in a file. Nothing of it is kept in memory."""

    def get(self, key: str) -> IndexedObject | None:
        """Return what is known of an object, now or from a run before."""

    def put(self, objects: Sequence[IndexedObject]) -> None:
        """Note objects, as seen in this run."""

    def seen(self, keys: Sequence[str]) -> set[str]:
        """Return those of the keys that were noted in this run."""

    def finish(self) -> tuple[int, int]:
        """Let go of what was not seen in this run; return how many objects there are, and their bytes."""

    def all(self) -> Iterator[IndexedObject]:
        """Yield all objects, by their keys."""

    def close(self) -> None:
        """Close the file."""
