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
from scopix_server.db.fields import has_field
from scopix_server.db.matching import Lookup, look_up, matches
from scopix_server.db.schema import file_objects, file_tags, files, search_documents
from scopix_server.db.search import folded
from scopix_server.domain.listing import FileFilter, ListState, Position, SortBy, SortOrder, Total
from scopix_server.domain.search_query import Condition, parse_search

__all__ = ["list_files", "list_matching", "list_sizes", "list_state"]

# On SQLite: a virtual table, of which SQLAlchemy has no notion.
_search_index = sa.table("search_index", sa.column("rowid"))
_WAITING = ("pending", "queued", "processing")
_MAX_UNFINISHED = 500  # ids: as many as are told in one answer elsewhere
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
    selection = _select(connection, tenant_id, criteria)
    if selection is None:
        # Signs alone: nothing is made of them.
        return [], Total(0)
    page = _Page(criteria, limit, offset, after)
    if selection.lookups or selection.tags:
        return _gathered(connection, tenant_id, selection, page, max_counted)
    visible = _visible(tenant_id, selection)
    total = _kept_total(connection, tenant_id, criteria)
    if total is None:
        total = _counted(connection, sa.select(sa.literal(1)).select_from(files).where(visible), max_counted)
    return connection.execute(_cut(page, _runs(criteria, after), visible)).mappings().all(), total


def list_matching(connection: sa.Connection, tenant_id: str, criteria: FileFilter, ids: Sequence[str]) -> set[str]:
    """Return those of the files with these ids that `list_files` would give, on some page."""
    selection = _select(connection, tenant_id, criteria)
    if selection is None:
        return set()
    if selection.lookups or selection.tags:
        query = _found(connection.dialect.name, tenant_id, selection, [files.c.id])
    else:
        query = sa.select(files.c.id).where(_visible(tenant_id, selection))
    return set(connection.execute(query.where(files.c.id.in_(ids))).scalars())


def list_sizes(
    connection: sa.Connection, tenant_id: str, criteria: FileFilter, *, limit: int
) -> list[tuple[int | None, int | None]]:
    """Return width and height of the first files that `list_files` would give, in its order."""
    selection = _select(connection, tenant_id, criteria)
    if selection is None:
        return []
    columns = [files.c.width, files.c.height]
    if selection.lookups or selection.tags:
        query = _found(connection.dialect.name, tenant_id, selection, columns)
    else:
        query = sa.select(*columns).where(_visible(tenant_id, selection))
    page = _Page(criteria, limit, 0, None)
    return [(row[0], row[1]) for row in connection.execute(page.of(query, _keys(criteria), files.c.id))]


def list_state(connection: sa.Connection, tenant_id: str) -> ListState:
    """Return what tells that a tenant's list has changed: each part of it by an index."""
    mine = sa.and_(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None))
    numbers = FileCounts(connection).by_status(tenant_id)
    newest = sa.select(files.c.id).where(mine).order_by(files.c.created_at.desc(), files.c.id.desc()).limit(1)
    waiting = sa.and_(mine, *_conditions(FileFilter(statuses=_WAITING)))
    # The number tells that something was done when there are more than are named.
    ids = connection.execute(sa.select(files.c.id).where(waiting).limit(_MAX_UNFINISHED)).scalars().all()
    unfinished = sum(numbers[status] for status in _WAITING)
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
    split = _split(criteria) if criteria.sort_by is SortBy.CONTENT_CREATED_AT else None
    if split is None:
        return [_Run(sa.true(), keys)]
    column, values = split
    return [_Run(column == value, keys) for value in values]


def _split(criteria: FileFilter) -> tuple[sa.Column[Any], Sequence[str]] | None:
    """Return a column whose index has the files of each of these values in the order of time, if there is one."""
    statuses = _statuses(criteria)
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
    statuses, numbers = _statuses(criteria), FileCounts(connection).by_status(tenant_id)
    return Total(sum(number for status, number in numbers.items() if statuses is None or status in statuses))


def _counted(connection: sa.Connection, found: sa.Select[Any], max_counted: int | None) -> Total:
    """Count what a query finds, as far as that number."""
    if max_counted is not None:
        found = found.limit(max_counted + 1)
    number = connection.execute(sa.select(sa.func.count()).select_from(found.subquery())).scalar_one()
    is_minimum = max_counted is not None and number > max_counted
    return Total(number - is_minimum, is_minimum)


@dataclass(frozen=True, slots=True)
class _Selection:
    """A filter with its search understood: words to look up, tags that must all be there, and further conditions."""

    criteria: FileFilter
    lookups: Sequence[Lookup] = ()
    tags: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


def _select(connection: sa.Connection, tenant_id: str, criteria: FileFilter) -> _Selection | None:
    """Understand a filter's search; None if it asks for nothing, as signs alone do."""
    if not (criteria.search and criteria.search.strip()):
        return _Selection(criteria, tags=criteria.tags)
    query = parse_search(criteria.search)
    if query.is_empty:
        return None
    tagged = [each for each in query.conditions if each.criteria.tags and not each.is_excluded]
    rest = tuple(each for each in query.conditions if each not in tagged)
    tags = (*criteria.tags, *(tag for each in tagged for tag in each.criteria.tags))
    lookups = look_up(connection, tenant_id, query.terms, criteria.search_mode)
    return _Selection(criteria, lookups, tags, rest)


