"""Lists of files: which they are, in which order, and how many in all.

The number of all files found is exact, whatever the page. A plain list is counted and cut by its index; where words or
tags narrow it down, what is found is gathered once, then counted, put in order and cut.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from scopix_server.db.counts import FileCounts
from scopix_server.db.ranking import count_hits, is_found, list_ranked
from scopix_server.db.schema import files, search_documents
from scopix_server.db.selection import (
    WAITING,
    Selection,
    conditions_of,
    counted,
    is_visible,
    rows_of,
    select_files,
    statuses_of,
)
from scopix_server.domain.listing import FileFilter, ListState, Position, SortBy, SortOrder, Total, files_before

__all__ = ["list_files", "list_matching", "list_sizes", "list_state"]

_MAX_UNFINISHED = 500  # ids: as many as are told in one answer elsewhere
LOOK = 1  # what a look at a file's text takes, beside taking a hit to its file
_MAX_RUNS = 8  # that one list is merged of; with more values they are sorted
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def list_files(
    connection: sa.Connection,
    tenant_id: str,
    criteria: FileFilter,
    *,
    limit: int,
    offset: int,
    after: Position | None,
    max_counted: int | None,
) -> tuple[Sequence[sa.RowMapping], Total]:
    """Return the rows of a page of the files that meet the filter, and how many there are.

    The page begins `offset` files behind `after`, or behind the beginning. Files are counted as far as `max_counted`,
    or all; a number that is kept is always whole.
    """
    selection = select_files(connection, tenant_id, criteria)
    if selection is None:
        # Signs alone: nothing is made of them.
        return [], Total(0)
    if criteria.sort_by is SortBy.RELEVANCE:
        # Its places are numbers of files.
        offset, after = offset + files_before(after), None
        if selection.has_words:
            rows = list_ranked(connection, tenant_id, selection, [*files.c], limit=limit, offset=offset)
            return rows, count_hits(connection, tenant_id, selection, max_counted)
    page = _Page(criteria, limit, offset, after)
    visible = is_visible(tenant_id, selection)
    # PostgreSQL does not count in its index alone: to count what is gathered anyway is less.
    if selection.is_of_words and connection.dialect.name == "sqlite":
        hits = count_hits(connection, tenant_id, selection, max_counted)
        if _walks(connection, hits, limit + offset):
            hit = is_found(connection.dialect.name, tenant_id, selection)
            return connection.execute(_cut(page, _runs(criteria, after), hit)).mappings().all(), hits
    if selection.lookups or selection.tags:
        return _gathered(connection, tenant_id, selection, page, max_counted)
    total = _kept_total(connection, tenant_id, criteria)
    if total is None:
        total = counted(connection, sa.select(sa.literal(1)).select_from(files).where(visible), max_counted)
    return connection.execute(_cut(page, _runs(criteria, after), visible)).mappings().all(), total


def list_matching(connection: sa.Connection, tenant_id: str, criteria: FileFilter, ids: Sequence[str]) -> set[str]:
    """Return those of the files with these ids that `list_files` would give, on some page."""
    selection = select_files(connection, tenant_id, criteria)
    if selection is None:
        return set()
    # Also without words: it is what keeps SQLite from walking through all files of the tenant.
    query = rows_of(connection.dialect.name, tenant_id, selection, [files.c.id])
    return set(connection.execute(query.where(files.c.id.in_(ids))).scalars())


def list_sizes(
    connection: sa.Connection, tenant_id: str, criteria: FileFilter, *, limit: int
) -> list[tuple[int | None, int | None]]:
    """Return width and height of the first files that `list_files` would give, in its order."""
    selection = select_files(connection, tenant_id, criteria)
    if selection is None:
        return []
    columns = [files.c.width, files.c.height]
    if criteria.sort_by is SortBy.RELEVANCE and selection.has_words:
        ranked = list_ranked(connection, tenant_id, selection, columns, limit=limit, offset=0)
        return [(row["width"], row["height"]) for row in ranked]
    if selection.lookups or selection.tags:
        query = rows_of(connection.dialect.name, tenant_id, selection, columns)
    else:
        query = sa.select(*columns).where(is_visible(tenant_id, selection))
    page = _Page(criteria, limit, 0, None)
    return [(row[0], row[1]) for row in connection.execute(page.of(query, _keys(criteria), files.c.id))]


def _walks(connection: sa.Connection, hits: Total, rows: int) -> bool:
    """Say whether a page of that many hits is found sooner by looking at one file after the other, in their order.

    Of N files with H hits a page of R looks at R * N / H; all hits are gathered otherwise. A look took 4 microseconds
    at texts of half a page, a hit 7: they count as equal, since texts may be longer.
    """
    number = connection.execute(sa.select(sa.func.max(search_documents.c.number))).scalar_one()
    return hits.is_minimum or (hits.number > 0 and hits.number**2 > LOOK * rows * number)


def list_state(connection: sa.Connection, tenant_id: str) -> ListState:
    """Return what tells that a tenant's list has changed: each part of it by an index."""
    mine = sa.and_(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None))
    numbers = FileCounts(connection).by_status(tenant_id)
    newest = sa.select(files.c.id).where(mine).order_by(files.c.created_at.desc(), files.c.id.desc()).limit(1)
    waiting = sa.and_(mine, *conditions_of(FileFilter(statuses=WAITING)))
    # The number tells that something was done when there are more than are named.
    ids = connection.execute(sa.select(files.c.id).where(waiting).limit(_MAX_UNFINISHED)).scalars().all()
    unfinished = sum(numbers[status] for status in WAITING)
    newest_id = connection.execute(newest).scalar_one_or_none()
    return ListState(sum(numbers.values()), newest_id, unfinished, frozenset(ids))


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch of a list that one index has in its order: by these keys, then by id. Runs of one rank are merged."""

    condition: sa.ColumnElement[bool]
    keys: tuple[sa.ColumnElement[Any], ...]
    rank: int = 0
    is_cut: bool = True  # by the place that the page begins behind


def _runs(criteria: FileFilter, after: Position | None) -> list[_Run]:
    """Return the runs that a list which neither words nor tags narrow down is made of."""
    if criteria.sort_by is SortBy.TITLE:
        untitled = _Run(files.c.title.is_(None), (), 1, is_cut=after is not None and after.value is None)
        if untitled.is_cut:
            return [untitled]
        return [_Run(files.c.title.is_not(None), (sa.func.lower(files.c.title),)), untitled]
    keys = tuple(_keys(criteria))
    split = _split(criteria) if keys == (files.c.sorted_at,) else None
    if split is None:
        return [_Run(sa.true(), keys)]
    column, values = split
    return [_Run(column == value, keys) for value in values]


def _split(criteria: FileFilter) -> tuple[sa.Column[Any], Sequence[str]] | None:
    """Return a column whose index has the files of each of these values in the order of time, if there is one."""
    statuses = statuses_of(criteria)
    for column, values, common in (
        (files.c.description_status, statuses, "completed"),
        (files.c.description_error_type, criteria.error_types, None),
        (files.c.content_category, criteria.categories, "general"),
        (files.c.media_type, criteria.media_types, "image"),
    ):
        if values and common not in values and len(values) <= _MAX_RUNS:
            return column, sorted(set(values))
    return None


def _cut(page: "_Page", runs: Sequence[_Run], visible: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the query of a page of runs: each gives as much as the page may need of it."""
    if len(runs) == 1:
        (run,) = runs
        return page.of_run(sa.select(files).where(visible, run.condition), run)
    # Where a run has no key its files are in the order of their ids.
    columns = [[sa.literal(run.rank).label("rank"), *(run.keys or [sa.null()])] for run in runs]
    firsts = [
        page.first(sa.select(files.c.id, rank, key.label("key")).where(visible, run.condition), run).subquery()
        for run, (rank, key) in zip(runs, columns, strict=True)
    ]
    found = sa.union_all(*(sa.select(first) for first in firsts)).subquery("found")
    order = page.order([found.c.rank, found.c.key], found.c.id)
    cut = page.cut(sa.select(found).order_by(*order)).subquery("page")
    order = page.order([cut.c.rank, cut.c.key], cut.c.id)
    return sa.select(files).select_from(cut.join(files, files.c.id == cut.c.id)).order_by(*order)


