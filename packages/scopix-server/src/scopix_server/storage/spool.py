"""Objects on their way in: files in a folder, whatever the store behind it. A start sweeps what a crash left."""

import errno
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import FileIO
from pathlib import Path

from scopix_server.domain.errors import DomainError, OutOfSpace, ServiceUnavailable
from scopix_server.storage.folders import sync_file

__all__ = ["Spool", "SpoolWriter", "disk_failure"]

_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_log = logging.getLogger(__name__)

Install = Callable[[str, str], bool]
"""Makes the finished file at a path readable under a key, whole. Returns whether it took the file away."""


class Spool:
    """A folder of files on their way into a store.

    Args:
        sync: whether a file is forced to disk before it is installed.
    """

    def __init__(self, folder: Path, *, sync: bool) -> None:
        self._folder = folder
        self._sync = sync
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def new(self, install: Install) -> "SpoolWriter":
        """Start a file, which `install` will take away."""
        return SpoolWriter(os.path.join(self._folder, f"{uuid.uuid4()}.part"), install, sync=self._sync)  # noqa: PTH118

    @contextmanager
    def lent(self) -> Iterator[Path]:
        """Lend a path for a file that is needed for as long as the context lasts."""
        path = self._folder / f"{uuid.uuid4()}.part"
        try:
            yield path
        finally:
            with suppress(OSError):  # it is swept when it is old
                path.unlink()

    def sweep(self, before: datetime | None = None) -> int:
        """Remove files that nobody has written to since then, and return how many.

        Without `before` all of them: they are an earlier process's; call it before any write.
        """
        removed = 0
        for spooled in self._folder.glob("*.part"):
            try:
                if before is None or spooled.stat().st_mtime < before.timestamp():
                    spooled.unlink()
                    removed += 1
            except FileNotFoundError:
                continue  # its writer has come to its end meanwhile
        if removed:
            _log.warning("removed %d half-written uploads of an earlier run", removed)
        return removed

    def check(self, install: Install | None = None) -> None:
        """Prove that files can be spooled, and put where `install` puts them. Raises as `SpoolWriter`."""
        with self.lent() as path:
            try:
                path.write_bytes(b"check")
                if install is not None:
                    install(str(path), "check")
            except OSError as error:
                raise disk_failure(error, path) from error

    def free_bytes(self) -> int:
        """Return the room left. Raises ServiceUnavailable when the folder is gone."""
        try:
            return shutil.disk_usage(self._folder).free
        except OSError as error:
            raise disk_failure(error, self._folder) from error


class SpoolWriter:
    """The `BlobWriter` port over one spooled file.

    Whatever the disk does not let it do is OutOfSpace, or else ServiceUnavailable: no fault of the file. Paths are text
    here: of a small upload's time on disk, objects for paths would be a third.
    """

    def __init__(self, spooled: str, install: Install, *, sync: bool) -> None:
        self._spooled = spooled
        self._install = install
        self._sync = sync
        self._file: FileIO | None = None
        self._finished = False

    def write(self, data: bytes) -> None:
        try:
            if self._file is None:
                self._file = FileIO(self._spooled, "x")
            written = self._file.write(data)
            while written < len(data):
                written += self._file.write(memoryview(data)[written:])
        except OSError as error:
            raise disk_failure(error, self._spooled) from error

    def seal(self) -> None:
        if self._file is not None and self._file.closed:
            return
        try:
            if self._file is None:
                self._file = FileIO(self._spooled, "x")
            # Not forced to disk yet: of a batch that is done for many files at once, when they are committed.
            self._file.close()
        except OSError as error:
            raise disk_failure(error, self._spooled) from error

    @contextmanager
    def lend(self) -> Iterator[Path]:
        self.seal()
        yield Path(self._spooled)

    def commit(self, key: str) -> None:
        self.seal()
        try:
            if self._sync:
                sync_file(self._spooled)
            is_gone = self._install(self._spooled, key)
        except OSError as error:
            raise disk_failure(error, self._spooled) from error
        self._finished = True
        if not is_gone:
            Path(self._spooled).unlink(missing_ok=True)

    def abort(self) -> None:
        if self._finished:
            return
        self._finished = True
        if self._file is not None:
            self._file.close()
            with suppress(OSError):  # it is swept when it is old
                Path(self._spooled).unlink(missing_ok=True)


def disk_failure(error: OSError, path: Path | str) -> DomainError:
    """Return what is to be told of an error at `path`, and tell the log, which may name the path, in one line."""
    _log.warning("%s: %s", path, error.strerror)
    if error.errno in _OUT_OF_SPACE:
        return OutOfSpace()
    return ServiceUnavailable(f"The server's storage cannot be written to ({error.strerror}). Nothing was stored.")
