"""From the fields of an upload form to the options of an upload."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from scopix.types.vocabulary import ContentCategory, StorageTarget
from scopix_server.categories import Catalogue
from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.file import check_tags, check_title, display_path
from scopix_server.domain.printable import printable
from scopix_server.intake.options import SessionOptions, UploadOptions

__all__ = ["file_paths", "session_options", "unknown_field_warnings", "upload_options"]

_MAX_WARNINGS = 10
"""Enough to see what is wrong; a form may have six times as many fields."""
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


def upload_options(fields: Mapping[str, str], known: Catalogue) -> UploadOptions:
    """Check the fields of an upload form against the `known` categories; an empty field counts as left out.

    Raises:
        ValidationFailed: a value is not acceptable; `details.field` names it.
    """
    return UploadOptions(
        title=check_title(fields.get("title")),
        tags=check_tags(_tags(fields.get("tags", ""))),
        auto_describe=_boolean(fields, "auto_describe", default=True),
        skip_duplicates=_boolean(fields, "skip_duplicates", default=False),
        describe_once=_boolean(fields, "describe_once", default=False),
        storage_target=_storage_target(fields.get("storage_target") or StorageTarget.DEFAULT.value),
        folder_id=_uuid(fields, "folder_id"),
        project_id=_uuid(fields, "project_id"),
        content_category=known.check(fields.get("content_category") or ContentCategory.GENERAL.value),
        custom_schema_id=_uuid(fields, "custom_schema_id"),
    )


def file_paths(paths: Sequence[str], files: int) -> list[str | None]:
    """Return where a form's client had each of its files, None for all if it says nothing; empty is nothing.

    Raises:
        ValidationFailed: there is not one for each, or one is too long.
    """
    if not any(paths):
        return [None] * files
    if len(paths) != files:
        raise ValidationFailed(
            f"The form has {files} files and {len(paths)} fields named path: send one for each, or none.", field="path"
        )
    return [display_path(path) for path in paths]


def _tags(text: str) -> list[str]:
    if text.startswith("["):
        try:
            listed = json.loads(text)
        except ValueError:
            return text.split(",")  # a tag may begin so
        if isinstance(listed, list) and all(isinstance(tag, str) for tag in listed):
            return listed
    return text.split(",")


def unknown_field_warnings(unknown: Iterable[str], known: Iterable[str]) -> list[str] | None:
    """Tell of fields that were ignored since nobody knows them, and what may have been meant; None if there are none.

    They are no errors: clients of other versions send fields of their own.
    """
    names = sorted(known)
    warnings = []
    for name in list(unknown)[:_MAX_WARNINGS]:
        meant = get_close_matches(name, names, n=1)
        hint = f"did you mean '{meant[0]}'?" if meant else f"known are {', '.join(names)}."
        warnings.append(f"The field '{printable(name)[:50]}' is not known and was ignored; {hint}")
    return warnings or None


def session_options(fields: Mapping[str, str]) -> SessionOptions:
    """Check the fields that say which session a batch goes to. Raises as `upload_options`."""
    return SessionOptions(
        session_id=_uuid(fields, "session_id"),
        expected_files=_integer(fields, "expected_files", minimum=1),
        start_index=_integer(fields, "start_index", minimum=0),
    )


def _integer(fields: Mapping[str, str], name: str, *, minimum: int) -> int | None:
    value = fields.get(name, "").strip()
    if not value:
        return None
    if not value.isdecimal() or not value.isascii() or not minimum <= int(value[:9]) or len(value) > 9:
        raise ValidationFailed(f"{name} must be a whole number from {minimum} on, not '{value[:50]}'.", field=name)
    return int(value)


def _boolean(fields: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = fields.get(name, "").strip().lower()
    if not value:
        return default
    if value not in _TRUE | _FALSE:
        raise ValidationFailed(f"{name} must be true or false, not '{value[:50]}'.", field=name)
    return value in _TRUE


def _uuid(fields: Mapping[str, str], name: str) -> str | None:
    value = fields.get(name, "").strip()
    if not value:
        return None
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise ValidationFailed(f"{name} must be a UUID, not '{value[:50]}'.", field=name) from None


def _storage_target(value: str) -> StorageTarget:
    try:
        return StorageTarget(value.strip())
    except ValueError:
        allowed = [target.value for target in StorageTarget]
        raise ValidationFailed(
            f"storage_target must be one of {', '.join(allowed)}, not '{value[:50]}'.",
            field="storage_target",
            allowed=allowed,
        ) from None
