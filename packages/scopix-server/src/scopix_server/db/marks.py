"""The high-water mark: how far the database has come, so that a database that lost something is told from the others.

One row counts; its `doubt` is why something is known to be missing, until an operator has accepted that. On SQLite
every group of commits counts it up, and leaves the number in a file beside the database; on PostgreSQL, where a row
that every writer changes would let them wait for each other, upkeep does so once a minute. What is kept elsewhere (that
file, and an object in the store) is never ahead of the database, unless it lost commits or is an older one.
"""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from scopix_server.db.schema import high_water
from scopix_server.domain.backup import RestoreWindow
from scopix_server.domain.upkeep import HighWaterMark

__all__ = ["COUNT_UP", "MarkFile", "SqlMarks"]

COUNT_UP = "UPDATE high_water SET number = number + 1 RETURNING number"
_DIGITS = 20
_log = logging.getLogger(__name__)


class SqlMarks:
    """The `MarkRepository` port."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def current(self) -> HighWaterMark:
        row = self._connection.execute(sa.select(high_water)).one()
        since, until = row.restored_since, row.restored_until
        return HighWaterMark(row.number, row.doubt, RestoreWindow(since, until) if since and until else None)

    def count_up(self) -> int:
        return int(self._connection.execute(sa.text(COUNT_UP)).scalar_one())

    def doubt(self, reason: str) -> None:
        unknown = high_water.c.doubt.is_(None)
        self._connection.execute(high_water.update().where(unknown).values(doubt=reason))

    def accept(self, number: int) -> int:
        self._connection.execute(high_water.update().values(restored_since=None, restored_until=None))
        return self.restored(number)

    def restored(self, number: int) -> int:
        kept = max(self.current().number, number) + 1
        self._connection.execute(high_water.update().values(number=kept, doubt=None))
        return kept


class MarkFile:
    """The number in a file beside the database. Processes share it; it only ever grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_reported = False

    def read(self) -> int:
        """Return the number; 0 when there is none, or none that can be read."""
        try:
            return int(self._path.read_bytes()[:_DIGITS])
        except FileNotFoundError:
            return 0
        except (OSError, ValueError) as error:
            _log.warning("%s cannot be read: %s", self._path, error)
            return 0

    def raise_to(self, number: int) -> None:
        """Keep a number that was committed. What cannot be written is left: the database itself is right."""
        try:
            with self._locked() as descriptor:
                kept = os.pread(descriptor, _DIGITS, 0)
                if not kept.isdigit() or int(kept) < number:
                    os.pwrite(descriptor, f"{number:0{_DIGITS}}\n".encode(), 0)
        except OSError as error:
            if not self._is_reported:
                _log.warning("%s cannot be written: %s", self._path, error)
            self._is_reported = True

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        # Two processes commit one after the other, but come here in any order.
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with contextlib.suppress(ImportError):
                import fcntl

                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)
