"""Finding files by words and by tags.

What is searched is kept beside the file as words of our own making (see `domain.words`), so that both databases, whose
own ideas of words differ, give the same answers. On SQLite an FTS5 index over `search_documents` is kept by triggers
(see the migrations); the columns of both have the same names.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from scopix_server.db.schema import file_tags, files, search_documents
from scopix_server.domain.file import File
from scopix_server.domain.listing import FileFilter, Position, SearchMode, SortBy, SortOrder
from scopix_server.domain.words import phrases_of, words_of

__all__ = ["SearchIndex", "beyond", "conditions_of", "order_of"]

_COLUMNS = {
    SearchMode.ALL: "title description visible_text tags",
    SearchMode.METADATA: "title description tags",
    SearchMode.VISIBLE_TEXT: "visible_text",
}
_USER, _AI = "user", "ai"
_SORTED: dict[SortBy, sa.ColumnElement[Any]] = {
    SortBy.CREATED_AT: files.c.created_at,
    SortBy.CONTENT_CREATED_AT: files.c.sorted_at,
    SortBy.TITLE: sa.func.lower(files.c.title),
    SortBy.SIZE_BYTES: files.c.size_bytes,
}
# Matches by full text; the index is a virtual table that SQLAlchemy has no notion of.
_MATCHING = sa.text(
    "files.id IN (SELECT file_id FROM search_documents WHERE number IN "
    "(SELECT rowid FROM search_index WHERE search_index MATCH :search_query))"
)


class SearchIndex:
    """Keeps what can be searched in step with the files. Each method replaces what was there."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, file: File) -> None:
        """Enter a new file."""
        title = _indexed(file.title or "", file.filename)
        tags = _indexed(*file.user_tags)
        entry = {"file_id": file.id, "title": title, "description": "", "visible_text": "", "tags": tags}
        self._connection.execute(search_documents.insert(), entry)
        self._add_tags(file.id, _USER, file.user_tags)

    def update_metadata(self, file: File) -> None:
        """Note a changed title or changed tags of the user's."""
        self._set_tags(file.id, _USER, file.user_tags)
        self._update(file.id, title=_indexed(file.title or "", file.filename), tags=self._all_tags(file.id))

    def update_description(self, file_id: str, description: str, visible_text: str | None, tags: Sequence[str]) -> None:
        """Note a new current description."""
        self._set_tags(file_id, _AI, tags)
        self._update(
            file_id,
            description=_indexed(description),
            visible_text=_indexed(visible_text or ""),
            tags=self._all_tags(file_id),
        )

    def _update(self, file_id: str, **values: str) -> None:
        self._connection.execute(
            search_documents.update().where(search_documents.c.file_id == file_id).values(**values)
        )

    def _set_tags(self, file_id: str, source: str, tags: Sequence[str]) -> None:
        mine = sa.and_(file_tags.c.file_id == file_id, file_tags.c.source == source)
        self._connection.execute(file_tags.delete().where(mine))
        self._add_tags(file_id, source, tags)

    def _add_tags(self, file_id: str, source: str, tags: Sequence[str]) -> None:
        rows = [{"file_id": file_id, "source": source, "tag": tag} for tag in dict.fromkeys(map(str.casefold, tags))]
        if rows:
            self._connection.execute(file_tags.insert(), rows)

    def _all_tags(self, file_id: str) -> str:
        query = sa.select(file_tags.c.tag).where(file_tags.c.file_id == file_id).order_by(file_tags.c.tag)
        return _indexed(*self._connection.execute(query).scalars())


def conditions_of(tenant_id: str, wanted: FileFilter) -> list[sa.ColumnElement[bool]]:
    """Return what the rows of `files` must fulfil to be shown."""
    conditions: list[sa.ColumnElement[bool]] = [files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None)]
    if wanted.search and wanted.search.strip():
        conditions.append(_matches(wanted.search, wanted.search_mode))
    for tag in wanted.tags:
        tagged = sa.select(file_tags.c.file_id).where(file_tags.c.tag == tag.casefold())
        conditions.append(files.c.id.in_(tagged))
    if wanted.date_from is not None:
        conditions.append(files.c.sorted_at >= wanted.date_from)
    if wanted.date_to is not None:
        conditions.append(files.c.sorted_at <= wanted.date_to)
    if wanted.has_description is not None:
        completed = files.c.description_status == "completed"
        waiting = files.c.description_status.in_(["pending", "queued", "processing", "failed"])
        conditions.append(completed if wanted.has_description else waiting)
    for column, values in (
        (files.c.id, wanted.ids),
        (files.c.media_type, wanted.media_types),
        (files.c.description_error_type, wanted.error_types),
        (files.c.content_category, wanted.categories),
        (files.c.description_status, wanted.statuses),
    ):
        if values:
            conditions.append(column.in_(values))
    if wanted.folder_id is not None:
        conditions.append(files.c.folder_id == wanted.folder_id)
    return conditions


def order_of(wanted: FileFilter) -> list[sa.ColumnElement[Any]]:
    """Return the order of a list; the id decides between equals, and files without a title come last."""
    column = _SORTED[wanted.sort_by]
    if wanted.sort_order is SortOrder.DESC:
        ordered: list[sa.ColumnElement[Any]] = [column.desc(), files.c.id.desc()]
    else:
        ordered = [column.asc(), files.c.id.asc()]
    return [files.c.title.is_(None), *ordered] if wanted.sort_by is SortBy.TITLE else ordered


def beyond(wanted: FileFilter, after: Position) -> sa.ColumnElement[bool]:
    """Return what holds for the files that come behind a place in the order of `order_of`."""
    column = _SORTED[wanted.sort_by]
    by_title = wanted.sort_by is SortBy.TITLE
    is_behind = sa.func.lower(after.value) if by_title else sa.literal(after.value, column.type)
    place, limit = sa.tuple_(column, files.c.id), sa.tuple_(is_behind, sa.literal(after.file_id))
    follows = place > limit if wanted.sort_order is SortOrder.ASC else place < limit
    if not by_title:
        return follows
    if after.value is not None:
        return sa.or_(files.c.title.is_(None), follows)
    later = files.c.id > after.file_id if wanted.sort_order is SortOrder.ASC else files.c.id < after.file_id
    return sa.and_(files.c.title.is_(None), later)


def _matches(search: str, mode: SearchMode) -> sa.ColumnElement[bool]:
    phrases = phrases_of(search)
    if not phrases:
        # Signs alone: nothing is made of them.
        return sa.false()
    # The words hold letters and digits only, so they need no escaping; each part's last word may go on.
    asked = " AND ".join(f'"{" ".join(words)}" *' for words in phrases)
    return _MATCHING.bindparams(search_query=f"{{{_COLUMNS[mode]}}} : ({asked})")  # type: ignore[return-value]


def _indexed(*texts: str) -> str:
    return " ".join(_words(texts))


def _words(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield from words_of(text)
