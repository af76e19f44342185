"""A file: what is kept about it, and the rules for its name, tags and size."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from scopix.types.vocabulary import (
    ContentCategory,
    DescriptionErrorType,
    DescriptionStatus,
    MediaType,
    StorageTarget,
    VariantStatus,
)
from scopix_server.domain.errors import ValidationFailed

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "MAX_IMAGE_BYTES",
    "MAX_PATH_LENGTH",
    "MAX_TAGS",
    "MAX_TAG_LENGTH",
    "MAX_TITLE_LENGTH",
    "File",
    "ImageHeader",
    "Variant",
    "check_tags",
    "check_title",
    "display_name",
    "display_path",
    "extension_of",
    "has_pages_to_draw",
    "has_variants",
    "object_key",
]

MIB = 1024 * 1024
MAX_IMAGE_BYTES = 100 * MIB
MAX_DOCUMENT_BYTES = 50 * MIB
MAX_TITLE_LENGTH = 255
MAX_TAGS = 40
MAX_TAG_LENGTH = 50
_MAX_NAME_LENGTH = 255
MAX_PATH_LENGTH = 1024  # characters; file systems have 255 a name, and few folders are deeper than this

# Characters that change the direction or order of the text around them: "photo‮gpj.exe" reads as "photoexe.jpg".
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What an image's header says: its size in pixels as stored, before any EXIF turn."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of an image kept in storage; `width` and `height` are pixels."""

    name: str
    object_key: str
    content_type: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class File:
    """One stored file. Times are UTC; `filename` is for display only and never part of a path.

    `storage_id` names the bucket of the tenant's that its original is in; None is the server's own store, where all
    variants are.
    """

    id: str
    tenant_id: str
    filename: str
    content_type: str
    media_type: MediaType
    size_bytes: int
    sha256: str
    object_key: str
    created_at: datetime
    updated_at: datetime
    storage_target: StorageTarget = StorageTarget.DEFAULT
    storage_id: str | None = None
    upload_method: str = "STREAMING"
    content_category: str = ContentCategory.GENERAL.value
    title: str | None = None
    user_tags: tuple[str, ...] = ()
    folder_id: str | None = None
    project_id: str | None = None
    custom_schema_id: str | None = None
    width: int | None = None
    height: int | None = None
    content_created_at: datetime | None = None
    deleted_at: datetime | None = None
    variant_status: VariantStatus = VariantStatus.PENDING
    variant_error: str | None = None
    blur_hash: str | None = None
    description_status: DescriptionStatus = DescriptionStatus.PENDING
    description_revision: int = 0
    description_attempts: int = 0
    description_error: str | None = None
    description_error_type: DescriptionErrorType | None = None
    description_is_retryable: bool | None = None
    description_started_at: datetime | None = None
    description_finished_at: datetime | None = None
    description_engine: str | None = None
    description_current: int | None = None
    path: str | None = None
    """Where its client had it, for display and for joining alone: relative, with slashes. Never a path of ours."""
    description_lender: str | None = None
    """The file with the same bytes whose description it takes, if that has one when its turn comes."""
    description_waits_since: datetime | None = None
    """Not None while it waits for its lender, without a job of its own."""


def object_key(tenant_id: str, file_id: str, name: str) -> str:
    """Return the key of an object that belongs to a file: its original, or a variant."""
    return f"{tenant_id}/{file_id[:2]}/{file_id}/{name}"


def display_name(raw: str) -> str:
    """Make a client's file name safe to show: the last path component, one line, at most 255 characters.

    Control characters and those that reorder text are dropped; a name of which nothing remains becomes "unnamed".
    """
    last = raw.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    kept = "".join(
        c for c in last if c not in _BIDI_CONTROLS and unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"}
    )
    name = unicodedata.normalize("NFC", kept).strip()
    if name in {"", ".", ".."}:
        return "unnamed"
    return _shorten(name, _MAX_NAME_LENGTH)


def display_path(raw: str) -> str | None:
    """Make a client's relative path safe to show: slashes between names that are safe to show, nothing that leads out.

    A drive, a leading slash, `.` and `..` are dropped; None if nothing remains.

    Raises:
        ValidationFailed: if it is longer than 1,024 characters.
    """
    if len(raw) > MAX_PATH_LENGTH:
        raise ValidationFailed(
            f"The path has {len(raw)} characters; at most {MAX_PATH_LENGTH} are allowed.", field="path"
        )
    names = [name.strip() for name in re.sub(r"^[A-Za-z]:", "", raw.replace("\\", "/")).split("/")]
    return "/".join(display_name(name) for name in names if name not in {"", ".", ".."}) or None


def _shorten(name: str, limit: int) -> str:
    if len(name) <= limit:
        return name
    stem, dot, extension = name.rpartition(".")
    if dot and stem and len(extension) <= 16:
        return f"{stem[: limit - len(extension) - 1]}.{extension}"
    return name[:limit]


def check_title(title: str | None) -> str | None:
    """Return the title, or None for an empty one.

    Raises:
        ValidationFailed: if it is longer than 255 characters.
    """
    if title is None or not title.strip():
        return None
    if len(title) > MAX_TITLE_LENGTH:
        raise ValidationFailed(
            f"The title has {len(title)} characters; at most {MAX_TITLE_LENGTH} are allowed.", field="title"
        )
    return title


def check_tags(tags: list[str]) -> tuple[str, ...]:
    """Return the tags without blanks and doubles, in their order.

    Raises:
        ValidationFailed: if there are more than 40, or one is longer than 50 characters.
    """
    kept = tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(kept) > MAX_TAGS:
        raise ValidationFailed(f"{len(kept)} tags were given; at most {MAX_TAGS} are allowed.", field="tags")
    for tag in kept:
        if len(tag) > MAX_TAG_LENGTH:
            raise ValidationFailed(
                f"The tag '{tag[:20]}...' has {len(tag)} characters; at most {MAX_TAG_LENGTH} are allowed.",
                field="tags",
            )
    return kept


def extension_of(file: File) -> str:
    """Return the extension that we gave a file by its content: "jpg", "pdf", "md"."""
    return file.object_key.rpartition(".")[2]


def has_pages_to_draw(extension: str) -> bool:
    """Whether a document of this type has pages that can be drawn, hence variants."""
    return extension in {"pdf", "tif"}


def has_variants(file: File) -> bool:
    """Whether there is something to be drawn smaller: an image, or the first page of a document that has pages."""
    return file.media_type is MediaType.IMAGE or has_pages_to_draw(extension_of(file))
