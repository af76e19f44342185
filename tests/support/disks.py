"""Disks that are full: for a process of ours, or really."""

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

__all__ = ["can_mount", "no_room_for", "small_disk"]


@contextlib.contextmanager
def no_room_for(processes: Iterable[psutil.Process], *, beyond: int) -> Iterator[None]:
    """Let running processes find no room in files of so many bytes, for as long as the context lasts.

    It needs no right: it is a limit on the size of files (EFBIG), which systems treat as a quota that is used up.
    """
    before = {process.pid: resource.prlimit(process.pid, resource.RLIMIT_FSIZE) for process in processes}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (beyond, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def can_mount() -> bool:
    """Whether this user may mount a file system, as root may outside of most containers."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    tried = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    return tried.returncode == 0


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Lend a file system of `size` bytes at `folder`. What is on it goes at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
