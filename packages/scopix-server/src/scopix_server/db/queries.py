"""Lists of files: which they are, in which order, and how many in all.

The number of all files found is exact, whatever the page. A plain list is counted and cut by its index; where words or
tags narrow it down, what is found is gathered once, then counted, put in order and cut.
"""

import string
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from scopix_server.db.schema import file_objects, file_tags, files, search_documents
from scopix_server.db.search import folded
from scopix_server.domain.listing import FileFilter, ListState, Position, SearchMode, SortBy, SortOrder
from scopix_server.domain.words import phrases_of

__all__ = ["list_files", "list_sizes", "list_state"]

_METADATA = ("title", "description", "tags")
_COLUMNS = {
    SearchMode.ALL: (*_METADATA, "visible_text"),
    SearchMode.METADATA: _METADATA,
    SearchMode.VISIBLE_TEXT: ("visible_text",),
}
# On PostgreSQL: the columns of words, and the texts that each is made of.
_VECTORS = {"metadata_words": _METADATA, "visible_words": ("visible_text",)}
# On SQLite: a virtual table, of which SQLAlchemy has no notion.
_search_index = sa.table("search_index", sa.column("rowid"))
_MATCHES = sa.text("search_index MATCH :search_query")
_WAITING = ("pending", "queued", "processing")
_MAX_UNFINISHED = 500  # ids: as many as are told in one answer elsewhere
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def list_files(
    connection: sa.Connection, tenant_id: str, criteria: FileFilter, *, limit: int, offset: int, after: Position | None
) -> tuple[Sequence[sa.RowMapping], int]:
    """Return the rows of a page of the files that meet the filter, and the number of all such files.

    The page begins `offset` files behind `after`, or behind the beginning.
    """
    by_words = _asks_for_words(criteria)
    if by_words and not phrases_of(criteria.search or ""):
        # Signs alone: nothing is made of them.
        return [], 0
    page = _Page(criteria, limit, offset, after)
    if by_words or criteria.tags:
        return _gathered(connection, tenant_id, criteria, page)
    visible = _visible(tenant_id, criteria)
    total = connection.execute(sa.select(sa.func.count()).select_from(files).where(visible)).scalar_one()
    query = page.of(sa.select(files).where(visible), _keys(criteria), files.c.id)
    return connection.execute(query).mappings().all(), total


def list_sizes(
    connection: sa.Connection, tenant_id: str, criteria: FileFilter, *, limit: int
) -> list[tuple[int | None, int | None]]:
    """Return width and height of the first files that `list_files` would give, in its order."""
    by_words = _asks_for_words(criteria)
    if by_words and not phrases_of(criteria.search or ""):
        return []
    columns = [files.c.width, files.c.height]
    if by_words or criteria.tags:
        query = _found(connection.dialect.name, tenant_id, criteria, columns)
    else:
        query = sa.select(*columns).where(_visible(tenant_id, criteria))
    page = _Page(criteria, limit, 0, None)
    return [(row[0], row[1]) for row in connection.execute(page.of(query, _keys(criteria), files.c.id))]


def list_state(connection: sa.Connection, tenant_id: str) -> ListState:
    """Return what tells that a tenant's list has changed: each part of it by an index."""
    mine = sa.and_(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None))
    count = sa.select(sa.func.count()).select_from(files)
    total = connection.execute(count.where(mine)).scalar_one()
    newest = sa.select(files.c.id).where(mine).order_by(files.c.created_at.desc(), files.c.id.desc()).limit(1)
    waiting = sa.and_(mine, files.c.description_status.in_(_WAITING))
    # The number tells that something was done when there are more than are named.
    ids = connection.execute(sa.select(files.c.id).where(waiting).limit(_MAX_UNFINISHED)).scalars().all()
    unfinished = len(ids) if len(ids) < _MAX_UNFINISHED else connection.execute(count.where(waiting)).scalar_one()
    return ListState(total, connection.execute(newest).scalar_one_or_none(), unfinished, frozenset(ids))


