"""From what the caller names to the list of files: directories are searched, named files are taken as they are."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Any, Literal, TypeAlias

from scopix._content import as_file, is_one_file
from scopix._errors import UploadError, ValidationError
from scopix.types.results import SkippedPath
from scopix.types.sniff import IMAGE_EXTENSIONS

__all__ = [
    "MAX_FILES",
    "DirectoryScan",
    "Entry",
    "Expanded",
    "Formats",
    "expand",
    "find_images",
    "scan_directory",
]

MAX_FILES = 10_000

logger = logging.getLogger("scopix")

Formats: TypeAlias = Literal["common", "all"]
"""Which files of a directory are taken: "common" are .jpg, .jpeg, .png, .webp and .gif; "all" are all pictures that the
server takes, such as .heic, .tif and cameras' raw files, and .pdf and .docx. Texts are taken when they are named."""

_EXTENSIONS: dict[str, frozenset[str]] = {
    "common": frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif"}),
    # No texts: beside pictures they are licences, notes, and what programs write about each picture.
    "all": IMAGE_EXTENSIONS | {".pdf", ".docx"},
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file to upload: its path or content, and its name. `named` is False for one that a directory yielded.

    `path` is what its result is found by: the path as it was given, or the one below the directory that was given.
    """

    file: Path | bytes
    filename: str
    named: bool
    path: str = ""

    @property
    def sent_path(self) -> str:
        """The path that the server is told: a relative one. Where a file is on this computer is nobody's business."""
        if PurePath(self.path).is_absolute() or ".." in PurePath(self.path).parts:
            return self.filename
        return self.path or self.filename

    @property
    def shown(self) -> str:
        """What to call it before people."""
        return str(self.file) if isinstance(self.file, Path) else self.filename


@dataclass(frozen=True, slots=True)
class DirectoryScan:
    """What is in a directory, sorted by path: the images that would be uploaded, and the rest.

    `unreadable` are directories whose images are not known: the directory itself, or one below it.
    """

    images: list[Path]
    skipped: list[SkippedPath]
    unreadable: list[SkippedPath]


@dataclass(frozen=True, slots=True)
class Expanded:
    """The files of a call, each once, and what was given: for each its file's place among them, and its own path.

    `skipped` is what its directories hold beside them.
    """

    entries: list[Entry]
    order: list[tuple[int, str]]
    skipped: list[SkippedPath] = field(default_factory=list)


def expand(
    files: Any,
    *,
    filenames: Sequence[str | None] | None = None,
    recursive: bool = True,
    include_hidden: bool = False,
    formats: Formats = "common",
    max_files: int = MAX_FILES,
) -> Expanded:
    """Every file once, in the order given; those of a directory sorted by path. What is named twice is there twice in
    the order.

    Raises `ValidationError` for more than `max_files` files, for bytes without a filename and for things that are no
    files, and `UploadError` for a directory that cannot be read.
    """
    given: list[Any] = [files] if is_one_file(files) else list(files)
    entries: list[Entry] = []
    order: list[tuple[int, str]] = []
    skipped: list[SkippedPath] = []
    seen: dict[Path, int] = {}
    # Of several directories each one's own name tells their files apart.
    within = len(given) > 1
    for file, filename in zip(given, _match_names(given, filenames), strict=True):
        found = _expand_one(
            file, filename, within, skipped, recursive=recursive, include_hidden=include_hidden, formats=formats
        )
        for entry in found:
            if (place := _place_of(entry, seen, len(entries))) < len(entries):
                if entry.named:
                    order.append((place, entry.path))
                continue
            if len(entries) == max_files:
                raise ValidationError(
                    f"more than {max_files:,} files; upload them in several calls",
                    details={"field": "files", "limit": max_files},
                )
            entries.append(entry)
            order.append((place, entry.path))
    if skipped:
        # Told, and no warning: that directories hold other things is as it should be.
        first = skipped[0]
        logger.info("%d paths are not uploaded, the first: %s (%s)", len(skipped), first.path, first.reason)
    return Expanded(entries, order, skipped)


def find_images(
    directory: str | Path, *, recursive: bool = True, include_hidden: bool = False, formats: Formats = "common"
) -> list[Path]:
    """The files in a directory that `files.upload_batch` would upload, sorted by path.

    They are told by their extension: .jpg, .jpeg, .png, .webp or .gif, in any case; with `formats="all"` that of any
    picture the server takes, .pdf or .docx. Without `recursive` only the directory's own files count. Files and
    directories whose name starts with a dot are left out unless `include_hidden`; the directory itself may be hidden.
    Links to files are followed, links to directories are not.

    Raises `UploadError` when the directory, or one below it, cannot be read.
    """
    scan = _strict_scan(Path(directory), recursive, include_hidden, formats)
    return sorted(scan.images())


def _strict_scan(directory: Path, recursive: bool, include_hidden: bool, formats: Formats) -> "_Scan":
    def fail(path: Path, error: OSError) -> None:
        raise UploadError(
            f"cannot read the directory {path}: {error.strerror or error}",
            details={"path": str(path), "stage": "expand"},
        ) from error

    return _Scan(directory, recursive, include_hidden, formats, include=(), exclude=(), on_unreadable=fail)


def scan_directory(
    directory: str | Path,
    *,
    recursive: bool = True,
    include_hidden: bool = False,
    formats: Formats = "common",
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> DirectoryScan:
    """The same pictures as `find_images`, and whatever else is there with the reason why it is none of them.

    A directory below that is left out is one entry of `skipped`, whatever it holds; one that cannot be read stops
    nothing.

    Args:
        include: patterns as in a shell, such as `"IMG_*"`. Where there are any, a picture has to match one.
        exclude: patterns of files and directories to leave out. A pattern is held against the name, and against the
            path from `directory` on, with slashes.
    """
    unreadable: list[SkippedPath] = []

    def note(path: Path, error: OSError) -> None:
        unreadable.append(SkippedPath(path, f"the directory cannot be read: {error.strerror or error}"))

    scan = _Scan(
        Path(directory), recursive, include_hidden, formats, include=include, exclude=exclude, on_unreadable=note
    )
    images = sorted(scan.images())
    return DirectoryScan(images, _by_path(scan.skipped), _by_path(unreadable))


def _by_path(skipped: Iterable[SkippedPath]) -> list[SkippedPath]:
    return sorted(skipped, key=lambda one: one.path)


class _Scan:
    """One walk through a directory: `images` yields what would be uploaded; `skipped` is whole after that."""

    def __init__(
        self,
        root: Path,
        recursive: bool,
        include_hidden: bool,
        formats: Formats,
        *,
        include: Sequence[str],
        exclude: Sequence[str],
        on_unreadable: Callable[[Path, OSError], None],
    ) -> None:
        self.skipped: list[SkippedPath] = []
        self._root = root
        self._recursive = recursive
        self._include_hidden = include_hidden
        self._extensions = _extensions(formats)
        self._include = include
        self._exclude = exclude
        self._on_unreadable = on_unreadable

    def images(self) -> Iterator[Path]:
        waiting = [self._root]
        while waiting:
            directory = waiting.pop()
            try:
                with os.scandir(directory) as items:
                    below = list(items)
            except OSError as error:
                self._on_unreadable(directory, error)
                continue
            for item in below:
                if (reason := self._why_skipped(item)) is not None:
                    self.skipped.append(SkippedPath(Path(item.path), reason))
                elif item.is_dir(follow_symlinks=False):
                    waiting.append(Path(item.path))
                else:
                    yield Path(item.path)

    def _why_skipped(self, item: os.DirEntry[str]) -> str | None:
        """Why an item is neither searched nor one of the images; None when it is."""
        if item.name.startswith(".") and not self._include_hidden:
            return "hidden"
        if (pattern := self._matching(item, self._exclude)) is not None:
            return f"excluded by {pattern}"
        if item.is_dir(follow_symlinks=False):
            return None if self._recursive else "directory"
        if _suffix(item.name) not in self._extensions:
            return "link to a directory" if _is_directory(Path(item.path)) else _kind_of(item.name)
        if not _is_file(item):
            return "link to a directory" if _is_directory(Path(item.path)) else "no regular file"
        if self._include and self._matching(item, self._include) is None:
            return f"matches no {' or '.join(self._include)}"
        return None

    def _matching(self, item: os.DirEntry[str], patterns: Sequence[str]) -> str | None:
        if not patterns:
            return None
        path = Path(item.path).relative_to(self._root).as_posix()
        return next((one for one in patterns if fnmatchcase(item.name, one) or fnmatchcase(path, one)), None)


def _kind_of(name: str) -> str:
    suffix = _suffix(name)
    return f"{suffix} is not taken from directories" if suffix else "without an extension"


def _match_names(given: Sequence[Any], filenames: Sequence[str | None] | None) -> Sequence[str | None]:
    if filenames is None:
        return [None] * len(given)
    if isinstance(filenames, str) or len(filenames) != len(given):
        raise ValidationError("filenames must name every entry of files, one each", details={"field": "filenames"})
    return filenames


def _expand_one(
    file: Any,
    filename: str | None,
    within: bool,
    skipped: list[SkippedPath],
    *,
    recursive: bool,
    include_hidden: bool,
    formats: Formats,
) -> Iterator[Entry]:
    """Yield the files that an entry stands for, and add to `skipped` what else is in its directory."""
    content, name = as_file(file, filename)
    if isinstance(content, bytes):
        if not name:
            raise ValidationError("bytes need a filename: pass filenames", details={"field": "filenames"})
        yield Entry(content, name, named=True, path=name)
        return
    if not _is_directory(content):
        yield Entry(content, filename or content.name, named=True, path=content.as_posix())
        return
    own = [content.resolve().name] if within else []
    scan = _strict_scan(content, recursive, include_hidden, formats)
    for found in sorted(scan.images()):
        path = PurePath(*own, found.relative_to(content)).as_posix()
        yield Entry(found, found.name, named=False, path=path)
    skipped += _by_path(scan.skipped)


def _place_of(entry: Entry, seen: dict[Path, int], next_place: int) -> int:
    """The place of an earlier entry that is the same file, or the next one."""
    if not isinstance(entry.file, Path):
        return next_place
    try:
        resolved = entry.file.resolve()
    except (OSError, RuntimeError, ValueError):
        # A circle of links, or a NUL in the name: sending it will tell.
        return next_place
    return seen.setdefault(resolved, next_place)


def _extensions(formats: str) -> frozenset[str]:
    if formats not in _EXTENSIONS:
        raise ValidationError('formats must be "common" or "all"', details={"field": "formats"})
    return _EXTENSIONS[formats]


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 -- a Path for each would cost ten times that


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
