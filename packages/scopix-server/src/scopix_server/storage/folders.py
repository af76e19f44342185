"""Folders that outlast a power cut: a new folder's name is forced to disk in the folder that it stands in."""

import os
from pathlib import Path

__all__ = ["Folders", "sync_file", "sync_folder", "sync_way_to"]

# Remembered folders: about 10 MB of paths at the most, and forgetting them costs one more fsync each.
_MAX_KNOWN = 50_000


class Folders:
    """Makes folders below `top`, which exists. Paths are text, absolute or not, but all alike.

    Args:
        sync: whether they are forced to disk. A folder that somebody else has just made may not be there yet, so each
            is forced once by every process that relies on it.
    """

    def __init__(self, top: Path, *, sync: bool) -> None:
        self._top = str(top)
        self._sync = sync
        self._known: set[str] = set()

    def make(self, folder: str) -> None:
        """Make a folder and those above it, as far as they are missing. On return they are on disk."""
        if not self._sync:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            return
        if folder == self._top or folder in self._known:
            return
        above = os.path.dirname(folder)  # noqa: PTH120
        self.make(above)
        try:
            os.mkdir(folder)  # noqa: PTH102
        except FileExistsError:
            pass
        sync_folder(above)
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known.add(folder)

    def drop(self, folder: str) -> None:
        """Note that a folder, and with it perhaps those above it, may be gone."""
        while folder not in {self._top, (above := os.path.dirname(folder))}:  # noqa: PTH120
            self._known.discard(folder)
            folder = above


def sync_file(path: Path | str) -> None:
    """Force to disk what was written to a file, by whomever."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path | str) -> None:
    """Force to disk which names stand in a folder."""
    sync_file(folder)


def sync_way_to(folder: Path) -> None:
    """Force to disk the names of a folder and of all above it, as far as this user may."""
    for place in folder.absolute().parents:
        try:
            sync_folder(place)
        except OSError:
            # Not ours to read, so not ours to have made; or a file system that cannot.
            continue
