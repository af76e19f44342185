"""The filter of a list, from query parameters."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BeforeValidator

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.file import REST_CATEGORIES
from scopix_server.domain.listing import FileFilter, SearchMode, SortBy, SortOrder

__all__ = ["Filter"]

_MAX_IDS = 500


def _iso(value: object) -> object:
    # The validator would take a bare number for seconds since 1970.
    if isinstance(value, str) and "-" not in value[1:]:
        raise ValueError("must be a time in ISO 8601, such as 2026-05-17T12:30:00Z")
    return value


Time = Annotated[datetime | None, BeforeValidator(_iso), Query()]


def _filter(
    search: Annotated[
        str | None, Query(max_length=1000, description='Words that must all be there; "in quotes" they stand together.')
    ] = None,
    search_mode: SearchMode = SearchMode.ALL,
    tags: Annotated[list[str] | None, Query(description="Tags that must all be on the file.")] = None,
    date_from: Time = None,
    date_to: Time = None,
    has_description: bool | None = None,
    ids: Annotated[list[str] | None, Query(description="At most 500.")] = None,
    media_types: Annotated[list[MediaType] | None, Query()] = None,
    folder_id: str | None = None,
    description_statuses: Annotated[list[DescriptionStatus] | None, Query()] = None,
    content_categories: Annotated[list[str] | None, Query()] = None,
    sort_by: SortBy = SortBy.CONTENT_CREATED_AT,
    sort_order: SortOrder = SortOrder.DESC,
) -> FileFilter:
    if ids is not None and len(ids) > _MAX_IDS:
        raise ValidationFailed(f"{len(ids)} ids were given; at most {_MAX_IDS} are allowed.", field="ids")
    return FileFilter(
        search=search,
        search_mode=search_mode,
        tags=tuple(tags or ()),
        date_from=_in_utc(date_from),
        date_to=_in_utc(date_to),
        has_description=has_description,
        ids=tuple(file_id.lower() for file_id in ids or ()),
        media_types=tuple(media_type.value for media_type in media_types or ()),
        folder_id=folder_id,
        statuses=tuple(status.value for status in description_statuses or ()),
        categories=tuple(map(_category, content_categories or ())),
        sort_by=sort_by,
        sort_order=sort_order,
    )


def _category(value: str) -> str:
    if value not in REST_CATEGORIES:
        raise ValidationFailed(f"'{value[:50]}' is not a content category.", field="content_categories")
    return value


def _in_utc(time: datetime | None) -> datetime | None:
    """Read a time without a zone as UTC."""
    if time is None:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


Filter = Annotated[FileFilter, Depends(_filter)]
"""Which files, in which order."""
