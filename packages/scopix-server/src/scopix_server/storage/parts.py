"""Objects on their way in: files in a folder, whatever the store behind it. A start sweeps what a crash left."""

import errno
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from scopix_server.domain.errors import OutOfSpace

__all__ = ["PartWriter", "Parts"]

_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_log = logging.getLogger(__name__)

Install = Callable[[Path, str], None]
"""Makes a finished part readable under a key, whole."""


class Parts:
    """A folder of parts.

    Args:
        sync: whether a part is forced to disk before it is installed.
    """

    def __init__(self, folder: Path, *, sync: bool) -> None:
        self._folder = folder
        self._sync = sync
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def new(self, install: Install) -> "PartWriter":
        """Start a part, which `install` will take away."""
        return PartWriter(self._folder / f"{uuid.uuid4()}.part", install, sync=self._sync)

    @contextmanager
    def lent(self) -> Iterator[Path]:
        """Lend a path for a file that is needed for as long as the context lasts."""
        path = self._folder / f"{uuid.uuid4()}.part"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def sweep(self, before: datetime | None = None) -> int:
        """Remove parts that nobody has written to since then, and return how many.

        Without `before` all of them: they are an earlier process's; call it before any write.
        """
        removed = 0
        for part in self._folder.glob("*.part"):
            try:
                if before is None or part.stat().st_mtime < before.timestamp():
                    part.unlink()
                    removed += 1
            except FileNotFoundError:
                continue  # its writer has come to its end meanwhile
        if removed:
            _log.warning("removed %d half-written uploads of an earlier run", removed)
        return removed

    def free_bytes(self) -> int:
        """Return the room left."""
        return shutil.disk_usage(self._folder).free


class PartWriter:
    """The `BlobWriter` port over one part."""

    def __init__(self, part: Path, install: Install, *, sync: bool) -> None:
        self._part = part
        self._install = install
        self._sync = sync
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
            if self._sync:
                os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise _translated(error) from error

    @contextmanager
    def lend(self) -> Iterator[Path]:
        self.seal()
        yield self._part

    def commit(self, key: str) -> None:
        self.seal()
        try:
            self._install(self._part, key)
        except OSError as error:
            raise _translated(error) from error
        self._finished = True
        # Where it was moved, nothing is left to remove.
        self._part.unlink(missing_ok=True)

    def abort(self) -> None:
        if self._finished:
            return
        self._finished = True
        if self._file is not None:
            self._file.close()
            self._part.unlink(missing_ok=True)


def _translated(error: OSError) -> Exception:
    return OutOfSpace() if error.errno in _OUT_OF_SPACE else error