def _kept_total(connection: sa.Connection, tenant_id: str, criteria: FileFilter) -> Total | None:
    """Return how many files a filter of statuses or none lets through; None for one that asks for more."""
    order = FileFilter(sort_by=criteria.sort_by, sort_order=criteria.sort_order)
    if replace(criteria, statuses=(), has_description=None) != order:
        return None
    statuses, numbers = statuses_of(criteria), FileCounts(connection).by_status(tenant_id)
    return Total(sum(number for status, number in numbers.items() if statuses is None or status in statuses))


def _gathered(
    connection: sa.Connection, tenant_id: str, selection: Selection, page: "_Page", max_counted: int | None
) -> tuple[Sequence[sa.RowMapping], Total]:
    keys = [key.label(f"key_{number}") for number, key in enumerate(_keys(selection.criteria))]
    selected = rows_of(connection.dialect.name, tenant_id, selection, [files.c.id, *keys])
    found = selected.limit(None if max_counted is None else max_counted + 1).cte("found")
    counted = sa.select(sa.func.count()).select_from(found)
    cut = page.of(sa.select(found), [found.c[key.name] for key in keys], found.c.id).subquery("page")
    query = (
        sa.select(files, counted.scalar_subquery().label("total"))
        .select_from(cut.join(files, files.c.id == cut.c.id))
        .order_by(*page.order([cut.c[key.name] for key in keys], cut.c.id))
    )
    rows = connection.execute(query).mappings().all()
    number = rows[0]["total"] if rows else connection.execute(counted).scalar_one()
    if max_counted is None or number <= max_counted:
        return rows, Total(number)
    # Only some were gathered. Of so many the next in the list's order are never far.
    common = _cut(page, _runs(selection.criteria, page.after), is_found(connection.dialect.name, tenant_id, selection))
    return connection.execute(common).mappings().all(), Total(max_counted, is_minimum=True)


