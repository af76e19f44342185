"""Which files a list shows, and in which order."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from scopix_server.domain.file import File

__all__ = [
    "MAX_COUNTED",
    "FieldCondition",
    "FileFilter",
    "ListState",
    "Position",
    "SearchMode",
    "SortBy",
    "SortOrder",
    "TextField",
    "Total",
    "files_before",
    "position_of",
]


class SearchMode(str, Enum):
    """Where a search looks: everywhere; title, description and tags; or the text visible on the image."""

    ALL = "all"
    METADATA = "metadata"
    VISIBLE_TEXT = "visible_text"


class TextField(str, Enum):
    """A text of a file that words are searched in; TITLE has the file's name as well."""

    TITLE = "title"
    TAGS = "tags"
    DESCRIPTION = "description"
    TEXT = "visible_text"


class SortBy(str, Enum):
    """What a list is sorted by. CONTENT_CREATED_AT is when the picture was taken, or else uploaded.

    RELEVANCE is by where the words of a search were found, best first whatever the order; without words, by time.
    """

    CREATED_AT = "created_at"
    CONTENT_CREATED_AT = "content_created_at"
    TITLE = "title"
    SIZE_BYTES = "size_bytes"
    RELEVANCE = "relevance"


class SortOrder(str, Enum):
    """Smallest or largest first."""

    ASC = "asc"
    DESC = "desc"


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """What a field of a file's category must be: `name` in lower case with "_" between its words, and all below it.

    `operator` is one of : = > >= < <=, of which the first two take a text as well as a number.
    """

    name: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class FileFilter:
    """Conditions that a file must all meet; None, or nothing, is no condition.

    `tags` must all be on the file, by whoever set them. `date_from` and `date_to` (inclusive) speak of when the picture
    was taken, or else uploaded. `has_description`: completed, or still to come or failed. `has_text`: whether text was
    read on it. `statuses` are those of the description. `objects` are labels of things that must all be seen, each with
    the least number of them, `fields` are conditions on what was found for the file's category, `written` on what
    people wrote into the file: keyword, title, caption, place, credit, rating. `search` may hold conditions itself
    (see `search_query`).
    """

    search: str | None = None
    search_mode: SearchMode = SearchMode.ALL
    tags: tuple[str, ...] = ()
    date_from: datetime | None = None
    date_to: datetime | None = None
    has_description: bool | None = None
    has_text: bool | None = None
    ids: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    folder_id: str | None = None
    error_types: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    objects: tuple[tuple[str, int], ...] = ()
    fields: tuple[FieldCondition, ...] = ()
    written: tuple[FieldCondition, ...] = ()
    sort_by: SortBy = SortBy.CONTENT_CREATED_AT
    sort_order: SortOrder = SortOrder.DESC


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list: behind the file with this id, whose value of what the list is sorted by was this.

    Unlike a number of files to leave out, it stays right when files are added or deleted meanwhile. Of a list by
    relevance the value is that number, however: new files change the order of all.
    """

    value: datetime | str | int | None
    file_id: str


MAX_COUNTED = 10_000
"""Files that a list's filter finds are counted up to this number: nobody reads that far, and more would take longer."""


@dataclass(frozen=True, slots=True)
class Total:
    """How many files a list has. `is_minimum`: there are more, and they were not counted."""

    number: int
    is_minimum: bool = False


@dataclass(frozen=True, slots=True)
class ListState:
    """What tells that a tenant's list has changed: how many files, the newest, and which are still to be described.

    `unfinished_ids` names the first few hundred of these.
    """

    total_count: int
    newest_id: str | None
    unfinished: int
    unfinished_ids: frozenset[str]


def files_before(place: Position | None) -> int:
    """Return how many files of a list by relevance come before a place."""
    return place.value if place is not None and isinstance(place.value, int) else 0


def position_of(file: File, sort_by: SortBy, number: int) -> Position:
    """Return the place behind a file, which so many of the list come before or are."""
    values: dict[SortBy, datetime | str | int | None] = {
        SortBy.CREATED_AT: file.created_at,
        SortBy.CONTENT_CREATED_AT: file.content_created_at or file.created_at,
        SortBy.TITLE: file.title,
        SortBy.SIZE_BYTES: file.size_bytes,
        SortBy.RELEVANCE: number,
    }
    return Position(values[sort_by], file.id)
