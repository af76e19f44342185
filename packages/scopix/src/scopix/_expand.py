"""From what the caller names to the list of files: directories are searched, named files are taken as they are."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scopix._errors import UploadError, ValidationError

__all__ = ["MOST_FILES", "Entry", "expand", "find_images"]

MOST_FILES = 10_000

_EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One file to upload: its path or content, and its name. `named` is False for one that a directory yielded."""

    file: Path | bytes
    filename: str
    named: bool

    @property
    def shown(self) -> str:
        """What to call it before people."""
        return str(self.file) if isinstance(self.file, Path) else self.filename


def expand(
    files: str | Path | bytes | Iterable[str | Path | bytes],
    *,
    filenames: Sequence[str | None] | None = None,
    recursive: bool = True,
    include_hidden: bool = False,
    most: int = MOST_FILES,
) -> list[Entry]:
    """Every file once, in the order given; those of a directory sorted by path.

    Raises `ValidationError` for more than `most` files, for bytes without a filename and for things that are no files,
    and `UploadError` for a directory that cannot be read.
    """
    given: list[Any] = [files] if isinstance(files, str | os.PathLike | bytes | bytearray | memoryview) else list(files)
    entries: list[Entry] = []
    seen: set[Path] = set()
    for file, filename in zip(given, _match_names(given, filenames), strict=True):
        for entry in _expand_one(file, filename, recursive=recursive, include_hidden=include_hidden):
            if _is_repeated(entry, seen):
                continue
            if len(entries) == most:
                raise ValidationError(
                    f"more than {most:,} files; upload them in several calls", details={"field": "files", "limit": most}
                )
            entries.append(entry)
    return entries


def find_images(directory: str | Path, *, recursive: bool = True, include_hidden: bool = False) -> list[Path]:
    """The pictures in a directory that `files.upload_batch` would upload, sorted by path.

    They are told by their extension: .jpg, .jpeg, .png, .webp or .gif, in any case. Without `recursive` only the
    directory's own files count. Files and directories whose name starts with a dot are left out unless
    `include_hidden`; the directory itself may be hidden. Links to files are followed, links to directories are not.

    Raises `UploadError` when the directory, or one below it, cannot be read.
    """
    found: list[Path] = []
    waiting = [Path(directory)]
    while waiting:
        below = []
        for item in _read_directory(waiting.pop()):
            if item.name.startswith(".") and not include_hidden:
                continue
            if item.is_dir(follow_symlinks=False):
                below.append(Path(item.path))
            elif _has_image_name(item.name) and _is_file(item):
                found.append(Path(item.path))
        if recursive:
            waiting += below
    return sorted(found)


def _match_names(given: Sequence[Any], filenames: Sequence[str | None] | None) -> Sequence[str | None]:
    if filenames is None:
        return [None] * len(given)
    if isinstance(filenames, str) or len(filenames) != len(given):
        raise ValidationError("filenames must name every entry of files, one each", details={"field": "filenames"})
    return filenames


def _expand_one(file: Any, filename: str | None, *, recursive: bool, include_hidden: bool) -> Iterator[Entry]:
    if isinstance(file, bytes | bytearray | memoryview):
        if not filename:
            raise ValidationError("bytes need a filename: pass filenames", details={"field": "filenames"})
        yield Entry(bytes(file), filename, named=True)
        return
    if not isinstance(file, str | os.PathLike):
        raise ValidationError(f"files must hold paths or bytes, not {type(file).__name__}", details={"field": "files"})
    path = Path(file)
    if not _is_directory(path):
        yield Entry(path, filename or path.name, named=True)
        return
    for found in find_images(path, recursive=recursive, include_hidden=include_hidden):
        yield Entry(found, found.name, named=False)


def _is_repeated(entry: Entry, seen: set[Path]) -> bool:
    if not isinstance(entry.file, Path):
        return False
    try:
        resolved = entry.file.resolve()
    except (OSError, RuntimeError, ValueError):
        # A circle of links, or a NUL in the name: sending it will tell.
        return False
    if resolved in seen:
        return True
    seen.add(resolved)
    return False


def _read_directory(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as items:
            return list(items)
    except OSError as error:
        raise UploadError(
            f"cannot read the directory {path}: {error.strerror or error}",
            details={"path": str(path), "stage": "expand"},
        ) from error


def _has_image_name(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in _EXTENSIONS  # noqa: PTH122 -- a Path for each would cost ten times that


def _is_file(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_file()
    except OSError:
        # A link whose target may not be looked at.
        return False


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        # Not to be looked at: measuring it as a file will tell why.
        return False