def _keys(criteria: FileFilter) -> list[sa.ColumnElement[Any]]:
    """Return what a list is put in order by, before the id."""
    if criteria.sort_by is SortBy.TITLE:
        return [files.c.title.is_(None), sa.func.lower(files.c.title)]
    column = {
        SortBy.CREATED_AT: files.c.created_at,
        SortBy.CONTENT_CREATED_AT: files.c.sorted_at,
        SortBy.SIZE_BYTES: files.c.size_bytes,
        # Without words there is none.
        SortBy.RELEVANCE: files.c.sorted_at,
    }[criteria.sort_by]
    return [column]


class _Page:
    """A part of a list in its order, in which the id decides between equals, and files without a title come last."""

    def __init__(self, criteria: FileFilter, limit: int, offset: int, after: Position | None) -> None:
        self._ascending = criteria.sort_order is SortOrder.ASC
        self._limit, self._offset, self.after = limit, offset, after

    def of_run(self, query: sa.Select[Any], run: _Run) -> sa.Select[Any]:
        """Return the part of a list that is one run."""
        return self.cut(self.first(query, run))

    def first(self, query: sa.Select[Any], run: _Run) -> sa.Select[Any]:
        """Return what the part may need of a run."""
        if self.after is not None and run.is_cut:
            query = query.where(self._behind(self.after, run.keys, files.c.id))
        return query.order_by(*self.order(run.keys, files.c.id)).limit(self._offset + self._limit)

    def cut(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """Return that many of the query's rows."""
        return query.limit(self._limit).offset(self._offset)

    def of(
        self, query: sa.Select[Any], keys: Sequence[sa.ColumnElement[Any]], file_id: sa.ColumnElement[str]
    ) -> sa.Select[Any]:
        """Return that part of the query's rows, whose columns these keys (see `_keys`) and this id are."""
        if self.after is not None:
            query = query.where(self._beyond(self.after, keys, file_id))
        return query.order_by(*self.order(keys, file_id)).limit(self._limit).offset(self._offset)

    def order(
        self, keys: Sequence[sa.ColumnElement[Any]], file_id: sa.ColumnElement[str]
    ) -> list[sa.ColumnElement[Any]]:
        """Return the order of rows by their keys and ids."""
        columns = [*keys, file_id]
        return [*columns[:-2], *(column if self._ascending else column.desc() for column in columns[-2:])]

    def _beyond(
        self, after: Position, keys: Sequence[sa.ColumnElement[Any]], file_id: sa.ColumnElement[str]
    ) -> sa.ColumnElement[bool]:
        *untitled, key = keys
        behind = self._behind(after, [key], file_id)
        if not untitled:
            return behind
        if after.value is not None:
            return sa.or_(untitled[0], behind)
        return sa.and_(untitled[0], self._behind(after, [], file_id))

    def _behind(
        self, after: Position, keys: Sequence[sa.ColumnElement[Any]], file_id: sa.ColumnElement[str]
    ) -> sa.ColumnElement[bool]:
        # As the databases do it, without knowledge of any letters but ASCII's.
        value = after.value.translate(_SMALL) if isinstance(after.value, str) else after.value
        # Compared as rows: an index finds the place of a pair, but not that of `a < ? OR (a = ? AND id < ?)`.
        place = sa.tuple_(*keys, file_id)
        limit = sa.tuple_(*(sa.literal(value, key.type) for key in keys), sa.literal(after.file_id))
        behind = place > limit if self._ascending else place < limit
        if not keys or isinstance(keys[0], sa.Column):
            return behind
        # SQLite finds no place of a pair in an index over an expression, but that of its first half.
        bound = sa.literal(value, keys[0].type)
        return sa.and_(keys[0] >= bound if self._ascending else keys[0] <= bound, behind)
