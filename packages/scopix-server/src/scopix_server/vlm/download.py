"""Downloading model files: they resume where they broke off, and are refused unless their checksum is right."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from scopix_server.vlm.model_table import ModelFile

__all__ = ["DownloadFailed", "download"]

_TRIES = 5
_FIRST_PAUSE = 1.0
Progress = Callable[[int, int], None]


class DownloadFailed(Exception):
    """A model file could not be had; the message says why, and whether what is there already is of use."""


def download(
    file: ModelFile, folder: Path, progress: Progress = lambda done, size: None, *, first_pause: float = _FIRST_PAUSE
) -> Path:
    """Download a file into `folder`, unless it is there, and return its path.

    What arrived is kept as `NAME.part`; the next call goes on from there.

    Args:
        progress: told the bytes that are here, and the bytes of the whole file.
        first_pause: seconds before the second try; later pauses are longer.

    Raises:
        DownloadFailed: it cannot be reached, is not there, or is not what the table says.
    """
    target, part = folder / file.name, folder / f"{file.name}.part"
    if target.is_file() and target.stat().st_size == file.size and _digest(target).hexdigest() == file.sha256:
        progress(file.size, file.size)
        return target
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(_TRIES):
        try:
            _fetch(file, part, progress)
            break
        except (httpx2.TransportError, OSError) as error:
            if number + 1 == _TRIES:
                here = part.stat().st_size if part.exists() else 0
                raise DownloadFailed(
                    f"{file.url} broke off at {here:,} of {file.size:,} bytes: {error}. Run the command again to go on."
                ) from error
            time.sleep(first_pause * 2**number)
    found = _digest(part).hexdigest()
    if found != file.sha256:
        part.unlink()
        raise DownloadFailed(
            f"{file.name} is not the file that was expected: its SHA-256 is {found} instead of {file.sha256}. It was "
            "deleted."
        )
    part.replace(target)
    return target


def _fetch(file: ModelFile, part: Path, progress: Progress) -> None:
    here = part.stat().st_size if part.exists() else 0
    if here > file.size:
        part.unlink()
        here = 0
    if here == file.size:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    timeout = httpx2.Timeout(60.0, connect=20.0)
    # Model hubs answer with the address of a content network; the checksum holds for wherever the bytes come from.
    with httpx2.stream("GET", file.url, headers=headers, timeout=timeout, follow_redirects=True) as response:
        if response.status_code not in {200, 206}:
            raise DownloadFailed(f"{file.url} answers HTTP {response.status_code}.")
        if response.status_code == 200:
            here = 0  # it does not resume
        with part.open("ab" if here else "wb") as target:
            for chunk in response.iter_bytes():
                here += len(chunk)
                if here > file.size:
                    raise DownloadFailed(f"{file.url} sends more than the {file.size:,} bytes that were expected.")
                target.write(chunk)
                progress(here, file.size)
            target.flush()
            os.fsync(target.fileno())
    if here < file.size:
        raise OSError("the connection was closed early")


def _digest(path: Path) -> "hashlib._Hash":
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256")