def _visible(tenant_id: str, selection: _Selection) -> sa.ColumnElement[bool]:
    return sa.and_(files.c.tenant_id == tenant_id, files.c.deleted_at.is_(None), *_all_conditions(selection))


def _gathered(
    connection: sa.Connection, tenant_id: str, selection: _Selection, page: "_Page", max_counted: int | None
) -> tuple[Sequence[sa.RowMapping], Total]:
    keys = [key.label(f"key_{number}") for number, key in enumerate(_keys(selection.criteria))]
    selected = _found(connection.dialect.name, tenant_id, selection, [files.c.id, *keys])
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
    common = _cut(page, _runs(selection.criteria, page.after), _is_found(connection.dialect.name, tenant_id, selection))
    return connection.execute(common).mappings().all(), Total(max_counted, is_minimum=True)


def _is_found(dialect: str, tenant_id: str, selection: _Selection) -> sa.ColumnElement[bool]:
    """Say of a file what `_found` says of all, for those who come along them in their order."""
    conditions = [_visible(tenant_id, selection), *(_is_tagged(folded(tag)) for tag in selection.tags)]
    if selection.lookups:
        is_match = matches(dialect, selection.lookups)
        if dialect == "sqlite" and not all(each.term.is_excluded for each in selection.lookups):
            # Looked up once, not for each file: the index would begin anew each time.
            is_match = search_documents.c.number.in_(sa.select(_search_index.c.rowid).where(is_match))
        conditions.append(sa.exists().where(search_documents.c.file_id == files.c.id, is_match).correlate(files))
    return sa.and_(*conditions)


def _found(
    dialect: str, tenant_id: str, selection: _Selection, columns: Sequence[sa.ColumnElement[Any]]
) -> sa.Select[tuple[Any, ...]]:
    tags = [folded(tag) for tag in selection.tags]
    conditions = [files.c.deleted_at.is_(None), *_all_conditions(selection)]
    # SQLite: with + the tenant's index cannot be used; walking through all files of the tenant would be slower.
    tenant = sa.literal_column("+files.tenant_id") if dialect == "sqlite" else files.c.tenant_id
    conditions.append(tenant == tenant_id)
    source: sa.FromClause = files
    if selection.lookups:
        source = files.join(search_documents, search_documents.c.file_id == files.c.id)
        if dialect == "sqlite" and not all(each.term.is_excluded for each in selection.lookups):
            source = source.join(_search_index, _search_index.c.rowid == search_documents.c.number)
        conditions.append(matches(dialect, selection.lookups))
    elif tags:
        first = tags.pop(0)
        conditions.append(files.c.id.in_(sa.select(file_tags.c.file_id).where(file_tags.c.tag == first)))
    conditions += [_is_tagged(tag) for tag in tags]
    return sa.select(*columns).select_from(source).where(*conditions)


def _is_tagged(tag: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(file_tags.c.file_id == files.c.id, file_tags.c.tag == tag).correlate(files)


def _all_conditions(selection: _Selection) -> list[sa.ColumnElement[bool]]:
    """Return what the filter asks beyond words and tags, and what its search asks beyond words."""
    conditions = _conditions(selection.criteria)
    for each in selection.conditions:
        met = sa.and_(*_conditions(each.criteria), *(_is_tagged(folded(tag)) for tag in each.criteria.tags))
        conditions.append(sa.not_(met) if each.is_excluded else met)
    return conditions


def _conditions(criteria: FileFilter) -> list[sa.ColumnElement[bool]]:
    """Return what the filter asks beyond words and tags."""
    conditions: list[sa.ColumnElement[bool]] = []
    if criteria.date_from is not None:
        conditions.append(files.c.sorted_at >= criteria.date_from)
    if criteria.date_to is not None:
        conditions.append(files.c.sorted_at <= criteria.date_to)
    for column, values, common in (
        (files.c.id, criteria.ids, None),
        (files.c.media_type, criteria.media_types, "image"),
        (files.c.description_error_type, criteria.error_types, None),
        (files.c.content_category, criteria.categories, "general"),
        (files.c.description_status, _statuses(criteria), "completed"),
    ):
        if values is not None and (values or column is files.c.description_status):
            conditions.append(column.in_(values))
            if common is not None and common not in values:
                # In the words of an index of all others, by which SQLite knows that it may use it.
                conditions.append(column != sa.literal_column(f"'{common}'"))
    if criteria.has_text is not None:
        with_text = sa.exists().where(search_documents.c.file_id == files.c.id, search_documents.c.visible_text != "")
        # Where words are looked for, too, the query around it has this table as well.
        with_text = with_text.correlate(files)
        conditions.append(with_text if criteria.has_text else ~with_text)
    if criteria.folder_id is not None:
        conditions.append(files.c.folder_id == criteria.folder_id)
    for label, minimum in criteria.objects:
        shown = (file_objects.c.file_id == files.c.id, file_objects.c.label == label, file_objects.c.number >= minimum)
        conditions.append(sa.exists().where(*shown).correlate(files))
    conditions += [files.c.id.in_(has_field(each)) for each in criteria.fields]
    return conditions


def _statuses(criteria: FileFilter) -> Sequence[str] | None:
    """Return the statuses that a filter lets through, none where its conditions exclude each other; None for all."""
    statuses = set(criteria.statuses) or None
    if criteria.has_description is None:
        return None if statuses is None else sorted(statuses)
    described = {"completed"} if criteria.has_description else {*_WAITING, "failed"}
    return sorted(described if statuses is None else described & statuses)


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
