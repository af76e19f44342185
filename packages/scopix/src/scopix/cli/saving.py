"""Writing files for people: whole or not at all, under names that stay where they belong, and over nothing unasked."""

import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["SaveError", "check_target", "new_file", "safe_name"]

_MAX_NAME_BYTES = 200  # bytes; most file systems take 255
# Not allowed somewhere, or with a meaning somewhere.
_BAD = re.compile(r'[<>:"/\\|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_EXTENSIONS = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "application/pdf": (".pdf",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "text/plain": (".txt",),
    "text/markdown": (".md", ".markdown"),
}


class SaveError(ValueError):
    """The file cannot be written there; the message says why."""


def safe_name(name: str, content_type: str | None, *, otherwise: str) -> str:
    """A file name, and nothing but a name, from one that somebody else chose; `otherwise` when nothing of it is left.

    Never a path, never hidden, never a device, and with an extension that fits what is in the file.
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(character for character in last if unicodedata.category(character)[0] != "C")
    stem = _BAD.sub("_", unicodedata.normalize("NFC", shown)).lstrip(". ").rstrip(". ")
    if _DEVICES.fullmatch(stem):
        stem = f"_{stem}"
    stem = stem or otherwise
    fitting = _EXTENSIONS.get(content_type or "", ())
    own = next((extension for extension in fitting if stem.lower().endswith(extension)), None)
    extension = stem[-len(own) :] if own else fitting[0] if fitting else ""
    base = stem[: -len(own)] if own else stem
    return (_cut(base, _MAX_NAME_BYTES - len(extension.encode())).rstrip(". ") or otherwise) + extension


def check_target(path: Path, *, force: bool) -> None:
    """Raises `SaveError` when a file cannot be written there, before anything is fetched for it."""
    if path.is_dir():
        raise SaveError(f"{path} is a directory")
    if not path.parent.is_dir():
        raise SaveError(f"{path.parent} is no directory")
    if os.path.lexists(path) and not force:
        raise SaveError(f"{path} exists already; --force replaces it")


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Write a file beside its place, and put it there when all is written; when anything fails nothing is left.

    Raises `SaveError`, and `OSError` such as for a full disk.
    """
    check_target(path, force=force)
    part = path.with_name(f".{_cut(path.name, _MAX_NAME_BYTES)}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _publish(part, path, force=force)
    finally:
        part.unlink(missing_ok=True)


def _publish(part: Path, path: Path, *, force: bool) -> None:
    if force:
        part.replace(path)
        return
    try:
        # Unlike a renaming this never replaces what was put there meanwhile.
        path.hardlink_to(part)
    except FileExistsError:
        check_target(path, force=False)
        raise
    except (OSError, NotImplementedError):  # a file system without links
        check_target(path, force=False)
        part.replace(path)


def _cut(text: str, maximum: int) -> str:
    """At most `most` bytes of it, ending between characters."""
    return text.encode()[:maximum].decode(errors="ignore")
