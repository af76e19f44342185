"""The filter of a list, from query parameters."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BeforeValidator

from scopix.types._wire import RestCategory
from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.api.dependencies import CatalogueDep
from scopix_server.api.requests import in_utc
from scopix_server.categories.catalogue import Catalogue
from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.listing import FileFilter, SearchMode, SortBy, SortOrder
from scopix_server.domain.object_names import COCO_LABELS, close_names, resolve_name
from scopix_server.domain.search_query import parse_search

__all__ = ["Conditions", "Filter", "search_notes"]

_MAX_IDS = 500
_MAX_TAGS = 50
_MAX_OBJECTS = 20
_MAX_NUMBER = 100  # of things of one label: the detectors see fewer at once
_OBJECT = re.compile(r"\s*([^<>=:]{1,50}?)\s*(?:(?:>=|:)\s*([1-9]\d{0,1}|100)\s*)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _iso(value: object) -> object:
    # The validator would take a number for seconds since 1970.
    if isinstance(value, str) and not _DATE.match(value):
        raise ValueError("must be a time in ISO 8601, such as 2026-05-17T12:30:00Z")
    return value


def _object(text: str) -> tuple[str, int]:
    """The label and the least number that "dog", "people>=2" or "people:2" ask for."""
    parts = _OBJECT.fullmatch(text)
    label = resolve_name(parts[1]) if parts else None
    if parts is None:
        raise ValidationFailed(
            f"'{text[:50]}' is no condition on objects: write a word, or a word and a number, such as people>=2.",
            field="objects",
        )
    if label is None:
        near = close_names(parts[1])
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise ValidationFailed(
            f"'{parts[1]}' is nothing that is looked for on photographs.{hint}",
            field="objects",
            allowed=list(COCO_LABELS),
        )
    return label, int(parts[2] or 1)


Time = Annotated[datetime | None, BeforeValidator(_iso), Query()]


def _conditions(
    known: CatalogueDep,
    tags: Annotated[list[str] | None, Query(max_length=_MAX_TAGS, description="Must all be on the file.")] = None,
    date_from: Time = None,
    date_to: Time = None,
    has_description: bool | None = None,
    has_text: Annotated[bool | None, Query(description="Whether text was read on it.")] = None,
    ids: Annotated[list[str] | None, Query(max_length=_MAX_IDS)] = None,
    media_types: Annotated[list[MediaType] | None, Query(max_length=10)] = None,
    folder_id: UUID | None = None,
    description_statuses: Annotated[list[DescriptionStatus] | None, Query(max_length=10)] = None,
    content_categories: Annotated[list[RestCategory] | None, Query(max_length=50)] = None,
    objects: Annotated[
        list[str] | None,
        Query(
            max_length=_MAX_OBJECTS,
            description='Things that must all be seen on it, by any common word for them: "dog", "sofa", "people>=2".',
        ),
    ] = None,
    min_people: Annotated[int | None, Query(ge=1, le=_MAX_NUMBER, description="As `objects=people>=N`.")] = None,
) -> FileFilter:
    return FileFilter(
        tags=tuple(tags or ()),
        date_from=in_utc(date_from, "date_from") if date_from else None,
        date_to=in_utc(date_to, "date_to") if date_to else None,
        has_description=has_description,
        has_text=has_text,
        ids=tuple(file_id.lower() for file_id in ids or ()),
        media_types=tuple(media_type.value for media_type in media_types or ()),
        folder_id=str(folder_id) if folder_id else None,
        statuses=tuple(status.value for status in description_statuses or ()),
        categories=tuple(known.check(value, "content_categories") for value in content_categories or ()),
        objects=(*map(_object, objects or ()), *([("person", min_people)] if min_people else [])),
    )


Conditions = Annotated[FileFilter, Depends(_conditions)]
"""Which files, whatever words they hold."""


def _filter(
    conditions: Conditions,
    search: Annotated[
        str | None,
        Query(
            max_length=1000,
            description='Words that must all be there, "in quotes" together, and conditions such as -word, tag:roof, '
            "taken:2024-05..2024-07, people>=2, field.total>100.",
        ),
    ] = None,
    search_mode: SearchMode = SearchMode.ALL,
    sort_by: SortBy = SortBy.CONTENT_CREATED_AT,
    sort_order: SortOrder = SortOrder.DESC,
) -> FileFilter:
    return replace(conditions, search=search, search_mode=search_mode, sort_by=sort_by, sort_order=sort_order)


def search_notes(criteria: FileFilter, known: Catalogue) -> tuple[str, ...]:
    """Return sentences about what of a filter's search was not understood, or can find nothing."""
    if not criteria.search:
        return ()
    query = parse_search(criteria.search)
    named = (name for each in query.conditions for name in each.criteria.categories if name not in known)
    return (*query.notes, *(f"There is no category '{name}'; there are {', '.join(known.names())}." for name in named))


Filter = Annotated[FileFilter, Depends(_filter)]
"""Which files, in which order."""
