"""What a list of files is asked for."""

from collections.abc import Sequence
from datetime import datetime

from scopix._request import query_pairs
from scopix.types.vocabulary import ContentCategory, DescriptionStatus, MediaType

__all__ = ["list_params"]


def list_params(
    *,
    search: str | None = None,
    search_mode: str = "all",
    tags: Sequence[str] | None = None,
    date_from: datetime | str | None = None,
    date_to: datetime | str | None = None,
    has_description: bool | None = None,
    ids: Sequence[str] | None = None,
    media_types: Sequence[MediaType | str] | None = None,
    limit: int = 20,
    offset: int = 0,
    sort_by: str = "content_created_at",
    sort_order: str = "desc",
    description_statuses: Sequence[DescriptionStatus | str] | None = None,
    content_categories: Sequence[ContentCategory | str] | None = None,
    objects: Sequence[str] | None = None,
    min_people: int | None = None,
    cursor: str | None = None,
    exact_total: bool | None = None,
) -> list[tuple[str, str]]:
    """The arguments of `files.list` as query parameters; those that a server may not know are left out unless given."""
    return query_pairs(
        {
            "search": search,
            "search_mode": None if search is None else search_mode,
            "tags": tags,
            "date_from": date_from,
            "date_to": date_to,
            "has_description": has_description,
            "ids": ids,
            "media_types": media_types,
            "limit": limit,
            "offset": offset,
            "sort_by": sort_by,
            "sort_order": sort_order,
            "description_statuses": description_statuses,
            "content_categories": content_categories,
            "objects": objects,
            "min_people": min_people,
            "cursor": cursor,
            "exact_total": exact_total,
        }
    )
