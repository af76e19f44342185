"""From what the caller hands in to a body that can be sent, with everything checked that can be checked here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from scopix._content import as_file
from scopix._errors import ValidationError
from scopix._multipart import BytesSource, FilePart, FileSource
from scopix._sniff import DOCUMENT_LIMIT, HEAD_BYTES, IMAGE_LIMIT, MEBIBYTE, FileKind, sniff
from scopix.types.vocabulary import ContentCategory, MediaType, StorageTarget

__all__ = ["UploadFields", "fits_one_request", "prepare_part"]

_MAX_TITLE_LENGTH = 255
_MAX_TAGS = 40
_MAX_TAG_LENGTH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFields:
    """The form fields beside the file."""

    content_category: ContentCategory | str
    storage_target: StorageTarget | str
    auto_describe: bool
    skip_duplicates: bool
    describe_once: bool = False
    title: str | None = None
    tags: Sequence[str] | None = None
    folder_id: str | None = None
    project_id: str | None = None
    custom_schema_id: str | None = None

    def to_pairs(self) -> list[tuple[str, str]]:
        """Names and values in wire form. Raises `ValidationError` for what the server would refuse."""
        _check_title(self.title)
        values = {
            "title": self.title,
            "tags": _join_tags(self.tags),
            "auto_describe": "true" if self.auto_describe else "false",
            "skip_duplicates": "true" if self.skip_duplicates else "false",
            "storage_target": _word(self.storage_target),
            "folder_id": self.folder_id,
            "project_id": self.project_id,
            "content_category": _word(self.content_category),
            "custom_schema_id": self.custom_schema_id,
            # Servers of earlier releases do not know it.
            "describe_once": "true" if self.describe_once else None,
        }
        return [(name, value) for name, value in values.items() if value is not None]

    def to_json(self) -> dict[str, object]:
        """The same for a JSON body. Raises as `to_pairs`."""
        self.to_pairs()
        values = {
            "title": self.title,
            "tags": None if self.tags is None else list(self.tags),
            "auto_describe": self.auto_describe,
            "skip_duplicates": self.skip_duplicates,
            "storage_target": _word(self.storage_target),
            "folder_id": self.folder_id,
            "project_id": self.project_id,
            "content_category": _word(self.content_category),
            "custom_schema_id": self.custom_schema_id,
            "describe_once": True if self.describe_once else None,
        }
        return {name: value for name, value in values.items() if value is not None}


def prepare_part(
    file: Any, filename: str | None, fields: UploadFields | None = None, *, any_size: bool = False
) -> FilePart:
    """Check one file, and measure it. Reads its first bytes only.

    Raises `ValidationError` for a file that is missing, unreadable, empty or unsupported, and for one that is too large
    for one request unless `any_size`; before that, for fields that the server would refuse.
    """
    if fields is not None:
        fields.to_pairs()
    content, known = as_file(file, filename)
    if isinstance(content, bytes):
        filename = known
        if not filename:
            raise ValidationError("bytes need a filename", details={"field": "filename"})
        source: BytesSource | FileSource = BytesSource(content)
        head, shown = content[:HEAD_BYTES], filename
    else:
        source, head = _measure(content)
        shown = str(content)
        filename = filename or content.name
    kind = _check_content(head, source.size, filename=filename, shown=shown)
    if not any_size:
        _check_size(kind, source.size, filename=filename, shown=shown)
    return FilePart(source, filename, kind.content_type)


def fits_one_request(part: FilePart) -> bool:
    """Whether the file may be sent in one request: images up to 100 MiB, documents up to 50 MiB."""
    return part.source.size <= (IMAGE_LIMIT if part.content_type.startswith("image/") else DOCUMENT_LIMIT)


def _measure(path: Path) -> tuple[FileSource, bytes]:
    details = {"path": str(path)}
    try:
        if path.is_dir():
            raise ValidationError(f"{path} is a directory, not a file", details=details)
        # Opening a named pipe waits for whoever writes into it.
        if path.exists() and not path.is_file():
            raise ValidationError(f"{path} is no regular file", details=details)
        source = FileSource.measure(path)
        with path.open("rb") as stream:
            return source, stream.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise ValidationError(f"{path} does not exist", details=details) from error
    except (OSError, ValueError) as error:
        # A path with a NUL in it raises ValueError.
        reason = getattr(error, "strerror", None) or str(error)
        raise ValidationError(f"{path} cannot be read: {reason}", details=details) from error


def _check_content(head: bytes, size: int, *, filename: str, shown: str) -> FileKind:
    details: dict[str, object] = {"path": shown, "filename": filename, "size_bytes": size}
    if size == 0:
        raise ValidationError(f"{shown} is empty", details=details)
    kind = sniff(head, filename)
    if kind is None:
        raise ValidationError(
            f"{shown} is of no supported type: its content is no picture in a known format (nor PDF, DOCX, TXT or MD)",
            details=details,
        )
    return kind


def _check_size(kind: FileKind, size: int, *, filename: str, shown: str) -> None:
    if size > kind.limit:
        advice = "compress or resize it" if kind.media_type is MediaType.IMAGE else "compress or split it"
        raise ValidationError(
            f"{shown} is too large: {size / MEBIBYTE:.1f} MB, and the limit for {kind.media_type.value}s is "
            f"{kind.limit // MEBIBYTE} MB; {advice} before uploading",
            details={"path": shown, "filename": filename, "size_bytes": size, "limit_bytes": kind.limit},
        )


def _check_title(title: str | None) -> None:
    if title is not None and len(title) > _MAX_TITLE_LENGTH:
        raise ValidationError(f"the title is longer than {_MAX_TITLE_LENGTH} characters", details={"field": "title"})


def _join_tags(tags: Sequence[str] | None) -> str | None:
    if tags is None:
        return None
    details = {"field": "tags"}
    if isinstance(tags, str):
        raise ValidationError("tags must be a list of strings, not one string", details=details)
    if len(tags) > _MAX_TAGS:
        raise ValidationError(f"more than {_MAX_TAGS} tags", details=details)
    for tag in tags:
        if len(tag) > _MAX_TAG_LENGTH:
            raise ValidationError(f"the tag {tag!r} is longer than {_MAX_TAG_LENGTH} characters", details=details)
        if "," in tag:
            # The wire separates tags by commas, so this one would arrive as two.
            raise ValidationError(f"the tag {tag!r} has a comma in it", details=details)
    return ",".join(tags)


def _word(value: str | Enum) -> str:
    return str(value.value) if isinstance(value, Enum) else value