def _asks_for_words(criteria: FileFilter) -> bool:
    return criteria.search is not None and bool(criteria.search.strip())


def _visible(tenant_id: str, criteria: FileFilter) -> sa.ColumnElement[bool]:
    return sa.and_(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None), *_conditions(criteria))


def _gathered(
    connection: sa.Connection, tenant_id: str, criteria: FileFilter, page: "_Page"
) -> tuple[Sequence[sa.RowMapping], int]:
    keys = [key.label(f"key_{number}") for number, key in enumerate(_keys(criteria))]
    found = _found(connection.dialect.name, tenant_id, criteria, [files.c.id, *keys]).cte("found")
    counted = sa.select(sa.func.count()).select_from(found)
    cut = page.of(sa.select(found), [found.c[key.name] for key in keys], found.c.id).subquery("page")
    query = (
        sa.select(files, counted.scalar_subquery().label("total"))
        .select_from(cut.join(files, files.c.id == cut.c.id))
        .order_by(*page.order([cut.c[key.name] for key in keys], cut.c.id))
    )
    rows = connection.execute(query).mappings().all()
    if rows:
        return rows, rows[0]["total"]
    return rows, connection.execute(counted).scalar_one()


def _found(
    dialect: str, tenant_id: str, criteria: FileFilter, columns: Sequence[sa.ColumnElement[Any]]
) -> sa.Select[tuple[Any, ...]]:
    tags = [folded(tag) for tag in criteria.tags]
    conditions = [files.c.deleted_at.is_(None), *_conditions(criteria)]
    # SQLite: with + the tenant's index cannot be used; walking through all files of the tenant would be slower.
    tenant = sa.literal_column("+files.tenant_id") if dialect == "sqlite" else files.c.tenant_id
    conditions.append(tenant == tenant_id)
    source: sa.FromClause = files
    if criteria.search and criteria.search.strip():
        source = files.join(search_documents, search_documents.c.file_id == files.c.id)
        phrases = phrases_of(criteria.search)
        if dialect == "sqlite":
            source = source.join(_search_index, _search_index.c.rowid == search_documents.c.number)
            conditions.append(_matches(phrases, criteria.search_mode))
        else:
            conditions += [_holds_phrase(words, criteria.search_mode) for words in phrases]
    elif tags:
        first = tags.pop(0)
        conditions.append(files.c.id.in_(sa.select(file_tags.c.file_id).where(file_tags.c.tag == first)))
    for tag in tags:
        conditions.append(sa.exists().where(file_tags.c.file_id == files.c.id, file_tags.c.tag == tag).correlate(files))
    return sa.select(*columns).select_from(source).where(*conditions)


def _matches(phrases: list[list[str]], mode: SearchMode) -> sa.ColumnElement[bool]:
    """Say on SQLite that the texts hold every phrase."""
    # The words hold letters and digits only, so they need no escaping; each part's last word may go on.
    expression = " AND ".join(f'"{" ".join(words)}" *' for words in phrases)
    columns = " ".join(_COLUMNS[mode])
    return _MATCHES.bindparams(search_query=f"{{{columns}}} : ({expression})")  # type: ignore[return-value]


def _holds_phrase(words: list[str], mode: SearchMode) -> sa.ColumnElement[bool]:
    """Say on PostgreSQL that one of the texts holds the words together, the last of which may go on."""
    expression = " & ".join(f"'{word}'" for word in words) + ":*"
    # The index knows which words a text has, not where. Words are parted by single spaces, so the rest is plain.
    together = f"% {' '.join(words)}%"
    found = []
    for vector, columns in _VECTORS.items():
        if set(columns) <= set(_COLUMNS[mode]):
            held = sa.literal_column(f"search_documents.{vector}").bool_op("@@")(sa.cast(expression, TSQUERY))
            texts = [(" " + search_documents.c[column]).like(together) for column in columns]
            found.append(sa.and_(held, sa.or_(*texts)) if len(words) > 1 else held)
    return sa.or_(*found)


def _conditions(criteria: FileFilter) -> list[sa.ColumnElement[bool]]:
    """Return what the filter asks beyond words and tags."""
    conditions: list[sa.ColumnElement[bool]] = []
    if criteria.date_from is not None:
        conditions.append(files.c.sorted_at >= criteria.date_from)
    if criteria.date_to is not None:
        conditions.append(files.c.sorted_at <= criteria.date_to)
    if criteria.has_description is not None:
        completed = files.c.description_status == "completed"
        waiting = files.c.description_status.in_(["pending", "queued", "processing", "failed"])
        conditions.append(completed if criteria.has_description else waiting)
    for column, values in (
        (files.c.id, criteria.ids),
        (files.c.media_type, criteria.media_types),
        (files.c.description_error_type, criteria.error_types),
        (files.c.content_category, criteria.categories),
        (files.c.description_status, criteria.statuses),
    ):
        if values:
            conditions.append(column.in_(values))
    if criteria.has_text is not None:
        with_text = sa.exists().where(search_documents.c.file_id == files.c.id, search_documents.c.visible_text != "")
        # Where words are looked for, too, the query around it has this table as well.
        with_text = with_text.correlate(files)
        conditions.append(with_text if criteria.has_text else ~with_text)
    if criteria.folder_id is not None:
        conditions.append(files.c.folder_id == criteria.folder_id)
    for label, minimum in criteria.objects:
        shown = (file_objects.c.file_id == files.c.id, file_objects.c.label == label, file_objects.c.number >= minimum)
        conditions.append(sa.exists().where(*shown))
    return conditions


def _keys(criteria: FileFilter) -> list[sa.ColumnElement[Any]]:
    """Return what a list is put in order by, before the id."""
    if criteria.sort_by is SortBy.TITLE:
        return [files.c.title.is_(None), sa.func.lower(files.c.title)]
    column = {
        SortBy.CREATED_AT: files.c.created_at,
        SortBy.CONTENT_CREATED_AT: files.c.sorted_at,
        SortBy.SIZE_BYTES: files.c.size_bytes,
    }[criteria.sort_by]
    return [column]


class _Page:
    """A part of a list in its order, in which the id decides between equals, and files without a title come last."""

    def __init__(self, criteria: FileFilter, limit: int, offset: int, after: Position | None) -> None:
        self._ascending = criteria.sort_order is SortOrder.ASC
        self._limit, self._offset, self._after = limit, offset, after

    def of(
        self, query: sa.Select[Any], keys: Sequence[sa.ColumnElement[Any]], file_id: sa.ColumnElement[str]
    ) -> sa.Select[Any]:
        """Return that part of the query's rows, whose columns these keys (see `_keys`) and this id are."""
        if self._after is not None:
            query = query.where(self._beyond(self._after, keys, file_id))
        return query.order_by(*self.order(keys, file_id)).limit(self._limit).offset(self._offset)

    def order(
        self, keys: Sequence[sa.ColumnElement[Any]], file_id: sa.ColumnElement[str]
    ) -> list[sa.ColumnElement[Any]]:
        """Return the order of rows by their keys and ids."""
        *first, last = keys
        ordered = (last, file_id) if self._ascending else (last.desc(), file_id.desc())
        return [*first, *ordered]

    def _beyond(
        self, after: Position, keys: Sequence[sa.ColumnElement[Any]], file_id: sa.ColumnElement[str]
    ) -> sa.ColumnElement[bool]:
        *untitled, key = keys
        # As the databases do it, without knowledge of any letters but ASCII's.
        value = after.value.translate(_SMALL) if isinstance(after.value, str) else after.value
        place = sa.tuple_(key, file_id)
        limit = sa.tuple_(sa.literal(value, key.type), sa.literal(after.file_id))
        behind = place > limit if self._ascending else place < limit
        if not untitled:
            return behind
        if value is not None:
            return sa.or_(untitled[0], behind)
        return sa.and_(untitled[0], file_id > after.file_id if self._ascending else file_id < after.file_id)
